"""Chapter 1, each result by another way."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from arch.bootstrap import optimal_block_length

from alliance import answers, evidence, scenario, tables
from alliance.answers import figures
from tests.checks import (
    Row,
    Standing,
    abnormal,
    age,
    asof,
    checks,
    exact,
    last_day,
    log_returns,
    near,
    session,
    shared,
)
from tests.looks import answers_of

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


@checks("decline.halved_from", "decline.halved_from_now")
def test_halved_from(at):
    """At the last close before article 1, a day on which Tokyo was shut, and at the day's own."""
    close = at.series("nissan")
    of_2018 = [x for d, x in close.items() if d[:4] == "2018"]
    assert len(of_2018) == 245
    for key, day in (("", "2022-10-10"), ("_now", at.day)):
        end = asof(close, min(day, at.day))
        yield f"decline.halved_from{key}", exact(sum(2 * end < x for x in of_2018) / 245)
    assert at.value("decline.halved_from") == exact(232 / 245)  # whatever the scenario's day


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


def time_of(e: Row) -> str:
    """Figures without an hour in the evidence count as printed after the close."""
    prints = e["kind"] in ("results", "forecast")
    return "after-close" if prints and e["time"] == "unknown" else e["time"]


def seen(at: Standing, **wanted) -> list[dict]:
    """Dated events, without those for whose day a month's end stands."""
    return [
        e
        for e in at.rows("events", **wanted)
        if e["published_basis"] != "month-end" or e["date"] != e["published"]
    ]


def sessions_of(at: Standing, kind: str) -> set[str]:
    """Sessions on which events of a kind count: of an unknown hour with the next one too."""
    days, found = shared(at.series("nissan"), at.series("topix")), set()
    for e in seen(at, kind=kind):
        first = session(e["date"], time_of(e), days)
        if first is not None and days[first] >= start_and_end(at)[0]:
            found |= set(days[first : first + 1 + (time_of(e) == "unknown")])
    return found


def effects(at: Standing):
    """Event, log returns of share and market on the 250 days before and days 0 and 1."""
    close, market = at.series("nissan"), at.series("topix")
    for e in seen(at):
        found = abnormal(close, market, e["date"], time_of(e), LENGTH)
        if found is not None and e["date"] >= start_and_end(at)[0]:
            yield e, *found


@checks("decline.car.*")
def test_abnormal_returns(at):
    for e, y, m in effects(at):
        slope, level = np.polyfit(m[:LENGTH], y[:LENGTH], 1)
        yield f"decline.car.{e['event']}", exact((y - level - slope * m)[LENGTH:].sum(), 1e-8)


@checks(
    "decline.events_tested",
    "decline.events_significant",
    "decline.events_results",
    "decline.events_results_significant",
)
def test_counts_of_events(at):
    """The t test as the sum of dummies' coefficients, in another program.

    Results on day 0; others on days 0 and 1, where neither is a session after results.
    """
    days, p = shared(at.series("nissan"), at.series("topix")), {"results": [], "others": []}
    for e, y, m in effects(at):
        first = session(e["date"], time_of(e), days)
        dummies = np.eye(LENGTH + 2)[:, -2:]
        if e["kind"] == "results":
            y, m, dummies = (v[: LENGTH + 1] for v in (y, m, dummies[:, :1]))
        elif e["kind"] == "forecast" or {*days[first : first + 2]} & sessions_of(at, "results"):
            continue
        # the package's window (0, 1) is fitted on the days before day 0, as this is
        fitted = sm.OLS(y, np.column_stack([np.ones(len(y)), m, dummies])).fit()
        which = "results" if e["kind"] == "results" else "others"
        p[which].append(float(fitted.t_test([0, 0] + [1] * dummies.shape[1]).pvalue))
    yield "decline.events_tested", len(p["others"])
    yield "decline.events_significant", sum(x < 0.05 for x in p["others"])
    yield "decline.events_results", len(p["results"])
    yield "decline.events_results_significant", sum(x < 0.05 for x in p["results"])


def daily(at: Standing) -> dict[str, float]:
    """Abnormal return of each day after the start, by a line through the 250 days before it."""
    close, market = at.series("nissan"), at.series("topix")
    days = shared(close, market)
    y, m, out = log_returns(close, days), log_returns(market, days), {}
    for i in range(LENGTH, len(y)):
        if days[i + 1] > start_and_end(at)[0]:
            slope, level = np.polyfit(m[i - LENGTH : i], y[i - LENGTH : i], 1)
            out[days[i + 1]] = y[i] - level - slope * m[i]
    return out


@checks("decline.abnormal_share.*", "decline.random_share.*", "decline.mean_move.*")
def test_what_moves_it(at):
    """Squares added day by day; random days by shuffling all of them."""
    moved = daily(at)
    squares = {d: x * x for d, x in moved.items()}
    results = sessions_of(at, "results") & moved.keys()
    alliance = (sessions_of(at, "alliance") & moved.keys()) - results
    share = {
        "results": sum(squares[d] for d in results),
        "alliance": sum(squares[d] for d in alliance),
        "neither": sum(x for d, x in squares.items() if d not in results | alliance),
    }
    for name, value in share.items():
        yield f"decline.abnormal_share.{name}", exact(value / sum(squares.values()), 1e-8)
    assert math.isclose(sum(at.value(f"decline.abnormal_share.{n}") for n in share), 1)
    whole, rng = sum(squares.values()), np.random.default_rng(7)
    for name, days, out in (("results", results, set()), ("alliance", alliance, results)):
        pool = np.array([x for d, x in squares.items() if d not in out]) / whole
        drawn = [rng.permutation(pool)[: len(days)].sum() for _ in range(20_000)]
        low, high = np.quantile(drawn, [0.025, 0.975])
        for end, value in (("low", low), ("high", high)):
            yield f"decline.random_share.{name}_{end}", near(value, 0.1 * (high - low))
    sizes = {d: abs(x) for d, x in moved.items()}
    yield "decline.mean_move.results", exact(np.mean([sizes[d] for d in results]), 1e-8)
    yield "decline.mean_move.all_days", exact(np.mean(list(sizes.values())), 1e-8)


def test_the_session_after_a_statement_moves_three_times_as_much():
    """Since May 2021 4.8 % on average against 1.4 % on all days to the end of June 2026."""
    at = Standing("latest")
    moved = {d: abs(x) for d, x in daily(at).items() if d >= "2021-05-01"}
    days = sorted(moved)
    after = [
        moved[min(d for d in days if d > r["published"])]
        for r in at.rows("statements", company="nissan")
        if r["published_basis"] != "month-end"  # of fiscal 2025 the day was not seen
    ]
    assert len(after) == 20
    assert round(np.mean(after), 3) == 0.048
    assert np.mean(list(moved.values())) == pytest.approx(0.0144, abs=1e-4)  # 1.5 % to August


def test_every_statement_is_a_dated_print():
    """With its hour or a document for it where one is known; in Tokyo's hours only once."""
    at = Standing("latest")
    prints = {e["date"]: e for e in at.rows("events", kind="results")}
    assert {r["published"] for r in at.rows("statements", company="nissan")} <= prints.keys()
    assert [d for d, e in prints.items() if e["time"] == "during"] == ["2024-07-25"]
    late = [e for e in prints.values() if e["time"] == "after-close"]
    assert len(late) == 15 and all(e["hour"] > "15:00" for e in late if e["hour"])
    guided = {r["date"] for r in at.rows("forecasts")}
    revised = {e["date"] for e in at.rows("events", kind="forecast")}
    assert {d for d in guided if d >= "2018"} <= prints.keys() | revised


@pytest.mark.parametrize("name, known", [("base", 6), ("latest", 6)])
def test_the_largest_days_carry_their_reason(name, known):
    s = scenario.load(name)[1]
    large = answers.decline(s, evidence.open(s.as_of)).frame("large_moves").set_index("day")
    moved = daily(Standing(name))
    assert [f"{d:%Y-%m-%d}" for d in large.index] == sorted(moved, key=lambda d: -abs(moved[d]))[:8]
    assert (large["reason"] != "").sum() == known
    assert large["reason"]["2020-11-13"].startswith("Q2 FY2020 results, 2020-11-12: operating")
    assert (
        "JPY \N{MINUS SIGN}340bn, JPY \N{MINUS SIGN}470bn guided before"
        in large["reason"]["2020-11-13"]
    )
    assert large["reason"]["2020-05-29"].startswith("FY2019 results, 2020-05-28")


def test_a_pre_run_is_not_netted_with_the_reaction():
    """The results of fiscal 2019 came after the close of 28 May 2020: day 0 is the 29th."""
    s = scenario.load("base")[1]
    effects = answers.decline(s, evidence.open(s.as_of)).frame("effects")
    one = effects[effects["event"] == "fy2019-results"].set_index("window")
    assert f"{one['day'].iloc[0]:%Y-%m-%d}" == "2020-05-29"
    assert one["car"][(0, 0)] == pytest.approx(-0.1006, abs=1e-3)
    deal = effects[effects["event"] == "renault-cmd"].set_index("window")
    assert (deal["kind"] == "both").sum() == 0  # the half-year's results came a day later


def test_one_report_has_one_value_of_renault():
    """Tokyo was shut on the day of article 1: all chapters stand on 7 October."""
    s = scenario.load("article-1")[1]
    ev = evidence.open(s.as_of)
    first, second = answers.decline(s, ev), answers.selldown(s, ev).frame("look_through")
    third = figures.figures("renault", ev).company
    assert second.at["renault", "market"] == pytest.approx(first["decline.renault_value_eur"])
    assert third.price * third.shares == pytest.approx(first["decline.renault_value_eur"])
    assert third.stakes == pytest.approx(first["decline.stake_value_eur"])


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
    *(f"decline.stake_{k}_eur" for k in ("value_start", "value_change", "dividends", "net_change")),
    "decline.stake_in_topix_eur",
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
    start, shares = days[0], at.held("renault", "nissan", days[0])
    gone = shares * (nissan[day] / asof(fix, day) - nissan[start] / asof(fix, start))
    paid, flows = 0.0, []
    for r in at.rows("dividends", company="nissan"):
        if start < r["ex_date"] <= day:
            eve = max(d for d in nissan if d < r["ex_date"])
            held = at.held("renault", "nissan", eve)
            paid += held * float(r["amount"]) / asof(fix, r["ex_date"])
            flows.append((r["ex_date"], held * float(r["amount"]) / asof(fix, r["ex_date"])))
    sales = [r for r in at.rows("tranches") if start < r["settled"] <= day]
    flows += [(r["settled"], float(r["proceeds_eur"])) for r in sales]
    sold, topix = sum(float(r["proceeds_eur"]) for r in sales), at.series("topix")

    def units(when):  # euros of TOPIX
        return asof(topix, when) / asof(fix, when)

    bought = stake(start) / units(start) - sum(euros / units(when) for when, euros in flows)
    topix_gain = bought * units(day) + sum(euros for _, euros in flows) - stake(start)
    yield "decline.stake_value_start_eur", exact(stake(start))
    yield "decline.stake_value_change_eur", exact(gone)
    yield "decline.stake_dividends_eur", exact(paid)
    yield "decline.stake_net_change_eur", exact(stake(day) + sold + paid - stake(start))
    yield "decline.stake_in_topix_eur", exact(topix_gain)
    assert gone == pytest.approx({"base": -9.72e9}.get(at.name, gone), rel=1e-3)


def test_reasons_of_large_days_are_no_older_than_the_evening_before():
    """Whatever day the fall is measured from: older news of a separation explains nothing."""
    s = Standing("base").s.replace({"decline": {"since": "2023-01-10"}})
    found = answers_of("1-decline", s).frame("large_moves")
    assert len(found)
    for row in found.itertuples():
        for day in re.findall(r", (\d{4}-\d{2}-\d{2})", row.reason):
            assert (row.day - pd.Timestamp(day)).days <= 5, row.reason  # a weekend between


def test_a_stand_in_for_a_day_is_not_tested():
    a = answers_of("1-decline", Standing("latest").s)
    row = a.frame("effects").query("event == 'fy2025-results'").iloc[0]
    assert pd.isna(row["car"]) and row["why"] == "its day was not seen"
    told = tables.say("after results", a, **tables.words(a)).text.replace("\N{NO-BREAK SPACE}", " ")
    assert "1 more result of unknown day: not tested." in told
    base = answers_of("1-decline", Standing("base").s)
    assert "not seen" not in tables.say("after results", base, **tables.words(base)).text


def test_what_was_announced_is_known_on_its_day():
    s = Standing("base").s.replace({"as_of": "2018-11-21"})
    found = answers_of("1-decline", s).frame("large_moves").set_index("day")["reason"]
    assert found["2018-11-20"].startswith("Ghosn arrested")
