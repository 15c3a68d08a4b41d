"""Chapter 2, sensitivity: how the headlined programme moves when one input moves."""

from dataclasses import replace

import pandas as pd

from alliance import selldown as sd
from alliance.answers.inputs import Inputs, fair, terms_of
from alliance.answers.results import Builder, listed
from alliance.scenario import Scenario, Selldown, limits

WHAT = ("value after exit", "proceeds")
#: What the tornado moves: field, low, high, and whether these are factors or differences.
TORNADO = [(name, float(low), float(high), how) for name, low, high, how in listed("tornado.txt")]


def put(b: Builder, s: Scenario, i: Inputs) -> None:
    """Mean value after exit and proceeds of the headlined programme when one input moves."""
    small = i.group.model_copy(update={"paths": min(i.group.paths, 2**12)})
    make = sd.PROGRAMMES[i.group.programme]

    def value(group: Selldown) -> tuple[float, float]:
        terms = terms_of(group, i.terms.held, i.terms.issued, i.terms.adv)
        ledger = make(terms, replace(i, group=group).market(s.seed))
        return float(ledger.after_exit.mean()), float(ledger.proceeds.mean())

    middle = value(small)
    rows = []
    for name, low, high, kind in TORNADO:
        base = getattr(small, name)
        if base is None:
            continue
        ends = [base * f if kind == "x" else base + f for f in (low, high)]
        ends = [sorted((*limits(Selldown.model_fields[name]), end))[1] for end in ends]
        if ends[0] == ends[1]:  # a part of nothing
            continue
        found = [value(_moved(small, name, e, s)) for e in ends]
        for what, now, low, high in zip(WHAT, middle, *found, strict=True):
            rows.append((name, *ends, what, low - now, high - now, now))
    columns = ["input", "low_at", "high_at", "what", "low", "high", "middle"]
    b.frames["tornado"] = pd.DataFrame(rows, columns=columns)


def _moved(group: Selldown, name: str, value: float, s: Scenario) -> Selldown:
    """A filled group with one input moved; drifts left empty by the scenario stay a fair game."""
    g = group.model_copy(update={name: value})
    empty = {key for key in ("drift", "fx_drift") if getattr(s.selldown, key) is None} - {name}
    return g.model_copy(update={key: drift for key, drift in fair(g).items() if key in empty})
