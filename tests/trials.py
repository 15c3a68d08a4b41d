"""Trials: what chapters answer with tables replaced in memory.

What rests on no replaced table is made once for all trials: views of the evidence, what
:meth:`Evidence.once` makes, whole chapters. What each of these rests on is seen from what it reads,
not from what it says that it read.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache

import numpy as np
import pandas as pd

from alliance import answers, evidence, grading, scenario
from alliance.errors import AllianceError
from alliance.evidence import DATA, Package
from tests import looks

S = scenario.Scenario().replace({"selldown": {"paths": 256}})
CLEAN = Package(DATA)
_watching = []  # for each thing that is being made: the tables read so far
_views, _made = {}, {}  # what rests on unchanged tables, by day and key; the latter with its tables


def read(*tables):
    for seen in _watching:
        seen.update(tables)


@contextmanager
def watching():
    """The tables that are read inside, kept ones too."""
    _watching.append(set())
    try:
        yield _watching[-1]
    finally:
        _watching.pop()


class Tables(Package):
    """The evidence with some tables replaced; each file is read once for all."""

    def __init__(self, changed=None):
        super().__init__(DATA)
        self.__dict__ |= {"changed": changed or {}, "descriptor": CLEAN.descriptor}

    def read(self, name):
        read(name)
        return self.changed[name].copy(deep=False) if name in self.changed else CLEAN.read(name)


class Standing(evidence.Evidence):
    """Evidence of a day that makes anew only what rests on a replaced table."""

    def _kept(self, table, key, make):
        read(table)
        if table in self.package.changed:
            return super()._kept(table, key, make)
        place = self.as_of, table, key
        if place not in _views:
            _views[place] = make()
        return _views[place]

    def once(self, key, make, kept=None):
        place = self.as_of, key
        own = self.__dict__.setdefault("_own", {})
        found = own.get(key) or _made.get(place)
        if found is None or (key not in own and found[2] & self.package.changed.keys()):
            with watching() as seen, self.reading(count=False) as used:
                found = make(), used, seen
            if seen & self.package.changed.keys():
                own[key] = found
            else:
                _made[place] = found
        read(*found[2])
        self._count(found[1])
        return found[0]


def hurry(monkeypatch):
    """Fewer draws: what a result rests on does not hang on their number."""
    looks.shorten(monkeypatch)
    monkeypatch.setitem(answers.decline.__globals__, "DRAWS", 10)
    monkeypatch.setattr("alliance.answers.grid.DRAWS", 100)
    monkeypatch.setattr("alliance.answers.moves.DRAWS", 40)
    monkeypatch.setattr(evidence.Evidence, "sources", lambda *given: pd.DataFrame())


class Trial:
    """What chapters answer with some tables replaced; only after :func:`hurry`."""

    def __init__(self, changed=None, s=S):
        assert grading.DRAWS == 20, "what is kept for all trials must be made alike"
        self.package, self.s, self.found = Tables(changed), s, {}

    def evidence(self):
        return Standing(self.package, self.s.as_of)

    def results(self, chapter):
        """Results by id; an AllianceError where the tables are refused."""
        return dict(self.answers(chapter).results)

    def answers(self, chapter):
        if chapter not in self.found:
            self.found[chapter] = self._answers(chapter)
        if isinstance(self.found[chapter], AllianceError):
            raise self.found[chapter]
        return self.found[chapter]

    def _answers(self, chapter):
        if self.package.changed:
            whole, tables = clean(chapter, self.s)
            if not tables & self.package.changed.keys():
                return whole
        with looks.repeated(self._repeated if chapter == "0-briefing" else None):
            try:  # what the briefing repeats is found once
                return answers.CHAPTERS[chapter](self.s, self.evidence())
            except AllianceError as error:
                return error

    def _repeated(self, chapter, s):
        assert s == self.s
        read(*clean(chapter, s)[1])
        return self.answers(chapter)


def clean(chapter, s=S):
    """A chapter's answers with nothing replaced, and the tables that it read."""
    return _clean(chapter, s)


@cache
def _clean(chapter, s):
    with watching() as seen:
        whole = Trial(s=s).answers(chapter)
    return whole, seen


def keyed(name):
    """A table's row keys, as sources print them."""
    frame = CLEAN.read(name)
    columns = [frame[c].astype(str) for c in CLEAN.key(name)]
    return pd.Series(["/".join(key) for key in zip(*columns, strict=True)], index=frame.index)


def scaled(name, which, factor):
    """A table with the numbers of some rows times a factor, keys aside; None if none are moved.

    ``which`` may take the table, and ``factor`` the number of its rows.
    """
    frame, found = CLEAN.read(name), False
    which = which(frame) if callable(which) else which
    for field in CLEAN.resource(name)["schema"]["fields"]:
        column = field["name"]
        if field["type"] in ("number", "integer") and column not in CLEAN.key(name):
            value = frame[column].astype("float64")
            times = factor(len(frame)) if callable(factor) else factor
            value, found = value.mask(which, value * times), True
            whole = field["type"] == "integer"
            frame[column] = value.round().astype(frame[column].dtype) if whole else value
    return frame if found and which.any() else None


def spoiled(name, part, words):
    """One table with its numbers moved by a part and its days by weeks, its words changed, or all.

    A table of which nothing can be moved is None.
    """
    frame, schema = CLEAN.read(name), CLEAN.resource(name)["schema"]
    rng, daily = np.random.default_rng(7), name.startswith(("prices-", "rates-", "gaps"))
    linked = {c for link in schema.get("foreignKeys", []) for c in link["fields"]}
    for field in schema["fields"]:
        column, key = field["name"], field["name"] in schema["primaryKey"]
        told = field.get("constraints", {})
        if field["type"] == "string":
            if not words or key or column == "published_basis":
                continue
            if column in linked or "enum" in told or "pattern" in told:
                frame[column] = np.roll(frame[column].to_numpy(), 1)  # what is valid stays valid
            elif column != "document":
                frame[column] = frame[column] + "x"
        elif field["type"] == "date" and part and column != "published" and not daily:
            weeks = 5 if name == "dividends" else -3  # a special one must pass the base day
            frame[column] = frame[column] + pd.Timedelta(weeks=weeks)
        elif field["type"] in ("number", "integer") and part and not key:
            moved = frame[column].astype("float64") * (1 + part * rng.choice([-1, 1], len(frame)))
            whole = field["type"] == "integer"
            frame[column] = moved.round().astype("Int64") if whole else moved
    return None if frame.equals(CLEAN.read(name)) else frame


def said(result):
    return result.value, result.label, result.unit, result.note


def moved(chapter, changed):
    """The ids of a chapter's results that changed tables move; None where they are refused."""
    before = dict(clean(chapter)[0].results)
    try:
        after = (changed if isinstance(changed, Trial) else Trial(changed)).results(chapter)
    except AllianceError:  # refused aloud
        return None
    both = before.keys() & after.keys()
    return (before.keys() ^ after.keys()) | {k for k in both if said(before[k]) != said(after[k])}


def movers(chapter, tried):
    """Of changes ``(table, frame, results that must stand)`` those that move one, and what.

    They are made all at once, and parted only where a result moves or the evidence is refused.
    """
    changed = {name: frame for name, frame, _ in tried}
    if len(changed) == len(tried):
        hit = moved(chapter, changed)
        if len(tried) == 1:
            ((name, _, still),) = tried
            return [(name, sorted(hit & still)[:4])] if hit and hit & still else []
        if hit is not None and not any(hit & still for _, _, still in tried):
            return []
    half = len(tried) // 2
    return movers(chapter, tried[:half]) + movers(chapter, tried[half:])
