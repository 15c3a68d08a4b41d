"""The comparison of two revisions names what differs, and only that."""

import json

import pytest

from tests import same

FILE = "answers/base, 1-decline.json"
HASH = "80370f055651abc4"
WAS = {"decline.units": "1", "decline.units unit": "units", "routes wide": HASH, "note": ""}


@pytest.fixture
def told(tmp_path):
    """What the comparison says of two made-up dumps."""

    def compare(was, now, file=FILE):
        for side, entries in (("was", was), ("now", now)):
            path = tmp_path / side / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(entries), encoding="utf-8")
        return list(same.compare(tmp_path / "was", tmp_path / "now", [file]))

    return compare


def test_equal_sides_have_no_difference(told, capsys):
    assert told(WAS, WAS) == []
    assert same.report([], 3) == 0
    assert capsys.readouterr().out.strip() == "All equal (3 files compared)"


def test_a_changed_value_is_named_with_its_scenario_and_chapter(told, capsys):
    found = told(WAS, WAS | {"decline.units": "2"})
    assert same.report(found, 1) == 1
    said = capsys.readouterr().out
    assert "answers base 1-decline decline.units: 1 -> 2\n" in said
    assert "Differ: 1 answers (1 files compared)" in said


def test_sources_differ_apart_from_values(told):
    file = "sources/base, 1-decline.json"
    ((group, name, said),) = told({"a": "x\nprices"}, {"a": "x\nshares"}, file)
    assert (group, name) == ("sources", "base 1-decline: a")
    assert "-prices" in said and "+shares" in said and " x" not in said


def test_what_is_missing_new_or_called_otherwise_is_told_apart(told):
    now = {k: v for k, v in WAS.items() if k != "routes wide"}
    assert told(WAS, now) == [("answers", "base 1-decline: routes wide", f"gone: {HASH}")]
    assert told(now, WAS) == [("answers", "base 1-decline: routes wide", f"new: {HASH}")]
    renamed = told(WAS, now | {"paths wide": HASH})
    assert renamed == [("answers", "base 1-decline: paths wide", "was called routes wide")]
    assert len(told(WAS, {})) == len(WAS)
    alike = told({"a": "0", "b": "0"}, {"a": "0"})  # equal numbers are no names
    assert alike == [("answers", "base 1-decline: b", "gone: 0")]


def test_rounding_is_said(told):
    ((*_, said),) = told({"a": "0.1"}, {"a": "0.10000000000000002"})
    assert said.endswith("(rounding)")
    ((*_, said),) = told({"a": "0.1"}, {"a": "0.1001"})
    assert said == "0.1 -> 0.1001"


def test_equal_differences_of_scenarios_are_one_line(capsys):
    rows = [("charts", f"{name} 2-selldown: routes wide", "a -> b") for name in ("base", "met")]
    assert same.report(rows, 2) == 2
    said = capsys.readouterr().out
    assert "charts base 2-selldown routes wide (and 1 scenarios more): a -> b" in said


def test_a_page_falls_into_words_tips_code_and_markup(tmp_path):
    page = tmp_path / "p.html"
    page.write_text(
        '<style>p {}</style><div class="input"><pre>x = 1</pre></div><p title="tip">Words</p>'
        '<img alt="a picture" src="data:image/png;base64,AAAA"> Revision ad122cf2.',
        encoding="utf-8",
    )
    parts = same._page(page)
    assert parts["text"].split("\n") == ["Words", "Revision <revision>."]
    assert parts["tips"].split("\n") == ["tip", "a picture"] and parts["code"] == "x = 1"
    assert "Words" not in parts["markup"] and "class" in parts["markup"]
    assert len(parts["pictures"]) == 16


def test_a_side_is_written_once_and_read_back(tmp_path, capsys):
    case = ("met", "2-selldown")  # one path, one day
    assert case in same.cases(names=["base", "met"])
    only = ["answers", "sources", "tables"]
    same.dump(tmp_path, [case], only)
    assert capsys.readouterr().out == "met 2-selldown\n"
    same.dump(tmp_path, [case], only)
    assert capsys.readouterr().out == ""
    found = [json.loads((tmp_path / f).read_text("utf-8")) for f in same.files_of([case], only)]
    answers, sources, tables = found
    assert float(answers["selldown.stake_before"]) > 0
    assert answers["selldown.stake_before unit"] == "fraction"
    assert "holdings" in sources["selldown.stake_before"] and "documents" in sources
    assert any(key.startswith("programmes html") for key in tables)


def test_a_scenario_is_computed_for_the_chapters_that_it_changes():
    todo = same.cases(names=["base", "met", "rise"])
    assert ("rise", "1-decline") in todo and ("rise", "2-selldown") not in todo
    assert ("rise", "panels") in todo


@pytest.mark.parametrize("words", [["nothing-of-that-name"], ["HEAD", "--scenarios", "nothing"]])
def test_what_can_not_be_had_ends_with_two(words, capsys):
    assert same.main(words) == 2
    assert "nothing" in capsys.readouterr().err
