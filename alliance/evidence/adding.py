"""A company of one's own: its prices, put into an evidence folder whole or not at all."""

import copy
import csv
import re
import shutil
import tempfile
from pathlib import Path

import pandas as pd

from alliance.errors import EvidenceError, ScenarioError, did_you_mean
from alliance.evidence import calendars
from alliance.evidence.checks import check, write_hashes
from alliance.evidence.descriptor import Package, digest, folder, write
from alliance.places import editable, swap

#: Usual headings of price files, in lower case, and our columns; the empty ones are left out.
HEADINGS = {"date": "date", "close": "close", "volume": "volume"}
HEADINGS |= dict.fromkeys(("adj close", "adj_close", "adjclose", "adjusted close"), "adj_close")
HEADINGS |= dict.fromkeys(("open", "high", "low", "dividends", "stock splits"), "")
NOTHING = ["", "null", "nan", "NaN", "N/A", "-"]
MISSING = 0.05  # of all sessions: more, and the file is of another exchange, or not daily


def add_prices(
    key: str,
    file: Path,
    data: Path | None = None,
    *,
    name: str,
    currency: str,
    exchange: str,
    source: str,
    ticker: str | None = None,
    benchmark: str | None = None,
) -> list[str]:
    """Put a share with its daily prices into an evidence folder, and seal it: what was done, a line
    each. An EvidenceError, or a ScenarioError for a wrong name, leaves the folder as it was.

    The rows of the file may be in any order. A session without a close becomes a row of gaps.csv,
    a volume of zero an empty one. ``benchmark`` is the index of its market, else that of the other
    shares of its exchange.
    """
    package = Package(editable(folder(data)))
    package.verify()
    before, companies = digest(package.root / "datapackage.json"), package.read("companies")
    if not re.fullmatch("[a-z0-9][a-z0-9-]*", key):
        rule = "must be lower-case letters, digits and hyphens"
        raise ScenarioError(f"the key of a company {rule}, received '{key}'")
    if key in set(companies["company"]):
        raise ScenarioError(f"there is a company '{key}' already")
    rates = {n.partition("-")[2][:3].upper() for n in package.resources if n.startswith("rates-")}
    if currency not in (valid := sorted({"EUR", *rates})):
        rule = f"--currency must have rates: {', '.join(valid)}"
        raise ScenarioError(f"{rule}; received '{currency}'")
    if name in set(companies["name"]):
        raise ScenarioError(f"there is a company of the name '{name}' already")
    if exchange not in calendars.known():
        hint = did_you_mean(exchange, set(companies["exchange"]))
        raise ScenarioError(f"no calendar of an exchange '{exchange}'{hint}")
    benchmark = _index(companies, exchange, benchmark)
    frame, missing, said = _prices(file, exchange)
    table, first, last = f"prices-{key}", frame["date"].iloc[0], frame["date"].iloc[-1]
    row = [key, name, ticker or key, exchange, currency, "share", benchmark, first, "event"]
    gaps = [[table, day, "no close in the file", day, "event"] for day in missing]
    about = f"Daily prices of {name} ({ticker or key}), {first} to {last}, sessions of {exchange}."
    entry = _described(package, frame, currency) | {"name": table, "path": f"prices/{key}.csv"}
    entry |= {"title": f"{name}: daily prices", "description": about, "confidence": "medium"}
    link = re.search(r"https?://\S+", source)
    entry["sources"] = [{"title": source, "from": first} | ({"path": link[0]} if link else {})]
    root = package.root
    try:
        with tempfile.TemporaryDirectory(dir=root.parent, prefix=f".{root.name}.") as aside:
            work, old = Path(aside, "new"), Path(aside, "old")
            shutil.copytree(root, work)
            frame.to_csv(work / entry["path"], index=False, lineterminator="\n")
            for path, rows in (("companies.csv", [row]), ("gaps.csv", gaps)):
                with (work / path).open("a", encoding="utf-8", newline="") as out:
                    csv.writer(out, lineterminator="\n").writerows(rows)
            described = copy.deepcopy(package.descriptor)
            described["resources"].append(entry)
            write(work, described)
            if wrong := [str(p) for p in check(work) if p.rule != "hash"]:
                more = [f"and {len(wrong) - 20} more"] * (len(wrong) > 20)
                raise EvidenceError("\n".join([f"{file.name} was not added:", *wrong[:20], *more]))
            write_hashes(Package(work))
            if digest(root / "datapackage.json") != before:
                raise EvidenceError(f"{file.name} was not added: the evidence changed meanwhile")
            swap(work, root, old)
    except OSError as error:
        raise EvidenceError(f"can't write {root}: {error.strerror}") from None
    told = [f"{table}: {len(frame)} sessions from {first} to {last}, beside {benchmark}"]
    told += [f"gaps.csv: {len(gaps)} sessions without a close{_days(missing)}"] if gaps else []
    return [*told, *said, "checked and sealed"]


def _index(companies: pd.DataFrame, exchange: str, benchmark: str | None) -> str:
    """The index of a market: as asked for, else that of its other shares."""
    indices = companies.loc[companies["kind"] != "share", "company"].to_list()
    if benchmark is None:
        there = companies.loc[companies["exchange"] == exchange, "benchmark"].dropna()
        if there.empty:
            rule = f"no share of {exchange} is there, so --benchmark must name its index"
            raise ScenarioError(f"{rule}: one of {', '.join(indices)}")
        return there.iloc[0]
    if benchmark not in indices:
        hint = did_you_mean(benchmark, indices)
        raise ScenarioError(f"the benchmark must be an index, received '{benchmark}'{hint}")
    return benchmark


def _prices(file: Path, exchange: str) -> tuple[pd.DataFrame, list[str], list[str]]:
    """The table that a file becomes, the sessions that it lacks, and what was left out of it."""
    try:
        raw = pd.read_csv(file, dtype="str", encoding="utf-8-sig", keep_default_na=False)
    except (ValueError, OSError) as error:
        raise EvidenceError(f"{file.name} must be CSV in UTF-8; {error}") from None
    ours = {column: HEADINGS.get(column.strip().lower()) for column in raw}
    taken = [name for name in ours.values() if name]
    twice = len(set(taken)) < len(taken) or not isinstance(raw.index, pd.RangeIndex)
    if None in ours.values() or twice or not {"date", "close"} <= set(taken):
        rule = "columns must be Date, Close and perhaps Adj Close, Volume, Open, High, Low"
        raise EvidenceError(f"{file.name}: {rule}, each once; received {', '.join(raw.columns)}")
    raw = raw[[c for c, name in ours.items() if name]].rename(columns=ours)
    raw = raw.apply(lambda column: column.str.strip())
    day = raw["date"].str.extract(r"^(\d{4}-\d\d-\d\d)(?:[ T].*)?$")[0]
    days = pd.to_datetime(day, format="%Y-%m-%d", errors="coerce")
    _refuse(file, raw["date"], days.isna(), "a date must be YYYY-MM-DD")
    _refuse(file, raw["date"], days.duplicated(), "a day must be there once")
    frame = pd.DataFrame({"date": days})
    for column in ("close", "adj_close", "volume"):
        if column in raw:
            text = raw[column].mask(raw[column].isin(NOTHING))
            values = pd.to_numeric(text, errors="coerce")
            low = values < 0 if column == "volume" else values <= 0
            bad = (text.notna() & values.isna()) | low | values.abs().eq(float("inf"))
            _refuse(file, raw[column], bad, f"{column} must be a number above 0")
            frame[column] = values
    early = frame["date"] < calendars.FIRST
    frame = frame[~early].dropna(subset=["close"])
    frame = frame.sort_values("date", ignore_index=True)
    if len(frame) < 2:
        raise EvidenceError(f"{file.name} must have two or more closes since {calendars.FIRST}")
    said = [f"{early.sum()} rows before {calendars.FIRST} left out"] * bool(early.any())
    none = frame["volume"].eq(0) if "volume" in frame else pd.Series(dtype="bool")
    if none.any():
        zeros = frame.loc[none, "date"].dt.strftime("%Y-%m-%d").to_list()
        said += [f"volume: 0 on {len(zeros)} days{_days(zeros)}, left empty"]
    if "volume" in frame:
        frame["volume"] = frame["volume"].mask(none).round().astype("Int64")
    sessions = calendars.sessions(exchange, frame["date"].iloc[0], frame["date"].iloc[-1])
    missing = sessions.difference(frame["date"])
    if len(missing) > MISSING * len(sessions):
        rule = f"{file.name} must have nearly all sessions of {exchange} from its first to its last"
        raise EvidenceError(f"{rule}; {len(missing)} of {len(sessions)} have no close")
    text = frame["date"].dt.strftime("%Y-%m-%d")
    frame = frame.assign(date=text, published=text, published_basis="event")
    return frame, missing.strftime("%Y-%m-%d").to_list(), said


def _refuse(file: Path, column: pd.Series, bad: pd.Series, rule: str) -> None:
    """An EvidenceError if a row is bad (the header is row 1)."""
    if bad.any():
        at = int(bad.to_numpy().argmax())
        raise EvidenceError(f"{file.name}:{at + 2}: {rule}, received '{column.iloc[at]}'")


def _described(package: Package, frame: pd.DataFrame, currency: str) -> dict:
    """The description of another share's prices with the columns of these, hash and size apart."""
    for name, resource in package.resources.items():
        fields = {f["name"]: f for f in resource["schema"]["fields"]}
        if name.startswith("prices-") and set(frame) <= set(fields):
            entry = {k: v for k, v in copy.deepcopy(resource).items() if k not in ("hash", "bytes")}
            entry["schema"]["fields"] = [copy.deepcopy(fields[column]) for column in frame]
            for field in entry["schema"]["fields"]:
                if field["name"] in ("close", "adj_close"):
                    field |= {"unit": f"{currency} a share"}
            return entry
    raise EvidenceError(f"no price table to copy has the columns {', '.join(frame)}")


def _days(days: list[str]) -> str:
    return f" ({', '.join(days[:3])}{', …' if len(days) > 3 else ''})"
