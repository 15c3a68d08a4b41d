"""The cockpit in process: controls, sessions, the round trip, the app's settings."""

import asyncio
import datetime as dt
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Literal
from unittest.mock import MagicMock

import ipywidgets as w
import pytest
from click.testing import CliRunner
from pydantic import create_model
from traitlets.utils.importstring import import_item

from alliance import answers, evidence, scenario, tables
from alliance.answers import live
from alliance.answers.structures import ASSUMED_FLOAT
from alliance.cli import cli
from alliance.errors import ScenarioError
from alliance.format import fixed
from alliance.scenario import spelt
from alliance.scenario.groups import Selldown, field
from alliance.whatif import app, server
from alliance.whatif.build import Building
from alliance.whatif.cockpit_view import Cockpit, alone
from alliance.whatif.inputs import Control, label_of
from alliance.whatif.panel_view import PanelView
from alliance.whatif.panels import PANELS
from alliance.whatif.session import Session
from alliance.whatif.start import start_of
from alliance.whatif.views import PLACES, ShareBox
from tests.conftest import ROOT
from tests.looks import STANDINGS, answers_of, evidence_of, scenario_of


@pytest.fixture
def cockpit(tmp_path, monkeypatch):
    """A cockpit whose scenarios are copies that a test may write."""
    for name in scenario.names():
        shipped = scenario.text.FOLDER / f"{name}.yaml"
        (tmp_path / shipped.name).write_bytes(shipped.read_bytes())
    monkeypatch.setattr(scenario.text, "FOLDER", tmp_path)
    return Cockpit("base")


# --- one schema for everything ------------------------------------------------------------------


def test_a_new_field_is_in_cell_panel_help_and_reference():
    """A copy of the schema with two more fields: there is no second list of parameters."""

    class More(Selldown):
        patience: float = field(
            0.4, unit="moons", low=0, high=9, slider=(0, 3), step=0.2, first=True
        )
        """How long it waits"""
        mood: Literal["calm", "brisk"] = field("calm")
        """How it is done"""

    copy = create_model("Copy", __base__=scenario.Scenario, selldown=(More, More()))
    assert "patience: float = 0.4  # How long it waits, 0 to 9 moons" in scenario.cell(
        "2-selldown", copy
    )
    assert "| `selldown.patience` | 0.4 | 0 to 9 | moons | How long it waits |" in (
        scenario.reference(copy)
    )
    assert "selldown.patience = 0.4 (0 to 9) moons\n    How long it waits" in scenario.listing(copy)
    session = Session(copy())
    panel = PanelView(PANELS["selldown"], session)
    control = panel.controls["selldown.patience"]
    assert control.main.description == "Patience (moons)"
    assert control.help == "How long it waits; 0 to 9 moons"
    assert (control.slider.min, control.slider.max, control.slider.step) == (0, 3, 0.2)
    control.slider.value = 2.0
    assert session.scenario.selldown.patience == 2.0
    control.main.value = "12"
    assert control.problem == ("must be from 0 to 9 moons, received '12'; the pictures keep 2")
    assert "selldown.mood" not in panel.controls  # not among the first
    panel._more.value = True
    assert panel.controls["selldown.mood"].main.options == (("calm", "calm"), ("brisk", "brisk"))
    panel.controls["selldown.mood"].main.value = "brisk"
    assert session.scenario.selldown.mood == "brisk"


def test_every_field_is_in_one_panel():
    found = [name for panel in PANELS.values() for name in panel.fields(scenario.Scenario)]
    grouped = [name for name in scenario.fields() if "." in name]
    assert sorted(found) == sorted(grouped)
    for panel in PANELS.values():
        infos = panel.fields(scenario.Scenario).values()
        assert 3 <= sum(i.json_schema_extra["first"] for i in infos) <= 15, panel.name


@pytest.mark.parametrize("name", scenario.fields())
def test_each_control_shows_what_the_schema_takes_back(name):
    """The text that a control shows is the value, through the schema's text door."""
    seeded = scenario.Scenario().replace({"seed": 2_000_000, "title": "[a], b"})
    for s in (*map(scenario_of, ("base", "odd sale", "corner", "dear unit")), seeded):
        group, dot, key = name.partition(".")
        values = s.model_dump(mode="json")
        value = values[group][key] if dot else values[group]
        shown = spelt(value, scenario.fields()[name])
        if scenario.listed(scenario.fields()[name]):
            shown = f"[{shown}]"
        assert scenario.apply(s, [f"{name}={shown}"]) == s, shown
    label = label_of(name, scenario.fields()[name])
    unit = scenario.fields()[name].json_schema_extra["unit"].removeprefix("fraction").strip()
    assert unit in label and "_" not in label


@pytest.mark.parametrize("standing", STANDINGS)
def test_settings_rebuild_a_scenario(standing):
    s = scenario_of(standing)
    base = scenario.load("base")[1]
    assert scenario.apply(base, scenario.settings(s, base)) == s
    swept = scenario.combinations(scenario.settings(s, base))
    assert len(swept) == 1  # no value is taken for a sweep


# --- controls -----------------------------------------------------------------------------------


def made(name, value, report=lambda *_: None, **more):
    return Control(name, scenario.fields()[name], value, report, **more)


def test_a_slider_rests_at_its_end_for_a_value_beyond_and_reports_nothing():
    """An end that moved with the value came back from the browser as a move of the user's."""
    said = []
    control = made("selldown.horizon_years", 5.0, lambda *x: said.append(x))
    assert (control.slider.min, control.slider.max) == (1, 15)
    control.show(0.003)
    assert control.slider.value == 1 and control.main.value == "0.003 years"
    control = made("separation.ticket_eur", 6e8, lambda *x: said.append(x))
    control.show(5e9)
    assert control.slider.value == control.slider.max < 5e9
    assert control.main.value == "EUR 5bn" and said == []


def test_a_value_off_the_steps_is_not_moved_by_the_slider():
    """The browser sends a slider's place back rounded to its step: that is no change."""
    said = []
    control = made("selldown.target_stake", 0.1234, lambda *x: said.append(x))
    assert control.slider.value == pytest.approx(0.12) and control.main.value == "12.34 %"
    control.slider.value = 0.12 + 1e-12
    assert said == [] and control.main.value == "12.34 %"
    control.slider.value = 0.13
    assert said == [("selldown.target_stake", 0.13, False)] and control.main.value == "13 %"


def test_days_have_a_slider_too():
    import datetime as dt

    said = []
    days = dt.date(2018, 1, 4), dt.date(2023, 1, 16)
    control = made("decline.since", "2019-06-03", lambda *x: said.append(x), days=days)
    control.slider.value += 1
    assert said == [("decline.since", "2019-06-04", False)]
    assert control.main.value == "2019-06-04"


def test_kinds_of_controls():
    assert isinstance(made("selldown.programme", "block").main, w.Dropdown)
    assert made("selldown.price_points", [1.1, 2.0]).main.value == "1.1, 2"
    assert made("seed", 1).slider is None  # two thousand million places are no slider
    chosen = made("decline.peers", ["toyota"], choices={"toyota": "Toyota", "honda": "Honda"})
    assert chosen.main.value == ("toyota",)
    empty = made("selldown.volatility", None, filled=0.354)
    assert empty.main.value == "" and empty.main.placeholder == "by rule: 35.4 %"
    assert "Renault" not in empty.help and "empty takes" in empty.help


def test_help_and_errors_are_escaped():
    control = made("title", "<b>x</b>")
    control.fail("<script>alert(1)</script>")
    said = control._error.value
    assert "<script>" not in said and "&lt;script&gt;" in said


# --- panels -------------------------------------------------------------------------------------


def view_of(panel):
    view = {k: v for k, v in panel.pictures.view.items() if k != "count"}
    drawn = [getattr(panel.pictures, place) for place in PLACES]
    return view | {"pictures": [each for each in drawn if each.get("key") in view["keys"]]}


def test_a_move_changes_picture_numbers_and_scenario(cockpit):
    panel = cockpit.panel
    before = view_of(panel)
    panel.controls["selldown.target_stake"].slider.value = 0.2
    after = view_of(panel)
    assert cockpit.session.scenario.selldown.target_stake == 0.2
    assert after["words"] != before["words"] and "to 20" in after["words"]
    drawn = [{p["key"]: p["svg"] for p in v["pictures"]} for v in (before, after)]
    changed = {key for key in drawn[0] if drawn[0][key] != drawn[1][key]}
    assert changed == {"proceeds", "path", "loss"}  # when triggers are hit does not change
    assert "target_stake: 0.2" in cockpit.share.yaml


@pytest.mark.parametrize("name", PANELS)
def test_numbers_shown_equal_answers(cockpit, name):
    """What a panel prints is what a fresh call of the chapter's answers prints."""
    cockpit.tabs.value = name
    moves = {
        "selldown": ("selldown.programme", "dribble"),
        "decline": ("decline.since", "2019-06-03"),
        "separation": ("separation.float_fraction", 0.2),
        "bargain": ("separation.ticket_eur", 4e8),
    }
    cockpit.panel.change(*moves[name])
    s = cockpit.session.scenario
    panel = PANELS[name]
    a = answers_of(panel.chapter, s)
    shown = panel.answer(s, evidence_of(str(s.as_of)))
    table = view_of(cockpit.panel)["table"]
    assert len(panel.keys(shown)) > 4
    for key in panel.keys(shown):
        assert fixed(tables.shown(a.result(key))) in table, key


WRONG = [
    ("selldown", "selldown.target_stake", "0.9", "must be from 0 % to 43 % of issued shares"),
    ("selldown", "selldown.target_stake", "a lot", "must be a number such as 15 %"),
    ("selldown", "selldown.price_points", "2, 1.5", "none below the one before"),
    ("selldown", "selldown.price_points", "", "at least 1"),
    ("selldown", "selldown.volatility", "nan", "finite"),
    ("decline", "decline.since", "2023-02-30", "a day"),
    ("decline", "decline.since", "2030-01-01", "before the last close"),
    ("decline", "decline.event_window_days", "4", "must be odd"),
    ("separation", "separation.float_fraction", "-1", "from 0 % to 100 %"),
    ("separation", "separation.structures", "carve_out, spin", "rows of the table"),
    ("bargain", "separation.ticket_eur", "1e99", "from EUR 0 to EUR 10bn"),
]


@pytest.mark.parametrize("panel, name, text, rule", WRONG)
def test_wrong_input_is_said_next_to_the_field_and_keeps_the_picture(
    cockpit, panel, name, text, rule
):
    cockpit.tabs.value = panel
    shown = cockpit.panel
    shown._more.value = True
    before, s = view_of(shown), cockpit.session.scenario
    shown.change(name, text, True)
    assert rule in shown.controls[name].problem and "received" in shown.controls[name].problem
    assert view_of(shown) == before and cockpit.session.scenario == s
    good = spelt(cockpit.session.value(name), scenario.fields()[name])
    shown.change(name, good, True)
    assert shown.controls[name].problem == "" and cockpit.session.scenario == s


def test_a_wrong_field_keeps_what_was_typed_until_it_is_right(cockpit):
    panel = cockpit.panel
    control = panel.controls["selldown.target_stake"]
    control.main.value = "2"
    assert control.problem.endswith("2, which is 200 %; did you mean 2 %? The pictures keep 15 %")
    panel.controls["selldown.horizon_years"].slider.value = 7.0
    assert control.problem and control.main.value == "2"
    assert cockpit.session.scenario.selldown.horizon_years == 7
    assert cockpit.session.scenario.selldown.target_stake == 0.15
    control.slider.value = 0.3
    assert control.problem == "" and control.main.value == "30 %"


def test_a_fault_of_the_model_leaves_the_panel_alive(cockpit, monkeypatch):
    panel = cockpit.panel
    before = view_of(panel)

    def broken(*_):
        raise ZeroDivisionError("by zero")

    with monkeypatch.context() as patch:
        patch.setattr(panel, "panel", replace(panel.panel, answer=broken))
        panel.controls["selldown.target_stake"].slider.value = 0.2
        assert "ZeroDivisionError" in panel.controls["selldown.target_stake"].problem
        assert view_of(panel) == before
        panel.draw()
        assert "last valid picture" in panel.pictures.problem
    panel.controls["selldown.target_stake"].slider.value = 0.21
    assert panel.controls["selldown.target_stake"].problem == panel.pictures.problem == ""
    assert cockpit.session.scenario.selldown.target_stake == 0.21


def test_a_picture_that_fails_takes_back_those_before_it(cockpit, monkeypatch):
    panel = cockpit.panel
    before = view_of(panel)

    def broken(*_):
        raise ZeroDivisionError("by zero")

    with monkeypatch.context() as patch:
        patch.setitem(panel._renderer._charts, "loss", broken)
        panel.controls["selldown.target_stake"].slider.value = 0.2
        assert "ZeroDivisionError" in panel.controls["selldown.target_stake"].problem
        assert view_of(panel) == before and cockpit.session.scenario.selldown.target_stake == 0.15
    panel.controls["selldown.target_stake"].slider.value = 0.21
    assert view_of(panel)["pictures"][0] != before["pictures"][0]


@pytest.mark.parametrize("watched", ["", "path", "loss"])
def test_the_watched_picture_comes_first_and_the_words_with_it(cockpit, watched):
    panel, sent = cockpit.panel, []
    shown = panel.pictures
    shown.watched = watched
    shown.send_state = lambda keys=None: sent.append(
        (set(keys or ()), dict(vars(shown)["_trait_values"]))
    )
    panel.controls["selldown.target_stake"].slider.value = 0.2
    del shown.send_state
    drawn = [keys & set(PLACES) for keys, _ in sent]
    order = [place for keys in drawn for place in keys]
    first = PLACES[list(panel.panel.pictures).index(watched or "proceeds")]
    # the picture of completion does not change, so nothing is sent for it
    assert order[0] == first and sorted(order) == ["four", "one", "three"]
    keys, state = sent[0]
    assert "view" in keys and "to 20" in state["view"]["words"]
    counts = [(state["done"], state["view"]["count"]) for _, state in sent]
    assert all(done < count for done, count in counts[:-1]) and counts[-1][0] == counts[-1][1]


def test_undo_takes_back_one_change_after_the_other(cockpit):
    panel, start = cockpit.panel, cockpit.session.scenario
    assert cockpit.undoing.disabled
    slider = panel.controls["selldown.target_stake"].slider
    for value in (0.16, 0.17, 0.2):
        slider.value = value  # one movement
    panel.change("selldown.programme", "dribble")
    panel.controls["selldown.horizon_years"].slider.value = 7.0
    slider.value = 0.3
    cockpit.load("latest")
    wrong = cockpit.session.scenario
    panel.change("selldown.target_stake", "0.9", True)  # refused: nothing to take back
    assert cockpit.session.scenario == wrong
    cockpit.undoing.click()
    s = cockpit.session.scenario.selldown
    assert (s.target_stake, s.horizon_years, s.programme) == (0.3, 7, "dribble")
    assert cockpit.name == "base" and "by" not in cockpit.share.problem
    found = []
    while not cockpit.undoing.disabled:
        cockpit.undoing.click()
        s = cockpit.session.scenario.selldown
        found.append((s.target_stake, s.horizon_years, s.programme))
    first = start.selldown
    assert found == [(0.2, 7, "dribble"), (0.2, first.horizon_years, "dribble"),
                     (0.2, first.horizon_years, first.programme),
                     (first.target_stake, first.horizon_years, first.programme)]  # fmt: skip
    assert cockpit.session.scenario == start and slider.value == start.selldown.target_stake
    cockpit.undo()  # and nothing more
    assert cockpit.session.scenario == start
    slider.value = 0.25
    assert not cockpit.undoing.disabled


def test_empty_again_takes_the_rule(cockpit):
    panel = cockpit.panel
    control = panel.controls["selldown.volatility"]
    control.slider.value = 0.5
    assert cockpit.session.scenario.selldown.volatility == 0.5
    control.main.value = ""
    assert cockpit.session.scenario.selldown.volatility is None
    assert control.main.placeholder.startswith("by rule: 35.")
    rule = panel.controls["selldown.block_discount"].main.placeholder
    control.slider.value = 0.7
    assert panel.controls["selldown.block_discount"].main.placeholder != rule  # follows


def test_the_same_random_numbers_while_a_control_moves(cockpit):
    panel = cockpit.panel
    before = view_of(panel)
    for stake in (0.2, 0.1, 0.15):
        panel.change("selldown.target_stake", stake)
    assert view_of(panel) == before


def test_many_moves_end_in_the_last(cockpit):
    panel = cockpit.panel
    slider = panel.controls["selldown.target_stake"].slider
    for k in range(40):
        slider.value = round(0.05 + 0.01 * (k % 30), 2)
    assert cockpit.session.scenario.selldown.target_stake == slider.value
    assert f"to {slider.value * 100:.0f}" in panel.pictures.view["words"]


def test_a_moving_slider_is_not_pulled_back(cockpit):
    """The browser's 0.35 may be a hair off ours: sent back, it would undo the moves since."""
    control = cockpit.panel.controls["selldown.target_stake"]
    control.slider.value = 0.35000000000000003
    assert control.slider.value == 0.35000000000000003 and control.main.value == "35 %"


# --- the round trip -----------------------------------------------------------------------------


def test_save_writes_only_what_differs_and_load_takes_it_back(cockpit):
    cockpit.panel.controls["selldown.target_stake"].slider.value = 0.2
    kept = cockpit.session.scenario
    cockpit.save("my-case")
    text = (scenario.text.FOLDER / "my-case.yaml").read_text(encoding="utf-8")
    assert text == scenario.dump(kept) and "horizon" not in text
    assert "my-case" in cockpit.entries["files"].main.options and "Saved" in cockpit.share.message
    cockpit.load("latest")
    assert cockpit.session.scenario == scenario.load("latest")[1]
    assert cockpit.panel.controls["selldown.target_stake"].main.value == "15 %"
    assert cockpit.common["as_of"].main.value == str(cockpit.session.scenario.as_of)
    cockpit.load("my-case")
    assert cockpit.session.scenario == kept


def test_save_replaces_only_when_told_twice(cockpit):
    path = scenario.text.FOLDER / "latest.yaml"
    before, beside = path.read_bytes(), cockpit.entries["name"]
    cockpit.save("latest")
    assert "press Save again" in beside.problem and path.read_bytes() == before
    cockpit.save("Ümlaut/../x")
    assert "lower-case letters" in beside.problem
    cockpit.save("nul")
    assert "device of Windows" in beside.problem
    cockpit.panel.controls["selldown.target_stake"].slider.value = 0.2
    cockpit.save("latest")  # something came between: asked again
    assert path.read_bytes() == before and "press Save again" in beside.problem
    cockpit.save("latest")
    assert beside.problem == "" and cockpit.share.problem == "" and "Saved" in cockpit.share.message
    assert path.read_text(encoding="utf-8") == scenario.dump(cockpit.session.scenario)


def test_a_token_goes_round(cockpit):
    cockpit.panel.controls["selldown.volatility"].slider.value = 0.5
    kept, token = cockpit.session.scenario, cockpit.share.token
    cockpit.reset()
    assert cockpit.session.scenario == scenario.load("base")[1]
    box = cockpit.entries["token"].main
    box.value = token[:-9]
    assert "must be whole" in cockpit.entries["token"].problem and box.value == token[:-9]
    cockpit.panel.controls["selldown.target_stake"].slider.value = 0.2
    assert "must be whole" in cockpit.entries["token"].problem  # as long as it stands there
    box.value = ""
    assert cockpit.entries["token"].problem == ""
    box.value = token
    assert cockpit.session.scenario == kept and box.value == ""
    assert cockpit.entries["token"].problem == ""
    assert scenario.from_token(token) == kept


def test_a_file_that_is_wrong_can_be_chosen_again(cockpit):
    path = scenario.text.FOLDER / "broken.yaml"
    path.write_text("selldown: {target: 1}", encoding="utf-8")
    files = cockpit.entries["files"]
    files.main.options = ["", *scenario.names()]
    files.main.value = "broken"
    assert "did you mean" in files.problem and files.main.value == ""
    path.write_text("selldown: {target_stake: 0.3}", encoding="utf-8")
    files.main.value = "broken"
    assert files.problem == "" and cockpit.session.scenario.selldown.target_stake == 0.3


def test_save_asks_again_when_its_question_is_gone(cockpit):
    path, name = scenario.text.FOLDER / "latest.yaml", cockpit.entries["name"]
    before = path.read_bytes()
    name.main.value = "latest"
    cockpit.save("latest")
    cockpit.load("a1.xx")  # another fault leaves the question where it is
    assert "press Save again" in name.problem
    name.main.value = "latest2"
    assert name.problem == ""
    name.main.value = "latest"
    cockpit.save("latest")
    assert "press Save again" in name.problem and path.read_bytes() == before


def token_of_depth():
    """A token of values nested deeper than anything can read."""
    import base64
    import zlib

    raw = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    sealed = zlib.crc32(raw).to_bytes(4, "big") + zlib.compress(raw, 9)
    return "a1." + base64.urlsafe_b64encode(sealed).decode().rstrip("=")


@pytest.mark.parametrize(
    "source, why",
    [
        ("a1.xxxx", "must be whole"),
        (token_of_depth(), "must be whole"),
        ("latst", "did you mean 'latest'"),
        ("../notebooks/scenarios/base.yaml", "a scenario's name or a token"),
        ("/etc/hostname", "a scenario's name or a token"),
        ("base.yaml", "a scenario's name or a token"),
    ],
)
def test_what_can_not_be_loaded_changes_nothing(cockpit, source, why):
    s, view = cockpit.session.scenario, view_of(cockpit.panel)
    cockpit.load(source)
    assert why in cockpit.entries["token"].problem and cockpit.share.problem == ""
    assert cockpit.session.scenario == s and view_of(cockpit.panel) == view
    with pytest.raises(ScenarioError):
        start_of(source)


@pytest.mark.parametrize(
    "content, why",
    [
        (b"selldown: {target_stake: 9}", "must be from 0 % to 43 %"),
        (b"decline: {since: 2040-01-01}", ""),
        (b"\xff\xfe", "UTF-8"),
        (b"x" * 70_000, "at most 64,000 bytes"),
        (b"[" * 5_000, "nested too deeply"),
        (b"a: &x 1\nb: *x", "anchors"),
        (b"sell_down: {}", "did you mean 'selldown'"),
        (b"? [a]\n: 1", "a name must be plain text"),
        (b"as_of: 1999-01-01", "as_of"),
    ],
)
def test_an_upload_that_is_wrong_changes_nothing(cockpit, content, why):
    s = cockpit.session.scenario
    cockpit.upload(content, "x.yaml")
    if why:
        assert why in cockpit.share.problem and cockpit.session.scenario == s
    else:  # fits the panel that is shown; the other panel says what is wrong
        assert cockpit.share.problem == ""
        cockpit.tabs.value = "decline"
        assert "before the last close" in cockpit.panel.pictures.problem


def test_the_same_upload_is_taken_again(cockpit):
    served = Cockpit("base", in_app=True)
    each = {"name": "x.yaml", "type": "", "size": 1, "last_modified": None,
            "content": memoryview(b"selldown: {target_stake: 0.3}")}  # fmt: skip
    for _ in range(2):
        served._uploaded((each,))
        assert served.session.scenario.selldown.target_stake == 0.3
        assert served.entries["file"].main.value == ()
        served.panel.controls["selldown.target_stake"].slider.value = 0.2


def test_a_case_for_one_panel_is_said_on_another(cockpit):
    """Valid where it is loaded, wrong elsewhere: nothing raises, and the way back is open."""
    cockpit.load(scenario.to_token(scenario.Scenario().replace(
        {"separation": {"structure": "spin"}})))  # fmt: skip
    for name in ("separation", "bargain"):
        cockpit.tabs.value = name
        assert "must be one of those compared" in cockpit.panel.pictures.problem
    cockpit.load("base")
    assert cockpit.panel.pictures.problem == "" and view_of(cockpit.panel)["pictures"]
    late = scenario.Scenario().replace(
        {"as_of": "2024-04-01", "decline": {"since": "2024-01-04"}})  # fmt: skip
    cockpit.load(scenario.to_token(late))
    cockpit.pinned.value = True
    cockpit.load("base")
    cockpit.tabs.value = "decline"
    assert cockpit.panel.pictures.problem == ""
    cockpit.panel.controls["decline.since"].slider.value += 5
    assert cockpit.panel.controls["decline.since"].problem == ""


def test_the_app_starts_whatever_its_address_says(monkeypatch):
    for start in (scenario.to_token(scenario.Scenario().replace({"as_of": "2016-06-01"})),
                  "a1.xx", "lat", "latest.yaml", "../scenarios/latest",
                  token_of_depth()):  # fmt: skip
        monkeypatch.setenv("QUERY_STRING", f"start={start}")
        served = Cockpit("base", in_app=True)
        assert served.share.refused.startswith("The case in this address can't be read: ")
        assert served.session.scenario == scenario.load("base")[1]
        assert "article-1" not in served.share.refused  # names of files are nobody's business
    served.panel.change("selldown.target_stake", 0.2)
    assert served.share.refused  # what is shown still isn't what the link asked for
    served.load("latest")
    assert served.share.refused == "" and served.share.filename == "latest.yaml"
    monkeypatch.setenv("QUERY_STRING", "start=latest")
    assert Cockpit("base", in_app=True).session.scenario == scenario.load("latest")[1]
    served.upload(b"x", "x.yaml")
    assert "must be names and values" in served.entries["file"].problem


def test_an_edited_case_does_not_pass_for_the_loaded_one(cockpit):
    loaded = scenario.load("base")[1]
    title, move = cockpit.common["title"].main, cockpit.panel.controls["selldown.target_stake"]
    assert loaded.title and title.value == loaded.title and cockpit.share.filename == "base.yaml"
    move.slider.value = 0.2
    assert cockpit.session.scenario.title == title.value == ""
    assert cockpit.share.filename == "what-if.yaml" and "title" not in cockpit.share.yaml
    move.slider.value = 0.15  # and back
    assert cockpit.session.scenario == loaded and cockpit.share.filename == "base.yaml"
    move.slider.value = 0.2
    cockpit.common["title"].main.value = "Mine"
    move.slider.value = 0.21
    assert cockpit.session.scenario.title == "Mine"  # the reader's own stays
    cockpit.save("mine")
    assert cockpit.share.filename == "mine.yaml"
    cockpit.load(scenario.to_token(loaded))
    assert cockpit.session.scenario == loaded and cockpit.share.filename == "what-if.yaml"


def test_back_in_the_browser_loads_the_case_before(cockpit):
    s = scenario.Scenario().replace({"selldown": {"target_stake": 0.3}})
    cockpit.share._handle_custom_msg({"token": scenario.to_token(s), "number": 1}, [])
    assert cockpit.session.scenario == s and cockpit.share.token == scenario.to_token(s)
    cockpit.share._handle_custom_msg({"token": "/etc/passwd", "number": 2}, [])
    assert cockpit.session.scenario == s and cockpit.share.answered == 2


def test_a_kernel_ends_after_its_page_and_not_at_a_short_break(monkeypatch):
    now, ended, idle = [1000.0], [], []

    async def told(self, kernel_id, *_, **__):
        (ended if self is sessions else idle).append(kernel_id)

    async def looked(self, kernel_id):
        idle.append(kernel_id)

    library = server.AsyncMappingKernelManager
    monkeypatch.setattr(library, "shutdown_kernel", told)
    monkeypatch.setattr(library, "cull_kernel_if_idle", looked)
    monkeypatch.setattr(server.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(server, "IOLoop", MagicMock())  # a loop left by others would make a kernel
    sessions = server.Sessions()
    sessions._kernel_connections["k"] = 0

    def after(seconds):
        now[0] += seconds
        with ThreadPoolExecutor() as pool:  # a browser's tests leave a loop running in this thread
            pool.submit(asyncio.run, sessions.cull_kernel_if_idle("k")).result()
        return ended

    sessions.notify_connect("k")
    assert after(10_000) == []
    sessions.notify_disconnect("k")
    assert after(server.GRACE - 1) == []
    sessions.notify_connect("k")  # the line is back
    assert after(10) == []
    sessions.notify_connect("k")
    sessions.notify_disconnect("k")  # one of two
    assert after(10_000) == []
    sessions.notify_disconnect("k")
    assert after(server.GRACE - 1) == [] and len(idle) == 5
    assert after(2) == ["k"] and server.GRACE < 60


def test_pinned_programmes_stand_side_by_side(cockpit):
    cockpit.pinned.value = True
    cockpit.panel.change("selldown.programme", "dribble")
    table = cockpit.panel.pictures.view["table"]
    assert "not shown then" not in table and "Now dribble, pinned price points" in table
    s = cockpit.session.scenario
    a = answers.selldown(s, evidence.open(s.as_of))
    for name in ("dribble", "price_points"):
        shown = tables.shown(a.result(f"selldown.{name}.value_after_exit_eur_mean"))
        assert fixed(shown) in table
    cockpit.tabs.value = "separation"
    cockpit.panel.change("separation.company", "gm")
    assert (
        "Now carve out on gm, pinned carve out on renault" in cockpit.panel.pictures.view["table"]
    )


def test_an_empty_term_shows_the_forms_own(cockpit):
    """The float of the form that is headlined, until the scenario says another."""
    cockpit.tabs.value = "separation"
    control = cockpit.panel.controls["separation.float_fraction"]
    own = ASSUMED_FLOAT  # on the base day the float was not told
    assert control.main.placeholder == f"by rule: {own:.0%}".replace("%", " %")
    assert control.slider.value == own
    cockpit.panel.change("separation.structure", "integrated")  # has no float
    assert control.main.placeholder == ""


def test_an_empty_field_without_a_rule_frees_its_slider(cockpit):
    cockpit.load(scenario.to_token(scenario.Scenario().replace(
        {"separation": {"structure": "integrated"}})))  # fmt: skip
    cockpit.tabs.value = "separation"
    control = cockpit.panel.controls["separation.float_fraction"]
    control.slider.value = 0.3
    cockpit.reset()
    assert cockpit.session.scenario.separation.float_fraction is None and control.slider.value == 0
    control.slider.value = 0.3
    assert cockpit.session.scenario.separation.float_fraction == 0.3


@pytest.mark.parametrize("title", ["[draft]", " a ", "x, y", "a=b", "“ü”"])
def test_any_title_is_rebuilt(title):
    s = scenario.Scenario(title=title)
    (setting,) = scenario.settings(s)
    ((again,),) = scenario.combinations([setting])
    assert scenario.apply(scenario.Scenario(), [again]) == s
    assert Session(scenario.Scenario()).changed("title", title, text=True) == s


def test_an_upload_is_taken(cockpit):
    cockpit.upload(b"selldown:\n  target_stake: 0.10\n", "mine.yaml")
    assert cockpit.session.scenario.selldown.target_stake == 0.1
    assert cockpit.share.problem == "" and "mine.yaml" in cockpit.share.message


def test_pin_shows_differences(cockpit):
    cockpit.pinned.value = True
    assert re.findall(r"<td>([^<]*)</td></tr>", cockpit.panel.pictures.view["table"]) == [
        "0" if "not" not in c else "" for c in
        re.findall(r"<td>([^<]*)</td></tr>", cockpit.panel.pictures.view["table"])
    ]  # fmt: skip
    cockpit.panel.controls["selldown.target_stake"].slider.value = 0.3
    table = cockpit.panel.pictures.view["table"]
    base, s = scenario.load("base")[1], cockpit.session.scenario
    ev = evidence.open(s.as_of)
    key = "selldown.price_points.proceeds_eur_mean"
    now, then = (answers.selldown(q, ev)[key] for q in (s, base))
    assert f"{(now - then) / 1e6:,.0f}m".replace("-", "−") in table
    cockpit.tabs.value = "bargain"  # the pinned case is that of all panels
    assert "pinned" in cockpit.panel.pictures.view["table"]
    cockpit.pinned.value = False
    assert "pinned" not in cockpit.panel.pictures.view["table"]


def test_as_of_moves_evidence_and_is_refused_where_there_is_none(cockpit):
    cockpit.common["as_of"].main.value = "2024-04-01"
    assert cockpit.session.ev.as_of.isoformat() == "2024-04-01"
    shown = cockpit.panel.pictures.view["words"]
    cockpit.common["as_of"].main.value = "2016-02-01"
    assert "received" in cockpit.common["as_of"].problem
    assert cockpit.panel.pictures.view["words"] == shown
    fresh = live.selldown(cockpit.session.scenario, evidence.open("2024-04-01"))
    assert PANELS["selldown"].sentence(fresh).text == shown


def test_another_day_moves_the_days_that_can_be_chosen(cockpit):
    import datetime as dt

    cockpit.tabs.value = "decline"
    cockpit.tabs.value = "selldown"
    cockpit.common["as_of"].main.value = "2026-06-30"
    cockpit.tabs.value = "decline"
    slider = cockpit.panel.controls["decline.since"].slider
    assert slider.max == dt.date(2026, 6, 29).toordinal()
    slider.value = slider.max
    assert cockpit.panel.controls["decline.since"].problem == ""
    assert cockpit.session.scenario.decline.since == dt.date(2026, 6, 29)


def test_a_case_is_the_command_that_builds_it(cockpit):
    cockpit.panel.controls["selldown.target_stake"].slider.value = 0.2
    cockpit.panel.change("selldown.price_points", "1.2, 1.4", True)
    name, settings = cockpit.settings()
    assert name == "base"
    assert settings == ["title=", "selldown.target_stake=0.2", "selldown.price_points=[1.2, 1.4]"]
    assert scenario.apply(scenario.load(name)[1], settings) == cockpit.session.scenario


def test_calling_again_makes_another():
    """A second run of the cell: a module must not have taken the function's name."""
    from alliance import whatif

    s = scenario.Scenario()
    for _ in range(2):
        assert isinstance(whatif.cockpit("base"), w.VBox)
        assert isinstance(whatif.panel("bargain", s, evidence.open(s.as_of)), w.VBox)


def test_a_panel_that_is_none_is_refused_by_name():
    s = scenario.Scenario()
    with pytest.raises(ScenarioError, match="no panel 'declin'; did you mean 'decline'") as caught:
        alone("declin", s, evidence.open(s.as_of))
    assert caught.value._render_traceback_() == [f"ScenarioError: {caught.value}"]


def test_one_panel_alone_has_its_token():
    s = scenario.Scenario().replace({"decline": {"currency": "EUR"}})
    box = alone("decline", s, evidence.open(s.as_of))
    case = box.children[1]
    assert isinstance(case, ShareBox) and scenario.from_token(case.token) == s


def test_an_address_may_name_a_panel(monkeypatch):
    for query, shown in {"panel=bargain": "bargain", "panel=x": "", "": ""}.items():
        monkeypatch.setenv("QUERY_STRING", query)
        cockpit = Cockpit(in_app=True)
        assert cockpit.share.panel == shown
        assert cockpit.tabs.value == (shown or next(iter(PANELS)))


def test_a_wrong_start_is_refused_in_a_notebook_and_said_in_the_app(monkeypatch):
    with pytest.raises(ScenarioError, match="did you mean 'base'"):
        Cockpit("bas")
    monkeypatch.setenv("QUERY_STRING", "start=..%2F..%2Fetc%2Fpasswd")
    served = Cockpit("base", in_app=True, build=False)
    assert "a scenario's name or a token" in served.share.refused and served.building is None
    assert not hasattr(served, "named")  # no Save: only a download
    monkeypatch.setenv("QUERY_STRING", f"start={scenario.to_token(scenario_of('odd sale'))}")
    assert Cockpit("base", in_app=True).session.scenario == scenario_of("odd sale")
    monkeypatch.delenv("QUERY_STRING")
    monkeypatch.setenv("ALLIANCE_START", "latest")
    assert Cockpit("base", in_app=True).name == "latest"


# --- building, and the app ----------------------------------------------------------------------


def test_a_refused_build_says_why(tmp_path):
    case = ShareBox()
    building = Building(lambda: ("base", ["decline.since=2030-01-01"]), case, tmp_path)
    building.start()
    building.thread.join()
    assert "before the last close" in case.problem and case.report == ""
    assert not building.start_button.disabled and building.stop_button.disabled


def test_a_build_can_be_stopped(tmp_path):
    case = ShareBox()
    building = Building(lambda: ("base", ["seed=77"]), case, tmp_path)
    building.start()
    assert building.start_button.disabled
    while not building.state.value.startswith("base"):
        assert building.process is not None
    building.stop()
    building.thread.join()
    assert "Stopped" in case.message and list(tmp_path.glob("*/index.html")) == []


def test_a_build_shows_progress_and_ends_in_a_report(built, tmp_path):
    """Of what the base's kept runs do not serve."""
    shutil.copytree(built.parent / ".cache", tmp_path / ".cache")
    case, reached = ShareBox(), []
    building = Building(lambda: ("base", ["selldown.participation=0.2"]), case, tmp_path)
    building.bar.observe(lambda change: reached.append(change["new"]), "value")
    building.start()
    building.thread.join()
    assert case.problem == "" and case.report.endswith("report.html")
    assert len(reached) > 20 and building.bar.value == building.bar.max > 30
    made_of = json.loads((tmp_path / case.report).with_name("results.json").read_text("utf-8"))
    assert made_of["scenario"]["selldown"]["participation"] == 0.2


def test_a_panel_in_a_report_is_a_line_of_text():
    code = (
        "import os, sys; os.environ['ALLIANCE_STATIC'] = '1'\n"
        "from alliance import evidence, scenario, whatif\n"
        "s = scenario.Scenario(); out = whatif.panel('bargain', s, evidence.open(s.as_of))\n"
        "assert 'ipywidgets' not in sys.modules and 'anywidget' not in sys.modules\n"
        "sys.stdout.buffer.write(out.text.encode())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    assert done.returncode == 0 and "panel “bargain” has sliders" in done.stdout, done.stderr


@pytest.mark.parametrize(
    "path, served",
    [
        ("build/base/index.html", True),
        ("build/base+0a1b2c/report.pdf", True),
        ("build/base/2-selldown.html", True),
        ("build/base/notebooks/2-selldown.ipynb", False),
        ("build/.cache/x.json", False),
        ("build/../data/facts.csv", False),
        ("data/datapackage.json", False),
        ("alliance/cli/reports.py", False),
        ("notebooks/scenarios/base.yaml", False),
        (".git/config", False),
    ],
)
def test_the_app_serves_reports_only_if_allowed(path, served):
    def ok(allow):
        rules = app.settings(allow, 1, "localhost", False, 5)["VoilaConfiguration"]
        listed = any(re.fullmatch(r, path, re.IGNORECASE) for r in rules["file_allowlist"])
        return listed and not any(re.fullmatch(r, path, re.I) for r in rules["file_denylist"])

    assert ok(True) is served
    assert ok(False) is False


def test_the_browser_files_are_part_of_the_package():
    folder = ROOT / "alliance" / "whatif"
    assert {p.name for p in (folder / "browser").iterdir()} == {
        "picture_view.js",
        "share_box.js",
        "cockpit.css",
    }
    text = "".join(p.read_text(encoding="utf-8") for p in (folder / "browser").iterdir())
    template = (app.SHARE / "voila/templates/alliance/index.html.j2").read_text(encoding="utf-8")
    assert "://" not in text + template  # nothing is fetched from elsewhere


def test_both_servers_send_a_picture_at_once(monkeypatch):
    """Neither waits for the browser's acknowledgement of the message before (TCP_NODELAY)."""
    named = app.settings(False, 1, "localhost", False, 5)["Voila"]
    assert import_item(named["kernel_websocket_connection_class"]) is server.NoDelayConnection
    started = []
    monkeypatch.setattr(os, "execv", lambda _, command: started.append(command))
    monkeypatch.setattr(os, "chdir", lambda _: None)
    assert CliRunner().invoke(cli, ["lab", "--no-browser"]).exit_code == 0
    (given,) = [part for part in started[0] if "websocket_connection_class" in part]
    assert import_item(given.partition("=")[2]) is server.NoDelayConnection
    assert started[0][-1] == "--no-browser"
    assert ("--allow-root" in started[0]) == (getattr(os, "geteuid", lambda: 1)() == 0)
    assert CliRunner().invoke(cli, ["lab", "--gateway-url=http://x"]).exit_code == 0
    assert not any("websocket_connection_class" in part for part in started[1])

    order = []
    monkeypatch.setattr(
        server.ZMQChannelsWebsocketConnection, "connect", lambda self: order.append("connect")
    )

    class Handler:
        def set_nodelay(self, value):
            order.append(value)

    class Line(server.NoDelayConnection):
        websocket_handler = Handler()

    Line.__new__(Line).connect()
    assert order == [True, "connect"]


def test_what_comes_after_a_line_was_closed_is_dropped(monkeypatch):
    """Else its first bytes are taken for a length, and the server stands still for ten seconds."""
    heard, library = [], server.ZMQChannelsWebsocketConnection
    monkeypatch.setattr(
        library, "handle_incoming_message", lambda _, message: heard.append(message)
    )

    class Line(server.NoDelayConnection):
        websocket_handler = MagicMock()

    line = Line.__new__(Line)
    line.handle_incoming_message(b"1")
    line.websocket_handler.ws_connection = None
    line.handle_incoming_message(b"2")
    assert heard == [b"1"]


def test_the_days_offered_begin_where_the_holding_is_known(cockpit):
    first, last = cockpit.session.offers("as_of")[1]
    base = scenario.Scenario().replace({"decline": {"since": "2017-03-01"}})
    for day in (first, last):
        answers.CHECKS["2-selldown"](base.replace({"as_of": day}), evidence.open(day))
    before = first - dt.timedelta(days=1)
    with pytest.raises(ScenarioError, match="Renault's holding of Nissan is in the evidence from"):
        answers.CHECKS["2-selldown"](base.replace({"as_of": before}), evidence.open(before))


def test_a_reports_link_goes_when_the_case_changes(cockpit):
    cockpit.share.report = "build/base/report.html"
    cockpit._offer()
    assert cockpit.share.report  # nothing has changed
    cockpit.session.take(cockpit.session.scenario.replace({"selldown": {"target_stake": 0.2}}))
    cockpit._offer()
    assert cockpit.share.report == ""
