"""Evidence as of a day, with a record of what was read."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd

from alliance.errors import EvidenceError, NotPublished, did_you_mean
from alliance.evidence.descriptor import Package, folder
from alliance.evidence.used import Used, joined

_FX = {"jpy_per_eur": "rates-jpy-per-eur", "usd_per_eur": "rates-usd-per-eur"}


class Evidence:
    """All tables, cut at the day ``as_of``. Made by :func:`open`.

    Any table is an attribute (``ev.holdings``, ``ev.world_market``) or ``ev.table("holdings")``.
    """

    def __init__(self, package: Package, as_of: dt.date) -> None:
        self.package = package
        self.as_of = as_of
        self._frames: dict[str, pd.DataFrame] = {}
        self._cuts: dict[str, pd.DataFrame] = {}
        self._made: dict[tuple[str, ...], Any] = {}
        self._entries: dict[tuple[str, str], dict] = {}
        self._earlier: dict[dt.date, Evidence] = {}
        self._readers: list[Used] = []

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
        day = min(day, self.as_of)
        if day == self.as_of:
            return self
        if day not in self._earlier:
            self._earlier[day] = Evidence(self.package, day)
            self._earlier[day]._frames = self._frames
            self._earlier[day]._readers = self._readers
        return self._earlier[day]

    @contextmanager
    def reading(self) -> Iterator[Used]:
        """Record every table and fact read inside the block (blocks may nest)."""
        used = Used()
        self._readers.append(used)
        try:
            yield used
        finally:
            self._readers[:] = [reader for reader in self._readers if reader is not used]

    def table(self, name: str) -> pd.DataFrame:
        """A table as known on ``as_of``, in the order of its key; changing it changes nothing here.

        Raises
        ------
        EvidenceError
            For an unknown name or a broken table.
        """
        frame = self._cut(name)
        self._record("table", name, frame)
        return frame.copy(deep=False)  # pandas copies on write

    def names(self, table: str) -> dict[str, str]:
        """Names by key whatever the day, unrecorded: what can be asked for; never for a result."""
        frame = self._whole(table)
        return dict(zip(frame[self.package.key(table)[0]], frame["name"], strict=True))

    def days(self, table: str) -> pd.Series:
        """Days on which rows became public, whatever the day, unrecorded; never for a result."""
        return self._whole(table)["published"].sort_values(ignore_index=True)

    def prices(self, company: str) -> pd.DataFrame:
        """Daily prices by trading day: ``close`` and, for shares, ``adj_close``, ``volume``."""
        name = f"prices-{self._company(company)}"
        spare = ["published", "published_basis"]
        return self._view(name, ("all",), lambda f: f.set_index("date").drop(columns=spare))

    def close(self, company: str) -> pd.Series:
        """Closes (index levels) by trading day; days without a raw close are left out."""
        name = f"prices-{self._company(company)}"
        return self._view(
            name, ("close",), lambda f: f.set_index("date")["close"].dropna().rename(company)
        )

    def rate(self, pair: str) -> pd.Series:
        """An exchange rate by day, named as it reads: ``jpy_per_eur``, ``usd_per_eur``."""
        if pair not in _FX:
            raise EvidenceError(f"no rate '{pair}'{did_you_mean(pair, _FX)}")
        return self._view(_FX[pair], (), lambda f: f.set_index("date")[pair])

    def fact(self, key: str) -> pd.Series:
        """One fact as known on ``as_of``.

        Raises
        ------
        NotPublished
            If the fact became public later.
        EvidenceError
            If there is no such fact.
        """
        known = self._kept("facts", ("known",), self._cut, lambda f: f.set_index("fact"))
        if key in known.index:
            row = known.loc[key]
            if self._readers:
                self._record("fact", key, known.loc[[key]])
            return row
        days = self._whole("facts").groupby("fact")["published"].min()
        if key in days:
            day = days[key].date()
            raise NotPublished(f"fact '{key}' was published on {day}, after {self.as_of}")
        raise EvidenceError(f"no fact '{key}'{did_you_mean(key, days.index)}")

    def figure(self, key: str) -> float | None:
        """A fact's number, None where it was not yet public."""
        try:
            return float(self.fact(key)["value"])
        except NotPublished:
            return None

    def rows(self, name: str, **wanted: str) -> pd.DataFrame:
        """A table's rows whose columns have the wanted values, as known on ``as_of``."""

        def chosen(frame: pd.DataFrame) -> pd.DataFrame:
            for column, value in wanted.items():
                frame = frame[frame[column] == value]
            return frame

        key = ("rows", *wanted, *wanted.values())
        return self._view(name, key, lambda f: f, keep=chosen)

    def shares(self, company: str, item: str = "issued") -> pd.Series:
        """Share counts by the day from which they were in force; empty if none was public."""

        def chosen(frame: pd.DataFrame) -> pd.DataFrame:
            return frame[(frame["company"] == company) & (frame["item"] == item)]

        def counts(rows: pd.DataFrame) -> pd.Series:
            return rows.sort_values("date").set_index("date")["shares"].astype("int64")

        return self._view("shares", (company, item), counts, keep=chosen)

    def holding(self, beneficiary: str, company: str) -> pd.Series:
        """Shares of ``company`` held for ``beneficiary``, all holders added, by day in force."""

        def chosen(frame: pd.DataFrame) -> pd.DataFrame:
            return frame[(frame["beneficiary"] == beneficiary) & (frame["company"] == company)]

        def added(rows: pd.DataFrame) -> pd.Series:
            wide = rows.pivot(index="date", columns="holder", values="shares").sort_index()
            return wide.astype("float64").ffill().fillna(0).sum(axis=1).astype("int64")

        return self._view("holdings", (beneficiary, company), added, keep=chosen)

    def cited(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows beside issuer, title, page, address (and day) of the document that each names."""
        columns = [c for c in ("issuer", "title", "page", "read_at", "published") if c not in rows]
        return rows.join(self._whole("documents").set_index("document")[columns], on="document")

    def sources(self, used: Used | Iterable[dict] | None = None) -> pd.DataFrame:
        """The documents behind what was read (or behind everything), one a row.

        Columns: ``table, issuer, title, page, read_at, published, confidence, origin`` (sourced
        or derived).
        """
        entries = used.sources() if isinstance(used, Used) else list(used or ())
        names = {e["id"] if e["kind"] == "table" else "facts" for e in entries}
        names = names or set(self.package.resources)
        facts = {e["id"] for e in entries if e["kind"] == "fact"}
        parts = [self._documents(name, facts) for name in sorted(names)]
        return pd.concat(parts, ignore_index=True)

    def tally(self, used: Used | Iterable[dict]) -> dict[str, int]:
        """How many rows and facts what was read counts, by origin: sourced or derived."""
        entries = used.sources() if isinstance(used, Used) else list(used)
        counts = {"sourced": 0, "derived": 0}
        for entry in entries:
            frame = self._cut("facts" if entry["kind"] == "fact" else entry["id"])
            if entry["kind"] == "fact":
                frame = frame[frame["fact"] == entry["id"]]
            derived = int((frame["confidence"] == "derived").sum()) if "confidence" in frame else 0
            counts["derived"] += derived
            counts["sourced"] += len(frame) - derived
        return counts

    def _view(
        self, name: str, key: tuple[str, ...], make: Callable[[pd.DataFrame], Any],
        keep: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
    ) -> Any:  # fmt: skip
        """What is made of a table, or of the rows to keep, once; they are recorded each time."""
        part = self._kept(name, ("part", *key), self._cut, keep) if keep else self._cut(name)
        self._record("table", name, part, key if keep else ())
        return self._kept(name, key, lambda _: part, make).copy(deep=False)  # copied on write

    def _kept(self, name: str, key: tuple[str, ...], read: Callable, make: Callable) -> Any:
        if (name, *key) not in self._made:
            self._made[name, *key] = make(read(name))
        return self._made[name, *key]

    def _documents(self, name: str, facts: set[str]) -> pd.DataFrame:
        frame = self._cut(name)
        if name == "facts" and facts:
            frame = frame[frame["fact"].isin(facts)]
        if "document" not in frame:
            resource, until = self.package.resource(name), str(self.as_of)
            rows = [
                {"issuer": s.get("issuer"), "title": s["title"], "read_at": s.get("path")}
                for s in resource["sources"]
                if s.get("from", until) <= until
            ]
            out = pd.DataFrame(rows, columns=["issuer", "title", "page", "read_at"])
            out["published"] = frame["published"].max()
            out["confidence"] = resource.get("confidence", "high")
            return out.assign(table=name, origin="sourced")
        origin = frame["confidence"].eq("derived").map({True: "derived", False: "sourced"})
        counts = frame.assign(origin=origin).groupby(["document", "origin"])
        out = counts.agg(confidence=("confidence", "first"))
        return self.cited(out.reset_index()).assign(table=name)

    def _company(self, company: str) -> str:
        if company not in (names := self.names("companies")):
            raise EvidenceError(f"no prices for '{company}'{did_you_mean(company, names)}")
        return company

    def _whole(self, name: str) -> pd.DataFrame:
        if name not in self._frames:
            self._frames[name] = self.package.read(name)
        return self._frames[name]

    def _cut(self, name: str) -> pd.DataFrame:
        if name not in self._cuts:
            self._cuts[name] = self.package.standing(name, self._told(name))
        return self._cuts[name]

    def _told(self, name: str) -> pd.DataFrame:
        frame = self._whole(name)
        return frame[frame["published"] <= pd.Timestamp(self.as_of)]

    def _record(self, kind: str, name: str, frame: pd.DataFrame, part: tuple = ()) -> None:
        if self._readers and (kind, name, *part) not in self._entries:
            told = self._told(name if kind == "table" else "facts")  # corrections included
            told = told[told["fact"] == name] if kind == "fact" else told
            dates = [c for c in frame if c != "published" and frame[c].dtype.kind == "M"]
            entry = {
                "kind": kind,
                "id": name,
                "as_of": _last(frame[dates[0]]) if dates else _last(frame["published"]),
                "published": _last(told["published"]),
            }
            if name.startswith(("prices-", "rates-")):
                entry |= {"from": _day(frame["date"].min()), "to": _day(frame["date"].max())}
            elif kind == "table":
                columns = [frame[c].astype(str) for c in self.package.key(name)]
                entry["rows"] = frozenset("/".join(key) for key in zip(*columns, strict=True))
            self._entries[kind, name, *part] = entry
        entry = self._entries.get((kind, name, *part))
        for used in self._readers:
            old = used.entries.get((kind, name))
            used.entries[kind, name] = joined(old, entry) if old else entry


def _last(dates: pd.Series) -> str | None:
    return _day(dates.max())


def _day(day: pd.Timestamp) -> str | None:
    return None if pd.isna(day) else day.strftime("%Y-%m-%d")


def open(as_of: str | dt.date, data: str | os.PathLike[str] | None = None) -> Evidence:
    """The evidence as it was known on a day (a date, or ``YYYY-MM-DD``).

    ``data`` is another evidence folder; else ``ALLIANCE_DATA``, else the repository's ``data/``.

    Raises
    ------
    EvidenceError
        If a table's bytes are not those that were sealed.
    """
    day = dt.date.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    package = Package(folder(data))
    package.verify()
    return Evidence(package, day)
