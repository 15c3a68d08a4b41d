"""Chapter 3, the transplant: ranges, break-evens, published values."""

from __future__ import annotations

import textwrap
from math import isnan

import numpy as np

from alliance.answers import Answers
from alliance.charts.base import (
    FAINT,
    INK,
    OTHERS,
    SOFT,
    Chart,
    billions,
    empty,
    folded,
    note,
    number,
    percent,
    percent_axis,
)

MODEL = "exchange closes, filings and plans as listed under Sources; our model"
STRUCTURES = {
    "carve_out": "#0b5fa5",
    "profitable_unit": "#d99400",
    "segments": "#00876c",
    "integrated": "#6e6e6e",
}


#: Said of a structure that its terms rule out at the low value: parts for money take more than all
#: of the unit, or the majority that the parent must keep.
NO_LOW = " (no low case)"


def hue(structure: str, structures) -> str:
    """A structure's colour; those without one take theirs by position."""
    others = [s for s in structures if s not in STRUCTURES]
    return STRUCTURES.get(structure) or OTHERS[others.index(structure) % len(OTHERS)]


def low_end(change: float, digits: int) -> str:
    """A change in words; that at the low value is none where the terms can't be there."""
    return "no low case" if isnan(change) else percent(change, digits, True)


def ranges(a: Answers) -> Chart:
    """Value a share low, base and high, with the middle nine tenths of draws."""
    names, makers = a.context["structure_names"], a.context["maker_names"]
    frame = a.frame("transplant").query("why == ''")
    frame = frame[frame["base_change"].notna() & (frame["high"] != frame["low"])]
    if frame.empty:
        return empty(
            "What each structure is worth a share", f"on {a.as_of} no structure could be tried"
        )
    drawn = a.frame("uncertainty").set_index(["structure", "maker"])
    lows = frame["low_change"].dropna()
    worst = frame.loc[lows.idxmin()] if len(lows) else None
    best = frame.loc[frame["high_change"].idxmax()]

    def draw(fig, narrow):
        ax = fig.add_subplot()
        rows = list(frame.itertuples())[::-1]
        for y, row in enumerate(rows):
            shade = hue(row.structure, names)
            ends = [v for v in (row.low_change, row.base_change, row.high_change) if v == v]
            ax.plot([min(ends), max(ends)], [y, y], color=shade, lw=1.4)
            d = drawn.loc[(row.structure, row.maker)]
            ax.plot([d["change_p05"], d["change_p95"]], [y, y], color=shade, lw=6, alpha=0.4,
                    solid_capstyle="butt")  # fmt: skip
            ax.plot(row.base_change, y, "o", ms=5, mfc="white", mec=shade)
        ax.axvline(0, color=INK, lw=0.8)
        labels = [
            f"{makers[r.maker]}: {names[r.structure]}" + (NO_LOW if isnan(r.low_change) else "")
            for r in rows
        ]
        labels = [folded(t, 20) if narrow else t for t in labels]
        ax.set_yticks(range(len(rows)), labels, fontsize=6.5 if narrow else 8)
        ax.set_ylim(-0.6, len(rows) - 0.4)
        percent_axis(ax.xaxis, sign=True)
        ax.locator_params(axis="x", nbins=5)
        text = "value a share against the price (line: low to high, dot: base, bar: 90 % of draws)"
        ax.set_xlabel(textwrap.fill(text, 40) if narrow else text)
        ax.grid(axis="y", visible=False)

    size = 1.5 + 0.3 * len(frame)
    title = "Sold low, no structure costs value"
    if worst is None:
        title = "No structure can be had at the low value"
    elif worst["low_change"] <= -0.005:
        down = f"{names[worst['structure']].lower()} on {worst['maker_name']}"
        title = f"Sold low, {down} costs {percent(-worst['low_change'])} a share"
    if best["high_change"] > 0.005:
        up = f"{names[best['structure']].lower()} on {best['maker_name']}"
        title += f"; at best {up} brings {percent(best['high_change'])}, discounts gone"
    return Chart(
        draw,
        title,
        f"Lines of value a share against the price, as of {a.as_of}, low to high with the base: "
        + "; ".join(
            f"{makers[r.maker]}, {names[r.structure]} {low_end(r.low_change, 0)} to "
            f"{percent(r.high_change, 0, True)}"
            for r in frame.itertuples()
        )
        + ".",
        MODEL,
        (size, size + 0.16 * len(frame) + 0.4),
    )


def breakeven(a: Answers) -> Chart:
    """The offer value that breaks even beside the range of values, by structure and company."""
    names, makers = a.context["structure_names"], a.context["maker_names"]
    frame = a.frame("transplant")
    frame = frame[frame["breakeven"].notna() & (frame["unit_value"] > 0)]
    if frame.empty:
        return empty(
            "What a unit must fetch", f"on {a.as_of} no structure that sells could be tried"
        )
    discount = percent(a.context["group"].holding_discount)
    kinds = {"new shares": frame["to_unit"] > 0, "existing ones": frame["to_parent"] > 0}

    def needed(rows, column: str) -> str:
        ratio = frame.loc[rows, column] / frame.loc[rows, "unit_value"]
        return " to ".join(dict.fromkeys(map(percent, (ratio.min(), ratio.max()))))

    def said(column: str) -> str:
        return ", ".join(f"{k} {needed(r, column)}" for k, r in kinds.items() if r.any())

    title = (
        f"To break even, a unit must fetch of its base value: {said('breakeven')}; if the market "
        f"marks what is kept down by {discount}: {said('breakeven_high')}"
    )

    def draw(fig, narrow):
        ax = fig.add_subplot()
        rows = list(frame.itertuples())[::-1]
        for y, row in enumerate(rows):
            shade = hue(row.structure, names)
            ax.plot([row.unit_low / 1e9, row.unit_high / 1e9], [y, y], color=shade, lw=5, alpha=0.4,
                    solid_capstyle="butt")  # fmt: skip
            ax.plot(row.unit_value / 1e9, y, "o", ms=5, mfc="white", mec=shade)
            ends = np.array([row.breakeven, row.breakeven_high]) / 1e9
            ax.plot(ends, [y, y], color=INK, lw=0.8)
            ax.plot(ends[0], y, "|", ms=12, mew=2, color=INK)
            ax.plot(ends[1], y, "|", ms=8, mew=1, color=INK)
        labels = [f"{makers[r.maker]}: {names[r.structure]}" for r in rows]
        labels = [folded(t, 20) if narrow else t for t in labels]
        ax.set_yticks(range(len(rows)), labels, fontsize=6.5 if narrow else 8)
        ax.set_ylim(-0.6, len(rows) - 0.4)
        ax.set_xlim(0)
        text = (
            "value of the unit, EUR bn (bar: range, dot: base; strokes: break-even today, and "
            f"with what is kept marked down by {discount})"
        )
        ax.set_xlabel(folded(text, 40 if narrow else 80))
        ax.grid(axis="y", visible=False)

    size = 1.5 + 0.32 * len(frame)
    return Chart(
        draw,
        title,
        f"Dots and strokes as of {a.as_of}: "
        + "; ".join(
            f"{makers[r.maker]}, {names[r.structure]} breaks even at {billions(r.breakeven)} "
            f"to {billions(r.breakeven_high)} against {billions(r.unit_value)}"
            for r in frame.itertuples()
        )
        + ".",
        MODEL,
        (size + 0.2, size + 0.16 * len(frame) + 0.8),
    )


def valuations(a: Answers) -> Chart:
    """What the headlined company's EV unit was said to be worth, by whom and when, in euros."""
    g = a.context["group"]
    who = a.context["maker_names"][g.company]
    frame = a.frame("valuations").query("maker == @g.company and unit == 'ev'").sort_values("date")
    title = f"What {who}'s EV unit was said to be worth"
    if frame.empty:
        return empty(title, f"no value of an EV unit of {who} was public on {a.as_of}")
    frame = frame.assign(own=~frame["role"].isin(["press", "analyst"]))
    rows = [
        (r, "–".join(dict.fromkeys(number(end / 1e9, 1) for end in (r.low, r.high))))
        for r in frame.itertuples()
    ]
    named = {r: "" if r.currency == "EUR" else f", named in {r.currency}" for r, _ in rows}
    colours = {True: "#0b5fa5", False: SOFT}

    def draw(fig, narrow):
        ax = fig.add_subplot()
        for y, (row, text) in enumerate(rows[::-1]):
            shade, ends = colours[row.own], np.array([row.low, row.high]) / 1e9
            ax.plot(ends, [y, y], color=shade, lw=5, solid_capstyle="butt")
            ax.plot(ends.mean(), y, "o", ms=6, color=shade)
            note(ax, text + named[row], (ends[1], y), 8, 0, ha="left")
        labels = [f"{textwrap.fill(r.by, 24)}\n{r.date:%Y-%m-%d}" for r, _ in rows[::-1]]
        ax.set_yticks(range(len(rows)), labels, fontsize=7.5)
        ax.set_ylim(-0.7, len(rows) - 0.3)
        ax.set_xlim(0, frame["high"].max() / 1e9 * (1.6 if narrow else 1.3))
        key = " (blue: the seller's own or a deal)" if frame["own"].any() else ""
        ax.set_xlabel(textwrap.fill(f"value, EUR bn{key}", 32 if narrow else 80))
        ax.grid(axis="y", visible=False)
        ax.axvline(0, color=FAINT)

    least, most = frame.loc[frame["low"].idxmin()], frame.loc[frame["high"].idxmax()]
    ends = f": from {billions(least['low'])} to {billions(most['high'])}"
    return Chart(
        draw,
        title + (ends if most["high"] > least["low"] else f": {billions(most['high'])}"),
        f"Bars of {len(frame)} published values, {frame['date'].min():%Y-%m-%d} to "
        f"{frame['date'].max():%Y-%m-%d}: "
        + "; ".join(f"{r.by} EUR {text}bn{named[r]}" for r, text in rows)
        + ".",
        "press and company statements as listed under Sources; ECB rates of their days",
        (1.4 + 0.48 * len(frame), 1.6 + 0.5 * len(frame)),
    )
