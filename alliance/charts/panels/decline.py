"""The decline's panel: prices beside peers, the fall below the high, the parts."""

import numpy as np

from alliance.answers import Answers
from alliance.charts import kit
from alliance.charts.looks import SOFT, color
from alliance.charts.panels.svg import Caption, dated, ghost, ghost_dots, name_ticks, place
from alliance.charts.price import CLOSES, end_names, fall_area, multiples, price_lines
from alliance.format import day, log_points, moved, percent

_GRID = np.log(1.1)  # ends of a log axis are powers of 1.1, so that they stay while a slider moves
STEP = 8  # sessions from one drawn point to the next


def _thin(frame, *more: int):
    """Every so many sessions, and the last."""
    return frame.iloc[sorted({*range(0, len(frame), STEP), len(frame) - 1, *more})]


def rebased(ax, a: Answers, pinned: Answers | None) -> Caption:
    """Prices from the starting day."""
    frame, c = a.frame("rebased").ffill(), a.context
    last, since = frame.iloc[-1], day(c["since"])
    if ax.get_yscale() != "log":
        ax.set_yscale("log")
        ax.minorticks_off()
    low, high = np.nanmin(frame.to_numpy()), np.nanmax(frame.to_numpy())
    ends = np.floor(np.log(low / 1.03) / _GRID), np.ceil(np.log(high * 1.03) / _GRID)
    names = end_names(last, c["names"])
    place(ax, left=56, bottom=20, right=5.5 * max(len(text) for _, text, _ in names) + 7)
    limits = [1.1**end for end in ends]
    kit.axes(ax, y=f"change in {c['currency']}, log scale", ylim=limits)
    dated(ax, frame.index)
    ghost(ax, pinned, lambda a: _thin(a.frame("rebased")["nissan"].dropna()))
    price_lines(ax, _thin(frame), 2, 1)
    shown = multiples(*ax.get_ylim()) if ax.held else multiples(low, high)
    name_ticks(ax.yaxis, shown, [percent(m - 1, sign=True) for m in shown])
    kit.end_labels(ax, frame.index[-1], names)
    best, own = last.drop("nissan").idxmax(), moved(last["nissan"] - 1)
    found = ", ".join(f"{c['names'][n]} {percent(v - 1, 1, True)}" for n, v in last.items())
    title = f"Nissan {own}, {c['names'][best]} {moved(last[best] - 1)} since {since}"
    alt = f"Lines of prices in {c['currency']}, {since} to {day(c['until'])}: {found}."
    return Caption(title, alt, CLOSES)


def drawdown(ax, a: Answers, pinned: Answers | None) -> Caption:
    """The fall below the running high."""
    fall, c = a.frame("drawdown")["drawdown"], a.context
    deepest, now, bottom = a["decline.max_drawdown"], a["decline.drawdown_now"], day(c["bottom"])
    floor = -min(1.0, kit.nice_ceiling(max(-deepest, 0.01) * 1.02))
    place(ax, bottom=20, right=18)
    kit.axes(ax, y=f"below the high, {c['currency']}", percent="y", ylim=(floor, 0))
    dated(ax, fall.index)
    ghost(ax, pinned, lambda a: _thin(a.frame("drawdown")["drawdown"]))
    fall_area(ax, _thin(fall, int(fall.argmin())), 1.2)
    kit.dot(ax, c["bottom"], deepest)
    return Caption(
        f"At worst {percent(-deepest)} below the high ({bottom}), at the end {percent(-now)}",
        f"Area of the fall below the highest close, {c['currency']}: {percent(deepest, 1)} from "
        f"{day(c['peak'])} to {bottom}, {percent(now, 1)} on {day(c['until'])}.",
        CLOSES,
    )


def parts(ax, a: Answers, pinned: Answers | None) -> Caption:
    """The exact split of the fall in euros."""
    values = a.frame("parts")["value"]
    rows, places = values[::-1], np.arange(len(values))
    then = pinned.frame("parts")["value"][rows.index] if pinned is not None else rows.head(0)
    top = kit.nice_ceiling(max(0.05, *np.abs([*values, *then])) * 1.1)
    place(ax, left=54)
    limits = {"xlim": (-top, top), "ylim": (-0.6, len(rows) - 0.4)}
    kit.axes(ax, "part of the log price change in euros", **limits)
    shades = [color("nissan") if name == "company" else SOFT for name in rows.index]
    ax.barh(places, rows, height=0.6, color=shades, alpha=0.75)
    if len(then):
        ghost_dots(ax, then, places - 0.38)
    for y, value in enumerate(rows):
        side, dx = ("right", -4) if value >= 0 else ("left", 4)  # of zero, where its bar is not
        kit.note(ax, log_points(value), (0, y), dx, ha=side, fontsize=8.5)
    kit.rule(ax, x=0)
    name_ticks(ax.yaxis, range(len(rows)), list(rows.index))
    largest, c = values.abs().idxmax(), a.context
    whole, most = log_points(values.sum()), log_points(values[largest])
    found = ", ".join(f"{n} {log_points(v)}" for n, v in values.items())
    return Caption(
        f"Of {whole} log points in euros the {largest} part is {most}",
        f"Bars of the parts: {found} log points, {day(c['since'])} to {day(c['until'])}.",
        CLOSES + "; our model, without intervals here",
    )


CHARTS = (rebased, drawdown, parts)
