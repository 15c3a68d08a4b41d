"""One schema: files, settings, cells and tokens."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from alliance import scenario
from alliance.errors import ScenarioError
from alliance.scenario import Scenario, amounts, text

BASE = Scenario()


def refused(call, *parts):
    with pytest.raises(ScenarioError) as caught:
        call()
    for part in parts:
        assert part in str(caught.value), str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "setting, parts",
    [
        (
            "decline.sinse=2018-01-04",
            ["unknown field 'decline.sinse'", "did you mean 'decline.since'"],
        ),
        ("declin.since=2018-01-04", ["did you mean 'decline.since'"]),
        ("decline.beta_window_days=5", ["must be from 60 to 480 trading days", "received '5'"]),
        ("decline.beta_window_days=100,200", ["takes one value", "100,200"]),
        ("decline.beta_window_days=nan", ["must be a number such as 250 trading days", "nan"]),
        ("decline.beta_window_days=1e400", ["must be a number such as"]),
        ("decline.currency=USD", ["'JPY' or 'EUR'", "received 'USD'"]),
        ("decline.currency=EURO", ["did you mean 'EUR'"]),
        ("decline.since=1673913600", ["YYYY-MM-DD", "1673913600"]),
        ("decline.since=2018-1-4", ["YYYY-MM-DD", "2018-1-4"]),
        ("decline.since=2018-02-30", ["day that exists", "2018-02-30"]),
        ("decline.event_window_days=4", ["must be odd", "received '4'"]),
        ("decline.peers=toyota", ["in brackets", "toyota"]),
        ("decline.peers=[]", ["decline.peers", "at least 1"]),
        ("decline.peers=[toyota, toyota]", ["once"]),
        ("seed=-1", ["from 0 to"]),
        ("nonsense", ["'field=value'", "nonsense"]),
    ],
)
def test_settings_are_refused_with_rule_value_and_nearest(setting, parts):
    refused(lambda: scenario.apply(BASE, [setting]), *parts)


def test_settings_apply_in_order():
    s = scenario.apply(BASE, ["decline.currency=EUR", "seed=7", "decline.currency=JPY"])
    assert (s.decline.currency, s.seed) == ("JPY", 7)
    assert scenario.apply(BASE, ["title=A, B = [c]"]).title == "A, B = [c]"


def write(folder, name, body):
    path = folder / f"{name}.yaml"
    path.write_text(body, encoding="utf-8")
    return path


def test_a_file_holds_what_differs(tmp_path):
    path = write(tmp_path, "mine", "as_of: 2022-10-10\ndecline:\n  peers: [honda]\n")
    name, s = scenario.load(path)
    assert name == "mine" and s.as_of == dt.date(2022, 10, 10) and s.decline.peers == ("honda",)
    assert scenario.changes(s) == {"as_of": "2022-10-10", "decline": {"peers": ["honda"]}}
    assert text.parse(scenario.dump(s)) == s
    assert text.parse("selldown:\n  # paths: 512\ndecline:\n") == BASE  # all commented out
    assert text.parse(scenario.dump(BASE)) == BASE


@pytest.mark.parametrize(
    "body, parts",
    [
        ("as_of: 2022-10-10\nas_of: 2022-10-11\n", ["'as_of' must be given once"]),
        ("decline: &x\n  currency: EUR\n", ["anchors and aliases", "x"]),
        ("declines:\n  currency: EUR\n", ["unknown field or group", "did you mean 'decline'"]),
        ("decline:\n  curency: EUR\n", ["unknown field of decline", "did you mean 'currency'"]),
        ("decline: EUR\n", ["must be a group of fields", "EUR"]),
        ("- a\n- b\n", ["names and values"]),
        ("decline: {currency: EUR\n", ["not valid YAML"]),
        ("title: !!python/object/apply:os.system ['true']\n", ["title"]),
        ("seed: 2\ndecline:\n  currency: X\n  since: never\n", ["currency", "since"]),
    ],
)
def test_files_are_refused(tmp_path, body, parts):
    path = write(tmp_path, "bad", body)
    refused(lambda: scenario.load(path), "bad.yaml", *parts)


def test_values_are_refused_in_our_words():
    refused(
        lambda: BASE.replace({"decline": {"beta_window_days": "250"}}), "must be a number such as"
    )
    refused(lambda: scenario.apply(BASE, ["selldown.target_stake=1e99"]), "received 1e99")
    with pytest.raises(ScenarioError) as caught:
        scenario.apply(BASE, ["selldown.target_stake=1e99"])
    assert len(str(caught.value)) < 90


def test_names_of_scenarios(tmp_path):
    refused(lambda: scenario.load("bsae"), "no scenario 'bsae'", "did you mean 'base'")
    refused(
        lambda: scenario.load(write(tmp_path, "Bad Name", "")), "lower-case letters", "Bad Name"
    )
    refused(lambda: scenario.load("../secrets"), "no file of a scenario")
    assert {"base", "article-1", "latest"} <= set(scenario.names())


def test_frozen_and_typed():
    with pytest.raises(ValidationError):
        BASE.seed = 3
    assert isinstance(BASE.decline.peers, tuple)
    refused(lambda: Scenario.of({"seed": "1"}), "seed")
    refused(lambda: Scenario.of({"seed": float("nan")}), "seed")
    refused(lambda: Scenario.of({"decline": {"since": 17}}), "YYYY-MM-DD")
    refused(lambda: Scenario.of({"seed": {1, 2}}), "seed:", "received '{1, 2}'")
    refused(lambda: Scenario.of({("seed",): 1}), "plain data")
    text = {"selldown": {"target_stake": "15 %"}, "separation": {"ev_value_eur": "EUR 5bn"}}
    refused(lambda: Scenario.of(text), "such as 0.15, received '15 %'", "such as 60000000000,")
    refused(lambda: Scenario.of({"decline": {"peers": "toyota"}}), "must be a list", "'toyota'")
    refused(
        lambda: Scenario.of({"separation": {"structures": ["integrated"]}}),
        "have at least 2 that are valid",
    )
    assert Scenario.of({"as_of": dt.date(2022, 10, 10)}) == Scenario.of({"as_of": "2022-10-10"})


@given(
    seed=st.integers(0, 2**31 - 1),
    title=st.text(max_size=60).filter(lambda t: t < "\ud800" or True),
    window=st.integers(60, 480),
    currency=st.sampled_from(["JPY", "EUR"]),
    peers=st.lists(
        st.sampled_from(["toyota", "honda", "mitsubishi-motors"]), min_size=1, unique=True
    ),
    day=st.dates(dt.date(2018, 1, 1), dt.date(2026, 1, 1)),
)
@settings(max_examples=60, deadline=None)
def test_round_trips(seed, title, window, currency, peers, day):
    values = {
        "seed": seed,
        "title": title,
        "as_of": str(day),
        "decline": {"beta_window_days": window, "currency": currency, "peers": peers},
    }
    try:
        title.encode()
    except UnicodeEncodeError:
        return
    s = Scenario.of(values)
    assert scenario.from_token(scenario.to_token(s)) == s
    assert Scenario.of(json.loads(s.model_dump_json())) == s


@pytest.mark.parametrize("damage", ["", "a1.", "a2.xxxx", "a1.YPKkCnjaq1ZKSU3O", "a1.####", "x"])
def test_damaged_tokens(damage):
    refused(lambda: scenario.from_token(damage), "token")


@pytest.mark.parametrize("values", [{}, {"seed": 9, "decline": {"currency": "EUR"}}])
def test_only_the_token_itself_is_read(values):
    """One character changed, cut, put in or added, anywhere: refused."""
    token = scenario.to_token(BASE.replace(values))
    assert scenario.from_token(f" {token}\n") == BASE.replace(values)  # as pasted
    near = {f"{token}{more}" for more in "A-_=.0"} | {token + "==", token[:3] + "=" + token[3:]}
    for i in range(len(token)):
        near |= {token[:i] + token[i + 1 :], token[:i] + "B" + token[i:]}
        near |= {token[:i] + other + token[i + 1 :] for other in "AB-Zq9"}
    for changed in near - {token}:
        refused(lambda changed=changed: scenario.from_token(changed), "token")


def test_tokens_of_earlier_versions_are_read():
    assert scenario.from_token("a1.o6a_Q3jaq64FAAF1APk") == BASE  # printed on pages of 0.3.0


def test_cell_is_what_the_notebook_holds_and_papermill_can_read(tmp_path):
    from papermill.inspection import _infer_parameters
    from papermill.iorw import load_notebook_node

    from tests.conftest import ROOT

    document = load_notebook_node(str(ROOT / "notebooks" / "1-decline.ipynb"))
    found = _infer_parameters(document)
    wanted = scenario.parameters("1-decline", BASE)
    assert [p.name for p in found] == list(wanted)
    assert all(p.help for p in found)
    namespace = {}
    exec(scenario.cell("1-decline"), namespace)
    assert scenario.read("1-decline", namespace) == BASE


def test_read_refuses(tmp_path):
    good = scenario.parameters("1-decline", BASE)
    refused(lambda: scenario.read("1-decline", {}), "must set as_of, seed, since")
    refused(lambda: scenario.read("1-decline", good | {"seed": "x"}), "seed", "'x'")
    refused(lambda: scenario.read("1-declin", good), "did you mean '1-decline'")


def test_every_field_has_help_and_numbers_have_ranges():
    from alliance.scenario.schema import limits

    for name, info in scenario.fields().items():
        assert info.description, name
        extra = info.json_schema_extra
        if info.annotation in (int, float):
            low, high = limits(info)
            assert low is not None and high is not None, name
            inside = extra["slider"]
            assert low <= inside[0] < inside[1] <= high, name


NUMBERS = [n for n, info in scenario.fields().items() if scenario.limits(info)[1] is not None]


@given(st.sampled_from(NUMBERS), st.floats(0, 1), st.booleans())
def test_a_value_is_read_back_from_what_is_shown(name, where, edge):
    info = scenario.fields()[name]
    low, high = scenario.limits(info)
    value = low + where * (high - low)
    whole = info.annotation is int
    value = round(value) if whole else float(value)
    value = float(f"{value:.3g}") if edge and not whole else value
    read = amounts.plain(amounts.spelt(value, info), info)
    assert (int if whole else float)(read) == value, amounts.spelt(value, info)


@pytest.mark.parametrize(
    "written, value",
    [
        ("selldown.target_stake=20 %", 0.2),
        ("selldown.target_stake=20%", 0.2),
        ("selldown.target_stake=0.2", 0.2),
        ("selldown.drift=\N{MINUS SIGN}2\N{NO-BREAK SPACE}%", -0.02),
        ("separation.ticket_eur=EUR 600m", 6e8),
        ("separation.ticket_eur=\N{EURO SIGN}0.6 bn", 6e8),
        ("separation.ticket_eur=600 million", 6e8),
        ("separation.ticket_eur=6e8", 6e8),
        ("selldown.horizon_years=2 years", 2.0),
        ("selldown.horizon_years=1 year", 1.0),
        ("selldown.paths=2k", 2000),
        ("selldown.buyback_budget_jpy=JPY 50bn a year", 5e10),
        ("selldown.volatility=30 % a year", 0.3),
    ],
)
def test_amounts_are_read_as_people_write_them(written, value):
    name = written.partition("=")[0]
    assert scenario.flat(scenario.apply(BASE, [written]))[name] == value


def test_a_wrong_item_is_not_told_as_an_empty_list_too():
    with pytest.raises(ScenarioError) as caught:
        scenario.apply(BASE, ["selldown.price_points=[1.1;1.2]"])
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "written, parts",
    [
        ("separation.ticket_eur=15 %", ["must be a number such as EUR", "received '15 %'"]),
        ("separation.ticket_eur=USD 600m", ["must be a number such as EUR", "'USD 600m'"]),
        ("selldown.spot_jpy=EUR 4", ["must be a number such as JPY", "'EUR 4'"]),
        ("selldown.target_stake=20m", ["must be a number such as 15 %", "'20m'"]),
        (
            "selldown.target_stake=20",
            ["0 % to 43 % of issued", "20, which is 2000 %; did you mean 20 %?"],
        ),
        ("selldown.horizon_years=2 days", ["must be a number such as 5 years", "'2 days'"]),
        ("selldown.horizon_years=--2", ["must be a number such as 5 years"]),
        ("selldown.paths=1.5", ["must be a number such as", "'1.5'"]),
    ],
)
def test_amounts_of_another_kind_are_refused(written, parts):
    refused(lambda: scenario.apply(BASE, [written]), *parts)
