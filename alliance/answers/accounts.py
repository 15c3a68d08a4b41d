"""Chapter 3, the inputs: a car maker in euros as the evidence shows it, whatever the scenario."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from alliance import returns
from alliance.answers.forms import RATES, in_eur, per_eur
from alliance.errors import NotPublished, ScenarioError
from alliance.evidence import Evidence, Used

_SELLERS = ("offer", "transaction", "company")  # values that count before those of onlookers
#: Facts that say how much of the whole a profitable unit earns.
_PROFIT_SHARES = {"ford": "ford-profit-share"}

Values = tuple[float, float, float]  # low, base, high in EUR


@dataclass(frozen=True)
class Account:
    """A maker on the day or on the eve of its deal; ``why`` says why there are no figures.

    Parameters
    ----------
    price, shares, net_cash, free_cash_flow, stakes
        EUR a share, a count, EUR.
    plan : tuple
        EUR or None, years, and the part still to run, of its plan for electric cars; ``plan_for``
        names it.
    owns : dict
        Parts of other companies.
    cars : float or None
        Electric cars a year of its own plan that still runs; of several the one that ends first.
    per_car : tuple or None
        EUR that a planned car a year was worth: low, base, high.
    profit_share : float or None
        Its profitable unit's part of the whole's operating profit.
    told : dict
        Names of its units.
    sold : dict
        By unit, the values that a seller named, what is assumed in them, and who named them.
    levels, figures : list of tuple
        Lines of the table of inputs: the market's, and the accounts'.
    """

    key: str
    name: str
    currency: str
    day: dt.date
    used: Used
    why: str = ""
    per_eur: float = 1.0
    price: float = 0.0
    shares: float = 0.0
    net_cash: float = 0.0
    free_cash_flow: float = 0.0
    stakes: float = 0.0
    plan: tuple[float | None, float, float] = (None, 0.0, 0.0)
    plan_for: str = "EV plan"
    owns: Mapping[str, float] = field(default_factory=dict)
    cars: float | None = None
    per_car: Values | None = None
    profit_share: float | None = None
    told: Mapping[str, str] = field(default_factory=dict)
    sold: Mapping[str, tuple[Values, dict[str, str], str]] = field(default_factory=dict)
    assumed: Mapping[str, str] = field(default_factory=dict)
    levels: tuple[tuple, ...] = ()
    figures: tuple[tuple, ...] = ()
    note: str = ""


def account(key: str, ev: Evidence) -> Account:
    """A maker's account; see :func:`_account`. Of prices it needs the last ones only."""
    found = _account(key, ev)
    return replace(found, used=found.used.within(returns.earliest(found.day), of="prices-"))


def _account(key: str, ev: Evidence) -> Account:
    """A maker's account.

    Raises
    ------
    ScenarioError
        If a figure is in a currency without a rate near its day.
    """
    with ev.reading() as used:
        rows = ev.rows("carmakers", maker=key)
        if rows.empty:
            why = f"{ev.names('carmakers')[key]} was not public on {ev.as_of}"
            return Account(key, ev.names("carmakers")[key], "EUR", ev.as_of, used, why)
        row, eves = rows.iloc[0], ev.rows("separation-events", maker=key, marks="eve")
        day = min([ev.as_of, *eves["date"].dt.date])
        then, share = ev.at(day), row["share"]
        who = {"key": key, "name": row["name"], "currency": row["currency"]}
        who |= {"day": day, "used": used}
        close, shares = then.close(share), then.shares(share)
        for other in then.rows("holdings", beneficiary=key)["company"].unique():
            days = returns.common(close, then.close(other))  # one day for it and what it holds
            close = close[: days[-1]] if len(days) else close
        price = returns.level(close, day)
        if price.value is None or shares.empty:
            why = price.note or f"the share count of {row['name']} was not public on {day}"
            return Account(**who, why=why)
        try:
            fx = per_eur(row["currency"], then, price.date)
        except ScenarioError as error:
            return Account(**who, why=str(error))
        return Account(
            **who, per_eur=fx, **_figures(key, row, then, price, float(shares.iloc[-1]), fx)
        )


def _figures(key: str, row, ev: Evidence, price: returns.Level, shares: float, fx: float) -> dict:
    assumed, figures, money = {}, [], {}
    rows = ev.rows("fundamentals", maker=key).sort_values("year")
    for metric in ("net_cash", "free_cash_flow"):
        known = rows[rows["metric"] == metric]
        if known.empty:
            assumed[f"separation.{key}.{metric}"] = f"{metric.replace('_', ' ')} taken as nil"
            money[metric] = 0.0
            figures.append((metric, 0.0, "not public: taken as nil", "assumed"))
        else:
            last = known.iloc[-1]
            money[metric] = float(last["value"]) / fx
            figures.append((metric, money[metric], f"of {last['year']}", "evidence"))
    counts = ev.rows("shares", company=row["share"], item="issued").sort_values("date")
    if counts["confidence"].iloc[-1] == "low":
        assumed[f"separation.{key}.shares"] = "on a share count that stands in"
    plans = ev.rows("ev-plans", maker=key).sort_values(["published", "start"])
    plans = plans[~(plans["ended"] <= pd.Timestamp(ev.as_of))]
    plan, lines = _plan(plans, ev, price.date)
    covers = plans.loc[plans["kind"] == "money", "covers"].iloc[-1:].dropna()
    stakes, value = _stakes(key, row["share"], ev), price.value / fx
    held = ("at market", "evidence") if stakes else ("none in the evidence", "assumed")
    note = price.note or f"close of {price.date}"
    rate = returns.level(ev.rate(RATES[row["currency"]]), ev.as_of).note if fx != 1.0 else None
    told = {"ev": row["ev_unit"], "profit": row["profit_unit"]}
    told = {unit: name for unit, name in told.items() if isinstance(name, str)}
    sold = {unit: _sold(key, unit, ev) for unit in told}
    return {
        "price": value,
        "shares": shares,
        **money,
        "stakes": stakes,
        "plan": plan,
        "plan_for": f"plan for {covers.iloc[0]}" if len(covers) else "EV plan",
        "owns": _owns(key, ev),
        "cars": _cars(plans, ev.as_of),
        "per_car": _per_car(ev, price.date),
        "profit_share": ev.figure(_PROFIT_SHARES[key]) if key in _PROFIT_SHARES else None,
        "told": told,
        "sold": {unit: found for unit, found in sold.items() if found},
        "assumed": assumed,
        "levels": (
            ("price a share", value, note, "evidence"),
            ("shares", shares, _told(counts["note"].iloc[-1]), "evidence"),
            ("market value", shares * value, note, "evidence"),
            ("listed stakes", stakes, *held),
        ),
        "figures": (*figures, *lines),
        "note": "; ".join(n for n in (price.note, rate) if n),
    }


def _told(note: object) -> str:
    return note if isinstance(note, str) else "last count public"


def _plan(plans: pd.DataFrame, ev: Evidence, day: dt.date):
    """The last plan of money: EUR, years, part still to run; and its line."""
    plans = plans[plans["kind"] == "money"]
    if plans.empty:
        return (None, 0.0, 0.0), []
    p = plans.iloc[-1]
    span = (p["end"] - p["start"]).days
    total = float(p["amount"]) / per_eur(p["unit"], ev, day)
    left = min(1.0, max(0.0, (p["end"] - pd.Timestamp(ev.as_of)).days / span))
    when = f"{p['start']:%Y-%m} to {p['end']:%Y-%m}, {left:.0%} still to run"
    when += f"; {p['note']}" if isinstance(p["note"], str) else ""
    return (total, span / 365.25, left), [("EV plan", total, when, "evidence")]


def _cars(plans: pd.DataFrame, day: dt.date) -> float | None:
    cars = plans[(plans["kind"] == "cars") & (plans["end"] >= pd.Timestamp(day))]
    first = cars.sort_values("end", kind="stable")
    return float(first["amount"].iloc[0]) if len(first) else None


def _per_car(ev: Evidence, day: dt.date) -> Values | None:
    """What a planned electric car a year was said to be worth, in euros: low, base, high."""
    try:
        facts = [ev.fact(f"value-a-car-{case}") for case in ("low", "base", "high")]
    except NotPublished:
        return None
    low, base, high = (float(f["value"]) / per_eur(f["unit"], ev, day) for f in facts)
    return min(low, base), base, max(base, high)


def _stakes(holder: str, own: str, ev: Evidence) -> float:
    """Market value in euros of what a maker holds of other companies with a price."""
    rows = ev.rows("holdings", beneficiary=holder)
    rows = rows[rows["company"] != own]
    total = 0.0
    for company in sorted(rows["company"].unique()):
        close = returns.level(ev.close(company), ev.as_of)
        if close.value is not None:
            held = ev.holding(holder, company).iloc[-1]
            currency = ev.rows("companies", company=company)["currency"].iloc[0]
            total += held * close.value / per_eur(currency, ev, close.date)
    return float(total)


def _owns(holder: str, ev: Evidence) -> dict[str, float]:
    rows = ev.rows("holdings", beneficiary=holder)
    out = {}
    for company in rows["company"].unique():
        issued = ev.shares(company)
        if len(issued):
            out[company] = float(ev.holding(holder, company).iloc[-1] / issued.iloc[-1])
    return out


def _sold(key: str, unit: str, ev: Evidence) -> tuple[Values, dict[str, str], str] | None:
    """The value of a unit that its seller named, else a bid in one figure; None if neither.

    Low is the lowest value that anybody named, high the top of what sellers named or asked. Once
    a plan is cancelled, the values that stood last stand as the plan's.
    """
    known = ev.rows("valuations", maker=key, unit=unit)
    ended = known["ended"] <= pd.Timestamp(ev.as_of)
    known = in_eur(known.sort_values("date"), ["low", "high"], ev)
    standing = known[~ended]
    own, told = _named(standing), ""
    if own.empty and ended.any():
        last = known["ended"].where(ended).max()
        own, told = _named(known[known["ended"] == last]), f", plan cancelled on {last:%Y-%m-%d}"
    if own.empty:
        return None
    last = own.iloc[-1]
    base = float(last["low"])
    high = [*own["high"], *standing.loc[standing["role"] == "asked", "high"]]
    values = (min(base, *standing["low"]), base, max(base, *high))
    how = f"{last['by']}, {last['date'].date()}{told}"
    how += f": {last['note']}" if isinstance(last["note"], str) else ""
    how += "; the last bid in one figure" if last["role"] == "bid" else ""
    if last["of"] == "enterprise":
        return values, {f"separation.{key}.enterprise_value": "debt not taken off"}, how
    return values, {}, how


def _named(known: pd.DataFrame) -> pd.DataFrame:
    """Values of sellers; where there is none, bids in one figure."""
    own = known[known["role"].isin(_SELLERS)]
    bids = known[(known["role"] == "bid") & (known["low"] == known["high"])]
    return own if len(own) else bids
