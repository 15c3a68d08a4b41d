"""Chapter 2, the inputs: what the scenario leaves empty is filled from the evidence."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from alliance import returns
from alliance import selldown as sd
from alliance.decline import book_value
from alliance.errors import ScenarioError
from alliance.evidence import Evidence, Used
from alliance.scenario import Scenario, Selldown

SHARE, HOLDER = "nissan", "renault"
ADV_DAYS = 60  # of the average daily volume


@dataclass(frozen=True, kw_only=True)
class Read:
    """What was read of the evidence, and from which tables.

    Parameters
    ----------
    history : array (weeks, 2)
        Weekly log returns of price and rate.
    note, carrying_note : str, optional
        What is to be said of the price, and of the amount carried.
    """

    history: np.ndarray
    used: Used
    stake_used: Used
    tape_used: Used
    market_used: Used
    carrying_used: Used
    note: str | None = None
    carrying_note: str | None = None


@dataclass(frozen=True, kw_only=True)
class Inputs(Read):
    """A scenario's selldown group with every empty field filled, and the terms it makes."""

    group: Selldown
    terms: sd.Terms

    def lognormal(self, seed: int) -> sd.Lognormal:
        """The lognormal market of these inputs."""
        g = self.group
        return sd.Lognormal(
            g.spot_jpy, g.jpy_per_eur, g.volatility, g.fx_volatility, g.correlation,
            g.drift, g.fx_drift, g.horizon_years, g.paths, seed,
        )  # fmt: skip

    def resampled(self, seed: int) -> sd.History:
        """The real weekly history, resampled, with the same drifts."""
        g = self.group
        growth = sd.growth_rates(g.volatility, g.fx_volatility, g.correlation, g.drift, g.fx_drift)
        return sd.History(
            self.history, g.spot_jpy, g.jpy_per_eur, *growth, g.horizon_years, g.paths, seed
        )

    def market(self, seed: int, name: str | None = None) -> sd.Lognormal | sd.History:
        """One of the two, the scenario's by default."""
        return (
            self.resampled(seed)
            if (name or self.group.market) == "history"
            else self.lognormal(seed)
        )


def check(s: Scenario, ev: Evidence) -> None:
    """Refuse a scenario whose inputs the evidence can't fill.

    Raises
    ------
    ScenarioError
    """
    fill(s, ev)


@dataclass(frozen=True, kw_only=True)
class Known(Read):
    """What the evidence says of the sell-down's inputs, whatever the scenario.

    Parameters
    ----------
    levels : dict
        What fills each field that a scenario leaves empty, drifts aside; None if not public.
    held, issued, adv : float
        Shares; ``adv`` a day.
    """

    levels: dict[str, float | None]
    held: float
    issued: float
    adv: float


def known(ev: Evidence) -> Known:
    """What the evidence says of the sell-down's inputs.

    Raises
    ------
    ScenarioError
        If a level is missing or too old, or nothing is known about the holding.
    """
    with ev.reading() as tape_used:
        price, volume = ev.close(SHARE), ev.prices(SHARE)["volume"].dropna()
    with ev.reading() as rate_used:
        rate = ev.rate("jpy_per_eur")
    with ev.reading() as stake_used:
        held, issued = ev.holding(HOLDER, SHARE), ev.shares(SHARE)
    if held.empty or issued.empty:
        raise ScenarioError(
            f"as_of: Renault's holding of Nissan is in the evidence from {_first_day(ev)}, "
            f"received {ev.as_of}"
        )
    spot = returns.level(price, ev.as_of)
    fix = returns.level(rate, spot.date or ev.as_of)
    if spot.value is None or fix.value is None:
        raise ScenarioError(f"as_of: {spot.note or fix.note}")
    moments = sd.weekly_moments(price, rate)
    first = moments["returns"].index[0] - pd.Timedelta(days=21)  # and the last close before it
    tape_used, rate_used = tape_used.within(first), rate_used.within(first)
    book, books_used = last_book(ev)
    used = tape_used | rate_used | stake_used
    levels = {
        "spot_jpy": spot.value,
        "jpy_per_eur": fix.value,
        **{k: moments[k] for k in ("volatility", "fx_volatility", "correlation")},
        "carrying_eur_per_share": None if book.value is None else book.value / fix.value,
    }
    return Known(
        levels=levels,
        held=float(held.iloc[-1]),
        issued=float(issued.iloc[-1]),
        adv=float(volume.iloc[-ADV_DAYS:].mean()),
        history=moments["returns"].to_numpy(),
        used=used,
        stake_used=stake_used,
        tape_used=tape_used | stake_used,
        market_used=tape_used | rate_used,
        carrying_used=used | books_used,
        note=spot.note,
        carrying_note=book.note,
    )


def fill(s: Scenario, ev: Evidence, k: Known | None = None) -> Inputs:
    """Inputs of the sell-down: what the scenario leaves empty is taken from the evidence.

    Raises
    ------
    ScenarioError
        As :func:`known`, which makes ``k`` where it is not given.
    """
    k, g = k or known(ev), s.selldown
    g = g.model_copy(update={n: v for n, v in k.levels.items() if getattr(g, n) is None})
    drifts = sd.fair_drifts(
        g.volatility, g.fx_volatility, g.correlation, g.rate_jpy, g.discount_rate, g.dividend_yield
    )
    fair = dict(zip(("drift", "fx_drift"), drifts, strict=True))
    g = g.model_copy(update={n: v for n, v in fair.items() if getattr(g, n) is None})
    read = {f.name: getattr(k, f.name) for f in fields(Read)}
    return Inputs(group=g, terms=terms_of(g, k.held, k.issued, k.adv), **read)


def terms_of(g: Selldown, held: float, issued: float, adv: float) -> sd.Terms:
    """The terms that a filled group makes with a holding and a daily volume."""
    alike = {f.name: getattr(g, f.name) for f in fields(sd.Terms) if f.name in type(g).model_fields}
    return sd.Terms(
        **alike,
        held=float(held),
        issued=float(issued),
        target=g.target_stake,
        adv=float(adv),
        daily_volatility=g.volatility / np.sqrt(sd.market.TRADING_DAYS),
        discount=g.discount_rate,
        rate_foreign=g.rate_jpy,
        multiples=g.price_points,
        budget=g.buyback_budget_jpy,
        lot=g.lot_shares,
        floor=g.floor_jpy,
        premium=g.exchange_premium,
        spread=g.exchange_spread,
    )


def _first_day(ev: Evidence) -> str:
    return str(ev.days("holdings")[0].date())


def last_book(ev: Evidence) -> tuple[returns.Level, Used]:
    """The last published net assets a share, and the table that it is from."""
    with ev.reading() as quarterly:
        statements = ev.rows("statements", company=SHARE)
    with ev.reading() as yearly:
        old = ev.rows("book-values", company=SHARE)
    books = book_value(statements, old)
    level = returns.level(books["bps"].rename("book value"), ev.as_of)
    return level, quarterly if len(statements) else yearly
