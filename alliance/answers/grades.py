"""Chapter 5, the grades: sales, bands and chances that were forecast, beside naive rules."""

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from alliance import grading, ownership, returns
from alliance import selldown as sd
from alliance.answers import disclosed_sales, event_study, inputs, voting
from alliance.answers.business import last_book
from alliance.answers.inputs import HOLDER, SHARE
from alliance.answers.results import Builder
from alliance.errors import NotKnown
from alliance.evidence import Evidence
from alliance.scenario import Scenario

FIRST, EVERY, YEAR = "2018-01-01", 10, 365  # of starts: the first, sessions between, days ahead
NOMINAL = (0.5, 0.9)
MODEL, HISTORY, NONE, KNOWN = "model", "history", "no change", "rates known afterwards"
#: Days by what was in the news, as chapter 1 has them.
DAYS = {
    "neither": "days without news",
    "results": "sessions after results",
    "alliance": "days of news about the alliance",
}
ERRORS = {"_sale": ("price", "cash", "stake", "votes"), "_loss": ("loss",)}


def put(b: Builder, s: Scenario) -> None:
    """Add the errors of the three sales, the coverage of bands, and the scores of chances."""
    _sales(b)
    _forecasts(b, s)
    _days(b, s)


def _sales(b: Builder) -> None:
    """Each disclosed sale as forecast on the eve from its number of shares, which was the news."""
    ev, rows, before = b.ev, [], None
    with b.section():
        sales = ev.rows("tranches").sort_values("tranche")
    for sale in sales.itertuples():
        pattern, words = "hindsight.tranche.{{sale}}.{}_error", {"sale": sale.tranche}
        rows.append({"sale": sale.tranche, "day": sale.announced})
        for make in (_sale, _loss):
            keys = ERRORS[make.__name__]
            with b.section(*(pattern.format(key) for key in keys), **words):
                known = [sale.tranche] if make is _sale else [sale.tranche, sale.tranche - 1]
                ev.rows("tranches", lambda f, known=known: f["tranche"].isin(known))
                rows[-1] |= make(ev, sale, before)
                for key in keys:
                    b.put(pattern.format(key), rows[-1][f"error_{key}"], **words)
        with ev.aside():
            before = disclosed_sales.sale(sale, ev.rate("jpy_per_eur"), ev.holding(HOLDER, SHARE))
    b.frames["sales"] = pd.DataFrame(rows)
    with b.section():
        b.frames["sales_by_total"] = _by_total(ev, sales)


def _by_total(ev: Evidence, sales: pd.DataFrame) -> pd.DataFrame:
    """The losses once more, if the first is what the total of all that the press gives leaves."""
    first, rows, before = sales.index[0], [], None
    rest = sales["loss_eur"].drop(first).sum()
    sales.loc[first, "loss_eur"] = float(ev.fact("tranche-losses-total")["value"]) - rest
    for sale in sales.itertuples():
        rows.append({"sale": sale.tranche} | _loss(ev, sale, before))
        before = disclosed_sales.sale(sale, ev.rate("jpy_per_eur"), ev.holding(HOLDER, SHARE))
    return pd.DataFrame(rows)


def _eve(ev: Evidence, sale) -> tuple[Evidence, float, float, float, float]:
    """The evidence on a sale's eve; price then, less the dividend that does not go with the shares,
    and rate; shares held and issued."""
    eve = ev.at((sale.announced - pd.Timedelta(days=1)).date())
    levels = (returns.level(s, eve.as_of) for s in (eve.close(SHARE), eve.rate("jpy_per_eur")))
    price, fix = (level.known() for level in levels)
    return eve, price - sale.dividend_off_jpy, fix, *inputs.stake(eve)


def _sale(ev: Evidence, sale, before: dict | None) -> dict:
    """What a sale's eve gives, what came, and signed errors (fractions; of a stake, points);
    NotKnown if the shares in the trust were not public."""
    eve, price, fix, held, issued = _eve(ev, sale)
    inside, cap = voting.trust_of(eve)
    if inside is None:
        raise NotKnown(f"the trust's shares were not public on {eve.as_of}")
    cash, inside = sale.shares * price / fix, inside - sale.shares
    stake = ownership.stake(held, issued, 0, sale.shares, sale.shares_bought)
    after, trusted = issued - sale.shares_bought, sale.trust_stake_after * sale.issued_after
    direct = sale.stake_after * sale.issued_after - trusted
    ours = ownership.Block(held - sale.shares - inside, inside, after, cap)
    theirs = ownership.Block(direct, trusted, sale.issued_after, cap)
    guess, came = (ownership.votes(block, "mirror") for block in (ours, theirs))
    return {
        "price": price, "price_came": sale.price_jpy, "error_price": price / sale.price_jpy - 1,
        "cash": cash, "cash_came": sale.proceeds_eur, "error_cash": cash / sale.proceeds_eur - 1,
        "stake": stake, "stake_came": sale.stake_after, "error_stake": stake - sale.stake_after,
        "votes": guess, "votes_came": came, "error_votes": guess - came,
    }  # fmt: skip


def _loss(ev: Evidence, sale, before: dict | None) -> dict:
    """The loss that a sale's eve gives, and the naive one, which shares no buy-back.

    The amount carried a share is, for the first, the last net assets a share; then what the loss
    before implied, rolled over it.
    """
    eve, price, fix, held, issued = _eve(ev, sale)
    stake = ownership.stake(held, issued, 0, sale.shares, sale.shares_bought)
    if before:
        _, carried, naive, _ = disclosed_sales.rolled(before, {})[-1]
    else:
        carried = naive = last_book(eve).known() / fix
    loss = (carried - price / fix) * (sale.shares - stake * sale.shares_bought)
    plain = (naive - price / fix) * sale.shares
    error = loss / sale.loss_eur - 1
    return {"loss": loss, "loss_came": sale.loss_eur, "error_loss": error, "naive_loss": plain}


def _forecasts(b: Builder, s: Scenario) -> None:
    """Bands of the price a year ahead, and chances of the price points, from many days."""
    with b.section():
        bands, points = b.ev.once(("year ahead", s.selldown), lambda: _year_ahead(s, b.ev))
        b.frames["bands"], b.frames["points"] = bands, points
        block = YEAR / 7 * 5 / EVERY  # starts that share a part of a year
        rows = [
            {"what": "price a year ahead", "rule": rule, "nominal": part, "days": len(bands)}
            | _scored(_held(bands, rule, part), block, s.seed)
            for rule in (MODEL, HISTORY)
            for part in NOMINAL
        ]
        b.frames["coverage"] = pd.DataFrame(rows)
        for part, row in zip(NOMINAL, rows, strict=False):
            key = "hindsight.coverage_{part}"
            b.put(key, row["score"], part=f"{100 * part:.0f}")
            for end in ("low", "high"):
                b.put(f"{key}_{{end}}", row[end], part=f"{100 * part:.0f}", end=end)
        rates = points.groupby("multiple")["hit"].transform("mean")
        wide = points.assign(none=0.0, rates=rates)
        columns = {MODEL: "chance", HISTORY: "history", NONE: "none", KNOWN: "rates"}
        scores = {rule: grading.brier(wide[c], wide["hit"]) for rule, c in columns.items()}
        scores = pd.DataFrame(scores).groupby(wide["start"]).mean()
        frame = pd.DataFrame([{"rule": r} | _scored(v, block, s.seed) for r, v in scores.items()])
        for rule, score in scores.items():  # positive where the model errs less
            worse = _scored(score - scores[MODEL], block, s.seed)
            frame.loc[frame["rule"] == rule, [f"worse_{k}" for k in worse]] = list(worse.values())
        b.frames["brier"] = frame
        b.put("hindsight.coverage_90_naive", rows[-1]["score"])
        b.put("hindsight.brier_price_points", frame["score"].iloc[0], f"{len(bands)} days")
        b.put("hindsight.brier_naive", frame["score"].iloc[1])
        b.put("hindsight.brier_no_change", frame["score"].iloc[2])
        b.put("hindsight.brier_known_rates", frame["score"].iloc[3])


def _scored(scores, block: float, seed: int) -> dict[str, float]:
    found = grading.interval(scores, block, seed)
    return dict(zip(("score", "low", "high"), found, strict=True))


def _held(bands: pd.DataFrame, rule: str, part: float) -> np.ndarray:
    low, high = (bands[f"{rule}_{end}_{100 * part:.0f}"] for end in ("low", "high"))
    return grading.inside(bands["outcome"], low, high)


def _year_ahead(s: Scenario, ev: Evidence) -> tuple[pd.DataFrame, pd.DataFrame]:
    """From each start what was forecast for a year and what came, as multiples of its price.

    The model is chapter 2's market by its own rules on that day; ``history`` is what earlier
    starts, whose year was over by then, had seen.
    """
    g, price, rate = s.selldown, ev.close(SHARE), ev.rate("jpy_per_eur")
    ends = price.index.searchsorted(price.index + pd.Timedelta(days=YEAR), side="right") - 1
    over = price.index + pd.Timedelta(days=YEAR) <= price.index[-1]
    multiples, closes = np.asarray(g.price_points, float), price.to_numpy(float)
    with ev.aside():  # costs move no chance
        terms = inputs.fill(s.model_copy(update={"as_of": ev.as_of}), ev).terms
    seen, bands, points = [], [], []
    for at in range(0, int(over.sum()), EVERY):
        start, year = price.index[at], closes[at + 1 : ends[at] + 1] / closes[at]
        hit = (year.max() >= multiples).astype(float)
        past = [row for row in seen if row[0] <= start]
        seen.append((start + pd.Timedelta(days=YEAR), year[-1], hit))
        if start < pd.Timestamp(FIRST) or not past:
            continue
        m = sd.weekly_moments(price[:start], rate[:start])
        three = [m[name] for name in ("volatility", "fx_volatility", "correlation")]
        drift, fx = sd.fair_drifts(*three, g.rate_jpy, g.discount_rate, g.dividend_yield)
        market = sd.Lognormal(closes[at], float(rate[:start].iloc[-1]), *three, drift, fx, 1.0)
        row = {"start": start, "outcome": year[-1]}
        before = np.array([outcome for _, outcome, _ in past])
        for part in NOMINAL:
            tails = np.array([(1 - part) / 2, (1 + part) / 2])
            moved = drift - three[0] ** 2 / 2 + three[0] * ndtri(tails)
            for rule, found in ((MODEL, np.exp(moved)), (HISTORY, np.quantile(before, tails))):
                ends_of = (f"{rule}_{end}_{100 * part:.0f}" for end in ("low", "high"))
                row |= dict(zip(ends_of, found, strict=True))
        bands.append(row)
        chance = sd.price_points_closed(terms, market)["p_hit"]
        often = np.mean([known for _, _, known in past], axis=0)
        columns = {"multiple": multiples, "chance": chance, "history": often, "hit": hit}
        points.append(pd.DataFrame(columns).assign(start=start))
    return pd.DataFrame(bands), pd.concat(points, ignore_index=True)


def _days(b: Builder, s: Scenario) -> None:
    """Coverage of “nothing moved”: the market model's band of a day, and the plain one's."""
    length = s.decline.estimation_days
    with b.section():
        with b.ev.aside():
            news, daily = event_study.days(b.ev, pd.Timestamp(FIRST), length)
        event_study.listed(b.ev, news.loc[news["kind"].isin(DAYS), "event"])
        b.ev.close(event_study.MARKET)
        own = returns.log_returns(b.ev.close(SHARE))
        plain = (own / own.rolling(length).std().shift(1))[daily.index]
        rows = []
        for kind, what in DAYS.items():
            which = (daily["kind"] == kind).to_numpy()
            for rule, size in ((MODEL, daily["t"]), (NONE, plain)):
                for part in NOMINAL:
                    tail = (1 + part) / 2
                    edge = stdtrit(length - 2, tail) if rule == MODEL else ndtri(tail)
                    held = grading.inside(size[which], -edge, edge)
                    about = {"what": what, "rule": rule, "nominal": part, "days": len(held)}
                    rows.append(about | _scored(held, len(held) ** (1 / 3), s.seed))
                    if rule == MODEL and part == NOMINAL[1]:
                        words = {"kind": kind, "what": what}
                        b.put("hindsight.days_coverage_90.{kind}", held.mean(), **words)
        both = [b.frames["coverage"], pd.DataFrame(rows)]
        b.frames["coverage"] = pd.concat(both, ignore_index=True)
