"""``alliance check``: everything that can be wrong with ``data/``, all at once.

The descriptor must be whole, every table readable and in plain text; Frictionless validates each
against its schema (types, keys, ranges, references, hashes); the rules of
:mod:`alliance.evidence.rules` say what a schema cannot. Each problem names file, row (the header is
row 1) and rule.
"""

import copy
import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from alliance.errors import AllianceError, EvidenceError
from alliance.evidence.descriptor import Package, digest, flaws, folder, write
from alliance.evidence.rules import DATED, RULES, Tables
from alliance.places import editable

#: Columns in which a correction may differ from the row that it corrects and yet change nothing.
_ASIDE = ["published", "published_basis", "document", "page", "confidence", "note"]


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
    try:
        found = flaws(package.descriptor)
    except EvidenceError as error:
        return [Problem("datapackage.json", None, "descriptor", str(error))]
    problems = [Problem("datapackage.json", None, "descriptor", flaw) for _, flaw in found]
    unsound = {place for place, _ in found}
    if None in unsound:
        return problems
    kept = enumerate(package.descriptor["resources"])
    package.descriptor["resources"] = [r for place, r in kept if place not in unsound]
    problems += [*_unlisted(package, found), *_text(package)]
    readable = {}
    for name, resource in package.resources.items():
        try:
            readable[name] = package.raw(name)
        except EvidenceError as error:
            problems.append(Problem(resource["path"], None, "readable", str(error)))
    problems += _schema_problems(package, set(readable))
    tables: Tables = {}
    for name in readable:
        try:
            tables[name] = package.read(name)
        except AllianceError as error:
            tables[name] = package.read_loosely(name)
            path = package.resources[name]["path"]
            if not any(p.file == path and p.rule != "hash" for p in problems):
                problems.append(Problem(path, None, "readable", str(error)))
    problems += _corrections(package, tables)
    for name, table in tables.items():  # an empty cell is NaN: comparing it says no
        tables[name] = table.astype(dict.fromkeys(table.select_dtypes("Int64"), "float64"))
    last = {name: package.standing(name, table) for name, table in tables.items()}
    for rule, needs, function in RULES:
        if set(needs) <= set(tables):
            for name, at, message in function(tables if rule in DATED else last):
                row = None if at is None else at + 2
                problems.append(Problem(package.resources[name]["path"], row, rule, message))
    return sorted(problems, key=lambda p: (p.file, p.row or 0, p.rule))


def seal(data: str | Path | None = None, found: list[Problem] | None = None) -> int:
    """Write the hash and size of every table into the descriptor; the number that changed. It is
    an EvidenceError if anything but a hash is wrong, in what a check just found or finds now."""
    package = Package(editable(folder(data)))
    wrong = [p for p in (check(data) if found is None else found) if p.rule != "hash"]
    if wrong:
        found = f"{len(wrong)} problems, first: {wrong[0]}"
        raise EvidenceError(f"evidence is sealed only when it is clean; {found}")
    return write_hashes(package)


def write_hashes(package: Package) -> int:
    """Hashes and sizes into the descriptor, unchecked; the number of tables that changed."""
    changed = 0
    for resource in package.resources.values():
        path = package.root / resource["path"]
        new = {"hash": digest(path), "bytes": path.stat().st_size}
        changed += any(resource.get(key) != value for key, value in new.items())
        resource.update(new)
    if changed:
        write(package.root, package.descriptor)
    return changed


def _schema_problems(package: Package, names: set[str]) -> list[Problem]:
    """What Frictionless finds, in our words for the rule and its words for the message."""
    import frictionless

    logging.getLogger("frictionless").setLevel(logging.ERROR)
    described = copy.deepcopy(package.descriptor)
    described["resources"] = [r for r in described["resources"] if r["name"] in names]
    for resource in described["resources"]:  # what can't be read is said once, not by each key
        keys = resource["schema"].get("foreignKeys", [])
        keys = [k for k in keys if k["reference"]["resource"] in names]
        resource["schema"]["foreignKeys"] = keys
    try:
        report = frictionless.Package(described, basepath=str(package.root)).validate()
    except frictionless.FrictionlessException as error:
        return [Problem("datapackage.json", None, "descriptor", error.error.message)]
    problems = [Problem("datapackage.json", None, e.type, e.message) for e in report.errors]
    for task in report.tasks:
        for error in task.errors:
            path, row = package.resources[task.name]["path"], getattr(error, "row_number", None)
            found = Problem(path, row, error.type, error.message)
            if error.type in ("hash-count", "byte-count"):
                found = Problem(path, None, "hash", "not as sealed; a change that is meant: --seal")
            problems += [found] if found not in problems else []
    for resource in described["resources"]:
        if "hash" not in resource:
            message = "its hash is not in the descriptor"
            problems.append(Problem(resource["path"], None, "hash", message))
    return problems


def _unlisted(package: Package, found: list) -> Iterator[Problem]:
    known = {resource["path"] for resource in package.resources.values()}
    known |= {"datapackage.json", "README.md"}
    for path in sorted(package.root.rglob("*")):
        name = path.relative_to(package.root).as_posix()
        if path.is_file() and name not in known and not found:
            yield Problem(name, None, "listed", "every file is listed in datapackage.json")


def _text(package: Package) -> Iterator[Problem]:
    """Files are plain: no byte order mark, lines end as in the hash."""
    for resource in package.resources.values():
        with suppress(OSError):  # a missing file is said where it is read
            content = (package.root / resource["path"]).read_bytes()
            for mark, what in ((b"\xef\xbb\xbf", "byte order mark"), (b"\r", "carriage return")):
                if mark in content:
                    row = content[: content.index(mark)].count(b"\n") + 1
                    yield Problem(resource["path"], row, "text", f"must hold no {what}")


def _corrections(package: Package, tables: Tables) -> Iterator[Problem]:
    """A row with the key of an earlier one changes something: else it is there by mistake."""
    for name, table in tables.items():
        key, path = package.key(name), package.resources[name]["path"]
        again = table[table.duplicated(key, keep=False)].sort_values("published")
        aside = [c for c in _ASIDE if c in table and c not in key]
        for _, rows in again.drop(columns=aside).astype(str).groupby(key, sort=False):
            for at in rows.index[1:][(rows == rows.shift()).all(axis=1)[1:]]:
                message = "has the key of another row and changes nothing in it"
                yield Problem(path, at + 2, "correction", message)
