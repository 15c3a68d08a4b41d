"""Chapter 2, the record: each disclosed sale recomputed, and which reading of the loss it supports.

Two readings of a disposal loss: *naive*, what is given up against the cash; and *buy-back shared*
(``own_share``), in which the seller's remaining stake shares in what the issuer paid. Each implies
an amount carried a share, and, rolled forward, a loss when the equity method ended.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress

import pandas as pd

from alliance import ownership, returns
from alliance.answers.inputs import HOLDER, SHARE
from alliance.answers.results import Builder
from alliance.errors import NotKnown

HEADLINES = {name: name for name in ("stake", "cash_eur", "loss_eur")}
HEADLINES["carrying_implied"] = "own_share"
STEPS = ["step", "own_share", "naive", "amount"]
ROUNDED = 5e7  # EUR: losses are printed to a tenth of a billion
_ROLL = [f"contribution-{when}" for when in ("2024", "h1-2024", "q1-2025", "q2-2025")]


def put(b: Builder) -> None:
    """Add the disclosed sales public by then, and the roll to June 2025 where all of it is."""
    ev, where = b.ev, "selldown.record.{sale}"
    with b.section():
        held, rate = ev.holding(HOLDER, SHARE), ev.rate("jpy_per_eur")
        sales = [sale(t, rate, held) for t in ev.tranches.sort_values("tranche").itertuples()]
    b.frames["disclosed_sales"], b.frames["roll"] = pd.DataFrame(sales), pd.DataFrame(columns=STEPS)
    for row in b.frames["disclosed_sales"].itertuples():
        words = {"sale": row.tranche, "day": row.announced.date()}
        for key, column in HEADLINES.items():
            with b.section() as used:
                ev.rows("tranches", _is(row.tranche))
                if column in ("stake", "own_share"):
                    ev.holding(HOLDER, SHARE)
                if column == "cash_eur":
                    ev.rate("jpy_per_eur")
                    used.within(returns.earliest(row.announced), row.announced)
                b.put(f"{where}.{key}", getattr(row, column), **words)
    if len(sales) > 2:
        with suppress(NotKnown), b.section():
            _roll(b)


def _is(sale: int) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda tranches: tranches["tranche"] == sale


def sale(t, rate: pd.Series, held: pd.Series) -> dict:
    """One disclosed sale, a row of the tranches, recomputed as a row of ``disclosed_sales``."""
    before = held[held.index < t.settled].iloc[-1]
    stake = ownership.stake(before, t.issued_after + t.shares_bought, 0, t.shares, t.shares_bought)
    fix = returns.as_known(rate, pd.DatetimeIndex([t.announced])).iloc[0]
    cash = t.shares * t.price_jpy / fix
    price = t.proceeds_eur / t.shares
    tied = t.shares - stake * t.shares_bought
    return {
        "tranche": t.tranche, "announced": t.announced, "shares": t.shares,
        "price_jpy": t.price_jpy, "stake": stake, "stake_printed": t.stake_after,
        "cash_eur": cash, "cash_disclosed": t.proceeds_eur, "loss_eur": t.loss_eur,
        "naive": price + t.loss_eur / t.shares, "own_share": price + t.loss_eur / tied,
        "held_before": before, "issued_after": t.issued_after, "shares_bought": t.shares_bought,
        "jpy_per_eur": fix,
    }  # fmt: skip


def _roll(b: Builder) -> None:
    """Add the amount carried, from the third sale to the change of method, and the loss then."""
    ev, record = b.ev, b.frames["disclosed_sales"]
    value = {key: float(ev.fact(key)["value"]) for key in (*_ROLL, "impairment-2024")}
    fair, said = ev.fact("fair-value-basis-2025"), ev.fact("switch-loss-announced")
    third = record.iloc[2]
    ev.rows("tranches", _is(third["tranche"])), ev.holding(HOLDER, SHARE)
    second = value["contribution-2024"] - value["contribution-h1-2024"]
    first = value["contribution-q1-2025"] + value["contribution-q2-2025"]
    amounts = {
        "write-down of 2024": -value["impairment-2024"],
        "Nissan's contribution, second half of 2024": second,
        "Nissan's contribution, first half of 2025": first,
    }
    with ev.reading() as used:
        day = pd.DatetimeIndex([said["date"]])
        fix = returns.as_known(ev.rate("jpy_per_eur"), day).iloc[0]
        used.within(returns.earliest(day[0]), day[0])
    left, worth = third["held_before"] - third["shares"], float(fair["value"]) / fix
    rows = rolled(third, amounts)
    b.context["rolled"] = {"left": left, "fair_jpy": float(fair["value"]), "rate": fix}
    tied = (third["own_share"] * third["shares"] - third["cash_disclosed"]) / third["loss_eur"]
    give = {"own_share": third["held_before"] * tied / third["shares"] - 1}
    give["naive"] = left / third["shares"]
    for n, reading in ((1, "own_share"), (2, "naive")):
        loss = left * (rows[-1][n] - worth)
        b.context[f"switch_{reading}"] = [loss + x * ROUNDED * give[reading] for x in (-1, 1)]
        b.put(f"selldown.record.switch_loss_{reading}", loss)
    with b.section():
        b.context["switch_booked"] = ev.figure("switch-loss-booked")
    with b.section():
        said = float(ev.fact("switch-loss-announced")["value"])
        b.put("selldown.record.switch_loss_announced", said)
    rows.append(("fair value in June 2025", worth, worth, None))
    b.frames["roll"] = pd.DataFrame(rows, columns=STEPS)


def rolled(sold, amounts: Mapping[str, float]) -> list[tuple]:
    """The amount carried a share from a sale on, by the amounts of each later step: rows of
    ``roll``, without the last."""
    own, naive, left = sold["own_share"], sold["naive"], sold["held_before"] - sold["shares"]
    out = sold["cash_disclosed"] + sold["loss_eur"]
    rows = [("implied by the third sale", own, naive, None)]
    rows.append(("after it", (sold["held_before"] * own - out) / left, naive, None))
    for step, amount in amounts.items():
        rows.append((step, rows[-1][1] + amount / left, rows[-1][2] + amount / left, amount))
    return rows
