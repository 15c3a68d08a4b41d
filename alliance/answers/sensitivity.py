"""Chapter 2, sensitivity: how the programmes move when one input moves."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import optimize

from alliance import selldown as sd
from alliance.answers import inputs, programme
from alliance.answers.inputs import Inputs, fair, terms_of
from alliance.answers.results import Builder, listed
from alliance.scenario import Scenario, Selldown, limits

#: What the tornado moves: field, low, high, and whether these are factors or differences.
TORNADO = [(name, float(low), float(high), how) for name, low, high, how in listed("tornado.txt")]
PATHS = 2**11  # changes are taken on few paths, the same before and after
EXTRA = np.arange(-2, 7) / 40  # drift a year beyond the scenario's


def put(b: Builder, s: Scenario, i: Inputs) -> None:
    """Mean value after exit when one input moves alone: the headlined programme's change, and what
    the best way of selling brings more than to hold; at which drift that is nothing."""
    change, rows = _changes(b, s, i), []
    frame = b.frames["programmes"].set_index(["market", "programme"])
    now = frame.loc[i.group.market, "value_after_exit_eur_mean"]
    b.context["best"] = first = now.drop("hold").idxmax()
    near = programme.ALIKE * i.terms.planned * i.group.spot_jpy / i.group.jpy_per_eur

    def lead(changed: pd.Series) -> tuple[str, float]:
        """The best way, which stays that of now where another is as good, and its lead in EUR."""
        ways = (now + changed).drop("hold")
        best = first if ways[first] >= ways.max() - near else ways.idxmax()
        return best, ways[best] - now["hold"] - changed["hold"]

    for name, low, high, kind in TORNADO:
        base = getattr(i.group, name)
        if base is None:
            continue
        ends = [base * f if kind == "x" else base + f for f in (low, high)]
        ends = [sorted((*limits(Selldown.model_fields[name]), end))[1] for end in ends]
        if ends[0] == ends[1]:  # a part of nothing
            continue
        row = {"input": name, "middle": now[i.group.programme]}
        for side, end in zip(("low", "high"), ends, strict=True):
            best, more = lead(changed := change(name, end))
            own = {"at": end, "change": changed[i.group.programme], "best": best, "lead": more}
            row |= {f"{side}_{key}": value for key, value in own.items()}
        rows.append(row)
    b.frames["tornado"] = pd.DataFrame(rows)
    drifts = {extra: now + change("drift", i.group.drift + extra) for extra in EXTRA}
    b.frames["drifts"] = pd.DataFrame(drifts).T.rename_axis("extra_drift").reset_index()
    ends = [end - i.group.drift for end in limits(Selldown.model_fields["drift"])]

    def ahead(extra: float) -> float:
        return lead(change("drift", i.group.drift + extra))[1]

    why = None if i.terms.planned > 0 else programme.NOTHING
    if not why and not ahead(ends[0]) > 0 > ahead(ends[1]):
        why = "no drift that a scenario may have makes holding worth as much as the best way"
    with b.section():
        inputs.count_sale(b.ev)
        even = None if why else optimize.brentq(ahead, *ends, xtol=1e-4)
        b.put("selldown.even_extra_drift", even, why, programme.ANY)


def _changes(b: Builder, s: Scenario, i: Inputs) -> Callable[[str, float], pd.Series]:
    """A function of a field and its value: the change of each programme's mean value after exit,
    EUR. Drifts that the scenario leaves empty stay a fair game."""
    small = i.group.model_copy(update={"paths": min(i.group.paths, PATHS)})
    empty = {key for key in ("drift", "fx_drift") if getattr(s.selldown, key) is None}

    def values(group: Selldown) -> pd.Series:
        terms = terms_of(group, i.terms.held, i.terms.issued, i.terms.adv)
        market = replace(i, group=group).market(s.seed)
        made = {name: make(terms, market) for name, make in sd.PROGRAMMES.items()}
        return pd.Series({name: float(one.after_exit.mean()) for name, one in made.items()})

    middle = values(small)

    def change(name: str, value: float) -> pd.Series:
        group = small.model_copy(update={name: value})
        drifts = {key: drift for key, drift in fair(group).items() if key in empty - {name}}
        return values(group.model_copy(update=drifts)) - middle

    return change
