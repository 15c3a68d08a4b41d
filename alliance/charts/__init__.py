"""One function per idea. Each takes answers and returns a :class:`Chart`.

A chart draws itself twice, wide and narrow, so that a page shows the one that fits the screen.
It never computes: what it shows is in the answers.
"""

from alliance.charts.bargain import gains, zone
from alliance.charts.base import Chart as Chart
from alliance.charts.business import market_share, price_to_book, stub, unit_sales
from alliance.charts.causes import definitions, event_effects, parts, parts_path
from alliance.charts.control import owners, routes, stake_paths, votes_turnout
from alliance.charts.heat import cash, coverage, profit, value, votes_kept
from alliance.charts.price import drawdown, from_each_day, measures, rebased
from alliance.charts.programmes import absorb, clocks, loss_record, outcomes, tornado
from alliance.charts.rivals import ford_losses, ford_segments, volumes
from alliance.charts.separation import breakeven, ranges, scorecard, valuations
from alliance.charts.triggers import frontier, ladder
from alliance.charts.verdict import announcements, porsche_se, priors, since, stubs

#: Which charts draw on which chapter's answers.
CHAPTERS = {
    "1-decline": (
        rebased,
        measures,
        drawdown,
        from_each_day,
        event_effects,
        parts,
        parts_path,
        definitions,
        unit_sales,
        market_share,
        price_to_book,
        stub,
    ),
    "2-selldown": (
        routes,
        absorb,
        outcomes,
        clocks,
        stake_paths,
        ladder,
        frontier,
        tornado,
        loss_record,
        owners,
        votes_turnout,
    ),
    "3-separation": (
        valuations,
        cash,
        coverage,
        votes_kept,
        profit,
        value,
        ranges,
        breakeven,
        announcements,
        since,
        stubs,
        porsche_se,
        priors,
        scorecard,
        ford_losses,
        ford_segments,
        volumes,
        zone,
        gains,
    ),
}
