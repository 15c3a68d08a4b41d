"""``tables.xlsx``: every table of a report, its results and sources, and the arithmetic live.

The sheet ``Arithmetic`` holds the sell-down as plain formulas: change an input and the rest
follows. Numbers are unrounded; bytes are equal from build to build.
"""

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

from alliance.tables import TABLE_MIME, source

EPOCH = dt.datetime(2020, 1, 1)

OVER = "{held}-{target}*{issued}"
#: Rows of the arithmetic: name, formula over the names above it, unit, result it must equal.
ARITHMETIC = (
    ("planned", f"=({OVER}+ABS({OVER}))/2", "shares", "shares_sale_only"),  # 0 if the target is met
    ("value", "={planned}*{spot}/{fx}", "EUR", "planned_value_eur"),
    ("days of volume", "={planned}/{adv}", "trading days", "days_of_volume"),
    ("stake before", "={held}/{issued}", "fraction", "stake_before"),
    ("shares if bought back only", f"=({OVER})/(1-{{target}})", "shares", "shares_buyback_only"),
    ("stake if planned are bought back", "=({held}-{planned})/({issued}-{planned})", "fraction",
     "stake_if_trust_bought_back"),
    ("cost at once", "={planned}*{spot}/{fx}*{cost}", "EUR", ""),
    ("proceeds at once", "={value}-{cost at once}", "EUR", ""),
    ("loss against the amount carried, at once", "={planned}*{carrying}-{proceeds at once}", "EUR",
     ""),
)  # fmt: skip
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


def write(path: Path, documents: dict, results: list[dict], made_from: dict[str, Any]) -> None:
    """Write the workbook of a report from its executed notebooks, results and manifest."""
    from xlsxwriter import Workbook

    found = {chapter: _tables(document) for chapter, document in documents.items()}
    with Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": EPOCH, "title": made_from["name"]})
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        _about(book.add_worksheet("About"), bold, made_from)
        _results(book.add_worksheet("Results"), bold, results)
        for table in found.get("2-selldown", ()):
            if table.get("inputs"):
                given = dict(row[:2] for row in table["rows"])
                _arithmetic(book.add_worksheet("Arithmetic"), bold, given, results)
        for chapter, tables in found.items():
            read = ", ".join(made_from["chapters"].get(chapter, {}).get("tables", ()))
            for number, table in enumerate(tables, 1):
                sheet = book.add_worksheet(_name(chapter, number, table))
                for column, form in enumerate(table["formats"]):
                    sheet.set_column(column, column, 16, _format(book, form))
                sheet.write_row(0, 0, [table["caption"]], bold)
                sheet.write(1, 0, f"Units stand in the headings. From the tables {read}")
                _rows(sheet, 2, [table["columns"], *table["rows"]], bold)
                sheet.freeze_panes(3, 0)


def _tables(document: Any) -> list[dict[str, Any]]:
    outputs = [o for cell in document["cells"] for o in cell.get("outputs", ())]
    return [o["data"][TABLE_MIME] for o in outputs if TABLE_MIME in o.get("data", {})]


def _rows(sheet, first: int, rows: list[Any], bold) -> None:
    """Write rows of cells, the first as headings."""
    for at, row in enumerate(rows):
        sheet.write_row(first + at, 0, row, None if at else bold)


def _name(chapter: str, number: int, table: dict[str, Any]) -> str:
    """A sheet's name: chapter, number, first words of the caption; at most 31 signs."""
    words = re.sub(r"[\[\]:*?/\\']", " ", table["caption"])
    return f"{chapter[0]}.{number} {' '.join(words.split())}"[:31].strip()


def _about(sheet, bold, made_from: dict[str, Any]) -> None:
    rows = [
        ("report", made_from["name"]),
        ("as of", made_from["as_of"]),
        ("differs from the base in", json.dumps(made_from["scenario"], ensure_ascii=False)),
        ("revision", made_from["revision"] or "unknown"),
        ("sources", "column 'from' of Results names the tables; each chapter's list the documents"),
        ("", "Not investment advice"),
    ]
    sheet.set_column(0, 0, 24, bold)
    sheet.set_column(1, 1, 90)
    _rows(sheet, 0, rows, None)


def _results(sheet, bold, results: list[dict[str, Any]]) -> None:
    rows = [("id", "label", "value", "unit", "note", "from")]
    for r in results:
        value = ", ".join(map(str, r["value"])) if isinstance(r["value"], list) else r["value"]
        names = ", ".join(source(s) for s in r["sources"])
        rows.append((r["id"], r["label"], value, r["unit"], r.get("note", ""), names))
    _rows(sheet, 0, rows, bold)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(results), 1), 5)
    for column, width in enumerate((44, 60, 18, 14, 40, 60)):
        sheet.set_column(column, column, width)


def _arithmetic(sheet, bold, given: dict[str, Any], results: list[dict[str, Any]]) -> None:
    """The sell-down's arithmetic: inputs in column B, formulas over them below."""
    known = {r["id"]: r["value"] for r in results}
    rows = [(name, given.get(key), unit) for name, key, unit in INPUTS]
    rows.append(("cost", known.get("selldown.block_cost"), "fraction of value, at once"))
    _rows(sheet, 0, [("what", "value", "unit", "result of the report"), *rows], bold)
    place = {row[0]: f"B{at}" for at, row in enumerate(rows, 2)}
    numbers = {row[0]: row[1] for row in rows}
    for at, (name, formula, unit, key) in enumerate(ARITHMETIC, len(rows) + 3):
        if any(numbers.get(n) is None for n in re.findall(r"{([^}]+)}", formula)):
            continue
        place[name], numbers[name] = f"B{at}", _value(formula, numbers)
        sheet.write_row(at - 1, 0, (name, None, unit, known.get(f"selldown.{key}")))
        sheet.write_formula(place[name], formula.format(**place), None, numbers[name])
    sheet.set_column(0, 0, 42)
    sheet.set_column(1, 3, 22)


def _value(formula: str, numbers: dict[str, float]) -> float:
    """What a formula gives now: written beside it for readers that don't recalculate."""
    text = re.sub(r"{([^}]+)}", lambda m: repr(float(numbers[m.group(1)])), formula[1:])
    return eval(text, {"__builtins__": {}, "ABS": abs})


def _format(book, form: str):
    """Excel's format for a Python one: ``.1%``, ``,.0f``, ``+.2f``."""
    match = re.fullmatch(r"[+]?,?(?:\.(\d))?([%fg])", form or "")
    if not match:
        return None
    text = {"%": "0.{}%", "f": "#,##0.{}", "g": "General"}[match[2]]
    text = text.format("0" * int(match[1] or 0)).replace(".%", "%").rstrip(".")
    return book.add_format({"num_format": text})
