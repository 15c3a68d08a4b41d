"""What is to be sold and what selling costs: one rule for every programme, and for leaving."""

from dataclasses import dataclass

import numpy as np

from alliance.errors import ScenarioError


@dataclass(frozen=True)
class Terms:
    """What is to be sold, at what cost, and the terms of each programme (see the scenario's help).

    ``adv`` is the average daily volume in shares, ``daily_volatility`` that of one trading day.
    """

    held: float
    issued: float
    target: float
    adv: float
    daily_volatility: float
    discount: float = 0.0
    rate_foreign: float = 0.0
    dividend_yield: float = 0.0
    fee: float = 0.01
    min_discount: float = 0.01
    impact: float = 1.0
    permanent_impact: float = 0.1
    block_discount: float | None = None
    participation: float = 0.1
    multiples: tuple[float, ...] = (1.1, 1.2, 1.35, 1.5, 1.75, 2.0)
    monitoring: str = "close"
    budget: float = 100e9
    lot: float = 200e6
    window_days: int = 180
    floor: float = 0.0
    rest: str = "hold"
    premium: float = 0.3
    spread: float = 0.0

    def __post_init__(self) -> None:
        if self.planned > self.held:
            planned = f"planned sales must be from 0 to the {self.held:,.0f} held"
            raise ScenarioError(f"{planned}, received {self.planned:,.0f}")

    @property
    def planned(self) -> float:
        """Shares to sell: h - t N, none where the target is met already."""
        return max(0.0, self.held - self.target * self.issued)

    @property
    def float_(self) -> float:
        """Shares held by others."""
        return self.issued - self.held


def block_cost(terms: Terms, shares):
    """Cost of selling at once, as a fraction: fee + max(minimum, impact sigma sqrt(Q / ADV))."""
    if terms.block_discount is not None:
        return terms.fee + terms.block_discount
    rule = terms.impact * terms.daily_volatility * np.sqrt(shares / terms.adv)
    return np.minimum(1.0, terms.fee + np.maximum(terms.min_discount, rule))


def in_slices(terms: Terms) -> float:
    """What it costs to sell the planned shares in slices, over what a block of them does."""
    slow = slice_cost(terms, terms.planned, terms.participation)
    return float(slow / (block_cost(terms, terms.planned) or 1.0))


def slice_cost(terms: Terms, shares, part):
    """Cost of selling ``shares`` as a part of volume: fee, half the impact of a day's part, and the
    seller's half of the permanent impact. More than all of the volume costs as a block."""
    temporary = terms.impact * terms.daily_volatility * np.sqrt(part) / 2
    slow = terms.fee + temporary + terms.permanent_impact * shares / terms.float_ / 2
    more = np.asarray(part) > 1
    return np.where(more, block_cost(terms, shares), slow) if more.any() else slow
