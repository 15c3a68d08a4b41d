"""The marks that charts and panels are made of."""

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from scipy.optimize import isotonic_regression

from alliance.charts.looks import INK, SOFT, Look
from alliance.format import fixed, minus

Label = tuple[float, str, str]  # where it stands, the text, its colour


def axes(
    where: Any,
    x: str = "",
    y: str = "",
    *,
    percent: str = "",
    sign: bool = False,
    dates: bool | None = None,
    wrap: int = 0,
    nbins: int = 0,
    grid: str = "xy",
    **more: Any,
) -> Axes:
    """Axes, new ones in a figure, with labels that carry units.

    ``x`` and ``y`` are labels, broken over lines at ``wrap`` characters. ``percent`` names the axes
    whose ticks are percentages (``"x"``, ``"y"`` or both); ``sign`` shows plus signs. ``dates``
    says whether days across have little room, None where these aren't days; ``nbins`` is the most
    ticks across; ``more`` are limits, position and what else ``Axes.set`` takes.
    """
    ax = where.add_subplot() if hasattr(where, "add_subplot") else where
    form = "+.4g" if sign else ".4g"  # the digits that percentages need
    for axis in percent:
        ticks = getattr(ax, f"{axis}axis")
        ticks.set_major_formatter(lambda value, _: minus(f"{100 * value:{form}} %"))
    if dates is not None:
        date_axis(ax, dates)
    if nbins:
        ax.locator_params(axis="x", nbins=nbins)
    for axis in {"x", "y"} - set(grid):
        ax.grid(axis=axis, visible=False)
    for name, (low, high) in getattr(ax, "held", {}).items():  # while a slider is dragged
        if name in more:
            more[name] = min(low, more[name][0]), max(high, more[name][1])
    labels = {"xlabel": wrapped(x, wrap), "ylabel": wrapped(y, wrap)}
    ax.set(**more, **{name: text for name, text in labels.items() if text})
    return ax


def lines(
    ax: Axes, x: Any, frame: Any, looks: Mapping[str, Look], say: Callable | None = None, **style
) -> None:
    """A line for each column in its look, its name and what ``say`` makes of its last value."""
    for name, look in looks.items():
        ax.plot(x, frame[name], color=look.color, ls=look.dash, **style)
    ax.margins(x=0.01)
    if say is not None:
        ends = [(frame[name].iloc[-1], look) for name, look in looks.items()]
        items = [(value, f"{look.name} {say(value)}", look.color) for value, look in ends]
        end_labels(ax, getattr(x, "iloc", x)[-1], items)


def rule(ax: Axes, x: float | None = None, y: float | None = None, **style: Any) -> None:
    """A line across the axes at a value."""
    style = {"color": INK, "lw": 0.8} | style
    ax.axvline(x, **style) if y is None else ax.axhline(y, **style)


def band(ax: Axes, x: Any, low: Any, high: Any, color: str, alpha: float, **style: Any) -> None:
    """What lies between two lines, shaded."""
    ax.fill_between(x, low, high, **{"color": color, "alpha": alpha, "lw": 0} | style)


def span(ax: Axes, y: float, low: float, high: float, color: str, width: float = 1.4, **style):
    """A row's range: a line, or a bar with square ends where it is wide."""
    ends = {"solid_capstyle": "butt"} if width > 2 else {}
    ax.plot([low, high], [y, y], color=color, lw=width, **ends, **style)


def dot(ax: Axes, x: Any, y: Any, color: str = INK, full=False, size: float = 5, **style) -> None:
    """Dots, hollow by default; ``marker`` gives another shape."""
    style = {"marker": "o", "mfc": color if full else "white", "mec": color} | style
    ax.plot(x, y, ls="", ms=size, **style)


def rows(
    ax: Axes, names: Sequence[str], size: float = 9, places=None, room=(0.6, 0.6), wrap: int = 0
) -> None:
    """Names of rows from the bottom up, with room below and above them, and no grid between."""
    names = [wrapped(name, wrap) for name in names]
    ax.set_yticks(range(len(names)) if places is None else places, names, fontsize=size)
    if room is not None:
        ax.set_ylim(-room[0], len(names) - 1 + room[1])
    ax.grid(axis="y", visible=False)


def key_above(ax: Axes, columns: int, **style: Any) -> None:
    """A legend in the margin above the axes."""
    style = {"frameon": False, "fontsize": 8.5, "loc": "lower left"} | style
    ax.legend(bbox_to_anchor=(-0.02, 1), ncols=columns, **style)


def note(ax: Axes, text: str, xy: Any, dx: float = 0, dy: float = 0, **style: Any) -> None:
    """A text at a point of the data, moved by points; centred by default."""
    style = {"ha": "center", "va": "center", "fontsize": 8, "color": INK} | style
    ax.annotate(text, xy, xytext=(dx, dy), textcoords="offset points", **style)


def blank(ax: Axes, why: str, width: int = 44) -> None:
    """Say in words why there is nothing to draw."""
    ax.set_axis_off()
    place = {"transform": ax.transAxes, "ha": "center", "va": "center"}
    ax.text(0.5, 0.5, textwrap.fill(why, width), color=SOFT, **place)


def end_labels(ax: Axes, x: Any, items: Sequence[Label]) -> None:
    """Names of series right of their last points, moved apart where they would overlap."""
    where = {"textcoords": ("offset points", "data"), "annotation_clip": False}
    where |= {"ha": "left", "va": "center", "fontsize": 8.5}
    ax.end_notes = [ax.annotate(text, (x, y), (8, y), color=c, **where) for y, text, c in items]
    place_end_labels(ax)


def place_end_labels(ax: Axes) -> None:
    """Move end labels apart within the limits that the axes have now, on any scale."""
    notes, scale = getattr(ax, "end_notes", ()), ax.yaxis.get_transform()
    if not notes:
        return
    low, high = scale.transform(ax.get_ylim())
    lines = max(n.get_text().count("\n") + 1 for n in notes)
    points = ax.figure.bbox.height / ax.figure.dpi * 72
    gap = notes[0].get_fontsize() * 1.35 * lines / (points * 0.66) * (high - low)
    wanted = scale.transform([n.xy[1] for n in notes])
    places = scale.inverted().transform(dodge(wanted, gap, low + gap / 2, high - gap / 2))
    for each, place in zip(notes, places, strict=True):
        each.xyann = (8, place)


def dodge(wanted: Sequence[float], gap: float, low: float, high: float) -> np.ndarray:
    """Positions as near as possible to the wanted ones, in their order, at least ``gap`` apart.

    >>> dodge([1.0, 1.1, 5.0], 1.0, 0.0, 10.0).round(2).tolist()
    [0.55, 1.55, 5.0]
    """
    order = np.argsort(wanted, kind="stable")
    n = len(order)
    if n == 0:
        return np.array([])
    gap = min(gap, (high - low) / max(n - 1, 1))
    start = isotonic_regression(np.asarray(wanted, float)[order] - gap * np.arange(n)).x
    start = np.clip(start, low, high - (n - 1) * gap)
    out = np.empty(n)
    out[order] = start + np.arange(n) * gap
    return out


def wrapped(text: str, width: int) -> str:
    """Text over lines, broken between words only: not inside them, at a hyphen, or beside a unit.

    >>> wrapped("Minority carve-out", 17)
    'Minority\\ncarve-out'
    """
    if not width:
        return text
    return textwrap.fill(fixed(text), width, break_long_words=False, break_on_hyphens=False)


def date_axis(ax: Axes, narrow: bool) -> None:
    """Years (and months on short spans) without crowding."""
    from matplotlib.dates import DAILY, HOURLY, MONTHLY, AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=5 if narrow else 9)
    locator.intervald[MONTHLY] = [1, 2, 3, 4, 6, 12]
    locator.intervald[DAILY] = [1, 2, 3, 7, 14, 21, 28]
    locator.intervald[HOURLY] = [24]  # closes are daily
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))


def axis_ends(least: float, most: float) -> tuple[float, float]:
    """Round ends of an axis that holds zero and both values."""
    return -nice_ceiling(-least) if least < 0 else 0.0, nice_ceiling(most)


def nice_ceiling(value: float) -> float:
    """A round number at or above a positive value, so that axes stand while a slider moves.

    >>> nice_ceiling(3.24), nice_ceiling(0.0), nice_ceiling(71)
    (3.5, 1.0, 80.0)
    """
    if not value > 0:
        return 1.0
    size = 10.0 ** math.floor(math.log10(value))
    step = size / 2 if value < 5 * size else size
    return round(math.ceil(value / step - 1e-9) * step, 12)
