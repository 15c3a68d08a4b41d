"""The mutation run itself: it finds what it should, and says when a place is gone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests import mutants, mutants_by_hand

ROOT = Path(__file__).resolve().parents[1]


def test_drawing_repeats_and_is_spread():
    drawn = mutants.drawn(60, 7, mutants.ROOMS)
    assert [m.change for m in drawn] == [m.change for m in mutants.drawn(60, 7, mutants.ROOMS)]
    rooms = Counter(m.room for m in drawn)
    assert rooms["answers"] == 30 and set(rooms) == set(mutants.ROOMS)
    assert len({m.kind for m in drawn}) >= 8
    assert [m.change for m in mutants.drawn(60, 8, mutants.ROOMS)] != [m.change for m in drawn]


@pytest.mark.parametrize("file", ["bargain.py", "answers/decline.py", "selldown/ledger.py"])
def test_a_mutant_changes_its_lines_only(file):
    source = (ROOT / "alliance" / file).read_text(encoding="utf-8")
    for mutant in list(mutants.mutants(file))[::9]:
        assert mutant.source.replace(mutant.after, mutant.before, 1) == source or mutant.differs()
        assert mutant.before in source and mutant.after in mutant.source


def test_places_of_hand_made_mutants_stand():
    assert not mutants.by_hand()[1], "change or drop them in tests/mutants_by_hand.py"
    assert len(mutants.by_hand()[0]) == len(mutants_by_hand.HAND)


def test_equivalent_mutants_can_still_be_made():
    """A line that is gone needs no excuse."""
    for file, before, _, why in mutants_by_hand.EQUIVALENT:
        text = " ".join((ROOT / "alliance" / file).read_text(encoding="utf-8").split())
        assert " ".join(before.split()) in text and why, (file, before)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_three_are_noticed_and_one_without_effect_is_not():
    """Mutants of the shares of votes, found by their own tests; then one that moves nothing."""
    done = subprocess.run(
        [sys.executable, "-c", THREE], cwd=ROOT, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "[True, True, True, False]"


THREE = """
from tests import mutants
changes = ["min(1.0, 2 * share)", "2 * share"], ["target < 1:", "target <= 1:"]
changes += ["(a.sum(axis=0) >= 1)", "(a.sum(axis=0) > 1)"], ["Who owns and", "who owns and"]
mutants.warm()
own = [test for test in mutants.tests_of("ownership.py", False) if "::" in test]
mutants.tests_of = lambda file, golden: own
found = [mutants.Mutant.of("ownership.py", old, new) for old, new in changes]
noticed = mutants.run(found, 2, False, lambda line: None)  # without golden.txt
print([bool(noticed[k]) for k in range(4)])
"""
