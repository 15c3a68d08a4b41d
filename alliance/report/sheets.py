"""``tables.xlsx``: every table of a report, its results and sources, and the arithmetic live.

The sheet ``Arithmetic`` holds the sell-down as plain formulas: change an input and the rest
follows. Numbers are unrounded; bytes are equal from build to build.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

from alliance.report.record import CHAPTERS
from alliance.tables import TABLE_MIME, source

EPOCH = dt.datetime(2020, 1, 1)
_FORMATS = {"%": "0.{}%", "f": "#,##0.{}", "g": "General", "": "General"}

#: Rows of the arithmetic: name, formula over the names above it, unit, result it must equal.
ARITHMETIC = (
    (
        "planned",  # nothing if the target is met
        "=({held}-{target}*{issued}+ABS({held}-{target}*{issued}))/2",
        "shares",
        "selldown.shares_sale_only",
    ),
    ("value", "={planned}*{spot}/{fx}", "EUR", "selldown.planned_value_eur"),
    ("days of volume", "={planned}/{adv}", "trading days", "selldown.days_of_volume"),
    ("stake before", "={held}/{issued}", "fraction", "selldown.stake_before"),
    (
        "shares if bought back only",
        "=({held}-{target}*{issued})/(1-{target})",
        "shares",
        "selldown.shares_buyback_only",
    ),
    (
        "stake if planned are bought back",
        "=({held}-{planned})/({issued}-{planned})",
        "fraction",
        "selldown.stake_if_trust_bought_back",
    ),
    ("cost at once", "={planned}*{spot}/{fx}*{cost}", "EUR", None),
    ("proceeds at once", "={value}-{cost at once}", "EUR", None),
    (
        "loss against the amount carried, at once",
        "={planned}*{carrying}-{proceeds at once}",
        "EUR",
        None,
    ),
)
#: Inputs of the arithmetic: name, key among the chapter's inputs, unit.
INPUTS = (
    ("held", "held", "shares"),
    ("issued", "issued", "shares"),
    ("target", "selldown.target_stake", "fraction"),
    ("spot", "selldown.spot_jpy", "JPY"),
    ("fx", "selldown.jpy_per_eur", "JPY per EUR"),
    ("adv", "adv", "shares a day"),
    ("carrying", "selldown.carrying_eur_per_share", "EUR a share"),
)


def write(path: Path, folder: Path, values: dict[str, Any], manifest: dict[str, Any]) -> None:
    """Write the workbook of a report from its executed notebooks and results."""
    import xlsxwriter

    found = {chapter: _tables(folder, chapter) for chapter in CHAPTERS}
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as book:
        book.set_properties({"created": EPOCH, "title": manifest["name"]})
        styles = {"bold": book.add_format({"bold": True, "text_wrap": True, "valign": "top"})}
        _about(book, styles, manifest)
        _results(book, styles, values["results"])
        inputs = next((t for t in found.get("2-selldown", ()) if t.get("inputs")), None)
        if inputs:
            _arithmetic(book, styles, inputs, values["results"])
        used: set[str] = set()
        for chapter, tables in found.items():
            for number, table in enumerate(tables, 1):
                read = manifest["chapters"].get(chapter, {}).get("tables", ())
                _sheet(book, styles, _name(chapter, number, table, used), table, read)


def _tables(folder: Path, chapter: str) -> list[dict[str, Any]]:
    path = folder / "notebooks" / f"{chapter}.ipynb"
    if not path.is_file():
        return []
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    outputs = [o for cell in cells for o in cell.get("outputs", ())]
    return [o["data"][TABLE_MIME] for o in outputs if TABLE_MIME in o.get("data", {})]


def _name(chapter: str, number: int, table: dict[str, Any], used: set[str]) -> str:
    """A sheet's name: chapter, number, first words of the caption; at most 31 signs."""
    words = re.sub(r"[\[\]:*?/\\']", " ", table["caption"])
    name = f"{chapter[0]}.{number} {' '.join(words.split())}"[:31].strip()
    while name.lower() in used:
        name = name[:28] + f" {len(used)}"
    used.add(name.lower())
    return name


def _about(book, styles, manifest) -> None:
    sheet = book.add_worksheet("About")
    rows = [
        ("report", manifest["name"]),
        ("as of", manifest["as_of"]),
        ("differs from the base in", json.dumps(manifest["scenario"], ensure_ascii=False)),
        ("revision", manifest["revision"] or "unknown"),
        ("sources", "column 'from' of Results names the tables; each chapter's list the documents"),
        ("", "Not investment advice"),
    ]
    for at, (key, text) in enumerate(rows):
        sheet.write_string(at, 0, key, styles["bold"])
        sheet.write_string(at, 1, text)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 90)


def _results(book, styles, results) -> None:
    sheet = book.add_worksheet("Results")
    for column, head in enumerate(("id", "label", "value", "unit", "note", "from")):
        sheet.write_string(0, column, head, styles["bold"])
    for at, r in enumerate(results, 1):
        value = r["value"]
        value = ", ".join(map(str, value)) if isinstance(value, list) else value
        names = ", ".join(source(s) for s in r["sources"])
        cells = (r["id"], r["label"], value, r["unit"], r.get("note", ""), names)
        for column, cell in enumerate(cells):
            _put(sheet, at, column, cell)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(results), 1), 5)
    for column, width in enumerate((44, 60, 18, 14, 40, 60)):
        sheet.set_column(column, column, width)


def _arithmetic(book, styles, inputs, results) -> None:
    """The sell-down's arithmetic: inputs in column B, formulas over them below."""
    given = {row[0]: row[1] for row in inputs["rows"]}
    known = {r["id"]: r for r in results}
    sheet = book.add_worksheet("Arithmetic")
    heads = ("what", "value", "unit", "result of the report")
    for column, head in enumerate(heads):
        sheet.write_string(0, column, head, styles["bold"])
    place: dict[str, str] = {}
    numbers: dict[str, float] = {}
    rows = [(name, given.get(key), unit) for name, key, unit in INPUTS]
    cost = known.get("selldown.block_cost", {}).get("value")
    rows.append(("cost", cost, "fraction of value, at once"))
    for at, (name, value, unit) in enumerate(rows, 1):
        sheet.write_string(at, 0, name)
        _put(sheet, at, 1, value)
        sheet.write_string(at, 2, unit)
        place[name], numbers[name] = f"B{at + 1}", value
    for at, (name, formula, unit, key) in enumerate(ARITHMETIC, len(rows) + 2):
        needed = re.findall(r"{([^}]+)}", formula)
        if any(numbers.get(n) is None for n in needed):
            continue
        text = re.sub(r"{([^}]+)}", lambda m: place[m.group(1)], formula)
        value = _value(formula, numbers)
        sheet.write_string(at, 0, name)
        sheet.write_formula(at, 1, text, None, value)
        sheet.write_string(at, 2, unit)
        if key in known:
            _put(sheet, at, 3, known[key]["value"])
        place[name], numbers[name] = f"B{at + 1}", value
    sheet.set_column(0, 0, 42)
    sheet.set_column(1, 3, 22)


def _value(formula: str, numbers: dict[str, float]) -> float:
    """What a formula gives now: kept beside it for readers that don't recalculate."""
    text = re.sub(r"{([^}]+)}", lambda m: repr(float(numbers[m.group(1)])), formula[1:])
    if not re.fullmatch(r"(?:[\d.eE+\-*/() ]|ABS)+", text):
        raise ValueError(f"not plain arithmetic: {formula}")
    return eval(text, {"__builtins__": {}, "ABS": abs})


def _sheet(book, styles, name: str, table: dict[str, Any], read) -> None:
    sheet = book.add_worksheet(name)
    sheet.write_string(0, 0, table["caption"], styles["bold"])
    sheet.write_string(1, 0, f"Units stand in the headings. From the tables {', '.join(read)}")
    for column, head in enumerate(table["columns"]):
        sheet.write_string(2, column, str(head), styles["bold"])
        sheet.set_column(column, column, 16)
    for at, row in enumerate(table["rows"], 3):
        for column, cell in enumerate(row):
            _put(sheet, at, column, cell, _style(book, styles, table["formats"][column]))
    sheet.freeze_panes(3, 0)


def _style(book, styles, form: str):
    """Excel's format for a Python one: ``.1%``, ``,.0f``, ``+.2f``."""
    match = re.fullmatch(r"([+]?),?(?:\.(\d))?([%fg]?)", form or "")
    if not match or not match.group(3):
        return None
    if form not in styles:
        digits = "0" * int(match.group(2) or 0)
        text = _FORMATS[match.group(3)].format(digits)
        text = text.replace(".%", "%").rstrip(".")
        styles[form] = book.add_format({"num_format": text})
    return styles[form]


def _put(sheet, row: int, column: int, value: Any, style: Any = None) -> None:
    if value is None or value == "":
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        sheet.write_string(row, column, str(value))
    else:
        sheet.write_number(row, column, value, style)
