"""Checks of results by another way: rows of ``data/`` as text, and arithmetic in plain sight.

A check names the ids it answers for (``*`` for any part) and yields, for one scenario, each of
them with what it should be. The package's answers are only the left side; nothing asks them how.
"""

from __future__ import annotations

import csv
import datetime as dt
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, cached_property
from typing import Any

import numpy as np
import pytest

from alliance import scenario
from alliance.answers import CHAPTERS
from alliance.evidence import DATA
from tests.looks import answers_of

SCENARIOS = ("base", "latest", "article-1")
CHECKED: dict[str, str] = {}  # pattern of ids: the test that answers for it
Row = dict[str, str]


class Series(dict[str, float]):
    """Numbers by day, YYYY-MM-DD."""

    @cached_property
    def days(self) -> list[str]:
        return sorted(self)


@dataclass(frozen=True)
class Between:
    """Equal to any number from ``low`` to ``high``."""

    low: float
    high: float

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int | float) and self.low <= other <= self.high

    __hash__ = None  # type: ignore[assignment]


def near(value: float, room: float) -> Between:
    """Within ``room`` of a value that was simulated or rounded."""
    return Between(value - room, value + room)


#: Which chapter prints results whose ids begin so.
CHAPTER = {"decline": "1-decline", "selldown": "2-selldown", "ownership": "2-selldown"}
CHAPTER |= {"separation": "3-separation", "bargain": "3-separation"}
CHAPTER |= {"briefing": "0-briefing", "hindsight": "5-hindsight"}


@dataclass(frozen=True)
class Standing:
    """A shipped scenario, its results, and rows of data/ as its day's reader could know them."""

    name: str

    @property
    def s(self) -> scenario.Scenario:
        return scenario.load(self.name)[1]

    @property
    def day(self) -> str:
        return _day(self.name)

    def value(self, key: str) -> Any:
        return _results(self.name, CHAPTER[key.split(".")[0]])[key].value

    def rows(self, table: str, **wanted: str) -> list[Row]:
        found = [r for r in _rows(table) if r["published"] <= self.day]
        replaced = {r["supersedes"] for r in found if r.get("supersedes")}
        found = [r for r in found if next(iter(r.values())) not in replaced]
        return [r for r in found if all(r[k] == v for k, v in wanted.items())]

    def fact(self, key: str) -> float | None:
        found = self.rows("facts", fact=key)
        return float(found[0]["value"]) if found else None

    def series(self, company: str, column: str = "close") -> Series:
        return _series(f"prices/{company}", column, self.day)

    def rate(self, pair: str = "jpy_per_eur") -> Series:
        return _series(f"rates/{pair.replace('_', '-')}", pair, self.day)

    def held(self, beneficiary: str, company: str, day: str = "9999", holder: str = "") -> float:
        """Shares held on a day: the last row of each holder."""
        last = {}
        rows = self.rows("holdings", beneficiary=beneficiary, company=company)
        for r in sorted(rows, key=lambda r: r["date"]):
            if r["date"] <= day and holder in ("", r["holder"]):
                last[r["holder"]] = float(r["shares"])
        return sum(last.values())

    def count(self, company: str, item: str = "issued", day: str = "9999") -> float:
        rows = sorted(self.rows("shares", company=company, item=item), key=lambda r: r["date"])
        return float([r for r in rows if r["date"] <= day][-1]["shares"])


@cache
def _day(name: str) -> str:
    return str(scenario.load(name)[1].as_of)


@cache
def _rows(table: str) -> list[Row]:
    with (DATA / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def _series(table: str, column: str, day: str) -> Series:
    rows = [r for r in _rows(table) if r["published"] <= day and r[column] != ""]
    return Series({r["date"]: float(r[column]) for r in rows})


def asof(series: Series, day: str) -> float:
    """The value of the last day on or before one."""
    return series[last_day(series, day)]


def last_day(series: Series, day: str) -> str:
    return series.days[bisect_right(series.days, day) - 1]


def age(early: str, late: str) -> int:
    return (dt.date.fromisoformat(late) - dt.date.fromisoformat(early)).days


def shared(*series: Series) -> list[str]:
    """Days that all series have."""
    return sorted(set(series[0]).intersection(*series[1:]))


def log_returns(series: Series, days: list[str]) -> np.ndarray:
    return np.diff(np.log([series[d] for d in days]))


def session(day: str, time: str, days: list[str]) -> int | None:
    """Place of the first of some days on which news counts; None if it comes after all."""
    at = next(
        (i for i, d in enumerate(days) if d > day or (d == day and time != "after-close")), -1
    )
    return None if at < 0 else at


def abnormal(share: Series, market: Series, day: str, time: str, length: int = 250):
    """Log returns of share and market on ``length`` days and on days 0 and 1; None if too few."""
    days = shared(share, market)
    at = session(day, time, days)
    if at is None or at + 1 >= len(days) or at - 1 - length < 0:
        return None
    span = slice(at - 1 - length, at + 1)  # a return stands before the day that it ends on
    return log_returns(share, days)[span], log_returns(market, days)[span]


@cache
def _results(name: str, chapter: str) -> dict[str, Any]:
    return dict(answers_of(chapter, scenario.load(name)[1]).results)


Check = Callable[[Standing], Iterator[tuple[str, Any]]]


def checks(*patterns: str) -> Callable[[Check], Callable]:
    """Make a test of a check: at each scenario it must yield every id that it answers for."""

    def make(check: Check) -> Callable:
        for pattern in patterns:
            assert pattern not in CHECKED, f"{pattern} is checked twice"
            CHECKED[pattern] = check.__name__

        @pytest.mark.parametrize("name", SCENARIOS)
        def test(name: str) -> None:
            at, results = Standing(name), {}
            for chapter in {CHAPTER[p.split(".")[0]] for p in patterns}:
                results |= _results(name, chapter)
            wanted = {k for k in results if any(fnmatchcase(k, p) for p in patterns)}
            seen = set()
            for key, expected in check(at):
                assert key in wanted, f"{key} is not of {patterns}, or not printed at {name}"
                result = results[key]
                assert result.value == expected, f"{key} at {name}, {result.note}"
                seen.add(key)
            assert seen == wanted, f"not looked at: {sorted(wanted - seen)}"

        test.__name__, test.__doc__ = check.__name__, check.__doc__
        return test

    return make


def exact(value: float, rel: float = 1e-9) -> Any:
    """The same number but for rounding; whole amounts to half a unit."""
    return pytest.approx(value, rel=rel, abs=0.5 if abs(value) > 1e4 else 1e-11)


def unchecked(name: str) -> list[str]:
    """Ids of results printed at a scenario that no check answers for."""
    printed = [key for chapter in CHAPTERS for key in _results(name, chapter)]
    return [key for key in printed if not any(fnmatchcase(key, p) for p in CHECKED)]
