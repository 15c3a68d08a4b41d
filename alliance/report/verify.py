"""Runs a built report's notebooks again and compares every result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alliance.errors import BuildError
from alliance.evidence import Package
from alliance.evidence.descriptor import folder as evidence_folder
from alliance.report import record
from alliance.scenario import Scenario, parameters


def verify(folder: Path, data: Path | None = None, log: Callable[[str], None] = print) -> list[str]:
    """What differs between a built report and a new run of it; an empty list if nothing does.

    Raises
    ------
    BuildError
        If the folder holds no report, or a notebook fails.
    """
    from alliance.report import pool
    from alliance.report.run import Item

    stored, manifest = record.load(folder / "results.json"), record.load(folder / "manifest.json")
    if not stored or not manifest:
        raise BuildError(f"{folder} holds no built report: results or manifest is missing")
    problems, run = [], record.load(folder / "run.json")
    if not run:
        problems.append("run.json: missing or damaged, so files can't be checked")
    for name, known in (run or {}).get("files", {}).items():
        path = folder / name
        if not path.is_file() or record.digest(path) != known:
            problems.append(f"{name}: changed since it was built")
    for chapter in record.CHAPTERS:
        state = (run or {}).get("chapters", {}).get(chapter, {}).get("state", "unknown")
        if state != "ok":
            problems.append(f"{chapter}: {state}, so there is nothing to compare")
    package = Package(evidence_folder(data))
    for name, known in manifest["evidence"].items():
        if package.resources.get(name, {}).get("hash") != known:
            problems.append(f"evidence: table {name} is not the one it was built from")
    s = Scenario.of({k: v for k, v in stored["scenario"].items() if k != "name"})
    items = {
        c: Item(c, parameters(c, s), record.notebook(c), str(package.root))
        for c in manifest["chapters"]
    }
    was = {r["id"]: r for r in stored["results"]}
    seen: set[str] = set()
    for chapter, found in pool.run_all(items, log=log):
        if found.get("error"):
            raise BuildError(f"{chapter} failed: {found['error']}")
        for now in found["results"]:
            seen.add(now["id"])
            then = was.get(now["id"])
            if then is None:
                problems.append(f"{now['id']}: new, {now['value']}")
            elif then["value"] != now["value"]:
                problems.append(f"{now['id']}: {then['value']} was built, {now['value']} now")
            elif then != now:
                problems.append(f"{now['id']}: same value, other sources or note")
    problems += [f"{key}: was built, is gone" for key in was if key not in seen]
    changed = {k: v for k, v in record.versions().items() if manifest["versions"].get(k) != v}
    if problems and changed:
        told = ", ".join(f"{k} {manifest['versions'].get(k)} to {v}" for k, v in changed.items())
        problems.append(f"(libraries changed: {told})")
    return problems
