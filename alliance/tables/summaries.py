"""Each chapter in a few sentences, for its notebook, the report's index and the cockpit.

A panel's answers are a part of its chapter's: what a panel does not compute is left out.
"""

from alliance.answers import Answers
from alliance.format import day, money, percent
from alliance.tables.base import Html
from alliance.tables.chapter import SENTENCES, headlined, say

_BASIS = "with the unit at EUR {unit:.1f}bn{how}{assumed}"
_TRIED = (
    "On {who}, the structure “{form}” raises EUR {raised:.1f}bn " + _BASIS + ". That pays "
    "{covered:.0%} of {plan}, keeps {votes:.0%} of the votes in the unit, and leaves a share "
    "worth {value:+.1%} against its price if the unit is sold for that value.{large}"
)
_DROPPED = (
    "{who} raised nothing by its “{form}”: its listing was cancelled on {ended}. As planned it "
    "would have raised EUR {raised:.1f}bn "
    + _BASIS
    + ", paid {covered:.0%} of {plan} and kept {votes:.0%} "
    "of the votes in the unit.{large}"
)
_NOTHING = (
    "On {who}, the structure “{form}” raises nothing and sells nothing{assumed}: it keeps "
    "{votes:.0%} of the votes in the unit."
)


def fall(a: Answers) -> Html:
    """How far Nissan has fallen and what of it is its own; in the chapter also on which days."""
    if "decline.abnormal_share.results" not in a.results:
        return say("1-decline", a)
    part = (a.frame("moves")["kind"] == "results").mean()
    return say(f"{SENTENCES['1-decline']} {SENTENCES['news']}", a, part=part)


def sale(a: Answers) -> Html:
    """What the planned sale brings by the headlined programme, held, or sold at once."""
    if a.context["terms"].planned <= 0:
        return say("nothing to sell", a)
    held = a.results.get("selldown.hold.value_after_exit_eur_mean")
    loss = a.result(f"selldown.{headlined(a)}.loss_eur_mean")
    text = f"There is no accounting loss: {loss.note}"
    if loss.value is not None:
        kind = "loss" if loss.value > 0 else "gain"
        text = f"Against the amount carried the mean {kind} is {money(abs(loss.value), digits=2)}"
        if abs(loss.value) < 5e6:
            text = "Against the amount carried there is neither loss nor gain on average"
    return say(
        "2-selldown",
        a,
        programme=headlined(a).replace("_", " "),
        held=f"held, {money(held.value, digits=2)}; " if held else "",
        loss=text,
    )


def deal(a: Answers) -> Html:
    """What the headlined structure raises, on which value and assumptions; or what came of it."""
    g = a.context["group"]
    row = a.frame("grid").set_index(["structure", "maker"]).loc[(g.structure, g.company)]
    key = f"separation.{g.structure}.{g.company}"
    who, form = row["maker_name"], row["structure_name"].lower()
    if row["why"]:
        text = "On {who}, the structure “{form}” could not be tried: {why}."
        return say(text, a, who=who, form=form, why=row["why"])
    words = {
        "raised": row["gross"] / 1e9,
        "unit": row["unit_value"] / 1e9,
        "how": f" ({row['unit_how']})" if row["unit_how"] else "",
        "assumed": f", {row['assumed']}" if row["assumed"] else "",
        "covered": a[f"{key}.ev_plan_coverage"],
        "plan": f"its {row['plan_for']} of EUR {(row['plan'] or 0) / 1e9:.0f}bn",
        "votes": a[f"{key}.votes_kept"],
        "value": row["base_change"],
        "ended": row["ended"],
        "large": "",
    }
    if row["large"]:
        part = f"{percent(row['unit_over_market'])} of all of {who}"
        words["large"] = f" That value is {part} on {day(row['day'])}."
    text = _DROPPED if row["ended"] else _TRIED if row["gross"] > 0 else _NOTHING
    return say(text, a, who=who, form=form, **words)


def bargain(a: Answers) -> Html:
    """Who gains by the scenario's bargain, on what it rests, and where that turns."""
    first = a.result("bargain.renault_gain_eur")
    if first.value is None:
        return say("There is no bargain to show: {why}.", a, why=first.note)
    t = a.context["stakes"]
    even, ip = a["bargain.break_even_discount"], a["bargain.break_even_ip_cost_eur"]
    split = a["bargain.equal_split_value_eur"]
    return say(
        "At EUR {agreed:,.1f}bn agreed, with the shares sold {discount:.0%} below the market and "
        "control valued at EUR {control:,.1f}bn for Renault and independence at EUR {free:,.1f}bn "
        "for Nissan, all assumed, Renault's outside holders gain EUR {renault:+,.2f}bn and "
        "Nissan's EUR {nissan:+,.2f}bn. Renault's break even {even}; Nissan's where sharing "
        "know-how costs it EUR {ip:,.1f}bn. {split}",
        a,
        agreed=a.context["agreed"] / 1e9,
        discount=t.discount,
        control=t.control / 1e9,
        free=t.independence / 1e9,
        renault=first.value / 1e9,
        nissan=a["bargain.nissan_gain_eur"] / 1e9,
        even="at no discount"
        if even is None
        else f"at a discount of {even:.0%}"
        if even >= 0
        else "at no discount: they lose at the market's price too",
        ip=ip / 1e9,
        split="No value agreed splits the gain equally."
        if split is None
        else f"EUR {split / 1e9:,.1f}bn agreed splits the gain equally.",
    )
