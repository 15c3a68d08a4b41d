"""Evidence as of a day, with a record of what was read."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from alliance.errors import EvidenceError, NotKnown, ScenarioError, did_you_mean
from alliance.evidence import documents
from alliance.evidence.descriptor import Package, folder
from alliance.evidence.used import Reads, Used, table_of


class Evidence(Reads):
    """All tables, cut at the day ``as_of``. Made by :func:`open`.

    Any table is an attribute (``ev.holdings``, ``ev.world_market``) or ``ev.table("holdings")``.
    """

    def __init__(self, package: Package, as_of: dt.date) -> None:
        super().__init__()
        self.package = package
        self.as_of = as_of
        self._made: dict[tuple, Any] = {}  # of tables, for all days; see _kept
        self._others: dict[dt.date, Evidence] = {as_of: self}
        self._public: dict[str, int] = {}  # rows of each table that were public

    def __repr__(self) -> str:
        return f"<Evidence as of {self.as_of}: {len(self.package.resources)} tables>"

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_"):
            raise AttributeError(name)
        table = name.replace("_", "-")
        if table not in self.package.resources:
            hint = did_you_mean(table, self.package.resources)
            raise AttributeError(f"evidence has no table '{name}'{hint}")
        return self.table(table)

    def at(self, day: dt.date) -> Evidence:
        """The same evidence on an earlier day; what is read there is recorded here."""
        return self.on(min(day, self.as_of))

    def after(self, day: dt.date) -> Evidence:
        """The same evidence on a later day, for hindsight alone; reads are recorded here."""
        return self.on(max(day, self.as_of))

    def on(self, day: dt.date) -> Evidence:
        """The same evidence on any day: tables are read once for all, reads recorded here."""
        if day not in self._others:
            then = self._others[day] = type(self)(self.package, day)
            then._blocks, then._others, then._made = self._blocks, self._others, self._made
        return self._others[day]

    def lasting(self, key: Any, make: Callable[[], Any]) -> Any:
        """As :meth:`once`, and kept for the same tables opened again; for what takes seconds."""
        return self.once((self.as_of, key), make, self.package.kept)

    def table(self, name: str) -> pd.DataFrame:
        """A table as known on ``as_of``, in the order of its key; changing it changes nothing here.
        An unknown name or a broken table is an EvidenceError."""
        frame = self._cut(name)
        self._record("table", name, frame)
        return frame.copy(deep=False)  # pandas copies on write

    def names(self, table: str) -> dict[str, str]:
        """Names by key whatever the day, unrecorded: what can be asked for; never for a result."""

        def named() -> dict[str, str]:
            frame = self.package.read(table)
            return dict(zip(frame[self.package.key(table)[0]], frame["name"], strict=True))

        return self._kept(table, ("names",), named)

    def days(self, table: str) -> pd.Series:
        """Days on which rows became public, whatever the day, unrecorded; never for a result."""
        return self.package.read(table)["published"].sort_values(ignore_index=True)

    def prices(self, company: str) -> pd.DataFrame:
        """Daily prices by trading day: ``close`` and, for shares, ``adj_close``, ``volume``."""
        table, spare = self._company(company), ["published", "published_basis"]
        return self._view(table, "prices", lambda f: f.set_index("date").drop(columns=spare))

    def close(self, company: str) -> pd.Series:
        """Closes (index levels) by trading day; days without a raw close are left out."""

        def closes(rows: pd.DataFrame) -> pd.Series:
            return rows.set_index("date")["close"].dropna().rename(company)

        return self._view(self._company(company), "close", closes)

    def rate(self, pair: str) -> pd.Series:
        """An exchange rate by day, named as it reads: ``jpy_per_eur``, ``usd_per_eur``."""
        table = f"rates-{pair.replace('_', '-')}"
        if table not in self.package.resources:
            known = [n[6:].replace("-", "_") for n in self.package.resources if n[:6] == "rates-"]
            raise EvidenceError(f"no rate '{pair}'{did_you_mean(pair, known)}")
        return self._view(table, "rate", lambda f: f.set_index("date")[pair])

    def fact(self, key: str) -> pd.Series:
        """One fact as known on ``as_of``: NotKnown if it became public later, an EvidenceError if
        there is no such fact."""
        known = self._kept("facts", ("by fact",), lambda: self._cut("facts").set_index("fact"))
        if key in known.index:
            rows = self._kept("facts", ("fact", key), lambda: known.loc[[key]])
            self._record("fact", key, rows)
            return rows.iloc[0]
        facts = self.package.read("facts")
        days = self._kept("facts", ("days",), lambda: facts.groupby("fact")["published"].min())
        if key in days:
            day = days[key].date()
            raise NotKnown(f"fact '{key}' was published on {day}, after {self.as_of}")
        raise EvidenceError(f"no fact '{key}'{did_you_mean(key, days.index)}")

    def figure(self, key: str) -> float | None:
        """A fact's number, None where it was not yet public."""
        with suppress(NotKnown):
            return float(self.fact(key)["value"])

    def rows(self, name: str, where: Callable | None = None, /, **wanted: str) -> pd.DataFrame:
        """A table's rows whose columns have the wanted values, as known on ``as_of``.

        ``where`` takes these rows and says which of them are used (a mask, or their labels).
        """
        if where is None:
            return self._view(name, "rows", lambda f: f, **wanted)
        found = self._wanted(name, wanted)
        found = found.loc[where(found)] if len(found) else found
        self._record("table", name, found, None)
        return found

    def last(self, name: str, by: str, /, **wanted: str) -> pd.Series | None:
        """The last row, by a column, of a table's wanted rows; None if there is none."""
        part, rows = ("last", by, *wanted, *wanted.values()), self._wanted(name, wanted)
        last = self._kept(name, part, lambda: rows.sort_values(by, kind="stable")[-1:])
        self._record("table", name, last, part)
        return last.iloc[0] if len(last) else None

    def shares(self, company: str, item: str = "issued") -> pd.Series:
        """Share counts by the day from which they were in force; empty if none was public."""

        def counts(rows: pd.DataFrame) -> pd.Series:
            return rows.sort_values("date").set_index("date")["shares"].astype("int64")

        return self._view("shares", "counts", counts, company=company, item=item)

    def holding(self, beneficiary: str, company: str) -> pd.Series:
        """Shares of ``company`` held for ``beneficiary``, all holders added, by day in force."""

        def added(rows: pd.DataFrame) -> pd.Series:
            wide = rows.pivot(index="date", columns="holder", values="shares").sort_index()
            return wide.astype("float64").ffill().fillna(0).sum(axis=1).astype("int64")

        return self._view("holdings", "added", added, beneficiary=beneficiary, company=company)

    def cited(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows beside issuer, title, page, address (and day) of the document that each names."""
        return documents.cited(rows, self.package.read("documents"))

    def sources(self, used: Used) -> pd.DataFrame:
        """The documents behind what was read, one a row.

        Columns: ``table, issuer, title, page, read_at, published, confidence, origin`` (sourced
        or derived), and for documents ``document`` and ``original``, the issuer's own address.
        """
        tables: dict[str, list[pd.DataFrame]] = {}
        for entry in used.sources():
            tables.setdefault(table_of(entry), []).append(self._counted(entry))
        read = {name: pd.concat(rows) for name, rows in tables.items()}
        listed, until = self.package.read("documents"), str(self.as_of)
        return documents.behind(read, self.package.resources, listed, until)

    def tally(self, used: Used) -> dict[str, int]:
        """How many rows and facts what was read counts, by origin: sourced or derived."""
        rows = pd.concat([self._counted(entry) for entry in used.sources()] or [pd.DataFrame()])
        derived = int(rows["confidence"].eq("derived").sum()) if "confidence" in rows else 0
        return {"sourced": len(rows) - derived, "derived": derived}

    def _counted(self, entry: dict) -> pd.DataFrame:
        """The rows that an entry names: by key, by fact, by day; all where it names none."""
        frame = self._cut(table_of(entry))
        if entry["kind"] == "fact":
            return frame[frame["fact"] == entry["id"]]
        if "rows" in entry:
            keys = self._kept(entry["id"], ("keys",), lambda: self._keys(entry["id"], frame))
            return frame[keys.isin(entry["rows"]).to_numpy()]
        if entry.get("from"):
            return frame[frame["date"].between(entry["from"], entry["to"])]
        return frame

    def _keys(self, name: str, frame: pd.DataFrame) -> pd.Series:
        """The key of each row of a table as one text."""
        columns = [frame[c].astype(str) for c in self.package.key(name)]
        return pd.Series(["/".join(key) for key in zip(*columns, strict=True)], dtype=object)

    def _view(self, name: str, kind: str, make: Callable, /, **wanted: str) -> Any:
        """What is made of a table's wanted rows, once; they are recorded each time."""
        part = self._wanted(name, wanted)
        self._record("table", name, part, (*wanted, *wanted.values()))
        made = self._kept(name, (kind, *wanted, *wanted.values()), lambda: make(part))
        return made.copy(deep=False)  # copied on write

    def _wanted(self, name: str, wanted: dict[str, str]) -> pd.DataFrame:
        """Rows of a table whose columns have the wanted values, found once."""

        def chosen() -> pd.DataFrame:
            frame = self._cut(name)
            for column, value in wanted.items():
                frame = frame[frame[column] == value]
            return frame

        return self._kept(name, ("wanted", *wanted, *wanted.values()), chosen)

    def _kept(self, table: str, key: tuple[str, ...], make: Callable) -> Any:
        """What is made of a table, once for all days on which the same of its rows were public."""
        if table not in self._public:
            days = self.package.read(table)["published"].to_numpy()
            self._public[table] = int((days <= np.datetime64(self.as_of)).sum())
        place = table, self._public[table], *key
        if place not in self._made:
            self._made[place] = make()
        return self._made[place]

    def _company(self, company: str) -> str:
        """The table of a company's prices."""
        if company not in (names := self.names("companies")):
            raise EvidenceError(f"no prices for '{company}'{did_you_mean(company, names)}")
        return f"prices-{company}"

    def _cut(self, name: str) -> pd.DataFrame:
        """The rows that stand, of those known."""
        return self._kept(name, ("cut",), lambda: self.package.standing(name, self._known(name)))

    def _known(self, name: str) -> pd.DataFrame:
        """All rows that were public, corrected ones too."""
        day, read = pd.Timestamp(self.as_of), self.package.read
        return self._kept(name, ("known",), lambda: (f := read(name))[f["published"] <= day])

    def _record(self, kind: str, name: str, frame: pd.DataFrame, part: tuple | None = ()) -> None:
        """Count a read; ``part`` names the rows, None if they are not to be known again."""
        if not self._blocks.open:
            return
        if part is None:
            entry = self._entry(kind, name, frame)
        else:
            table = name if kind == "table" else "facts"
            make = partial(self._entry, kind, name, frame)
            entry = self._kept(table, ("entry", kind, name, *part), make)
        self._blocks.open[-1].add([entry])

    def _entry(self, kind: str, name: str, frame: pd.DataFrame) -> dict:
        public = self._known(name if kind == "table" else "facts")  # corrections included
        public = public[public["fact"] == name] if kind == "fact" else public
        dates = [c for c, t in frame.dtypes.items() if t.kind == "M" and c != "published"]
        entry = {
            "kind": kind,
            "id": name,
            "as_of": _day(frame[dates[0] if dates else "published"].max()),
            "published": _day(public["published"].max()),
        }
        if name.startswith(("prices-", "rates-")):
            entry |= {"from": _day(frame["date"].min()), "to": _day(frame["date"].max())}
        elif kind == "table":
            entry["rows"] = frozenset(self._keys(name, frame))
        return entry


def _day(day: pd.Timestamp) -> str | None:
    return None if pd.isna(day) else str(day.date())


_opened: dict[Any, Package] = {}  # the last folder: read once while its descriptor is the same


def open(as_of: str | dt.date, data: str | os.PathLike[str] | None = None) -> Evidence:
    """The evidence as it was known on a day, a date or ``YYYY-MM-DD`` (else a ScenarioError).

    ``data`` is another evidence folder; else ``ALLIANCE_DATA``, else the repository's ``data/``. An
    EvidenceError says where a table's bytes are not those that were sealed."""
    try:
        day = dt.date.fromisoformat(str(as_of)[:10])  # of a Timestamp too
    except ValueError:
        raise ScenarioError(f"as_of must be a day as YYYY-MM-DD, received {as_of!r}") from None
    package = Package(folder(data))
    package.verify()
    last = _opened.get(package.root)
    if last is None or last.descriptor != package.descriptor:
        _opened.clear()
        last = _opened[package.root] = package
    return Evidence(last, day)
