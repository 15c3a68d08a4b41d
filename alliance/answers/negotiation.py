"""Chapter 3, the bargain: Nissan's money for Ampere against the sale of Renault's shares."""

import datetime as dt
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pandas as pd

from alliance import bargain, returns
from alliance import selldown as sd
from alliance.answers import inputs
from alliance.answers.companies import Maker, count_parts
from alliance.answers.results import CATALOGUE, Builder, listed
from alliance.answers.structures import ticket
from alliance.errors import NotKnown, ScenarioError
from alliance.evidence import Evidence
from alliance.format import money, percent
from alliance.scenario import Scenario

HOLDER, ISSUER = "renault", "nissan"
SLICES = "sold in slices"  # as the dribble of chapter 2
PORSCHE_PREMIUM = 0.075  # assumed until Porsche's is public
KEYS = [key for key in CATALOGUE if key.startswith("bargain.")]
_NONE = {
    "equal_split_value_eur": "none does: the ticket is too small, or it would be below the ticket",
    "break_even_discount": "the discount does not reach Renault's holders: nothing is sold, or "
    "Nissan's gain comes back to them",
}
#: Scenario field, the term's name, and who raised it.
TERMS = listed("terms.txt")


def put(b: Builder, s: Scenario, makers: dict[str, Maker]) -> None:
    """Add the zone, the points and the headline results of the bargain."""
    b.frames["bargain_zone"] = pd.DataFrame(columns=["agreed", "discount", "renault", "nissan"])
    b.frames["bargain_points"] = b.frames["bargain_terms"] = pd.DataFrame()
    with b.section(*KEYS):
        b.ev.rows("carmakers", maker=HOLDER)
        maker = makers.get(HOLDER)
        if maker is None or maker.company is None:
            missing = f"Renault is not compared as of {b.ev.as_of}"
            raise NotKnown(missing if maker is None else maker.why)
        count_parts(maker, ["ev"], b.ev)
        if "ev" not in maker.company.values:
            raise NotKnown(maker.lacks["ev"])
        found = _gains(b, s, _terms(b.ev, s), maker)
        b.context["whole"] = maker.company.price * maker.company.shares
        t, one = b.context["stakes"], "as one block " * (s.separation.sale_discount is None)
        sale = f"the shares sold {one}{percent(t.discount)} below the market" if t.block else ""
        for key, value in found.items():
            note = _NONE[key] if value is None else None
            b.put(f"bargain.{key}", value, note, _assumed(s, maker), sale=sale)


def _assumed(s: Scenario, maker: Maker) -> list[str]:
    """What the bargain rests on that no evidence supports."""
    public = {"ticket_eur"} if s.separation.ticket_eur is None else set()
    terms = (f"separation.{name}" for name, _, _ in TERMS if name not in public)
    return [*terms, *maker.assumed_in["ev"]]


def _terms(ev: Evidence, s: Scenario) -> tuple[bargain.Stakes, float | None]:
    """The terms, with the discount that chapter 2 computes for the block; and that of a sale in
    slices, unless the scenario gives one."""
    t = _stakes(s, ev)
    if s.separation.sale_discount is not None:
        return t, None
    try:
        with ev.aside():
            i = inputs.fill(s, ev)
    except ScenarioError as error:
        raise NotKnown(str(error)) from None
    inputs.count_cost(ev)
    slow = sd.slice_cost(i.terms, i.terms.planned, i.terms.participation)
    costs = float(sd.block_cost(i.terms, i.terms.planned)), float(slow)
    whole, sliced = (cost - i.terms.fee for cost in costs)
    return replace(t, discount=whole), sliced


def _gains(b: Builder, s: Scenario, terms, maker: Maker) -> dict[str, float | None]:
    """The headlines; adds the frames."""
    g, (t, sliced) = s.separation, terms
    _, belief, high = maker.company.values["ev"]
    agreed = g.ampere_value_eur or belief
    if t.ticket > agreed:
        raise NotKnown(f"Nissan's ticket of {money(t.ticket)} is above the value agreed")
    gains, split = bargain.gains(t, agreed, belief), bargain.equal_split(t, belief)
    filled = {
        "ampere_value_eur": agreed, "sale_discount": t.discount, "ticket_eur": t.ticket,
        "independence_worth_eur": t.independence, "control_worth_eur": t.control,
    }  # fmt: skip
    b.context |= {"stakes": t, "belief": belief, "agreed": agreed, "gains": gains}
    b.context |= {"changes_hands": bargain.changes_hands(t), "over": bargain.even_over(t, belief)}
    b.context["filled"] = {f"separation.{name}": value for name, value in filled.items()}
    with b.section():
        b.context["cancelled"] = b.ev.rows("structures", structure="carve_out")["ended"].max()
    _zone(b, t, belief, high)
    _points(b, s, t, agreed, belief, split, sliced)
    rows = [(name, filled.get(f, getattr(g, f)), who) for f, name, who in TERMS]
    b.frames["bargain_terms"] = pd.DataFrame(rows, columns=["term", "value", "raised"])
    return {
        "renault_gain_eur": float(gains.holder_outside),
        "nissan_gain_eur": float(gains.issuer_outside),
        "break_even_discount": bargain.break_even_discount(t, agreed, belief),
        "break_even_ip_cost_eur": bargain.break_even_ip(t, agreed, belief),
        "equal_split_value_eur": split,
    }


def _stakes(s: Scenario, ev: Evidence) -> bargain.Stakes:
    """The terms at the evidence's day; NotKnown if something that they need was not public."""
    g = s.separation
    with ev.reading() as used:
        price = returns.level(ev.close(ISSUER), ev.as_of)
        fix = returns.level(ev.rate("jpy_per_eur"), price.date or ev.as_of)
        used.within(fix.date or ev.as_of)
    held, issued = ev.holding(HOLDER, ISSUER), ev.shares(ISSUER)
    back, own = ev.holding(ISSUER, HOLDER), ev.shares(HOLDER)
    if held.empty or issued.empty or back.empty or own.empty:
        raise NotKnown(f"the evidence lacks one of the two stakes by {ev.as_of}")
    price, fix = price.known(), fix.known()
    money = ticket("carve_out", ISSUER, ev) if g.ticket_eur is None else g.ticket_eur
    if money is None:
        raise NotKnown(f"no money of Nissan's for Ampere was named by {ev.as_of}")
    premium = g.voting_premium
    if premium is None:
        paid = ev.figure("porsche-premium-printed")
        premium = PORSCHE_PREMIUM if paid is None else paid
    value = float(issued.iloc[-1]) * price / fix
    stake = float(held.iloc[-1] / issued.iloc[-1])
    independence, control = g.independence_worth_eur, g.control_worth_eur
    return bargain.Stakes(
        ticket=money, block=max(0.0, stake - s.selldown.target_stake) * value,
        holding=stake, back=float(back.iloc[-1] / own.iloc[-1]),
        discount=g.sale_discount or 0.0, fee=s.selldown.fee, bought=g.nissan_share_of_sale,
        independence=premium * (1 - stake) * value if independence is None else independence,
        control=premium * stake * value if control is None else control,
        votes=g.votes_worth_eur, ip=g.ip_cost_eur, benefit=g.europe_benefit_eur,
        signal=g.signal_eur, relief=g.overhang_relief,
    )  # fmt: skip


def _zone(b: Builder, t: bargain.Stakes, belief: float, high: float) -> None:
    """Gains over the agreed value and the sale discount."""
    agreed, discount = np.linspace(high / 40, 2 * high, 80), np.linspace(0, 0.3, 61)
    grid_p, grid_d = np.meshgrid(agreed, discount)
    g = bargain.gains(t, grid_p, belief, grid_d)
    columns = {"agreed": grid_p, "discount": grid_d}
    columns |= {"renault": g.holder_outside, "nissan": g.issuer_outside}
    flat = {name: np.broadcast_to(v, grid_p.shape).ravel() for name, v in columns.items()}
    b.frames["bargain_zone"] = pd.DataFrame(flat)


def _points(b: Builder, s: Scenario, t: bargain.Stakes, agreed, belief, split, sliced) -> None:
    """The scenario's point, the same sold in slices, without its costs and without relief, the
    equal split, what was agreed and done.

    The last two stand on their own days and prices, without a discount: Nissan bought itself. The
    pledge of July 2023 named no part of Ampere, so it buys at the value believed. Where no ticket
    was paid, Ampere brought Nissan nothing.
    """
    rows = [
        _point(name, replace(t, **without), agreed, belief, b.ev.as_of)
        for name, without in (
            ("this scenario", {}),
            (SLICES, {"discount": sliced}),
            ("sold at market", {"discount": 0.0, "fee": 0.0}),
            ("control at nothing", {"control": 0.0}),
            ("neither of the two", {"discount": 0.0, "fee": 0.0, "control": 0.0}),
            ("no relief", {"relief": 0.0}),
        )
        if None not in without.values()
    ]
    if split is not None:
        rows.append(_point("equal split", t, split, belief, b.ev.as_of))
    ev = b.ev
    with b.section():
        with suppress(NotKnown):
            pledge, kept = ev.fact("ampere-pledge-nissan"), float(ev.fact("stake-agreed")["value"])
            on = pledge["date"].date()
            own = s.selldown.model_copy(update={"target_stake": kept})
            then = _stakes(s.model_copy(update={"selldown": own}), ev.at(on))
            then = replace(then, ticket=float(pledge["value"]), discount=0.0, bought=1.0)
            rows.append(_point("pledged in July 2023", then, belief, belief, on))
        sales = ev.tranches.sort_values("announced")
        for on in sales["announced"].dt.date[:1]:
            with suppress(NotKnown):
                money = float(sales["proceeds_eur"].sum())
                then = replace(_stakes(s, ev.at(on)), ticket=0.0, block=money, discount=0.0)
                then = replace(then, bought=1.0, benefit=0.0)
                rows.append(_point("done, at that day's beliefs", then, np.nan, belief, on))
    b.frames["bargain_points"] = pd.DataFrame(rows)


def _point(name: str, t: bargain.Stakes, agreed, belief, day: dt.date) -> dict:
    found = bargain.gains(t, agreed if agreed == agreed else belief, belief)
    return {
        "point": name, "terms_of": day, "agreed": agreed,
        "renault": float(found.holder_outside), "nissan": float(found.issuer_outside),
        "belief": belief,
        **{name: float(value) for name, value in vars(t).items()},
    }  # fmt: skip
