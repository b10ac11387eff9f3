"""The larger of two hazards at each instant: where the lead changes, found once, so that both are exact between.

The lead is asked at both ends of cells (PARTS of the horizon, finer towards 0, and wherever a hazard steps); where it differs, the
crossing is bisected. A lead that changes twice within one cell is not seen.
"""

from __future__ import annotations

import numpy as np

from model.hazards import Hazard

PARTS, OCTAVES, PER_OCTAVE = 256, 12, 4
_INSIDE, _BISECTIONS, _ROWS = 1e-9, 52, 4096


@np.errstate(all="ignore")
def larger(first: Hazard, second: Hazard, end: float, shape: tuple[int, int]) -> Hazard:
    """The hazard that is the larger of both up to `end`; parameters have the leading axes `shape`."""
    flat = first.flat(shape), second.flat(shape)
    rows = int(np.prod(shape)) if any(hazard.by_row() for hazard in flat) else 1
    parts = []
    for start in range(0, rows, _ROWS):
        chosen = np.arange(start, min(start + _ROWS, rows))
        parts.append(_switches(flat[0].take(chosen), flat[1].take(chosen), end, len(chosen)))
    most = max(1, *(switches.shape[-1] for _, switches in parts))  # an empty axis cannot be reshaped
    padded = [np.pad(s, [(0, 0), (0, most - s.shape[-1])], constant_values=np.inf) for _, s in parts]
    leads, switches = np.concatenate([leads for leads, _ in parts]), np.concatenate(padded)
    leads = leads.reshape(shape) if rows > 1 else np.broadcast_to(leads[0], shape)
    switches = switches.reshape(*shape, most) if rows > 1 else np.broadcast_to(switches[0], (*shape, most))
    offsets, reached = _offsets(first, second, leads, switches)
    return Hazard(
        "greatest",
        {
            "first": first,
            "second": second,
            "leads": leads,
            "switches": switches,
            "offsets": offsets,
            "reached": reached,
        },
    )


def _switches(first: Hazard, second: Hazard, end: float, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """(leads[row], switches[row, k])."""
    edges = _edges(first, second, end, rows)
    leads = now = _leader(first, second, (edges[1] - edges[0]) * _INSIDE)
    found = []
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (high - low) * _INSIDE
        opening, closing = _leader(first, second, low + inside), _leader(first, second, high - inside)
        if (jump := (opening != now) & (high > low)).any():
            found.append(np.where(jump, low, np.inf))
        if (crossed := (opening != closing) & (high > low)).any():
            found.append(np.where(crossed, _crossing(first, second, low, high, opening), np.inf))
        now = np.where(high > low, closing, now)
    switches = np.sort(np.stack(found, axis=-1), axis=-1) if found else np.zeros((rows, 0))
    return leads.astype(float), switches[:, : int(np.isfinite(switches).sum(-1).max(initial=0))]


def _edges(first: Hazard, second: Hazard, end: float, rows: int) -> np.ndarray:
    """[edge, row]"""
    early = end / PARTS * 2.0 ** (-np.arange(PER_OCTAVE * OCTAVES)[::-1] / PER_OCTAVE)
    common = np.concatenate([[0.0], early[:-1], np.linspace(0, end, PARTS + 1)[1:]])
    kinks = [np.clip(np.broadcast_to(kink, rows), 0, end) for kink in (*first.kinks(), *second.kinks())]
    kinks = [kink for kink in kinks if ((kink > 0) & (kink < end)).any()]
    edges = np.broadcast_to(common[:, None], (len(common), rows))
    return np.sort(np.concatenate([edges, np.stack(kinks)]), axis=0) if kinks else edges


def _leader(first: Hazard, second: Hazard, time: np.ndarray) -> np.ndarray:
    """0 where the first is the larger one, 1 where the second is."""
    return np.broadcast_to(second.hazard(time) > first.hazard(time), time.shape).astype(int)


def _crossing(first: Hazard, second: Hazard, low: np.ndarray, high: np.ndarray, opening: np.ndarray) -> np.ndarray:
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        same = _leader(first, second, middle) == opening
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return (low + high) / 2


def _offsets(first: Hazard, second: Hazard, leads, switches) -> tuple[np.ndarray, np.ndarray]:
    """What is added to the leader's cumulative hazard in each stretch, and the total at each switch."""
    shape = leads.shape
    offset, offsets, reached = np.zeros(shape), [np.zeros(shape)], []
    for k in range(switches.shape[-1]):
        time = switches[..., k]
        at = np.where(np.isfinite(time), time, 0.0)
        both = first.cumulative(at), second.cumulative(at)
        second_leads = (k + leads) % 2 == 1
        before, after = np.where(second_leads, both[1], both[0]), np.where(second_leads, both[0], both[1])
        reached.append(np.where(np.isfinite(time), offset + before, np.inf))
        offset = np.where(np.isfinite(time), offset + before - after, offset)
        offsets.append(offset)
    return np.stack(offsets, axis=-1), np.stack(reached, axis=-1) if reached else np.zeros((*shape, 0))
