"""Chapter 3, how the market reacted: abnormal returns at announcements, and stubs."""

import datetime as dt

import numpy as np
import pandas as pd

from alliance import decline, events, returns
from alliance.answers.event_study import effect, estimated, put_effect
from alliance.answers.results import Builder
from alliance.errors import NotKnown
from alliance.evidence import Evidence, calendars, made_once

WINDOWS = ((0, 0), (0, 1), (-1, 1))
LENGTH = 250
LARGE_DIVIDEND = 10  # EUR a share: above it a dividend is the special one
#: Of Volkswagen's ordinary over its preferred share, at most: our assumption, no series was found.
ORDINARY_PREMIUM = 0.3


def put(b: Builder) -> None:
    """Add event effects and stubs."""
    _events(b)
    _volkswagen(b)


def _events(b: Builder) -> None:
    """The effect of each dated announcement on the share that it is about."""
    rows, ev = [], b.ev
    for event in ev.separation_events.sort_values("date").itertuples(index=False):
        company = ev.rows("companies", company=event.company)
        if company.empty:  # its row is younger than the event
            continue
        exchange = company["exchange"].iloc[0]
        asset, index = _pair(ev, event.company)
        horizon = calendars.sessions(exchange, asset.index[0], ev.as_of + dt.timedelta(days=30))
        day = events.trading_day(event.date, event.time, horizon)
        dated = pd.Series({**event._asdict(), "day": day})
        about = {"company": event.company, "maker": event.maker, "date": event.date}
        for window in WINDOWS:
            others = _window_ts(ev, event.company, window)
            rows.append(effect(dated, asset, index, window, LENGTH, others) | about)
    frame = pd.DataFrame(rows)
    if len(frame):
        frame = frame.sort_values(["date", "event"], kind="stable", ignore_index=True)
    b.frames["announcements"] = frame
    for row in frame.to_dict("records"):
        if row["window"] == (0, 1):
            with b.section() as used:
                company = ev.rows("companies", company=row["company"]).iloc[0]
                days = _pair(ev, row["company"])[0].index
                used.within(*estimated(days, row["day"], LENGTH))
                ev.rows("separation-events", event=row["event"])
                put_effect(b, "separation.car.{event}", row, company=company["name"])


@made_once
def _pair(ev: Evidence, company: str) -> tuple[pd.Series, pd.Series]:
    """Log returns of a share, dividends included, and of the index of its maker."""
    own = ev.rows("carmakers", share=company)
    price = ev.prices(company)["adj_close"].dropna().rename(company)
    market = ev.close(own["benchmark"].iloc[0] if len(own) else "estoxx50")
    return returns.log_pair(price, market)


@made_once
def _window_ts(ev: Evidence, company: str, window: tuple[int, int]) -> np.ndarray:
    return events.window_ts(*_pair(ev, company), window, LENGTH)


def _volkswagen(b: Builder) -> None:
    """Volkswagen beside its part of Porsche AG, and the special dividend until its ex-day.

    The evidence has no price of the ordinary share. It is above the preferred one by an
    unknown premium, so the answer is a range: from no premium to :data:`ORDINARY_PREMIUM`.
    """
    ev, parent, child = b.ev, "volkswagen-pref", "porsche-ag-pref"
    keys = [f"separation.stub.volkswagen_{end}_eur" for end in ("low", "high")]
    words = {"premium": ORDINARY_PREMIUM}
    b.context["ordinary_premium"] = ORDINARY_PREMIUM
    b.frames["stub_volkswagen"] = pd.DataFrame(columns=["stake", "claim", "low", "high"])

    def read() -> tuple[pd.Series, ...]:
        found = ev.close(parent), ev.close(child), ev.holding("volkswagen", child)
        found = *found, ev.shares(parent), ev.shares(parent, "ordinary")
        if any(series.empty for series in found[1:]):
            raise NotKnown(f"Porsche AG had no price on {ev.as_of}")
        return found

    with b.section(*keys, **words):
        frame = b.frames["stub_volkswagen"] = _range(ev, *read())
    for key, end in zip(keys, ("low", "high"), strict=True):
        if b.frames["stub_volkswagen"].empty:
            return
        day = frame.index[-1]
        words["day"] = day.date()
        with b.section(key, **words) as used:
            read()
            used.within(day)
            _paid(ev)
            if frame["claim"].iloc[-1]:
                _special(ev)
            level = returns.level(frame[end].rename("day on which both traded"), ev.as_of)
            assumed = () if end == "low" else ("the premium of Volkswagen's ordinary share",)
            b.put(key, level.value, level.note, assumed, **words)


def _range(ev, price, unit, held, shares, ordinary) -> pd.DataFrame:
    """What is left of Volkswagen's market value without its part of Porsche AG, by day."""
    frame = decline.stub(held, unit, pd.Series({unit.index[0]: 1.0}), shares, price)
    paid = _paid(ev)
    due = (frame.index < paid) if paid is not None else np.full(len(frame), True)
    frame["claim"] = np.where(due, _special(ev), 0.0)
    frame["low"] = frame["holder"] - frame["stake"] - frame["claim"]
    above = ORDINARY_PREMIUM * float(ordinary.iloc[-1] / shares.iloc[-1])
    frame["high"] = frame["low"] + above * frame["holder"]
    return frame[["stake", "claim", "low", "high"]]


def _special(ev: Evidence) -> float:
    """The special dividend of Porsche's flotation in euros."""
    names = ("payout", "offer-price", "anchor-price", "listed-shares", "anchor-shares")
    payout, offer, anchor, listed, private = (ev.figure(f"porsche-{name}") for name in names)
    return payout * (listed * offer + private * anchor)


def _paid(ev: Evidence) -> pd.Timestamp | None:
    """Ex-day of the special dividend, if it is known."""
    row = ev.last("dividends", "amount", company="volkswagen-pref")
    return row["ex_date"] if row is not None and row["amount"] > LARGE_DIVIDEND else None
