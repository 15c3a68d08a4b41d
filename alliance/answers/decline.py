"""Chapter 1: how far Nissan has fallen, when, why, and what it cost Renault."""

from contextlib import suppress

import pandas as pd

from alliance import decline, returns
from alliance.answers import business, event_study, stake
from alliance.answers.results import Answers, Builder
from alliance.answers.tape import HOLDER, MARKET, SHARE, Tape
from alliance.errors import ScenarioError, did_you_mean
from alliance.evidence import Evidence
from alliance.scenario import Scenario

CLAIM = "article-1-more-than-halved"
CLAIM_YEAR = 2018
DRAWS = 400  # of the bootstrap


def check(s: Scenario, ev: Evidence) -> Tape:
    """The prices; a ScenarioError for what does not fit ``as_of`` and the evidence."""
    close = ev.close(SHARE)
    first, since = ev.days(f"prices-{SHARE}")[0].date(), s.decline.since
    if s.as_of < first or close.empty:
        raise ScenarioError(f"as_of: the data start on {first}, received {s.as_of}")
    if since < first:
        raise ScenarioError(f"decline.since: the data start on {first}, received {since}")
    if since >= close.index[-1].date():
        rule = f"must be before the last close at as_of ({close.index[-1].date()})"
        raise ScenarioError(f"decline.since: {rule}, received {since}; set both for an early day")
    listed, t = offered(ev), Tape(ev, close.index.asof(pd.Timestamp(since)))
    for peer in s.decline.peers:
        if peer not in listed:
            rule = f"must be a share with closes by {s.as_of}, other than Nissan's and Renault's"
            hint = did_you_mean(peer, listed)
            raise ScenarioError(f"decline.peers: {rule}, received '{peer}'{hint}")
    for name in t.others(s.decline.peers):
        t.in_eur(ev.close(name))
    days, window = t.factors(s.decline.peers).days, s.decline.beta_window_days
    if (days <= t.start).sum() < window:  # of returns: the first day has none
        possible = f"on {s.as_of} only {len(days) + 1} days were public"
        if len(days) >= window:
            possible = f"the first possible day is {days[window - 1].date()}"
        rule = f"{window} trading days of betas must precede it; with the data from {first}"
        raise ScenarioError(f"decline.since: {rule}, {possible}, received {since}")
    return t


def offered(ev: Evidence) -> list[str]:
    """Shares that may stand beside Nissan as peers."""
    shares = ev.rows("companies", kind="share")["company"]
    return [name for name in shares if name not in (SHARE, HOLDER)]


def begin(s: Scenario, ev: Evidence) -> tuple[Builder, Tape]:
    """Check the scenario, and start the answers of chapter 1."""
    b, t = Builder("1-decline", ev), check(s, ev)
    names = dict(zip(*(ev.companies[c] for c in ("company", "name")), strict=True))
    b.context |= {"since": t.start, "until": t.price.index[-1], "names": names}
    b.context["currency"] = s.decline.currency
    return b, t


def answer(s: Scenario, ev: Evidence) -> Answers:
    """Headline results and frames of chapter 1 at a scenario and evidence; a ScenarioError if they
    don't fit."""
    b, t = begin(s, ev)
    for name, value in s.decline.model_dump(mode="json").items():
        b.took(f"decline.{name}", value, "", "scenario")
    b.took("close at the start", float(t.price[t.start]), "JPY a share", "evidence")
    b.took("last close", float(t.price.iloc[-1]), "JPY a share", "evidence")
    changes(b, t)
    how_far(b, s, t)
    claim(b, t)
    parts(b, s, t)
    _why(b, s, t)
    event_study.put(b, s, t.start)
    business.put(b, t.start)
    stake.put(b, t)
    return b.answers()


def changes(b: Builder, t: Tape) -> None:
    """Add the fall by four measures."""
    start = t.start
    span = f"{start.date()} to {t.price.index[-1].date()}"
    for kind, closes in (("price_change", lambda: t.price), ("total_return", t.adjusted)):
        for currency in ("JPY", "EUR"):
            with b.section() as used:
                series = closes()
                series = series if currency == "JPY" else returns.in_eur(series, t.rate)
                value = returns.change(series, start)
                b.put(f"decline.{kind}_{currency.lower()}", value, span=span)
                t.count(used)


def how_far(b: Builder, s: Scenario, t: Tape) -> None:
    """Add how deep the fall was, and the peers beside it."""
    start, shown = t.start, s.decline.currency
    with b.section() as used:
        price = t.price if shown == "JPY" else returns.in_eur(t.price, t.rate)
        fall = returns.drawdown(price[start:])
        bottom = fall.idxmin()
        peak = price[start:bottom].idxmax()
        high = f"the highest close since {start.date()}, price in {shown}"
        note = f"from {peak.date()} to {bottom.date()}"
        b.put("decline.max_drawdown", fall.min(), note, high=high)
        b.put("decline.drawdown_now", fall.iloc[-1], high=high)
        b.frames["drawdown"] = pd.DataFrame({"price": price[start:], "drawdown": fall})
        b.context |= {"peak": peak, "bottom": bottom}
        t.count(used)
    with b.section() as used:
        columns = {
            name: returns.rebase(t.quoted(name, shown), start)
            for name in (SHARE, *s.decline.peers, HOLDER, MARKET)
        }
        b.frames["rebased"] = pd.concat(columns, axis=1, sort=True)
        t.count(used)


def claim(b: Builder, t: Tape) -> None:
    """Add from how many days of the article's year the price had more than halved on its day."""
    first, last = pd.Timestamp(CLAIM_YEAR, 1, 1), pd.Timestamp(CLAIM_YEAR, 12, 31)
    threshold = b.ev.figure(CLAIM)
    said = None if threshold is None else b.ev.fact(CLAIM)["date"]
    for key, until in (("", said), ("_now", None)):
        price = t.price[:until]
        changes = b.ev.once(("claim", until), lambda p=price: decline.from_each_day(p, first, last))
        day = price.index[-1]
        if not key:
            b.frames["from_each_day"] = changes.to_frame("change")
            b.context |= {"claim": threshold, "claim_day": day}
        where, words = f"decline.halved_from{key}", {"year": CLAIM_YEAR, "day": day.date()}
        with b.section(where, **words) as used:
            t.price  # noqa: B018  (read here)
            used.within(first, day)
            below = changes < float(b.ev.fact(CLAIM)["value"])
            b.put(where, float(below.mean()), **words)


def parts(b: Builder, s: Scenario, t: Tape) -> None:
    """Add the exact split of the fall."""
    peers, window = s.decline.peers, s.decline.beta_window_days
    daily = decline.decompose(t.factors(peers), t.rate, t.start, window)
    totals = daily.sum()
    b.frames["parts"] = totals.to_frame("value")
    for part in decline.PARTS:
        with b.section() as used:
            (t.price, t.rate) if part == "currency" else t.factors(peers)
            b.put("decline.part.{part}", totals[part], part=part, name=part.capitalize())
            t.count(used, t.before(window))
    b.frames["parts_daily"] = daily


def _why(b: Builder, s: Scenario, t: Tape) -> None:
    """Intervals of the parts, and the parts under other definitions."""
    window, peers = s.decline.beta_window_days, s.decline.peers
    with b.section():
        f = t.factors(peers)
        bounds, block = decline.part_intervals(f, t.start, window, draws=DRAWS, seed=s.seed)
        b.took("mean block of the bootstrap", round(block, 2), "trading days", "evidence")
        b.frames["parts"] = b.frames["parts"].join(bounds)
        for part in decline.PARTS:
            words = {"part": part, "name": part.capitalize()}
            for end, value in bounds.loc[part].items() if part != "currency" else ():
                b.put("decline.part.{part}_{end}", value, end=end, **words)
    with b.section():
        b.frames["definitions"] = _definitions(b, t, peers, window)


def _definitions(b: Builder, t: Tape, peers: tuple[str, ...], window: int) -> pd.DataFrame:
    """The parts under other definitions; a definition without enough days has no row."""
    tried: dict[str, tuple[tuple[str, ...], int | None, bool]] = {
        f"betas of {window} days (used)": (peers, window, False),
        "sector orthogonal to the market": (peers, window, True),
        "betas of all days before": (peers, None, False),
        f"betas of {window // 2} days": (peers, max(window // 2, 60), False),
        f"betas of {window * 3 // 2} days": (peers, window * 3 // 2, False),
    }
    tokyo = b.ev.rows("companies", exchange="XTKS", kind="share")["company"]
    alone = [p for p in offered(b.ev) if p in {*tokyo, *peers}]
    tried |= {f"{p} as the only peer": ((p,), window, False) for p in alone}
    rows = {}
    for name, (chosen, days, orthogonal) in tried.items():
        with suppress(ScenarioError):
            f = t.factors(chosen)
            rows[name] = decline.decompose(f, t.rate, t.start, days, orthogonal).sum()
    return pd.DataFrame(rows).T
