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
    bar: str = ""
    executor: Executor | None = None


@dataclass
class Plan:
    """What is to be done for one target; ``stale`` says for each chapter why its page is not as
    it would be made now (empty: it is), ``todo`` which chapters are asked for and to be made."""

    target: Target
    final: Path
    foot: dict[str, Any]
    books: dict[str, dict[str, Any]]
    run_parts: dict[str, dict[str, str]]
    page_parts: dict[str, dict[str, str]]
    stale: dict[str, str] = field(default_factory=dict)
    todo: list[str] = field(default_factory=list)
    dirty: bool = False
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    pages: dict[str, tuple[str, Any]] = field(default_factory=dict)


def make(target: Target, out: Path, o: Options, sources, prints, common: dict[str, Any]) -> Plan:
    """What of a report is still as it would be made now."""
    final = out / target.name
    recover(final)
    foot = {
        "title": target.scenario.title or target.name,
        "as_of": str(target.scenario.as_of),
        "scenario": differs(target.scenario),
        "command": target.command,
        **common,
    }
    books = {c: record.notebook(c) for c in CHAPTERS}
    runs = {c: cache.run_parts(c, target.scenario, sources, books[c]) for c in CHAPTERS}
    pages = {c: cache.page_parts(runs[c], sources, books[c], foot) for c in CHAPTERS}
    plan = Plan(target, final, foot, books, runs, pages)
    last, states = last_build(final)
    asked = [c for c in CHAPTERS if not o.only or c in o.only]
    for chapter in CHAPTERS:
        force = o.force and chapter in asked
        plan.stale[chapter] = _stale(plan, chapter, last, states, prints, force)
    shown = [c for c in CHAPTERS if states.get(c, {}).get("state") == "ok"]
    plan.dirty = any(plan.stale[c] for c in {*asked, *shown})
    plan.todo = asked if plan.dirty else []
    return plan


def last_build(final: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The last build's manifest and chapter states; empty where it is damaged or of old form."""
    manifest, run = record.load(final / "manifest.json"), record.load(final / "run.json")
    if not manifest or not run or manifest.get("schema") != record.SCHEMA or not whole(final):
        return {}, {}
    return manifest, run.get("chapters", {})


def whole(final: Path) -> bool:
    """Whether the last build's files are all as they were written."""
    files = (record.load(final / "run.json") or {}).get("files", {})
    return bool(files) and all(intact(final, name, known) for name, known in files.items())


def intact(final: Path, name: str, known: str | None) -> bool:
    """Whether one file of a build is as it was written."""
    return (final / name).is_file() and record.digest(final / name) == known


def _stale(plan: Plan, chapter: str, last, states, prints, force: bool) -> str:
    """Why a chapter's page must be made anew; empty if it holds."""
    if force:
        return "--force"
    then = last.get("chapters", {}).get(chapter)
    state = states.get(chapter, {}).get("state")
    if state == "failed":
        return "the last build of it failed"
    if not then or state != "ok":
        there = (plan.final / "index.html").is_file() and not last
        return "the last build is damaged or of another form" if there else "it was not built"
    changed = [name for name, known in then["tables"].items() if prints.get(name) != known]
    if changed:
        return f"the evidence changed: {', '.join(changed)}"
    return cache.explain(plan.page_parts[chapter], then["parts"])


def missing(plans: list[Plan], store: cache.Store, prints, o: Options) -> dict[str, Any]:
    """Runs to make, each once, by the name that progress shows; kept runs are taken.

    Chapters not asked for are shown if their run is kept, so that a report is all of one piece.
    """
    wanted: dict[str, Any] = {}
    keys: set[str] = set()
    for plan in (plan for plan in plans if plan.dirty):
        for chapter in CHAPTERS:
            force = o.force and chapter in plan.todo
            parts = plan.run_parts[chapter]
            kept, why = (None, "--force") if force else store.load(parts, prints.get)
            if kept is not None:
                plan.runs[chapter] = kept
                plan.stale[chapter] += " (its run is kept)" if plan.stale[chapter] else ""
            elif chapter in plan.todo:
                if why not in plan.stale[chapter]:
                    plan.stale[chapter] = f"{plan.stale[chapter]} ({why})".strip()
                key = cache.digest(parts)
                if key not in keys:
                    keys.add(key)
                    wanted[f"{plan.target.name}: {chapter}"] = (plan, chapter)
    return wanted


def explain(plans: list[Plan], log: Log) -> None:
    """Say why each chapter is built or not."""
    for plan in plans:
        for chapter in CHAPTERS:
            why = plan.stale[chapter]
            if chapter in plan.todo or not plan.dirty:
                log(f"{plan.target.name}: {chapter}: {f'built, {why}' if why else 'up to date'}")


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
