"""Exchange sessions, from the library ``exchange_calendars``."""

import datetime as dt
from functools import cache

import pandas as pd

FIRST, _LAST = "2016-01-04", "2027-06-30"


def known() -> list[str]:
    """Exchanges that have a calendar."""
    import exchange_calendars

    return exchange_calendars.get_calendar_names(include_aliases=False)


def over(mic: str, first: pd.Timestamp, now: pd.Timestamp) -> pd.DatetimeIndex:
    """Sessions of an exchange from ``first`` that have ended by ``now`` (in UTC)."""
    days = sessions(mic, first, max(first, now.tz_convert(None).normalize()))
    return days[(_calendar(mic).closes[days] <= now).to_numpy()]


@cache
def _calendar(mic: str):
    import exchange_calendars

    return exchange_calendars.get_calendar(mic, start=FIRST, end=_LAST)


def sessions(mic: str, first: dt.date | pd.Timestamp, last: dt.date | pd.Timestamp):
    """Sessions of an exchange (ISO 10383 code) from ``first`` to ``last``, as far as known.

    >>> len(sessions("XTKS", "2022-10-07", "2022-10-11"))  # Tokyo was shut on the 10th
    2
    """
    first = max(pd.Timestamp(first), pd.Timestamp(FIRST))
    return _calendar(mic).sessions_in_range(first, min(pd.Timestamp(last), pd.Timestamp(_LAST)))
