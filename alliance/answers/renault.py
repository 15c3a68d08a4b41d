"""Chapter 0: Renault part by part, who owns whom, what had happened and what lay ahead."""

import numpy as np
import pandas as pd

from alliance.answers import companies, figures, structures
from alliance.answers.results import Answers, Builder
from alliance.errors import NotKnown
from alliance.format import money, number, percent
from alliance.scenario import Scenario

HOLDER, ISSUER, PLAN = "renault", "nissan", "carve_out"
VALUE = ("briefing.nav_per_share_eur", "briefing.nav_discount")


def parts(b: Builder, s: Scenario, sale: Answers) -> None:
    """Add Renault's parts, before and after a block of the planned shares at chapter 2's cost.

    Ampere counts before the money that its listing was to bring. What nobody named a value of, or
    of a plan that was cancelled, is in the rest.
    """
    ev, t, g = b.ev, sale.context["terms"], s.separation
    b.frames["nav"] = pd.DataFrame()
    with b.section(*VALUE):
        with ev.aside():
            maker = companies.companies(s, ev, (HOLDER,))[HOLDER]
            named = "ev" in figures.figures(HOLDER, ev).sold
        companies.count_parts(maker, ("market", "owns", "net_cash", "ev"), ev)
        if maker.company is None:
            raise NotKnown(maker.why)
        b.context["cash_of"] = next(when for what, _, when, _ in maker.lines if what == "net_cash")
        c, ended = maker.company, ev.rows("structures", structure=PLAN)["ended"]
        named |= g.company == HOLDER and g.ev_value_eur is not None
        named &= ended.isna().all()
        plan = structures.structures(s, ev).get(PLAN, structures.known(PLAN, ev)).structure
        new = [leg for leg in plan.legs if leg.new] if plan and named else []
        values = np.array(c.values["ev"] if named else [np.nan] * 3)  # low, base, high
        before = values - sum((leg.price(values) for leg in new), np.zeros(3))
        horse = ev.figure("horse-value")
        if horse is not None:
            horse *= ev.last("stakes", "date", holder=maker.name, company="Horse")["capital"]
        parts = {
            "Nissan shares": c.stakes or np.nan,
            "Net cash": c.net_cash or np.nan,
            "the finance arm": np.nan,
            "Ampere": before[1],
            "Horse (debt not taken off)": np.nan if horse is None else horse,
        }
        frame, market = pd.Series(parts).to_frame("value"), c.shares * c.price
        known = frame["value"].sum()
        frame.loc["the rest"] = market - known
        sold = c.stakes * t.planned / t.held
        brought = sold * (1 - (sale["selldown.block_cost"] or 0))
        moves = {"Nissan shares": -sold, "Net cash": brought}
        after = frame["value"] + frame.index.map(moves).fillna(0.0)
        frame["now"], frame["after"] = frame["value"] / c.shares, after / c.shares
        b.frames["nav"] = frame.rename_axis("part").reset_index()
        b.context["ampere"] = values, before, (known - before[1] + before) / c.shares
        b.put(VALUE[0], known / c.shares)
        why = "what has a value adds up to nothing"
        b.put(VALUE[1], 1 - market / known if known > 0 else None, None if known > 0 else why)


def owners(b: Builder, sale: Answers) -> None:
    """Add who owns whom: on the eve of the new agreement, else at the entry of 1999; and now.

    Chapter 2 says who does now. While the old agreement stood, Nissan's Renault shares had no
    votes and all of Renault's had theirs.
    """
    ev, pair = b.ev, ["holder", "company"]
    with b.section():
        held = ev.rows("holdings", beneficiary=HOLDER, company=ISSUER)
        trust = held.loc[held["holder"] != HOLDER, "date"]
        eve = trust.min() - pd.Timedelta(days=1) if len(trust) else ev.stakes["date"].min()
        old = ev.at(eve.date())
        then = old.stakes.sort_values("date").drop_duplicates(pair, keep="last")
        then = then.set_index(pair)[["capital", "votes"]].astype(float)
        for holder, company, votes in ((HOLDER, ISSUER, 1.0), (ISSUER, HOLDER, 0.0)):
            if len(held := old.holding(holder, company)):
                part = float(held.iloc[-1] / old.shares(company).iloc[-1])
                then.loc[(holder.capitalize(), company.capitalize()), :] = part, votes * part
    now = sale.frame("stakes").set_index(pair)[["capital", "votes"]].astype(float)
    both = then.add_suffix("_then").join(now.add_suffix("_now"), how="outer")
    b.frames["owners"] = both.reset_index()
    b.context |= {"then": eve, "entered": not len(trust)}


def days(b: Builder) -> None:
    """Add the dated events of the alliance and of Renault's EV unit, and what lay ahead."""
    ev, now = b.ev, pd.Timestamp(b.ev.as_of)
    with b.section():
        news = ev.rows("events", lambda f: f["kind"].isin(["alliance", "other"]))
        own = ev.rows("separation-events", maker=HOLDER).assign(kind="EV unit")
        stakes = ev.rows("stakes", lambda f: f["company"].isin(["Nissan", "Mitsubishi Motors"]))
        ahead = ev.rows("ahead", lambda f: (f["due"] > now) & ~(f["ended"] <= now))
        plans = ev.rows("ev-plans", lambda f: (f["end"] > now) & ~(f["ended"] <= now), maker=HOLDER)
        told = ev.rows("forecasts", lambda f: f["fiscal_year_end"] > now, company=ISSUER)
    titles = [f"{percent(r.capital)} of {r.company} for {r.holder}" for r in stakes.itertuples()]
    found = pd.concat([news, own, stakes.assign(title=titles, kind="alliance")])
    found = found.drop_duplicates("date").sort_values("date", ignore_index=True)
    b.frames["timeline"] = found[["date", "title", "kind", "published"]]
    amounts = [
        money(r.amount, r.unit, 0) if r.kind == "money" else f"{number(r.amount, 0)} {r.unit}"
        for r in plans.itertuples()
    ]
    told = told.sort_values("published").tail(1)
    earns = [money(profit, "JPY", 0) for profit in told["operating_profit"]]
    lists = [
        ahead,
        plans.assign(due=plans["end"], what=[f"Renault's EV plan ends: {a}" for a in amounts]),
        told.assign(
            due=told["fiscal_year_end"],
            what=[f"Nissan's year ends: {e} of operating profit expected" for e in earns],
        ),
    ]
    columns = ["due", "what", "published", "issuer"]
    watch = pd.concat([ev.cited(rows)[columns] for rows in lists])
    b.frames["watch"] = watch.sort_values(["due", "what"], ignore_index=True)
