"""What really happened after a day, as a market of one path: programmes replayed, and compared."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
import pandas as pd

from alliance.selldown.ledger import Ledger
from alliance.selldown.terms import block_cost


@dataclass(frozen=True)
class Realised:
    """The real closes and rates from a day on, asked as :class:`Lognormal` is asked: series by
    trading day, the first value being what was known at the start."""

    prices: pd.Series
    rates: pd.Series
    paths: ClassVar[int] = 1
    variance: ClassVar[float] = 0.0

    @property
    def spot(self) -> float:
        return float(self.prices.iloc[0])

    @property
    def rate(self) -> float:
        return float(self.rates.iloc[0])

    @property
    def horizon(self) -> float:
        return float(self._years[-1])

    @cached_property
    def _years(self) -> np.ndarray:
        return self.years(self.prices.index)

    def years(self, days: pd.DatetimeIndex) -> np.ndarray:
        """Days as years from the start."""
        return np.asarray((days - self.prices.index[0]).days, float) / 365.25

    def at(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The last price and rate on or before given times, arrays (times, 1)."""
        at = np.searchsorted(self._years, np.asarray(times) + 1e-9, side="right") - 1
        return self.prices.to_numpy()[at, None], self.rates.to_numpy()[at, None]

    def since(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As :meth:`at`, after a row of the first."""
        return self.at(np.append(0.0, times))

    def passages(self, multiples: np.ndarray, closes: bool = True):
        """As :meth:`Lognormal.passages`, watched and filled at closes, whatever is asked."""
        reached = self.prices.to_numpy()[1:] >= self.spot * np.asarray(multiples)[:, None]
        first = np.where(reached.any(axis=1), reached.argmax(axis=1) + 1, 0)
        times = np.where(first > 0, self._years[first], np.inf)[:, None]
        price, rate = self.prices.to_numpy()[first, None], self.rates.to_numpy()[first, None]
        return times, price, rate, self.prices.to_numpy()[-1:], self.rates.to_numpy()[-1:]

    def paid(self, ledger: Ledger, amounts: pd.Series) -> Ledger:
        """The ledger with the dividends that its unsold shares got: those held on the eve.
        ``amounts`` are in the holder's currency a share, by ex-day."""
        eves = self.years(amounts.index - pd.Timedelta(days=1)) + 1e-9
        sold = [ledger.shares[ledger.time[:, 0] <= eve, 0].sum() for eve in eves]
        total = float(((ledger.terms.planned - np.array(sold)) * amounts.to_numpy()).sum())
        return replace(ledger, paid=np.array([total]))


def gains(ledger: Ledger) -> dict[str, float]:
    """Why a replay ends above or below keeping all shares to the last close, in four parts.

    The value after exit is that of all planned shares at the last close plus ``price`` (shares
    sold above or below it), ``rate`` (of the currency, in which a bond is owed, too),
    ``dividends``, and ``cost`` (of the sales, of leaving the rest, and of a bond at the last rate).
    The first two are symmetrical, so that they add up.
    """
    terms, market = ledger.terms, ledger.market
    last, fx = float(market.prices.iloc[-1]), float(market.rates.iloc[-1])
    shares, price, rate = ledger.shares, ledger.price, ledger.rate
    rest = terms.planned - float(ledger.sold[0])
    leaving = rest * last / fx * float(block_cost(terms, max(rest, 0.0)))
    beside = ledger.received - shares * price / rate  # costs, or what a bond brings and takes
    owed = 0.0 if ledger.cash is None else float((beside * (1 - rate / fx)).sum())
    return {
        "price": float((shares * (price - last) * (1 / rate + 1 / fx) / 2).sum()),
        "rate": float((shares * (price + last) / 2 * (1 / rate - 1 / fx)).sum()) + owed,
        "dividends": float(ledger.dividends[0]),
        "cost": float(beside.sum()) - owed - leaving,
    }
