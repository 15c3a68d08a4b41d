"""Resampling, point sets and exact first passages, each reproducible from a seed.

``w(t) = c t + W(t)``, a Brownian motion with drift, starts at 0; level b > 0 is hit at the first t
with w(t) >= b. Given the end w(T) and the maximum M, the passages of levels below M and the times
left form a stable-1/2 bridge over the gaps ``b1, b2 - b1, ..., M - bn, M - w(T)``, so hitting times
are drawn one gap at a time without any path. Its cost does not depend on the number of days.

For levels watched at closes only, :data:`DISCRETE` sqrt(dt) is added to the level.

References
----------
Politis, D. N. and Romano, J. P. (1994), The stationary bootstrap, JASA 89, 1303-1313.
Patton, A., Politis, D. N. and White, H. (2009), correction to automatic block-length selection,
Econometric Reviews 28, 372-375.
L'Ecuyer, P. and Lemieux, C. (2002), Recent advances in randomized quasi-Monte Carlo methods, in
Modeling Uncertainty, Kluwer, 419-474 (the random digital shift).
Ribeiro, C. and Webber, N. (2003), A Monte Carlo method for the normal inverse Gaussian option
valuation model using an inverse Gaussian bridge, Cass Business School, for the gap's draw.
Broadie, M., Glasserman, P. and Kou, S. (1997), A continuity correction for discrete barrier
options, Mathematical Finance 7, 325-349.
"""

from functools import lru_cache

import numpy as np
from scipy.special import erfcx, ndtri

_BITS = 30  # of each coordinate
#: -zeta(1/2) / sqrt(2 pi): how far beyond a level a watched walk is found, in steps' deviations.
DISCRETE = 0.5825971579390106


def block_length(series: np.ndarray) -> float:
    """Mean block of the stationary bootstrap that is best for the mean of a series, at least 1."""
    from arch.bootstrap import optimal_block_length

    return max(1.0, float(optimal_block_length(np.asarray(series, float))["stationary"].iloc[0]))


def stationary_bootstrap(n: int, block: float, draws: int, seed: int) -> np.ndarray:
    """Resampled positions 0..n-1, array (draws, n), in blocks of geometric length, wrapping round;
    ``block`` is their mean length in observations."""
    from arch.bootstrap import StationaryBootstrap

    scheme = StationaryBootstrap(block, np.arange(n), seed=np.random.default_rng(seed))
    return np.stack([data[0][0] for data in scheme.bootstrap(draws)])


@lru_cache(maxsize=8)
def sobol(points: int, dimensions: int, seed: int) -> np.ndarray:
    """Sobol points under a random digital shift, inside the open unit cube: array (dimensions,
    points), read-only.

    The shift keeps the points' balance, makes every mean unbiased, and is five times faster than
    a linear scrambling at the same accuracy here.
    """
    from scipy.stats import qmc

    engine = qmc.Sobol(dimensions, scramble=False, bits=_BITS)
    whole = engine.random_base2(max(0, points - 1).bit_length())  # cut where not a power of two
    cells = np.ascontiguousarray((whole[:points].T * 2**_BITS).astype(np.uint32))
    shift = np.random.default_rng(seed).integers(0, 2**_BITS, (dimensions, 1), dtype=np.uint32)
    unit = (cells ^ shift) * 2.0**-_BITS + 2.0 ** -(_BITS + 1)  # the middle of a cell: never 0
    unit.flags.writeable = False
    return unit


@lru_cache(maxsize=4)
def normals(points: int, dimensions: int, seed: int) -> np.ndarray:
    """Standard normals, the second half of the points being the first with the sign turned: array
    (dimensions, points), read-only."""
    half = (points + 1) // 2
    z = np.random.default_rng(seed).standard_normal((dimensions, half))
    both = np.concatenate([z, -z], axis=1)[:, :points]
    both.flags.writeable = False
    return both


def first_passages(
    levels: np.ndarray, drift: float, horizon: float, uniforms: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Hitting times of rising levels, array (k, n), inf where one is not hit by the horizon; and
    the end of the motion w(T), array (n,).

    ``levels``, array (k,), are positive and do not fall; ``uniforms``, array (2 + 2k, n), are
    independent in (0, 1): end, maximum, then two for each level.
    """
    levels = np.asarray(levels, float)
    end = drift * horizon + np.sqrt(horizon) * ndtri(uniforms[0])
    top = 0.5 * (end + np.sqrt(end * end - 2 * horizon * np.log(uniforms[1])))
    times = np.full((len(levels), len(end)), np.inf)
    alive = np.arange(len(end))
    left, rest = np.full(len(end), float(horizon)), 2 * top - end
    below = 0.0
    for k, level in enumerate(levels):
        keep = np.flatnonzero(top >= level)
        alive, left, top, rest = alive[keep], left[keep], top[keep], rest[keep]
        if len(alive) == 0:
            break
        first, second = uniforms[2 + 2 * k][alive], uniforms[3 + 2 * k][alive]
        left -= _gap(level - below, rest - level, left, first, second)
        times[k, alive] = horizon - left
        below = level
    return times, end


def _gap(gap, rest, left, first, second) -> np.ndarray:
    """Time spent on one gap, given the gaps and the time that remain (Ribeiro-Webber)."""
    if gap <= 0:
        return np.zeros_like(left)
    chi = ndtri(first)
    zq = left * chi * chi
    a = 2 * gap * rest
    big = a + zq + np.sqrt(zq * (zq + 2 * a))
    g2, h2 = 2 * gap * gap, 2 * rest * rest
    low = second * (rest + gap) * (big + a) < rest * (big + g2)
    return np.where(low, left * g2 / (big + g2), left * big / (big + h2))


def discounted_passage(level, drift: float, horizon: float, rate: float = 0.0) -> np.ndarray:
    """E[exp(-rate tau); tau <= T] for the hitting time tau of a level, without a rate the chance
    that it is hit by the horizon; 1 at or below the start.

    The rate may be negative, even below -drift^2 / 2, where the root is imaginary. Both terms of
    the closed form hold exp(-(level - drift T)^2 / (2 T) - rate T), so that neither overflows
    however steep the drift.
    """
    level = np.maximum(np.asarray(level, float), 0.0)
    root = np.sqrt(complex(drift * drift + 2 * rate))
    slow = -2 * rate / (drift + root) if drift > 0 else drift - root  # drift - root, to the digit
    spread = np.sqrt(2 * horizon)
    late = np.exp(-(((level - drift * horizon) / spread) ** 2) - rate * horizon)
    near, far = (level - root * horizon) / spread, (level + root * horizon) / spread
    passed = near.real < 0  # there erfc(z) = 2 - erfc(-z)
    value = late * np.where(passed, -erfcx(-near), erfcx(near)).real + late * erfcx(far).real
    value = value + np.where(passed, 2 * np.exp(np.where(passed, slow * level, 0)).real, 0.0)
    return np.where(level > 0, 0.5 * value, 1.0)
