"""The bargain: money for a holder's new unit against the sale of its stake in the issuer.

Conventions. The *holder* owns s of the *issuer*, which owns n of the holder. The issuer pays a
ticket p for p / P of the holder's unit (P the value agreed); the holder sells shares worth M at a
discount d, of which the issuer buys the part b itself, without the banks' fee f. A belief V says
what the unit is worth. Money in one currency. With the overpayment ``o = p (1 - V / P)``::

    issuer   dN = -o - ip + benefit + independence + votes + b d M
    holder   dR =  o + signal - control + (relief - d - (1 - b) f) M

What counts reaches each company's outside holders, with the cross-holdings seen through::

    holder's G_R = (1 - n) (dR + s dN) / (1 - s n),   issuer's G_N = (1 - s) (dN + n dR) / (1 - s n)

so of one overpaid only (1 - n) (1 - s) / (1 - s n) changes hands. The equal split is where
G_R = G_N.

References
----------
Nash, J. (1950), The bargaining problem, Econometrica 18 (equal split where value is transferable);
Brioschi, Buzzacchi and Colombo (1989), as in :mod:`alliance.ownership`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from alliance.errors import ScenarioError


@dataclass(frozen=True)
class Stakes:
    """The terms of the bargain; see the module for the names. Money in one currency. A
    ScenarioError for fractions outside 0 to 1, or cross-holdings that close the loop."""

    ticket: Any
    block: Any
    holding: float
    back: float
    discount: Any = 0.0
    bought: Any = 0.0
    independence: Any = 0.0
    votes: Any = 0.0
    control: Any = 0.0
    ip: Any = 0.0
    benefit: Any = 0.0
    signal: Any = 0.0
    relief: Any = 0.0
    fee: Any = 0.0

    def __post_init__(self) -> None:
        for name in ("holding", "back", "discount", "bought", "relief", "fee"):
            value = np.asarray(getattr(self, name), float)
            if not np.all((value >= 0) & (value < 1 + (name == "bought") * 1e-12)):
                raise ScenarioError(f"{name} must be a fraction from 0 to 1, received {value}")
        if self.holding * self.back >= 1:
            raise ScenarioError("the two cross-holdings must multiply to below 1")


@dataclass(frozen=True)
class Gains:
    """What each company gains, and what reaches its outside holders."""

    issuer: Any
    holder: Any
    issuer_outside: Any
    holder_outside: Any


def changes_hands(t: Stakes) -> float:
    """The part of one overpaid that changes hands between outside holders.

    >>> round(changes_hands(Stakes(0, 0, 0.434, 0.15)), 3)
    0.515
    """
    return (1 - t.back) * (1 - t.holding) / (1 - t.holding * t.back)


def gains(t: Stakes, agreed, belief, discount=None) -> Gains:
    """Gains of both sides at an agreed value, a belief and a sale discount (arrays allowed).

    >>> g = gains(Stakes(600, 3638, 0.434, 0.15, independence=543.7, ip=200, relief=0.1), 8e3, 8e3)
    >>> round(float(g.holder_outside)), round(float(g.issuer_outside))
    (466, 241)
    """
    d = t.discount if discount is None else discount
    over = t.ticket * (1 - np.asarray(belief, float) / agreed)
    issuer = -over - t.ip + t.benefit + t.independence + t.votes + t.bought * d * t.block
    holder = over + t.signal - t.control + (t.relief - d - (1 - t.bought) * t.fee) * t.block
    loop = 1 - t.holding * t.back
    issuer_outside = (1 - t.holding) * (issuer + t.back * holder) / loop
    holder_outside = (1 - t.back) * (holder + t.holding * issuer) / loop
    return Gains(issuer, holder, issuer_outside, holder_outside)


def even_over(t: Stakes, belief) -> float:
    """What is overpaid, ``o = (G_N - G_R) / (2 c)``, where both sides' outside holders gain alike;
    the gains at no overpayment, c what changes hands."""
    at_par = gains(t, belief, belief)
    return float((at_par.issuer_outside - at_par.holder_outside) / (2 * changes_hands(t)))


def equal_split(t: Stakes, belief) -> float | None:
    """The agreed value at which both sides' outside holders gain alike; None if none can be: the
    ticket buys no more than all.

    ``P = p V / (p - o)`` with o of :func:`even_over`.
    """
    left = t.ticket - even_over(t, belief)
    return float(t.ticket * belief / left) if t.ticket > 0 and 0 < left <= belief else None


def break_even_ip(t: Stakes, agreed, belief) -> float:
    """The cost of shared intellectual property at which the issuer's outside holders gain nothing.

    >>> t = Stakes(600, 3638, 0.434, 0.15, independence=544, relief=0.1)
    >>> i = break_even_ip(t, 8e3, 8e3)
    >>> from dataclasses import replace
    >>> abs(float(gains(replace(t, ip=i), 8e3, 8e3).issuer_outside)) < 1e-9
    True
    """
    free = gains(t, agreed, belief)
    return float(t.ip + free.issuer + t.back * free.holder)


def break_even_discount(t: Stakes, agreed, belief) -> float | None:
    """The discount of the sale at which the holder's outside holders gain nothing.

    Their gain falls in a straight line with it; below zero they lose even at the market's price.
    None where the discount does not reach them: nothing is sold, or the issuer's gain comes back.

    >>> t = Stakes(600, 3638, 0.434, 0.15, independence=544, benefit=200, relief=0.1)
    >>> round(break_even_discount(t, 8e3, 8e3), 3)
    0.189
    """
    none, whole = (float(gains(t, agreed, belief, d).holder_outside) for d in (0.0, 1.0))
    return none / (none - whole) if whole < none else None
