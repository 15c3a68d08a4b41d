"""Terms: structures with their legs, companies as figures, costs and discounts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from alliance.errors import ScenarioError, did_you_mean

TO = ("market", "anchor", "partner", "holders")
UNITS = ("ev", "profit", "none")


@dataclass(frozen=True)
class Leg:
    """One buyer (or receiver): a fraction of the unit after the deal, or an amount of money; a
    ScenarioError for terms that can't be."""

    to: str
    fraction: Any = None
    amount: Any = None
    new: bool = False
    premium: Any = 0.0
    votes: int = 1
    fee: bool = False
    partner: str = ""

    def __post_init__(self) -> None:
        if self.to not in TO:
            raise ScenarioError(f"a leg's buyer: '{self.to}'{did_you_mean(self.to, TO)}")
        if (self.fraction is None) == (self.amount is None):
            raise ScenarioError("a leg needs a fraction or an amount, and not both")
        if self.fraction is not None:
            _within("a leg's fraction", self.fraction, 0, 1)
        for name in ("amount", "premium", "votes"):
            value = getattr(self, name)
            if value is not None:
                _within(f"a leg's {name}", value, 0, np.inf)
        if self.to == "holders" and (self.amount is not None or self.new or np.any(self.premium)):
            raise ScenarioError("shares handed to holders are existing ones and bring no money")

    def part(self, value):
        """f, the part of a unit worth ``value`` that this leg takes."""
        if self.amount is None:
            return np.asarray(self.fraction, float)
        return self.amount / ((1 + self.premium) * value)

    def price(self, value):
        """Money that it brings."""
        if self.to == "holders":
            return np.zeros_like(np.asarray(value, float))
        return self.part(value) * (1 + self.premium) * value


@dataclass(frozen=True)
class Structure:
    """Terms of a separation; see the module for the names.

    ``unit`` is one of :data:`UNITS`; ``payout`` the part of the parent's gross proceeds paid out to
    its holders; ``voting_capital`` W, the part of the unit's capital that has votes; ``majority``
    the votes that the parent must keep, 0 for none. It is a ScenarioError if fractions exceed 1,
    votes exceed the voting capital, or the majority would be lost.
    """

    name: str
    unit: str
    legs: tuple[Leg, ...] = ()
    payout: Any = 0.0
    voting_capital: float = 1.0
    majority: float = 0.0

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ScenarioError(f"{self.name}: unit '{self.unit}'{did_you_mean(self.unit, UNITS)}")
        if self.unit == "none" and self.legs:
            raise ScenarioError(f"{self.name}: without a unit there is nothing to sell")
        _within(f"{self.name}: payout", self.payout, 0, 1)
        _within(f"{self.name}: voting capital", self.voting_capital, 1e-9, 1)
        _within(f"{self.name}: majority", self.majority, 0, 1)
        fixed = [leg for leg in self.legs if leg.amount is None]
        self._check([(leg, leg.part(1.0)) for leg in fixed])

    def _check(self, parts) -> None:
        sold = sum((f for _, f in parts), np.float64(0))
        if np.any(sold > 1 + 1e-12):
            rule = "what is sold must add up to at most 100 % of the unit"
            raise ScenarioError(f"{self.name}: {rule}, received {100 * np.max(sold):,.0f} %")
        votes = sum((f * leg.votes for leg, f in parts), np.float64(0))
        if np.any(votes > self.voting_capital + 1e-12):
            rule = f"votes sold must fit the voting capital of {self.voting_capital:.4g}"
            raise ScenarioError(f"{self.name}: {rule}, received {np.max(votes):.4g}")
        silent = sum((f for leg, f in parts if not leg.votes), np.float64(0))
        if np.any(silent > 1 - self.voting_capital + 1e-12) and self.voting_capital < 1:
            rule = f"must fit the {1 - self.voting_capital:.4g} that have none"
            rule = f"shares without votes sold {rule}, received {np.max(silent):.4g}"
            raise ScenarioError(f"{self.name}: {rule}")
        kept = 1 - votes / self.voting_capital
        if np.any(kept < self.majority - 1e-12):
            rule = f"the parent must keep {self.majority:.0%} of the votes"
            left = f"received terms that leave {np.min(kept):.1%}"
            raise ScenarioError(f"{self.name}: {rule}, {left}")

    def parts(self, value) -> list[tuple[Leg, Any]]:
        """Each leg with the part it takes of a unit worth ``value``; one value is checked
        again: a ScenarioError if more than all of the unit or its votes would go."""
        found = [(leg, leg.part(value)) for leg in self.legs]
        if np.ndim(value) == 0:  # draws are not refused one by one
            self._check(found)
        return found


@dataclass(frozen=True)
class Company:
    """Figures of one company, in one currency; None where a figure is not known.

    ``values`` are the units' values by unit: (low, base, high). ``owns`` is the part of each
    partner that the company owns.
    """

    name: str
    price: Any
    shares: Any
    net_cash: Any = 0.0
    stakes: Any = 0.0
    plan: Any = None
    plan_years: float = 0.0
    plan_left: float = 0.0
    free_cash_flow: Any = 0.0
    values: Mapping[str, tuple[Any, Any, Any]] = field(default_factory=dict)
    owns: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Terms:
    """What a deal costs and how a market discounts; fractions, and money a year."""

    fee: Any = 0.01
    offer_discount: Any = 0.0
    tax: Any = 0.0
    holding_discount: Any = 0.25
    conglomerate_discount: Any = 0.10
    oneoff: Any = 0.0
    running: Any = 0.0

    def __post_init__(self) -> None:
        for name in ("fee", "offer_discount", "tax", "holding_discount", "conglomerate_discount"):
            _within(name.replace("_", " "), getattr(self, name), 0, 0.99)


def with_terms(structure: Structure, float_fraction=None, paid_out=None, premium=None) -> Structure:
    """The structure with some terms replaced where it has them (None keeps them): the fraction of
    each leg to the market, the part of the parent's proceeds paid out, and the premium of legs that
    pay one for their votes."""
    legs = []
    for leg in structure.legs:
        if float_fraction is not None and leg.to == "market" and leg.amount is None:
            leg = replace(leg, fraction=float_fraction)
        if premium is not None and leg.to == "anchor" and leg.votes:
            leg = replace(leg, premium=premium)
        legs.append(leg)
    payout = structure.payout if paid_out is None else paid_out
    return replace(structure, legs=tuple(legs), payout=payout)


def _within(what: str, value, low: float, high: float) -> None:
    value = np.asarray(value, float)
    if not np.all((value >= low) & (value <= high)):
        bad = value if value.ndim == 0 else value[~((value >= low) & (value <= high))][0]
        limit = f"from {low:g}" if high == np.inf else f"from {low:g} to {high:g}"
        raise ScenarioError(f"{what} must be {limit}, received {bad:.6g}")
