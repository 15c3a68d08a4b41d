"""Chapter 0: the verdicts, on one page; the chapters' own functions find what they rest on."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from alliance import separation as models
from alliance.answers import claims, companies, decline, renault, selldown, separation, structures
from alliance.answers.inputs import count_sale
from alliance.answers.programme import ANY, ISSUERS, NOTHING
from alliance.answers.results import Answers, Builder
from alliance.evidence import Evidence
from alliance.scenario import Scenario

AFTER = "value_after_exit_eur_mean"
_RESTS = {"1-decline": decline, "2-selldown": selldown, "3-separation": separation}
_MARKED = np.linspace(0, 0.9, 181)  # mark-downs of what a parent keeps


def check(s: Scenario, ev: Evidence) -> None:
    """Refuse what the chapters refuse, with a ScenarioError."""
    for chapter in _RESTS.values():
        chapter.check(s, ev)


def answer(s: Scenario, ev: Evidence, found: Callable[[str], Answers] | None = None) -> Answers:
    """Headline results and frames of the briefing at a scenario and evidence; a ScenarioError
    if one of the chapters refuses them. Their answers are those ``found`` by name, if given."""
    b = Builder("0-briefing", ev)
    fall, sale, deal = rests = [found(n) if found else c.answer(s, ev) for n, c in _RESTS.items()]
    b.frames["stub"] = fall.frame("stub")
    b.context |= {"fall": fall, "sale": sale, "scenario": s, "group": sale.context["group"]}
    b.context["results"] = {key: r for a in rests for key, r in a.results.items()}
    _programmes(b, sale)
    _deal(b, s, deal)
    renault.parts(b, s, sale)
    renault.owners(b, sale)
    renault.days(b)
    claims.put(b)
    own = b.answers()
    return replace(own, sources=pd.concat([own.sources, *(a.sources for a in rests)]))


def _programmes(b: Builder, sale: Answers) -> None:
    """Add each programme beside holding, the best of them, and what a block would have to cost."""
    frame = sale.frame("programmes").set_index("programme")
    frame = frame[frame["market"] == sale.context["group"].market]
    frame = frame.join(pd.DataFrame(sale.context["ends"]).T)
    frame["over_hold_eur"] = frame[AFTER] - frame.at["hold", AFTER]
    kept = ["cash_now_eur", AFTER, "over_hold_eur", "value_after_exit_eur_cvar05", "p_complete"]
    b.frames["programmes"] = frame[[*kept, "votes_end"]].reset_index()
    planned, values = sale["selldown.planned_value_eur"], (None,) * 4
    if planned:
        best, ways = frame[AFTER].drop("hold").idxmax(), frame[AFTER].drop(["block", "hold"])
        slow = selldown.in_slices(sale, frame)
        even, otherwise = (1 - x.max() / planned for x in (ways, ways.drop(ISSUERS)))
        b.context["even_otherwise"] = otherwise
        over = (v.drop("hold").max() - v["hold"] for v in (frame[AFTER], slow))
        values = best, *map(float, over), float(even)
    with b.section():
        count_sale(b.ev)
        keys = "best_programme best_over_hold_eur best_over_hold_slices_eur even_block_cost"
        for key, value in zip(keys.split(), values, strict=True):
            b.put(f"briefing.{key}", value, None if planned else NOTHING, ANY)


def _deal(b: Builder, s: Scenario, deal: Answers) -> None:
    """Add at which values and mark-downs the headlined structure breaks even."""
    g = s.separation
    row = deal.frame("grid").set_index(["structure", "maker"]).loc[(g.structure, g.company)]
    b.context["deal"] = row.to_dict() | {"structure": row["structure_name"].lower()}
    part = deal.result(f"separation.{g.structure}.{g.company}.breakeven_ev_value_high_eur")
    words = {"names": f"{row['structure_name']} on {row['maker_name']}"}
    low, even, why = None, None, part.note
    with b.section():
        structures.known(g.structure, b.ev)  # counted where nothing can be tried, too
        with b.ev.aside():
            maker = companies.companies(s, b.ev, (g.company,))[g.company]
        if part.value is not None:
            form = structures.structures(s, b.ev)[g.structure].structure
            companies.count_parts(maker, ("market", form.unit), b.ev)
            terms = replace(structures.terms(s), holding_discount=_MARKED)
            needed = models.apply(form, maker.company, terms).breakeven_high
            low, named = float(needed[0]), row["unit_value"]
            why = "no mark-down up to nine tenths breaks even"
            if low <= named <= needed[-1]:
                even = float(np.interp(named, needed, _MARKED))
        assumed = [e["id"] for e in part.sources if e["kind"] == "assumed"]
        for key, value in (("breakeven_low_eur", low), ("even_holding_discount", even)):
            b.put(f"briefing.{key}", value, None if value is not None else why, assumed, **words)
