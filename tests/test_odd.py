"""Sentences hold for scenarios that nobody ships: odd days, views, costs and values."""

from __future__ import annotations

import re

import numpy as np
import pytest

from alliance import answers, charts, evidence, scenario, tables
from alliance.answers.selldown import in_slices
from tests.looks import answers_of

S = scenario.Scenario()
ALL = {"paths": S.selldown.paths}


def told(chapter, as_of="2023-01-17", **groups):
    """A chapter's answers at the base with changes, few paths where not said otherwise."""
    groups = {"selldown": {"paths": 1024} | groups.pop("selldown", {})} | groups
    s = S.replace({"as_of": as_of} | groups)
    return getattr(answers, chapter)(s, evidence.open(s.as_of))


def verdict(number, *given, **groups):
    """One of the three verdicts as text, spaces plain."""
    text = tables.verdicts(told("briefing", *given, **groups)).text
    return text.replace("\N{NO-BREAK SPACE}", " ").splitlines()[number]


def plain(out):
    return out.text.replace("\N{NO-BREAK SPACE}", " ")


# --- the sale -----------------------------------------------------------------------------------


def test_a_free_block_is_never_said_to_bring_less_in_a_fair_game():
    for selldown in ({"volatility": 0.8}, {"buyback_budget_jpy": 5e9}):
        said = verdict(1, selldown=selldown | ALL)
        assert "at no cost" not in said and "believe that a block now costs less than" in said


def test_what_rests_on_nissans_buying_says_so_whoever_is_best():
    said = verdict(1, "2023-07-31", selldown=ALL)
    assert "windows" not in said and "a block now costs less than 3.9 % (the rule" in said
    assert "3.9 % without Nissan's buying" in verdict(1, selldown=ALL)
    assert "Nissan's buying" not in verdict(1, selldown={"drift": 0.2})  # no cost below zero


def test_to_hold_is_as_good_or_needs_a_view_but_never_both():
    free = {"fee": 0.0, "impact": 0.0, "min_discount": 0.0, "permanent_impact": 0.0}
    for selldown in (free, {"horizon_years": 0.02}):
        said = verdict(1, selldown=selldown | ALL)
        assert "as much as to hold" in said and "Hold" not in said
    a = told("selldown", selldown={"horizon_years": 0.02})
    note = a.result("selldown.even_extra_drift").note
    assert note == "“hold” is worth as much as the best way"


def test_the_worst_twentieth_is_feared_only_if_no_way_as_good_avoids_it():
    said = verdict(1, selldown={"buyback_budget_jpy": 2e12, "rest": "market"} | ALL)
    assert "buy-back and windows" in said.replace("windows and buy-back", "buy-back and windows")
    assert "bear that worst" not in said
    both = told("selldown", selldown={"buyback_budget_jpy": 2e12, "rest": "market"})
    assert "come to the same" not in plain(tables.alike(both))


def test_ends_that_print_alike_are_said_once():
    assert "0 % to 0 %" not in verdict(1, selldown={"horizon_years": 0.5, "paths": 4096})


def test_a_block_that_is_best_is_called_best():
    said = verdict(1, selldown={"drift": -0.3})
    assert "To sell at once is best on average" in said and "Best way to sell" in said


@pytest.mark.parametrize("drift", [0.3, 1.0])
def test_the_even_drift_holds_far_from_the_scenario(drift):
    a = told("selldown", selldown={"drift": drift, "paths": 8192})
    even = drift + a["selldown.even_extra_drift"]
    assert even == pytest.approx(0.10, abs=0.01)  # 0.013 is fair, and some nine points more
    there = told("selldown", selldown={"drift": even, "paths": 8192}).frame("programmes")
    there = there.query("market == 'lognormal'").set_index("programme")
    values = there["value_after_exit_eur_mean"]
    assert values.drop("hold").max() == pytest.approx(values["hold"], rel=0.02)


def test_a_view_on_the_yen_alone_leaves_the_price_fair():
    assert "than is fair" in verdict(1, selldown={"fx_drift": 0.05})


def test_where_nothing_is_to_be_sold_no_move_is_counted():
    a = told("selldown", "2024-06-28", selldown={"target_stake": 0.43})
    said = plain(tables.say("moved alone", a, **tables.words(a)))
    assert said == "There is nothing to sell."


def test_each_yardstick_names_its_own_first_way():
    a = told("selldown", selldown=ALL)
    middle = a.frame("distribution").query("market == 'lognormal'").set_index("programme")["q50"]
    tails = a.frame("programmes").query("market == 'lognormal'").set_index("programme")
    tails = tails["value_after_exit_eur_cvar05"].drop("hold")
    said = plain(tables.say("yardsticks", a, **tables.words(a)))
    median = middle.drop("hold").idxmax().replace("_", " ")
    assert said.startswith("Of the ways to sell “windows” comes first by the mean")
    assert f"“{median}” by the median" in said and f"“{tails.idxmax()}” by the worst" in said
    bold = told("selldown", selldown={"drift": 0.2})
    said = plain(tables.say("yardsticks", bold, **tables.words(bold)))
    assert said.endswith("by the worst twentieth, and to hold is better by the mean.")
    fall = told("selldown", selldown={"drift": -0.2})
    said = plain(tables.say("yardsticks", fall, **tables.words(fall)))
    assert "“block” comes first by the mean, the median and the worst twentieth." in said
    none = told("selldown", "2024-11-12", selldown={"target_stake": 0.36})
    for name in ("yardsticks", "book loss"):
        assert plain(tables.say(name, none, **tables.words(none))) == "There is nothing to sell."


def test_a_gain_on_the_books_is_not_called_a_loss():
    low = told("selldown", selldown={"carrying_eur_per_share": 0.5})
    said = plain(tables.say("book loss", low, **tables.words(low)))
    assert "as the scenario assumes" in said and "“block” a gain of EUR 2." in said
    said = plain(tables.say("book loss", a := told("selldown"), **tables.words(a)))
    assert "“block” a loss of EUR 8.3bn" in said and "−" not in said


def test_an_idle_buy_back_hides_no_drift():
    """With no budget buying is holding: the drift is that against the ways that sell."""
    a = told("selldown", selldown={"buyback_budget_jpy": 0})
    assert 0.05 < a["selldown.even_extra_drift"] < 0.2
    assert abs(a["selldown.even_extra_drift_slices"]) < 0.01


def test_what_is_left_in_slices_is_worth_more_than_at_once_and_less_than_at_the_close():
    a = told("selldown")
    frame = a.frame("programmes").query("market == 'lognormal'")
    slow = in_slices(a, frame)
    left = frame["wealth_eur_mean"] > frame["value_after_exit_eur_mean"] + 1
    assert (slow[left] > frame["value_after_exit_eur_mean"][left]).all() and left.any()
    assert (slow <= frame["wealth_eur_mean"] + 1).all()


def test_the_value_of_a_planned_car_names_whose_car_was_valued():
    for day, whose in (("2023-01-17", "GM's"), ("2026-06-30", "Ampere's")):
        a = told("separation", day, separation={"planned_evs": 2e6})
        assert f"a planned car, as was said of {whose}" in plain(tables.deal(a))


def test_one_day_of_closes_has_no_hours():
    a = told("decline", "2023-01-17", decline={"since": "2023-01-16"})
    for narrow in (False, True):
        fig = charts.rebased(a).figure(narrow)
        fig.canvas.draw()
        assert not any(":" in label.get_text() for label in fig.axes[0].get_xticklabels())


@pytest.mark.parametrize("day, earned", [
    ("2023-01-17", "earnings a share (JPY 55.1 in the year to 2022-03-31) changes by +35.2 %"),
    ("2026-06-30", "loss a share (JPY −152.6 in the year to 2026-03-31; plus is a larger loss) "
                   "changes by +23.1 %"),
])  # fmt: skip
def test_a_loss_a_share_is_not_called_earnings(day, earned):
    a = told("selldown", day)
    assert earned in plain(tables.say("buy-back", a, **tables.words(a)))


def test_what_nissan_could_pay_is_said_as_far_as_it_was_public():
    a = told("selldown", "2018-03-01", decline={"since": "2017-06-01"})
    said = plain(tables.say("purse", a, **tables.words(a)))
    assert said.startswith(
        "Nissan's car business had net cash of JPY 1,311bn on 2017-12-31. No free"
    )
    poor = told("selldown", selldown={"buyback_budget_jpy": 0})
    said = plain(tables.say("purse", poor, **tables.words(poor)))
    assert "a year's budget is 0 % of it" in said and "taken to pay" not in said
    said = plain(tables.say("purse", a := told("selldown"), **tables.words(a)))
    assert "“dribble” is as good if it pays " in said
    early = told("selldown", "2017-10-02", decline={"since": "2017-03-01"})
    said = plain(tables.say("purse", early, **tables.words(early)))
    assert said.startswith("No net cash of Nissan's was public on 2017-10-02. No free cash flow")


def test_bonds_that_may_become_shares_are_told_once_public():
    late = told("selldown", "2026-06-30", selldown={"spot_jpy": 496.5})
    said = plain(tables.routes(late))
    assert "503.5m more shares at JPY 397.2 each, 20 % below the price assumed" in said
    assert "the stake would be 31.45 %" in said and "selling 75.5m shares fewer" in said
    said = plain(tables.routes(told("selldown", "2026-06-30", selldown={"spot_jpy": 397.2})))
    assert "JPY 397.2 each, at the price assumed" in said
    none = plain(tables.routes(told("selldown", "2026-06-30", selldown={"target_stake": 0.43})))
    assert "with nothing sold. Nothing else" in none
    near = plain(tables.routes(told("selldown", "2026-06-30", selldown={"target_stake": 0.32})))
    assert "with nothing sold, and the target be reached. Nothing" in near
    early = told("selldown", "2025-11-09")
    assert "convertible" not in plain(tables.routes(early))
    assert early["ownership.stake_if_converted"] is None


def test_days_of_news_stand_beside_as_many_random_days():
    """The bracket is the sum's by drawing, but for its tails; none where there are few days."""
    a = told("decline")
    said = plain(tables.fall(a))
    low, high = map(
        float, re.search(r"bring (\S+) to (\S+) by the normal", said.replace("−", "-")).groups()
    )
    kind, own = a.frame("moves")["kind"], a.frame("parts_daily")["company"]
    own, days = own.reindex(kind.index).to_numpy(), int((kind == "results").sum())
    rng = np.random.default_rng(5)
    drawn = [rng.choice(own, days, replace=False).sum() for _ in range(5000)]
    assert np.quantile(drawn, [0.025, 0.975]) == pytest.approx([low, high], abs=0.02)
    words = tables.words(a)
    days = a.frame("events").query("kind in ('other', 'forecast')")["day"]
    squares = a.frame("moves").query("kind == 'neither'")["abnormal"] ** 2
    part = squares[squares.index.isin(days)].sum() / (a.frame("moves")["abnormal"] ** 2).sum()
    assert words["also"] == f", {100 * part:.1f} % on days of other dated events"
    short = told("decline", decline={"since": "2023-01-16"})
    assert "random" not in plain(tables.fall(short)) and "not available" not in plain(
        tables.fall(short)
    )


def test_the_test_is_counted_on_real_days_by_year():
    a = told("decline")
    frame = a.frame("moves").query("kind == 'neither'")
    t = frame["t"][frame.index.year == 2020].abs()
    assert f"2020  {len(t)}   {100 * (t > 1.9696).mean():.1f} %" in plain(tables.quiet_days(a))


def test_ranges_follow_a_scenario_beyond_its_controls():
    a = told(
        "separation",
        separation={
            "fee_rate": 0.1,
            "structures": ["segments", "integrated"],
            "structure": "segments",
        },
    )
    said = plain(tables.say("ranges", a, **tables.words(a)))
    assert "(fee rate 0 % to 10 %, offer discount 0 % to 15 %" in said
    assert "a share gains in 0 % of draws at most; if" in said


def test_hardly_any_change_is_told_to_a_tenth():
    s = S.replace({"as_of": "2018-03-01", "decline": {"since": "2017-06-01"}})
    said = plain(tables.verdicts(answers_of("0-briefing", s)))
    assert re.search(r"Nissan rose 0\.[1-4] % in euros", said)


def test_rough_draws_say_so():
    wild = told("selldown", selldown={"volatility": 2.0})
    assert "These means are rough" in plain(tables.alike(wild))
    assert "rough" not in plain(tables.alike(told("selldown")))


def test_a_bargain_that_leaves_nothing_says_so_and_divides_nothing():
    nothing = {"independence_worth_eur": 0.0, "control_worth_eur": 0.0}
    said = plain(tables.bargain(told("separation", separation=nothing)))
    assert "Together they lose EUR 0.1" in said and "splits" not in said
    rich = plain(tables.bargain(told("separation", separation={"control_worth_eur": 0.0})))
    assert "splits the gain equally" in rich
    none = {"control_worth_eur": 0.0, "ticket_eur": 0.0}
    said = plain(tables.bargain(told("separation", separation=none)))
    assert "No value agreed splits it equally: the ticket is too small" in said
    assert "and no ticket, with" in said


# --- the fall -----------------------------------------------------------------------------------


def test_shares_that_went_before_their_money_was_public_are_told():
    millions = {"2024-03-29": 99, "2023-12-14": 211, "2024-09-30": 195}
    for day, number in millions.items():
        a = told("decline", day)
        words = f"(the money for {number}m shares sold last was not public)"
        assert words in plain(tables.say("cost to Renault", a, **tables.words(a))), day
    assert "(the money for 99m shares sold last" in verdict(0, "2024-03-29")
    for day in ("2023-12-15", "2024-04-03", "2026-06-30"):
        assert told("decline", day).context["unpaid"] == ""


def test_a_day_after_renaults_last_price_is_not_taken_for_it():
    a = told("briefing", "2026-08-14")
    said = plain(tables.verdicts(a)).splitlines()[0]
    assert "to 2026-08-14" in said and "bn as of 2026-06-30 after" in said
    assert "as of 2026-06-30," in plain(tables.renault_parts(a))
    assert "as of 2026-06-30" in charts.parts_of_renault(a).alt
    assert "as of 20" not in verdict(0)
    assert (
        "up to 2026-06-30 only"
        in told("hindsight", "2026-08-14").result("hindsight.best_against_disclosed_eur").note
    )


def test_a_part_far_above_the_whole_is_no_part_of_it():
    said = verdict(0, "2018-06-29")
    assert "more than all of the rise, as another part is, if" in said


# --- the EV unit ----------------------------------------------------------------------------------


def test_none_is_said_by_what_it_means():
    more = charts.breakeven(told("separation", separation={"float_fraction": 0.0})).title
    assert "new shares more than any" in more
    given = {"holding_discount": 0.6, "conglomerate_discount": 0.9}
    assert "existing ones any" in charts.breakeven(told("separation", separation=given)).title


def test_costs_above_the_cash_pay_nothing_of_a_plan():
    given = {"oneoff_cost_eur": 5e9}
    assert "which leaves nothing for its EV plan" in verdict(2, separation=given)
    said = plain(tables.deal(told("separation", separation=given)))
    assert "That leaves nothing for its EV plan" in said and "pays" not in said
    late = plain(tables.deal(told("separation", "2024-06-28", separation=given)))
    assert "left nothing for its EV plan" in late


def test_a_range_begins_where_it_is_cited_only_there():
    for discount, cited in ((0.25, True), (0.0, False), (0.4, False)):
        a = told("separation", separation={"holding_discount": discount})
        said = plain(tables.say("ranges", a, **tables.words(a)))
        assert ("where what is cited of listed holdings begins" in said) == cited


def test_a_ticket_buys_no_more_than_all_of_the_unit():
    a = told("separation", separation={"ticket_eur": 6e9})
    assert a["bargain.renault_gain_eur"] is None
    assert "is above the value agreed" in a.result("bargain.renault_gain_eur").note
    costly = told("separation", separation={"ip_cost_eur": 1e11})
    assert costly["bargain.equal_split_value_eur"] is None


def test_who_gains_nothing_at_the_markets_price_does_not_lose_there():
    given = dict.fromkeys(("overhang_relief", "europe_benefit_eur", "voting_premium"), 0.0)
    a = told("separation", separation=given | {"ticket_eur": 1.0})
    points = a.frame("bargain_points").set_index("point")
    said = plain(tables.bargain(a))
    lost = points.at["sold at market", "renault"] < 0
    assert ("they lose at the market's price too" in said) == lost and "  " not in said
