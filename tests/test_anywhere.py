"""Anywhere in the schema: finite results, chances that are chances, cash that adds up, no warning.

Warnings are errors here as in all tests. A scenario that does not fit the evidence is refused with
a ScenarioError before anything is computed; it counts as answered, not as drawn.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
import sys
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from alliance import answers, events, scenario
from alliance.answers import grid as outcomes
from alliance.answers import moves
from alliance.errors import ScenarioError
from alliance.evidence import Evidence
from alliance.scenario import Scenario, flat, reaches
from alliance.scenario.schema import limits, nested
from tests.looks import OWN_FIELDS, package

pytestmark = pytest.mark.wide
EACH = 60  # scenarios drawn for each of three chapters
decline = sys.modules["alliance.answers.decline"]  # the name stands for its function
CHAPTERS = OWN_FIELDS
BASE = flat(Scenario()) | {"selldown.paths": 256}
NAMES = {
    "decline.peers": ["toyota", "honda", "mitsubishi-motors"],
    "separation.structures": [
        *("carve_out", "profitable_unit", "segments", "integrated"),
        *("polestar", "zeekr", "daimler_truck"),
    ],
    "separation.companies": ["renault", "volkswagen", "ford", "gm"],
}
DAYS = st.dates(dt.date(2017, 6, 1), dt.date(2026, 8, 14)).map(str)
RISING = st.lists(st.floats(0.05, 50), min_size=1, max_size=12, unique=True).map(sorted)


def numbers(info):
    """Values of a number's whole range; its ends and the default come often."""
    low, high = limits(info)
    whole = "int" in str(info.annotation)
    ends = st.sampled_from([low, high, *info.json_schema_extra["slider"]])
    inside = st.integers(low, high) if whole else st.floats(low, high)
    empty = [st.none()] if info.default is None else [st.just(info.default)]
    return st.one_of(*empty, ends.map(int if whole else float), inside)


def values(name, info):
    if name in ("as_of", "decline.since"):
        return st.one_of(st.just(BASE[name]), DAYS)
    if name == "decline.event_window_days":
        return st.integers(0, 10).map(lambda n: 2 * n + 1)
    if name == "selldown.price_points":
        return RISING
    if name == "selldown.paths":
        return st.sampled_from([1, 7, 256])
    if name in NAMES:
        least = 2 if name.endswith("structures") else 1
        return st.lists(st.sampled_from(NAMES[name]), min_size=least, unique=True)
    if name in ("separation.structure", "separation.company"):
        return st.none()  # one of those compared
    if hasattr(info.annotation, "__args__") and "Literal" in str(info.annotation):
        return st.sampled_from(info.annotation.__args__)
    return numbers(info)


def of(chosen):
    """A scenario of some values by dotted name; what is headlined is among what is compared."""
    chosen = BASE | chosen
    for one, several in (("structure", "structures"), ("company", "companies")):
        known = chosen[f"separation.{several}"]
        if chosen[f"separation.{one}"] not in known:
            chosen[f"separation.{one}"] = known[-1]
    return Scenario.of(nested(chosen))


@st.composite
def scenarios(draw, chapter):
    """Some fields of a chapter anywhere in their ranges, the others as they are."""
    known = scenario.fields()
    fields = [n for n in reaches(chapter).values() if n != "seed"]
    some = draw(st.lists(st.sampled_from(fields), unique=True, max_size=len(fields)))
    chosen = {name: draw(values(name, known[name])) for name in some}
    try:
        return of({name: v for name, v in chosen.items() if "separation.st" not in name or v})
    except ScenarioError:
        assume(False)  # fields that only fit together


@cache
def evidence_of(day):
    """This module's own: what :func:`fewer_draws` leaves out is kept with it."""
    return Evidence(package(), dt.date.fromisoformat(day))


def answer(chapter, s):
    """A chapter's answers, or None where the scenario is refused in words."""
    ev = evidence_of(str(s.as_of))
    try:
        answers.CHECKS[chapter](s, ev)
    except ScenarioError:
        return None
    return answers.CHAPTERS[chapter](s, ev)


def sound(a, s):
    """What holds of any answers."""
    for key, r in a.results.items():
        assert (r.value is None) <= bool(r.note), key
        for value in r.value if isinstance(r.value, list) else [r.value]:
            if isinstance(value, int | float):
                assert math.isfinite(value), key
                if r.unit == "fraction" and ".p_" in key:
                    assert -1e-12 <= value <= 1 + 1e-12, (key, value)
    {"1-decline": fallen, "2-selldown": sold, "3-separation": separated}[a.chapter](a, s)


def fallen(a, s):
    total = a.frame("parts")["value"].sum()
    assert total == pytest.approx(np.log1p(a["decline.price_change_eur"]), abs=1e-9)
    assert -1 <= a["decline.max_drawdown"] <= a["decline.drawdown_now"] <= 0


def sold(a, s):
    chances = a["selldown.price_points.p_hit"]
    assert all(later <= sooner + 1e-12 for sooner, later in itertools.pairwise(chances))
    hit = a.frame("p_hit")
    assert hit["multiple"].is_monotonic_increasing and hit["closed"].min() >= 0
    for name in a.frame("programmes")["programme"].unique():
        at = lambda key, name=name: a[f"selldown.{name}.{key}"]  # noqa: E731
        assert at("wealth_eur_cvar05") <= at("wealth_eur_mean") + 1
        assert at("value_after_exit_eur_mean") <= at("wealth_eur_mean") + 1
        assert at("p_at_target") <= 1 and -1e-12 <= at("stake_end_mean") <= 1
    owners = a.frame("owners")[["renault", "trust", "others"]].sum(axis=1)
    assert np.allclose(owners, 1)


def separated(a, s):
    grid = a.frame("grid")
    known = grid[grid["why"] == ""]
    scale = np.maximum(known["gross"], 1.0)
    assert (abs(known["gross"] - known["to_unit"] - known["to_parent"]) < 1e-9 * scale).all()
    spent = known["fees"] + known["tax"] + known["paid_out"] + known["left"]
    legal = known["gross"] > 0
    gap = (known["gross"] - spent - s.separation.oneoff_cost_eur)[legal]
    assert (abs(gap) < 1e-6 * (scale + s.separation.oneoff_cost_eur)[legal]).all()
    left, once = known["left"][~legal], s.separation.oneoff_cost_eur  # nothing sold: no separation
    assert ((abs(left) < 1e-6) | (abs(left + once) < 1e-6 * (1 + once))).all()
    for key, r in a.results.items():
        if key.endswith("value_per_share_base") and r.value is not None and r.value < 0:
            assert outcomes.BELOW in r.note, key
    assert ((known["kept"] > -1e-9) & (known["kept"] <= 1 + 1e-9)).all()


@pytest.fixture(autouse=True)
def fewer_draws(monkeypatch):
    """What only averages draws takes few of them: the rule is looked at, not its precision."""
    monkeypatch.setattr(outcomes, "DRAWS", 400)
    monkeypatch.setattr(decline, "DRAWS", 20)
    monkeypatch.setattr(moves, "DRAWS", 40)
    monkeypatch.setattr(events, "placebo_p", lambda *_: 0.5)
    monkeypatch.setattr(events, "window_ts", lambda *_: None)
    monkeypatch.setattr(Evidence, "sources", lambda *_: pd.DataFrame())


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_random_scenarios(chapter):
    answered = []

    @settings(
        max_examples=EACH,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(scenarios(chapter))
    def drawn(s):
        a = answer(chapter, s)
        if a is not None:
            sound(a, s)
            answered.append(s)

    drawn()
    assert len(answered) >= EACH / 2, "most scenarios drawn are answered, not refused"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_other_chapters_fields_move_nothing(chapter):
    """All of them at their ends at once: so drawing a chapter's own fields draws the schema."""
    own, known = set(reaches(chapter).values()), scenario.fields()
    ends = {n: limits(info) for n, info in known.items() if n not in own and limits(info)[1]}
    moved = {n: low if n != "selldown.paths" else 7 for n, (low, _) in ends.items()}
    texts = {"decline.currency": "EUR", "selldown.programme": "block", "separation.company": "gm"}
    moved |= {name: value for name, value in texts.items() if name not in own}
    one, other = (answer(chapter, of(chosen)) for chosen in ({}, moved))
    assert {k: r.to_json() for k, r in one.results.items()} == {
        k: r.to_json() for k, r in other.results.items()
    }


def corners():
    """Each field at each end of its range, and all fields of a chapter at their ends together."""
    known = scenario.fields()
    for chapter in CHAPTERS:
        ends = {}
        for name in reaches(chapter).values():
            low, high = limits(known[name])
            if low is not None and name not in ("seed", "selldown.paths"):
                ends[name] = (low, high)
        for which in (0, 1):
            for name, pair in ends.items():
                yield chapter, {name: pair[which]}
            yield chapter, {name: pair[which] for name, pair in ends.items()}
    for certain in ({"selldown.volatility": 0.0}, {"selldown.fx_volatility": 0.0}):
        for drift in (-1.0, 1.0):
            for horizon in (0.003, 15.0):
                more = {"selldown.drift": drift, "selldown.horizon_years": horizon}
                yield "2-selldown", certain | more
    low = {"selldown.price_points": [0.05, 0.9, 1.0, 40.0], "selldown.volatility": 0.0}
    yield "2-selldown", low | {"selldown.dividend_yield": 0.12}


@pytest.mark.parametrize(
    "chapter, chosen", list(corners()), ids=lambda v: v if isinstance(v, str) else ", ".join(v)[:60]
)
def test_corners(chapter, chosen):
    try:
        s = of(chosen)
    except ScenarioError:
        return  # fields that only fit together
    a = answer(chapter, s)
    if a is not None:
        sound(a, s)
