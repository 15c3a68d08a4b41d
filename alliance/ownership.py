"""Who owns and who controls: stakes, look-through value, votes, and the power of large holders.

Stakes are fractions of issued shares unless said otherwise. ``h`` of ``N`` shares are held; x are
sold to others, b to the issuer, which cancels them: ``x + (1 - t) b = h - t N`` reaches a target t.

References
----------
Brioschi, F., Buzzacchi, L. and Colombo, M. (1989), Risk capital financing and the separation of
ownership and control in business groups, J. Banking and Finance 13, 747-772.
Milnor, J. and Shapley, L. (1978), Values of large games II: oceanic games, Math. Operations
Research 3, 290-307.
Companies Act (Japan), article 308: our reading, not advice.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance.errors import ScenarioError


def stake(held, issued, sold=0, bought=0, cancelled=None):
    """Stake after a sale of ``sold`` to others and ``bought`` to the issuer, shares or arrays.

    ``cancelled`` are all shares that the issuer buys and cancels; else only this holder's.
    """
    gone = bought if cancelled is None else cancelled
    return (held - sold - bought) / (issued - gone)


def buyback_to_reach(held: float, issued: float, target: float) -> float:
    """Shares to sell to the issuer, which cancels, so that the stake is the target.

    >>> round(buyback_to_reach(1_831_837_027, 4_220_715_112, 0.15) / 1e6, 2)
    1410.27
    """
    if not 0 < held <= issued:
        raise ScenarioError(f"a holding must be from 1 to the {issued:,} issued, received {held:,}")
    if not 0 <= target < 1:
        raise ScenarioError(f"the target must be a fraction below 1, received {target}")
    return (held - target * issued) / (1 - target)


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


def votes(block: Block, reading: str) -> float:
    """The holder's part of the votes cast, by how the trust's shares are voted.

    ``mirror``: they split as the others do; ``no_effect``: are left out; ``follow``: go with the
    holder.
    """
    cast, trust, others = block.cast, block.trust, block.others
    if reading == "no_effect":
        return cast / (cast + others)
    if reading == "follow":
        return (cast + trust) / (cast + trust + others)
    if reading == "mirror":
        return cast / (cast + trust + others)
    known = "mirror, no_effect or follow"
    raise ScenarioError(f"the trust's reading must be {known}, received '{reading}'")


def majority_turnout(share: float) -> float:
    """Attendance (of all votes, the holder's included) below which a holder is a majority."""
    return min(1.0, 2 * share)


def silenced_in_japan(stake_in_holder: float, shares: float) -> float:
    """Votes lost by a holder of which the issuer itself holds a quarter or more (article 308)."""
    return shares if stake_in_holder >= 0.25 else 0.0


def power(share: float) -> float:
    """Shapley value of one large holder among an ocean of small ones (Milnor-Shapley): w / (1 - w)
    below a half of the votes, all of it from there on.

    >>> round(power(0.2), 3)
    0.25
    """
    if not 0 <= share < 1:
        raise ScenarioError(f"a holder's votes must be a fraction below 1, received {share}")
    return min(1.0, share / (1 - share))


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
