"""Axes that are kept between drawings, and the SVG made of them."""

from __future__ import annotations

import html
import io
import math
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib import rc_context, rcParams
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_svg import FigureCanvasSVG, RendererSVG
from matplotlib.dates import ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator

from alliance.answers import Answers
from alliance.charts.base import date_axis
from alliance.charts.style import SETTINGS, SOFT
from alliance.errors import AllianceError

WIDTH, HEIGHT = 4.2, 2.7  # inches
MARGINS = (0.17, 0.19, 0.79, 0.7)  # left, bottom, width, height, as parts
TICKS = 5
_OWN = {"svg.fonttype": "none", "hatch.linewidth": 0.4}
GHOST = "#8a8a8a"
_HEAD = re.compile(r"<svg [^>]*>")
_GLOBAL = re.compile(r"<style type=\"text/css\">.*?</style>", re.S)
_META = re.compile(r"<metadata>.*?</metadata>", re.S)
_SPARE = re.compile(r'<g id="[^"]*">')  # nobody refers to groups
_WHOLE = (
    f'<svg viewBox="0 0 {WIDTH * 72:g} {HEIGHT * 72:g}" role="img" aria-label="{{alt}}" '
    'style="stroke-linejoin:round;stroke-linecap:butt" xmlns="http://www.w3.org/2000/svg" '
    'xmlns:xlink="http://www.w3.org/1999/xlink">{body}</svg>'
)


@dataclass(frozen=True)
class Told:
    """What a sketch says beside its drawing."""

    title: str
    alt: str
    source: str


@dataclass(frozen=True)
class Picture:
    """A drawn sketch: SVG with the alt text in it, and what a reader needs beside it."""

    key: str
    title: str
    alt: str
    source: str
    svg: str


Sketch = Callable[[Axes, Answers, Answers | None], Told]


class Easel:
    """Keeps one figure for each sketch of a panel; not safe to share between threads.

    Ticks, grid and labels cost two thirds of a drawing, and mostly stand while a slider moves: they
    are drawn apart, and kept for as long as all that they rest on stays the same.
    """

    def __init__(self, sketches: dict[str, Sketch]) -> None:
        self._sketches = sketches
        self._axes: dict[str, Axes] = {}
        self._frames: dict[str, tuple[tuple, str]] = {}

    def draw(self, a: Answers, pinned: Answers | None = None, only: str = "") -> list[Picture]:
        """All pictures of a panel's answers (or one), over those of a pinned case.

        Raises
        ------
        AllianceError
            If a sketch says no title, alt text or source, or leaves its axes without a label.
        """
        with rc_context(SETTINGS | _OWN):  # what is set inside ends with it
            return [
                self._picture(key, sketch, a, pinned)
                for key, sketch in self._sketches.items()
                if only in ("", key)
            ]

    def _picture(self, key: str, sketch: Sketch, a: Answers, pinned: Answers | None) -> Picture:
        ax = self._clean(key)
        told = sketch(ax, a, pinned)
        for name in ("title", "alt", "source"):
            if not getattr(told, name).strip():
                raise AllianceError(f"a picture needs a {name}: '{key}'")
        if ax.axison and not (ax.get_xlabel() or ax.get_ylabel()):
            raise AllianceError(f"a picture needs units on its axes: '{key}'")
        body = self._frame(key, ax) if ax.axison else ""
        shown, ax.axison = ax.axison, False
        body += _svg(ax.figure, key)
        ax.axison = shown
        alt = html.escape(f"{told.title}. {told.alt}", quote=True)
        return Picture(key, told.title, told.alt, told.source, _WHOLE.format(alt=alt, body=body))

    def _frame(self, key: str, ax: Axes) -> str:
        """The axes without what is drawn on them, from the last drawing where they stand."""
        rests_on = _rests_on(ax)
        if self._frames.get(key, (None,))[0] != rests_on:
            _place_labels(ax)
            for artist in _drawn(ax):
                artist.set_visible(False)
            self._frames[key] = rests_on, _svg(ax.figure, f"{key}-axes")
            for artist in _drawn(ax):
                artist.set_visible(True)
        return self._frames[key][1]

    def _clean(self, key: str) -> Axes:
        """The sketch's axes without what was drawn on them; ticks stay."""
        if key not in self._axes:
            figure = Figure(figsize=(WIDTH, HEIGHT), dpi=72)
            FigureCanvasSVG(figure)
            figure.patch.set_visible(False)
            ax = self._axes[key] = figure.add_axes(MARGINS)
            ax.patch.set_visible(False)
            ax.locator_params(nbins=TICKS)
            ax.grid(axis="x", visible=False)
        ax = self._axes[key]
        for artist in _drawn(ax):
            artist.remove()
        ax.set_axis_on()
        ax.set_position(MARGINS)
        return ax


def _drawn(ax: Axes) -> tuple:
    return (*ax.lines, *ax.collections, *ax.patches, *ax.texts, *ax.images)


def _rests_on(ax: Axes) -> tuple:
    """All on which the look of ticks, grid and labels rests, in our sketches."""
    out: list = [ax.get_position().bounds]
    for axis in (ax.xaxis, ax.yaxis):
        limits = tuple(axis.get_view_interval())
        out += [axis.get_scale(), limits, axis.get_label_text(), *_named(axis)]
    return tuple(out)


def _named(axis: Axis) -> tuple[tuple, tuple]:
    """Places and names of ticks that were given, not found."""
    places = getattr(axis.get_major_locator(), "locs", ())
    return tuple(places), tuple(getattr(axis.get_major_formatter(), "seq", ()))


def _place_labels(ax: Axes) -> None:
    """Axis labels at fixed places: to find places beside the ticks costs a quarter of a drawing."""
    left, bottom, width, height = ax.get_position().bounds
    figure = ax.figure.transFigure
    ax.xaxis.set_label_coords(left + width / 2, 0.105, transform=figure)
    ax.yaxis.set_label_coords(0.04, bottom + height / 2, transform=figure)


def _svg(figure: Figure, salt: str) -> str:
    """A figure's inner SVG: no prolog, no style for others, no date, no ids but those used."""
    out = io.StringIO()
    rcParams["svg.hashsalt"] = salt  # ids of one picture never meet another's
    none = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    renderer = RendererSVG(WIDTH * 72, HEIGHT * 72, out, image_dpi=72, metadata=none)
    figure.draw(renderer)
    renderer.finalize()
    text = out.getvalue()
    text = text[_HEAD.search(text).end() : text.rindex("</svg>")]
    return _SPARE.sub("<g>", _META.sub("", _GLOBAL.sub("", text))).replace("\n", "")


def blank(ax: Axes, why: str) -> None:
    """Say in words why there is nothing to draw."""
    ax.set_axis_off()
    ax.text(
        0.5,
        0.5,
        textwrap.fill(why, 44),
        transform=ax.transAxes,
        ha="center",
        va="center",
        color=SOFT,
    )


def name_ticks(axis: Axis, places: Sequence[float], names: Sequence[str], size: float = 9) -> None:
    """Ticks with names, made anew only where they have changed: it costs more than the drawing."""
    if _named(axis) != (tuple(places), tuple(names)):
        axis.set_major_locator(FixedLocator(places))
        axis.set_major_formatter(FixedFormatter(names))
        axis.set_tick_params(labelsize=size)


def dated(ax: Axes, first: pd.Timestamp, last: pd.Timestamp) -> None:
    """Days across, from the start of the first one's quarter, to stand while a slider moves."""
    long = last - first > pd.Timedelta(days=730)
    ax.set_xlim(first.to_period("Q").start_time if long else first, last)
    if not isinstance(ax.xaxis.get_major_formatter(), ConciseDateFormatter):
        date_axis(ax, True)


def roof(value: float) -> float:
    """A round number at or above a positive value, so that axes stand while a slider moves.

    Examples
    --------
    >>> roof(3.24), roof(0.0), roof(71)
    (3.5, 1.0, 80.0)
    """
    if not value > 0:
        return 1.0
    size = 10.0 ** math.floor(math.log10(value))
    step = size / 2 if value < 5 * size else size
    return round(math.ceil(value / step - 1e-9) * step, 12)


def mark(ax: Axes, x: float, text: str, row: int, hue: str, style: str = "-") -> None:
    """A vertical line at a value, with its name above the axes in one of two rows."""
    ax.axvline(x, color=hue, ls=style, lw=1.2)
    low, high = ax.get_xlim()
    part = (x - low) / (high - low)
    side = "left" if part < 0.35 else "right" if part > 0.65 else "center"
    ax.text(
        x,
        1.03 + 0.09 * row,
        text,
        transform=ax.get_xaxis_transform(),
        ha=side,
        va="bottom",
        fontsize=8.5,
        color=hue,
    )
