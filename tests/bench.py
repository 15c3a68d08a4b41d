"""``make bench``: speed as ratios, measured side by side in one run."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from alliance import answers, evidence, scenario
from alliance.report import CHAPTERS, NOTEBOOKS
from tests import bench_selldown, bench_separation

ROUNDS = 3


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def paired(first: Callable[[], object], second: Callable[[], object]) -> tuple[float, float]:
    """Median seconds of two pieces of work, in turns, so that both see the same machine."""
    times = [(seconds(first), seconds(second)) for _ in range(ROUNDS)]
    return tuple(statistics.median(column) for column in zip(*times, strict=True))


def line(name: str, ours: float, other: float, against: str) -> None:
    print(f"{name:<34} {ours:7.3f} s   {against:<38} {other:7.3f} s   ratio {ours / other:5.2f}")


def plain(folder: Path) -> None:
    """Papermill's own API followed by nbconvert, in their ordinary form, one by one."""
    for chapter in CHAPTERS:
        _plain(NOTEBOOKS / f"{chapter}.ipynb", folder)


def _plain(notebook: Path, folder: Path) -> None:
    code = (
        "import papermill, sys, subprocess;"
        "papermill.execute_notebook(sys.argv[1], sys.argv[2], progress_bar=False);"
        "subprocess.run([sys.executable, '-m', 'nbconvert', '--to', 'html', sys.argv[2]],"
        "check=True, stderr=subprocess.DEVNULL)"
    )
    command = [sys.executable, "-c", code, str(notebook), str(folder / "out.ipynb")]
    subprocess.run(command, check=True, cwd=folder, stderr=subprocess.DEVNULL)


def build(folder: Path, *more: str) -> None:
    command = [sys.executable, "-m", "alliance", "report", "base", "--out", str(folder), *more]
    subprocess.run(command, check=True, capture_output=True)


def main() -> None:
    s = scenario.Scenario()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours, other = paired(lambda: build(folder, "--force"), lambda: plain(folder))
        line("cold report", ours, other, "papermill, then nbconvert, lab template")
        empty = [sys.executable, "-c", "import numpy, pandas"]
        ours, other = paired(lambda: build(folder), lambda: subprocess.run(empty, check=True))
        line("report with nothing to do", ours, other, "a Python that imports pandas")
    open_ = evidence.open(s.as_of)
    answers.decline(s, open_)
    ours, other = paired(
        lambda: answers.decline(s, evidence.open(s.as_of)), lambda: answers.decline(s, open_)
    )
    line("answers, evidence read anew", ours, other, "answers, evidence in memory")
    bench_separation.main()
    bench_selldown.main()


if __name__ == "__main__":
    main()
