"""Builds reports: what is not cached is run, and each report is rendered whole and swapped in."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alliance.errors import BuildError
from alliance.evidence import DATA, Package
from alliance.evidence.descriptor import folder
from alliance.report import cache, manifest, pdf, render
from alliance.report.manifest import CHAPTERS
from alliance.report.plan import Log, Options, Report, Wanted, lacking, planned
from alliance.report.targets import Target
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

    Each is swapped in as soon as all its runs are there. A chapter that fails leaves its last good
    page; the index shows why it failed.

    Raises
    ------
    ScenarioError
        Before any notebook runs, if a scenario does not fit the evidence.
    BuildError
        If the output folder can't be written.
    EvidenceError
        If the evidence is not as sealed, whether or not anything is to be built.
    """
    o = options or Options()
    if o.pdf:
        pdf.needed()
    package = Package(folder(o.data))
    package.verify()  # all bytes, each time: milliseconds
    notebooks = {chapter: manifest.notebook(chapter) for chapter in CHAPTERS}
    prints, store = cache.Fingerprints.now(package), cache.Store(out)
    other = None if package.root == DATA else cache.digest(prints.tables)[:12]
    made_from = {"revision": manifest.revision(), "evidence": other}
    reports = [planned(t, out, o, prints, notebooks, made_from) for t in targets]
    outcomes = {r.target.name: Outcome(out / r.target.name / "index.html") for r in reports}
    wanted = lacking(reports, store, prints, o.force)
    for report in reports if o.explain else ():
        report.explain(log)
    stale = [report for report in reports if report.stale]
    for report in (report for report in reports if not report.stale):
        log(f"{report.target.name}: up to date")

    def finish(report: Report) -> None:
        outcomes[report.target.name].errors |= render.write(report, notebooks, package)
        report.runs.clear()  # of hundreds of reports all would fill the memory

    kernels = None
    if wanted and o.executor is None:
        from alliance.report.execute import Kernels

        kernels = Kernels(o.plain)  # warm up while the scenarios are checked
    try:
        _check(wanted, o)
        if stale:
            out.mkdir(parents=True, exist_ok=True)
            probe = out / f".probe.{uuid.uuid4().hex}"  # before work is done for it
            probe.write_bytes(b"")
            probe.unlink()
        for key, found in _run(wanted, notebooks, package, kernels, o, log):
            found = cache.validated(found, prints)
            if not found.get("error"):
                store.save(key, {k: v for k, v in found.items() if k != "seconds"})
                render.rendered(notebooks[wanted[key][0][1]], found)  # while others still run
            for report, chapter in wanted[key]:
                report.runs[chapter] = found
                report.waiting.discard(chapter)
                if not report.waiting:
                    finish(report)
        for report in (report for report in stale if report.runs):  # from cached runs alone
            finish(report)
        if stale:
            from alliance.report import index

            index.write_list(out)
    except OSError as error:
        gone = "" if out.is_dir() else "; the folder was removed while the report was built"
        raise BuildError(f"can't write the report below {out}: {error.strerror}{gone}") from None
    finally:
        if kernels is not None:
            kernels.stop()
    for page in (done.index.with_name("report.pdf") for done in outcomes.values() if o.pdf):
        if not page.is_file():
            pdf.print_report(page.with_suffix(".html"), page)
    return list(outcomes.values())


def _check(wanted: Wanted, o: Options) -> None:
    """Refuse scenarios that don't fit the evidence, before any notebook runs."""
    if not wanted:
        return
    from alliance import answers, evidence

    for (report, chapter), *_ in wanted.values():
        s = report.target.scenario
        answers.CHECKS[chapter](s, evidence.open(s.as_of, o.data))


def _run(
    wanted: Wanted, notebooks, package: Package, kernels, o: Options, log: Log
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Run what is not cached, the longest first, and yield each run by its key."""
    if not wanted:
        return
    from alliance.report.execute import NotebookRun
    from alliance.report.executor import run_all

    elsewhere = o.executor is not None and package.root == DATA
    data = None if elsewhere else str(package.root)  # a worker elsewhere has its own copy
    items, keys = {}, {}
    for key, ((report, chapter), *_) in wanted.items():
        name = f"{report.target.name}: {chapter}"
        values, keys[name] = parameters(chapter, report.target.scenario), key
        items[name] = NotebookRun(chapter, values, notebooks[chapter], data)
    longest = sorted(items.items(), key=lambda item: -len(item[1].notebook["cells"]))
    how = {"jobs": o.jobs, "kernels": kernels, "executor": o.executor, "bar": o.bar}
    for name, found in run_all(dict(longest), log=log, **how):
        yield keys[name], found
