"""The convention 'integral' of the cohort engine: time in states and transitions as integrals, from step to step."""

from __future__ import annotations

import numpy as np

from model import effort
from model.dynamics import Dynamics
from model.engines import sojourn
from model.engines.block import Block, Tally, flows_at, kept_appointments
from model.engines.conventions import Weighting
from model.engines.counted import Counted
from model.engines.stretches import breaks, on, period_of, steps
from model.instants import HAIR, distinct, floor


def keep(block: Block, weightings, tally: Tally, time: float, x: np.ndarray, bins: sojourn.Bins | None = None) -> None:
    """Appointments at the end of a step count at their own time, in the period that begins then."""
    made = kept_appointments(block, time, x, bins)
    if made is None:
        return
    period = period_of(block.dynamics, time * (1 + HAIR))
    for w, weighting in enumerate(weightings):
        tally.transitions[w, period] += made * factor_at(weighting, time, block.dynamics)


def factor_at(weighting: Weighting, begin: float, dynamics: Dynamics) -> float:
    """Discount factor at the beginning of a step; within it `decay` goes on, or the factor of mid-cycle holds."""
    return float(factors_at(weighting, np.asarray(begin), dynamics))


def factors_at(weighting: Weighting, begins: np.ndarray, dynamics: Dynamics) -> np.ndarray:
    """As `factor_at`, [step]."""
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
    shape = len(weightings), len(times) - 1  # there may be none, where only a trace is wanted
    decays = np.reshape([_average_decays(weighting.decay * np.diff(times)) for weighting in weightings], shape).T
    factors = np.reshape([factors_at(weighting, times[:-1], dynamics) for weighting in weightings], shape).T
    periods = np.array([period_of(dynamics, middle) for _, middle, _ in steps(times)])
    counted = Counted(block, tally, periods, factors * decays)
    seen, wanted = [x + bins.occupancy()], None if seen_at is None else on(times, seen_at)
    for step, (begin, middle, end) in effort.loop(enumerate(steps(times)), len(times) - 1):
        amounts, x, spent = bins.advance(step, begin, end, x)
        counted.add(amounts, middle, spent)
        if block.watch is not None:
            block.watch.even_step(end, x, spent, flows_at(block, middle, amounts), decays[step])
        keep(block, weightings, tally, end, x, bins)
        if wanted is not None and wanted[step + 1]:
            seen.append(x + bins.occupancy())
    return None if seen_at is None else (seen_at, np.stack(seen))


def _average_decays(sizes: np.ndarray) -> np.ndarray:
    """Mean of exp(-size s) over a step, s in 0..1."""
    return np.divide(-np.expm1(-sizes), sizes, out=np.ones_like(sizes), where=sizes > 0)
