"""What can go wrong, as one tree::

    AllianceError             exit code 1
    ├── EvidenceError         data/ is missing, changed or broken
    │   └── NotKnown          the figure was not public on that day
    ├── BuildError            a report could not be built
    └── ScenarioError         exit code 2: a wrong call, scenario or parameter

A message states the rule, then the value received, then the nearest valid name.
"""

import difflib
import functools
from collections.abc import Callable, Iterable, Sized
from typing import Any


class AllianceError(Exception):
    """Base of all errors that the workbook raises on purpose."""

    exit_code = 1


class EvidenceError(AllianceError):
    """Evidence is missing, changed or broken."""


class NotKnown(EvidenceError):
    """Nothing to show on the day asked for, and why: mostly a figure that was not yet public."""


class BuildError(AllianceError):
    """A report could not be built."""


class ScenarioError(AllianceError):
    """A scenario, parameter or call is wrong."""

    exit_code = 2

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the message, no thirty lines of ours above it (see %debug)."""
        return [f"{type(self).__name__}: {self}"]


def need(rows: Sized | None, why: str | None) -> Any:
    """The rows, if there are any; else NotKnown with the reason."""
    if rows is None or not len(rows):
        raise NotKnown(why or "nothing was public")
    return rows


def otherwise(say: Callable[[str], Any]) -> Callable:
    """Turn a function's :class:`NotKnown` into what ``say`` makes of its reason."""

    def decorated(make: Callable) -> Callable:
        @functools.wraps(make)
        def made(*given, **words):
            try:
                return make(*given, **words)
            except NotKnown as error:
                return say(str(error))

        return made

    return decorated


def did_you_mean(received: str, valid: Iterable[str]) -> str:
    """The nearest valid name as a clause, or all valid names where none is near.

    >>> did_you_mean("sinse", ["since", "peers"])
    "; did you mean 'since'?"
    >>> did_you_mean("x", ["since", "peers"])
    '; valid names are peers, since'
    """
    names = sorted(set(valid))
    inner = (name for name in names if name.rpartition(".")[2] == received)
    near = next(inner, None) or nearest(received, names)
    if near:
        return f"; did you mean '{near}'?"
    return f"; valid names are {', '.join(names)}" if names else ""


def nearest(received: str, valid: Iterable[str]) -> str | None:
    """The valid name most like the one received; None where none is near."""
    near = difflib.get_close_matches(received, sorted(valid), n=1, cutoff=0.6)
    return near[0] if near else None
