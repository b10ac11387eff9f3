"""The convention 'integral' of the cohort engine: time in states and transitions as integrals, from step to step."""

from __future__ import annotations

import numpy as np

from model import effort
from model.dynamics import Dynamics
from model.engines import linear, sojourn, uniformisation
from model.engines.block import Block, Tally, flows_at, kept_appointments, tally_transitions
from model.engines.conventions import Weighting
from model.engines.counted import Counted
from model.engines.linear import Flow
from model.engines.stretches import breaks, on, period_of, steps
from model.instants import HAIR, distinct, floor

FEW = 4  # stretches between the steps of prices up to which each is solved by matrices


# --- exact stretches with constant hazards ----------------------------------------------------------------------


def by_segments(block: Block, weightings, tally: Tally) -> None:
    """Solve each stretch of constant hazards exactly, as one step."""
    dynamics, x = block.dynamics, block.start
    times = breaks(dynamics, weightings)
    once = block.moving or len(dynamics.periods) > FEW or block.watch is not None
    loops = 1 if once else linear.LOOPS * len(weightings)
    for begin, middle, end in effort.loop(steps(times), len(times) - 1, loops):
        rates = {i: exit.level.at(middle) for i, exit in dynamics.rates().items()}
        flows = flows_at(block, middle, {i: rate * (end - begin) for i, rate in rates.items()})
        solve, period = uniformisation.solve_once if once else uniformisation.solve, period_of(dynamics, middle)
        x, means = solve(flows, x, [weighting.decay * (end - begin) for weighting in weightings])
        if block.watch is not None:
            per_time = [Flow(flow.source, flow.target, flow.rate / (end - begin)) for flow in flows]
            block.watch.step(end, x, [mean * (end - begin) for mean in means], per_time)
        for w, (weighting, mean) in enumerate(zip(weightings, means)):
            spent = mean * ((end - begin) * factor_at(weighting, begin, dynamics))
            tally.time[w, period] += spent
            amounts = {i: rate * spent[dynamics.transitions[i].source] for i, rate in rates.items()}
            tally_transitions(block, tally.transitions[w, period], amounts, middle)
        _keep(block, weightings, tally, end, x)


def _keep(block: Block, weightings, tally: Tally, time: float, x: np.ndarray, bins: sojourn.Bins | None = None) -> None:
    """Appointments at the end of a step count at their own time, in the period that begins then."""
    made = kept_appointments(block, time, x, bins)
    if made is None:
        return
    period = period_of(block.dynamics, time * (1 + HAIR))
    for w, weighting in enumerate(weightings):
        tally.transitions[w, period] += made * factor_at(weighting, time, block.dynamics)


def factor_at(weighting: Weighting, begin: float, dynamics: Dynamics) -> float:
    """Discount factor at the beginning of a step; within it `decay` goes on, or the factor of mid-cycle holds."""
    return float(_factors(weighting, np.asarray(begin), dynamics))


def _factors(weighting: Weighting, begins: np.ndarray, dynamics: Dynamics) -> np.ndarray:
    if weighting.convention != "at cycle":
        return weighting.factor(begins)
    cycle = dynamics.time.cycle
    return weighting.factor((floor(begins / cycle) + 0.5) * cycle)


# --- hazards that change over time ------------------------------------------------------------------------------


def by_steps(block: Block, weightings, tally: Tally, seen_at: np.ndarray | None):
    """Cycle by cycle, with the average hazard of each transition in the cycle."""
    dynamics, times = block.dynamics, breaks(block.dynamics, weightings)
    if seen_at is not None:
        times = distinct(np.concatenate([times, seen_at]), times[-1])
    x = block.start.copy()
    bins = sojourn.Bins(block, x, times)
    decays = np.array([_average_decays(weighting.decay * np.diff(times)) for weighting in weightings]).T
    factors = np.array([_factors(weighting, times[:-1], dynamics) for weighting in weightings]).T
    periods = np.array([period_of(dynamics, middle) for _, middle, _ in steps(times)])
    counted = Counted(block, tally, periods, factors * decays)
    seen, wanted = [x + bins.occupancy()], None if seen_at is None else on(times, seen_at)
    for step, (begin, middle, end) in effort.loop(enumerate(steps(times)), len(times) - 1):
        amounts, x, spent = bins.advance(step, begin, end, x)
        counted.add(amounts, middle, spent)
        if block.watch is not None:
            block.watch.even_step(end, x, spent, flows_at(block, middle, amounts), decays[step])
        _keep(block, weightings, tally, end, x, bins)
        if wanted is not None and wanted[step + 1]:
            seen.append(x + bins.occupancy())
    return None if seen_at is None else (seen_at, np.stack(seen))


def _average_decays(sizes: np.ndarray) -> np.ndarray:
    """Mean of exp(-size s) over a step, s in 0..1."""
    return np.divide(-np.expm1(-sizes), sizes, out=np.ones_like(sizes), where=sizes > 0)
