"""What a panel shows at once: a part of each chapter's answers, with the same ids and numbers.

The chapters' own functions make each result, so that a panel and a report can't differ; what a
panel does not show (intervals, other programmes, events, other makers) is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from alliance import ownership
from alliance import selldown as sd
from alliance.answers import (
    companies,
    figures,
    grid,
    inputs,
    negotiation,
    programme,
    structures,
    voting,
)
from alliance.answers.decline import begin, claim, how_far, parts
from alliance.answers.results import Answers, Builder
from alliance.answers.selldown import TRUSTEE, size
from alliance.evidence import Evidence
from alliance.scenario import Scenario

_NAMES = ("structures", "companies", "structure", "company")
BINS, POINTS, LEVELS = 48, 13, 5


class LiveAnswers:
    """Quick answers of each panel at one evidence.

    Parameters
    ----------
    ev : Evidence
        What is read of it whatever the scenario is read once.
    """

    def __init__(self, ev: Evidence) -> None:
        self.ev = ev
        self._compared: tuple | None = None
        self._bargain: tuple[Scenario | None, Any] = None, None

    def decline(self, s: Scenario, only: str = "") -> Answers:
        """The fall, its depth, the peers, the claim and the parts of chapter 1.

        Raises
        ------
        ScenarioError
            If the scenario does not fit the evidence; so do all panels.
        """
        b, tape = begin(s, self.ev)
        how_far(b, s, tape)
        claim(b, tape)
        parts(b, s, tape)
        return b.answers(documents=False)

    def selldown(self, s: Scenario, only: str = "") -> Answers:
        """The headlined programme beside a block today, in the headlined market, of chapter 2.

        ``only`` names the one of the frames that is wanted.
        Frames: ``proceeds`` (a histogram), ``completion`` (chances through time), ``path`` (stake
        and votes through time), ``loss`` (by amount carried), ``programmes`` (two rows).
        """
        b = Builder("2-selldown", self.ev)
        i = inputs.fill(s, self.ev)
        b.context |= {"group": i.group, "terms": i.terms}
        voting.routes(b, i.terms)
        size(b, i)
        market, why = i.market(s.seed), programme.no_loss(self.ev, i)
        carrying = None if why else i.group.carrying_eur_per_share
        rows = []
        for name in dict.fromkeys(("block", i.group.programme)):
            found = programme.Outcomes(sd.PROGRAMMES[name](i.terms, market), i.terms)
            row = found.summary(carrying)
            programme.put(b, i, name, row)
            rows.append({"programme": name, **row})
        b.frames["programmes"] = pd.DataFrame(rows).set_index("programme")
        block = voting.block_of(i.terms, *voting.trust_of(self.ev, TRUSTEE, inputs.SHARE))
        makers_of = {
            "proceeds": lambda: _histogram(found.proceeds / 1e9),
            "completion": lambda: _completion(found, i.group.horizon_years),
            "path": lambda: _path(found, block),
            "loss": lambda: _loss(found, carrying),
        }
        b.frames |= {name: make() for name, make in makers_of.items() if only in ("", name)}
        b.context["no_loss"] = why
        return b.answers(documents=False)

    def separation(self, s: Scenario, only: str = "") -> Answers:
        """All structures on the headlined company, of chapter 3."""
        tried, found = self._parties(s, (s.separation.company,))
        b = Builder("3-separation", self.ev)
        grid.grid(b, s, tried, found)
        b.context |= {
            "group": s.separation,
            "structure_names": {k: f.name for k, f in tried.items()},
            "maker": found[s.separation.company],
        }
        return b.answers(documents=False)

    def bargain(self, s: Scenario, only: str = "") -> Answers:
        """The bargain of chapter 3."""
        if self._bargain[0] == s:  # asked for again, to fill the empty fields
            return self._bargain[1]
        here = negotiation.HOLDER in s.separation.companies
        _, found = self._parties(s, (negotiation.HOLDER,) if here else ())
        b = Builder("3-separation", self.ev)
        negotiation.put(b, s, found)
        self._bargain = s, b.answers(documents=False)
        return self._bargain[1]

    def filled(self, panel: str, s: Scenario) -> dict[str, float | None]:
        """What fills the fields of a panel that a scenario may leave empty, by dotted name."""
        if panel == "selldown":
            i = inputs.fill(s, self.ev)
            out = {f"selldown.{name}": value for name, value in i.group if isinstance(value, float)}
            if i.group.block_discount is None:
                cost = sd.block_cost(i.terms, i.terms.planned) - i.terms.fee
                out["selldown.block_discount"] = float(cost)
            return out
        if panel == "separation":
            name = s.separation.company
            company = self._parties(s, (name,))[1][name].company
            values = company.values if company else {}
            fields = {"ev": "ev_value_eur", "profit": "profitable_value_eur"}
            out = {f"separation.{fields[unit]}": worth[1] for unit, worth in values.items()}
            a = figures.figures(name, self.ev)
            out["separation.planned_evs"] = a.cars
            out["separation.value_per_ev_eur"] = a.per_car[1] if a.per_car else None
            out["separation.profitable_share"] = a.profit_share or companies.ASSUMED_SHARE
            own = structures.known(s.separation.structure, self.ev).own_terms()
            return out | {f"separation.{field}": value for field, value in own.items()}
        if panel == "bargain":
            found = self.bargain(s).context
            if "stakes" in found:
                return {
                    "separation.ampere_value_eur": found["agreed"],
                    "separation.independence_worth_eur": found["stakes"].independence,
                    "separation.control_worth_eur": found["stakes"].control,
                    "separation.sale_discount": found["stakes"].discount,
                    "separation.ticket_eur": found["stakes"].ticket,
                }
        return {}

    def _parties(self, s: Scenario, names: tuple[str, ...]):
        """Forms and some makers; what the evidence says of each is read once."""
        compared = tuple(getattr(s.separation, name) for name in _NAMES)
        if compared != self._compared:
            companies.check_names(s, self.ev)
            self._compared = compared
        tried = structures.structures(s, self.ev)
        return tried, companies.companies(s, self.ev, names)


#: The panels by name, and the chapter whose answers each is a part of.
PANELS: dict[str, Callable[..., Answers]] = {
    "selldown": LiveAnswers.selldown,
    "decline": LiveAnswers.decline,
    "separation": LiveAnswers.separation,
    "bargain": LiveAnswers.bargain,
}


def _histogram(values: np.ndarray) -> pd.DataFrame:
    """Parts of all paths by value: ``low``, ``high``, ``part``."""
    low, high = float(values.min()), float(values.max())
    if high - low < 1e-9 * max(abs(high), 1.0):  # one value: a single narrow bar
        return pd.DataFrame({"low": [low], "high": [high], "part": [1.0]})
    count, edges = np.histogram(values, BINS, (low, high))
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "part": count / len(values)})


def _completion(found: programme.Outcomes, horizon: float) -> pd.DataFrame:
    """Chances by time that all is sold and that the target is reached."""
    grid = np.linspace(0, horizon, programme.POINTS)
    chance = {
        name: np.searchsorted(np.sort(times), grid + 1e-9, "right") / len(times)
        for name, times in (("sold", found.complete), ("at_target", found.at_target))
    }
    return pd.DataFrame({"years": grid, **chance})


def _path(found: programme.Outcomes, block: ownership.Block) -> pd.DataFrame:
    """Stake through time, and votes at the mean of what is left, the trust voting as others."""
    frame = found.stake_path(POINTS)
    left, issued = found.left_path(POINTS)
    votes = []
    for sold, count in zip(found.ledger.planned - left, issued, strict=True):
        inside = max(0.0, block.trust - sold)  # sales come out of the trust first
        outside = block.direct - max(0.0, sold - block.trust)
        votes.append(ownership.votes(ownership.Block(outside, inside, count, block.cap), "mirror"))
    frame["votes"] = votes
    return frame


def _loss(found: programme.Outcomes, carrying: float | None) -> pd.DataFrame:
    """Loss by amount carried a share, EUR m: ``carrying``, ``mean``, ``low``, ``high`` (5, 95 %).

    A path's loss is linear in the amount carried, so two amounts give all others.
    """
    columns = ["carrying", "mean", "low", "high"]
    if carrying is None:
        return pd.DataFrame(columns=columns)
    none, one = found.losses(0.0) / 1e6, max(carrying, 1.0)
    slope = (found.losses(one) / 1e6 - none) / one
    even = -none.mean() / slope.mean() if slope.mean() > 0 else 0.0
    top = np.ceil(max(1.5 * even, 2 * carrying, 1.0))  # a round end stands while a slider moves
    rows = []
    for k in np.linspace(0, top, LEVELS):
        loss = none + slope * k
        rows.append((k, loss.mean(), *np.quantile(loss, [0.05, 0.95])))
    return pd.DataFrame(rows, columns=columns)
