"""Chapter 2, ownership: stakes by route, look-through value, votes and power, Nissan's side."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance import ownership, returns
from alliance.answers.form import Builder
from alliance.evidence import Evidence, Used

_EPS = {
    "eps_if_bought": "Nissan's earnings a share if it buys and cancels the planned shares",
    "eps_if_sold": "Nissan's earnings a share if others buy the planned shares",
}


def put(b: Builder, i, holder: str, share: str, trustee: str) -> None:
    """Add the arithmetic of the sale, the loop, the votes and Nissan's earnings a share."""
    t, used = i.terms, i.stake_used
    routes(b, t, used)
    ev = b.ev
    with ev.reading() as cross_used:
        back_shares = ev.holding(share, holder)
        holder_issued = ev.shares(holder)
        treasury = ev.shares(share, "treasury")
    known = not back_shares.empty and not holder_issued.empty
    back = float(back_shares.iloc[-1] / holder_issued.iloc[-1]) if known else None
    stake = t.held / t.issued
    why = None if known else f"Nissan's stake in Renault was not public on {ev.as_of}"
    for key, a, label in (
        ("loop_before", stake, "Value counted twice in the cross-holding, before"),
        (
            "loop_after",
            min(t.target, stake),
            "Value counted twice at the target, Nissan's stake in Renault unchanged",
        ),
    ):
        value = ownership.loop(a, back) if known else None
        b.put(f"ownership.{key}", value, "fraction", label, used | cross_used, why)
    now, cap, votes_used = _votes(b, i, trustee, share)
    _stakes(b, stake, back if known else None, now, cap)
    b.frames["cross"] = _cross(stake, back, now, cap) if known else pd.DataFrame()
    label = "Nissan's votes in Renault after the deal, at most the cap, of those that may be cast"
    after = b.frames["cross"].iloc[1]["votes after"] if known else None
    b.put("ownership.votes.nissan_after", after, "fraction", label, votes_used | cross_used, why)
    if not known:
        for key in ("eps_if_bought", "eps_if_sold"):
            b.put(f"selldown.{key}", None, "fraction", _EPS[key], used | cross_used, why)
    if known:
        own = float(treasury.iloc[-1]) if len(treasury) else 0.0
        _eps(b, t, own, back, used | cross_used)
        b.frames["look_through"] = _look_through(b, i, stake, back, holder, share)


def routes(b: Builder, t, used: Used) -> None:
    """Add how many shares each route takes."""
    stake = t.held / t.issued
    b.put("selldown.stake_before", stake, "fraction", "Renault's stake in Nissan now", used)
    sale = t.planned
    b.put("selldown.shares_sale_only", sale, "shares", "Shares to sell to others", used)
    bought = ownership.buyback_to_reach(t.held, t.issued, t.target) if t.planned else 0.0
    label = "Shares to sell to Nissan, which cancels, to reach the target"
    b.put("selldown.shares_buyback_only", bought, "shares", label, used)
    ended = ownership.stake(t.held, t.issued, bought=t.planned)
    label = "Stake if only the planned shares go, all bought back and cancelled"
    b.put("selldown.stake_if_trust_bought_back", ended, "fraction", label, used)
    parts = np.linspace(0, t.planned, 61)
    b.frames["routes"] = pd.DataFrame(
        {
            "shares": parts,
            "sale": ownership.stake(t.held, t.issued, sold=parts),
            "buyback": ownership.stake(t.held, t.issued, bought=parts),
            "half": ownership.stake(t.held, t.issued, sold=parts / 2, bought=parts / 2),
        }
    )


def _eps(b: Builder, t, treasury: float, back: float, used: Used) -> None:
    arguments = (t.issued, treasury, t.held, back)
    for key, how in (("eps_if_bought", "bought"), ("eps_if_sold", "sold")):
        value = ownership.eps_accretion(*arguments, **{how: t.planned})
        b.put(f"selldown.{key}", value, "fraction", _EPS[key], used)


def _cross(stake: float, back: float, now: ownership.Block, cap: float | None) -> pd.DataFrame:
    """Each side's capital and votes in the other, while one controls the other and after the deal.

    Nissan's Renault shares are silent while Renault controls Nissan (France); a firm of which the
    other holds a quarter would lose its votes there (Japan). After the deal each casts its direct
    shares, at most the cap; the trust's shares are voted by its reading. Our reading, not advice.
    """
    silent = ownership.silenced_in_france(True, back)
    free = ownership.silenced_in_france(False, back)
    lost = ownership.silenced_in_japan(back, stake)
    most = 1.0 if cap is None else cap
    cast = [ownership.votes(now, reading) for reading in ("mirror", "no_effect")]
    rows = [
        ("Renault in Nissan", stake, stake - lost, now.cast / now.exercisable, *cast),
        ("Nissan in Renault", back, back - silent, min(back - free, most), np.nan, np.nan),
    ]
    columns = ["holding", "capital", "votes while Renault controls", "votes after"]
    columns += ["of votes cast, trust as the others", "of votes cast, trust without effect"]
    return pd.DataFrame(rows, columns=columns)


def _stakes(b: Builder, stake: float, back: float | None, now, cap: float | None) -> None:
    """Who owns how much of whom: the two that are computed, then those that were printed."""
    in_force = b.context["trust_exists"]
    rows = [("Renault", "Nissan", stake, now.cast / now.exercisable if in_force else stake)]
    if back is not None:
        votes = min(back, 1.0 if cap is None else cap) if in_force else 0.0
        rows.append(("Nissan", "Renault", back, votes))
    computed = pd.DataFrame(rows, columns=["holder", "company", "capital", "votes"])
    with b.ev.reading() as used:
        printed = b.ev.cited(b.ev.stakes).sort_values("date")
    b.used = b.used | used
    printed = printed.groupby(["company", "holder"], sort=False, as_index=False).tail(1)
    own = pd.MultiIndex.from_frame(computed[["holder", "company"]])
    entry = pd.MultiIndex.from_frame(printed[["holder", "company"]]).isin(own)
    b.frames["entry"], printed = printed[entry], printed[~entry]
    b.frames["stakes"] = pd.concat([computed, printed], ignore_index=True)


def _look_through(b: Builder, i, stake: float, back: float, holder: str, share: str):
    """Market values without double counting, in euros."""
    with b.ev.reading() as used:
        price, own = b.ev.close(holder), b.ev.shares(holder)
        price = price[returns.common(price, b.ev.close(share))]  # one day for both
    b.used = b.used | used
    worth = i.group.spot_jpy * i.terms.issued / i.group.jpy_per_eur
    value = pd.Series({holder: float(price.iloc[-1] * own.iloc[-1]), share: worth})
    held = pd.DataFrame(0.0, index=value.index, columns=value.index)
    held.loc[holder, share], held.loc[share, holder] = stake, back
    return ownership.look_through(held, value).assign(market=value)


def trust_of(ev: Evidence, trustee: str, share: str) -> tuple[float | None, float | None, Used]:
    """Shares in the trust, the cap on votes (None where not public), and what was read."""
    with ev.reading() as used:
        cap, rows = ev.figure("voting-cap"), ev.rows("holdings", holder=trustee, company=share)
    rows = rows.sort_values("date")
    return float(rows["shares"].iloc[-1]) if len(rows) else None, cap, used


def block_of(t, trust: float | None, cap: float | None) -> ownership.Block:
    """The holder's block as it stands; where no trust exists the planned shares are put in one."""
    inside = t.planned if trust is None else trust
    return ownership.Block(t.held - inside, inside, t.issued, cap)


def _votes(b: Builder, i, trustee: str, share: str) -> tuple:
    """Add the votes by each reading of the trust; the block, the cap on its votes, and sources."""
    t = i.terms
    trust, cap, used = trust_of(b.ev, trustee, share)
    now, exists, used = block_of(t, trust, cap), trust is not None, used | i.stake_used
    where = "in the trust" if exists else "planned for sale put in a trust"
    labels = {
        "mirror": f"Renault's votes, shares {where} split as the others",
        "no_effect": f"Renault's votes, shares {where} without effect",
        "follow": f"Renault's votes, shares {where} following it (its own nominees)",
    }
    for reading, label in labels.items():
        value = ownership.votes(now, reading)
        b.put(f"ownership.votes.{reading}", value, "fraction", label, used)
    label = (
        "Renault's own votes in Nissan after the deal, at most the cap, of those that may be cast"
    )
    after = now.cast / now.exercisable
    b.put("ownership.votes.renault_after", after, "fraction", label, used)
    stake, target = t.held / t.issued, min(t.target, t.held / t.issued)
    before = "if all voted" if exists else "before"
    b.frames["power"] = pd.DataFrame(
        [
            {
                "when": when,
                "stake": votes,
                "power": float(ownership.power([min(votes, 0.499)])[0]),
                "majority_turnout": ownership.majority_turnout(votes),
                "veto_turnout": min(1.0, 3 * votes),
            }
            for when, votes in (
                (before, stake),
                ("shares in trust, split as the others", ownership.votes(now, "mirror")),
                ("at the target", target),
            )
        ]
    )
    b.frames["owners"] = _owners(t, now, before)
    b.context["trust_exists"] = exists
    return now, cap, used


def _owners(t, now: ownership.Block, before: str) -> pd.DataFrame:
    """Capital and votes of Renault, the trust and the others: before, now in trust, at target."""
    full = t.issued
    mirror, target = ownership.votes(now, "mirror"), min(t.target, t.held / full)
    return pd.DataFrame(
        [
            (before, "capital", t.held / full, 0.0),
            (before, "votes", t.held / full, 0.0),
            ("in trust", "capital", now.direct / full, now.trust / full),
            ("in trust", "votes", mirror, 0.0),
            ("at target", "capital", target, 0.0),
            ("at target", "votes", target, 0.0),
        ],
        columns=["when", "what", "renault", "trust"],
    ).assign(others=lambda f: 1 - f["renault"] - f["trust"])
