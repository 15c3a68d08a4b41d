"""The decline's panel: prices beside peers, the fall below the high, the parts."""

from __future__ import annotations

import numpy as np

from alliance.answers import Answers
from alliance.charts.base import (
    FAINT,
    INK,
    SOFT,
    colour,
    dash,
    day,
    moved,
    note,
    percent,
    percent_axis,
    spread,
)
from alliance.charts.causes import logs
from alliance.charts.panels.easel import GHOST, Told, dated, name_ticks, roof
from alliance.charts.price import marks

_TAPE = "exchange closes; ECB reference rates"
_GRID = 1.1  # ends of a log axis are powers of it, so that they stand while a slider moves
STEP = 8  # sessions from one drawn point to the next


def _thin(frame):
    """Every so many sessions, and the last."""
    return frame.iloc[sorted({*range(0, len(frame), STEP), len(frame) - 1})]


def _grid(value: float) -> float:
    return float(np.log(value) / np.log(_GRID))


def rebased(ax, a: Answers, pinned: Answers | None) -> Told:
    """Prices from the starting day."""
    frame, c = a.frame("rebased").ffill(), a.context
    last, drawn = frame.iloc[-1], _thin(frame)
    ax.set_position((0.205, 0.14, 0.445, 0.8))
    if ax.get_yscale() != "log":
        ax.set_yscale("log")
        ax.minorticks_off()
    low, high = np.nanmin(frame.to_numpy()), np.nanmax(frame.to_numpy())
    ax.set_ylim(_GRID ** np.floor(_grid(low / 1.03)), _GRID ** np.ceil(_grid(high * 1.03)))
    dated(ax, frame.index[0], frame.index[-1])
    if pinned is not None:
        then = _thin(pinned.frame("rebased")["nissan"].dropna().to_frame())
        ax.plot(then.index, then["nissan"], color=GHOST, ls="--", lw=1)
    for name in drawn.columns[::-1]:
        heavy = 2 if name == "nissan" else 1
        style = dash(name, drawn.columns)
        ax.plot(drawn.index, drawn[name], color=colour(name, drawn.columns), ls=style, lw=heavy)
    ax.axhline(1, color=FAINT, lw=0.8, zorder=0)
    shown = marks(low, high)
    name_ticks(ax.yaxis, shown, [percent(m - 1, sign=True) for m in shown])
    bottom, top = np.log(ax.get_ylim())
    gap = 11.5 / (0.8 * ax.figure.bbox.height) * (top - bottom)
    places = np.exp(spread(np.log(last.to_numpy()), gap, bottom, top))
    for (name, value), place in zip(last.items(), places, strict=True):
        ax.annotate(
            f"{c['names'][name]} {percent(value - 1, sign=True)}",
            (frame.index[-1], place),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=7.5,
            color=colour(name, list(last.index)),
            annotation_clip=False,
        )
    ax.set_ylabel(f"change in {c['currency']}, log scale")
    span = f"{day(c['since'])} to {day(c['until'])}"
    others = last.drop("nissan")
    best = others.idxmax()
    return Told(
        f"Nissan {moved(last['nissan'] - 1)}, {c['names'][best]} {moved(others[best] - 1)} since "
        f"{day(c['since'])}",
        f"Lines of prices in {c['currency']}, {span}: "
        + ", ".join(f"{c['names'][n]} {percent(v - 1, 1, True)}" for n, v in last.items())
        + ".",
        _TAPE,
    )


def drawdown(ax, a: Answers, pinned: Answers | None) -> Told:
    """The fall below the running high."""
    frame, c = a.frame("drawdown"), a.context
    fall, deepest = frame["drawdown"], a["decline.max_drawdown"]
    drawn = fall.iloc[sorted({*range(0, len(fall), STEP), len(fall) - 1, int(fall.argmin())})]
    ax.set_position((0.18, 0.14, 0.75, 0.8))
    dated(ax, fall.index[0], fall.index[-1])
    ax.set_ylim(-min(1.0, roof(max(-deepest, 0.01) * 1.02)), 0)
    if pinned is not None:
        then = _thin(pinned.frame("drawdown")[["drawdown"]])
        ax.plot(then.index, then["drawdown"], color=GHOST, ls="--", lw=1)
    ax.fill_between(drawn.index, drawn, 0, color=colour("nissan"), alpha=0.18, lw=0)
    ax.plot(drawn.index, drawn, color=colour("nissan"), lw=1.2)
    ax.plot(c["bottom"], deepest, "o", ms=5, mfc="white", mec=INK)
    percent_axis(ax.yaxis)
    ax.set_ylabel(f"below the high, {c['currency']}")
    now = a["decline.drawdown_now"]
    return Told(
        f"At worst {percent(-deepest)} below the high ({day(c['bottom'])}), at the end "
        f"{percent(-now)}",
        f"Area of the fall below the highest close, {c['currency']}: {percent(deepest, 1)} from "
        f"{day(c['peak'])} to {day(c['bottom'])}, {percent(now, 1)} on {day(c['until'])}.",
        _TAPE,
    )


def parts(ax, a: Answers, pinned: Answers | None) -> Told:
    """The exact split of the fall in euros."""
    values = a.frame("parts")["value"]
    names = list(values.index)[::-1]
    everything = [*values, *(pinned.frame("parts")["value"] if pinned is not None else ())]
    top = roof(max(0.05, *np.abs(everything)) * 1.1)
    ax.set_position((0.2, 0.19, 0.76, 0.76))
    ax.set_xlim(-top, top)
    ax.set_ylim(-0.6, len(names) - 0.4)
    hues = [colour("nissan") if name == "company" else SOFT for name in names]
    places = np.arange(len(names))
    ax.barh(places, values[names], height=0.6, color=hues, alpha=0.75)
    if pinned is not None:
        then = pinned.frame("parts").loc[names, "value"]
        ax.plot(then, places - 0.38, "D", ms=4, mfc="none", mec=GHOST)
    for y, name in enumerate(names):
        value = values[name]
        side = "right" if value >= 0 else "left"  # of zero, where its bar is not
        note(ax, logs(value), (0, y), -4 if value >= 0 else 4, ha=side, fontsize=8.5)
    ax.axvline(0, color=INK, lw=0.8)
    name_ticks(ax.yaxis, range(len(names)), names)
    ax.set_xlabel("part of the log price change in euros")
    largest = values.abs().idxmax()
    return Told(
        f"Of {logs(values.sum())} log points in euros the {largest} part is "
        f"{logs(values[largest])}",
        "Bars of the parts: "
        + ", ".join(f"{n} {logs(v)}" for n, v in values.items())
        + f" log points, {day(a.context['since'])} to {day(a.context['until'])}.",
        _TAPE + "; our model, without intervals here",
    )
