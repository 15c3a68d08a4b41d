"""Tables as HTML, text and rows for ``tables.xlsx``: from frames, or cell by cell."""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from alliance.answers import Result
from alliance.errors import need, otherwise
from alliance.format import fixed, missing, scaled, shown
from alliance.places import sections

RESULTS_MIME = "application/vnd.alliance.results+json"
TABLE_MIME = "application/vnd.alliance.table+json"
Cells = Sequence[tuple[str, str | None]]  # each in HTML and in text
BROAD = 6  # columns above which a table may be as wide as the window
_LINE = re.compile(r" *([+-]?) *([^|]*?) *(?:\|(.*))?")
_OF_ROW = re.compile(r"\[(\w+)\]")
_SCALE = re.compile(r",? (?:bn|m)\b")  # of a heading: a model has none
_TEXT = re.compile(r"(<[^>]*>)|[^<]+")  # of markup: a tag, or text
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


#: Columns of tables by name, as :func:`table` takes them.
COLUMNS = {name: "\n".join(lines) for name, lines in sections("tables/columns.txt").items()}


class Html:
    """HTML with a plain text beside it, and what it carries out: results, headlines, a table."""

    def __init__(
        self,
        body: str,
        text: str,
        results: Iterable[Result] = (),
        headline: Iterable[str] = (),
        table: Mapping[str, Any] | None = None,
    ) -> None:
        self.body, self.text, self.table = unbroken(body), text, table
        self.results, self.headline = tuple(results), tuple(headline)

    def _repr_mimebundle_(self, include=None, exclude=None):
        data: dict[str, Any] = {"text/html": self.body, "text/plain": self.text}
        if self.results:
            results = [result.to_json() for result in self.results]
            data[RESULTS_MIME] = {"headline": list(self.headline), "results": results}
        return data | ({TABLE_MIME: self.table} if self.table else {})


def absent(why: str) -> Html:
    """A line that says why there is no table."""
    text = f"{why[0].upper()}{why[1:].removesuffix('.')}."
    return Html(f'<p class="say">{html.escape(text)}</p>', text)


#: Turns a function's NotKnown into a line that says the reason.
or_why = otherwise(absent)
or_chart = otherwise(lambda why: Html("", why))  # where a chart above has said it


@or_why
def table(
    data: Mapping[str, Any], caption: str, columns: str, none: str = "", **names: str
) -> Html:
    """A table from one line a column: ``header | column | format | formula``.

    ``data`` is a frame or a dict of columns; ``columns`` are the lines, or their name in
    :data:`COLUMNS`. The column is the header's where none is named; a format may begin with a
    scale: ``k``, ``m`` or ``bn``. With a formula anywhere the table is a model in ``tables.xlsx``:
    see :func:`live`. A line that begins with ``-`` is not there, one with ``+`` only there.
    ``none`` says what to say instead where there are no rows; ``names`` are a model's: ``name``,
    what names its columns in formulas, or ``key``, the column that names its rows.

    >>> frame = pd.DataFrame({"sale": [1], "cash_eur": [764.5e6]})
    >>> print(table(frame, "Sales", "sale\\ncash, EUR m | cash_eur | m,.0f").text)
    Sales
    sale cash, EUR m
       1         764
    """
    if none:
        need(data, none)
    lines = COLUMNS.get(columns, columns).splitlines()
    lines = [_LINE.fullmatch(line) for line in lines if line.strip()]
    lines = [(m[1], m[2], *map(str.strip, f"{m[3] or ''}|||".split("|")[:3])) for m in lines]
    found, formats = {}, {}
    for only, head, column, form, _ in lines:
        if only != "+":
            found[head], formats[head] = scaled(data[column or head], form)
    out = show(pd.DataFrame(found), caption, formats)
    if any(formula for *_, formula in lines):
        lines = [line[1:] for line in lines if line[0] != "-"]
        out.table = {**out.table, "model": live(data, caption, lines, **names)}
    return out


def live(data, caption: str, lines, name: str = "", key: str = "") -> dict[str, Any]:
    """A table's model for ``tables.xlsx``: its numbers at their own scale beside their formulas.

    ``lines`` are (header, column, format, formula). A formula is Excel's without ``=``, in which
    ``{price}`` is the same row's cell, ``{price^}`` the one above, ``[maker]`` the row's text in a
    column, and any other word the name of a cell: of a row named ``nissan``, ``nissan_price``, or
    ``nissan`` where the column is ``value``; of a table named ``leg``, ``leg_premium`` is all of a
    column. ``@`` takes each row's formula from the column's neighbour ``live_...``. A cell without
    a value has none, unless its formula can give nothing (``""``).
    """
    frame = pd.DataFrame(data)
    records = frame.to_dict("records")
    ids = [column or head for head, column, *_ in lines]
    formulas = [[None] * len(lines) for _ in range(len(frame))]
    rows = [[raw(v) for v in row] for row in zip(*(frame[i] for i in ids), strict=True)]
    for at, (*_, formula) in enumerate(lines):
        for n, row in enumerate(records):
            text = row.get(f"live_{ids[at]}") if formula == "@" else formula
            if not isinstance(text, str) or not text:
                continue
            if rows[n][at] is None and '""' in text:
                rows[n][at] = ""
            if rows[n][at] is not None:
                formulas[n][at] = _OF_ROW.sub(lambda m, row=row: str(row[m[1]]), text)
    return {
        "caption": _SCALE.sub("", caption),
        "columns": [_SCALE.sub("", head) for head, *_ in lines],
        "formats": [",.0f" if re.match("m|bn", form) else form for _, _, form, _ in lines],
        "ids": ids, "rows": rows, "formulas": formulas, "name": name,
        "keys": [str(v) for v in frame[key]] if key else [],
    }  # fmt: skip


def show(frame: pd.DataFrame, caption: str, formats: Mapping[str, str] | None = None) -> Html:
    """A table that scrolls in its own box; text is escaped, numbers printed by ``formats``."""
    columns, formats = list(frame.columns), formats or {}
    texts = {c: [shown(v, formats.get(c, "")) for v in frame[c]] for c in columns}
    text = pd.DataFrame(texts, columns=columns)
    numbers = (pd.api.types.is_numeric_dtype(frame[c]) or c == "value" for c in columns)
    side = [' class="num"' * number for number in numbers]
    heads = zip(columns, side, strict=True)
    head = "".join(f'<th scope="col"{num}>{html.escape(str(c))}</th>' for c, num in heads)
    cells = (
        "".join(f"<td{num}>{linked(v)}</td>" for v, num in zip(row, side, strict=True))
        for row in text.itertuples(index=False)
    )
    rows = [[raw(v) for v in row] for row in frame.itertuples(index=False)]
    carried = {"columns": columns, "rows": rows, "formats": [formats.get(c, "") for c in columns]}
    return _framed(caption, head, cells, text.to_string(index=False), carried)


def matrix(caption: str, corner: str, columns, rows: Mapping[str, Cells], lines) -> Html:
    """Named rows of cells under named columns, and the ``lines`` that say the same in text."""
    heads = [corner, *columns]
    head = "".join(f'<th scope="col">{html.escape(text)}</th>' for text in heads)
    body = (
        f'<th scope="row">{html.escape(name)}</th>{"".join(cell for cell, _ in cells)}'
        for name, cells in rows.items()
    )
    texts = [[name, *(text for _, text in cells)] for name, cells in rows.items()]
    carried = {"columns": heads, "rows": texts, "formats": [""] * len(heads)}
    return _framed(caption, head, body, "\n".join(lines), carried)


def _framed(caption: str, head: str, rows: Iterable[str], text: str, carried: dict) -> Html:
    """A table in a box that scrolls, under its caption; head and rows are HTML."""
    label, broad = html.escape(caption), len(carried["columns"]) > BROAD
    body = (
        f'<p class="caption">{label}</p><div class="table{" broad" * broad}" tabindex="0" '
        f'role="group" aria-label="{label}"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(f'<tr>{row}</tr>' for row in rows)}</tbody></table></div>"
    )
    return Html(body, f"{caption}\n{text}", table={"caption": caption, **carried})


def collapsible(table: Html) -> Html:
    """A long table behind its caption, opened by a click and in print."""
    caption = table.text.split("\n", 1)[0]
    body = f"<details><summary>{html.escape(caption)}</summary>{table.body}</details>"
    return Html(body, table.text, table=table.table)


def raw(value: Any) -> Any:
    """A cell as a JSON value: numbers unrounded, days as text, nothing where there is none."""
    if missing(value):
        return None
    value = value.item() if hasattr(value, "item") else value
    return value if isinstance(value, int | float | str | bool) else shown(value)


def linked(text: str) -> str:
    """Text as HTML, an address as a link named by its host."""
    if text.startswith(("https://", "http://")):
        host = text.split("/")[2].removeprefix("www.")
        return f'<a href="{html.escape(text, quote=True)}" rel="noopener">{html.escape(host)}</a>'
    return html.escape(text)


def unbroken(markup: str) -> str:
    """HTML in whose text no day breaks at its hyphens, and no number parts from its unit."""
    day = r'<span class="d">\g<0></span>'
    return _TEXT.sub(lambda m: m[1] or _DAY.sub(day, fixed(m[0])), markup)
