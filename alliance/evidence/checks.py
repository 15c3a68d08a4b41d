"""``alliance check``: everything that can be wrong with ``data/``, all at once.

Frictionless validates each table against its schema (types, keys, ranges, references, hashes).
The rules below say what a schema cannot: dates that run forward, sessions of the exchange,
shares that add up, sales that tie. Each problem names file, row (the header is row 1) and rule.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from alliance.errors import AllianceError, EvidenceError
from alliance.evidence import calendars
from alliance.evidence.descriptor import Package, digest, folder


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one file."""

    file: str
    row: int | None
    rule: str
    message: str

    def __str__(self) -> str:
        where = self.file if self.row is None else f"{self.file}:{self.row}"
        return f"{where}: {self.rule}: {self.message}"


def check(data: str | Path | None = None) -> list[Problem]:
    """All problems of an evidence folder, in file order; an empty list is a clean folder."""
    package = Package(folder(data))
    problems = _schema_problems(package) + list(_unlisted(package))
    frames: dict[str, pd.DataFrame] = {}
    for name in package.resources:
        try:
            frames[name] = package.read(name)
        except (AllianceError, OSError) as error:
            with suppress(AllianceError, OSError):
                frames[name] = package.read_loosely(name)
            path = package.resources[name]["path"]
            if not any(p.file == path and p.rule != "hash" for p in problems):
                problems.append(Problem(path, None, "readable", str(error)))
    for rule in RULES:
        problems += rule(package, frames)
    return sorted(problems, key=lambda p: (p.file, p.row or 0, p.rule))


def seal(data: str | Path | None = None) -> int:
    """Write the hash and size of every table into the descriptor; the number that changed.

    Raises
    ------
    EvidenceError
        If anything but a hash is wrong.
    """
    package = Package(folder(data))
    wrong = [p for p in check(data) if p.rule != "hash"]
    if wrong:
        raise EvidenceError(
            f"evidence is sealed only when it is clean; {len(wrong)} problems, first: {wrong[0]}"
        )
    return write_hashes(package)


def write_hashes(package: Package) -> int:
    """Hashes and sizes into the descriptor, unchecked; the number of tables that changed."""
    changed = 0
    for resource in package.resources.values():
        path = package.root / resource["path"]
        new = {"hash": digest(path), "bytes": path.stat().st_size}
        changed += any(resource.get(key) != value for key, value in new.items())
        resource.update(new)
    text = json.dumps(package.descriptor, indent=2, ensure_ascii=False) + "\n"
    (package.root / "datapackage.json").write_text(text, encoding="utf-8", newline="\n")
    return changed


def _schema_problems(package: Package) -> list[Problem]:
    """What Frictionless finds, in our words for the rule and its words for the message."""
    import frictionless

    logging.getLogger("frictionless").setLevel(logging.ERROR)
    report = frictionless.Package(package.descriptor, basepath=str(package.root)).validate()
    paths = {name: resource["path"] for name, resource in package.resources.items()}
    problems = [Problem("datapackage.json", None, e.type, e.message) for e in report.errors]
    for task in report.tasks:
        for error in task.errors:
            rule = "hash" if error.type in ("hash-count", "byte-count") else error.type
            row = getattr(error, "row_number", None)
            problems.append(Problem(paths[task.name], row, rule, error.message))
    return problems


def _unlisted(package: Package) -> Iterator[Problem]:
    known = {resource["path"] for resource in package.resources.values()}
    known |= {"datapackage.json", "README.md"}
    for path in sorted(package.root.rglob("*")):
        name = path.relative_to(package.root).as_posix()
        if path.is_file() and name not in known:
            yield Problem(name, None, "listed", "every file is listed in datapackage.json")


Frames = dict[str, pd.DataFrame]
Rule = Callable[[Package, Frames], list[Problem]]
RULES: list[Rule] = []


def _rule(function: Callable[[Package, Frames], Iterator[Problem]]) -> Rule:
    def run(package: Package, frames: Frames) -> list[Problem]:
        try:
            return list(function(package, frames))
        except KeyError as missing:  # a table that could not be read is reported already
            if missing.args[0] in package.resources:
                return []
            raise

    RULES.append(run)
    return run


@_rule
def _monotone(package: Package, frames: Frames) -> Iterator[Problem]:
    for name, frame in frames.items():
        key = package.resources[name]["schema"]["primaryKey"]
        if key == ["date"]:
            back = frame["date"].diff() <= pd.Timedelta(0)
            for row in frame.index[back]:
                day = frame.at[row, "date"].date()
                yield Problem(
                    _path(package, name), row + 2, "monotone", f"{day} is not after the row above"
                )


@_rule
def _published(package: Package, frames: Frames) -> Iterator[Problem]:
    for name, frame in frames.items():
        for row in frame.index[frame["published"].isna()]:
            yield Problem(_path(package, name), row + 2, "published", "published is never blank")
        for column in ("date", "ex_date", "fiscal_year_end"):
            if column in frame and (name, column) != ("statements", "fiscal_year_end"):
                for row in frame.index[frame["published"] < frame[column]]:
                    day = frame.at[row, "published"].date()
                    message = f"published {day} is before {column} {frame.at[row, column].date()}"
                    yield Problem(_path(package, name), row + 2, "published", message)


@_rule
def _sessions(package: Package, frames: Frames) -> Iterator[Problem]:
    gaps = frames["gaps"]
    for name, resource in package.resources.items():
        if "calendar" not in resource or name not in frames:
            continue
        days = pd.DatetimeIndex(frames[name]["date"])
        if days.empty:
            continue
        sessions = calendars.sessions(resource["calendar"], days.min(), days.max())
        excused = pd.DatetimeIndex(gaps.loc[gaps["table"] == name, "date"])
        for day in days.difference(sessions):
            row = int(days.get_indexer_for([day])[0]) + 2
            message = f"{day.date()} is no session of {resource['calendar']}"
            yield Problem(resource["path"], row, "sessions", message)
        for day in sessions.difference(days).difference(excused):
            message = f"session {day.date()} has no row and is not in gaps.csv"
            yield Problem(resource["path"], None, "sessions", message)


@_rule
def _supersedes(package: Package, frames: Frames) -> Iterator[Problem]:
    for name, frame in frames.items():
        if "supersedes" in frame:
            key = package.resources[name]["schema"]["primaryKey"][0]
            for row, old in frame["supersedes"].dropna().items():
                if old not in set(frame[key]):
                    message = f"supersedes '{old}', which is not there"
                    yield Problem(_path(package, name), row + 2, "supersedes", message)


@_rule
def _holdings_fit(package: Package, frames: Frames) -> Iterator[Problem]:
    """Disclosed holdings never exceed the shares in issue, and the trust's move adds nothing."""
    shares = frames["shares"].query("item == 'issued'")
    for company, rows in frames["holdings"].groupby("company"):
        issued = shares[shares["company"] == company].set_index("date")["shares"].sort_index()
        wide = rows.pivot(index="date", columns="holder", values="shares").sort_index().ffill()
        for day, held in wide.sum(axis=1).items():
            known = issued[:day]
            if known.empty or held > known.iloc[-1]:
                row = rows.index[rows["date"] == day][0] + 2
                limit = "no share count" if known.empty else f"{known.iloc[-1]:,} issued"
                message = f"{held:,.0f} shares of {company} held on {day.date()}, {limit}"
                yield Problem(_path(package, "holdings"), row, "shares", message)


@_rule
def _tranches_tie(package: Package, frames: Frames) -> Iterator[Problem]:
    """Price times shares is the value; counts and stakes follow from holdings and issued."""
    path = _path(package, "tranches")
    nissan = frames["shares"].query("company == 'nissan' and item == 'issued'")
    issued = nissan.set_index("date")["shares"].sort_index()
    rows = frames["holdings"].query("beneficiary == 'renault' and company == 'nissan'")
    wide = rows.pivot(index="date", columns="holder", values="shares").sort_index().ffill()
    for row, t in frames["tranches"].iterrows():
        held = wide[: t["settled"]].iloc[-1].sum()
        before = wide[: t["settled"] - pd.Timedelta(days=1)].iloc[-1].sum()
        trust = wide[: t["settled"]].iloc[-1]["natixis-trust"]
        last, now = issued[: t["cancelled"] - pd.Timedelta(days=1)], issued[: t["cancelled"]]
        ties = {
            "value": (t["shares"] * t["price_jpy"], t["value_jpy"], 0.5),
            "shares sold": (before - held, t["shares"], 0),
            "shares cancelled": (last.iloc[-1] - t["shares_bought"], t["issued_after"], 0),
            "issued after": (now.iloc[-1], t["issued_after"], 0),
            "stake after": (held / t["issued_after"], t["stake_after"], 5.1e-5),
            "trust's stake": (trust / t["issued_after"], t["trust_stake_after"], 5.1e-5),
        }
        for what, (computed, printed, within) in ties.items():
            if abs(computed - printed) > within:
                message = f"{what}: {computed:,.10g} computed, {printed:,.10g} in the row"
                yield Problem(path, row + 2, "tranche", message)


@_rule
def _regions_add_up(package: Package, frames: Frames) -> Iterator[Problem]:
    """Regions of a year add up to its printed total within rounding to thousands."""
    sales = frames["sales"]
    for (year, period), rows in sales.groupby(["fiscal_year", "period"]):
        parts = rows[rows["region"] != "total"]
        total = rows.loc[rows["region"] == "total", "units"]
        if total.empty or "other" not in set(parts["region"]) | {
            "other" if "europe-and-other" in set(parts["region"]) else ""
        }:
            continue
        difference = parts["units"].sum() - total.iloc[0]
        if abs(difference) > 500 * (len(parts) + 1):
            message = f"regions of {year} {period} miss the total by {difference:,}"
            yield Problem(_path(package, "sales"), rows.index[0] + 2, "total", message)


def _path(package: Package, name: str) -> str:
    return package.resources[name]["path"]
