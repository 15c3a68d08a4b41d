"""The sell-down against closed forms, another program, brute force and first principles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from alliance import answers, evidence, sampling, scenario, tables
from alliance import selldown as sd
from alliance.answers import inputs
from alliance.errors import ScenarioError

H, N, PLANNED = 1_831_837_027, 4_220_715_112, 1_198_729_760
MULTIPLES = (1.10, 1.20, 1.35, 1.50, 1.75, 2.00)
COSTLESS = {"fee": 0, "min_discount": 0, "impact": 0, "permanent_impact": 0}
B0 = sd.Lognormal(450, 140, 0.32, 0.095, 0.25, 0.0, 0.0, 5.0)
FAIR = dict(zip(("drift", "fx_drift"), sd.fair_drifts(0.32, 0.095, 0.25), strict=True))
B1 = replace(B0, **FAIR)


def terms(**changes):
    base = {
        "held": H,
        "issued": N,
        "target": 0.15,
        "adv": 16.85e6,
        "daily_volatility": 0.32 / 245**0.5,
    }
    return sd.Terms(**(base | COSTLESS | {"multiples": MULTIPLES} | changes))


# --- the benchmark ------------------------------------------------------------------------------

CONTINUOUS = {
    "B0": ([0.8470, 0.7209, 0.5707, 0.4558, 0.3190, 0.2277], 2691.95),
    "B1": ([0.8545, 0.7330, 0.5864, 0.4726, 0.3351, 0.2418], 2738.58),
}
CLOSES = {
    "B0": ([0.8293, 0.7049, 0.5570, 0.4441, 0.3100, 0.2207], 2655.54),
    "B1": ([0.8375, 0.7175, 0.5729, 0.4610, 0.3260, 0.2347], 2703.20),
}
MARKETS = {"B0": B0, "B1": B1}


@pytest.mark.parametrize("name", ["B0", "B1"])
def test_closed_forms_of_the_benchmark_continuous(name):
    p, mean = CONTINUOUS[name]
    closed = sd.price_points_closed(terms(monitoring="continuous"), MARKETS[name])
    np.testing.assert_allclose(closed["p_hit"], p, atol=6e-5)
    assert closed["proceeds_mean"] / 1e6 == pytest.approx(mean, abs=0.01)


@pytest.mark.parametrize("name", ["B0", "B1"])
def test_closed_forms_of_the_benchmark_at_closes(name, monkeypatch):
    """The benchmark watches 252 closes a year; the workbook Tokyo's 245."""
    monkeypatch.setattr(sd.market, "TRADING_DAYS", 252)
    monkeypatch.setattr(sd.programmes, "TRADING_DAYS", 252)
    p, mean = CLOSES[name]
    closed = sd.price_points_closed(terms(), MARKETS[name])
    np.testing.assert_allclose(closed["p_hit"], p, atol=1.1e-4)
    assert closed["proceeds_mean"] / 1e6 == pytest.approx(mean, rel=1e-4)


@pytest.mark.parametrize("name", ["B0", "B1"])
@pytest.mark.parametrize("monitoring", ["continuous", "close"])
def test_the_sampler_agrees_with_the_closed_forms(name, monitoring):
    t, market = terms(monitoring=monitoring), MARKETS[name]
    ledger, closed = sd.price_points(t, market), sd.price_points_closed(t, market)
    hit = np.isfinite(ledger.time).mean(axis=1)
    np.testing.assert_allclose(hit, closed["p_hit"], atol=1e-3)
    assert ledger.proceeds.mean() == pytest.approx(closed["proceeds_mean"], rel=1e-3)


def test_daily_closes_by_brute_force():
    """252 real steps a year against the shifted level: the correction's whole error is seen."""
    rng = np.random.default_rng(1)
    n, steps, dt = 20_000, 5 * 252, 1 / 252
    top = np.zeros(n)
    w = np.zeros(n)
    drift = -(0.32**2) / 2 * dt
    for _ in range(steps):
        w += drift + 0.32 * np.sqrt(dt) * rng.standard_normal(n)
        np.maximum(top, w, out=top)
    p = np.array([(top >= np.log(m)).mean() for m in MULTIPLES])
    np.testing.assert_allclose(p, CLOSES["B0"][0], atol=4 * 0.5 / np.sqrt(n))


def test_quantlib_finds_the_same_touch_probabilities():
    """An independent program: the discounted one-touch paid at hit, at zero rate, is P(hit)."""
    import QuantLib as ql

    today = ql.Date(17, 1, 2023)
    ql.Settings.instance().evaluationDate = today
    count = ql.Actual365Fixed()
    flat = ql.YieldTermStructureHandle(ql.FlatForward(today, 0.0, count))
    sigma = ql.BlackVolTermStructureHandle(
        ql.BlackConstantVol(today, ql.NullCalendar(), 0.32, count)
    )
    spot = ql.QuoteHandle(ql.SimpleQuote(450.0))
    process = ql.BlackScholesMertonProcess(spot, flat, flat, sigma)
    exercise = ql.AmericanExercise(today, today + 5 * 365, True)
    for multiple in MULTIPLES:
        payoff = ql.CashOrNothingPayoff(ql.Option.Call, 450.0 * multiple, 1.0)
        option = ql.VanillaOption(payoff, exercise)
        option.setPricingEngine(ql.AnalyticDigitalAmericanEngine(process))
        level = np.log(multiple) / 0.32
        ours = sampling.discounted_passage(level, -0.16, 5.0)
        assert option.NPV() == pytest.approx(float(ours), abs=1e-6)


@pytest.mark.parametrize("rate", [-0.02, 0.0, 0.05])
@pytest.mark.parametrize("drift", [-0.3, 0.0, 0.2])
def test_discounted_passage_by_quadrature(rate, drift):
    """The integral of the inverse Gaussian density; a rate below -drift^2/2 included."""
    b, horizon = 0.8, 5.0

    def density(t):
        return b / np.sqrt(2 * np.pi * t**3) * np.exp(-((b - drift * t) ** 2) / (2 * t) - rate * t)

    integral, _ = integrate.quad(density, 0, horizon, epsabs=1e-12)
    assert sampling.discounted_passage(b, drift, horizon, rate) == pytest.approx(integral, abs=1e-9)


def test_hitting_times_have_the_right_law():
    u = sampling.sobol(2**17, 4, 7)
    times, _ = sampling.first_passages(np.array([0.6]), -0.16, 5.0, u)
    hit = times[0][np.isfinite(times[0])]
    whole = sampling.discounted_passage(0.6, -0.16, 5.0)
    for t in (0.1, 0.5, 1, 2, 4):
        expected = sampling.discounted_passage(0.6, -0.16, t) / whole
        assert (hit <= t).mean() == pytest.approx(float(expected), abs=1e-3)


def test_strong_markov_joint_probabilities():
    """Both levels by T: after the first hit the motion starts afresh, so the gap's law is new."""
    u = sampling.sobol(2**14, 6, 3)
    times, _ = sampling.first_passages(np.array([0.3, 0.9]), -0.1, 5.0, u)
    both = np.isfinite(times[1])
    gap = times[1][both] - times[0][both]
    assert (gap >= -1e-12).all()
    p, _ = integrate.quad(
        lambda t: (
            0.3
            / np.sqrt(2 * np.pi * t**3)
            * np.exp(-((0.3 + 0.1 * t) ** 2) / (2 * t))
            * float(sampling.discounted_passage(0.6, -0.1, min(1.0, 5.0 - t)))
        ),
        0,
        5,
        limit=200,
    )
    quick = (gap <= 1.0).sum() / len(both)
    assert quick == pytest.approx(p, abs=2e-3)


def test_the_end_given_the_passages_keeps_its_law():
    u = sampling.sobol(2**14, 4, 11)
    _, end = sampling.first_passages(np.array([0.5]), 0.2, 4.0, u)
    assert stats.kstest(end, stats.norm(0.8, 2.0).cdf).statistic < 2e-3


# --- what must hold -----------------------------------------------------------------------------


@pytest.mark.parametrize("multiple", [1.05, 1.3, 2.0])
def test_every_trigger_is_worth_the_same_when_the_price_is_fair(multiple):
    ledger = sd.price_points(terms(multiples=(multiple,), monitoring="continuous"), B1)
    assert ledger.wealth.mean() / 1e6 == pytest.approx(3853.06, rel=4e-3)
    closed = sd.price_points_closed(terms(multiples=(multiple,), monitoring="continuous"), B1)
    assert ledger.proceeds.mean() == pytest.approx(closed["proceeds_mean"], rel=2e-3)


@pytest.mark.parametrize("name", sd.PROGRAMMES)
def test_every_programme_is_a_fair_game_without_costs(name):
    t = terms(budget=60e9, rest="market")
    ledger = sd.PROGRAMMES[name](t, replace(B1, paths=2**15))
    assert ledger.wealth.mean() / 1e6 == pytest.approx(3853.06, rel=0.012)


COSTLY = {"fee": 0.01, "min_discount": 0.01, "impact": 1.0}


@pytest.mark.parametrize("given", [None, 0.03])
def test_holding_is_worth_the_plan_and_leaving_it_the_block(given):
    """Nothing sold: today's value at the close, and after exit what a block brings today."""
    t, market = terms(**COSTLY, block_discount=given), replace(B1, paths=2**17)
    held, block = sd.hold(t, market), sd.block(t, market)
    assert held.wealth.mean() / 1e6 == pytest.approx(3853.06, rel=5e-3)
    after = held.after_exit
    assert after.mean() == pytest.approx(block.proceeds.mean(), rel=5e-3)
    cost = sd.block_cost(t, PLANNED)  # the same on each path, so exact in expectation
    np.testing.assert_allclose(after, held.wealth * (1 - cost))
    assert (block.after_exit == block.wealth).all()  # nothing is left to leave


def test_leaving_costs_what_is_left_by_the_rule():
    """One path sold 600m, the other nothing: each rest at its own size and price."""
    sold, price, rate = np.array([[6e8, 0.0]]), np.array([500.0, 300.0]), np.array([160.0, 130.0])
    one, zero = np.ones((1, 2)), np.zeros((1, 2))
    issuer, t = np.array([[False]]), terms(discount=0.02, **COSTLY)
    ledger = sd.Ledger(t, B1, one, sold, 550 * one, 150 * one, zero, issuer, price, rate)
    for path, left in enumerate((PLANNED - 6e8, PLANNED)):
        cost = 0.01 + 0.32 / 245**0.5 * (left / 16.85e6) ** 0.5
        rest = left * price[path] / rate[path] * np.exp(-0.02 * 5)
        cash = sold[0, path] * 550 / 150 * np.exp(-0.02)
        found = ledger.after_exit[path]
        assert found == pytest.approx(cash + rest * (1 - cost))


def test_fair_game_with_interest_and_dividends():
    """Discounted, dividends included: the mean stays today's value at rates that differ."""
    rates = {"rate_foreign": 0.01, "rate_home": 0.03, "dividend_yield": 0.04}
    drift, fx = sd.fair_drifts(0.32, 0.095, 0.25, **rates)
    market = replace(B1, drift=drift, fx_drift=fx, paths=2**15)
    t = terms(discount=0.03, rate_foreign=0.01, dividend_yield=0.04, budget=60e9)
    for name, make in sd.PROGRAMMES.items():
        mean = make(t, market).wealth.mean() / 1e6
        assert mean == pytest.approx(3853.06, rel=0.012), name


def test_dividends_never_make_a_programme_dear():
    """At a high yield over a long time every programme is still worth what it is today."""
    drift, fx = sd.fair_drifts(0.32, 0.095, 0.25, dividend_yield=0.15)
    market = replace(B1, drift=drift, fx_drift=fx, horizon=15.0, paths=2**14)
    t = terms(dividend_yield=0.15, budget=30e9)
    for name, make in sd.PROGRAMMES.items():
        mean = make(t, market).wealth.mean() / 1e6
        assert mean == pytest.approx(3853.06, rel=0.03), name


@pytest.mark.parametrize("name", [n for n in sd.PROGRAMMES if n != "exchangeable"])
def test_every_programme_is_a_fair_game_in_the_resampled_history(name):
    """The bond is left out: its price comes from the lognormal volatility, not history's."""
    market = replace(history(), paths=2**15, horizon=4.0)
    mean = sd.PROGRAMMES[name](terms(budget=60e9), market).wealth.mean() / 1e6
    assert mean == pytest.approx(3853.06, rel=0.015)


def test_selling_everything_leaves_nothing_carried():
    ledger = sd.buyback(terms(target=0.0, budget=5e12), replace(B1, paths=16))
    assert np.isfinite(ledger.losses(9.35)).all()


@pytest.mark.parametrize("horizon", [0.01, 0.6, 1.0, 1.2, 3.45])
@pytest.mark.parametrize("name", ["buyback", "windows"])
def test_budgets_are_for_all_the_time_there_is(name, horizon):
    """The last period counts for the part of it that is there."""
    for market in (B1, history()):
        ledger = sd.PROGRAMMES[name](terms(budget=1e9), replace(market, paths=4, horizon=horizon))
        assert np.allclose((ledger.shares * ledger.price).sum(axis=0), 1e9 * horizon)


def test_a_rest_sold_in_a_day_costs_as_a_block():
    t = terms(fee=0.01, impact=1, min_discount=0.01, budget=0, rest="market", window_days=1)
    ledger = sd.windows(t, replace(B1, paths=4))
    assert ledger.cost[1].max() == pytest.approx(float(sd.block_cost(t, t.lot)))
    assert ledger.cost[0].max() == 0


def test_a_dribble_is_complete_when_its_last_share_is_sold():
    t = terms(participation=0.1)
    done = sd.dribble(t, B1).complete
    assert done[0] == pytest.approx(t.planned / (0.1 * t.adv) / 245)


def test_villes_bound():
    """P(the EUR value of a share ever reaches kappa times its start) <= 1 / kappa."""
    times = np.linspace(1 / 50, 5, 250)
    price, rate = replace(B1, paths=2**13).at(times)
    top = ((price / rate) / (450 / 140)).max(axis=0)
    for kappa in (1.2, 1.5, 2.0, 3.0):
        assert (top >= kappa).mean() <= 1 / kappa + 0.01


def test_the_bound_and_the_drawn_chances_are_named():
    """The bound is of the euro value; the yen price, which the ladder draws, is not held by it."""
    power = 1 - 2 * B1.drift / B1.volatility**2
    assert 2.0**-power > 1 / 2  # its own chance of ever doubling
    s = scenario.Scenario().replace({"selldown": {"paths": 2}})
    a = answers.selldown(s, evidence.open(s.as_of))
    assert "ever" not in a.frame("p_hit")
    assert "give" not in a.result("selldown.price_points.calls_eur").label
    told = tables.say("triggers", a, **tables.words(a)).text
    assert "theorem on fair games" in told and "Of the euro value" in told and "yen price" in told
    s = s.replace({"selldown": {"drift": 0.1}})
    own = answers.selldown(s, evidence.open(s.as_of))
    for name, fair in (("triggers", "worth the same"), ("calls", "earns nothing for waiting")):
        assert fair in tables.say(name, a, **tables.words(a)).text
        said = tables.say(name, own, **tables.words(own)).text
        assert fair not in said and "With the drift assumed" in said


def history(paths=512, horizon=3.0, seed=2):
    rng = np.random.default_rng(4)
    r = rng.multivariate_normal([0, 0], [[0.0024, 0.0002], [0.0002, 0.0001]], 260)
    return sd.History(r, 450, 140, 0.0, 0.0, horizon, paths, seed)


@given(
    name=st.sampled_from(list(sd.PROGRAMMES)),
    real=st.booleans(),
    target=st.floats(0, 0.42),
    horizon=st.floats(0.01, 10),
    budget=st.floats(0, 1e12),
    lot=st.floats(1e6, 2e9),
    participation=st.floats(0.01, 0.5),
    rest=st.sampled_from(["hold", "market"]),
    multiples=st.lists(st.floats(0.5, 4), min_size=1, max_size=6).map(sorted),
    seed=st.integers(0, 50),
)
@settings(max_examples=60, deadline=None)
def test_shares_are_conserved_and_the_target_is_never_overshot(
    name, real, target, horizon, budget, lot, participation, rest, multiples, seed
):
    market = (
        history(64, horizon, seed) if real else replace(B1, horizon=horizon, paths=64, seed=seed)
    )
    t = terms(
        target=target,
        budget=budget,
        lot=lot,
        participation=participation,
        rest=rest,
        multiples=tuple(multiples),
    )
    ledger = sd.PROGRAMMES[name](t, market)
    assert (ledger.shares >= -1e-6).all()
    assert (ledger.sold <= ledger.terms.planned * (1 + 1e-9) + 1e-3).all()
    assert (ledger.shares[~np.isfinite(ledger.time)] == 0).all()
    finite = np.where(np.isfinite(ledger.time), ledger.time, 0)
    assert (finite >= 0).all() and (finite <= horizon + 1e-9).all()
    assert (ledger.stake_after >= target - 1e-9).all()
    done, reached = ledger.complete, ledger.at_target
    assert (reached >= done - 1e-9)[np.isfinite(done)].all(), "the target is not before completion"
    assert np.isfinite(ledger.wealth).all()


def test_the_two_clocks_of_a_buyback():
    ledger = sd.buyback(terms(budget=900e9), B1)
    assert np.isfinite(ledger.complete).mean() > 0.99
    assert not np.isfinite(ledger.at_target).any()
    assert ledger.stake_after[-1].min() == pytest.approx(0.2095, abs=5e-5)


# --- loss ---------------------------------------------------------------------------------------


def two_sales(cancelled):
    """A ledger of two sales on one path: 211m at 568.5 and 99.1m at 593.4."""
    shares = np.array([[211e6], [99e6]])
    price, rate = np.array([[568.5], [593.4]]), np.array([[157.0], [164.0]])
    zero = np.zeros((2, 1))
    issuer, end = np.full((2, 1), cancelled), (np.array([500.0]), np.array([160.0]))
    return sd.Ledger(terms(), B1, zero, shares, price, rate, zero, issuer, *end)


def test_loss_from_first_principles_when_the_issuer_buys():
    """Equity-method share of net assets after less before, less cash: nothing else."""
    k = 11.58
    equity = k * N  # the issuer's net assets in euros, carried pro rata
    held, issued, loss = H, N, 0.0
    for b, p in ((211e6, 568.5 / 157), (99e6, 593.4 / 164)):
        before = held / issued * equity
        equity -= b * p
        held, issued = held - b, issued - b
        loss += before - held / issued * equity - b * p
    assert float(two_sales(True).losses(k)[0]) == pytest.approx(loss, rel=1e-9)


def test_loss_from_first_principles_when_others_buy():
    cash = 211e6 * 568.5 / 157 + 99e6 * 593.4 / 164
    assert float(two_sales(False).losses(9.35)[0]) == pytest.approx(310e6 * 9.35 - cash)


def test_the_record_supports_the_own_share_reading():
    s = scenario.load("latest")[1]
    a = answers.selldown(s, evidence.open(s.as_of))
    frame = a.frame("disclosed_sales").set_index("tranche")
    assert frame["naive"].round(2).tolist() == [8.36, 8.05, 8.15]
    assert frame["own_share"].round(2).tolist() == [11.58, 10.93, 11.28]
    assert (abs(frame["cash_eur"] / frame["cash_disclosed"] - 1) < 0.006).all()
    assert (abs(frame["stake"] - frame["stake_printed"]) < 5.1e-5).all()
    assert 9.3e9 < a["selldown.record.switch_loss_own_share"] < 9.9e9
    assert a["selldown.record.switch_loss_naive"] == pytest.approx(5.1e9, abs=0.05e9)
    assert a["selldown.record.switch_loss_announced"] == 9_500_000_000


# --- corners and refusals -----------------------------------------------------------------------


def test_target_already_met():
    t = terms(held=0.1 * N)
    assert t.planned == 0
    for make in sd.PROGRAMMES.values():
        ledger = make(t, replace(B1, paths=8))
        assert ledger.sold.sum() == 0 and (ledger.complete == 0).all()


def test_triggers_at_or_below_the_spot_sell_at_once():
    ledger = sd.price_points(terms(multiples=(0.8, 1.0, 1.5)), B1)
    assert (ledger.time[:2] == 0).all() and (ledger.price[:2] == 450).all()
    assert sd.price_points_closed(terms(multiples=(0.8, 1.0)), B1)["p_hit"].tolist() == [1, 1]


def test_no_volatility_is_certain():
    flat = replace(B0, volatility=0.0, fx_volatility=0.0)
    ledger = sd.price_points(terms(), flat)
    assert ledger.sold.sum() == 0
    rising = replace(flat, drift=0.2)
    ledger = sd.price_points(terms(monitoring="continuous"), rising)
    expected = np.log(MULTIPLES) / 0.2
    np.testing.assert_allclose(ledger.time.mean(axis=1), expected, rtol=1e-3)


def test_one_path_and_a_day():
    for market in (replace(B1, paths=1, horizon=1 / 365), history(1, 1 / 365)):
        for make in sd.PROGRAMMES.values():
            assert make(terms(), market).wealth.shape == (1,)


def test_more_planned_than_held_is_refused():
    with pytest.raises(ScenarioError, match="planned sales must be from 0 to the"):
        terms(target=-1.0 / N)


@pytest.mark.parametrize("multiples", [(), (0.0, 1.2), (1.5, 1.2), (-1.0,)])
def test_wrong_price_points_are_refused(multiples):
    with pytest.raises(ScenarioError, match="price points must be positive multiples that rise"):
        sd.price_points(terms(multiples=multiples), B1)


def test_costs_are_the_rule():
    t = terms(fee=0.01, min_discount=0.01, impact=1.0, permanent_impact=0.1)
    days = PLANNED / 16.85e6
    rule = 0.32 / 245**0.5 * days**0.5
    assert sd.block_cost(t, PLANNED) == pytest.approx(0.01 + rule, rel=1e-6)
    assert sd.block_cost(t, 1e3) == pytest.approx(0.02)
    assert sd.block_cost(replace(t, block_discount=0.03), PLANNED) == pytest.approx(0.04)
    slow = 0.01 + 0.32 / 245**0.5 * 0.1**0.5 / 2 + 0.1 * PLANNED / (N - H) / 2
    assert sd.slice_cost(t, PLANNED, 0.1) == pytest.approx(slow)


def test_cvar_is_the_mean_of_the_worst():
    assert sd.cvar(np.arange(100.0)) == 2.0
    assert sd.cvar(np.array([7.0])) == 7.0


def test_history_keeps_its_moments_and_drift():
    """Blocks are moved as wholes, so that dependence inside them moves no mean."""
    market = replace(history(), paths=2**16, horizon=5.0, growth=0.03, cash_growth=-0.01)
    trending = np.repeat(market.returns[:65], 4, axis=0)  # weeks in fours: strongly dependent
    for r in (market.returns, trending):
        price, rate = replace(market, returns=r).at(np.array([1.0, 5.0]))
        share, cash = (price[1] / rate[1]).mean(), (1 / rate[1]).mean()
        spread = (price[1] / rate[1]).std() / 2**8
        assert share == pytest.approx(450 / 140 * np.exp(5 * 0.03), abs=4 * spread)
        assert cash == pytest.approx(1 / 140 * np.exp(-5 * 0.01), rel=0.01)
    price, _ = market.at(np.array([1.0, 5.0]))
    assert np.log(price[0]).std() == pytest.approx(np.sqrt(0.0024 * 52.18), rel=0.15)


def test_history_passages_are_those_of_its_own_path():
    market = replace(history(), paths=256)
    weeks = np.arange(1, round(3.0 * sd.market.WEEKS) + 1)
    price, rate = market._at(weeks / sd.market.WEEKS)  # before its means are matched
    times, fills, rates, *_ = market.passages(np.array([1.1, 1.4]))
    for k, level in enumerate((450 * 1.1, 450 * 1.4)):
        over = price >= level * (1 - 1e-6)
        first = over.argmax(axis=0)
        hit = over.any(axis=0)
        assert (np.isfinite(times[k]) == hit).all()
        columns = np.flatnonzero(hit)
        np.testing.assert_allclose(
            times[k, columns], np.minimum(weeks[first[columns]] / sd.market.WEEKS, 3.0)
        )
        np.testing.assert_allclose(fills[k, columns], price[first[columns], columns], rtol=1e-5)
        np.testing.assert_allclose(rates[k, columns], rate[first[columns], columns], rtol=1e-5)


@pytest.mark.parametrize("of", [replace(B0, horizon=3.0), history()], ids=["lognormal", "history"])
@pytest.mark.parametrize("paths", [1024, 4096])
def test_means_are_those_that_the_drifts_ask_for(of, paths):
    """Whatever the draws: of the share and of yen in euros, at each time and at the end."""
    m, times = replace(of, paths=paths, seed=7), np.array([0.25, 1.0, 3.0])
    share, cash = m.growths
    price, rate = m.at(times)
    *_, last, fix = m.passages(np.array([1.2]))
    for prices, rates, years in ((price, rate, times), (last, fix, 3.0)):
        np.testing.assert_allclose((1 / rates).mean(-1), np.exp(cash * years) / m.rate)
        expected = np.exp(share * years) * m.spot / m.rate
        np.testing.assert_allclose((prices / rates).mean(-1), expected)
    free = m._at(times)
    assert abs((free[0] / free[1]).mean(-1) / (price / rate).mean(-1) - 1).max() > 1e-6
    changes = np.log(price / free[0])
    np.testing.assert_allclose(changes, changes[:, :1] + np.zeros(paths))  # every path alike


def test_draws_too_coarse_for_their_spread_keep_their_chances():
    """A year's volatility of 100 % over 15 years: to move all paths to the mean would halve one."""
    m = replace(B0, volatility=1.0, horizon=15.0, paths=2**14)
    price, _ = m.at(np.array([15.0]))
    above = stats.norm.sf((np.log(1.3) + 15 / 2) / np.sqrt(15))
    assert (price[0] > 1.3 * m.spot).mean() == pytest.approx(above, abs=0.004)


def test_a_certain_price_stays_what_it_is():
    """To the last digit: a floor at the spot stops no sale."""
    fair = replace(B0, volatility=0.0, fx_volatility=0.0)
    price, rate = fair.at(np.array([0.5, 5.0]))
    assert (price == fair.spot).all() and (rate == fair.rate).all()


def test_moments_before_the_day():
    ev = evidence.open("2023-01-17")
    found = sd.weekly_moments(ev.close("nissan"), ev.rate("jpy_per_eur"))
    assert found["weeks"] == 261
    assert round(found["volatility"], 3) == 0.354 and round(found["fx_volatility"], 3) == 0.079
    assert found["correlation"] == pytest.approx(0.46, abs=0.005)
    with pytest.raises(ScenarioError, match="a year of weekly returns"):
        sd.weekly_moments(ev.close("nissan")[:"2016-06-30"], ev.rate("jpy_per_eur"))


@pytest.mark.parametrize("field, value", [("spot_jpy", 500.0), ("volatility", 0.5), ("drift", 0.1)])
def test_scenario_values_replace_estimates(field, value):
    s = scenario.Scenario().replace({"selldown": {field: value, "paths": 256}})
    a = answers.selldown(s, evidence.open(s.as_of))
    assert getattr(a.context["group"], field) == value
    origin = {i.name: i.origin for i in a.inputs}
    assert origin[f"selldown.{field}"] == "scenario"
    assert origin["selldown.correlation"] == "evidence"


def test_carrying_before_disclosure_is_the_last_book_value():
    s = scenario.load("base")[1]
    a = answers.selldown(s, evidence.open(s.as_of))
    assert round(a.context["group"].carrying_eur_per_share, 2) == 9.35


def test_a_bonds_spread_lowers_its_first_day_only():
    """By the discount on the redemption, to the euro; what is repaid is the same."""
    market = replace(B1, paths=512)
    free, risky = (sd.exchangeable(terms(spread=x), market) for x in (0.0, 0.03))
    redemption = PLANNED * 1.3 * market.spot / market.rate
    lower = redemption * (1 - np.exp(-0.03 * market.horizon))
    np.testing.assert_allclose(free.received[0] - risky.received[0], lower)
    np.testing.assert_array_equal(free.received[1], risky.received[1])
    assert (free.proceeds > risky.proceeds).all()


# --- what a second program found ---------------------------------------------------------------


@pytest.mark.parametrize("r, q", [(0.05, 0.0), (0.0, 0.05), (0.1, 0.02)])
def test_without_costs_a_fair_game_is_worth_the_planned_value(r, q):
    """Whichever rate euros bear and whatever the share pays: selling by the day gives no more."""
    drifts = sd.fair_drifts(0.32, 0.095, 0.25, 0.0, r, q)
    m = replace(B0, drift=drifts[0], fx_drift=drifts[1])
    t = terms(discount=r, dividend_yield=q)
    made = sd.dribble(t, m)
    assert made.wealth.mean() == pytest.approx(t.planned * 450 / 140, rel=2e-4)
    assert made.complete == pytest.approx(t.planned / (t.participation * t.adv) / 245)


def test_what_the_horizon_cuts_off_bears_no_cost():
    """A part that is sold in a year costs what it would if it were all that is planned."""
    m = replace(B1, horizon=1.0)
    t = terms(fee=0.01, impact=1.0, permanent_impact=0.1)
    made = sd.dribble(t, m)
    alone = replace(t, target=(t.held - float(made.sold[0])) / t.issued)
    assert made.proceeds.mean() == pytest.approx(sd.dribble(alone, m).proceeds.mean())


def test_a_window_is_open_to_the_horizon_only():
    """With no budget all goes to the market: in a fifth of the days, a fifth of the lot."""
    t = terms(budget=0.0, lot=200e6, window_days=180, rest="market", fee=0.01, impact=1.0)
    whole = sd.windows(t, replace(B1, horizon=180 / 365.25))
    part = sd.windows(t, replace(B1, horizon=36 / 365.25))
    assert whole.sold == pytest.approx(200e6) and part.sold == pytest.approx(40e6)
    assert part.cost[1] == pytest.approx(whole.cost[1], rel=0.01)  # at the same pace


@pytest.mark.parametrize("lots", [2, 5])
def test_lots_leave_the_price_lower_as_one_sale_does(lots):
    """The permanent impact of a sale does not depend on the lots that it is cut into."""
    t = terms(budget=0.0, rest="market", permanent_impact=0.1, window_days=365.25 / 2)
    t = replace(t, lot=t.planned / lots)
    made = sd.windows(t, replace(B1, volatility=0.0, fx_volatility=0.0, paths=1))
    cost = (made.cost * made.shares).sum() / t.planned
    assert made.sold == pytest.approx(t.planned)
    assert cost == pytest.approx(sd.slice_cost(t, t.planned, 0.0)) and cost > 0


def test_the_variance_ratio_of_a_random_walk_is_one_on_average():
    rng = np.random.default_rng(3)
    walks = rng.standard_normal((2000, 261)) * 0.05
    found = [
        sd.History(np.column_stack([w, w]), 450.0, 140.0, 0.0, 0.0, 1.0).variance_ratio(26)[0]
        for w in walks
    ]
    assert np.mean(found) == pytest.approx(1.0, abs=0.03)  # 0.905 without the correction
    assert np.std(found) == pytest.approx(0.354, abs=0.04)


def test_an_assumed_price_is_not_called_the_markets():
    """And what the two firms are worth stays at the market."""
    base = scenario.Scenario().replace({"selldown": {"paths": 64}})
    own = base.replace({"selldown": {"spot_jpy": 2000.0, "discount_rate": 0.1}})
    at = [answers.selldown(s, evidence.open(s.as_of)) for s in (base, own)]
    told = [tables.sale(a).text.replace("\N{NO-BREAK SPACE}", " ") for a in at]
    assert "at the market price:" in told[0] and "assumed price" not in told[0]
    assert "bn at an assumed price of JPY 2,000:" in told[1] and "at the market" not in told[1]
    assert "assumed price of JPY 2,000" in at[1].result("selldown.planned_value_eur").label
    most = base.replace({"selldown": {"spot_jpy": 10_000.0, "jpy_per_eur": 100.0}})
    rate = base.replace({"selldown": {"jpy_per_eur": 100.0}})
    for s, words in (
        (most, "an assumed price of JPY 10,000 and an assumed JPY 100 for one euro"),
        (rate, "the market price and an assumed JPY 100 for one euro"),
    ):
        label = (
            answers.selldown(s, evidence.open(s.as_of)).result("selldown.planned_value_eur").label
        )
        assert label == f"Planned shares before any cost, at {words}"
    assert "423.4" in at[1].result("selldown.planned_value_eur").note
    said = [tables.say("buy-back", a, **tables.words(a)).text for a in at]
    assert "today's price" in said[0] and "the price assumed" in said[1]
    captions = [tables.programmes(a).text.split("\n")[0] for a in at]
    assert "discounted" not in captions[0]
    assert captions[1].endswith("discounted to the day at 10.0 % a year")
    assert at[0].frame("look_through").equals(at[1].frame("look_through"))


def test_buy_back_and_windows_are_bound_by_a_budget_or_not():
    def said(day="2023-01-17", **changes):
        s = scenario.Scenario().replace({"as_of": day, "selldown": {"paths": 256} | changes})
        return tables.alike(answers.selldown(s, evidence.open(s.as_of))).text

    assert "the same yearly budget binds both" in said()
    free = said(buyback_budget_jpy=0, rest="market", lot_shares=1e6, window_days=1)
    assert "binds both" not in free
    assert "nothing to sell" in said("2024-06-28", target_stake=0.43)
    assert "it is never repaid, but exchanged" in said(exchange_premium=0.0, volatility=0.0)


def test_inputs_of_nothing_have_no_row_in_the_tornado():
    s = scenario.Scenario().replace({"selldown": {"paths": 64, "fee": 0, "impact": 0}})
    found = answers.selldown(s, evidence.open(s.as_of)).frame("tornado")
    assert not {"fee", "impact"} & {*found["input"]} and "volatility" in {*found["input"]}


def test_estimates_name_the_years_that_there_were():
    s = scenario.Scenario().replace({"as_of": "2018-12-28", "selldown": {"paths": 2}})
    found = answers.selldown(s, evidence.open(s.as_of)).frame("moments")
    assert found["years"].tolist() == [1.0, 3.0]  # the data begin in 2016
    assert found["weeks"].is_unique


def test_dividends_of_price_points_are_those_of_the_paths():
    """In the resampled history, week by week, what is unsold then is paid."""
    s = scenario.Scenario().replace({"selldown": {"dividend_yield": 0.05, "paths": 4096}})
    i = inputs.fill(s, evidence.open(s.as_of))
    t, m = replace(i.terms, **COSTLESS), i.market(1, "history")
    made, total = sd.price_points(t, m), 0.0
    for week in range(261):
        (price,), (rate,) = m.at(np.array([(week + 0.5) * 7 / 365.25]))
        left = t.planned - (made.shares * (made.time <= week * 7 / 365.25)).sum(axis=0)
        total += 0.05 * 7 / 365.25 * np.mean(left * price / rate)
    assert made.dividends.mean() == pytest.approx(total, rel=0.01)  # 18 % more by a bridge
