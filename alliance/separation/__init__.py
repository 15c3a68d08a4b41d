"""Ways of separating a business, on one yardstick: a structure applied to a company.

Conventions. A *structure* is terms: which unit is concerned, legs (who takes which part), the part
of the parent's proceeds paid out, the part of the unit's capital that has votes. A *company* is
figures. All money is in one currency, whole units; parts are fractions. Every number may be an
array of draws. The value V of a unit is 100 % of its equity after the deal, at the offer price.

Leg i takes ``f`` of the unit after the deal, or an amount A, so that ``f = A / ((1 + premium) V)``.
New shares bring G_u to the unit, existing ones G_p to the parent; shares handed to holders bring
nothing. With fees F, tax, one-off cost O, yearly cost Y and the part k of G_p paid out::

    kept       K = 1 - sum f,    votes 1 - sum f w / W,    W the part of capital that has votes
    left       L = G_u + G_p - F - tax - O - k G_p,         coverage L / plan
    own means  (L + max(C, 0) + free cash flow * T m) / (plan * m),  m the part of the plan to run
    rest       R = (n P - C - X) / (1 - d) - U,             U = V - G_u, the unit before the deal
    value      ((1 - d') R + (1 - h) K S + H S + C + X + G_p - F_p - tax - O - 10 Y) / n

S = U + G_u - F_u is the unit after the deal, H the part handed to holders, d the conglomerate
discount of today, d' that of tomorrow, h the holding discount on what the parent keeps. Base:
d' = h = d. Low: h is the discount of holding companies. High: no discount. A unit in which nobody
else holds a part has no holding discount; if nothing is separated at all, nothing changes.

References
----------
Vijh, A. (2002), The positive announcement-period returns of equity carveouts, J. Business 75;
Berger, P. and Ofek, E. (1995), Diversification's effect on firm value, JFE 37 (discounts).
"""

from alliance.separation.terms import TO, UNITS, Company, Leg, Structure, Terms, with_terms
from alliance.separation.yardstick import Outcome, apply, value_per_share
