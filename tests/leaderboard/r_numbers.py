"""The random numbers of R, so that simulated data of R packages can be made again: Mersenne Twister, inversion."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

BIG = 134_217_728


def uniforms(seed: int, count: int) -> np.ndarray:
    """What ``set.seed(seed); runif(count)`` gives."""
    state, key = seed, []
    for turn in range(50 + 625):
        state = (69069 * state + 1) % 2**32
        if turn >= 50:
            key.append(state)
    twister = np.random.MT19937()
    twister.state = {"bit_generator": "MT19937", "state": {"key": np.array(key[1:], dtype=np.uint32), "pos": 624}}
    return twister.random_raw(count) * 2.3283064365386963e-10


def normals(seed: int, count: int) -> np.ndarray:
    """What ``set.seed(seed); rnorm(count)`` gives."""
    pairs = uniforms(seed, 2 * count).reshape(-1, 2)
    return ndtri((np.floor(BIG * pairs[:, 0]) + pairs[:, 1]) / BIG)
