"""The main job: base case and probabilistic sensitivity analysis of one scenario."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from model import draws, pricing, severity
from model.analysis import memory
from model.analysis.evaluate import Evaluation, evaluate
from model.analysis.first_order import FirstOrder, are_single, first_order, times_of
from model.analysis.method import COHORT, EngineError, Method
from model.analysis.simulate import Simulated
from model.decision import ALL, Decision, decide
from model.draws import Draws
from model.economics import acceptability, monte_carlo
from model.economics.acceptability import Acceptability
from model.engines import engine_for
from model.instants import floor
from model.outcome_keys import LIFE_YEARS, QALY
from model.sample import Sample
from model.scenario import Scenario, Wtp

MOST_PATIENTS = 100_000_000
LOOKED_AT = 10_000  # draws in which utilities are looked at
POINTS_OF_A_GROUP = 101  # of the grid, at which groups have their curves


@dataclass(frozen=True)
class Psa:
    """A probabilistic sensitivity analysis: `evaluation` of `draws`.

    `decisions`: by group, CEAC, CEAF, expected loss and EVPI at the listed thresholds and along the grid (of groups at some of
    its points); `curves` is the part of all patients along the grid. Whatever prints a probability or EVPI takes it from here.
    Engines that follow patients: `corrected` is without the noise of finite samples of patients (None where that noise is
    not known), and `decisions` are made from it.
    """

    draws: Draws
    evaluation: Evaluation
    decisions: dict[str, Acceptability]
    curves: Acceptability
    corrected: monte_carlo.Corrected | None


@dataclass(frozen=True)
class Run:
    """Results of one scenario: `base` has one draw (base values); `probabilistic` is None without a PSA.

    patients: single patients at base values, of engines that follow them.
    """

    scenario: Scenario
    base: Evaluation
    probabilistic: Psa | None
    decision: Decision
    sample: Sample
    seconds: dict[str, float] = field(default_factory=dict)
    method: Method = COHORT
    base_method: Method = COHORT
    patients: FirstOrder | None = None
    warnings: tuple[str, ...] = ()

    @property
    def psa(self) -> Evaluation | None:
        """What the draws give."""
        return self.probabilistic.evaluation if self.probabilistic else None

    @property
    def draws(self) -> Draws | None:
        """Of the PSA."""
        return self.probabilistic.draws if self.probabilistic else None

    @property
    def decisions(self) -> dict[str, Acceptability]:
        """By group; empty without a PSA."""
        return self.probabilistic.decisions if self.probabilistic else {}

    @property
    def curves(self) -> Acceptability | None:
        """Along the grid that the figures show."""
        return self.probabilistic.curves if self.probabilistic else None

    @property
    def corrected(self) -> monte_carlo.Corrected | None:
        """The PSA without simulation noise, where its size is known."""
        return self.probabilistic.corrected if self.probabilistic else None

    @property
    def reference(self) -> int:
        """Index of the strategy that pairwise increments compare with."""
        return self.scenario.reference_index


def run(
    scenario: Scenario,
    sample: Sample,
    method: Method = COHORT,
    decision: Decision | None = None,
    progress: Callable[[int], None] = lambda done: None,
    until_se: float | None = None,
) -> Run:
    """Base case with trace, then the PSA of `sample` (none where nothing is sampled or it has no draws).

    decision: by default on QALYs, with the thresholds of the file. until_se: in the base case, follow more patients until the
    standard error of the incremental net benefit of the decision is below this in every strategy.
    """
    decision = decision or decide(scenario)[1]
    clock = [time.perf_counter()]
    memory.check_draws(scenario, sample.n, method.follows_patients)
    base, base_method, patients = _base(scenario, sample.seed, method, decision, until_se, progress)
    psa = None
    if sample.n and any(p.sampled for p in scenario.parameters.values()):
        table = draws.probabilistic(scenario, sample)
        severity.check(scenario, table)
        clock.append(time.perf_counter())
        evaluation = evaluate(scenario, table, method.for_psa(), progress=progress)
        clock.append(time.perf_counter())
        corrected = without_noise(scenario, evaluation, decision)
        decisions = _decisions(scenario, evaluation, decision)
        psa = Psa(table, evaluation, decisions, decisions[ALL].at(wtp_grid(scenario.wtp)), corrected)
    clock.append(time.perf_counter())
    names = ("base case and sampling", "simulation", "economics") if psa else ("base case",)
    of_engine = engine_for(scenario, method.engine).warnings(scenario, sample.seed)
    return Run(
        scenario,
        base,
        psa,
        decision,
        sample,
        dict(zip(names, np.diff(clock).tolist())),
        method,
        base_method,
        patients,
        (*of_engine, *healthier_than_full(scenario, base, psa)),
    )


def healthier_than_full(scenario: Scenario, base: Evaluation, psa: Psa | None) -> list[str]:
    """Warnings of utilities above 1 in draws, or, where no state explains it, of more QALYs than life-years."""
    found = [] if psa is None else _utilities_above_one(scenario, psa.draws.part(0, min(psa.draws.n, LOOKED_AT)))
    if found or _utilities_above_one(scenario, draws.base(scenario)):  # the latter is told when the file is read
        return found
    for words, made in (("the base case", base), *([("the mean of the PSA", psa.evaluation)] if psa else [])):
        qaly, years = (made.total.get(name, discounted=False).mean(-1) for name in (QALY, LIFE_YEARS))
        for strategy, more, lived in zip(scenario.strategies, qaly, years):
            if more > lived + 1e-9 * max(lived, 1.0):
                found.append(
                    f"{scenario.path}: strategy {strategy} has more QALYs ({more:.5g}) than life-years ({lived:.5g}, neither "
                    f"discounted) in {words}: is a utility given to a dead state, or is a one-off QALY change too large?"
                )
    return found


def _utilities_above_one(scenario: Scenario, sample: Draws) -> list[str]:
    found: dict[str, tuple[float, str, float]] = {}
    for group in scenario.groups.values():
        for key, values in pricing.utilities(scenario, pricing.price_list(scenario, sample, group)).items():
            s = int((values > pricing.FULL_HEALTH).mean(-1).argmax())
            share = (values[s] > pricing.FULL_HEALTH).mean()
            if share > (found[key][0] if key in found else 0.0):
                found[key] = float(share), list(scenario.strategies)[s], float(values[s].mean())
    return [
        f"{scenario.line(f'states.{key}.utility')}: above 1, which is full health, in {share:.2%} of the draws of strategy "
        f"{strategy} (mean {mean:.4g}); let it end at 1, as in 'min(1, ...)'"
        for key, (share, strategy, mean) in found.items()
    ]


def _base(
    scenario: Scenario,
    seed: int,
    method: Method,
    decision: Decision,
    until_se: float | None,
    progress: Callable[[int], None],
) -> tuple[Evaluation, Method, FirstOrder | None]:
    """(evaluation, method it was made with, single patients)."""
    if until_se is not None and not until_se > 0:
        raise EngineError(f"--until-se {until_se:g}: the standard error to be reached must be above 0")
    table, method = draws.base(scenario, seed), method.for_base()
    tell = progress if method.replicates else lambda done: None  # replications take their time
    found = evaluate(scenario, table, method, trace=True, progress=tell, queues=True, single=are_single(method))
    if not method.follows_patients:
        if until_se is not None:
            raise EngineError(
                "--until-se needs an engine that follows patients: the cohort engine has no simulation error"
            )
        return found, method, None
    while until_se is not None and (error := base_error(found.errors.total, decision)) > until_se:
        method = _more(method, error / until_se)
        found = evaluate(scenario, table, method, queues=True, single=are_single(method))
    patients = first_order(scenario, method, seed, found.single if are_single(method) else ())
    found = dataclasses.replace(found, traces=patients.traces(times_of(scenario)), single=())
    return found, method, patients


def base_error(found: Simulated, decision: Decision) -> float:
    """Largest standard error of an incremental net benefit."""
    return float(found.inb_se(decision.wtp, decision.effect).max())


def _more(method: Method, factor: float) -> Method:
    """The method with as many more patients as make the error so many times smaller."""
    what = method.repeats
    so_far = method.replications if what == "replications" else method.patients
    number = int(np.ceil(so_far * factor**2 * 1.05))
    if number * (method.patients if method.replicates else 1) > MOST_PATIENTS:
        raise EngineError(
            f"that standard error would need {number:,} {what}, more than {MOST_PATIENTS:,} patients in all: "
            "ask for a larger one"
        )
    if what == "replications":
        return dataclasses.replace(method, replications=number)
    return dataclasses.replace(method, patients=number)


def _decisions(scenario: Scenario, psa: Evaluation, decision: Decision) -> dict[str, Acceptability]:
    listed = np.unique([*scenario.wtp.thresholds, decision.wtp])
    grid = wtp_grid(scenario.wtp)
    some = grid[np.linspace(0, len(grid) - 1, min(POINTS_OF_A_GROUP, len(grid))).round().astype(int)]
    levels = dict.fromkeys(psa.outcomes, np.union1d(some, listed)) | {ALL: np.union1d(grid, listed)}
    return {group: acceptability_of(scenario, psa, decision.of_group(group), at) for group, at in levels.items()}


def acceptability_of(scenario: Scenario, psa: Evaluation, decision: Decision, wtp: np.ndarray) -> Acceptability:
    """CEAC, CEAF, expected loss and EVPI of a decision at each of `wtp`, without the noise of a finite number of patients."""
    return acceptability.acceptability(*decided_on(scenario, psa, decision), wtp)


def decided_on(scenario: Scenario, psa: Evaluation, decision: Decision) -> tuple[np.ndarray, np.ndarray]:
    """Cost and effect [strategy, draw] that decide: those of the PSA without simulation noise, where its size is known."""
    corrected = without_noise(scenario, psa, decision)
    result = psa.outcomes[decision.group]
    return (corrected.cost, corrected.effect) if corrected else (result.cost, result.get(decision.effect))


def without_noise(scenario: Scenario, psa: Evaluation, decision: Decision) -> monte_carlo.Corrected | None:
    """The PSA without simulation noise in cost and effect; None where there is none, or its size is not known."""
    if psa.simulated is None:
        return None
    found, total = psa.simulated[decision.group], psa.outcomes[decision.group]
    noise = found.increment_noise(decision.effect)
    if not np.isfinite(noise).all():
        return None
    return monte_carlo.without_noise(total.cost, total.get(decision.effect), noise, scenario.reference_index)


def wtp_grid(wtp: Wtp) -> np.ndarray:
    """Grid of the curves, with the listed thresholds in it."""
    grid = wtp.low + wtp.step * np.arange(int(floor((wtp.high - wtp.low) / wtp.step)) + 1)
    return np.unique(np.concatenate([grid, [t for t in wtp.thresholds if wtp.low <= t <= wtp.high]]))
