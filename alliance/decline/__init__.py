"""Why a share fell: an exact decomposition, book value, and what the fall cost its holder.

The log price return of day t, in the holder's currency, splits exactly::

    r - dln(E) = b_m m + b_s (s - m) + company - dln(E)

with m the market's return, s - m the mean return of the peers, each over its own market's, E
units of the share's currency for one unit of the holder's. The betas of day t come from least
squares with intercept on the days *before* t only; the intercept stays in the company part. The
parts add up by construction, so adding up proves nothing about them: the company part is what the
other three leave.

References
----------
Frisch, R. and Waugh, F. (1933), Econometrica 1, 387-401, for the orthogonal definition.
Politis, D. N. and Romano, J. P. (1994), JASA 89, 1303-1313, for the intervals.
"""

from alliance.decline.business import book_value, by_region, from_each_day, market_share, stub
from alliance.decline.parts import PARTS, Factors, decompose, factors, part_intervals
