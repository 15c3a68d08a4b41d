"""Forecasts graded: how often bands hold what comes, how far chances are off, how sure that is.

Forecasts whose horizons overlap share most of their outcome, so a mean over them is resampled in
blocks as long as the overlap.

References
----------
Brier, G. W. (1950), Verification of forecasts expressed in terms of probability, Monthly Weather
Review 78, 1-3.
Christoffersen, P. (1998), Evaluating interval forecasts, Int. Economic Review 39, 841-862.
Politis, D. N. and Romano, J. P. (1994), The stationary bootstrap, JASA 89, 1303-1313.
"""

from functools import lru_cache

import numpy as np

from alliance.sampling import stationary_bootstrap

DRAWS = 2_000


def inside(outcome, low, high) -> np.ndarray:
    """Whether each outcome lies in its band, ends included: array of 0 and 1."""
    outcome = np.asarray(outcome, float)
    return ((outcome >= low) & (outcome <= high)).astype(float)


def brier(chance, happened) -> np.ndarray:
    """Squared errors of chances: 0 is perfect, a quarter is what a coin gets.

    >>> brier([0.8, 0.5], [1, 0]).round(2).tolist()
    [0.04, 0.25]
    """
    return (np.asarray(chance, float) - np.asarray(happened, float)) ** 2


@lru_cache(maxsize=1)  # of several scores of the same days
def _positions(n: int, block: float, seed: int) -> np.ndarray:
    return stationary_bootstrap(n, block, DRAWS, seed)


def interval(scores: np.ndarray, block: float, seed: int) -> tuple[float, float, float]:
    """Mean of scores (n,) in time order, and low and high of its 95 % interval by the stationary
    bootstrap; ``block`` is its mean block, in scores: how many share an outcome."""
    scores = np.asarray(scores, float)
    drawn = scores[_positions(len(scores), min(block, len(scores)), seed)]
    low, high = np.quantile(drawn.mean(axis=1), [0.025, 0.975])
    return float(scores.mean()), float(low), float(high)
