"""Comparisons: Shapley's value, attribution of differences, charts on shared axes."""

from __future__ import annotations

import json
import math
import random
from functools import cache

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from alliance import charts, compare, scenario
from alliance.cli import cli
from alliance.compare import differences, page
from alliance.errors import ScenarioError
from alliance.format import quantity
from alliance.report import manifest
from tests.looks import answers_of, shorten


def quiet(_):
    pass


S = scenario.Scenario().replace({"selldown": {"paths": 256}})


@cache
def mixed(other):
    """The default compared with another scenario."""
    with pytest.MonkeyPatch.context() as patch:
        shorten(patch)
        sides = compare.Side("a", S), compare.Side("b", other)
        return compare.compare(*sides, log=quiet)


# --- Shapley ------------------------------------------------------------------------------------


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5))
def test_of_a_sum_each_player_gets_its_own(values):
    who = {str(i): (str(i),) for i in range(len(values))}
    parts = compare.shapley(who, lambda s: math.fsum(values[int(i)] for i in s))
    for i, value in enumerate(values):
        assert parts[str(i)] == pytest.approx(value, abs=1e-6)


@given(st.integers(1, 6), st.integers(0, 10**6))
def test_parts_add_up_for_any_game(n, seed):
    rng = random.Random(seed)
    worth = {}

    def value(s):
        return worth.setdefault(s, rng.uniform(-1e9, 1e9))

    parts = compare.shapley({str(i): (str(i),) for i in range(n)}, value)
    total = value(frozenset(map(str, range(n)))) - value(frozenset())
    assert math.fsum(parts.values()) == pytest.approx(total, rel=1e-9, abs=1e-6)


def test_against_all_orders():
    """By hand: the mean over the six orders of three players of what each adds."""
    from itertools import permutations

    worth = {"": 0, "a": 1, "b": 2, "c": 4, "ab": 7, "ac": 5, "bc": 9, "abc": 20}

    def value(s):
        return float(worth["".join(sorted(s))])

    parts = compare.shapley({p: (p,) for p in "abc"}, value)
    for player in "abc":
        added = []
        for order in permutations("abc"):
            before = frozenset(order[: order.index(player)])
            added.append(value(before | {player}) - value(before))
        assert parts[player] == pytest.approx(sum(added) / 6)


def test_many_fields_are_taken_by_group():
    names = [f"selldown.f{i}" for i in range(5)] + ["as_of", "separation.x"]
    who = differences.players(names)
    assert set(who) == {"selldown", "as_of", "separation"} and len(who["selldown"]) == 5
    assert len(differences.players(names[:6])) == 6


# --- comparisons --------------------------------------------------------------------------------


def test_what_prints_alike_comes_last():
    moved = mixed(S.replace({"selldown": {"fee": 0.0101}})).moved
    alike = [quantity(d.a, d.unit) == quantity(d.b, d.unit) for d in moved]
    assert 0 < sum(alike) < len(alike) and alike == sorted(alike)


def test_equal_scenarios_have_nothing_that_moved():
    found = mixed(S.replace({"title": "another"}))
    assert found.fields == {} and found.moved == [] and found.missing == {}
    assert "decline.stub_eur" in found.equal


def test_parts_of_every_difference_add_up():
    found = mixed(S.replace({"selldown": {"fee": 0.02, "horizon_years": 3}}))
    assert set(found.fields) == {"selldown.fee", "selldown.horizon_years"}
    rooms = ("selldown", "ownership", "bargain", "briefing", "hindsight")
    assert found.moved and all(d.id.startswith(rooms) for d in found.moved)
    for d in found.moved:
        if d.parts is not None:
            gap = sum(d.parts.values()) - d.delta
            assert abs(gap) <= 1e-9 * max(1.0, abs(d.delta)), d
    block = next(d for d in found.moved if d.id == "selldown.block_cost")
    assert block.parts["selldown.fee"] == pytest.approx(0.01, rel=1e-9)
    assert block.parts["selldown.horizon_years"] == 0
    sizes = [d.size for d in found.moved]
    assert sizes == sorted(sizes, reverse=True)


def test_fields_that_only_fit_together_have_no_parts():
    """From the base's day a start in 2023-06 would lie in the future: no such mixture exists."""
    found = mixed(S.replace({"as_of": "2026-06-30", "decline": {"since": "2023-06-30"}}))
    d = next(d for d in found.moved if d.id == "decline.price_change_jpy")
    assert d.parts is None and d.delta != 0
    assert any(d.id.startswith("selldown.price_points.p_hit[") for d in found.moved)


def test_a_field_moves_only_its_chapter():
    found = mixed(S.replace({"decline": {"since": "2020-04-03"}}))
    assert {d.id.split(".")[0] for d in found.moved} == {"decline"}
    assert any(key.startswith("bargain") for key in found.equal)


def test_a_field_moves_every_chapter_that_it_reaches():
    """The target stake is chapter 2's, and the bargain of chapter 3 rests on it too."""
    found = mixed(S.replace({"selldown": {"target_stake": 0.10, "paths": 256}}))
    moved = {d.id: d for d in found.moved}
    assert moved["bargain.renault_gain_eur"].parts.keys() == {"selldown.target_stake"}
    assert not [d for d in moved if d.startswith("decline.")]


def test_a_built_report_that_differs_otherwise_says_so(built, tmp_path, short_hindsight):
    """A value that no input explains is put down to code, evidence or libraries."""
    import shutil

    folder = tmp_path / "old"
    shutil.copytree(built, folder)
    path = folder / "results.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    entry = next(r for r in stored["results"] if r["id"] == "decline.stub_eur")
    entry["value"] += 1_000_000
    path.write_text(json.dumps(stored), encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"results.json is not as the build wrote it"):
        compare.side(str(folder))
    run = manifest.load(folder / "run.json")
    run["files"][path.name] = manifest.digest(path)  # by other code, say
    manifest.save(folder / "run.json", run)
    found = compare.compare(compare.side(str(folder)), compare.side(str(built)), log=quiet)
    (d,) = found.moved
    assert d.id == "decline.stub_eur" and d.parts == {"unknown": -1_000_000}


def test_sides_that_are_not_there():
    with pytest.raises(ScenarioError, match="did you mean 'base'"):
        compare.side("bsae")
    with pytest.raises(ScenarioError, match="holds no built report"):
        compare.side("alliance")


def test_charts_share_their_axes():
    found = mixed(S.replace({"decline": {"since": "2020-04-03"}}))
    a, b = found.answers["1-decline"]
    both = compare.pair(charts.stub(a), charts.stub(b), ("a", "b"), "The stub")
    fig = both.figure()
    first, second = (part.axes[0] for part in fig.subfigs)
    assert first.get_xlim() == second.get_xlim() and first.get_ylim() == second.get_ylim()
    assert both.alt.startswith("a: ") and " b: " in both.alt and both.title == "The stub"
    assert len(both.png()) > 3000 and len(both.png(True)) > 3000


@pytest.mark.parametrize("name", [f.__name__ for c in charts.ALL.values() for f in c])
def test_every_chart_can_be_paired(name, pairs):
    one, other = pairs[name]
    both = compare.pair(one, other, ("one", "other"), "Both")
    for narrow in (False, True):
        figure = both.figure(narrow)
        figure.draw_without_rendering()
        assert len(figure.subfigs) == 2 and all(part.axes for part in figure.subfigs)


@pytest.fixture(scope="module")
def pairs():
    out = {}
    two = [scenario.load(n)[1] for n in ("base", "latest")]
    for chapter, functions in charts.ALL.items():
        a, b = (answers_of(chapter, s) for s in two)
        out |= {f.__name__: (f(a), f(b)) for f in functions}
    return out


def test_the_command_writes_a_page(short_hindsight, tmp_path):
    words = ["compare", "base", "quick-block", "--out", str(tmp_path)]
    done = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    assert "selldown.block_discount: None | 0.03" in done.stdout
    page = (tmp_path / "compare-base-quick-block" / "index.html").read_text(encoding="utf-8")
    assert "What did not change" in page and page.count("<img ") >= 1
    table = (tmp_path / "compare-base-quick-block" / "compare.csv").read_text(encoding="utf-8")
    assert table.startswith("id,unit,a,b,difference,selldown.programme,selldown.block_discount")


def test_two_sides_of_one_name_are_told_apart(tmp_path, monkeypatch):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "base.yaml").write_text("seed: 2", encoding="utf-8")
    seen = []
    monkeypatch.setattr("alliance.compare.sealing.compare", lambda *both: seen.extend(both[:2]))
    monkeypatch.setattr("alliance.compare.sealing.tell", lambda *_, **__: ())
    words = ["compare", "base", str(folder / "base.yaml"), "--out", str(tmp_path)]
    assert CliRunner().invoke(cli, words, catch_exceptions=False).exit_code == 0
    assert [side.name for side in seen[:2]] == ["base", str(folder / "base.yaml")]


def test_a_result_in_words_that_differs_is_told_from_one_to_the_other():
    s = S.replace({"selldown": {"buyback_budget_jpy": 0.0}})
    found = mixed(s)
    now, then = (answers_of("0-briefing", each)["briefing.best_programme"] for each in (S, s))
    assert now != then and found.missing["briefing.best_programme"] == f"{now} → {then}"


def chosen_numbers(found):
    return {d.id: d for d in page.headlines(found) if "*" in d.id}


def test_another_programme_or_deal_is_compared_by_what_each_headlines():
    """No result moves, but what the chapters show large is of another programme."""
    found = mixed(S.replace({"selldown": {"programme": "dribble", "paths": 256}}))
    assert found.moved == []
    value = chosen_numbers(found)["selldown.*.value_after_exit_eur_mean"]
    a = answers_of("2-selldown", S)
    assert value.a == a["selldown.price_points.value_after_exit_eur_mean"]
    assert value.b == a["selldown.dribble.value_after_exit_eur_mean"]
    assert value.label == "Chosen programme: value at the horizon after exit, mean"
    both = S.replace({"selldown": {"programme": "dribble", "paths": 256, "fee": 0.03}})
    ids = [d.id for d in page.headlines(mixed(both))]
    assert len(set(ids)) == len(ids) and not [i for i in ids if ".dribble." in i]
    deal = mixed(S.replace({"separation": {"company": "volkswagen"}}))
    raised = chosen_numbers(deal)["separation.*.cash_raised_eur"]
    assert raised.label.startswith("Chosen deal: cash raised, gross") and raised.a != raised.b


def test_a_label_for_both_sides_has_no_day_of_one():
    found = mixed(S.replace({"as_of": "2024-06-28"}))
    labels = {d.id: d.label for d in found.moved}
    assert labels["decline.price_change_jpy"] == "Price change in yen"
    raised = labels["separation.carve_out.renault.cash_raised_eur"]
    assert raised == "Minority carve-out on Renault: cash raised, gross"
