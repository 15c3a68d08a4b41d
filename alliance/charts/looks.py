"""How all charts look: settings, and the name, colour and line style of what they show."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, NamedTuple

from matplotlib import rc_context, rcParamsDefault

INK, SOFT, FAINT, GHOST = "#1a1a1a", "#5c5c5c", "#d8d8d8", "#8a8a8a"
RED, BLUE, AMBER, GREEN, GREY = "#c3002f", "#0b5fa5", "#d99400", "#00876c", "#6e6e6e"
LONG: Any = (0, (6, 1.5))  # a dash distinct from "--" in grey

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
_one = threading.RLock()


@contextmanager
def drawing(own: Mapping[str, Any] = MappingProxyType({})) -> Iterator[None]:
    """Draw with our settings, and those of one's ``own``; they end with the block.

    Settings are the whole process's, so one thread draws at a time: JupyterLab draws a panel while
    a cell runs.
    """
    with _one, rc_context(SETTINGS | {**own}):
        yield


class Look(NamedTuple):
    """What a reader knows a thing by: its name, its colour and its line style."""

    name: str
    color: str
    dash: Any = "-"


#: A colour and a line style for each company everywhere, distinct to hue-blind eyes and in grey.
COMPANIES: dict[str, tuple[str, Any]] = {
    "nissan": (RED, "-"),
    "renault": (AMBER, LONG),
    "toyota": (BLUE, "--"),
    "honda": (GREEN, "-."),
    "mitsubishi-motors": ("#a65a94", "-"),
    "topix": (GREY, ":"),
    "volkswagen": ("#2b3a8c", "-"),
    "ford": ("#2e8fb3", "-."),
    "gm": ("#7a7a7a", ":"),
}
OTHERS = ("#4b3b8f", "#7a5c00", "#b5651d", "#8c2d04", "#444444")
_OTHER_DASHES = ("-", "--", "-.", ":")

PROGRAMMES = {
    "hold": Look("hold", "#6f6f6f", (0, (1, 1))),
    "block": Look("block today", INK),
    "dribble": Look("dribble", BLUE, "--"),
    "price_points": Look("price points", RED),
    "buyback": Look("buy-back", GREEN, "-."),
    "windows": Look("windows", AMBER, LONG),
    "exchangeable": Look("exchangeable", "#a65a94", ":"),
}
PARTS = {
    "market": Look("market", GREY, ":"),
    "sector": Look("sector", BLUE, "--"),
    "company": Look("company", RED),
    "currency": Look("currency", AMBER, "-."),
}
REGIONS = {
    "north-america": Look("North America", "#0b3c6f"),
    "china": Look("China", RED),
    "japan": Look("Japan", "#6fa8dc"),
    "europe": Look("Europe", AMBER),
    "other": Look("Other", "#9a9a9a"),
    "europe-and-other": Look("Europe and other", "#bfa06a"),
    "not split": Look("Not yet split", "#e4e4e4"),
}
ROUTES = {
    "sale": Look("sold to others", BLUE),
    "half": Look("half and half", SOFT, "--"),
    "buyback": Look("bought back\nand cancelled", RED),
}
OWNERS = {
    "renault": Look("Renault", AMBER),
    "trust": Look("trust", "#8d8d8d"),
    "others": Look("others", "#e4e4e4"),
}
SEGMENTS = {
    "blue": Look("Blue", BLUE),
    "pro": Look("Pro", GREEN),
    "model-e": Look("Model e", "#c26"),
}
STRUCTURES = {"carve_out": BLUE, "profitable_unit": AMBER, "segments": GREEN, "integrated": GREY}


def look(company: str, others: Sequence[str] = ()) -> tuple[str, Any]:
    """A company's colour and line style; of ``others``, those without their own share no pair."""
    unknown = [name for name in others if name not in COMPANIES]
    place = unknown.index(company) if company in unknown else 0
    other = OTHERS[place % len(OTHERS)], _OTHER_DASHES[place % len(_OTHER_DASHES)]
    return COMPANIES.get(company, other)


def color(company: str, others: Sequence[str] = ()) -> str:
    """A company's colour, as :func:`look`."""
    return look(company, others)[0]


def structure_color(structure: str, structures: Sequence[str]) -> str:
    """A structure's colour; those without one take theirs by position."""
    others = [s for s in structures if s not in STRUCTURES]
    return STRUCTURES.get(structure) or OTHERS[others.index(structure) % len(OTHERS)]
