"""Differences between two scenarios or two built reports, and what they come from.

The inputs that differ, the results that moved (most for their size first), what did not, the same
charts on shared axes, and an attribution of each difference to the changed inputs by Shapley's
value: an input's part is the mean of what it adds over all orders in which the inputs could have
been changed, so the parts add up. More than six changed fields are taken by group.

References
----------
Shapley, L. (1953), A value for n-person games, Annals of Mathematics Studies 28, 307-317.
"""

import itertools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from math import factorial
from pathlib import Path
from typing import Any

from alliance import answers, evidence
from alliance.answers import Answers
from alliance.compare.causes import Causes, flattened, is_number, number
from alliance.errors import ScenarioError
from alliance.format import quantity
from alliance.report import CHAPTERS, manifest
from alliance.report.folder import Built
from alliance.scenario import Scenario, load, reaches
from alliance.scenario.cells import group_of
from alliance.scenario.schema import apart, nested

MOST_FIELDS = 6
Mixed = Callable[[str, frozenset[str]], Answers]


@dataclass(frozen=True)
class Side:
    """One of the two: its scenario, and results as built where it is a built report."""

    name: str
    scenario: Scenario
    built: dict[str, Any] | None = None
    made: dict[str, Any] = field(default_factory=dict)  # its manifest


def side(source: str) -> Side:
    """A built folder, or a scenario by name or path; a ScenarioError where there is none."""
    place = Path(source)
    if place.is_dir():
        found = manifest.load(place / "results.json")
        if "scenario" not in found:
            why = "results.json is missing or damaged"
            raise ScenarioError(f"{place} holds no built report: {why}")
        if not Built.read(place).unchanged("results.json"):
            raise ScenarioError(f"{place}: results.json is not as the build wrote it")
        values = {k: v for k, v in found["scenario"].items() if k != "name"}
        built = {r["id"]: r for r in found["results"]}
        made = manifest.load(place / "manifest.json")
        return Side(found["scenario"].get("name", place.name), Scenario.of(values), built, made)
    name, scenario = load(source)
    return Side(name, scenario)


def changed(a: Scenario, b: Scenario) -> dict[str, tuple[Any, Any]]:
    """Fields whose values differ, the title apart, with both values."""
    return {name: both for name, both in apart(a, b).items() if name != "title"}


def mixing(a: Scenario, b: Scenario, data: Path | None = None) -> Mixed:
    """Gives a chapter's answers with some fields as in B, the rest as in A; each made once."""
    fields, ev = changed(a, b), evidence.open(a.as_of, data)

    @cache
    def mixed(chapter: str, taken: frozenset[str]) -> Answers:
        s = a.replace(nested({name: fields[name][1] for name in taken}))
        more = {"found": lambda c: mixed(c, taken & {*reaches(c).values()})}
        more = more if chapter == manifest.FIRST else {}  # it repeats the others
        return answers.CHAPTERS[chapter](s, ev.on(s.as_of), **more)

    return mixed


def players(names: list[str]) -> dict[str, list[str]]:
    """Who shares a difference: each field, or each group where there are too many fields."""
    found: dict[str, list[str]] = {}
    for name in names:
        group = name.partition(".")[0] if len(names) > MOST_FIELDS else name
        found.setdefault(group, []).append(name)
    return found


def shapley(who: dict[str, Iterable[str]], value: Callable[[frozenset], float]) -> dict[str, float]:
    """Each player's part of ``value(all) - value(nobody)``; exact in fractions, so parts add up.

    >>> parts = shapley({"a": ("a",), "b": ("b",)}, lambda s: {0: 0.0, 1: 1.0, 2: 4.0}[len(s)])
    >>> parts
    {'a': 2.0, 'b': 2.0}
    """
    n = len(who)
    weights = [Fraction(factorial(k) * factorial(n - k - 1), factorial(n)) for k in range(n)]
    known = {
        frozenset(group): Fraction(value(frozenset(f for p in group for f in who[p])))
        for size in range(n + 1)
        for group in itertools.combinations(who, size)
    }

    def part(name: str) -> float:
        others = (group for group in known if name not in group)
        return float(sum(weights[len(g)] * (known[g | {name}] - known[g]) for g in others))

    return {name: part(name) for name in who}


def size(values: Iterable[float | None]) -> float:
    """How far values lie apart, over the largest of them; 0 where fewer than two are known."""
    known = [value for value in values if value is not None]
    largest = max(map(abs, known), default=0)
    return (max(known) - min(known)) / largest if largest else 0.0


@dataclass(frozen=True)
class Difference:
    """One result in both: values, what moved, and each input's part (None where it can't be)."""

    id: str
    label: str
    unit: str
    a: float
    b: float
    parts: dict[str, float] | None

    @property
    def delta(self) -> float:
        return self.b - self.a

    @property
    def size(self) -> float:
        """The difference for the size of the larger value."""
        return size((self.a, self.b))


@dataclass(frozen=True)
class Comparison:
    """What two sides have in common and what not."""

    one: Side
    other: Side
    fields: dict[str, tuple[Any, Any]]
    moved: list[Difference]
    equal: list[str]
    missing: dict[str, str]
    players: list[str]
    answers: dict[str, tuple[Answers, Answers]]
    live: str = ""  # the day on which live rows were fetched, where they are used


def compare(
    one: Side, other: Side, data: Path | None = None, log=print, sealed: Path | None = None
) -> Comparison:
    """Compare two sides, with the attribution of each difference; ``sealed`` is the evidence below
    ``data`` where that has live rows, to tell what they move from what other code moves."""
    fields = changed(one.scenario, other.scenario)
    mixed, causes = mixing(one.scenario, other.scenario, data), Causes(data, sealed)
    moved, equal, missing, pairs, everyone = [], [], {}, {}, {}
    for chapter in CHAPTERS:
        names = [name for name in fields if name in reaches(chapter).values()]
        a, b = pairs[chapter] = mixed(chapter, frozenset()), mixed(chapter, frozenset(names))
        who = players(names)
        if len(who) > 1 and group_of(chapter) is None:  # too long: each mixture is all chapters
            who = {}
        everyone |= who
        if len(who) > 1:
            log(f"{chapter}: {2 ** len(who)} mixtures of {', '.join(who)}")
        left, right = values(one, a), values(other, b)
        for key in left | right:
            first, last = left.get(key), right.get(key)
            if key not in left or key not in right:
                missing[key] = one.name if key in left else other.name
            elif first == last:
                equal.append(key)
            elif not (is_number(first) and is_number(last)):
                missing[key] = f"{first} → {last}"
                if None in (first, last):
                    missing[key] = f"{other.name if first is None else one.name} (not the other)"
            else:
                ends, parts = ((one, first, 1), (other, last, -1)), None
                if who or not names:
                    parts = _parts(mixed, chapter, key, who, ends, causes)
                was, r = (each.results[key.partition("[")[0]] for each in (a, b))
                label = common(was.label, r.label)
                moved.append(Difference(key, label, r.unit, first, last, parts))
    moved.sort(key=lambda d: (len({quantity(v, d.unit) for v in (d.a, d.b)}) == 1, -d.size, d.id))
    everyone |= {name: [] for d in moved for name in d.parts or ()}
    fetched = causes.package.overlay.get("fetched", "")
    return Comparison(one, other, fields, moved, equal, missing, list(everyone), pairs, fetched)


def common(one: str, other: str) -> str:
    """What two labels have in common: days, states and brackets that only one has are left out.

    >>> common("Price, 2018-01-04 to 2023-01-17", "Price, 2018-01-04 to 2026-06-30")
    'Price'
    >>> common("Ampere: part of the plan paid", "Ampere: part of the plan (it is over) paid")
    'Ampere: part of the plan paid'
    """
    for found in set(re.findall(r" \([^)]*\)", one + other)):
        if found not in one or found not in other:
            one, other = one.replace(found, ""), other.replace(found, "")
    first, *rest = re.split(r"(, |: )", other)
    parts = zip(rest[::2], rest[1::2], strict=True)
    return first + "".join(mark + text for mark, text in parts if text in one)


def values(side: Side, found: Answers) -> dict[str, Any]:
    """Values by id, lists item by item: as built where the side is a built report."""
    built = side.built
    known = {key: r.value for key, r in found.results.items() if built is None or key in built}
    return flattened(known if built is None else {key: built[key]["value"] for key in known})


def _parts(mixed: Mixed, chapter: str, key: str, who, ends, causes) -> dict[str, float] | None:
    """Each input's part, and what a built report differs by from the same one made now.

    None where a mixture does not exist, of fields that only fit together, or lacks the result.
    """
    everything = frozenset(name for fields in who.values() for name in fields)
    try:
        parts = shapley(who, lambda taken: number(mixed(chapter, taken), key))
        now = [number(mixed(chapter, taken), key) for taken in (frozenset(), everything)]
        for (side, value, sign), current in zip(ends, now, strict=True):
            if abs(current - value) > 1e-9 * max(abs(value), 1e-300):
                for name, part in causes.of(side, chapter, key, value, current).items():
                    parts[name] = parts.get(name, 0.0) + sign * part
    except ScenarioError:
        return None
    return parts
