"""What a panel shows at once: a part of each chapter's answers, with the same ids and numbers.

The chapters' own functions make each result, so that a panel and a report can't differ; what a
panel does not show (intervals, other programmes, events, other makers) is left out. Each function
takes a scenario and its evidence. In its answers' context, ``filled`` has what fills fields that
the scenario leaves empty, by dotted name. A picture's own frame is made when the picture is drawn.
"""

import numpy as np
import pandas as pd

from alliance import ownership
from alliance import selldown as sd
from alliance.answers import companies, grid, inputs, negotiation, programme, structures, voting
from alliance.answers.decline import begin, changes, claim, how_far, parts
from alliance.answers.results import Answers, Builder
from alliance.answers.selldown import size
from alliance.evidence import Evidence
from alliance.scenario import Scenario

BINS, POINTS, LEVELS = 48, 13, 5


def decline(s: Scenario, ev: Evidence) -> Answers:
    """The fall, its depth, the peers, the claim and the parts of chapter 1. A scenario
    that does not fit the evidence is a ScenarioError, here and in all panels."""
    b, prices = begin(s, ev)
    changes(b, prices)
    how_far(b, s, prices)
    claim(b, prices)
    parts(b, s, prices)
    return b.answers(documents=False)


def selldown(s: Scenario, ev: Evidence) -> Answers:
    """The headlined programme beside a block today, in the headlined market, of chapter 2.

    Frames: ``proceeds`` (a histogram), ``completion`` (chances through time), ``path`` (stake
    and votes through time), ``loss`` (by amount carried), ``programmes`` (two rows).
    """
    b, i = Builder("2-selldown", ev), inputs.fill(s, ev)
    voting.routes(b, i.terms)
    size(b, i)
    market, why = i.market(s.seed), programme.no_loss(ev, i)
    carrying = None if why else i.group.carrying_eur_per_share
    rows = {}
    for name in dict.fromkeys(("block", i.group.programme)):
        found = sd.PROGRAMMES[name](i.terms, market)
        rows[name] = programme.summary(found, carrying)
        programme.put(b, i, name, rows[name])
    b.frames["programmes"] = pd.DataFrame.from_dict(rows, "index").rename_axis("programme")
    block = voting.block_of(i.terms, *voting.trust_of(ev))
    b.frames |= {
        "proceeds": lambda: _histogram(found.proceeds / 1e9),
        "completion": lambda: _completion(found, i.group.horizon_years),
        "path": lambda: _path(found, block),
        "loss": lambda: _loss(found, carrying),
    }
    filled = {f"selldown.{name}": value for name, value in i.group if isinstance(value, float)}
    if i.group.block_discount is None:
        cost = sd.block_cost(i.terms, i.terms.planned) - i.terms.fee
        filled["selldown.block_discount"] = float(cost)
    b.context |= {"group": i.group, "terms": i.terms, "no_loss": why, "filled": filled}
    return b.answers(documents=False)


def separation(s: Scenario, ev: Evidence) -> Answers:
    """All structures on the headlined company, of chapter 3."""
    g, b = s.separation, Builder("3-separation", ev)
    companies.check_names(s, ev)
    tried, found = structures.structures(s, ev), companies.companies(s, ev, (g.company,))
    grid.grid(b, s, tried, found)
    maker = found[g.company]
    values = maker.company.values if maker.company else {}
    fields = {"ev": "ev_value_eur", "profit": "profitable_value_eur"}
    filled = {fields[unit]: base for unit, (_, base, _) in values.items()} | {
        "planned_evs": maker.cars,
        "value_per_ev_eur": maker.per_car[1] if maker.per_car else None,
        "profitable_share": (maker.profit_share or (companies.ASSUMED_SHARE,))[0],
        **structures.known(g.structure, ev).own_terms(),
    }
    names = {key: each.name for key, each in tried.items()}
    b.context |= {"group": g, "structure_names": names, "maker": maker}
    b.context["filled"] = {f"separation.{name}": value for name, value in filled.items()}
    return b.answers(documents=False)


def bargain(s: Scenario, ev: Evidence) -> Answers:
    """The bargain of chapter 3."""
    b = Builder("3-separation", ev, context={"group": s.separation})
    companies.check(s, ev)
    names = {negotiation.HOLDER} & set(s.separation.companies)
    negotiation.put(b, s, companies.companies(s, ev, tuple(names)))
    return b.answers(documents=False)


def _histogram(values: np.ndarray) -> pd.DataFrame:
    """Parts of all paths by value: ``low``, ``high``, ``part``."""
    low, high = float(values.min()), float(values.max())
    if high - low < 1e-9 * max(abs(high), 1.0):  # one value: a single narrow bar
        return pd.DataFrame({"low": [low], "high": [high], "part": [1.0]})
    count, edges = np.histogram(values, BINS, (low, high))
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "part": count / len(values)})


def _completion(found: sd.Ledger, horizon: float) -> pd.DataFrame:
    """Chances by time that all is sold and that the target is reached."""
    grid = np.linspace(0, horizon, programme.POINTS)
    chance = {
        name: np.searchsorted(np.sort(times), grid + 1e-9, "right") / len(times)
        for name, times in (("sold", found.complete), ("at_target", found.at_target))
    }
    return pd.DataFrame({"years": grid, **chance})


def _path(found: sd.Ledger, block: ownership.Block) -> pd.DataFrame:
    """Stake through time, and votes at the mean of what is left, the trust voting as others."""
    frame = programme.stake_path(found, POINTS)
    left, issued = programme.left_path(found, frame["mean"])
    sold = found.terms.planned - left
    frame["votes"] = [voting.votes_left(block, *at) for at in zip(sold, issued, strict=True)]
    return frame


def _loss(found: sd.Ledger, carrying: float | None) -> pd.DataFrame:
    """Loss by amount carried a share, EUR m: ``carrying``, ``mean``, ``low``, ``high`` (5, 95 %).

    A path's loss is linear in the amount carried, so two amounts give all others.
    """
    if carrying is None:
        return pd.DataFrame(columns=["carrying", "mean", "low", "high"])
    none, one = found.losses(0.0) / 1e6, max(carrying, 1.0)
    slope = (found.losses(one) / 1e6 - none) / one
    even = -none.mean() / slope.mean() if slope.mean() > 0 else 0.0
    top = np.ceil(max(1.5 * even, 2 * carrying, 1.0))  # a round end stays while a slider moves
    amounts = np.linspace(0, top, LEVELS)
    losses = none + slope * amounts[:, None]
    low, high = np.quantile(losses, [0.05, 0.95], axis=1)
    return pd.DataFrame({"carrying": amounts, "mean": losses.mean(1), "low": low, "high": high})
