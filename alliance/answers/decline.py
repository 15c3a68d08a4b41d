"""Chapter 1: how far Nissan has fallen, when, why, and what it cost Renault."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace

import pandas as pd

from alliance import decline, returns
from alliance.answers import effects, worth
from alliance.answers.form import Answers, Builder
from alliance.errors import NotPublished, ScenarioError, did_you_mean
from alliance.evidence import Evidence, Used
from alliance.scenario import Scenario

SHARE, HOLDER, MARKET = "nissan", "renault", "topix"
CLAIM = "article-1-more-than-halved"
CLAIM_YEAR = 2018
SPARE = 10  # sessions on which one of several series may have no price
DRAWS = 400  # of the bootstrap


def check(s: Scenario, ev: Evidence) -> None:
    """Refuse what ties the group to ``as_of`` and the evidence, before anything runs.

    Raises
    ------
    ScenarioError
    """
    close = ev.close(SHARE)
    first, since = ev.days(f"prices-{SHARE}")[0].date(), s.decline.since
    if s.as_of < first or close.empty:
        raise ScenarioError(f"as_of: the data start on {first}, received {s.as_of}")
    if since < first:
        raise ScenarioError(f"decline.since: the data start on {first}, received {since}")
    if since >= close.index[-1].date():
        raise ScenarioError(
            f"decline.since: must be before the last close at as_of "
            f"({close.index[-1].date()}), received {since}"
        )
    listed = set(ev.rows("companies", exchange="XTKS", kind="share")["company"])
    for peer in s.decline.peers:
        if peer not in listed:
            hint = did_you_mean(peer, listed - {SHARE})
            raise ScenarioError(f"decline.peers: must be listed in Tokyo, received '{peer}'{hint}")
    start, last, days = close.index.asof(pd.Timestamp(since)), close.index[-1], close.index
    for name in (MARKET, *s.decline.peers):
        own = ev.close(name).index
        if start not in own or last not in own:
            span = f"from {own[0].date()} to {own[-1].date()}" if len(own) else "on no day"
            raise ScenarioError(
                f"decline: {name} must have a close on Nissan's first and last day, "
                f"{start.date()} and {last.date()}; it has closes {span}"
            )
        days = days.intersection(own)
    window = s.decline.beta_window_days
    if (days < start).sum() < window:
        possible = (
            f"the first possible day is {days[window].date()}"
            if len(days) > window
            else f"on {s.as_of} only {len(days)} days were public"
        )
        raise ScenarioError(
            f"decline.since: {window} trading days of betas must precede it; "
            f"with the data from {first}, {possible}, received {since}"
        )


@dataclass(frozen=True)
class Tape:
    """Nissan's prices, the rate, the first day, and what they were read from.

    What rests on the evidence alone is made once, and kept for all scenarios at it.
    """

    ev: Evidence
    price: pd.Series
    adjusted: pd.Series
    rate: pd.Series
    tape: Used
    fix: Used
    start: pd.Timestamp = pd.NaT
    kept: dict = field(default_factory=dict)

    def twofold(self, name: str) -> tuple[dict[tuple[str, str], pd.Series], Used]:
        """A series in both currencies by (measure, currency): prices, and with dividends."""
        if name not in self.kept:
            with self.ev.reading() as used:
                told = self.ev.rows("companies", company=name)["currency"].iloc[0]
                table, out = self.ev.prices(name), {}
                for column, kind in (("close", "price"), ("adj_close", "total")):
                    if column in table:
                        own = table[column].dropna().rename(name)
                        fixed = returns.as_known(self.rate, own.index).to_numpy()
                        yen = own * fixed if told == "EUR" else own
                        out |= {(kind, "JPY"): yen, (kind, "EUR"): yen / fixed}
            self.kept[name] = out, used
        return self.kept[name]

    def before(self, sessions: int) -> pd.Timestamp:
        """The day so many sessions, and a few to spare, before the first."""
        days = self.price.index
        return days[max(days.get_loc(self.start) - sessions - SPARE, 0)]

    def factors(self, peers: tuple[str, ...]) -> tuple[decline.Factors, Used]:
        """What the returns are explained by, for some peers."""
        if peers not in self.kept:
            with self.ev.reading() as used:
                market = self.ev.close(MARKET)
                closes = pd.concat([self.ev.close(p) for p in peers], axis=1, sort=True).dropna()
            self.kept[peers] = decline.factors(self.price, market, closes), used
        return self.kept[peers]


def read(ev: Evidence) -> Tape:
    """The tape at an evidence, without a first day."""
    with ev.reading() as tape:
        price = ev.close(SHARE)
        adjusted = ev.prices(SHARE)["adj_close"].rename(SHARE)
    with ev.reading() as fix:
        rate = ev.rate("jpy_per_eur")
    return Tape(ev, price, adjusted, rate, tape, fix)


def begin(s: Scenario, ev: Evidence, known: Tape | None = None) -> tuple[Builder, Tape]:
    """Check the scenario, and start the answers of chapter 1 on the tape (read where not given)."""
    check(s, ev)
    b, t = Builder("1-decline", ev), known or read(ev)
    t = replace(t, start=t.price.index.asof(pd.Timestamp(s.decline.since)))
    b.context |= {
        "since": t.start,
        "until": t.price.index[-1],
        "currency": s.decline.currency,
        "peers": s.decline.peers,
        "names": dict(zip(*(ev.companies[c] for c in ("company", "name")), strict=True)),
        "beta_window_days": s.decline.beta_window_days,
    }
    return b, t


def answer(s: Scenario, ev: Evidence) -> Answers:
    """Headline results and frames of chapter 1 at a scenario and evidence.

    Raises
    ------
    ScenarioError
        If the scenario does not fit the evidence.
    """
    b, t = begin(s, ev)
    for name, value in s.decline.model_dump(mode="json").items():
        b.took(f"decline.{name}", value, "", "scenario")
    b.took("close at the start", float(t.price[t.start]), "JPY a share", "evidence")
    b.took("last close", float(t.price.iloc[-1]), "JPY a share", "evidence")
    how_far(b, s, t)
    claim(b, t)
    parts(b, s, t)
    _why(b, s, t)
    effects.put(b, s, t.price, t.start, t.tape)
    worth.put_business(b, t.price, t.start, t.tape.within(t.price.index[-1]))
    fix = t.fix.within(t.rate.index.asof(t.start))
    worth.put_cost(b, t.price, t.rate, t.start, t.tape.within(t.start), fix)
    return b.answers()


def how_far(b: Builder, s: Scenario, t: Tape) -> None:
    """Add the fall by four measures, its depth, and the peers beside it."""
    price, start, tape = t.price, t.start, t.tape.within(t.start)
    fix = t.fix.within(t.rate.index.asof(start))
    in_eur = returns.in_eur(price, t.rate)
    span = f"{start.date()} to {price.index[-1].date()}"
    for key, series, used, label in (
        ("price_change_jpy", price, tape, "Price change in yen"),
        ("price_change_eur", in_eur, tape | fix, "Price change in euros"),
        ("total_return_jpy", t.adjusted, tape, "Total return in yen, dividends reinvested"),
        ("total_return_eur", returns.in_eur(t.adjusted, t.rate), tape | fix,
         "Total return in euros, dividends reinvested"),
    ):  # fmt: skip
        value = returns.change(series, start)
        b.put(f"decline.{key}", value, "fraction", f"{label}, {span}", used)
    shown, used = (price, tape) if s.decline.currency == "JPY" else (in_eur, tape | fix)
    fall = returns.drawdown(shown[start:])
    bottom = fall.idxmin()
    peak = shown[start:bottom].idxmax()
    high = f"the highest close since {start.date()}, price in {s.decline.currency}"
    label = f"Deepest fall below {high}"
    note = f"from {peak.date()} to {bottom.date()}"
    b.put("decline.max_drawdown", fall.min(), "fraction", label, used, note)
    label = f"At the end below {high}"
    b.put("decline.drawdown_now", fall.iloc[-1], "fraction", label, used)
    b.frames["drawdown"] = pd.DataFrame({"price": shown[start:], "drawdown": fall})
    b.context |= {"peak": peak, "bottom": bottom}
    columns = {}
    for name in (SHARE, *s.decline.peers, HOLDER, MARKET):
        both, used = t.twofold(name)
        columns[name] = returns.rebase(both["price", s.decline.currency], start)
        b.used = b.used | used
    b.frames["rebased"] = pd.concat(columns, axis=1, sort=True)


def claim(b: Builder, t: Tape) -> None:
    """Add from how many days of the article's year the price had more than halved on its day."""
    first, last = pd.Timestamp(CLAIM_YEAR, 1, 1), pd.Timestamp(CLAIM_YEAR, 12, 31)
    label = f"Starting days of {CLAIM_YEAR} from which the price had more than halved"
    price, why, used, threshold = t.price, None, t.tape, None
    try:
        with b.ev.reading() as said:
            fact = b.ev.fact(CLAIM)
        price, used, threshold = price[: fact["date"]], used | said, float(fact["value"])
    except NotPublished as error:
        why = str(error)
    changes = decline.from_each_day(price, first, last)
    b.frames["from_each_day"] = changes.to_frame("change")
    b.context |= {"claim": threshold, "claim_day": price.index[-1]}
    now = decline.from_each_day(t.price, first, last)
    for key, found, day in (("", changes, price.index[-1]), ("_now", now, t.price.index[-1])):
        share = None if why else float((found < threshold).mean())
        text = f"{label}, on {day.date()}"
        read = used.within(first, day)
        b.put(f"decline.halved_from{key}", share, "fraction", text, read, note=why)


def parts(b: Builder, s: Scenario, t: Tape) -> None:
    """Add the exact split of the fall."""
    f, factors = t.factors(s.decline.peers)
    main = decline.decompose(f, t.rate, t.start, s.decline.beta_window_days)
    first, fix = t.before(s.decline.beta_window_days), t.fix.within(t.rate.index.asof(t.start))
    b.frames["parts"] = main.totals.to_frame("value")
    for part in decline.PARTS:
        used = t.tape.within(first)
        used = fix | used if part == "currency" else used | factors.within(first)
        label = f"{part.capitalize()} part of the log price change in euros"
        value = main.totals[part]
        b.put(f"decline.part.{part}", value, "log points", label, used)
    b.frames["parts_daily"] = main.daily


def _why(b: Builder, s: Scenario, t: Tape) -> None:
    """Intervals of the parts, and the parts under other definitions."""
    window, (f, factors) = s.decline.beta_window_days, t.factors(s.decline.peers)
    bounds, block = decline.part_intervals(f, t.start, window, draws=DRAWS, seed=s.seed)
    b.took("mean block of the bootstrap", round(block, 2), "trading days", "evidence")
    b.frames["parts"] = b.frames["parts"].join(bounds)
    for part in decline.PARTS:
        for end, value in bounds.loc[part].items() if part != "currency" else ():
            text = f"{part.capitalize()} part, {end} end of its 95 % interval"
            b.put(f"decline.part.{part}_{end}", value, "log points", text, t.tape | factors)
    b.frames["definitions"] = _definitions(b, t, s.decline.peers, window)


def _definitions(b: Builder, t: Tape, peers: tuple[str, ...], window: int) -> pd.DataFrame:
    """The parts under other definitions; a definition without enough days has no row."""
    tried: dict[str, tuple[tuple[str, ...], int | None, bool]] = {
        f"betas of {window} days (used)": (peers, window, False),
        "sector orthogonal to the market": (peers, window, True),
        "betas of all days before": (peers, None, False),
        f"betas of {window // 2} days": (peers, max(window // 2, 60), False),
        f"betas of {window * 3 // 2} days": (peers, window * 3 // 2, False),
    }
    listed = b.ev.rows("companies", exchange="XTKS", kind="share")["company"]
    tried |= {f"{p} as the only peer": ((p,), window, False) for p in listed if p != SHARE}
    rows = {}
    for name, (chosen, days, orthogonal) in tried.items():
        with suppress(ScenarioError):
            f = t.factors(chosen)[0]
            rows[name] = decline.decompose(f, t.rate, t.start, days, orthogonal).totals
    return pd.DataFrame(rows).T
