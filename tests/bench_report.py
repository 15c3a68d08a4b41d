"""Speed of building, side by side with papermill and nbconvert in their ordinary form."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from alliance import scenario
from alliance.places import NOTEBOOKS
from alliance.report import CHAPTERS

COLD, NOTHING, MANY = 0.35, 1.0, 3.5  # goals: part, seconds, times
SCENARIOS = 12


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def plain(folder: Path) -> None:
    """papermill's own API followed by nbconvert's, in their ordinary form, one by one: one process,
    so that libraries are imported once."""
    code = (
        "import sys, papermill, nbformat; from nbconvert import HTMLExporter\n"
        "for path in sys.argv[1:]:\n"
        "    papermill.execute_notebook(path, 'out.ipynb', progress_bar=False)\n"
        "    body, _ = HTMLExporter().from_notebook_node(nbformat.read('out.ipynb', 4))\n"
        "    open('out.html', 'w', encoding='utf-8').write(body)\n"
    )
    books = [str(NOTEBOOKS / f"{chapter}.ipynb") for chapter in CHAPTERS]
    command = [sys.executable, "-c", code, *books]
    subprocess.run(command, check=True, cwd=folder, stderr=subprocess.DEVNULL)


def build(folder: Path, *words: str) -> None:
    command = [sys.executable, "-m", "alliance", "report", *words, "--out", str(folder)]
    subprocess.run(command, check=True, capture_output=True)


def floor() -> float:
    """Seconds that the runs take one by one in forked kernels, over the cores: no order of
    work can be faster than this."""
    from alliance.report import execute, executor, manifest
    from alliance.report.kernels import Kernels

    s = scenario.Scenario()
    items = [
        execute.NotebookRun(c, scenario.parameters(c, s), manifest.notebook(c)) for c in CHAPTERS
    ]
    with Kernels() as kernels:
        runs = [execute.run(item, kernels) for item in items]
    return sum(found["seconds"] for found in runs) / executor.jobs_by_default()


def say(name: str, ours: float, other: float | None, met: bool, goal: str) -> None:
    beside = "" if other is None else f"   ordinary {other:7.2f} s   ratio {ours / other:5.3f}"
    print(f"{name:<34} {ours:7.2f} s{beside}   goal {goal}: {'met' if met else 'MISSED'}")


def main(rounds: int = 3) -> None:
    """Cold build of the chapters, a build with nothing to do, and twelve scenarios (against twelve
    times the ordinary way, which was measured for one)."""
    ours, forked, other, idle = [], [], [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            ours.append(seconds(lambda f=folder: build(f / "a", "base")))
            other.append(seconds(lambda f=folder: plain(f)))
            forked.append(seconds(lambda f=folder: build(f / "b", "base", "--plain-kernels")))
            idle.append(seconds(lambda f=folder: build(f / "a", "base")))
    cold, ordinary = (sorted(x)[rounds // 2] for x in (ours, other))
    what = f"cold report, {len(CHAPTERS)} chapters"
    say(what, cold, ordinary, cold / ordinary <= COLD, f"{COLD}")
    least_possible = floor()
    print(f"{'  its floor: runs over cores':<34} {least_possible:7.2f} s   "
          f"ratio {least_possible / ordinary:5.3f}")  # fmt: skip
    mid = sorted(forked)[rounds // 2]
    say("the same with --plain-kernels", mid, ordinary, True, "none")
    least = sorted(idle)[rounds // 2]
    say("nothing to do", least, None, least < NOTHING, f"under {NOTHING:.0f} s")
    with tempfile.TemporaryDirectory() as name:
        sweep = "selldown.seed" if "selldown.seed" in scenario.fields() else "seed"
        values = ",".join(map(str, range(1, SCENARIOS + 1)))
        many = seconds(lambda: build(Path(name), "base", "--set", f"{sweep}={values}"))
    times = SCENARIOS * ordinary / many
    say(
        f"{SCENARIOS} scenarios, seed by seed", many, SCENARIOS * ordinary, times >= MANY,
        f"{MANY} times faster, {times:.2f} (at most {ordinary / least_possible:.2f})",
    )  # fmt: skip


if __name__ == "__main__":
    main()
