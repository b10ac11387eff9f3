"""What each difference between two scenarios does to the incremental result: Shapley values over the fields that differ."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model import draws
from model.analysis import comparison
from model.analysis.evaluate import evaluate
from model.analysis.method import COHORT, EngineError, Method
from model.analysis.shapley import Shapley, shapley
from model.analysis.workers import in_order
from model.decision import ALL, Decision
from model.decision import groups as groups_of
from model.draws import DomainError
from model.effects import BUILT_IN
from model.outcomes import OutcomeError
from model.sample import NO_PSA, Sample
from model.scenario import Scenario
from model.scenario_file import ScenarioError
from model.scenario_file.difference import Difference, Trees

_IMPOSSIBLE = (ScenarioError, DomainError, OutcomeError, EngineError)

Entry = tuple[str, ...]


class DifferenceError(ValueError):
    """Two scenarios that cannot be compared."""


class _Incoherent(Exception):
    """A set of changes that is no scenario."""

    def __init__(self, mask: int):
        self.mask = mask


@dataclass(frozen=True)
class Attribution:
    """changes: entries that are changed together; start, end: [result, group, strategy] of A and of B, result as in
    `results`; share: of each change, value [change, result, group, strategy]. Strategies are those of both files."""

    a: Scenario
    b: Scenario
    differences: list[Difference]
    changes: list[tuple[Entry, ...]]
    groups: tuple[str, ...]
    strategies: tuple[str, ...]
    decision: Decision
    start: np.ndarray
    end: np.ndarray
    share: Shapley
    sample: Sample

    @property
    def results(self) -> tuple[str, ...]:
        return results(self.decision)


def results(decision: Decision) -> tuple[str, ...]:
    """What is attributed, as columns are called."""
    return "incremental_cost", f"incremental_{decision.effect}", "incremental_nmb"


def attribute(
    a: Scenario,
    b: Scenario,
    decision: Decision,
    sample: Sample = NO_PSA,
    method: Method = COHORT,
    orders: int = 100,
    progress: Callable[[int], None] = lambda done: None,
) -> Attribution:
    """Attributes B - A, in the base case or (where `sample` has draws) in the mean over draws.

    Changes are made by merging entries of B into A. Entries without which others cannot be read, or without which the
    model cannot run, are changed together. Raises DifferenceError.
    """
    between = _Between(a, b, decision, sample, method, progress)
    found = between.trees.differences()
    entries = [entry for entry in dict.fromkeys(d.entry for d in found if d.matters) if not between.idle(entry)]
    changes = between.trees.together(entries)
    start, end = between.ends(entries)
    while True:
        try:
            share = _share(between, changes, orders, sample.seed)
            break
        except _Incoherent as error:
            changes = _joined(between, changes, error.mask)
    return Attribution(
        a,
        b,
        found,
        changes,
        between.groups,
        between.strategies,
        decision,
        start,
        end,
        share,
        sample,
    )


def _share(between: _Between, changes: list[tuple[Entry, ...]], orders: int, seed: int) -> Shapley:
    if not changes:
        nothing = np.zeros((0, *between.shape))
        return Shapley(nothing, nothing, None)
    every = (1 << len(changes)) - 1
    ends = [mask for i in range(len(changes)) for mask in (1 << i, every ^ 1 << i)]
    between.values(changes, ends)  # what does not make sense alone shows here, before the many
    return shapley(lambda masks: between.values(changes, masks), len(changes), orders, seed)


def _joined(between: _Between, changes: list[tuple[Entry, ...]], mask: int) -> list[tuple[Entry, ...]]:
    """Fewer changes: those of the smaller side of an impossible set together, one alone with what makes it possible."""
    inside = [i for i in range(len(changes)) if mask >> i & 1]
    outside = [i for i in range(len(changes)) if not mask >> i & 1]
    few = min(inside, outside, key=len)
    if len(few) == 1:
        partner = next(
            (j for j in range(len(changes)) if j != few[0] and between.possible(changes, mask ^ 1 << j)), None
        )
        few = [*few, partner] if partner is not None else list(range(len(changes)))
    rest = [change for i, change in enumerate(changes) if i not in few]
    return [*rest, tuple(entry for i in sorted(few) for entry in changes[i])]


class _Between:
    """Evaluates scenarios between A and B, each once."""

    def __init__(self, a: Scenario, b: Scenario, decision: Decision, sample: Sample, method: Method, progress):
        _check(a, b, decision.effect)
        self.a, self.b, self.decision, self.sample, self.method = a, b, decision, sample, method
        self.progress = progress
        self.trees = Trees(a, b, decision.effect)
        self.known: dict[frozenset[Entry], np.ndarray] = {}
        self.strategies = tuple(s for s in a.strategies if s in b.strategies)
        self.groups = groups_of(a) if groups_of(a) == groups_of(b) else (ALL,)

    @property
    def shape(self) -> tuple[int, int, int]:
        return len(results(self.decision)), len(self.groups), len(self.strategies)

    def possible(self, changes, mask: int) -> bool:
        try:
            self.values(changes, [mask])
        except _Incoherent:
            return False
        return True

    def values(self, changes: list[tuple[Entry, ...]], masks: list[int]) -> dict[int, np.ndarray]:
        """[result, group, strategy] of each set of changes."""
        entries = {mask: frozenset(e for i, c in enumerate(changes) if mask >> i & 1 for e in c) for mask in masks}
        new = {e: mask for mask, e in entries.items() if e not in self.known}
        by_tree: dict[frozenset, list[frozenset]] = {}
        for e in new:
            by_tree.setdefault(frozenset(x for x in e if not self._is_value(x)), []).append(e)
        self._evaluate(by_tree, new)
        return {mask: self.known[e] for mask, e in entries.items()}

    def ends(self, entries: list[Entry]) -> list[np.ndarray]:
        """Of A and of B, as they are."""
        pair = (self.strategies, self.decision, self.sample, self.method)
        found = [_task(scenario, {}, 1, self.groups, *pair)[0] for scenario in (self.a, self.b)]
        self.known |= {frozenset(entries): found[1], frozenset(): found[0]}
        return found

    def _evaluate(self, by_tree: dict[frozenset, list[frozenset]], masks: dict[frozenset, int]) -> None:
        alone = dataclasses.replace(self.method, executor=None)
        tasks = (self._arguments(tree, sets, masks, alone) for tree, sets in by_tree.items())
        try:
            for sets, found in zip(by_tree.values(), in_order(self.method.executor, _task, tasks)):
                self.known |= dict(zip(sets, found))
                self.progress(len(sets))
        except (DomainError, OutcomeError, EngineError):
            self._blame(by_tree, masks, alone)
            raise

    def _arguments(self, tree: frozenset, sets: list[frozenset], masks: dict[frozenset, int], method: Method) -> tuple:
        try:
            scenario = self.trees.mixed(tree) if tree else self.a
        except ScenarioError:
            raise _Incoherent(masks[sets[0]]) from None
        varied = {entry[1] for entry in frozenset().union(*sets) if self._is_value(entry)}
        columns = {
            name: np.array([(self.b if ("parameters", name) in s else self.a).parameters[name].base for s in sets])
            for name in varied
        }
        return (
            scenario,
            columns,
            len(sets),
            self.groups,
            self.strategies,
            self.decision,
            self.sample,
            method,
        )

    def _blame(self, by_tree, masks, method: Method) -> None:
        """Find the set that the model cannot run."""
        for tree, sets in by_tree.items():
            for one in sets:
                try:
                    _task(*self._arguments(tree, [one], masks, method))
                except _IMPOSSIBLE:
                    raise _Incoherent(masks[one]) from None

    def idle(self, entry: Entry) -> bool:
        """Another distribution with the same base value: it shows in a PSA only."""
        return self._is_value(entry) and self.a.parameters[entry[1]].base == self.b.parameters[entry[1]].base

    def _is_value(self, entry: Entry) -> bool:
        """A parameter whose base value alone differs in effect: it can vary in a table of draws."""
        if entry[0] != "parameters" or self.sample.n:
            return False
        one, other = (scenario.parameters.get(entry[-1]) for scenario in (self.a, self.b))
        return (
            one is not None
            and other is not None
            and one.base is not None
            and other.base is not None
            and one.unit == other.unit
            and not one.joint
            and not other.joint
        )


def _check(a: Scenario, b: Scenario, effect: str) -> None:
    if effect not in (*BUILT_IN, *b.effects):
        raise DifferenceError(f"{b.path} has no effect '{effect}', which decides")
    if (a.currency, a.price_year) != (b.currency, b.price_year):
        raise DifferenceError(
            f"{a.path} is in {a.currency} {a.price_year}, {b.path} in {b.currency} {b.price_year}: their "
            "costs cannot be compared"
        )
    reference, both = a.reference_strategy, [s for s in a.strategies if s in b.strategies]
    if reference not in both or len(both) < 2:
        raise DifferenceError(
            f"{b.path} must have the reference strategy '{reference}' of {a.path} and one more in common; it "
            f"has {', '.join(b.strategies)}, and the other {', '.join(a.strategies)}"
        )


def _task(
    scenario: Scenario,
    columns,
    n: int,
    groups,
    strategies,
    decision: Decision,
    sample: Sample,
    method: Method,
) -> list[np.ndarray]:
    """[result, group, strategy] of each of n rows."""
    if not sample.n:
        table = draws.repeat(scenario, n, sample.seed).replace(**columns)
        found, rows = evaluate(scenario, table, method.for_base()), n
    else:
        found, rows = evaluate(scenario, draws.probabilistic(scenario, sample), method.for_psa()), 1
    every = list(scenario.strategies)
    shared, against = [every.index(s) for s in strategies], every.index(decision.reference)
    level, parts, names = np.full(rows, decision.wtp), [found.outcomes[group] for group in groups], results(decision)
    totals = {
        name: np.stack([_rows(part.get(name), sample) for part in parts], axis=1) for name in ("cost", decision.effect)
    }
    increments = comparison.with_economics(totals, level, against, decision.effect)
    return list(np.stack([increments[name][..., shared] for name in names], axis=1))


def _rows(values: np.ndarray, sample: Sample) -> np.ndarray:
    """[row, strategy]: one row is one set of values, or the mean of all draws."""
    return values.mean(axis=1)[None] if sample.n else values.T


def largest(values: np.ndarray, most: int) -> tuple[np.ndarray, float]:
    """(places of the `most` largest in size of values [change], the largest first; sum of the others)."""
    order = np.argsort(-np.abs(values), kind="stable")
    return order[:most], float(values[order[most:]].sum())
