"""Prices to returns, drawdowns and levels.

Conventions: a *price* series is positive and indexed by trading day; log returns and simple
changes are two functions, and neither guesses which it was given. A yen amount becomes euros at
the ECB fix of its own day, else the last fix before it. A level is the last one on or before a
day; older than :data:`STALE_DAYS` it carries its date as a note, older than :data:`MISSING_DAYS`
it is missing.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance.errors import EvidenceError, NotKnown

STALE_DAYS, MISSING_DAYS = 7, 100


@dataclass(frozen=True)
class Level:
    """The last value of a series on or before a day; ``value`` is None where it is too old."""

    value: float | None
    date: dt.date | None
    note: str | None = None

    def known(self) -> float:
        """The value; NotKnown if there is none."""
        if self.value is None:
            raise NotKnown(self.note)
        return self.value


def prices(series: pd.Series) -> pd.Series:
    """The series itself if it is a price: positive, finite, in date order, no day twice; else an
    EvidenceError."""
    if not (series.index.is_monotonic_increasing and series.index.is_unique):
        raise EvidenceError(f"prices of {series.name} must be in date order, no day twice")
    bad = ~(np.isfinite(series.to_numpy(float)) & (series.to_numpy(float) > 0))
    if bad.any():
        day, value = series.index[bad][0], series[bad].iloc[0]
        raise EvidenceError(f"prices must be positive; {series.name} is {value} on {day:%Y-%m-%d}")
    return series


def log_returns(price: pd.Series) -> pd.Series:
    """ln(P[t] / P[t-1]), one shorter than the price."""
    return np.log(prices(price)).diff().iloc[1:]


def earliest(day: dt.date | str | pd.Timestamp) -> pd.Timestamp:
    """The first day that a level on ``day``, or the rate of that level's day, can come from."""
    return pd.Timestamp(day) - pd.Timedelta(days=2 * MISSING_DAYS)


def level(series: pd.Series, day: dt.date | str | pd.Timestamp) -> Level:
    """The last value on or before a day, refused when stale.

    >>> s = pd.Series([471.0], index=pd.to_datetime(["2022-10-07"]), name="nissan")
    >>> level(s, "2022-10-10")
    Level(value=471.0, date=datetime.date(2022, 10, 7), note=None)
    >>> level(s, "2022-10-20").note
    'last nissan is of 2022-10-07, 13 days before'
    >>> level(s, "2023-10-20").value is None
    True
    """
    day = pd.Timestamp(day)
    known = series[series.index <= day]
    if known.empty:
        return Level(None, None, f"no {series.name} was public on {day.date()}")
    last = known.index[-1]
    age = (day - last).days
    note = f"last {series.name} is of {last.date()}, {age} days before"
    if age > MISSING_DAYS:
        return Level(None, last.date(), f"{note}: too old to stand for {day.date()}")
    return Level(float(known.iloc[-1]), last.date(), note if age > STALE_DAYS else None)


def as_known(series: pd.Series, days: pd.DatetimeIndex) -> pd.Series:
    """The last value on or before each day; NaN before the first."""
    if series.empty:
        return pd.Series(np.nan, index=days, name=series.name)
    at = np.searchsorted(series.index.to_numpy(), days.to_numpy(), side="right") - 1
    values = series.to_numpy(float)[np.maximum(at, 0)]
    return pd.Series(np.where(at >= 0, values, np.nan), index=days, name=series.name)


def in_eur(amount: pd.Series, per_eur: pd.Series) -> pd.Series:
    """Amounts by day divided by the rate (units of their currency for one euro, by day) of their
    own day, else the last before."""
    return (amount / as_known(per_eur, amount.index)).rename(amount.name)


def rebase(price: pd.Series, since: dt.date | str) -> pd.Series:
    """The price as a multiple of its last value on or before ``since``, from that day on; an
    EvidenceError if the series starts later."""
    start = _at(price, since)
    return price.iloc[start:] / price.iloc[start]


def change(price: pd.Series, since: dt.date | str) -> float:
    """Simple change from the last price on or before ``since`` to the last price."""
    return float(price.iloc[-1] / price.iloc[_at(price, since)] - 1)


def _at(price: pd.Series, since: dt.date | str) -> int:
    """Place of the last price on or before a day."""
    place = int(prices(price).index.searchsorted(pd.Timestamp(since), side="right")) - 1
    if place < 0:
        raise EvidenceError(f"{price.name} starts on {price.index[0].date()}, after {since}")
    return place


def drawdown(price: pd.Series) -> pd.Series:
    """P[t] over its own running maximum, less one: zero at a peak, negative below."""
    return prices(price) / price.cummax() - 1


def log_pair(one: pd.Series, other: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Log returns of two prices on the days on which both have one."""
    days = common(one, other)
    return log_returns(one[days]), log_returns(other[days])


def common(first: pd.Series, *others: pd.Series) -> pd.DatetimeIndex:
    """Days on which all series have a value: a ratio across exchanges uses only these."""
    days = first.index
    for other in others:
        days = days.intersection(other.index)
    return days
