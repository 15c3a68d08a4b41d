"""Models against arithmetic, closed forms, other programs and simulated truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance import decline, events, evidence, returns, sampling
from alliance.errors import EvidenceError, ScenarioError

DAYS = pd.bdate_range("2016-01-04", periods=900)


def series(values, name="x", days=None):
    values = np.asarray(values, float)
    return pd.Series(values, index=(DAYS if days is None else days)[: len(values)], name=name)


# --- returns ------------------------------------------------------------------------------------


def test_drawdown_and_change():
    price = series([100, 120, 90, 110])
    assert returns.drawdown(price).tolist() == pytest.approx([0, 0, -0.25, 110 / 120 - 1])
    assert returns.change(price, DAYS[1]) == pytest.approx(110 / 120 - 1)


def test_rebase_takes_the_last_day_on_or_before():
    price = series([100, 110], days=pd.to_datetime(["2022-10-07", "2022-10-11"]))
    assert returns.rebase(price, "2022-10-10").tolist() == pytest.approx([1, 1.1])
    with pytest.raises(EvidenceError, match="starts on 2022-10-07, after 2022-10-06"):
        returns.rebase(price, "2022-10-06")


@pytest.mark.parametrize(
    "values, rule",
    [([1, 0, 2], "must be positive"), ([1, -1], "must be positive"), ([1, np.nan], "positive")],
)
def test_prices_are_positive(values, rule):
    with pytest.raises(EvidenceError, match=rule):
        returns.log_returns(series(values))


def test_prices_are_in_order():
    with pytest.raises(EvidenceError, match="date order"):
        returns.drawdown(series([1, 2, 3]).iloc[::-1])


def test_yen_become_euros_at_their_own_days_fix():
    yen = series(
        [1000, 1000, 1000], days=pd.to_datetime(["2023-01-02", "2023-01-04", "2023-01-09"])
    )
    rate = series([140, 125], days=pd.to_datetime(["2023-01-02", "2023-01-05"]))
    assert returns.in_eur(yen, rate).tolist() == pytest.approx([1000 / 140, 1000 / 140, 8])


@given(scale=st.floats(0.01, 1e4), seed=st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_scaling_a_price_changes_no_return(scale, seed):
    price = series(np.exp(np.random.default_rng(seed).normal(0, 0.02, 50).cumsum()))
    np.testing.assert_allclose(
        returns.log_returns(price * scale), returns.log_returns(price), atol=1e-12
    )
    np.testing.assert_allclose(returns.drawdown(price * scale), returns.drawdown(price), atol=1e-12)


def test_vendor_total_return_is_closes_and_dividends():
    """The vendor's adjusted series agrees with dividends reinvested at the ex-day's close."""
    ev = evidence.open("2026-06-30")
    for company in ("nissan", "toyota", "renault"):
        table = ev.prices(company).loc["2018-01-04":]
        paid = ev.dividends.query("company == @company").set_index("ex_date")["amount"]
        paid = paid.reindex(table.index).fillna(0)
        own = ((table["close"] + paid) / table["close"].shift()).iloc[1:].prod() - 1
        vendor = table["adj_close"].iloc[-1] / table["adj_close"].iloc[0] - 1
        assert own == pytest.approx(vendor, abs=0.012), company


# --- sampling -----------------------------------------------------------------------------------


def test_bootstrap_has_the_right_shape_and_repeats():
    drawn = sampling.stationary_bootstrap(40, 5, 30, seed=3)
    assert drawn.shape == (30, 40) and drawn.min() >= 0 and drawn.max() < 40
    assert (drawn == sampling.stationary_bootstrap(40, 5, 30, seed=3)).all()
    assert (drawn != sampling.stationary_bootstrap(40, 5, 30, seed=4)).any()


def test_bootstrap_blocks_have_their_mean_length():
    drawn = sampling.stationary_bootstrap(2000, 8, 50, seed=1)
    breaks = (np.diff(drawn, axis=1) % 2000 != 1).mean()
    assert 1 / breaks == pytest.approx(8, rel=0.08)


def test_block_length_grows_with_dependence():
    rng = np.random.default_rng(2)
    noise = rng.standard_normal(2000)
    slow = pd.Series(noise).ewm(alpha=0.1).mean().to_numpy()
    assert 1 <= sampling.block_length(noise) < sampling.block_length(slow)


# --- event study --------------------------------------------------------------------------------


def market_pair(seed=0, n=400, jump=0.0, at=300):
    rng = np.random.default_rng(seed)
    market = rng.normal(0, 0.01, n)
    asset = 0.0003 + 1.2 * market + rng.normal(0, 0.015, n)
    asset[at] += jump
    return series(asset, "asset"), series(market, "market")


@pytest.mark.parametrize("window", [(0, 0), (0, 1), (-1, 1), (-5, 5)])
def test_car_equals_a_regression_with_dummies(window):
    """Another program: least squares with one dummy a day of the window gives CAR and its error."""
    asset, market = market_pair(4, jump=0.05)
    e = events.study(asset, market, DAYS[300], window, 250)
    first, last = 300 + window[0], 300 + window[1]
    rows = slice(first - 250, last + 1)
    dummies = np.vstack([np.zeros((250, last - first + 1)), np.eye(last - first + 1)])
    design = np.column_stack([np.ones(len(dummies)), market.iloc[rows], dummies])
    fit = sm.OLS(asset.iloc[rows].to_numpy(), design).fit()
    contrast = np.r_[0, 0, np.ones(last - first + 1)]
    test = fit.t_test(contrast)
    assert e.car == pytest.approx(test.effect.item(), abs=1e-12)
    assert e.error == pytest.approx(test.sd.item(), rel=1e-9)
    assert e.p == pytest.approx(float(test.pvalue), rel=1e-7)
    assert e.beta == pytest.approx(fit.params[1], abs=1e-12)
    low, high = test.conf_int()[0]
    assert (e.low, e.high) == pytest.approx((low, high), abs=1e-12)


@pytest.mark.parametrize("length", [250, 60, 20])
@pytest.mark.parametrize("days", [1, 3, 11])
def test_the_t_test_keeps_its_size(length, days):
    assert 0.04 <= events.null_rejection(length, days, 20_000, seed=11) <= 0.06


def test_fat_tails_reject_at_most_a_little_more():
    heavy = np.random.default_rng(0).standard_t(3.5, 3000) * 0.012
    table = events.null_table(heavy, 10_000, seed=5)
    print("\nrejection rates of the 5 % t test under the null\n" + table.to_string(index=False))
    assert table["normal"].between(0.04, 0.06).all()
    assert table["real_residuals"].between(0.03, 0.08).all()


def test_the_rank_test_is_exact():
    """One-day rank p-values are uniform on their grid: at most 5 % are at or below 5 %."""
    rng = np.random.default_rng(9)
    p = [events.rank_p(x[1:], x[0]) for x in rng.standard_t(3, (4000, 60))]
    assert min(p) == pytest.approx(2 / 60)
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(2 / 60, abs=0.01)


def test_corrado_keeps_its_size_on_three_days_and_needs_them():
    rng = np.random.default_rng(10)
    p = [events.corrado_p(x[3:], x[:3]) for x in rng.standard_t(4, (4000, 253))]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.015)
    one = [events.corrado_p(x[1:], x[:1]) for x in rng.standard_t(4, (500, 251))]
    assert min(one) > 0.05, "on one day it can never reject: that is why it is not shown"
    asset, market = market_pair()
    assert events.study(asset, market, DAYS[300], (0, 0)).p_corrado is None
    assert events.study(asset, market, DAYS[300], (-1, 1)).p_rank is None


def test_a_jump_is_found_and_chance_is_not():
    asset, market = market_pair(1, jump=-0.10)
    e = events.study(asset, market, DAYS[300])
    assert e.low < -0.10 < e.high and e.p < 1e-6 and e.p_rank == pytest.approx(2 / 251)
    ts = events.window_ts(asset, market, (0, 0), 250)
    assert events.placebo_p(ts, 300, e) == 1 / 51  # 50 earlier days, and its own
    assert np.isnan(events.placebo_p(ts, 250, e)), "no window before the first"


def test_placebo_days_give_a_rank_among_days():
    p = []
    for seed in range(60):
        asset, market = market_pair(seed)
        ts = events.window_ts(asset, market, (0, 0), 100)
        one = events.study(asset, market, DAYS[399], (0, 0), 100)
        p.append(events.placebo_p(ts, 399, one))
    assert np.mean(p) == pytest.approx(0.5, abs=0.12)


def test_the_t_of_every_window_is_that_of_its_own_study():
    asset, market = market_pair(3)
    ts = events.window_ts(asset, market, (-1, 1), 100)
    own = [events.study(asset, market, DAYS[i], (-1, 1), 100).t for i in range(101, 399)]
    assert ts == pytest.approx(own, rel=1e-12)
    before = events.study(asset, market, DAYS[301], (-1, 1), 100)
    earlier = [abs(t) >= abs(before.t) for t in own[: 301 - 2 - 101]]  # none overlaps day 300
    assert events.placebo_p(ts, 301, before) == np.mean([*earlier, True])


TOKYO = pd.DatetimeIndex(["2022-10-06", "2022-10-07", "2022-10-11", "2022-10-12"])


@pytest.mark.parametrize(
    "day, time, session",
    [
        ("2022-10-07", "before-open", "2022-10-07"),
        ("2022-10-07", "during", "2022-10-07"),
        ("2022-10-07", "after-close", "2022-10-11"),
        ("2022-10-07", "unknown", "2022-10-07"),
        ("2022-10-08", "before-open", "2022-10-11"),
        ("2022-10-09", "after-close", "2022-10-11"),
        ("2022-10-10", "during", "2022-10-11"),
        ("2022-10-10", "unknown", "2022-10-11"),
    ],
)
def test_trading_day_of_news(day, time, session):
    assert events.trading_day(day, time, TOKYO) == pd.Timestamp(session)


def test_trading_day_refuses():
    with pytest.raises(EvidenceError, match="did you mean 'after-close'"):
        events.trading_day("2022-10-07", "after-closing", TOKYO)
    with pytest.raises(EvidenceError, match="no session"):
        events.trading_day("2022-10-13", "unknown", TOKYO)


def test_study_refuses_what_does_not_fit():
    asset, market = market_pair()
    with pytest.raises(ScenarioError, match="needs 250 days before it"):
        events.study(asset, market, DAYS[200])
    with pytest.raises(ScenarioError, match="5 after"):
        events.study(asset, market, DAYS[398], (-5, 5))
    with pytest.raises(EvidenceError, match="no trading day"):
        events.study(asset, market, pd.Timestamp("2016-01-09"))
    with pytest.raises(EvidenceError, match="same days"):
        events.study(asset.iloc[1:], market, DAYS[300])


# --- decomposition ------------------------------------------------------------------------------


def factors(price, market, peers):
    """All of them on one market."""
    return decline.factors(price, market, peers, pd.concat([market] * peers.shape[1], axis=1))


def simulated(seed, n=700, market=0.9, sector=0.6):
    """Closes whose returns have known betas, and a rate."""
    rng = np.random.default_rng(seed)
    m, s = rng.normal(2e-4, 0.011, n), rng.normal(0, 0.007, n)
    noise = rng.standard_t(5, n) * 0.009
    y = -4e-4 + market * m + sector * s + noise
    split = rng.normal(0, 0.004, n)
    closes = {
        name: series(100 * np.exp(np.r_[0, r].cumsum()), name)
        for name, r in (("y", y), ("m", m), ("a", m + s + split), ("b", m + s - split))
    }
    rate = series(140 * np.exp(np.r_[0, rng.normal(0, 0.005, n)].cumsum()), "jpy_per_eur")
    peers = pd.concat([closes["a"], closes["b"]], axis=1)
    return closes["y"], closes["m"], peers, rate, m, s


@pytest.mark.parametrize(
    "window, orthogonal", [(250, False), (250, True), (None, False), (120, True)]
)
def test_parts_add_up(window, orthogonal):
    y, m, peers, rate, *_ = simulated(1)
    d = decline.decompose(factors(y, m, peers), rate, DAYS[300], window, orthogonal)
    in_eur = y / rate
    assert d.sum().sum() == pytest.approx(np.log(in_eur.iloc[-1] / in_eur[DAYS[300]]), abs=1e-12)
    assert d["currency"].sum() == pytest.approx(
        -np.log(rate.iloc[700] / rate[DAYS[300]]), abs=1e-12
    )


def test_rolling_betas_equal_regressions():
    y, m, peers, rate, *_ = simulated(2)
    d = decline.decompose(factors(y, m, peers), rate, DAYS[300], 250)
    ry, rm = returns.log_returns(y), returns.log_returns(m)
    rs = (returns.log_returns(peers["a"]) + returns.log_returns(peers["b"])) / 2 - rm
    for day in d.index[[0, 57, -1]]:
        at = ry.index.get_loc(day)
        past = slice(at - 250, at)
        design = sm.add_constant(np.column_stack([rm.iloc[past], rs.iloc[past]]))
        fit = sm.OLS(ry.iloc[past].to_numpy(), design).fit()
        explained = fit.params[1:] * [rm[day], rs[day]]
        assert d.loc[day, ["market", "sector"]].tolist() == pytest.approx(explained, abs=1e-12)


def test_betas_use_only_the_past():
    y, m, peers, rate, *_ = simulated(3)
    whole = decline.decompose(factors(y, m, peers), rate, DAYS[300])
    cut = DAYS[500]
    part = decline.decompose(factors(y[:cut], m[:cut], peers[:cut]), rate[:cut], DAYS[300])
    pd.testing.assert_frame_equal(whole[:cut], part)
    later = y.copy()
    later[DAYS[501] :] *= 0.5
    moved = decline.decompose(factors(later, m, peers), rate, DAYS[300])
    pd.testing.assert_frame_equal(moved[:cut], whole[:cut])


def test_known_betas_are_recovered_within_their_intervals():
    """The true market and sector parts lie in the 95 % interval about as often as they should."""
    hits = {"market": 0, "sector": 0}
    runs = 60
    for seed in range(runs):
        y, m, peers, _, true_m, true_s = simulated(100 + seed)
        bounds, _ = decline.part_intervals(
            factors(y, m, peers), DAYS[300], 250, draws=150, seed=seed
        )
        truth = {"market": 0.9 * true_m[300:].sum(), "sector": 0.6 * true_s[300:].sum()}
        for part, value in truth.items():
            hits[part] += bounds.at[part, "low"] <= value <= bounds.at[part, "high"]
    assert hits["market"] >= 0.85 * runs and hits["sector"] >= 0.85 * runs, hits


def test_orthogonal_sector_gives_the_market_what_it_explains():
    y, m, peers, rate, *_ = simulated(5)
    plain = decline.decompose(factors(y, m, peers), rate, DAYS[300])
    turned = decline.decompose(factors(y, m, peers), rate, DAYS[300], orthogonal=True)
    np.testing.assert_allclose(plain["company"], turned["company"], atol=1e-12)


def test_too_few_days_before_the_first():
    y, m, peers, rate, *_ = simulated(6)
    with pytest.raises(ScenarioError, match=r"betas need 250 trading days.*received 100 before"):
        decline.decompose(factors(y, m, peers), rate, DAYS[100])


@given(seed=st.integers(0, 200), scale=st.floats(0.01, 100))
@settings(max_examples=10, deadline=None)
def test_scaling_prices_moves_no_part(seed, scale):
    y, m, peers, rate, *_ = simulated(seed, n=400)
    a = decline.decompose(factors(y, m, peers), rate, DAYS[300])
    b = decline.decompose(factors(y * scale, m / scale, peers * scale), rate * scale, DAYS[300])
    np.testing.assert_allclose(a, b, atol=1e-11)


# --- business and stake -------------------------------------------------------------------------


def test_book_value_where_nissan_prints_it_and_where_not():
    ev = evidence.open("2026-06-30")
    books = decline.book_value(ev.statements, ev.book_values)
    assert round(books.at[pd.Timestamp("2022-11-09"), "bps"], 1) == 1303.7
    assert books.at[pd.Timestamp("2023-05-11"), "bps"] == 1310.74
    computed = decline.book_value(ev.statements.assign(bps=np.nan), ev.book_values)
    error = (computed["bps"] / books["bps"] - 1)[books["printed"]]
    assert error[:"2023-12-12"].abs().max() < 0.0015, "average shares are the year-end's"
    assert -0.035 < error["2023-12-13":].min() < error["2023-12-13":].max() < -0.02, (
        "after the buy-backs the average share count is above the year-end's"
    )


def test_market_share_agrees_with_what_nissan_prints():
    ev = evidence.open("2026-06-30")
    share = decline.market_share(ev.sales, ev.world_market)
    both = share.dropna(subset="printed_share")
    assert len(both) >= 5
    assert (abs(both["share"] - both["printed_share"]) < 6e-4).all()
    assert share.index.is_unique


def test_regions_add_up_to_the_printed_total():
    regions = decline.by_region(evidence.open("2026-06-30").sales)
    whole = regions[regions["total"].notna()]
    parts = whole.drop(columns=["total"]).sum(axis=1)
    assert (abs(parts - whole["total"]) <= 3000).all()
    assert (whole["not split"] == 0).all()
    early = decline.by_region(evidence.open("2022-05-11").sales)  # the results came a day later
    assert np.isnan(early.at["FY2021", "china"])
    split = decline.by_region(evidence.open("2023-01-17").sales)
    assert split.at["FY2021", "not split"] == 0 and split.at["FY2021", "china"] > 1e6


def test_stub_arithmetic():
    days = pd.to_datetime(["2023-01-16", "2023-01-17"])
    frame = decline.stub(
        series([1_831_837_027], days=pd.to_datetime(["2017-03-31"])),
        series([420.0, 423.4], days=days),
        series([139.5], days=pd.to_datetime(["2023-01-16"])),
        series([295_722_284], days=pd.to_datetime(["2020-12-31"])),
        series([38.0], days=pd.to_datetime(["2023-01-17"])),
    )
    assert frame.index.tolist() == [pd.Timestamp("2023-01-17")], "only days on which both traded"
    stake = 1_831_837_027 * 423.4 / 139.5
    assert frame["stake"].iloc[0] == pytest.approx(stake)
    assert frame["stub"].iloc[0] == pytest.approx(295_722_284 * 38.0 - stake)


def test_a_sold_share_leaves_the_stake():
    days = pd.to_datetime(["2024-09-26", "2024-09-27"])
    held = evidence.open("2026-06-30").holding("renault", "nissan")
    one = series([1, 1], days=days)
    frame = decline.stub(held, one, one, one, one)
    assert frame["stake"].tolist() == [1_521_704_927, 1_326_231_327]
