"""Chapter 1, the events: which of them moved Nissan, and which moves no event explains."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from alliance import events, returns
from alliance.answers.form import Builder
from alliance.errors import ScenarioError
from alliance.evidence import Evidence, Used, calendars
from alliance.scenario import Scenario

SHARE, HOLDER, MARKET = "nissan", "renault", "topix"
LARGE_MOVES = 8  # rows of the table of the largest abnormal days


def put(b: Builder, s: Scenario, price: pd.Series, start: pd.Timestamp, tape: Used) -> None:
    """Add the effects of all dated events since the start, and the largest abnormal days."""
    with b.ev.reading() as used:
        market = b.ev.close(MARKET)
        table = b.ev.events.query("company in (@SHARE, @HOLDER)")
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
            rows.append(effect(event, asset, index, window, length))
    effects = pd.DataFrame(rows)
    b.frames["effects"] = effects
    b.context |= {"windows": tuple(windows), "estimation_days": length}
    tested = effects[effects["car"].notna()] if len(effects) else effects
    for row in tested.itertuples(index=False):
        if row.window == (0, 1):
            label = f"Abnormal return of Nissan on days 0 and 1: {row.short}"
            b.put(f"decline.car.{row.event}", row.car, "log points", label, used)
    both = tested[tested["window"] == (0, 1)] if len(tested) else tested
    b.put("decline.events_tested", len(both), "count", "Dated events tested on days 0 and 1", used)
    surprising = int((both["p"] < 0.05).sum()) if len(both) else 0
    label = "Of these, p below 5 % in the t test"
    b.put("decline.events_significant", surprising, "count", label, used)
    b.frames["large_moves"] = _large_moves(asset[start:], asset, index, length, b.frames["events"])


def effect(event, asset, index, window, length) -> dict:
    """One event's effect in one window as a row; numbers are NaN where ``why`` says so."""
    row = {"event": event.event, "short": event.short, "day": event.day}
    row |= {"window": window, "confounders": event.confounders}
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
