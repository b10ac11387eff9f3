"""Do the engines agree, and what changes the answer on the way from a cohort to queues?"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model import draws, inputs
from model.analysis.evaluate import Evaluation, evaluate
from model.analysis.method import Method, replicated
from model.analysis.simulate import strata
from model.decision import Decision
from model.economics import incremental
from model.economics.icer import icer, icer_change
from model.engines import ENGINES, engine_of, individual, queueing
from model.outcomes import Outcomes
from model.resources import ALWAYS, Arrivals, System
from model.scenario import Scenario

CERTAINTY = 0.05  # chance that a comparison of engines that agree is judged to differ


@dataclass(frozen=True)
class Compared:
    """One mean under one engine against the cohort's. freedom: of its standard error (replications - 1, or patients)."""

    engine: str
    group: str
    strategy: str
    outcome: str
    cohort: float
    value: float
    standard_error: float
    freedom: float

    @property
    def t(self) -> float:
        """Difference in standard errors."""
        difference = self.value - self.cohort
        if self.standard_error > 1e-12 * abs(self.cohort):
            return difference / self.standard_error
        return 0.0 if abs(difference) <= 1e-9 * max(1.0, abs(self.cohort)) else float(np.copysign(np.inf, difference))

    @property
    def p_value(self) -> float:
        """Two-sided, of Student's t."""
        from scipy import stats

        return float(2 * stats.t.sf(abs(self.t), self.freedom))


@dataclass(frozen=True)
class Agreement:
    """rows: all comparisons; differing: patients, of `patients`, whose history is another one with slack queues."""

    rows: tuple[Compared, ...]
    patients: int
    differing: int

    @property
    def limit(self) -> float:
        """p below which a mean differs: 5 % for all comparisons together (Bonferroni)."""
        return CERTAINTY / max(len(self.rows), 1)

    @property
    def worst(self) -> Compared:
        return min(self.rows, key=lambda row: row.p_value)

    @property
    def agree(self) -> bool:
        return self.worst.p_value >= self.limit and self.differing == 0


def slack(scenario: Scenario) -> Scenario:
    """The scenario with as many units as anyone could want, always open."""
    system = scenario.system or System((), (), Arrivals((1.0,)))
    made = tuple(dataclasses.replace(r, capacity=np.inf, opening=ALWAYS) for r in system.resources)
    return dataclasses.replace(scenario, system=dataclasses.replace(system, resources=made))


def agreement(scenario: Scenario, method: Method, seed: int = 1) -> Agreement:
    """Cohort v individual v queueing with slack capacity, at base values: every outcome, strategy and group.

    The individual engine follows method.for_base() patients, the queueing engine method.patients in each replication.
    """
    scenario, table, rows = without_time_in_state(scenario), draws.base(scenario, seed), []
    cohorts = evaluate(scenario, table)
    for engine in (name for name in ENGINES if engine_of(name).follows_patients):
        followed = dataclasses.replace(method, engine=engine).for_base()
        freedom = followed.replications - 1 if followed.replicates else followed.patients
        rows += _compared(engine, freedom, cohorts, evaluate(slack(scenario), table, followed))
    return Agreement(tuple(rows), *same_patients(slack(scenario), method.patients, seed))


def _compared(engine: str, freedom: float, cohorts: Evaluation, found: Evaluation):
    for group, part in (found.simulated or {}).items():
        exact = cohorts.outcomes[group].values
        for o, outcome in enumerate(part.mean.names):
            for s, strategy in enumerate(part.mean.strategies):
                yield Compared(
                    engine,
                    group,
                    strategy,
                    outcome,
                    float(exact[o, 1, s, 0]),
                    float(part.mean.values[o, 1, s, 0]),
                    float(part.se[o, 1, s, 0]),
                    freedom,
                )


def same_patients(scenario: Scenario, patients: int, seed: int) -> tuple[int, int]:
    """(patients in all strategies, those whose stays differ between the individual and the queueing engine)."""
    table, numbers, total, differing = draws.base(scenario, seed), strata(scenario, patients), 0, 0
    for key, group in scenario.groups.items():
        dynamics = inputs.dynamics(scenario, table, group)
        alone = individual.history(dynamics, numbers[key], seed, table.index, key).sorted()
        part = queueing.Part(dynamics, numbers[key], np.ones(1), key)
        queued = queueing.simulate([part], seed, table.index, queueing.system_of(scenario))[0][0].sorted()
        total += int(np.prod(alone.shape))
        differing += _differing(alone, queued)
    return total, differing


def _differing(one, other) -> int:
    stays = [np.bincount(h.row, minlength=int(np.prod(h.shape))) for h in (one, other)]
    known = stays[0] == stays[1]
    one, other = (h.where(known[h.row]) for h in (one, other))
    off = (one.state != other.state) | (one.transition != other.transition)
    for name in ("entered", "left"):
        off |= ~np.isclose(getattr(one, name), getattr(other, name), rtol=1e-9, atol=1e-9)
    return int((~known).sum()) + len(np.unique(one.row[off]))


# --- from a cohort to queues, step by step ----------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """Increments against the reference, [strategy, replication], of discounted cost and effect."""

    name: str
    cost: np.ndarray
    effect: np.ndarray


@dataclass(frozen=True)
class Bridge:
    """Steps in order; replications are paired, since the same patients are followed in every step."""

    steps: tuple[Step, ...]
    strategies: tuple[str, ...]
    reference: int
    decision: Decision

    def levels(self, strategy: int, result: Callable) -> tuple[np.ndarray, np.ndarray]:
        """(values, standard errors) of result(mean cost, mean effect), by step."""
        return self._of(strategy, lambda k, take: float(result(*take(k))))

    def changes(self, strategy: int, result: Callable) -> tuple[np.ndarray, np.ndarray]:
        """(change from the step before, its standard error), by step; the first is 0. An ICER changes as `icer_change` says."""
        change = icer_change if result is icer else lambda after, before: result(*after) - result(*before)
        return self._of(strategy, lambda k, take: change(take(k), take(k - 1)) if k else 0.0)

    def _of(self, strategy: int, value: Callable) -> tuple[np.ndarray, np.ndarray]:
        """Values at the means, and jackknife standard errors over replications (Efron 1982)."""
        n = self.steps[0].cost.shape[1]

        def means(keep) -> Callable:
            return lambda k: (self.steps[k].cost[strategy, keep].mean(), self.steps[k].effect[strategy, keep].mean())

        everything = means(slice(None))
        found, errors = [], []
        for k in range(len(self.steps)):
            without = np.array([value(k, means(np.arange(n) != r)) for r in range(n)])
            found.append(value(k, everything))
            errors.append(np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum()))
        return np.array(found), np.array(errors)


def bridge(
    scenario: Scenario,
    decision: Decision,
    method: Method,
    seed: int = 1,
    progress: Callable[[int], None] = lambda done: None,
) -> Bridge:
    """Cohort -> individual -> time in state -> queues, `method.replications` of `method.patients` patients."""
    n, reference = method.replications, scenario.reference_index
    base = draws.base(scenario, seed)
    table = replicated(base, n)
    plain, one = without_time_in_state(scenario), dataclasses.replace(method, replications=1)
    runs = [
        ("Cohort", plain, base, dataclasses.replace(one, engine="cohort")),
        ("Individual patients", plain, table, dataclasses.replace(one, engine="individual")),
    ]
    if plain is not scenario:
        runs.append(("Time in state", scenario, table, dataclasses.replace(one, engine="individual")))
    if scenario.system is not None:
        runs.append(("Queues", scenario, table, dataclasses.replace(one, engine="queueing")))
    steps = []
    for name, made, draw_table, how in runs:
        steps.append(step_of(name, evaluate(made, draw_table, how).total, decision.effect, reference, n))
        progress(1)
    return Bridge(tuple(steps), tuple(scenario.strategies), reference, decision)


def step_of(name: str, total: Outcomes, effect: str, reference: int, n: int) -> Step:
    """Increments over `n` replications; the cohort's single value serves for each of them."""
    cost, gained = (x * np.ones(n) for x in (total.cost, total.get(effect)))
    return Step(name, *incremental.increments(cost, gained, reference))


def without_time_in_state(scenario: Scenario) -> Scenario:
    """The scenario in which formulas take the time since entry as 0, as a cohort must; the same one if none reads it."""
    table = draws.base(scenario)
    read = any(inputs.dynamics(scenario, table, group).reads_time_in_state for group in scenario.groups.values())
    return dataclasses.replace(scenario, time_in_state=False) if read else scenario
