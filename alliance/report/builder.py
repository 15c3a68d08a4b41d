"""Builds report folders: what is missing is run, each report is made aside, then swapped in."""

from __future__ import annotations

import json
import shutil
import threading
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alliance.errors import BuildError
from alliance.evidence import DATA, Package
from alliance.evidence.descriptor import folder
from alliance.report import cache, pdf, record
from alliance.report.plan import Log, Options, Plan, Target, explain, intact, lock, make, missing
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
    EvidenceError
        If the evidence is not as sealed, whether or not anything is to be built.
    """
    o, targets = options or Options(), list(targets)
    if o.pdf:
        pdf.needed()
    package = Package(folder(o.data))
    package.verify()  # all bytes, each time: milliseconds
    prints = {name: package.fingerprint(name) for name in package.resources}
    sources, store = cache.Sources.now(), cache.Store(out)
    other = None if package.root == DATA else cache.digest(prints)[:12]
    common = {"revision": record.revision(), "evidence": other}
    plans = [make(t, out, o, sources, prints, common) for t in targets]
    items = missing(plans, store, prints, o)
    if o.explain:
        explain(plans, log)
    kernels = None
    try:
        if items and o.executor is None:
            from alliance.report.run import Kernels

            kernels = Kernels(o.plain)  # warms up while the scenarios are checked
        _check(items, o)
        if any(plan.dirty for plan in plans):
            out.mkdir(parents=True, exist_ok=True)
            _probe(out)
        done = _run(items, kernels, store, prints, sources, package, o, log)
        outcomes = [_finish(plan, out, package, done, o, log) for plan in plans]
        if any(plan.dirty for plan in plans):
            from alliance.report import index

            index.write_list(out)
    except OSError as error:
        gone = "" if out.is_dir() else "; the folder was removed while the report was built"
        raise BuildError(f"can't write the report below {out}: {error.strerror}{gone}") from None
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


def _run(
    items, kernels, store, prints, sources, package, o: Options, log: Log
) -> dict[str, dict[str, Any]]:
    """Run what is not kept; what is done is kept at once. By key of the run."""
    if not items:
        return {}
    from alliance.report import pool
    from alliance.report.run import Item

    far = o.executor is not None and package.root == DATA
    data = None if far else str(package.root)  # a worker elsewhere has its own copy
    longest = sorted(items, key=lambda n: -len(items[n][0].books[items[n][1]]["cells"]))
    work = {
        name: Item(chapter, parameters(chapter, plan.target.scenario), plan.books[chapter], data)
        for name in longest
        for plan, chapter in [items[name]]
    }
    done = {}
    threading.Thread(target=_imports, daemon=True).start()  # while the kernels start
    for name, found in pool.run_all(
        work, jobs=o.jobs, kernels=kernels, executor=o.executor, log=log, bar=o.bar
    ):
        plan, chapter = items[name]
        parts = plan.run_parts[chapter]
        found = cache.trusted(found, prints, sources)
        if not found.get("error"):
            store.save(parts, {k: v for k, v in found.items() if k != "seconds"})
            plan.pages[chapter] = _pages(plan, chapter, found)  # while the others still run
        done[cache.digest(parts)] = found
    return done


def _imports() -> None:
    """What the pages will need, imported while this process only waits."""
    import xlsxwriter  # noqa: F401

    from alliance.report import index, sheets  # noqa: F401


def _finish(plan: Plan, out: Path, package, done, o: Options, log: Log) -> Outcome:
    """Make one report aside from its runs and swap it in."""
    outcome = Outcome(plan.final / "index.html")
    if not plan.dirty:
        log(f"{plan.target.name}: up to date")
    else:
        for chapter in plan.todo:
            if chapter not in plan.runs:
                plan.runs[chapter] = done[cache.digest(plan.run_parts[chapter])]
        work = out / f".{plan.target.name}.{uuid.uuid4().hex}"
        out.mkdir(parents=True, exist_ok=True)  # if somebody has cleaned up meanwhile
        with lock(plan.final):
            for stray in out.glob(f".{plan.target.name}.{'[0-9a-f]' * 32}"):
                shutil.rmtree(stray, ignore_errors=True)  # left by a build that was killed
            try:
                work.mkdir(parents=True, exist_ok=False)
                _write(work, plan, package, outcome)
                _swap(work, plan.final)
            finally:
                shutil.rmtree(work, ignore_errors=True)
    if o.pdf and not (plan.final / "report.pdf").is_file():
        pdf.print_report(plan.final / "report.html", plan.final / "report.pdf")
    return outcome


def _write(work: Path, plan: Plan, package, outcome: Outcome) -> None:
    from alliance.evidence import Evidence
    from alliance.report import index, pages, sheets

    (work / "notebooks").mkdir()
    s = plan.target.scenario
    common = _common(plan)
    last = record.load(plan.final / "manifest.json") or {}
    run = record.load(plan.final / "run.json") or {}
    before = (record.load(plan.final / "results.json") or {}).get("results", ())
    known = {r["id"]: r for r in before}
    kept, results, made = {}, [], {}
    for chapter in CHAPTERS:
        found = plan.runs.get(chapter)
        if found and not found.get("error"):
            document = _write_chapter(work, plan, chapter, found)
            results += found["results"]
            kept[chapter] = {
                "state": "ok",
                "seconds": round(found.get("seconds", 0.0), 2),
                "answer": pages.first_sentence(document),
                "headline": found["keys"],
                "results": [r["id"] for r in found["results"]],
            }
            made[chapter] = {"parts": plan.page_parts[chapter], "tables": found["tables"]}
            continue
        state = {"state": "not built"}
        if found and _keep(plan.final, work, chapter, run.get("files", {})):
            state = {k: v for k, v in run["chapters"].get(chapter, state).items() if k != "error"}
            then = last.get("chapters", {}).get(chapter, {})
            same = then.get("parts", {}).get("values") == plan.page_parts[chapter]["values"]
            sealed = run.get("files", {}).get("results.json")
            if same and intact(plan.final, "results.json", sealed):  # its numbers stay too
                results += [known[key] for key in state.get("results", ()) if key in known]
                made[chapter] = then
            else:
                state = {"state": "not built"}
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


def _scenario(target: Target) -> dict[str, Any]:
    """The whole scenario by value, with the report's name."""
    return {"name": target.name, **target.scenario.model_dump(mode="json")}


def _common(plan: Plan) -> dict[str, Any]:
    """What head and foot of each page say."""
    from alliance.report import index

    t = plan.target
    return index.page_values(t.scenario, t.name, t.command, plan.foot)


def _pages(plan: Plan, chapter: str, found: dict[str, Any]) -> tuple[str, Any]:
    """A chapter's page and its executed notebook."""
    from alliance.report import index, pages
    from alliance.report.run import document

    made, name = document(plan.books[chapter], found), index.chapter_name(chapter)
    return pages.chapter(made, heading=name, current=chapter, **_common(plan)), made


def _write_chapter(work: Path, plan: Plan, chapter: str, found: dict[str, Any]) -> Any:
    text, made = plan.pages.pop(chapter, None) or _pages(plan, chapter, found)
    (work / f"{chapter}.html").write_text(text, encoding="utf-8", newline="\n")
    path = work / "notebooks" / f"{chapter}.ipynb"
    notebook = json.dumps(made, indent=1, ensure_ascii=False, sort_keys=True)
    path.write_text(notebook + "\n", encoding="utf-8", newline="\n")
    return made


def _keep(final: Path, work: Path, chapter: str, files: dict[str, str]) -> bool:
    """Carry a chapter's last good page and notebook over; False where there is none."""
    names = [f"{chapter}.html", f"notebooks/{chapter}.ipynb"]
    if not all(intact(final, name, files.get(name)) for name in names):
        return False
    for name in names:
        shutil.copy2(final / name, work / name)
    return True


def _swap(work: Path, final: Path) -> None:
    """Put the new folder in the old one's place; the old one comes back if that fails."""
    old = final.with_name(f".{final.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    there = final.exists()
    if there:
        final.rename(old)
    try:
        work.rename(final)
    except BaseException:
        if there and not final.exists():
            old.rename(final)
        raise
    shutil.rmtree(old, ignore_errors=True)
