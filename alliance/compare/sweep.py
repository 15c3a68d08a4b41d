"""A sweep's summary: ``sweep.csv`` and a page, from answers computed here; no kernel is started."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from alliance import answers, evidence
from alliance.charts.base import Chart
from alliance.charts.kit import note
from alliance.charts.looks import SOFT
from alliance.compare.differences import is_number, size
from alliance.compare.page import write_page
from alliance.report import CHAPTERS
from alliance.scenario import flat, reaches, swept

MOST_SHOWN = 6


def write(
    targets: list[Any],
    settings: tuple[str, ...],
    out: Path,
    only: tuple[str, ...],
    data: Path | None,
    log: Callable[[str], None],
) -> Path:
    """Write ``sweep-<6 hex>/index.html`` and ``sweep.csv`` for the reports of a sweep; the page's
    path."""
    names, several = swept(settings), len({t.command.split(" --", 1)[0] for t in targets}) > 1
    chapters = concerned(names, only)
    log(f"sweep: {len(targets)} combinations, {', '.join(chapters)}")
    rows, moving, reports = [], {}, []
    for at, target in enumerate(targets):
        ev, values = evidence.open(target.scenario.as_of, data), flat(target.scenario)
        swept_values = [_plain(values[name]) for name in names]
        label = f"{target.name.partition('+')[0]}: " if several else ""
        label += ", ".join(
            f"{name.partition('.')[2] or name} {value}"
            for name, value in zip(names, swept_values, strict=True)
        )
        there = (out / target.name / "index.html").is_file()
        reports.append({"name": target.name, "label": label, "there": there})
        for chapter in chapters:
            for r in answers.CHAPTERS[chapter](target.scenario, ev).results.values():
                cells = [r.id, r.label, _plain(r.value), r.unit, r.note]
                rows.append([target.name, *swept_values, *cells])
                if is_number(r.value):
                    entry = moving.setdefault(r.id, (r.label, r.unit, [None] * len(targets)))
                    entry[2][at] = r.value
    sizes = {key: size(entry[2]) for key, entry in moving.items()}
    movers = [moving[key] for key in sorted(sizes, key=lambda k: (-sizes[k], k)) if sizes[key]]
    head = ["report", *names, "id", "label", "value", "unit", "note"]
    known = json.dumps([[t.name for t in targets], list(settings)])
    folder = out / f"sweep-{hashlib.sha256(known.encode()).hexdigest()[:6]}"
    labels = [report["label"] for report in reports]
    drawn = (_chart(*mover, labels, names) for mover in movers[:MOST_SHOWN])
    title = f"Sweep over {', '.join(names)}"
    return write_page(folder, "sweep", [head, *rows], drawn, title=title, reports=reports,
                      movers=movers)  # fmt: skip


def concerned(names: list[str], only: tuple[str, ...]) -> list[str]:
    """Chapters whose results a field of the sweep can move."""
    asked = [c for c in CHAPTERS if not only or c in only]
    return [c for c in asked if set(names) & set(reaches(c).values())]


def _plain(value: Any) -> Any:
    """A value as a cell of CSV."""
    return " ".join(map(str, value)) if isinstance(value, list) else "" if value is None else value


def _chart(
    label: str, unit: str, values: list[float | None], labels: list[str], names: list[str]
) -> Chart:
    """One result over the combinations."""
    scale, unit = (1e6, f"{unit} m") if unit in ("EUR", "JPY", "USD") else (1, unit)
    values = np.array([np.nan if v is None else v for v in values], dtype=float) / scale
    low, high = np.nanmin(values), np.nanmax(values)

    def draw(fig, narrow):
        ax = fig.add_subplot()
        y = np.arange(len(values))[::-1]
        ax.plot(values, y, "o-" if len(names) == 1 else "o", color="#0b5fa5", lw=1)
        for at, value in zip(y, values, strict=True):
            if np.isfinite(value):
                note(ax, f"{value:,.4g}".replace("-", "−"), (value, at), 0, 8, fontsize=7)
        ax.set_yticks(y, labels, fontsize=7.5)
        ax.set_ylim(-0.5, len(values) - 0.3)
        ax.margins(x=0.12)
        ax.locator_params(axis="x", nbins=5)
        ax.set_xlabel(unit, color=SOFT)
        ax.grid(axis="y", visible=False)

    size = 1.5 + 0.34 * len(values)
    return Chart(
        draw,
        f"{label}: {low:,.4g} to {high:,.4g} {unit}",
        f"Dots over {len(labels)} combinations of {', '.join(names)}: "
        + "; ".join(f"{t} {v:,.4g}" for t, v in zip(labels, values, strict=True) if v == v),
        "answers of the workbook for each combination",
        (size, size),
    )
