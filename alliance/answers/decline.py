"""Chapter 1: how far Nissan has fallen, when, why, and what it cost Renault."""

from contextlib import suppress
from dataclasses import dataclass

import pandas as pd

from alliance import decline, returns
from alliance.answers import business, event_study, stake
from alliance.answers.results import Answers, Builder
from alliance.errors import EvidenceError, ScenarioError, did_you_mean
from alliance.evidence import Evidence, Used
from alliance.scenario import Scenario

SHARE, HOLDER, MARKET = "nissan", "renault", "topix"
CLAIM = "article-1-more-than-halved"
CLAIM_YEAR = 2018
SPARE = 10  # sessions on which one of several series may have no price
DRAWS = 400  # of the bootstrap


def check(s: Scenario, ev: Evidence) -> None:
    """Refuse what does not fit ``as_of`` and the evidence, with a ScenarioError."""
    close = ev.close(SHARE)
    first, since = ev.days(f"prices-{SHARE}")[0].date(), s.decline.since
    if s.as_of < first or close.empty:
        raise ScenarioError(f"as_of: the data start on {first}, received {s.as_of}")
    if since < first:
        raise ScenarioError(f"decline.since: the data start on {first}, received {since}")
    if since >= close.index[-1].date():
        rule = f"must be before the last close at as_of ({close.index[-1].date()})"
        raise ScenarioError(f"decline.since: {rule}, received {since}")
    listed, t = offered(ev), Tape(ev, close.index.asof(pd.Timestamp(since)))
    for peer in s.decline.peers:
        if peer not in listed:
            rule = "must be a share in companies.csv, other than Nissan's and Renault's"
            hint = did_you_mean(peer, listed)
            raise ScenarioError(f"decline.peers: {rule}, received '{peer}'{hint}")
        t.in_eur(ev.close(peer))
    beside = (frame.dropna() for frame in t.beside(s.decline.peers))
    days, window = returns.common(close, t.closes(MARKET), *beside), s.decline.beta_window_days
    if (days < t.start).sum() < window:
        possible = f"on {s.as_of} only {len(days)} days were public"
        if len(days) > window:
            possible = f"the first possible day is {days[window].date()}"
        rule = f"{window} trading days of betas must precede it; with the data from {first}"
        raise ScenarioError(f"decline.since: {rule}, {possible}, received {since}")


def offered(ev: Evidence) -> list[str]:
    """Shares that may stand beside Nissan as peers."""
    shares = ev.rows("companies", kind="share")["company"]
    return [name for name in shares if name not in (SHARE, HOLDER)]


@dataclass(frozen=True)
class Tape:
    """Nissan's prices and the rate of the yen at an evidence, and the first day of the fall."""

    ev: Evidence
    start: pd.Timestamp

    @property
    def price(self) -> pd.Series:
        return self.ev.close(SHARE)

    @property
    def rate(self) -> pd.Series:
        return self.ev.rate("jpy_per_eur")

    def adjusted(self) -> pd.Series:
        """Closes with dividends reinvested."""
        return self.ev.prices(SHARE)["adj_close"].rename(SHARE)

    def count(self, used: Used, first: pd.Timestamp | None = None) -> None:
        """Count days from the first (of prices) and from the fix at the start (of the rate)."""
        used.within(self.start if first is None else first, of="prices-")
        used.within(self.rate.index.asof(self.start), of="rates-")

    def twofold(self, name: str) -> dict[tuple[str, str], pd.Series]:
        """A series in both currencies by (measure, currency): prices, and with dividends."""

        def make() -> dict[tuple[str, str], pd.Series]:
            table, out = self.ev.prices(name), {}
            for column, kind in (("close", "price"), ("adj_close", "total")):
                if column in table:
                    own = table[column].dropna().rename(name)
                    fixed = returns.as_known(self.rate, own.index).to_numpy()
                    home = self.listed(name)["currency"] == "JPY"
                    yen = own if home else self.in_eur(own) * fixed
                    out |= {(kind, "JPY"): yen, (kind, "EUR"): yen / fixed}
            return out

        return self.ev.once(("twofold", name), make)

    def listed(self, name: str) -> pd.Series:
        """Where a share or index is listed: its row of companies."""
        return self.ev.once(("row", name), lambda: self.ev.rows("companies", company=name).iloc[0])

    def in_eur(self, own: pd.Series) -> pd.Series:
        """Prices of a share or index in euros; a ScenarioError without rates of its currency."""
        currency = self.listed(own.name)["currency"]
        if currency == "EUR":
            return own
        try:
            rate = self.ev.rate(f"{currency.lower()}_per_eur")
        except EvidenceError as error:
            why = f"{own.name} is quoted in {currency}, of which there must be rates"
            raise ScenarioError(f"decline.peers: {why}; {error}") from None
        self._ends(rate)
        return returns.in_eur(own, rate)

    def closes(self, name: str) -> pd.Series:
        """Closes of a share or index on its own days; on Nissan's first and last day, where its
        exchange was shut then, the last before. A ScenarioError if there is none near."""
        own = self.ev.close(name)
        home = self.listed(name)["exchange"] == self.listed(SHARE)["exchange"]
        ends = self._ends(own, not home)
        return own if ends.isin(own.index).all() else returns.as_known(own, own.index.union(ends))

    def _ends(self, own: pd.Series, before: bool = True) -> pd.DatetimeIndex:
        """Nissan's first and last day, refused if a series has no value then, nor just before."""
        ends = pd.DatetimeIndex([self.start, self.price.index[-1]])
        for day in ends:
            if own[day - pd.Timedelta(days=returns.STALE_DAYS * before) : day].empty:
                span = f"from {own.index[0]:%Y-%m-%d} to {own.index[-1]:%Y-%m-%d}"
                what = "a rate on" if own.name.endswith("_per_eur") else "a close on"
                what += f" or {returns.STALE_DAYS} days before" if before else ""
                rule = f"decline: {own.name} must have {what} Nissan's first and last day, "
                rule += f"{ends[0].date()} and {ends[1].date()}"
                raise ScenarioError(f"{rule}; it has some {span if len(own) else 'on no day'}")
        return ends

    def beside(self, peers: tuple[str, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Closes of peers and of the indices of their markets, the two of a peer in one currency
        (their difference in returns is then the same in any)."""
        pairs = []
        for peer in peers:
            index = self.listed(peer)["benchmark"]
            if pd.isna(index):
                rule = f"{peer} needs the index of its market, benchmark in companies.csv"
                raise ScenarioError(f"decline.peers: {rule}")
            pair = self.closes(peer), self.closes(index)
            alike = self.listed(peer)["currency"] == self.listed(index)["currency"]
            pairs.append(pair if alike else tuple(map(self.in_eur, pair)))
        one, other = (pd.concat(each, axis=1, sort=True) for each in zip(*pairs, strict=True))
        return one, other

    def before(self, sessions: int) -> pd.Timestamp:
        """The day so many sessions, and a few to spare, before the first."""
        days = self.price.index
        return days[max(days.get_loc(self.start) - sessions - SPARE, 0)]

    def factors(self, peers: tuple[str, ...]) -> decline.Factors:
        """What the returns are explained by, for some peers."""

        def make() -> decline.Factors:
            return decline.factors(self.price, self.closes(MARKET), *self.beside(peers))

        return self.ev.once(("factors", peers), make)


def begin(s: Scenario, ev: Evidence) -> tuple[Builder, Tape]:
    """Check the scenario, and start the answers of chapter 1."""
    check(s, ev)
    b, price = Builder("1-decline", ev), ev.close(SHARE)
    t = Tape(ev, price.index.asof(pd.Timestamp(s.decline.since)))
    b.context |= {
        "since": t.start,
        "until": price.index[-1],
        "currency": s.decline.currency,
        "names": dict(zip(*(ev.companies[c] for c in ("company", "name")), strict=True)),
    }
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
            name: returns.rebase(t.twofold(name)["price", shown], start)
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
    main = decline.decompose(t.factors(peers), t.rate, t.start, window)
    b.frames["parts"] = main.totals.to_frame("value")
    for part in decline.PARTS:
        with b.section() as used:
            (t.price, t.rate) if part == "currency" else t.factors(peers)
            b.put("decline.part.{part}", main.totals[part], part=part, name=part.capitalize())
            t.count(used, t.before(window))
    b.frames["parts_daily"] = main.daily


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
            rows[name] = decline.decompose(f, t.rate, t.start, days, orthogonal).totals
    return pd.DataFrame(rows).T
