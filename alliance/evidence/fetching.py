"""What is fetched from elsewhere: bodies of addresses, and series in two known forms.

Prices come as a chart of Yahoo's (JSON, version 8), which its own pages and the library yfinance
read; rates as a table of the ECB's data API (CSV). An answer of any other form is refused.

References
----------
https://data.ecb.europa.eu/help/api/data
"""

import io
import json
import logging
import time
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from alliance.errors import EvidenceError

TRIES, MOST = 3, 20_000_000  # tries of an address, and bytes of its answer
AGENT = "Mozilla/5.0 (compatible; alliance-workbook)"


def client() -> Any:
    """A session that tries again, and takes proxies from the environment."""
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    logging.getLogger("urllib3").setLevel(logging.ERROR)  # each try again is no news
    client = requests.Session()
    client.headers["User-Agent"] = AGENT
    again = Retry(
        TRIES - 1, backoff_factor=0.3, status_forcelist=(429, 500, 502, 503, 504),
        raise_on_status=False,
    )  # fmt: skip
    for scheme in ("http://", "https://"):
        client.mount(scheme, HTTPAdapter(max_retries=again))
    return client


def body(client: Any, timeout: float, url: str) -> str:
    """The body at an address, whole; an EvidenceError in a few words if it can't be had."""
    import requests

    found, end = bytearray(), time.monotonic() + 5 * timeout
    try:
        with client.get(url, timeout=timeout, stream=True) as answer:
            answer.raise_for_status()
            for chunk in answer.iter_content(64):  # small: a trickle does not stop the clock
                found += chunk
                if time.monotonic() > end or len(found) > MOST:
                    raise EvidenceError(f"its answer is too slow or too long ({len(found)} bytes)")
        return found.decode("utf-8")
    except requests.HTTPError as error:
        raise EvidenceError(f"status {error.response.status_code}") from None
    except (requests.RequestException, UnicodeDecodeError) as error:
        host, kind = urlsplit(url).netloc, type(error).__name__
        slow = isinstance(error, requests.Timeout) or "timed out" in str(error)
        why = f"no answer within {timeout:g} s" if slow else f"no whole answer ({kind})"
        raise EvidenceError(f"{why} from {host}") from None


def chart(text: str, where: pd.Series) -> pd.DataFrame:
    """``close``, ``adj_close`` and ``volume`` by day, from a chart of Yahoo's."""
    try:
        found = json.loads(text)["chart"]["result"][0]
        meta, parts = found["meta"], found["indicators"]
        seconds = pd.Series(found["timestamp"], dtype="int64") + int(meta["gmtoffset"])
        columns = {"close": parts["quote"][0]["close"], "volume": parts["quote"][0].get("volume")}
        columns["adj_close"] = parts.get("adjclose", [{}])[0].get("adjclose", columns["close"])
        days = pd.DatetimeIndex(pd.to_datetime(seconds, unit="s")).normalize()
        frame = pd.DataFrame(columns, index=days).astype("float64")
    except (ValueError, KeyError, IndexError, TypeError) as error:
        why = f"{type(error).__name__}: {str(error)[:60]}"
        raise EvidenceError(f"its answer is no chart of daily closes ({why})") from None
    if where["kind"] == "share" and meta.get("currency") != where["currency"]:
        rule = f"it must be quoted in {where['currency']}"
        raise EvidenceError(f"{rule}, received {meta.get('currency')}")
    frame["volume"] = frame["volume"].where(frame["volume"] > 0).round().astype("Int64")
    frame = frame[frame["close"] > 0]
    return frame[~frame.index.duplicated(keep="last")].sort_index()


def fixes(text: str, currency: str) -> pd.DataFrame:
    """The rate by day as ``close``, from a table of the ECB's."""
    try:
        if not text.endswith("\n"):
            raise ValueError("its last line is cut")
        raw = pd.read_csv(io.StringIO(text), dtype="str")
        if set(raw["CURRENCY"]) != {currency} or set(raw["CURRENCY_DENOM"]) != {"EUR"}:
            raise ValueError(f"it is not {currency} for one euro")
        days = pd.DatetimeIndex(pd.to_datetime(raw["TIME_PERIOD"], format="%Y-%m-%d"))
        frame = pd.DataFrame({"close": raw["OBS_VALUE"].astype("float64").to_numpy()}, index=days)
    except (ValueError, KeyError) as error:
        why = f"{type(error).__name__}: {str(error)[:60]}"
        raise EvidenceError(f"its answer is no table of reference rates ({why})") from None
    return frame[frame["close"] > 0].sort_index()
