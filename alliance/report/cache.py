"""Executed runs kept under a key over everything that made them, so that a hit is never wrong.

A run's key is over the values that the chapter gets, its code cells, the package's source, and
versions of Python and libraries; beside it stand the fingerprints of the tables that the run read,
which must all be as they were. A page's key adds every cell, the templates, and what head and foot
say. A kept run carries a checksum: a damaged one counts as none.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import uuid
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alliance.report import record
from alliance.scenario import Scenario, parameters

FOLDER = ".cache"
MOST_KEPT = 600  # runs, some 3 MB each
#: What the parts of a key are called when ``--explain`` says which of them changed.
NAMES = {
    "values": "the scenario's values",
    "code": "the notebook's code",
    "package": "the package's source",
    "versions": "Python or a library",
    "cells": "the notebook's text",
    "templates": "the pages' templates",
    "foot": "what head and foot say (title, command, revision)",
}


def digest(value: Any) -> str:
    """SHA-256 of a JSON value."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Sources:
    """Hashes of what all chapters share, taken once a command."""

    package: str
    templates: str
    versions: str

    @classmethod
    def now(cls) -> Sources:
        """Of the files and libraries as they are."""
        code, templates = record.source_hashes()
        return cls(digest(code), digest(templates), digest(record.installed()))


def run_parts(
    notebook: str, scenario: Scenario, sources: Sources, book: dict[str, Any]
) -> dict[str, str]:
    """The parts of a run's key, without the tables; ``book`` is the notebook itself."""
    code = [c["source"] for c in book["cells"] if c["cell_type"] == "code"]
    return {
        "values": digest(parameters(notebook, scenario)),
        "code": digest([notebook, code]),
        "package": sources.package,
        "versions": sources.versions,
    }


def page_parts(
    run: dict[str, str], sources: Sources, book: dict[str, Any], foot: Any
) -> dict[str, str]:
    """The parts of a page's key, without the tables."""
    cells = [[c["cell_type"], c["source"]] for c in book["cells"]]
    return run | {"cells": digest(cells), "templates": sources.templates, "foot": digest(foot)}


class Store:
    """Kept runs below an output folder. Two processes may use it at once."""

    def __init__(self, out: Path) -> None:
        self.folder = out / FOLDER

    def path(self, parts: dict[str, str]) -> Path:
        """Where the run with this key is kept."""
        return self.folder / f"{digest(parts)}.json.gz"

    def load(self, parts: dict[str, str], fingerprint) -> tuple[dict[str, Any] | None, str]:
        """A kept run whose tables are all unchanged, and why there is none.

        Parameters
        ----------
        fingerprint : callable
            A table's name to its fingerprint now; KeyError-like errors count as changed.
        """
        path = self.path(parts)
        try:
            with gzip.open(path, "rt", encoding="utf-8") as file:
                kept = json.loads(file.read())
            body = kept["body"]
            if kept["sha256"] != hashlib.sha256(body.encode()).hexdigest():
                return None, "the kept run is damaged"
            found = json.loads(body)
            tables = found["tables"]
        except FileNotFoundError:
            return None, "no run with these values is kept"
        except (OSError, EOFError, ValueError, KeyError, TypeError, zlib.error):
            return None, "the kept run is damaged"
        changed = [name for name, known in tables.items() if fingerprint(name) != known]
        if changed:
            return None, f"the evidence changed: {', '.join(changed)}"
        return found, ""

    def save(self, parts: dict[str, str], run: dict[str, Any]) -> None:
        """Keep a run: written aside and moved, so that a reader never sees half of it."""
        body = json.dumps(run, ensure_ascii=False)  # in their order: pages keep it
        kept = {"sha256": hashlib.sha256(body.encode()).hexdigest(), "body": body}
        path = self.path(parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        try:
            with gzip.open(aside, "wt", encoding="utf-8", compresslevel=1) as file:
                file.write(json.dumps(kept))
            aside.replace(path)
            self._prune()
        finally:
            aside.unlink(missing_ok=True)

    def _prune(self) -> None:
        """Let the oldest go once there are many."""
        files = sorted(self.folder.glob("*.json.gz"), key=lambda p: p.stat().st_mtime)
        for path in files[:-MOST_KEPT]:
            path.unlink(missing_ok=True)


def trusted(found: dict[str, Any], prints, sources: Sources) -> dict[str, Any]:
    """A run, refused if it was made from other evidence, code or libraries than its key says."""
    if found.get("error"):
        return found
    made = found.pop("made_by")
    other = [name for name, known in found["tables"].items() if prints.get(name) != known]
    if other:
        why = f"it read other evidence than this build's: {', '.join(other)}"
    elif made["package"] != sources.package:
        why = "the package's source changed while it ran, or is another where it ran"
    elif made["versions"] != sources.versions:
        why = "the libraries where it ran are not those of this build"
    else:
        return found
    return {"error": f"not trusted: {why}; build again", "seconds": found["seconds"]}


def explain(now: dict[str, str], then: dict[str, str] | None) -> str:
    """Which parts of a key differ from those of the last build."""
    if not then:
        return "it was not built"
    changed = [NAMES[part] for part in now if now[part] != then.get(part)]
    return f"changed: {', '.join(changed)}" if changed else ""
