"""Chapter 5: replays at the real prices, forecasts graded, and what looks past the day."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alliance import answers, charts, evidence, grading, returns, tables
from alliance import selldown as sd
from alliance.answers import outcomes, replay
from alliance.answers.results import Builder
from alliance.evidence import DATA, Package
from alliance.format import in_words
from tests.looks import answers_of, evidence_of, scenario_of

NOTHING = pd.Series(dtype=float, index=pd.DatetimeIndex([]))
S = scenario_of("base")
LAST = dt.date(2026, 6, 30)
KEYS = ("cash_eur", "dividends_eur", "rest_eur", "value_eur", "value_after_exit_eur")


def later():
    return evidence_of("2023-01-17").after(LAST)


def market(prices, rates=None, start="2020-01-01"):
    """Prices a day each, and rates (1 by default)."""
    days = pd.date_range(start, periods=len(prices), name="date")
    rates = np.ones(len(prices)) if rates is None else rates
    return sd.Realised(pd.Series(prices, days, dtype=float), pd.Series(rates, days, dtype=float))


TERMS = sd.Terms(
    held=500.0, issued=1000.0, target=0.1, adv=50.0, daily_volatility=0.02, fee=0.0, impact=0.0,
    min_discount=0.1,
)  # fmt: skip


# --- replays ------------------------------------------------------------------------------------


def test_the_last_day_is_that_of_the_latest_scenario():
    assert replay.last_day(evidence_of("2018-06-01")) == LAST == scenario_of("latest").as_of


def test_price_points_are_sold_at_the_first_close_at_or_above_each():
    path = market([100, 109, 111, 90, 125, 119, 130], rates=[1, 1, 2, 1, 1, 1, 1])
    made = sd.price_points(replace(TERMS, multiples=(1.1, 1.2, 1.5)), path)
    assert made.time[:2, 0] * 365.25 == pytest.approx([2, 4])
    assert made.time[2, 0] == np.inf and made.shares[:, 0].tolist() == pytest.approx(
        [400 / 3] * 2 + [0]
    )
    expected = 400 / 3 * 0.9 * (111 / 2 + 125)
    assert made.proceeds[0] == pytest.approx(expected)
    left = 400 / 3 * 130
    assert made.after_exit[0] == pytest.approx(expected + 0.9 * left)


def test_dividends_go_to_the_shares_held_on_the_eve():
    path = market([100.0] * 10)
    amounts = pd.Series([1.0, 2.0], pd.to_datetime(["2020-01-03", "2020-01-08"]))
    assert path.paid(sd.hold(TERMS, path), amounts).paid[0] == pytest.approx(400 * 3.0)
    assert path.paid(sd.block(TERMS, path), amounts).paid[0] == 0.0
    made = sd.price_points(replace(TERMS, multiples=(1.1, 1.2)), market([100] * 5 + [115] * 5))
    assert path.paid(made, amounts).paid[0] == pytest.approx(400 * 1.0 + 200 * 2.0)


@pytest.mark.parametrize("name", sd.PROGRAMMES)
def test_the_parts_of_a_difference_add_up(name):
    rng = np.random.default_rng(3)
    steps = rng.normal(0, 0.02, (2, 900))
    path = market(*(100 * np.exp(np.cumsum(row)) for row in steps))
    terms = replace(TERMS, fee=0.01, multiples=(1.05, 1.1, 3.0), budget=2000.0, lot=50.0)
    made = path.paid(
        sd.PROGRAMMES[name](terms, path), pd.Series(dtype=float, index=pd.DatetimeIndex([]))
    )
    kept = (terms.planned * path.prices.iloc[-1] / path.rates.iloc[-1]).item()
    parts = sd.gains(made)
    assert kept + sum(parts.values()) == pytest.approx(made.after_exit[0])


def test_what_a_bond_in_yen_gains_by_the_yen_stands_under_the_yen():
    rates = np.ones(731), np.linspace(1, 1.25, 731)
    made = [sd.exchangeable(replace(TERMS, premium=0.3), market(np.full(731, 100.0), r), 5.0)
            for r in rates]  # fmt: skip
    still, fallen = map(sd.gains, made)
    assert still["rate"] == pytest.approx(0, abs=1e-9)
    assert fallen["rate"] == pytest.approx(made[1].received[0, 0] * (1 - 1 / 1.25))
    assert fallen["cost"] == pytest.approx(still["cost"] / 1.25)


def test_a_bond_that_runs_on_is_bought_back_at_its_value():
    path = market(np.linspace(100, 120, 731))
    long = sd.exchangeable(replace(TERMS, premium=0.3), path, 5.0)
    assert long.time[1, 0] == pytest.approx(path.horizon) and long.shares.sum() == 0
    owed = sd.programmes.bond_value(TERMS, 120.0, 130.0, 5.0 - path.horizon)
    assert long.received[1, 0] == pytest.approx(-400 * owed)
    over = sd.exchangeable(replace(TERMS, premium=0.1), market(np.linspace(100, 120, 731)), 1.9)
    assert over.shares[1, 0] == pytest.approx(400)  # 118 at the end of the bond, above 110


@pytest.mark.parametrize("name", [*sd.PROGRAMMES, replay.DONE])
def test_a_replay_uses_nothing_from_after_each_step(name):
    """Prices, rates and sales after a day changed: every step up to the day stays as it was."""
    cut = pd.Timestamp("2024-02-01")
    changed = Package(DATA)
    frames = {t: changed.read(t).copy() for t in ("prices-nissan", "rates-jpy-per-eur", "tranches")}
    for table, column in (("prices-nissan", "close"), ("rates-jpy-per-eur", "jpy_per_eur")):
        after = frames[table]["date"] > cut
        frames[table][column] = frames[table][column].where(~after, frames[table][column] * 1.7)
    after = frames["tranches"]["announced"] > cut
    frames["tranches"].loc[after, "shares"] //= 2
    changed.__dict__["_read"].update(frames)
    other = evidence.Evidence(changed, LAST)
    clean, moved = (replay._steps(replay.replay(S, ev, S.as_of)[name]) for ev in (later(), other))
    spare = pd.Timedelta(days=61 if name == "dribble" else 0)  # two months a row
    clean, moved = (f[f["date"] < cut - spare] for f in (clean, moved))
    assert len(clean) or name in ("hold", "price_points")
    pd.testing.assert_frame_equal(clean, moved)


def test_replays_of_the_base_against_plain_arithmetic():
    a, ev = answers_of("5-hindsight", S), later()
    close, fix = ev.close("nissan"), ev.rate("jpy_per_eur")
    planned = 1_831_837_027 - 0.15 * 4_220_715_112
    end = close[pd.Timestamp(LAST)] / returns.as_known(fix, close.index)[pd.Timestamp(LAST)]
    assert a["hindsight.replay.hold.rest_eur"] == pytest.approx(planned * end, abs=2)
    paid = ev.rows("dividends", lambda f: f["ex_date"] > pd.Timestamp(S.as_of), company="nissan")
    per = sum(r.amount / fix[: r.ex_date].iloc[-1] for r in paid.itertuples())
    assert a["hindsight.replay.hold.dividends_eur"] == pytest.approx(planned * per, abs=2)
    assert a["hindsight.replay.disclosed.cash_eur"] == 764e6 + 358e6 + 494e6
    sold = 211_000_000 + 99_132_100 + 195_473_600
    rest = (planned - sold) * end
    assert a["hindsight.replay.disclosed.rest_eur"] == pytest.approx(rest, abs=2)
    block = planned * 423.4 / fix[:"2023-01-17"].iloc[-1]
    cost = answers_of("2-selldown", S)["selldown.block_cost"]
    assert a["hindsight.replay.block.cash_eur"] == pytest.approx(block * (1 - cost), rel=1e-9)
    held = 1_831_837_027 - sold
    assert round(held / ev.shares("nissan").iloc[-1], 4) == 0.3571
    for name in (*sd.PROGRAMMES, replay.DONE):
        cash, dividends, rest, value, after = (a[f"hindsight.replay.{name}.{k}"] for k in KEYS)
        assert value == pytest.approx(cash + dividends + rest, abs=2) and after <= value + 1


def test_four_price_points_of_six_are_reached_and_none_after_november_2023():
    steps = replay._steps(replay.replay(S, later(), S.as_of)["price_points"])
    assert len(steps) == 4 and steps["date"].max() < pd.Timestamp("2023-08-01")
    then = replay.replay(S, later(), dt.date(2023, 11, 8))
    assert replay._steps(then["price_points"]).empty


def test_the_parts_against_what_was_done_add_up_in_every_row():
    frame = answers_of("5-hindsight", S).frame("replay")
    done = frame[frame["programme"] == "disclosed"].set_index("start")["value_after_exit"]
    gain = frame.filter(like="by_").sum(axis=1)
    assert np.allclose(frame["value_after_exit"] - frame["start"].map(done), gain, atol=1)


def test_how_many_ways_would_have_beaten_it_is_said_of_every_start():
    """Armed when the agreement took effect, price points sell nothing and most ways lose."""
    a = answers_of("5-hindsight", S)
    after = a.frame("replay").pivot(index="start", columns="programme", values="value_after_exit")
    said = tables.hindsight(a).text
    for start, row in after.iterrows():
        rest = row.drop("disclosed")
        ahead = int((rest > row["disclosed"]).sum())
        assert f"{ahead} from {start.date()} ({in_words(rest.idxmax())} most)" in said
    last = after.loc[pd.Timestamp("2023-11-08")]
    assert last["price_points"] == last["hold"] and (last > last["disclosed"]).sum() < 4


def test_where_nothing_beats_what_was_done_the_page_says_so():
    a = answers_of("5-hindsight", S)
    frame, key = a.frame("replay"), "hindsight.best_against_disclosed_eur"
    done = (frame["programme"] == "disclosed") & (frame["start"] == pd.Timestamp(S.as_of))
    frame.loc[done, "value_after_exit"] = 9e9
    found = dict(a.results) | {key: replace(a.result(key), value=-1e9)}
    other = replace(a, frames=dict(a.frames) | {"replay": frame}, results=found)
    said = tables.hindsight(other).text
    assert "nothing would have brought more than what Renault did" in said
    assert "would have brought most" not in said and "0 from 2023-01-17 (" in said
    best = a["hindsight.best_programme"]
    assert f", {best} would have brought" in charts.replayed(other).title


def test_from_the_last_day_there_is_nothing_to_replay_and_the_page_says_so():
    a = answers_of("5-hindsight", scenario_of("latest"))
    assert (
        a["hindsight.best_programme"] is None
        and "all prices up to" in a.result("hindsight.replay.hold.cash_eur").note
    )
    assert str(LAST) not in set(a.frame("replay")["start"].astype(str))
    said = (
        "From 2026-06-30 there is nothing to replay: the evidence has all prices up to 2026-06-30"
    )
    assert tables.hindsight(a).text.startswith(said)


# --- grades -------------------------------------------------------------------------------------


def test_grading_by_hand():
    assert grading.inside([1, 2, 3.1], [1, 1, 1], [3, 3, 3]).tolist() == [1, 1, 0]
    assert grading.brier([1.0, 0.0, 0.3], [0, 0, 1]).tolist() == pytest.approx([1, 0, 0.49])
    mean, low, high = grading.interval(np.tile([0.0, 1.0], 200), 1, 1)
    assert (
        mean == 0.5
        and low == pytest.approx(0.45, abs=0.02)
        and high == pytest.approx(0.55, abs=0.02)
    )


def test_a_calibrated_forecaster_covers_and_a_too_sure_one_does_not():
    rng = np.random.default_rng(1)
    outcome, edge = rng.normal(size=4000), stats.norm.ppf(0.95)
    for spread, right in ((1.0, True), (0.5, False)):
        held = grading.inside(outcome, -edge * spread, edge * spread)
        _, low, high = grading.interval(held, 1, 1)
        assert (low <= 0.9 <= high) == right


def test_true_chances_score_best():
    rng = np.random.default_rng(2)
    true = rng.uniform(size=20_000)
    happened = rng.uniform(size=20_000) < true
    best = grading.brier(true, happened).mean()
    assert best == pytest.approx((true * (1 - true)).mean(), abs=0.005)
    for worse in (np.sqrt(true), true**2, np.full(20_000, 0.5)):
        assert grading.brier(worse, happened).mean() > best + 0.005


def test_overlap_widens_the_interval():
    rng = np.random.default_rng(5)
    scores = (np.convolve(rng.normal(size=1025), np.ones(26), "valid") > 0).astype(float)
    narrow, wide = (np.subtract(*grading.interval(scores, block, 1)[:0:-1]) for block in (1, 26))
    assert wide > 2 * narrow


def test_at_least_a_hundred_days_are_graded_and_each_uses_its_past_alone():
    a = answers_of("5-hindsight", S)
    bands, points = a.frame("bands"), a.frame("points")
    assert len(bands) >= 100 and bands["start"].min() >= pd.Timestamp("2018-01-01")
    close = later().close("nissan")
    for row in bands.iloc[::40].itertuples():
        end = close[: row.start + pd.Timedelta(days=365)].iloc[-1]
        assert row.outcome == pytest.approx(end / close[row.start])
        year = close[row.start + pd.Timedelta(days=1) : row.start + pd.Timedelta(days=365)]
        hit = points[points["start"] == row.start].set_index("multiple")["hit"]
        assert (hit == (year.max() >= hit.index * close[row.start])).all()
    held = grading.inside(bands["outcome"], bands["model_low_90"], bands["model_high_90"])
    assert a["hindsight.coverage_90"] == pytest.approx(held.mean())
    assert a["hindsight.coverage_50"] <= a["hindsight.coverage_90"]


def test_sales_are_forecast_with_what_the_eve_knew():
    a = answers_of("5-hindsight", S)
    close, fix = later().close("nissan"), later().rate("jpy_per_eur")
    for n, day, shares, cash, dividend in (
        (1, "2023-12-12", 211_000_000, 764e6, 0),
        (2, "2024-03-27", 99_132_100, 358e6, 10),  # ex-day on the day after
        (3, "2024-09-26", 195_473_600, 494e6, 5),
    ):
        eve = pd.Timestamp(day) - pd.Timedelta(days=1)
        guess = shares * (close[:eve].iloc[-1] - dividend) / fix[:eve].iloc[-1]
        assert a[f"hindsight.tranche.{n}.cash_error"] == pytest.approx(guess / cash - 1, abs=1e-9)
        assert abs(a[f"hindsight.tranche.{n}.stake_error"]) < 1e-4


def test_a_naive_rule_that_wins_is_said_to_win():
    a = answers_of("5-hindsight", S)
    frame = a.frame("brier")
    assert "naive rule wins" not in tables.hindsight(a).text
    frame.loc[frame["rule"] == "history", ["score", "worse_low", "worse_high"]] = 0.01, -0.2, -0.1
    other = replace(a, frames=dict(a.frames) | {"brier": frame})
    assert "so that the naive rule wins" in tables.hindsight(other).text


def test_statements_say_whether_they_would_have_misled():
    frame = answers_of("5-hindsight", S).frame("statements")
    raised = frame[frame["chapter"] == "3-separation"].iloc[0]
    assert raised["came"] == 0 and raised["misled"]
    best = frame.iloc[0]
    real = answers_of("5-hindsight", S).frame("replay")
    real = real[real["start"] == pd.Timestamp(S.as_of)]
    most = real[real["programme"] != "disclosed"]["value_after_exit"].max()
    assert best["misled"] == (best["came"] < most)
    assert f"EUR {most / 1e9:.2f}bn" in best["by"]  # and by what it is judged
    first = tables.hindsight(answers_of("5-hindsight", S)).text
    said = "What chapter 2 put first on that day (best way to sell: windows) was to bring"
    assert first.startswith(f"{said} EUR\xa03.56bn in 5 years")
    assert f"had come to EUR\xa0{best['came'] / 1e9:.2f}bn" in first


def test_statements_of_other_days_are_those_of_their_chapters():
    """With the programmes as chapter 2 has them on that day, and what came from that day on."""
    a = answers_of("5-hindsight", S)
    frame, real = a.frame("statements"), a.frame("replay").set_index(["start", "programme"])
    days = list(frame["day"].unique())
    assert days[0] == pd.Timestamp(S.as_of) and set(days) == set(real.index.levels[0])
    other = S.replace({"as_of": str(days[1].date())})
    then = answers.CHAPTERS["2-selldown"](other, evidence_of(str(other.as_of)))
    frame = frame[(frame["day"] == days[1]) & (frame["chapter"] == "2-selldown")]
    word = S.selldown.programme
    mean = {name: then[f"selldown.{name}.value_after_exit_eur_mean"] for name in (word, "block")}
    worst, gain = frame["number"].iloc[1:]
    assert worst == pytest.approx(then[f"selldown.{word}.value_after_exit_eur_cvar05"], abs=1)
    assert gain == pytest.approx(mean[word] - mean["block"], abs=2)
    came = real.loc[days[1]]["value_after_exit"]
    assert frame["came"].iloc[1] == pytest.approx(came[word])
    assert frame["misled"].iloc[0] == (frame["came"].iloc[0] < came.drop("disclosed").max())


def test_a_statement_is_graded_by_its_own_horizon():
    """What came after a horizon of three months makes no statement about them wrong."""
    own = {"horizon_years": 0.25, "price_points": [1.35]}
    s = S.replace({"selldown": own})
    a = answers_of("5-hindsight", s)
    frame = a.frame("statements")
    today = frame[(frame["day"] == pd.Timestamp(S.as_of)) & (frame["chapter"] == "2-selldown")]
    price = evidence_of("2026-06-30").close("nissan")[str(S.as_of) :]
    assert price[:"2023-04-18"].max() < 1.35 * price.iloc[0] < price.max()
    assert today["came"].iloc[1] == pytest.approx(
        replay.row(replay.replay(s, evidence_of("2023-04-19"), S.as_of)["price_points"])[
            "value_after_exit"
        ]
    )


def test_what_was_cancelled_by_the_day_was_not_said_to_be_raised():
    s = S.replace({"as_of": "2024-03-29"})
    a = answers_of("5-hindsight", s)
    assert "3-separation" not in set(a.frame("statements").query("day == '2024-03-29'")["chapter"])
    assert a["hindsight.raised_as_said_eur"] is None


def test_a_rule_is_nearer_only_by_more_than_a_hundredth():
    a = answers_of("5-hindsight", S)

    def nearer(**columns):
        sales = a.frame("sales").assign(**columns)
        return tables.words(replace(a, frames=dict(a.frames) | {"sales": sales}))["naive"]

    came, ours = (a.frame("sales")[name] for name in ("loss_came", "loss"))
    # of the third sale both are 19 m off, one by 1 m more
    assert nearer() == "2 of 3, as near in 1"
    assert nearer(naive_loss=came) == "3 of 3"
    assert nearer(naive_loss=ours) == "0 of 3, as near in 3"
    assert nearer(loss=came) == "0 of 3"


def test_a_price_of_ones_own_is_of_its_day_only():
    """What the scenario says of today's price moves no statement and no month."""
    plain = answers_of("5-hindsight", S).frame("statements")
    own = S.replace({"selldown": {"spot_jpy": 800.0, "jpy_per_eur": 200.0}})
    mine = answers_of("5-hindsight", own).frame("statements")
    today = plain["day"] == pd.Timestamp(S.as_of)
    assert today.any()  # a statement is graded at the market's price, on its own day too
    pd.testing.assert_frame_equal(mine, plain)


def test_the_sentence_says_where_nothing_can_be_graded():
    a = answers_of("5-hindsight", S)
    frame = a.frame("statements")
    today = frame["day"] == pd.Timestamp(S.as_of)

    def said(rows):
        return tables.misled(replace(a, frames=dict(a.frames) | {"statements": rows})).text

    assert f"statements of {S.as_of} would have misled; on other days, " in said(frame)
    assert "would have misled. The way that chapter 2 put first was" in said(frame[today])
    later = said(frame[~today])
    assert later.startswith(f"What was said on {S.as_of} can't be graded: nothing came")
    assert "not available" not in later and later.endswith("would have misled.")
    assert "other days" not in said(frame[:0])


def test_months_are_found_once_for_evidence_opened_again(monkeypatch, data):
    """What a setting does not reach is not found again: neither values nor sources differ."""
    found, own = [], outcomes._panel
    monkeypatch.setattr(outcomes, "FIRST", "2026-03-31")
    monkeypatch.setattr(outcomes, "_panel", lambda p, *more: found.append(p) or own(p, *more))

    def months(s):
        found.clear()
        b = Builder("5-hindsight", evidence.open("2026-06-30", data))
        with b.section() as used:
            frame = outcomes._by_month(s, b.ev)
        return frame, used.sources(), sorted(found)

    first, again = months(S), months(S)
    assert first[2] == sorted(["decline", "selldown", "separation"] * 4) and again[2] == []
    pd.testing.assert_frame_equal(first[0], again[0])
    assert first[1] == again[1]
    dearer = months(S.replace({"selldown": {"fee": 0.02}}))
    assert dearer[2] == ["selldown"] * 4
    assert (dearer[0]["block_cost"] - first[0]["block_cost"]).to_numpy() == pytest.approx(0.01)


def test_months_are_the_answers_of_those_days():
    frame = answers_of("5-hindsight", S).frame("by_month").set_index("day")
    assert len(frame) >= 100
    day = pd.Timestamp("2022-12-31")
    s = S.replace({"as_of": str(day.date())})
    ev = evidence_of(str(day.date()))
    assert frame.loc[day, "price_change"] == pytest.approx(
        answers.CHAPTERS["1-decline"](s, ev)["decline.price_change_jpy"]
    )
    assert frame.loc[day, "planned_value"] == pytest.approx(
        answers.CHAPTERS["2-selldown"](s, ev)["selldown.planned_value_eur"], abs=1
    )


def test_hindsight_alone_reads_past_the_day():
    for chapter in answers.CHAPTERS:
        until = {
            str(source["published"] or "")[:10]
            for r in answers_of(chapter, S).results.values()
            for source in r.sources
        }
        assert (max(until, default="") > str(S.as_of)) == (chapter == "5-hindsight"), chapter


def test_what_renault_did_counts_up_to_the_plan():
    """With a target of 40 % less was planned than was sold."""
    s = S.replace({"selldown": {"target_stake": 0.4}})
    made = replay.replay(s, later(), s.as_of)
    done = made[replay.DONE]
    sold, planned = done.sold[0], done.terms.planned
    assert sold == pytest.approx(planned) and planned < 211_000_000
    cash = 764e6 * planned / 211_000_000
    assert replay.row(done)["cash"] == pytest.approx(cash)
    assert replay.row(done)["rest"] == pytest.approx(0, abs=1)


# --- what a second program found ---------------------------------------------------------------


@pytest.mark.parametrize("day", ["2023-12-12", "2024-03-27", "2024-09-26"])
def test_a_sale_belongs_to_those_who_held_the_shares(day):
    """A replay from the day of an announcement has the sale, which settles on the day after; and
    the dividend of an ex-day on which it settles, as chapter 1 pays it."""
    ev = evidence_of("2023-01-17").after(LAST)
    made = replay.replay(S, ev, dt.date.fromisoformat(day))
    done = made["disclosed"]
    sold = float(done.sold[0])
    assert done.terms.held - sold == pytest.approx(ev.holding("renault", "nissan").iloc[-1])
    if day == "2024-03-27":
        kept = float(done.paid[0])
        assert kept >= 15 * done.terms.planned / ev.rate("jpy_per_eur")[:"2024-03-28"].iloc[-1]


def test_the_bond_of_a_replay_is_that_of_its_day():
    """What the share was expected to pay is in its price, as in chapter 2's."""
    s = S.replace({"selldown": {"dividend_yield": 0.03, "paths": 2}})
    made = replay.replay(s, evidence_of("2023-01-17").after(LAST), s.as_of)
    first = answers_of("2-selldown", s).context["bond"]["first_eur"]
    assert made["exchangeable"].received[0, 0] == pytest.approx(first)


def test_nothing_to_sell_is_nothing_to_replay():
    s = S.replace({"as_of": "2024-06-28", "selldown": {"target_stake": 0.42}})
    a = answers_of("5-hindsight", s)
    assert a["hindsight.replay.disclosed.cash_eur"] is None
    assert tables.hindsight(a).text.startswith(
        "From 2024-06-28 there is nothing to replay: nothing was to be sold on 2024-06-28."
    )
    assert a["hindsight.statements_misled"] is None
    assert "can't be graded: nothing was to be sold" in tables.misled(a).text


def test_no_statement_is_graded_on_what_chance_decides():
    """Where nothing costs anything all ways are alike on average: no way can be said to be best."""
    free = {"fee": 0, "min_discount": 0, "impact": 0, "permanent_impact": 0, "paths": 4096}
    found = outcomes._said(later(), S.replace({"selldown": free | {"programme": "block"}}))
    gain = next(row for row in found if "gain on selling at once" in row.said)
    assert gain.number == gain.came == 0 and not gain.misled


def test_what_would_have_been_raised_says_that_its_float_is_assumed():
    sources = answers_of("5-hindsight", S).result("hindsight.raised_as_said_eur").sources
    assert "separation.float_fraction" in {e["id"] for e in sources if e["kind"] == "assumed"}


def test_what_a_share_paid_is_beside_its_price():
    """Dividends of the table, each put into the share at the close of its ex-day."""
    a = answers_of("5-hindsight", scenario_of("base"))
    row = a.frame("became").set_index("maker").loc["renault"]
    ev = evidence.open("2026-06-30")
    close, paid = ev.close("renault"), ev.rows("dividends", company="renault")
    paid = paid[paid["ex_date"].between(row["from"], row["to"], "right")]
    shares = np.prod([1 + r.amount / close[r.ex_date] for r in paid.itertuples()])
    assert row["with_dividends"] == pytest.approx((1 + row["change"]) * shares - 1, abs=0.005)
    assert len(paid) >= 3 and "with dividends" in charts.became(a).alt


def test_what_is_left_may_count_at_its_close_too():
    a = answers_of("5-hindsight", scenario_of("base"))
    frame = a.frame("replay").set_index(["start", "programme"])["value"].loc[pd.Timestamp(a.as_of)]
    ahead = sum(v > frame["disclosed"] for n, v in frame.items() if n != "disclosed")
    said = tables.hindsight(a).text.replace("\N{NO-BREAK SPACE}", " ")
    value = a["hindsight.replay.disclosed.value_eur"] / 1e9
    assert f"comes to EUR {value:.2f}bn, and {ahead} of 7 ways would have brought more" in said
    assert f"; {ahead}, with what is left at its close" in charts.against(a).title
    points = a.frame("points")
    assert f"The chances were {100 * points['chance'].mean():.0f} % on average" in said
    assert f"and {100 * points['hit'].mean():.0f} % came true" in said


def test_a_share_that_came_later_is_named_with_its_day():
    a = answers_of("5-hindsight", scenario_of("base"))
    frame = a.frame("became")
    frame.loc[frame["maker"] == "porsche", "from"] = pd.Timestamp("2024-01-02")
    shown = charts.became(replace(a, frames=dict(a.frames) | {"became": frame}))
    assert "(Porsche AG from 2024-01-02" in shown.title
    assert "from 20" not in charts.became(a).title.split("apart, from", 1)[1]
