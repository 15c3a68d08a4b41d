"""Chapter 3, the bargain: Nissan's money for Ampere against the sale of Renault's shares."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from alliance import bargain, returns
from alliance import selldown as sd
from alliance.answers import inputs
from alliance.answers.form import Builder
from alliance.answers.forms import ticket
from alliance.answers.makers import Maker
from alliance.errors import ScenarioError
from alliance.evidence import Evidence
from alliance.scenario import Scenario

HOLDER, ISSUER = "renault", "nissan"
PORSCHE_PREMIUM = 0.075  # assumed until Porsche's is public
KEYS = {
    "renault_gain_eur": "Gain of Renault's outside holders at the value agreed",
    "nissan_gain_eur": "Gain of Nissan's outside holders at the value agreed",
    "break_even_discount": "Discount of the sale at which Renault's outside holders gain nothing",
    "break_even_ip_cost_eur": "Cost of shared intellectual property at which Nissan gains nothing",
    "equal_split_value_eur": "Value of Ampere at which both sides gain alike",
}
_NONE = {
    "equal_split_value_eur": "no value splits the gain: the ticket is too small for what there is "
    "to share",
    "break_even_discount": "the discount does not reach Renault's holders: nothing is sold, or "
    "Nissan's gain comes back to them",
}
#: Scenario field, the term's name, and who raised it.
TERMS = (
    ("ticket_eur", "Nissan's money for Ampere", "article 1: join the EV unit"),
    ("independence_worth_eur", "independence of Nissan", "article 1: Nissan's demand"),
    ("nissan_share_of_sale", "part of the sale that Nissan buys", "article 1: sell down"),
    ("sale_discount", "discount of the sale", "article 1: a fair return"),
    ("europe_benefit_eur", "business in Europe", "article 1: Nissan's gain from Ampere"),
    ("ip_cost_eur", "shared intellectual property", "articles 1 and 2: Nissan's worry"),
    ("votes_worth_eur", "votes in Renault", "article 2: equal stakes"),
    ("control_worth_eur", "control given up", "article 2: equal stakes"),
    ("signal_eur", "signal to other investors", "article 1: outside capital"),
    ("overhang_relief", "relief of the block's discount", "article 1: poor return on the stake"),
)


def put(
    b: Builder,
    s: Scenario,
    makers: dict[str, Maker],
    known: Callable[[Evidence], inputs.Known] = inputs.known,
) -> None:
    """Add the zone, the points and the headline results of the bargain."""
    g, ev = s.separation, b.ev
    with ev.reading() as used:
        t, why = _stakes(s, ev)
    used = used.within(returns.earliest(ev.as_of))
    if t is not None and g.sale_discount is None:
        try:
            i = inputs.fill(s, ev, known(ev))
            cost = float(sd.block_cost(i.terms, i.terms.planned))
            t, used = replace(t, discount=cost - i.terms.fee), used | i.tape_used | i.market_used
        except ScenarioError as error:
            t, why = None, str(error)
    maker = makers.get(HOLDER)
    if maker is None or maker.company is None:
        why = f"Renault is not compared as of {ev.as_of}" if maker is None else maker.why
    elif "ev" not in maker.company.values:
        why = maker.lacks["ev"]
    columns = ["agreed", "discount", "renault", "nissan"]
    b.frames["bargain_zone"] = pd.DataFrame(columns=columns)
    b.frames["bargain_points"] = b.frames["bargain_terms"] = pd.DataFrame()
    if why:
        for key, label in KEYS.items():
            b.put(f"bargain.{key}", None, _unit(key), label, used, why)
        return
    _, belief, high = maker.company.values["ev"]
    agreed = g.ampere_value_eur or belief
    found, split = bargain.gains(t, agreed, belief), bargain.equal_split(t, belief)
    public = {"ticket_eur"} if g.ticket_eur is None else set()
    assumed = [f"separation.{name}" for name, _, _ in TERMS if name not in public]
    assumed = (*assumed, *maker.assumed["ev"])
    values = {
        "renault_gain_eur": float(found.holder_outside),
        "nissan_gain_eur": float(found.issuer_outside),
        "break_even_discount": bargain.break_even_discount(t, agreed, belief),
        "break_even_ip_cost_eur": bargain.break_even_ip(t, agreed, belief),
        "equal_split_value_eur": split,
    }
    for key, label in KEYS.items():
        note = None
        if values[key] is None:
            note = _NONE[key]
        b.put(f"bargain.{key}", values[key], _unit(key), label, used | maker.used, note, assumed)
    b.context |= {"stakes": t, "belief": belief, "agreed": agreed}
    _zone(b, t, belief, high)
    _points(b, s, t, agreed, belief, split)
    filled = {
        "independence_worth_eur": t.independence,
        "control_worth_eur": t.control,
        "sale_discount": t.discount,
        "ticket_eur": t.ticket,
    }
    b.frames["bargain_terms"] = pd.DataFrame(
        [(name, filled.get(f, getattr(g, f)), who) for f, name, who in TERMS],
        columns=["term", "value", "raised"],
    )


def _unit(key: str) -> str:
    return "EUR" if key.endswith("_eur") else "fraction"


def _stakes(s: Scenario, ev: Evidence) -> tuple[bargain.Stakes | None, str]:
    """The terms at the evidence's day, or why there are none."""
    g = s.separation
    close, rate = ev.close(ISSUER), ev.rate("jpy_per_eur")
    held, issued = ev.holding(HOLDER, ISSUER), ev.shares(ISSUER)
    back, own = ev.holding(ISSUER, HOLDER), ev.shares(HOLDER)
    price = returns.level(close, ev.as_of)
    fix = returns.level(rate, price.date or ev.as_of)
    if held.empty or issued.empty or back.empty or own.empty:
        return None, f"one of the two stakes was not public on {ev.as_of}"
    if price.value is None or fix.value is None:
        return None, price.note or fix.note
    money = ticket("carve_out", ISSUER, ev) if g.ticket_eur is None else g.ticket_eur
    if money is None:
        return None, f"no money of Nissan's for Ampere was named by {ev.as_of}"
    premium = g.voting_premium
    if premium is None:
        paid = ev.figure("porsche-premium-printed")
        premium = PORSCHE_PREMIUM if paid is None else paid
    value = float(issued.iloc[-1]) * price.value / fix.value
    stake = float(held.iloc[-1] / issued.iloc[-1])
    independence, control = g.independence_worth_eur, g.control_worth_eur
    t = bargain.Stakes(
        ticket=money,
        block=max(0.0, stake - s.selldown.target_stake) * value,
        holding=stake,
        back=float(back.iloc[-1] / own.iloc[-1]),
        discount=g.sale_discount or 0.0,
        fee=s.selldown.fee,
        bought=g.nissan_share_of_sale,
        independence=premium * (1 - stake) * value if independence is None else independence,
        votes=g.votes_worth_eur,
        control=premium * stake * value if control is None else control,
        ip=g.ip_cost_eur,
        benefit=g.europe_benefit_eur,
        signal=g.signal_eur,
        relief=g.overhang_relief,
    )
    return t, ""


def _zone(b: Builder, t: bargain.Stakes, belief: float, high: float) -> None:
    """Gains over the agreed value and the sale discount."""
    agreed, discount = np.linspace(high / 40, 2 * high, 80), np.linspace(0, 0.3, 61)
    grid_p, grid_d = np.meshgrid(agreed, discount)
    g = bargain.gains(t, grid_p, belief, grid_d)
    columns = {"agreed": grid_p, "discount": grid_d}
    columns |= {"renault": g.holder_outside, "nissan": g.issuer_outside}
    flat = {name: np.broadcast_to(v, grid_p.shape).ravel() for name, v in columns.items()}
    b.frames["bargain_zone"] = pd.DataFrame(flat)


def _points(b: Builder, s: Scenario, t: bargain.Stakes, agreed, belief, split) -> None:
    """The scenario's point, the same without its costs, the equal split, what was agreed and done.

    The last two stand on their own days and prices, without a discount: Nissan bought itself. The
    ticket of July 2023 named no part of Ampere: the fifteen per cent spoken of before make its
    value a floor. Where no ticket was paid, Ampere brought Nissan nothing.
    """
    rows = [
        _point(name, replace(t, **without), agreed, belief, b.ev.as_of)
        for name, without in (
            ("this scenario", {}),
            ("sold at market", {"discount": 0.0, "fee": 0.0}),
            ("control at nothing", {"control": 0.0}),
            ("neither of the two", {"discount": 0.0, "fee": 0.0, "control": 0.0}),
        )
    ]
    if split is not None:
        rows.append(_point("equal split", t, split, belief, b.ev.as_of))
    ev = b.ev
    with ev.reading() as used:
        tickets = ev.valuations.query("maker == @HOLDER and valuation == 'ticket-600'")
        sales = ev.tranches.sort_values("announced")
        if len(tickets):
            on = tickets["date"].iloc[-1].date()
            then, why = _stakes(s, ev.at(on))
            pledged = float(ev.fact("ampere-pledge-nissan")["value"])
            if not why:
                then = replace(then, ticket=pledged, discount=0.0, bought=1.0)
                floor = float(tickets["low"].iloc[-1])
                rows.append(_point("agreed in July 2023, at the floor", then, floor, belief, on))
        if len(sales):
            on = sales["announced"].iloc[0].date()
            then, why = _stakes(s, ev.at(on))
            money = float(sales["proceeds_eur"].sum())
            if not why:
                then = replace(then, ticket=0.0, block=money, discount=0.0, bought=1.0, benefit=0.0)
                rows.append(_point("done, at that day's beliefs", then, np.nan, belief, on))
    b.used = b.used | used
    b.frames["bargain_points"] = pd.DataFrame(rows)


def _point(name: str, t: bargain.Stakes, agreed, belief, day: dt.date) -> dict:
    found = bargain.gains(t, agreed if agreed == agreed else belief, belief)
    return {
        "point": name,
        "terms_of": day,
        "agreed": agreed,
        "ticket": t.ticket,
        "block": t.block,
        "discount": t.discount,
        "renault": float(found.holder_outside),
        "nissan": float(found.issuer_outside),
    }
