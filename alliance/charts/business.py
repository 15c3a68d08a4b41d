"""The business underneath, and what the fall cost Renault."""

from __future__ import annotations

import numpy as np

from alliance.answers import Answers
from alliance.charts.base import (
    FAINT,
    INK,
    SOFT,
    Chart,
    billions,
    colour,
    date_axis,
    day,
    empty,
    end_labels,
    note,
    number,
    percent,
    spread,
)

_REGIONS = {
    "north-america": ("North America", "#0b3c6f"),
    "china": ("China", "#c3002f"),
    "japan": ("Japan", "#6fa8dc"),
    "europe": ("Europe", "#d99400"),
    "other": ("Other", "#9a9a9a"),
    "europe-and-other": ("Europe and other", "#bfa06a"),
    "not split": ("Not yet split", "#e4e4e4"),
}


def unit_sales(a: Answers) -> Chart:
    """Nissan's unit sales by region, on one basis."""
    frame = a.frame("regions")
    if frame.empty or "total" not in frame:
        return empty("Nissan's unit sales", a.result("decline.units").note)
    frame = frame[frame["total"].notna()]
    total = frame["total"]
    change = total.iloc[-1] / total.iloc[0] - 1
    shown = [r for r in _REGIONS if r in frame and frame[r].fillna(0).abs().sum() > 0]

    def draw(fig, narrow):
        ax = fig.add_subplot()
        base = np.zeros(len(frame))
        places, first = [], []
        for name in shown:
            label, hue = _REGIONS[name]
            values = frame[name].fillna(0).clip(lower=0).to_numpy()
            ax.bar(range(len(frame)), values / 1e6, bottom=base / 1e6, color=hue, width=0.7)
            at = int(np.argmax(values > 0))
            if at == 0:
                places.append((base[0] + values[0] / 2) / 1e6)
                first.append((label, hue))
            else:
                for x in np.flatnonzero(values):
                    text = label.replace(" ", "\n")
                    y = (base[x] + values[x] / 2) / 1e6
                    ax.text(x, y, text, ha="center", va="center", fontsize=6.5, color=INK)
            base += values
        for x, value in enumerate(total):
            y = max(value, base[x]) / 1e6
            ax.text(x, y + 0.06, number(value / 1e6), ha="center", va="bottom", fontsize=8.5)
        spots = spread(places, 0.34, 0.1, 6)
        for place, (label, hue) in zip(spots, first, strict=True):
            dark = {"#e4e4e4": SOFT, "#6fa8dc": "#3f78ac"}.get(hue, hue)
            ax.text(-0.45, place, label, ha="right", va="center", fontsize=8, color=dark)
        ax.set_xlim(-1.75 if not narrow else -2.6, len(frame) - 0.5)
        names = [n[2:] if narrow else n for n in frame.index]
        ax.set_xticks(range(len(frame)), names, fontsize=8)
        ax.set_xlabel("fiscal year from April (China: calendar year)")
        ax.set_ylim(0, total.max() / 1e6 * 1.1)
        ax.set_ylabel("million cars")
        ax.grid(axis="x", visible=False)

    years = f"{frame.index[0]} to {frame.index[-1]}"
    return Chart(
        draw,
        f"Nissan sold {percent(abs(change))} {'fewer' if change < 0 else 'more'} cars: "
        f"{number(total.iloc[0] / 1e6)}m in "
        f"{frame.index[0]}, {number(total.iloc[-1] / 1e6)}m in {frame.index[-1]}",
        f"Stacked columns of unit sales by region, {years}: the total went from "
        f"{number(total.iloc[0], 0)} to {number(total.iloc[-1], 0)} cars.",
        "Nissan's results and monthly releases, as listed under Sources; rows not split were not "
        f"public on {a.as_of}",
        (4.4, 4.8),
    )


def price_to_book(a: Answers) -> Chart:
    """Price over the net assets a share known on each day."""
    frame, c = a.frame("price_to_book").dropna(), a.context
    if frame.empty:
        return empty("Nissan's price over book value", a.result("decline.price_to_book").note)
    ratio = frame["ratio"]
    disclosed = [d for d in a.frame("books").index if frame.index[0] <= d <= frame.index[-1]]

    def draw(fig, narrow):
        ax = fig.add_subplot()
        ax.plot(ratio.index, ratio, color=colour("nissan"))
        at = [ratio.index[ratio.index.searchsorted(d)] for d in disclosed]
        ax.plot(at, ratio[at], "o", ms=4, mfc="white", mec=colour("nissan"))
        ax.axhline(1, color=INK, lw=0.9, ls="--")
        note(ax, "book value", (ratio.index[-1], 1), dy=8, ha="right", fontsize=8.5)
        ax.set_ylim(0, max(1.15, ratio.max() * 1.1))
        ax.set_ylabel("price / net assets a share")
        ax.margins(x=0.01)
        date_axis(ax, narrow)

    return Chart(
        draw,
        f"The market paid {percent(ratio.iloc[-1])} of book value on {day(ratio.index[-1])}, "
        f"against {percent(ratio.iloc[0])} on {day(ratio.index[0])}",
        f"Line of Nissan's price over its last published net assets a share: "
        f"{number(ratio.iloc[0])} on {day(ratio.index[0])}, {number(ratio.iloc[-1])} on "
        f"{day(ratio.index[-1])}. Dots mark {len(disclosed)} disclosures to {day(c['until'])}.",
        "exchange closes; Nissan's statements, yearly before May 2021, quarterly after",
        (3.8, 4.0),
    )


def stub(a: Answers) -> Chart:
    """Renault's market value, its Nissan shares, and what is left for Renault itself."""
    frame = a.frame("stub")
    if frame.empty:
        return empty("Renault and its Nissan shares", a.result("decline.stub_eur").note)
    stake, holder = frame["stake"] / 1e9, frame["holder"] / 1e9
    last = frame.iloc[-1]
    below = float((frame["stub"] < 0).mean())

    def draw(fig, narrow):
        ax = fig.add_subplot()
        for who, ahead in (("renault", holder >= stake), ("nissan", holder < stake)):
            style = {"color": colour(who), "alpha": 0.22, "lw": 0, "interpolate": True}
            ax.fill_between(frame.index, stake, holder, where=ahead, **style)
        ax.plot(frame.index, holder, color=colour("renault"), ls=(0, (6, 1.5)))
        ax.plot(frame.index, stake, color=colour("nissan"))
        ax.set_ylim(0, max(stake.max(), holder.max()) * 1.08)
        ax.margins(x=0.01)
        nissans = f"its Nissan\nshares {number(stake.iloc[-1], 1)}"
        items = [(holder.iloc[-1], f"Renault {number(holder.iloc[-1], 1)}", "#9a6a00")]
        items.append((stake.iloc[-1], nissans, colour("nissan")))
        end_labels(ax, frame.index[-1], items)
        ax.axhline(0, color=FAINT, lw=0.8)
        ax.set_ylabel("EUR bn")
        date_axis(ax, narrow)

    return Chart(
        draw,
        f"Renault's Nissan shares were worth {billions(last['stake'])}, "
        f"{percent(last['ratio'])} of Renault's own market value",
        f"Lines in EUR bn, {day(frame.index[0])} to {day(frame.index[-1])}: Renault "
        f"{number(holder.iloc[0], 1)} to {number(holder.iloc[-1], 1)}, its Nissan shares "
        f"{number(stake.iloc[0], 1)} to {number(stake.iloc[-1], 1)}. The shares were worth more "
        f"than all of Renault on {percent(below)} of days.",
        "exchange closes; ECB reference rates; share counts and holdings as listed under Sources",
        (4.2, 4.4),
    )
