"""Deaths and utility of the general population by year of age, and the QALYs that it expects from an age on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

SEXES = ("female", "male")


@dataclass(frozen=True)
class Norms:
    """Of one sex. first: youngest age; hazard (a year) and utility [year of age], each constant within its year. The last year stands
    for all who are older."""

    first: int
    hazard: np.ndarray
    utility: np.ndarray

    @property
    def last(self) -> int:
        """The oldest age that is listed."""
        return self.first + len(self.hazard) - 1

    def remaining(self, age: np.ndarray, rate: float) -> np.ndarray:
        """QALYs from an age [draw] in years on until nobody is left, discounted at exp(-rate t) with t in years from then."""
        after = self._from_birthdays(rate)
        year = np.clip(np.floor(age).astype(int) - self.first, 0, len(self.hazard) - 1)
        left = np.where(year == len(self.hazard) - 1, np.inf, self.first + year + 1 - age)
        decay = self.hazard[year] + rate
        reached = np.append(after, 0.0)[year + 1]
        return self.utility[year] * _area(decay, left) + np.exp(-decay * left) * reached

    def of_the_last(self, age: np.ndarray, rate: float) -> np.ndarray:
        """Share of these QALYs [draw] that are lived beyond the last birthday, where one row stands for all ages."""
        spoilt = replace(self, utility=np.append(self.utility[:-1], 0.0))
        return 1 - spoilt.remaining(age, rate) / self.remaining(age, rate)

    def _from_birthdays(self, rate: float) -> np.ndarray:
        """QALYs from each birthday on [year of age], by going backwards from the oldest."""
        decay = self.hazard + rate
        year, kept = self.utility * _area(decay, np.ones(len(decay))), np.exp(-decay)
        found = np.empty(len(decay))
        found[-1] = self.utility[-1] / decay[-1]
        for k in range(len(decay) - 2, -1, -1):
            found[k] = year[k] + kept[k] * found[k + 1]
        return found


def _area(decay: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Integral of exp(-decay t) from 0 to length."""
    safe = np.where(decay > 0, decay, 1.0)
    return np.where(decay > 0, -np.expm1(-safe * length) / safe, length)
