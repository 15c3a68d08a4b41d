"""Chapter 1, the moves: how much fell on results, on the alliance, on neither, and the reasons."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from alliance import events
from alliance.answers.form import Builder
from alliance.evidence import Evidence, Used, calendars

SHARE, HOLDER = "nissan", "renault"
#: Kinds of events that are Nissan's own figures. Without an hour in the evidence they count as
#: printed after the close, as nearly all were whose hour is known.
PRINTS = ("results", "forecast")
LARGE, DRAWS = 8, 10_000  # rows of the table of the largest days; draws of random days
#: Days by what was in the news; a day that is both counts as the first.
KINDS = {
    "results": "sessions after results",
    "alliance": "days of news about the alliance",
    "neither": "days of neither results nor alliance",
}


def dated(table: pd.DataFrame, ev: Evidence, first: pd.Timestamp) -> pd.DataFrame:
    """Events with the session ``day`` on which each counts, and ``wide``: an unknown hour lets it
    count on the next session too."""
    sessions = calendars.sessions("XTKS", first, ev.as_of + dt.timedelta(days=30))
    times = table["time"].mask(
        table["kind"].isin(PRINTS) & table["time"].eq("unknown"), "after-close"
    )
    pairs = zip(table["date"], times, strict=True)
    days = pd.DatetimeIndex([events.trading_day(day, time, sessions) for day, time in pairs])
    return table.assign(day=days, wide=times == "unknown")


def put(b: Builder, daily: pd.DataFrame, used: Used, seed: int) -> None:
    """Add the parts of squared abnormal returns by what was in the news, and the largest days;
    ``daily`` has ``abnormal`` (log points) and ``t`` by trading day."""
    reached, moved = _reached(b.frames["events"], daily.index), daily["abnormal"].to_numpy()
    kind = pd.Series("neither", index=daily.index)
    for name in ("alliance", "results"):
        kind[reached.loc[reached["kind"] == name, "day"].unique()] = name
    b.frames["moves"] = daily.assign(kind=kind)
    why = None if (moved**2).sum() > 0 else "no day has an abnormal return"
    for name, what in KINDS.items():
        which = (kind == name).to_numpy()
        label = f"Part of Nissan's squared abnormal returns that falls on {what}"
        share = None if why else (moved[which] ** 2).sum() / (moved**2).sum()
        b.put(f"decline.abnormal_share.{name}", share, "fraction", label, used, why)
        if name == "neither":
            continue
        drawn = [] if why else events.random_shares(moved, int(which.sum()), DRAWS, seed)
        for end, tail in (("low", 0.025), ("high", 0.975)):
            label = f"Part on as many random days as {what}, {end} end of 95 % of draws"
            value = None if why else np.quantile(drawn, tail)
            b.put(f"decline.random_share.{name}_{end}", value, "fraction", label, used, why)
    for name, which in (("results", kind == "results"), ("all_days", kind != "")):
        label = f"Mean absolute abnormal return, {KINDS.get(name, 'all days')}"
        value = float(daily.loc[which, "abnormal"].abs().mean())
        b.put(f"decline.mean_move.{name}", value, "log points", label, used)
    b.frames["large_moves"] = _large(b, daily)


def _reached(table: pd.DataFrame, days: pd.DatetimeIndex) -> pd.DataFrame:
    """A row for each event and each of the days on which it counts."""
    second = table[table["wide"] & table["day"].isin(days[:-1])]
    second = second.assign(day=days[days.get_indexer(second["day"]) + 1])
    both = pd.concat([table[table["day"].isin(days)], second])
    return both.sort_values(["day", "date"], kind="stable")


def _large(b: Builder, daily: pd.DataFrame) -> pd.DataFrame:
    """The largest days and every row of an events table on that day or the evening before."""
    with b.ev.reading() as used:
        others = b.ev.separation_events.query("company in (@SHARE, @HOLDER)")
        told = _told(b.ev)
    b.used, table = b.used | used, b.frames["events"]
    others = others[~others["date"].isin(table["date"])].assign(kind="other")
    if len(daily):
        table = pd.concat([table, dated(others, b.ev, daily.index[0])])
    reached = _reached(table, daily.index)
    aside = reached["confounders"].astype(object).fillna("")
    notes = zip(reached["kind"], reached["date"], aside, strict=True)
    notes = ["; ".join(filter(None, [told.get((kind, day)), note])) for kind, day, note in notes]
    when = reached["short"] + reached["date"].dt.strftime(", %Y-%m-%d")
    reached["reason"] = [f"{w}: {note}" if note else w for w, note in zip(when, notes, strict=True)]
    top = daily.loc[daily["abnormal"].abs().nlargest(LARGE).index].rename_axis("day")
    reasons = reached.groupby("day")["reason"].agg("; ".join).astype(object)
    return top.join(reasons).fillna({"reason": ""}).reset_index()


def _told(ev: Evidence) -> dict[tuple[str, pd.Timestamp], str]:
    """What a print said of a year's operating profit beside what was guided, by kind and day."""
    known, out = ev.forecasts.query("company == @SHARE"), {}
    ends = ev.rows("statements", company=SHARE, quarter=4).assign(verb="was")
    ends = ends.assign(date=ends["published"])
    said = pd.concat([ends, known.assign(verb="guided at")]).sort_values("date", kind="stable")
    for row in said.itertuples():
        before = known[known["fiscal_year_end"] == row.fiscal_year_end]
        before = before[before["date"] < row.date]["operating_profit"]
        text = f"profit of FY{row.fiscal_year_end.year - 1} {row.verb} "
        text += _billions(row.operating_profit)
        text += f", {_billions(before.iloc[-1])} guided before" if len(before) else ""
        text += f", analysts {_billions(row.consensus)}" if pd.notna(row.consensus) else ""
        for kind in PRINTS:
            out[kind, row.date] = "; ".join(filter(None, [out.get((kind, row.date)), text]))
    return {key: f"operating {text}" for key, text in out.items()}


def _billions(yen: float) -> str:
    return f"JPY {yen / 1e9:,.0f}bn".replace("-", "\N{MINUS SIGN}")
