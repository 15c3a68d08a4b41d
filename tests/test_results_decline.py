"""Chapter 1, each result by another way."""

from __future__ import annotations

import math

import numpy as np
import statsmodels.api as sm
from arch.bootstrap import optimal_block_length

from tests.checks import (
    Standing,
    abnormal,
    age,
    asof,
    checks,
    exact,
    last_day,
    log_returns,
    near,
    shared,
)

LENGTH = 250  # days of betas and of the event study


def start_and_end(at: Standing) -> tuple[str, str]:
    close = at.series("nissan")
    return last_day(close, "2018-01-04"), max(close)


@checks("decline.price_change_jpy", "decline.price_change_eur")
def test_price_change(at):
    close, fix = at.series("nissan"), at.rate()
    start, end = start_and_end(at)
    assert close[start] == 1134
    yen = close[end] / 1134
    yield "decline.price_change_jpy", exact(yen - 1)
    yield "decline.price_change_eur", exact(yen * asof(fix, start) / asof(fix, end) - 1)


@checks("decline.total_return_jpy", "decline.total_return_eur")
def test_total_return(at):
    """Dividends reinvested at the close of the ex-day, to the vendor's rounding."""
    close, fix = at.series("nissan"), at.rate()
    start, end = start_and_end(at)
    shares = 1.0
    for r in at.rows("dividends", company="nissan"):
        if start < r["ex_date"] <= end:
            days = [d for d in close if d < r["ex_date"]]
            shares /= 1 - float(r["amount"]) / close[max(days)]
    yen = shares * close[end] / close[start]
    yield "decline.total_return_jpy", near(yen - 1, 2e-4)
    yield "decline.total_return_eur", near(yen * asof(fix, start) / asof(fix, end) - 1, 2e-4)


@checks("decline.max_drawdown", "decline.drawdown_now")
def test_drawdown(at):
    """Every day against every day before it, from the start on."""
    start, _ = start_and_end(at)
    p = np.array([x for d, x in sorted(at.series("nissan").items()) if d >= start])
    falls = [p[i] / p[: i + 1].max() - 1 for i in range(len(p))]
    yield "decline.max_drawdown", exact(min(falls))
    yield "decline.drawdown_now", exact(p[-1] / max(p) - 1)
    assert p.max() == 1193.5  # not the 1,327 of 2015 and before


@checks("decline.halved_from")
def test_halved_from(at):
    close = at.series("nissan")
    end = close[max(close)]
    of_2018 = [x for d, x in close.items() if d[:4] == "2018"]
    assert len(of_2018) == 245
    yield "decline.halved_from", exact(sum(2 * end < x for x in of_2018) / 245)


def returns_of(at: Standing):
    """Log returns of share, market and peers over it, their days, and how many before the start."""
    close, market = at.series("nissan"), at.series("topix")
    peers = [at.series("toyota"), at.series("honda")]
    days = shared(close, market, *peers)
    y, m, t, h = (log_returns(x, days) for x in (close, market, *peers))
    first = sum(d <= start_and_end(at)[0] for d in days[1:])
    return y, m, (t + h) / 2 - m, days[1:], first


@checks(*(f"decline.part.{part}" for part in ("market", "sector", "company", "currency")))
def test_parts(at):
    """Each day's betas by least squares on the 250 days before it; the four add up."""
    y, m, s, days, first = returns_of(at)
    market = sector = 0.0
    for i in range(first, len(y)):
        past = slice(i - LENGTH, i)
        x = np.column_stack([np.ones(LENGTH), m[past], s[past]])
        _, on_market, on_sector = np.linalg.lstsq(x, y[past], rcond=None)[0]
        market += on_market * m[i]
        sector += on_sector * s[i]
    fix, (start, end) = at.rate(), start_and_end(at)
    currency = -math.log(asof(fix, days[-1]) / asof(fix, start))
    yield "decline.part.market", exact(market, 1e-7)
    yield "decline.part.sector", exact(sector, 1e-7)
    yield "decline.part.company", exact(y[first:].sum() - market - sector, 1e-7)
    yield "decline.part.currency", exact(currency)
    assert days[-1] == end
    parts = [at.value(f"decline.part.{p}") for p in ("market", "sector", "company", "currency")]
    assert math.isclose(sum(parts), math.log1p(at.value("decline.price_change_eur")), abs_tol=1e-9)


@checks(
    *(f"decline.part.{p}_{end}" for p in ("market", "sector", "company") for end in ("low", "high"))
)
def test_intervals_of_parts(at):
    """A bootstrap of one's own: blocks drawn one by one, betas by weighted normal equations."""
    y, m, s, _, first = returns_of(at)
    n, draws, rng = len(y), 500, np.random.default_rng(99)
    fitted = sm.OLS(y, sm.add_constant(m)).fit()
    block = min(float(optimal_block_length(fitted.resid)["stationary"].iloc[0]), LENGTH / 10)
    weights = np.zeros((draws, n))
    for w in weights:
        place = rng.integers(n)
        for restart in rng.random(n) < 1 / max(block, 1.0):
            place = rng.integers(n) if restart else (place + 1) % n
            w[place] += 1
    x = np.column_stack([np.ones(n), m, s])
    each = np.einsum("ni,nj->nij", x, np.column_stack([x, y]))  # a day's part of X'X and X'y
    sums = np.einsum(
        "dn,nij->dij", weights[:, first - LENGTH : first], each[first - LENGTH : first]
    )
    parts = np.zeros((draws, 2))
    for i in range(first, n):
        betas = np.linalg.solve(sums[..., :3] + 1e-15 * np.eye(3), sums[..., 3:])[..., 0]
        parts += betas[:, 1:] * [m[i], s[i]]
        for day, sign in ((i, 1), (i - LENGTH, -1)):
            sums += sign * weights[:, day, None, None] * each[day]
    found = {"market": parts[:, 0], "sector": parts[:, 1]}
    found["company"] = y[first:].sum() - parts.sum(axis=1)
    for part, values in found.items():
        low, high = np.quantile(values, [0.025, 0.975])
        for end, value in (("low", low), ("high", high)):
            yield f"decline.part.{part}_{end}", near(value, 0.16 * (high - low))


def effects(at: Standing):
    """Event, log returns of share and market on the 250 days before and days 0 and 1."""
    close, market = at.series("nissan"), at.series("topix")
    for e in at.rows("events"):
        found = abnormal(close, market, e["date"], e["time"], LENGTH)
        if found is not None and e["date"] >= start_and_end(at)[0]:
            yield e["event"], *found


@checks("decline.car.*")
def test_abnormal_returns(at):
    for event, y, m in effects(at):
        slope, level = np.polyfit(m[:LENGTH], y[:LENGTH], 1)
        yield f"decline.car.{event}", exact((y - level - slope * m)[LENGTH:].sum(), 1e-8)


@checks("decline.events_tested", "decline.events_significant")
def test_counts_of_events(at):
    """The t test as the sum of two dummies' coefficients, in another program."""
    p = []
    for _, y, m in effects(at):
        dummies = np.eye(LENGTH + 2)[:, -2:]
        fitted = sm.OLS(y, np.column_stack([np.ones(LENGTH + 2), m, dummies])).fit()
        p.append(float(fitted.t_test([0, 0, 1, 1]).pvalue))
    yield "decline.events_tested", len(p)
    yield "decline.events_significant", sum(x < 0.05 for x in p)


@checks("decline.units", "decline.units_change", "decline.world_share")
def test_units(at):
    total = at.rows("sales", company="nissan", region="total")
    full = {r["fiscal_year"]: float(r["units"]) for r in total if r["period"] == "FY"}
    first, last = min(full), max(full)
    yield "decline.units", full[last]
    yield "decline.units_change", exact(full[last] / full[first] - 1)
    own = {(r["fiscal_year"], r["period"]): float(r["units"]) for r in total}
    world = {(r["fiscal_year"], r["period"]): float(r["units"]) for r in at.rows("world-market")}
    year = max(y for y, _ in own.keys() & world.keys())
    key = (year, "FY") if (year, "FY") in own.keys() & world.keys() else (year, "9M")
    yield "decline.world_share", exact(own[key] / world[key])


@checks("decline.book_value_jpy", "decline.price_to_book")
def test_book_value(at):
    """Total assets x equity ratio over (net profit / earnings a share), where none is printed."""
    last = max(at.rows("statements", company="nissan"), key=lambda r: r["published"])
    printed, x = last["bps"], {k: float(v) for k, v in last.items() if k in NUMBERS}
    computed = x["total_assets"] * x["equity_ratio"] / (x["net_profit"] / x["eps"])
    value = float(printed) if printed else computed
    if age(last["published"], at.day) > 100:
        value = None
    close = at.series("nissan")
    yield "decline.book_value_jpy", value and exact(value)
    yield "decline.price_to_book", value and exact(close[max(close)] / value)


NUMBERS = ("total_assets", "equity_ratio", "net_profit", "eps")


@checks(
    "decline.stake_value_eur",
    "decline.renault_value_eur",
    "decline.stub_eur",
    "decline.stake_share_of_renault",
    "decline.stake_change_eur",
)
def test_what_the_stake_is_worth(at):
    """On the last and the first day since the start on which Tokyo and Paris both traded."""
    nissan, renault, fix = at.series("nissan"), at.series("renault"), at.rate()
    days = [d for d in shared(nissan, renault) if d >= start_and_end(at)[0]]

    def stake(day: str) -> float:
        return at.held("renault", "nissan", day) * nissan[day] / asof(fix, day)

    day = days[-1]
    whole = 295_722_284 * renault[day]
    yield "decline.stake_value_eur", exact(stake(day))
    yield "decline.renault_value_eur", exact(whole)
    yield "decline.stub_eur", exact(whole - stake(day))
    yield "decline.stake_share_of_renault", exact(stake(day) / whole)
    yield "decline.stake_change_eur", exact(stake(day) / stake(days[0]) - 1)
