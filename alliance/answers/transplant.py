"""Chapter 3, the transplant: every structure on every company, with ranges."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance import returns, separation
from alliance.answers.form import Builder
from alliance.answers.forms import Form, terms
from alliance.answers.makers import Maker
from alliance.errors import ScenarioError
from alliance.scenario import Scenario, fields

HEADLINES = {
    "cash_raised_eur": ("gross", "EUR", "cash raised, gross"),
    "ev_plan_coverage": ("coverage", "fraction", "cash left over the EV plan"),
    "votes_kept": ("votes", "fraction", "votes kept in the unit"),
    "ev_lookthrough": ("lookthrough", "fraction", "EV profit kept, looked through"),
    "value_per_share_base": ("base", "EUR a share", "value a share, base"),
    "breakeven_ev_value_eur": ("breakeven", "EUR", "offer value of the unit that breaks even"),
    "breakeven_ev_value_high_eur": (
        "breakeven_high",
        "EUR",
        "the same if what the parent keeps is marked down as a listed holding",
    ),
}
DRAWS = 10_000
BELOW = "below zero: at this value of the unit the market's price leaves less than nothing"
LARGE = 0.5  # of the market value of a whole company: a unit above it is told
BLOCKING = 0.25  # of votes: a blocking minority in Germany; a third blocks in France


def put(b: Builder, s: Scenario, forms: dict[str, Form], makers: dict[str, Maker]) -> None:
    """Add the grid of outcomes, its headline results, and the draws."""
    grid(b, s, forms, makers)
    spread = [
        {
            "structure": row.structure,
            "maker": row.maker,
            **draws(forms[row.structure].structure, makers[row.maker].company, s, DRAWS, s.seed),
        }
        for row in b.frames["transplant"].itertuples()
        if not row.why
    ]
    columns = ["structure", "maker", "p_gain", "change_p05", "change_p50", "change_p95"]
    b.frames["uncertainty"] = pd.DataFrame(spread, columns=columns)
    _block(b, s, makers)


def grid(b: Builder, s: Scenario, forms: dict[str, Form], makers: dict[str, Maker]) -> None:
    """Add the outcome of every structure on every maker, and its headline results."""
    t, rows = terms(s), []
    for form in forms.values():
        for maker in makers.values():
            outcome = _apply(form, maker, t)
            row = _row(form, maker, outcome)
            rows.append(row)
            _results(b, form, maker, outcome, row)
    b.frames["transplant"] = pd.DataFrame(rows)


def _apply(form: Form, maker: Maker, t: separation.Terms) -> separation.Outcome:
    sold = form.structure.unit if form.structure and form.structure.legs else ""
    if why := form.why or maker.why or maker.lacks.get(sold, ""):
        return separation.Outcome(why=why)
    try:
        return separation.apply(form.structure, maker.company, t)
    except ScenarioError as error:
        return separation.Outcome(why=str(error))


def _row(form: Form, maker: Maker, o: separation.Outcome) -> dict:
    names = [n for n in vars(o) if n != "why"]
    numbers = {n: float(v) if (v := getattr(o, n)) is not None else np.nan for n in names}
    price = maker.company.price if maker.company else np.nan
    unit = form.structure.unit if form.structure else "none"
    value = maker.company.values.get(unit) if maker.company else None
    change = {f"{case}_change": numbers[case] / price - 1 for case in ("low", "base", "high")}
    blocks = []
    if not o.why:
        offer = value[1] if value else 1.0
        for leg, part in form.structure.parts(offer):
            votes = part * leg.votes / form.structure.voting_capital
            if leg.to in ("anchor", "partner") and votes >= BLOCKING:
                blocks.append(leg.to)
    assumed = _assumed(form, maker)
    whole = maker.company.price * maker.company.shares if maker.company else np.nan
    return {
        "structure": form.key,
        "structure_name": form.name,
        "maker": maker.key,
        "maker_name": maker.name,
        "day": pd.Timestamp(maker.day),
        "currency": maker.currency,
        "per_eur": maker.per_eur,
        "price": price,
        "shares": maker.company.shares if maker.company else np.nan,
        "unit_value": value[1] if value else np.nan,
        "unit_low": value[0] if value else np.nan,
        "unit_high": value[2] if value else np.nan,
        "plan": maker.company.plan if maker.company else None,
        "plan_for": maker.plan_for,
        "unit_how": maker.how.get(unit, ""),
        "unit_over_market": value[1] / whole if value else np.nan,
        "large": bool(value) and value[1] / whole > LARGE,
        "ended": form.ended if form.home == maker.key else None,
        **numbers,
        **change,
        "blocking": ", ".join(blocks),
        "assumed": ", ".join(assumed.values()),
        "why": o.why,
    }


def _assumed(form: Form, maker: Maker) -> dict[str, str]:
    """What stands in for evidence in a structure on a maker: words by id."""
    unit = form.structure.unit if form.structure else "none"
    return {**form.assumed, **maker.assumed.get(unit, {})}


def _results(b: Builder, form: Form, maker: Maker, o: separation.Outcome, row: dict) -> None:
    used = form.used | maker.used
    assumed = _assumed(form, maker)
    when = f"as planned until {row['ended']}" if row["ended"] else maker.day
    for key, (name, measure, label) in HEADLINES.items():
        value = getattr(o, name)
        why = o.why
        if value is None and not why:
            why = "nothing is sold" if name.startswith("breakeven") else "no EV plan was public"
        value = None if value is None or np.isnan(value) else float(value)
        notes = [maker.note]
        if row["large"] and form.structure.legs:
            share = 100 * row["unit_over_market"]
            notes.append(f"the unit is valued at {share:.0f} % of all of {maker.name}")
        notes += [BELOW] if name == "base" and value is not None and value < 0 else []
        note = why if value is None else "; ".join(n for n in notes if n) or None
        label = label.replace("EV plan", maker.plan_for)
        words = ", ".join([f"{form.name} on {maker.name}, {when}: {label}", *assumed.values()])
        where = f"separation.{form.key}.{maker.key}.{key}"
        b.put(where, value, measure, words, used, note, tuple(assumed))


def draws(
    structure: separation.Structure, company: separation.Company, s: Scenario, n: int, seed: int
) -> dict[str, float]:
    """Value change under n draws of the uncertain inputs (triangular over their cited ranges).

    Returns
    -------
    dict
        ``p_gain``, the part of draws in which a share gains; ``change_p05, _p50, _p95``.
    """
    rng = np.random.default_rng(seed)

    def drawn(name: str):
        low, high = fields()[f"separation.{name}"].json_schema_extra["slider"]
        mode = getattr(s.separation, name)
        low, high = min(low, mode), max(high, mode)
        return rng.triangular(low, mode, high, n) if high > low else np.full(n, float(mode))

    costs = s.separation.oneoff_cost_eur, s.separation.running_cost_eur  # none published: no range
    free = drawn("fee_rate"), drawn("offer_discount"), drawn("tax_rate"), 0.0
    t = separation.Terms(*free, drawn("conglomerate_discount"), *costs)
    top = max(s.separation.holding_discount, 1e-9)
    middle = np.minimum(t.conglomerate_discount, top)
    holding = rng.triangular(0.0, middle, top, n)
    low, base, high = company.values.get(structure.unit, (0.0, 0.0, 0.0))
    value = rng.triangular(low, base, high, n) if high > low else np.full(n, base)
    before = base - sum(leg.price(base) for leg in structure.legs if leg.new)
    found = separation.value_per_share(
        structure, company, t, value, before, t.conglomerate_discount, holding
    )
    change = np.broadcast_to(np.asarray(found / company.price - 1), (n,))
    change = change[~np.isnan(change)]
    parts = dict(zip(("p05", "p50", "p95"), np.quantile(change, [0.05, 0.5, 0.95]), strict=True))
    gain = {"p_gain": float((change > 1e-12).mean())}
    return gain | {f"change_{name}": value for name, value in parts.items()}


def _block(b: Builder, s: Scenario, makers: dict[str, Maker]) -> None:
    """A fifth way for a maker with a block of another: the shares above the target, at market."""
    label, key = "Renault's Nissan shares above the target, at market", "separation.nissan_block"
    with b.ev.reading() as used:
        close, rate = b.ev.close("nissan"), b.ev.rate("jpy_per_eur")
        held, issued = b.ev.holding("renault", "nissan"), b.ev.shares("nissan")
        price = returns.level(close, b.ev.as_of)
        fix = returns.level(rate, price.date or b.ev.as_of)
    used = used.within(returns.earliest(b.ev.as_of))
    value, why = None, price.note or fix.note
    if held.empty or issued.empty:
        why = f"Renault's holding was not public on {b.ev.as_of}"
    elif price.value is not None and fix.value is not None:
        above = max(0.0, held.iloc[-1] - s.selldown.target_stake * issued.iloc[-1])
        value = above * price.value / fix.value
    b.put(f"{key}.renault.cash_raised_eur", value, "EUR", label, used, why)
    renault = makers.get("renault")
    covered = None
    if renault is not None:
        used = used | renault.used
        if value is not None and renault.company is not None and renault.company.plan:
            covered = value / renault.company.plan
    label = "The same over Renault's EV plan"
    why = None if covered is not None else why or "no EV plan of Renault is compared or was public"
    b.put(f"{key}.renault.ev_plan_coverage", covered, "fraction", label, used, why)
