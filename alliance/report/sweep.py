"""A sweep's summary: ``sweep.csv`` and a page, from answers computed here; no kernel is started."""

import base64
import csv
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from alliance import answers, evidence
from alliance.charts.base import SOFT, Chart, note
from alliance.report import index, pages
from alliance.report.manifest import CHAPTERS
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
    """Write ``sweep-<6 hex>/index.html`` and ``sweep.csv`` for the reports of a sweep.

    Returns
    -------
    Path
        The page.
    """
    names = swept(settings)
    chapters = _concerned(names, only)
    log(f"sweep: {len(targets)} combinations, {', '.join(chapters)}")
    rows = []
    for target in targets:
        ev = evidence.open(target.scenario.as_of, data)
        values = {name: _value(target.scenario, name) for name in names}
        for chapter in chapters:
            for r in answers.CHAPTERS[chapter](target.scenario, ev).results.values():
                rows.append({"report": target.name, **values, **_plain(r)})
    known = json.dumps([[t.name for t in targets], list(settings)])
    folder = out / f"sweep-{hashlib.sha256(known.encode()).hexdigest()[:6]}"
    folder.mkdir(parents=True, exist_ok=True)
    columns = ["report", *names, "id", "label", "value", "unit", "note"]
    aside = folder / ".sweep.csv"
    with aside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    aside.replace(folder / "sweep.csv")
    several = len({t.command.split(" --", 1)[0] for t in targets}) > 1
    labels = [
        (f"{t.name.partition('+')[0]}: " if several else "")
        + ", ".join(f"{n.partition('.')[2] or n} {_value(t.scenario, n)}" for n in names)
        for t in targets
    ]
    moved = movers(rows, [t.name for t in targets])
    text = pages.page(
        "sweep.html.j2",
        title=f"Sweep over {', '.join(names)}",
        reports=[
            {"name": t.name, "label": label, "there": (out / t.name / "index.html").is_file()}
            for t, label in zip(targets, labels, strict=True)
        ],
        charts=[_picture(_chart(m, labels, names)) for m in moved[:MOST_SHOWN]],
        movers=moved,
        labels=labels,
    )
    (folder / "index.html").write_text(text, encoding="utf-8", newline="\n")
    index.write_list(out)
    return folder / "index.html"


def _concerned(names: list[str], only: tuple[str, ...]) -> list[str]:
    """Chapters whose results a field of the sweep can move."""
    asked = [c for c in CHAPTERS if not only or c in only]
    return [c for c in asked if set(names) & set(reaches(c).values())]


def _value(scenario: Any, name: str) -> Any:
    value = flat(scenario)[name]
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "" if value is None else value


def _plain(r: Any) -> dict[str, Any]:
    value = r.value
    if isinstance(value, list):
        value = " ".join(map(str, value))
    note_ = r.note or ""
    return {"id": r.id, "label": r.label, "value": value, "unit": r.unit, "note": note_}


def movers(rows: list[dict[str, Any]], reports: list[str]) -> list[dict[str, Any]]:
    """Results that differ between reports, those that move most for their size first.

    Returns
    -------
    list of dict
        ``id, label, unit, values`` (one for each report, None where missing), ``moved``, the range
        over the largest absolute value.
    """
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        if isinstance(row["value"], int | float):
            entry = found.setdefault(
                row["id"], {k: row[k] for k in ("id", "label", "unit")} | {"values": {}}
            )
            entry["values"][row["report"]] = row["value"]
    out = []
    for entry in found.values():
        values = [entry["values"].get(name) for name in reports]
        known = [v for v in values if v is not None]
        size = max(map(abs, known))
        if len(known) > 1 and size > 0 and max(known) > min(known):
            moved = (max(known) - min(known)) / size
            out.append(entry | {"values": values, "moved": moved})
    return sorted(out, key=lambda e: (-e["moved"], e["id"]))


def _chart(entry: dict[str, Any], labels: list[str], names: list[str]) -> Chart:
    """One result over the combinations."""
    values = np.array([np.nan if v is None else float(v) for v in entry["values"]])
    scale, unit = (1e6, f"{entry['unit']} m") if entry["unit"] in ("EUR", "JPY", "USD") else (
        1.0, entry["unit"])  # fmt: skip
    values = values / scale
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
        f"{entry['label']}: {low:,.4g} to {high:,.4g} {unit}",
        f"Dots over {len(labels)} combinations of {', '.join(names)}: "
        + "; ".join(f"{t} {v:,.4g}" for t, v in zip(labels, values, strict=True) if v == v),
        "answers of the workbook for each combination",
        (size, size),
    )


def _picture(chart: Chart) -> dict[str, str]:
    return {
        "wide": base64.b64encode(chart.png()).decode(),
        "narrow": base64.b64encode(chart.png(True)).decode(),
        "alt": f"{chart.title} {chart.alt}",
    }
