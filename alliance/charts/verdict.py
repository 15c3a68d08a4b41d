"""Chapter 3, the market's verdict: announcements, what came after, stubs, the literature."""

from __future__ import annotations

import textwrap

import numpy as np

from alliance.answers import Answers
from alliance.charts.base import (
    FAINT,
    INK,
    SOFT,
    Chart,
    colour,
    date_axis,
    day,
    empty,
    number,
    percent,
    percent_axis,
)

TAPE = "exchange closes with dividends"
SHOWN = 12  # announcements drawn, beside those that made a structure public


def announcements(a: Answers, window: tuple[int, int] = (0, 1)) -> Chart:
    """Abnormal return on the days of announcements, by maker, with 95 % intervals: the strongest,
    and those that made a structure public. The table below has all of them."""
    frame = a.frame("verdict")
    if frame.empty:
        return empty("Announcements", f"no announcement was public on {a.as_of}")
    frame = frame[(frame["window"] == window) & frame["car"].notna() & frame["maker"].notna()]
    if frame.empty:
        return empty("Announcements", f"no announcement could be tested on {a.as_of}")
    strong = frame["t"].abs().rank(ascending=False) <= SHOWN
    drawn = frame[strong | frame["event"].isin(a.context["announcement"])]
    groups = {m: rows.iloc[::-1] for m, rows in drawn.groupby("maker", sort=False)}
    clear = frame[frame["p"] < 0.05]
    expected = 0.05 * len(frame)
    strongest = frame.loc[frame["t"].abs().idxmax()]
    heights = [len(rows) for rows in groups.values()]
    names = a.context["makers_all"]

    def draw(fig, narrow):
        axes = fig.subplots(len(groups), 1, sharex=True, height_ratios=[h + 0.8 for h in heights],
                            squeeze=False)[:, 0]  # fmt: skip
        for ax, (maker, rows) in zip(axes, groups.items(), strict=True):
            for y, row in enumerate(rows.itertuples()):
                sure = row.p < 0.05
                shade = colour(maker, list(names)) if sure else SOFT
                ax.plot([row.low, row.high], [y, y], color=shade, lw=1.4)
                ax.plot(row.car, y, "o", ms=5, mfc=shade if sure else "white", mec=shade)
            form = "%Y-%m" if narrow else "%Y-%m-%d"
            labels = [f"{r.short}, {r.day.strftime(form)}" for r in rows.itertuples()]
            ax.set_yticks(range(len(rows)), labels, fontsize=6 if narrow else 7.5)
            ax.set_ylim(-0.7, len(rows) + 0.1)
            ax.axvline(0, color=INK, lw=0.8)
            ax.text(0.995, 0.995, names[maker], transform=ax.transAxes, ha="right",
                    va="top", fontsize=8, fontweight="bold", color=INK)  # fmt: skip
            percent_axis(ax.xaxis, sign=True)
            ax.grid(axis="y", visible=False)
            ax.locator_params(axis="x", nbins=5)
            ax.set_ylabel(" ", fontsize=1)
        text = f"abnormal return, days {window[0]} to {window[1]}, 95 % interval"
        axes[-1].set_xlabel(textwrap.fill(text, 38) if narrow else text)

    size = 1.6 + 0.24 * sum(heights) + 0.25 * len(groups)
    return Chart(
        draw,
        f"{len(clear)} of {len(frame)} announcements moved a share beyond chance, where "
        f"{number(expected, 1)} would by luck; {strongest['short']} stands out",
        f"Dots with intervals for {len(drawn)} of {len(frame)} announcements, "
        f"{frame['day'].min():%Y-%m-%d} to {frame['day'].max():%Y-%m-%d}. The strongest: "
        f"{strongest['short']} ({day(strongest['day'])}), {percent(strongest['car'], 1, True)}, "
        f"t = {number(strongest['t'], 1)}.",
        f"{TAPE}; market model on 250 days against the home index; events under Sources",
        (size, size),
    )


def stubs(a: Answers) -> Chart:
    """Volkswagen beyond its part of Porsche AG, as a range, through time."""
    frame = a.frame("stub_volkswagen")
    if len(frame) < 2:
        return empty("Volkswagen without Porsche AG", f"Porsche AG had no price by {a.as_of}")
    low, high = frame["low"] / 1e9, frame["high"] / 1e9
    unknown = float(((low < 0) & (high > 0)).mean())

    def draw(fig, narrow):
        ax = fig.add_subplot()
        ax.fill_between(low.index, low, high, color=colour("volkswagen"), alpha=0.25, lw=0)
        for line in (low, high):
            ax.plot(line.index, line, color=colour("volkswagen"), lw=1.2)
        ax.axhline(0, color=INK, lw=0.8)
        ax.set_ylabel("EUR bn")
        date_axis(ax, narrow)

    ends = f"EUR {number(low.iloc[-1], 1)}bn to {number(high.iloc[-1], 1)}bn"
    return Chart(
        draw,
        f"Volkswagen without Porsche AG is worth {ends}; on {percent(unknown)} of days the sign "
        "hangs on the ordinary share's premium",
        f"Band of market value less the listed holding, {day(low.index[0])} to "
        f"{day(low.index[-1])}, at the end {ends}; net cash is not taken off. Below: ordinary "
        f"shares at the preferred price, above: {percent(a.context['ordinary_premium'])} dearer.",
        "exchange closes, holdings, share counts; the ordinary share's premium is assumed; special "
        "dividend due taken off until its ex-day",
        (3.4, 3.6),
    )


def priors(a: Answers) -> Chart:
    """What studies found for each structure, and the makers' own announcements beside it."""
    studies, verdict = a.frame("priors"), a.frame("verdict")
    keys = dict(a.context["announcement"])
    if len(verdict):
        tested = verdict["event"].isin(keys) & verdict["car"].notna()
        verdict = verdict[tested & verdict["window"].isin([(-1, 1)])]
    own = verdict
    forms = list(dict.fromkeys(studies["form"]))
    rows = [(f"{r.authors} ({r.form})", r.mean, r.low, r.high, "study") for r in
            studies.sort_values("form").itertuples()]  # fmt: skip
    rows += [(f"{r.short} ({keys[r.event]})", r.car, r.low, r.high, r.maker)
             for r in own.itertuples()]  # fmt: skip
    least, most = studies["mean"].min(), studies["mean"].max()

    def draw(fig, narrow):
        ax = fig.add_subplot()
        for y, (_, middle, low, high, kind) in enumerate(rows[::-1]):
            shade = SOFT if kind == "study" else colour(kind)
            if np.isfinite(low):
                ax.plot([low, high], [y, y], color=shade, lw=1.4)
            ax.plot(middle, y, "s" if kind == "study" else "o", ms=5, color=shade)
        ax.axvline(0, color=INK, lw=0.8)
        ax.axhline(len(own) - 0.5, color=FAINT)
        labels = [textwrap.fill(t, 25) if narrow else t for t, *_ in rows[::-1]]
        ax.set_yticks(range(len(rows)), labels, fontsize=6.2 if narrow else 7.5)
        ax.set_ylim(-0.7, len(rows) - 0.3)
        percent_axis(ax.xaxis, sign=True)
        ax.locator_params(axis="x", nbins=5)
        text = "abnormal return at the announcement (squares: studies, line: weak to strong group)"
        ax.set_xlabel(textwrap.fill(text, 38) if narrow else text)
        ax.grid(axis="y", visible=False)

    size = 1.6 + 0.27 * len(rows)
    found = "; ".join(f"{t} {percent(m, 1, True)}" for t, m, *_ in rows)
    return Chart(
        draw,
        f"Studies of {len(forms)} kinds of deal find {percent(least, 1, True)} to "
        f"{percent(most, 1, True)} for the parent; one case can be anywhere",
        f"Squares for {len(studies)} studies and dots for {len(own)} own cases as of {a.as_of}: "
        f"{found}.",
        f"studies as listed under Sources; {TAPE}",
        (size, size + 0.12 * len(rows)),
    )
