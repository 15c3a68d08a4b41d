"""One function per idea. Each takes answers and returns a :class:`Chart`.

A chart draws itself twice, wide and narrow, so that a page shows the one that fits the screen.
It never computes: what it shows is in the answers.
"""

from alliance.charts.base import Chart
from alliance.charts.business import market_share, price_to_book, stub, unit_sales
from alliance.charts.causes import definitions, event_effects, parts, parts_path
from alliance.charts.price import drawdown, from_each_day, measures, rebased

__all__ = [
    "Chart",
    "definitions",
    "drawdown",
    "event_effects",
    "from_each_day",
    "market_share",
    "measures",
    "parts",
    "parts_path",
    "price_to_book",
    "rebased",
    "stub",
    "unit_sales",
]
