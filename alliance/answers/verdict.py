"""Chapter 3, the market's verdict: abnormal returns at announcements, and stubs."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from alliance import decline, events, returns
from alliance.answers.effects import effect
from alliance.answers.form import Builder
from alliance.evidence import calendars

WINDOWS = ((0, 0), (0, 1), (-1, 1))
LENGTH = 250
#: Of Volkswagen's ordinary over its preferred share, at most: our assumption, no series was found.
ORDINARY_PREMIUM = 0.3


def put(b: Builder) -> None:
    """Add event effects and stubs."""
    _events(b)
    _volkswagen(b)


def _events(b: Builder) -> None:
    """The effect of each dated announcement on the share that it is about."""
    with b.ev.reading() as list_used:
        table = b.ev.separation_events.sort_values("date", ignore_index=True)
        companies, makers = b.ev.companies.set_index("company"), b.ev.carmakers
    rows, used_by = [], {}
    for company, rows_of in table.groupby("company"):
        if company not in companies.index:  # its row is younger than the event
            continue
        exchange = companies.at[company, "exchange"]
        index_name = _benchmark(company, exchange, makers)
        with b.ev.reading() as used:
            price = b.ev.prices(company)["adj_close"].dropna().rename(company)
            market = b.ev.close(index_name)
        days = returns.common(price, market)
        asset, index = returns.log_returns(price[days]), returns.log_returns(market[days])
        horizon = calendars.sessions(exchange, days[0], b.ev.as_of + dt.timedelta(days=30))
        for event in rows_of.itertuples(index=False):
            day = events.trading_day(event.date, event.time, horizon)
            event = pd.Series({**event._asdict(), "day": day})
            for window in WINDOWS:
                found = effect(event, asset, index, window, LENGTH)
                rows.append(found | {"company": company, "maker": event.maker, "date": event.date})
            at = days.searchsorted(day)
            span = days[max(at - LENGTH - 10, 0)], days[min(at + 1, len(days) - 1)]
            used_by[event.event] = (used | list_used).within(*span)
    frame = pd.DataFrame(rows)
    if len(frame):
        frame = frame.sort_values(["date", "event"], kind="stable", ignore_index=True)
    b.frames["verdict"] = frame
    for row in frame.itertuples(index=False):
        if row.window == (0, 1):
            label = f"Abnormal return of {companies.at[row.company, 'name']}, days 0 and 1: "
            value, why = (None, row.why) if np.isnan(row.car) else (row.car, None)
            b.put(f"separation.car.{row.event}", value, "log points", label + row.short,
                  used_by[row.event], why)  # fmt: skip


def _benchmark(company: str, exchange: str, makers: pd.DataFrame) -> str:
    own = makers[makers["share"] == company]
    return own["benchmark"].iloc[0] if len(own) else "estoxx50"


def _volkswagen(b: Builder) -> None:
    """Volkswagen beside its part of Porsche AG, and the special dividend until its ex-day.

    The evidence has no price of the ordinary share. It stands above the preferred one by an
    unknown premium, so the answer is a range: from no premium to :data:`ORDINARY_PREMIUM`.
    """
    parent, child = "volkswagen-pref", "porsche-ag-pref"
    label = "Volkswagen beyond its part of Porsche AG, ordinary shares "
    labels = {
        "low": label + "at the preferred price",
        "high": f"{label}{ORDINARY_PREMIUM:.0%} above it (assumed)",
    }
    with b.ev.reading() as used:
        price, unit = b.ev.close(parent), b.ev.close(child)
        held, shares = b.ev.holding("volkswagen", child), b.ev.shares(parent)
        ordinary = b.ev.shares(parent, "ordinary")
    b.context["ordinary_premium"] = ORDINARY_PREMIUM
    if unit.empty or held.empty or shares.empty or ordinary.empty:
        b.frames["stub_volkswagen"] = pd.DataFrame(columns=["stake", "claim", "low", "high"])
        why = f"Porsche AG had no price on {b.ev.as_of}"
        for end, text in labels.items():
            b.put(f"separation.stub.volkswagen_{end}_eur", None, "EUR", text, used, why)
        return
    with b.ev.reading() as claim_used:
        payout, offer = b.ev.figure("porsche-payout"), b.ev.figure("porsche-offer-price")
        anchor = b.ev.figure("porsche-anchor-price")
        counts = b.ev.figure("porsche-listed-shares"), b.ev.figure("porsche-anchor-shares")
        paid = b.ev.dividends.query("company == @parent and amount > 10")
    total = payout * (counts[0] * offer + counts[1] * anchor)
    parity = pd.Series({unit.index[0]: 1.0})
    frame = decline.stub(held, unit, parity, shares, price)
    due = (frame.index < paid["ex_date"].min()) if len(paid) else np.full(len(frame), True)
    frame["claim"] = np.where(due, total, 0.0)
    frame["low"] = frame["holder"] - frame["stake"] - frame["claim"]
    above = ORDINARY_PREMIUM * float(ordinary.iloc[-1] / shares.iloc[-1])
    frame["high"] = frame["low"] + above * frame["holder"]
    b.frames["stub_volkswagen"] = frame[["stake", "claim", "low", "high"]]
    used = used.within(frame.index[-1])
    for end, text in labels.items():
        level = returns.level(frame[end].rename("day on which both traded"), b.ev.as_of)
        text = f"{text}, {frame.index[-1].date()}"
        where = f"separation.stub.volkswagen_{end}_eur"
        b.put(where, level.value, "EUR", text, used | claim_used, level.note,
              () if end == "low" else ("the premium of Volkswagen's ordinary share",))  # fmt: skip
