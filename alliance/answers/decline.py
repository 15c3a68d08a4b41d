"""Chapter 1: how far Nissan has fallen, when, why, and what it cost Renault."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from alliance import decline, events, returns
from alliance.answers.form import Answers, Builder
from alliance.errors import NotPublished, ScenarioError, did_you_mean
from alliance.evidence import Evidence, Used, calendars
from alliance.scenario import Scenario

SHARE, HOLDER, MARKET = "nissan", "renault", "topix"
CLAIM = "article-1-more-than-halved"
CLAIM_YEAR = 2018
DRAWS = 400  # of the bootstrap
LARGE_MOVES = 8  # rows of the table of the largest abnormal days


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


def answer(s: Scenario, ev: Evidence) -> Answers:
    """Headline results and frames of chapter 1 at a scenario and evidence.

    Raises
    ------
    ScenarioError
        If the scenario does not fit the evidence.
    """
    check(s, ev)
    b = Builder("1-decline", ev)
    with ev.reading() as tape:
        price = ev.close(SHARE)
        adjusted = ev.prices(SHARE)["adj_close"].rename(SHARE)
    with ev.reading() as fix:
        rate = ev.rate("jpy_per_eur")
    start = price.index.asof(pd.Timestamp(s.decline.since))
    names = ev.companies.set_index("company")["name"].to_dict()
    b.context |= {
        "since": start,
        "until": price.index[-1],
        "currency": s.decline.currency,
        "peers": s.decline.peers,
        "names": names,
        "beta_window_days": s.decline.beta_window_days,
    }
    for name, value in s.decline.model_dump(mode="json").items():
        b.took(f"decline.{name}", value, "", "scenario")
    b.took("close at the start", float(price[start]), "JPY a share", "evidence")
    b.took("last close", float(price.iloc[-1]), "JPY a share", "evidence")

    _how_far(b, s, price, adjusted, rate, start, tape, fix)
    _claim(b, price, tape)
    _why(b, s, price, rate, start, tape, fix)
    _events(b, s, price, start, tape)
    _business(b, price, start, tape)
    _cost(b, price, rate, start, tape, fix)
    return b.answers()


def _how_far(b, s, price, adjusted, rate, start, tape: Used, fix: Used) -> None:
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


def _claim(b, price, tape: Used) -> None:
    first, last = pd.Timestamp(CLAIM_YEAR, 1, 1), pd.Timestamp(CLAIM_YEAR, 12, 31)
    changes = decline.from_each_day(price, first, last)
    b.frames["from_each_day"] = changes.to_frame("change")
    label = f"Starting days of {CLAIM_YEAR} from which the price has more than halved"
    try:
        with b.ev.reading() as claim:
            threshold = float(b.ev.fact(CLAIM)["value"])
    except NotPublished as error:
        b.context["claim"] = None
        b.put("decline.halved_from", None, "fraction", label, tape, note=str(error))
        return
    b.context["claim"] = threshold
    share = float((changes < threshold).mean())
    b.put("decline.halved_from", share, "fraction", label, tape | claim)


def _why(b, s, price, rate, start, tape: Used, fix: Used) -> None:
    with b.ev.reading() as factors:
        market = b.ev.close(MARKET)
        peers = pd.concat([b.ev.close(p) for p in s.decline.peers], axis=1, sort=True).dropna()
    window = s.decline.beta_window_days
    main = decline.decompose(price, market, peers, rate, start, window)
    bounds, block = decline.part_intervals(
        price, market, peers, start, window, draws=DRAWS, seed=s.seed
    )
    b.took("mean block of the bootstrap", round(block, 2), "trading days", "evidence")
    parts = main.totals.to_frame("value").join(bounds)
    for part in decline.PARTS:
        used = fix | tape if part == "currency" else tape | factors
        label = f"{part.capitalize()} part of the log price change in euros"
        b.put(f"decline.part.{part}", parts.at[part, "value"], "log points", label, used)
        for end in ("low", "high") if part != "currency" else ():
            text = f"{part.capitalize()} part, {end} end of its 95 % interval"
            value = parts.at[part, end]
            b.put(f"decline.part.{part}_{end}", value, "log points", text, used)
    b.frames["parts"] = parts
    b.frames["parts_daily"] = main.daily
    b.frames["betas"] = main.betas
    b.frames["definitions"] = _definitions(price, market, peers, rate, start, window)


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


def _events(b, s, price, start, tape: Used) -> None:
    with b.ev.reading() as used:
        market = b.ev.close(MARKET)
        table = b.ev.events
    used = used | tape
    days = returns.common(price, market)
    asset, index = returns.log_returns(price[days]), returns.log_returns(market[days])
    length, half = s.decline.estimation_days, s.decline.event_window_days // 2
    windows = dict.fromkeys([(0, 0), (0, 1), (-half, half)])
    horizon = calendars.sessions("XTKS", days[0], b.ev.as_of + dt.timedelta(days=30))
    table = table.sort_values("date", ignore_index=True)
    tested_on = [events.trading_day(e.date, e.time, horizon) for e in table.itertuples()]
    table["day"] = pd.DatetimeIndex(tested_on)
    b.frames["events"] = table[table["day"] >= start]
    rows = []
    for event in b.frames["events"].itertuples(index=False):
        for window in windows:
            rows.append(_effect(event, asset, index, window, length))
    effects = pd.DataFrame(rows)
    b.frames["effects"] = effects
    b.context |= {"windows": tuple(windows), "estimation_days": length}
    tested = effects[effects["car"].notna()] if len(effects) else effects
    for row in tested.itertuples(index=False):
        if row.window == (0, 1):
            label = f"Abnormal return of Nissan on days 0 and 1: {row.short}"
            b.put(f"decline.car.{row.event}", row.car, "log points", label, used)
    both = tested[tested["window"] == (0, 1)] if len(tested) else tested
    b.put(
        "decline.events_tested",
        len(both),
        "count",
        "Dated events tested on days 0 and 1",
        used,
    )
    surprising = int((both["p"] < 0.05).sum()) if len(both) else 0
    b.put(
        "decline.events_significant",
        surprising,
        "count",
        "Of these, p below 5 % in the t test",
        used,
    )
    b.frames["large_moves"] = _large_moves(asset[start:], asset, index, length, b.frames["events"])


def _effect(event, asset, index, window, length) -> dict:
    row = {
        "event": event.event,
        "short": event.short,
        "day": event.day,
        "window": window,
        "confounders": event.confounders,
    }
    empty = dict.fromkeys(("car", "low", "high", "t", "p", "beta", "p_rank", "p_corrado"))
    empty = {name: float("nan") for name in empty} | {"p_placebo": float("nan"), "why": None}
    if event.day not in asset.index:
        return row | empty | {"why": "its trading day lies after as_of"}
    try:
        e = events.study(asset, index, event.day, window, length)
    except ScenarioError as error:
        return row | empty | {"why": str(error)}
    placebo = events.placebo_p(asset, index, e, length)
    numbers = {name: getattr(e, name) for name in empty if hasattr(e, name)}
    return row | empty | numbers | {"p_placebo": placebo}


def _large_moves(span, asset, index, length, table) -> pd.DataFrame:
    """The largest one-day abnormal returns, and the events known within a trading day of them."""
    rows = []
    candidates = (span - index[span.index]).abs().nlargest(LARGE_MOVES * 4).index
    for day in candidates:
        try:
            rows.append(events.study(asset, index, day, (0, 0), length))
        except ScenarioError:
            continue
    rows = sorted(rows, key=lambda e: -abs(e.car))[:LARGE_MOVES]
    out = []
    for e in rows:
        at = asset.index.get_loc(e.day)
        near = asset.index[max(at - 1, 0) : at + 1]
        known = table.loc[table["day"].isin(near), "short"]
        out.append({"day": e.day, "abnormal": e.car, "t": e.t, "event": "; ".join(known)})
    return pd.DataFrame(out, columns=["day", "abnormal", "t", "event"])


def null_size(s: Scenario, ev: Evidence, draws: int = 10_000) -> pd.DataFrame:
    """How often the 5 % t test of this chapter rejects when nothing happened.

    Returns
    -------
    DataFrame
        ``estimation_days, window_days, normal, real_residuals``: rejection rates with normal
        residuals, and with Nissan's own drawn at random.
    """
    price, market = ev.close(SHARE), ev.close(MARKET)
    days = returns.common(price, market)
    asset, index = returns.log_returns(price[days]), returns.log_returns(market[days])
    slope = index.cov(asset) / index.var()
    residuals = (asset - slope * index).to_numpy()
    return events.null_table(residuals, draws, s.seed)


def _business(b, price, start, tape: Used) -> None:
    with b.ev.reading() as used:
        sales = b.ev.sales.query("company == @SHARE")
    with b.ev.reading() as world_used:
        world = b.ev.world_market
    b.frames["regions"] = decline.by_region(sales)
    share = decline.market_share(sales, world)
    b.frames["market_share"] = share
    totals = sales[(sales["region"] == "total") & (sales["period"] == "FY")]
    totals = totals.set_index("fiscal_year")["units"].astype(float).sort_index()
    _put_sales(b, totals, share, used, world_used)
    with b.ev.reading() as quarterly:
        statements = b.ev.statements.query("company == @SHARE")
    with b.ev.reading() as old:
        yearly = b.ev.book_values.query("company == @SHARE")
    books = decline.book_value(statements, yearly)
    at = returns.as_known(books["bps"].rename("book value"), price[start:].index)
    b.frames["price_to_book"] = pd.DataFrame({"ratio": price[start:] / at, "bps": at})
    b.frames["books"] = books
    last = returns.level(books["bps"].rename("book value"), b.ev.as_of)
    used = quarterly if len(statements) else old
    value = None if last.value is None else price.iloc[-1] / last.value
    note = last.note or f"book value published on {last.date}"
    label = "Price over last published net assets a share"
    b.put("decline.price_to_book", value, "ratio", label, tape | used, note=note)
    label = "Net assets a share, last published"
    b.put("decline.book_value_jpy", last.value, "JPY a share", label, used, note=note)


def _put_sales(b, totals, share, used: Used, world_used: Used) -> None:
    unit_label = "Units sold in the last full fiscal year published"
    change_label = "Change of units sold, first to last full fiscal year published"
    if totals.empty:
        why = f"no unit sales were public on {b.ev.as_of}"
        b.put("decline.units", None, "units", unit_label, used, note=why)
        b.put("decline.units_change", None, "fraction", change_label, used, note=why)
    else:
        first, last = totals.index[0], totals.index[-1]
        b.put("decline.units", totals[last], "units", unit_label, used, note=last)
        change = totals[last] / totals[first] - 1
        note = f"{first} to {last}"
        b.put("decline.units_change", change, "fraction", change_label, used, note=note)
    label = "Share of the world market, last published"
    if share.empty:
        why = f"no world market was public on {b.ev.as_of}"
        b.put("decline.world_share", None, "fraction", label, used | world_used, note=why)
    else:
        year, period = share.index[-1]
        note = year if period == "FY" else f"nine months of {year}"
        value = share["share"].iloc[-1]
        b.put("decline.world_share", value, "fraction", label, used | world_used, note=note)


def _cost(b, price, rate, start, tape: Used, fix: Used) -> None:
    with b.ev.reading() as held_used:
        held = b.ev.holding(HOLDER, SHARE)
    with b.ev.reading() as own_used:
        own = b.ev.shares(HOLDER)
    with b.ev.reading() as holder_tape:
        holder = b.ev.close(HOLDER)
    labels = {
        "stake_value_eur": ("stake", "Renault's Nissan shares at the market price"),
        "renault_value_eur": ("holder", "Market value of Renault"),
        "stub_eur": ("stub", "Market value of Renault beyond its Nissan shares"),
    }
    stake_used = tape | fix | held_used
    holder_used = holder_tape | own_used
    both = stake_used | holder_used
    used = {"stake": stake_used, "holder": holder_used, "stub": both}
    if held.empty or own.empty:
        missing = "Renault's holding" if held.empty else "Renault's share count"
        why = f"{missing} was not public on {b.ev.as_of}"
        b.frames["stub"] = pd.DataFrame(columns=["stake", "holder", "stub", "ratio"])
        for key, (name, label) in labels.items():
            b.put(f"decline.{key}", None, "EUR", label, used[name], note=why)
        return
    frame = decline.stub(held, price[start:], rate, own, holder)
    b.frames["stub"] = frame
    last = frame.iloc[-1]
    day = frame.index[-1].date()
    for key, (name, label) in labels.items():
        b.put(f"decline.{key}", last[name], "EUR", f"{label}, {day}", used[name])
    b.put(
        "decline.stake_share_of_renault",
        last["ratio"],
        "fraction",
        f"Renault's Nissan shares over Renault's market value, {day}",
        both,
    )
    lost = frame["stake"].iloc[-1] / frame["stake"].iloc[0] - 1
    b.put(
        "decline.stake_change_eur",
        lost,
        "fraction",
        f"Change of the value of the shares held, {frame.index[0].date()} to {day}",
        stake_used,
        note="includes shares sold" if held[start:].diff().lt(0).any() else None,
    )
    b.took("Renault's holding of Nissan", int(held.iloc[-1]), "shares", "evidence")
    b.took("Renault's issued shares", int(own.iloc[-1]), "shares", "evidence")
    b.context["own_since"] = own.index[0]
