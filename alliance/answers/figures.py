"""Chapter 3, the inputs: a car maker in euros as the evidence shows it, whatever the scenario."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields

import pandas as pd

from alliance import returns, separation
from alliance.answers import units
from alliance.answers.structures import RATES, per_eur
from alliance.errors import NotKnown, ScenarioError
from alliance.evidence import Evidence, made_once

SELLER = "renault"  # of the disclosed sales
Values = tuple[float, float, float]  # low, base, high in EUR
Valued = tuple[Values, dict[str, str], str]  # what is assumed in them, and how they are found


@dataclass(frozen=True)
class Maker:
    """A maker on the day or on the eve of its deal; ``why`` says why there are no figures.

    Its ``company`` has the figures in EUR, and the values of units once a scenario is known.
    ``plan_for`` names its plan for electric cars; ``cars`` a year are those of its own plan that
    still runs (of several the one that ends first, in ``cars_of``), and ``per_car`` what one of
    ``per_car_of`` was worth; ``profit_share`` is its profitable unit's part of the whole's
    operating profit, and of which year. By unit, ``sold`` has the values that a seller named.
    ``assumed`` says what stands in for evidence, in words by id; ``lines`` are those of the table
    of inputs: figure, value, where it is from, and its origin.

    The rest is a scenario's: by unit what stands in for evidence (``assumed_in``), ``how`` its
    value was found or why it ``lacks`` one, and on which parts of these figures it ``rests``.
    """

    key: str
    name: str
    currency: str
    day: dt.date
    why: str = ""
    per_eur: float = 1.0
    company: separation.Company | None = None
    plan_for: str = "EV plan"
    cars: float | None = None
    cars_of: int | None = None
    per_car: Values | None = None
    per_car_of: str = ""
    profit_share: tuple[float, int] | None = None
    unit_names: Mapping[str, str] = field(default_factory=dict)
    sold: Mapping[str, Valued] = field(default_factory=dict)
    assumed: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[tuple, ...] = ()
    note: str = ""
    assumed_in: Mapping[str, dict[str, str]] = field(default_factory=dict)
    how: Mapping[str, str] = field(default_factory=dict)
    lacks: Mapping[str, str] = field(default_factory=dict)
    rests: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def count(key: str, parts: Iterable[str], ev: Evidence) -> None:
    """Count what parts of a maker's figures (names of :data:`_PARTS`) rest on, as far as known."""
    (row, day), wanted = _row(key, ev), set(parts)
    with suppress(NotKnown):
        for name in (name for name in _PARTS if name in wanted and row is not None):
            _part(name, key, row, ev.at(day))


@made_once
def figures(key: str, ev: Evidence) -> Maker:
    """A maker's figures."""
    row, day = _row(key, ev)
    name, then = ev.names("carmakers")[key], ev.at(day)
    if row is None:
        why = f"{name} was not public on {ev.as_of}"
        return Maker(key, name, "EUR", ev.as_of, why)
    who = {"key": key, "name": row["name"], "currency": row["currency"], "day": then.as_of}
    try:
        parts = [_part(name, key, row, then) for name in _PARTS]
    except NotKnown as error:
        return Maker(**who, why=str(error))
    own = {unit: row[f"{unit}_unit"] for unit in ("ev", "profit")}
    who["unit_names"] = {unit: name for unit, name in own.items() if isinstance(name, str)}
    for name in ("assumed", "sold"):
        who[name] = {k: v for part in parts[::-1] for k, v in part.pop(name, {}).items()}
    who["lines"] = tuple(line for part in parts for line in part.pop("lines", ()))
    who["note"] = "; ".join(filter(None, (part.pop("note", "") for part in parts)))
    found = {k: v for part in parts for k, v in part.items()}
    whole = {f.name: found.pop(f.name) for f in fields(separation.Company) if f.name in found}
    return Maker(**who, company=separation.Company(row["name"], **whole), **found)


@made_once
def _row(key: str, ev: Evidence) -> tuple[pd.Series | None, dt.date]:
    """A maker's row, and the day on which it stands: the evidence's, or the eve of its deal."""
    rows = ev.rows("carmakers", maker=key)
    if rows.empty:
        return None, ev.as_of
    eves = ev.rows("separation-events", maker=key, marks="eve")
    return rows.iloc[0], min([ev.as_of, *eves["date"].dt.date])


def _market(key: str, row: pd.Series, ev: Evidence) -> dict:
    """Price, count, rate and value; raises NotKnown where one of them was not public."""
    price = _price(key, row["share"], ev)
    last = ev.last("shares", "date", company=row["share"], item="issued")
    if price.value is None or last is None:
        missing = f"the evidence has no share count of {row['name']} by {ev.as_of}"
        raise NotKnown(price.note or missing)
    fx = _rate(row, ev)
    shares, value = float(last["shares"]), price.value / fx
    day = price.note or f"close of {price.date}"
    of = last["note"] if isinstance(last["note"], str) else "last count public"
    rate = ev.rate(RATES[row["currency"]]).rename("exchange rate") if fx != 1.0 else None
    old = None if rate is None else returns.level(rate, ev.as_of).note
    stand_in = {f"separation.{key}.shares": "on a share count that stands in"}
    return {
        "price": value, "shares": shares, "per_eur": fx,
        "assumed": stand_in if last["confidence"] == "low" else {},
        "lines": (
            ("price a share", value, day, "evidence"),
            ("shares", shares, of, "evidence"),
            ("market value", shares * value, day, "evidence"),
        ),
        "note": "; ".join(filter(None, (price.note, old))),
    }  # fmt: skip


@made_once
def _price(key: str, share: str, ev: Evidence) -> returns.Level:
    """The last close on a day on which what the maker holds was traded too."""
    with ev.reading() as used:
        close = ev.close(share)
        for other in _held(key, share, ev):
            days = returns.common(close, ev.close(other))  # one day for it and what it holds
            close = close[: days[-1]] if len(days) else close
        price = returns.level(close.rename("close"), ev.as_of)
        used.within(price.date or ev.as_of, of="prices-")
    return price


def _held(key: str, share: str, ev: Evidence) -> list[str]:
    """Other companies that a maker holds."""
    rows = ev.rows("holdings", beneficiary=key)
    return sorted(rows.loc[rows["company"] != share, "company"].unique())


def _rate(row: pd.Series, ev: Evidence) -> float:
    """Units of the maker's currency for a euro on the day of its price."""
    try:
        return per_eur(row["currency"], ev, _price(row["maker"], row["share"], ev).date)
    except ScenarioError as error:
        raise NotKnown(str(error)) from None


def _holdings(key: str, row: pd.Series, ev: Evidence) -> dict:
    """Market value in euros of what a maker holds of other companies with a price, and parts."""
    total, owns = 0.0, {}
    for company in _held(key, row["share"], ev):
        held, close = ev.holding(key, company).iloc[-1], ev.close(company)
        close = returns.level(close, _price(key, row["share"], ev).date or ev.as_of)
        if close.value is not None:
            currency = ev.rows("companies", company=company)["currency"].iloc[0]
            total += held * close.value / per_eur(currency, ev, close.date)
    for company in ev.rows("holdings", beneficiary=key)["company"].unique():
        if len(issued := ev.shares(company)):
            owns[company] = float(ev.holding(key, company).iloc[-1] / issued.iloc[-1])
    held = ("at market", "evidence") if total else ("none in the evidence", "assumed")
    return {"stakes": total, "owns": owns, "lines": (("listed stakes", total, *held),)}


def _money(metric: str) -> Callable[[str, pd.Series, Evidence], dict]:
    """Net cash or free cash flow of the last accounts public, nil where none was."""

    def part(key: str, row: pd.Series, ev: Evidence) -> dict:
        def newest(rows: pd.DataFrame) -> pd.Index:
            rows = rows[rows["metric"].isin([metric, f"{metric}_half"])]
            rows = rows.sort_values(["year", "metric"], ascending=[True, False])
            return rows.index[-1:]  # a year comes after its half

        rows = ev.rows("fundamentals", newest, maker=key)
        if rows.empty:
            nil = {f"separation.{key}.{metric}": f"{metric.replace('_', ' ')} taken as nil"}
            line = metric, 0.0, "not in the evidence: taken as nil", "assumed"
            return {metric: 0.0, "assumed": nil, "lines": (line,)}
        last = rows.iloc[0]
        value, half = float(last["value"]) / _rate(row, ev), last["metric"] != metric
        when = f"{'at 30 June' if half else 'at the end of'} {last['year']}"
        with ev.aside():
            none_known = ev.rows("dividends", company=row["share"]).empty
        if metric == "free_cash_flow":
            when = f"of {last['year']}"
        elif none_known:
            when += "; dividends since are not in the evidence"
        elif came := _since(key, row, f"{last['year']}-{'06-30' if half else '12-31'}", ev):
            value, when = value + came, f"{when}, dividends and sales of shares since counted"
        return {metric: value, "lines": ((metric, value, when, "evidence"),)}

    return part


def _since(key: str, row: pd.Series, since: str, ev: Evidence) -> float:
    """What has come in, in euros, since a balance sheet, and is not in today's prices: dividends
    on listed shares held, proceeds of those sold, less the dividends paid on all own shares."""

    def paid(company: str, shares: pd.Series) -> float:
        rows = ev.rows("dividends", lambda f: f["ex_date"] > since, company=company)
        eves = rows["ex_date"] - pd.Timedelta(days=1)  # whoever held on the eve is paid
        each = zip(rows["amount"], rows["currency"], rows["ex_date"].dt.date, strict=True)
        euros = [amount / per_eur(currency, ev, day) for amount, currency, day in each]
        held = returns.as_known(shares, pd.DatetimeIndex(eves)).fillna(shares.iloc[0])
        return float((held * euros).sum())

    came = -paid(row["share"], ev.shares(row["share"]))
    came += sum(paid(other, ev.holding(key, other)) for other in _held(key, row["share"], ev))
    if key == SELLER:
        now = pd.Timestamp(ev.as_of)
        sold = ev.rows("tranches", lambda f: f["settled"].between(since, now, "right"))
        came += float(sold["proceeds_eur"].sum())
    return came


def _plan(key: str, row: pd.Series, ev: Evidence) -> dict:
    """The last plan of money: EUR, years, part still to run."""
    plans = ev.rows("ev-plans", units.standing("money", ev), maker=key)
    if plans.empty:
        return {}
    p = plans.iloc[0]
    span = (p["end"] - p["start"]).days
    total = float(p["amount"]) / per_eur(p["unit"], ev, _price(key, row["share"], ev).date)
    left = min(1.0, max(0.0, (p["end"] - pd.Timestamp(ev.as_of)).days / span))
    when = f"{p['start']:%Y-%m} to {p['end']:%Y-%m}, {left:.0%} still to run"
    when += f"; {p['note']}" if isinstance(p["note"], str) else ""
    covers = f"plan for {p['covers']}" if isinstance(p["covers"], str) else "EV plan"
    covers += f" ({left:.0%} of its time to run)" if left else " (its time is over)"
    lines = [("EV plan", total, when, "evidence")]
    plan = {"plan": total, "plan_years": span / 365.25, "plan_left": left, "plan_for": covers}
    return plan | {"lines": lines}


_PARTS: dict[str, Callable[[str, pd.Series, Evidence], dict]] = {
    "market": _market, "owns": _holdings,
    "net_cash": _money("net_cash"), "free_cash_flow": _money("free_cash_flow"), "plan": _plan,
    "cars": lambda key, row, ev: units.cars(key, row, ev, _price(key, row["share"], ev).date),
    "share": units.profit_share, "sold_ev": units.sold("ev"), "sold_profit": units.sold("profit"),
    "base_ev": units.base("ev"), "base_profit": units.base("profit"),
}  # fmt: skip


def _part(name: str, key: str, row: pd.Series, ev: Evidence) -> dict:
    return dict(ev.once((name, key), lambda: _PARTS[name](key, row, ev)))
