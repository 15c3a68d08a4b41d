"""Chapter 3, the grid: every structure on every company, with ranges."""

import numpy as np
import pandas as pd

from alliance import returns, separation
from alliance.answers import structures
from alliance.answers.companies import Maker, count_parts, stand_ins
from alliance.answers.results import Builder
from alliance.answers.structures import Known, terms
from alliance.errors import NotKnown, ScenarioError
from alliance.scenario import Scenario, Separation, fields

#: Headlines, and their names in the outcome.
HEADLINES = {
    "cash_raised_eur": "gross",
    "ev_plan_coverage": "coverage",
    "votes_kept": "votes",
    "ev_lookthrough": "lookthrough",
    "value_per_share_base": "base",
    "breakeven_ev_value_eur": "breakeven",
    "breakeven_ev_value_high_eur": "breakeven_high",
}
DRAWS = 10_000
BELOW = "below zero: at this value of the unit the market's price leaves less than nothing"
DRAWN = ("fee_rate", "offer_discount", "tax_rate", "conglomerate_discount")  # in this order
LARGE = 0.5  # of the market value of a whole company: noted on a unit above it
BLOCKING = 0.25  # of votes: a blocking minority in Germany; a third blocks in France


def put(b: Builder, s: Scenario, known: dict[str, Known], makers: dict[str, Maker]) -> None:
    """Add the grid of outcomes, its headline results, and the draws."""
    grid(b, s, known, makers)
    spread = []
    for row in b.frames["grid"].query("why == ''").itertuples():
        found = draws(known[row.structure].structure, makers[row.maker].company, s)
        spread.append({"structure": row.structure, "maker": row.maker, **found})
    columns = ["structure", "maker", "p_gain_as_sold", "p_gain"]
    columns += ["change_p05", "change_p50", "change_p95"]
    b.frames["uncertainty"] = pd.DataFrame(spread, columns=columns)
    _block(b, s, makers)


def grid(b: Builder, s: Scenario, known: dict[str, Known], makers: dict[str, Maker]) -> None:
    """Add the outcome of every structure on every maker, and its headline results."""
    t, rows = terms(s), []
    for one in known.values():
        for maker in makers.values():
            outcome = _apply(one, maker, t)
            row = _row(one, maker, outcome)
            rows.append(row)
            _results(b, one, maker, outcome, row)
    frame = b.frames["grid"] = pd.DataFrame(rows)
    own = frame["day"].dt.strftime(" %Y-%m").where(frame["day"] != pd.Timestamp(b.ev.as_of), "")
    frame["maker_on"] = frame["maker_name"] + own


def _apply(known: Known, maker: Maker, t: separation.Terms) -> separation.Outcome:
    sold = known.structure.unit if known.structure and known.structure.legs else ""
    if why := known.why or maker.why or maker.lacks.get(sold, ""):
        return separation.Outcome(why=why)
    try:
        return separation.apply(known.structure, maker.company, t)
    except ScenarioError as error:
        return separation.Outcome(why=str(error))


def _row(known: Known, maker: Maker, o: separation.Outcome) -> dict:
    names = [n for n in vars(o) if n != "why"]
    numbers = {n: float(v) if (v := getattr(o, n)) is not None else np.nan for n in names}
    unit, c = known.structure.unit if known.structure else "none", maker.company
    price, shares, plan = (c.price, c.shares, c.plan) if c else (np.nan, np.nan, None)
    low, base, high = (c and c.values.get(unit)) or (np.nan,) * 3
    change = {f"{case}_change": numbers[case] / price - 1 for case in ("low", "base", "high")}
    over = numbers["before"] / (price * shares) if base == base else np.nan
    blocks = []
    for leg, part in () if o.why else known.structure.parts(1.0 if np.isnan(base) else base):
        votes = part * leg.votes / known.structure.voting_capital
        if leg.to in ("anchor", "partner") and votes >= BLOCKING:
            blocks.append(leg.to)
    assumed = {**known.assumed, **maker.assumed_in.get(unit, {})}
    return {
        "structure": known.key, "structure_name": known.name,
        "maker": maker.key, "maker_name": maker.name, "day": pd.Timestamp(maker.day),
        "currency": maker.currency, "per_eur": maker.per_eur, "price": price, "shares": shares,
        "unit_value": base, "unit_low": low, "unit_high": high,
        "plan": plan, "plan_for": maker.plan_for, "unit_how": maker.how.get(unit, ""),
        "unit_name": maker.unit_names.get(unit, ""),
        "unit_over_market": over, "large": over > LARGE,
        "ended": known.ended if known.home == maker.key else None, **numbers, **change,
        "blocking": ", ".join(blocks), "assumed": ", ".join(assumed.values()), "why": o.why,
    }  # fmt: skip


def _results(b: Builder, known: Known, maker: Maker, o: separation.Outcome, row: dict) -> None:
    when = f"as planned until {row['ended']}" if row["ended"] else maker.day
    words = {"structure": known.key, "maker": maker.key, "plan_for": maker.plan_for}
    words["names"] = f"{known.name} on {maker.name}, {when}"
    for key, name in HEADLINES.items():
        value, why = getattr(o, name), o.why
        if value is None and not why:
            none = "no value of the unit breaks even" if row["gross"] else "nothing is sold"
            why = none if name.startswith("breakeven") else "no EV plan was public"
        value = None if value is None or np.isnan(value) else float(value)
        notes = [maker.note]
        if row["large"] and known.structure.legs:
            share = 100 * row["unit_over_market"]
            before = "before the money " * (row["to_unit"] > 0)
            notes.append(f"{before}the unit is {share:.0f} % of all of {maker.name}")
        notes += [BELOW] if name == "base" and value is not None and value < 0 else []
        note = why if value is None else "; ".join(n for n in notes if n) or None
        rests = _rests_on(known.structure, name)
        assumed = {**known.assumed, **stand_ins(maker, rests)}
        words["stand_ins"] = ", ".join(assumed.values())
        with b.section():
            structures.known(known.key, b.ev)
            count_parts(maker, rests, b.ev)
            b.put(f"separation.{{structure}}.{{maker}}.{key}", value, note, assumed, **words)


def _rests_on(structure: separation.Structure | None, name: str) -> set[str]:
    """Parts of a maker that an outcome, or the reason why there is none, rests on.

    A value a share does not depend on net cash or listed stakes, which stand on both its sides.
    """
    legs = structure.legs if structure else ()
    rests = {"market", structure.unit} if legs else {"market"}
    rests |= {"plan"} if name == "coverage" else set()
    partners = name == "lookthrough" and any(leg.partner for leg in legs)
    return rests | {"owns"} if partners else rests


def drawn_over(name: str, g: Separation) -> tuple[float, float]:
    """The range over which a term is drawn: its control's, and the scenario's value."""
    low, high = fields()[f"separation.{name}"].json_schema_extra["slider"]
    return min(low, getattr(g, name)), max(high, getattr(g, name))


def draws(structure: separation.Structure, company: separation.Company, s: Scenario) -> dict:
    """Value change under triangular draws of the unit's price, the terms and what is kept:
    ``p_gain``, the part of draws in which a share gains if the unit is worth its base whatever it
    is sold for, ``p_gain_as_sold``, if it is worth what it fetches, and ``change_p05, _p50, _p95``
    of the first."""
    n, rng = DRAWS, np.random.default_rng(s.seed)

    def drawn(name: str):
        (low, high), mode = drawn_over(name, s.separation), getattr(s.separation, name)
        return rng.triangular(low, mode, high, n) if high > low else np.full(n, float(mode))

    costs = s.separation.oneoff_cost_eur, s.separation.running_cost_eur  # none published: no range
    fee, offer, tax, today = map(drawn, DRAWN)
    t = separation.Terms(fee, offer, tax, 0.0, today, *costs)
    top = max(s.separation.holding_discount, 1e-9)
    middle = np.minimum(t.conglomerate_discount, top)
    holding = rng.triangular(0.0, middle, top, n)
    low, base, high = company.values.get(structure.unit, (0.0, 0.0, 0.0))
    value = rng.triangular(low, base, high, n) if high > low else np.full(n, base)
    found = {}
    for key, worth in (("p_gain_as_sold", value), ("p_gain", base)):  # the last gives the quantiles
        before = worth - sum(leg.price(worth) for leg in structure.legs if leg.new)
        after = t.conglomerate_discount, holding
        made = separation.value_per_share(structure, company, t, value, before, *after)
        change = np.broadcast_to(np.asarray(made / company.price - 1), (n,))
        change = change[~np.isnan(change)]
        found[key] = float((change > 1e-12).mean())
    quantiles = np.quantile(change, [0.05, 0.5, 0.95])
    return found | dict(zip(("change_p05", "change_p50", "change_p95"), quantiles, strict=True))


def _block(b: Builder, s: Scenario, makers: dict[str, Maker]) -> None:
    """A fifth way for a maker with a block of another: the shares above the target, at market."""
    where = "separation.nissan_block.renault."
    cash, cover = where + "cash_raised_eur", where + "ev_plan_coverage"

    def value() -> float:
        close, rate = b.ev.close("nissan"), b.ev.rate("jpy_per_eur")
        held, issued = b.ev.holding("renault", "nissan"), b.ev.shares("nissan")
        used.within(returns.earliest(b.ev.as_of))
        price = returns.level(close, b.ev.as_of)
        fix = returns.level(rate, price.date or b.ev.as_of)
        if held.empty or issued.empty:
            raise NotKnown(f"the evidence has no holding of Renault by {b.ev.as_of}")
        above = max(0.0, held.iloc[-1] - s.selldown.target_stake * issued.iloc[-1])
        return above * price.known() / fix.known()

    with b.section(cash) as used:
        b.put(cash, value())
    with b.section(cover) as used:
        amount, renault = value(), makers.get("renault")
        if renault is not None:
            count_parts(renault, ["plan"], b.ev)
        if renault is None or renault.company is None or not renault.company.plan:
            raise NotKnown("no EV plan of Renault is compared or was public")
        b.put(cover, amount / renault.company.plan)
