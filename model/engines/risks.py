"""When the next event comes: every kind of transition as H^-1(H(now) + E), on the patient's own clock.

Moves with probabilities per cycle are run as the hazards that give those probabilities: a total of
-ln(1 - sum of p) per cycle, shared out in proportion to p; the event then counts at the end of its cycle.
`event` takes arrays over patients (`row` is the index of strategy and draw). Where a risk is `renewing`, the time to the
event does not depend on when the state was entered; for the others `alone` is `event` for one patient at a time, a
function of (now, exponential) in one row.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from model import fixed_times
from model.draws import DomainError
from model.dynamics import AtCycleEnd, AtEvent, AtOnce, AtRate, Dynamics
from model.engines import accrual
from model.engines.refusals import TWO_CLOCKS, has_two_clocks
from model.hazards import Hazard
from model.instants import ceil, in_force
from model.over_time import OverTime, Stepwise, lines

PARTS = 512  # of the horizon, within which a hazard ratio that curves is taken as constant
CERTAIN = 1000.0  # hazard per cycle of a probability of 1: no exponential is above 38


@dataclass(frozen=True)
class Rate:
    """Constant rate: a scalar, or [row]."""

    rate: np.ndarray
    renewing = True

    def event(self, now, exponential, row):
        return now + exponential / _of(self.rate, row)


@dataclass(frozen=True)
class Steps:
    """Rate that changes with time since the start, on pieces: starts[piece] or, where they differ, [piece, row].

    rates: at the start of a piece, slopes: within it (None: constant), reached: cumulative hazard at it, [piece, row].
    """

    starts: np.ndarray
    rates: np.ndarray
    reached: np.ndarray
    slopes: np.ndarray | None = None
    renewing = False

    def event(self, now, exponential, row):
        target = self.cumulative(now, row) + exponential
        k = _last(self.reached, target, row)
        excess, rate = target - self.reached[k, row], self.rates[k, row]
        if self.slopes is not None:
            # From rate x + slope x^2 / 2 = excess, without loss of digits where the slope is small.
            rate = (rate + np.sqrt(np.maximum(rate**2 + 2 * self.slopes[k, row] * excess, 0.0))) / 2
        return np.maximum(self._start(k, row) + excess / rate, now)

    def cumulative(self, time, row):
        """H(time), from the start of the model."""
        k = (
            np.searchsorted(self.starts, time, side="right") - 1
            if self.starts.ndim == 1
            else _last(self.starts, time, row)
        )
        spent = time - self._start(k, row)
        rate = self.rates[k, row] if self.slopes is None else self.rates[k, row] + self.slopes[k, row] * spent / 2
        return self.reached[k, row] + rate * spent

    def _start(self, k, row):
        return self.starts[k] if self.starts.ndim == 1 else self.starts[k, row]

    def alone(self, row: int):
        starts = (self.starts if self.starts.ndim == 1 else self.starts[:, row]).tolist()
        rates, reached = self.rates[:, row].tolist(), self.reached[:, row].tolist()
        slopes = [0.0] * len(starts) if self.slopes is None else self.slopes[:, row].tolist()

        def event(now, exponential):
            k = bisect_right(starts, now) - 1
            spent = now - starts[k]
            target = reached[k] + (rates[k] + slopes[k] * spent / 2) * spent + exponential
            k = bisect_right(reached, target) - 1
            excess, rate = target - reached[k], rates[k]
            rate = (rate + max(rate**2 + 2 * slopes[k] * excess, 0.0) ** 0.5) / 2 if slopes[k] else rate
            return max(starts[k] + excess / rate, now) if rate else np.inf

        return event


def _last(table: np.ndarray, target, row):
    """The last piece at which table[piece, row], which rises, is not above the target, by bisection."""
    last = len(table) - 1
    k = np.zeros(np.shape(target), int)
    for power in range(last.bit_length() - 1, -1, -1):
        further = np.minimum(k + (1 << power), last)
        k = np.where(table[further, row] <= target, further, k)
    return k


@dataclass(frozen=True)
class Survival:
    """A time-to-event distribution on the clock of the model (time since start) or of the state."""

    hazard: Hazard
    renewing: bool

    def event(self, now, exponential, row):
        hazard = self.hazard.take(row)
        if self.renewing:
            return now + hazard.inverse(exponential)
        return np.maximum(hazard.inverse(hazard.cumulative(now) + exponential), now)

    def alone(self, row: int):
        hazard = self.hazard.take(row)
        return lambda now, exponential: max(float(hazard.inverse(hazard.cumulative(now) + exponential)), now)


@dataclass(frozen=True)
class Stay:
    """A rate that changes with the time since entry, on pieces."""

    steps: Steps
    renewing = True

    def event(self, now, exponential, row):
        return now + self.steps.event(np.zeros(np.shape(exponential)), exponential, row)


@dataclass(frozen=True)
class Fixed:
    """A fixed time on the clock of the state, or an appointment on that of the model. due, [row] or a scalar; `limit`: what is due
    from then on does not happen."""

    due: np.ndarray
    clock: str
    hair: float
    limit: float
    renewing = False

    def event(self, now, exponential, row):
        due = _of(self.due, row)
        time = now + due if self.clock == "state" else np.where(due < now - self.hair, np.inf, np.maximum(due, now))
        return np.where(time < self.limit, time, np.inf)

    def alone(self, row: int):
        due, of_state = float(_of(self.due, row)), self.clock == "state"

        def event(now, exponential):
            time = now + due if of_state else max(due, now) if due >= now - self.hair else np.inf
            return time if time < self.limit else np.inf

        return event


@dataclass(frozen=True)
class Scaled:
    """A survival distribution whose hazard ratio changes with model time, ratios[piece, row] from starts[piece] on or, where
    they differ, [piece, row]: h(t) = ratio(t) h0(t) on the clock of the model, ratio(t) h0(t - entry) on that of the state."""

    hazard: Hazard
    starts: np.ndarray
    ratios: np.ndarray
    of_state: bool
    renewing = False

    def event(self, now, exponential, row):
        now, exponential, row = np.broadcast_arrays(np.asarray(now, float), exponential, row)
        hazard, entry = self.hazard.take(row), now if self.of_state else 0.0
        left, due, limit = exponential.copy(), np.full(now.shape, np.inf), np.full(now.shape, np.inf)
        reached = hazard.cumulative(now - entry)
        for k, ratios in enumerate(self.ratios):
            last, ratio = k == len(self.ratios) - 1, ratios[row]
            end = np.full(now.shape, np.inf) if last else np.maximum(self._start(k + 1, row), now)
            until = end if last else hazard.cumulative(end - entry)
            rise = np.where(ratio > 0, ratio * (until - reached), 0.0)
            here = np.isinf(due) & (left <= rise)
            due, limit = np.where(here, reached + left / ratio, due), np.where(here, end, limit)
            left, reached = left - rise, until
            if last or np.isfinite(due).all():
                break
        time = hazard.inverse(np.where(np.isfinite(due), due, 0.0)) + entry
        return np.where(np.isfinite(due), np.clip(time, now, limit), np.inf)

    def _start(self, k, row):
        return self.starts[k] if self.starts.ndim == 1 else self.starts[k, row]

    def alone(self, row: int):
        starts = self.starts if self.starts.ndim == 1 else self.starts[:, row]
        hazard, ratios = self.hazard.take(row), self.ratios[:, row]

        def event(now, exponential):
            entry = now if self.of_state else 0.0
            edges = np.maximum(np.append(starts[1:], np.inf), now)
            reached = hazard.cumulative(np.append(now, edges[:-1]) - entry)
            rises = np.append(ratios[:-1] * np.diff(reached), np.inf if ratios[-1] > 0 else 0.0)
            total = np.cumsum(rises)
            k = int(np.searchsorted(total, exponential))
            if k == len(total):
                return np.inf
            left = exponential - (total[k - 1] if k else 0.0)
            time = float(hazard.inverse(reached[k] + left / ratios[k])) + entry
            return min(max(time, now), float(edges[k]))

        return event


Lasting = Steps | Survival | Scaled | Fixed  # whose time to the event may depend on when the state was entered
Risk = Rate | Stay | Lasting


def risks(dynamics: Dynamics) -> dict[int, Risk]:
    """The risk of every transition that takes time."""
    return {i: _risk(dynamics, transition) for i, transition in dynamics.timed().items()}


def _risk(dynamics: Dynamics, transition: AtRate | AtEvent | AtCycleEnd) -> Risk:
    match transition:
        case AtEvent(is_fixed=True):
            return _fixed(dynamics, transition)
        case AtEvent(ratio=None, hazard=hazard, clock=clock):
            return Survival(hazard.flat(dynamics.shape), clock == "state")
        case AtEvent(ratio=Stepwise() | OverTime() as ratio, hazard=hazard, clock=clock):
            starts, ratios = _in_pieces(dynamics, ratio)
            return Scaled(hazard.flat(dynamics.shape), starts, ratios, clock == "state")
        case AtRate(level=OverTime() as level):
            return _moving(dynamics, level)
        case AtRate(level=Stepwise() as level):
            return _stepwise(dynamics, level)
        case AtCycleEnd() if any(rival.stay for rival in _rivals(dynamics, transition)):
            return Stay(_by_stay(dynamics, transition))
        case AtCycleEnd():
            return _stepwise(dynamics, per_cycle_rate(dynamics, transition))
    raise TypeError(f"{transition.label}: a transition without a risk")


def _fixed(dynamics: Dynamics, event: AtEvent) -> Fixed:
    due, hair = np.asarray(fixed_times.due(event)), fixed_times.hair(dynamics)
    rows = due if due.ndim == 0 else _scalar(np.broadcast_to(due, dynamics.shape).reshape(-1))
    return Fixed(np.asarray(rows), event.clock, hair, accrual.end_of_time(dynamics) - hair)


def _in_pieces(dynamics: Dynamics, ratio: Stepwise | OverTime) -> tuple[np.ndarray, np.ndarray]:
    """(starts, ratios[piece, row]) of a hazard ratio; one that curves has its mean in each of PARTS parts of the horizon."""
    if isinstance(ratio, Stepwise):
        return ratio.starts, _rows(ratio.values)
    edges = ratio.splits(np.linspace(0.0, _end(dynamics), PARTS + 1 if ratio.smooth else 2))
    total = np.concatenate([integral for _, _, integral, _ in ratio.integrals(edges)])
    length = np.diff(edges, axis=0)
    length = length[:, None, None] if edges.ndim == 1 else length
    mean = np.divide(total, length, out=np.zeros_like(total), where=length > 0)
    return (edges[:-1] if edges.ndim == 1 else _rows(edges[:-1])), _rows(mean)


def _end(dynamics: Dynamics) -> float:
    """The time up to which changes are known."""
    return max(dynamics.time.horizon, dynamics.time.whole_cycles * dynamics.time.cycle)


def _moving(dynamics: Dynamics, level: OverTime) -> Steps:
    line = lines(level, _end(dynamics))
    starts = line.starts if line.starts.ndim == 1 else _rows(line.starts)
    return Steps(starts, _rows(line.rates), _rows(line.reached), None if line.slopes is None else _rows(line.slopes))


def _stepwise(dynamics: Dynamics, level: Stepwise) -> Rate | Steps:
    starts, rates = on_cycles(dynamics, level.starts), _rows(level.values)
    if len(starts) == 1:
        return Rate(_scalar(rates[0]))
    reached = np.cumsum(rates[:-1] * np.diff(starts)[:, None], axis=0)
    return Steps(starts, rates, np.concatenate([np.zeros((1, rates.shape[1])), reached]))


def _rows(values: np.ndarray) -> np.ndarray:
    """[piece, row] of [piece, strategy, draw]."""
    return values.reshape(len(values), -1)


def on_cycles(dynamics: Dynamics, times: np.ndarray) -> np.ndarray:
    """Times at which levels change. Probabilities per cycle know whole cycles: a change takes effect in the next one."""
    if not dynamics.by_cycle:
        return times
    return ceil(times / dynamics.time.cycle) * dynamics.time.cycle


def per_cycle_rate(dynamics: Dynamics, transition: AtCycleEnd) -> Stepwise:
    """Rate that gives a transition its probability per cycle beside the others out of its state."""
    rivals = [exit.level for exit in _rivals(dynamics, transition)]
    starts = np.unique(np.concatenate([level.starts for level in rivals]))
    rates = []
    for time in starts:
        total = sum((level.at(time) for level in rivals), np.zeros(dynamics.shape))
        rates.append(_shared_rate(transition.level.at(time), total) / dynamics.time.cycle)
    return Stepwise(starts, np.array(rates))


def _rivals(dynamics: Dynamics, transition: AtCycleEnd) -> list[AtCycleEnd]:
    """The transitions by probabilities per cycle out of the same state, itself among them."""
    exits = (exit for exit in dynamics.transitions if exit.source == transition.source)
    return [exit for exit in exits if isinstance(exit, AtCycleEnd)]


def _shared_rate(probability: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Hazard per cycle of one of several transitions that have a total probability."""
    total = np.minimum(total, 1.0)
    with np.errstate(divide="ignore"):
        hazard = np.minimum(-np.log1p(-total), CERTAIN)
    return hazard * np.divide(probability, total, out=np.zeros_like(total), where=total > 0)


def _by_stay(dynamics: Dynamics, transition: AtCycleEnd) -> Steps:
    """Rates by the cycle of the stay that give a transition its probabilities beside the others out of its state."""
    rivals = _rivals(dynamics, transition)
    if has_two_clocks(rivals):
        raise DomainError(f"transitions.{transition.label}.probability per cycle: an engine of patients {TWO_CLOCKS}")
    cycles = dynamics.time.whole_cycles
    chances = {id(r): r.level.values if r.stay is None else r.stay(0, cycles) for r in rivals}
    total = sum(chances.values(), np.zeros((cycles, *dynamics.shape)))
    own = np.broadcast_to(chances[id(transition)], total.shape)
    rates = _rows(_shared_rate(own, total)) / dynamics.time.cycle
    reached = np.cumsum(rates[:-1] * dynamics.time.cycle, axis=0)
    starts = np.arange(cycles) * dynamics.time.cycle
    return Steps(starts, rates, np.concatenate([np.zeros((1, rates.shape[1])), reached]))


def _of(value: np.ndarray, row):
    return value if value.ndim == 0 else value[row]


def _scalar(values: np.ndarray) -> np.ndarray:
    """One number where all rows have the same, which needs no look-up."""
    return values[0] if (values == values[0]).all() else values


def probability(dynamics: Dynamics, branch: AtOnce, now, row, waited=0.0, since=0.0):
    """Probability of a branch at the time of arrival in its chance node; or by the time queued so far (clock 'waited'), or
    by the time `since` entry to the state that was left for the node (clock 'entry')."""
    level, clock = branch.level, branch.clock
    if isinstance(level, OverTime):
        now, row = np.broadcast_arrays(np.asarray(now, float), row)
        strategy, draw = np.divmod(row.reshape(-1), dynamics.shape[1])
        return level.sample(now.reshape(-1), strategy, draw).reshape(now.shape)
    values = level.values.reshape(len(level.starts), -1)
    if len(values) == 1:
        return values[0][row]
    if clock != "model":
        spent = waited if clock == "waited" else since
        return values[in_force(level.starts, spent), row]
    if dynamics.by_cycle:
        # What is counted at the end of a cycle belongs to that cycle, not to the next.
        now = np.maximum(now - dynamics.time.cycle / 2, 0.0)
    return values[in_force(on_cycles(dynamics, level.starts), now), row]


def counted_at(dynamics: Dynamics, time, exits: list[int]):
    """Moves with probabilities per cycle happen at the end of the cycle, others when they happen."""
    if not any(isinstance(dynamics.transitions[i], AtCycleEnd) for i in exits):
        return time
    cycle = dynamics.time.cycle
    return ceil(time / cycle) * cycle
