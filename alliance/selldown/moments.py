"""Drifts, growth rates, volatilities and correlation of a share and an exchange rate, a year."""

import numpy as np
import pandas as pd

from alliance.errors import ScenarioError
from alliance.returns import as_known

WEEKS = 365.25 / 7  # a year


def fair_drifts(
    volatility: float,
    fx_volatility: float,
    correlation: float,
    rate_foreign: float = 0.0,
    rate_home: float = 0.0,
    dividend_yield: float = 0.0,
) -> tuple[float, float]:
    """Arithmetic drifts a year of price and rate under which waiting is a fair game for the holder.

    >>> [round(m, 4) for m in fair_drifts(0.32, 0.095, 0.25)]
    [0.0076, 0.009]
    """
    quanto = correlation * volatility * fx_volatility
    return rate_foreign - dividend_yield + quanto, rate_foreign - rate_home + fx_volatility**2


def growth_rates(
    volatility: float, fx_volatility: float, correlation: float, drift: float, fx_drift: float
) -> tuple[float, float]:
    """Growth a year, in the holder's currency, of the share (S / E) and of foreign cash (1 / E)."""
    cash = fx_volatility**2 - fx_drift
    return drift + cash - correlation * volatility * fx_volatility, cash


def weekly_moments(price: pd.Series, rate: pd.Series, years: float = 5) -> dict[str, float]:
    """Volatilities a year and correlation of weekly (Friday) log returns, and the returns.

    Daily returns would not do: one market closes hours before the other is fixed. Where the data
    are shorter than ``years``, what there is serves, down to one year. By name: ``volatility,
    fx_volatility, correlation, weeks`` and ``returns`` (DataFrame S, E).
    """
    first, last = max(price.index[0], rate.index[0]), price.index[-1]
    friday = last - pd.Timedelta(days=(last.weekday() - 4) % 7)
    fridays = pd.date_range(end=friday, periods=round(years * WEEKS) + 1, freq="7D")
    fridays = fridays[fridays >= first]
    if len(fridays) < 53:
        needed = f"a year of weekly returns is needed before {last.date()}"
        raise ScenarioError(f"{needed}; the data start on {first.date()}")
    known = pd.DataFrame({"S": as_known(price, fridays), "E": as_known(rate, fridays)})
    returns = np.log(known).diff().iloc[1:]
    sigma = returns.std() * np.sqrt(52)
    return {
        "volatility": float(sigma["S"]),
        "fx_volatility": float(sigma["E"]),
        "correlation": float(returns.corr().iloc[0, 1]),
        "weeks": len(returns),
        "returns": returns,
    }
