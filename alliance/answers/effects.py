"""Chapter 1, the events: which of them moved Nissan."""

from __future__ import annotations

import pandas as pd

from alliance import events, returns
from alliance.answers import moves
from alliance.answers.form import Builder
from alliance.errors import ScenarioError
from alliance.evidence import Evidence, Used
from alliance.scenario import Scenario

SHARE, HOLDER, MARKET = "nissan", "renault", "topix"


def put(b: Builder, s: Scenario, price: pd.Series, start: pd.Timestamp, tape: Used) -> None:
    """Add the effects of all dated events since the start, and what moved the share on all days."""
    with b.ev.reading() as used:
        market = b.ev.close(MARKET)
        table = b.ev.events.query("company in (@SHARE, @HOLDER)").sort_values("date")
    days = returns.common(price, market)
    early = s.decline.estimation_days + s.decline.event_window_days + 5
    used = (used | tape).within(days[max(days.searchsorted(start) - early, 0)])
    asset, index = returns.log_returns(price[days]), returns.log_returns(market[days])
    length, half = s.decline.estimation_days, s.decline.event_window_days // 2
    windows = dict.fromkeys([(0, 0), (0, 1), (1, 1), (-half, half)])
    table = moves.dated(table, b.ev, days[0])
    b.frames["events"] = table[table["day"] >= start].reset_index(drop=True)
    results, rows = table.loc[table["kind"] == "results", "day"], []
    for event in b.frames["events"].itertuples(index=False):
        at = asset.index.searchsorted(event.day)
        both = event.kind not in moves.PRINTS and asset.index[at : at + 2].isin(results).any()
        kind = {"kind": "both" if both else event.kind}
        rows += [effect(event, asset, index, window, length) | kind for window in windows]
    b.frames["effects"] = pd.DataFrame(rows)
    b.context |= {"windows": tuple(windows), "estimation_days": length}
    tested = [row for row in rows if pd.notna(row["car"])]
    for row in tested:
        if row["window"] == (0, 1):
            label = f"Abnormal return of Nissan on days 0 and 1: {row['short']}"
            b.put(f"decline.car.{row['event']}", row["car"], "log points", label, used)
    for key, label, kinds, window in (
        ("results", "Results tested on day 0", {"results"}, (0, 0)),
        ("tested", "Other events, no results in days 0 and 1", {"alliance", "other"}, (0, 1)),
    ):
        p = [row["p"] for row in tested if row["window"] == window and row["kind"] in kinds]
        b.put(f"decline.events_{key}", len(p), "count", label, used)
        key = "results_significant" if key == "results" else "significant"
        found, label = sum(x < 0.05 for x in p), f"{label}: p below 5 % in the t test"
        b.put(f"decline.events_{key}", found, "count", label, used)
    daily = events.daily(asset, index, length)
    moves.put(b, daily[daily.index > start], used, s.seed)


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
