"""Two markets for a share and an exchange rate: correlated lognormal, and resampled history.

Both answer the same two questions: where are price and rate at given times, and when does the
price first reach given multiples of its start. At a given time the draws' means of the share and of
foreign cash, in the holder's currency, are moved to those that the drifts ask for, if near them.

References
----------
Boyle, P., Broadie, M. and Glasserman, P. (1997), Monte Carlo methods for security pricing, Journal
of Economic Dynamics and Control 21, 1267-1321, section 2.3.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from scipy.special import ndtri

from alliance import sampling
from alliance.selldown.moments import WEEKS, growth_rates

TRADING_DAYS = 245  # Tokyo, a year
COARSE = 0.05  # of a mean: draws that miss it by more are left as they are
LEAST = 1e-4  # volatility below which a price counts as certain


def running(values: np.ndarray, combine: np.ufunc = np.add, out=None) -> np.ndarray:
    """What ``combine.accumulate(values, axis=0, out=out)`` gives, for arrays of floats with long
    rows; ``out`` may be ``values`` itself.

    numpy's own goes down each column in turn, across memory; a row at a time gives the same
    numbers, to the bit, some ten times faster.

    >>> running(np.array([[1, 5], [2, 3], [0, 4]])).tolist()
    [[1, 5], [3, 8], [3, 12]]
    >>> running(np.array([[1, 5], [2, 3], [0, 4]]), np.maximum).tolist()
    [[1, 5], [2, 5], [2, 5]]
    """
    values = np.asarray(values)
    out = np.empty_like(values) if out is None else out
    out[:1] = values[:1]
    for row in range(1, len(values)):
        combine(out[row - 1], values[row], out=out[row])
    return out


def above(closes: bool) -> float:
    """How far above a level a price watched at closes is found, in units of w."""
    return sampling.DISCRETE * np.sqrt(1 / TRADING_DAYS) if closes else 0.0


@lru_cache(maxsize=2)  # what is sold may change while the market stays
def _found(market: "Lognormal | History", what: str, *asked: Any) -> tuple[np.ndarray, ...]:
    found = getattr(market, what)(*asked)
    for array in found:
        array.flags.writeable = False
    return found


def _small(factor: np.ndarray) -> np.ndarray:
    """What moves draws to their mean; 1 where they are too coarse: to move all would spoil chances,
    or where there is nothing to move."""
    return np.where(abs(factor - 1) < COARSE, factor.round(12), 1.0)


class _Market:
    """What is asked of both; what is asked again is found once, in arrays that are read-only."""

    def at(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Price and rate at rising times, arrays (times, paths)."""
        return _found(self, "_matched", tuple(map(float, times)))

    def since(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As :meth:`at`, after a row of what they are now: arrays (times + 1, paths)."""
        return _found(self, "_since", tuple(map(float, times)))

    def passages(self, multiples: np.ndarray, closes: bool = True):
        """First times at which the price reaches multiples (above 1, rising) of the spot, inf where
        not reached, prices and rates then: arrays (k, paths); end price and end rate, (paths,).

        The fill is at the level (at closes: the level found there).
        """
        return _found(self, "_passages", tuple(map(float, multiples)), closes)

    def _matched(self, times: tuple[float, ...]) -> tuple[np.ndarray, ...]:
        return self._match(np.array(times)[:, None], *self._at(times))

    def _match(self, times, price: np.ndarray, rate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Prices and rates, arrays (..., paths), at the means of their times."""
        share, cash = (np.exp(growth * times) for growth in self.growths)
        rate = rate * _small(self.rate * (1 / rate).mean(axis=-1, keepdims=True) / cash)
        mean = (price / rate).mean(axis=-1, keepdims=True)
        return price * _small(self.spot / self.rate * share / mean), rate

    def _since(self, times: tuple[float, ...]) -> tuple[np.ndarray, ...]:
        now, then = np.array([[[self.spot]], [[self.rate]]], float), self._matched(times)
        both = zip(now, then, strict=True)
        return tuple(np.vstack([np.broadcast_to(n, t[:1].shape), t]) for n, t in both)


@dataclass(frozen=True)
class Lognormal(_Market):
    """Correlated geometric Brownian motions of price and rate.

    ``spot`` and ``rate`` are S and E now; volatilities and drifts are a year, and these arithmetic:
    E[S(t)] = S exp(drift t). ``horizon`` is in years.
    """

    spot: float
    rate: float
    volatility: float
    fx_volatility: float
    correlation: float
    drift: float
    fx_drift: float
    horizon: float
    paths: int = 2**14
    seed: int = 1

    @property
    def growths(self) -> tuple[float, float]:
        """Of share and foreign cash, a year."""
        moments = self.volatility, self.fx_volatility, self.correlation
        return growth_rates(*moments, self.drift, self.fx_drift)

    @property
    def variance(self) -> float:
        """Of ln(S / E), a year."""
        both = self.volatility**2 + self.fx_volatility**2
        return both - 2 * self.correlation * self.volatility * self.fx_volatility

    def _at(self, times: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
        z = sampling.normals(self.paths, 2 * len(times), self.seed)
        price, rate = np.empty((2, len(times), self.paths))
        across = np.sqrt(1 - self.correlation**2)
        for row, step in enumerate(np.diff(times, prepend=0.0)):  # a row fits the fast memory
            first, root = z[2 * row], np.sqrt(step)
            second = self.correlation * first + across * z[2 * row + 1]
            np.multiply(self.volatility * root, first, out=price[row])
            price[row] += (self.drift - self.volatility**2 / 2) * step
            np.multiply(self.fx_volatility * root, second, out=rate[row])
            rate[row] += (self.fx_drift - self.fx_volatility**2 / 2) * step
        for start, path in ((self.spot, price), (self.rate, rate)):
            running(path, out=path)
            np.multiply(start, np.exp(path, out=path), out=path)
        return price, rate

    def _passages(self, multiples: tuple[float, ...], closes: bool) -> tuple[np.ndarray, ...]:
        k, rho, fx = len(multiples), self.correlation, self.fx_volatility
        sigma = max(self.volatility, LEAST)
        levels = np.log(multiples) / sigma + above(closes)
        drift = (self.drift - sigma**2 / 2) / sigma
        u = sampling.sobol(self.paths, 2 + 3 * k + 1, self.seed)
        times, end = sampling.first_passages(levels, drift, self.horizon, u[: 2 + 2 * k])
        # the rate's own noise is drawn at the hits in order, and at the end
        nu, across = self.fx_drift - fx**2 / 2, np.sqrt(1 - rho**2)
        own, past = np.zeros(len(end)), np.zeros(len(end))
        rates = np.full(times.shape, float(self.rate))
        for j, level in enumerate(levels):
            hit = np.flatnonzero(times[j] < np.inf)
            now = times[j, hit]
            own[hit] += np.sqrt(now - past[hit]) * ndtri(u[2 + 2 * k + j][hit])
            past[hit] = now
            w = rho * (level - drift * now) + across * own[hit]
            rates[j, hit] = self.rate * np.exp(nu * now + fx * w)
        own += np.sqrt(self.horizon - past) * ndtri(u[2 + 3 * k])
        w = rho * (end - drift * self.horizon) + across * own
        prices = np.broadcast_to(self.spot * np.exp(sigma * levels)[:, None], times.shape)
        end_rate = self.rate * np.exp(nu * self.horizon + fx * w)
        last = self._match(self.horizon, self.spot * np.exp(sigma * end), end_rate)
        return times, prices, rates, *last


@dataclass(frozen=True, eq=False)  # to be kept, and asked again
class History(_Market):
    """Blocks of the real joint weekly history, its means moved to given growth rates.

    ``returns``, array (weeks, 2), are weekly log returns of price and rate; ``growth`` and
    ``cash_growth`` a year are those of the share (S / E) and of foreign cash (1 / E), in the
    holder's currency. Whole blocks are moved, so that what the weeks of a block have in common
    moves no mean. The rest is as for :class:`Lognormal`.
    """

    returns: np.ndarray
    spot: float
    rate: float
    growth: float
    cash_growth: float
    horizon: float
    paths: int = 2**14
    seed: int = 1
    block: int = 8  # weeks

    @cached_property
    def _tables(self) -> tuple[np.ndarray, np.ndarray]:
        """Cumulative log changes inside the block that starts at each week: (weeks, block + 1)."""
        weeks = len(self.returns)
        at = (np.arange(weeks)[:, None] + np.arange(self.block)) % weeks
        sums = self.returns[at].sum(axis=1)
        cash = np.log(np.exp(-sums[:, 1]).mean()) / self.block - self.cash_growth / WEEKS
        share = np.log(np.exp(sums[:, 0] - sums[:, 1]).mean()) / self.block - self.growth / WEEKS
        moved = self.returns + np.array([cash - share, cash])
        out = np.zeros((2, weeks, self.block + 1), np.float32)
        out[:, :, 1:] = np.cumsum(moved[at], axis=1).transpose(2, 0, 1)
        return out[0], out[1]

    @cached_property
    def _walk(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Starts of the blocks, and price and rate before each: arrays (blocks + 1, paths)."""
        blocks = max(1, -(-round(self.horizon * WEEKS) // self.block))
        rng = np.random.default_rng(self.seed)
        starts = rng.integers(0, len(self.returns), (blocks + 1, self.paths), dtype=np.int32)
        before = []
        for table in self._tables:
            sums = np.zeros((blocks + 1, self.paths), np.float32)
            running(table[starts[:-1], -1], out=sums[1:])
            before.append(sums)
        return starts, before[0], before[1]

    def _value(self, weeks: np.ndarray, columns) -> tuple[np.ndarray, np.ndarray]:
        starts, s, e = self._walk
        at, inside = weeks // self.block, weeks % self.block
        start = starts[at, columns]
        return (
            self.spot * np.exp(s[at, columns] + self._tables[0][start, inside]).astype(float),
            self.rate * np.exp(e[at, columns] + self._tables[1][start, inside]).astype(float),
        )

    @property
    def growths(self) -> tuple[float, float]:
        """Of share and foreign cash, a year."""
        return self.growth, self.cash_growth

    @property
    def variance(self) -> float:
        """Of ln(S / E), a year."""
        return float((self.returns[:, 0] - self.returns[:, 1]).var() * WEEKS)

    def _at(self, times: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
        """To the nearest week."""
        weeks = np.rint(np.asarray(times) * WEEKS).astype(int)[:, None]
        return self._value(weeks, np.arange(self.paths)[None, :])

    def _passages(self, multiples: tuple[float, ...], closes: bool) -> tuple[np.ndarray, ...]:
        """Watched at weekly closes, and filled at them."""
        starts, s, _ = self._walk
        table = self._tables[0]
        top = table[:, 1:].max(axis=1)
        peak = s[:-1] + top[starts[:-1]]
        columns = np.arange(self.paths)
        last = round(self.horizon * WEEKS)
        highest = running(peak, np.maximum)
        k = len(multiples)
        times = np.full((k, self.paths), np.inf)
        prices, rates = np.zeros((k, self.paths)), np.ones((k, self.paths))
        for j, level in enumerate(np.log(multiples)):
            reached = columns[highest[-1] >= level]
            at = (highest[:, reached] < level).sum(axis=0)
            start = starts[at, reached]
            inside = (s[at, reached][:, None] + table[start, 1:] >= level).argmax(axis=1) + 1
            week = at * self.block + inside
            ok = week <= last
            reached, week = reached[ok], week[ok]
            times[j, reached] = np.minimum(week / WEEKS, self.horizon)
            prices[j, reached], rates[j, reached] = self._value(week, reached)
        end = self._value(np.full(self.paths, last), columns)
        return times, prices, rates, *self._match(self.horizon, *end)

    def variance_ratio(self, weeks: int) -> tuple[float, float]:
        """Variance over some weeks against that many times the weekly one, both without the bias
        of a short sample, and its standard error under a random walk (Lo and MacKinlay 1988,
        Review of Financial Studies 1, 41-66)."""
        r = self.returns[:, 0] - self.returns[:, 0].mean()
        sums, count = np.convolve(r, np.ones(weeks), "valid"), len(r)
        error = np.sqrt(2 * (2 * weeks - 1) * (weeks - 1) / (3 * weeks * count))
        over = (sums**2).sum() / (weeks * len(sums) * (1 - weeks / count))
        return float(over / r.var(ddof=1)), float(error)
