"""Chapter 3, the inputs: structures and car makers as the evidence shows them on the day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from alliance import returns, separation
from alliance.answers.forms import RATES, forms, per_eur
from alliance.errors import ScenarioError, did_you_mean
from alliance.evidence import Evidence, Used
from alliance.scenario import Scenario, fields

_SELLERS = ("offer", "transaction", "company")  # values that count before those of onlookers
TARGET_YEAR = 2025  # a plan of cars counts if it is for this year, or the next to it
#: Fields of the scenario's group on which the makers rest (tested: no other moves them).
FIELDS = (
    "companies",
    "company",
    "ev_value_eur",
    "profitable_value_eur",
    "value_per_ev_eur",
    "planned_evs",
    "profitable_share",
)
NAMES = {"ev": "value_per_ev_eur", "profit": "profitable_share"}


@dataclass
class Maker:
    """A car maker in euros with what its figures were read from; ``why`` where one is missing.

    ``assumed`` names, by unit, what stands in for evidence.
    """

    key: str
    name: str
    currency: str
    day: dt.date
    share: str
    per_eur: float = 1.0
    company: separation.Company | None = None
    used: Used = field(default_factory=Used)
    assumed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    figures: list[tuple] = field(default_factory=list)
    note: str = ""
    why: str = ""


def check(s: Scenario, ev: Evidence) -> None:
    """Refuse names that are no rows, and terms that can't be.

    Raises
    ------
    ScenarioError
    """
    check_names(s, ev)
    forms(s, ev)


def check_names(s: Scenario, ev: Evidence) -> None:
    """Refuse names that are no rows, or not among those compared.

    Raises
    ------
    ScenarioError
    """
    g = s.separation
    for name, key, table in (
        ("structures", "structure", "structures"),
        ("companies", "maker", "carmakers"),
    ):
        known = list(ev.package.read(table)[key])
        for received in getattr(g, name):
            if received not in known:
                hint = did_you_mean(received, known)
                raise ScenarioError(
                    f"separation.{name}: must be rows of the table {table}, "
                    f"received '{received}'{hint}"
                )
    for name, among in (("structure", g.structures), ("company", g.companies)):
        if getattr(g, name) not in among:
            hint = did_you_mean(getattr(g, name), among)
            raise ScenarioError(
                f"separation.{name}: must be one of those compared, "
                f"received '{getattr(g, name)}'{hint}"
            )


def makers(s: Scenario, ev: Evidence, names: tuple[str, ...] | None = None) -> dict[str, Maker]:
    """The scenario's companies (or some) in euros, each on the day or on the eve of its deal."""
    table = ev.package.read("carmakers").set_index("maker")
    chosen = s.separation.companies if names is None else names
    return {key: _maker(key, table.loc[key], s, ev) for key in chosen}


def _maker(key: str, row: pd.Series, s: Scenario, ev: Evidence) -> Maker:
    day = ev.as_of if pd.isna(row["eve"]) else min(ev.as_of, row["eve"].date())
    then = ev.at(day)
    maker = Maker(key, row["name"], row["currency"], day, row["share"])
    with ev.reading() as maker.used:
        price = returns.level(then.close(row["share"]), day)
        shares = then.shares(row["share"])
        if price.value is None or shares.empty:
            maker.why = price.note or f"the share count of {row['name']} was not public on {day}"
            return maker
        try:
            maker.per_eur = per_eur(row["currency"], then, price.date)
        except ScenarioError as error:
            maker.why = str(error)
            return maker
        _fill(maker, row, s, then, price, float(shares.iloc[-1]))
    return maker


def _fill(maker: Maker, row, s: Scenario, ev: Evidence, price, shares: float) -> None:
    fx, assumed = maker.per_eur, []
    rows = ev.rows("fundamentals", maker=maker.key).sort_values("year")
    money = {}
    for metric in ("net_cash", "free_cash_flow"):
        known = rows[rows["metric"] == metric]
        if known.empty:
            assumed.append(f"separation.{maker.key}.{metric}")
            money[metric] = 0.0
            maker.figures.append((metric, 0.0, "not public: taken as nil", "assumed"))
        else:
            last = known.iloc[-1]
            money[metric] = float(last["value"]) / fx
            maker.figures.append((metric, money[metric], f"of {last['year']}", "evidence"))
    counts = ev.rows("shares", company=maker.share, item="issued")
    if counts.sort_values("date")["confidence"].iloc[-1] == "low":
        assumed.append(f"separation.{maker.key}.shares")
    stakes = _stakes(maker.key, row["share"], ev)
    nil = stakes == 0.0
    plans = ev.rows("ev-plans", maker=maker.key).sort_values(["published", "start"])
    plans = plans[~(plans["ended"] <= pd.Timestamp(ev.as_of))]
    plan = plans[plans["kind"] == "money"]
    total, years, left = None, 0.0, 0.0
    if len(plan):
        p = plan.iloc[-1]
        span = (p["end"] - p["start"]).days
        total, years = float(p["amount"]) / per_eur(p["unit"], ev, price.date), span / 365.25
        left = min(1.0, max(0.0, (p["end"] - pd.Timestamp(ev.as_of)).days / span))
        when = f"{p['start']:%Y-%m} to {p['end']:%Y-%m}, {left:.0%} still to run"
        when += f"; {p['note']}" if isinstance(p["note"], str) else ""
        maker.figures.append(("EV plan", total, when, "evidence"))
    value = price.value / fx
    whole = shares * value - money["net_cash"] - stakes
    units, stand_in = {}, {}
    for unit, told in (("ev", row["ev_unit"]), ("profit", row["profit_unit"])):
        if isinstance(told, str):
            found = _unit(maker, unit, told, s, ev, plans, max(whole, 0.0))
            units[unit], stand_in[unit] = found
    maker.assumed = {u: (*assumed, *stand_in.get(u, ())) for u in ("ev", "profit", "none")}
    maker.company = separation.Company(
        maker.name, value, shares, money["net_cash"], stakes, total, years, left,
        money["free_cash_flow"], units, _owns(maker.key, ev),
    )  # fmt: skip
    note = price.note or f"close of {price.date}"
    rate = returns.level(ev.rate(RATES[row["currency"]]), ev.as_of).note if fx != 1.0 else None
    maker.note = "; ".join(n for n in (price.note, rate) if n)
    maker.figures[:0] = [
        ("price a share", value, note, "evidence"),
        ("shares", shares, _told(counts.sort_values("date")["note"].iloc[-1]), "evidence"),
        ("market value", shares * value, note, "evidence"),
        (
            "listed stakes",
            stakes,
            "none in the evidence" if nil else "at market",
            "assumed" if nil else "evidence",
        ),
    ]


def _told(note: object) -> str:
    return note if isinstance(note, str) else "last count public"


def _stakes(holder: str, own: str, ev: Evidence) -> float:
    """Market value in euros of what a maker holds of other companies with a price."""
    rows = ev.rows("holdings", beneficiary=holder)
    rows = rows[rows["company"] != own]
    total = 0.0
    currencies = ev.package.read("companies").set_index("company")["currency"]
    for company in sorted(rows["company"].unique()):
        close = returns.level(ev.close(company), ev.as_of)
        if close.value is not None:
            held = ev.holding(holder, company).iloc[-1]
            total += held * close.value / per_eur(currencies[company], ev, close.date)
    return float(total)


def _owns(holder: str, ev: Evidence) -> dict[str, float]:
    rows = ev.rows("holdings", beneficiary=holder)
    out = {}
    for company in rows["company"].unique():
        issued = ev.shares(company)
        if len(issued):
            out[company] = float(ev.holding(holder, company).iloc[-1] / issued.iloc[-1])
    return out


def _unit(maker: Maker, unit: str, told: str, s: Scenario, ev: Evidence, plans, whole: float):
    """(low, base, high) of a unit and what is assumed: scenario, the seller's value, or a rule."""
    g = s.separation
    known = ev.rows("valuations", maker=maker.key, unit=unit)
    known = known[~(known["ended"] <= pd.Timestamp(ev.as_of))]
    for end in ("low", "high"):
        known[end] = [
            v / per_eur(c, ev, day)
            for v, c, day in zip(known[end], known["currency"], known["date"], strict=True)
        ]
    own = known[known["role"].isin(_SELLERS)].sort_values("date")
    given = {"ev": g.ev_value_eur, "profit": g.profitable_value_eur}[unit]
    info = fields(type(g))[NAMES[unit]]
    setting = getattr(g, NAMES[unit])
    low, high = (end / info.default for end in info.json_schema_extra["slider"])
    assumed: tuple[str, ...] = (f"separation.{NAMES[unit]}",)
    if len(own):
        last = own.iloc[-1]
        middle = known[["low", "high"]].mean(axis=1)
        base = float(last["low"])
        values = (min(float(middle.min()), base), base, max(float(own["high"].max()), base))
        assumed, how = (), f"{last['by']}, {last['date'].date()}"
        if last["of"] == "enterprise":
            assumed = (f"separation.{maker.key}.enterprise_value",)
            how += ", debt not taken off"
    elif unit == "profit":
        base = setting * whole
        values, how = (low * base, base, high * base), f"{setting:.0%} of the company"
    else:
        cars = plans[plans["kind"] == "cars"]
        away = (cars["end"].dt.year - TARGET_YEAR).abs()
        near = cars[(away == away.min()) & (away <= 1)]
        planned = float(near["amount"].iloc[-1]) if len(near) else g.planned_evs
        if near.empty:
            assumed = (*assumed, "separation.planned_evs")
        base = planned * setting
        values = (low * base, base, high * base)
        how = f"{planned:,.0f} cars at EUR {setting:,.0f}"
    if given is not None and maker.key == g.company:
        ratio = given / values[1] if values[1] else 0.0
        values = tuple(v * ratio for v in values) if ratio else (given,) * 3
        field_name = "ev_value_eur" if unit == "ev" else "profitable_value_eur"
        assumed, how = (f"separation.{field_name}",), "as the scenario says"
    origin = "assumed" if assumed else "evidence"
    maker.figures.append((f"value of {told}", values[1], how, origin))
    return values, assumed
