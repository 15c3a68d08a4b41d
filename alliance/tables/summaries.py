"""Each chapter in a few sentences, for its notebook, the report's index and the cockpit.

A panel's answers are a part of its chapter's: what a panel does not compute is left out.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from alliance.answers import Answers, Result
from alliance.answers.negotiation import SLICES
from alliance.answers.programme import ALIKE, ISSUERS
from alliance.format import NBSP, counted, day, in_words, money, number, percent
from alliance.tables.base import Html
from alliance.tables.chapter import SENTENCES, headlined, say, size

FEW = 5  # days: of fewer, a sum is far from normal


def fall(a: Answers) -> Html:
    """How far Nissan has fallen and what of it is its own; in the chapter also on which days."""
    if "decline.abnormal_share.results" not in a.results:
        return say("1-decline", a)
    kind, parts = a.frame("moves")["kind"], {}
    own = a.frame("parts_daily")["company"].reindex(kind.index)
    for name in ("results", "alliance"):
        which, pool = own[kind == name], own[(kind == name) | (kind != "results")]
        k, n, chance = len(which), len(pool), ""
        if FEW <= k < n:
            middle, ends = k * pool.mean(), 1.96 * pool.std() * (k * (1 - k / n)) ** 0.5
            chance = f"{number(middle - ends, 2, True)} to {number(middle + ends, 2, True)}"
            law = f"as many random days would, 19 times in 20, bring {chance} by the normal law"
            chance = f"; {chance if parts.get('results_chance') else law}"
        parts |= {name: which.sum(), f"{name}_days": k / len(kind), f"{name}_chance": chance}
    return say(f"{SENTENCES['1-decline']} {SENTENCES['news']}", a, **parts)


def sale(a: Answers) -> Html:
    """What the planned sale brings by the headlined programme, held, or sold at once."""
    if a.context["terms"].planned <= 0:
        return say("nothing to sell", a)
    chosen, key = headlined(a), "selldown.{}.value_after_exit_eur_mean"
    held, best = a.results.get(key.format("hold")), a.context.get("best", chosen)
    near = ALIKE * a["selldown.planned_value_eur"]
    alike = abs(a[key.format(best)] - a[key.format(chosen)]) <= near
    more = f" The best way, {in_words(best)}, brings {money(a[key.format(best)], digits=2)}"
    more += f"{bought(a.context['group'], a.results)}." if best in ISSUERS else "."
    return say(
        "2-selldown", a, programme=in_words(chosen), at_price=f"at {a.context['price']}",
        years=counted(a.context["group"].horizon_years, "year"),
        aim=" (a target assumed here)" * a.context["aim"], discounted=discounted(a, " ({})"),
        days=f"{NBSP}day{'s' * (round(a['selldown.days_of_volume']) != 1)}",
        all="all" if a.context["group"].block_discount is None else "most",
        held=f"held, {money(held.value, digits=2)}; " if held else "",
        best="" if alike or best == "block" else more,
    )  # fmt: skip


def bought(g: Any, results: Mapping[str, Result]) -> str:
    """On what a way of selling rests in which Nissan buys, beside its net cash."""
    budget = money(g.buyback_budget_jpy, "JPY", 0)
    cash = results.get("selldown.issuer_net_cash_jpy")
    if cash and (cash.value or 0) > 0:
        part = percent(g.buyback_budget_jpy / cash.value)
        budget += f" ({part} of its net cash of {cash.label.rpartition(', ')[2][:7]})"
    return f", if Nissan buys for {budget} a year"


def discounted(a: Answers, form: str = "; {}") -> str:
    """That values are as of the day, where euros bear interest; for a sentence or a caption."""
    rate = a.context["group"].discount_rate
    return form.format(f"discounted to the day at {percent(rate, 1)} a year") if rate else ""


def deal(a: Answers) -> Html:
    """What the headlined structure raises, on which value and assumptions; or what came of it."""
    row = a.frame("grid").set_index(["structure", "maker"]).loc[tuple(headlined(a).split("."))]
    words = row.to_dict() | {"structure": row["structure_name"].lower(), "large": ""}
    if row["why"]:
        return say("no deal", a, **words)
    words["how"] = how_valued(row, row["unit_how"])
    name = row["unit_name"].replace(" (", ", ").removesuffix(")")
    words["unit_is"] = f" ({name})" if row["unit_name"] != name else ""
    words["and_does"] = and_does(row)
    words["kept"] = "What is not paid out" if row["paid_out"] else "That"
    words["assumed"] = f", {row['assumed']}" if row["assumed"] and row["kept"] < 1 else ""
    g, even, part = a.context["group"], row["breakeven_high"], percent(row["unit_over_market"])
    held = f"; with what is kept marked down by {percent(g.holding_discount)} it takes "
    words["even"] = f"{held}{money(even)} to break even" * bool(even > 0 < g.holding_discount)
    stays = f" and the market's discount of {percent(g.conglomerate_discount)} stays"
    words["stays"] = stays * bool(g.conglomerate_discount)
    if row["rest"] < 0 and row["gross"]:
        words["large"] = f" {SENTENCES['no rest'].format(companies=row['maker_name'])}."
    if row["large"]:
        what = f"{'Without the money to come the' if row['to_unit'] else 'The'} unit"
        what += " would be" if row["ended"] else " is"
        words["large"] += f" {what} {part} of all of {row['maker_name']} on {day(row['day'])}."
    sentence = "cancelled" if row["ended"] else "raises" if row["gross"] > 0 else "raises nothing"
    sentence, covers = SENTENCES[sentence], "{separation.*.ev_plan_coverage:.0%} of its whole"
    if (a[f"separation.{headlined(a)}.ev_plan_coverage"] or 1) <= 0:
        sentence = sentence.replace(f"pays {covers}", "leaves nothing for its")
        sentence = sentence.replace(f"paid {covers}", "left nothing for its")
    return say(sentence, a, **words)


def and_does(row: pd.Series) -> str:
    """What a structure does with the unit that raises nothing."""
    handed = f"and hands {percent(1 - row['kept'])} of the unit to its holders"
    return "and sells nothing" if row["kept"] == 1 else handed


def how_valued(row: pd.Series, words: str) -> str:
    """How a unit got its value, in brackets, unless what is assumed says the same."""
    twice = "the scenario" in words and "the scenario" in row["assumed"]
    said = twice or words in row["assumed"]
    return "" if said else f" ({words})"


def bargain(a: Answers) -> Html:
    """Who gains by the scenario's bargain, on what it rests, and where that turns."""
    if a["bargain.renault_gain_eur"] is None:
        return say("no bargain", a)
    even, split = a["bargain.break_even_discount"], a["bargain.equal_split_value_eur"]
    turns = f"break even at a discount of {percent(even or 0)}"
    points = a.frame("bargain_points").set_index("point")[["renault", "nissan"]]
    if even is None or even < 0:
        lost = even is not None and bool(points.at["sold at market", "renault"] < 0)
        turns = "don't break even at any discount" + ": they lose at the market's price too" * lost
    elif even >= 1:
        turns = "gain even if the shares are given away"
    if not a.context["stakes"].block:
        turns = "have no discount to break even at: nothing is sold"
    gains = {side: a.result(f"bargain.{side}_gain_eur") for side in ("renault", "nissan")}
    words = {side: "gain" if gain.value >= 0 else "lose" for side, gain in gains.items()}
    words |= {f"{side}_size": size(gain) for side, gain in gains.items()}
    costs, t, slices = a["bargain.break_even_ip_cost_eur"], a.context["stakes"], ""
    if SLICES in points.index and t.block:
        each = (number(gain / 1e9, sign=True) for gain in points.loc[SLICES])
        slices = " Sold in slices, as the dribble is, the two gains are EUR {}bn and {}bn."
        slices = slices.format(*each)
    below = f"{percent(t.discount)} below the market" if t.discount else "at the market's price"
    over, whole, how = a.context["cancelled"], a.context["whole"], "as one block " * bool(slices)
    dear = f", more than all of Renault's {money(whole)} in the market" * ((split or 0) > whole)
    both, small = sum(gain.value for gain in gains.values()), t.ticket <= a.context["over"]
    shared = f"{money(split or 0)} agreed splits the gain equally{dear}."
    if split is None:
        why = "the ticket is too small" if small else "it would have to be below the ticket"
        shared = f"No value agreed splits it equally: {why}."
    if both <= 0:  # whatever is agreed, which only moves money between them
        shared = f"Together they lose {money(-both, digits=2)}, whatever value is agreed."
    agreed, belief = a.context["agreed"], a.context["belief"]
    ticket = f" for a ticket of {money(t.ticket, digits=2)}" if t.ticket else " and no ticket"
    same = agreed == belief and bool(t.ticket)
    ticket += ", whose size moves nothing at the value believed" * same
    know_how = f"break even where sharing know-how costs it {money(costs)}"
    return say(
        "bargain", a, **words, even=turns, slices=slices,
        lead="" if over is pd.NaT else f"{SENTENCES['bargain over'].format(day=day(over))} ",
        sold=f"the shares sold {how}{below}" if t.block else "no share to sell",
        know_how=know_how if costs > 0 else "lose even where sharing know-how costs it nothing",
        split=shared, ticket=ticket,
    )  # fmt: skip
