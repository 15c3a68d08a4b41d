"""Pictures of the panels: quick drawings that are kept and redrawn while a slider moves.

A sketch draws one idea from a panel's answers on axes that it is given, over the pinned case in
grey where there is one, and says title, alt text and source. :class:`Easel` keeps the axes, so
that a redraw makes no new ticks, and gives each picture as SVG.
"""

from alliance.charts.panels import bargain, decline, selldown, separation
from alliance.charts.panels.easel import Easel as Easel
from alliance.charts.panels.easel import Picture as Picture

#: The sketches of each panel, in reading order.
SKETCHES = {
    "selldown": {
        "proceeds": selldown.proceeds,
        "completion": selldown.completion,
        "path": selldown.path,
        "loss": selldown.loss,
    },
    "decline": {"rebased": decline.rebased, "drawdown": decline.drawdown, "parts": decline.parts},
    "separation": {"value": separation.value, "cash": separation.cash},
    "bargain": {"zone": bargain.zone, "gains": bargain.gains},
}
