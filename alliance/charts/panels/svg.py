"""Axes that are used again from drawing to drawing, and the SVG made of them."""

import html
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib import rcParams
from matplotlib.artist import setp
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_svg import FigureCanvasSVG, RendererSVG
from matplotlib.dates import ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator

from alliance.answers import Answers
from alliance.charts import kit
from alliance.charts.base import check_units, check_words
from alliance.charts.looks import GHOST, SOFT, drawing

SIZE = (440, 280)  # pixels of a page
SMALL = 8.5  # points, 11.3 pixels: no text is smaller
_LARGE = 600 * 0.75  # points of width from which a picture has room for more ticks
_SIZES = ("font.size", "axes.labelsize", "xtick.labelsize", "ytick.labelsize")
_OWN = {"svg.fonttype": "none", "hatch.linewidth": 0.4} | dict.fromkeys(_SIZES, SMALL)
_HEAD = re.compile(r"<svg [^>]*>")
_SPARE = re.compile(r'<style type="text/css">.*?</style>|<metadata>.*?</metadata>|\n', re.S)
_NAMED = re.compile(r'<g id="[^"]*">')  # nobody refers to groups
_WHOLE = (
    '<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{alt}" '
    'style="stroke-linejoin:round;stroke-linecap:butt" xmlns="http://www.w3.org/2000/svg" '
    'xmlns:xlink="http://www.w3.org/1999/xlink">{body}</svg>'
)


@dataclass(frozen=True)
class Caption:
    """What a reader needs beside a panel's chart."""

    title: str
    alt: str
    source: str


@dataclass(frozen=True)
class RenderedChart(Caption):
    """A drawn chart: SVG with the alt text in it, and its caption."""

    key: str
    svg: str


class Nothing(Exception):
    """There is nothing to draw: the caption, and the words in the picture's place."""

    def __init__(self, title: str, why: str, source: str, sentence: str = "{}.") -> None:
        super().__init__(why)
        text = sentence.format(why)
        self.caption, self.words = Caption(title, why, source), text[0].upper() + text[1:]


PanelChart = Callable[[Axes, Answers, Answers | None], Caption]


class Renderer:
    """Keeps one figure for each chart of a panel; not safe to share between threads.

    Ticks, grid and labels cost two thirds of a drawing, and mostly stay while a slider moves: they
    are drawn apart, and kept for as long as all that they depend on stays the same.
    """

    def __init__(self, charts: dict[str, PanelChart]) -> None:
        self._charts = charts
        self._axes: dict[str, Axes] = {}
        self._frames: dict[str, tuple[tuple, str]] = {}

    def draw(
        self,
        a: Answers,
        pinned: Answers | None = None,
        only: str = "",
        *,
        sizes: Sequence[tuple[int, int]] = (),
        name: str = "",
        hold: bool = False,
        first: str = "",
    ) -> Iterator[RenderedChart]:
        """All charts of a panel's answers (or one), over those of a pinned case of that name.

        They come one by one, the one named ``first`` before the others. ``sizes`` are pixels of the
        page, in reading order; with ``hold`` axes widen where they must, and never narrow. A chart
        without title, alt text, source or axis label is an error.
        """
        keys = [key for key in self._charts if only in ("", key)]
        sized = dict(zip(keys, sizes or [SIZE] * len(keys), strict=True))
        with drawing(_OWN):
            for key in sorted(keys, key=lambda key: key != first):
                ax = self._clean(key, sized[key], hold, name if pinned else "")
                yield self._render(ax, key, a, pinned)

    def _render(self, ax: Axes, key: str, a: Answers, pinned: Answers | None) -> RenderedChart:
        try:
            caption = self._charts[key](ax, a, pinned)
        except Nothing as nothing:
            caption = nothing.caption
            kit.blank(ax, nothing.words)
        check_words(caption, f"a picture ('{key}')")
        check_units([ax], f"a picture ('{key}')")
        body = self._frame(key, ax) if ax.axison else ""
        shown, ax.axison = ax.axison, False
        body += _svg(ax.figure, key)
        ax.axison = shown
        alt = html.escape(f"{caption.title}. {caption.alt}", quote=True)
        width, height = _points(ax)
        svg = _WHOLE.format(width=width, height=height, alt=alt, body=body)
        return RenderedChart(**vars(caption), key=key, svg=svg)

    def _frame(self, key: str, ax: Axes) -> str:
        """The axes without what is drawn on them, from the last drawing where they still hold."""
        depends_on = _depends_on(ax)
        if self._frames.get(key, (None,))[0] != depends_on:
            _place_labels(ax)
            setp(_drawn(ax), visible=False)
            self._frames[key] = depends_on, _svg(ax.figure, f"{key}-axes")
            setp(_drawn(ax), visible=True)
        return self._frames[key][1]

    def _clean(self, key: str, size: tuple[int, int], hold: bool, name: str) -> Axes:
        """The chart's axes without what was drawn on them; ticks stay."""
        inches = tuple(pixels / 96 for pixels in size)
        ax = self._axes.get(key)
        if ax is None or tuple(ax.figure.get_size_inches()) != inches:
            figure, hold = Figure(figsize=inches, dpi=72), False
            FigureCanvasSVG(figure)
            figure.patch.set_visible(False)
            ax = self._axes[key] = figure.add_axes((0, 0, 1, 1))
            ax.patch.set_visible(False)
            ax.locator_params(nbins=9 if is_large(ax) else 5)
            ax.grid(axis="x", visible=False)
        for artist in _drawn(ax):
            artist.remove()
        ax.set_axis_on()
        ax.held = {"xlim": ax.get_xlim(), "ylim": ax.get_ylim()} if hold else {}
        ax.above = 0
        if name:
            ax.above = 1.4 * SMALL
            most = int(_points(ax)[0] / (0.6 * SMALL))
            name = name if len(name) <= most else f"{name[: most - 1]}…"
            style = {"xycoords": "figure fraction", "ha": "right", "va": "top", "color": SOFT}
            kit.note(ax, name, (1, 1), -2, -1, fontsize=SMALL, **style)
        place(ax)
        return ax


def _points(ax: Axes) -> tuple[float, float]:
    """Width and height of the picture."""
    return tuple(ax.figure.get_size_inches() * 72)


def is_large(ax: Axes) -> bool:
    """Whether the picture has room for more ticks."""
    return _points(ax)[0] >= _LARGE


def place(
    ax: Axes, left: float = 52, bottom: float = 31, right: float = 12, top: float = 10
) -> float:
    """Put axes into their picture, with margins in points; gives a point as part of their height.

    A pinned case's name has its place above.
    """
    width, height = _points(ax)
    tall = height - bottom - top - ax.above
    ax.set_position((left / width, bottom / height, 1 - (left + right) / width, tall / height))
    return 1 / tall


def _drawn(ax: Axes) -> tuple:
    return (*ax.lines, *ax.collections, *ax.patches, *ax.texts, *ax.images)


def _depends_on(ax: Axes) -> list:
    """All on which the look of ticks, grid and labels depends, in our charts."""
    out = [_points(ax), ax.get_position().bounds]
    for axis in (ax.xaxis, ax.yaxis):
        out += [axis.get_scale(), *axis.get_view_interval(), axis.get_label_text(), *_named(axis)]
    return out


def _named(axis: Axis) -> tuple[tuple, tuple]:
    """Places and names of ticks that were given, not found."""
    places = getattr(axis.get_major_locator(), "locs", ())
    return tuple(places), tuple(getattr(axis.get_major_formatter(), "seq", ()))


def _place_labels(ax: Axes) -> None:
    """Axis labels at fixed places: to find places beside the ticks costs a quarter of a drawing."""
    left, bottom, width, height = ax.get_position().bounds
    figure = ax.figure.transFigure
    across, up = _points(ax)
    middle = left + width / 2, 1 - 0.29 * SMALL * len(ax.get_xlabel()) / across  # all inside
    ax.xaxis.set_label_coords(min(middle), 14.5 / up, transform=figure)
    ax.yaxis.set_label_coords(12 / across, bottom + height / 2, transform=figure)


def _svg(figure: Figure, salt: str) -> str:
    """A figure's inner SVG: no prolog, no style for others, no date, no ids but those used."""
    out = io.StringIO()
    rcParams["svg.hashsalt"] = salt  # ids of one picture never meet another's
    none = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    across, up = figure.get_size_inches() * 72
    renderer = RendererSVG(across, up, out, image_dpi=72, metadata=none)
    figure.draw(renderer)
    renderer.finalize()
    text = out.getvalue()
    text = text[_HEAD.search(text).end() : text.rindex("</svg>")]
    return _NAMED.sub("<g>", _SPARE.sub("", text))


def ghost(ax: Axes, pinned: Answers | None, line: Callable[[Answers], pd.Series]) -> None:
    """The line of the pinned case, if there is one, below that of the case shown."""
    if pinned is not None:
        ax.plot(line(pinned), color=GHOST, ls="--", lw=1)


def ghost_dots(ax: Axes, x: Any, y: Any, **style: Any) -> None:
    """The pinned case's values."""
    kit.dot(ax, x, y, GHOST, **{"size": 4, "marker": "D", "mfc": "none"} | style)


def name_ticks(axis: Axis, places: Sequence[float], names: Sequence[str]) -> None:
    """Ticks with names, made anew only where they have changed: it costs more than the drawing."""
    if _named(axis) != (tuple(places), tuple(names)):
        axis.set_major_locator(FixedLocator(places))
        axis.set_major_formatter(FixedFormatter(names))


def dated(ax: Axes, days: pd.DatetimeIndex) -> None:
    """Days across, from the start of the first one's quarter, to stay while a slider moves."""
    first, last = days[[0, -1]]
    long = last - first > pd.Timedelta(days=730)
    ends = date2num([first.to_period("Q").start_time if long else first, last])
    if not isinstance(ax.xaxis.get_major_formatter(), ConciseDateFormatter):
        ax.xaxis_date()
        kit.date_axis(ax, not is_large(ax))
    kit.axes(ax, xlim=tuple(ends))
