"""How far and when: prices, drawdowns and starting days."""

from __future__ import annotations

import numpy as np

from alliance.answers import Answers
from alliance.charts.base import (
    FAINT,
    INK,
    SOFT,
    Chart,
    colour,
    dash,
    date_axis,
    day,
    moved,
    note,
    percent,
    percent_axis,
    spread,
)

_TAPE = "exchange closes; ECB reference rates"


def rebased(a: Answers) -> Chart:
    """Nissan's price beside its peers, Renault and the market, from one starting day."""
    frame, c = a.frame("rebased"), a.context
    last = frame.ffill().iloc[-1]
    best = last.drop("nissan").idxmax()
    span = f"{day(c['since'])} to {day(c['until'])}"
    others = ", ".join(
        f"{c['names'][n]} {percent(last[n] - 1, sign=True)}" for n in last.index if n != "nissan"
    )

    def draw(fig, narrow):
        ax = fig.add_subplot()
        for name in frame.columns[::-1]:
            series = frame[name].dropna()
            heavy = 2.2 if name == "nissan" else 1.2
            style = dash(name, frame.columns)
            ax.plot(series.index, series, ls=style, color=colour(name, frame.columns), lw=heavy)
        ax.axhline(1, color=FAINT, lw=0.8, zorder=0)
        ax.set_yscale("log")
        low, high = frame.min().min(), frame.max().max()
        shown = marks(low, high)
        ax.set_yticks(shown, [percent(m - 1, sign=True) for m in shown])
        ax.minorticks_off()
        ax.set_ylabel(f"change in {c['currency']}, log scale")
        date_axis(ax, narrow)
        _log_labels(ax, frame.index[-1], last, c["names"])
        ax.margins(x=0.01)

    return Chart(
        draw,
        f"Nissan {moved(last['nissan'] - 1)} while {c['names'][best]} {moved(last[best] - 1)} "
        f"({c['currency']}, price)",
        f"Line chart of prices in {c['currency']}, {span}: Nissan "
        f"{percent(last['nissan'] - 1, sign=True)}; {others}.",
        _TAPE,
        (4.6, 5.0),
    )


def marks(low: float, high: float) -> list[float]:
    """Multiples to mark on a log axis: a few wide ones, or even steps on a narrow span."""
    if high / low > 2:
        wide = (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 8)
        return [m for m in wide if low / 1.2 < m < high * 1.2]
    for step in (0.01, 0.02, 0.05, 0.1):
        marks = [1 + k * step for k in range(-50, 101) if low <= 1 + k * step <= high]
        if len(marks) <= 8:
            break
    return marks


def _log_labels(ax, x, last, names) -> None:
    """End labels on a log axis: spread in logs, then drawn at their places."""
    low, high = np.log(ax.get_ylim())
    gap = 8.5 * 1.3 / ((ax.figure.bbox.height / ax.figure.dpi) * 72 * 0.66) * (high - low)
    places = np.exp(spread(np.log(last.to_numpy()), gap, low, high))
    for (name, value), place in zip(last.items(), places, strict=True):
        text = f"{names[name]} {percent(value - 1, sign=True)}"
        hue = colour(name, list(last.index))
        style = {"ha": "left", "fontsize": 8.5, "annotation_clip": False}
        style["fontweight"] = "bold" if name == "nissan" else "normal"
        note(ax, text, (x, place), 6, color=hue, **style)


def drawdown(a: Answers) -> Chart:
    """Fall below the running high, with the dated events numbered and listed."""
    frame, table, c = a.frame("drawdown"), a.frame("events"), a.context
    fall = frame["drawdown"]
    table = table[(table["day"] >= fall.index[0]) & (table["day"] <= fall.index[-1])]
    prints = fall[fall.index.isin(table.loc[table["kind"] == "results", "day"])]
    table = table[~table["kind"].isin(["results", "forecast"])]
    peak, bottom = c["peak"], c["bottom"]

    def draw(fig, narrow):
        columns = 2 if narrow else 3
        rows = max(1, -(-len(table) // columns))
        size = 7 if narrow else 7.5
        total = (fig.bbox.height / fig.dpi) * 72
        key = rows * size * (2.5 if narrow else 1.45) + 4
        grid = fig.add_gridspec(2, 1, height_ratios=[max(total - key - 70, 120), key])
        ax, legend = fig.add_subplot(grid[0]), fig.add_subplot(grid[1])
        ax.fill_between(fall.index, fall, 0, color=colour("nissan"), alpha=0.18, lw=0)
        ax.plot(fall.index, fall, color=colour("nissan"), lw=1.3)
        ax.plot(prints.index, prints, "|", ms=11, mew=1.6, color=INK, zorder=3)
        room = -fall.min() * 0.22 or 0.01
        ax.set_ylim(fall.min() * 1.08 or -0.01, room)
        ax.set_yticks([t for t in ax.get_yticks() if t <= 0.001 and t >= fall.min() * 1.08])
        percent_axis(ax.yaxis)
        ax.set_ylabel(f"below the highest close, {c['currency']}")
        ax.margins(x=0.01)
        date_axis(ax, narrow)
        _number_events(ax, table["day"], fall, room, 6.5 if narrow else 7.5)
        legend.axis("off")
        for i, row in enumerate(table.itertuples()):
            text = f"{i + 1}  {row.day:%Y-%m-%d}{chr(10) if narrow else ' '}{row.short}"
            x, y = (i // rows) / columns, 1 - (i % rows) / rows
            legend.text(x, y, text, va="top", fontsize=size, color=INK, linespacing=1.15)

    rows = -(-len(table) // 2)
    return Chart(
        draw,
        f"Nissan fell {percent(-fall.min())} from its high of {day(peak)} and stood "
        f"{percent(-fall.iloc[-1])} below its highest close since {day(fall.index[0])}",
        f"Area chart of the fall below the highest close so far in {c['currency']}: the deepest, "
        f"{percent(fall.min(), 1)}, ran from {day(peak)} to {day(bottom)}; on {day(c['until'])} it "
        f"was {percent(fall.iloc[-1], 1)}. {len(table)} dated events are numbered on the line, "
        f"{len(prints)} sessions after results are marked by strokes.",
        "exchange closes; events as listed under Sources; strokes: sessions after results",
        (4.3 + 0.17 * -(-len(table) // 3), 4.2 + 0.27 * rows),
    )


def _number_events(ax, days, fall, room: float, size: float) -> None:
    """Numbers in a row above the curve, moved apart, each tied to its day."""
    from matplotlib.dates import date2num

    if len(days) == 0:
        return
    x = date2num(days.to_numpy())
    low, high = ax.get_xlim()
    width = (ax.figure.bbox.width / ax.figure.dpi) * 72 * 0.8
    gap = size * 1.5 * (high - low) / width
    for i, (at, place) in enumerate(zip(x, spread(x, gap, low + gap, high - gap), strict=True)):
        y = float(fall.asof(days.iloc[i]))
        ax.plot([place, at, at], [0.53 * room, 0.19 * room, y], color=SOFT, lw=0.5, zorder=3)
        ax.plot(at, y, "o", ms=3.2, color=INK, zorder=4)
        ax.text(place, 0.59 * room, str(i + 1), ha="center", va="bottom", fontsize=size, color=INK)


def from_each_day(a: Answers) -> Chart:
    """How the fall depends on the day from which it is measured."""
    change, c = a.frame("from_each_day")["change"], a.context
    claim, share = c["claim"], a["decline.halved_from"]
    low, high = change.min(), change.max()
    year = change.index[0].year

    def draw(fig, narrow):
        ax = fig.add_subplot()
        ax.plot(change.index, change, color=colour("nissan"))
        if claim is not None:
            style = {"where": change < claim, "color": colour("nissan"), "alpha": 0.15}
            ax.fill_between(change.index, change, claim, **style)
            ax.axhline(claim, color=INK, lw=0.9, ls="--")
            text = f"halved ({percent(claim)})"
            note(ax, text, (change.index[0], claim), 3, 9, ha="left", fontsize=8.5)
        top = max(high, claim if claim is not None else high)
        ax.set_ylim(low - 0.03, top + 0.05)
        percent_axis(ax.yaxis)
        ax.set_ylabel(f"price change to {day(c['claim_day'])}, JPY")
        ax.set_xlabel("starting day")
        date_axis(ax, narrow)

    title = f"From {percent(high)} to {percent(low)}: the fall depends on the starting day"
    if share is not None:
        title = (
            f"“More than halved since {year}”: on {day(c['claim_day'])} that held from "
            f"{percent(share, 1)} of that year's days"
        )
    return Chart(
        draw,
        title,
        f"Line chart: change of Nissan's price from each trading day of {year} to "
        f"{day(c['claim_day'])}, between {percent(low, 1)} and {percent(high, 1)}.",
        "exchange closes; the claim is article 1's",
        (3.8, 4.0),
    )
