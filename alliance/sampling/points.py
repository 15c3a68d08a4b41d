"""Point sets: scrambled Sobol points for few dimensions, antithetic normals for many.

References
----------
Owen, A. (1998), Scrambling Sobol' and Niederreiter-Xing points, J. Complexity 14, 466-489.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np


@lru_cache(maxsize=8)
def sobol(points: int, dimensions: int, seed: int) -> np.ndarray:
    """Scrambled Sobol points in the open unit cube; a power of two keeps them balanced.

    Returns
    -------
    array (dimensions, points), read-only
    """
    from scipy.stats import qmc

    engine = qmc.Sobol(dimensions, scramble=True, rng=np.random.default_rng(seed))
    whole = engine.random_base2(max(0, points - 1).bit_length())  # cut where not a power of two
    unit = np.ascontiguousarray(whole[:points].T)
    np.clip(unit, 1e-15, 1 - 1e-15, out=unit)
    unit.flags.writeable = False
    return unit


def normals(points: int, dimensions: int, seed: int) -> np.ndarray:
    """Standard normals, the second half of the points being the first with the sign turned.

    Returns
    -------
    array (dimensions, points)
    """
    half = (points + 1) // 2
    z = np.random.default_rng(seed).standard_normal((dimensions, half))
    return np.concatenate([z, -z], axis=1)[:, :points]
