"""Chapter 3 in two sentences: the headlined structure on its company, and the bargain."""

from alliance.answers import Answers
from alliance.format import day, money, percent
from alliance.tables.base import Html
from alliance.tables.chapter import headlined, say


def deal(a: Answers) -> Html:
    """What the headlined structure raises, on which value and assumptions; or what came of it."""
    row = a.frame("grid").set_index(["structure", "maker"]).loc[tuple(headlined(a).split("."))]
    words = row.to_dict() | {"structure": row["structure_name"].lower(), "large": ""}
    if row["why"]:
        return say("no deal", a, **words)
    words["how"] = f" ({row['unit_how']})" if row["unit_how"] else ""
    words["assumed"] = f", {row['assumed']}" if row["assumed"] else ""
    if row["large"]:
        part = f"{percent(row['unit_over_market'])} of all of {row['maker_name']}"
        words["large"] = f" That value is {part} on {day(row['day'])}."
    sentence = "cancelled" if row["ended"] else "raises" if row["gross"] > 0 else "raises nothing"
    return say(sentence, a, **words)


def bargain(a: Answers) -> Html:
    """Who gains by the scenario's bargain, on what it rests, and where that turns."""
    if a["bargain.renault_gain_eur"] is None:
        return say("no bargain", a)
    even, split = a["bargain.break_even_discount"], a["bargain.equal_split_value_eur"]
    turns = f"at a discount of {percent(even or 0)}"
    if even is None or even < 0:
        turns = "at no discount" + ": they lose at the market's price too" * (even is not None)
    return say(
        "bargain",
        a,
        even=turns,
        split="No value agreed splits the gain equally."
        if split is None
        else f"{money(split)} agreed splits the gain equally.",
    )
