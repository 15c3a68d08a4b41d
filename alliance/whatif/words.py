"""A panel's numbers: in a sentence, and as a table with differences against the pinned case."""

from __future__ import annotations

import html
import math
from dataclasses import replace

from alliance.answers import Answers, Result
from alliance.tables import bargain, deal, say, shown

_PROGRAMME = (
    "proceeds_eur_mean",
    "proceeds_eur_p05",
    "wealth_eur_mean",
    "value_after_exit_eur_mean",
    "value_after_exit_eur_cvar05",
    "p_complete",
    "p_at_target",
    "years_to_complete_median",
    "stake_end_mean",
    "loss_eur_mean",
)
_DECLINE = (
    "price_change_jpy",
    "price_change_eur",
    "total_return_jpy",
    "total_return_eur",
    "max_drawdown",
    "drawdown_now",
    "halved_from",
    "part.market",
    "part.sector",
    "part.company",
    "part.currency",
)


def keys(panel: str, a: Answers) -> list[str]:
    """Ids of the results that a panel shows."""
    if panel == "selldown":
        name = a.context["group"].programme
        block = [] if name == "block" else ["selldown.block.value_after_exit_eur_mean"]  # beside it
        size = ["selldown.planned_value_eur", "selldown.days_of_volume", "selldown.block_cost"]
        return [*size, *(f"selldown.{name}.{key}" for key in _PROGRAMME), *block]
    if panel == "decline":
        return [f"decline.{key}" for key in _DECLINE]
    if panel == "separation":
        g = a.context["group"]
        return [
            key for key in a.results if key.startswith(f"separation.{g.structure}.{g.company}.")
        ]
    return [key for key in a.results if key.startswith("bargain.")]


def sentence(panel: str, a: Answers) -> str:
    """What a panel shows, in a sentence or two."""
    return " ".join(_SENTENCES[panel](a).split())


def _selldown(a: Answers) -> str:
    g, t = a.context["group"], a.context["terms"]
    p = f"selldown.{g.programme}"
    if t.planned <= 0:
        return say(
            "The stake of {selldown.stake_before:.1%} is at or below the target of {target:.1%}: "
            "there is nothing to sell.",
            a,
            target=g.target_stake,
        ).text
    loss = a[f"{p}.loss_eur_mean"]
    if loss is None:
        tail = "There is no accounting loss: " + (a.result(f"{p}.loss_eur_mean").note or "") + "."
    elif abs(loss) < 5e5:
        tail = "Against the amount carried there is neither loss nor gain on average."
    else:
        word = "loss" if loss > 0 else "gain"
        tail = f"Against the amount carried the mean {word} is EUR {abs(loss) / 1e6:,.0f}m."
    return say(
        "The plan is {selldown.shares_sale_only:,} shares, EUR {value:,.0f}m at the market, which "
        "sold to others take the stake from {selldown.stake_before:.1%} to {target:.1%}. By {name} "
        "their value at the horizon, after the cost of leaving what is left, is EUR {got:,.0f}m on "
        "average and EUR {worst:,.0f}m in the worst twentieth; sold at once it is EUR {now:,.0f}m. "
        "Within {years:g} years all is sold in {done:.0%} of cases and the target reached in "
        "{reached:.0%}; the stake is then {end:.1%} on average. {tail}",
        a,
        target=g.target_stake,
        value=a["selldown.planned_value_eur"] / 1e6,
        name=g.programme.replace("_", " "),
        got=a[f"{p}.value_after_exit_eur_mean"] / 1e6,
        worst=a[f"{p}.value_after_exit_eur_cvar05"] / 1e6,
        now=a["selldown.block.value_after_exit_eur_mean"] / 1e6,
        years=g.horizon_years,
        done=a[f"{p}.p_complete"],
        reached=a[f"{p}.p_at_target"],
        end=a[f"{p}.stake_end_mean"],
        tail=tail,
    ).text


def _decline(a: Answers) -> str:
    return say(
        "From {since:%Y-%m-%d} to {until:%Y-%m-%d} Nissan's price changed by "
        "{decline.price_change_jpy:.1%} in yen and {decline.price_change_eur:.1%} in euros; with "
        "dividends reinvested by {decline.total_return_jpy:.1%} and "
        "{decline.total_return_eur:.1%}. The deepest fall was {decline.max_drawdown:.1%}. The "
        "company's own part is {decline.part.company:.2f} log points, {own:.0%} of the price.",
        a,
        own=math.expm1(a["decline.part.company"]),
        since=a.context["since"],
        until=a.context["until"],
    ).text


def _separation(a: Answers) -> str:
    return deal(a).text


def _bargain(a: Answers) -> str:
    return bargain(a).text


_SENTENCES = {
    "selldown": _selldown,
    "decline": _decline,
    "separation": _separation,
    "bargain": _bargain,
}


def numbers(panel: str, a: Answers, pinned: Answers | None = None) -> str:
    """The panel's results as an HTML table; with a pinned case, its values and the differences.

    A row compares what each case headlines: two programmes, structures or companies stand
    side by side.
    """
    head = ["", "now", "pinned", "difference"] if pinned else ["", "now"]
    rows, swap = [], (_headlined(panel, a), _headlined(panel, pinned) if pinned else "")
    for key in keys(panel, a):
        one = a.result(key)
        cells = [html.escape(one.label), html.escape(shown(one))]
        if pinned:
            other = pinned.results.get(key.replace(*swap) if swap[0] else key)
            cells.append(html.escape(shown(other)) if other else "not shown then")
            cells.append(html.escape(difference(one, other)))
        rows.append(cells)
    top = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in rest) + "</tr>"
        for first, *rest in rows
    )
    note = ""
    if pinned and swap[0] != swap[1]:
        note = f"<caption>Now {_named(swap[0])}, pinned {_named(swap[1])}</caption>"
    return f"<table>{note}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _headlined(panel: str, a: Answers) -> str:
    """The part of result ids that names what a case headlines."""
    g = a.context.get("group")
    if panel == "selldown":
        return f"selldown.{g.programme}."
    return f"separation.{g.structure}.{g.company}." if panel == "separation" else ""


def _named(part: str) -> str:
    return html.escape(" on ".join(part.strip(".").split(".")[1:]).replace("_", " "))


def difference(one: Result, other: Result | None) -> str:
    """How far a result has moved from the pinned one; empty where one of them has no number."""
    if other is None or one.value is None or other.value is None:
        return ""
    if not isinstance(one.value, int | float) or not isinstance(other.value, int | float):
        return ""
    moved = one.value - other.value
    text = shown(replace(one, value=moved, note=None))
    if not any(digit in text for digit in "123456789"):
        return "0"
    if moved > 0:
        digit = next(at for at, c in enumerate(text) if c.isdigit())
        text = f"{text[:digit]}+{text[digit:]}"
    return text.replace("%", "points") if one.unit == "fraction" else text
