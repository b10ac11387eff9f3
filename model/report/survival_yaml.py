"""Fitted distributions as scenarios: each runs as it stands, and its parts are there to be pasted into another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import numpy as np

from model import hazards
from model.analysis.survival_data import ALL
from model.analysis.survival_data_fits import JOINT, LOG, Fit
from model.analysis.survival_data_measures import Analysed
from model.analysis.survival_data_splines import draws_that_fall, share_that_rises

_PLAIN = re.compile(r"[A-Za-z][\w -]*")
_WORDS = {"yes", "no", "on", "off", "true", "false", "null", "y", "n"}
_CYCLE = {"hour": "1 hour", "day": "1 week", "week": "1 week", "month": "1 month", "year": "1 month"}


def scenarios(found: Analysed, source: str) -> dict[str, str]:
    """{name of the file: its text}; a file a distribution that was fitted in every arm, and one a distribution fitted jointly."""
    made = {}
    for name in dict.fromkeys(fit.name for fit in found.fits):
        own = [fit for fit in found.fits if fit.name == name]
        together, apart = [f for f in own if f.kind == JOINT], [f for f in own if f.kind != JOINT]
        for fits, ending in ((apart, ""), (together, "_joint")):
            if fits and not any(fit.why for fit in fits):
                made[f"scenario_{_file(name)}{ending}.yaml"] = _scenario(found, fits, source)
                made |= _draws(found, fits)
    return made


def percent(share: float) -> str:
    return f"{100 * share:.2g} %"


def _scenario(found: Analysed, fits: list[Fit], source: str) -> str:
    unit = found.data.unit
    text, endings = _survival(fits[0], unit), _endings_of(found)
    factor = f", {fits[0].factors}: factor" if fits[0].factors else ""
    return "\n".join(
        [
            *_head(found, fits),
            *_rising(found, fits),
            f"title: {json.dumps(f'Survival, {fits[0].name}')}",
            "currency: {code: USD}",
            f"time: {{unit: {unit}, horizon: {found.horizon:g} years, cycle: {_CYCLE[unit]}}}",
            "discount: {cost: 0 %, effect: 0 %}",
            "wtp: {thresholds: [50000]}",
            "sources:",
            f"  survival_data: {{citation: {json.dumps(source, ensure_ascii=False)}}}",
            "parameters:",
            *(line for fit in fits for line in _parameters(fit, endings)),
            "strategies:",
            *(f"  {_key(arm)}: {{{', '.join(_bindings(fit, arm, endings))}}}" for fit in fits for arm in fit.arms),
            "curves:",
            f'  os: {{survival: "{text}"{factor}}}',
            "states:",
            "  alive: {share: os, utility: 1}",
            "  dead: {share: 1 - os, alive: false}",
            "# The same by a transition, in the place of `curves` and `states`:",
            "# states: {alive: {start: 1, utility: 1}, dead: {alive: false}}",
            "# transitions:",
            f'#   - {{from: alive, to: dead, survival: "{text}"{factor}, clock: model}}',
            "",
        ]
    )


def _how(found: Analysed, fit: Fit) -> str:
    if fit.factors:
        return f"fitted to all arms together, with a {fit.factors} for each but the first, by maximum likelihood"
    return f"fitted {'to each arm ' if len(found.data.arms) > 1 else ''}by maximum likelihood"


def _head(found: Analysed, fits: list[Fit]) -> list[str]:
    scores = "; ".join(
        f"{'' if fit.arm == ALL else fit.arm + ': '}AIC {fit.aic:.2f}, BIC {fit.bic:.2f}" for fit in fits
    )
    return [
        f"# {fits[0].name}, {_how(found, fits[0])}. {scores}",
        "# This file runs as it stands: its life-years are the mean to the horizon. To use the fit elsewhere, paste `sources`,",
        "# `parameters`, what the strategies bind, and the line with `survival`. Parameters are drawn together, from the covariance of the fit.",
    ]


def _rising(found: Analysed, fits: list[Fit]) -> Iterator[str]:
    """Of splines of whose draws some are no curve."""
    shares = {fit.arm: share_that_rises(fit) for fit in fits if fit.knots}
    if any(shares.values()):
        listed = ", ".join(f"{arm} {percent(share)}" for arm, share in shares.items())
        yield "# Too many knots for these events: in some draws survival would rise with time, which a PSA refuses (the base case runs):"
        yield f"# {listed} of draws. Take fewer knots, or for a PSA these parameters, of which such draws are left out:"
    for fit in fits:
        if shares.get(fit.arm):
            names = ", ".join(_names(fit, _endings_of(found)))
            yield f"#   {names}: {{distribution: empirical({_draws_file(fit, found)}), columns: [{names}], source: survival_data}}"


def _draws(found: Analysed, fits: list[Fit]) -> dict[str, str]:
    """The draws that are left, as CSV, of each fit of which some are not."""
    made = {}
    for fit in fits:
        if fit.knots and share_that_rises(fit):
            rows = [_names(fit, _endings_of(found)), *([f"{v:.10g}" for v in row] for row in draws_that_fall(fit))]
            made[_draws_file(fit, found)] = "".join(f"{','.join(row)}\n" for row in rows)
    return made


def _draws_file(fit: Fit, found: Analysed) -> str:
    return f"draws_{_file(fit.name)}{_endings_of(found)[fit.arm]}.csv"


def _file(name: str) -> str:
    return name.replace(" ", "_")


def _endings_of(found: Analysed) -> dict[str, str]:
    return _endings([arm.name for arm in found.data.arms])


# --- parameters ---------------------------------------------------------------------------------------------------


def _parameters(fit: Fit, endings: dict[str, str]) -> Iterator[str]:
    """One joint distribution of all parameters of a fit, on the scale on which it is nearly normal."""
    names = _names(fit, endings)
    note = f"{fit.events} events in {fit.patients} patients" + ("" if fit.arm == ALL else f", arm {fit.arm}")
    about = f"source: survival_data, status: evidence, note: {json.dumps(note, ensure_ascii=False)}"
    if len(names) == 1:
        spread = f"normal(mean={fit.coefficients[0]:.10g}, sd={fit.standard_errors[0]:.10g})"
    else:
        covariance = (fit.covariance + fit.covariance.T) / 2
        rows = ", ".join(_listed(row) for row in covariance)
        spread = f"multinormal(mean={_listed(fit.coefficients)}, covariance=[{rows}])"
    yield f'  {", ".join(names)}: {{distribution: "{spread}", {about}}}'


def _listed(values: np.ndarray) -> str:
    return f"[{', '.join(f'{value:.10g}' for value in values)}]"


def _names(fit: Fit, endings: dict[str, str]) -> list[str]:
    """Of the parameters in the file: log_shape_ARM, or meanlog_ARM, or log_hazard_ratio_ARM."""
    ending = "" if fit.factors else endings[fit.arm]
    own = [_named(name, scale) + ending for name, scale in zip(fit.parameters[: fit.own], fit.scales)]
    return own + [f"log_{fit.factors.replace(' ', '_')}{endings[arm]}" for arm in fit.parameters[fit.own :]]


def _endings(arms: list[str]) -> dict[str, str]:
    """What stands behind the names of an arm's parameters: each arm's own, in letters that a formula takes; nothing for one arm."""
    if len(arms) == 1:
        return {arms[0]: ""}
    found: dict[str, str] = {}
    for number, arm in enumerate(arms, 1):
        word = re.sub(r"\W+", "_", arm, flags=re.ASCII).strip("_")
        found[arm] = f"_{word}" if word and f"_{word}" not in found.values() else f"_{word or 'arm'}_{number}"
    return found


def _named(name: str, scale: str) -> str:
    return f"log_{name}" if scale == LOG else name


def _natural(name: str, scale: str) -> str:
    return f"exp({name})" if scale == LOG else name


# --- what strategies bind, and the line that uses it ---------------------------------------------------------------


def _bindings(fit: Fit, arm: str, endings: dict[str, str]) -> Iterator[str]:
    """What an arm binds: its own parameters, or its factor."""
    names = _names(fit, endings)
    values = [_natural(name, scale) for name, scale in zip(names, fit.scales)]
    if fit.factors:
        place = fit.arms.index(arm)
        yield f"factor: {values[fit.own + place - 1] if place else '1'}"
    for bound, value in zip(_bound(fit), values):
        yield f"{bound}: {value}"
    for bound, knot in zip(_bound_knots(fit), fit.knots):
        yield f"{bound}: {knot:.10g}"


def _bound(fit: Fit) -> list[str]:
    """Names that the line with `survival` uses."""
    return [f"curve_{name}" for name in fit.parameters[: fit.own]]


def _bound_knots(fit: Fit) -> list[str]:
    return [f"curve_knot{i}" for i in range(1, len(fit.knots) + 1)]


def _survival(fit: Fit, unit: str) -> str:
    bound = _bound(fit)
    if fit.knots:
        scale = fit.name.split()[1]
        return f"spline(knots=[{', '.join(_bound_knots(fit))}], coefficients=[{', '.join(bound)}], scale={scale}) in {unit}s"
    arguments = [argument for argument, _ in hazards.FAMILIES[fit.name].arguments]
    return f"{fit.name}({', '.join(f'{a}={b}' for a, b in zip(arguments, bound))}) in {unit}s"


def _key(arm: str) -> str:
    plain = _PLAIN.fullmatch(arm) and arm.strip() == arm and arm.lower() not in _WORDS
    return arm if plain else json.dumps(arm, ensure_ascii=False)
