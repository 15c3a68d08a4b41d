"""Builds reports: decides which runs are needed, runs them, and writes each report whole."""

import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alliance.errors import BuildError
from alliance.evidence import DATA, Package
from alliance.evidence.descriptor import folder
from alliance.report import cache, kernels, manifest, pdf, render
from alliance.report.folder import Built
from alliance.report.manifest import CHAPTERS
from alliance.report.targets import Target
from alliance.scenario import parameters, reaches

Log = Callable[[str], None]
FORCED = "--force"


@dataclass(frozen=True)
class Options:
    """How to build; see :func:`build_all`."""

    data: Path | None = None
    only: tuple[str, ...] = ()
    force: bool = False
    jobs: int | None = None
    plain: bool = False
    explain: bool = False
    pdf: bool = False
    bar: str = ""
    executor: Executor | None = None


@dataclass
class Report:
    """A report in the making, and what became of it.

    ``common`` is what head and foot of its pages show. By chapter: ``parts`` that it is made from
    (:data:`cache.PARTS`), ``why`` its page is not as it would be made now (empty where it is),
    ``runs`` at hand, the keys of those ``wanted``, and ``errors``.
    """

    target: Target
    last: Built
    common: dict[str, Any]
    parts: dict[str, dict[str, str]]
    asked: list[str]
    why: dict[str, str]
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    wanted: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def index(self) -> Path:
        """Its first page."""
        return self.last.folder / "index.html"

    @property
    def ok(self) -> bool:
        """Whether no chapter failed."""
        return not self.errors

    @property
    def stale(self) -> bool:
        """Whether a chapter asked for, or in the last build, would be made otherwise now."""
        return any(self.why[c] for c in CHAPTERS if c in self.asked or self.last.state(c) == "ok")

    def take_cached(self, store: cache.Store, prints: cache.Fingerprints) -> None:
        """Take the runs that are cached, and note those wanted.

        Chapters not asked for are shown if their run is cached: a report is all of one piece.
        """
        for chapter, why in self.why.items():
            key, found, none = cache.key(self.parts[chapter]), None, FORCED
            if why != FORCED:
                found, none = store.load(key, prints)
            if found is not None:
                self.runs[chapter] = found
                self.why[chapter] = why and f"{why} (its run is cached)"
            elif chapter in self.asked:
                self.why[chapter] = why if none in why else f"{why} ({none})".strip()
                self.wanted[chapter] = key


def build(target: Target, out: Path, *, log: Log = print, **options: Any) -> Report:
    """Build one report; see :func:`build_all`."""
    return build_all([target], out, Options(**options), log)[0]


def build_all(
    targets: Iterable[Target], out: Path, options: Options | None = None, log: Log = print
) -> list[Report]:
    """Build reports: one pool of kernels for all of them, nothing run twice.

    Each is swapped in as soon as all its runs are there. A chapter that fails leaves its last good
    page; the index shows why it failed. Before any notebook runs it is a ScenarioError if a
    scenario does not fit the evidence, and, whether or not anything is to be built, an
    EvidenceError if that is not as sealed; a BuildError if the output folder can't be written.
    """
    o = options or Options()
    if o.pdf:
        pdf.needed()
    package = Package(folder(o.data))
    package.verify()  # all bytes, each time: milliseconds
    notebooks = {chapter: manifest.notebook(chapter) for chapter in CHAPTERS}
    for chapter in o.only or notebooks:
        cells = notebooks[chapter]["cells"]
        if not any("parameters" in c["metadata"].get("tags", ()) for c in cells):
            raise BuildError(f"{chapter}.ipynb must have a cell tagged 'parameters', found none")
    prints, store = cache.Fingerprints.now(package), cache.Store(out)
    other = None if package.overlay or package.root == DATA else manifest.digest(prints.tables)[:12]
    made_from = {"revision": manifest.revision(), "evidence": other, "live": package.overlay}
    reports = [_planned(t, out, notebooks, made_from, prints, o) for t in targets]
    stale = [report for report in reports if report.stale]
    for report in stale:
        report.take_cached(store, prints)
    for report in reports if o.explain else ():
        for chapter in report.asked:
            state = f"built, {why}" if (why := report.why[chapter]) else "up to date"
            log(f"{report.target.name}: {chapter}: {state}")
    for report in reports:
        if not report.stale:
            log(f"{report.target.name}: up to date")

    def finish(report: Report) -> None:
        report.errors = render.write(report, notebooks, package)
        report.runs.clear()  # of hundreds of reports all would fill the memory

    try:
        with closing(_run(stale, out, notebooks, package, o, log)) as runs:
            for key, found in runs:
                found = prints.checked(found)
                waiting = [(r, c) for r in stale for c, k in r.wanted.items() if k == key]
                if not found.get("error"):
                    store.save(key, {k: v for k, v in found.items() if k != "seconds"})
                    render.rendered(notebooks[waiting[0][1]], found)  # while others still run
                for report, chapter in waiting:
                    report.runs[chapter] = found
                    del report.wanted[chapter]
                    if not report.wanted:
                        finish(report)
        for report in (report for report in stale if report.runs):  # from cached runs alone
            finish(report)
        if stale:
            from alliance.report import index

            index.write_list(out)
    except OSError as error:
        gone = "; removed meanwhile" * (isinstance(error, FileNotFoundError) and not out.is_dir())
        raise BuildError(f"can't write the report below {out}: {error.strerror}{gone}") from None
    for done in reports if o.pdf else ():
        if not done.index.with_name("report.pdf").is_file():
            render.add_pdf(done.index.parent)
    return reports


def _planned(target: Target, out: Path, notebooks, made_from, prints, o: Options) -> Report:
    """A report, and which of its chapters are not as they would be made now."""
    common, last = target.common | made_from, Built.read(out / target.name)
    asked = [c for c in CHAPTERS if not o.only or c in o.only]
    parts = {c: prints.parts(c, target.scenario, notebooks[c], common) for c in CHAPTERS}
    why = {c: _why(last, c, parts[c], prints) for c in CHAPTERS}
    why |= dict.fromkeys(asked if o.force else (), FORCED)
    return Report(target, last, common, parts, asked, why)


def _why(last: Built, chapter: str, parts: dict[str, str], prints: cache.Fingerprints) -> str:
    """Why a chapter's page is not as it would be made now."""
    state = last.state(chapter)
    if not last.complete and (last.folder / "index.html").is_file():
        return "the last build is damaged or of another form"
    if state != "ok":
        return "the last build of it failed" if state == "failed" else "it was not built"
    then = last.manifest["chapters"][chapter]
    if changed := prints.changed(then["tables"]):
        return f"the evidence changed: {changed}"
    changed = [cache.PARTS[name] for name in parts if parts[name] != then["parts"].get(name)]
    return f"changed: {', '.join(changed)}" if changed else ""


def _run(
    stale: list[Report], out: Path, notebooks, package: Package, o: Options, log: Log
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Run what is not cached, what draws on most first, and yield each run by its key."""
    wanted: dict[str, tuple[Report, str]] = {}
    for report in stale:
        for chapter, key in report.wanted.items():
            wanted.setdefault(key, (report, chapter))
    if not wanted:
        return
    with nullcontext() if o.executor else kernels.Kernels(o.plain) as own:  # warms up meanwhile
        from alliance import answers
        from alliance.evidence import Evidence
        from alliance.report.execute import NotebookRun
        from alliance.report.executor import run_all

        for report, chapter in wanted.values():
            s = report.target.scenario
            answers.CHECKS[chapter](s, Evidence(package, s.as_of))
        elsewhere = o.executor is not None and package.root == DATA
        data = None if elsewhere else str(package.root)  # a worker elsewhere has its own copy
        items, keys = {}, {}
        for key in sorted(wanted, key=lambda key: -len(reaches(wanted[key][1]))):
            report, chapter = wanted[key]
            name = f"{report.target.name}: {chapter}"
            given = parameters(chapter, report.target.scenario)
            items[name] = NotebookRun(chapter, given, notebooks[chapter], data)
            keys[name] = key
        out.mkdir(parents=True, exist_ok=True)
        probe = out / f".probe.{uuid.uuid4().hex}"  # before work is done for it
        probe.write_bytes(b"")
        probe.unlink()
        for name, found in run_all(items, o.jobs, own, o.executor, log, o.bar):
            yield keys[name], found
