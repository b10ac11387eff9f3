"""A small cohort model of its own: the written rates are integrated in fine steps, discounted and priced by plain arithmetic.

It shares no code with engines, inputs, prices or outcomes. One strategy, one group, one set of values at a time. In each step
rates are as in its middle; the generator of a step is exponentiated together with the integral of the occupancy.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

import numpy as np

from model.analysis.verify_plain import Plain, Unsupported
from model.analysis.verify_survival import cumulative
from model.formula import Formula
from model.scenario import Branch, PerCycle, Rate, Scenario, TimeToEvent

COST, EFFECT = 1, 2  # weights: undiscounted, at the cost rate, at the effect rate


@dataclass(frozen=True)
class Counted:
    """time[step, state, weight], number[step, transition, weight], starts[state], middles[step] of one strategy."""

    middles: np.ndarray
    time: np.ndarray
    number: np.ndarray
    starts: np.ndarray


class Model:
    """parts: steps within each cycle."""

    def __init__(self, plain: Plain, parts: int):
        self.plain, self.scenario, self.frame = plain, plain.scenario, plain.scenario.time
        self.keys = list(self.scenario.states)
        self.moves = self.scenario.transitions
        self.textbook = self.frame.convention != "integral"
        self.by_cycle = any(isinstance(t, PerCycle) for t in self.moves)
        supported(self.scenario)
        self.edges = self._edges(parts)
        self.middles = (self.edges[1:] + self.edges[:-1]) / 2
        self.width = np.diff(self.edges)

    def _edges(self, parts: int) -> np.ndarray:
        frame = self.frame
        n = int(np.ceil(frame.horizon / frame.cycle - 1e-9))
        cycles = np.minimum(np.arange(n + 1) * frame.cycle, frame.horizon)
        if self.by_cycle or self.textbook:
            return cycles
        fine = np.concatenate([np.linspace(a, b, parts + 1) for a, b in zip(cycles, cycles[1:])])
        years = np.arange(0, frame.horizon * frame.years) / frame.years
        found = np.sort(np.concatenate([fine, years, self._steps()]))
        found = found[(found >= 0) & (found <= frame.horizon)]
        return found[np.append(True, np.diff(found) > 1e-9 * frame.horizon)]

    def _steps(self) -> list[float]:
        """Times at which periods begin, and with which formulas compare the time."""
        found = [start for start, _, _ in self.plain.periods()]
        for formula in all_formulas(self.scenario):
            for node in ast.walk(formula.tree):
                if isinstance(node, ast.Compare):
                    for side in (node.left, *node.comparators):
                        try:
                            found.append(self.plain.number(Formula("", side, frozenset())))
                        except (Unsupported, KeyError):
                            continue
        return [time for time in found if np.isfinite(time)]

    # --- chances ----------------------------------------------------------------------------------------------------

    def rates(self) -> dict[int, np.ndarray]:
        """By index of a transition that goes by a hazard, its mean rate in each step."""
        found = {}
        for i, move in enumerate(self.moves):
            if isinstance(move, Rate):
                found[i] = self.plain.at(move.rate, self.middles)
            elif isinstance(move, TimeToEvent):
                reached = cumulative(self.plain, move.survival, self.edges)
                ratio = 1.0 if move.survival.ratio is None else self.plain.at(move.survival.ratio, self.middles)
                found[i] = np.diff(reached) / self.width * ratio
        return found

    def probabilities(self, kind: type[Branch] | type[PerCycle], times: np.ndarray) -> dict[int, np.ndarray]:
        """[time] of branches or of moves at the end of a cycle; one is what the others out of its state leave."""
        found: dict[int, np.ndarray] = {}
        own = {i: t for i, t in enumerate(self.moves) if isinstance(t, kind) and isinstance(t, (Branch, PerCycle))}
        for i, move in own.items():
            if move.probability is not None:
                found[i] = self.plain.at(move.probability, times)
        for i, move in own.items():
            if i not in found:
                beside = [found[j] for j, other in own.items() if j in found and other.source == move.source]
                found[i] = 1 - sum(beside, np.zeros(len(times)))
        return found

    def through(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """[time, state, state] where those who come to a state end at once, and [time, state, transition] by which branches."""
        n, size = len(times), len(self.keys)
        ends, used = np.zeros((n, size, size)), np.zeros((n, size, len(self.moves)))
        branches = self.probabilities(Branch, times)
        for start in range(size):
            here = np.zeros((n, size))
            here[:, start] = 1
            for _ in range(size + 1):
                there = np.zeros_like(here)
                for s, key in enumerate(self.keys):
                    if not self.scenario.states[key].chance:
                        ends[:, start, s] += here[:, s]
                        continue
                    for i, p in branches.items():
                        if self.moves[i].source == key:
                            used[:, start, i] += here[:, s] * p
                            there[:, self.keys.index(self.moves[i].target)] += here[:, s] * p
                here = there
        return ends, used

    def start(self) -> np.ndarray:
        states = self.scenario.states.values()
        return np.array([0.0 if s.start is None else self.plain.number(s.start) for s in states])

    # --- what is counted --------------------------------------------------------------------------------------------

    def counted(self) -> Counted:
        starts = self.start()
        ends, used = self.through(np.append(0.0, self.middles))
        first = starts @ ends[0]
        if self.by_cycle or self.textbook:
            time, timed = self._by_cycles(first, ends[1:])
        else:
            time, timed = self._integrated(first, ends[1:])
        number = np.array(timed)
        for i, move in enumerate(self.moves):
            if not isinstance(move, Branch):
                number += used[1:, self.keys.index(move.target), :, None] * timed[:, i, None, :]
        at_once = np.zeros_like(number[:1])
        at_once[0] = (starts @ used[0])[:, None]
        return Counted(
            np.append(0.0, self.middles),
            np.concatenate([np.zeros_like(time[:1]), time]),
            np.concatenate([at_once, number]),
            starts,
        )

    def generator(self, ends: np.ndarray) -> tuple[np.ndarray, dict[int, np.ndarray]]:
        """[step, from, to] of the rates, chance nodes passed through."""
        rates, size = self.rates(), len(self.keys)
        found = np.zeros((len(self.middles), size, size))
        for i, rate in rates.items():
            source, target = self.keys.index(self.moves[i].source), self.keys.index(self.moves[i].target)
            found[:, source] += rate[:, None] * ends[:, target]
            found[:, source, source] -= rate
        return found, rates

    def _integrated(self, first: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        generator, rates = self.generator(ends)
        size, here = len(self.keys), first
        moved, _ = _exponential(generator, self.width, 0.0)
        starts = np.empty((len(self.width), size))
        for k, matrix in enumerate(moved):
            starts[k], here = here, here @ matrix
        time = np.empty((len(self.width), size, 3))
        for w in range(3):
            decay, at = self.discounting(w)
            within = _exponential(generator, self.width, decay)[1]
            time[:, :, w] = np.einsum("ks,kst->kt", starts, within) * at[:, None]
        timed = np.zeros((len(self.width), len(self.moves), 3))
        for i, rate in rates.items():
            timed[:, i] = rate[:, None] * time[:, self.keys.index(self.moves[i].source)]
        return time, timed

    def annual(self, w: int) -> float:
        """Logarithm of the factor of a year."""
        discount = self.scenario.discount
        rate = (0.0, discount.cost, discount.effect)[w]
        return rate if discount.compounding == "continuous" else float(np.log(1 + rate))

    def discounting(self, w: int) -> tuple[float, np.ndarray]:
        """(decay within a step, factor at its start)."""
        annual, years, convention = self.annual(w), self.frame.years, self.scenario.discount.convention
        if convention == "continuous":
            return annual * years, np.exp(-annual * years * self.edges[:-1])
        return 0.0, self.factor(w, self.middles)

    def factor(self, w: int, times: np.ndarray) -> np.ndarray:
        """Of the cycle, or of the whole year, in which a time lies."""
        years, cycle = self.frame.years, self.frame.cycle
        match self.scenario.discount.convention:
            case "by whole year":
                at = np.floor(times * years + 1e-9)
            case "at cycle":
                at = np.floor(times / cycle + 1e-9) * cycle * years
            case "mid-cycle":
                at = (np.floor(times / cycle + 1e-9) + 0.5) * cycle * years
            case _:
                at = times * years
        return np.exp(-self.annual(w) * at)

    def _by_cycles(self, first: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Shares at the ends of cycles, weighted by the convention."""
        n, size = len(self.width), len(self.keys)
        matrices, per_cycle, rates = self._matrices(ends)
        shares = np.empty((n + 1, size))
        shares[0] = first
        for k in range(n):
            shares[k + 1] = shares[k] @ matrices[k]
        moved = np.zeros((n, len(self.moves)))
        for i, p in per_cycle.items():
            moved[:, i] = p * shares[:-1, self.keys.index(self.moves[i].source)]
        if rates:
            generator, _ = self.generator(ends)
            within = np.einsum("ks,kst->kt", shares[:-1], _exponential(generator, self.width, 0.0)[1])
            for i, rate in rates.items():
                moved[:, i] = rate * within[:, self.keys.index(self.moves[i].source)]
        time, timed = np.empty((n, size, 3)), np.empty((n, len(self.moves), 3))
        for w in range(3):
            begin, over, at = self.weights(w)
            time[:, :, w] = begin[:, None] * shares[:-1] + over[:, None] * shares[1:]
            timed[:, :, w] = at[:, None] * moved
        return time, timed

    def _matrices(self, ends: np.ndarray) -> tuple[np.ndarray, dict[int, np.ndarray], dict[int, np.ndarray]]:
        per_cycle = self.probabilities(PerCycle, self.edges[:-1] + 1e-9 * self.frame.cycle)
        generator, rates = self.generator(ends)
        if not per_cycle:
            return _exponential(generator, self.width, 0.0)[0], per_cycle, rates
        if rates:
            raise Unsupported("rates beside probabilities per cycle")
        matrices = np.broadcast_to(np.eye(len(self.keys)), (len(self.width), len(self.keys), len(self.keys))).copy()
        for i, p in per_cycle.items():
            source, target = self.keys.index(self.moves[i].source), self.keys.index(self.moves[i].target)
            matrices[:, source, source] -= p
            matrices[:, source] += p[:, None] * ends[:, target]
        return matrices, per_cycle, rates

    def weights(self, w: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """[cycle] what the share at the start and at the end of a cycle counts in time, and what its transitions count."""
        frame, n, cycle = self.frame, len(self.width), self.frame.cycle
        k = np.arange(n)
        if self.scenario.discount.convention == "mid-cycle":
            low = high = middle = self.factor(w, (k + 0.5) * cycle)
        else:
            low, middle, high = (self._point(w, (k + at) * cycle) for at in (0.0, 0.5, 1.0))
        if frame.convention == "integral":
            decay = self.annual(w) * frame.years * cycle if self.scenario.discount.convention == "continuous" else 0.0
            mean = low * (1.0 if decay == 0 else (1 - np.exp(-decay)) / decay)
            return mean * cycle, np.zeros(n), high
        begin, over = _points(frame.convention, n)
        begin, over = begin * (high if frame.convention == "life-table" else low), over * high
        moved = {"start": low, "end": high, "life-table": high}.get(frame.convention, (low + high) / 2)
        moved = {"start": low, "middle": middle, "end": high}.get(frame.counted, moved)
        if frame.counted == "with the state entered":
            moved = over + np.append(begin[1:], 0.0)
        return begin * cycle, over * cycle, moved

    def _point(self, w: int, times: np.ndarray) -> np.ndarray:
        """Discount factor of a point between cycles."""
        years = times * self.frame.years
        whole = self.scenario.discount.convention == "by whole year"
        return np.exp(-self.annual(w) * (np.floor(years + 1e-9) if whole else years))


def _points(convention: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    """[cycle] weights of the start and the end of each cycle, whose sum over both ends of a point is that of the convention."""
    one, none = np.ones(n), np.zeros(n)
    match convention:
        case "start":
            return one, none
        case "end":
            return none, one
        case "half-cycle" | "life-table":
            return one / 2, one / 2
        case "simpson" if n % 2 == 0:
            inner = np.array([4 / 3 if k % 2 else 2 / 3 for k in range(n + 1)])
        case "simpson" if n >= 3:  # the last three by the three-eighths rule
            inner = np.array([4 / 3 if k % 2 else 2 / 3 for k in range(n - 2)] + [9 / 8, 9 / 8, 3 / 8])
            inner[n - 3] = (1 / 3 if n > 3 else 0.0) + 3 / 8
        case "simpson-interchanged":
            inner = np.array([2 / 3 if k % 2 else 4 / 3 for k in range(n + 1)])
        case _:
            raise Unsupported(f"the convention '{convention}' with {n} cycles")
    inner[0] = 3 / 8 if convention == "simpson" and n == 3 else 1 / 3
    if convention != "simpson" or n % 2 == 0:
        inner[-1] = 1 / 3
    begin, over = inner[:-1] / 2, inner[1:] / 2
    begin[0], over[-1] = inner[0], inner[-1]
    return begin, over


def _exponential(generator: np.ndarray, width: np.ndarray, decay: float) -> tuple[np.ndarray, np.ndarray]:
    """[step, from, to] exp(Q w), and the integral over the step of exp((Q - decay) t): by Taylor series and squaring."""
    n, size, _ = generator.shape
    whole = np.zeros((n, 2 * size, 2 * size))
    whole[:, :size, :size] = generator - decay * np.eye(size)
    whole[:, :size, size:] = np.eye(size)
    whole *= width[:, None, None]
    most = max(float(np.abs(whole).sum(axis=2).max()), 1e-300)
    halvings = max(0, int(np.ceil(np.log2(most))) + 2)
    whole /= 2.0**halvings
    total = term = np.broadcast_to(np.eye(2 * size), whole.shape)
    for k in range(1, 13):
        term = term @ whole / k
        total = total + term
    for _ in range(halvings):
        total = total @ total
    return total[:, :size, :size] * np.exp(decay * width)[:, None, None], total[:, :size, size:]


def bindings(scenario: Scenario) -> list[tuple[str, Formula]]:
    """(name, formula) of all strategies, groups and periods, and of definitions."""
    scopes = [s.bindings for s in scenario.strategies.values()] + [g.bindings for g in scenario.groups.values()]
    scopes += [p.bindings for p in scenario.periods] + [scenario.definitions]
    return [(name, formula) for scope in scopes for name, formula in scope.items()]


def all_formulas(scenario: Scenario) -> list[Formula]:
    """Every formula of chances and prices, and what stands behind their names."""
    found: list[Formula | None] = []
    for state in scenario.states.values():
        found += [state.start, state.utility, state.entry_qaly, *state.costs.values(), *state.entry_costs.values()]
    for move in scenario.transitions:
        found += [move.qaly, *move.costs.values(), getattr(move, "rate", None), getattr(move, "probability", None)]
        found += [move.survival.ratio] if isinstance(move, TimeToEvent) else []
    found += [formula for _, formula in bindings(scenario)]
    found += [*(p.formula for p in scenario.parameters.values())]
    return [formula for formula in found if formula is not None]


def supported(scenario: Scenario) -> None:
    """Unsupported, with what of the scenario this small model does not know."""
    if scenario.partition is not None:
        raise Unsupported("survival curves are recomputed by another check")
    for state in scenario.states.values():
        if state.limits or state.schedules:
            raise Unsupported(f"{state.key}: doses, or a cost for a limited time in state")
    for move in scenario.transitions:
        if isinstance(move, TimeToEvent) and (move.survival.clock == "state" or move.survival.family == "fixed"):
            raise Unsupported(f"{move.label}: goes by the time in state, or at a fixed time")
