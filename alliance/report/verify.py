"""Runs a built report's notebooks again and compares every result."""

from collections.abc import Callable
from pathlib import Path

from alliance.errors import BuildError, ScenarioError
from alliance.evidence import Package
from alliance.evidence.descriptor import folder as evidence_folder
from alliance.report import manifest
from alliance.report.folder import Built
from alliance.scenario import Scenario, parameters


def verify(folder: Path, data: Path | None = None, log: Callable[[str], None] = print) -> list[str]:
    """What differs between a built report and a new run of it; a ScenarioError if there is none in
    the folder, a BuildError if it can't be made again."""
    from alliance.report.execute import NotebookRun
    from alliance.report.executor import run_all

    stored, last = manifest.load(folder / "results.json"), Built.read(folder)
    if not stored or not last.manifest:
        raise ScenarioError(f"{folder} holds no built report: results or manifest is missing")
    problems = [f"{n}: changed since it was built" for n in last.files if not last.unchanged(n)]
    if not last.files:
        problems.append("run.json: missing or damaged, so files can't be checked")
    states = {c: last.state(c) if last.states else "unknown" for c in manifest.CHAPTERS}
    lacking = {c: state for c, state in states.items() if state not in ("ok", "not built")}
    if left := [c for c, state in states.items() if state == "not built"]:
        log(f"not built, so not compared: {', '.join(left)}")
    problems += [f"{c}: {state}, so there is nothing to compare" for c, state in lacking.items()]
    package = Package(evidence_folder(data))
    for name, known in last.manifest["evidence"].items():
        if package.resources.get(name, {}).get("hash") != known:
            problems.append(f"evidence: table {name} is not the one it was built from")
    s = Scenario.of({k: v for k, v in stored["scenario"].items() if k != "name"})
    root, chapters = str(package.root), last.manifest["chapters"]
    items = {c: NotebookRun(c, parameters(c, s), manifest.notebook(c), root) for c in chapters}
    was, now = {r["id"]: r for r in stored["results"]}, {}
    for chapter, found in run_all(items, log=log):
        if found.get("error"):
            raise BuildError(f"{chapter} failed: {found['error']}")
        now |= {r["id"]: r for r in found["results"]}
    for key in now | was:
        if key not in was:
            problems.append(f"{key}: new, {now[key]['value']}")
        elif key not in now:
            problems.append(f"{key}: was built, is gone")
        elif was[key]["value"] != now[key]["value"]:
            problems.append(f"{key}: {was[key]['value']} was built, {now[key]['value']} now")
        elif was[key] != now[key]:
            problems.append(f"{key}: same value, other sources or note")
    then = last.manifest["versions"]
    changed = {k: v for k, v in manifest.versions().items() if then.get(k) != v}
    if problems and changed:
        text = ", ".join(f"{k} {then.get(k)} to {v}" for k, v in changed.items())
        problems.append(f"(libraries changed: {text})")
    return problems
