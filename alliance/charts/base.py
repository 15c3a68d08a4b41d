"""What every chart has: a finding as title, units, a source line, an alt text, two shapes."""

from __future__ import annotations

import base64
import html
import io
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from alliance.charts.style import FAINT as FAINT
from alliance.charts.style import INK, SETTINGS, SOFT
from alliance.errors import AllianceError

#: Widths in inches; a page shows the narrow shape on screens under 600 pixels.
WIDE, NARROW, DPI = 8.0, 4.2, 200
NARROW_MIME = "application/vnd.alliance.narrow+png"
_UNIT = re.compile(r"(?<=\d) (?=%)|(?<=EUR|USD|JPY) (?=[−+\d])")

#: One colour and one line style per company everywhere: told apart by hue-blind eyes and in grey.
COLOURS = {
    "nissan": "#c3002f",
    "renault": "#d99400",
    "toyota": "#0b5fa5",
    "honda": "#00876c",
    "mitsubishi-motors": "#a65a94",
    "topix": "#6e6e6e",
    "volkswagen": "#2b3a8c",
    "ford": "#2e8fb3",
    "gm": "#7a7a7a",
}
DASHES = {
    "toyota": "--",
    "honda": "-.",
    "renault": (0, (6, 1.5)),
    "topix": ":",
    "ford": "-.",
    "gm": ":",
}
OTHERS = ("#4b3b8f", "#7a5c00", "#b5651d", "#8c2d04", "#444444")
_OTHER_DASHES = ("-", "--", "-.", ":")


@dataclass(frozen=True)
class Chart:
    """A drawing with what a reader needs beside it.

    Parameters
    ----------
    draw : callable
        ``draw(figure, narrow)`` adds axes, each with a label that carries its unit.
    title : str
        The finding, in one sentence.
    alt : str
        Text for readers who don't see it, with the main value and its dates.
    source : str
        Where the figures come from.
    height : (float, float)
        Inches, wide and narrow.
    nothing : bool
        Whether there is nothing to draw: shown as text then, not as a picture.

    Raises
    ------
    AllianceError
        If title, alt text, source or an axis label is missing.
    """

    draw: Callable[[Figure, bool], None]
    title: str
    alt: str
    source: str
    height: tuple[float, float] = (4.4, 4.6)
    nothing: bool = False

    def __post_init__(self) -> None:
        for name in ("title", "alt", "source"):
            if not getattr(self, name).strip():
                raise AllianceError(f"a chart needs a {name}")

    def figure(self, narrow: bool = False) -> Figure:
        """The drawing as a matplotlib figure, tied to no backend and no global state."""
        with rc_context(SETTINGS):
            size = (NARROW if narrow else WIDE, self.height[narrow])
            fig = Figure(figsize=size, dpi=DPI, layout="constrained")
            FigureCanvasAgg(fig)
            fig.get_layout_engine().set(w_pad=0.06, h_pad=0.06)
            columns = 42 if narrow else 78
            fig.suptitle(
                folded(self.title, columns),
                x=0.012,
                ha="left",
                fontsize=11 if narrow else 12,
                fontweight="bold",
                color=INK,
            )
            fig.supxlabel(
                textwrap.fill(f"Source: {self.source}", 74 if narrow else 140),
                x=0.012,
                ha="left",
                fontsize=7,
                color=SOFT,
            )
            self.draw(fig, narrow)
            for ax in fig.axes:
                if ax.axison and not (ax.get_xlabel() or ax.get_ylabel()):
                    raise AllianceError(f"a chart needs units on its axes: '{self.title}'")
        return fig

    def png(self, narrow: bool = False) -> bytes:
        """The drawing as PNG, without a date or a program's name in it."""
        from PIL import Image

        with rc_context(SETTINGS):
            fig, out = self.figure(narrow), io.BytesIO()
            fig.canvas.draw()  # once: savefig would lay out and draw twice
            pixels = Image.fromarray(np.asarray(fig.canvas.buffer_rgba())).convert("RGB")
            pixels.save(out, format="png", dpi=(DPI, DPI), compress_level=2)
        return out.getvalue()

    def _repr_mimebundle_(self, include=None, exclude=None):
        if self.nothing:  # a line of text, not a picture of one
            text = f"{self.title}: {self.alt}"
            return {"text/html": f'<p class="say">{html.escape(text)}</p>', "text/plain": text}, {}
        wide, narrow = (base64.b64encode(self.png(n)).decode() for n in (False, True))
        alt = f"{self.title} {self.alt}"
        data = {"image/png": wide, NARROW_MIME: narrow, "text/plain": alt}
        return data, {"image/png": {"alt": alt, "width": round(WIDE * 96)}}


def empty(title: str, why: str) -> Chart:
    """A chart that says in words why there is nothing to draw."""
    why = why[0].upper() + why[1:] + "."

    def draw(fig, narrow):
        ax = fig.add_subplot()
        ax.axis("off")
        text = textwrap.fill(why, 44 if narrow else 90)
        ax.text(0.5, 0.5, text, ha="center", va="center", color=SOFT)

    return Chart(draw, title, why, "none public then", (1.6, 1.6), nothing=True)


def colour(company: str, others: Sequence[str] = ()) -> str:
    """A company's colour; companies without one of their own take theirs by position."""
    return COLOURS.get(company) or OTHERS[_place(company, others) % len(OTHERS)]


def dash(company: str, others: Sequence[str] = ()):
    """A company's line style, as :func:`colour`; many that have neither share no pair of both."""
    if company in COLOURS:
        return DASHES.get(company, "-")
    return _OTHER_DASHES[_place(company, others) % len(_OTHER_DASHES)]


def _place(company: str, others: Sequence[str]) -> int:
    unknown = [name for name in others if name not in COLOURS]
    return unknown.index(company) if company in unknown else 0


def percent(value: float, digits: int = 0, sign: bool = False) -> str:
    """A fraction as a percentage with a true minus sign.

    Examples
    --------
    >>> percent(-0.5847, 1), percent(0.12, sign=True)
    ('−58.5 %', '+12 %')
    """
    return number(100 * value, digits, sign) + " %"


def number(value: float, digits: int = 2, sign: bool = False) -> str:
    """A number with a true minus sign and grouped thousands; zero has no sign."""
    text = f"{value:{'+' if sign else ''},.{digits}f}"
    if not text.strip("+-0.,"):
        text = text.lstrip("+-")
    return text.replace("-", "−")


def moved(change: float) -> str:
    """A change in words: ``lost 63 %``, ``gained 26 %``."""
    return f"{'gained' if change >= 0 else 'lost'} {percent(abs(change))}"


def billions(value: float, currency: str = "EUR", digits: int = 1) -> str:
    """An amount in billions: ``EUR 5.6bn``."""
    return f"{currency} {number(value / 1e9, digits)}bn"


def day(value) -> str:
    """A day as in tables: ``2023-01-17``."""
    return value.strftime("%Y-%m-%d")


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> np.ndarray:
    """Positions as near as possible to the wanted ones, in their order, at least ``gap`` apart.

    Examples
    --------
    >>> spread([1.0, 1.1, 5.0], 1.0, 0.0, 10.0).round(2).tolist()
    [0.55, 1.55, 5.0]
    """
    order = np.argsort(wanted, kind="stable")
    n = len(order)
    if n == 0:
        return np.array([])
    gap = min(gap, (high - low) / max(n - 1, 1))
    blocks: list[list[float]] = []  # mean of wanted minus offset, and size
    for rank, index in enumerate(order):
        blocks.append([wanted[index] - rank * gap, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            last, size = blocks.pop()
            blocks[-1][0] = (blocks[-1][0] * blocks[-1][1] + last * size) / (blocks[-1][1] + size)
            blocks[-1][1] += size
    start = np.concatenate([np.full(int(size), mean) for mean, size in blocks])
    start = np.clip(start, low, high - (n - 1) * gap)
    out = np.empty(n)
    out[order] = start + np.arange(n) * gap
    return out


def end_labels(
    ax: Axes, x: float, items: Sequence[tuple[float, str, str]], size: float = 8.5
) -> None:
    """Names of series right of their last points, moved apart where they would overlap.

    Parameters
    ----------
    items : list of (y, text, colour)
    """
    where = {"textcoords": ("offset points", "data"), "annotation_clip": False, "va": "center"}
    notes = [
        ax.annotate(text, (x, y), (8, y), ha="left", fontsize=size, color=shade, **where)
        for y, text, shade in items
    ]
    ax.end_notes = notes
    place_end_labels(ax)


def place_end_labels(ax: Axes) -> None:
    """Move end labels apart within the limits that the axes have now."""
    notes = getattr(ax, "end_notes", ())
    if not notes:
        return
    low, high = ax.get_ylim()
    height = (ax.figure.bbox.height / ax.figure.dpi) * 72 * 0.66
    lines = max(n.get_text().count("\n") + 1 for n in notes)
    gap = notes[0].get_fontsize() * 1.35 * lines / height * (high - low)
    places = spread([n.xy[1] for n in notes], gap, low + gap / 2, high - gap / 2)
    for each, place in zip(notes, places, strict=True):
        each.xyann = (8, place)


def note(ax: Axes, text: str, xy, dx: float = 0, dy: float = 0, **style) -> None:
    """A text at a point of the data, moved by points; centred unless told otherwise."""
    style = {"ha": "center", "va": "center", "fontsize": 8, "color": INK} | style
    ax.annotate(text, xy, xytext=(dx, dy), textcoords="offset points", **style)


def folded(text: str, width: int) -> str:
    """Text over lines, broken between words only: not inside them, at a hyphen, or beside a unit.

    Examples
    --------
    >>> folded("Minority carve-out", 17)
    'Minority\\ncarve-out'
    """
    text = _UNIT.sub("\N{NO-BREAK SPACE}", text)
    return textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)


def date_axis(ax: Axes, narrow: bool) -> None:
    """Years (and months on short spans) without crowding."""
    from matplotlib.dates import DAILY, MONTHLY, AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=5 if narrow else 9)
    locator.intervald[MONTHLY] = [1, 2, 3, 4, 6, 12]
    locator.intervald[DAILY] = [1, 2, 3, 7, 14, 21, 28]
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))


def percent_axis(axis, sign: bool = False) -> None:
    """Ticks as percentages, with the digits that they need."""
    from matplotlib.ticker import FuncFormatter

    def text(value: float, _) -> str:
        shown = f"{100 * value:{'+' if sign else ''}.4g}"
        return ("0" if float(shown) == 0 else shown.replace("-", "−")) + " %"

    axis.set_major_formatter(FuncFormatter(text))
