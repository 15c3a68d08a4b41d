"""Sentences and tables, drawn from answers.

A sentence prints computed numbers only, and carries the results it prints out of the notebook in
a MIME type of our own, from which ``report`` writes ``results.json``.
"""

from __future__ import annotations

import html
import math
import string
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from alliance.answers import Answers, Result
from alliance.errors import AllianceError
from alliance.tables.text import NBSP, framed, linked, minus, tidy

RESULTS_MIME = "application/vnd.alliance.results+json"
BROAD = 10  # columns from which a table is printed across the page
TABLE_MIME = "application/vnd.alliance.table+json"


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
        self.body, self.text, self.table = body, text, table
        self.results, self.headline = tuple(results), tuple(headline)

    def _repr_mimebundle_(self, include=None, exclude=None):
        data: dict[str, Any] = {"text/html": self.body, "text/plain": self.text}
        if self.results:
            data[RESULTS_MIME] = {
                "headline": list(self.headline),
                "results": [result.to_json() for result in self.results],
            }
        if self.table:
            data[TABLE_MIME] = self.table
        return data


class _Numbers(string.Formatter):
    """Fields are result ids or named values; a missing value prints as 'not available'."""

    def __init__(self, a: Answers, values: Mapping[str, Any], marked: bool) -> None:
        self.a, self.values, self.marked = a, values, marked
        self.seen: dict[str, Result] = {}

    def get_field(self, field_name, args, kwargs):
        if field_name in self.values:
            return self.values[field_name], field_name
        self.seen[field_name] = self.a.result(field_name)
        return self.seen[field_name], field_name

    def format_field(self, value, format_spec):
        result = value if isinstance(value, Result) else None
        raw = result.value if result else value
        try:
            missing = raw is None or (isinstance(raw, float) and pd.isna(raw))
            text = "not available" if missing else format(raw, format_spec)
        except (ValueError, TypeError) as error:
            raise AllianceError(f"can't print {raw!r} as '{format_spec}': {error}") from None
        text = tidy(text)
        if not self.marked:
            return text
        text = html.escape(text)
        if result is None:
            return text
        tip = html.escape(f"{result.label}. From {_names(result)}", quote=True)
        return f'<a class="n" href="index.html#{result.id}" title="{tip}">{text}</a>'


def say(sentence: str, a: Answers, **values: Any) -> Html:
    """A paragraph with numbers computed at this run.

    Parameters
    ----------
    sentence : str
        Fields are result ids (``{decline.price_change_jpy:.0%}``) or names in ``values``.
    a : Answers
    values
        Other computed values.

    Raises
    ------
    AllianceError
        For an unknown result id (with the nearest).
    """
    plain = _Numbers(a, values, marked=False)
    text = plain.format(sentence)
    body = _Numbers(a, values, marked=True).format(sentence)
    return Html(f'<p class="say">{body}</p>', text, plain.seen.values())


#: JupyterLab floats the parts of a list of terms; here a label and its number are one box anywhere.
_PLAIN = "float:none;display:block;width:auto;margin:0;padding:0"
_GRID = "display:grid;grid-template-columns:repeat(auto-fill,minmax(10.5rem,1fr));gap:.6rem"


def headline(a: Answers, *keys: str) -> Html:
    """The chosen results large, and all of the chapter's results out of the notebook with them."""
    chosen = [a.result(key) for key in keys]
    tiles = "".join(
        f'<div><dt style="{_PLAIN}">{linked(r.label)}</dt>'
        f'<dd style="{_PLAIN};font-weight:600">{html.escape(brief(r))}</dd></div>'
        for r in chosen
    )
    text = "\n".join(f"{r.label}: {brief(r)}" for r in chosen)
    return Html(f'<dl class="tiles" style="{_GRID}">{tiles}</dl>', text, a.results.values(), keys)


def results(a: Answers) -> Html:
    """All results of a chapter with the tables behind each, folded away."""
    rows = [
        {"result": r.label, "value": shown(r), "note": r.note or "", "from": _names(r)}
        for r in a.results.values()
    ]
    return folded(show(pd.DataFrame(rows), f"All {len(rows)} results"))


def brief(result: Result) -> str:
    """A headline's value: money in billions, as precise as what goes in can carry.

    Examples
    --------
    >>> [brief(Result("x", value, "EUR", "x", ())) for value in (3_638_295_012, 15.28e9)]
    ['EUR\xa03.64bn', 'EUR\xa015.3bn']
    """
    if result.unit not in ("EUR", "JPY", "USD") or not isinstance(result.value, int | float):
        return shown(result)
    value = result.value / 1e9
    return minus(f"{result.unit}{NBSP}{value:,.{2 if abs(value) < 9.995 else 1}f}bn")


def shown(result: Result) -> str:
    """A result's value as text with its unit.

    Examples
    --------
    >>> shown(Result("x", -0.5847, "fraction", "x", ()))
    '−58.5\xa0%'
    """
    value, unit = result.value, result.unit
    if value is None:
        return "not available"
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(shown(replace(result, value=each)) for each in value)
    if unit == "fraction":
        return tidy(f"{100 * value:.1f} %")
    if unit in ("EUR", "JPY", "USD"):
        return minus(f"{unit} {value / 1e6:,.0f}m")
    if unit in ("shares", "units", "count"):
        return tidy(f"{value:,.0f}")
    if unit == "log points":
        return minus(f"{value:,.3f} {unit} ({100 * math.expm1(value):+,.1f}{NBSP}%)")
    return tidy(f"{value:,.2f} {unit}")


def show(frame: pd.DataFrame, caption: str, formats: Mapping[str, str] | None = None) -> Html:
    """A table that scrolls in its own box; text is escaped, numbers printed by ``formats``."""
    formats = dict(formats or {})
    columns = list(frame.columns)
    text = pd.DataFrame(
        {c: [_cell(v, formats.get(c, "")) for v in frame[c]] for c in columns}, columns=columns
    )
    numeric = {c for c in columns if pd.api.types.is_numeric_dtype(frame[c]) or c == "value"}
    head = "".join(
        f'<th scope="col"{_num(c in numeric)}>{html.escape(str(c))}</th>' for c in columns
    )
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{_num(c in numeric)}>{linked(v)}</td>" for c, v in zip(columns, row, strict=True)
        )
        + "</tr>"
        for row in text.itertuples(index=False)
    )
    table = framed(caption, head, body, len(columns) > BROAD)
    rows = [[_raw(v) for v in row] for row in frame.itertuples(index=False)]
    carried = {"caption": caption, "columns": columns, "rows": rows}
    carried["formats"] = [formats.get(c, "") for c in columns]
    return Html(table, f"{caption}\n{text.to_string(index=False)}", table=carried)


def _raw(value: Any) -> Any:
    """A cell as a JSON value: numbers unrounded, days as text, nothing where there is none."""
    if value is None or value is pd.NaT or (isinstance(value, float) and pd.isna(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d")
    if hasattr(value, "item"):
        value = value.item()
    return value if isinstance(value, int | float | str | bool) else str(value)


def inputs(a: Answers) -> Html:
    """What went in, with its origin."""
    rows = [(i.name, _plain(i.value), i.unit, i.origin) for i in a.inputs]
    frame = pd.DataFrame(rows, columns=["input", "value", "unit", "origin"])
    out = folded(show(frame, f"{len(rows)} inputs"))
    raw = [[i.name, _raw(i.value), i.unit, i.origin] for i in a.inputs]
    return Html(out.body, out.text, table=dict(out.table) | {"rows": raw, "inputs": True})


def sources(a: Answers) -> Html:
    """The documents behind the chapter, computed from what it read."""
    frame = a.sources.drop_duplicates(["table", "issuer", "title", "origin"]).copy()
    counted = frame.groupby("origin").size()
    split = ", ".join(f"{n} {origin}" for origin, n in counted.items())
    table = pd.DataFrame(
        {
            "table": frame["table"],
            "issuer": frame["issuer"],
            "title": frame["title"].str.cat(frame["page"], sep=", ", na_rep="").str.rstrip(", "),
            "published": frame["published"],
            "confidence": frame["confidence"],
            "read at": frame["read_at"],
        }
    )
    out = folded(show(table, f"Sources read by this chapter: {split}"))
    return Html(f'<div id="sources">{out.body}</div>', out.text, table=out.table)


def folded(table: Html) -> Html:
    """A long table behind its caption, opened by a click and in print."""
    caption = table.text.split("\n", 1)[0]
    body = f"<details><summary>{html.escape(caption)}</summary>{table.body}</details>"
    return Html(body, table.text, table=table.table)


def _names(result: Result) -> str:
    return ", ".join(map(source, result.sources))


def source(entry: Mapping[str, Any]) -> str:
    """A source in words: the days of a series, the row or the number of rows of a table."""
    if entry["kind"] == "assumed":
        return f"{entry['id']} (assumed)"
    if entry.get("from"):
        ends = dict.fromkeys((entry["from"], entry["to"]))
        return f"{entry['id']} ({' to '.join(ends)})"
    rows = entry.get("rows", [entry["id"]])
    return entry["id"] if entry["kind"] == "fact" else f"{entry['id']} ({_counted(rows)})"


def _counted(rows: list[str]) -> str:
    return rows[0] if len(rows) == 1 else f"{len(rows)} rows"


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if value is None:
        return "empty"
    if isinstance(value, float) and value != round(value):
        return f"{value:,.4f}"
    return f"{value:,.0f}" if isinstance(value, int | float) else str(value)


def _cell(value: Any, form: str) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and pd.isna(value)):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d")
    return tidy(format(value, form)) if form else str(value)


def _num(numeric: bool) -> str:
    return ' class="num"' if numeric else ""
