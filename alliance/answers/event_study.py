"""Chapter 1, the events: which of them moved Nissan."""

import pandas as pd

from alliance import events, returns
from alliance.answers import moves
from alliance.answers.results import Builder
from alliance.errors import ScenarioError
from alliance.evidence import Evidence, Used, made_once
from alliance.scenario import Scenario

SHARE, HOLDER, MARKET = "nissan", "renault", "topix"
NULL_DRAWS = 10_000  # of a share on which nothing happened
COUNTS = (
    ("results", "results_significant", ("results",), (0, 0)),
    ("tested", "significant", ("alliance", "other"), (0, 1)),
)


def put(b: Builder, s: Scenario, start: pd.Timestamp) -> None:
    """Add the effects of all dated events since the start, and what moved the share on all days."""
    asset, index = _log_returns(b.ev)
    length, half = s.decline.estimation_days, s.decline.event_window_days // 2
    windows = dict.fromkeys([(0, 0), (0, 1), (1, 1), (-half, half)])
    table, daily = days(b.ev, start, length)
    b.frames["events"], rows = table, []
    others = {window: events.window_ts(asset, index, window, length) for window in windows}
    results = table.loc[table["kind"] == "results", "day"]
    for event in table.itertuples(index=False):
        at = asset.index.searchsorted(event.day) if pd.notna(event.day) else len(asset)
        both = event.kind not in moves.PRINTS and asset.index[at : at + 2].isin(results).any()
        kind = {"kind": "both" if both else event.kind}
        rows += [effect(event, asset, index, w, length, others[w]) | kind for w in windows]
    b.frames["effects"] = pd.DataFrame(rows)
    b.context["estimation_days"] = length
    tested = [row for row in rows if pd.notna(row["car"])]
    for row in tested:
        if row["window"] == (0, 1):
            with b.section() as used:
                _log_returns(b.ev)
                used.within(*estimated(asset.index, row["day"], length))
                b.ev.rows("events", event=row["event"])
                put_effect(b, "decline.car.{event}", row)
    seen = table[table["day"].notna()]
    first = estimated(asset.index, start, length + s.decline.event_window_days)[0]

    def read(used: Used, kinds: tuple[str, ...]) -> None:
        _log_returns(b.ev)
        used.within(first)
        listed(b.ev, seen.loc[seen["kind"].isin(kinds), "event"])

    for key, found, kinds, window in COUNTS:
        p = [row["p"] for row in tested if row["window"] == window and row["kind"] in kinds]
        with b.section() as used:
            read(used, (*kinds, "results"))
            b.put(f"decline.events_{key}", len(p))
            b.put(f"decline.events_{found}", sum(x < 0.05 for x in p))
    moves.put(b, daily, s.seed, read)


def days(ev: Evidence, start: pd.Timestamp, length: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Dated events from a day on; the share's ``abnormal`` returns after it with their ``t``, by a
    market model of so many days, and the ``kind`` of news on each."""
    asset, index = _log_returns(ev)
    table = moves.dated(listed(ev), ev, asset.index[0])
    table = table[table["day"].fillna(table["date"]) >= start].reset_index(drop=True)
    daily = events.daily(asset, index, length)
    return table, moves.told(table, daily[daily.index > start])


def listed(ev: Evidence, which: pd.Series | None = None) -> pd.DataFrame:
    """Dated events of the two companies, or some of them."""

    def chosen(f: pd.DataFrame) -> pd.Series:
        return f["company"].isin([SHARE, HOLDER]) & (which is None or f["event"].isin(which))

    return ev.rows("events", chosen).sort_values("date")


@made_once
def _log_returns(ev: Evidence) -> tuple[pd.Series, pd.Series]:
    """Log returns of the share and its market on the days on which both have a close."""
    return returns.log_pair(ev.close(SHARE), ev.close(MARKET))


def estimated(days: pd.DatetimeIndex, day: pd.Timestamp, length: int) -> list[pd.Timestamp]:
    """First and last day that an effect on days 0 and 1 rests on, with a few to spare."""
    at = days.searchsorted(day)
    return [days[max(at - length - 10, 0)], days[min(at + 1, len(days) - 1)]]


def put_effect(b: Builder, pattern: str, row: dict, **words: str) -> None:
    """Add the effect of one event, or why there is none."""
    value = None if pd.isna(row["car"]) else row["car"]
    note = row["why"] if value is None else None
    b.put(pattern, value, note, event=row["event"], short=row["short"], **words)


def effect(event, asset, index, window, length, others) -> dict:
    """One event's effect in one window as a row; numbers are NaN where ``why`` says so.

    ``others`` are the t of all windows as long, of :func:`alliance.events.window_ts`.
    """
    row = {"event": event.event, "short": event.short, "day": event.day}
    row |= {"window": window, "confounders": event.confounders}
    names = ("car", "low", "high", "t", "p", "beta", "p_rank", "p_corrado", "p_placebo")
    empty = dict.fromkeys(names, float("nan")) | {"why": None}
    if pd.isna(event.day):
        return row | empty | {"why": "its day was not seen"}
    if event.day not in asset.index:
        return row | empty | {"why": "its trading day lies after as_of"}
    try:
        e = events.study(asset, index, event.day, window, length)
    except ScenarioError as error:
        return row | empty | {"why": str(error)}
    placebo = events.placebo_p(others, asset.index.get_loc(e.day), e)
    numbers = {name: getattr(e, name) for name in empty if hasattr(e, name)}
    return row | empty | numbers | {"p_placebo": placebo}


def null_size(s: Scenario, ev: Evidence) -> pd.DataFrame:
    """How often the 5 % t test of this chapter rejects when nothing happened, with normal residuals
    and with Nissan's own: the table of :func:`alliance.events.null_table`."""
    asset, index = _log_returns(ev)
    slope = index.cov(asset) / index.var()
    residuals = (asset - slope * index).to_numpy()
    return events.null_table(residuals, NULL_DRAWS, s.seed)
