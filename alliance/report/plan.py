"""What is to be done for each report, and why: what of the last build holds, what is cached."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alliance.report import cache
from alliance.report.folder import Built
from alliance.report.manifest import CHAPTERS
from alliance.report.targets import Target

Log = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """How to build; see :func:`alliance.report.build_all`."""

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
class Report:
    """A report in the making: what its pages say and are made from, why each chapter is not as it
    would be made now (empty: it is), the runs at hand, and the chapters that wait for theirs."""

    target: Target
    last: Built
    common: dict[str, Any]
    parts: dict[str, dict[str, str]]
    asked: list[str]
    why: dict[str, str] = field(default_factory=dict)
    stale: bool = False
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)

    def explain(self, log: Log) -> None:
        """Say why each chapter is built or not."""
        for chapter in self.asked if self.stale else CHAPTERS:
            why = self.why[chapter]
            log(f"{self.target.name}: {chapter}: {f'built, {why}' if why else 'up to date'}")


#: Chapters of reports that wait for a run, by its key.
Wanted = dict[str, list[tuple[Report, str]]]


def planned(
    target: Target, out: Path, o: Options, prints: cache.Fingerprints, notebooks, made_from
) -> Report:
    """What of a report is still as it would be made now."""
    common = target.common | made_from
    parts = {c: prints.parts(c, target.scenario, notebooks[c], common) for c in CHAPTERS}
    asked = [c for c in CHAPTERS if not o.only or c in o.only]
    report = Report(target, Built.read(out / target.name), common, parts, asked)
    complete = report.last.complete
    for chapter in CHAPTERS:
        state = report.last.states.get(chapter, {}).get("state") if complete else None
        force = o.force and chapter in asked
        why = "--force" if force else _why(report, chapter, state, prints)
        report.why[chapter] = why
        report.stale |= bool(why) and (chapter in asked or state == "ok")
    return report


def _why(report: Report, chapter: str, state: str | None, prints: cache.Fingerprints) -> str:
    """Why a chapter's page is not as it would be made now."""
    last, parts = report.last, report.parts[chapter]
    if state == "failed":
        return "the last build of it failed"
    if state != "ok":
        damaged = (last.folder / "index.html").is_file() and not last.complete
        return "the last build is damaged or of another form" if damaged else "it was not built"
    then = last.manifest["chapters"][chapter]
    if changed := prints.changed(then["tables"]):
        return f"the evidence changed: {changed}"
    changed = [cache.PARTS[name] for name in parts if parts[name] != then["parts"].get(name)]
    return f"changed: {', '.join(changed)}" if changed else ""


def lacking(
    reports: list[Report], store: cache.Store, prints: cache.Fingerprints, force: bool
) -> Wanted:
    """Chapters of reports for which there is no run, by its key; cached runs are taken.

    Chapters not asked for are shown if their run is cached, so that a report is all of one piece.
    """
    wanted: Wanted = {}
    for report in (report for report in reports if report.stale):
        for chapter in CHAPTERS:
            key, why = cache.key(report.parts[chapter]), report.why[chapter]
            forced = force and chapter in report.asked
            found, none = (None, "--force") if forced else store.load(key, prints)
            if found is not None:
                report.runs[chapter] = found
                report.why[chapter] = why and f"{why} (its run is cached)"
            elif chapter in report.asked:
                report.why[chapter] = why if none in why else f"{why} ({none})".strip()
                report.waiting.add(chapter)
                wanted.setdefault(key, []).append((report, chapter))
    return wanted
