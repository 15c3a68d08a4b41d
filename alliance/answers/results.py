"""All answers: headline results, inputs, and labelled frames."""

import html
import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import pandas as pd

from alliance import format
from alliance.errors import AllianceError, NotKnown, ScenarioError, did_you_mean, nearest
from alliance.evidence import Evidence, Used

#: Units whose values are whole numbers in results.
WHOLE = ("EUR", "JPY", "USD", "shares", "units", "count")


@dataclass(frozen=True)
class Result:
    """One headline number.

    ``value`` is whole euros, yen, shares or units; fractions 0-1; log points; years. None, with a
    reason in ``note``, where the value does not exist.
    """

    id: str
    value: int | float | str | list[float] | None
    unit: str
    label: str
    sources: tuple[dict[str, Any], ...]
    note: str | None = None

    def __post_init__(self) -> None:
        if self.value is None and not self.note:
            raise AllianceError(f"{self.id}: a result without a value needs a reason")
        if isinstance(self.value, float) and not math.isfinite(self.value):
            raise AllianceError(f"{self.id}: a result must be finite, received {self.value}")

    def to_json(self) -> dict[str, Any]:
        """The entry of ``results.json``."""
        out = {"id": self.id, "value": self.value, "unit": self.unit, "label": self.label}
        out["sources"] = list(self.sources)
        return out | ({"note": self.note} if self.note else {})


@dataclass(frozen=True)
class Input:
    """One value that went in: origin is scenario, evidence or assumed."""

    name: str
    value: Any
    unit: str
    origin: str


@dataclass(frozen=True, repr=False)
class Answers:
    """What a chapter found.

    ``a["decline.stub_eur"]`` is a value, ``a.result(...)`` the whole entry, ``a.frame("parts")``
    a copy of a frame, ``a.inputs`` what went in. Of ``frames`` one may be a function that makes it,
    called once.
    """

    chapter: str
    as_of: str
    results: Mapping[str, Result]
    inputs: tuple[Input, ...]
    frames: Mapping[str, pd.DataFrame | Callable[[], pd.DataFrame]]
    context: Mapping[str, Any]
    sources: pd.DataFrame
    _made: dict[str, pd.DataFrame] = field(default_factory=dict, init=False)

    def __getitem__(self, key: str) -> Any:
        return self.result(key).value

    def result(self, key: str) -> Result:
        """One result; an unknown id gets the nearest."""
        if key not in self.results:
            raise AllianceError(f"no result '{key}'{did_you_mean(key, self.results)}")
        return self.results[key]

    def frame(self, name: str) -> pd.DataFrame:
        """A copy of one frame; an unknown name gets the nearest."""
        if name not in self.frames:
            raise AllianceError(f"no frame '{name}'{did_you_mean(name, self.frames)}")
        if name not in self._made:
            frame = self.frames[name]
            self._made[name] = frame() if callable(frame) else frame
        return self._made[name].copy()

    def __repr__(self) -> str:
        return "\n".join(f"{word}: {', '.join(names)}" for word, names in self._parts().items())

    def _repr_html_(self) -> str:
        opened = (
            f"<details><summary>{word}</summary>"
            + "".join(f"<code>{html.escape(name)}</code><br>" for name in names)
            + "</details>"
            for word, names in self._parts().items()
        )
        return f"<p>Answers of {self.chapter}, as of {self.as_of}.</p>{''.join(opened)}"

    def _parts(self) -> dict[str, list[str]]:
        """What is in it, by how it is asked for."""
        made = ((name, self.frame(name)) for name in self.frames)
        frames = [f"{name} ({len(f)} rows): {', '.join(map(str, f))}" for name, f in made]
        found = [f"{k}: {format.quantity(r.value, r.unit)}" for k, r in self.results.items()]
        inputs = [f"{i.name}: {format.shown(i.value)} {i.unit} ({i.origin})" for i in self.inputs]
        return {
            f'{len(found)} results, each a["id"]': found,
            f'{len(frames)} frames, each a.frame("name")': frames,
            f"{len(inputs)} inputs, a.inputs": inputs,
        }


@dataclass
class Builder:
    """Collects results while a chapter computes; :meth:`answers` freezes them.

    Results are put inside a :meth:`section`: their sources are what is read there.
    """

    chapter: str
    ev: Evidence
    results: dict[str, Result] = field(default_factory=dict)
    inputs: list[Input] = field(default_factory=list)
    frames: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    used: Used = field(default_factory=Used)
    opened: list[str] | None = None

    @contextmanager
    def section(self, *patterns: str, **words: Any) -> Iterator[Used]:
        """A block whose results have what was read in it as sources.

        Where something was not known (:class:`NotKnown`), the results that ``patterns`` name are
        put as missing, with the reason. ``used.within(...)`` narrows the days that count.
        """
        outer, self.opened = self.opened, []
        inside = nullcontext() if outer is None else self.ev.aside()  # the outer has its own
        try:
            with inside, self.ev.reading() as used:
                try:
                    yield used
                except NotKnown as error:
                    for pattern in patterns:
                        self.put(pattern, None, str(error), **words)
            for key in self.opened:
                old = self.results[key]
                self.results[key] = replace(old, sources=(*used.sources(), *old.sources))
            self.used.add(used.entries.values())
        finally:
            self.opened = outer

    def put(self, pattern: str, value: Any, note: str | None = None, assumed=(), **words) -> None:
        """Add a headline result of :data:`CATALOGUE`; ``words`` fill its id and label.

        ``assumed`` are ids of inputs that no evidence supports.
        """
        unit, label = CATALOGUE[pattern]
        key, label = pattern.format(**words), _filled(label, words)
        if isinstance(value, tuple):
            value = [float(f"{v:.12g}") for v in value]
        elif value is not None and not isinstance(value, str):
            if math.isnan(value):
                value, note = None, note or "not defined for these inputs"
            elif unit in WHOLE:
                value = round(float(value))
            else:
                value = float(f"{float(value):.12g}")
        none = {"as_of": None, "published": None}
        sources = tuple({"kind": "assumed", "id": name, **none} for name in assumed)
        self.results[key] = Result(key, value, unit, label, sources, note)
        self.opened.append(key)

    def took(self, name: str, value: Any, unit: str, origin: str) -> None:
        """Record one input."""
        self.inputs.append(Input(name, value, unit, origin))

    def answers(self, documents: bool = True) -> Answers:
        """The frozen answers, with the documents behind them by default."""
        sources = self.ev.sources(self.used) if documents else pd.DataFrame()
        found, *rest = map(MappingProxyType, (self.results, self.frames, self.context))
        return Answers(self.chapter, str(self.ev.as_of), found, tuple(self.inputs), *rest, sources)


_OPTIONAL = re.compile(r"\{, (\w+)\}")


def _filled(label: str, words: dict[str, Any]) -> str:
    """A label with its words; ``{, day}`` is left out where there is no such word."""

    def extra(found: re.Match) -> str:
        word = words.get(found[1])
        return f", {word}" if word else ""

    return _OPTIONAL.sub(extra, label).format(**words)


def listed(name: str) -> list[list[str]]:
    """The lines of a file of this room, split at their bars."""
    lines = files("alliance.answers").joinpath(name).read_text("utf-8").splitlines()
    return [line.split(" | ") for line in lines if not line.startswith("#")]


#: Unit and label of every headline result by its id, with words in braces.
CATALOGUE = {key: (unit, label) for key, unit, label in listed("results.txt")}
#: Index, columns with units, and what a row is, of every frame by chapter and name.
FRAMES = {(chapter, name): rest for chapter, name, *rest in listed("frames.txt")}


def located(name: str) -> tuple[str, str]:
    """The chapter and name of a frame from ``name`` or ``chapter/name``; a ScenarioError if there
    is none of that name, or more than one."""
    known = [key for key in FRAMES if name in (key[1], "/".join(key))]
    if not known:
        near = nearest(name, ["/".join(key) if "/" in name else key[1] for key in FRAMES])
        hint = f"; did you mean '{near}'?" if near else ""
        raise ScenarioError(f"no frame '{name}' (alliance frames lists them){hint}")
    if len(known) > 1:
        several = " or ".join("/".join(key) for key in known)
        raise ScenarioError(f"frame '{name}' needs its chapter: {several}")
    return known[0]


def reference() -> str:
    """The results and frames of all answers as tables of Markdown."""
    lines = ["# Results", "", "| id | unit | what it is |", "|---|---|---|"]
    for key, (unit, label) in CATALOGUE.items():
        lines.append(f"| `{key}` | {unit} | {_OPTIONAL.sub('', label)} |")
    lines += ["", "# Frames", "", "| chapter | frame | index | columns (unit) | a row is |"]
    lines += ["|---|---|---|---|---|"]
    for (chapter, name), rest in FRAMES.items():
        lines.append(f"| {chapter} | `{name}` | {' | '.join(rest)} |")
    return "\n".join(lines) + "\n"
