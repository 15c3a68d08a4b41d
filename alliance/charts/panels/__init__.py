"""Pictures of the panels: quick drawings, redrawn on the same axes while a slider moves.

A panel's chart draws one idea from the panel's answers on axes that it is given, over the pinned
case in grey where there is one, and returns a caption: title, alt text and source.
:class:`Renderer` keeps the axes, so that a redraw makes no new ticks, and gives each picture as
SVG.
"""

from alliance.charts.panels import bargain, decline, selldown, separation
from alliance.charts.panels.svg import PanelChart, RenderedChart, Renderer
