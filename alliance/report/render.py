"""Writes one report from its runs: pages, notebooks, results, workbook, manifest."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

from alliance.evidence import Package
from alliance.report import manifest
from alliance.report.folder import replaced
from alliance.report.manifest import CHAPTERS
from alliance.scenario import changes

#: Where the first page links a printed report, and how.
PDF = "<!-- report.pdf -->", '<a href="report.pdf" download>report.pdf</a> (to print), '


def rendered(notebook: dict[str, Any], found: dict[str, Any]) -> tuple[Any, str]:
    """The executed notebook of a run and the body of its page, made once a run."""
    from alliance.report import execute, pages

    if "rendered" not in found:
        document = execute.document(notebook, found)
        found["rendered"] = document, pages.body(document)
    return found["rendered"]


def write(report: Any, notebooks: dict[str, Any], package: Package) -> dict[str, str]:
    """Write one report (a ``builder.Report``) and swap it in; the errors of chapters that failed.

    A chapter that failed keeps its last good page, and its numbers where its values are the same.
    """
    import nbformat

    from alliance.evidence import Evidence
    from alliance.report import index, pages, sheets

    target, s = report.target, report.target.scenario
    states: dict[str, dict[str, Any]] = {key: {"state": "not built"} for key in CHAPTERS}
    results, made, shown = [], {}, {}
    with replaced(report.last.folder) as work:
        (work / "notebooks").mkdir()
        for chapter, found in sorted(report.runs.items()):
            page, notebook = work / f"{chapter}.html", work / "notebooks" / f"{chapter}.ipynb"
            state = {"state": "ok", "seconds": round(found.get("seconds", 0.0), 2)}
            if "error" in found:
                values = report.parts[chapter]["values"]
                known, entries, then = report.last.carry(chapter, work, values)
                states[chapter] = known | state | {"state": "failed", "error": found["error"]}
                if notebook.is_file():
                    document = nbformat.read(notebook, 4)
                    shown[chapter] = document, pages.body(document)
            else:
                document, body = shown[chapter] = rendered(notebooks[chapter], found)
                if chapter != manifest.FIRST:
                    _text(page, pages.chapter(body, chapter, **report.common))
                text = json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True)
                _text(notebook, text + "\n")
                entries = found["results"]
                then = {"parts": report.parts[chapter], "tables": found["tables"]}
                states[chapter] = state | {
                    "answer": pages.first_sentence(document),
                    "headline": found["keys"],
                    "results": [r["id"] for r in entries],
                }
            results += entries
            made |= {chapter: then} if then else {}
        described = {  # no times, so that equal runs give equal bytes
            "schema": manifest.SCHEMA,
            "name": target.name,
            "scenario": changes(s),
            "as_of": str(s.as_of),
            "seed": s.seed,
            "chapters": made,
            "evidence": {r["name"]: r["hash"] for r in package.resources.values()},
            "versions": manifest.versions(),
            "revision": report.common["revision"],
        } | ({"live": live} if (live := report.common["live"]) else {})
        values = {"name": target.name, **s.model_dump(mode="json")}
        stored = {"schema": 1, "scenario": values, "results": results}
        manifest.save(work / "results.json", stored)
        manifest.save(work / "manifest.json", described)
        common = report.common | index.contents(states, results, Evidence(package, s.as_of), shown)
        bodies = {chapter: body for chapter, (_, body) in shown.items()}
        first = pages.first(bodies.get(manifest.FIRST, ""), **common)
        printed = report.last.folder / "report.pdf"
        if printed.is_file() and any("error" in state for state in states.values()):
            shutil.copy2(printed, work / printed.name)  # the last good one
            first = first.replace(*PDF)
        _text(work / "index.html", first)
        _text(work / "report.html", pages.single(bodies, **common))
        documents = {chapter: document for chapter, (document, _) in shown.items()}
        sheets.write(work / "tables.xlsx", documents, results, described)
        files = [path for path in work.rglob("*") if path.is_file()]
        hashes = {path.relative_to(work).as_posix(): manifest.digest(path) for path in files}
        finished = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        run = {"finished": finished, "chapters": states, "files": hashes}
        manifest.save(work / "run.json", run)
    return {c: found["error"] for c, found in report.runs.items() if "error" in found}


def add_pdf(folder: Path) -> None:
    """Print a report beside its pages, and link it on the first."""
    from alliance.report import pdf

    page, run = folder / "index.html", folder / "run.json"
    pdf.print_report(folder / "report.html", folder / "report.pdf")
    _text(page, page.read_text(encoding="utf-8").replace(*PDF))
    known = manifest.load(run)
    for path in (page, folder / "report.pdf"):
        known["files"][path.name] = manifest.digest(path)
    manifest.save(run, known)


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
