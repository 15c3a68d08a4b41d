"""Holding and the six programmes, each one function from terms and a market to a ledger."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.special import ndtr

from alliance import sampling
from alliance.errors import ScenarioError
from alliance.selldown.ledger import Ledger
from alliance.selldown.market import LEAST, TRADING_DAYS, History, Lognormal, above, running
from alliance.selldown.moments import growth_rates
from alliance.selldown.terms import Terms, block_cost, slice_cost


def _ledger(terms, market, time, shares, price, rate, cost, issuer, end, cash=None, paid=None):
    wide = (len(shares), market.paths)
    arrays = (np.broadcast_to(values, wide) for values in (time, shares, price, rate, cost))
    issuer = np.broadcast_to(issuer, (len(shares), 1))
    return Ledger(terms, market, *arrays, issuer, *end, cash, paid)


def hold(terms: Terms, market: Lognormal | History) -> Ledger:
    """Nothing is sold."""
    price, rate = market.at(np.array([market.horizon]))
    none = np.zeros((1, 1))
    return _ledger(terms, market, np.inf, none, price, rate, 0.0, False, (price[0], rate[0]))


def block(terms: Terms, market: Lognormal | History) -> Ledger:
    """Everything at once, today, to investors."""
    cost = block_cost(terms, terms.planned)
    shares = np.array([[terms.planned]])
    now, spot, rate = (np.full((1, 1), float(v)) for v in (0.0, market.spot, market.rate))
    end = np.full(market.paths, float(market.spot)), np.full(market.paths, float(market.rate))
    return _ledger(terms, market, now, shares, spot, rate, cost, False, end)


def dribble(terms: Terms, market: Lognormal | History) -> Ledger:
    """A part of each day's volume, booked every two months in their middle."""
    days = terms.planned / (terms.participation * terms.adv)
    years = days / TRADING_DAYS
    span = min(years, market.horizon)
    slices = max(1, int(np.ceil(span * 6)))
    time = (np.arange(slices) + 0.5) * span / slices
    each = terms.planned * (span / years if years else 0.0) / slices
    price, rate = market.at(np.append(time, market.horizon))
    cost = slice_cost(terms, each * slices, terms.participation)
    shares, end = np.full((slices, 1), each), (price[-1], rate[-1])
    made = _ledger(terms, market, time[:, None], shares, price[:-1], rate[:-1], cost, False, end)
    return replace(made, lag=0.5 * span / slices)


def price_points(terms: Terms, market: Lognormal | History) -> Ledger:
    """Equal tranches, each when the price first reaches its multiple of today's."""
    multiples = _multiples(terms)
    each = terms.planned / len(multiples)
    up = multiples > 1
    closes = terms.monitoring == "close"
    time, price, rate, *end = market.passages(multiples[up], closes)
    if not up.all():  # at or below the spot: sold at once
        now = (int((~up).sum()), market.paths)
        time = np.vstack([np.zeros(now), time])
        price = np.vstack([np.full(now, float(market.spot)), price])
        rate = np.vstack([np.full(now, float(market.rate)), rate])
    shares = np.where(time < np.inf, each, 0.0)
    cost = block_cost(terms, each)
    paid = None
    if terms.dividend_yield and isinstance(market, Lognormal):
        paid = _paid_until_hit(terms, market, multiples, time, price / rate, shares)
    elif terms.dividend_yield and isinstance(market, History):
        paid = _paid_on_paths(terms, market, time, shares)
    return _ledger(terms, market, time, shares, price, rate, cost, False, end, paid=paid)


def _paid_until_hit(terms: Terms, market: Lognormal, multiples, time, worth, shares) -> np.ndarray:
    """Dividends on what is unsold, each span at its mean given where it starts.

    With a = r - growth of S / E, a share worth V pays V q / a (1 - E[exp(-a theta)]) until the
    next trigger or the horizon, theta, under the measure that has the share as its unit.
    """
    sigma, fx, rho = max(market.volatility, LEAST), market.fx_volatility, market.correlation
    growth, _ = growth_rates(sigma, fx, rho, market.drift, market.fx_drift)
    a = terms.discount - growth
    a = a if abs(a) > 1e-6 else 1e-6
    drift = (market.drift - sigma**2 / 2) / sigma + sigma - rho * fx
    shift = above(terms.monitoring == "close")
    levels = np.where(multiples > 1, np.log(multiples) / sigma + shift, 0.0)
    starts = np.vstack([np.zeros(market.paths), np.minimum(time, market.horizon)])
    values = np.vstack([np.full(market.paths, market.spot / market.rate), worth])
    total = np.zeros(market.paths)
    left = terms.planned - np.vstack([total, running(shares)])
    for j in range(len(levels) + 1):
        span = np.maximum(market.horizon - starts[j], 1e-12)
        gone = np.zeros(market.paths)
        hit = np.zeros(market.paths)
        if j < len(levels):
            gap = levels[j] - (levels[j - 1] if j else 0.0)
            gone = sampling.discounted_passage(gap, drift, span, a)
            hit = sampling.discounted_passage(gap, drift, span)
        factor = gone + np.exp(-a * span) * (1 - hit)
        alive = starts[j] < market.horizon
        now = left[j] * values[j] * np.exp(-terms.discount * starts[j])
        total += np.where(alive, now * terms.dividend_yield / a * (1 - factor), 0.0)
    return total


def _paid_on_paths(terms: Terms, market: History, time, shares) -> np.ndarray:
    """Dividends on what is unsold, added up twice a month along the paths themselves."""
    steps = max(1, round(24 * market.horizon))
    span, total = market.horizon / steps, np.zeros(market.paths)
    middles = (np.arange(steps) + 0.5) * span
    for at, price, rate in zip(middles, *market.at(middles), strict=True):
        left = terms.planned - (shares * (time <= at)).sum(axis=0)
        total += left * price / rate * np.exp(-terms.discount * at)
    return terms.dividend_yield * span * total


def _multiples(terms: Terms) -> np.ndarray:
    multiples = np.asarray(terms.multiples, float)
    if len(multiples) == 0 or (multiples <= 0).any() or (np.diff(multiples) < 0).any():
        rule = "price points must be positive multiples that rise"
        raise ScenarioError(f"{rule}, received {list(multiples)}")
    return multiples


def price_points_closed(terms: Terms, market: Lognormal) -> dict[str, np.ndarray | float]:
    """Closed forms of the price points: ``p_hit`` by tranche and ``proceeds_mean``."""
    multiples = _multiples(terms)
    sigma = max(market.volatility, LEAST)
    fx, rho = market.fx_volatility, market.correlation
    shift = above(terms.monitoring == "close")
    up = multiples > 1
    levels = np.where(up, np.log(multiples) / sigma + shift, 0.0)
    drift = (market.drift - sigma**2 / 2) / sigma
    rate = terms.discount + market.fx_drift - fx**2 / 2 - fx * rho * drift
    rate -= fx**2 * (1 - rho**2) / 2
    value = market.spot * np.exp((sigma - fx * rho) * levels) / market.rate
    each = terms.planned / len(multiples) * (1 - block_cost(terms, terms.planned / len(multiples)))
    paid = sampling.discounted_passage(levels, drift, market.horizon, rate)
    hit = sampling.discounted_passage(levels, drift, market.horizon)
    return {"p_hit": hit, "proceeds_mean": float((each * value * paid).sum())}


def buyback(terms: Terms, market: Lognormal | History) -> Ledger:
    """The issuer buys with a budget each quarter at the close and cancels; no cost."""
    time = _starts(market.horizon, 4)
    price, rate = market.since(np.append(time[1:], market.horizon))
    spent = terms.budget * np.minimum(0.25, market.horizon - time)[:, None]
    wanted = spent / price[:-1]
    shares = _until(wanted, terms.planned)
    end = price[-1], rate[-1]
    return _ledger(terms, market, time[:, None], shares, price[:-1], rate[:-1], 0.0, True, end)


def _starts(horizon: float, a_year: int) -> np.ndarray:
    """Years at which periods begin, the last of which may be cut short by the horizon."""
    return np.arange(max(1.0, np.ceil(horizon * a_year - 1e-9))) / a_year


def _until(wanted: np.ndarray, planned: float) -> np.ndarray:
    """Shares by event, cut so that they add up to the plan at most."""
    asked, before, out = 0.0, 0.0, np.empty_like(wanted)
    for row, more in enumerate(wanted):  # a row fits the fast memory
        asked = asked + more
        now = np.minimum(asked, planned)
        before, out[row] = now, now - before
    return out


def windows(terms: Terms, market: Lognormal | History) -> Ledger:
    """Half-yearly notices of a lot: the issuer takes what its budget buys, the rest waits or is
    sold to the market in the days that follow. No notice below the floor price."""
    start = _starts(market.horizon, 2)
    whole = terms.window_days / 365.25
    opened = np.minimum(whole, market.horizon - start)  # years of each window
    middle = start + opened / 2
    time = np.stack([start, middle], axis=1).ravel()
    price, rate = market.since(np.append(time[1:], market.horizon))
    both = np.zeros((len(time), market.paths))
    for row, span in enumerate(np.minimum(0.5, market.horizon - start)):
        notice = np.where(price[2 * row] >= terms.floor, terms.lot, 0.0)
        bought = np.minimum(notice, terms.budget * span / price[2 * row], out=both[2 * row])
        if terms.rest == "market":
            both[2 * row + 1] = (notice - bought) * (opened[row] / whole)
    shares = _until(both, terms.planned)
    days = opened[:, None] * TRADING_DAYS
    cost = np.zeros(shares.shape)
    sold = shares[1::2]
    before = np.cumsum(sold, axis=0) - sold
    left = terms.permanent_impact * before / terms.float_
    cost[1::2] = slice_cost(terms, sold, sold / days / terms.adv) + left
    issuer = np.tile([[True], [False]], (len(start), 1))
    end = price[-1], rate[-1]
    return _ledger(terms, market, time[:, None], shares, price[:-1], rate[:-1], cost, issuer, end)


def call_value(spot, strike, volatility, horizon, rate, dividend_yield=0.0) -> float:
    """Black-Scholes value of a European call, in the share's currency."""
    if volatility * np.sqrt(horizon) == 0:
        return max(0.0, spot * np.exp(-dividend_yield * horizon) - strike * np.exp(-rate * horizon))
    root = volatility * np.sqrt(horizon)
    d = (np.log(spot / strike) + (rate - dividend_yield) * horizon) / root + root / 2
    held = spot * np.exp(-dividend_yield * horizon) * ndtr(d)
    return float(held - strike * np.exp(-rate * horizon) * ndtr(d - root))


def bond_value(terms: Terms, spot: float, strike: float, years: float) -> float:
    """An exchangeable bond a share: what is repaid, at the seller's own rate, and the call."""
    sigma = terms.daily_volatility * np.sqrt(TRADING_DAYS)
    call = call_value(spot, strike, sigma, years, terms.rate_foreign, terms.dividend_yield)
    return strike * np.exp(-(terms.rate_foreign + terms.spread) * years) + call


def exchangeable(terms: Terms, market, years: float | None = None) -> Ledger:
    """A bond in the share's currency, no coupon, exchangeable into the shares at a premium.

    Sold at its fair value less the fee. At its end, after ``years`` (at the horizon by default),
    its holders take the shares or are repaid; one that runs on is bought back at its value then.
    """
    strike, term = market.spot * (1 + terms.premium), years or market.horizon
    issue, left = bond_value(terms, market.spot, strike, term), term - market.horizon
    price, rate = market.at(np.unique([min(term, market.horizon), market.horizon]))
    taken = (price[0] >= strike) & (left <= 0)
    owed = bond_value(terms, float(price[0, 0]), strike, left) if left > 0 else strike
    shares = np.vstack([np.zeros(market.paths), np.where(taken, terms.planned, 0.0)])
    first = np.full(market.paths, terms.planned * issue / market.rate * (1 - terms.fee))
    repaid = np.where(taken, 0.0, -terms.planned * owed / rate[0])
    time = np.array([[0.0], [min(term, market.horizon)]])
    prices = np.repeat([[float(market.spot)], [float(strike)]], market.paths, axis=1)
    rates = np.vstack([np.full(market.paths, float(market.rate)), rate[0]])
    cash = np.vstack([first, repaid])
    end = price[-1], rate[-1]
    return _ledger(terms, market, time, shares, prices, rates, 0.0, False, end, cash)


#: Holding and the programmes by name.
PROGRAMMES: dict[str, Callable[[Terms, Lognormal | History], Ledger]] = {
    make.__name__: make
    for make in (hold, block, dribble, price_points, buyback, windows, exchangeable)
}
