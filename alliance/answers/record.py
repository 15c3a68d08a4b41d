"""Chapter 2, the record: each disclosed sale recomputed, and which reading of the loss it supports.

Two readings of a disposal loss: *naive*, what is given up against the cash; and *buy-back shared*
(``own_share``), in which the seller's remaining stake shares in what the issuer paid. Each implies
an amount carried a share, and, rolled forward, a loss when the equity method ended.
"""

from __future__ import annotations

import pandas as pd

from alliance import ownership, returns
from alliance.answers.form import Builder
from alliance.errors import NotPublished

_ROLL = (
    "contribution-2024",
    "contribution-h1-2024",
    "contribution-q1-2025",
    "contribution-q2-2025",
)


def put(b: Builder, share: str, holder: str) -> None:
    """Add the disclosed sales public by then, and the roll to June 2025 where all of it is."""
    ev = b.ev
    with ev.reading() as used:
        tranches = ev.tranches.sort_values("tranche")
        rate, held = ev.rate("jpy_per_eur"), ev.holding(holder, share)
        issued = ev.shares(share)
    b.frames["record"] = pd.DataFrame(
        [_tranche(t, rate, held, issued) for t in tranches.itertuples()]
    )
    for row in b.frames["record"].itertuples():
        where = f"selldown.record.{row.tranche}"
        sale = f"Sale {row.tranche} ({row.announced.date()})"
        b.put(f"{where}.stake", row.stake, "fraction", f"{sale}: stake after it", used)
        label = f"{sale}: cash at the fix of the pricing day"
        b.put(f"{where}.cash_eur", row.cash_eur, "EUR", label, used)
        b.put(f"{where}.loss_eur", row.loss_eur, "EUR", f"{sale}: loss as disclosed, about", used)
        label = f"{sale}: amount carried a share that the loss implies, buy-back shared"
        b.put(f"{where}.carrying_implied", row.own_share, "EUR a share", label, used)
    b.frames["roll"] = _roll(b, used)


def _tranche(t, rate, held, issued) -> dict:
    before = held[held.index < t.settled].iloc[-1]
    stake = ownership.stake(before, t.issued_after + t.shares_bought, 0, t.shares, t.shares_bought)
    fix = returns.as_known(rate, pd.DatetimeIndex([t.announced])).iloc[0]
    cash = t.shares * t.price_jpy / fix
    price = t.proceeds_eur / t.shares
    tied = t.shares - stake * t.shares_bought
    return {
        "tranche": t.tranche,
        "announced": t.announced,
        "shares": t.shares,
        "price_jpy": t.price_jpy,
        "stake": stake,
        "stake_printed": t.stake_after,
        "cash_eur": cash,
        "cash_disclosed": t.proceeds_eur,
        "loss_eur": t.loss_eur,
        "naive": price + t.loss_eur / t.shares,
        "own_share": price + t.loss_eur / tied,
        "held_before": before,
    }


def _roll(b: Builder, used) -> pd.DataFrame:
    """The amount carried, from the third sale to June 2025, and the loss it predicts."""
    record = b.frames["record"]
    columns = ["step", "own_share", "naive"]
    if len(record) < 3:
        return pd.DataFrame(columns=columns)
    try:
        with b.ev.reading() as facts_used:
            value = {key: float(b.ev.fact(key)["value"]) for key in _ROLL}
            written = float(b.ev.fact("impairment-2024")["value"])
            fair = float(b.ev.fact("fair-value-basis-2025")["value"])
            said = float(b.ev.fact("switch-loss-announced")["value"])
    except NotPublished:
        return pd.DataFrame(columns=columns)
    last = record.iloc[-1]
    left = last["held_before"] - last["shares"]
    second = value["contribution-2024"] - value["contribution-h1-2024"]
    first = value["contribution-q1-2025"] + value["contribution-q2-2025"]
    cash, loss = last["cash_disclosed"], last["loss_eur"]
    after = (last["held_before"] * last["own_share"] - cash - loss) / left
    rows = [("implied by the third sale", last["own_share"], last["naive"])]
    rows.append(("after it", after, last["naive"]))
    for step, amount in (
        ("write-down of 2024", -written),
        ("Nissan's contribution, second half of 2024", second),
        ("Nissan's contribution, first half of 2025", first),
    ):
        rows.append((step, rows[-1][1] + amount / left, rows[-1][2] + amount / left))
    with b.ev.reading() as rate_used:
        day = pd.DatetimeIndex(["2025-06-30"])
        fix = returns.as_known(b.ev.rate("jpy_per_eur"), day).iloc[0]
    worth = fair / fix
    used = used | facts_used | rate_used
    for n, reading in ((1, "own_share"), (2, "naive")):
        label = f"Loss in June 2025 that the {reading.replace('_', '-')} reading predicts"
        predicted = left * (rows[-1][n] - worth)
        b.put(f"selldown.record.switch_loss_{reading}", predicted, "EUR", label, used)
    label = "Loss in June 2025 as announced"
    b.put("selldown.record.switch_loss_announced", said, "EUR", label, facts_used)
    rows.append(("fair value in June 2025", worth, worth))
    return pd.DataFrame(rows, columns=columns)
