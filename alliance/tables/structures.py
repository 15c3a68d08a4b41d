"""Chapter 3's structures on companies as tables, whose models follow terms and companies; what
their announcements moved."""

import html

import pandas as pd

from alliance.answers import Answers
from alliance.errors import need
from alliance.format import missing, number, percent
from alliance.tables.base import Html, collapsible, matrix, or_chart, table
from alliance.tables.decline import by_window
from alliance.tables.models import named

CAPTION = (
    "Cash raised in EUR bn (shaded by it), part of the EV plan that it pays, votes kept in the "
    "unit, and a share against its price (≈: rests on an assumption)"
)


def grid(a: Answers) -> Html:
    """Each company's row: cash, coverage, votes and value under every structure."""
    frame, names = a.frame("grid"), a.context["structure_names"]
    cells = {(r.maker, r.structure): r for r in frame.itertuples()}
    top = max(frame["gross"].max(), 1.0)
    rows = {
        on: [_cell(cells[key, structure], top) for structure in names]
        for key, on in frame.groupby("maker", sort=False)["maker_on"].first().items()
    }
    lines = [f"{maker}: {'; '.join(text for _, text in found)}" for maker, found in rows.items()]
    return matrix(CAPTION, "company", list(names.values()), rows, lines)


def _parts(cell) -> list[str]:
    if cell.why:
        return ["no value"]
    if cell.gross == 0 and cell.kept == 1:
        return ["nothing sold"]
    value = "a share not evaluable"
    if not missing(cell.base_change):
        value = f"a share {percent(cell.base_change, 1, True)}"
    return [
        "≈ " * bool(cell.assumed)
        + (f"{number(cell.gross / 1e9, 1)}bn" if cell.gross else "nothing raised"),
        "no plan" if missing(cell.coverage) else f"{percent(cell.coverage)} of the plan",
        f"{percent(cell.votes)} of votes",
        value,
        *["as planned, cancelled"] * bool(cell.ended),
    ]


def _cell(cell, top: float) -> tuple[str, str]:
    strength = 0 if missing(cell.gross) else 0.4 * max(cell.gross, 0) / top
    tip = f' title="{html.escape(cell.why, quote=True)}"' if cell.why else ""
    lines = "<br>".join(map(html.escape, _parts(cell)))
    style = f"background:rgba(11,95,165,{strength:.2f})"
    return f'<td style="{style}"{tip}>{lines}</td>', ", ".join(_parts(cell))


@or_chart
def announcements(a: Answers) -> Html:
    """A row for each announcement: abnormal return and t by window, and what else happened."""
    frame = need(a.frame("announcements"), f"No announcement was public on {a.as_of}")
    names = {"announcement": "short", "day": "day", "share": "company"}
    tests = {"p rank, day 0": ("p_rank", 0), "p placebo, days 0 to 1": ("p_placebo", 1)}
    caption = "Abnormal log return (and t) of each announcement, with what else happened"
    return collapsible(by_window(frame, caption, names, tests, "not testable"))


def all_structures(a: Answers) -> Html:
    """Every structure on every company: cash and who gets it, coverage, control, value."""
    frame = a.frame("grid")
    frame["local"] = frame["gross"] * frame["per_eur"]
    pairs = zip(frame["currency"], frame["local"] / 1e6, strict=True)
    frame["own"] = ["" if missing(v) else f"{c} {number(v, 0)}m" for c, v in pairs]
    frame = _lived(frame, a)
    caption = "Every structure on every company, EUR m"
    return collapsible(table(frame, caption, "all_structures", key="key"))


def values(a: Answers) -> Html:
    """Value a share low, base and high in the company's own currency, with draws."""
    pair = ["structure", "maker"]
    frame = a.frame("grid").merge(a.frame("uncertainty"), on=pair, how="left")
    frame, none = _lived(frame, a), pd.Series(index=frame.index, dtype=object)
    for column in ("price", "low", "base", "high"):
        frame[column] *= frame["per_eur"]
    frame["live_price"] = frame["m"] + "_price*" + frame["m"] + "_per_eur"
    for case in ("low", "base", "high", "breakeven"):
        rate = "" if case == "breakeven" else "*" + frame["m"] + "_per_eur"
        cell, there = frame["key"] + f"_{case}", frame.get(f"live_{case}", none).notna()
        frame[f"live_{case}"] = ("IF(" + cell + '="","",' + cell + rate + ")").where(there, None)
    return collapsible(table(frame, "Value a share by structure and company", "values"))


def _lived(frame: pd.DataFrame, a: Answers) -> pd.DataFrame:
    """The grid beside its formulas by row."""
    tried, legs = a.frame("tried").set_index("structure"), a.frame("legs")
    frame["unit"] = frame["structure"].map(tried["unit"])
    frame["s"], frame["m"] = named(frame["structure"]), named(frame["maker"])
    frame["key"] = frame["s"] + "_on_" + frame["m"]
    for offer, value in (("", "value"), ("_low", "low"), ("_high", "high")):
        part = 1 - a.context["group"].offer_discount
        frame[f"offer{offer}"] = part * frame[f"unit_{value}"]
    frame["root"] = frame["breakeven"]
    count, sized = legs.groupby("structure").size(), legs.groupby("structure")["amount"].count()
    handed = legs.query("to == 'holders'").groupby("structure").size()
    texts = []
    for r in frame.itertuples():
        kinds = (int(each.get(r.structure, 0)) for each in (count, sized, handed))
        texts.append({} if r.why else {f"live_{n}": f for n, f in _formulas(r, *kinds).items()})
    return pd.concat([frame, pd.DataFrame(texts, index=frame.index, dtype=object)], axis=1)


def _formulas(r, legs: int, sized: int, handed: int) -> dict[str, str]:
    """Formulas of one row, by how many legs its structure has, in all, for money, and to holders,
    where they are not the same in all rows, as those of ``columns.txt``.

    They are those of :mod:`alliance.separation`, over what the legs add up to (sheet Structures).
    """
    s, m, d = r.s, r.m, "conglomerate_discount"
    once, costs = ("-oneoff", "-oneoff-10*running") if legs else ("", "")

    def kept(offer: str) -> str:
        return f"1-{s}_fixed" + f"-{s}_sized/{offer}" * bool(sized)

    def votes(offer: str) -> str:
        sold = f"({s}_votes_fixed+{s}_votes_sized/{offer})" if sized else f"{s}_votes_fixed"
        return f"1-{sold}/{s}_voting_capital"

    def share(tomorrow: str, holding: str, o: str) -> str:
        if r.unit == "none":
            return f"{m}_price"
        unit = f"({{before}}+{s}_net_unit_rate*{o}+{s}_net_unit_sum)"
        held = holding if legs else tomorrow
        parts = f"{tomorrow}{{rest}}+({held}({kept(o)})"
        money = f"{m}_net_cash+{m}_stakes+{s}_net_parent_rate*{o}+{s}_net_parent_sum{costs}"
        ruled_out = f"OR({kept(o)}<0,{votes(o)}<{s}_majority-1E-12)"
        return f'IF({ruled_out},"",({parts}+{s}_handed)*{unit}+{money})/{m}_shares)'

    found = {
        "unit_value": f"{m}_{r.unit}_base",
        "unit_over_market": f"{{before}}/({m}_price*{m}_shares)",
        "offer": "(1-offer_discount)*{unit_value}",
        "left": "{gross}-{fees}-{tax}-{paid_out}" + once,
        "kept": kept("{offer}"),
        "votes": votes("{offer}"),
        "offer_low": f"(1-offer_discount)*{m}_{r.unit}_low",
        "offer_high": f"(1-offer_discount)*{m}_{r.unit}_high",
        "low": share(f"(1-{d})*", "(1-holding_discount)*", "{offer_low}"),
        "base": share(f"(1-{d})*", f"(1-{d})*", "{offer}"),
        "high": share("", "", "{offer_high}"),
    }
    if legs == handed:
        return found
    keep, unit = f"((1-{d})*(1-{s}_fixed)+{s}_handed)", f"({{before}}+{s}_net_unit_sum)"
    aim = f"((1-{d})*{{before}}+oneoff+10*running-{s}_net_parent_sum)"
    root = "(SQRT(MAX({line}^2-4*{square}*{level},0))-{line})/(2*{square})"
    return found | {
        "square": f"{keep}*{s}_net_unit_rate+{s}_net_parent_rate",
        "line": f"{keep}*{unit}-(1-{d})*{s}_sized*{s}_net_unit_rate-{aim}",
        "level": f"-(1-{d})*{s}_sized*{unit}",
        "root": f'IF({{square}}>0,{root},IF({{line}}>0,-{{level}}/{{line}},""))',
        "breakeven": 'IF(N({root})>0,{root},"")',
    }
