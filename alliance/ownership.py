"""Who owns and who controls: stakes, look-through value, votes, and the power of large holders.

Stakes are fractions of issued shares unless said otherwise. ``h`` of ``N`` shares are held; x are
sold to others; B are bought back and cancelled, of which b from the holder. Reaching a target t
needs ``x + (1 - t / phi) b = h - t N`` with phi = b / B.

References
----------
Brioschi, F., Buzzacchi, L. and Colombo, M. (1989), Risk capital financing and the separation of
ownership and control in business groups, J. Banking and Finance 13, 747-772.
Milnor, J. and Shapley, L. (1978), Values of large games II: oceanic games, Math. Operations
Research 3, 290-307.
Code de commerce (France), L. 233-31; Companies Act (Japan), article 308: our reading, not advice.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from alliance.errors import ScenarioError


def stake(held, issued, sold=0, bought=0, cancelled=None):
    """Stake after a sale of ``sold`` to others and ``bought`` to the issuer, shares or arrays.

    ``cancelled`` are all shares that the issuer buys and cancels; else only this holder's.
    """
    gone = bought if cancelled is None else cancelled
    return (held - sold - bought) / (issued - gone)


def buyback_to_reach(held, issued, target: float, sold=0.0, own_share: float = 1.0):
    """Shares to sell to the issuer, which cancels, so that the stake is the target.

    ``own_share`` is phi, the holder's part of all that the issuer buys; it must exceed the target.

    >>> round(buyback_to_reach(1_831_837_027, 4_220_715_112, 0.15) / 1e6, 2)
    1410.27
    """
    _check(held, issued, target, own_share)
    return (held - target * issued - sold) / (1 - target / own_share)


def _check(held, issued, target, own_share) -> None:
    if not 0 < held <= issued:
        raise ScenarioError(f"a holding must be from 1 to the {issued:,} issued, received {held:,}")
    if not 0 <= target < own_share <= 1:
        rule = "the target must be below the holder's part of a buy-back"
        raise ScenarioError(f"{rule}, received {target} and {own_share}")


def loop(a: float, b: float) -> float:
    """Part of its own value that comes back to a firm, when two hold a and b of each other, through
    the other: ab / (1 - ab), the sum of all rounds.

    >>> round(loop(0.434, 0.15), 4)
    0.0696
    """
    return a * b / (1 - a * b)


def look_through(held: pd.DataFrame, equity: pd.Series) -> pd.DataFrame:
    """Market values without double counting, for any set of firms that hold each other.

    ``held`` is A[i, j], the part of firm j held by firm i, treasury shares out of the denominator;
    ``equity`` the market value V of each firm. By firm: ``own`` e = (I - A) V, what it is worth
    beside its holdings; ``outside`` d = 1 - A'1, the part held outside; ``outsiders`` d V, which
    adds up to the sum of ``own``.
    """
    names = equity.index
    a = held.reindex(index=names, columns=names).fillna(0).to_numpy(float)
    if (a < 0).any() or (a.sum(axis=0) >= 1).any():
        raise ScenarioError("cross-holdings of a firm must be fractions that add up to below 1")
    value = equity.to_numpy(float)
    outside = 1 - a.sum(axis=0)
    columns = {"own": value - a @ value, "outside": outside, "outsiders": outside * value}
    return pd.DataFrame(columns, index=names)


@dataclass(frozen=True)
class Block:
    """A holder's votes: shares held directly, shares in a trust, all exercisable votes, a cap."""

    direct: float
    trust: float
    exercisable: float
    cap: float | None = None

    @property
    def cast(self) -> float:
        """Votes that the holder may cast itself: its shares, at most the cap."""
        limit = np.inf if self.cap is None else self.cap * self.exercisable
        return np.minimum(self.direct, limit)

    @property
    def others(self) -> float:
        """Votes of everyone else."""
        return self.exercisable - self.direct - self.trust


def votes(block: Block, reading: str, turnout: float = 1.0) -> float:
    """The holder's part of the votes cast, by how the trust's shares are voted.

    ``mirror``: they split as the others do; ``no_effect``: are left out; ``follow``: go with the
    holder; ``alone``: with the others, as when the trust follows the issuer's committee.
    ``turnout`` is the part of the others that votes.
    """
    others = block.others * turnout
    if reading == "no_effect":
        return block.cast / (block.cast + others)
    if reading == "follow":
        return (block.cast + block.trust) / (block.cast + block.trust + others)
    if reading in ("mirror", "alone"):
        return block.cast / (block.cast + block.trust + others)
    known = "mirror, no_effect, follow or alone"
    raise ScenarioError(f"the trust's reading must be {known}, received '{reading}'")


def majority_turnout(share: float) -> float:
    """Attendance (of all votes, the holder's included) below which a holder is a majority."""
    return min(1.0, 2 * share)


def silenced_in_france(controls: bool, shares: float) -> float:
    """Votes lost by shares held in one's own parent (L. 233-31): all, if it controls the holder."""
    return shares if controls else 0.0


def silenced_in_japan(stake_in_holder: float, shares: float, limit: float = 0.25) -> float:
    """Votes lost by a holder of which the issuer itself holds a quarter or more (article 308)."""
    return shares if stake_in_holder >= limit else 0.0


def power(weights: list[float], quota: float = 0.5) -> np.ndarray:
    """Shapley value of large holders among an ocean of small ones (Milnor-Shapley).

    ``weights`` are the votes of the large holders, adding up to below 1; ``quota`` those needed.

    >>> power([0.2]).round(3).tolist()  # w / (1 - w) for one holder below a half
    [0.25]
    """
    w = np.asarray(weights, float)
    ocean = 1 - w.sum()
    if (w < 0).any() or ocean <= 0:
        raise ScenarioError(f"weights must be positive and add up to below 1, received {weights}")
    out = np.zeros(len(w))
    for i in range(len(w)):
        rest = [j for j in range(len(w)) if j != i]
        for size in range(len(rest) + 1):
            for group in combinations(rest, size):
                base = w[list(group)].sum()
                low, high = np.clip([(quota - w[i] - base) / ocean, (quota - base) / ocean], 0, 1)
                out[i] += _between(low, high, size, len(rest) - size)
    return out


def _between(low: float, high: float, s: int, f: int) -> float:
    """Integral of t^s (1 - t)^f from low to high."""
    from scipy.special import beta, betainc

    return float(beta(s + 1, f + 1) * (betainc(s + 1, f + 1, high) - betainc(s + 1, f + 1, low)))


def eps_accretion(issued, treasury, held, back: float, bought: float = 0, sold: float = 0) -> float:
    """Change of the issuer's earnings a share when its holder, partly its own, sells.

    Shares that the issuer holds through its holder do not count: D = N - treasury - n h, with n =
    ``back``, the issuer's stake in the holder. ``bought`` and ``sold`` are the holder's shares that
    the issuer cancels, and that others buy.

    >>> round(eps_accretion(4_220_715_112, 29_812_226, 1_831_837_027, 0.15, bought=211e6), 4)
    0.048
    """
    d = issued - treasury - back * held
    return d / (d - (1 - back) * bought + back * sold) - 1
