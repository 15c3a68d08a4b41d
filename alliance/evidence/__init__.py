"""The only door to ``data/``: every table as it was known on a day.

>>> from alliance import evidence
>>> ev = evidence.open(as_of="2023-01-17")
>>> with ev.reading() as used:
...     close = ev.close("nissan")
>>> float(close.iloc[-1])
423.4
>>> [source["id"] for source in used.sources()]
['prices-nissan']

One rule cuts everything: a row is seen when its ``published`` day is on or before ``as_of``.
Of the rows with one key only the last published is seen: it corrects those before it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from alliance.evidence.descriptor import DATA, Package, touched

if TYPE_CHECKING:
    from alliance.evidence.reader import Evidence, open
    from alliance.evidence.used import Used, made_once

__all__ = ["DATA", "Evidence", "Package", "Used", "made_once", "open", "touched"]


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str):
    """What reads, imported when it is first asked for."""
    if name in ("Evidence", "Used", "made_once", "open"):
        module = "used" if name in ("Used", "made_once") else "reader"
        return getattr(import_module(f"alliance.evidence.{module}"), name)
    raise AttributeError(f"module 'alliance.evidence' has no attribute '{name}'")
