"""Chapter 3, the inputs: what a maker's EV unit and profitable unit were said to be worth."""

import datetime as dt
from collections.abc import Callable

import pandas as pd

from alliance.answers.structures import in_eur, per_eur
from alliance.errors import NotKnown
from alliance.evidence import Evidence
from alliance.format import money, number

SELLERS = ("offer", "transaction", "company")  # values that count before those of onlookers
#: Facts that say how much of the whole a profitable unit earns.
_PROFIT_SHARES = {"ford": "ford-profit-share"}


def cars(key: str, row: pd.Series, ev: Evidence, day: dt.date) -> dict:
    """Electric cars a year of its own plan, and what one was said to be worth: low, base, high."""
    if not isinstance(row["ev_unit"], str):
        return {}
    planned = ev.rows("ev-plans", standing("cars", ev), maker=key)[["amount", "end"]]
    try:
        facts = [ev.fact(f"value-a-car-{case}") for case in ("low", "base", "high")]
    except NotKnown:
        per_car, of = None, ""
    else:
        of = facts[1]["label"].rpartition(" of ")[2].partition(",")[0]
        low, base, high = (float(f["value"]) / per_eur(f["unit"], ev, day) for f in facts)
        per_car = min(low, base), base, max(base, high)
    cars, end = planned.iloc[0] if len(planned) else (None, None)
    found = {"cars": cars and float(cars), "cars_of": end and end.year}
    return found | {"per_car": per_car, "per_car_of": of}


def profit_share(key: str, row: pd.Series, ev: Evidence) -> dict:
    """The profitable unit's part of the whole's operating profit, and of which year."""
    if key not in _PROFIT_SHARES or ev.figure(_PROFIT_SHARES[key]) is None:
        return {}
    fact = ev.fact(_PROFIT_SHARES[key])
    return {"profit_share": (float(fact["value"]), fact["date"].year)}


def sold(unit: str) -> Callable[[str, pd.Series, Evidence], dict]:
    """Values of a unit that its seller named, else a bid in one figure, and who named them.

    Low is the lowest value that anybody named, high the top of what sellers named or asked. Once
    a plan is cancelled, the values that stood last stand as the plan's.
    """

    def part(key: str, row: pd.Series, ev: Evidence) -> dict:
        known = ev.rows("valuations", maker=key, unit=unit).sort_values("date")
        known = in_eur(known, ["low", "high"], ev)
        own, whose = _own(known, ev)
        if own.empty or not isinstance(row[f"{unit}_unit"], str):
            return {}
        last, base = own.iloc[-1], float(own["low"].iloc[-1])
        open_ = known[~(known["ended"] <= pd.Timestamp(ev.as_of))]
        high = [*own["high"], *open_.loc[open_["role"] == "asked", "high"]]
        values = (min(base, *open_["low"]), base, max(base, *high))
        span = f", low end of {money(base)} to {number(last['high'] / 1e9, 1)}bn"
        how = f"{last['by']}, {last['date'].date()}{span * bool(last['high'] > base)}{whose}"
        later = open_[(open_["role"] == "bid") & (open_["date"] > last["date"])][-1:]
        for bid in later.itertuples():
            how += f", and {money(bid.low)} to {number(bid.high / 1e9, 1)}bn on {bid.date.date()}"
        how += f": {last['note']}" if isinstance(last["note"], str) else ""
        how += "; the last report in one figure" if last["role"] == "bid" else ""
        debt = {f"separation.{key}.enterprise_value": "debt not taken off"}
        return {"sold": {unit: (values, debt if last["of"] == "enterprise" else {}, how)}}

    return part


def base(unit: str) -> Callable[[str, pd.Series, Evidence], dict]:
    """Counts of the values of a unit only its base, if there is one."""

    def part(key: str, row: pd.Series, ev: Evidence) -> dict:
        def chosen(known: pd.DataFrame) -> pd.Index:
            return _own(known.sort_values("date"), ev)[0].index[-1:]

        in_eur(ev.rows("valuations", chosen, maker=key, unit=unit), ["low", "high"], ev)
        return {}

    return part


def _own(known: pd.DataFrame, ev: Evidence) -> tuple[pd.DataFrame, str]:
    """Values of sellers that stand, or stood last in a plan that was cancelled; that it was."""
    ended = known["ended"] <= pd.Timestamp(ev.as_of)
    own = _named(known[~ended])
    if own.empty and ended.any():
        last = known["ended"].where(ended).max()
        own = _named(known[known["ended"] == last])
        return own, f", plan cancelled on {last:%Y-%m-%d}"
    return own, ""


def _named(known: pd.DataFrame) -> pd.DataFrame:
    """Values of sellers; where there is none, bids in one figure."""
    own = known[known["role"].isin(SELLERS)]
    bid = (known["role"] == "bid") & (known["low"] == known["high"])
    return own if len(own) else known[bid]


def standing(kind: str, ev: Evidence) -> Callable[[pd.DataFrame], pd.Index]:
    """Chooses plans of a kind that run on the day: of money the last, of cars the first to end."""

    def chosen(plans: pd.DataFrame) -> pd.Index:
        plans = plans.sort_values(["published", "start"])
        plans = plans[~(plans["ended"] <= pd.Timestamp(ev.as_of)) & (plans["kind"] == kind)]
        if kind == "money":
            return plans.index[-1:]
        plans = plans[plans["end"] >= pd.Timestamp(ev.as_of)]
        return plans.sort_values("end", kind="stable").index[:1]

    return chosen
