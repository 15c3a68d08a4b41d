"""One sales ledger for every programme; every output is a property of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance.selldown.market import History, Lognormal, running
from alliance.selldown.terms import Terms, block_cost

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(5)
_GAUSS = (_NODES + 1) / 2, _WEIGHTS / 2  # on (0, 1)


@dataclass(frozen=True)
class Ledger:
    """Sales under some terms in a market, in order of time: arrays (events, paths).

    ``time`` is in years, inf where the sale does not happen; ``cost`` a fraction of value;
    ``cancelled`` (events, 1) says whether the issuer buys (and cancels); ``end_price`` and
    ``end_rate`` (paths,) are those at the horizon. ``cash``, in the holder's currency, is given
    where it is not shares x price / rate less cost; ``paid`` (paths,), the present value of
    dividends, where a programme knows it better than :attr:`dividends`; ``lag``, the years from
    the time at which a sale in slices is booked to the slice's end.
    """

    terms: Terms
    market: Lognormal | History
    time: np.ndarray
    shares: np.ndarray
    price: np.ndarray
    rate: np.ndarray
    cost: np.ndarray
    cancelled: np.ndarray
    end_price: np.ndarray
    end_rate: np.ndarray
    cash: np.ndarray | None = None
    paid: np.ndarray | None = None
    lag: float = 0.0

    @property
    def sold(self) -> np.ndarray:
        """Shares sold by path."""
        return self.shares.sum(axis=0)

    @cached_property
    def sold_after(self) -> np.ndarray:
        """Shares sold up to and with each event, array (events, paths)."""
        return running(self.shares)

    @cached_property
    def gone_after(self) -> np.ndarray | float:
        """Shares cancelled up to and with each event, array (events, paths); 0 if never any."""
        if not self.cancelled.any():
            return 0.0
        if self.cancelled.all():
            return self.sold_after
        return running(self.shares * self.cancelled)

    @cached_property
    def own_cash(self) -> np.ndarray:
        """Value of the shares sold by event and path, net of cost, not discounted."""
        out, kept = np.empty(self.shares.shape), 1 - _once(self.cost)
        for row, cash in enumerate(out):  # row by row, as in running()
            np.multiply(self.shares[row], self.price[row], out=cash)
            cash /= self.rate[row]
            cash *= kept[row]
        return out

    @cached_property
    def stake_after(self) -> np.ndarray:
        """Stake after each event, array (events, paths)."""
        left = self.terms.held - self.sold_after
        left /= self.terms.issued - self.gone_after
        return left

    @property
    def received(self) -> np.ndarray:
        """Cash by event and path, net of cost, not discounted."""
        return self.own_cash if self.cash is None else self.cash

    @cached_property
    def proceeds(self) -> np.ndarray:
        """Present value of the cash from sales, by path."""
        cash, time = self.received, _once(self.time)
        if self.terms.discount != 0:
            cash = cash * np.exp(-self.terms.discount * np.where(np.isfinite(time), time, 0))
        return cash.sum(axis=0)

    @cached_property
    def dividends(self) -> np.ndarray:
        """Present value of dividends on planned shares not yet sold, by path.

        Between two known values a share is worth what a geometric Brownian bridge expects of it.
        """
        n, terms, market = len(self.end_price), self.terms, self.market
        if self.paid is not None:
            return self.paid
        if terms.dividend_yield == 0:
            return np.zeros(n)
        end, start = self.end_price / self.end_rate, market.spot / market.rate
        sold = self.time < market.horizon
        time = np.where(sold, self.time, market.horizon)
        worth = np.where(sold, self.price / self.rate, end)
        starts = np.vstack([np.zeros(n), time])
        spans = np.vstack([time, np.full(n, market.horizon)]) - starts
        first, last = np.log(np.vstack([np.full(n, start), worth])), np.log(np.vstack([worth, end]))
        left = terms.planned - np.vstack([np.zeros(n), self.sold_after])
        total, r = np.zeros(n), terms.discount
        for node, weight in zip(*_GAUSS, strict=True):
            bulge = market.variance * spans * node * (1 - node) / 2
            value = np.exp(first * (1 - node) + last * node + bulge - r * (starts + spans * node))
            total += weight * (left * spans * value).sum(axis=0)
        return terms.dividend_yield * total

    @cached_property
    def left(self) -> np.ndarray:
        """Present value, at the horizon's close, of what is left of the planned shares, by path."""
        rest = (self.terms.planned - self.sold) * self.end_price / self.end_rate
        return rest * np.exp(-self.terms.discount * self.market.horizon)

    @cached_property
    def wealth(self) -> np.ndarray:
        """Present value of proceeds, dividends and what is left of the planned shares, by path."""
        return self.proceeds + self.dividends + self.left

    @cached_property
    def after_exit(self) -> np.ndarray:
        """Value at the horizon, by path, if what is left bears the cost of selling it at once."""
        rest = np.maximum(self.terms.planned - self.sold, 0.0)
        return self.wealth - self.left * block_cost(self.terms, rest)

    @cached_property
    def complete(self) -> np.ndarray:
        """Time at which all planned shares are sold, by path; inf if not by the horizon."""
        return self._first(sold >= self.terms.planned - 1 for sold in self.sold_after)

    @cached_property
    def at_target(self) -> np.ndarray:
        """Time at which the stake is at the target, by path; inf if not by the horizon."""
        most = self.terms.target + 1 / self.terms.issued
        return self._first(stake <= most for stake in self.stake_after)

    def _first(self, reached: Iterable[np.ndarray]) -> np.ndarray:
        """Time of the first event at which it is reached, by path; inf if at none."""
        if self.terms.planned <= 0:
            return np.zeros(len(self.end_price))
        first = np.full(len(self.end_price), np.inf)
        for time, there in zip(_once(self.time), reached, strict=True):
            np.minimum(first, np.where(there, time + self.lag, np.inf), out=first)
        return first

    def losses(self, carrying: float) -> np.ndarray:
        """Accounting loss against the amount carried (equity method), by path.

        A sale of x to others for cash C loses x k - C. Where the issuer buys b and cancels, the
        holder's stake s' after it shares in what the issuer paid: (1 - s') (b k - C). The amount
        carried a share, k = ``carrying`` at first, is then k' = (h k - C - loss) / (h - b); a sale
        to others leaves it as it is.
        """
        amounts = carrying, self.terms.held, self.terms.issued, 0.0
        k, held, issued, total = (np.full(len(self.end_price), amount) for amount in amounts)
        sales = self.shares, self.own_cash, self.cancelled[:, 0]
        for sold, cash, bought in zip(*sales, strict=True):
            loss, left = sold * k - cash, held - sold
            if bought:
                issued = issued - sold
                loss *= 1 - left / issued
                k = (held * k - cash - loss) / np.maximum(left, 1.0)  # nothing after the last
            total += loss
            held = left
        return total


def _once(values: np.ndarray) -> np.ndarray:
    """A column where values (events, paths) are the same on every path."""
    return values[:, :1] if values.strides[1] == 0 else values


def cvar(values: np.ndarray) -> float:
    """Mean of the lowest twentieth of values."""
    count = max(1, round(0.05 * len(values)))
    return float(np.partition(values, count - 1)[:count].mean())
