"""Exchange sessions, from the library ``exchange_calendars``."""

from __future__ import annotations

import datetime as dt
from functools import cache

import pandas as pd

from alliance.errors import EvidenceError

_FIRST, _LAST = "2016-01-04", "2027-06-30"


@cache
def _calendar(mic: str):
    import exchange_calendars

    return exchange_calendars.get_calendar(mic, start=_FIRST, end=_LAST)


def sessions(mic: str, first: dt.date | pd.Timestamp, last: dt.date | pd.Timestamp):
    """Sessions of an exchange (ISO 10383 code) from ``first`` to ``last``, both included.

    Examples
    --------
    >>> len(sessions("XTKS", "2022-10-07", "2022-10-11"))  # Tokyo was shut on the 10th
    2
    """
    first, last = pd.Timestamp(first), pd.Timestamp(last)
    if first < pd.Timestamp(_FIRST) or last > pd.Timestamp(_LAST):
        received = f"{first.date()} to {last.date()}"
        raise EvidenceError(f"sessions are known from {_FIRST} to {_LAST}, received {received}")
    return _calendar(mic).sessions_in_range(first, last)
