"""A sweep's summary: ``sweep.csv`` and a page, from answers computed here; no kernel is started."""

from pathlib import Path
from typing import Any

import numpy as np

from alliance import answers, evidence
from alliance.charts.base import Chart
from alliance.charts.kit import note
from alliance.charts.looks import SOFT
from alliance.compare.causes import is_number
from alliance.compare.differences import size
from alliance.compare.page import write_page
from alliance.format import MONEY, quantity, shown
from alliance.report import CHAPTERS, Target
from alliance.report.builder import Log
from alliance.report.manifest import digest
from alliance.scenario import flat, reaches, swept

MOST_SHOWN = 6
#: What a chart's values are divided by, and its unit then.
SCALES = {unit: (1e6, f"{unit} m") for unit in MONEY} | {"fraction": (0.01, "%")}


def write(targets: list[Target], settings, out: Path, only, data: Path | None, log: Log) -> Path:
    """Write ``sweep-<6 hex>/index.html`` and ``sweep.csv`` for the reports of a sweep; the page's
    path."""
    names, several = swept(settings), len({t.command.split(" --", 1)[0] for t in targets}) > 1
    chapters = concerned(names, only)
    log(f"sweep: {len(targets)} combinations, {', '.join(chapters)}")
    rows = [["report", *names, "id", "label", "value", "unit", "note"]]
    known = evidence.open(targets[0].scenario.as_of, data)
    moving, reports = {}, []
    for at, target in enumerate(targets):
        ev, values = known.on(target.scenario.as_of), flat(target.scenario)
        taken = {name: _plain(values[name]) for name in names}
        label = ", ".join(f"{n.partition('.')[2] or n} {value}" for n, value in taken.items())
        label = f"{target.name.partition('+')[0]}: {label}" if several else label
        there = (out / target.name / "index.html").is_file()
        reports.append({"name": target.name, "label": label, "there": there})
        for chapter in chapters:
            for r in answers.CHAPTERS[chapter](target.scenario, ev).results.values():
                cells = [r.id, r.label, _plain(r.value), r.unit, r.note]
                rows.append([target.name, *taken.values(), *cells])
                if is_number(r.value):
                    entry = moving.setdefault(r.id, (r.label, r.unit, [None] * len(targets)))
                    entry[2][at] = r.value
    sizes = {key: size(entry[2]) for key, entry in moving.items()}
    movers = [moving[key] for key in sorted(sizes, key=lambda k: (-sizes[k], k)) if sizes[key]]
    labels = [report["label"] for report in reports]
    drawn = {"": [_chart(*mover, labels, names) for mover in movers[:MOST_SHOWN]]}
    folder = out / f"sweep-{digest([[t.name for t in targets], list(settings)])[:6]}"
    texts = {"title": f"Sweep over {', '.join(names)}", "reports": reports, "movers": movers}
    texts |= {"quantity": quantity, "live": known.package.overlay.get("fetched")}
    return write_page(folder, "sweep", rows, drawn, **texts)


def concerned(names: list[str], only: tuple[str, ...]) -> list[str]:
    """Chapters whose results a field of the sweep can move."""
    asked = [c for c in CHAPTERS if not only or c in only]
    return [c for c in asked if set(names) & set(reaches(c).values())]


def _plain(value: Any) -> Any:
    """A value as a cell of CSV."""
    return " ".join(map(str, value)) if isinstance(value, list) else "" if value is None else value


def _chart(label: str, unit: str, values: list, labels: list[str], names: list[str]) -> Chart:
    """One result over the combinations."""
    scale, unit = SCALES.get(unit, (1, unit))
    values = np.array(values, dtype=float) / scale  # None is not a number
    low, high = (shown(limit(values), ",.4g") for limit in (np.nanmin, np.nanmax))

    def draw(fig, narrow):
        ax = fig.add_subplot()
        y = np.arange(len(values))[::-1]
        ax.plot(values, y, "o-" if len(names) == 1 else "o", color="#0b5fa5", lw=1)
        for at, value in zip(y, values, strict=True):
            if np.isfinite(value):
                note(ax, shown(value, ",.4g"), (value, at), 0, 8, fontsize=7)
        ax.set_yticks(y, labels, fontsize=7.5)
        ax.set_ylim(-0.5, len(values) - 0.3)
        ax.margins(x=0.12)
        ax.locator_params(axis="x", nbins=5)
        ax.set_xlabel(unit, color=SOFT)
        ax.grid(axis="y", visible=False)

    height = 1.5 + 0.34 * len(values)
    each = (f"{t} {shown(v, ',.4g')}" for t, v in zip(labels, values, strict=True) if v == v)
    alt = f"Dots over {len(labels)} combinations of {', '.join(names)}: {'; '.join(each)}"
    source = "answers of the workbook for each combination"
    return Chart(draw, f"{label}: {low} to {high} {unit}", alt, source, (height, height))
