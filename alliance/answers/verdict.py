"""Chapter 3, the market's verdict: abnormal returns, what came after, stubs and discounts."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from alliance import decline, events, returns
from alliance.answers.effects import effect
from alliance.answers.form import Builder
from alliance.evidence import calendars
from alliance.scenario import Scenario

WINDOWS = ((0, 0), (0, 1), (-1, 1))
LENGTH = 250


def put(b: Builder, s: Scenario) -> None:
    """Add event effects, relative performance, stubs and discounts."""
    _events(b)
    _volkswagen(b, s)
    _porsche_se(b)
    _renault(b)


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
        used_by[company] = used | list_used
        days = returns.common(price, market)
        asset, index = returns.log_returns(price[days]), returns.log_returns(market[days])
        horizon = calendars.sessions(exchange, days[0], b.ev.as_of + dt.timedelta(days=30))
        for event in rows_of.itertuples(index=False):
            day = events.trading_day(event.date, event.time, horizon)
            event = pd.Series({**event._asdict(), "day": day})
            for window in WINDOWS:
                found = effect(event, asset, index, window, LENGTH)
                rows.append(found | {"company": company, "maker": event.maker, "date": event.date})
    frame = pd.DataFrame(rows)
    if len(frame):
        frame = frame.sort_values(["date", "event"], kind="stable", ignore_index=True)
    b.frames["verdict"] = frame
    for row in frame.itertuples(index=False):
        if row.window == (0, 1):
            label = f"Abnormal return of {companies.at[row.company, 'name']}, days 0 and 1: "
            value, why = (None, row.why) if np.isnan(row.car) else (row.car, None)
            b.put(f"separation.car.{row.event}", value, "log points", label + row.short,
                  used_by[row.company], why)  # fmt: skip


def _benchmark(company: str, exchange: str, makers: pd.DataFrame) -> str:
    own = makers[makers["share"] == company]
    return own["benchmark"].iloc[0] if len(own) else "estoxx50"


def _volkswagen(b: Builder, s: Scenario) -> None:
    """Volkswagen beside its part of Porsche AG, and the special dividend until its ex-day."""
    parent, child = "volkswagen-pref", "porsche-ag-pref"
    label = "Volkswagen beyond its part of Porsche AG, both classes at the preferred price"
    key = "separation.stub.volkswagen_eur"
    with b.ev.reading() as used:
        price, unit = b.ev.close(parent), b.ev.close(child)
        held, shares = b.ev.holding("volkswagen", child), b.ev.shares(parent)
        ordinary = b.ev.shares(parent, "ordinary")
    if unit.empty or held.empty or shares.empty:
        b.frames["stub_volkswagen"] = pd.DataFrame(columns=["stake", "holder", "claim", "stub"])
        b.put(key, None, "EUR", label, used, f"Porsche AG had no price on {b.ev.as_of}")
        return
    with b.ev.reading() as claim_used:
        payout, offer = b.ev.figure("porsche-payout"), b.ev.figure("porsche-offer-price")
        anchor = b.ev.figure("porsche-anchor-price")
        counts = b.ev.figure("porsche-listed-shares"), b.ev.figure("porsche-anchor-shares")
        paid = b.ev.dividends.query("company == @parent and amount > 10")
    total = payout * (counts[0] * offer + counts[1] * anchor)
    parity = pd.Series({unit.index[0]: 1.0})
    frame = decline.stub(held, unit, parity, shares, price)
    premium = s.separation.voting_premium or 0.0
    part = float(ordinary.iloc[-1] / shares.iloc[-1]) if len(ordinary) else 0.0
    frame["holder"] *= 1 + premium * part
    due = (frame.index < paid["ex_date"].min()) if len(paid) else np.full(len(frame), True)
    frame["claim"] = np.where(due, total, 0.0)
    frame["stub"] = frame["holder"] - frame["stake"] - frame["claim"]
    b.frames["stub_volkswagen"] = frame.drop(columns="ratio")
    used = used | claim_used
    last = frame.iloc[-1]
    level = returns.level(frame["stub"].rename("day on which both traded"), b.ev.as_of)
    b.put(key, level.value, "EUR", f"{label}, {frame.index[-1].date()}", used, level.note)
    b.context["claim_open"] = bool(last["claim"] > 0)


def _porsche_se(b: Builder) -> None:
    """Porsche SE's market value against its assets less debt."""
    own = "porsche-se-pref"
    with b.ev.reading() as used:
        close, shares = b.ev.close(own), b.ev.shares(own)
        assets, known = [], True
        for company in ("volkswagen-pref", "porsche-ag-pref"):
            held, price = b.ev.holding("porsche-se", company), b.ev.close(company)
            known &= len(held) > 0 and len(price) > 0
            assets.append((held, price))
        debts = {}
        for key in ("porsche-se-debt-2022", "porsche-se-debt-2024"):
            value = b.ev.figure(key)
            if value is not None:
                debts[b.ev.fact(key)["date"]] = value
    columns = ["assets", "debt", "value", "market", "discount"]
    why = f"Porsche SE's shares or holdings were not public on {b.ev.as_of}"
    label = "Porsche SE: discount of its market value to assets less debt"
    where = "separation.porsche_se_discount"
    if not known or shares.empty or not debts:
        b.frames["porsche_se"] = pd.DataFrame(columns=columns)
        b.put(where, None, "fraction", label, used, why)
        return
    days = returns.common(close, *(price for _, price in assets))
    days = days[days >= min(debts)]
    total = sum(returns.as_known(h, days) * p[days] for h, p in assets)
    debt = returns.as_known(pd.Series(debts).sort_index(), days)
    market = float(shares.iloc[-1]) * close[days]
    frame = pd.DataFrame(
        {"assets": total, "debt": debt, "value": total - debt, "market": market}
    ).dropna()
    frame["discount"] = 1 - frame["market"] / frame["value"]
    b.frames["porsche_se"] = frame
    level = returns.level(frame["discount"].rename("day on which all traded"), b.ev.as_of)
    day = frame.index[-1].date() if len(frame) else b.ev.as_of
    note = level.note or f"debt as published for {max(debts):%Y-%m}"
    b.put(where, level.value, "fraction", f"{label}, {day}", used, note)


def _renault(b: Builder) -> None:
    """Renault beyond its Nissan shares, as in chapter 1."""
    with b.ev.reading() as used:
        held, shares = b.ev.holding("renault", "nissan"), b.ev.shares("renault")
        price, rate, own = b.ev.close("nissan"), b.ev.rate("jpy_per_eur"), b.ev.close("renault")
    b.used = b.used | used
    if held.empty or shares.empty:
        b.frames["stub_renault"] = pd.DataFrame(columns=["stake", "holder", "stub", "ratio"])
        return
    frame = decline.stub(held, price, rate, shares, own)
    b.frames["stub_renault"] = frame[frame.index >= pd.Timestamp(2021, 1, 1)]
