"""Speed of the grid, side by side with the sell-down's engine in one run."""

from __future__ import annotations

import statistics
import time

from alliance import answers, evidence, scenario
from alliance.answers import companies, grid, structures
from alliance.answers.results import Builder

GOAL = 0.2  # seconds for all structures on all companies with 10,000 draws


def main() -> None:
    """The whole grid: outcomes, draws; beside the chapter's answers."""
    s = scenario.Scenario()
    ev = evidence.open(s.as_of)
    answers.separation(s, ev)
    tried, found = structures.structures(s, ev), companies.companies(s, ev)
    times = {"grid": [], "chapter": []}
    for _ in range(7):
        started = time.perf_counter()
        grid.put(Builder("3-separation", ev), s, tried, found)
        times["grid"].append(time.perf_counter() - started)
        started = time.perf_counter()
        answers.separation(s, ev)
        times["chapter"].append(time.perf_counter() - started)
    ours, whole = (statistics.median(t) for t in times.values())
    print(
        f"{'grid, 4 x 4, 10,000 draws':<34} {ours:7.3f} s   "
        f"{'all answers of chapter 3':<38} {whole:7.3f} s   ratio {ours / whole:5.2f}"
        f"   goal {GOAL} s: {'met' if ours < GOAL else 'missed'}"
    )


if __name__ == "__main__":
    main()
