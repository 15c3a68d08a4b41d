"""Resampling schemes, each reproducible from a seed.

References
----------
Politis, D. N. and Romano, J. P. (1994), The stationary bootstrap, JASA 89, 1303-1313.
Patton, A., Politis, D. N. and White, H. (2009), correction to automatic block-length selection,
Econometric Reviews 28, 372-375.
"""

import numpy as np


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


def multiplicities(positions: np.ndarray, n: int) -> np.ndarray:
    """How often each of n observations was drawn, array (draws, n), by positions (draws, m): rows
    of counts that add up to m."""
    return np.apply_along_axis(np.bincount, 1, positions, minlength=n)
