"""Chapter 3, the bargain: who gains how much on which terms."""

from __future__ import annotations

import numpy as np

from alliance.answers import Answers
from alliance.charts.base import INK, Chart, empty, note, number

MODEL = "exchange closes, holdings; the rest are assumptions of the scenario; our model"


def who_gains(point) -> str:
    """Who of the two gains at a point, in words."""
    renault, nissan = point["renault"] >= 0, point["nissan"] >= 0
    if renault and nissan:
        return "both sides gain"
    return "only Renault gains" if renault else "only Nissan gains" if nissan else "neither gains"


def gains(a: Answers) -> Chart:
    """Gains of both sides' outside holders at each point."""
    frame = a.frame("bargain_points")
    if frame.empty:
        return empty("Who gains", a.result("bargain.renault_gain_eur").note)
    first = frame.iloc[0]

    def draw(fig, narrow):
        ax = fig.add_subplot()
        y = np.arange(len(frame))[::-1]
        for shift, who, shade in ((0.2, "renault", "#d99400"), (-0.2, "nissan", "#c3002f")):
            ax.barh(y + shift, frame[who] / 1e9, height=0.36, color=shade)
            for at, value in zip(y + shift, frame[who] / 1e9, strict=True):
                text = f"{who.capitalize()} {number(value, 2, True)}"
                note(ax, text, (max(value, 0), at), 4, 0, ha="left", fontsize=7.5)
        ax.axvline(0, color=INK, lw=0.8)
        ax.set_yticks(y, [f"{n}. {p}" for n, p in enumerate(frame["point"], 1)], fontsize=8)
        high = max(frame[["renault", "nissan"]].max().max() / 1e9, 0.1)
        low = min(frame[["renault", "nissan"]].min().min() / 1e9, 0)
        ax.set_xlim(low * 1.05, high + (high - low) * (0.55 if narrow else 0.25))
        ax.set_xlabel("gain of outside holders, EUR bn")
        ax.grid(axis="y", visible=False)
        ax.locator_params(axis="x", nbins=5)

    return Chart(
        draw,
        f"With the sale's cost and control counted on both sides, {who_gains(first)}: Renault's "
        f"holders EUR {number(first['renault'] / 1e9, 2, True)}bn, Nissan's "
        f"{number(first['nissan'] / 1e9, 2, True)}bn",
        f"Bars of gains as of {a.as_of}, EUR bn, Renault and Nissan: "
        + "; ".join(
            f"{r.point} {number(r.renault / 1e9, 2, True)} and {number(r.nissan / 1e9, 2, True)}"
            for r in frame.itertuples()
        )
        + ".",
        MODEL,
        (1.3 + 0.6 * len(frame), 1.5 + 0.65 * len(frame)),
    )
