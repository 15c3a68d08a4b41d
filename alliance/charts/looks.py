"""How all charts look: settings, and the name, colour and line style of what they show."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, NamedTuple

from matplotlib import rc_context, rc_params_from_file, rcParamsDefault

from alliance.places import PACKAGE, sections

INK, SOFT, FAINT, GHOST = "#1a1a1a", "#5c5c5c", "#d8d8d8", "#8a8a8a"
RED, BLUE, AMBER, GREEN, GREY = "#c3002f", "#0b5fa5", "#d99400", "#00876c", "#6e6e6e"
LONG: Any = (0, (6, 1.5))  # a dash distinct from "--" in grey
DOTS: Any = (0, (1, 1))
STYLE = rc_params_from_file(PACKAGE / "charts/alliance.mplstyle", use_default_template=False)
#: The library's defaults under our style: a user's own settings change no picture.
SETTINGS = {
    name: value
    for name, value in rcParamsDefault.items()
    if not name.startswith(("backend", "webagg", "toolbar", "interactive", "date.epoch", "_"))
} | {**STYLE}
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


def _looks() -> Iterator[dict[str, Look]]:
    """The looks of ``looks.txt``, a dict a section."""
    for lines in sections("charts/looks.txt").values():
        parts = ([part.strip() for part in f"{line} | -".split("|")] for line in lines)
        own = globals()
        yield {
            key: Look(name.replace(r"\n", "\n"), own.get(shade, shade), own.get(dash, dash))
            for key, name, shade, dash, *_ in parts
        }


#: Looks by key; those of companies are distinct to hue-blind eyes and in grey.
COMPANIES, PROGRAMMES, PARTS, REGIONS, ROUTES, OWNERS, SEGMENTS, HELD, CAUSES, RULES = _looks()
OTHERS = ("#4b3b8f", "#7a5c00", "#b5651d", "#8c2d04", "#444444")
_OTHER_DASHES = ("-", "--", "-.", ":")
STRUCTURES = {"carve_out": BLUE, "profitable_unit": AMBER, "segments": GREEN, "integrated": GREY}


def look(company: str, others: Sequence[str] = ()) -> tuple[str, Any]:
    """A company's colour and line style; of ``others``, those without their own share no pair."""
    unknown = [name for name in others if name not in COMPANIES]
    place = unknown.index(company) if company in unknown else 0
    other = OTHERS[place % len(OTHERS)], _OTHER_DASHES[place % len(_OTHER_DASHES)]
    return COMPANIES[company][1:] if company in COMPANIES else other


def color(company: str, others: Sequence[str] = ()) -> str:
    """A company's colour, as :func:`look`."""
    return look(company, others)[0]


def structure_color(structure: str, structures: Sequence[str]) -> str:
    """A structure's colour; those without one take theirs by position."""
    others = [s for s in structures if s not in STRUCTURES]
    return STRUCTURES.get(structure) or OTHERS[others.index(structure) % len(OTHERS)]
