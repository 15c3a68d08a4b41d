"""Chapter 2, sensitivity: how the programmes move when one input moves."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

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
NEAR = 0.2  # a drift so near is looked for first
EXTRA = np.arange(-6, 7) / 40  # drift a year beyond the scenario's


def put(b: Builder, s: Scenario, i: Inputs) -> None:
    """What moves when one input moves alone, made where it is asked for; and at which drift of the
    price holding, left at once or in slices, or a block today is worth as much as the best way."""
    frame, t = b.frames["programmes"].set_index("market").loc[i.group.market], i.terms
    now = frame.set_index("programme")[list(VALUES)]
    moved, after = _moved(s, i, now), now[VALUES[1]]
    b.context["best"] = after.drop("hold").idxmax()
    b.frames["tornado"] = cache(lambda: _alone(i, moved, after))
    views = ({"extra_drift": x, **moved("drift", i.group.drift + x)} for x in EXTRA)
    b.frames["drifts"] = cache(lambda: pd.DataFrame(views))
    low, high = (end - i.group.drift for end in limits(Selldown.model_fields["drift"]))
    slices = sd.slice_cost(t, t.planned, t.participation) / (sd.block_cost(t, t.planned) or 1)
    for key, name, part in (("", "hold", 1), ("_slices", "hold", slices), ("_block", "block", 1)):

        @cache
        def behind(extra: float, name=name, part=part) -> float:
            values = moved("drift", i.group.drift + extra, part)
            return values.drop(name).max() - values[name]

        spans = (max(-NEAR, low), min(NEAR, high)), (low, high)
        span = next((ends for ends in spans if behind(ends[0]) * behind(ends[1]) < 0), None)
        why = None if span else f"no one drift makes “{name}” worth as much as the best way"
        why = why if t.planned > 0 else programme.NOTHING
        with b.section():
            inputs.count_sale(b.ev)
            even = optimize.brentq(behind, *span, xtol=5e-4) if span else None
            b.put(f"selldown.even_extra_drift{key}", even, why, programme.ANY)


def _alone(i: Inputs, moved: Callable[..., pd.Series], now: pd.Series) -> pd.DataFrame:
    """At each end of each move the headlined programme's change, and the best way of selling (that
    of now, where another is as good) with what the best brings more than to hold."""
    rows, first, mine = [], now.drop("hold").idxmax(), i.group.programme
    near = programme.ALIKE * i.terms.planned * i.group.spot_jpy / i.group.jpy_per_eur
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
            row |= {f"{side}_best": best, f"{side}_lead": ways.max() - values["hold"]}
        rows.append(row)
    return pd.DataFrame(rows)


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
