"""Chapter 1, the business underneath and what the fall cost Renault."""

from __future__ import annotations

import pandas as pd

from alliance import decline, returns
from alliance.answers.form import Builder
from alliance.evidence import Used

SHARE, HOLDER = "nissan", "renault"


def put_business(b: Builder, price: pd.Series, start: pd.Timestamp, tape: Used) -> None:
    """Add unit sales, market share and price to book."""
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
    if len(books):  # after the last disclosure a book value stands for a while only
        at[books.index[-1] + pd.Timedelta(days=returns.MISSING_DAYS + 1) :] = float("nan")
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


def put_cost(
    b: Builder, price: pd.Series, rate: pd.Series, start: pd.Timestamp, tape: Used, fix: Used
) -> None:
    """Add what Renault's stake was worth beside Renault itself."""
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
    frame = decline.stub(held, price[start:], rate, own, holder)
    level = returns.level(frame["stub"].rename("day on which both traded"), b.ev.as_of)
    if held.empty or own.empty or level.value is None:
        why = level.note
        if held.empty or own.empty:
            missing = "Renault's holding" if held.empty else "Renault's share count"
            why = f"{missing} was not public on {b.ev.as_of}"
        b.frames["stub"] = pd.DataFrame(columns=["stake", "holder", "stub", "ratio"])
        for key, (_, label) in labels.items():
            b.put(f"decline.{key}", None, "EUR", label, both, note=why)
        return
    b.frames["stub"] = frame
    last = frame.iloc[-1]
    day = frame.index[-1].date()
    for key, (name, label) in labels.items():
        b.put(f"decline.{key}", last[name], "EUR", f"{label}, {day}", used[name], level.note)
    label = f"Renault's Nissan shares over Renault's market value, {day}"
    b.put("decline.stake_share_of_renault", last["ratio"], "fraction", label, both)
    lost = frame["stake"].iloc[-1] / frame["stake"].iloc[0] - 1
    label = f"Change of the value of the shares held, {frame.index[0].date()} to {day}"
    note = "includes shares sold" if held[start:].diff().lt(0).any() else None
    b.put("decline.stake_change_eur", lost, "fraction", label, stake_used, note)
    b.took("Renault's holding of Nissan", int(held.iloc[-1]), "shares", "evidence")
    b.took("Renault's issued shares", int(own.iloc[-1]), "shares", "evidence")
    b.context["own_since"] = own.index[0]
