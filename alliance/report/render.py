"""Writes one report from its runs: pages, notebooks, results, workbook, manifest."""

import json
import time
from pathlib import Path
from typing import Any

from alliance.evidence import Package
from alliance.report import manifest
from alliance.report.folder import replaced
from alliance.report.manifest import CHAPTERS
from alliance.report.plan import Report


def rendered(notebook: dict[str, Any], found: dict[str, Any]) -> tuple[Any, str]:
    """The executed notebook of a run and the body of its page, made once a run."""
    from alliance.report import execute, pages

    if "rendered" not in found:
        document = execute.document(notebook, found)
        found["rendered"] = document, pages.body(document)
    return found["rendered"]


def write(report: Report, notebooks: dict[str, Any], package: Package) -> dict[str, str]:
    """Write one report and swap it in; the errors of chapters that failed.

    A chapter that failed keeps its last good page, and its numbers where its values are the same.
    """
    from alliance.evidence import Evidence
    from alliance.report import index, pages, sheets

    target, s = report.target, report.target.scenario
    states, results, made, shown, errors = {}, [], {}, {}, {}
    with replaced(report.last.folder) as work:
        (work / "notebooks").mkdir()
        for chapter in CHAPTERS:
            found, states[chapter] = report.runs.get(chapter), {"state": "not built"}
            page, notebook = work / f"{chapter}.html", work / "notebooks" / f"{chapter}.ipynb"
            if found and "error" in found:
                errors[chapter] = found["error"]
                values = report.parts[chapter]["values"]
                state, known, made[chapter] = report.last.carry(chapter, work, values)
                failed = {"state": "failed", "seconds": round(found["seconds"], 2)}
                states[chapter] |= state | failed | {"error": found["error"]}
                results += known
                if page.is_file():
                    document = json.loads(notebook.read_text(encoding="utf-8"))
                    shown[chapter] = document, pages.body(document)
            elif found:
                document, body = shown[chapter] = rendered(notebooks[chapter], found)
                _text(page, pages.chapter(body, chapter, **report.common))
                text = json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True)
                _text(notebook, text + "\n")
                states[chapter] = {
                    "state": "ok",
                    "seconds": round(found.get("seconds", 0.0), 2),
                    "answer": pages.first_sentence(document),
                    "headline": found["keys"],
                    "results": [r["id"] for r in found["results"]],
                }
                results += found["results"]
                made[chapter] = {"parts": report.parts[chapter], "tables": found["tables"]}
        made = {chapter: parts for chapter, parts in made.items() if parts}
        described = manifest.describe(target.name, s, made, package)
        values = {"name": target.name, **s.model_dump(mode="json")}
        stored = {"schema": 1, "scenario": values, "results": results}
        manifest.save(work / "results.json", stored)
        manifest.save(work / "manifest.json", described)
        said = report.common | index.contents(states, results, Evidence(package, s.as_of), shown)
        _text(work / "index.html", pages.page("index.html.j2", **said))
        bodies = {chapter: body for chapter, (_, body) in shown.items()}
        _text(work / "report.html", pages.single(bodies, **said))
        documents = {chapter: document for chapter, (document, _) in shown.items()}
        sheets.write(work / "tables.xlsx", documents, results, described)
        files = [path for path in work.rglob("*") if path.is_file()]
        hashes = {path.relative_to(work).as_posix(): manifest.digest(path) for path in files}
        finished = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        run = {"finished": finished, "chapters": states, "files": hashes}
        manifest.save(work / "run.json", run)
    return errors


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
