"""Chapter 1, the business underneath and what the fall cost Renault."""

from __future__ import annotations

import pandas as pd

from alliance import decline, returns
from alliance.answers.form import Builder
from alliance.evidence import Used

SHARE, HOLDER, MARKET = "nissan", "renault", "topix"
LOST = {
    "stake_value_start_eur": "Renault's Nissan shares at the start",
    "stake_value_change_eur": "Change of value of the Nissan shares held at the start, price alone",
    "stake_dividends_eur": "Dividends on Renault's Nissan shares",
    "stake_net_change_eur": "Nissan shares left, sales and dividends, less the value at the start",
    "stake_in_topix_eur": "What the value at the start would have gained in TOPIX, price alone",
}


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
    units = change = part = None
    note = said = f"no unit sales were public on {b.ev.as_of}"
    if len(totals):
        first, said = totals.index[[0, -1]]
        units, change = totals[said], totals[said] / totals[first] - 1
        note = f"{first} to {said}"
    label = "Units sold in the last full fiscal year published"
    b.put("decline.units", units, "units", label, used, note=said)
    label = "Change of units sold, first to last full fiscal year published"
    b.put("decline.units_change", change, "fraction", label, used, note=note)
    note = f"no world market was public on {b.ev.as_of}"
    if len(share):
        (year, period), part = share.index[-1], share["share"].iloc[-1]
        note = year if period == "FY" else f"nine months of {year}"
    label = "Share of the world market, last published"
    b.put("decline.world_share", part, "fraction", label, used | world_used, note=note)


def put_cost(
    b: Builder, price: pd.Series, rate: pd.Series, start: pd.Timestamp, tape: Used, fix: Used
) -> None:
    """Add what Renault's stake was worth beside Renault itself, and what the fall cost it."""
    with b.ev.reading() as held_used:
        held = b.ev.holding(HOLDER, SHARE)
    with b.ev.reading() as holder_used:
        own, holder = b.ev.shares(HOLDER), b.ev.close(HOLDER)
    stake_used = tape | fix | held_used
    both = stake_used | holder_used
    labels = {
        "stake_value_eur": ("stake", "Renault's Nissan shares at the market price", stake_used),
        "renault_value_eur": ("holder", "Market value of Renault", holder_used),
        "stub_eur": ("stub", "Market value of Renault beyond its Nissan shares", both),
    }
    frame = decline.stub(held, price[start:], rate, own, holder)
    level = returns.level(frame["stub"].rename("day on which both traded"), b.ev.as_of)
    if held.empty or own.empty or level.value is None:
        missing = "Renault's holding" if held.empty else "Renault's share count"
        why = f"{missing} was not public on {b.ev.as_of}"
        why = why if held.empty or own.empty else level.note
        b.frames["stub"] = pd.DataFrame(columns=["stake", "holder", "stub", "ratio"])
        b.context["sold_eur"] = 0.0
        none = {key: label for key, (_, label, _) in labels.items()}
        for key, label in (none | LOST).items():
            b.put(f"decline.{key}", None, "EUR", label, both, note=why)
        return
    b.frames["stub"], last, day = frame, frame.iloc[-1], frame.index[-1].date()
    for key, (name, label, used) in labels.items():
        b.put(f"decline.{key}", last[name], "EUR", f"{label}, {day}", used, level.note)
    label = f"Renault's Nissan shares over Renault's market value, {day}"
    b.put("decline.stake_share_of_renault", last["ratio"], "fraction", label, both)
    b.took("Renault's holding of Nissan", int(held.iloc[-1]), "shares", "evidence")
    b.took("Renault's issued shares", int(own.iloc[-1]), "shares", "evidence")
    _put_lost(b, frame, held, returns.in_eur(price[frame.index], rate), rate, stake_used)


def _put_lost(b: Builder, frame, held, price_eur, rate: pd.Series, used: Used) -> None:
    """Add in euros what the shares lost, paid and were sold for between the first and last day."""
    (first, last), before = frame.index[[0, -1]], frame["stake"].iloc[0]
    with b.ev.reading() as paid_used:
        paid = b.ev.dividends.query("company == @SHARE and @first < ex_date <= @last")
    with b.ev.reading() as sold_used:
        sold = float(b.ev.tranches.query("@first < settled <= @last")["proceeds_eur"].sum())
    with b.ev.reading() as market_used:
        index = returns.in_eur(returns.as_known(b.ev.close(MARKET), frame.index), rate)
    amounts = paid.set_index("ex_date")["amount"]  # whoever held on the eve is paid
    shares = returns.as_known(held, amounts.index - pd.Timedelta(days=1)).fillna(held.iloc[0])
    paid = float((returns.in_eur(amounts, rate).to_numpy() * shares.to_numpy()).sum())
    change, gain = price_eur[last] / price_eur[first] - 1, index[last] / index[first] - 1
    net, sources = frame["stake"].iloc[-1] + sold + paid - before, used | paid_used
    for key, value, read in (
        ("stake_value_start_eur", before, used),
        ("stake_value_change_eur", before * change, used),
        ("stake_dividends_eur", paid, sources),
        ("stake_net_change_eur", net, sources | sold_used if sold else sources),
        ("stake_in_topix_eur", before * gain, used | market_used),
    ):
        label = f"{LOST[key]}, {first.date()} to {last.date()}"
        b.put(f"decline.{key}", value, "EUR", label, read)
    b.context["sold_eur"] = sold
