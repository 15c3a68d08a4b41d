"""One structure applied to one company: cash, coverage, control, value, break-even."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from alliance.separation.terms import Company, Leg, Structure, Terms

CAPITALISED = 10  # years of a running cost that count in value


@dataclass(frozen=True)
class Outcome:
    """What a structure does to a company; None where a figure can't be evaluated (``why``)."""

    gross: Any = None
    to_unit: Any = None
    to_parent: Any = None
    fees: Any = None
    tax: Any = None
    paid_out: Any = None
    left: Any = None
    coverage: Any = None
    coverage_own: Any = None
    kept: Any = None
    votes: Any = None
    lookthrough: Any = None
    rest: Any = None
    low: Any = None
    base: Any = None
    high: Any = None
    breakeven: Any = None
    breakeven_high: Any = None
    before: Any = None
    square: Any = None
    line: Any = None
    level: Any = None
    why: str = ""


def apply(structure: Structure, company: Company, terms: Terms | None = None) -> Outcome:
    """What ``structure`` does to ``company``: money in the company's currency; value a share low,
    base, high; break-even value of the unit at the offer. Without a value of the unit concerned
    only ``why`` is set. It is a ScenarioError if amounts would buy more than can be sold."""
    terms = terms or Terms()
    if structure.legs and structure.unit not in company.values:
        return Outcome(why=f"{company.name} has no {structure.unit} unit with a value")
    low, base, high = company.values.get(structure.unit, (0.0, 0.0, 0.0))
    offer = (1 - np.asarray(terms.offer_discount, float)) * base
    parts = structure.parts(offer)
    cash = _cash(structure, terms, offer)
    left = cash["left"] - terms.oneoff * bool(structure.legs)
    plan, kept = company.plan, 1 - sum((f for _, f in parts), np.float64(0))
    own = left + np.maximum(company.net_cash, 0)
    own = own + company.free_cash_flow * company.plan_years * company.plan_left
    look = kept + sum((f * company.owns.get(leg.partner, 0.0) for leg, f in parts), np.float64(0))
    sold = sum((f * leg.votes for leg, f in parts), np.float64(0))
    before = base - _cash(structure, terms, base)["to_unit"]
    d, h = terms.conglomerate_discount, terms.holding_discount
    cases = {"low": (low, before, d, h), "base": (base, before, d, d)}
    cases["high"] = high, before, 0.0, 0.0
    runs = plan is not None and company.plan_left
    even = quadratic(structure, terms, before)
    return Outcome(
        **{k: v for k, v in cash.items() if k not in ("left", "unit_fees")},
        left=left, kept=kept, votes=1 - sold / structure.voting_capital,
        coverage=None if plan is None else left / plan,
        coverage_own=own / (plan * company.plan_left) if runs else None,
        lookthrough=look if structure.unit == "ev" else np.ones_like(look),
        rest=_rest(company, terms, before),
        breakeven=breakeven(structure, terms, before),
        breakeven_high=breakeven(structure, terms, before, terms.holding_discount),
        before=before,
        **dict(zip(("square", "line", "level"), even, strict=True)),
        **{n: value_per_share(structure, company, terms, *case) for n, case in cases.items()},
    )  # fmt: skip


def _cash(structure: Structure, terms: Terms, offer) -> dict[str, Any]:
    """Where the money comes from and goes to, at an offer value; it adds up."""
    zero = np.zeros_like(np.asarray(offer, float))
    charged = [leg for leg in structure.legs if leg.fee]

    def total(legs, new: bool, rate=1.0):
        return sum((rate * leg.price(offer) for leg in legs if leg.new == new), zero)

    to_unit, to_parent = total(structure.legs, True), total(structure.legs, False)
    unit_fees, fees = total(charged, True, terms.fee), total(charged, False, terms.fee)
    tax, paid = terms.tax * to_parent, structure.payout * to_parent
    return {
        "gross": to_unit + to_parent, "to_unit": to_unit, "to_parent": to_parent,
        "fees": unit_fees + fees, "unit_fees": unit_fees, "tax": tax, "paid_out": paid,
        "left": to_unit + to_parent - unit_fees - fees - tax - paid,
    }  # fmt: skip


def _rest(company: Company, terms: Terms, before):
    """What the market implies for the rest of the company, before its discount."""
    own = company.shares * company.price - company.net_cash - company.stakes
    return own / (1 - np.asarray(terms.conglomerate_discount, float)) - before


def value_per_share(structure, company: Company, terms: Terms, value, before, tomorrow, holding):
    """Value a share by sum of the parts after the deal; NaN where the terms can't be.

    Numbers or arrays: the unit's value at the offer, before the offer discount; U, what it is worth
    before the deal, whatever it is sold for; and d' and h, the discounts after the deal.
    """
    if structure.unit == "none":
        return company.price + 0.0 * _rest(company, terms, before)
    costs = terms.oneoff + CAPITALISED * terms.running
    if not structure.legs:
        holding, costs = tomorrow, 0.0
    offer = (1 - np.asarray(terms.offer_discount, float)) * value
    cash = _cash(structure, terms, offer)
    unit = before + cash["to_unit"] - cash["unit_fees"]
    kept = 1 - sum((leg.part(offer) for leg in structure.legs), np.float64(0))
    handed = sum((leg.part(offer) for leg in structure.legs if leg.to == "holders"), 0.0)
    parts = (1 - tomorrow) * _rest(company, terms, before) + ((1 - holding) * kept + handed) * unit
    money = cash["to_parent"] - (cash["fees"] - cash["unit_fees"]) - cash["tax"]
    value = (parts + company.net_cash + company.stakes + money - costs) / company.shares
    votes = sum((leg.part(offer) * leg.votes for leg in structure.legs), np.float64(0))
    lost = 1 - votes / structure.voting_capital < structure.majority - 1e-12
    return np.where((kept < 0) | lost, np.nan, value)[()]


def breakeven(structure: Structure, terms: Terms, before, holding=None):
    """Offer value of the unit at which a share is worth what it costs now; None if none can be.

    ``holding`` is the discount on what the parent keeps once it is listed; today's if not given.
    """
    if all(leg.to == "holders" for leg in structure.legs):
        return None
    square, line, level = quadratic(structure, terms, before, holding)
    with np.errstate(invalid="ignore", divide="ignore"):
        root = np.sqrt(np.maximum(line**2 - 4 * square * level, 0))
        flat = np.where(line > 0, -level / np.where(line == 0, 1, line), np.nan)
        found = np.where(np.asarray(square) > 0, (root - line) / (2 * square), flat)
    found = np.where(found > 0, found, np.nan)
    return found if found.ndim else (None if np.isnan(found) else float(found))


def quadratic(structure: Structure, terms: Terms, before, holding=None) -> tuple:
    """Square, line and level of the quadratic in V whose positive root :func:`breakeven` is.

    It is what a share gains, times the shares and V: S is affine in the offer value, and the parts
    sold for an amount fall as 1 / V.
    """
    d = terms.conglomerate_discount
    keep = 1 - np.asarray(d if holding is None else holding, float)
    fixed = [leg for leg in structure.legs if leg.amount is None]
    sized = [leg for leg in structure.legs if leg.amount is not None]
    handed = sum((leg.fraction for leg in fixed if leg.to == "holders"), 0.0)
    k0 = 1 - sum((leg.fraction for leg in fixed), 0.0)
    a = sum((leg.amount / (1 + leg.premium) for leg in sized), 0.0)

    def net(leg: Leg):
        fee = 1 - terms.fee * leg.fee
        return fee if leg.new else fee - terms.tax

    def total(which, new: bool, size):
        return sum((size(leg) * net(leg) for leg in which if leg.new == new), 0.0)

    def sale(leg: Leg):
        return 0.0 if leg.to == "holders" else leg.fraction * (1 + leg.premium)

    c = before + total(sized, True, lambda leg: leg.amount)
    g_unit, g_parent = total(fixed, True, sale), total(fixed, False, sale)
    cash = total(sized, False, lambda leg: leg.amount)
    target = (1 - np.asarray(d, float)) * before + terms.oneoff + CAPITALISED * terms.running - cash
    square = (keep * k0 + handed) * g_unit + g_parent
    line = (keep * k0 + handed) * c - keep * a * g_unit - target
    return square, line, -keep * a * c
