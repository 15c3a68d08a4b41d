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
    frame, rows, mine = b.frames["programmes"].set_index("market"), [], i.group.programme
    frame = frame.loc[i.group.market].set_index("programme")
    now, planned = frame["value_after_exit_eur_mean"], b.results["selldown.planned_value_eur"].value
    b.context["best"] = first = now.drop("hold").idxmax()
    moved, near = _moved(s, i, now), programme.ALIKE * planned

    for name, low, high, kind in TORNADO:
        base = getattr(i.group, name)
        if base is None:
            continue
        ends = [base * f if kind == "x" else base + f for f in (low, high)]
        ends = [sorted((*limits(Selldown.model_fields[name]), end))[1] for end in ends]
        if ends[0] == ends[1]:  # a part of nothing
            continue
        row = {"input": name, "middle": now[mine]}
        for side, end in zip(("low", "high"), ends, strict=True):
            values = moved(name, end)
            ways = values.drop("hold")
            best = first if ways[first] >= ways.max() - near else ways.idxmax()
            own = {"at": end, "change": values[mine] - now[mine]}
            own |= {"best": best, "lead": ways[best] - values["hold"]}
            row |= {f"{side}_{key}": value for key, value in own.items()}
        rows.append(row)
    b.frames["tornado"] = pd.DataFrame(rows)
    drifts = {extra: moved("drift", i.group.drift + extra) for extra in EXTRA}
    b.frames["drifts"] = pd.DataFrame(drifts).T.rename_axis("extra_drift").reset_index()
    ends = [end - i.group.drift for end in limits(Selldown.model_fields["drift"])]

    def ahead(extra: float) -> float:
        values = moved("drift", i.group.drift + extra)
        return values.drop("hold").max() - values["hold"]

    why = None if i.terms.planned > 0 else programme.NOTHING
    if not why and not ahead(ends[0]) > 0 > ahead(ends[1]):
        why = "no drift that a scenario may have makes holding and the best way worth the same"
        why = "holding is worth as much as the best way" if abs(ahead(0)) <= near else why
    with b.section():
        inputs.count_sale(b.ev)
        even = None if why else optimize.brentq(ahead, *ends, xtol=1e-4)
        b.put("selldown.even_extra_drift", even, why, programme.ANY)


def _moved(s: Scenario, i: Inputs, now: pd.Series) -> Callable[[str, float], pd.Series]:
    """A function of a field and its value: each programme's mean value after exit, EUR, as much
    more than ``now`` as on few paths. Drifts that the scenario leaves empty stay a fair game."""
    small = i.group.model_copy(update={"paths": min(i.group.paths, PATHS)})
    empty = {key for key in ("drift", "fx_drift") if getattr(s.selldown, key) is None}

    def values(group: Selldown) -> pd.Series:
        terms = terms_of(group, i.terms.held, i.terms.issued, i.terms.adv)
        market = replace(i, group=group).market(s.seed)
        made = {name: make(terms, market) for name, make in sd.PROGRAMMES.items()}
        return pd.Series({name: float(one.after_exit.mean()) for name, one in made.items()})

    middle = values(small)

    def moved(name: str, value: float) -> pd.Series:
        group = small.model_copy(update={name: value})
        drifts = {key: drift for key, drift in fair(group).items() if key in empty - {name}}
        found = values(group.model_copy(update=drifts))
        scaled = now * found / middle.where(middle > 0)
        return scaled.fillna(now + found - middle)

    return moved
