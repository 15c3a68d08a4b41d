"""Ways of selling a large holding, as sales ledgers under two markets.

Conventions. Prices in the share's currency (S), rates in units of it for one of the holder's (E),
times in years, amounts in the holder's currency. ``planned`` shares are h - t N for a target
stake t. A programme is a function from terms and a market to a :class:`Ledger`; every output is a
property of the ledger. Proceeds and the value at the horizon (``wealth``) are present values at
the holder's rate; ``after_exit`` takes off what selling the rest at once would cost then.

For a holder who thinks in its own currency the fair game is that the discounted share (with its
dividends) and the discounted foreign cash are martingales::

    mu_S = r_foreign - q + rho sigma_S sigma_E,     mu_E = r_foreign - r_home + sigma_E^2

References
----------
Almgren, R. and Chriss, N. (2001), Optimal execution of portfolio transactions, J. Risk 3, 5-39.
Toth, B. et al. (2011), Anomalous price impact and the critical nature of liquidity in financial
markets, Phys. Rev. X 1, 021006 (the square-root rule).
Ville, J. (1939), Etude critique de la notion de collectif (the bound on ever reaching a level).
"""

from alliance.selldown.ledger import Ledger, cvar
from alliance.selldown.market import History, Lognormal
from alliance.selldown.moments import fair_drifts, growth_rates, weekly_moments
from alliance.selldown.programmes import (
    PROGRAMMES,
    block,
    buyback,
    dribble,
    exchangeable,
    hold,
    price_points,
    price_points_closed,
    windows,
)
from alliance.selldown.realised import Realised, gains
from alliance.selldown.terms import Terms, block_cost, in_slices, slice_cost
