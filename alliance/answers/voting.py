"""Chapter 2, ownership: stakes by route, look-through value, votes and power, Nissan's side."""

import numpy as np
import pandas as pd

from alliance import ownership, returns
from alliance.answers import inputs
from alliance.answers.inputs import HOLDER, SHARE
from alliance.answers.results import Builder
from alliance.errors import NotKnown
from alliance.evidence import Evidence, made_once

TRUSTEE = "natixis-trust"


def put(b: Builder, i) -> None:
    """Add the arithmetic of the sale, the loop, the votes and Nissan's earnings a share."""
    t, ev = i.terms, b.ev
    routes(b, t)
    stake, back = t.held / t.issued, None
    loops = {"ownership.loop_before": stake, "ownership.loop_after": min(t.target, stake)}
    for key, part in loops.items():
        with b.section(key):
            inputs.stake(ev)
            back = _back(ev)
            b.put(key, ownership.loop(part, back))
    given = b.context["crossed"] = {"back": back}
    now, cap, since = _votes(b, i)
    _stakes(b, stake, back, now, cap, since)
    b.frames["cross"] = pd.DataFrame() if back is None else _cross(stake, back, now, cap)
    key = "ownership.votes.nissan_after"
    with b.section(key):
        _back(ev), ev.figure("voting-cap")
        b.put(key, b.frames["cross"].iloc[1]["votes after"])
    with b.section():
        last = ev.last("statements", "fiscal_year_end", company=SHARE, quarter=4)
        b.context["eps"] = () if last is None else (last["eps"], last["fiscal_year_end"])
    for key, how in (("eps_if_bought", "bought"), ("eps_if_sold", "sold")):
        with b.section(f"selldown.{key}"):
            inputs.stake(ev)
            treasury, crossed = ev.shares(SHARE, "treasury"), _back(ev)
            own = given["treasury"] = float(treasury.iloc[-1]) if len(treasury) else 0.0
            gain = ownership.eps_accretion(t.issued, own, t.held, crossed, **{how: t.planned})
            b.put(f"selldown.{key}", gain)
    if back is not None:
        with b.section():
            b.frames["look_through"] = _look_through(ev, i, stake, given)
    b.context["block"] = now
    given |= {"cap": cap, "trust": now.trust if pd.notna(since) else None}


def _back(ev: Evidence) -> float:
    """The part of Renault that Nissan holds; NotKnown if no such count is known."""
    held, issued = ev.holding(SHARE, HOLDER), ev.shares(HOLDER)
    if held.empty or issued.empty:
        raise NotKnown(f"the evidence has no count of Nissan's Renault shares by {ev.as_of}")
    return float(held.iloc[-1] / issued.iloc[-1])


def routes(b: Builder, t) -> None:
    """Add how many shares each route takes."""
    bought = ownership.buyback_to_reach(t.held, t.issued, t.target) if t.planned else 0.0
    with b.section():
        inputs.stake(b.ev)
        b.put("selldown.stake_before", t.held / t.issued)
        b.put("selldown.shares_sale_only", t.planned)
        b.put("selldown.shares_buyback_only", bought)
        ended = ownership.stake(t.held, t.issued, bought=t.planned)
        b.put("selldown.stake_if_trust_bought_back", ended)
    with b.section(key := "ownership.stake_if_converted"):
        inputs.stake(b.ev)
        shares, price = (b.ev.figure(f"nissan-conver{x}") for x in ("tible-shares", "sion-price"))
        b.context["convertible"] = shares and {"shares": shares, "price": price}
        why = f"no convertible bond of Nissan's was public by {b.ev.as_of}"
        part = t.held / (t.issued + shares) if shares else None
        b.put(key, part, None if shares else why)
    parts = np.linspace(0, t.planned, 61)
    ways = {"sale": (parts, 0), "buyback": (0, parts), "half": (parts / 2, parts / 2)}
    stakes = {name: ownership.stake(t.held, t.issued, *way) for name, way in ways.items()}
    b.frames["routes"] = pd.DataFrame({"shares": parts, **stakes})


def _cross(stake: float, back: float, now: ownership.Block, cap: float | None) -> pd.DataFrame:
    """Each side's capital and votes in the other, while one controls the other and after the deal.

    Nissan's Renault shares are silent while Renault controls Nissan (France, Code de commerce, L.
    233-31); a firm of which the other holds a quarter would lose its votes there (Japan). After the
    deal each casts its direct shares, at most the cap; the trust's shares are voted by its reading.
    Our reading, not advice.
    """
    lost = ownership.silenced_in_japan(back, stake)
    most = 1.0 if cap is None else cap
    cast = [ownership.votes(now, reading) for reading in ("mirror", "no_effect")]
    rows = [
        ("Renault in Nissan", stake, stake - lost, now.cast / now.exercisable, *cast),
        ("Nissan in Renault", back, 0.0, min(back, most), np.nan, np.nan),
    ]
    columns = ["holding", "capital", "votes while Renault controls", "votes after"]
    columns += ["of votes cast, trust as the others", "of votes cast, trust without effect"]
    return pd.DataFrame(rows, columns=columns)


def _stakes(b: Builder, stake: float, back: float | None, now, cap, since) -> None:
    """Who owns how much of whom: the two that are computed, then those that were printed."""
    in_force = pd.notna(since)
    rows = [("Renault", "Nissan", stake, now.cast / now.exercisable if in_force else stake)]
    if back is not None:
        votes = min(back, 1.0 if cap is None else cap) if in_force else 0.0
        rows.append(("Nissan", "Renault", back, votes))
    computed = pd.DataFrame(rows, columns=["holder", "company", "capital", "votes"])
    with b.section():
        printed = b.ev.cited(b.ev.stakes).sort_values("date")
        # votes counted before Nissan's were, say nothing of now
        printed["votes"] = printed["votes"].mask(printed["date"] < since)
    printed = printed.groupby(["company", "holder"], sort=False, as_index=False).tail(1)
    own = pd.MultiIndex.from_frame(computed[["holder", "company"]])
    entry = pd.MultiIndex.from_frame(printed[["holder", "company"]]).isin(own)
    b.frames["entry"], printed = printed[entry], printed[~entry]
    b.frames["stakes"] = pd.concat([computed, printed], ignore_index=True)


def _look_through(ev: Evidence, i, stake: float, given: dict) -> pd.DataFrame:
    """Market values without double counting, in euros, on the last day on which both were traded,
    whatever price a scenario assumes; adds what they rest on to ``given``."""
    price, other, own = ev.close(HOLDER), ev.close(SHARE), ev.shares(HOLDER)
    last = returns.common(price, other)[-1:]
    given |= {"price": float(price[last].iloc[0]), "share_price": float(other[last].iloc[0])}
    given["share_fix"] = float(returns.as_known(ev.rate("jpy_per_eur"), last).iloc[0])
    given["back_issued"] = float(own.iloc[-1])
    worth = given["share_price"] * i.terms.issued / given["share_fix"]
    given["back_held"] = float(ev.holding(SHARE, HOLDER).iloc[-1])
    value = pd.Series({HOLDER: given["price"] * given["back_issued"], SHARE: worth})
    held = pd.DataFrame(0.0, index=value.index, columns=value.index)
    held.loc[HOLDER, SHARE], held.loc[SHARE, HOLDER] = stake, given["back"]
    return ownership.look_through(held, value).assign(market=value)


@made_once
def trust_of(ev: Evidence) -> tuple[float | None, float | None]:
    """Shares in the trust, and the cap on votes; None where not public."""
    rows = ev.rows("holdings", holder=TRUSTEE, company=SHARE).sort_values("date")
    inside = float(rows["shares"].iloc[-1]) if len(rows) else None
    return inside, ev.figure("voting-cap")


def block_of(t, trust: float | None, cap: float | None) -> ownership.Block:
    """The holder's block; where no trust exists the planned shares are put in one."""
    inside = t.planned if trust is None else trust
    return ownership.Block(t.held - inside, inside, t.issued, cap)


def votes_left(block: ownership.Block, sold: float, issued: float) -> float:
    """The holder's votes once some shares are sold, the trust voting as the others.

    ``issued`` is what is in issue then.
    """
    return ownership.votes(block_left(block, sold, issued), "mirror")


def block_left(block: ownership.Block, sold: float, issued: float) -> ownership.Block:
    """What is left of a block once some shares are sold, out of the trust first."""
    inside = np.maximum(0.0, block.trust - sold)
    outside = block.direct - np.maximum(0.0, sold - block.trust)
    return ownership.Block(outside, inside, issued, block.cap)


def _votes(b: Builder, i) -> tuple[ownership.Block, float | None, pd.Timestamp]:
    """Add the votes by each reading of the trust; the block, the cap on its votes, and the day of
    the trust's first shares (NaT before)."""
    t = i.terms
    trust, cap = trust_of(b.ev)
    now, exists = block_of(t, trust, cap), trust is not None
    where = "in the trust" if exists else "planned for sale put in a trust"
    with b.section():
        inputs.stake(b.ev), trust_of(b.ev)
        since = b.ev.rows("holdings", holder=TRUSTEE, company=SHARE)["date"].min()
        for reading in ("mirror", "no_effect", "follow"):
            b.put(f"ownership.votes.{reading}", ownership.votes(now, reading), where=where)
        b.put("ownership.votes.renault_after", now.cast / now.exercisable)
    stake, left = t.held / t.issued, block_left(now, t.planned, t.issued)
    before, put = ("if all voted", "") if exists else ("before", "planned ")
    names = (before, f"{put}shares in trust, left out", "at the target")
    cast = stake, ownership.votes(now, "no_effect"), ownership.votes(left, "mirror")
    rows = []
    for when, votes in zip(names, cast, strict=True):
        most = ownership.power(min(votes, 0.499)), ownership.majority_turnout(votes)
        rows.append((when, votes, *most, min(1.0, 3 * votes)))
    columns = ["when", "stake", "power", "majority_turnout", "veto_turnout"]
    b.frames["power"] = pd.DataFrame(rows, columns=columns)
    b.context |= {"block_left": left, "left_votes": cast[-1]}
    rows = []
    blocks = (ownership.Block(t.held, 0.0, t.issued), now, left)
    moments = (before, "in trust" if exists else "if put in trust", "at target")
    cast = stake, ownership.votes(now, "mirror"), cast[-1]
    for when, one, votes in zip(moments, blocks, cast, strict=True):
        parts = one.direct / t.issued, one.trust / t.issued
        rows += [(when, "capital", *parts), (when, "votes", votes, 0.0)]
    frame = pd.DataFrame(rows, columns=["when", "what", "renault", "trust"])
    b.frames["owners"] = frame.assign(others=1 - frame["renault"] - frame["trust"])
    return now, cap, since
