"""What is to be done for each report, and why: what of the last build still holds, what is kept."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock

from alliance.report import cache, record
from alliance.report.record import CHAPTERS
from alliance.scenario import Scenario, differs

Log = Callable[[str], None]


@dataclass(frozen=True)
class Target:
    """One report to build.

    Parameters
    ----------
    name : str
        The folder's name below ``out``.
    scenario : Scenario
    command : str
        The command that makes it, for the page's foot.
    """

    name: str
    scenario: Scenario
    command: str


@dataclass(frozen=True)
class Options:
    """How to build; see :func:`build_all`."""

    data: Path | None = None
    only: tuple[str, ...] = ()
    force: bool = False
    jobs: int = 0
    plain: bool = False
    explain: bool = False
    pdf: bool = False
    bar: bool = False
    executor: Executor | None = None


@dataclass
class Plan:
    """What is to be done for one target."""

    target: Target
    final: Path
    foot: dict[str, Any]
    run_parts: dict[str, dict[str, str]]
    page_parts: dict[str, dict[str, str]]
    last: dict[str, Any]
    prints: dict[str, str]
    todo: list[str]
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    pages: dict[str, tuple[str, Any]] = field(default_factory=dict)


def make(target: Target, out: Path, o: Options, sources, prints, revision) -> Plan:
    """What of a report is still as it would be made now."""
    final = out / target.name
    recover(final)
    foot = {
        "title": target.scenario.title or target.name,
        "as_of": str(target.scenario.as_of),
        "scenario": differs(target.scenario),
        "command": target.command,
        "revision": revision,
    }
    runs = {c: cache.run_parts(c, target.scenario, sources) for c in CHAPTERS}
    pages = {c: cache.page_parts(c, runs[c], sources, foot) for c in CHAPTERS}
    last = record.load(final / "manifest.json") or {}
    chosen = [c for c in CHAPTERS if not o.only or c in o.only]
    intact = whole(final)
    plan = Plan(target, final, foot, runs, pages, last, prints, [])
    for chapter in chosen:
        plan.why[chapter] = _stale(plan, chapter, prints, intact, o.force)
    plan.todo = [c for c in chosen if plan.why[c]]
    return plan


def whole(final: Path) -> bool:
    """Whether the last build's files are all as they were written."""
    run = record.load(final / "run.json") or {}
    files = run.get("files", {})
    return bool(files) and all(
        (final / name).is_file() and record.digest(final / name) == known
        for name, known in files.items()
    )


def _stale(plan: Plan, chapter: str, prints, intact: bool, force: bool) -> str:
    """Why a chapter's page must be made anew; empty if it holds."""
    if force:
        return "--force"
    then = plan.last.get("chapters", {}).get(chapter)
    if not then or not plan.last:
        return "there is no earlier build"
    if not intact:
        return "the last build is damaged"
    state = (record.load(plan.final / "run.json") or {}).get("chapters", {}).get(chapter, {})
    if state.get("state") != "ok":
        return "the last build of it failed"
    changed = [name for name, known in then["tables"].items() if prints.get(name) != known]
    if changed:
        return f"the evidence changed: {', '.join(changed)}"
    return cache.explain(plan.page_parts[chapter], then["parts"])


def missing(plans: list[Plan], store: cache.Store, prints, o: Options) -> dict[str, Any]:
    """Runs to make, each once, by the name that progress shows; kept runs are taken."""
    wanted: dict[str, Any] = {}
    keys: set[str] = set()
    for plan in plans:
        for chapter in plan.todo:
            kept, why = (
                (None, "--force") if o.force else store.load(plan.run_parts[chapter], prints.get)
            )
            if kept is not None:
                plan.runs[chapter] = kept
                plan.why[chapter] += " (its run is kept)"
                continue
            plan.why[chapter] += f" ({why})" if why not in plan.why[chapter] else ""
            key = cache.digest(plan.run_parts[chapter])
            if key not in keys:
                keys.add(key)
                wanted[f"{plan.target.name}: {chapter}"] = (plan, chapter)
    return wanted


def explain(plans: list[Plan], log: Log) -> None:
    """Say why each chapter is built or not."""
    for plan in plans:
        for chapter, why in plan.why.items():
            log(f"{plan.target.name}: {chapter}: {f'built, {why}' if why else 'up to date'}")


def moved(plan: Plan, chapter: str) -> bool:
    """Whether a chapter that is not asked for now would no longer be run as it was."""
    then, now = plan.last["chapters"][chapter], plan.page_parts[chapter]
    parts = ("values", "code", "package", "versions", "cells")
    tables = any(plan.prints.get(name) != known for name, known in then["tables"].items())
    return tables or any(now[part] != then["parts"].get(part) for part in parts)


def recover(final: Path) -> None:
    """After a swap that was cut between its two renames, put the old report back."""
    old = final.with_name(f".{final.name}.old")
    if old.is_dir():
        with lock(final):  # another build may be between its two renames
            if old.is_dir() and not final.exists():
                old.rename(final)


def lock(final: Path) -> FileLock:
    """One build at a time swaps a report in."""
    return FileLock(final.with_name(f".{final.name}.lock"))
