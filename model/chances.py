"""Random numbers addressed by meaning, never by call order.

A stream is keyed by (seed, purpose...): adding a parameter, a strategy or a worker changes no other stream.
Generator: Philox-4x64 (Salmon et al., SC 2011), keyed with 128 bits of SHA-256 of the address.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np


def stream(seed: int, *purpose) -> np.random.Generator:
    """Generator of the stream that `purpose` (words and integers) names under `seed`."""
    digest = hashlib.sha256("\x1f".join([str(int(seed)), *map(str, purpose)]).encode()).digest()
    return np.random.Generator(np.random.Philox(key=np.frombuffer(digest[:16], np.uint64)))


def uniforms(seed: int, n: int, *purpose) -> np.ndarray:
    """n uniforms in the open interval (0, 1); the first m of n are those of a shorter call."""
    # The generator's uniforms are multiples of 2**-53 in [0, 1): 0 becomes half a step, 1 is never reached.
    return np.maximum(stream(seed, *purpose).random(n), 2.0**-54)


def latin_hypercube(seed: int, n: int, *purpose) -> np.ndarray:
    """n uniforms in (0, 1), one in each of n equal strata, in random order (McKay et al. 1979)."""
    generator = stream(seed, "latin hypercube", *purpose)
    return np.minimum((generator.permutation(n) + uniforms(seed, n, "jitter", *purpose)) / n, 1 - 2.0**-53)


def sobol(seed: int, n: int, purposes: Sequence[tuple]) -> np.ndarray:
    """The first n scrambled Sobol points, shape [purpose, n]; evenly spread where n is a power of two.

    Each dimension has a scrambling of its own (linear matrix and digital shift, Matousek 1998), keyed by its
    purpose, so that a purpose added at the end changes no other.
    """
    from scipy.stats import qmc

    points = qmc.Sobol(max(len(purposes), 1), scramble=False).random_base2(max(n - 1, 0).bit_length())[:n]
    digits = (points.T * 2.0**53).astype(np.uint64)
    scrambled = [_scramble(stream(seed, "sobol", *purpose), row) for purpose, row in zip(purposes, digits)]
    return np.maximum(np.array(scrambled).reshape(len(purposes), n) * 2.0**-53, 2.0**-54)


def _scramble(generator: np.random.Generator, digits: np.ndarray) -> np.ndarray:
    """53-bit digits times a random lower-triangular matrix with unit diagonal over GF(2), plus a random shift."""
    result = np.full_like(digits, generator.integers(1 << 53, dtype=np.uint64))
    for bit in range(52, -1, -1):
        column = np.uint64(1 << bit) | generator.integers(1 << bit, dtype=np.uint64)
        result ^= np.where(digits & np.uint64(1 << bit), column, np.uint64(0))
    return result
