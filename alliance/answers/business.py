"""Chapter 1, the business underneath: units sold, share of the market, book value."""

import pandas as pd

from alliance import decline, returns
from alliance.answers.results import Builder
from alliance.errors import NotKnown, need
from alliance.evidence import Evidence, made_once

SHARE = "nissan"


def put(b: Builder, start: pd.Timestamp) -> None:
    """Add unit sales, market share and price to book."""
    _sales(b)
    _market_share(b)
    with b.section():
        price, books = b.ev.close(SHARE), book_values(b.ev)
        at = returns.as_known(books["bps"].rename("book value"), price[start:].index)
        if len(books):  # after the last disclosure a book value serves for a while only
            at[books.index[-1] + pd.Timedelta(days=returns.MISSING_DAYS + 1) :] = float("nan")
        b.frames["price_to_book"] = pd.DataFrame({"ratio": price[start:] / at, "bps": at})
        b.frames["books"] = books
    last = last_book(b.ev)
    note = last.note or f"book value published on {last.date}"
    with b.section("decline.price_to_book") as used:
        price = b.ev.close(SHARE).iloc[-1:]
        used.within(price.index[0])
        b.put("decline.price_to_book", price.iloc[0] / last_book(b.ev).known(), note)
    with b.section("decline.book_value_jpy"):
        b.put("decline.book_value_jpy", last_book(b.ev).known(), note)


def _sales(b: Builder) -> None:
    ends = "decline.units", "decline.units_change"
    whole, nine = ({"company": SHARE, "region": "total", "period": p} for p in ("FY", "9M"))
    with b.section():
        sales = b.ev.rows("sales", company=SHARE)
        b.frames["regions"] = decline.by_region(sales)
    years = sales[(sales["region"] == "total") & (sales["period"] == "FY")]
    years = years.sort_values("fiscal_year")["fiscal_year"].iloc[[0, -1] if len(years) else []]
    for key, which in zip(ends, (years[-1:], years), strict=True):
        with b.section(key):
            chosen = b.ev.rows("sales", lambda f, w=which: f["fiscal_year"].isin(w), **whole)
            need(chosen, f"no unit sales were public on {b.ev.as_of}")
            units = chosen.sort_values("fiscal_year")["units"].astype(float)
            last = units.iloc[-1]
            value = last if key == "decline.units" else last / units.iloc[0] - 1
            newer = b.ev.rows("sales", lambda f, w=which: f["fiscal_year"] > w.iloc[-1], **nine)
            more = [f"of {y} only nine months are in the evidence" for y in newer["fiscal_year"]]
            b.put(key, value, "; ".join([" to ".join(which), *more]))


def _market_share(b: Builder) -> None:
    with b.section():
        share = decline.market_share(b.ev.rows("sales", company=SHARE), b.ev.world_market)
    b.frames["market_share"], key = share, "decline.world_share"
    with b.section(key):
        if share.empty:
            b.ev.world_market, b.ev.rows("sales", company=SHARE)
            raise NotKnown(f"no world market was public on {b.ev.as_of}")
        (year, period), part = share.index[-1], share["share"].iloc[-1]
        one = {"fiscal_year": year, "period": period}
        b.ev.rows("sales", company=SHARE, region="total", **one)
        b.ev.rows("world-market", **one)
        b.put(key, part, year if period == "FY" else f"nine months of {year}")


def book_values(ev: Evidence) -> pd.DataFrame:
    """Net assets a share by disclosure day; see :func:`alliance.decline.book_value`."""
    return decline.book_value(*(ev.rows(t, company=SHARE) for t in ("statements", "book-values")))


@made_once
def last_book(ev: Evidence) -> returns.Level:
    """The last published net assets a share; counts the one disclosure that it is from."""

    def newest(rows: pd.DataFrame) -> pd.Series:
        return rows["published"] == rows["published"].max()

    newer = ev.rows("statements", newest, company=SHARE)
    old = newer[:0] if len(newer) else ev.rows("book-values", newest, company=SHARE)
    unseen = newer["published_basis"].eq("month-end").any()
    name = "print of net assets" + " (its day not seen: a month's end)" * bool(unseen)
    book = decline.book_value(newer, old)["bps"].rename(name)
    return returns.level(book, ev.as_of)
