"""``make bench``: speed as ratios, measured side by side in one run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from alliance import answers, evidence, scenario
from tests import bench_report, bench_selldown, bench_separation, bench_whatif

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


def main() -> None:
    s = scenario.Scenario()
    open_ = evidence.open(s.as_of)
    answers.decline(s, open_)
    ours, other = paired(
        lambda: answers.decline(s, evidence.open(s.as_of)), lambda: answers.decline(s, open_)
    )
    line("answers, evidence read anew", ours, other, "answers, evidence in memory")
    bench_report.main()
    bench_separation.main()
    bench_selldown.main()
    bench_whatif.main()


if __name__ == "__main__":
    main()
