"""Runs a built report's notebooks again and compares every result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alliance.errors import BuildError
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
    problems = []
    for name, known in (record.load(folder / "run.json") or {}).get("files", {}).items():
        path = folder / name
        if not path.is_file() or record.digest(path) != known:
            problems.append(f"{name}: changed since it was built")
    s = Scenario.of({k: v for k, v in stored["scenario"].items() if k != "name"})
    place = str(data.resolve()) if data else None
    items = {c: Item(c, parameters(c, s), place) for c in manifest["chapters"]}
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
