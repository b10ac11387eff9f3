"""QALY shortfall of the patients against the general population, and results with QALYs weighted for it beside the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model import draws, severity
from model.analysis.evaluate import Evaluation, Weights, by_group
from model.analysis.occupancy import of_base
from model.analysis.run import Run
from model.decision import ALL
from model.draws import Draws
from model.economics.icer import icer, verdict
from model.economics.incremental import increments
from model.economics.net_benefit import nmb
from model.grouped import Grouped
from model.outcome_keys import QALY
from model.profiles import PROFILES, SeverityClass
from model.scenario import Scenario, Severity
from model.severity import People

HAIR = 1e-9  # QALYs, or a share, by which a shortfall may miss a limit in rounding
LATE = 0.05  # share of the QALYs of the general population from the last row of the norms, from which on there is a warning
LEFT = 0.001  # share of patients alive at the horizon, from which on there is a warning


@dataclass(frozen=True)
class Shortfall:
    """age, female, general, own: means over draws of the age in years, the share of women, and the QALYs of the general population
    and of the comparator; absolute, proportional: shortfalls of these means; weight: of their class. shares: of draws by class, those
    of `weights`; nan in a base case."""

    analysis: str
    group: str
    comparator: str
    age: float
    female: float
    general: float
    own: float
    absolute: float
    proportional: float
    weight: float
    weights: tuple[float, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Weighed:
    """A strategy against the comparator at one threshold, by means over draws; those `weighted` count each QALY times weight."""

    analysis: str
    group: str
    strategy: str
    comparator: str
    weight: float
    wtp: float
    cost: float
    effect: float
    weighted_effect: float
    status: str
    icer: float
    weighted_icer: float
    nmb: float
    weighted_nmb: float


def weights(classes: tuple[SeverityClass, ...], absolute: np.ndarray, proportional: np.ndarray) -> np.ndarray:
    """Of shortfalls of any shape: that of the gravest class which one of the two reaches, 1 without one."""
    reached = [(absolute >= c.absolute - HAIR) | (proportional >= c.proportional - HAIR) for c in classes]
    return np.select(reached, [c.weight for c in classes], 1.0)


def shortfalls(run: Run) -> list[Shortfall]:
    """Of the base case and of the PSA, all patients first, then each group; none where severity says nothing on the decision."""
    stated = _stated(run)
    if stated is None:
        return []
    parts = [("deterministic", run.base, draws.base(run.scenario))]
    if run.probabilistic is not None:
        parts.append(("probabilistic", run.probabilistic.evaluation, run.probabilistic.draws))
    return [one for part in parts for one in _shortfalls(run.scenario, stated, *part)]


def _stated(run: Run) -> Severity | None:
    return run.scenario.severity if run.decision.effect == QALY else None


def _classes(scenario: Scenario) -> tuple[SeverityClass, ...]:
    return PROFILES[scenario.profile].severity


def _shortfalls(
    scenario: Scenario, stated: Severity, analysis: str, evaluation: Evaluation, table: Draws
) -> Iterator[Shortfall]:
    s, classes = list(scenario.strategies).index(stated.comparator), _classes(scenario)
    known = tuple(sorted({1.0, *(c.weight for c in classes)}))
    for group, people in _people(scenario, stated, table, evaluation.weights).items():
        own = evaluation.outcomes[group].get(QALY)[s]
        general, lived = float(people.qaly.mean()), float(own.mean())
        absolute, proportional = _falls(general, lived)
        weight = float(weights(classes, absolute, proportional))
        each = weights(classes, *_falls(people.qaly, own))
        shares = [float((each == w).mean()) if analysis == "probabilistic" else np.nan for w in known]
        yield Shortfall(
            analysis,
            group,
            stated.comparator,
            float(people.age.mean()),
            float(people.female.mean()),
            general,
            lived,
            float(absolute),
            float(proportional),
            weight,
            known,
            tuple(shares),
        )


def _falls(general, own) -> tuple[np.ndarray, np.ndarray]:
    """(absolute, proportional), elementwise."""
    absolute = np.asarray(general - own)
    return absolute, absolute / general


def _people(scenario: Scenario, stated: Severity, table: Draws, shares: Weights) -> Grouped[People]:
    """By group, all patients first, then subgroups: means of the patients in each."""
    parts = {key: severity.people(scenario, stated, table, group) for key, group in scenario.groups.items()}
    return by_group(scenario, parts, _together, shares)


def _together(parts: dict[str, People], shares: Weights) -> People:
    fields = ("age", "female", "qaly", "late")
    return People(*(sum(getattr(parts[key], name) * shares[key] for key in parts) for name in fields))


def weighed(run: Run, found: list[Shortfall]) -> Iterator[Weighed]:
    """Every other strategy of each shortfall against its comparator, at each threshold."""
    scenario = run.scenario
    strategies = list(scenario.strategies)
    for one in found:
        evaluation = run.base if one.analysis == "deterministic" else run.psa
        assert evaluation is not None
        outcomes, against = evaluation.outcomes[one.group], strategies.index(one.comparator)
        cost, effect = (x.mean(axis=1) for x in increments(outcomes.cost, outcomes.get(QALY), against))
        for s, strategy in enumerate(strategies):
            if s != against:
                for wtp in scenario.wtp.thresholds:
                    yield _weighed(one, strategy, wtp, float(cost[s]), float(effect[s]))


def _weighed(one: Shortfall, strategy: str, wtp: float, cost: float, effect: float) -> Weighed:
    more = one.weight * effect
    return Weighed(
        one.analysis,
        one.group,
        strategy,
        one.comparator,
        one.weight,
        wtp,
        cost,
        effect,
        more,
        verdict(cost, effect).item(),
        float(icer(cost, effect)),
        float(icer(cost, more)),
        float(nmb(cost, effect, wtp)),
        float(nmb(cost, more, wtp)),
    )


def warnings(run: Run) -> list[str]:
    """What makes a shortfall of the base case other than it seems."""
    stated, scenario = _stated(run), run.scenario
    if stated is None:
        return []
    place = scenario.line("severity")
    profile, rate = PROFILES[scenario.profile], scenario.discount.continuous(scenario.discount.effect)
    told = []
    if not np.isclose(rate, np.log1p(profile.discount), rtol=HAIR, atol=0):
        told.append(
            f"{place}: the limits of severity are those of QALYs discounted at {100 * profile.discount:.3g} %, and effects are discounted at "
            f"{100 * scenario.discount.effect:.3g} % here"
        )
    base = next(_shortfalls(scenario, stated, "deterministic", run.base, draws.base(scenario)))
    if base.absolute < 0:
        told.append(
            f"{place}: the patients under {stated.comparator} have more QALYs ({base.own:.4g}) than the general population "
            f"({base.general:.4g})"
        )
    left = _left(run, stated.comparator)
    if left > LEFT:
        told.append(
            f"{place}: {left:.1%} of the patients under {stated.comparator} are alive at the horizon, and what they live beyond it does not count "
            "as theirs, though it does for the general population: the shortfall is too large"
        )
    late = float(_people(scenario, stated, draws.base(scenario), run.base.weights).total.late[0])
    if late > LATE:
        told.append(
            f"{scenario.line('severity.norms')}: {late:.1%} of the QALYs of the general population come from the last row of {stated.file}, which stands for all "
            "who are older: add rows of higher ages"
        )
    return told


def _left(run: Run, comparator: str) -> float:
    """Share of the patients alive at the horizon in the base case."""
    scenario = run.scenario
    traces = run.base.traces or of_base(run, np.array([scenario.time.horizon]))
    alive = [list(scenario.states).index(key) for key in scenario.living_states]
    return float(traces[ALL].occupancy[-1, list(scenario.strategies).index(comparator), 0, alive].sum())
