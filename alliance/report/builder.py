"""Builds report folders: what is missing is run, each report is made aside, then swapped in."""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alliance.errors import BuildError
from alliance.evidence import Package
from alliance.evidence.descriptor import folder
from alliance.report import cache, record
from alliance.report.plan import Log, Options, Plan, Target, explain, lock, make, missing, moved
from alliance.report.record import CHAPTERS
from alliance.scenario import parameters


@dataclass
class Outcome:
    """What became of a build: the folder's index, and the error of each chapter that failed."""

    index: Path
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.errors


def build(target: Target, out: Path, *, log: Log = print, **options: Any) -> Outcome:
    """Build one report; see :func:`build_all`."""
    return build_all([target], out, Options(**options), log)[0]


def build_all(
    targets: Iterable[Target], out: Path, options: Options | None = None, log: Log = print
) -> list[Outcome]:
    """Build reports: one pool of kernels for all of them, nothing run twice.

    A chapter that fails leaves its last good page; the index shows why it failed.

    Raises
    ------
    ScenarioError
        Before any notebook runs, if a scenario does not fit the evidence.
    BuildError
        If the output folder can't be written.
    """
    o, targets = options or Options(), list(targets)
    package = Package(folder(o.data))
    prints = {name: package.fingerprint(name) for name in package.resources}
    sources, store = cache.Sources.now(), cache.Store(out)
    revision = record.revision()
    plans = [make(t, out, o, sources, prints, revision) for t in targets]
    if any(plan.todo for plan in plans) or o.force:
        package.verify()
    items = missing(plans, store, prints, o)
    if o.explain:
        explain(plans, log)
    kernels = None
    try:
        if items and o.executor is None:
            from alliance.report.run import Kernels

            kernels = Kernels(o.plain)  # warms up while the scenarios are checked
        _check(items, o)
        if any(plan.todo for plan in plans):
            out.mkdir(parents=True, exist_ok=True)
            _probe(out)
        done = _run(items, kernels, store, prints, o, log)
        outcomes = [_finish(plan, out, package, done, o, log) for plan in plans]
        if any(plan.todo for plan in plans):
            from alliance.report import index

            index.write_list(out)
    except OSError as error:
        raise BuildError(f"can't write the report below {out}: {error.strerror}") from None
    finally:
        if kernels is not None:
            kernels.stop()
    return outcomes


def _check(items: dict[str, Any], o: Options) -> None:
    """Refuse scenarios that don't fit the evidence, before any notebook runs."""
    if not items:
        return
    from alliance import answers, evidence

    for plan, chapter in items.values():
        ev = evidence.open(plan.target.scenario.as_of, o.data)
        answers.CHECKS[chapter](plan.target.scenario, ev)


def _probe(out: Path) -> None:
    """Find out that a folder can't be written before work is done for it."""
    probe = out / f".probe.{uuid.uuid4().hex}"
    probe.write_bytes(b"")
    probe.unlink()


def _run(items, kernels, store, prints, o: Options, log: Log) -> dict[str, dict[str, Any]]:
    """Run what is not kept; what is done is kept at once. By key of the run."""
    if not items:
        return {}
    from alliance.report import pool
    from alliance.report.run import Item

    data = str(o.data.resolve()) if o.data else None
    longest = sorted(items, key=lambda name: -len(record.cells(items[name][1])))
    work = {
        name: Item(chapter, parameters(chapter, plan.target.scenario), data)
        for name in longest
        for plan, chapter in [items[name]]
    }
    done = {}
    for name, found in pool.run_all(
        work, jobs=o.jobs, kernels=kernels, executor=o.executor, log=log, bar=o.bar
    ):
        plan, chapter = items[name]
        parts = plan.run_parts[chapter]
        if not found.get("error"):
            found["tables"] = {table: prints[table] for table in found["tables"]}
            store.save(parts, {k: v for k, v in found.items() if k != "seconds"})
            plan.pages[chapter] = _pages(plan, chapter, found)  # while the others still run
        done[cache.digest(parts)] = found
    return done


def _finish(plan: Plan, out: Path, package, done, o: Options, log: Log) -> Outcome:
    """Make one report aside from its runs and swap it in."""
    outcome = Outcome(plan.final / "index.html")
    if not plan.todo:
        log(f"{plan.target.name}: up to date")
        if o.pdf and not (plan.final / "report.pdf").is_file():
            _print_pdf(plan.final)
        return outcome
    for chapter in plan.todo:
        if chapter not in plan.runs:
            plan.runs[chapter] = done[cache.digest(plan.run_parts[chapter])]
    work = out / f".{plan.target.name}.{uuid.uuid4().hex}"
    with lock(plan.final):
        try:
            work.mkdir(parents=True, exist_ok=False)
            _write(work, plan, package, outcome, o)
            _swap(work, plan.final)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return outcome


def _write(work: Path, plan: Plan, package, outcome: Outcome, o: Options) -> None:
    from alliance.evidence import Evidence
    from alliance.report import index, pages, sheets

    (work / "notebooks").mkdir()
    s, last = plan.target.scenario, plan.last
    common = index.page_values(s, plan.target.name, plan.target.command, plan.foot["revision"])
    old = (record.load(plan.final / "run.json") or {}).get("chapters", {})
    before = (record.load(plan.final / "results.json") or {}).get("results", ())
    known = {r["id"]: r for r in before}
    kept, results, made, documents = {}, [], {}, {}
    for chapter in CHAPTERS:
        found = plan.runs.get(chapter)
        if found and not found.get("error"):
            documents[chapter] = _write_chapter(work, plan, chapter, found)
            results += found["results"]
            kept[chapter] = {
                "state": "ok",
                "seconds": round(found.get("seconds", 0.0), 2),
                "answer": pages.first_sentence(documents[chapter]),
                "headline": found["keys"],
                "results": [r["id"] for r in found["results"]],
            }
            made[chapter] = {"parts": plan.page_parts[chapter], "tables": found["tables"]}
            continue
        valid = not found and chapter in last.get("chapters", {}) and not moved(plan, chapter)
        state = {"state": "not built"}
        if (valid or found) and _keep(plan.final, work, chapter):  # the last good page stays
            state = {k: v for k, v in old.get(chapter, state).items() if k != "error"}
            results += [known[key] for key in state.get("results", ()) if key in known]
            if chapter in last.get("chapters", {}):
                made[chapter] = last["chapters"][chapter]
        if found:
            state |= {
                "state": "failed",
                "error": found["error"],
                "seconds": round(found["seconds"], 2),
            }
            outcome.errors[chapter] = found["error"]
        kept[chapter] = state
    manifest = record.manifest(plan.target.name, s, made, package)
    values = {"schema": 1, "scenario": _scenario(plan.target), "results": results}
    record.save(work / "results.json", values)
    record.save(work / "manifest.json", manifest)
    text = index.index_page(common, kept, results, Evidence(package, s.as_of), work)
    (work / "index.html").write_text(text, encoding="utf-8", newline="\n")
    single = pages.single(work, common, list(CHAPTERS))
    (work / "report.html").write_text(single, encoding="utf-8", newline="\n")
    sheets.write(work / "tables.xlsx", work, values, manifest)
    files = {
        p.relative_to(work).as_posix(): record.digest(p) for p in work.rglob("*") if p.is_file()
    }
    finished = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    record.save(work / "run.json", {"finished": finished, "chapters": kept, "files": files})
    if o.pdf:
        _print_pdf(work)


def _print_pdf(folder: Path) -> None:
    from alliance.report import pdf

    pdf.print_report(folder / "report.html", folder / "report.pdf")


def _scenario(target: Target) -> dict[str, Any]:
    """The whole scenario by value, with the report's name."""
    return {"name": target.name, **target.scenario.model_dump(mode="json")}


def _pages(plan: Plan, chapter: str, found: dict[str, Any]) -> tuple[str, Any]:
    """A chapter's page and its executed notebook."""
    from alliance.report import index, pages
    from alliance.report.run import document

    t, made = plan.target, document(chapter, found)
    common = index.page_values(t.scenario, t.name, t.command, plan.foot["revision"])
    name = index.chapter_name(chapter)
    return pages.chapter(made, heading=name, current=chapter, **common), made


def _write_chapter(work: Path, plan: Plan, chapter: str, found: dict[str, Any]) -> Any:
    text, made = plan.pages.pop(chapter, None) or _pages(plan, chapter, found)
    (work / f"{chapter}.html").write_text(text, encoding="utf-8", newline="\n")
    path = work / "notebooks" / f"{chapter}.ipynb"
    notebook = json.dumps(made, indent=1, ensure_ascii=False, sort_keys=True)
    path.write_text(notebook + "\n", encoding="utf-8", newline="\n")
    return made


def _keep(final: Path, work: Path, chapter: str) -> bool:
    """Carry a chapter's last good page and notebook over; False where there is none."""
    names = [f"{chapter}.html", f"notebooks/{chapter}.ipynb"]
    if not all((final / name).is_file() for name in names):
        return False
    for name in names:
        shutil.copy2(final / name, work / name)
    return True


def _swap(work: Path, final: Path) -> None:
    """Put the new folder in the old one's place; the old one goes last."""
    old = final.with_name(f".{final.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if final.exists():
        final.rename(old)
    work.rename(final)
    shutil.rmtree(old, ignore_errors=True)
