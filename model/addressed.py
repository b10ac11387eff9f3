"""Random exponential numbers with an address: (seed and purpose, draw, patient, visit), never an order of calls.

E ~ Exp(1) of an address is the same in every strategy, engine, worker and order of events, which is what makes
increments precise (common random numbers) and a queue comparable with no queue. Generator: the counter of patient and
visit, offset by a hash of purpose and draw, through two rounds of the 64-bit mixer of SplitMix64 (Steele, Lea & Flood,
OOPSLA 2014).
"""

from __future__ import annotations

import hashlib

import numpy as np

_GOLDEN, _FIRST, _SECOND = (np.uint64(c) for c in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
_ROUND, _LAST = ((np.uint64(30), _FIRST), (np.uint64(27), _SECOND)), np.uint64(31)
_wrapping = np.errstate(over="ignore")  # arithmetic modulo 2^64


def key(seed: int, *purpose) -> np.uint64:
    """The stream that `purpose` (words and integers) names under `seed`."""
    address = "\x1f".join(["threshold", str(int(seed)), *map(str, purpose)])
    return np.frombuffer(hashlib.sha256(address.encode()).digest()[:8], np.uint64)[0]


@_wrapping
def of_draws(stream: np.uint64, draws) -> np.ndarray:
    """The streams of draws (their numbers, not their places in a table): uint64 of the same shape."""
    return _mix(_mix(np.asarray(draws, np.uint64) * _GOLDEN + stream))


@_wrapping
def uniforms(streams: np.ndarray, patients, visits=1) -> np.ndarray:
    """Uniforms in the open interval (0, 1), one for each (stream of a draw, patient, visit); arguments broadcast."""
    counter = np.asarray(patients, np.uint64) + (np.asarray(visits, np.uint64) << np.uint64(32))
    bits = _mix(_mix(counter * _GOLDEN + streams))
    bits >>= np.uint64(12)
    found = bits.astype(float)
    found += 0.5  # 52 bits and a half: neither 0 nor 1, without rounding
    found *= 2.0**-52
    return found


def exponentials(streams: np.ndarray, patients, visits=1) -> np.ndarray:
    """Exponential numbers E ~ Exp(1), between 1e-16 and 37; arguments as `uniforms`."""
    found = uniforms(streams, patients, visits)
    return np.negative(np.log(found, out=found), out=found)


def _mix(x: np.ndarray) -> np.ndarray:
    """Avalanche of 64 bits, written over x."""
    x = np.atleast_1d(x)
    for shift, factor in _ROUND:
        x ^= x >> shift
        x *= factor
    x ^= x >> _LAST
    return x


class Addresses:
    """Exponential numbers by meaning: (seed, stream, what), the draw's number, patient and visit. first: number of the first patient."""

    def __init__(self, seed: int, stream: str, numbers: np.ndarray, patients: int, first: int = 0):
        self.seed, self.stream, self.numbers, self.patients, self.first = seed, stream, numbers, patients, first
        self._known: dict[str, np.ndarray] = {}

    def of_all(self, what: str, draws: slice, patients: np.ndarray) -> np.ndarray:
        """[draw, patient] E ~ Exp(1) of the first visit of each, which all strategies share; draws: places in `numbers`."""
        return exponentials(self._streams(what)[draws, None], patients)

    def exponential(self, what: str, draw, patient, visit=1) -> np.ndarray:
        """E ~ Exp(1); `draw` is a place in `numbers`."""
        return exponentials(self._streams(what)[draw], patient, visit)

    def exponentials(self, names: list[str], draw: int, patients: np.ndarray, visit: int) -> np.ndarray:
        """[name, patient] E ~ Exp(1) of one draw, a place in `numbers`."""
        streams = np.array([self._streams(what)[draw] for what in names])
        return exponentials(streams[:, None], patients, visit)

    def _streams(self, what: str) -> np.ndarray:
        if what not in self._known:
            self._known[what] = of_draws(key(self.seed, self.stream, what), self.numbers)
        return self._known[what]
