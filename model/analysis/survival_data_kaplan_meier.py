"""What is observed of an arm, without a distribution: Kaplan-Meier, median, restricted mean, smoothed hazard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.analysis.survival_data import Arm

Z = 1.959963984540054
ROUNDING = 1e-9  # of a survival


@dataclass(frozen=True, eq=False)
class KaplanMeier:
    """Arrays [time] at the distinct times of the data: at_risk just before, events and censored at it, survival just after, its
    standard error (Greenwood) and its 95 % limits (on the scale log(-log S))."""

    time: np.ndarray
    at_risk: np.ndarray
    events: np.ndarray
    censored: np.ndarray
    survival: np.ndarray
    standard_error: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    def at(self, t) -> np.ndarray:
        """S(t); nan beyond the last patient seen."""
        t = np.asarray(t, float)
        return np.where(t <= self.time[-1], _step(self.time, self.survival, t), np.nan)

    def limits_at(self, t) -> tuple[np.ndarray, np.ndarray]:
        seen = np.asarray(t, float) <= self.time[-1]
        low, high = (np.where(seen, _step(self.time, values, t), np.nan) for values in (self.lower, self.upper))
        return low, high

    def error_at(self, t) -> np.ndarray:
        """Standard error of S(t); nan beyond the last patient seen, and where nobody is left."""
        before = np.searchsorted(self.time, t, side="right") - 1
        found = np.where(before < 0, 0.0, self.standard_error[np.maximum(before, 0)])
        return np.where(np.asarray(t, float) <= self.time[-1], found, np.nan)

    def at_risk_at(self, t) -> np.ndarray:
        """Patients still followed just before each of t."""
        return np.append(self.at_risk, 0)[np.searchsorted(self.time, t, side="left")]

    def median(self) -> tuple[float, float, float]:
        """Median and its 95 % interval (where the limits of the survival cross a half); nan where not reached."""
        low, middle, high = (self._falls_to_half(values) for values in (self.lower, self.survival, self.upper))
        return middle, low, high

    def _falls_to_half(self, values: np.ndarray) -> float:
        """The first time at which values are below 0.5; where they are just 0.5 for a while, its middle, as R has it."""
        below = np.flatnonzero(values < 0.5 - ROUNDING)
        half = np.flatnonzero((np.abs(values - 0.5) <= ROUNDING) & (self.events > 0))
        if len(half) and (not len(below) or half[0] < below[0]):
            return float((self.time[half[0]] + self.time[below[0]]) / 2) if len(below) else float(self.time[half[0]])
        return float(self.time[below[0]]) if len(below) else np.nan

    def restricted_mean(self, until: float) -> tuple[float, float]:
        """Area under the curve to `until`, and its standard error."""
        inside = self.time < until
        edges = np.concatenate([[0.0], self.time[inside], [until]])
        areas = np.concatenate([[1.0], self.survival[inside]]) * np.diff(edges)
        left = areas[::-1].cumsum()[::-1][1:]  # the area beyond each time
        died, at_risk = self.events[inside], self.at_risk[inside]
        parts = left**2 * died / np.maximum(at_risk * (at_risk - died), 1)
        return float(areas.sum()), float(np.sqrt(parts.sum()))


def kaplan_meier(arm: Arm) -> KaplanMeier:
    time = np.unique(arm.time)
    place = np.searchsorted(time, arm.time)
    events = np.bincount(place[arm.event], minlength=len(time))
    gone = np.bincount(place, minlength=len(time))
    at_risk = len(arm.time) - np.concatenate([[0], gone.cumsum()[:-1]])
    survival = np.cumprod(1 - events / at_risk)
    with np.errstate(all="ignore"):
        variance = np.cumsum(events / (at_risk * (at_risk - events).astype(float)))
        error = np.where(survival > 0, survival * np.sqrt(variance), np.nan)
        width = Z * np.sqrt(variance) / np.abs(np.log(survival))
        low, high = survival ** np.exp(width), survival ** np.exp(-width)
    certain = survival == 1
    low, high = np.where(certain, 1.0, low), np.where(certain, 1.0, high)
    return KaplanMeier(time, at_risk, events, gone - events, survival, error, low, high)


def _step(times: np.ndarray, values: np.ndarray, t) -> np.ndarray:
    """The value from the last of `times` on; 1 before the first."""
    return np.concatenate([[1.0], values])[np.searchsorted(times, t, side="right")]


def smoothed_hazard(curve: KaplanMeier, t: np.ndarray) -> np.ndarray:
    """Hazard at t: Epanechnikov's kernel over the steps of the Nelson-Aalen estimate, its weight outside 0..last time put back.

    Bandwidth as in R's muhaz: the follow-up / (8 x events ** 0.2).
    """
    last = curve.time[-1]
    width = last / (8 * curve.events.sum() ** 0.2) * 2
    jumps = curve.events / curve.at_risk
    weights = _kernel((t[:, None] - curve.time) / width) / width
    inside = _kernel_mass((last - t) / width) - _kernel_mass(-t / width)
    return (weights * jumps).sum(axis=1) / inside


def _kernel(x: np.ndarray) -> np.ndarray:
    return 0.75 * np.maximum(1 - x**2, 0.0)


def _kernel_mass(x: np.ndarray) -> np.ndarray:
    """Integral of the kernel from -1 to x."""
    x = np.clip(x, -1.0, 1.0)
    return 0.5 + 0.75 * (x - x**3 / 3)
