"""Chapter 1, the moves: how much fell on results, on the alliance, on neither, and the reasons."""

import datetime as dt
from collections.abc import Callable

import numpy as np
import pandas as pd

from alliance import events
from alliance.answers.results import Builder
from alliance.evidence import Evidence, calendars

SHARE, HOLDER = "nissan", "renault"
#: Kinds of events that are Nissan's own figures. Without an hour in the evidence they count as
#: printed after the close, as nearly all were whose hour is known.
PRINTS = ("results", "forecast")
LARGE, DRAWS = 8, 10_000  # rows of the table of the largest days; draws of random days
#: Days by what was in the news, and the kinds of events that tell; a day that is both counts as
#: the first.
KINDS = {
    "results": ("sessions after results", ("results",)),
    "alliance": ("days of news about the alliance", ("results", "alliance")),
    "neither": ("days of neither results nor alliance", ("results", "alliance")),
}


def dated(table: pd.DataFrame, ev: Evidence, first: pd.Timestamp) -> pd.DataFrame:
    """Events with the session ``day`` on which each counts, and ``wide``: an unknown hour lets it
    count on the next session too. Where a month's end stands for the day there is none."""
    sessions = calendars.sessions("XTKS", first, ev.as_of + dt.timedelta(days=30))
    untimed = table["kind"].isin(PRINTS) & table["time"].eq("unknown")
    times = table["time"].mask(untimed, "after-close")
    pairs = zip(table["date"], times, strict=True)
    days = pd.DatetimeIndex([events.trading_day(day, time, sessions) for day, time in pairs])
    seen = (table["published_basis"] != "month-end") | (table["date"] != table["published"])
    return table.assign(day=days.where(seen), wide=times == "unknown")


def told(table: pd.DataFrame, daily: pd.DataFrame) -> pd.DataFrame:
    """Trading days with the ``kind`` of news on each, by dated events."""
    reached, kind = _reached(table, daily.index), pd.Series("neither", index=daily.index)
    for name in ("alliance", "results"):
        kind[reached.loc[reached["kind"] == name, "day"].unique()] = name
    return daily.assign(kind=kind)


def put(b: Builder, daily: pd.DataFrame, seed: int, read: Callable[..., None]) -> None:
    """Add the parts of squared abnormal returns by what was in the news, and the largest days.

    ``daily`` has ``abnormal`` (log points), ``t`` and ``kind`` by trading day; ``read`` counts what
    it rests on, with events of some kinds.
    """
    b.frames["moves"] = daily
    moved, kind = daily["abnormal"].to_numpy(), daily["kind"]
    whole = (moved**2).sum()
    for name, (what, kinds) in KINDS.items():
        shares, which = "decline.abnormal_share.{kind}", (kind == name).to_numpy()
        ends = "decline.random_share.{kind}_{end}"
        words = {"kind": name, "what": what}
        with b.section() as used:
            read(used, kinds)
            why = None if whole > 0 else "no day has an abnormal return"
            b.put(shares, None if why else (moved[which] ** 2).sum() / whole, why, **words)
            if name == "neither":
                continue
            pool = moved[which | (kind != "results").to_numpy()]  # whatever is both counts there
            part = (pool**2).sum() / whole if whole else 0.0
            drawn = events.random_shares(pool, int(which.sum()), DRAWS, seed) if part else [0.0]
            for end, tail in (("low", 0.025), ("high", 0.975)):
                value = None if why else part * np.quantile(drawn, tail)
                b.put(ends, value, why, end=end, **words)
    for name, which in (("results", kind == "results"), ("all_days", kind != "")):
        what, kinds = KINDS.get(name, ("all days", ()))
        with b.section() as used:
            read(used, kinds)
            value = float(daily.loc[which, "abnormal"].abs().mean())
            b.put("decline.mean_move.{kind}", value, kind=name, what=what)
    with b.section() as used:
        read(used, ("results", "alliance", "other", "forecast"))
        b.frames["large_moves"] = _large(b, daily.drop(columns="kind"))


def _reached(table: pd.DataFrame, days: pd.DatetimeIndex) -> pd.DataFrame:
    """A row for each event and each of the days on which it counts."""
    second = table[table["wide"] & table["day"].isin(days[:-1])]
    second = second.assign(day=days[days.get_indexer(second["day"]) + 1])
    both = pd.concat([table[table["day"].isin(days)], second])
    return both.sort_values(["day", "date"], kind="stable")


def _large(b: Builder, daily: pd.DataFrame) -> pd.DataFrame:
    """The largest days and every row of an events table on that day or the evening before."""
    others = b.ev.rows("separation-events", lambda f: f["company"].isin([SHARE, HOLDER]))
    news, table = _published(b.ev), b.frames["events"]
    others = others[~others["date"].isin(table["date"])].assign(kind="other")
    if len(daily):
        table = pd.concat([table, dated(others, b.ev, min(daily.index[0], others["date"].min()))])
    reached = _reached(table, daily.index)
    aside = reached["confounders"].astype(object).fillna("")
    notes = zip(reached["kind"], reached["date"], aside, strict=True)
    notes = ["; ".join(filter(None, [news.get((kind, day)), note])) for kind, day, note in notes]
    when = reached["short"] + reached["date"].dt.strftime(", %Y-%m-%d")
    reached["reason"] = [f"{w}: {note}" if note else w for w, note in zip(when, notes, strict=True)]
    top = daily.loc[daily["abnormal"].abs().nlargest(LARGE).index].rename_axis("day")
    reasons = reached.groupby("day")["reason"].agg("; ".join).astype(object)
    return top.join(reasons).fillna({"reason": ""}).reset_index()


def _published(ev: Evidence) -> dict[tuple[str, pd.Timestamp], str]:
    """What a print said of a year's operating profit beside what was guided, by kind and day."""
    known, out = ev.rows("forecasts", company=SHARE), {}
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
