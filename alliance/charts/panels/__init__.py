"""Pictures of the panels: quick drawings that are kept and redrawn while a slider moves.

A panel's chart draws one idea from the panel's answers on axes that it is given, over the pinned
case in grey where there is one, and returns a caption: title, alt text and source.
:class:`Renderer` keeps the axes, so that a redraw makes no new ticks, and gives each picture as
SVG.
"""

from alliance.charts.panels import bargain, decline, selldown, separation
from alliance.charts.panels.svg import RenderedChart as RenderedChart
from alliance.charts.panels.svg import Renderer as Renderer


def _named(*charts):
    return {chart.__name__: chart for chart in charts}


#: The charts of each panel, in reading order.
PANEL_CHARTS = {
    "selldown": _named(selldown.proceeds, selldown.completion, selldown.path, selldown.loss),
    "decline": _named(decline.rebased, decline.drawdown, decline.parts),
    "separation": _named(separation.value, separation.cash),
    "bargain": _named(bargain.zone, bargain.gains),
}
