"""Chapter 3, the inputs: car makers with what a scenario assumes of them."""

from collections.abc import Iterable
from dataclasses import replace

from alliance.answers.figures import Maker, Valued, count, figures
from alliance.answers.structures import structures
from alliance.errors import ScenarioError, did_you_mean
from alliance.evidence import Evidence
from alliance.scenario import Scenario

FIGURES = ("net_cash", "free_cash_flow", "shares")  # for which something may stand in
ASSUMED_SHARE = 0.30  # of a company for its profitable unit, where no profit of it was public
HALF, TWICE = 0.5, 2.0  # range of a part of profit (Ford Pro: 31 % in 2022, 69 % in 2023)


def check(s: Scenario, ev: Evidence) -> None:
    """Refuse names that are no rows, and terms that can't be, with a ScenarioError."""
    check_names(s, ev)
    structures(s, ev)


def check_names(s: Scenario, ev: Evidence) -> None:
    """Refuse names that are no rows, or not among those compared, with a ScenarioError."""
    g = s.separation
    for name, table in (("structures", "structures"), ("companies", "carmakers")):
        known = ev.names(table)
        for received in getattr(g, name):
            _among(known, name, f"rows of the table {table}", received)
    for name, among in (("structure", g.structures), ("company", g.companies)):
        _among(among, name, "one of those compared", getattr(g, name))


def _among(valid: Iterable[str], name: str, rule: str, received: str) -> None:
    if received not in valid:
        hint = did_you_mean(received, valid)
        raise ScenarioError(f"separation.{name}: must be {rule}, received '{received}'{hint}")


def companies(s: Scenario, ev: Evidence, names: tuple[str, ...] | None = None) -> dict[str, Maker]:
    """The scenario's companies (or some) in euros, each on the day or on the eve of its deal."""
    chosen = s.separation.companies if names is None else names
    return {key: _maker(figures(key, ev), s) for key in chosen}


def count_parts(maker: Maker, parts: Iterable[str], ev: Evidence) -> None:
    """Count what parts of a maker rest on: of its figures, or its units ``ev``, ``profit``."""
    names = [name for part in parts for name in maker.rests.get(part, (part,))]
    count(maker.key, names, ev)


def stand_ins(maker: Maker, parts: Iterable[str]) -> dict[str, str]:
    """What stands in for evidence in parts of a maker: words by id."""
    names = {name for part in parts for name in maker.rests.get(part, (part,))}
    names = {"shares" if name == "market" else name for name in names}
    unit = next((unit for unit in ("ev", "profit") if unit in parts), "none")
    figures = {f"separation.{maker.key}.{name}" for name in FIGURES}
    wanted = {f"separation.{maker.key}.{name}" for name in names}
    found = maker.assumed_in.get(unit, {})
    return {key: words for key, words in found.items() if key in wanted or key not in figures}


def _maker(a: Maker, s: Scenario) -> Maker:
    rests = {"none": (), **{unit: _rests(a, unit, s) for unit in ("ev", "profit")}}
    if a.why:
        return replace(a, rests=rests)
    c = a.company
    own = max(c.shares * c.price - c.net_cash - c.stakes, 0.0)
    lines, units, stand_in, how, lacks = [*a.lines], {}, {}, {}, {}
    for unit, name in a.unit_names.items():
        found = _unit(a, unit, s, own)
        if isinstance(found, str):
            lacks[unit] = found
            continue
        units[unit], stand_in[unit], how[unit] = found
        origin = "assumed" if stand_in[unit] else "evidence"
        lines.append((f"value of {name}", units[unit][1], how[unit], origin))
    assumed = {unit: {**a.assumed, **stand_in.get(unit, {})} for unit in rests}
    made = {"company": replace(c, values=units), "lines": tuple(lines)}
    return replace(a, **made, assumed_in=assumed, how=how, lacks=lacks, rests=rests)


def _rests(a: Maker, unit: str, s: Scenario) -> tuple[str, ...]:
    """Parts of the figures that the value of a unit rests on."""
    g = s.separation
    planned = g.planned_evs if a.key == g.company and unit == "ev" else None
    named = (f"base_{unit}",) if planned is None else ()  # also that nobody named a value
    if unit in a.sold and named:
        return named
    return (*named, *(("cars",) if unit == "ev" else ("share", "market", "net_cash", "owns")))


def _unit(a: Maker, unit: str, s: Scenario, whole: float) -> Valued | str:
    """(low, base, high) of a unit, what is assumed, and how: scenario, the seller, or a rule.

    Where there is no value, why.
    """
    g = s.separation
    mine = a.key == g.company
    given = {"ev": g.ev_value_eur, "profit": g.profitable_value_eur}[unit]
    planned = g.planned_evs if mine and unit == "ev" else None
    found = a.sold.get(unit) if planned is None else None
    if not found:
        found = _by_profit(a, g, whole) if unit == "profit" else _by_cars(a, g, planned)
    if given is None or not mine:
        return found
    base = 0.0 if isinstance(found, str) else found[0][1]
    values = tuple(v * given / base for v in found[0]) if base else (given,) * 3
    name = "separation." + ("ev_value_eur" if unit == "ev" else "profitable_value_eur")
    return values, {name: "at the scenario's value of the unit"}, "as the scenario says"


def _by_profit(a: Maker, g, whole: float) -> Valued:
    share, year = a.profit_share or (None, None)
    how, assumed = f"its part of operating profit of {year}", {}
    if share is None or g.profitable_share is not None:
        how = "assumed" if g.profitable_share is None else "as the scenario says"
        share = g.profitable_share or ASSUMED_SHARE
        words = f"the unit taken as {100 * share:.0f} % of the company, {how}"
        assumed = {"separation.profitable_share": words}
    elif share >= 1:
        words = "the unit taken as all of the company, whose other units lose what they earn"
        assumed = {f"separation.{a.key}.profit_share": words}
    base = share * whole
    values = HALF * base, base, min(TWICE * share, 1) * whole
    return values, assumed, f"{100 * share:.0f} % of the company, {how}"


def _by_cars(a: Maker, g, planned: float | None) -> Valued | str:
    assumed, of = {}, f" of {a.cars_of}" if planned is None else ""
    cars, per_car = a.cars, a.per_car
    if planned is not None:
        cars, assumed["separation.planned_evs"] = planned, f"at the scenario's {planned:,.0f} cars"
    if cars is None:
        return f"no plan of {a.name}'s own for a number of electric cars stood on {a.day}"
    if (given := g.value_per_ev_eur) is not None:
        per_car = tuple(v * given / per_car[1] for v in per_car) if per_car else (given,) * 3
        assumed["separation.value_per_ev_eur"] = f"at the scenario's EUR {given:,.0f} a car"
    elif per_car is not None:  # said of one maker's, for all
        words = f"at EUR {per_car[1]:,.0f} a planned car, as was said of {a.per_car_of}"
        assumed[f"separation.{a.key}.value_a_car"] = words
    if per_car is None:
        return f"no value of a planned electric car was public on {a.day}"
    low, base, high = (cars * v for v in per_car)
    return (low, base, high), assumed, f"{cars:,.0f} cars{of} at EUR {per_car[1]:,.0f}"
