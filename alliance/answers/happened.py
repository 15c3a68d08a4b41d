"""Chapter 3, what happened: each deal recomputed beside what was printed, as far as public."""

from __future__ import annotations

import pandas as pd

from alliance.answers.form import Builder
from alliance.answers.forms import in_eur
from alliance.evidence import Used

COLUMNS = ["maker", "item", "computed", "printed", "unit", "note"]


def put(b: Builder) -> None:
    """Add the record of the deals, the cells side by side, segments, charges and volumes."""
    rows: list[tuple] = []
    _porsche(b, rows)
    _renault(b, rows)
    _segments(b, rows)
    b.frames["happened"] = pd.DataFrame(rows, columns=COLUMNS)
    with b.ev.reading() as used:
        b.frames["deals"] = b.ev.cited(b.ev.deals)
    with b.ev.reading() as priors_used:
        b.frames["priors"] = b.ev.priors
        b.frames["valuations"] = in_eur(b.ev.valuations, ["low", "high"], b.ev)
    b.used = b.used | used | priors_used


def _row(rows, maker, item, computed, printed, unit, note="") -> None:
    if computed is not None:
        rows.append((maker, item, computed, printed, unit, note))


def _porsche(b: Builder, rows) -> None:
    """The flotation: proceeds, premium, payout, capital and votes kept."""
    f = b.ev.figure
    with b.ev.reading() as used:
        listed, anchor = f("porsche-listed-shares"), f("porsche-anchor-shares")
        offer, price = f("porsche-offer-price"), f("porsche-anchor-price")
    with b.ev.reading() as counts:
        parent, unit = b.ev.shares("volkswagen-pref"), b.ev.shares("porsche-ag-pref")
    with b.ev.reading() as payout_used:
        payout = f("porsche-payout")
    with b.ev.reading() as held_used:
        held = b.ev.holding("volkswagen", "porsche-ag-pref")
    known = None not in (listed, anchor, offer, price, payout) and len(parent) and len(unit)
    gross = listed * offer + anchor * price if known else None
    premium = price / offer - 1 if known else None
    special = payout * gross / parent.iloc[-1] if known else None
    votes = 1 - anchor / (unit.iloc[-1] / 2) if known else None
    capital = float(held.iloc[-1] / unit.iloc[-1]) if known and len(held) else None
    what = {
        "gross_proceeds_eur": (gross, "EUR", "gross proceeds of both blocks", used),
        "premium": (premium, "fraction", "premium of the voting share", used),
        "special_dividend_eur_per_share": (
            special, "EUR a share", "special dividend a Volkswagen share",
            used | counts | payout_used),
        "capital_kept": (capital, "fraction", "capital kept", counts | held_used),
        "votes_kept": (votes, "fraction", "votes kept", used | counts),
    }  # fmt: skip
    why = f"the terms of Porsche's flotation were not public on {b.ev.as_of}"
    for key, (value, measure, label, read) in what.items():
        where = f"separation.record.porsche.{key}"
        note = None if value is not None else why
        read = read if value is not None else read | counts
        b.put(where, value, measure, f"Porsche's flotation: {label}", read, note)
    with b.ev.reading() as printed_used:
        spent = f("porsche-stabilisation")
        after = listed * offer - spent if known and spent else None
        floating = (listed - spent / offer) / unit.iloc[-1] if known and spent else None
        who = "Volkswagen"
        _row(rows, who, "both blocks, gross", gross, f("porsche-proceeds-printed"), "EUR")
        _row(rows, who, "listed block after stabilisation", after,
             f("porsche-placement-printed"), "EUR")  # fmt: skip
        _row(rows, who, "premium of the voting share", premium, f("porsche-premium-printed"),
             "fraction")  # fmt: skip
        total = payout * gross if known else None
        _row(rows, who, "special dividend", total, f("porsche-special-total-printed"), "EUR")
        _row(rows, who, "special dividend a share", special,
             f("porsche-special-dividend-printed"), "EUR a share")  # fmt: skip
        _row(rows, who, "free float of the capital", floating, f("porsche-float-printed"),
             "fraction")  # fmt: skip
        bought = f("porsche-se-votes-bought")
        _row(rows, who, "votes kept", votes, None if bought is None else 1 - bought, "fraction",
             "printed: 75 % less a share")  # fmt: skip
        _row(rows, who, "capital kept", capital, None, "fraction", "not printed")
    b.used = b.used | printed_used


def _renault(b: Builder, rows) -> None:
    """Ampere's plan and pledges; Horse's owners."""
    f = b.ev.figure
    with b.ev.reading() as cancelled:
        raised, note = f("ampere-cancelled"), f"no listing by {b.ev.as_of}"
        for day in b.ev.rows("structures", structure="carve_out")["ended"].dropna():
            note = f"cancelled on {day.date()}"
    label = "Raised by Ampere's listing"
    b.put("separation.record.ampere.raised_eur", raised, "EUR", label, cancelled, note)
    with b.ev.reading() as used:
        nissan, mitsubishi = f("ampere-pledge-nissan"), f("ampere-pledge-mitsubishi")
        both = nissan + mitsubishi if None not in (nissan, mitsubishi) else None
        _row(rows, "Renault", "pledges to Ampere", both, f("ampere-pledges-printed"), "EUR")
        floated, allies = f("ampere-float-planned"), f("ampere-allies-planned")
        kept = 1 - floated - allies if None not in (floated, allies) else None
        floor = f("ampere-floor")
        told = "" if floor is None else f"at least {floor:.0%} was promised"
        _row(rows, "Renault", "part of Ampere kept in the plan", kept, None, "fraction", told)
        told = "listing cancelled" + ("; folded back" if f("ampere-folded") is not None else "")
        _row(rows, "Renault", "raised by Ampere", raised, None, "EUR", told)
        sold = f("horse-aramco-share")
        half = None if sold is None else (1 - sold) / 2
        _row(rows, "Renault", "part of Horse kept", half, f("horse-kept-printed"), "fraction")
        value, revenue = f("horse-value"), f("horse-revenue")
        if value and revenue:
            _row(rows, "Renault", "Horse: enterprise value over revenue", value / revenue, None,
                 "ratio", "neither printed a price paid")  # fmt: skip
    b.used = b.used | used


def _segments(b: Builder, rows) -> None:
    """Ford's segments by year against the group, losses against guidance; GM's charges."""
    f = b.ev.figure
    with b.ev.reading() as used:
        table = b.ev.segments
    b.used = b.used | used
    b.frames["segments"] = table
    ford = table.query("maker == 'ford' and basis == 'actual'")
    wide = ford.pivot(index="year", columns="segment", values="ebit_low").astype(float)
    b.frames["ford"] = wide.reset_index()
    with b.ev.reading() as facts_used:
        aimed = f("ford-margin-target")
        plans = b.ev.ev_plans.query("kind == 'cars'").sort_values("published")
    b.used = b.used | facts_used
    b.frames["aims"] = _aims(b, table, plans, aimed)
    losses = wide["model-e"].dropna() if "model-e" in wide else pd.Series(dtype=float)
    why = f"no result of Model e was public on {b.ev.as_of}"
    years = f"{losses.index[0]} to {losses.index[-1]}" if len(losses) else ""
    label = "Ford: operating result of Model e, all years published"
    value = float(losses.sum()) if len(losses) else None
    b.put("separation.ford.ev_result_usd", value, "USD", label, used, years or why)
    with b.ev.reading() as facts_used:
        charges = [f("gm-charge-2025-q3"), f("gm-charge-2025-q4")]
        printed = f("gm-charges-printed")
    known = [c for c in charges if c is not None]
    why = f"no EV charge of GM was public on {b.ev.as_of}"
    read = facts_used if known else Used() | used
    value = sum(known) if known else None
    label = "GM: charges on its EV business"
    b.put("separation.gm.ev_charges_usd", value, "USD", label, read, None if known else why)
    if known:
        _row(rows, "GM", "EV charges of 2025", sum(known), printed, "USD")


#: The segment whose units are a maker's battery cars.
_CARS = {"gm": "ev", "ford": "model-e", "volkswagen": "bev", "renault": "renault-brand-ev"}


def _aims(b: Builder, table: pd.DataFrame, plans: pd.DataFrame, margin: float | None):
    """What makers aimed at beside what came: ``maker``, ``item``, ``year``, ``aim``, ``outcome``,
    ``of`` (the outcome's year), ``unit``. Perimeters differ between makers, and in time.
    """
    names, rows = b.ev.names("carmakers"), []
    actual = table.query("basis == 'actual'")
    last = {(p.maker, p.end.year): float(p.amount) for p in plans.itertuples()}
    for (maker, year), aim in last.items():
        cars = actual[(actual["maker"] == maker) & (actual["segment"] == _CARS.get(maker))]
        cars = cars.dropna(subset=["units"]).set_index("year")["units"].sort_index()
        cars = cars[cars.index <= year]
        of, outcome = (cars.index[-1], float(cars.iloc[-1])) if len(cars) else (None, None)
        rows.append((names[maker], "battery cars", year, aim, outcome, of, "units"))
    ford = actual[(actual["segment"] == "model-e") & actual["revenue"].notna()]
    if margin is not None and len(ford):
        of = ford.sort_values("year").iloc[-1]
        outcome = float(of["ebit_low"] / of["revenue"])
        item = "operating margin of Model e"
        rows.append((names["ford"], item, 2026, margin, outcome, of["year"], "fraction"))
    columns = ["maker", "item", "year", "aim", "outcome", "of", "unit"]
    return pd.DataFrame(sorted(rows, key=lambda r: (r[1], r[0], r[2])), columns=columns)
