"""How all charts look."""

from __future__ import annotations

from matplotlib import rcParamsDefault

INK, SOFT, FAINT = "#1a1a1a", "#5c5c5c", "#d8d8d8"

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": SOFT,
    "axes.labelsize": 9,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#ececec",
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "lines.linewidth": 1.5,
    "lines.solid_capstyle": "round",
    "axes.unicode_minus": True,
    "figure.facecolor": "white",
    "path.simplify": True,
}
#: The library's defaults under our style: a user's own settings change no picture.
SETTINGS = {
    name: value
    for name, value in rcParamsDefault.items()
    if not name.startswith(("backend", "webagg", "toolbar", "interactive", "date.epoch", "_"))
} | STYLE
