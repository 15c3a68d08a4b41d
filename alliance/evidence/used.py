"""What a block read of the evidence: facts, rows of tables, days of series."""

import functools
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pandas as pd


@dataclass
class Used:
    """Tables and facts read inside a ``with ev.reading()`` block."""

    entries: dict[tuple[str, str], dict] = field(default_factory=dict)

    def sources(self) -> list[dict]:
        """What was read, as ``{kind, id, as_of, published}``, sorted and without repeats.

        A table has ``rows``, their keys, or, if it is a daily series, ``from`` and ``to``.
        """
        out = [self.entries[key] for key in sorted(self.entries)]
        return [e | {"rows": sorted(e["rows"])} if "rows" in e else e for e in out]

    def add(self, entries: Iterable[dict]) -> None:
        """Count what another block read too."""
        for entry in entries:
            if "rows" in entry:
                entry = entry | {"rows": frozenset(entry["rows"])}
            key = entry["kind"], entry["id"]
            self.entries[key] = joined(self.entries.get(key, entry), entry)

    def within(self, first: Any, last: Any = None, of: str = "") -> None:
        """Count only these days of each series (whose name begins so)."""
        start = str(pd.Timestamp(first).date())
        end = "9" if last is None else str(pd.Timestamp(last).date())
        for key, e in self.entries.items():
            if e.get("from") and e["id"].startswith(of):
                self.entries[key] = e | {"from": max(e["from"], start), "to": min(e["to"], end)}


def joined(one: dict, other: dict) -> dict:
    """Two reads of one table as one: all rows of both, and the later days."""
    if one is other:
        return one
    days = {k: max(filter(None, (one[k], other[k])), default=None) for k in ("as_of", "published")}
    out = one | days
    if "rows" in one:
        out["rows"] = one["rows"] | other["rows"]
    if one.get("from") and other.get("from"):
        out |= {"from": min(one["from"], other["from"]), "to": max(one["to"], other["to"])}
    return out


class _Blocks(threading.local):
    """The blocks that are open in a thread: a moved slider reads while a cell runs."""

    def __init__(self) -> None:
        self.open: list[Used] = []


class Reads:
    """Keeps, block by block, what is read inside."""

    def __init__(self) -> None:
        self._blocks = _Blocks()
        self._once: dict[Any, tuple[Any, Used]] = {}

    @contextmanager
    def reading(self, count: bool = True) -> Iterator[Used]:
        """Record every table and fact read inside the block.

        Blocks may nest: what an inner one counts at its end, after ``within``, the outer counts.
        """
        used = Used()
        self._blocks.open.append(used)
        try:
            yield used
        finally:
            self._blocks.open.pop()
            if count:
                self._count(used)

    def aside(self) -> AbstractContextManager[Used]:
        """Read without counting: what is used is then read by itself."""
        return self.reading(count=False)

    def once(self, key: Any, make: Callable[[], Any], kept: dict | None = None) -> Any:
        """What ``make`` returns, made once, or once for all that share what is ``kept``; what it
        read is recorded each time."""
        kept = self._once if kept is None else kept
        if key not in kept:
            with self.reading() as used:
                made = make()
            kept[key] = made, used
        else:
            self._count(kept[key][1])
        return kept[key][0]

    def _count(self, used: Used) -> None:
        if self._blocks.open:
            self._blocks.open[-1].add(used.entries.values())


def made_once(make: Callable) -> Callable:
    """A function that takes evidence, beside what can be a key: made once for both, what it read is
    recorded each time."""

    @functools.wraps(make)
    def known(*given: Any) -> Any:
        ev = next(each for each in given if isinstance(each, Reads))
        key = make, *(each for each in given if each is not ev)
        return ev.once(key, lambda: make(*given))

    return known


def table_of(entry: dict) -> str:
    return "facts" if entry["kind"] == "fact" else entry["id"]
