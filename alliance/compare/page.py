"""The pages of differences: a table of what moved, charts, and all of it as CSV."""

import base64
import csv
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from alliance import charts
from alliance.charts import kit
from alliance.charts.base import Chart
from alliance.charts.kit import place_end_labels, wrapped
from alliance.charts.looks import FAINT
from alliance.compare.causes import is_number
from alliance.compare.differences import Comparison, Difference, common, values
from alliance.format import brief, counted, difference, quantity
from alliance.report import index, manifest, pages
from alliance.report.targets import chapter_name, titled
from alliance.tables import chapter as words

Drawn = Mapping[str, Iterable[Chart]]  # charts by heading
COLOR = "#0b5fa5"


def write_page(folder: Path, name: str, rows: Iterable, drawn: Drawn, **values: Any) -> Path:
    """Write ``index.html`` and ``<name>.csv`` of a comparison or a sweep; the page's path.

    ``name`` is the template's too; ``rows`` are those of the CSV, its head first; ``drawn`` are
    charts by heading, and ``values`` are what the template shows beside them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{name}.{os.getpid()}"
    with aside.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    aside.replace(folder / f"{name}.csv")
    pictures = {heading: list(map(_picture, some)) for heading, some in drawn.items()}
    text = pages.page(f"{name}.html.j2", charts=pictures, **values)
    (folder / "index.html").write_text(text, encoding="utf-8", newline="\n")
    index.write_list(folder.parent)
    return folder / "index.html"


def _picture(chart: Chart) -> dict[str, str]:
    wide, narrow = (base64.b64encode(chart.png(small)).decode() for small in (False, True))
    return {"wide": wide, "narrow": narrow, "alt": f"{chart.title} {chart.alt}"}


def write(found: Comparison, out: Path, log=print, name: str = "", command: str = "") -> Path:
    """Write ``compare-<A>-<B>/index.html``, or one in the folder ``name``, and ``compare.csv``; the
    page's path."""
    names = one, other = found.one.name, found.other.name
    name = name or re.sub(r"[^a-z0-9+-]", "-", f"compare-{one}-{other}".lower())[:200]
    log("drawing the charts that differ")
    large = headlines(found)
    rows = [["id", "unit", "a", "b", "difference", *found.players]]
    for d in [*(d for d in large if d not in found.moved), *found.moved]:
        parts = [(d.parts or {}).get(p, "") for p in found.players]
        rows.append([d.id, d.unit, d.a, d.b, d.delta, *parts])
    drawn = {"": [arrows(large, names)] if large else []} | _pairs(found)
    rest = {
        chapter_name(chapter): [d for d in found.moved if d.id in b.results and d not in large]
        for chapter, (_, b) in found.answers.items()
    }
    changes = titled("", found.one.scenario, found.other.scenario).removeprefix(", ")
    title = f"{one} and {other}" + (f" ({changes})" if changes else ": the same inputs")
    texts = {"title": title, "large": large}
    texts |= {"command": command, "revision": manifest.revision()}
    texts |= {"rest": rest, "one": one, "other": other, "found": found, "most": most(large)}
    return write_page(out / name, "compare", rows, drawn, **texts, **FORMS)


def headlines(found: Comparison) -> list[Difference]:
    """What moved, as printed, of the numbers that the chapters show large, in their order; where
    the two chose another programme or deal to headline, of each its own."""
    some, moved = [], {d.id: d for d in found.moved}
    for chapter, both in found.answers.items():
        one, other = (
            {key.replace(f".{words.headlined(a)}.", ".*."): key for key in words.headlines(a)}
            for a in both
        )
        for key in one | other:
            ids = one.get(key, key), other.get(key, key)
            if len({*ids}) == 1:
                some += filter(None, [moved.get(ids[0])])
                continue
            known = (values(*each) for each in zip((found.one, found.other), both, strict=True))
            ends = [each.get(id) for each, id in zip(known, ids, strict=True)]
            if all(map(is_number, ends)):
                made = [a.results[id] for a, id in zip(both, ids, strict=True)]
                label = common(*(r.label.partition(": ")[2] for r in made))
                label = f"{words.CHOSEN[chapter]}: {label}"
                some.append(Difference(key, label, made[0].unit, *ends, None))
    return [d for d in some if brief(d.a, d.unit) != brief(d.b, d.unit)]


def most(some: list[Difference]) -> Difference | None:
    """What moved most for its size."""
    return max(some, key=lambda d: d.size, default=None)


def told(d: Difference, form: Callable[[Any, str], str] = quantity) -> tuple[str, ...]:
    """Both values and their difference, as a report prints them; in brief, log points bare."""
    texts = form(d.a, d.unit), form(d.b, d.unit), difference(d.delta, d.unit, form)
    if not re.search("[1-9]", texts[2]):  # less than a figure of what is printed
        texts = *texts[:2], difference(d.delta, d.unit)
    return tuple(text.partition(" log points")[0] if form is brief else text for text in texts)


#: What the page's template prints numbers by.
FORMS = {"told": told, "brief": brief, "quantity": quantity, "difference": difference}


def tell(
    found: Comparison, out: Path, log=print, name: str = "", command: str = ""
) -> Iterator[str]:
    """Write the page of a comparison; what it found, a line each, and the page to open."""
    for field, (one, other) in found.fields.items():
        yield f"{field}: {one} | {other}"
    large = headlines(found)
    moved = counted(len(found.moved), "result")
    missing = f", {len(found.missing)} are in one only or no numbers" * bool(found.missing)
    shown = f"; of what the chapters show large, {len(large)} differ" * bool(large)
    colon = ":" * bool(large or found.moved)
    yield f"{moved} moved, {len(found.equal)} did not{missing}{shown}{colon}"
    for d in large or found.moved[:10]:
        yield f"  {d.label}: " + "{} to {} ({})".format(*told(d, brief if large else quantity))
        several = len(found.players) > 1
        for cause, part in sorted((d.parts or {}).items(), key=lambda p: -abs(p[1])):
            if several and part:
                yield f"      from {cause}: {difference(part, d.unit)}"
    yield f"Open {write(found, out, log, name, command)}"


def _pairs(found: Comparison) -> Drawn:
    """The same charts of both sides by chapter, where they show something else."""
    names, drawn = (found.one.name, found.other.name), {}
    for chapter, (a, b) in found.answers.items():
        for make in charts.ALL[chapter] if a is not b else ():
            one, other = make(a), make(b)
            if (one.alt, one.title) != (other.alt, other.title):
                heading = " ".join(make.__doc__.partition("\n\n")[0].split()).rstrip(".")
                both = pair(one, other, names, heading)
                drawn.setdefault(chapter_name(chapter), []).append(both)
    return drawn


def pair(one: Chart, other: Chart, names: tuple[str, str], heading: str) -> Chart:
    """Two drawings of the same chart side by side, each under what it finds, their axes shared
    where both are numbers."""
    height = tuple(max(a, b) for a, b in zip(one.height, other.height, strict=True))

    def draw(fig, narrow):
        parts = fig.subfigures(*((2, 1) if narrow else (1, 2)), squeeze=True)
        for part, chart, name in zip(parts, (one, other), names, strict=True):
            finding = wrapped(f"{name}: {chart.title}", 62 if narrow else 58)
            part.suptitle(finding, fontsize=8, x=0.02, ha="left")
            chart.draw(part, True)
        for a, b in zip(*(part.axes for part in parts), strict=False):
            _share(a, b)

    alt = f"{names[0]}: {one.title}. {one.alt} {names[1]}: {other.title}. {other.alt}"
    return Chart(draw, heading, alt, other.source, (height[1] + 0.3, 2 * height[1] + 0.6))


def arrows(large: list[Difference], names: tuple[str, str]) -> Chart:
    """The headline numbers that moved: from one value to the other, each from zero."""
    texts = ["{} → {}   {}".format(*told(d, brief)) for d in large]
    ends = [(d.a / scale, d.b / scale) for d in large for scale in [max(abs(d.a), abs(d.b))]]

    def draw(fig, narrow):
        ax, y = fig.add_subplot(), range(len(large))[::-1]
        kit.rule(ax, x=0, color=FAINT, zorder=0)
        for at, (a, b) in zip(y, ends, strict=True):
            kit.span(ax, at, a, b, COLOR)
            kit.dot(ax, a, at, COLOR)
            kit.dot(ax, b, at, COLOR, full=True)
        if narrow:
            for at, d, text in zip(y, large, texts, strict=True):
                where = (0, at), (3, 5), ("axes fraction", "data"), "offset points"
                ax.annotate(wrapped(f"{d.label}: {text}", 66), *where, fontsize=6)
            ax.set_yticks([])
        else:
            ax.set_yticks(y, [wrapped(d.label, 58) for d in large], fontsize=7)
            ax.secondary_yaxis("right").set_yticks(y, texts, fontsize=7.5)
        ax.set_ylim(-0.6, len(large) - 0.1)
        ax.set_xlim(min(-0.06, *(1.06 * v for ab in ends for v in ab)), 1.06)
        ax.set_xticks([])
        ax.set_xlabel(f"each from 0 on its own scale; ○ {names[0]}, ● {names[1]}", fontsize=7)
        ax.grid(visible=False)

    title = f"Of {len(large)} headline numbers that differ, most for its size: {most(large).label}"
    alt = f"From {names[0]} to {names[1]}: " + "; ".join(
        f"{d.label} {text}" for d, text in zip(large, texts, strict=True)
    )
    height = 0.9 + 0.37 * len(large)
    return Chart(draw, title, alt, "the answers of both", (height, height * 1.4))


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
