"""Chapter 3, the deals: each recomputed beside what was printed, as far as public."""

from functools import partial

import pandas as pd

from alliance.answers.results import Builder
from alliance.answers.structures import in_eur
from alliance.errors import NotKnown, need

BLOCKS = ("porsche-listed-shares", "porsche-anchor-shares")
PRICES = ("porsche-offer-price", "porsche-anchor-price")
UNIT = "porsche-ag-pref"
COLUMNS = ["maker", "item", "computed", "printed", "unit", "note"]


def put(b: Builder) -> None:
    """Add the record of the deals, the cells side by side, segments, charges and volumes."""
    b.context["facts"] = {}
    rows = [*_porsche(b), *_renault(b)]
    _ford(b)
    known = [row for row in (*rows, *_gm(b)) if row[2] is not None]
    b.frames["reconciliation"] = pd.DataFrame(known, columns=COLUMNS)
    with b.section():
        b.frames["deals"] = b.ev.cited(b.ev.deals)
        b.frames["priors"] = b.ev.priors
        b.frames["valuations"] = in_eur(b.ev.valuations, ["low", "high"], b.ev)


def _figure(b: Builder, name: str) -> float | None:
    """A fact's number, kept among those on which the record rests."""
    found, words = b.ev.figure(name), (name, "")
    if found is not None:
        with b.ev.aside():
            words = tuple(b.ev.fact(name)[["label", "unit"]])
    b.context["facts"][name] = found, *words
    return found


def _porsche(b: Builder) -> list[tuple]:
    """The flotation: proceeds, premium, payout, capital and votes kept."""
    ev, where, found = b.ev, "separation.record.porsche.", {}
    why = f"the terms of Porsche's flotation were not public on {ev.as_of}"

    def known(*facts: str) -> list[float]:
        figures = [_figure(b, name) for name in facts]
        if None in figures:
            ev.shares(UNIT)  # nor was its count
            raise NotKnown(why)
        return figures

    def last(name: str, series: pd.Series) -> float:
        found = float(need(series, why).iloc[-1])
        b.context["facts"][name] = found, name.replace("-", ", "), "shares"
        return found

    def gross() -> float:
        listed, anchor, offer, price = known(*BLOCKS, *PRICES)
        return listed * offer + anchor * price

    def premium() -> float:
        offer, price = known(*PRICES)
        return price / offer - 1

    def special() -> float:
        count = last("shares-volkswagen-pref", ev.shares("volkswagen-pref"))
        return known("porsche-payout")[0] * gross() / count

    def capital() -> float:
        held, issued = ev.holding("volkswagen", UNIT), ev.shares(UNIT)
        return last("held-porsche", held) / last("shares-porsche", issued)

    def votes() -> float:
        return 1 - known(BLOCKS[1])[0] / (last("shares-porsche", ev.shares(UNIT)) / 2)

    for make, key in (
        (gross, "gross_proceeds_eur"), (premium, "premium"), (capital, "capital_kept"),
        (special, "special_dividend_eur_per_share"), (votes, "votes_kept"),
    ):  # fmt: skip
        with b.section(where + key):
            found[key] = None
            found[key] = make()
            b.put(where + key, found[key])
    with b.section():
        f, proceeds = partial(_figure, b), found["gross_proceeds_eur"]
        spent, bought = f("porsche-stabilisation"), f("porsche-se-votes-bought")
        after = total = floating = None
        if found["special_dividend_eur_per_share"] is not None:
            listed, offer, payout = known(BLOCKS[0], PRICES[0], "porsche-payout")
            total = payout * proceeds
            if spent:
                after = listed * offer - spent
                floating = (listed - spent / offer) / last("shares-porsche", ev.shares(UNIT))
        note = "printed: 75 % less a share"
        rows = (
            ("both blocks, gross", proceeds, f("porsche-proceeds-printed"), "EUR", ""),
            ("listed block after stabilisation", after, f("porsche-placement-printed"), "EUR", ""),
            ("premium of the voting share", found["premium"], f("porsche-premium-printed"),
             "fraction", ""),
            ("special dividend", total, f("porsche-special-total-printed"), "EUR", ""),
            ("special dividend a share", found["special_dividend_eur_per_share"],
             f("porsche-special-dividend-printed"), "EUR a share", ""),
            ("free float of the capital", floating, f("porsche-float-printed"), "fraction", ""),
            ("votes kept", found["votes_kept"], None if bought is None else 1 - bought,
             "fraction", note),
            ("capital kept", found["capital_kept"], None, "fraction", "not printed"),
        )  # fmt: skip
    return [("Volkswagen", *row) for row in rows]


def _renault(b: Builder) -> list[tuple]:
    """Ampere's plan and pledges; Horse's owners."""
    f, rows = partial(_figure, b), []
    with b.section():
        raised, note = f("ampere-cancelled"), f"no listing by {b.ev.as_of}"
        for day in b.ev.rows("structures", structure="carve_out")["ended"].dropna():
            note = f"cancelled on {day.date()}"
        b.put("separation.record.ampere.raised_eur", raised, note)
    with b.section():
        nissan, mitsubishi = f("ampere-pledge-nissan"), f("ampere-pledge-mitsubishi")
        both = nissan + mitsubishi if None not in (nissan, mitsubishi) else None
        rows.append(("pledges to Ampere", both, f("ampere-pledges-printed"), "EUR", ""))
        floated, allies = f("ampere-float-planned"), f("ampere-allies-planned")
        kept = 1 - floated - allies if None not in (floated, allies) else None
        floor = f("ampere-floor")
        note = "" if floor is None else f"at least {floor:.0%} was promised"
        rows.append(("part of Ampere kept in the plan", kept, None, "fraction", note))
        note = "listing cancelled" + ("; folded back" if f("ampere-folded") is not None else "")
        rows.append(("raised by Ampere", raised, None, "EUR", note))
        sold = f("horse-aramco-share")
        half = None if sold is None else (1 - sold) / 2
        rows.append(("part of Horse kept", half, f("horse-kept-printed"), "fraction", ""))
        value, revenue = f("horse-value"), f("horse-revenue")
        over, note = value / revenue if value and revenue else None, "neither printed a price paid"
        rows.append(("Horse: enterprise value over revenue", over, None, "ratio", note))
    return [("Renault", *row) for row in rows]


def _ford(b: Builder) -> None:
    """Ford's segments by year against the group, losses against guidance; aims of all."""
    key = "separation.ford.ev_result_usd"
    with b.section():
        table = b.frames["segments"] = b.ev.segments
        aimed = b.ev.figure("ford-margin-target")
        plans = b.ev.ev_plans.query("kind == 'cars'").sort_values("published")
        b.frames["aims"] = _aims(b, table, plans, aimed)
    ford = table.query("maker == 'ford' and basis == 'actual'")
    wide = ford.pivot(index="year", columns="segment", values="ebit_low").astype(float)
    b.frames["ford"] = wide.reset_index()
    with b.section(key):
        losses = b.ev.rows("segments", maker="ford", basis="actual", segment="model-e")
        losses = losses.dropna(subset="ebit_low").sort_values("year")
        need(losses, f"no result of Model e was public on {b.ev.as_of}")
        years = dict.fromkeys(losses["year"].iloc[[0, -1]].astype(str))
        b.put(key, float(losses["ebit_low"].sum()), " to ".join(years))
    key = "separation.ford.ev_charges_usd"
    with b.section(key):
        if (charges := b.ev.figure("ford-charges")) is None:
            b.ev.rows("segments", maker="ford")
            raise NotKnown(f"no special items of Ford's EVs were public on {b.ev.as_of}")
        b.put(key, charges)


def _gm(b: Builder) -> list[tuple]:
    """GM's charges, added."""
    key = "separation.gm.ev_charges_usd"
    with b.section(key):
        charges = [_figure(b, f"gm-charge-2025-q{n}") for n in (3, 4)]
        if not (known := [c for c in charges if c is not None]):
            b.ev.rows("segments", maker="gm")
            raise NotKnown(f"no EV charge of GM was public on {b.ev.as_of}")
        b.put(key, sum(known))
    if not known:
        return []
    with b.section():
        printed = b.ev.figure("gm-charges-printed")
    return [("GM", "EV charges of 2025", sum(known), printed, "USD", "")]


#: The segment whose units are a maker's battery cars.
_CARS = {"gm": "ev", "ford": "model-e", "volkswagen": "bev", "renault": "renault-brand-ev"}


def _aims(b: Builder, table: pd.DataFrame, plans: pd.DataFrame, margin: float | None):
    """What makers aimed at beside what came: ``maker``, ``item``, ``year``, ``aim``, ``outcome``,
    ``of`` (the outcome's year), ``unit``, ``note`` and ``counts`` (on aim and outcome). Outcomes
    are cars sold.
    """
    names, rows = b.ev.names("carmakers"), []
    actual = table.query("basis == 'actual'")
    over, notes = plans["ended"] <= pd.Timestamp(b.ev.as_of), plans["note"].fillna("")
    ended = "given up on " + plans["ended"].dt.strftime("%Y-%m-%d")
    plans = plans.assign(note=notes.where(~over, (notes + "; " + ended).str.lstrip("; ")))
    last = {(p.maker, p.end.year): (float(p.amount), p.note) for p in plans.itertuples()}
    for (maker, year), (aim, note) in last.items():
        cars = actual[(actual["maker"] == maker) & (actual["segment"] == _CARS.get(maker))]
        cars = cars[cars["units"].notna() & (cars["year"] <= year)].sort_values("year")
        of = outcome = counts = None
        for row in cars[-1:].itertuples():
            of, outcome, counts = row.year, float(row.units), row.note
        rows.append((names[maker], "battery cars", year, aim, outcome, of, "units", note, counts))
    ford = actual[(actual["segment"] == "model-e") & actual["revenue"].notna()]
    if margin is not None and len(ford):
        of = ford.sort_values("year").iloc[-1]
        outcome = float(of["ebit_low"] / of["revenue"])
        item = "operating margin of Model e"
        rows.append(
            (names["ford"], item, 2026, margin, outcome, of["year"], "fraction", None, None)
        )
    columns = ["maker", "item", "year", "aim", "outcome", "of", "unit", "note", "counts"]
    return pd.DataFrame(sorted(rows, key=lambda r: (r[1], r[0], r[2])), columns=columns)
