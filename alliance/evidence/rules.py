"""What no schema can say of ``data/``: days that run forward, moves that can't be, sums that tie.

Each rule looks at the rows that stand last (a corrected row is history), those of :data:`DATED` at
all rows, and yields table, row and message. It runs only where the tables it needs could be read.
"""

import re
from collections.abc import Callable, Iterator

import pandas as pd

from alliance.evidence import calendars

Tables = dict[str, pd.DataFrame]
Found = Iterator[tuple[str, int | None, str]]
#: Name, the tables that it needs, and the function, of each rule.
RULES: list[tuple[str, tuple[str, ...], Callable[[Tables], Found]]] = []
DATED = ("document", "published")  # rules on days, which a corrected row keeps

MOVE, FACTOR = 0.5, 50  # a day's move of a close, a count's move from row to row: more is an error
WITHIN = 1e-4  # of closes and adjusted closes, which are rounded
LAGS = (45, 75)  # days after a quarter's and a year's end
CASH_WITHIN = 0.03  # of a sale's cash to its value at the rate of the pricing day
#: How the note of a row says which public print, older than its document, the row stands for.
FIRST_PRINT = re.compile(r"First print: .*?(\d{4}-\d{2}-\d{2}|by the lag rule)")


def _rule(name: str, *needs: str) -> Callable:
    def register(function: Callable[[Tables], Found]) -> Callable[[Tables], Found]:
        RULES.append((name, needs, function))
        return function

    return register


def _where(frame: pd.DataFrame, bad: pd.Series) -> Iterator[tuple[int, pd.Series]]:
    return frame.loc[bad.index[bad.fillna(False).astype(bool)]].iterrows()


def _series(tables: Tables) -> Iterator[tuple[str, pd.DataFrame, str]]:
    """Each daily series by table, with the column of its level."""
    for name, frame in tables.items():
        if name.startswith(("prices-", "rates-")):
            yield name, frame, "close" if "close" in frame else frame.columns[1]


@_rule("document", "documents")
def _cited(tables: Tables) -> Found:
    """No row, corrections included, is older than its document or the first print that it names.

    A first print without a day has the day that the lag rule gives; news that was announced on its
    day is its own.
    """
    days = tables["documents"].drop_duplicates("document").set_index("document")["published"]
    for name, frame in tables.items():
        if name == "documents" or "document" not in frame:
            continue
        printed = frame["document"].map(days)
        own = (frame["published_basis"] == "event") & (name == "events")
        for at, row in _where(frame, (frame["published"] < printed) & ~own):
            named = FIRST_PRINT.match(str(row.get("note")))
            first = named[1] if named else f"{printed[at]:%Y-%m-%d}"
            if first == "by the lag rule" and row["published_basis"] == "lag":
                continue
            if first > f"{row['published']:%Y-%m-%d}":
                late = f"published {row['published'].date()} is before its document, {first}"
                yield name, at, late + ": say in the note which first print it stands for"


@_rule("monotone")
def _monotone(tables: Tables) -> Found:
    for name, frame, _ in _series(tables):
        for at, row in _where(frame, frame["date"].diff() <= pd.Timedelta(0)):
            yield name, at, f"{row['date'].date()} is not after the row above"


@_rule("published")
def _published(tables: Tables) -> Found:
    """Nothing is public before it is, and a day set by a rule follows the rule."""
    for name, frame in tables.items():
        published, basis = frame["published"], frame["published_basis"]
        columns = ("date", "ex_date", "announced", "settled", "cancelled")
        days = {column: frame[column] for column in columns if column in frame}
        if name == "statements":
            early = pd.to_timedelta(92 * (4 - frame["quarter"]) - 14, unit="D")
            days["two weeks after its quarter"] = frame["fiscal_year_end"] - early
        if "fiscal_year" in frame:
            ends = frame["fiscal_year"].str[2:] + "-12-31"
            days["the end of its year"] = pd.to_datetime(ends, errors="coerce")
        for what, day in days.items():
            for at, row in _where(frame, published < day):
                message = f"published {row['published'].date()} is before {what} {day[at].date()}"
                yield name, at, message
        for at, row in _where(frame, (basis == "month-end") & ~published.dt.is_month_end):
            yield name, at, f"published {row['published'].date()} is no month's end"
        if days and name != "statements":
            near = pd.concat([published == day for day in days.values()], axis=1).any(axis=1)
            for at, _ in _where(frame, (basis == "event") & ~near):
                yield name, at, "published is none of the row's days, as basis 'event' says"
        if "date" in frame:
            late = (published - frame["date"]).dt.days
            for at, _ in _where(frame, (basis == "lag") & ~late.isin(LAGS)):
                yield name, at, f"basis 'lag' means {LAGS[0]} or {LAGS[1]} days, not {late[at]}"


@_rule("sessions", "gaps", "companies")
def _sessions(tables: Tables) -> Found:
    gaps, exchanges = tables["gaps"], tables["companies"].set_index("company")["exchange"]
    for name, frame, _ in _series(tables):
        if not name.startswith("prices-") or frame.empty:
            continue
        if name.removeprefix("prices-") not in exchanges:
            yield name, None, "its company has no row in companies.csv"
            continue
        days, mic = pd.DatetimeIndex(frame["date"]), exchanges[name.removeprefix("prices-")]
        if mic not in calendars.known():
            yield name, None, f"no calendar of an exchange '{mic}'"
            continue
        sessions = calendars.sessions(mic, days.min(), days.max())
        for day in days.difference(sessions):
            yield name, frame.index[days == day][0], f"{day.date()} is no session of {mic}"
        excused = pd.DatetimeIndex(gaps.loc[gaps["table"] == name, "date"])
        missing = sessions.difference(days).difference(excused)
        runs = pd.Series(sessions.get_indexer_for(missing)).diff().ne(1).cumsum().to_numpy()
        for _, run in missing.to_series().groupby(runs):
            first, last = run.iloc[0].date(), run.iloc[-1].date()
            span = f"session {first}" if len(run) == 1 else f"sessions {first} to {last}"
            yield name, None, f"{span}: neither a row nor in gaps.csv"


@_rule("move", "gaps")
def _moves(tables: Tables) -> Found:
    """No level halves or doubles in a day; a true move of that size has a row in gaps."""
    gaps = tables["gaps"]
    for name, frame, column in _series(tables):
        excused = frame["date"].isin(gaps.loc[gaps["table"] == name, "date"])
        moved = frame[column].dropna().pct_change()
        for at, row in _where(frame, (moved.abs() > MOVE) & ~excused[moved.index]):
            yield name, at, f"{column} {row[column]:g} is a move of {moved[at]:+.0%} in a day"


@_rule("adjusted")
def _adjusted(tables: Tables) -> Found:
    """An adjusted close is at most the close, nears it day by day, and meets it at the end."""
    for name, frame, _ in _series(tables):
        if "adj_close" not in frame:
            continue
        ratio = frame["adj_close"] / frame["close"]
        for at, row in _where(frame, ratio > 1 + WITHIN):
            yield name, at, f"adj_close {row['adj_close']:g} is above the close {row['close']:g}"
        for at, _ in _where(frame, ratio.dropna().diff() < -WITHIN):
            yield name, at, "adj_close moves away from the close: no dividend does that"
        if len(frame) and ratio.iloc[-1] < 1 - WITHIN:
            yield name, frame.index[-1], "adj_close is not the close on the last day"


@_rule("scale", "holdings", "shares")
def _counts(tables: Tables) -> Found:
    """A count of shares in thousands among counts of shares moves far too much."""
    for name, by in (("holdings", ["holder", "company"]), ("shares", ["company", "item"])):
        frame = tables[name].sort_values("date", kind="stable")
        moved = frame.groupby(by)["shares"].transform(lambda x: x.pct_change()) + 1
        for at, row in _where(frame, (moved > FACTOR) | (moved < 1 / FACTOR)):
            what = f"{row['shares']:,.0f} shares ({' '.join(row[by])})"
            yield name, at, f"{what}: {moved[at]:,.4g} times the row before"


@_rule("shares", "holdings", "shares")
def _holdings_fit(tables: Tables) -> Found:
    """Disclosed holdings never exceed the shares in issue, and a split of one adds nothing."""
    shares = tables["shares"].query("item == 'issued'")
    for (company, owner), rows in tables["holdings"].groupby(["company", "beneficiary"]):
        total = _wide(rows).sum(axis=1)
        for day in total.index[1:]:
            same = rows[rows["date"] == day]
            before = total[total.index < day].iloc[-1]
            if len(same) > 1 and total[day] != before:
                parts = f"{owner} holds {total[day]:,.0f} of {company} in parts"
                yield "holdings", same.index[0], f"{parts}, {before:,.0f} before"
    for company, rows in tables["holdings"].groupby("company"):
        issued = shares[shares["company"] == company].set_index("date")["shares"].sort_index()
        for day, held in _wide(rows).sum(axis=1).items():
            known = issued[:day]
            if known.empty or held > known.iloc[-1]:
                limit = "no share count" if known.empty else f"{known.iloc[-1]:,.0f} issued"
                message = f"{held:,.0f} shares of {company} held on {day.date()}, {limit}"
                yield "holdings", rows.index[rows["date"] == day][0], message


@_rule("tranche", "tranches", "holdings", "shares", "rates-jpy-per-eur")
def _tranches_tie(tables: Tables) -> Found:
    """Value, cash, counts and stakes follow from price, rate, holdings and issued shares."""
    nissan = tables["shares"].query("company == 'nissan' and item == 'issued'")
    issued = nissan.set_index("date")["shares"].sort_index()
    wide = _wide(tables["holdings"].query("beneficiary == 'renault' and company == 'nissan'"))
    held = wide.sum(axis=1)
    trust = wide.get("natixis-trust", pd.Series(dtype="float64"))
    rate = tables["rates-jpy-per-eur"].set_index("date")["jpy_per_eur"]
    day = pd.Timedelta(days=1)
    for at, t in tables["tranches"].iterrows():
        stake = 5.1e-5 * t["issued_after"]
        cash = t["value_jpy"] / _last(rate, t["announced"])
        sold = _last(held, t["settled"] - day) - _last(held, t["settled"])
        after = _last(issued, t["cancelled"] - day) - t["shares_bought"]
        ties = {
            "value": (t["shares"] * t["price_jpy"], t["value_jpy"], 0.5),
            "cash at the rate of the day": (cash, t["proceeds_eur"], CASH_WITHIN * cash),
            "shares sold": (sold, t["shares"], 0),
            "shares cancelled": (after, t["issued_after"], 0),
            "issued after": (_last(issued, t["cancelled"]), t["issued_after"], 0),
            "shares after": (
                _last(held, t["settled"]), t["stake_after"] * t["issued_after"], stake),
            "trust's shares": (
                _last(trust, t["settled"]), t["trust_stake_after"] * t["issued_after"], stake),
        }  # fmt: skip
        for what, (computed, printed, within) in ties.items():
            if not abs(computed - printed) <= within:
                message = f"{what}: {computed:,.10g} computed, {printed:,.10g} in the row"
                yield "tranches", at, message
        if t["loss_eur"] > t["loss_ceiling_eur"]:
            yield "tranches", at, "its loss is above the ceiling announced"


@_rule("earnings", "statements", "shares")
def _earnings_fit(tables: Tables) -> Found:
    """Net profit over earnings a share is a count of shares, and equity is part of net assets."""
    counts = tables["shares"].query("item == 'issued'").sort_values("date")
    for at, row in tables["statements"].iterrows():
        issued = counts.loc[counts["company"] == row["company"], "shares"]
        part = float(row["net_profit"]) / row["eps"] / issued.max() if row["eps"] else 1.0
        if len(issued) and not 0.5 <= part <= 1.02:
            yield "statements", at, f"net profit over EPS is {part:.3g} of the shares issued"
        equity = float(row["total_assets"]) * row["equity_ratio"] / float(row["net_assets"] or 1)
        if not 0.5 <= equity <= 1.01:
            yield "statements", at, f"equity by its ratio is {equity:.3g} of net assets"


@_rule("total", "sales")
def _regions_add_up(tables: Tables) -> Found:
    """Regions of a year add up to its printed total within rounding to thousands."""
    for year, rows in tables["sales"].groupby(["company", "fiscal_year", "period"]):
        parts, total = rows[rows["region"] != "total"], rows[rows["region"] == "total"]
        if total.empty or not {"other", "europe-and-other"} & set(parts["region"]):
            continue
        difference = parts["units"].sum() - total["units"].iloc[0]
        if abs(difference) > 500 * (len(parts) + 1):
            message = f"regions of {' '.join(year)} miss the total by {difference:,.0f}"
            yield "sales", rows.index[0], message


def _wide(rows: pd.DataFrame) -> pd.DataFrame:
    """Shares by day and holder, each count in force until the next."""
    return rows.pivot(index="date", columns="holder", values="shares").sort_index().ffill()


def _last(series: pd.Series, day: pd.Timestamp) -> float:
    """The last value on or before a day; NaN before the first."""
    known = series.dropna()[:day]
    return float(known.iloc[-1]) if len(known) else float("nan")
