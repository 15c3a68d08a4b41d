"""Chapter 3, the structures: terms of the evidence, with the scenario's overrides, in euros."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from alliance import returns, separation
from alliance.errors import ScenarioError, did_you_mean
from alliance.evidence import Evidence, made_once
from alliance.scenario import Scenario

RATES = {"USD": "usd_per_eur", "JPY": "jpy_per_eur"}
ASSUMED_FLOAT = 0.20  # of a listing whose size was not public


@dataclass
class Known:
    """A structure as known on a day; ``why`` where it was not public or can't be.

    ``assumed`` says in words what stands in for evidence, by its id; ``ended`` is the day on which
    its own company cancelled it.
    """

    key: str
    name: str
    structure: separation.Structure | None = None
    assumed: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
    home: str = ""
    ended: dt.date | None = None

    def own_terms(self) -> dict[str, float]:
        """Its own value of each term that a scenario may replace, where it has just one."""
        if self.structure is None:
            return {}
        legs = self.structure.legs
        found = {
            "float_fraction": {x.fraction for x in legs if x.to == "market" and x.amount is None},
            "paid_out": {self.structure.payout},
            "voting_premium": {x.premium for x in legs if x.to == "anchor" and x.votes},
        }
        return {field: values.pop() for field, values in found.items() if len(values) == 1}


def terms(s: Scenario) -> separation.Terms:
    """Costs and discounts of the scenario."""
    g = s.separation
    discounts = g.holding_discount, g.conglomerate_discount
    costs = g.oneoff_cost_eur, g.running_cost_eur
    return separation.Terms(g.fee_rate, g.offer_discount, g.tax_rate, *discounts, *costs)


@made_once
def known(key: str, ev: Evidence) -> Known:
    """A structure in euros as the evidence has it."""
    rows, legs = ev.rows("structures", structure=key), ev.rows("legs", structure=key)
    made = Known(key, ev.names("structures")[key])
    if rows.empty:
        made.why = f"the terms of “{made.name}” were not public on {ev.as_of}"
        return made
    row = rows.iloc[0]
    made.home, ended = row["home"], row["ended"]
    made.ended = ended.date() if pd.notna(ended) else None
    if legs[["fraction", "amount"]].isna().all(axis=1).any():
        words = f"at an assumed float of {100 * ASSUMED_FLOAT:.0f} %"
        made.assumed = {"separation.float_fraction": words}
    try:
        made.structure = _structure(row, legs, ev)
    except ScenarioError as error:
        made.why = str(error)
    return made


def structures(s: Scenario, ev: Evidence) -> dict[str, Known]:
    """The scenario's structures in euros, with its overrides; a ScenarioError if these can't be."""
    g, out = s.separation, {}
    for key in g.structures:
        made = out[key] = replace(known(key, ev))
        if made.structure is None:
            continue
        try:
            own = g.float_fraction, g.paid_out, g.voting_premium
            made.structure = separation.with_terms(made.structure, *own)
        except ScenarioError as error:
            if key == g.structure:
                raise ScenarioError(f"separation: {error}") from None
            made.structure, made.why = None, str(error)
        if made.assumed and g.float_fraction is not None:
            words = f"at the scenario's float of {100 * g.float_fraction:.0f} %"
            made.assumed = dict.fromkeys(made.assumed, words)
    return out


def ticket(structure: str, partner: str, ev: Evidence) -> float | None:
    """Money in euros that a partner was to put into a unit, as last public; None if none was."""
    legs = ev.rows("legs", structure=structure, partner=partner).dropna(subset="amount")
    if legs.empty:
        return None
    return float(legs["amount"].iloc[-1]) / per_eur(legs["currency"].iloc[-1], ev)


def _structure(row: pd.Series, legs: pd.DataFrame, ev: Evidence) -> separation.Structure:
    made = []
    for leg in legs.itertuples():
        amount = None
        if pd.notna(leg.amount):
            amount = float(leg.amount) / per_eur(leg.currency, ev)
        fraction = None if pd.isna(leg.fraction) else float(leg.fraction)
        if amount is None and fraction is None:
            fraction = ASSUMED_FLOAT
        partner = leg.partner if isinstance(leg.partner, str) else ""
        terms = bool(leg.new), float(leg.premium), int(leg.votes), bool(leg.fee), partner
        made.append(separation.Leg(leg.to, fraction, amount, *terms))
    voting = 1.0 if pd.isna(row["voting_capital"]) else float(row["voting_capital"])
    majority = 0.0 if pd.isna(row["majority"]) else float(row["majority"])
    terms = tuple(made), float(row["payout"]), voting, majority
    return separation.Structure(row["name"], row["unit"], *terms)


def per_eur(currency: str, ev: Evidence, day: dt.date | None = None) -> float:
    """Units of a currency for one euro on a day; a ScenarioError if there is none near enough."""
    if currency == "EUR":
        return 1.0
    if currency not in RATES:
        raise ScenarioError(f"no rate of '{currency}' for the euro{did_you_mean(currency, RATES)}")
    with ev.reading() as used:
        found = returns.level(ev.rate(RATES[currency]), day or ev.as_of)
        used.within(found.date or ev.as_of, found.date or ev.as_of)
    if found.value is None:
        raise ScenarioError(found.note)
    return found.value


def in_eur(frame: pd.DataFrame, columns: list[str], ev: Evidence) -> pd.DataFrame:
    """Some columns of a frame with ``currency`` and ``date`` in euros at the rate of that day; a
    ScenarioError as :func:`per_eur`."""
    rates = [per_eur(c, ev, d) for c, d in zip(frame["currency"], frame["date"], strict=True)]
    return frame.assign(**{name: frame[name] / rates for name in columns})
