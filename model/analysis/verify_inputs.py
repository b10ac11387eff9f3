"""Whether inputs can be right: against what stands beside them in the file, and against what such a number can be."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from model import draws, pricing
from model.analysis.verify_case import Case
from model.analysis.verify_findings import Finding, at_most, check, equal, inside, not_applicable, whom
from model.analysis.verify_samples import stated
from model.scenario import Parameter
from model.units import MONEY, MONEY_PER_TIME

_N = r"\d[\d,]*(?:\.\d+)?|\.\d+"
_WITH_LIMITS = re.compile(rf"({_N})\s*\((?:95 ?% (?:CI|interval):? )?({_N}) (?:to|-) ({_N})\)")
_BETWEEN = re.compile(rf"(?:95 % of draws lie between|95 % interval(?: of the fit)?:?) ({_N}) (?:and|to) ({_N})")
_OF = re.compile(r"(?<![\d.] )(?<![\d.])(\d+) of (\d+)")
ROUNDED = 0.04  # relative difference that rounding in a note may make
APART = 0.75  # standard deviations between a base value and the middle of its distribution
HEALTHY = (-1.0, 1.0)


@check("utilities", "Utilities are at most 1, and the dead have none")
def utilities(case: Case) -> Iterator[Finding]:
    scenario = case.scenario
    for group, own in scenario.groups.items():
        found = pricing.utilities(scenario, pricing.price_list(scenario, draws.base(scenario), own))
        for key, state in scenario.states.items():
            for s, strategy in enumerate(scenario.strategies):
                of, value = whom(group, strategy), float(found[key][s, 0]) if key in found else 0.0
                if not state.alive:
                    yield equal(0.0, value, f"{key}: utility of the dead", **of)
                elif not state.chance:
                    yield inside(*HEALTHY, value, f"{key}: utility", **of)


@check("base value", "Base values lie within the 95 % interval of their distribution, near its mean, median or mode")
def base_values(case: Case) -> Iterator[Finding]:
    for name, parameter in case.scenario.parameters.items():
        one = stated(parameter) if parameter.distribution is not None else None
        if one is None or parameter.base is None:
            continue
        if parameter.base in one.support():
            yield not_applicable(f"{name}: {parameter.base:g} is a bound of {parameter.text}, which no draw is beyond")
            continue
        low, high = (float(x) for x in one.ppf([0.025, 0.975]))
        yield inside(low, high, parameter.base, f"{name}: {low:.4g} to {high:.4g} by {parameter.text}")
        middles = np.array([one.mean(), one.median()])
        nearest = float(middles[np.argmin(np.abs(middles - parameter.base))])
        note = f"{name}: mean or median, whichever is nearer; {APART:g} standard deviations are allowed"
        yield equal(nearest, parameter.base, note, APART * float(one.std()))


@check("stated limits", "Limits that the file states are those that are sampled")
def stated_limits(case: Case) -> Iterator[Finding]:
    """`low` and `high` of a parameter hold its base value, and its distribution is neither much wider nor much narrower."""
    for name, parameter in case.scenario.parameters.items():
        if parameter.stated_range is None or parameter.base is None:
            continue
        low, high = parameter.stated_range
        yield inside(low, high, parameter.base, f"{name}: base value v {low:g} to {high:g}")
        if parameter.sampled and high > low:
            least, most = case.scenario.interval(parameter)
            ratio = (most - least) / (high - low)
            yield inside(0.2, 5.0, ratio, f"{name}: width of the 95 % interval / that of low to high; 0.2 to 5")


@check("notes", "What the note of a parameter says of its value is what the model uses")
def notes(case: Case) -> Iterator[Finding]:
    """'1.96 (1.65 to 2.34)': value and 95 % interval; '26 of 35': a probability."""
    for name, parameter in case.scenario.parameters.items():
        yield from _limits_of(case, name, parameter)
        yield from _counts_of(name, parameter)


def _limits_of(case: Case, name: str, parameter: Parameter) -> Iterator[Finding]:
    if not parameter.sampled or parameter.base is None:
        return
    low, high = case.scenario.interval(parameter)
    if found := _WITH_LIMITS.search(parameter.note):
        value, lower, upper = map(_read, found.groups())
        if lower < value < upper:
            yield equal(value, parameter.base, f"{name}: value in the note '{found[0]}'", ROUNDED * abs(value))
            yield equal(lower, low, f"{name}: lower limit in the note '{found[0]}'", ROUNDED * (upper - lower))
            yield equal(upper, high, f"{name}: upper limit in the note '{found[0]}'", ROUNDED * (upper - lower))
    if found := _BETWEEN.search(parameter.note):
        lower, upper = map(_read, found.groups())
        yield equal(lower, low, f"{name}: lower limit in the note '{found[0]}'", 0.25 * (upper - lower))
        yield equal(upper, high, f"{name}: upper limit in the note '{found[0]}'", 0.25 * (upper - lower))


def _counts_of(name: str, parameter: Parameter) -> Iterator[Finding]:
    counts = _OF.findall(parameter.note)
    if parameter.unit.text not in ("probability", "proportion") or parameter.base is None or len(counts) != 1:
        return
    k, n = map(float, counts[0])
    if 0 <= k <= n > 0:
        yield equal(k / n, parameter.base, f"{name}: '{counts[0][0]} of {counts[0][1]}' in the note", ROUNDED)


def _read(text: str) -> float:
    return float(text.replace(",", ""))


@check("spread", "The 95 % interval of a parameter is neither absurdly wide nor absurdly narrow")
def spread(case: Case) -> Iterator[Finding]:
    for name, parameter in case.scenario.parameters.items():
        if parameter.distribution is None or not parameter.base:
            continue
        low, high = case.scenario.interval(parameter)
        if parameter.unit.dimension in (MONEY, MONEY_PER_TIME) and low > 0:
            yield at_most(1000.0, high / low, f"{name}: upper / lower limit of {parameter.text}, at most 1000")
        words = parameter.unit.text.lower()
        if words in ("hazard ratio", "relative risk", "odds ratio") and low > 0:
            yield at_most(20.0, high / low, f"{name}: upper / lower limit of {parameter.text}, at most 20")
            yield inside(0.05, 20.0, parameter.base, f"{name}: a ratio of {parameter.base:g}; 0.05 to 20")


@check("discount rates", "Discount rates are 0 to 10 % a year, as guidelines ask for")
def discount_rates(case: Case) -> Iterator[Finding]:
    for name, rate in (("costs", case.scenario.discount.cost), ("effects", case.scenario.discount.effect)):
        yield inside(0.0, 0.1, rate, f"annual rate of {name}, 0 to 0.1")


@check("sources", "Every parameter says where it comes from, or that it is assumed")
def sources(case: Case) -> Iterator[Finding]:
    stated_ones = [p for p in case.scenario.parameters.values() if p.base is not None]
    without = [p.name for p in stated_ones if not (p.source or p.note or p.status)]
    if without:
        yield not_applicable(f"cannot be judged without a source, a note or a status: {', '.join(without)}")
    else:
        yield equal(0, len(without), "parameters without a source, a note or a status")
