"""What each chapter has: sentences, headlines, all results, inputs, sources.

A sentence prints computed numbers only, and carries the results it prints out of the notebook in
a MIME type of our own, from which ``report`` writes ``results.json``.
"""

import functools
import html
import re
import string
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from alliance import format
from alliance.answers import Answers, Result
from alliance.errors import AllianceError, did_you_mean
from alliance.places import sections
from alliance.tables.base import Html, collapsible, linked, raw, show
from alliance.tables.models import models

_ENDS = re.compile(r"(?<=[.]) +(?=[A-Z{*])")  # of sentences
#: Sentences by name, without their line breaks.
SENTENCES = {name: " ".join(lines) for name, lines in sections("tables/sentences.txt").items()}


#: Chapters in which the scenario chooses what to headline, and how its labels begin there.
CHOSEN = {"2-selldown": "Chosen programme", "3-separation": "Chosen deal"}


def headlined(a: Answers) -> str:
    """The part of result ids that the scenario chose: a programme, or a structure and company."""
    return a.context["group"].chosen if a.chapter in CHOSEN else ""


def headlines(a: Answers) -> tuple[str, ...]:
    """Ids of the results that a chapter shows large, those of the scenario's choice among them."""
    listed = SENTENCES[f"{a.chapter} headline"].replace("*", headlined(a)).split()
    return *a.context.get("came_of_it", ()), *listed


class _Numbers(string.Formatter):
    """Fields are named values, result ids or parts of the context; None prints as 'not available'.

    ``*`` in an id stands for what the scenario chose; ``.note`` after one is the result's note.
    """

    def __init__(self, a: Answers, values: Mapping[str, Any], marked: bool) -> None:
        self.a, self.values, self.marked = a, values, marked
        self.seen: dict[str, Result] = {}
        self.why = ""  # a result that was asked for has no value

    def get_field(self, field_name, args, kwargs):
        first, *rest = field_name.split(".")
        if field_name in self.values:
            return self.values[field_name], field_name
        if first in self.a.context:
            return functools.reduce(getattr, rest, self.a.context[first]), field_name
        key = field_name.replace("*", headlined(self.a))
        result = self.a.result(key.removesuffix(".note"))
        if key != result.id:
            return result.note, field_name
        self.seen[key] = result
        return result, field_name

    def format_field(self, value, format_spec):
        result = value if isinstance(value, Result) else None
        found = result.value if result else value
        why = result.note if result else self.values.get("why")
        self.why = why if why and format.missing(found) else self.why
        try:
            text = format.tidy(format.shown(*format.scaled(found, format_spec), "not available"))
        except (ValueError, TypeError) as error:
            raise AllianceError(f"can't print {found!r} as '{format_spec}': {error}") from None
        text = html.escape(text) if self.marked else text
        if not self.marked or result is None:
            return text
        tip = html.escape(f"{result.label}. From {_names(result)}", quote=True)
        return f'<a class="n" href="index.html#{result.id}" title="{tip}">{text}</a>'


def say(sentence: str, a: Answers, **values: Any) -> Html:
    """A paragraph with numbers computed at this run.

    ``sentence`` is the name of one of :data:`SENTENCES`, or a sentence with fields: names in
    ``values``, which are computed elsewhere, result ids (``{decline.price_change_jpy:.0%}``) or
    names in the answers' context; a format may begin with a scale: ``k``, ``m``, ``bn``, or ``log``
    for log points as a change. Instead of a sentence that needs a result without a value it says
    why there is none. An unknown name or result id is an AllianceError with the nearest.
    """
    if sentence not in SENTENCES and "{" not in sentence:
        raise AllianceError(f"no sentence '{sentence}'{did_you_mean(sentence, SENTENCES)}")
    sentence = format.UNIT.sub(format.NBSP, SENTENCES.get(sentence, sentence))
    plain, marked, said = _Numbers(a, values, False), _Numbers(a, values, True), {}
    for part in _ENDS.split(sentence):
        plain.why = ""
        text, body = plain.format(part), marked.format(part)
        if why := plain.why:
            text = f"{why[0].upper()}{why[1:]}."
            body = html.escape(text)
        said[text] = body
    text, body = (" ".join(filter(None, each)) for each in (said, said.values()))
    return Html(f'<p class="say">{body}</p>', text, plain.seen.values())


def size(result: Result) -> Result:
    """A result without its sign, where a word says it."""
    return replace(result, value=abs(result.value))


#: JupyterLab floats the parts of a list of terms; here a label and its number are one box anywhere.
_PLAIN = "float:none;display:block;width:auto;margin:0;padding:0"
_GRID = "display:grid;grid-template-columns:repeat(auto-fill,minmax(10.5rem,1fr));gap:.6rem"


def headline(a: Answers, *keys: str) -> Html:
    """Some results large, else the chapter's, and all of its results out of the notebook; why those
    without a value are not there."""
    keys = keys or headlines(a)
    known = [r for r in map(a.result, keys) if r.value is not None]
    left_out = without_value(r.note for r in map(a.result, keys) if r.value is None)
    chosen = [(r.label, brief(r)) for r in known]
    tiles = "".join(
        f'<div><dt style="{_PLAIN}">{linked(label)}</dt>'
        f'<dd style="{_PLAIN};font-weight:600">{html.escape(value)}</dd></div>'
        for label, value in chosen
    )
    text = "\n".join([*(f"{label}: {value}" for label, value in chosen), left_out]).strip()
    body = f'<dl class="tiles" style="{_GRID}">{tiles}</dl>' * bool(tiles)
    body += f'<p class="small">{html.escape(left_out)}</p>' * bool(left_out)
    return Html(body, text, a.results.values(), keys)


def without_value(notes: Iterable[str | None]) -> str:
    """What large numbers without a value have in their place: how many, and why.

    >>> without_value(["no price", None, "no price"])
    'Not shown large: 2 numbers (no price), 1 number.'
    """
    counts = Counter(notes).items()
    found = [format.counted(n, "number") + (f" ({why})" if why else "") for why, n in counts]
    return f"Not shown large: {', '.join(found)}." if found else ""


def results(a: Answers) -> Html:
    """All results of a chapter with the tables behind each, collapsed."""
    rows = [(r.label, shown(r), r.note or "", _names(r)) for r in a.results.values()]
    frame = pd.DataFrame(rows, columns=["result", "value", "note", "from"])
    return collapsible(show(frame, f"All {format.counted(len(rows), 'result')}"))


def brief(result: Result) -> str:
    """A headline's value: money in billions, as precise as what goes in can carry."""
    return format.brief(result.value, result.unit)


def shown(result: Result) -> str:
    """A result's value as text with its unit."""
    return format.quantity(result.value, result.unit)


def inputs(a: Answers) -> Html:
    """What went in, with its origin; carries the models of ``tables.xlsx`` out of the notebook."""
    rows = [(i.name, _input(i.value), i.unit, i.origin) for i in a.inputs]
    frame = pd.DataFrame(rows, columns=["input", "value", "unit", "origin"])
    out = collapsible(show(frame, format.counted(len(rows), "input")))
    unrounded = [[i.name, raw(i.value), i.unit, i.origin] for i in a.inputs]
    more = {"rows": unrounded, "models": models(a)}
    return Html(out.body, out.text, table=dict(out.table) | more)


def _input(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if value is None or not isinstance(value, int | float):
        return format.shown(value, none="empty")
    return format.shown(value, ",.0f" if value == round(value) else ",.4f")


def sources(a: Answers) -> Html:
    """The documents behind the chapter, computed from what it read."""
    frame = a.sources.drop_duplicates(["table", "issuer", "title", "origin"])
    counted = frame.groupby("origin").size()
    split = ", ".join(f"{n} {origin}" for origin, n in counted.items())
    title = frame["title"].str.cat(frame["page"], sep=", ", na_rep="").str.rstrip(", ")
    columns = ["table", "issuer", "title", "published", "confidence", "read at"]
    frame = frame.assign(title=title).rename(columns={"read_at": "read at"})[columns]
    out = collapsible(show(frame, f"Sources read by this chapter: {split}"))
    return Html(f'<div id="sources">{out.body}</div>', out.text, table=out.table)


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
    counted = rows[0] if len(rows) == 1 else f"{len(rows)} rows"
    return entry["id"] if entry["kind"] == "fact" else f"{entry['id']} ({counted})"
