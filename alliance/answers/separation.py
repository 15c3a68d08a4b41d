"""Chapter 3: what each way of separating an EV business does, on one yardstick; the bargain."""

import pandas as pd

from alliance.answers import companies, grid, market_reaction, negotiation, reconciliation
from alliance.answers import structures as known
from alliance.answers.companies import check as check
from alliance.answers.results import Answers, Builder
from alliance.evidence import Evidence
from alliance.scenario import Scenario

#: The event that made each maker's structure public, and the kind of deal of the studies.
ANNOUNCEMENTS = {
    "ampere-plan": "carve-out", "vw-talks": "carve-out",
    "ford-split": "segment reporting", "gm-no-spin": "stays integrated",
}  # fmt: skip


def answer(s: Scenario, ev: Evidence) -> Answers:
    """Headline results and frames of chapter 3 at a scenario and evidence; a ScenarioError if they
    don't fit."""
    companies.check(s, ev)
    b = Builder("3-separation", ev)
    tried, found = known.structures(s, ev), companies.companies(s, ev)
    assumed = {name for f in tried.values() for name in f.assumed}
    assumed |= {n for m in found.values() for names in m.assumed_in.values() for n in names}
    stand_ins = {"float_fraction": known.ASSUMED_FLOAT, "profitable_share": companies.ASSUMED_SHARE}
    for name, value in s.separation.model_dump(mode="json").items():
        if f"separation.{name}" in assumed:
            origin = "assumed"
            value = stand_ins[name] if value is None else value
        else:
            origin = "evidence or rule" if value is None else "scenario"
        b.took(f"separation.{name}", value, "", origin)
    rows = []
    for maker in found.values():
        for what, value, note, origin in maker.lines:
            unit = "shares" if what == "shares" else "EUR"
            b.took(f"{maker.name}: {what}, {note}", value, unit, origin)
            local = value if what == "shares" else value * maker.per_eur
            rows.append((maker.name, what, value, local, maker.currency, note, origin))
    columns = ["maker", "figure", "value", "local", "currency", "note", "origin"]
    b.frames["figures"] = pd.DataFrame(rows, columns=columns)
    _terms(b, tried, found)
    b.context |= {"group": s.separation, "makers_all": ev.names("carmakers")}
    b.context["structure_names"] = {k: f.name for k, f in tried.items()}
    b.context["maker_names"] = {k: m.name for k, m in found.items()}
    b.context["announcement"] = ANNOUNCEMENTS
    grid.put(b, s, tried, found)
    mine = b.frames["grid"].set_index(["structure", "maker"])
    ended = mine.at[(s.separation.structure, s.separation.company), "ended"]
    b.context["came_of_it"] = ("separation.record.ampere.raised_eur",) if ended else ()
    market_reaction.put(b)
    reconciliation.put(b)
    negotiation.put(b, s, found)
    return b.answers()


def _terms(b: Builder, tried: dict[str, known.Known], makers: dict[str, companies.Maker]) -> None:
    """Add the terms of the structures, their legs, and the companies, as the models take them."""
    made = {key: each.structure for key, each in tried.items() if each.structure}
    rows = [vars(each) | {"structure": key} for key, each in made.items()]
    names = ["structure", "unit", "payout", "voting_capital", "majority"]
    b.frames["tried"] = pd.DataFrame(rows, columns=names)
    rows = [vars(leg) | {"structure": key} for key, each in made.items() for leg in each.legs]
    names = ["structure", "to", "partner", "fraction", "amount", "new", "premium", "votes", "fee"]
    b.frames["legs"] = pd.DataFrame(rows, columns=names).astype({"new": int, "fee": int})
    rows = []
    for key, maker in makers.items():
        if maker.company:
            row = vars(maker.company) | {"maker": key, "per_eur": maker.per_eur}
            for unit, values in maker.company.values.items():
                cases = ("low", "base", "high")
                row |= {f"{unit}_{case}": v for case, v in zip(cases, values, strict=True)}
            rows.append(row)
    names = ["maker", "name", "per_eur", "price", "shares", "net_cash", "stakes", "plan"]
    names += ["plan_years", "plan_left", "free_cash_flow"]
    names += [f"{unit}_{case}" for unit in ("ev", "profit") for case in ("low", "base", "high")]
    b.frames["companies"] = pd.DataFrame(rows, columns=names)
