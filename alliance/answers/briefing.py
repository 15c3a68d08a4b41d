"""Chapter 0: the verdicts, on one page; the chapters' own functions find what they rest on."""

from dataclasses import replace

import numpy as np
import pandas as pd

from alliance import separation as models
from alliance.answers import (
    claims,
    companies,
    decline,
    outlook,
    renault,
    selldown,
    separation,
    structures,
)
from alliance.answers.results import Answers, Builder
from alliance.evidence import Evidence
from alliance.scenario import Scenario

AFTER = "selldown.{}.value_after_exit_eur_mean"
_GRID = np.linspace(0, 0.9, 181)  # of mark-downs


def check(s: Scenario, ev: Evidence) -> None:
    """Refuse what the chapters refuse.

    Raises
    ------
    ScenarioError
    """
    for chapter in (decline, selldown, separation):
        chapter.check(s, ev)


def answer(s: Scenario, ev: Evidence) -> Answers:
    """Headline results and frames of the briefing at a scenario and evidence.

    Raises
    ------
    ScenarioError
        If one of the chapters refuses the scenario.
    """
    b = Builder("0-briefing", ev)
    found = {c: chapter.answer(s, ev) for c, chapter in
             (("fall", decline), ("sale", selldown), ("deal", separation))}  # fmt: skip
    fall, sale, deal = found.values()
    everything = {key: r for a in found.values() for key, r in a.results.items()}
    b.context |= found | {"results": everything, "group": s.separation, "terms": sale.context["terms"]}
    b.context |= {"names": fall.context["names"], "peers": s.decline.peers}
    b.frames["stub"] = fall.frame("stub")
    programmes(b, sale)
    _deal(b, s, deal)
    b.count(*(r for key, r in fall.results.items() if ".stake_" in key or ".part." in key))
    renault.parts(b, s, sale)
    renault.owners(b, sale)
    outlook.timeline(b)
    claims.put(b)
    outlook.watch(b)
    return b.answers()


def programmes(b: Builder, sale: Answers) -> None:
    """Add each programme beside holding, the best of them, and what a block would have to cost."""
    market = sale.context["group"].market
    frame = sale.frame("programmes").query("market == @market").set_index("programme")
    after, held = frame["value_after_exit_eur_mean"], frame.at["hold", "value_after_exit_eur_mean"]
    ends = pd.DataFrame.from_dict(sale.context["ends"], "index")
    b.frames["programmes"] = pd.DataFrame(
        {
            "programme": frame.index,
            "cash_now_eur": ends["cash_now_eur"].to_numpy(),
            "after_exit_eur": after.to_numpy(),
            "over_hold_eur": (after - held).to_numpy(),
            "worst_eur": frame["value_after_exit_eur_cvar05"].to_numpy(),
            "p_complete": frame["p_complete"].to_numpy(),
            "votes_end": ends["votes_end"].to_numpy(),
        }
    )
    planned = sale.result("selldown.planned_value_eur")
    keys = ("best_programme", "best_over_hold_eur", "even_block_cost")
    parts = [planned, *(sale.result(AFTER.format(name)) for name in after.index)]
    none = "there is nothing to sell"
    best, values = after.drop("hold").idxmax(), (None,) * 3
    if planned.value:
        even = 1 - float(after.drop("block").max()) / planned.value
        values = best, float(after[best] - held), even
    for key, value in zip(keys, values, strict=True):
        note = None if value is not None else none
        b.derive(f"briefing.{key}", value, *parts, note=note)


def _deal(b: Builder, s: Scenario, deal: Answers) -> None:
    """Add at which values and mark-downs the headlined structure breaks even."""
    g = s.separation
    row = deal.frame("grid").set_index(["structure", "maker"]).loc[(g.structure, g.company)]
    b.context["deal_row"] = row.to_dict() | {"structure": row["structure_name"].lower()}
    names = f"{row['structure_name']} on {row['maker_name']}"
    part = deal.result(f"separation.{g.structure}.{g.company}.breakeven_ev_value_high_eur")
    b.count(*(r for key, r in deal.results.items() if key.startswith(
        f"separation.{g.structure}.{g.company}.")))  # fmt: skip
    low = even = None
    if part.value is not None:
        with b.ev.aside():
            form = structures.structures(s, b.ev)[g.structure].structure
            company = companies.companies(s, b.ev, (g.company,))[g.company].company
        terms = replace(structures.terms(s), holding_discount=_GRID)
        needed = models.apply(form, company, terms).breakeven_high
        low, even = float(needed[0]), None
        if needed[0] <= row["unit_value"] <= needed[-1]:
            even = float(np.interp(row["unit_value"], needed, _GRID))
    none = "no mark-down between nothing and nine tenths breaks even"
    for key, value, note in (
        ("breakeven_low_eur", low, part.note),
        ("even_holding_discount", even, part.note if part.value is None else none),
    ):
        note = None if value is not None else note
        b.derive(f"briefing.{key}", value, part, note=note, names=names)
