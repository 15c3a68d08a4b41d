"""Chapter 5, each result by another way: replays sale by sale, grades day by day."""

from __future__ import annotations

import datetime as dt
import math
from functools import cache

import numpy as np
from scipy.stats import norm

from tests.checks import Standing, age, asof, checks, exact, near, shared
from tests.looks import answers_of
from tests.test_results_selldown import Sale

LAST, LATE = "2026-06-30", Standing("latest")
MULTIPLES = (1.1, 1.2, 1.35, 1.5, 1.75, 2.0)
BUDGET, LOT = 100e9, 200e6


@cache
def yen():
    """Nissan's closes and the yen's rates to the last day."""
    close, rate = LATE.series("nissan"), LATE.rate()
    return {d: (close[d], asof(rate, d)) for d in close.days if d <= LAST}


class Replay:
    """What a programme brings from a day to the last, sale by sale."""

    def __init__(self, name):
        self.x = Sale(Standing(name))
        self.start = self.x.at.series("nissan").days[-1]
        self.days = [d for d in yen() if d >= self.start]
        self.end = age(self.start, LAST) / 365.25

    def at(self, years):
        return yen()[max(d for d in self.days if age(self.start, d) <= years * 365.25 + 1e-6)]

    def hold(self):
        return []

    def block(self):
        x = self.x
        return [(0.0, x.planned, x.planned * x.spot / x.rate * (1 - x.cost(x.planned)))]

    def dribble(self):
        x, sold = self.x, []
        years = x.planned / (0.1 * x.adv) / 245
        span = min(years, self.end)
        slices = math.ceil(span * 6)
        cost = 0.01 + x.sigma / 245**0.5 * 0.1**0.5 / 2 + 0.1 * x.planned / (x.issued - x.held) / 2
        for k in range(slices):
            price, rate = self.at((k + 0.5) * span / slices)
            each = x.planned * span / years / slices
            sold.append(((k + 0.5) * span / slices, each, each * price / rate * (1 - cost)))
        return sold

    def price_points(self):
        x, sold = self.x, []
        each = x.planned / 6
        for multiple in MULTIPLES:
            hit = [d for d in self.days[1:] if yen()[d][0] >= multiple * x.spot]
            if hit:
                price, rate = yen()[hit[0]]
                cash = each * price / rate * (1 - x.cost(each))
                sold.append((age(self.start, hit[0]) / 365.25, each, cash))
        return sold

    def _bought(self, step, most):
        sold, left = [], self.x.planned
        for k in range(math.ceil(self.end / step)):  # the last period may be cut short
            price, rate = self.at(k * step)
            shares = min(most, BUDGET * min(step, self.end - k * step) / price, left)
            left -= shares
            sold.append((k * step, shares, shares * price / rate))
        return sold

    def buyback(self):
        return self._bought(0.25, math.inf)

    def windows(self):
        return self._bought(0.5, LOT)

    def _bond(self, spot, strike, years):
        root = self.x.sigma * years**0.5
        d = math.log(spot / strike) / root + root / 2
        call = spot * norm.cdf(d) - strike * norm.cdf(d - root)
        return strike * math.exp(-0.03 * years) + call

    def exchangeable(self):
        x, strike = self.x, 1.3 * self.x.spot
        assert self.end < 5  # it still runs
        first = x.planned * self._bond(x.spot, strike, 5) / x.rate * 0.99
        price, rate = yen()[self.days[-1]]
        back = x.planned * self._bond(price, strike, 5 - self.end) / rate
        return [(0.0, 0.0, first), (self.end, 0.0, -back)]

    def disclosed(self):
        rows = [r for r in LATE.rows("tranches") if r["settled"] > self.x.at.day]
        return [
            (age(self.start, r["settled"]) / 365.25, float(r["shares"]), float(r["proceeds_eur"]))
            for r in rows
        ]

    def row(self, name):
        x, sold = self.x, getattr(self, name)()
        cash, paid = sum(c for *_, c in sold), 0.0
        for r in LATE.rows("dividends", company="nissan"):
            if self.start < r["ex_date"] <= LAST:
                eve = (age(self.start, r["ex_date"]) - 1) / 365.25 + 1e-9
                left = x.planned - sum(s for t, s, _ in sold if t <= eve)
                paid += left * float(r["amount"]) / asof(LATE.rate(), r["ex_date"])
        price, rate = yen()[self.days[-1]]
        left = x.planned - sum(s for _, s, _ in sold)
        rest = left * price / rate
        value = cash + paid + rest
        after = value - rest * x.cost(left)
        return dict(zip(ENDS, (cash, paid, rest, value, after), strict=True))


ENDS = ("cash_eur", "dividends_eur", "rest_eur", "value_eur", "value_after_exit_eur")
NAMES = (
    "hold", "block", "dribble", "price_points", "buyback", "windows", "exchangeable", "disclosed",
)  # fmt: skip


@cache
def replays(name):
    return {n: Replay(name).row(n) for n in NAMES} if Standing(name).day < LAST else {}


@checks("hindsight.replay.*")
def test_replays(at):
    found = replays(at.name)
    for name in NAMES:
        for key in ENDS:
            value = found[name][key] if found else None
            yield (
                f"hindsight.replay.{name}.{key}",
                (found and near(value, 1 + 1e-9 * abs(value))) or None,
            )


@checks("hindsight.best_*")
def test_the_best_programme(at):
    after = {n: row["value_after_exit_eur"] for n, row in replays(at.name).items()}
    done = after.pop("disclosed", None)
    best = max(after, key=after.get) if after else None
    yield "hindsight.best_programme", best and best.replace("_", " ")
    yield "hindsight.best_after_exit_eur", best and exact(after[best])
    yield "hindsight.best_against_disclosed_eur", best and exact(after[best] - done)


@checks("hindsight.tranche.*")
def test_sales_as_forecast_on_the_eve(at):
    carried = None
    for r in sorted(LATE.rows("tranches"), key=lambda r: r["tranche"]):
        n, shares, bought = r["tranche"], float(r["shares"]), float(r["shares_bought"])
        eve = str(dt.date.fromisoformat(r["announced"]) - dt.timedelta(days=1))
        held = LATE.held("renault", "nissan", eve)
        issued, trust = (
            LATE.count("nissan", day=eve),
            LATE.held("renault", "nissan", eve, "natixis-trust"),
        )
        price, fix = asof(LATE.series("nissan"), eve), asof(LATE.rate(), eve)
        price -= float(r["dividend_off_jpy"])
        cash, disclosed, lost = shares * price / fix, float(r["proceeds_eur"]), float(r["loss_eur"])
        if carried is None:  # net assets a share, as computed on the eve
            book = answers_of("1-decline", Standing("base").s.replace({"as_of": eve}))
            carried = book["decline.book_value_jpy"] / fix
        stake = (held - shares) / (issued - bought)
        loss = (carried - price / fix) * (shares - stake * bought)
        key = f"hindsight.tranche.{n}."
        yield key + "price_error", exact(price / float(r["price_jpy"]) - 1)
        yield key + "cash_error", exact(cash / disclosed - 1)
        yield key + "stake_error", exact(stake - float(r["stake_after"]))
        yield key + "loss_error", exact(loss / lost - 1)
        after, came = issued - bought, float(r["issued_after"])
        direct = min(held - trust, 0.15 * after) / (after - max(0, held - trust - 0.15 * after))
        own = (float(r["stake_after"]) - float(r["trust_stake_after"])) * came
        real = min(own, 0.15 * came) / (came - max(0, own - 0.15 * came))
        yield key + "votes_error", exact(direct - real)
        # what the disclosed loss implies was carried, rolled over the sale
        real_stake = (held - shares) / (issued - bought)
        implied = disclosed / shares + lost / (shares - real_stake * bought)
        carried = (held * implied - disclosed - lost) / (held - shares)


@cache
def year_ahead():
    """Of each start: the outcome, hits, the model's law (centre, spread), chances, and what earlier
    starts had seen."""
    close, fix = LATE.series("nissan"), LATE.rate()
    days = [d for d in close.days if d <= LAST]

    def plus(day):
        return str(dt.date.fromisoformat(day) + dt.timedelta(days=365))

    seen, out = [], []
    for start in [d for d in days if plus(d) <= LAST][::10]:
        year = [close[d] / close[start] for d in days if start < d <= plus(start)]
        hits = [float(max(year) >= m) for m in MULTIPLES]
        past = [row for row in seen if row[0] <= start]
        seen.append((plus(start), year[-1], hits))
        if start < "2018-01-01":
            continue
        friday = dt.date.fromisoformat(start)
        friday -= dt.timedelta(days=(friday.weekday() - 4) % 7)
        weeks = [str(friday - dt.timedelta(days=7 * k)) for k in range(261, -1, -1)]
        weeks = [w for w in weeks if w >= max(days[0], fix.days[0])]
        moves = np.diff(np.log([[asof(close, w), asof(fix, w)] for w in weeks]), axis=0)
        sigma, other = moves.std(axis=0, ddof=1) * 52**0.5
        drift = float(np.corrcoef(moves.T)[0, 1]) * sigma * other - sigma**2 / 2
        nu, shift = drift / sigma, 0.5826 / 245**0.5
        levels = [math.log(m) / sigma + shift for m in MULTIPLES]
        chances = [norm.cdf(nu - b) + math.exp(2 * nu * b) * norm.cdf(-b - nu) for b in levels]
        earlier = [np.mean([h[k] for *_, h in past]) for k in range(6)]
        out.append((year[-1], hits, (drift, sigma), chances, earlier, [o for _, o, _ in past]))
    return out


def spread_of(scores, block=26):
    """Standard error of a mean by blocks that move along the series."""
    rng, n = np.random.default_rng(4), len(scores)
    firsts = rng.integers(0, n - block + 1, (800, -(-n // block)))
    means = [np.concatenate([scores[f : f + block] for f in row])[:n].mean() for row in firsts]
    return float(np.std(means))


@checks("hindsight.coverage_*")
def test_coverage_a_year_ahead(at):
    for part in (50, 90):
        tail = norm.ppf(0.5 + part / 200)
        held = np.array([
            abs(math.log(came) - drift) <= tail * sigma
            for came, _, (drift, sigma), *_ in year_ahead()
        ], float)  # fmt: skip
        yield f"hindsight.coverage_{part}", exact(held.mean())
        for end, sign in (("low", -1), ("high", 1)):
            edge = min(1.0, held.mean() + sign * 1.96 * spread_of(held))
            yield f"hindsight.coverage_{part}_{end}", near(edge, 0.08)
    low_high = [(np.quantile(past, [0.05, 0.95]), came) for came, *_, past in year_ahead()]
    naive = np.mean([low <= came <= high for (low, high), came in low_high])
    yield "hindsight.coverage_90_naive", exact(naive)


@checks("hindsight.brier_*")
def test_brier_scores(at):
    def score(place):
        return np.mean([np.square(np.subtract(row[place], row[1])).mean() for row in year_ahead()])

    yield "hindsight.brier_price_points", near(score(3), 1e-6)
    yield "hindsight.brier_naive", exact(score(4))
    rates = np.mean([row[1] for row in year_ahead()], axis=0)
    yield "hindsight.brier_known_rates", exact((rates * (1 - rates)).mean())  # of one constant each
    never = np.mean([np.square(row[1]).mean() for row in year_ahead()])
    yield "hindsight.brier_no_change", exact(never)


@checks("hindsight.days_coverage_90.*")
def test_days_on_which_nothing_moved(at):
    """The t of each day by its own regression; kinds of days are chapter 1's."""
    from scipy import stats

    close, market = LATE.series("nissan"), LATE.series("topix")
    kinds = answers_of(
        "1-decline", LATE.s.replace({"decline": {"since": "2018-01-04", "currency": "JPY"}})
    )
    kind = {str(d.date()): k for d, k in kinds.frame("moves")["kind"].items()}
    days, held = shared(close, market), {}
    edge = stats.t(248).ppf(0.95)
    for day in days:
        if not "2018-01-01" < day <= LAST:
            continue
        n = days.index(day)
        asset, index = (
            np.diff(np.log([s[d] for d in days[n - 251 : n + 1]])) for s in (close, market)
        )
        x = np.column_stack([np.ones(250), index[:250]])
        inverse = np.linalg.inv(x.T @ x)
        fit = inverse @ x.T @ asset[:250]
        error = np.sum((asset[:250] - x @ fit) ** 2) / 248
        now = np.array([1, index[250]])
        t = (asset[250] - now @ fit) / math.sqrt(error * (1 + now @ inverse @ now))
        held.setdefault(kind.get(day, "neither"), []).append(abs(t) <= edge)
    for name in ("neither", "results", "alliance"):
        yield f"hindsight.days_coverage_90.{name}", exact(float(np.mean(held[name])))


@checks("hindsight.statements_misled")
def test_statements_that_would_have_misled(at):
    """Three of chapter 2 against the replay; what Ampere was to raise against nothing."""
    if at.day >= LAST:
        yield "hindsight.statements_misled", None
        return
    after = {n: row["value_after_exit_eur"] for n, row in replays(at.name).items()}
    after.pop("disclosed")
    said = {n: at.value(f"selldown.{n}.value_after_exit_eur_mean") for n in after}
    best = max((name for name in said if name != "hold"), key=said.get)
    wrong = int(after[best] < max(after.values()))
    wrong += after["price_points"] < at.value("selldown.price_points.value_after_exit_eur_cvar05")
    wrong += (said["price_points"] > said["block"]) != (after["price_points"] > after["block"])
    raised = at.value("separation.carve_out.renault.cash_raised_eur") is not None
    wrong += raised and at.day < "2024-01-29"
    yield "hindsight.statements_misled", wrong


@checks("hindsight.raised_as_said_eur")
def test_what_was_said_to_be_raised_and_was_not(at):
    """Ampere's listing alone was cancelled, after the scenarios of 2022 and 2023."""
    raised = at.value("separation.carve_out.renault.cash_raised_eur")
    yield "hindsight.raised_as_said_eur", raised if at.day < "2024-01-29" else None
