"""A sweep's summary: ``sweep.csv`` and a page, from the results of the reports just built."""

from pathlib import Path
from typing import Any

import numpy as np

from alliance.charts import kit
from alliance.charts.base import Chart
from alliance.charts.looks import BLUE, SOFT
from alliance.compare.causes import is_number
from alliance.compare.differences import common, size
from alliance.compare.page import write_page
from alliance.format import MONEY, in_words, quantity, shown
from alliance.report import CHAPTERS, Target
from alliance.report.builder import Log
from alliance.report.folder import Built
from alliance.report.manifest import digest
from alliance.scenario import fields, flat, reaches, spelt, swept

MOST_SHOWN = 6
#: What a chart's values are divided by, and its unit then.
SCALES = {unit: (1e6, f"{unit} m") for unit in MONEY} | {"fraction": (0.01, "%")}


def write(targets: list[Target], settings, out: Path, only: tuple[str, ...], log: Log) -> Path:
    """Write ``sweep-<6 hex>/index.html`` and ``sweep.csv`` for the reports of a sweep; the page's
    path. A chapter that could not be built has no rows there."""
    names, several = swept(settings), len({t.command.split(" --", 1)[0] for t in targets}) > 1
    chapters = concerned(names, only)
    log(f"sweep: {len(targets)} combinations, {', '.join(chapters)}")
    rows = [["report", *names, "id", "label", "value", "unit", "note"]]
    moving, reports, along, infos = {}, [], [], fields()
    for at, target in enumerate(targets):
        built, values = Built.read(out / target.name), flat(target.scenario)
        taken = {name: _plain(values[name]) for name in names}
        along.append(values[names[0]])
        label = ", ".join(f"{_words(n)} {spelt(values[n], infos[n]) or 'by rule'}" for n in names)
        label = f"{target.name.partition('+')[0]}: {label}" if several else label
        reports.append({"name": target.name, "label": label, "there": bool(built.files)})
        for r in built.results(c for c in chapters if built.state(c) == "ok"):
            value = r["value"]
            cells = [r["id"], r["label"], _plain(value), r["unit"], r.get("note")]
            rows.append([target.name, *taken.values(), *cells])
            if is_number(value):
                entry = moving.setdefault(r["id"], [r["label"], r["unit"], [None] * len(targets)])
                entry[0], entry[2][at] = common(entry[0], r["label"]), value
    sizes = {key: size(entry[2]) for key, entry in moving.items()}
    movers = [moving[key] for key in sorted(sizes, key=lambda k: (-sizes[k], k)) if sizes[key]]
    labels = [report["label"] for report in reports]
    one = len(names) == 1 and not several and all(map(is_number, along))
    line = dict(sorted(zip(along, range(len(along)), strict=True))) if one else {}
    drawn = {"": [_chart(*mover, labels, names, line) for mover in movers[:MOST_SHOWN]]}
    folder = out / f"sweep-{digest([[t.name for t in targets], list(settings)])[:6]}"
    title = f"Sweep over {_words(*names).replace('as of', 'the day')}"
    texts = {"title": title, "reports": reports, "movers": movers}
    texts |= {"quantity": quantity, "live": built.manifest.get("live", {}).get("fetched")}
    return write_page(folder, "sweep", rows, drawn, **texts)


def concerned(names: list[str], only: tuple[str, ...]) -> list[str]:
    """Chapters whose results a field of the sweep can move."""
    asked = [c for c in CHAPTERS if not only or c in only]
    return [c for c in asked if set(names) & set(reaches(c).values())]


def _plain(value: Any) -> Any:
    """A value as a cell of CSV."""
    return " ".join(map(str, value)) if isinstance(value, list) else "" if value is None else value


def _words(*names: str) -> str:
    return " and ".join(in_words(name.partition(".")[2] or name) for name in names)


def _chart(
    label: str, unit: str, values: list, labels: list[str], names: list[str], line: dict[float, int]
) -> Chart:
    """One result over the combinations; where one number alone varies, over it: ``line`` has the
    place of each of its values."""
    values = np.array(values, dtype=float)  # None is not a number
    low, high = (quantity(limit(values), unit) for limit in (np.nanmin, np.nanmax))
    scale, unit = SCALES.get(unit, (1, unit))
    values = values / scale

    def draw_line(fig, narrow):
        info, at = fields()[names[0]], list(line)
        ax = kit.axes(fig, _words(names[0]), unit, nbins=5)
        ax.plot(at, values[list(line.values())], "o-", color=BLUE, lw=1)
        ax.xaxis.set_major_formatter(lambda x, _: spelt(float(f"{x:.6g}"), info))
        ax.margins(x=0.06, y=0.12)

    def draw(fig, narrow):
        ax = fig.add_subplot()
        y = np.arange(len(values))[::-1]
        ax.plot(values, y, "o", color=BLUE)
        for at, value in zip(y, values, strict=True):
            if np.isfinite(value):
                kit.note(ax, shown(value, ",.4g"), (value, at), 0, 8, fontsize=7)
        ax.set_yticks(y, labels, fontsize=7.5)
        ax.set_ylim(-0.5, len(values) - 0.3)
        ax.margins(x=0.12)
        ax.locator_params(axis="x", nbins=5)
        ax.set_xlabel(unit, color=SOFT)
        ax.grid(axis="y", visible=False)

    height = 3.2 if line else 1.5 + 0.34 * len(values)
    each = (f"{t} {shown(v, ',.4g')}" for t, v in zip(labels, values, strict=True) if v == v)
    alt = f"Values at {len(labels)} combinations of {_words(*names)}: {'; '.join(each)}"
    title, source = f"{label}: {low} to {high}", "our answers for each combination"
    return Chart(draw_line if line else draw, title, alt, source, (height, height))
