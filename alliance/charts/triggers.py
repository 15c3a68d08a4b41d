"""Chapter 2, price points: how likely each is, and what a trigger buys on a fair price."""

from __future__ import annotations

import numpy as np

from alliance.answers import Answers
from alliance.charts.base import (
    INK,
    SOFT,
    Chart,
    day,
    empty,
    end_labels,
    number,
    percent,
    percent_axis,
)
from alliance.charts.control import PROGRAMMES, SIMULATED


def ladder(a: Answers) -> Chart:
    """Chance that the yen price reaches each price point: closed form, and history."""
    frame, c, g = a.frame("p_hit"), a.context, a.context["group"]
    x = np.arange(len(frame))
    top, hit = frame.iloc[-1], a["selldown.price_points.p_hit"]
    watched = (
        "weekly"
        if g.market == "history"
        else {"close": "at daily closes"}.get(g.monitoring, "continuously")
    )

    def draw(fig, narrow):
        ax = fig.add_subplot()
        ax.bar(x, frame["closed"], color=PROGRAMMES["price_points"][1], width=0.6)
        ax.plot(x, frame["history"], "s", ms=6, mfc="white", mec=INK, label="resampled history")
        for at, value in zip(x, frame["closed"], strict=True):
            ax.text(at, 0.02, percent(value), ha="center", fontsize=7.5, color="white")
        ax.set_xticks(
            x,
            [
                f"{m:.2f}×\n¥{p:,.0f}"
                for m, p in zip(frame["multiple"], frame["price_jpy"], strict=True)
            ],
            fontsize=7 if narrow else 8.5,
        )
        ax.set_ylim(0, 1.02)
        percent_axis(ax.yaxis)
        ax.set_ylabel("chance for the yen price by the horizon")
        ax.set_xlabel("price point: multiple of spot, yen")
        ax.legend(
            loc="lower left",
            bbox_to_anchor=(-0.02, 1),
            ncols=1 if narrow else 2,
            frameon=False,
            fontsize=8.5,
            handletextpad=0.2,
        )
        ax.grid(axis="x", visible=False)

    return Chart(
        draw,
        f"The highest price point, {number(top['multiple'])} times the spot, is reached in "
        f"{percent(hit[-1])} of cases ({g.market} market, watched {watched})",
        f"Columns of the chance that each price point is reached within "
        f"{number(g.horizon_years, 1)} years of {day(c['day'])}: "
        + ", ".join(
            f"{number(m)}x {percent(p)}"
            for m, p in zip(frame["multiple"], frame["closed"], strict=True)
        )
        + ".",
        "columns: closed form of the lognormal market; squares: weekly history, resampled",
        (4.0, 4.4),
    )  # fmt: skip


def frontier(a: Answers) -> Chart:
    """One trigger at every level: same mean, wider spread."""
    frame, c, g = a.frame("frontier"), a.context, a.context["group"]
    if c["terms"].planned <= 0:
        return empty("One trigger at every level", f"on {day(c['day'])} the target is met already")
    mean, low, high = frame["mean"] / 1e9, frame["low"] / 1e9, frame["high"] / 1e9
    fair = c["fair"]
    title = (
        "On a fair price a trigger buys nothing: the mean stays, only the spread grows"
        if fair
        else f"With this drift the mean moves from {number(mean.iloc[0], 2)} to "
        f"{number(mean.iloc[-1], 2)} EUR bn"
    )

    def draw(fig, narrow):
        ax = fig.add_subplot()
        hue = PROGRAMMES["price_points"][1]
        ax.fill_between(frame["multiple"], low, high, color=hue, alpha=0.14, lw=0)
        ax.plot(frame["multiple"], mean, color=hue, lw=2)
        ax.plot(frame["multiple"], frame["cvar"] / 1e9, color=INK, ls="--", lw=1.1)
        ax.set_ylim(0, high.max() * 1.05)
        ax.margins(x=0.01)
        items = [
            (high.iloc[-1], "95 %", SOFT),
            (mean.iloc[-1], f"mean {number(mean.iloc[-1], 2)}", hue),
            (low.iloc[-1], f"5 % {number(low.iloc[-1], 2)}", SOFT),
            (frame["cvar"].iloc[-1] / 1e9, "worst 5 %", INK),
        ]
        end_labels(ax, frame["multiple"].iloc[-1], items)
        ax.set_xlabel("trigger for the whole block, multiple of spot")
        ax.set_ylabel("value at the horizon, EUR bn, before costs")

    return Chart(
        draw,
        title,
        f"Mean and 5 to 95 % range of the value at the horizon by trigger, "
        f"{number(g.horizon_years, 1)} years from {day(c['day'])}: the mean is "
        f"{number(mean.iloc[0], 2)} at the spot and {number(mean.iloc[-1], 2)} at "
        f"{number(frame['multiple'].iloc[-1])} times it; the range "
        f"there is {number(low.iloc[-1], 2)} to {number(high.iloc[-1], 2)} EUR bn.",
        SIMULATED,
        (4.0, 4.4),
    )
