"""Chapter 3's grid: every structure on every company, in one table with shaded cells."""

from __future__ import annotations

import html

import pandas as pd

from alliance.answers import Answers
from alliance.tables.base import Html
from alliance.tables.text import framed, minus, unbroken

CAPTION = (
    "Cash raised in EUR bn (shaded by it), part of the EV plan that it pays, votes kept in the "
    "unit, and a share against its price (≈: rests on an assumption)"
)


def grid(a: Answers) -> Html:
    """Each company's row: cash, coverage, votes and value under every structure."""
    frame, names = a.frame("transplant"), a.context["structure_names"]
    cells = {(r.maker, r.structure): r for r in frame.itertuples()}
    top = max(frame["gross"].max(), 1.0)
    head = "".join(f'<th scope="col">{html.escape(n)}</th>' for n in names.values())
    body, rows = "", []
    for key, maker in a.context["maker_names"].items():
        found = [cells[key, structure] for structure in names]
        body += f'<tr><th scope="row">{html.escape(maker)}</th>'
        body += "".join(_shaded(cell, top) for cell in found) + "</tr>"
        rows.append([maker, *(", ".join(_parts(cell)) for cell in found)])
    columns = ["company", *names.values()]
    text = "\n".join([CAPTION, *(": ".join([r[0], "; ".join(r[1:])]) for r in rows)])
    carried = {"caption": CAPTION, "columns": columns, "rows": rows, "formats": [""] * len(columns)}
    head = f'<th scope="col">company</th>{head}'
    return Html(framed(CAPTION, head, body), text, table=carried)


def _parts(cell) -> list[str]:
    if cell.why:
        return ["no value"]
    if cell.gross == 0:
        return ["nothing sold"]
    plan = "no plan" if pd.isna(cell.coverage) else f"{100 * cell.coverage:.0f} % of the plan"
    cash = f"{cell.gross / 1e9:.1f}bn"
    return [
        f"≈ {cash}" if cell.assumed else cash,
        plan,
        f"{100 * cell.votes:.0f} % of votes",
        "a share not evaluable"
        if pd.isna(cell.base_change)
        else minus(f"a share {100 * round(cell.base_change, 3) + 0.0:+.1f} %"),
    ]


def _shaded(cell, top: float) -> str:
    strength = 0 if pd.isna(cell.gross) else 0.4 * max(cell.gross, 0) / top
    lines = "<br>".join(unbroken(part) for part in _parts(cell))
    tip = f' title="{html.escape(cell.why, quote=True)}"' if cell.why else ""
    return f'<td style="background:rgba(11,95,165,{strength:.2f})"{tip}>{lines}</td>'
