"""Executed runs cached under a key over everything that made them, so that a hit is never wrong.

A run's key is over the values that the chapter gets, its code cells, the package's source, and
versions of Python and libraries; beside it are the fingerprints of the tables that the run read,
which must all be as they were. What else a page shows (text cells, templates, head and foot) runs
nothing again. A cached run carries a checksum: a damaged one counts as none.
"""

import hashlib
import json
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from alliance.evidence import Package
from alliance.report import manifest
from alliance.report.manifest import digest
from alliance.scenario import Scenario, parameters

FOLDER = ".cache"
MOST = 500_000_000  # bytes; the oldest runs go first
#: The parts that a chapter is made from, beside tables, as ``--explain`` calls them; the first are
#: its run's key.
PARTS = {
    "values": "the scenario's values",
    "code": "the notebook's code",
    "package": "the package's source",
    "versions": "Python or a library",
    "cells": "the notebook's text",
    "templates": "the pages' templates",
    "foot": "what head and foot show (title, command, revision)",
}
KEY = ("values", "code", "package", "versions")


@dataclass(frozen=True)
class Fingerprints:
    """Of what all chapters share, taken once a command; those of tables by name."""

    package: str
    templates: str
    versions: str
    tables: dict[str, str] = field(default_factory=dict)

    @classmethod
    def now(cls, evidence: Package | None = None) -> Self:
        """Of the files and libraries as they are, and of the evidence."""
        code, templates = manifest.source_hashes()
        names = evidence.resources if evidence else ()
        tables = {name: evidence.fingerprint(name) for name in names}
        return cls(digest(code), digest(templates), digest(manifest.versions()), tables)

    def parts(self, chapter: str, s: Scenario, notebook: dict, foot: Any = None) -> dict[str, str]:
        """What a chapter is made from, by the names of :data:`PARTS`."""
        cells = [[c["cell_type"], c["source"]] for c in notebook["cells"]]
        return {
            "values": digest(parameters(chapter, s)),
            "code": digest([chapter, [text for kind, text in cells if kind == "code"]]),
            "package": self.package, "versions": self.versions, "templates": self.templates,
            "cells": digest(cells), "foot": digest(foot),
        }  # fmt: skip

    def changed(self, tables: dict[str, str]) -> str:
        """The tables whose fingerprints are other ones now."""
        return ", ".join(name for name, known in tables.items() if self.tables.get(name) != known)

    def checked(self, run: dict[str, Any]) -> dict[str, Any]:
        """A run, refused if it was made from other evidence, code or libraries than these."""
        if run.get("error"):
            return run
        made, why = run.pop("made_by"), ""
        if other := self.changed(run["tables"]):
            why = f"it read other evidence than this build's: {other}"
        elif made["package"] != self.package:
            why = "the package's source changed while it ran, or is another where it ran"
        elif made["versions"] != self.versions:
            why = "the libraries where it ran are not those of this build"
        error = {"error": f"not used: {why}; build again", "seconds": run["seconds"]}
        return error if why else run


def key(parts: dict[str, str]) -> str:
    """The key of a run, without its tables."""
    return digest({name: parts[name] for name in KEY})


class Store:
    """Cached runs below an output folder. Two processes may use it at once."""

    def __init__(self, out: Path) -> None:
        self.folder = out / FOLDER

    def path(self, key: str) -> Path:
        """Where the run with this key is."""
        return self.folder / f"{key}.json"

    def load(self, key: str, prints: Fingerprints) -> tuple[dict[str, Any] | None, str]:
        """A cached run whose tables are all unchanged, and why there is none."""
        try:
            checksum, _, body = self.path(key).read_bytes().partition(b"\n")
            if checksum.decode() != hashlib.sha256(body).hexdigest():
                return None, "the cached run is damaged"
            found = json.loads(body)
        except FileNotFoundError:
            return None, "no run with these values is cached"
        except (OSError, ValueError):
            return None, "the cached run is damaged"
        changed = prints.changed(found["tables"])
        return (None, f"the evidence changed: {changed}") if changed else (found, "")

    def save(self, key: str, run: dict[str, Any]) -> None:
        """Cache a run: written aside and moved, so that a reader never sees half of it."""
        body = json.dumps(run, ensure_ascii=False).encode()  # pictures: smaller files would be dear
        self.folder.mkdir(parents=True, exist_ok=True)
        path, aside = self.path(key), self.folder / f".{key}.{uuid.uuid4().hex}"
        try:
            aside.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
            aside.replace(path)
            self._prune()
        finally:
            aside.unlink(missing_ok=True)

    def _prune(self) -> None:
        """Remove the oldest once all of them take too much space."""
        files = [(p.stat().st_mtime_ns, p.stat().st_size, p) for p in self.folder.glob("*.json*")]
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total <= MOST:
                break
            path.unlink(missing_ok=True)
            total -= size
