"""Builds one report folder: aside first, then swapped into place."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alliance import answers, evidence
from alliance.errors import BuildError
from alliance.evidence import Evidence
from alliance.report import record
from alliance.report.record import CHAPTERS
from alliance.scenario import Scenario

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


@dataclass
class Outcome:
    """What became of a build: the folder's index, and the error of each chapter that failed."""

    index: Path
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.errors


def build(
    target: Target,
    out: Path,
    *,
    data: Path | None = None,
    only: tuple[str, ...] = (),
    force: bool = False,
    bar: bool = False,
    log: Log = print,
) -> Outcome:
    """Build a report, or find that the last build still holds.

    A chapter that fails leaves its last good page; the index shows why it failed.

    Raises
    ------
    ScenarioError
        Before any notebook runs, if the scenario does not fit the evidence.
    BuildError
        If the output folder can't be written.
    """
    ev = evidence.open(target.scenario.as_of, data)
    chapters = [c for c in CHAPTERS if not only or c in only]
    for chapter in chapters:
        answers.CHECKS[chapter](target.scenario, ev)
    final = out / target.name
    _recover(final)
    manifest = record.manifest(target.name, target.scenario, list(CHAPTERS), ev.package)
    states = _valid_states(final, manifest)
    todo = [c for c in chapters if force or states.get(c, {}).get("state") != "ok"]
    if not todo and states:
        log(f"{target.name}: up to date")
        return Outcome(final / "index.html")
    work = out / f".{target.name}.{os.getpid()}"
    try:
        work.mkdir(parents=True, exist_ok=False)
        outcome = _build_in(work, final, target, todo, states, manifest, ev, bar, log)
        _swap(work, final)
        from alliance.report import index

        index.write_list(out)
    except OSError as error:
        raise BuildError(f"can't write the report below {out}: {error.strerror}") from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return outcome


def _build_in(work, final, target, todo, states, manifest, ev: Evidence, bar, log) -> Outcome:
    from alliance.report import index, pages

    outcome = Outcome(final / "index.html")
    (work / "notebooks").mkdir()
    runs = _run_all(target, todo, bar, log)
    outcome.errors |= {chapter: done.error for chapter, done in runs.items() if done.error}
    common = index.page_values(target.scenario, target.name, target.command, manifest)
    old = (record.load(final / "run.json") or {}).get("chapters", {})
    last = {r["id"]: r for r in (record.load(final / "results.json") or {}).get("results", ())}
    kept, results = {}, []
    for chapter in CHAPTERS:
        done = runs.get(chapter)
        if done and not done.error:
            _write_chapter(work, chapter, done.document, pages, common)
            results += done.results
            kept[chapter] = {
                "state": "ok",
                "seconds": round(done.seconds, 2),
                "answer": pages.first_sentence(done.document),
                "headline": list(done.keys),
                "results": [r["id"] for r in done.results],
            }
            continue
        state = {"state": "not built"}
        valid = states.get(chapter, {}).get("state") == "ok"
        if (valid or done) and _keep(final, work, chapter):  # the last good page stays
            state = {k: v for k, v in old.get(chapter, state).items() if k != "error"}
            results += [last[key] for key in state.get("results", ()) if key in last]
        if done:
            state |= {"state": "failed", "error": done.error, "seconds": round(done.seconds, 2)}
        kept[chapter] = state
    if len(outcome.errors) == len(todo) and (final / "manifest.json").is_file():
        manifest = record.load(final / "manifest.json") or manifest  # nothing new was made
    values = {"schema": 1, "scenario": _scenario(target), "results": results}
    record.save(work / "results.json", values)
    record.save(work / "manifest.json", manifest)
    finished = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    record.save(work / "run.json", {"finished": finished, "chapters": kept})
    text = index.index_page(common, kept, results, ev, work)
    (work / "index.html").write_text(text, encoding="utf-8", newline="\n")
    return outcome


def _run_all(target: Target, todo: list[str], bar: bool, log: Log) -> dict[str, Any]:
    """Run the chapters one after the other, saying how each went; a failure stops no other."""
    from alliance.report import run

    runs = {}
    for number, chapter in enumerate(todo, 1):
        log(f"{target.name}: running {chapter} ({number} of {len(todo)})")
        done = runs[chapter] = run.run(chapter, target.scenario, bar=bar)
        how = "FAILED after" if done.error else "done in"
        log(f"{target.name}: {chapter} {how} {done.seconds:.1f} s")
    return runs


def _scenario(target: Target) -> dict[str, Any]:
    """The whole scenario by value, with the report's name."""
    return {"name": target.name, **target.scenario.model_dump(mode="json")}


def _write_chapter(work: Path, chapter: str, document: Any, pages, common) -> None:
    import nbformat

    from alliance.report.index import chapter_name

    name = chapter_name(chapter)
    text = pages.chapter(document, heading=name, current=chapter, **common)
    (work / f"{chapter}.html").write_text(text, encoding="utf-8", newline="\n")
    notebook = nbformat.writes(document) + "\n"
    path = work / "notebooks" / f"{chapter}.ipynb"
    path.write_text(notebook, encoding="utf-8", newline="\n")


def _keep(final: Path, work: Path, chapter: str) -> bool:
    """Carry a chapter's last good page and notebook over; False where there is none."""
    names = [f"{chapter}.html", f"notebooks/{chapter}.ipynb"]
    if not all((final / name).is_file() for name in names):
        return False
    for name in names:
        shutil.copy2(final / name, work / name)
    return True


def _valid_states(final: Path, manifest: dict[str, Any]) -> dict[str, dict]:
    """Chapter states of the last build, if it was made from the same inputs and is all there."""
    last, run = record.load(final / "manifest.json"), record.load(final / "run.json")
    if not last or not run or last.get("key") != manifest["key"]:
        return {}
    if not (final / "index.html").is_file() or record.load(final / "results.json") is None:
        return {}
    states = run.get("chapters", {})
    return {
        c: s for c, s in states.items() if s.get("state") != "ok" or (final / f"{c}.html").is_file()
    }


def _swap(work: Path, final: Path) -> None:
    """Put the new folder in the old one's place; the old one goes last."""
    old = final.with_name(f".{final.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if final.exists():
        final.rename(old)
    work.rename(final)
    shutil.rmtree(old, ignore_errors=True)


def _recover(final: Path) -> None:
    """After a swap that was cut between its two renames, put the old report back."""
    old = final.with_name(f".{final.name}.old")
    if old.is_dir() and not final.exists():
        old.rename(final)
