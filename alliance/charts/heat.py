"""Chapter 3, a heat map: the cash that every structure raises on every company."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

import numpy as np

from alliance.answers import Answers
from alliance.charts.base import INK, Chart, billions, empty, folded, number

MODEL = "exchange closes, filings and plans as listed under Sources; our model"
_ASSUMED = "≈"
_WHAT = "cash raised, EUR bn"


def cash(a: Answers) -> Chart:
    """Cash raised, gross, by structure and company; and Renault's Nissan block beside it.

    Cells that rest on an assumption carry a sign and are hatched.
    """
    names, makers = a.context["structure_names"], a.context["maker_names"]
    wide = a.frame("transplant").pivot(index="maker", columns="structure")
    values, assumed = wide["gross"].astype(float), wide["assumed"] != ""
    if values.isna().all(axis=None):
        return empty(_WHAT, f"on {a.as_of} no structure could be tried: terms or figures missing")
    block = a["separation.nissan_block.renault.cash_raised_eur"]
    across = [*names.values(), "Nissan block at market"]
    top = float(np.nanmax(values.to_numpy())) or 1.0

    def draw(fig, narrow):
        from matplotlib import colormaps
        from matplotlib.patches import Rectangle

        ax = fig.add_subplot()

        def cell(x, y, value, is_assumed):
            x, y = (y, x) if narrow else (x, y)
            known, place = np.isfinite(value), 0.08 + 0.62 * max(value, 0) / top
            face = colormaps["Blues"](place) if known else "#f4f4f4"
            text = number(value / 1e9, 1) if known else "not\nevaluable"
            edge = {"hatch": "//", "edgecolor": "#ffffff66"} if is_assumed else {}
            corner = (x - 0.48, y - 0.46)
            ax.add_patch(Rectangle(corner, 0.96, 0.92, facecolor=face, linewidth=0, **edge))
            ax.text(x, y, f"{_ASSUMED} {text}" if is_assumed and known else text, ha="center",
                    va="center", fontsize=7.5 if narrow else 9.5,
                    color="white" if known and place > 0.5 else INK,
                    bbox={"facecolor": face, "edgecolor": "none", "pad": 2.5})  # fmt: skip

        for y, maker in enumerate(makers):
            for x, structure in enumerate(names):
                cell(x, y, values.at[maker, structure], bool(assumed.at[maker, structure]))
            if maker == "renault" and block is not None:
                cell(len(names), y, float(block), False)
        width = 15 if narrow else max(9, 80 // len(across))
        forms = [folded(c, width) for c in across]
        wide, high = (makers.values(), forms) if narrow else (forms, makers.values())
        ax.set_xlim(-0.52, len(wide) - 0.48)
        ax.set_ylim(len(high) - 0.48, -0.52)
        ax.set_xticks(range(len(wide)), wide, fontsize=8 if len(wide) < 6 else 6.5)
        ax.set_yticks(range(len(high)), high, fontsize=7.5 if narrow else 9)
        ax.xaxis.tick_top()
        ax.tick_params(length=0)
        ax.grid(visible=False)
        for side in ax.spines.values():
            side.set_visible(False)
        text = f"{_WHAT} ({_ASSUMED} and hatched: rests on an assumption)"
        ax.set_xlabel(textwrap.fill(text, 50 if narrow else 100))

    cells = "; ".join(
        f"{makers[m]}, {names[s]} {number(values.at[m, s] / 1e9, 1)}"
        for m in makers
        for s in names
        if values.at[m, s] > 0
    )
    return Chart(
        draw,
        _title(names, makers, values, block),
        f"Heat map as of {a.as_of} of {_WHAT}: {cells or 'all zero'}.",
        MODEL,
        (1.8 + 0.55 * len(makers), 1.9 + 0.5 * len(across)),
    )


def _title(names, makers, values, block) -> str:
    maker, structure, most = _most(names, makers, values)
    if most <= 0:
        return "None of these structures raises cash"
    alike = " each" if " and " in maker or " and " in structure else ""
    text = f"{maker} would raise most: {billions(most)}{alike} by {structure}"
    own = values.loc["renault"].max() if "renault" in values.index else np.nan
    if block and own > 0:
        text += f"; Renault's Nissan block is worth {number(block / own, 1)} times its best"
    return text


def _most(names, makers, values) -> tuple[str, str, float]:
    """Who has the most, by which structures, and how much; all of them where several tie."""
    cells = values.stack()
    first = cells[cells >= cells.max() - 1e-9 * abs(cells.max())].index
    who = dict.fromkeys(makers[maker] for maker, _ in first)
    how = dict.fromkeys(names[structure].lower() for _, structure in first)
    return both(who), both(how), float(cells.max())


def both(words: Iterable[str]) -> str:
    """Words in a row: ``a``, ``a and b``, ``a, b and c``."""
    *head, last = words
    return f"{', '.join(head)} and {last}" if head else last
