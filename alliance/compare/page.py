"""The pages of differences: a table of what moved, charts, and all of it as CSV."""

import base64
import csv
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from alliance import charts
from alliance.charts.base import Chart
from alliance.charts.kit import place_end_labels
from alliance.compare.differences import Comparison
from alliance.format import shown
from alliance.report import index, pages


def write_page(folder: Path, name: str, rows: Iterable, drawn: Iterable[Chart], **values) -> Path:
    """Write ``index.html`` and ``<name>.csv`` of a comparison or a sweep; the page's path.

    ``name`` is the template's too; ``rows`` are those of the CSV, its head first; ``values`` are
    what the template shows beside the charts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{name}.{os.getpid()}"
    with aside.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    aside.replace(folder / f"{name}.csv")
    pictures = []
    for chart in drawn:
        wide, narrow = (base64.b64encode(chart.png(small)).decode() for small in (False, True))
        pictures.append({"wide": wide, "narrow": narrow, "alt": f"{chart.title} {chart.alt}"})
    text = pages.page(f"{name}.html.j2", charts=pictures, shown=shown, **values)
    (folder / "index.html").write_text(text, encoding="utf-8", newline="\n")
    index.write_list(folder.parent)
    return folder / "index.html"


def write(found: Comparison, out: Path, log=print, name: str = "") -> Path:
    """Write ``compare-<A>-<B>/index.html``, or one in the folder ``name``, and ``compare.csv``; the
    page's path."""
    one, other = found.one.name, found.other.name
    name = name or re.sub(r"[^a-z0-9+-]", "-", f"compare-{one}-{other}".lower())
    log("drawing the charts that differ")
    rows = [["id", "unit", "a", "b", "difference", *found.players]]
    for d in found.moved:
        parts = [(d.parts or {}).get(p, "") for p in found.players]
        rows.append([d.id, d.unit, d.a, d.b, d.delta, *parts])
    drawn = _pairs(found)
    return write_page(out / name, "compare", rows, drawn, one=one, other=other, found=found)


def tell(found: Comparison, out: Path, log=print, name: str = "") -> Iterator[str]:
    """Write the page of a comparison; what it found, a line each, and the page to open."""
    for field, (one, other) in found.fields.items():
        yield f"{field}: {one} | {other}"
    yield f"{len(found.moved)} results moved, {len(found.equal)} did not; most moved:"
    for d in found.moved[:10]:
        yield f"  {d.id}: {d.a:,.6g} to {d.b:,.6g} ({d.delta:+,.6g})"
        for cause, part in sorted((d.parts or {}).items(), key=lambda p: -abs(p[1])):
            yield f"      from {cause}: {part:+,.6g}"
    yield f"Open {write(found, out, log, name)}"


def _pairs(found: Comparison) -> Iterable[Chart]:
    """The same charts of both sides, where something moved that they show."""
    for chapter, (a, b) in found.answers.items():
        for make in charts.ALL[chapter] if any(d.id in b.results for d in found.moved) else ():
            one, other = make(a), make(b)
            if (one.alt, one.title) != (other.alt, other.title):
                yield pair(one, other, (found.one.name, found.other.name))


def pair(one: Chart, other: Chart, names: tuple[str, str]) -> Chart:
    """Two drawings of the same chart side by side, their axes shared where both are numbers."""
    height = tuple(max(a, b) for a, b in zip(one.height, other.height, strict=True))

    def draw(fig, narrow):
        parts = fig.subfigures(*((2, 1) if narrow else (1, 2)), squeeze=True)
        for part, chart, name in zip(parts, (one, other), names, strict=True):
            part.suptitle(name, fontsize=9, x=0.02, ha="left")
            chart.draw(part, True)
        for a, b in zip(*(part.axes for part in parts), strict=False):
            _share(a, b)

    return Chart(
        draw,
        one.title if one.title == other.title else f"{names[0]}: {one.title}",
        f"{names[0]}: {one.alt} {names[1]}: {other.title}. {other.alt}",
        other.source,
        (height[1], 2 * height[1]),
    )


def _share(a: Any, b: Any) -> None:
    """The same limits for axes that stand for the same thing: one kind of scale, and no names."""
    from matplotlib.ticker import FixedFormatter

    for axis in "xy":
        one, other = (getattr(ax, f"{axis}axis").get_major_formatter() for ax in (a, b))
        if type(one) is type(other) and not isinstance(one, FixedFormatter):
            low, high = zip(*(getattr(ax, f"get_{axis}lim")() for ax in (a, b)), strict=True)
            limits = (min(low), max(high)) if low[0] <= high[0] else (max(low), min(high))
            for ax in (a, b):
                getattr(ax, f"set_{axis}lim")(*limits)
    for ax in (a, b):
        place_end_labels(ax)
