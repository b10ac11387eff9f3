"""Times to event of patients from a published Kaplan-Meier figure and its numbers at risk.

Guyot, Ades, Ouwens & Welton 2012 (BMC Med Res Methodol 12:9): between two numbers at risk, patients are censored evenly, as many as
make the numbers agree. Three things differ from there: points that rise are averaged (there, the reader mends them), numbers at risk
hold at their own times and not at the next point read off, and events between two points are spread over the stretch, not put
at its end: points some days apart would else make everyone live longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model.analysis.survival_data import ALL, Arm, SurvivalData, SurvivalDataError, Table, check_unit

if TYPE_CHECKING:
    import pandas as pd

Stretch = tuple[np.ndarray, np.ndarray, int, float]  # events, censored [point], patients left, survival reached


@dataclass(frozen=True, eq=False)
class Figure:
    """One arm. time, survival: points of the curve, from (0, 1), falling; risk_time, at_risk: printed below it."""

    time: np.ndarray
    survival: np.ndarray
    risk_time: np.ndarray
    at_risk: np.ndarray


def read_figures(curve: str | Path | pd.DataFrame, at_risk: str | Path | pd.DataFrame) -> dict[str, Figure]:
    """By arm. curve: columns time, survival and, with several arms, arm; at_risk: time, at_risk, arm."""
    clicks, risks = Table.of(curve), Table.of(at_risk)
    arms, risk_arms = (t.texts("arm" if "arm" in t.header else "") for t in (clicks, risks))
    for arm in dict.fromkeys((*arms, *risk_arms)):
        lacking = next((t.name for t, known in ((clicks, arms), (risks, risk_arms)) if arm not in known), "")
        if lacking:
            raise SurvivalDataError(f"{lacking}: arm '{arm}' is missing; both files must have the same arms")
    time, survival = clicks.numbers("time"), clicks.numbers("survival")
    risk_time, number = risks.numbers("time"), risks.numbers("at_risk")
    clicks.check("time", time, time >= 0, "must be 0 or more")
    clicks.check(
        "survival", survival, (survival >= 0) & (survival <= 1.02), "must be a share from 0 to 1 (45 % is 0.45)"
    )
    risks.check("time", risk_time, risk_time >= 0, "must be 0 or more")
    risks.check("at_risk", number, (number >= 0) & (number == np.round(number)), "must be a whole number, 0 or more")
    found = {}
    for arm in dict.fromkeys(arms):
        own, below = np.array([a == arm for a in arms]), np.array([a == arm for a in risk_arms])
        found[arm] = figure(time[own], survival[own], risk_time[below], number[below], risks.name, arm)
    return found


def figure(time, survival, risk_time, at_risk, file: str = "at risk", arm: str = ALL) -> Figure:
    """Points in order, from (0, 1), never rising; SurvivalDataError where the numbers at risk cannot be."""
    order = np.argsort(risk_time)
    risk_time, at_risk = risk_time[order], at_risk[order].astype(int)
    where = "" if arm == ALL else f", arm '{arm}'"
    if risk_time[0] > 0:
        raise SurvivalDataError(
            f"{file}{where}: the number at risk at time 0 is missing; the first is at {risk_time[0]:g}"
        )
    if (np.diff(at_risk) > 0).any():
        later = int(np.argmax(np.diff(at_risk) > 0)) + 1
        raise SurvivalDataError(
            f"{file}{where}: more are at risk at {risk_time[later]:g} than before: {at_risk[later]} after {at_risk[later - 1]}"
        )
    order = np.lexsort((-survival, time))
    time, survival = time[order], survival[order]
    known = time > 0
    time, survival = np.append(0.0, time[known]), np.append(1.0, falling(survival[known]))
    kept = risk_time <= time[-1]  # what is printed beyond the curve says nothing of it
    return Figure(*_with_points(time, survival, risk_time[kept]), risk_time[kept], at_risk[kept])


def _with_points(time: np.ndarray, survival: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The curve with points of its own at these times, since numbers at risk hold there and not at the next point read off."""
    more = np.setdiff1d(at, time)
    both, values = np.append(time, more), np.append(survival, np.interp(more, time, survival))
    order = np.lexsort((-values, both))
    return both[order], values[order]


def falling(survival: np.ndarray) -> np.ndarray:
    """The nearest values that never rise (least squares): where points that were read off rise, their mean. The smallest so far in
    the place of the mean would add events, since errors to one side would all be kept."""
    from scipy.optimize import isotonic_regression

    return isotonic_regression(np.clip(survival, 0.0, 1.0), increasing=False).x


def reconstructed(figures: dict[str, Figure], unit: str, file: str) -> SurvivalData:
    """The patients of each arm."""
    check_unit(unit, Table(file, [], []))
    return SurvivalData(tuple(_patients(name, figure) for name, figure in figures.items()), unit, file)


def _patients(name: str, figure: Figure) -> Arm:
    deaths, gone, left = _counts(figure)
    if not deaths.any():
        raise SurvivalDataError(
            f"arm '{name}': the curve does not fall by as much as one patient, so there are no events"
        )
    starts, ends = figure.time[:-1], figure.time[1:]
    died, lost = _spread(deaths, starts, ends), _spread(gone, starts, ends)
    time = np.concatenate([died, lost, np.full(left, figure.time[-1])])
    event = np.repeat([True, False], [len(died), len(lost) + left])
    order = np.argsort(time, kind="stable")
    return Arm(name, time[order], event[order])


def _spread(counts: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Times of so many in each stretch, evenly within it."""
    parts = [a + (b - a) * (np.arange(n) + 0.5) / n for n, a, b in zip(counts, starts, ends) if n]
    return np.concatenate([np.empty(0), *parts])


def _counts(figure: Figure) -> tuple[np.ndarray, np.ndarray, int]:
    """(events, censored [stretch between points], patients left at the last point)."""
    n = len(figure.time) - 1
    edges = [*np.searchsorted(figure.time, figure.risk_time), n]
    deaths, gone, at_risk, reached = np.zeros(n, int), np.zeros(n, int), int(figure.at_risk[0]), 1.0
    for low, high, wanted in zip(edges, edges[1:], [*figure.at_risk[1:], None]):
        if wanted is None:  # beyond the last number: censored at the rate so far
            rate = gone.sum() / figure.time[low] if low else 0.0
            found = _stretch(figure, low, high, at_risk, reached, round(rate * (figure.time[high] - figure.time[low])))
        else:
            found = _agreeing(figure, low, high, at_risk, reached, int(wanted))
        deaths[low:high], gone[low:high], at_risk, reached = found
    return deaths, gone, at_risk


def _agreeing(figure: Figure, low: int, high: int, at_risk: int, reached: float, wanted: int) -> Stretch:
    """With as many censored as leave the number wanted, or none where the curve alone leaves fewer."""
    fall = figure.survival[high] / figure.survival[low] if figure.survival[low] > 0 else 0.0
    lost, tried = max(round(at_risk * fall - wanted), 0), set()
    while True:
        found = _stretch(figure, low, high, at_risk, reached, lost)
        tried.add(lost)
        better = max(lost + found[2] - wanted, 0)
        if found[2] == wanted or better in tried:
            return found
        lost = better


def _stretch(figure: Figure, low: int, high: int, at_risk: int, reached: float, lost: int) -> Stretch:
    """From point low to high, `lost` patients censored evenly in time; reached: the survival that events so far make, which follows
    the figure's to within a patient."""
    times = figure.time[low : high + 1]
    even = times[0] + (times[-1] - times[0]) * (np.arange(lost) + 0.5) / max(lost, 1)
    gone = np.diff(np.searchsorted(even, times, side="left"))
    deaths = np.zeros(high - low, int)
    for k in range(high - low):
        if at_risk > 0 and reached > 0:
            deaths[k] = min(max(round(at_risk * (1 - figure.survival[low + k + 1] / reached)), 0), at_risk)
            reached *= 1 - deaths[k] / at_risk
        gone[k] = min(gone[k], at_risk - deaths[k])
        at_risk -= int(deaths[k] + gone[k])
    return deaths, gone, at_risk, reached
