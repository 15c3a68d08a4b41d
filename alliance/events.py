"""Event study with the market model.

Conventions. A window ``(a, b)`` is of trading days relative to the event's trading day, both ends
included. The market model ``R = alpha + beta M + e`` is fitted by least squares on the L trading
days that end just before the window. The cumulative abnormal return (CAR) is the sum over the
window of ``R - alpha - beta M`` in simple or log returns as given, and its variance includes the
error of the forecast::

    var(CAR) = s2 * (k + 1'X (Z'Z)^-1 X'1),     t = CAR / sqrt(var),  L - 2 degrees of freedom

with k days in the window, X their regressors and Z those of the estimation days.

The trading day of news follows the exchange's calendar: news on a session ``before-open`` or
``during`` counts on it; ``after-close`` counts on the next session; news on a day without a
session counts on the next; where the hour is unknown it counts on its day and is tested on
(0, 0) and on (0, 1).

References
----------
MacKinlay, A. C. (1997), Event studies in economics and finance, J. Econ. Lit. 35, 13-39.
Patell, J. (1976), J. Accounting Research 14, 246-276 (forecast error).
Corrado, C. (1989), A nonparametric test for abnormal security-price performance, JFE 23, 385-395.
"""

import datetime as dt
import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import ndtr, stdtr, stdtrit

from alliance.errors import EvidenceError, ScenarioError, did_you_mean

TIMES = ("before-open", "during", "after-close", "unknown")


@dataclass(frozen=True)
class Effect:
    """The abnormal return of one asset around one day.

    ``p_rank`` is the exact two-sided rank p-value (one-day windows only; floor 2/(L+1)),
    ``p_corrado`` Corrado's rank test (windows of three days or more only), else None.
    """

    day: pd.Timestamp
    window: tuple[int, int]
    car: float
    error: float
    low: float
    high: float
    t: float
    p: float
    df: int
    beta: float
    p_rank: float | None
    p_corrado: float | None


def trading_day(day: dt.date | str, time: str, sessions: pd.DatetimeIndex) -> pd.Timestamp:
    """The exchange's session on which news of a calendar day counts; ``time`` is one of
    :data:`TIMES`. An EvidenceError if none follows.

    >>> tokyo = pd.DatetimeIndex(["2022-10-07", "2022-10-11", "2022-10-12"])
    >>> trading_day("2022-10-10", "unknown", tokyo).date()  # a holiday in Tokyo
    datetime.date(2022, 10, 11)
    >>> trading_day("2022-10-11", "after-close", tokyo).date()
    datetime.date(2022, 10, 12)
    """
    if time not in TIMES:
        raise EvidenceError(f"time of an event: '{time}'{did_you_mean(time, TIMES)}")
    day = pd.Timestamp(day)
    side = "right" if time == "after-close" else "left"
    at = sessions.searchsorted(day, side=side)
    if at >= len(sessions):
        raise EvidenceError(f"no session on or after {day.date()} ({time})")
    return sessions[at]


def study(
    asset: pd.Series,
    market: pd.Series,
    day: pd.Timestamp,
    window: tuple[int, int] = (0, 0),
    estimation_days: int = 250,
) -> Effect:
    """The effect of one event on one asset, from returns of asset and market on the same days.

    ``window`` is of trading days relative to the event's ``day``, both ends included; the market
    model is estimated on the ``estimation_days`` just before it. It is a ScenarioError if the
    window leaves the returns or too few days precede it.
    """
    if not asset.index.equals(market.index):
        raise EvidenceError("asset and market returns must be on the same days")
    if day not in asset.index:
        raise EvidenceError(f"{pd.Timestamp(day).date()} is no trading day of {asset.name}")
    at = asset.index.get_loc(day)
    first, last = at + window[0], at + window[1]
    if window[0] > window[1] or last >= len(asset) or first - estimation_days < 0:
        around = f"window {window} around {pd.Timestamp(day).date()}"
        needs = f"needs {estimation_days} days before it and {max(window[1], 0)} after"
        span = f"{asset.index[0].date()} to {asset.index[-1].date()}"
        raise ScenarioError(f"{around} {needs}; the returns run from {span}")
    y, x = asset.to_numpy(float), market.to_numpy(float)
    past, now = slice(first - estimation_days, first), slice(first, last + 1)
    car, error, t, beta = (v.item() for v in car_test(y[past], x[past], y[now], x[now]))
    df = estimation_days - 2
    half = stdtrit(df, 0.975) * error
    days = last - first + 1
    slope, level = np.polyfit(x[past], y[past], 1)
    residual, abnormal = (y[span] - level - slope * x[span] for span in (past, now))
    p = float(2 * stdtr(df, -abs(t)))
    rank = rank_p(residual, abnormal[0]) if days == 1 else None
    corrado = corrado_p(residual, abnormal) if days >= 3 else None
    interval = car - half, car + half
    return Effect(pd.Timestamp(day), window, car, error, *interval, t, p, df, beta, rank, corrado)


def car_test(y_past, x_past, y_now, x_now) -> tuple[np.ndarray, ...]:
    """CAR, its standard error, t and beta; leading axes are independent cases.

    Returns of asset (y) and market (x): on the estimation days, arrays (..., L), and in the window,
    arrays (..., k).
    """
    y_past, x_past, y_now, x_now = map(np.asarray, (y_past, x_past, y_now, x_now))
    length, days = y_past.shape[-1], y_now.shape[-1]
    x_mean, y_mean = x_past.mean(-1), y_past.mean(-1)
    dx, dy = x_past - x_mean[..., None], y_past - y_mean[..., None]
    sxx = (dx**2).sum(-1)
    beta = (dx * dy).sum(-1) / sxx
    alpha = y_mean - beta * x_mean
    s2 = ((dy - beta[..., None] * dx) ** 2).sum(-1) / (length - 2)
    car = y_now.sum(-1) - days * alpha - beta * x_now.sum(-1)
    spread = x_now.sum(-1) - days * x_mean
    error = np.sqrt(s2 * (days + days**2 / length + spread**2 / sxx))
    return car, error, car / error, beta


def rank_p(residual: np.ndarray, abnormal: float) -> float:
    """Exact two-sided rank p-value of one abnormal return among L residuals, floor 2/(L+1)."""
    above = int((residual >= abnormal).sum()) + 1
    below = int((residual <= abnormal).sum()) + 1
    return min(1.0, 2 * min(above, below) / (len(residual) + 1))


def corrado_p(residual: np.ndarray, abnormal: np.ndarray) -> float:
    """Two-sided p-value of Corrado's rank test of the mean rank in the window."""
    everything = np.concatenate([residual, abnormal])
    ranks = pd.Series(everything).rank().to_numpy() / (len(everything) + 1) - 0.5
    days = len(abnormal)
    z = ranks[-days:].sum() / np.sqrt(days * (ranks**2).mean())
    return float(2 * ndtr(-abs(z)))


def daily(asset: pd.Series, market: pd.Series, length: int) -> pd.DataFrame:
    """``abnormal`` return and ``t`` of each day, by the market model of the ``length`` days before
    it; asset and market are returns on the same trading days."""
    y, x = asset.to_numpy(float), market.to_numpy(float)
    now = np.arange(length, len(y))[:, None]
    past = now - length + np.arange(length)
    abnormal, _, t, _ = car_test(y[past], x[past], y[now], x[now])
    return pd.DataFrame({"abnormal": abnormal, "t": t}, index=asset.index[length:])


def random_shares(moves: np.ndarray, days: int, draws: int, seed: int) -> np.ndarray:
    """Shares of the sum of squared moves, array (n,), that fall on days drawn at random, none twice
    in a draw."""
    squares, rng = moves**2, np.random.default_rng(seed)
    drawn = [rng.choice(squares, days, replace=False, shuffle=False).sum() for _ in range(draws)]
    return np.array(drawn) / squares.sum()


def window_ts(asset: pd.Series, market: pd.Series, window: tuple[int, int], length: int):
    """The t of each window as long as this one, array, from the first that can be estimated on.

    Asset and market are returns on the same trading days; ``length`` are the estimation days.
    """
    days = window[1] - window[0] + 1
    if len(asset) < length + days:
        return np.empty(0)
    y, x = (sliding_window_view(r.to_numpy(float), length + days) for r in (asset, market))
    return car_test(y[:, :length], x[:, :length], y[:, length:], x[:, length:])[2]


def placebo_p(ts: np.ndarray, at: int, effect: Effect) -> float:
    """Share of all earlier windows, its own with them, whose |t| is at least the event's (so it is
    never 0: Phipson and Smyth 2010, doi 10.2202/1544-6115.1585); NaN if there is none.

    ``ts`` is as :func:`window_ts` gives it, ``at`` the place of the event's day among the returns;
    windows that would overlap the event's own are left out.
    """
    first, last = effect.window
    length = effect.df + 2
    others = ts[: max(0, at + first - (last - first) - length)]
    if not len(others):
        return float("nan")
    return float((1 + (np.abs(others) >= abs(effect.t)).sum()) / (1 + len(others)))


def null_rejection(length: int, days: int, draws=10_000, seed=0, residuals=None) -> float:
    """How often the t test rejects at 5 % when nothing happened, with so many estimation days and
    days in the window; residuals are drawn from real ones, or normal if none are given."""
    rng = np.random.default_rng(seed)
    shape = (draws, length + days)
    x = rng.standard_normal(shape) * 0.01
    noise = rng.standard_normal(shape) * 0.02
    if residuals is not None:
        noise = rng.choice(np.asarray(residuals, float), size=shape)
    y = 0.0002 + 1.1 * x + noise
    t = car_test(y[:, :length], x[:, :length], y[:, length:], x[:, length:])[2]
    return float((np.abs(t) > stdtrit(length - 2, 0.975)).mean())


def null_table(residuals: np.ndarray, draws: int, seed: int) -> pd.DataFrame:
    """Rejection rates by estimation length and window, with normal and with real residuals."""
    rows = []
    for case in itertools.product((250, 60, 20), (1, 3, 11)):
        rates = (null_rejection(*case, draws, seed, drawn) for drawn in (None, residuals))
        rows.append((*case, *rates))
    columns = ["estimation_days", "window_days", "normal", "real_residuals"]
    return pd.DataFrame(rows, columns=columns)
