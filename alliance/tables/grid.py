"""Chapter 3's grid: every structure on every company, in one table with shaded cells."""

import html

from alliance.answers import Answers
from alliance.format import missing, number, percent
from alliance.tables.base import Html, matrix, unbroken

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
        maker: [_cell(cells[key, structure], top) for structure in names]
        for key, maker in a.context["maker_names"].items()
    }
    lines = [f"{maker}: {'; '.join(text for _, text in found)}" for maker, found in rows.items()]
    return matrix(CAPTION, "company", list(names.values()), rows, lines)


def _parts(cell) -> list[str]:
    if cell.why:
        return ["no value"]
    if cell.gross == 0:
        return ["nothing sold"]
    value = "a share not evaluable"
    if not missing(cell.base_change):
        value = f"a share {percent(cell.base_change, 1, True)}"
    return [
        "≈ " * bool(cell.assumed) + f"{number(cell.gross / 1e9, 1)}bn",
        "no plan" if missing(cell.coverage) else f"{percent(cell.coverage)} of the plan",
        f"{percent(cell.votes)} of votes",
        value,
        *["as planned, cancelled"] * bool(cell.ended),
    ]


def _cell(cell, top: float) -> tuple[str, str]:
    strength = 0 if missing(cell.gross) else 0.4 * max(cell.gross, 0) / top
    tip = f' title="{html.escape(cell.why, quote=True)}"' if cell.why else ""
    lines = "<br>".join(map(unbroken, _parts(cell)))
    style = f"background:rgba(11,95,165,{strength:.2f})"
    return f'<td style="{style}"{tip}>{lines}</td>', ", ".join(_parts(cell))
