"""A sweep's summary: ``sweep.csv`` and a page, from the results of the reports just built."""

import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np

from alliance.charts import kit
from alliance.charts.base import Chart
from alliance.charts.looks import BLUE, SOFT
from alliance.compare.causes import is_number
from alliance.compare.differences import common, size
from alliance.compare.page import write_page
from alliance.format import MONEY, listed, quantity
from alliance.report import CHAPTERS, Target, manifest
from alliance.report.builder import Log
from alliance.report.folder import Built
from alliance.report.manifest import digest
from alliance.scenario import fields, flat, reaches, spelt, swept
from alliance.scenario.cells import group_of
from alliance.scenario.words import named, worded
from alliance.tables.chapter import CHOSEN, SENTENCES

MOST_SHOWN = 6
#: What a chart's values are divided by, and its unit then.
SCALES = {unit: (1e6, f"{unit} m") for unit in MONEY} | {"fraction": (0.01, "%")}


def write(targets: list[Target], settings, out: Path, only: tuple[str, ...], log: Log) -> Path:
    """Write ``sweep-<6 hex>/index.html`` and ``sweep.csv`` for the reports of a sweep; the page's
    path. A chapter that could not be built has no rows there."""
    names, several = swept(settings), len({t.command.split(" --", 1)[0] for t in targets}) > 1
    chapters, infos = concerned(names, only), fields()
    log(f"sweep: {len(targets)} combinations, {', '.join(chapters)}")
    rows = [["report", *names, "id", "label", "value", "unit", "note"]]
    moving, reports, along = {}, [], []
    chosen = {n: [getattr(t.scenario, group_of(n)).chosen for t in targets] for n in CHOSEN}
    same = {name: parts[0] for name, parts in chosen.items() if len({*parts}) == 1}
    heads = {c: SENTENCES[f"{c} headline"].replace("*", same.get(c, "*")) for c in chapters}
    chosen = {name: parts for name, parts in chosen.items() if name not in same}
    for at, target in enumerate(targets):
        built, values = Built.read(out / target.name), flat(target.scenario)
        along.append(values[names[0]])
        label = ", ".join(worded(n, values[n], infos[n]) for n in names)
        label = f"{target.name.partition('+')[0]}: {label}" if several else label
        reports.append({"name": target.name, "label": label, "there": bool(built.files)})
        there = [chapter for chapter in chapters if built.state(chapter) == "ok"]
        for c, r in ((one, r) for one in there for r in built.results([one])):
            cells = [r["id"], r["label"], _plain(r["value"]), r["unit"], r.get("note")]
            rows.append([target.name, *(_plain(values[name]) for name in names), *cells])
            labels, part = {r["id"]: r["label"]}, f".{chosen[c][at]}." if c in chosen else "*"
            if part in r["id"]:
                rest = r["label"].partition(": ")[2]
                labels[r["id"].replace(part, ".*.")] = f"{CHOSEN[c]}: {rest}"
            for key, label in labels.items() if is_number(r["value"]) else ():
                entry = moving.setdefault(key, [label, r["unit"], [None] * len(targets)])
                entry[0], entry[2][at] = common(entry[0], label), r["value"]
    sizes = {key: size(entry[2]) for key, entry in moving.items()}
    large = " ".join(heads.values()).split()  # they come first, and what the chosen ones bring
    order = sorted(sizes, key=lambda key: ("*" not in key, key not in large, -sizes[key], key))
    movers = [moving[key] for key in order if sizes[key]]
    other = {tuple(mover[2]): mover for mover in movers[::-1]}  # one picture of the same values
    other = [mover for mover in movers if mover is other[tuple(mover[2])]][:MOST_SHOWN]
    labels = [report["label"] for report in reports]
    one = len(names) == 1 and not several and all(map(is_number, along))
    line = dict(sorted(zip(along, range(len(along)), strict=True))) if one else {}
    said = listed([named(name, infos[name]) for name in names])
    info = infos[names[0]]
    drawn = {"": [_chart(*mover, labels, said, info, line) for mover in other]}
    folder = out / f"sweep-{digest([[t.name for t in targets], list(settings)])[:6]}"
    title = f"Sweep over {said.replace('as of', 'the day')}"
    texts = {"title": title, "reports": reports, "movers": movers}
    words = [t.command.split(" --", 1)[0].removeprefix("alliance report ") for t in targets]
    words = [*dict.fromkeys(words), *(f"--set {shlex.quote(setting)}" for setting in settings)]
    words += [f"--only {chapter}" for chapter in only]
    words += re.findall(r"--as-of \S+|--live$", targets[0].command)
    texts |= {"command": f"alliance report {' '.join(words)}", "revision": manifest.revision()}
    texts |= {"quantity": quantity, "live": built.manifest.get("live", {}).get("fetched")}
    return write_page(folder, "sweep", rows, drawn, **texts)


def concerned(names: list[str], only: tuple[str, ...]) -> list[str]:
    """Chapters whose results a field of the sweep can move."""
    asked = [c for c in CHAPTERS if not only or c in only]
    return [c for c in asked if set(names) & set(reaches(c).values())]


def _plain(value: Any) -> Any:
    """A value as a cell of CSV."""
    return " ".join(map(str, value)) if isinstance(value, list) else "" if value is None else value


def _chart(label: str, unit: str, values: list, labels: list, said: str, info, line: dict) -> Chart:
    """One result over the combinations; where one number alone varies, over it (a field that
    ``info`` describes): ``line`` has the place of each of its values."""
    values = np.array(values, dtype=float)  # None is not a number
    low, high = (quantity(limit(values), unit) for limit in (np.nanmin, np.nanmax))
    texts = [quantity(v, unit) if v == v else "" for v in values]
    each = "; ".join(f"{label} {text}" for label, text in zip(labels, texts, strict=True) if text)
    scale, unit = SCALES.get(unit, (1, unit))
    values = values / scale

    def draw_line(fig, narrow):
        at = list(line)
        ax = kit.axes(fig, said, unit, nbins=5)
        ax.plot(at, values[list(line.values())], "o-", color=BLUE, lw=1)
        ax.xaxis.set_major_formatter(lambda x, _: spelt(float(f"{x:.6g}"), info))
        ax.margins(x=0.06, y=0.12)

    def draw(fig, narrow):
        ax = fig.add_subplot()
        y = np.arange(len(values))[::-1]
        ax.plot(values, y, "o", color=BLUE)
        for at, value, text in zip(y, values, texts, strict=True):
            if text:
                kit.note(ax, text, (value, at), 0, 8, fontsize=7)
        ax.set_yticks(y, labels, fontsize=7.5)
        ax.set_ylim(-0.5, len(values) - 0.3)
        ax.margins(x=0.12)
        ax.locator_params(axis="x", nbins=5)
        ax.set_xlabel(unit, color=SOFT)
        ax.grid(axis="y", visible=False)

    height = 3.2 if line else 1.5 + 0.34 * len(values)
    alt = f"Values at {len(labels)} combinations of {said}: {each}"
    title, source = f"{label}: {low} to {high}", "our answers for each combination"
    return Chart(draw_line if line else draw, title, alt, source, (height, height))
