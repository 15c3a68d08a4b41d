"""Why a share fell: an exact decomposition, book value, and what the fall cost its holder.

The log price return of day t, in the holder's currency, splits exactly::

    r - dln(E) = b_m m + b_s (s - m) + company - dln(E)

with m the market's return, s - m the mean return of the peers, each over its own market's, E
units of the share's currency for one unit of the holder's. The betas of day t come from least
squares with intercept on the days *before* t only; the intercept stays in the company part. The
parts add up by construction, so adding up proves nothing about them: the company part is what the
other three leave.

References
----------
Frisch, R. and Waugh, F. (1933), Econometrica 1, 387-401, for the orthogonal definition.
Politis, D. N. and Romano, J. P. (1994), JASA 89, 1303-1313, for the intervals.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance import returns, sampling
from alliance.errors import ScenarioError

PARTS = ("market", "sector", "company", "currency")


@dataclass(frozen=True)
class Factors:
    """Log returns of a share, of the market, and of the peers' mean over the market's: arrays
    (days,) on the days on which all of them have a price."""

    share: np.ndarray
    market: np.ndarray
    sector: np.ndarray
    days: pd.DatetimeIndex


def factors(
    price: pd.Series, market: pd.Series, peers: pd.DataFrame, indices: pd.DataFrame
) -> Factors:
    """What a share's returns are explained by, from closes by trading day; peers have a column
    each, and the sector is the mean of their returns, each over that of its own market, which
    ``indices`` has in the same place and currency."""
    days = returns.common(price, market, peers.dropna(), indices.dropna())
    y, m = returns.log_returns(price[days]), returns.log_returns(market[days])

    def mean(frame: pd.DataFrame) -> pd.Series:
        each = [returns.log_returns(frame.loc[days].iloc[:, i]) for i in range(frame.shape[1])]
        return sum(each) / len(each)

    sector = mean(peers) - mean(indices)
    return Factors(y.to_numpy(), m.to_numpy(), sector.to_numpy(), y.index)


def decompose(
    f: Factors,
    rate: pd.Series,
    since: pd.Timestamp,
    window: int | None = 250,
    orthogonal: bool = False,
) -> pd.DataFrame:
    """Split a share's log price return since a day into market, sector, company and currency: a
    column each, log points by day.

    ``rate`` is units of the share's currency for one unit of the holder's, by day; ``since`` a day
    with a price; ``window`` the days before each day on which its betas are estimated, None for all
    days before; ``orthogonal`` gives the market what it explains of the sector, and the sector only
    the rest. It is a ScenarioError if fewer than ``window`` returns (60 for None) precede the day.
    """
    y, m, s, days = f.share, f.market, f.sector, f.days
    positions = _positions(days, since, window)
    b_m, b_s, slope = (b[0] for b in rolling_betas(y, m, s, positions, window))
    sector = s[positions]
    if orthogonal:
        b_m, sector = b_m + b_s * slope, sector - slope * m[positions]
    explained = {"market": b_m * m[positions], "sector": b_s * sector}
    daily = pd.DataFrame(explained, index=days[positions])
    daily["company"] = y[positions] - daily["market"] - daily["sector"]
    at = returns.as_known(rate, days[positions].insert(0, since))
    daily["currency"] = -np.log(at).diff().iloc[1:]
    return daily


def part_intervals(
    f: Factors, since: pd.Timestamp, window: int, draws: int = 400, seed: int = 0
) -> tuple[pd.DataFrame, float]:
    """95 % intervals of the market, sector and company parts, realised factors held fixed: ``low,
    high`` by part in log points; and the mean block length in days.

    The days are resampled in blocks (stationary bootstrap); how often a day was drawn weights it
    in every estimation window that holds it, so that windows which overlap err together. A draw
    that leaves a window empty is left out.
    """
    y, m, s = f.share, f.market, f.sector
    positions = _positions(f.days, since, window)
    residual = y - np.polyval(np.polyfit(m, y, 1), m)
    block = min(sampling.block_length(residual), window / 10)  # ten blocks or more in a window
    drawn = sampling.stationary_bootstrap(len(y), block, draws, seed)
    weights = np.apply_along_axis(np.bincount, 1, drawn, minlength=len(y))  # how often each day
    with np.errstate(invalid="ignore", divide="ignore"):  # a window that no block fell into
        b_m, b_s, _ = rolling_betas(y, m, s, positions, window, weights)
    parts = pd.DataFrame({"market": b_m @ m[positions], "sector": b_s @ s[positions]})
    parts["company"] = y[positions].sum() - parts["market"] - parts["sector"]
    bounds = parts.dropna().quantile([0.025, 0.975]).T
    return bounds.set_axis(["low", "high"], axis=1), block


def rolling_betas(y, m, s, positions, window: int | None, weights=None) -> tuple[np.ndarray, ...]:
    """Least squares of y on m and s, arrays (n,), with intercept, on the days before each position:
    slopes on m and s, and the slope of s on m alone, arrays (draws, p).

    ``positions`` is an array (p,) of int, ``weights`` one (draws, n); no window takes all days.
    """
    weights = np.ones((1, len(y))) if weights is None else weights
    start = positions - window if window else np.zeros_like(positions)

    def total(x: np.ndarray) -> np.ndarray:
        sums = np.cumsum(weights * x, axis=1)
        sums = np.concatenate([np.zeros((len(sums), 1)), sums], axis=1)
        return sums[:, positions] - sums[:, start]

    n = total(np.ones_like(y))
    y1, m1, s1 = total(y) / n, total(m) / n, total(s) / n
    mm, ss, ms = total(m * m) / n - m1**2, total(s * s) / n - s1**2, total(m * s) / n - m1 * s1
    my, sy = total(m * y) / n - m1 * y1, total(s * y) / n - s1 * y1
    det = mm * ss - ms**2
    return (ss * my - ms * sy) / det, (mm * sy - ms * my) / det, ms / mm


def _positions(days: pd.DatetimeIndex, since: pd.Timestamp, window: int | None) -> np.ndarray:
    first = int(days.searchsorted(pd.Timestamp(since), side="right"))
    needed = window or 60
    if first < needed:
        rule = f"betas need {needed} trading days before the first day, received {first} before "
        earliest = days[min(needed, len(days) - 1)].date()
        raise ScenarioError(f"{rule}{pd.Timestamp(since).date()}; the earliest day is {earliest}")
    return np.arange(first, len(days))


def book_value(statements: pd.DataFrame, yearly: pd.DataFrame) -> pd.DataFrame:
    """Net assets a share by disclosure day.

    Printed where the issuer prints it; else total assets x equity ratio / (net profit / EPS). The
    last divisor is the period's *average* share count: after a buy-back the result is too low,
    by 2 to 4 % in Nissan's years 2023 and 2024. Statements have ``published, total_assets,
    equity_ratio, net_profit, eps, bps``, the years before ``published, bps``; what comes back has
    ``bps`` and ``printed`` (bool), by ``published``.
    """
    shares = statements["net_profit"] / statements["eps"]
    computed = statements["total_assets"] * statements["equity_ratio"] / shares
    bps = statements["bps"].fillna(computed.astype("float64"))
    quarterly = statements[["published"]].assign(bps=bps, printed=statements["bps"].notna())
    old = yearly[["published", "bps"]].assign(printed=True)
    old = old[~old["published"].isin(quarterly["published"])]
    both = pd.concat([old, quarterly]) if len(quarterly) else old
    return both.sort_values("published").set_index("published")


def market_share(sales: pd.DataFrame, world: pd.DataFrame) -> pd.DataFrame:
    """Units and share of the world market by fiscal year, nine months where no year is known:
    ``units, world, share, printed_share`` by ``fiscal_year, period``."""
    own = sales[sales["region"] == "total"].set_index(["fiscal_year", "period"])["units"]
    out = world.set_index(["fiscal_year", "period"])[["units", "printed_share"]]
    out = out.rename(columns={"units": "world"}).join(own, how="inner").sort_index()
    whole = out.index.get_level_values("period") == "FY"
    years = set(out.index[whole].get_level_values("fiscal_year"))
    keep = whole | ~out.index.get_level_values("fiscal_year").isin(years)
    out = out[keep]
    return out.assign(share=out["units"].astype(float) / out["world"].astype(float))


def by_region(sales: pd.DataFrame) -> pd.DataFrame:
    """Units by fiscal year and region; what no seen row splits is ``not split``."""
    whole = sales[sales["period"] == "FY"]
    wide = whole.pivot(index="fiscal_year", columns="region", values="units").astype("float64")
    if "total" not in wide:
        return pd.DataFrame(index=wide.index)
    parts = wide.drop(columns="total")
    rest = wide["total"] - parts.sum(axis=1)
    # regions are printed in thousands: half a thousand each is rounding, not a missing region
    wide["not split"] = rest.where(rest.abs() > 500 * (parts.notna().sum(axis=1) + 1), 0.0)
    return wide


def stub(held: pd.Series, price: pd.Series, rate: pd.Series, shares: pd.Series, own: pd.Series):
    """What the market pays for the holder beyond its stake, on days when both traded: ``stake,
    holder, stub`` in the holder's currency, ``ratio`` = stake / holder, by day.

    ``held`` and ``shares`` are the holder's shares of the company and its own issued shares, by day
    in force; the first count is used for the days before it. ``price`` and ``rate`` are the close
    of the company held and units of its currency for one of the holder's, ``own`` the holder's.
    """
    days = returns.common(price, own)
    stake = returns.as_known(held, days).bfill() * returns.in_eur(price[days], rate)
    holder = returns.as_known(shares, days).bfill() * own[days]
    columns = {"stake": stake, "holder": holder, "stub": holder - stake, "ratio": stake / holder}
    return pd.DataFrame(columns)


def from_each_day(price: pd.Series, first: pd.Timestamp, last: pd.Timestamp) -> pd.Series:
    """Simple change to the last price, from each day of a span."""
    span = price[(price.index >= first) & (price.index <= last)]
    return price.iloc[-1] / span - 1
