"""Borders: the last value that is taken, and the first that is not."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest

from alliance import (
    answers,
    decline,
    events,
    evidence,
    ownership,
    returns,
    sampling,
    scenario,
    separation,
    tables,
)
from alliance import selldown as sd
from alliance.answers import live, outcomes, programme
from alliance.answers.inputs import fill
from alliance.answers.results import Builder
from alliance.answers.sensitivity import TORNADO
from alliance.errors import NotKnown, ScenarioError
from alliance.format import percent
from tests.looks import answers_of, evidence_of, scenario_of

S = scenario.Scenario()


@pytest.mark.parametrize(
    "age, noted, missing", [(0, 0, 0), (7, 0, 0), (8, 1, 0), (100, 1, 0), (101, 1, 1)]
)
def test_a_level_is_noted_after_a_week_and_missing_after_a_hundred_days(age, noted, missing):
    day = pd.Timestamp("2023-01-17")
    found = returns.level(pd.Series([5.0], [day - pd.Timedelta(days=age)], name="x"), day)
    assert (found.note is not None, found.value is None) == (bool(noted), bool(missing))


def test_evidence_looks_back_but_never_ahead():
    ev = evidence.open("2023-01-17")
    assert ev.at(dt.date(2023, 6, 1)) is ev and ev.at(dt.date(2023, 1, 17)) is ev
    earlier = ev.at(dt.date(2022, 10, 10))
    assert earlier.as_of == dt.date(2022, 10, 10) and earlier.at(ev.as_of) is earlier
    with ev.reading() as used:
        earlier.close("nissan")
    assert [e["as_of"] for e in used.sources()] == ["2022-10-07"], "what is read there counts here"


@pytest.mark.parametrize("days, enough", [(53 * 7, True), (52 * 7, False)])
def test_a_year_of_fridays_is_needed(days, enough):
    index = pd.date_range(end="2023-01-13", periods=days, freq="D")
    noise = np.random.default_rng(3).standard_normal((2, days))
    price, rate = (pd.Series(np.exp(np.cumsum(x) / 100), index) for x in noise)
    if enough:
        assert sd.weekly_moments(price, rate)["weeks"] == 52
    else:
        with pytest.raises(ScenarioError, match="a year of weekly returns"):
            sd.weekly_moments(price, rate)


def test_a_majority_never_needs_more_than_everyone():
    assert ownership.majority_turnout(0.434) == pytest.approx(0.868)
    assert ownership.majority_turnout(0.6) == 1.0
    assert ownership.silenced_in_japan(0.25, 7.0) == 7.0
    assert ownership.silenced_in_japan(0.2499, 7.0) == 0.0


def test_all_that_is_not_below_is_refused():
    with pytest.raises(ScenarioError):
        ownership.buyback_to_reach(10, 20, 1.0)
    assert ownership.buyback_to_reach(20, 20, 0.15) == pytest.approx(20)
    held = pd.DataFrame([[0.0, 1.0], [0.0, 0.0]], list("ab"), list("ab"))
    with pytest.raises(ScenarioError):
        ownership.look_through(held, pd.Series([1.0, 1.0], list("ab")))
    for share in (1.0, -0.1):
        with pytest.raises(ScenarioError):
            ownership.power(share)


def ledger(sold: float) -> sd.Ledger:
    one = np.ones((1, 1))
    terms = sd.Terms(500, 1000, 0.1, 1.0, 0.0)
    market = sd.Lognormal(1, 1, 0.3, 0.1, 0.0, 0.0, 0.0, 5.0)
    issuer, end = np.array([[False]]), np.ones(1)
    return sd.Ledger(terms, market, 2 * one, sold * one, one, one, 0 * one, issuer, end, end)


def test_a_programme_is_complete_at_its_last_share():
    assert ledger(400).complete == 2 and ledger(399).complete == 2
    assert np.isinf(ledger(398.9).complete)
    assert ledger(400).at_target == 2 and np.isinf(ledger(398).at_target)


@pytest.mark.parametrize("rest, shown", [(2000, 0), (2500, 2500)])
def test_what_rounding_explains_is_no_region(rest, shown):
    """Three regions and a total, each rounded to thousands, differ by four halves at most."""
    rows = [("FY2020", "FY", name, 10_000) for name in ("japan", "china", "europe")]
    rows.append(("FY2020", "FY", "total", 30_000 + rest))
    sales = pd.DataFrame(rows, columns=["fiscal_year", "period", "region", "units"])
    assert decline.by_region(sales)["not split"].iloc[0] == shown


def test_both_ends_of_a_span_are_starting_days():
    price = pd.Series([10.0, 8.0, 5.0, 4.0], pd.date_range("2018-12-30", periods=4))
    changes = decline.from_each_day(price, price.index[1], price.index[2])
    assert changes.tolist() == [4 / 8 - 1, 4 / 5 - 1]


def test_a_tie_counts_on_both_sides_of_the_rank():
    """Of three days one is as low as the event's: with it two of four are no higher."""
    assert events.rank_p(np.array([-1.0, 0.0, 1.0]), -1.0) == 2 * 2 / 4
    assert events.rank_p(np.array([-1.0, 0.0, 1.0]), 1.0) == 2 * 2 / 4
    assert events.rank_p(np.arange(9.0), -1.0) == 2 * 1 / 10


def test_price_points_are_watched_at_closes_unless_told():
    market = sd.Lognormal(450, 140, 0.32, 0.095, 0.25, 0.0, 0.0, 5.0, paths=64)
    prices = {closes: market.passages(np.array([1.5]), closes)[1] for closes in (True, False)}
    assert (market.passages(np.array([1.5]))[1] == prices[True]).all()
    assert (prices[True] > prices[False]).all() and np.allclose(prices[False], 675)


def test_a_price_without_a_rate_near_it_is_refused(monkeypatch):
    ev = evidence.open(S.as_of)
    old = ev.rate("jpy_per_eur")[:"2022-06-30"]
    monkeypatch.setattr(ev, "rate", lambda pair: old)
    with pytest.raises(ScenarioError, match="too old to stand for 2023-01-17"):
        answers.selldown(S, ev)


def test_a_premium_is_for_votes():
    silent = separation.Leg("anchor", 0.1, votes=0)
    voting = separation.Leg("anchor", 0.1, premium=0.05)
    made = separation.with_terms(separation.Structure("x", "ev", (silent, voting)), premium=0.2)
    assert [leg.premium for leg in made.legs] == [0.0, 0.2]


@pytest.mark.parametrize("kept, valued", [(0.511, True), (0.509, False)])
def test_a_value_a_share_needs_the_majority(kept, valued):
    """At the low value the same money buys more votes."""
    low = 1e9
    leg = separation.Leg("partner", amount=(1 - kept) * low, new=True)
    structure = separation.Structure("x", "ev", (leg,), majority=0.51)
    company = separation.Company("c", 10.0, 1e9, values={"ev": (low, 2e9, 3e9)})
    assert np.isfinite(separation.apply(structure, company).low) == valued


def test_before_porsches_premium_was_known_three_quarters_of_a_tenth_stand_in():
    """Nissan's independence at the premium on the value of the others' shares."""
    ev = evidence.open("2022-06-01")
    deal = {"ticket_eur": 6e8, "ev_value_eur": 5e9}  # neither was public on that day
    found = answers.separation(S.replace({"as_of": "2022-06-01", "separation": deal}), ev)
    close, fix = ev.close("nissan").iloc[-1], ev.rate("jpy_per_eur").iloc[-1]
    others = (4_220_715_112 - 1_831_837_027) * close / fix
    terms = found.frame("bargain_terms").set_index("term")
    assert terms.at["independence of Nissan", "value"] == pytest.approx(0.075 * others)


ENDS = {"volatility": (0.8, 1.2), "fx_volatility": (0.8, 1.2), "participation": (0.5, 2.0)}
ENDS |= {"buyback_budget_jpy": (0.5, 2.0), "horizon_years": (0.6, 1.4)}
ENDS |= dict.fromkeys(("impact", "fee", "block_discount"), (0.5, 1.5))
MOVES = {"correlation": 0.2, "drift": 0.05, "fx_drift": 0.02, "exchange_premium": 0.1}
MOVES |= {"exchange_spread": 0.01}


@pytest.mark.parametrize(
    "programme", ["block", "dribble", "price_points", "buyback", "windows", "exchangeable"]
)
def test_the_tornado_moves_one_input_at_a_time(programme):
    """Each end is what a scenario with that value says, and its lead that of the way named."""
    s = S.replace({"selldown": {"programme": programme, "paths": 256}})
    ev = evidence.open(s.as_of)
    tornado = answers.selldown(s, ev).frame("tornado")
    filled = live.selldown(s, ev).context["group"]

    key = f"selldown.{programme}.value_after_exit_eur_mean"

    def value(changes: dict) -> float:
        return live.selldown(s.replace({"selldown": changes}), ev)[key]

    assert set(tornado["input"]) == {name for name, *_ in TORNADO} - {"block_discount"}
    near = 0.005 * live.selldown(s, ev)["selldown.planned_value_eur"]
    first = [*sd.PROGRAMMES].index(programme) - 1
    for n, row in enumerate(tornado.itertuples()):
        base = getattr(filled, row.input)
        low, high = (base * f for f in ENDS.get(row.input, (1, 1)))
        move = MOVES.get(row.input, 0.0)
        assert (row.low_at, row.high_at) == pytest.approx((low - move, high + move))
        assert row.middle == pytest.approx(value({}), abs=1)
        for at, change, best, lead in (
            (row.low_at, row.low_change, row.low_best, row.low_lead),
            (row.high_at, row.high_change, row.high_best, row.high_lead),
        ):
            assert change == pytest.approx(value({row.input: at}) - row.middle, abs=2), row
            if n % 6 == first:  # each input once
                moved = answers.selldown(s.replace({"selldown": {row.input: at}}), ev)
                found = moved.frame("programmes").query("market == 'lognormal'")
                found = found.set_index("programme")["value_after_exit_eur_mean"]
                assert found[best] - found["hold"] == pytest.approx(lead, abs=3), row
                assert found[best] >= found.drop("hold").max() - near


@pytest.mark.parametrize("name", ["base", "latest"])
def test_at_the_even_drift_holding_is_worth_as_much(name):
    """By all paths at that drift, and for holding by the closed form of a fair game."""
    _, s = scenario.load(name)
    ev = evidence.open(s.as_of)
    a = answers.selldown(s, ev)
    even, years = a["selldown.even_extra_drift"], a.context["group"].horizon_years
    at = s.replace({"selldown": {"drift": a.context["group"].drift + even}})
    found = answers.selldown(at, ev).frame("programmes").query("market == 'lognormal'")
    values = found.set_index("programme")["value_after_exit_eur_mean"]
    planned = a["selldown.planned_value_eur"]
    assert values.drop("hold").max() == pytest.approx(values["hold"], abs=0.01 * planned)
    part = a["selldown.even_extra_drift_slices"]
    t = fill(s, ev).terms
    cheap = float(sd.slice_cost(t, t.planned, t.participation)) - t.fee
    slow = answers.selldown(s.replace({"selldown": {"block_discount": cheap}}), ev)
    assert 0 < part < even
    assert part == pytest.approx(slow["selldown.even_extra_drift"], abs=0.003)
    fall = a.context["group"].drift + a["selldown.even_extra_drift_block"]
    there = answers.selldown(s.replace({"selldown": {"drift": fall}}), ev).frame("programmes")
    there = there.query("market == 'lognormal'").set_index("programme")["value_after_exit_eur_mean"]
    assert there.drop("block").max() == pytest.approx(there["block"], abs=0.01 * planned)
    closed = planned * math.exp(even * years) * (1 - a["selldown.block_cost"])
    assert values["hold"] == pytest.approx(closed, rel=0.01)
    assert a.frame("drifts").set_index("extra_drift").loc[0.0].to_dict() == pytest.approx(
        {way: a[f"selldown.{way}.value_after_exit_eur_mean"] for way in values.index}, abs=1
    )


def test_an_even_drift_is_there_or_says_why():
    """A view in the scenario that holding is best asks for less; nothing to sell, for nothing."""

    def told(as_of="2023-01-17", **changes):
        s = S.replace({"as_of": as_of, "selldown": {"paths": 256} | changes})
        a = answers.selldown(s, evidence.open(s.as_of))
        return a.result("selldown.even_extra_drift"), tables.say(
            "moved alone", a, **tables.words(a)
        )

    for view in (0.0, 0.2):
        even, said = told(drift=view)
        text = said.text.replace("\xa0", " ")
        assert f"gains about {percent(even.value, sign=True)} a year beyond the " in text
        assert "% that the scenario assumes, where euros" in text
        assert ("to hold is better at" in said.text) == (view > 0)
        assert (even.value < 0) == (view > 0)
    none, said = told(as_of="2024-06-28", target_stake=0.43)
    assert none.value is None and "There is nothing to sell." in said.text


def test_the_tornado_stays_inside_the_schema():
    given = {"block_discount": 0.6, "horizon_years": 15, "correlation": 0.9, "paths": 64}
    s = S.replace({"selldown": given})
    tornado = answers.selldown(s, evidence.open(s.as_of)).frame("tornado").set_index("input")
    ends = tornado.loc[list(given)[:3], ["low_at", "high_at"]]
    assert ends.to_numpy() == pytest.approx(np.array([[0.3, 0.6], [9, 15], [0.7, 1]]))
    for row in tornado.itertuples():
        for end in (row.low_at, row.high_at):
            s.replace({"selldown": {row.Index: end}})


@pytest.mark.parametrize("market", ["lognormal", "history"])
def test_a_drift_view_is_of_the_headlined_market(market):
    """No extra drift is what the programme brings there."""
    s = S.replace({"selldown": {"market": market, "paths": 256}})
    a = answers.selldown(s, evidence.open(s.as_of))
    drifts = a.frame("drifts").set_index("extra_drift")["price_points"]
    mean = a["selldown.price_points.value_after_exit_eur_mean"]
    assert drifts.is_monotonic_increasing and drifts[0.0] == pytest.approx(mean)


def test_steep_drifts_reach_a_level_or_never_do():
    """Where a term of the closed form alone would overflow."""
    assert sampling.discounted_passage(1.0, 1e3, 5.0) == pytest.approx(1, abs=1e-12)
    assert sampling.discounted_passage(1.0, -1e3, 5.0) == pytest.approx(0, abs=1e-12)


def test_negative_cross_holdings_are_refused():
    names = ["a", "b"]
    held = pd.DataFrame([[0, -0.1], [0.2, 0]], names, names)
    with pytest.raises(ScenarioError):
        ownership.look_through(held, pd.Series([1.0, 1.0], names))


def test_a_window_runs_forward():
    asset = pd.Series(0.0, pd.bdate_range("2020-01-01", periods=400))
    with pytest.raises(ScenarioError):
        events.study(asset, asset, asset.index[350], (1, 0), 250)


def test_a_number_that_is_none_says_so():
    b = Builder("2-selldown", evidence.open("2023-01-17"))
    with b.section():
        b.put("selldown.stake_before", float("nan"))
    found = b.results["selldown.stake_before"]
    assert found.value is None and found.note == "not defined for these inputs"


def test_a_section_tells_what_was_not_known_and_what_was_read():
    b = Builder("2-selldown", evidence.open("2023-01-17"))
    with b.section("selldown.stake_before", "decline.car.{event}", event="x", short="X"):
        b.ev.shares("nissan")
        raise NotKnown("not public")
    for key in ("selldown.stake_before", "decline.car.x"):
        assert (b.results[key].value, b.results[key].note) == (None, "not public")
        assert [s["id"] for s in b.results[key].sources] == ["shares"]
    assert b.results["decline.car.x"].label.endswith(": X")
    with b.section():
        b.put("decline.stub_eur", 1.4, assumed=["guess"], day="2023-01-17")
        b.put("decline.stake_value_eur", 2.0)
    assert b.results["decline.stub_eur"].label.endswith("Nissan shares, 2023-01-17")
    assert b.results["decline.stake_value_eur"].label.endswith("market price")
    assert [s["kind"] for s in b.results["decline.stub_eur"].sources] == ["assumed"]


@pytest.mark.parametrize("peer, hint", [("nisan", None), ("topix", None), ("toyot", "toyota")])
def test_a_peer_is_a_car_maker_beside_nissan(peer, hint):
    s = S.replace({"decline": {"peers": [peer]}})
    with pytest.raises(ScenarioError, match="peers") as refused:
        answers.decline(s, evidence.open(s.as_of))
    named = "did you mean" in str(refused.value)
    assert named == (hint is not None) and (hint or "") in str(refused.value)


def test_without_renault_there_is_no_bargain():
    s = S.replace({"separation": {"companies": ["ford", "gm"], "company": "ford"}})
    a = answers.separation(s, evidence.open(s.as_of))
    assert a.result("bargain.renault_gain_eur").note == "Renault is not compared as of 2023-01-17"


def test_without_a_plan_no_part_of_it_is_paid(monkeypatch):
    """Before any plan of a maker's was public: no coverage, not a division by nothing."""
    s = S.replace({"as_of": "2021-03-01", "separation": {"companies": ["renault", "ford"]}})
    found = answers.separation(s, evidence.open(s.as_of)).result(
        "separation.carve_out.renault.ev_plan_coverage"
    )
    assert found.value is None and found.note


# --- what mutants of a new seed were let through by ---------------------------------------------


def test_firms_may_hold_more_of_each_other_than_one_whole_firm_in_all():
    """No firm is held wholly: six tenths of one and five of the other can be looked through."""
    held = pd.DataFrame([[0.0, 0.6], [0.5, 0.0]], ["a", "b"], ["a", "b"])
    found = ownership.look_through(held, pd.Series({"a": 10.0, "b": 10.0}))
    assert np.isfinite(found.to_numpy(float)).all()


def test_a_window_ends_after_it_begins():
    days = pd.bdate_range("2020-01-01", periods=300)
    flat = pd.Series(np.arange(300) % 7 / 100, days, name="x")
    with pytest.raises(ScenarioError, match=r"window \(1, 0\)"):
        events.study(flat, flat, days[280], (1, 0), 100)


def test_the_roll_needs_the_third_sale():
    s = scenario.Scenario().replace({"as_of": "2024-05-01", "selldown": {"paths": 2}})
    a = answers_of("2-selldown", s)
    assert len(a.frame("disclosed_sales")) == 2 and a.frame("roll").empty


def test_shares_are_in_a_trust_once_the_agreement_is_in_force():
    early, late = (answers_of("2-selldown", scenario_of(n)) for n in ("base", "latest"))
    assert early.context["crossed"]["trust"] is None and late.context["crossed"]["trust"] > 0


def test_a_value_given_for_another_maker_names_none_of_renaults():
    """On a day on which nobody had named one."""
    groups = {"as_of": "2022-06-01", "selldown": {"paths": 2}, "separation": {"company": "ford"}}
    groups["separation"]["ev_value_eur"] = 9e9
    a = answers_of("0-briefing", scenario.Scenario().replace(groups))
    assert pd.isna(a.frame("nav").set_index("part").at["Ampere", "now"])


def test_a_way_that_is_nearly_the_best_misled_nobody(monkeypatch):
    def said():
        s = scenario_of("base")
        return outcomes._said(evidence_of("2023-01-17").after(s.as_of.replace(year=2026)), s)

    assert said()[0].misled  # buy-back was said to be the best, and the dribble was
    monkeypatch.setattr(programme, "ALIKE", 0.3)
    assert not said()[0].misled and not said()[2].misled
