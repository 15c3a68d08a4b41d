"""Chapter 2, each result by another way: arithmetic, closed forms, and simulations of one's own."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import QuantLib as ql
from scipy.optimize import brentq
from scipy.stats import norm

from tests.checks import Between, Standing, age, asof, checks, exact, near

HELD_2017, ISSUED_2017 = 1_831_837_027, 4_220_715_112
PATHS = 40_000


@dataclass(frozen=True)
class Sale:
    """What is sold, and the market that it is sold in, from rows and the scenario."""

    at: Standing

    @property
    def held(self) -> float:
        return self.at.held("renault", "nissan")

    @property
    def issued(self) -> float:
        return self.at.count("nissan")

    @property
    def planned(self) -> float:
        return self.held - 0.15 * self.issued

    @property
    def back(self) -> float:
        """Nissan's part of Renault."""
        return self.at.held("nissan", "renault") / self.at.count("renault")

    @cached_property
    def spot(self) -> float:
        close = self.at.series("nissan")
        return close[close.days[-1]]

    @cached_property
    def rate(self) -> float:
        return asof(self.at.rate(), self.at.series("nissan").days[-1])

    @cached_property
    def adv(self) -> float:
        volume = self.at.series("nissan", "volume")
        return sum(volume[d] for d in volume.days[-60:]) / 60

    @cached_property
    def weekly(self) -> np.ndarray:
        """Log returns of price and rate over the Fridays of five years."""
        close, fix = self.at.series("nissan"), self.at.rate()
        friday = dt.date.fromisoformat(close.days[-1])
        friday -= dt.timedelta(days=(friday.weekday() - 4) % 7)
        weeks = [str(friday - dt.timedelta(days=7 * k)) for k in range(261, -1, -1)]
        return np.diff(np.log([[asof(close, d), asof(fix, d)] for d in weeks]), axis=0)

    @property
    def sigma(self) -> float:
        return float(self.weekly[:, 0].std(ddof=1) * 52**0.5)

    @property
    def sigma_fx(self) -> float:
        return float(self.weekly[:, 1].std(ddof=1) * 52**0.5)

    @property
    def rho(self) -> float:
        return float(np.corrcoef(self.weekly.T)[0, 1])

    def cost(self, shares):
        """1 % fee and the square-root rule, 1 % at least; shares in any form."""
        rule = self.sigma / 245**0.5 * (np.maximum(shares, 0) / self.adv) ** 0.5
        return 0.01 + np.maximum(0.01, rule)

    @property
    def carrying(self) -> float:
        """Net assets a share in euros, as chapter 1's check recomputes them."""
        return self.at.value("decline.book_value_jpy") / self.rate

    def paths(self, times, seed: int, n: int = PATHS) -> tuple[np.ndarray, np.ndarray]:
        """Price and rate at times, n paths: a fair game for a holder in euros, r = q = 0."""
        rng, steps = np.random.default_rng(seed), np.diff(times, prepend=0.0)
        z = rng.standard_normal((2, len(steps), n)) * np.sqrt(steps)[:, None]
        other = self.rho * z[0] + (1 - self.rho**2) ** 0.5 * z[1]
        drift = self.rho * self.sigma * self.sigma_fx - self.sigma**2 / 2
        drift_fx = self.sigma_fx**2 - self.sigma_fx**2 / 2
        s = np.cumsum(self.sigma * z[0] + (drift * steps)[:, None], axis=0)
        e = np.cumsum(self.sigma_fx * other + (drift_fx * steps)[:, None], axis=0)
        return self.spot * np.exp(s), self.rate * np.exp(e)


@checks(
    "selldown.stake_before",
    "selldown.shares_*",
    *("selldown.stake_if_trust_bought_back", "ownership.stake_if_converted"),
)
def test_shares_by_each_route(at):
    x = Sale(at)
    if at.day < "2023-12-12":
        assert (x.held, x.issued) == (HELD_2017, ISSUED_2017)
    yield "selldown.stake_before", exact(x.held / x.issued)
    yield "selldown.shares_sale_only", exact(x.planned)
    converted = near(x.held / (x.issued + 200e9 / 397.2), 1e-7)  # JPY 200bn at JPY 397.2
    yield "ownership.stake_if_converted", converted if at.day >= "2025-11-10" else None
    bought = at.value("selldown.shares_buyback_only")
    assert abs((x.held - bought) / (x.issued - bought) - 0.15) < 1e-9  # it reaches the target
    yield "selldown.shares_buyback_only", exact(x.planned / (1 - 0.15))
    ended = (x.held - x.planned) / (x.issued - x.planned)
    yield "selldown.stake_if_trust_bought_back", exact(ended)


@checks("ownership.loop_before", "ownership.loop_after")
def test_loops(at):
    """What each holds of itself through the other, round and round: a geometric series."""
    x = Sale(at)
    for key, stake in (("before", x.held / x.issued), ("after", 0.15)):
        yield f"ownership.loop_{key}", exact(sum((stake * x.back) ** k for k in range(1, 60)))


@checks("selldown.eps_if_bought", "selldown.eps_if_sold")
def test_earnings_a_share(at):
    """Shares outside the loop, before and after the planned shares go."""
    x = Sale(at)
    outside = x.issued - at.count("nissan", "treasury") - x.back * x.held
    left = x.held - x.planned
    gone = (x.issued - x.planned) - at.count("nissan", "treasury") - x.back * left
    sold = x.issued - at.count("nissan", "treasury") - x.back * left
    yield "selldown.eps_if_bought", exact(outside / gone - 1)
    yield "selldown.eps_if_sold", exact(outside / sold - 1)


@checks("ownership.votes.*")
def test_votes(at):
    """Votes cast: the direct shares up to the cap, the trust's by each reading, all others."""
    x = Sale(at)
    trust = at.held("renault", "nissan", holder="natixis-trust") or x.planned
    cap = at.fact("voting-cap")
    direct, others = x.held - trust, x.issued - x.held
    cast = direct if cap is None else min(direct, cap * x.issued)
    yield "ownership.votes.mirror", exact(cast / (cast + trust + others))
    yield "ownership.votes.no_effect", exact(cast / (cast + others))
    yield "ownership.votes.follow", exact((cast + trust) / (cast + trust + others))
    yield "ownership.votes.renault_after", exact(cast / x.issued)
    yield "ownership.votes.nissan_after", exact(min(x.back, cap or 1.0))


@checks("selldown.days_of_volume", "selldown.block_cost", "selldown.planned_value_eur")
def test_size(at):
    x = Sale(at)
    yield "selldown.days_of_volume", exact(x.planned / x.adv)
    yield "selldown.block_cost", exact(x.cost(x.planned))
    yield "selldown.planned_value_eur", exact(x.planned * x.spot / x.rate)


@checks("selldown.issuer_*", "selldown.planned_over_net_cash")
def test_what_nissan_could_pay(at):
    x, printed = Sale(at), {}
    for row in sorted(at.rows("liquidity", company="nissan"), key=lambda r: r["date"]):
        printed[row["metric"]] = float(row["value"])
    for what, value in printed.items():
        yield f"selldown.issuer_{what}_jpy", value
    net = printed["net_cash"]
    yield "selldown.planned_over_net_cash", exact(x.planned * x.spot / net)
    paid = [float(r["shares"]) * float(r["price_jpy"]) for r in at.rows("tranches")]
    yield "selldown.issuer_paid_jpy", near(sum(paid), 1e6) if paid else None


def outcomes(x: Sale, name: str, times, shares, price, rate, cost, end, cancelled, cash=None):
    """Yield a programme's results from events (events, paths) that were simulated here.

    Money to 2 % of the value of what is planned, chances to a point and a half.
    """
    value = x.planned * x.spot / x.rate
    own = shares * price / rate * (1 - cost)
    got = (own if cash is None else cash).sum(axis=0)
    left = x.planned - shares.sum(axis=0)
    rest = left * end[0] / end[1]
    key, loose = f"selldown.{name}", 0.02 * value
    rich = got + rest
    yield f"{key}.proceeds_eur_mean", near(got.mean(), loose)
    yield f"{key}.proceeds_eur_p05", near(np.quantile(got, 0.05), loose)
    yield f"{key}.wealth_eur_mean", near(rich.mean(), loose)
    worst = np.sort(rich)[: max(1, len(rich) // 20)].mean()
    yield f"{key}.wealth_eur_cvar05", near(worst, loose)
    out = got + rest * (1 - x.cost(left))
    yield f"{key}.value_after_exit_eur_mean", near(out.mean(), loose)
    worst = np.sort(out)[: max(1, len(out) // 20)].mean()
    yield f"{key}.value_after_exit_eur_cvar05", near(worst, loose)
    running = np.cumsum(shares, axis=0)
    done = running >= x.planned - 1
    stake = (x.held - running) / (x.issued - running * cancelled)
    complete = done.any(axis=0)
    yield f"{key}.p_complete", near(complete.mean(), 0.015)
    there = (stake <= 0.15 + 1e-9).any(axis=0).mean()
    yield f"{key}.p_at_target", near(there, 0.015 if 0 < there < 1 else 0)
    when = np.where(done, times, np.inf).min(axis=0)
    grid = 0.25 if name in ("buyback", "windows") else 0.08 if name == "price_points" else 1e-9
    median = near(float(np.median(when[complete])), grid) if complete.any() else None
    yield f"{key}.years_to_complete_median", median
    yield f"{key}.stake_end_mean", near(stake[-1].mean(), 0.002)
    yield f"{key}.loss_eur_mean", carried(x, shares, own, cancelled)


def carried(x: Sale, shares, cash, cancelled) -> Between | None:
    """The loss event by event: what is given up less cash, and the part of it that stays."""
    if x.at.day >= "2025-06-30":
        return None  # the equity method had ended
    held, issued = np.full(shares.shape[1], x.held), np.full(shares.shape[1], x.issued)
    book, total = held * x.carrying, np.zeros(shares.shape[1])  # all that is carried
    for sold, paid in zip(shares, cash, strict=True):
        a_share = book / np.maximum(held, 1)
        held = held - sold
        if cancelled:
            issued = issued - sold
            mine = held / issued
            # of what Nissan paid, and of the shares that it cancelled, this part is still ours
            loss = np.where(sold > 0, (1 - mine) * (sold * a_share - paid), 0)
        else:
            loss = sold * a_share - paid
        total += loss
        book = book - paid - loss
    return near(total.mean(), 0.01 * x.planned * x.carrying)


@checks("selldown.hold.*")
def test_hold(at):
    """Five years on: what is planned at that day's price, less what a block of it costs."""
    x = Sale(at)
    s, e = x.paths([5.0], seed=15, n=400_000)
    yield from outcomes(x, "hold", 5.0, np.zeros_like(s), s[0], e[0], 0, (s[0], e[0]), False)


@checks("selldown.block.*")
def test_block(at):
    """No chance in it: sold at once at the cost."""
    x, one = Sale(at), np.ones((1, 1))
    yield from outcomes(
        x, "block", 0 * one, x.planned * one, x.spot, x.rate, x.cost(x.planned),
        (x.spot, x.rate), False,
    )  # fmt: skip
    yield (
        "selldown.block.proceeds_eur_mean",
        exact(at.value("selldown.planned_value_eur") * (1 - at.value("selldown.block_cost")), 1e-8),
    )


@checks("selldown.dribble.*")
def test_dribble(at):
    """A tenth of volume a day, every two months at the price in the middle."""
    x = Sale(at)
    years = x.planned / (0.1 * x.adv) / 245
    slices = int(np.ceil(years * 6))
    assert years < 5
    each, middle = years / slices, (np.arange(slices) + 0.5) * years / slices
    s, e = x.paths([*middle, 5.0], seed=11)
    shares = np.full((slices, PATHS), x.planned / slices)
    floating = x.issued - x.held
    cost = 0.01 + x.sigma / 245**0.5 * 0.1**0.5 / 2 + 0.1 * x.planned / floating / 2
    times = ((np.arange(slices) + 1) * each)[:, None]
    yield from outcomes(x, "dribble", times, shares, s[:-1], e[:-1], cost, (s[-1], e[-1]), False)


@cache
def touched(x: Sale):
    """Daily closes for five years: when each of six multiples is first reached, and at what."""
    multiples, n, chunk = (1.1, 1.2, 1.35, 1.5, 1.75, 2.0), 15_000, 2_500
    days = np.arange(1, 5 * 245 + 1) / 245
    parts = []
    for seed in range(n // chunk):
        s, e = x.paths(days, 100 + seed, chunk)
        top = np.maximum.accumulate(s, axis=0)
        for_each = []
        for multiple in multiples:
            before = (top < multiple * x.spot).sum(axis=0)  # closes before it is reached
            hit, at = before < len(days), np.minimum(before, len(days) - 1)
            columns = np.arange(chunk)
            time = np.where(hit, days[at], np.inf)
            for_each.append((time, s[at, columns], e[at, columns]))
        parts.append((np.array(for_each), s[-1], e[-1]))
    events = np.concatenate([p[0] for p in parts], axis=2)
    return (
        events[:, 0],
        events[:, 1],
        events[:, 2],
        *(np.concatenate([p[k] for p in parts]) for k in (1, 2)),
    )


PRICE_POINTS = tuple(
    f"selldown.price_points.{key}"
    for key in (
        "proceeds_eur_mean", "proceeds_eur_p05", "wealth_eur_mean", "wealth_eur_cvar05",
        "value_after_exit_eur_mean", "value_after_exit_eur_cvar05", "p_complete", "p_at_target",
        "years_to_complete_median", "stake_end_mean", "loss_eur_mean",
    )
)  # fmt: skip


@checks(*PRICE_POINTS)
def test_price_points(at):
    """Six equal parts, each at the first daily close at or above its multiple."""
    x = Sale(at)
    time, s, e, *end = touched(x)
    hit = np.isfinite(time)
    cost = x.cost(x.planned / 6)
    yield from outcomes(
        x, "price_points", time, np.where(hit, x.planned / 6, 0.0), s, e, cost, end, False
    )


@checks("selldown.price_points.p_hit", "selldown.price_points.proceeds_eur_closed")
def test_chances_of_price_points(at):
    """The reflection formula, with the level moved up for closes; and daily closes simulated."""
    x = Sale(at)
    nu, t = (x.rho * x.sigma * x.sigma_fx - x.sigma**2 / 2) / x.sigma, 5.0
    b = np.log([1.1, 1.2, 1.35, 1.5, 1.75, 2.0]) / x.sigma + 0.5826 / 245**0.5
    p = norm.cdf((nu * t - b) / t**0.5) + np.exp(2 * nu * b) * norm.cdf((-nu * t - b) / t**0.5)
    time, s, e, *_ = touched(x)
    assert np.abs(np.isfinite(time).mean(axis=1) - p).max() < 0.012
    yield "selldown.price_points.p_hit", exact_list(p)
    cash = np.where(np.isfinite(time), x.planned / 6 * s / e, 0.0).sum(axis=0).mean()
    cash *= 1 - x.cost(x.planned / 6)
    yield (
        "selldown.price_points.proceeds_eur_closed",
        near(cash, 0.012 * x.planned * x.spot / x.rate),
    )


def exact_list(values):
    return [near(float(v), 2e-6) for v in values]


@checks("selldown.price_points.calls_eur")
def test_calls(at):
    """Black and Scholes in another program, a sixth of the planned shares each."""
    x = Sale(at)
    deviation = x.sigma * 5**0.5
    calls = [
        ql.blackFormula(ql.Option.Call, m * x.spot, x.spot, deviation)
        for m in (1.1, 1.2, 1.35, 1.5, 1.75, 2.0)
    ]
    yield "selldown.price_points.calls_eur", exact(sum(calls) / 6 * x.planned / x.rate, 1e-8)


@checks("selldown.buyback.*")
def test_buyback(at):
    """JPY 100bn a year, a quarter of it at each quarter's first close."""
    x = Sale(at)
    s, e = x.paths([*(np.arange(1, 20) / 4), 5.0], seed=12)
    price = np.vstack([np.full(PATHS, x.spot), s[:-1]])
    rate = np.vstack([np.full(PATHS, x.rate), e[:-1]])
    left, shares = np.full(PATHS, x.planned), []
    for p in price:
        shares.append(np.minimum(left, 25e9 / p))
        left = left - shares[-1]
    times = (np.arange(20) / 4)[:, None]
    end = s[-1], e[-1]
    yield from outcomes(x, "buyback", times, np.array(shares), price, rate, 0, end, True)


@checks("selldown.windows.*")
def test_windows(at):
    """Every half year a lot of 200m: Nissan takes what JPY 50bn buy, the rest is held."""
    x = Sale(at)
    s, e = x.paths([*(np.arange(1, 10) / 2), 5.0], seed=13)
    price = np.vstack([np.full(PATHS, x.spot), s[:-1]])
    rate = np.vstack([np.full(PATHS, x.rate), e[:-1]])
    left, shares = np.full(PATHS, x.planned), []
    for p in price:
        shares.append(np.minimum(left, np.minimum(200e6, 50e9 / p)))
        left = left - shares[-1]
    times = (np.arange(10) / 2)[:, None]
    end = s[-1], e[-1]
    yield from outcomes(x, "windows", times, np.array(shares), price, rate, 0, end, True)


@checks("selldown.even_extra_drift*")
def test_even_drifts(at):
    """Hold, a block and three ways of selling on monthly paths that gain a little more a year:
    where the best of the others is worth as much."""
    x = Sale(at)
    months = np.arange(61) / 12
    s, e = x.paths(months[1:], seed=16, n=20_000)
    s, e = (np.vstack([np.full(20_000, now), then]) for now, then in ((x.spot, s), (x.rate, e)))
    years = x.planned / (0.1 * x.adv) / 245
    slow = 0.01 + x.sigma / 245**0.5 * 0.1**0.5 / 2 + 0.05 * x.planned / (x.issued - x.held)
    block = x.cost(x.planned)

    def values(extra, part):
        """Mean values at so much of the cost of leaving."""
        price = s * np.exp(extra * months)[:, None]
        ends = price[-1] / e[-1]

        def leaving(rest):
            return (rest * ends * (1 - part * x.cost(rest))).mean()

        every = (np.arange(round(years * 12)) + 0.5) / 12  # of even parts, in the middle of months
        middle = np.exp(extra * every).mean()  # the euro price is a fair game but for the extra
        found = {"hold": leaving(np.full(len(ends), x.planned)), "block": 0.0, "dribble": 0.0}
        found["block"] = x.planned * x.spot / x.rate * (1 - block)
        found["dribble"] = x.planned * x.spot / x.rate * middle * (1 - slow)
        for name, gap, budget, most in (("buyback", 3, 25e9, np.inf), ("windows", 6, 50e9, 200e6)):
            left, cash = np.full(len(ends), x.planned), 0.0
            for p, fix in zip(price[:-1:gap], e[:-1:gap], strict=True):
                bought = np.minimum(left, np.minimum(most, budget / p))
                left, cash = left - bought, cash + (bought * p / fix).mean()
            found[name] = cash + leaving(left)
        return found

    for key, name, part in (
        ("", "hold", 1.0),
        ("_slices", "hold", slow / block),
        ("_block", "block", 1.0),
    ):

        def gap(extra, name=name, part=part):
            found = values(extra, part)
            return max(v for k, v in found.items() if k != name) - found[name]

        yield f"selldown.even_extra_drift{key}", near(brentq(gap, -0.9, 0.9, xtol=1e-4), 0.01)


@checks("selldown.exchangeable.*")
def test_exchangeable(at):
    """A bond sold at strike, discounted at 3 %, plus call; taken at 1.3 times, or repaid."""
    x = Sale(at)
    (s,), (e,) = x.paths([5.0], seed=14, n=400_000)
    strike = 1.3 * x.spot
    call = ql.blackFormula(ql.Option.Call, strike, x.spot, x.sigma * 5**0.5)
    taken = s >= strike
    first = np.full(len(s), x.planned * (strike * np.exp(-0.15) + call) / x.rate * 0.99)
    repaid = np.where(taken, 0.0, -x.planned * strike / e)
    shares = np.where(taken, x.planned, 0.0)[None]
    # above the strike: d2 of the formula, under the drift that is fair for euros
    d2 = (-np.log(1.3) + (x.rho * x.sigma * x.sigma_fx - x.sigma**2 / 2) * 5) / x.sigma / 5**0.5
    assert abs(taken.mean() - norm.cdf(d2)) < 0.003
    yield from outcomes(
        x, "exchangeable", 5.0, shares, strike, e, 0, (s, e), False, np.array([first, repaid])
    )


@checks("selldown.record.[123].*")
def test_disclosed_sales(at):
    """Each sale from its row: stake, cash at the fix, and the carrying that its loss implies."""
    held = HELD_2017
    for r in at.rows("tranches"):
        key, shares = f"selldown.record.{r['tranche']}", float(r["shares"])
        held -= shares
        stake = held / float(r["issued_after"])
        fix, loss = asof(at.rate(), r["announced"]), float(r["loss_eur"])
        yield f"{key}.stake", exact(stake)
        assert round(stake, 4) == float(r["stake_after"])
        yield f"{key}.cash_eur", exact(shares * float(r["price_jpy"]) / fix)
        yield f"{key}.loss_eur", loss
        # loss = (b - s B) (k - p): what is given up, less what Nissan's purchase leaves us of it
        paid, given = float(r["proceeds_eur"]) / shares, shares - stake * float(r["shares_bought"])
        k = at.value(f"{key}.carrying_implied")
        assert abs(given * (k - paid) - loss) < 1
        yield f"{key}.carrying_implied", exact(paid + loss / given)


@checks("selldown.record.switch_loss_*")
def test_the_switch_of_june_2025(at):
    """What is carried after the third sale, less the write-down, plus Nissan's share of results."""
    if at.fact("switch-loss-announced") is None:
        return
    r = at.rows("tranches", tranche="3")[0]
    sold, cash, loss = (float(r[k]) for k in ("shares", "proceeds_eur", "loss_eur"))
    left = 1_326_231_327
    assert at.held("renault", "nissan") == left
    since = 211e6 - 264e6 - 2_204e6 - 127e6  # second half of 2024, two quarters of 2025
    worth = left * 350 / asof(at.rate(), "2025-06-30")
    stake = left / float(r["issued_after"])
    k = cash / sold + loss / (sold * (1 - stake))
    own = (left + sold) * k - cash - loss
    naive = left * (cash + loss) / sold
    yield "selldown.record.switch_loss_own_share", exact(own - 600e6 + since - worth)
    yield "selldown.record.switch_loss_naive", exact(naive - 600e6 + since - worth)
    yield "selldown.record.switch_loss_announced", 9.5e9


def test_the_book_value_carried_is_of_that_day():
    """Nine and a third euros a share on the day of article 2."""
    x = Sale(Standing("base"))
    assert abs(x.carrying - 1303.68 / 139.44) < 0.01
    assert age("2022-11-09", x.at.day) == 69
