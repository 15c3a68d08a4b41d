"""``tables.xlsx``: every table of a report and its results, and models that follow their inputs.

A sheet is a *model*, with live formulas over named cells, a *print*, the values as printed, or the
*data* behind charts. What a formula gives now is written beside it, for readers that don't
recalculate. Bytes are equal from build to build.
"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from alliance.answers.results import FRAMES
from alliance.charts.base import FRAMES_MIME
from alliance.errors import AllianceError, did_you_mean
from alliance.format import MONEY
from alliance.places import sections
from alliance.report.targets import differences
from alliance.tables import TABLE_MIME
from alliance.tables.chapter import source

EPOCH = dt.datetime(2020, 1, 1)
FIRST = 4  # rows above the numbers: title, kind, units, headings
PRINT = "print: the notebook's table; its numbers are unrounded, its text is as printed"
LIST = ["what", "value", "unit", "name"]  # columns of a list
#: How numbers of a list are shown, by their unit.
UNITS = {"fraction": ".2%", "EUR": ",.0f", "shares": ",.0f", "shares a day": ",.0f"}
INPUT = {"bg_color": "#FFF4CC", "font_color": "#1F3FBF"}
REFUSED = "It must be a number, and not below zero unless it was before."
GUIDE = [(head, " ".join(lines)) for head, lines in sections("report/guide.txt").items()]
UNTOLD = ("text", "day", "any", "flag")  # units that a heading need not say
_UNIT = re.compile(r"(\w[^,]*?) \(([^)]*)\)")
_CELL = re.compile(r"{([^}^]+)(\^?)}")
_WORD = re.compile(r"\b[a-z]\w*")
Cell = tuple[str, int, int]  # sheet, row, column


@dataclass
class Sheet:
    """A table's sheet: its name, its table as it came out of the notebook, its sources in words."""

    name: str
    table: dict[str, Any]
    read: str
    inputs: set[Cell] = field(default_factory=set)  # its cells that formulas refer to
    follows: set[str] = field(default_factory=set)  # other sheets that its formulas refer to

    @property
    def model(self) -> bool:
        return "formulas" in self.table

    @property
    def listed(self) -> bool:
        """Whether it is a list of values, each with its unit and name."""
        return self.table.get("ids") == LIST

    def formulas(self) -> Iterator[tuple[int, int, str]]:
        """Row, column and text of each formula."""
        for at, row in enumerate(self.table.get("formulas", ())):
            yield from ((at, column, text) for column, text in enumerate(row) if text)

    def kind(self) -> str:
        """Whether it is a model, of which inputs, a print, or a chart's data."""
        if not self.model:
            return self.table.get("kind", PRINT)
        heads, rows = self.table["columns"], self.table["rows"]
        names = [rows[r][-1] if self.listed else heads[c] for _, r, c in sorted(self.inputs)]
        said = f" Inputs (shaded): {', '.join(dict.fromkeys(names))}." if names else ""
        also = f" Follows the sheets {', '.join(sorted(self.follows))}." if self.follows else ""
        live = "live formulas" if any(self.formulas()) else "what other sheets' formulas follow"
        return f"model: {live}.{said}{also}"


def write(path: Path, documents: dict, results: list[dict], made_from: dict[str, Any]) -> None:
    """Write the workbook of a report from its executed notebooks, results and manifest; an
    AllianceError for a formula with a name that no cell has."""
    from xlsxwriter import Workbook

    sheets = list(_sheets(documents, made_from))
    names = _names(sheets)
    used = _link(sheets, names)
    with Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": EPOCH, "title": made_from["name"]})
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        _about(book.add_worksheet("About"), bold, made_from)
        _contents(book.add_worksheet("Contents"), bold, sheets)
        style = cache(lambda form, given: _format(book, form, given))
        _results(book.add_worksheet("Results"), bold, style, results)
        for sheet in sheets:
            _table(book.add_worksheet(sheet.name), sheet, bold, style)
        for sheet in book.worksheets():
            sheet.set_landscape()
            sheet.fit_to_pages(1, 0)  # as wide as the paper
        for name in sorted(used):
            book.define_name(name, f"={_range(names[name])}")


def _sheets(documents: dict, made_from: dict[str, Any]) -> Iterator[Sheet]:
    """Sheets of each chapter: the models that no printed table is, then the tables in order."""
    for chapter, document in documents.items():
        read = ", ".join(made_from["chapters"].get(chapter, {}).get("tables", ()))
        tables = _carried(document, TABLE_MIME)
        for model in (model for table in tables for model in table.get("models", ())):
            yield Sheet(_name(f"{chapter[0]} {model['caption']}"), model, read)
        for number, table in enumerate(tables, 1):
            name = _name(f"{chapter[0]}.{number} {table['caption']}")
            yield Sheet(name, table.get("model", table), read)
        frames = {k: v for each in _carried(document, FRAMES_MIME) for k, v in each.items()}
        for name, found in frames.items():
            yield Sheet(name, _data(chapter, **found), read)


def _carried(document: Any, mime: str) -> list[dict[str, Any]]:
    """What the notebook's outputs carry under a name of ours."""
    outputs = [o for cell in document["cells"] for o in cell.get("outputs", ())]
    return [o["data"][mime] for o in outputs if mime in o.get("data", {})]


def _data(chapter: str, frame: str, columns: list[str], rows: list[list]) -> dict[str, Any]:
    """A frame behind charts as a table, its columns with their units."""
    _, listed, what = FRAMES[chapter, frame]
    units = dict(_UNIT.findall(listed))
    heads = [f"{c}, {u}" if (u := units.get(c, "text")) not in UNTOLD else c for c in columns]
    flat = [[" to ".join(map(str, v)) if isinstance(v, list) else v for v in row] for row in rows]
    return {
        "kind": f"data: {what}",
        "caption": f"{frame}: the data behind a chart",
        "columns": heads,
        "rows": flat,
        "formats": [UNITS.get(units.get(c, ""), "") for c in columns],
    }


def _name(title: str) -> str:
    """A sheet's name: chapter, number, first words of the caption; at most 31 signs."""
    title = re.sub(r"^(\S+) [\d,]+ ", r"\1 ", title)  # a count is another in the next report
    return " ".join(re.sub(r"[\[\]:*?/\\']", " ", title).split())[:31].strip()


def _names(sheets: list[Sheet]) -> dict[str, list[Cell]]:
    """Cells by the name that formulas may use for them: one, or those of a column."""
    found: dict[str, list[Cell]] = {}
    for sheet in (sheet for sheet in sheets if sheet.model):
        table = sheet.table
        for column, name in enumerate(table["ids"]):
            cells = [(sheet.name, row, column) for row in range(len(table["rows"]))]
            if table["name"] and cells:
                found[f"{table['name']}_{name}"] = cells
            for key, cell in zip(table["keys"], cells, strict=False):
                found[key if name == "value" else f"{key}_{name}"] = [cell]
    return found


def _link(sheets: list[Sheet], names: dict[str, list[Cell]]) -> set[str]:
    """Tell sheets what formulas refer to: inputs, and other sheets; the names that are used."""
    by_name, used = {sheet.name: sheet for sheet in sheets}, set()
    for sheet in sheets:
        at = {name: n for n, name in enumerate(sheet.table.get("ids", ()))}
        for row, _, text in sheet.formulas():
            cells = [(sheet.name, row - bool(m[2]), at[m[1]]) for m in _CELL.finditer(text)]
            for name in words(text):
                if name not in names:
                    near = did_you_mean(name, names)
                    raise AllianceError(f"{sheet.name}: no cell is '{name}'{near}")
                used.add(name)
                cells += names[name]
            for other, r, c in cells:
                table = by_name[other].table
                number = type(table["rows"][r][c]) in (int, float)
                if number and not table["formulas"][r][c]:
                    by_name[other].inputs.add((other, r, c))
                if other != sheet.name:
                    sheet.follows.add(other)
    return used


def words(formula: str) -> set[str]:
    """The names in a formula of a table's model."""
    return set(_WORD.findall(_CELL.sub("", re.sub(r'"[^"]*"', "", formula))))


def _range(cells: list[Cell]) -> str:
    from xlsxwriter.utility import quote_sheetname, xl_range_abs

    (sheet, first, column), (_, last, _) = cells[0], cells[-1]
    return f"{quote_sheetname(sheet)}!{xl_range_abs(first + FIRST, column, last + FIRST, column)}"


def _table(out, sheet: Sheet, bold, style) -> None:
    """Write a table's sheet."""
    from xlsxwriter.utility import xl_rowcol_to_cell

    table = sheet.table
    for column, form in enumerate(table["formats"]):
        width = 60 if sheet.listed and not column else 16
        out.set_column(column, column, width, style(form, False))
    out.write_row(0, 0, [table["caption"]], bold)
    out.write(1, 0, sheet.kind())
    out.write(2, 0, f"Units stand in the headings. From the tables {sheet.read}")
    _rows(out, FIRST - 1, [table["columns"], *table["rows"]], bold)
    if {"value", "unit"} <= {*table["columns"]} and not sheet.listed:
        value, unit = map(table["columns"].index, ("value", "unit"))
        for at, row in enumerate(table["rows"], FIRST):
            out.write(at, value, row[value], style(_form(row[value], row[unit]), False))
    out.freeze_panes(FIRST, 0)
    at = {name: n for n, name in enumerate(table.get("ids", ()))}

    def form(row: int, column: int) -> str:
        unit = table["rows"][row][2]
        return UNITS.get(unit, "") if sheet.listed else table["formats"][column]

    for row, column, text in sheet.formulas():
        text = _CELL.sub(lambda m, r=row: xl_rowcol_to_cell(r + FIRST - bool(m[2]), at[m[1]]), text)
        value = table["rows"][row][column]
        out.write_formula(row + FIRST, column, f"={text}", style(form(row, column), False), value)
    for _, row, column in sorted(sheet.inputs):
        value = table["rows"][row][column]
        out.write(row + FIRST, column, value, style(form(row, column), True))
        rule = {"validate": "decimal", "criteria": ">=", "value": 0 if value >= 0 else -1e15}
        rule |= {"ignore_blank": False, "error_message": REFUSED}
        out.data_validation(row + FIRST, column, row + FIRST, column, rule)


def _rows(sheet, first: int, rows: list[Any], bold) -> None:
    """Write rows of cells, the first as headings."""
    for at, row in enumerate(rows):
        sheet.write_row(first + at, 0, row, None if at else bold)


def _about(sheet, bold, made_from: dict[str, Any]) -> None:
    rows = [
        ("report", made_from["name"]),
        ("as of", made_from["as_of"]),
        ("differs from the base in", differences(made_from["scenario"]) or "nothing"),
        ("revision", made_from["revision"] or "unknown"),
        ("sources", "column 'from' of Results names the tables; each chapter's list the documents"),
        *GUIDE,
        ("", "Not investment advice"),
    ]
    sheet.set_column(0, 0, 24, bold)
    sheet.set_column(1, 1, 150)
    _rows(sheet, 0, rows, None)


def _contents(sheet, bold, sheets: list[Sheet]) -> None:
    """Every sheet with its full title, and its kind."""
    rows = [(s.name, s.table["caption"], s.kind().partition(":")[0]) for s in sheets]
    rows = [("Results", "All results, with the tables that each is from", "print"), *rows]
    sheet.write_row(0, 0, ("sheet", "title", "kind"), bold)
    for at, (name, *rest) in enumerate(rows, 1):
        sheet.write_url(at, 0, f"internal:'{name}'!A1", string=name)
        sheet.write_row(at, 1, rest)
    sheet.freeze_panes(1, 0)
    for column, width in enumerate((34, 110, 10)):
        sheet.set_column(column, column, width)


def _results(sheet, bold, style, results: list[dict[str, Any]]) -> None:
    rows = [("id", "label", "value", "unit", "note", "from")]
    for r in results:
        value = ", ".join(map(str, r["value"])) if isinstance(r["value"], list) else r["value"]
        names = ", ".join(source(s) for s in r["sources"])
        rows.append((r["id"], r["label"], value, r["unit"], r.get("note", ""), names))
    sheet.write(0, 0, PRINT)
    _rows(sheet, 1, rows, bold)
    for at, (_, _, value, unit, *_) in enumerate(rows[1:], 2):
        sheet.write(at, 2, value, style(_form(value, unit), False))
    sheet.freeze_panes(2, 0)
    sheet.autofilter(1, 0, max(len(results), 1) + 1, 5)
    for column, width in enumerate((44, 60, 18, 14, 40, 60)):
        sheet.set_column(column, column, width)


def _form(value: Any, unit: str) -> str:
    """How a value is shown beside its unit: money a share has cents, a large amount none."""
    small = isinstance(value, float) and abs(value) < 1000
    return ",.2f" if small and unit.startswith(MONEY) else UNITS.get(unit, ",.0f" * (unit in MONEY))


def _format(book, form: str, given: bool):
    """Excel's format for a Python one (``.1%``, ``,.0f``, ``+.2f``), shaded if an input has it."""
    match = re.fullmatch(r"[+]?,?(?:\.(\d))?([%fg])", form or "")
    if not match and not given:
        return None
    text = {"%": "0.{}%", "f": "#,##0.{}", "g": "General"}[match[2] if match else "g"]
    text = text.format("0" * int((match and match[1]) or 0)).replace(".%", "%").rstrip(".")
    return book.add_format({"num_format": text, **(INPUT if given else {})})
