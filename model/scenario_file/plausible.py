"""Words that are due on parameters that can be read, but are probably not what was meant."""

from __future__ import annotations

import numpy as np

from model import formula
from model.distributions import Distribution
from model.scenario import Parameter, Scenario
from model.scenario_file.problems import Problems

_SHIFT = 0.2  # of half the interval, on the log scale: published medians and limits are rounded
_NEAR, _FAR = 0.5, 3.0  # standard deviations: within the first, quantiles are not needed


def warn_of_parameters(scenario: Scenario, problems: Problems) -> None:
    """Warn where base value, range, unit and distribution of a parameter do not go together."""
    for parameter in scenario.parameters.values():
        place = f"parameters.{parameter.joint or parameter.name}"
        for field, message in _words(scenario, parameter):
            problems.warn_at(f"{scenario.line(f'{place}.{field}')}: {message}")


def _words(scenario: Scenario, parameter: Parameter):
    low, high = parameter.low, parameter.high
    if low is not None and high is not None and parameter.base is not None and not low <= parameter.base <= high:
        yield "range", f"{low:g} to {high:g} leaves out the base value, {parameter.base:g}; a range lies around it"
    if parameter.range_fault:
        yield "range", parameter.range_fault
    if not parameter.sampled:
        return
    if message := scenario.beyond_unit(parameter):
        yield "distribution", message
    if parameter.distribution is not None:
        if message := _far_off(parameter, parameter.distribution):
            yield "value", message
        if message := _not_kept(parameter, parameter.distribution):
            yield "distribution", message


def _far_off(parameter: Parameter, distribution: Distribution) -> str:
    """A base value outside the 95 % interval. The end of what the unit can be (full health) may be published so."""
    mean, base = distribution.mean, parameter.base
    if base is None or abs(base - mean) <= (_FAR if base in parameter.unit.limits else _NEAR) * distribution.sd:
        return ""
    low, high = distribution.interval()
    if low <= base <= high:
        return ""
    return (
        f"the base value {base:g} is outside the 95 % interval of its distribution, {low:.4g} to {high:.4g}, so base case and "
        f"PSA are not of the same model; leave 'value' out to take the mean ({mean:.4g})"
    )


def _not_kept(parameter: Parameter, distribution: Distribution) -> str:
    """A lognormal has two parameters: median and limits that are not symmetric on the log scale cannot all be kept."""
    name, _, named = formula.parse_call(parameter.text)
    if name != "lognormal" or set(named) != {"median", "lower", "upper"}:
        return ""
    median, lower, upper = (np.log(formula.constant(named[key])) for key in ("median", "lower", "upper"))
    if abs(median - (lower + upper) / 2) <= _SHIFT * (upper - lower) / 2:
        return ""
    low, high = distribution.interval()
    return (
        f"the limits {np.exp(lower):g} and {np.exp(upper):g} are not kept: around the median {np.exp(median):g} they are not "
        f"symmetric on the log scale, so 95 % of the draws are {low:.4g} to {high:.4g}; check the three numbers, or state "
        f"'lower' and 'upper' only (median {np.exp((lower + upper) / 2):.4g})"
    )
