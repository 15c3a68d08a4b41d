"""Chapter 3, heat maps: every structure on every company, one quantity at a time."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

import numpy as np

from alliance.answers import Answers
from alliance.charts.base import INK, Chart, billions, empty, folded, number

MODEL = "exchange closes, filings and plans as listed under Sources; our model"
_ASSUMED = "≈"


def _grid(a: Answers, column: str):
    """(structures, companies, values, assumed) of a column of the transplant."""
    frame = a.frame("transplant")
    wide = {
        name: frame.pivot(index="maker", columns="structure", values=name)
        for name in (column, "assumed")
    }
    names, makers = a.context["structure_names"], a.context["maker_names"]
    values = wide[column].reindex(index=list(makers), columns=list(names))
    assumed = wide["assumed"].reindex_like(values).fillna("") != ""
    return names, makers, values.astype(float), assumed


def _heat(a: Answers, column: str, what: str, show, title, extra=None) -> Chart:
    """A heat map of one column; cells that rest on an assumption carry a sign and are paler.

    Parameters
    ----------
    show : callable
        A value as text.
    title : callable
        ``title(names, makers, values)`` says the finding.
    extra : (str, str, float), optional
        Company, column name and value of one more cell.
    """
    names, makers, values, assumed = _grid(a, column)
    if values.isna().all(axis=None):
        return empty(what, f"on {a.as_of} no structure could be tried: terms or figures missing")
    across = list(names.values()) + ([extra[1]] if extra else [])
    top = float(np.nanmax(np.abs(values.to_numpy()))) or 1.0
    signed = bool((values.to_numpy() < 0).any())

    def draw(fig, narrow):
        from matplotlib import colormaps

        ax = fig.add_subplot()
        shades = colormaps["PuOr" if signed else "Blues"]

        def cell(structure, maker, value, is_assumed):
            x, y = (maker, structure) if narrow else (structure, maker)
            place = 0.5 + 0.35 * value / top if signed else 0.08 + 0.62 * max(value, 0) / top
            known = np.isfinite(value)
            face = shades(place) if known else "#f4f4f4"
            dark = known and abs(place - 0.5 * signed) > (0.3 if signed else 0.5)
            text = show(value) if known else "not\nevaluable"
            ax.add_patch(_patch(x, y, face, is_assumed))
            ax.text(x, y, f"{_ASSUMED} {text}" if is_assumed and known else text, ha="center",
                    va="center", fontsize=7.5 if narrow else 9.5, color="white" if dark else INK,
                    bbox={"facecolor": face, "edgecolor": "none", "pad": 2.5})  # fmt: skip

        for y, maker in enumerate(makers):
            for x, structure in enumerate(names):
                is_assumed = bool(assumed.at[maker, structure])
                cell(x, y, values.at[maker, structure], is_assumed)
            if extra and maker == extra[0] and np.isfinite(extra[2]):
                cell(len(names), y, extra[2], False)
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
        text = f"{what} ({_ASSUMED} and hatched: rests on an assumption)"
        ax.set_xlabel(textwrap.fill(text, 50 if narrow else 100))

    found = {
        f"{makers[m]}, {names[s]}": show(values.at[m, s])
        for m in makers
        for s in names
        if np.isfinite(values.at[m, s]) and values.at[m, s] != 0
    }
    cells = "; ".join(f"{k} {v}" for k, v in found.items()) or "all zero"
    return Chart(
        draw,
        title(names, makers, values),
        f"Heat map as of {a.as_of} of {what}: {cells}.".replace("\n", " "),
        MODEL,
        (1.8 + 0.55 * len(makers), 1.9 + 0.5 * len(across)),
    )


def _patch(x, y, face, is_assumed):
    from matplotlib.patches import Rectangle

    edge = {"hatch": "//", "edgecolor": "#ffffff66"} if is_assumed else {"edgecolor": "white"}
    return Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, facecolor=face, linewidth=0, **edge)


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


def cash(a: Answers) -> Chart:
    """Cash raised, gross, by structure and company; and Renault's Nissan block beside it."""
    block = a["separation.nissan_block.renault.cash_raised_eur"]
    extra = ("renault", "Nissan block at market", np.nan if block is None else float(block))

    def title(names, makers, values):
        maker, structure, most = _most(names, makers, values)
        if most <= 0:
            return "None of these forms raises cash"
        alike = " each" if " and " in maker or " and " in structure else ""
        text = f"{maker} would raise most: {billions(most)}{alike} by {structure}"
        own = values.loc["renault"].max() if "renault" in values.index else np.nan
        if block and np.isfinite(own) and own > 0:
            text += f"; Renault's Nissan block is worth {number(block / own, 1)} times its best"
        return text

    return _heat(a, "gross", "cash raised, EUR bn", lambda v: number(v / 1e9, 1), title, extra)
