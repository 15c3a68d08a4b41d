"""Chapter 2, sensitivity: how the programmes move when one input moves."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial

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
VALUES = ("wealth_eur_mean", "value_after_exit_eur_mean")
EXTRA = np.arange(-6, 7) / 40  # drift a year beyond the scenario's


def put(b: Builder, s: Scenario, i: Inputs) -> None:
    """What one moved input does, for when it is asked for; and at which drift of the price holding,
    left at once or in slices, or a block today is worth as much as the best way."""
    frame = b.frames["programmes"].set_index("market").loc[i.group.market]
    frame = frame.set_index("programme")[list(VALUES)]
    moved, now, t = _moved(s, i, frame), frame[VALUES[1]], i.terms
    near = programme.ALIKE * b.results["selldown.planned_value_eur"].value
    b.context["best"] = now.drop("hold").idxmax()
    b.frames["tornado"] = partial(_alone, s, i, frame, near)
    b.frames["drifts"] = partial(_views, s, i, frame)
    ends = [end - i.group.drift for end in limits(Selldown.model_fields["drift"])]
    slices = sd.in_slices(t)
    for key, name, part in (("", "hold", 1), ("_slices", "hold", slices), ("_block", "block", 1)):
        same = frame.index[(abs(frame - frame.loc[name]) < 1).all(axis=1)]  # an idle buy-back, too

        @cache
        def behind(extra: float, name=name, part=part, same=same) -> float:
            values = moved("drift", i.group.drift + extra, part)
            return values.drop(same).max() - values[name]

        why = None if t.planned > 0 and len(same) < len(frame) else programme.NOTHING
        if not why and behind(ends[0]) * behind(ends[1]) >= 0:
            why = f"no drift that a scenario may have makes “{name}” worth as much as the best way"
            why = f"“{name}” is worth as much as the best way" if behind(0) <= near else why
        with b.section():
            inputs.count_sale(b.ev)
            even = None if why else optimize.brentq(behind, *ends, xtol=5e-4)
            b.put(f"selldown.even_extra_drift{key}", even, why, programme.ANY)


def _alone(s: Scenario, i: Inputs, frame: pd.DataFrame, near: float) -> pd.DataFrame:
    """The headlined programme's change at each end of an input's move, and the best way of selling
    there (today's, if none is worth ``near`` more) with what it brings more than to hold."""
    moved, now, rows, mine = _moved(s, i, frame), frame[VALUES[1]], [], i.group.programme
    first = now.drop("hold").idxmax()
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
            row |= {f"{side}_at": end, f"{side}_change": values[mine] - now[mine]}
            row |= {f"{side}_best": best, f"{side}_lead": ways[best] - values["hold"]}
        rows.append(row)
    return pd.DataFrame(rows)


def _views(s: Scenario, i: Inputs, frame: pd.DataFrame) -> pd.DataFrame:
    """Mean values by drift a year beyond the scenario's."""
    moved = _moved(s, i, frame)
    drifts = {extra: moved("drift", i.group.drift + extra) for extra in EXTRA}
    return pd.DataFrame(drifts).T.rename_axis("extra_drift").reset_index()


def _moved(s: Scenario, i: Inputs, now: pd.DataFrame) -> Callable[..., pd.Series]:
    """A function of a field, its value, and the part of the cost of leaving that is borne (all of
    it): each programme's mean value, EUR, as much more than ``now`` as on few paths. Drifts that
    the scenario leaves empty stay a fair game."""
    small = i.group.model_copy(update={"paths": min(i.group.paths, PATHS)})
    empty = {key for key in ("drift", "fx_drift") if getattr(s.selldown, key) is None}

    def values(group: Selldown) -> np.ndarray:
        terms = terms_of(group, i.terms.held, i.terms.issued, i.terms.adv)
        market = replace(i, group=group).market(s.seed)
        made = (sd.PROGRAMMES[name](terms, market) for name in now.index)
        return np.array([(one.wealth.mean(), one.after_exit.mean()) for one in made])

    full, middle = now.to_numpy(), values(small)
    times = np.divide(full, middle, out=np.ones_like(full), where=middle > 0)

    def moved(name: str, value: float, part: float = 1.0) -> pd.Series:
        group = small.model_copy(update={name: value})
        drifts = {key: drift for key, drift in fair(group).items() if key in empty - {name}}
        found = values(group.model_copy(update=drifts))
        close, after = np.where(middle > 0, found * times, full + found - middle).T
        return pd.Series(close * (1 - part) + after * part, now.index)

    return moved
