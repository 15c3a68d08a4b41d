"""Chapter 3, the inputs: car makers with what a scenario assumes of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from alliance import separation
from alliance.answers.accounts import Account, Values, account
from alliance.answers.forms import forms
from alliance.errors import ScenarioError, did_you_mean
from alliance.evidence import Evidence, Used
from alliance.scenario import Scenario, fields

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
    for name, table in (("structures", "structures"), ("companies", "carmakers")):
        known = ev.names(table)
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


def makers(
    s: Scenario,
    ev: Evidence,
    names: tuple[str, ...] | None = None,
    known: Callable[[str, Evidence], Account] = account,
) -> dict[str, Maker]:
    """The scenario's companies (or some) in euros, each on the day or on the eve of its deal."""
    chosen = s.separation.companies if names is None else names
    return {key: _maker(known(key, ev), s) for key in chosen}


def _maker(a: Account, s: Scenario) -> Maker:
    maker = Maker(a.key, a.name, a.currency, a.day, a.per_eur, used=a.used, why=a.why)
    if a.why:
        return maker
    whole = a.shares * a.price - a.net_cash - a.stakes
    maker.figures = [*a.levels, *a.figures]
    units, stand_in = {}, {}
    for unit, told in a.told.items():
        units[unit], stand_in[unit], how = _unit(a, unit, s, max(whole, 0.0))
        origin = "assumed" if stand_in[unit] else "evidence"
        maker.figures.append((f"value of {told}", units[unit][1], how, origin))
    maker.assumed = {u: (*a.assumed, *stand_in.get(u, ())) for u in ("ev", "profit", "none")}
    maker.company = separation.Company(
        a.name, a.price, a.shares, a.net_cash, a.stakes, *a.plan, a.free_cash_flow, units, a.owns
    )
    maker.note = a.note
    return maker


def _unit(a: Account, unit: str, s: Scenario, whole: float) -> tuple[Values, tuple[str, ...], str]:
    """(low, base, high) of a unit, what is assumed, and how: scenario, the seller, or a rule."""
    values, assumed, how = a.sold.get(unit) or _by_rule(a, unit, s, whole)
    g = s.separation
    given = {"ev": g.ev_value_eur, "profit": g.profitable_value_eur}[unit]
    if given is None or a.key != g.company:
        return values, assumed, how
    ratio = given / values[1] if values[1] else 0.0
    values = tuple(v * ratio for v in values) if ratio else (given,) * 3
    field_name = "ev_value_eur" if unit == "ev" else "profitable_value_eur"
    return values, (f"separation.{field_name}",), "as the scenario says"


def _by_rule(a: Account, unit: str, s: Scenario, whole: float):
    info, setting = fields(type(s.separation))[NAMES[unit]], getattr(s.separation, NAMES[unit])
    low, high = (end / info.default for end in info.json_schema_extra["slider"])
    assumed: tuple[str, ...] = (f"separation.{NAMES[unit]}",)
    if unit == "profit":
        base, how = setting * whole, f"{setting:.0%} of the company"
    else:
        planned = a.cars
        if planned is None:
            planned, assumed = s.separation.planned_evs, (*assumed, "separation.planned_evs")
        base, how = planned * setting, f"{planned:,.0f} cars at EUR {setting:,.0f}"
    return (low * base, base, high * base), assumed, how
