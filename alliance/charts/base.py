"""What every chart has: a finding as title, units, a source line, an alt text, two shapes."""

import base64
import html
import io
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from alliance.charts.kit import blank, wrapped
from alliance.charts.looks import INK, SOFT, drawing
from alliance.errors import AllianceError, otherwise
from alliance.places import IN_REPORT

#: Widths in inches; a page shows the narrow shape on screens under 600 pixels.
WIDE, NARROW, DPI = 8.0, 4.2, 200
NARROW_MIME = "application/vnd.alliance.narrow+png"
FRAMES_MIME = "application/vnd.alliance.frames+json"
_MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)T00:00:00\.000Z?")


def check_words(words: object, what: str) -> None:
    """Refuse a picture that lacks its title, alt text or source."""
    for name in ("title", "alt", "source"):
        if not getattr(words, name).strip():
            raise AllianceError(f"{what} needs a {name}")


def check_units(axes: list, what: str) -> None:
    """Refuse axes of which neither has a label."""
    for ax in axes:
        if ax.axison and not (ax.get_xlabel() or ax.get_ylabel()):
            raise AllianceError(f"{what} needs units on its axes")


@dataclass(frozen=True)
class Chart:
    """A drawing with what a reader needs beside it.

    ``draw(figure, narrow)`` adds axes, each with a label that carries its unit. ``title`` is the
    finding in one sentence; ``alt``, for readers who don't see it, has the main value and its
    dates; ``height`` is in inches, wide and narrow. Where there is ``nothing`` to draw, text is
    shown and no picture. A missing title, alt text, source or axis label is an AllianceError.
    ``name`` is the chart's function, ``chapter`` that of its answers, ``frames`` are the answers'
    frames that it was drawn from, by name, and ``data`` is the first of them: to look at, or to
    draw in one's own way.
    """

    draw: Callable[[Figure, bool], None]
    title: str
    alt: str
    source: str
    height: tuple[float, float] = (4.4, 4.6)
    nothing: bool = False
    name: str = ""
    chapter: str = ""
    frames: Mapping[str, pd.DataFrame] = field(default_factory=dict, repr=False)

    @property
    def data(self) -> pd.DataFrame:
        """A copy of the frame behind the chart, the first where it is drawn from several."""
        return next(iter(self.frames.values())).copy()

    def __post_init__(self) -> None:
        check_words(self, "a chart")

    def figure(self, narrow: bool = False) -> Figure:
        """The drawing as a matplotlib figure, tied to no backend and no global state."""
        with drawing():
            size = (NARROW if narrow else WIDE, self.height[narrow])
            fig = Figure(figsize=size, dpi=DPI, layout="constrained")
            FigureCanvasAgg(fig)
            fig.get_layout_engine().set(w_pad=0.06, h_pad=0.06)
            title = wrapped(self.title, 42 if narrow else 78)
            bold = {"fontsize": 11 if narrow else 12, "fontweight": "bold"}
            fig.suptitle(title, x=0.012, ha="left", color=INK, **bold)
            source = wrapped(f"Source: {self.source}", 74 if narrow else 140)
            fig.supxlabel(source, x=0.012, ha="left", fontsize=7, color=SOFT)
            self.draw(fig, narrow)
            check_units(fig.axes, f"a chart ('{self.title}')")
        return fig

    def png(self, narrow: bool = False) -> bytes:
        """The drawing as PNG of 256 colours, without a date or a program's name in it."""
        from PIL import Image

        with drawing():
            fig, out = self.figure(narrow), io.BytesIO()
            fig.canvas.draw()  # once: savefig would lay out and draw twice
            pixels = Image.fromarray(np.asarray(fig.canvas.buffer_rgba())).convert("RGB")
        few = pixels.quantize(256, method=Image.Quantize.FASTOCTREE, dither=0)
        palette, ground = few.getpalette(), 3 * few.getpixel((0, 0))
        palette[ground : ground + 3] = 255, 255, 255  # an average of near whites until here
        few.putpalette(palette)
        few.save(out, format="png", dpi=(DPI, DPI), compress_level=6)
        return out.getvalue()

    def _repr_mimebundle_(self, include=None, exclude=None):
        if self.nothing:  # a line of text, not a picture of one
            text = f"{self.title}: {self.alt}"
            return {"text/html": f'<p class="say">{html.escape(text)}</p>', "text/plain": text}, {}
        wide, narrow = (base64.b64encode(self.png(n)).decode() for n in (False, True))
        alt = f"{self.title} {self.alt}"
        data = {"image/png": wide, "text/plain": alt}
        if os.environ.get(IN_REPORT):  # its page has a place for each shape
            data[NARROW_MIME] = narrow
            sheets = ((f"{self.chapter[:1]} data {name}", name) for name in self.frames)
            data[FRAMES_MIME] = {s: {"frame": n, **carried(self.frames[n])} for s, n in sheets}
        else:
            data["text/html"] = self._html(wide, alt)
        return data, {"image/png": {"alt": alt, "width": round(WIDE * 96)}}

    def _html(self, wide: str, alt: str) -> str:
        """The picture with its alt text, which renderers of PNG drop, and its data, folded."""
        calls = ", ".join(f"<code>a.frame(&quot;{name}&quot;)</code>" for name in self.frames)
        picture = f'<img alt="{html.escape(alt, quote=True)}" style="max-width: 100%" '
        picture += f'width="{round(WIDE * 96)}" src="data:image/png;base64,{wide}">'
        below = f"Data: {calls}; <code>charts.{self.name}(a).data</code> is the first"
        below = below.removesuffix(" is the first") if len(self.frames) == 1 else below
        fold = f'<details style="font-size: 85%"><summary>{below}</summary>'
        fold += f'<div style="overflow-x: auto">{self.data.to_html(max_rows=60)}</div></details>'
        return f'<figure style="margin: 0">{picture}{fold if calls else ""}</figure>'


def carried(frame: pd.DataFrame) -> dict[str, list]:
    """A frame's columns and rows as JSON values: first its index, unless that only counts."""
    if frame.index.names != [None] or not pd.api.types.is_integer_dtype(frame.index):
        frame = frame.rename_axis(index=lambda name: name or "what").reset_index()
    text = frame.to_json(orient="split", index=False, date_format="iso", double_precision=15)
    found = json.loads(_MIDNIGHT.sub(r"\1", text))
    return {"columns": list(map(str, found["columns"])), "rows": found["data"]}


def chart(title: str) -> Callable:
    """Turn a function's :class:`NotKnown` into a chart of this title that says the reason."""
    return otherwise(lambda why: empty(title, why))


def empty(title: str, why: str) -> Chart:
    """A chart that says in words why there is nothing to draw."""
    why = why[0].upper() + why[1:] + "."

    def draw(fig, narrow):
        blank(fig.add_subplot(), why, 44 if narrow else 90)

    return Chart(draw, title, why, "none public then", (1.6, 1.6), nothing=True)
