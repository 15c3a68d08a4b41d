"""Chapter 2, the inputs: what the scenario leaves empty is filled from the evidence."""

from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
import pandas as pd

from alliance import returns
from alliance import selldown as sd
from alliance.answers.business import last_book
from alliance.errors import ScenarioError
from alliance.evidence import Evidence, made_once
from alliance.scenario import Scenario, Selldown

SHARE, HOLDER = "nissan", "renault"
COUNT = {"company": SHARE, "item": "issued"}
ADV_DAYS = 60  # of the average daily volume


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """A scenario's selldown group with every empty field filled, and the terms it makes; weekly log
    returns of price and rate, array (weeks, 2); notes on the price and on the amount carried."""

    group: Selldown
    terms: sd.Terms
    history: np.ndarray
    note: str | None = None
    carrying_note: str | None = None

    def market(self, seed: int, name: str | None = None) -> sd.Lognormal | sd.History:
        """The lognormal market, or the real weekly history resampled with the same drifts; by
        default the scenario's."""
        g = self.group
        moments = g.volatility, g.fx_volatility, g.correlation, g.drift, g.fx_drift
        now, then = (g.spot_jpy, g.jpy_per_eur), (g.horizon_years, g.paths, seed)
        if (name or g.market) == "lognormal":
            return sd.Lognormal(*now, *moments, *then)
        return _history(self.history.tobytes(), *now, *sd.growth_rates(*moments), *then)


@lru_cache(maxsize=2)  # the same market, so that it keeps what it has found
def _history(weeks: bytes, *more: float) -> sd.History:
    return sd.History(np.frombuffer(weeks).reshape(-1, 2), *more)


def check(s: Scenario, ev: Evidence) -> None:
    """Refuse a scenario whose inputs the evidence can't fill, with a ScenarioError."""
    fill(s, ev)


@made_once
def stake(ev: Evidence) -> tuple[float, float]:
    """Shares held, and shares issued; a ScenarioError where none is known."""
    held, issued = ev.holding(HOLDER, SHARE), ev.last("shares", "date", **COUNT)
    if held.empty or issued is None:
        known = f"in the evidence from {ev.days('holdings')[0].date()}, received {ev.as_of}"
        raise ScenarioError(f"as_of: Renault's holding of Nissan is {known}")
    return float(held.iloc[-1]), float(issued["shares"])


@made_once
def daily_volume(ev: Evidence) -> float:
    """Average daily volume of the share, over the last :data:`ADV_DAYS` sessions."""
    with ev.reading() as used:
        volume = ev.prices(SHARE)["volume"].dropna().iloc[-ADV_DAYS:]
        used.within(volume.index[0])
    return float(volume.mean())


@made_once
def market(ev: Evidence) -> tuple[returns.Level, returns.Level, dict]:
    """The last price and rate, and their weekly moments with the ``first`` day that these rest on;
    a ScenarioError if a level is missing or too old."""
    with ev.reading() as used:
        price, rate = ev.close(SHARE), ev.rate("jpy_per_eur")
        spot = returns.level(price, ev.as_of)
        fix = returns.level(rate, spot.date or ev.as_of)
        if spot.value is None or fix.value is None:
            rule = f"must be at most {returns.MISSING_DAYS} days after Nissan's last close"
            late = f"{rule} ({spot.date}), received {ev.as_of}" if spot.date else spot.note
            raise ScenarioError(f"as_of: {fix.note if spot.value else late}")
        moments = sd.weekly_moments(price, rate)
        first = moments["returns"].index[0] - pd.Timedelta(days=21)  # and the close before it
        used.within(first)
    return spot, fix, moments | {"first": first}


def count_sale(ev: Evidence) -> None:
    """Count what a sale through time rests on: holding, volume, price and rate."""
    stake(ev), daily_volume(ev), market(ev)


def count_cost(ev: Evidence) -> None:
    """Count what the cost of a sale today rests on: holding, volume, and prices."""
    with ev.aside():
        first = market(ev)[-1]["first"]
    with ev.reading() as used:
        stake(ev), daily_volume(ev), ev.close(SHARE)
        used.within(first)


def fill(s: Scenario, ev: Evidence) -> Inputs:
    """Inputs of the sell-down: what the scenario leaves empty is taken from the evidence. It is a
    ScenarioError if a level is missing or too old, or nothing is known about the holding."""
    g, (held, issued), book = s.selldown, stake(ev), last_book(ev)
    spot, fix, moments = market(ev)
    levels = {
        "spot_jpy": spot.value,
        "jpy_per_eur": fix.value,
        **{name: moments[name] for name in ("volatility", "fx_volatility", "correlation")},
        "carrying_eur_per_share": None if book.value is None else book.value / fix.value,
    }
    g = g.model_copy(update={n: v for n, v in levels.items() if getattr(g, n) is None})
    g = g.model_copy(update={n: v for n, v in fair(g).items() if getattr(g, n) is None})
    terms, history = terms_of(g, held, issued, daily_volume(ev)), moments["returns"].to_numpy()
    return Inputs(group=g, terms=terms, history=history, note=spot.note, carrying_note=book.note)


def fair(g: Selldown) -> dict[str, float]:
    """The drifts of a filled group at which waiting is a fair game."""
    moments, rates = (g.volatility, g.fx_volatility, g.correlation), (g.rate_jpy, g.discount_rate)
    drifts = sd.fair_drifts(*moments, *rates, g.dividend_yield)
    return dict(zip(("drift", "fx_drift"), drifts, strict=True))


def terms_of(g: Selldown, held: float, issued: float, adv: float) -> sd.Terms:
    """The terms that a filled group makes with a holding and a daily volume."""
    alike = {f.name: getattr(g, f.name) for f in fields(sd.Terms) if f.name in type(g).model_fields}
    return sd.Terms(
        **alike, held=float(held), issued=float(issued), target=g.target_stake, adv=float(adv),
        daily_volatility=g.volatility / np.sqrt(sd.market.TRADING_DAYS),
        discount=g.discount_rate, rate_foreign=g.rate_jpy, multiples=g.price_points,
        budget=g.buyback_budget_jpy, lot=g.lot_shares, floor=g.floor_jpy,
        premium=g.exchange_premium, spread=g.exchange_spread,
    )  # fmt: skip
