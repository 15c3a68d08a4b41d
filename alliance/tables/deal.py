"""The headlined structure on the headlined company, in one sentence."""

from __future__ import annotations

from alliance.answers import Answers
from alliance.tables.base import Html, say

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


def deal(a: Answers) -> Html:
    """What the headlined structure raises, on which value and assumptions; or what came of it."""
    g = a.context["group"]
    row = a.frame("transplant").set_index(["structure", "maker"]).loc[(g.structure, g.company)]
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
        part = f"{100 * row['unit_over_market']:.0f} % of all of {who}"
        words["large"] = f" That value is {part} on {row['day']:%Y-%m-%d}."
    text = _DROPPED if row["ended"] else _TRIED if row["gross"] > 0 else _NOTHING
    return say(text, a, who=who, form=form, **words)
