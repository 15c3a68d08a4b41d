"""One sales ledger for every programme, and the outputs that are functions of it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance.errors import ScenarioError
from alliance.selldown.rows import running

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(5)
_GAUSS = (_NODES + 1) / 2, _WEIGHTS / 2  # on (0, 1)


@dataclass(frozen=True)
class Ledger:
    """Sales by event and path, in order of time; all arrays broadcast to (events, paths).

    Parameters
    ----------
    held, issued, planned, target : float
        Before the first sale.
    time : array
        Years; inf where the sale does not happen.
    shares, price, rate, cost : array
        Shares sold, price, rate, and cost as a fraction of value.
    cancelled : array of bool (events, 1)
        Whether the issuer buys (and cancels).
    end_price, end_rate : array (paths,)
        At the horizon.
    start : float
        Value of a share today, in the holder's currency.
    variance : float
        Of the log of that value, a year.
    cash : array, optional
        Cash in the holder's currency where it is not shares x price / rate less cost.
    paid : array (paths,), optional
        Present value of dividends where a programme knows it better than :func:`dividends`.
    """

    held: float
    issued: float
    planned: float
    target: float
    horizon: float
    discount: float
    dividend_yield: float
    time: np.ndarray
    shares: np.ndarray
    price: np.ndarray
    rate: np.ndarray
    cost: np.ndarray
    cancelled: np.ndarray
    end_price: np.ndarray
    end_rate: np.ndarray
    start: float
    variance: float
    cash: np.ndarray | None = None
    paid: np.ndarray | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.planned <= self.held:
            raise ScenarioError(
                f"planned sales must be from 0 to the {self.held:,.0f} held, received "
                f"{self.planned:,.0f}"
            )

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
        return self.shares * self.price / self.rate * (1 - self.cost)

    @property
    def received(self) -> np.ndarray:
        """Cash by event and path, net of cost, not discounted."""
        return self.own_cash if self.cash is None else self.cash


def _present(ledger: Ledger, cash: np.ndarray, time: np.ndarray) -> np.ndarray:
    if ledger.discount == 0:
        return cash
    return cash * np.exp(-ledger.discount * np.where(np.isfinite(time), time, 0))


def proceeds(ledger: Ledger) -> np.ndarray:
    """Present value of the cash from sales, by path."""
    return _present(ledger, ledger.received, ledger.time).sum(axis=0)


def dividends(ledger: Ledger) -> np.ndarray:
    """Present value of dividends on planned shares not yet sold, by path.

    Between two known values a share is worth what a geometric Brownian bridge expects of it. For
    spans that end at a trigger this is near, not exact: the path is known to have stayed below.
    """
    n, r = len(ledger.end_price), ledger.discount
    if ledger.paid is not None:
        return ledger.paid
    if ledger.dividend_yield == 0:
        return np.zeros(n)
    end = ledger.end_price / ledger.end_rate
    sold = ledger.time < ledger.horizon
    time = np.where(sold, ledger.time, ledger.horizon)
    worth = np.where(sold, ledger.price / ledger.rate, end)
    starts = np.vstack([np.zeros(n), time])
    spans = np.vstack([time, np.full(n, ledger.horizon)]) - starts
    first, last = (
        np.log(np.vstack([np.full(n, ledger.start), worth])),
        np.log(np.vstack([worth, end])),
    )
    left = ledger.planned - np.vstack([np.zeros(n), ledger.sold_after])
    total = np.zeros(n)
    for node, weight in zip(*_GAUSS, strict=True):
        bulge = ledger.variance * spans * node * (1 - node) / 2
        value = np.exp(first * (1 - node) + last * node + bulge - r * (starts + spans * node))
        total += weight * (left * spans * value).sum(axis=0)
    return ledger.dividend_yield * total


def left(ledger: Ledger) -> np.ndarray:
    """Present value, at the horizon's close, of what is left of the planned shares, by path."""
    rest = (ledger.planned - ledger.sold) * ledger.end_price / ledger.end_rate
    return rest * np.exp(-ledger.discount * ledger.horizon)


def wealth(ledger: Ledger) -> np.ndarray:
    """Present value of proceeds, dividends and what is left of the planned shares, by path."""
    return proceeds(ledger) + dividends(ledger) + left(ledger)


def cvar(values: np.ndarray, tail: float = 0.05) -> float:
    """Mean of the lowest ``tail`` of values."""
    count = max(1, round(tail * len(values)))
    return float(np.partition(values, count - 1)[:count].mean())


def stakes(ledger: Ledger) -> np.ndarray:
    """Stake after each event, array (events, paths)."""
    return (ledger.held - ledger.sold_after) / (ledger.issued - ledger.gone_after)


def complete(ledger: Ledger) -> np.ndarray:
    """Time at which all planned shares are sold, by path; inf if not by the horizon."""
    return _first(ledger, ledger.sold_after >= ledger.planned - 1)


def at_target(ledger: Ledger) -> np.ndarray:
    """Time at which the stake is at the target, by path; inf if not by the horizon."""
    return _first(ledger, stakes(ledger) <= ledger.target + 1 / ledger.issued)


def _first(ledger: Ledger, reached: np.ndarray) -> np.ndarray:
    n = len(ledger.end_price)
    if ledger.planned <= 0:
        return np.zeros(n)
    time = np.broadcast_to(ledger.time, reached.shape)
    return np.where(reached & np.isfinite(time), time, np.inf).min(axis=0)


def losses(ledger: Ledger, carrying: float) -> np.ndarray:
    """Accounting loss against the amount carried (equity method), by path.

    A sale of x to others for cash C loses x k - C. Where the issuer buys b and cancels, the
    holder's stake s' after it shares in what the issuer paid: (1 - s') (b k - C). The amount
    carried a share is then k' = (h k - C - loss) / (h - b).

    Parameters
    ----------
    carrying : float
        k, amount carried a share in the holder's currency.
    """
    n = len(ledger.end_price)
    k, held, issued = np.full(n, carrying), np.full(n, ledger.held), np.full(n, ledger.issued)
    total = np.zeros(n)
    for sold, cash, bought in zip(
        ledger.shares, ledger.own_cash, ledger.cancelled[:, 0], strict=True
    ):
        loss, left = sold * k - cash, held - sold
        if bought:
            issued = issued - sold
            loss *= np.where(sold > 0, 1 - left / issued, 1.0)
        total += loss
        # after the last share nothing is carried
        k = (held * k - cash - loss) / np.where(left > 0, left, 1.0)
        held = left
    return total
