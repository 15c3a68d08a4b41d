"""Which structure comes first under all weightings of the criteria."""

from __future__ import annotations

import numpy as np


def score(criteria: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted mean of ranks mapped to 0 (worst) to 1 (best); ties share their mean rank.

    Parameters
    ----------
    criteria : array (structures, criteria)
        Higher is better; NaN counts as worst.
    weights : array (..., criteria)
        Any positive scale.

    Returns
    -------
    array (..., structures)
    """
    from scipy.stats import rankdata

    known = np.where(np.isnan(criteria), -np.inf, np.round(criteria, 9))  # rounding decides nothing
    ranks = (rankdata(known, axis=0) - 1) / max(len(known) - 1, 1)
    weights = np.asarray(weights, float)
    return weights @ ranks.T / weights.sum(axis=-1, keepdims=True)


def wins(criteria: np.ndarray, draws: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """How often each structure comes first over all weightings (Dirichlet, all ones).

    Returns
    -------
    (array (structures,), array (criteria, structures))
        Over all weightings, and over those in which one criterion weighs most. Ties are split.
    """
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(criteria.shape[1]), size=draws)
    scores = score(criteria, weights)
    first = np.isclose(scores, scores.max(axis=1, keepdims=True), atol=1e-12)
    share = first / first.sum(axis=1, keepdims=True)
    most = weights.argmax(axis=1)
    by = np.stack([share[most == c].mean(axis=0) for c in range(criteria.shape[1])])
    return share.mean(axis=0), by
