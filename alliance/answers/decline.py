"""Chapter 1: how far Nissan has fallen, when, why, and what it cost Renault."""

from __future__ import annotations

from dataclasses import dataclass

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
DRAWS = 400  # of the bootstrap


def check(s: Scenario, ev: Evidence) -> None:
    """Refuse what ties the group to ``as_of`` and the evidence, before anything runs.

    Raises
    ------
    ScenarioError
    """
    close = ev.close(SHARE)
    first, since = ev.package.read(f"prices-{SHARE}")["date"].iloc[0].date(), s.decline.since
    if s.as_of < first or close.empty:
        raise ScenarioError(f"as_of: the data start on {first}, received {s.as_of}")
    if since < first:
        raise ScenarioError(f"decline.since: the data start on {first}, received {since}")
    if since >= close.index[-1].date():
        raise ScenarioError(
            f"decline.since: must be before the last close at as_of "
            f"({close.index[-1].date()}), received {since}"
        )
    listed = ev.companies.query("exchange == 'XTKS' and kind == 'share'")["company"]
    for peer in s.decline.peers:
        if peer not in set(listed):
            hint = did_you_mean(peer, set(listed) - {SHARE})
            raise ScenarioError(f"decline.peers: must be listed in Tokyo, received '{peer}'{hint}")
    before = int((close.index <= pd.Timestamp(since)).sum()) - 1
    if before < s.decline.beta_window_days:
        earliest = close.index[s.decline.beta_window_days].date()
        raise ScenarioError(
            f"decline.since: {s.decline.beta_window_days} trading days of betas must precede it; "
            f"with the data from {first} the first possible day is {earliest}, received {since}"
        )


@dataclass(frozen=True)
class Tape:
    """Nissan's prices, the rate, the first day, and what they were read from."""

    price: pd.Series
    adjusted: pd.Series
    rate: pd.Series
    start: pd.Timestamp
    tape: Used
    fix: Used


def begin(s: Scenario, ev: Evidence) -> tuple[Builder, Tape]:
    """Check the scenario, read the tape, and start the answers of chapter 1."""
    check(s, ev)
    b = Builder("1-decline", ev)
    with ev.reading() as tape:
        price = ev.close(SHARE)
        adjusted = ev.prices(SHARE)["adj_close"].rename(SHARE)
    with ev.reading() as fix:
        rate = ev.rate("jpy_per_eur")
    start = price.index.asof(pd.Timestamp(s.decline.since))
    b.context |= {
        "since": start,
        "until": price.index[-1],
        "currency": s.decline.currency,
        "peers": s.decline.peers,
        "names": ev.companies.set_index("company")["name"].to_dict(),
        "beta_window_days": s.decline.beta_window_days,
    }
    return b, Tape(price, adjusted, rate, start, tape, fix)


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
    factors = parts(b, s, t)
    _why(b, s, t, *factors)
    effects.put(b, s, t.price, t.start, t.tape)
    worth.put_business(b, t.price, t.start, t.tape)
    worth.put_cost(b, t.price, t.rate, t.start, t.tape, t.fix)
    return b.answers()


def how_far(b: Builder, s: Scenario, t: Tape) -> None:
    """Add the fall by four measures, its depth, and the peers beside it."""
    price, adjusted, rate, start, tape, fix = vars(t).values()
    in_eur = returns.in_eur(price, rate)
    span = f"{start.date()} to {price.index[-1].date()}"
    for key, series, used, label in (
        ("price_change_jpy", price, tape, "Price change in yen"),
        ("price_change_eur", in_eur, tape | fix, "Price change in euros"),
        ("total_return_jpy", adjusted, tape, "Total return in yen, dividends reinvested"),
        (
            "total_return_eur",
            returns.in_eur(adjusted, rate),
            tape | fix,
            "Total return in euros, dividends reinvested",
        ),
    ):
        value = returns.change(series, start)
        b.put(f"decline.{key}", value, "fraction", f"{label}, {span}", used)
    shown, used = (price, tape) if s.decline.currency == "JPY" else (in_eur, tape | fix)
    fall = returns.drawdown(shown[start:])
    bottom = fall.idxmin()
    peak = shown[start:bottom].idxmax()
    b.put(
        "decline.max_drawdown",
        fall.min(),
        "fraction",
        f"Deepest fall from a running high, price in {s.decline.currency}",
        used,
        note=f"from {peak.date()} to {bottom.date()}",
    )
    b.put(
        "decline.drawdown_now",
        fall.iloc[-1],
        "fraction",
        f"Below the running high at the end, price in {s.decline.currency}",
        used,
    )
    b.frames["drawdown"] = pd.DataFrame({"price": shown[start:], "drawdown": fall})
    b.context |= {"peak": peak, "bottom": bottom}
    with b.ev.reading() as others:
        columns, rows = {}, []
        for name in (SHARE, *s.decline.peers, HOLDER, MARKET):
            columns[name], row = _measures(b.ev, name, rate, s.decline.currency, start)
            rows.append(row)
    b.used = b.used | others
    b.frames["rebased"] = pd.concat(columns, axis=1, sort=True)
    b.frames["measures"] = pd.DataFrame(rows).set_index("company")


def _measures(ev: Evidence, name: str, rate, currency: str, start):
    """One series rebased in the chart's currency, and its change by four measures."""
    info = ev.companies.set_index("company").loc[name]
    table = ev.prices(name)
    row = {"company": name}
    both = {}
    for what in ("close", "adj_close"):
        if what not in table:
            continue
        own = table[what].dropna().rename(name)
        fixed = returns.as_known(rate, own.index)
        yen = own * fixed if info["currency"] == "EUR" else own
        both[what] = {"JPY": yen, "EUR": yen / fixed}
        kind = "price" if what == "close" else "total"
        row |= {f"{kind}_{c.lower()}": returns.change(x, start) for c, x in both[what].items()}
    return returns.rebase(both["close"][currency], start), row


def claim(b: Builder, t: Tape) -> None:
    """Add from how many days of the article's year the price has more than halved."""
    price, tape = t.price, t.tape
    first, last = pd.Timestamp(CLAIM_YEAR, 1, 1), pd.Timestamp(CLAIM_YEAR, 12, 31)
    changes = decline.from_each_day(price, first, last)
    b.frames["from_each_day"] = changes.to_frame("change")
    label = f"Starting days of {CLAIM_YEAR} from which the price has more than halved"
    try:
        with b.ev.reading() as said:
            threshold = float(b.ev.fact(CLAIM)["value"])
    except NotPublished as error:
        b.context["claim"] = None
        b.put("decline.halved_from", None, "fraction", label, tape, note=str(error))
        return
    b.context["claim"] = threshold
    share = float((changes < threshold).mean())
    b.put("decline.halved_from", share, "fraction", label, tape | said)


def parts(b: Builder, s: Scenario, t: Tape) -> tuple[pd.Series, pd.DataFrame, Used]:
    """Add the exact split of the fall; gives the market and the peers that it was made with."""
    with b.ev.reading() as factors:
        market = b.ev.close(MARKET)
        peers = pd.concat([b.ev.close(p) for p in s.decline.peers], axis=1, sort=True).dropna()
    main = decline.decompose(t.price, market, peers, t.rate, t.start, s.decline.beta_window_days)
    b.frames["parts"] = main.totals.to_frame("value")
    for part in decline.PARTS:
        used = t.fix | t.tape if part == "currency" else t.tape | factors
        label = f"{part.capitalize()} part of the log price change in euros"
        value = main.totals[part]
        b.put(f"decline.part.{part}", value, "log points", label, used)
    b.frames["parts_daily"] = main.daily
    b.frames["betas"] = main.betas
    return market, peers, factors


def _why(b: Builder, s: Scenario, t: Tape, market, peers, factors: Used) -> None:
    """Intervals of the parts, and the parts under other definitions."""
    window = s.decline.beta_window_days
    bounds, block = decline.part_intervals(
        t.price, market, peers, t.start, window, draws=DRAWS, seed=s.seed
    )
    b.took("mean block of the bootstrap", round(block, 2), "trading days", "evidence")
    b.frames["parts"] = b.frames["parts"].join(bounds)
    for part in decline.PARTS:
        for end in ("low", "high") if part != "currency" else ():
            text = f"{part.capitalize()} part, {end} end of its 95 % interval"
            value = bounds.at[part, end]
            b.put(f"decline.part.{part}_{end}", value, "log points", text, t.tape | factors)
    b.frames["definitions"] = _definitions(t.price, market, peers, t.rate, t.start, window)


def _definitions(price, market, peers, rate, start, window: int) -> pd.DataFrame:
    """The parts under other definitions; a definition without enough days has no row."""
    tried = {
        f"betas of {window} days (used)": (window, False),
        "sector orthogonal to the market": (window, True),
        "betas of all days before": (None, False),
        f"betas of {window // 2} days": (max(window // 2, 60), False),
        f"betas of {window * 3 // 2} days": (window * 3 // 2, False),
    }
    rows = {}
    for name, (days, orthogonal) in tried.items():
        try:
            d = decline.decompose(price, market, peers, rate, start, days, orthogonal)
        except ScenarioError:
            continue
        rows[name] = d.totals
    return pd.DataFrame(rows).T
