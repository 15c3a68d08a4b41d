"""Live rows: fetched, compared with what is sealed, and kept in an overlay outside ``data/``.

The overlay is an evidence folder of its own, sealed like any other: the sealed rows with those
fetched below them. Its descriptor says under ``overlay`` what was fetched and when, and of which
sealed evidence; it is used only where it is asked for. The addresses are templates under ``live``
of the sealed descriptor.
"""

import copy
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from shutil import copytree
from urllib.parse import quote

import pandas as pd

from alliance.errors import EvidenceError, ScenarioError, did_you_mean
from alliance.evidence import calendars, fetching
from alliance.evidence.adding import MISSING
from alliance.evidence.checks import check, write_hashes
from alliance.evidence.descriptor import Package, digest, folder, write
from alliance.places import swap

OVERLAP, LEAST = 60, 20  # last sealed rows that are fetched again, and how many must be there
WITHIN = 0.005  # of a level: more, and the series is not the one that is sealed
Rows = dict[str, pd.DataFrame]


def overlay(out: Path, data: Path | None = None) -> Path:
    """The overlay below an output folder; an EvidenceError if there is none of this evidence."""
    root = out / "live" / "data"
    if not (root / "datapackage.json").is_file():
        raise EvidenceError(f"no live rows below {out}: 'alliance refresh' fetches them")
    if Package(root).overlay["sealed"] != digest(folder(data) / "datapackage.json"):
        why = "the evidence is another since live rows were fetched"
        raise EvidenceError(f"{why}: 'alliance refresh' fetches them again")
    return root.resolve()


def refresh(
    out: Path,
    data: Path | None = None,
    only: Iterable[str] = (),
    *,
    prices: str | None = None,
    rates: str | None = None,
    timeout: float = 20,
    now: pd.Timestamp | None = None,
    log: Callable[[str], None] = print,
) -> dict[str, str]:
    """Fetch what came after the last sealed rows of all daily series, or of some, and write the
    overlay; why each series that was refused was, by key.

    ``prices`` and ``rates`` are other templates of addresses, with ``{symbol}`` or ``{currency}``,
    ``{first}`` (a day), ``{start}`` and ``{end}`` (seconds). A refused series has its sealed rows
    alone. A bar on a day that is no session, or of a session not yet over at ``now``, is left out.
    """
    package = Package(folder(data))
    package.verify()
    if package.overlay:
        raise EvidenceError("live rows go on top of sealed evidence, not of other live rows")
    now = now or pd.Timestamp.now("UTC")
    series = {n.partition("-")[2]: n for n in package.resources if n[:6] in ("prices", "rates-")}
    for key in only:
        if key not in series:
            raise ScenarioError(f"no daily series '{key}'{did_you_mean(key, series)}")
    urls = package.descriptor.get("live", {})
    urls = {"prices": prices or urls.get("prices"), "rates": rates or urls.get("rates")}
    for form in filter(None, urls.values()):
        try:
            form.format(symbol="", currency="", first="", start=0, end=0)
        except (LookupError, ValueError) as error:
            rule = "an address may hold {symbol}, {currency}, {first}, {start} and {end}"
            raise ScenarioError(f"{rule}, received {form} ({error})") from None
    wanted, client = {key: series[key] for key in only or series}, fetching.client()
    kept, refused = _kept(out, package, wanted.values()), {}
    for at, (key, name) in enumerate(wanted.items(), 1):
        try:
            made = _extended(package, name, urls, now, partial(fetching.body, client, timeout))
            kept |= {name: made}
            said = f"{len(made) - len(package.raw(name))} new rows, to {made['date'].iloc[-1]}"
        except EvidenceError as error:
            refused[key], said = str(error), f"refused: {error}"
        log(f"{at} of {len(wanted)}  {key}: {said}")
    if not kept:  # without a network, say: the last overlay stays
        return refused
    try:
        return refused | _write(out, package, kept, now)
    except OSError as error:
        raise EvidenceError(f"can't write live rows below {out}: {error.strerror}") from None


def _extended(package: Package, name: str, urls, now: pd.Timestamp, fetch) -> pd.DataFrame:
    """A series as text: its sealed rows, and below them what was fetched."""
    ours, kind = package.read(name).set_index("date"), name.partition("-")[0]
    level = "close" if kind == "prices" else next(c for c in ours if c.endswith("_per_eur"))
    sealed = (ours if kind == "prices" else ours[ours["kind"] == "fix"])[level].dropna()
    sealed = sealed.tail(OVERLAP)
    if sealed.empty or not urls[kind]:
        raise EvidenceError("there are no sealed rows, or no address to fetch it from")
    row, words = None, {"currency": level[:3].upper()}
    if kind == "prices":
        companies = package.read("companies").set_index("company")
        row = companies.loc[name.removeprefix("prices-")]
        words = {"symbol": quote(row["ticker"], safe="")}
    first, day = sealed.index[0], pd.Timedelta(days=1)
    words |= {"first": f"{first:%Y-%m-%d}", "start": int(first.timestamp())}
    text = fetch(urls[kind].format(**words, end=int((now + day).timestamp())))
    found = fetching.fixes(text, level[:3].upper()) if row is None else fetching.chart(text, row)
    _agrees(sealed, found["close"], "level")
    raw, last = package.raw(name), ours.index[-1]
    today = now.tz_convert(None).normalize()
    days = found.index[(found.index > last) & (found.index <= today)]
    new = found.loc[days].rename(columns={"close": level}).assign(kind="fix")
    if kind == "prices":
        over = calendars.over(row["exchange"], last + day, now)
        new = new.reindex(over).dropna(subset=["close"])
        late = over[over > new.index[-1]] if len(new) else over
        if len(over) - len(late) - len(new) > 1 + MISSING * len(over):
            some = f"{len(new)} of {len(over)} sessions since {last.date()}"
            raise EvidenceError(f"it must have nearly all sessions, received {some}")
        if "adj_close" in raw:
            theirs = found["adj_close"].reindex(sealed.index).dropna()
            ratio = theirs / ours["adj_close"].reindex(theirs.index)
            _agrees(ratio * 0 + ratio.median(), ratio, "adjusted close, in proportion,")
            if len(new) and abs(ratio.median() - 1) > 1e-6:  # dividends since: the past is lower
                adjusted = (ours["adj_close"] * ratio.median()).round(6)
                raw["adj_close"] = adjusted.astype("str").mask(adjusted.isna()).to_numpy()
    text = pd.Series(new.index.strftime("%Y-%m-%d"), index=new.index)
    new = new.assign(date=text, published=text, published_basis="event")
    return pd.concat([raw, new[list(raw)].astype("object")], ignore_index=True)


def _agrees(sealed: pd.Series, found: pd.Series, what: str) -> None:
    """Refuse a series that is not the sealed one where both have rows."""
    both = sealed.index.intersection(found.dropna().index)
    if len(both) < min(LEAST, len(sealed)):
        rule = f"{LEAST} of the last {len(sealed)} sealed rows must be in the answer"
        raise EvidenceError(f"{rule}, received {len(both)}")
    apart = found[both] / sealed[both] - 1
    day = apart.abs().idxmax()
    if abs(apart[day]) > WITHIN:
        rule = f"its {what} must be the sealed one within {WITHIN:.1%}"
        split = ", all alike: a split?" if apart.max() - apart.min() < WITHIN else ""
        values = f"received {found[day]:.6g} for {sealed[day]:.6g} on {day.date()}{split}"
        raise EvidenceError(f"{rule}, {values}")


def _kept(out: Path, package: Package, wanted: Iterable[str]) -> Rows:
    """What an overlay of this evidence holds of other series already."""
    try:
        known = Package(overlay(out, package.root))
    except EvidenceError:
        return {}
    kept: Rows = {}
    for name, held in known.overlay["tables"].items():
        if name not in wanted:
            kept[name] = known.raw(name)
            kept[name].attrs["fetched"] = held["fetched"]
    return kept


def _write(out: Path, package: Package, series: Rows, now: pd.Timestamp) -> dict[str, str]:
    """Write the overlay of some series and put it in the last one's place; those that the checks
    refuse, by key, have their sealed rows."""
    root, refused = out / "live" / "data", {}
    root.parent.mkdir(parents=True, exist_ok=True)
    while True:
        with tempfile.TemporaryDirectory(dir=root.parent, prefix=".data.") as aside:
            work = Path(aside, "new")
            copytree(package.root, work)
            _describe(work, package, series, now)
            paths = {package.resources[name]["path"]: name for name in series}
            wrong = [p for p in check(work) if p.rule != "hash"]
            bad = {paths[p.file]: str(p) for p in wrong if p.file in paths}
            if not wrong:
                write_hashes(Package(work))
                swap(work, root, Path(aside, "old"))
                return refused
            if not bad:
                raise EvidenceError(f"the overlay is not clean: {wrong[0]}")
            refused |= {name.partition("-")[2]: why for name, why in bad.items()}
            series = {name: rows for name, rows in series.items() if name not in bad}


def _describe(work: Path, package: Package, series: Rows, now: pd.Timestamp) -> None:
    """Write the rows of some series, sessions that they lack as gaps, and where they are from."""
    whole, held = copy.deepcopy(package.descriptor), {}
    exchanges = package.read("companies").set_index("company")["exchange"]
    gaps = [package.raw("gaps")]
    for resource in whole["resources"]:
        name, last = resource["name"], None
        if name in series and len(new := series[name].iloc[len(package.raw(name)) :]):
            series[name].to_csv(work / resource["path"], index=False, lineterminator="\n")
            first, last = new["date"].iloc[0], new["date"].iloc[-1]
            day = series[name].attrs.get("fetched", f"{now:%Y-%m-%d}")
            held[name] = {"from": first, "to": last, "rows": len(new), "fetched": day}
            title = f"Live rows {first} to {last}, fetched {day}, not sealed"
            resource["sources"].append({"title": title, "from": first})
        if last and name.startswith("prices-"):
            sealed = package.read(name)["date"].iloc[-1] + pd.Timedelta(days=1)
            over = calendars.sessions(exchanges[name.removeprefix("prices-")], sealed, last)
            lacking = over.strftime("%Y-%m-%d").difference(new["date"])
            rows = pd.DataFrame({"table": name, "date": lacking, "reason": "no live bar"})
            gaps.append(rows.assign(published=lacking, published_basis="event"))
    pd.concat(gaps).to_csv(work / "gaps.csv", index=False, lineterminator="\n")
    sealed = digest(package.root / "datapackage.json")
    whole["overlay"] = {"fetched": f"{now:%Y-%m-%d}", "sealed": sealed, "tables": held}
    write(work, whole)
