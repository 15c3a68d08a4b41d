"""Speed of the sell-down engine, side by side in one run and at equal accuracy."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from alliance import sampling
from alliance import selldown as sd

MARKET = sd.Lognormal(450.0, 140.0, 0.32, 0.095, 0.25, 0.0, 0.0, 5.0)
STEPS = 5 * sd.market.TRADING_DAYS
TERMS = sd.Terms(
    1_831_837_027, 4_220_715_112, 0.15, 16.85e6, 0.02,
    fee=0, min_discount=0, impact=0, permanent_impact=0,
)  # fmt: skip
MEAN_ERROR, DONE_ERROR = 1e-3, 5e-4  # of mean proceeds (relative) and of P(complete)


def seconds(work: Callable[[], object], rounds: int = 9) -> float:
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def errors(points: int, seeds: int = 64) -> tuple[float, float]:
    """Root-mean-square errors of the engine against the closed form, over seeds."""
    closed = sd.price_points_closed(TERMS, MARKET)
    mean, done = [], []
    for seed in range(seeds):
        ledger = sd.price_points(TERMS, replace(MARKET, paths=points, seed=seed))
        mean.append(ledger.proceeds.mean() / closed["proceeds_mean"] - 1)
        done.append(np.isfinite(ledger.time[-1]).mean() - closed["p_hit"][-1])
    return float(np.sqrt(np.mean(np.square(mean)))), float(np.sqrt(np.mean(np.square(done))))


def enough_points() -> tuple[int, float, float]:
    """The least power of two at which the engine is as accurate as asked."""
    for power in range(8, 17):
        mean, done = errors(2**power)
        if mean <= MEAN_ERROR and done <= DONE_ERROR:
            return 2**power, mean, done
    raise AssertionError("the engine never gets there")


def paths_needed() -> int:
    """Independent daily paths for the same accuracy, from the variances."""
    ledger = sd.price_points(TERMS, MARKET)
    got = ledger.proceeds
    p = sd.price_points_closed(TERMS, MARKET)["p_hit"][-1]
    by_mean = (got.std() / got.mean() / MEAN_ERROR) ** 2
    return int(max(by_mean, p * (1 - p) / DONE_ERROR**2))


def plain_paths(paths: int, rng: np.random.Generator) -> None:
    """(a) A daily simulation as one writes it in NumPy."""
    dt = 1 / sd.market.TRADING_DAYS
    z = rng.standard_normal((2, STEPS, paths))
    w = np.cumsum(-0.5 * 0.32**2 * dt + 0.32 * np.sqrt(dt) * z[0], axis=0)
    mixed = 0.25 * z[0] + np.sqrt(1 - 0.25**2) * z[1]
    e = np.cumsum(-0.5 * 0.095**2 * dt + 0.095 * np.sqrt(dt) * mixed, axis=0)
    for multiple in TERMS.multiples:
        over = w >= np.log(multiple)
        first, hit = over.argmax(axis=0), over.any(axis=0)
        (multiple / np.exp(e[first, np.arange(paths)]) * hit).sum()


def quantlib_paths(paths: int) -> None:
    """(b) QuantLib's multi-path generator for the two correlated processes."""
    import QuantLib as ql

    today = ql.Date(17, 1, 2023)
    flat = ql.YieldTermStructureHandle(ql.FlatForward(today, 0.0, ql.Actual365Fixed()))

    def process(start: float, sigma: float):
        vol = ql.BlackConstantVol(today, ql.NullCalendar(), sigma, ql.Actual365Fixed())
        spot = ql.QuoteHandle(ql.SimpleQuote(start))
        return ql.BlackScholesProcess(spot, flat, ql.BlackVolTermStructureHandle(vol))

    both = ql.StochasticProcessArray(
        [process(450.0, 0.32), process(140.0, 0.095)], [[1.0, 0.25], [0.25, 1.0]]
    )
    grid = list(ql.TimeGrid(5.0, STEPS))
    uniform = ql.UniformRandomSequenceGenerator(2 * STEPS, ql.UniformRandomGenerator(1))
    generator = ql.GaussianMultiPathGenerator(
        both, grid, ql.GaussianRandomSequenceGenerator(uniform)
    )
    for _ in range(paths):
        generator.next().value()


def main() -> None:
    """Print the table and write ``build/bench.json``."""
    points, mean, done = enough_points()
    needed, rng = paths_needed(), np.random.default_rng(1)
    engine = replace(MARKET, paths=points)

    def cold(market: sd.Lognormal) -> None:
        sampling.sobol.cache_clear()
        sd.price_points(TERMS, market)

    ours = seconds(lambda: cold(engine))
    some = 512
    rows = {
        "a NumPy daily paths": seconds(lambda: plain_paths(some, rng), 3) * needed / some,
        "b QuantLib multi-path generator": seconds(lambda: quantlib_paths(64), 3) * needed / 64,
        "c the normals alone": seconds(lambda: rng.standard_normal((2, STEPS, some)), 5)
        * needed
        / some,
    }
    goals = {"b QuantLib multi-path generator": 100_000, "c the normals alone": 3_000}
    print(f"engine: {points} points, errors {mean:.3%} of the mean, {done:.3%} of P(complete)")
    print(
        f"daily paths for the same accuracy: {needed:,}; the engine takes {ours * 1e3:.2f} ms cold"
    )
    for name, took in rows.items():
        goal = f"goal {goals[name]:>7,}" if name in goals else ""
        print(f"  {name:<34} {took:>10.1f} s   ratio {took / ours:>10,.0f}   {goal}")
    history = np.random.default_rng(0).multivariate_normal(
        [0, 0], [[0.0024, 0.0002], [0.0002, 0.0001]], 261
    )

    def resampled() -> None:
        market = sd.History(history, 450.0, 140.0, 0.0, 0.0, 5.0)
        for make in sd.PROGRAMMES.values():
            make(TERMS, market)

    def points_of(tranches: int) -> float:
        multiples = tuple(np.linspace(1.1, 2.0, tranches))
        return seconds(lambda: sd.price_points(replace(TERMS, multiples=multiples), MARKET))

    times = {
        "price points, 16,384 points, cold": (seconds(lambda: cold(MARKET)), 0.005),
        "price points, 16,384 points, warm": (
            seconds(lambda: sd.price_points(TERMS, MARKET)),
            None,
        ),
        "price points, ten times the years": (
            seconds(lambda: sd.price_points(TERMS, replace(MARKET, horizon=50.0))),
            None,
        ),
        "price points, 3 tranches": (points_of(3), None),
        "price points, 12 tranches": (points_of(12), None),
        "dribble, 16,384 points": (seconds(lambda: sd.dribble(TERMS, MARKET)), 0.030),
        "windows, 16,384 points": (seconds(lambda: sd.windows(TERMS, MARKET)), 0.030),
        "history market, six programmes": (seconds(resampled), 0.100),
    }
    for name, (took, goal) in times.items():
        wanted = f"goal {goal * 1e3:.0f} ms" if goal else ""
        print(f"  {name:<38} {took * 1e3:>8.2f} ms   {wanted}")
    out = Path("build")
    out.mkdir(exist_ok=True)
    found = {
        "points": points,
        "rms_error_mean": mean,
        "rms_error_complete": done,
        "paths_for_equal_accuracy": needed,
        "engine_seconds": ours,
        "seconds": rows | {name: took for name, (took, _) in times.items()},
        "ratios": {name: took / ours for name, took in rows.items()},
    }
    text = json.dumps(found, indent=1) + "\n"
    (out / "bench.json").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
