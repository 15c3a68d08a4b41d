"""Chapter 0, Renault: its value part by part, and who owns whom, then and now."""

import pandas as pd

from alliance import returns
from alliance.answers import companies, figures
from alliance.answers.results import Answers, Builder
from alliance.errors import NotKnown
from alliance.evidence import Evidence
from alliance.format import day
from alliance.scenario import Scenario

HOLDER, ISSUER, OWN_FORM, TWIN = "renault", "nissan", "carve_out", "Horse"
VALUE = ("briefing.nav_per_share_eur", "briefing.nav_discount")
_IN_REST = "no value in the evidence: in the rest"


def parts(b: Builder, s: Scenario, sale: Answers) -> None:
    """Add Renault's parts, before and after a block of the planned shares at chapter 2's cost."""
    b.frames["nav"] = pd.DataFrame(columns=["part", "value", "now", "after", "note"])
    b.context["market_eur"], ev = None, b.ev
    with b.section(*VALUE):
        with ev.aside():
            maker = companies.companies(s, ev, (HOLDER,))[HOLDER]
        if maker.company is None:
            raise NotKnown(maker.why)
        companies.count_parts(maker, ("market", "owns", "net_cash"), ev)
        c, rows = maker.company, _rows(s, maker, ev)
        market = c.shares * c.price
        known = sum(value for _, value, _ in rows if value is not None)
        rows.append(("The rest", market - known, "what the market's price leaves"))
        frame = pd.DataFrame(rows, columns=["part", "value", "note"])
        frame["value"] = frame["value"].astype(float)
        sold = sale.context["terms"].planned / sale.context["terms"].held * c.stakes
        moves = {"Nissan shares": -sold, "Net cash": sold * (1 - sale["selldown.block_cost"])}
        after = frame["value"] + frame["part"].map(moves).fillna(0.0)
        frame["now"], frame["after"] = frame["value"] / c.shares, after / c.shares
        b.frames["nav"] = frame[["part", "value", "now", "after", "note"]]
        b.context["market_eur"] = market
        per_share, discount = VALUE
        b.put(per_share, known / c.shares)
        none = "its parts that have a value add up to nothing"
        b.put(discount, 1 - market / known if known > 0 else None, None if known > 0 else none)


def _rows(s: Scenario, maker: companies.Maker, ev: Evidence) -> list[tuple]:
    """Parts with their value, None where the evidence has none, and where it is from."""
    c, said = maker.company, {line[0]: line[2:] for line in maker.figures}
    note, origin = said["net_cash"]
    ended = ev.rows("structures", structure=OWN_FORM)["ended"].dropna()
    worth, ampere = None, _IN_REST
    if len(ended):
        ampere = f"plan cancelled on {day(ended.iloc[0])}: in the rest"
    else:
        companies.count_parts(maker, ["ev"], ev)
        with ev.aside():
            named = "ev" in figures.figures(HOLDER, ev).sold
        if named or (s.separation.company == HOLDER and s.separation.ev_value_eur is not None):
            worth, ampere = c.values["ev"][1], maker.how["ev"]
    half, horse, kept = ev.figure("horse-value"), None, ev.rows("stakes", company=TWIN)
    kept = kept[kept["holder"] == maker.name].sort_values("date")["capital"]
    if half is not None and len(kept):
        horse = half * float(kept.iloc[-1])
    return [
        ("Nissan shares", c.stakes or None, "at the market"),
        ("Net cash", c.net_cash if origin == "evidence" else None, note),
        ("Finance arm", None, _IN_REST),
        ("Ampere", worth, ampere),
        ("Horse", horse, "at the price of Aramco's part, debt not taken off" if horse else _IN_REST),
    ]


def owners(b: Builder, sale: Answers) -> None:
    """Add who owns whom: on the eve of the new agreement, before it at the entry of 1999; and now.

    Chapter 2 says who owns whom now. While the old agreement stood, Nissan's Renault shares had no
    votes and all of Renault's had theirs.
    """
    ev, now = b.ev, sale.frame("stakes")
    with b.section():
        trust = ev.rows("holdings", beneficiary=HOLDER, company=ISSUER)
        trust = trust.loc[trust["holder"] != HOLDER, "date"]
        entry = ev.rows("stakes", holder="Renault", company="Nissan")["date"]
        eve = trust.min() - pd.Timedelta(days=1) if len(trust) else entry.min()
        b.context["then"] = eve
        then = ev.stakes[ev.stakes["date"] <= eve].sort_values("date")
        then = then.groupby(["holder", "company"], as_index=False).tail(1)
        then = then.set_index(["holder", "company"])[["capital", "votes"]]
        for holder, company, votes in ((HOLDER, ISSUER, 1.0), (ISSUER, HOLDER, 0.0)):
            held = returns.as_known(ev.holding(holder, company), pd.DatetimeIndex([eve])).dropna()
            count = returns.as_known(ev.shares(company), held.index).dropna()
            if len(count):
                part = float(held.iloc[0] / count.iloc[0])
                then.loc[(holder.capitalize(), company.capitalize()), :] = part, votes * part
    now = now.set_index(["holder", "company"])[["capital", "votes"]].astype(float)
    both = then.astype(float).join(now, how="outer", lsuffix="_then", rsuffix="_now")
    b.frames["owners"] = both.reset_index()
