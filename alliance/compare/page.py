"""The page of a comparison: a table of what moved, and the same charts on shared axes."""

from __future__ import annotations

import base64
import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alliance import charts
from alliance.charts.base import Chart
from alliance.charts.kit import place_end_labels
from alliance.compare.differences import Comparison
from alliance.report import index, pages


def write(found: Comparison, out: Path, log=print) -> Path:
    """Write ``compare-<A>-<B>/index.html`` and ``compare.csv``; the page's path."""
    name = re.sub(r"[^a-z0-9+-]", "-", f"compare-{found.one.name}-{found.other.name}".lower())
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    log("drawing the charts that differ")
    text = pages.page(
        "compare.html.j2",
        one=found.one.name,
        other=found.other.name,
        fields=[(n, _plain(a), _plain(b)) for n, (a, b) in found.fields.items()],
        players=found.players,
        moved=[_row(d, found.players) for d in found.moved],
        equal=found.equal,
        missing=found.missing,
        charts=list(_pictures(found)),
    )
    with (folder / "compare.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "unit", "a", "b", "difference", *found.players])
        for d in found.moved:
            parts = d.parts or {}
            writer.writerow([d.id, d.unit, d.a, d.b, d.delta, *(parts.get(p, "") for p in
                             found.players)])  # fmt: skip
    (folder / "index.html").write_text(text, encoding="utf-8", newline="\n")
    index.write_list(out)
    return folder / "index.html"


def _plain(value: Any) -> str:
    return "empty" if value is None else str(value)


def _row(d, players: list[str]) -> dict[str, Any]:
    parts = ["" if d.parts is None or p not in d.parts else number(d.parts[p]) for p in players]
    shown = {"a": number(d.a), "b": number(d.b), "delta": number(d.delta, "+")}
    return {"id": d.id, "label": d.label, "unit": d.unit, "parts": parts, **shown}


def number(value: float, sign: str = "") -> str:
    """Six digits, grouped, with a true minus sign."""
    return f"{value:{sign},.6g}".replace("-", "−")


def _pictures(found: Comparison):
    for chapter, (a, b) in found.answers.items():
        if not any(d.id in b.results for d in found.moved):
            continue
        for make in charts.CHAPTERS[chapter]:
            one, other = make(a), make(b)
            if one.alt == other.alt and one.title == other.title:
                continue
            both = pair(one, other, (found.one.name, found.other.name))
            yield {
                "wide": base64.b64encode(both.png()).decode(),
                "narrow": base64.b64encode(both.png(True)).decode(),
                "alt": f"{both.title} {both.alt}",
            }


def pair(one: Chart, other: Chart, names: tuple[str, str]) -> Chart:
    """Two drawings of the same chart side by side, their axes shared where both are numbers."""
    height = tuple(max(a, b) for a, b in zip(one.height, other.height, strict=True))

    def draw(fig, narrow):
        from matplotlib.figure import SubFigure

        parts: Iterable[SubFigure] = fig.subfigures(*((2, 1) if narrow else (1, 2)), squeeze=True)
        for part, chart, name in zip(parts, (one, other), names, strict=True):
            part.suptitle(name, fontsize=9, x=0.02, ha="left")
            chart.draw(part, True)
        _share(*(part.axes for part in parts))

    return Chart(
        draw,
        one.title if one.title == other.title else f"{names[0]}: {one.title}",
        f"{names[0]}: {one.alt} {names[1]}: {other.title}. {other.alt}",
        other.source,
        (height[1], 2 * height[1]),
    )


def _share(first: list[Any], second: list[Any]) -> None:
    """The same limits for axes that stand for the same thing: equal labels and kinds of scale."""
    for a, b in zip(first, second, strict=False):
        for get, put, axis in (
            ("get_xlim", "set_xlim", "xaxis"),
            ("get_ylim", "set_ylim", "yaxis"),
        ):
            same = type(getattr(a, axis).get_major_formatter()) is type(
                getattr(b, axis).get_major_formatter()
            )
            names = "FixedFormatter" in type(getattr(a, axis).get_major_formatter()).__name__
            if same and not names:
                low, high = zip(getattr(a, get)(), getattr(b, get)(), strict=True)
                upright = low[0] <= high[0]
                limits = (min(low), max(high)) if upright else (max(low), min(high))
                for ax in (a, b):
                    getattr(ax, put)(*limits)
        for ax in (a, b):
            place_end_labels(ax)
