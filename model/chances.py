"""Random numbers addressed by meaning, never by call order.

A stream is keyed by (seed, purpose...): adding a parameter, a strategy or a worker changes no other stream.
Generator: Philox-4x64 (Salmon et al., SC 2011), keyed with 128 bits of SHA-256 of the address.
"""
from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, *purpose) -> np.random.Generator:
    """Generator of the stream that `purpose` (words and integers) names under `seed`."""
    address = "\x1f".join([str(int(seed)), *map(str, purpose)])
    digest = hashlib.sha256(address.encode()).digest()
    return np.random.Generator(np.random.Philox(key=np.frombuffer(digest[:16], np.uint64)))


def uniforms(seed: int, n: int, *purpose) -> np.ndarray:
    """n uniforms in the open interval (0, 1); the first m of n are those of a shorter call."""
    # The generator's uniforms are multiples of 2**-53 in [0, 1): 0 becomes half a step, 1 is never reached.
    return np.maximum(stream(seed, *purpose).random(n), 2.0**-54)


def latin_hypercube(seed: int, n: int, *purpose) -> np.ndarray:
    """n uniforms in (0, 1), one in each of n equal strata, in random order (McKay et al. 1979)."""
    generator = stream(seed, "latin hypercube", *purpose)
    return np.minimum((generator.permutation(n) + uniforms(seed, n, "jitter", *purpose)) / n, 1 - 2.0**-53)


def sobol(seed: int, n: int, dimensions: int) -> np.ndarray:
    """The first n of the scrambled Sobol points, shape [dimension, n] (SciPy's generator, linear matrix scrambling).

    Evenly spread where n is a power of two.
    """
    from scipy.stats import qmc

    sampler = qmc.Sobol(dimensions, scramble=True, rng=stream(seed, "sobol"))
    points = sampler.random_base2(max(n - 1, 0).bit_length())[:n]
    return np.clip(points.T, 2.0**-54, 1 - 2.0**-53)
