"""Chapter 1, what Renault's shares of Nissan are worth and what the fall cost it."""

import pandas as pd

from alliance import decline, returns
from alliance.answers.results import Builder
from alliance.errors import need

SHARE, HOLDER, MARKET = "nissan", "renault", "topix"
LEVELS = {"stake": "stake_value_eur", "holder": "renault_value_eur", "stub": "stub_eur"}
LEVELS |= {"ratio": "stake_share_of_renault"}
#: What the fall cost Renault; each with what it rests on beside price, rate and holding.
LOST = {
    "stake_value_start_eur": None, "stake_value_change_eur": None,
    "stake_dividends_eur": "dividends", "stake_net_change_eur": "dividends",
    "stake_in_topix_eur": MARKET,
}  # fmt: skip


def put(b: Builder, t) -> None:
    """Add what Renault's stake was worth beside Renault itself, and what the fall cost it."""
    ev, price = b.ev, t.price[t.start :]
    held, own = ev.holding(HOLDER, SHARE), ev.shares(HOLDER)
    frame = decline.stub(held, price, t.rate, own, ev.close(HOLDER))
    b.frames["stub"] = frame.iloc[:0]
    b.context |= {"sold_eur": 0.0, "unpaid": "", "by": ""}
    level = returns.level(frame["stake"].dropna().rename("day on which both traded"), ev.as_of)
    names = {column: [f"decline.{name}"] for column, name in LEVELS.items()}
    names["stake"] += [f"decline.{name}" for name in LOST]
    for column, (name, *more) in names.items():
        with b.section(name, *more) as used:
            _read(b, t, column)
            t.count(used)
            need(held, f"the evidence has no holding of Renault by {ev.as_of}")
            if column != "stake":
                need(own, f"the evidence has no share count of Renault by {ev.as_of}")
            level.known()
            b.put(name, frame[column].iloc[-1], level.note, day=frame.index[-1].date())
    if held.empty or level.value is None:
        return
    b.frames["stub"] = frame if len(own) else frame.iloc[:0]
    b.took("Renault's holding of Nissan", int(held.iloc[-1]), "shares", "evidence")
    for count in own.iloc[-1:]:
        b.took("Renault's issued shares", int(count), "shares", "evidence")
    _lost(b, t, frame, held)


def _read(b: Builder, t, column: str) -> None:
    """Count what a column of the stub rests on."""
    if column != "holder":
        t.price, t.rate, b.ev.holding(HOLDER, SHARE)
    if column != "stake":
        b.ev.shares(HOLDER), b.ev.close(HOLDER)


def _lost(b: Builder, t, frame: pd.DataFrame, held: pd.Series) -> None:
    """Add in euros what the shares lost, paid and were sold for between the first and last day."""
    (first, last), before, ev = frame.index[[0, -1]], frame["stake"].iloc[0], b.ev
    ends = first, last, "right"

    def paid() -> pd.DataFrame:
        return ev.rows("dividends", lambda f: f["ex_date"].between(*ends), company=SHARE)

    def sold() -> pd.DataFrame:
        return ev.rows("tranches", lambda f: f["settled"].between(*ends))

    price, index = t.price[frame.index], returns.as_known(ev.close(MARKET), frame.index)
    price, index = returns.in_eur(price, t.rate), returns.in_eur(index, t.rate)
    amounts = paid().set_index("ex_date")["amount"]  # whoever held on the eve is paid
    shares = returns.as_known(held, amounts.index - pd.Timedelta(days=1)).fillna(held.iloc[0])
    amounts = returns.in_eur(amounts, t.rate) * shares.to_numpy()
    came = sold().set_index("settled")["proceeds_eur"].astype(float)
    dividends, proceeds, taken = amounts.sum(), came.sum(), pd.concat([amounts, came])
    missed = taken.to_numpy() * (index.iloc[-1] / returns.as_known(index, taken.index) - 1)
    values = {
        "stake_value_start_eur": before,
        "stake_value_change_eur": before * (price[last] / price[first] - 1),
        "stake_dividends_eur": dividends,
        "stake_net_change_eur": frame["stake"].iloc[-1] + proceeds + dividends - before,
        "stake_in_topix_eur": before * (index[last] / index[first] - 1) - missed.sum(),
    }
    span = f"{first.date()} to {last.date()}"
    for name, rests_on in LOST.items():
        with b.section() as used:
            _read(b, t, "stake")
            if rests_on:
                paid()
            if name in ("stake_net_change_eur", "stake_in_topix_eur") and proceeds:
                sold()
            if rests_on == MARKET:
                ev.close(MARKET)
            t.count(used)
            b.put(f"decline.{name}", values[name], span=span)
    left = returns.as_known(held, frame.index[[0, -1]]).fillna(held.iloc[0]).to_numpy()
    gone = (left[0] - left[1] - sold()["shares"].sum()) / 1e6
    unpaid = f" (the money for {gone:,.0f}m shares sold last was not public)" * bool(gone > 0)
    by = f" as of {last.date()}" * (last < t.price.index[-1])  # Renault's last price
    b.context |= {"sold_eur": proceeds, "unpaid": unpaid, "by": by}
