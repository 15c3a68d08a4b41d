"""What a block read of the evidence: facts, rows of tables, days of series."""

from __future__ import annotations

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

    def __or__(self, other: Used) -> Used:
        out = dict(self.entries)
        for key, entry in other.entries.items():
            out[key] = joined(out[key], entry) if key in out else entry
        return Used(out)

    def within(self, first: Any, last: Any = None, of: str = "") -> Used:
        """The same, where of each series (whose name begins so) only these days were used."""
        start = str(pd.Timestamp(first).date())
        end = "9" if last is None else str(pd.Timestamp(last).date())
        cut = {
            key: e | {"from": max(e["from"], start), "to": min(e["to"], end)}
            for key, e in self.entries.items()
            if e.get("from") and e["id"].startswith(of)
        }
        return Used(self.entries | cut)


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
