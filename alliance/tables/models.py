"""What the models in ``tables.xlsx`` need beside the printed tables: inputs, steps, and grids.

The lists are those of ``models.txt``; how a formula is written, :func:`alliance.tables.base.live`.
"""

import re
from typing import Any

import numpy as np
import pandas as pd

from alliance.answers import Answers
from alliance.places import sections
from alliance.tables.base import COLUMNS, table

#: Rows of each list, (what, unit, name, formula, value), by chapter and title.
LISTS = {
    tuple(head.split(" | ")): [[part.strip() for part in line.split("|")] for line in lines]
    for head, lines in sections("tables/models.txt").items()
}
#: The formula of each figure that chapter 3 recomputes, over facts.
DEALS = dict(LISTS.pop(("deals",)))
#: What a structure's legs add up to, whatever the unit is worth: by name, over columns of the legs.
SUMS = dict(LISTS.pop(("sums",)))
_HEADS = ["what", "value", "unit", "name"]
_NAMES = {row[2] for rows in LISTS.values() for row in rows}


def models(a: Answers) -> list[dict[str, Any]]:
    """The models of a chapter that no printed table is: sheets for ``tables.xlsx``, in order."""
    made, there = [], set()
    for (chapter, title), rows in LISTS.items():
        if chapter == a.chapter:
            made.append(_list(a, title, rows, there))
    more = {"2-selldown": _selldown, "3-separation": _separation}.get(a.chapter)
    made += [found.table["model"] for found in more(a)] if more else []
    return [model for model in made if model and model["rows"]]


def _list(a: Answers, title: str, rows: list[list[str]], there: set[str]) -> dict[str, Any] | None:
    """A list's model; adds the names of its rows to those that are ``there``."""
    found = []
    for what, unit, name, formula, path in rows:
        value, used = _at(a, path), set(re.findall(r"[a-z]\w*", formula)) & _NAMES
        if value is None and '""' in formula and path in a.results:
            value = ""
        if value is not None and name not in there and used <= there:
            found.append((what, value, unit, name, formula))
            there.add(name)
    frame = pd.DataFrame(found, columns=[*_HEADS, "live_value"], dtype=object)
    return table(frame, title, "list", key="name").table["model"]


def _at(a: Answers, path: str) -> Any:
    """A result's value, or a part of the answers' context; None where there is none."""
    if path in a.results:
        return a[path]
    found: Any = a.context
    for part in path.split("."):
        found = found.get(part) if hasattr(found, "get") else getattr(found, part, None)
    return found


def _selldown(a: Answers):
    """Routes to the target, what the market can absorb, capital and votes at three moments."""
    frame = a.frame("routes")
    if a.context["terms"].planned > 0:
        parts = frame.assign(part=np.linspace(0, 1, len(frame)))
        yield table(parts, "Routes to the target", "routes")
    yield table(a.frame("absorb"), "What the market can absorb", "absorb")
    owners = a.frame("owners")
    renault = ["stake_before"] * 2 + ["(held-in_trust)/issued", "votes_mirror"]
    owners["live_renault"] = [*renault, "direct_left/issued", "votes_target"]
    owners["live_trust"] = [None, None, "in_trust/issued", None, "trust_left/issued", None]
    owners["live_others"] = [f"1-{{renault}}{'-{trust}' * (n in (2, 4))}" for n in range(6)]
    yield table(owners, "Capital and votes", "owners")


def _separation(a: Answers):
    """Facts of the deals, companies, structures with their legs and what these add up to."""
    used = " ".join(DEALS[item] for item in a.frame("reconciliation")["item"])
    facts = {key.replace("-", "_"): fact for key, fact in a.context["facts"].items()}
    rows = [(what, v, u, k) for k, (v, what, u) in facts.items() if re.search(rf"\b{k}\b", used)]
    yield table(pd.DataFrame(rows, columns=_HEADS), "Facts of the deals", "list", key="name")
    frame = a.frame("companies")
    frame["worth"], frame["key"] = frame["price"] * frame["shares"], named(frame["maker"])
    lines = [f"{name.replace('_', ' ')} | {name} | ,.6g" for name in frame.columns[2:-2]]
    lines = ["company | name", *lines, "market value, EUR | worth | ,.0f | {price}*{shares}"]
    yield table(frame, "Companies, in EUR", "\n".join(lines), key="key")
    frame, legs = a.frame("tried"), a.frame("legs")
    if frame.empty:
        return
    legs = legs.reindex(range(max(len(legs), 1)))  # formulas need a row
    numbers = ["fraction", "amount", "new", "premium", "votes", "fee"]
    legs[numbers] = legs[numbers].astype(float)
    legs["paid"] = (legs["to"] != "holders").astype(int)
    legs["at_par"] = legs["amount"] / (1 + legs["premium"])
    yield table(legs, "Legs of the structures", "legs", name="leg")
    known = legs[[*numbers, "paid", "at_par"]].fillna(0.0).add_prefix("leg_")
    frame["key"], g = named(frame["structure"]), a.context["group"]
    lines = [COLUMNS["structures"]]
    for name, sum_ in SUMS.items():
        each = known.eval(sum_).groupby(legs["structure"]).sum()
        frame[name] = frame["structure"].map(each).fillna(0.0)
        lines.append(f"{name} | | ,.6g | SUMPRODUCT((leg_structure={{structure}})*{sum_})")
    for name, tax, keep in (("unit", "", 1), ("parent", "(1-tax_rate)*", 1 - g.tax_rate)):
        for kind in (f"{name}_rate", f"{name}_sum"):
            frame[f"net_{kind}"] = keep * frame[kind] - g.fee_rate * frame[f"{kind}_charged"]
            lines.append(f"net_{kind} | | ,.6g | {tax}{{{kind}}}-fee_rate*{{{kind}_charged}}")
    yield table(frame, "Structures", "\n".join(lines), key="key")


def named(names: pd.Series) -> pd.Series:
    """Names as formulas can have them."""
    return names.str.replace("-", "_")
