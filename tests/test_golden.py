"""All results, inputs and frames of the shipped scenarios are what ``golden.txt`` says."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from alliance.answers.results import CATALOGUE
from tests import golden

SHOWN = 12  # moved lines in a failure's message


@pytest.fixture(scope="module")
def stored():
    return golden.stored()


@pytest.mark.parametrize("place", golden.places(), ids=" ".join)
def test_nothing_moved(place, stored):
    was = stored[1].get(place, {})
    near = golden.RESAMPLED.get(place[0], golden.NEAR)
    moved = list(golden.differences(was, golden.fresh(*place), near))
    told = "\n".join(f"{key}\n    from {old}\n    to   {new}" for key, old, new in moved[:SHOWN])
    assert not moved, (
        f"{' '.join(place)}: {len(moved)} lines moved\n{told}\nIf they should: {golden.COMMAND}"
    )


def test_the_file_is_the_commands(stored):
    head, found = stored
    assert list(found) == golden.places()
    assert head == golden.values(found), f"golden.txt was edited by hand: {golden.COMMAND}"
    assert golden.written(found) == golden.FILE.read_text(encoding="utf-8")


def test_the_changelog_says_why_values_moved(stored):
    assert golden.told_in_changelog() == stored[0], f"the changelog's Results: {golden.COMMAND}"


def test_a_moved_number_is_named():
    was = {"a.b": ["1.5", "fraction", "Label"], "frame f.x": ["2", "0", "2", "0.5"]}
    same = {"a.b": ["1.5000000001", "fraction", "Label"], "frame f.x": ["2", "1e-10", "2", "0.5"]}
    assert not list(golden.differences(was, same))
    now = {"a.b": ["1.51", "fraction", "Label"], "c": ["1", "EUR", ""]}
    assert list(golden.differences(was, now)) == [
        ("a.b", "1.5", "1.51"),
        ("frame f.x", "2; 0; 2; 0.5", "(none)"),
        ("c", "(none)", "1; EUR; "),
    ]


@pytest.mark.parametrize(
    "change", [[1.0, 2.0, 3.1], [2.0, 1.0, 3.0], [1.0, 2.0, None], [1.0, 2.0, 3.0, 0.0]]
)
def test_a_changed_column_is_seen(change):
    before, after = (golden.digest(pd.Series(x, dtype=float)) for x in ([1.0, 2.0, 3.0], change))
    assert not golden.equal("frame f.x", before, after)


def test_text_and_days_are_hashed():
    days = pd.Series(pd.to_datetime(["2023-01-17", None]))
    assert golden.digest(days)[0] == "1"
    assert golden.digest(days) != golden.digest(days + pd.Timedelta(days=1))
    assert golden.digest(pd.Series(["a", "b"])) != golden.digest(pd.Series(["a", "c"]))


def test_values_move_only_with_a_reason(tmp_path, monkeypatch, capsys):
    """The command refuses moved values without a reason, and writes the reason it gets."""
    place = ("base", "1-decline")
    file, log = tmp_path / "golden.txt", tmp_path / "CHANGELOG.md"
    monkeypatch.setattr(golden, "FILE", file)
    monkeypatch.setattr(golden, "CHANGELOG", log)
    monkeypatch.setattr(golden, "places", lambda: [place])
    lines = {"x": ["1", "EUR", "Label"]}
    monkeypatch.setattr(golden, "fresh", lambda *place: lines)
    log.write_text("# Changelog\n\n## 2\n\n### Results\n\nNone.\n\n## 1\n\nOld.\n", "utf-8")
    assert golden.main(["--write"]) == 2 and not file.exists()
    assert golden.main(["--write", "--why", "A first value."]) == 0
    assert golden.main([]) == 0
    digest = golden.stored()[0]
    text = f"### Results\n\nNone.\n\nA first value (values {digest}).\n\n## 1\n\nOld.\n"
    assert log.read_text("utf-8").endswith(text)
    lines["x"] = ["1", "EUR", "Other words"]
    assert golden.main(["--write"]) == 0, "words need no reason"
    lines["x"] = ["12", "EUR", "Other words"]
    capsys.readouterr()
    assert golden.main(["--write"]) == 2
    assert "base 1-decline: x\n    from 1\n    to   12\n" in capsys.readouterr().out


def test_every_line_of_the_catalogue_is_told_somewhere(stored):
    """And ids have no other form than its lines."""
    told = {line for lines in stored[1].values() for line in lines if "." in line.split()[0]}
    ids = {re.sub(r"\\{\w+\\}", "[a-z0-9_-]+", re.escape(key)) for key in CATALOGUE}
    unmatched = {one for one in ids if not any(re.fullmatch(one, key) for key in told)}
    assert unmatched == set()


def test_a_count_is_exact_and_an_amount_is_rounded():
    for unit, alike in (("count", False), ("EUR", True)):
        assert golden.equal("x", ["20", unit, "Label"], ["21", unit, "Label"]) is alike
