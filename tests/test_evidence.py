"""The one door to data/: what is cut, what is refused, what is recorded."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from urllib.parse import quote

import pandas as pd
import pytest
from click.testing import CliRunner

from alliance import evidence, report, scenario
from alliance.cli import cli
from alliance.errors import EvidenceError, NotKnown, ScenarioError
from alliance.evidence import DATA, Package
from alliance.evidence.checks import check, seal
from tests.conftest import ROOT

pytestmark = pytest.mark.usefixtures("told_once")


def edit(folder, path, change):
    file = folder / path
    text = file.read_text(encoding="utf-8")
    new = change(text)
    assert new != text
    file.write_text(new, encoding="utf-8", newline="\n")


def test_the_shipped_evidence_is_clean():
    assert check() == []


@pytest.mark.parametrize("day", ["2017-01-03", "2022-10-10", "2023-01-17", "2026-06-30"])
def test_every_table_is_cut_at_the_day(day):
    ev = evidence.open(day)
    for name in ev.package.resources:
        frame = ev.table(name)
        assert (frame["published"] <= pd.Timestamp(day)).all(), name
        assert frame["published_basis"].notna().all(), name


@pytest.mark.parametrize("day", ["2023-13-01", "tomorrow", "2023", "", None, 5])
def test_what_is_no_day_is_refused(day):
    with pytest.raises(ScenarioError, match="as_of must be a day as YYYY-MM-DD, received"):
        evidence.open(day)
    assert evidence.open(pd.Timestamp("2023-01-17")).as_of == dt.date(2023, 1, 17)


def test_closes_are_those_of_the_tape():
    close = evidence.open("2026-06-30").close("nissan")
    known = {
        "2018-01-04": 1134.0,
        "2018-11-19": 1005.5,
        "2020-04-03": 315.5,
        "2022-10-07": 471.0,
        "2023-01-17": 423.4,
        "2023-12-12": 568.5,
        "2026-06-26": 300.0,
    }
    assert {day: close[day] for day in known} == pytest.approx(known, abs=1e-9)
    assert pd.Timestamp("2022-10-10") not in close.index


def test_holdings_in_force():
    held = evidence.open("2026-06-30").holding("renault", "nissan")
    assert held["2017-03-31"] == 1_831_837_027
    assert held["2023-11-08"] == 1_831_837_027  # moved to the trust, not sold
    assert held.iloc[-1] == 1_326_231_327
    issued = evidence.open("2026-06-30").shares("nissan")
    stakes = [
        (held[:day].iloc[-1] / issued[:day].iloc[-1])
        for day in ("2023-12-15", "2024-04-03", "2024-10-03")
    ]
    assert [round(100 * s, 2) for s in stakes] == [40.42, 38.92, 35.71]
    assert evidence.open("2023-01-17").holding("renault", "nissan").to_list() == [1_831_837_027]


@pytest.mark.parametrize(
    "maker, day, found",
    [
        ("renault", "2022-07-28", {"net_cash": -1622e6, "free_cash_flow": 1272e6}),
        (
            "renault",
            "2023-02-16",
            {"net_cash": 549e6, "net_cash_half": -426e6, "free_cash_flow": 2119e6},
        ),
        ("gm", "2023-01-30", {"free_cash_flow": 2564e6}),
        ("gm", "2023-01-31", {"free_cash_flow": 10500e6}),
    ],
)
def test_accounts_are_seen_on_the_day_of_their_first_print(maker, day, found):
    rows = evidence.open(day).rows("fundamentals", maker=maker).sort_values("year")
    assert rows.groupby("metric")["value"].last().to_dict() == found


def test_a_correction_replaces_the_row_it_names():
    before = evidence.open("2024-06-29").world_market.set_index("fiscal_year")
    after = evidence.open("2024-06-30").world_market.set_index("fiscal_year")
    assert before.at["FY2022", "units"] == 80_510_000
    assert after.at["FY2022", "units"] == 77_850_000


def test_reading_records_only_what_was_read_inside():
    ev = evidence.open("2023-01-17")
    ev.close("toyota")
    with ev.reading() as outer:
        ev.close("nissan")
        with ev.reading() as inner:
            ev.fact("article-1-more-than-halved")
    ev.close("honda")
    assert [(s["kind"], s["id"]) for s in outer.sources()] == [
        ("fact", "article-1-more-than-halved"),
        ("table", "prices-nissan"),
    ]
    assert [s["id"] for s in inner.sources()] == ["article-1-more-than-halved"]
    assert outer.sources()[1] == {
        "kind": "table",
        "id": "prices-nissan",
        "as_of": "2023-01-17",
        "published": "2023-01-17",
        "from": "2016-01-04",
        "to": "2023-01-17",
    }


def test_reading_records_rows_and_days():
    """Rows of a table by their key, all that were read in the block; days of a series."""
    ev = evidence.open("2026-06-30")
    with ev.reading() as one:
        ev.shares("nissan")
    with ev.reading() as other:
        ev.shares("renault")
        ev.close("nissan")
    (rows,) = (s["rows"] for s in one.sources())
    assert rows == [f"nissan/issued/{day}" for day in
                    ("2017-03-31", "2023-12-15", "2024-04-03", "2024-10-03")]  # fmt: skip
    with ev.reading() as outer, ev.reading() as inner:
        inner.add([*one.entries.values(), *other.entries.values()])
    both = {s["id"]: s for s in outer.sources()}
    assert both["shares"]["rows"] == sorted([*rows, "renault/issued/2020-12-31",
                                             "renault/issued/2025-09-30"])  # fmt: skip
    outer.within("2018-01-04", "2020-01-06")
    cut = {s["id"]: s for s in outer.sources()}
    assert (cut["prices-nissan"]["from"], cut["prices-nissan"]["to"]) == (
        "2018-01-04",
        "2020-01-06",
    )
    assert cut["shares"] == both["shares"]


def test_what_is_made_once_counts_each_time_and_what_is_read_aside_never():
    ev, made = evidence.open("2023-01-17"), []

    def make():
        made.append(1)
        with ev.reading() as used:
            ev.close("nissan")
            used.within("2022-01-04")
        return len(made)

    for _ in range(2):
        with ev.reading() as used:
            assert ev.once("it", make) == 1
            with ev.aside():
                ev.close("topix")
        assert [(s["id"], s["from"]) for s in used.sources()] == [("prices-nissan", "2022-01-04")]


def test_what_lasts_is_kept_for_the_same_tables_and_day_alone(data, reseal):
    """Opened again it is there, and counted; sealed anew, on another day or elsewhere it is not."""
    made = []

    def lasting(day, folder):
        ev = evidence.open(day, folder)
        with ev.reading() as used:
            ev.lasting("it", lambda: made.append(float(ev.close("nissan").iloc[-1])))
        (source,) = used.sources()
        assert source["id"] == "prices-nissan" and source["to"] <= day
        return len(made)

    assert [lasting("2023-01-17", data) for _ in range(2)] == [1, 1]
    assert lasting("2023-01-16", data) == 2
    edit(data, "prices/nissan.csv", lambda text: text.replace(",423.4,", ",424.4,", 1))
    with pytest.raises(EvidenceError, match="as sealed"):
        lasting("2023-01-17", data)
    reseal(data)
    assert lasting("2023-01-17", data) == 3
    assert made[::2] == [423.4, 424.4]
    assert lasting("2023-01-17", DATA) == 4


def test_chosen_rows_alone_are_counted():
    ev = evidence.open("2026-06-30")
    with ev.reading() as used:
        rows = ev.rows("shares", lambda f: f["date"] > "2024-01-01", company="nissan")
        last = ev.last("shares", "date", company="nissan", item="issued")
        assert ev.last("shares", "date", company="nobody") is None
    assert len(rows) == 2 and last["shares"] == ev.shares("nissan").iloc[-1]
    (entry,) = used.sources()
    assert entry["rows"] == [f"nissan/issued/{day:%Y-%m-%d}" for day in sorted(rows["date"])]
    assert set(ev.sources(used)["document"]) == set(rows["document"])


def test_reading_holds_when_the_frame_is_cached():
    ev = evidence.open("2023-01-17")
    ev.close("nissan")
    with ev.reading() as used:
        ev.close("nissan")
    assert [s["id"] for s in used.sources()] == ["prices-nissan"]


def test_frames_are_copies():
    ev = evidence.open("2023-01-17")
    frame = ev.holdings
    frame["shares"] = 0
    assert (ev.holdings["shares"] > 0).all()


def test_sources_name_documents_and_archives():
    ev = evidence.open("2023-01-17")
    with ev.reading() as used:
        ev.close("nissan")
        ev.holding("renault", "nissan")
    frame = ev.sources(used)
    assert set(frame["table"]) == {"prices-nissan", "holdings"}
    assert frame["title"].notna().all() and frame["published"].notna().all()
    assert set(frame["origin"]) == {"sourced", "derived"}
    assert not frame["title"].str.contains("2024-12-25").any(), "an archive from after as_of"


def test_every_link_is_an_address():
    read_at = evidence.open("2026-06-30").documents["read_at"].dropna()
    assert read_at.str.match(r"https?://[^ ]+$").all()


def test_a_fact_before_its_day():
    with pytest.raises(NotKnown, match="published on 2022-10-10, after 2022-10-09"):
        evidence.open("2022-10-09").fact("article-1-more-than-halved")


@pytest.mark.parametrize(
    "call, near",
    [
        (lambda ev: ev.close("nisan"), "did you mean 'nissan'"),
        (lambda ev: ev.rate("jpy_per_euro"), "did you mean 'jpy_per_eur'"),
        (lambda ev: ev.fact("article-1-more-than-halfed"), "did you mean 'article-1-more-than-h"),
        (lambda ev: ev.table("holding"), "did you mean 'holdings'"),
    ],
)
def test_unknown_names_get_the_nearest(call, near):
    with pytest.raises(EvidenceError, match=re.escape(near)):
        call(evidence.open("2023-01-17"))


def test_unknown_attribute_gets_the_nearest():
    with pytest.raises(AttributeError, match="did you mean 'holdings'"):
        _ = evidence.open("2023-01-17").holdingz


def test_a_changed_byte_is_refused(data):
    edit(data, "prices/nissan.csv", lambda t: t.replace("423.4", "423.5", 1))
    with pytest.raises(EvidenceError, match=r"prices/nissan\.csv has changed.*alliance check"):
        evidence.open("2023-01-17", data)
    (problem, *_) = [p for p in check(data) if p.file == "prices/nissan.csv"]
    assert problem.rule == "hash" and "--seal" in problem.message


def test_a_missing_file_is_refused(data):
    (data / "events.csv").unlink()
    with pytest.raises(EvidenceError, match=r"events\.csv is missing"):
        evidence.open("2023-01-17", data)
    assert any(p.file == "events.csv" for p in check(data))


def second_price_row(text, change):
    lines = text.split("\n")
    lines[5] = change(lines[5])
    return "\n".join(lines)


BREAKS = {
    "a missing column": ("prices/toyota.csv", lambda t: t.replace("volume", "vol", 1), "columns"),
    "a duplicated date": (
        "prices/honda.csv",
        lambda t: second_price_row(t, lambda line: line + "\n" + line),
        "unique",
    ),
    "a price of zero": (
        "prices/nissan.csv",
        lambda t: second_price_row(t, lambda line: re.sub(r"^([^,]+),[^,]+", r"\1,0", line)),
        "above 0",
    ),
    "a word for a number": (
        "prices/renault.csv",
        lambda t: second_price_row(t, lambda line: re.sub(r"^([^,]+),[^,]+", r"\1,high", line)),
        "number",
    ),
    "an empty required cell": (
        "holdings.csv",
        lambda t: t.replace("2017-06-29", "", 1),
        "required",
    ),
}


@pytest.mark.parametrize("what", BREAKS)
def test_broken_evidence_is_refused_by_name(data, reseal, what):
    path, change, rule = BREAKS[what]
    edit(data, path, change)
    reseal(data)
    ev = evidence.open("2023-01-17", data)
    name = next(n for n, r in ev.package.resources.items() if r["path"] == path)
    with pytest.raises(EvidenceError, match=f"{re.escape(path)}.*{rule}"):
        ev.table(name)
    assert any(p.file == path for p in check(data)), "check must find it too"


def test_check_reports_everything_at_once(data):
    for path, change, _ in BREAKS.values():
        edit(data, path, change)
    edit(data, "tranches.csv", lambda t: t.replace("764000000", "764000001"))  # no rule: a value
    edit(data, "tranches.csv", lambda t: t.replace("0.4042", "0.4142"))
    edit(data, "shares.csv", lambda t: t.replace("4220715112", "1220715112"))
    edit(data, "sales.csv", lambda t: t.replace("5626000", "5726000"))
    edit(data, "events.csv", lambda t: t.replace(",article-2,", ",no-such-document,"))
    edit(data, "prices/topix.csv", lambda t: re.sub(r"2016-01-08,[^\n]+\n", "", t))
    (data / "stray.csv").write_text("x\n", encoding="utf-8")
    problems = check(data)
    told = {(p.file, p.rule) for p in problems}
    for wanted in [
        ("tranches.csv", "tranche"),
        ("holdings.csv", "shares"),
        ("sales.csv", "total"),
        ("events.csv", "foreign-key"),
        ("prices/topix.csv", "sessions"),
        ("stray.csv", "listed"),
        ("prices/honda.csv", "primary-key"),
        ("prices/nissan.csv", "constraint-error"),
        ("prices/renault.csv", "type-error"),
    ]:
        assert wanted in told, f"{wanted} is not among {sorted(told)}"
    assert {p.file for p in problems} >= {path for path, _, _ in BREAKS.values()}
    zero = next(
        p for p in problems if (p.file, p.rule) == ("prices/nissan.csv", "constraint-error")
    )
    assert zero.row == 6 and "close" in zero.message
    assert str(zero).startswith("prices/nissan.csv:6: ")


@pytest.fixture
def few(data):
    """A copy with few price tables: a check of it is quick."""
    path = data / "datapackage.json"
    whole = json.loads(path.read_text(encoding="utf-8"))
    kept = {f"prices/{name}.csv" for name in ("nissan", "honda", "topix")}
    for resource in [*whole["resources"]]:
        if resource["path"].startswith("prices/") and resource["path"] not in kept:
            whole["resources"].remove(resource)
            (data / resource["path"]).unlink()
    path.write_text(json.dumps(whole), encoding="utf-8")
    return data


def cells(path, change):
    """A corruption: a table as text, changed as a frame, written back."""

    def corrupt(folder):
        file = folder / path
        frame = pd.read_csv(file, dtype=str, keep_default_na=False)
        file.write_bytes(change(frame).to_csv(index=False, lineterminator="\n").encode())

    return path, corrupt


def put(column, value, pick):
    """A change of a frame: one column of the rows that ``pick`` marks, by a value or function."""

    def change(frame):
        rows = pick(frame)
        old = frame.loc[rows, column]
        frame.loc[rows, column] = old.map(value) if callable(value) else value
        return frame

    return change


def raw(path, change):
    def corrupt(folder):
        (folder / path).write_bytes(change((folder / path).read_bytes()))

    return path, corrupt


def times(factor):
    return lambda text: text and repr(float(text) * factor)


def swapped(frame):
    return frame.rename(columns={"close": "adj_close", "adj_close": "close"})[list(frame)]


def twice(frame):
    again = frame[frame["fact"] == "voting-cap"].assign(published="2024-01-31")
    return pd.concat([frame, again])


def where(column, value):
    return lambda frame: frame[column] == value


#: What a seal must not accept: the corruption, its rule, and the row where there is one.
UNSOUND = {
    "all closes from a day on, times 100": (
        cells("prices/nissan.csv", put("close", times(100), lambda f: f["date"] >= "2022-01-04")),
        "move",
        "2022-01-04",
    ),
    "all closes of an index from a day on": (
        cells("prices/topix.csv", put("close", times(100), lambda f: f["date"] >= "2022-01-04")),
        "move",
        "2022-01-04",
    ),
    "one close, times 100": (
        cells("prices/nissan.csv", put("close", times(100), where("date", "2022-06-01"))),
        "move",
        "2022-06-01",
    ),
    "close and adjusted close swapped": (cells("prices/nissan.csv", swapped), "adjusted", ""),
    "a holding in thousands": (
        cells("holdings.csv", put("shares", "1831837", where("shares", "1831837027"))),
        "scale",
        "2023-11-08",
    ),
    "a part of a split holding": (
        cells("holdings.csv", put("shares", "633107268", where("shares", "633107267"))),
        "shares",
        "2023-11-08",
    ),
    "issued shares in thousands": (
        cells("shares.csv", put("shares", "4220715", where("shares", "4220715112"))),
        "scale",
        "2023-12-15",
    ),
    "a sale's cash, times 10": (
        cells("tranches.csv", put("proceeds_eur", "7640000000", where("tranche", "1"))),
        "tranche",
        "211000000",
    ),
    "a sale a year early": (
        cells("tranches.csv", put("published", "2022-12-15", where("tranche", "1"))),
        "published",
        "211000000",
    ),
    "a book value public on its own day": (
        cells("book-values.csv", put("published", "2018-03-31", where("date", "2018-03-31"))),
        "document",
        "1377.05",
    ),
    "a row older than its document, without a word": (
        cells("fundamentals.csv", put("note", "Rounded", where("year", "2021"))),
        "document",
        "ford,2021",
    ),
    "a row older than the first print that it names": (
        cells("fundamentals.csv", put("published", "2023-01-30", where("published", "2023-01-31"))),
        "document",
        "gm,2022",
    ),
    "a first print by a rule, on another day": (
        cells(
            "fundamentals.csv", put("published_basis", "filing", where("published", "2022-03-16"))
        ),
        "document",
        "ford",
    ),
    "a correction older than its document": (
        cells("legs.csv", put("published", "2023-07-01", where("published", "2023-07-26"))),
        "document",
        "nissan",
    ),
    "a quarter public at its end": (
        cells("statements.csv", put("published", "2022-10-01", where("published", "2022-11-09"))),
        "published",
        "2022-10-01",
    ),
    "sales public before the year ends": (
        cells("sales.csv", put("published", "2016-05-14", where("fiscal_year", "FY2016"))),
        "published",
        "FY2016",
    ),
    "a loss as a profit": (
        cells(
            "statements.csv",
            put("net_profit", "448697000000", where("net_profit", "-448697000000")),
        ),
        "earnings",
        "448697000000",
    ),
    "an address that is none": (
        cells("documents.csv", put("read_at", "n/a", where("document", "article-1"))),
        "constraint-error",
        "article-1",
    ),
    "a row twice, on two days": (cells("facts.csv", twice), "correction", "2024-01-31"),
    "a day far ahead": (
        raw("prices/topix.csv", lambda b: b + b"2031-01-06,1,2031-01-06,event\n"),
        "sessions",
        None,
    ),
    "a byte order mark": (raw("shares.csv", lambda b: b"\xef\xbb\xbf" + b), "text", None),
    "lines that end otherwise": (
        raw("prices/topix.csv", lambda b: b.replace(b"\n", b"\r\n")),
        "text",
        "",
    ),
    "another encoding": (
        raw("documents.csv", lambda b: b.replace(b"Reuters", b"Re\xfcters", 1)),
        "readable",
        None,
    ),
    "an empty file": (raw("holdings.csv", lambda b: b""), "readable", None),
    "a missing column": (
        raw("prices/honda.csv", lambda b: b.replace(b",volume", b"", 1)),
        "readable",
        None,
    ),
    "a row too long": (raw("gaps.csv", lambda b: b + b"a,b,c,d,e,f,g\n"), "readable", None),
}
UNSOUND["the yen rate inverted"] = (
    cells(
        "rates/jpy-per-eur.csv",
        put("jpy_per_eur", lambda v: repr(1 / float(v)), lambda f: f["date"] > "2000"),
    ),
    "constraint-error",
    "",
)


@pytest.mark.parametrize("what", UNSOUND)
def test_check_finds_what_a_seal_must_not_accept(few, what):
    (path, corrupt), rule, row = UNSOUND[what]
    corrupt(few)
    problems = [p for p in check(few) if p.rule != "hash"]
    assert (path, rule) in {(p.file, p.rule) for p in problems}, problems[:5]
    if rule == "readable":
        assert len([p for p in problems if p.file == path]) == 1
    if row is not None:
        lines = (few / path).read_text(encoding="utf-8").splitlines()
        (first, *_) = [p.row for p in problems if (p.file, p.rule) == (path, rule)]
        assert row in lines[first - 1], first


def described(change):
    """A corruption of the descriptor."""

    def corrupt(folder):
        path = folder / "datapackage.json"
        whole = json.loads(path.read_text(encoding="utf-8"))
        change(whole)
        path.write_text(json.dumps(whole), encoding="utf-8")

    return corrupt


def bare(folder):
    """A table added without hash, and without all that the others say of themselves."""
    shutil.copyfile(folder / "prices/honda.csv", folder / "prices/mazda.csv")
    row = "mazda,Mazda,7261.T,XTKS,JPY,share,topix,2016-01-04,stated\n"
    edit(folder, "companies.csv", lambda t: t + row)

    def add(whole):
        honda = next(r for r in whole["resources"] if r["name"] == "prices-honda")
        keep = {key: honda[key] for key in ("type", "format", "schema", "sources")}
        whole["resources"].append(keep | {"name": "prices-mazda", "path": "prices/mazda.csv"})

    described(add)(folder)


FLAWED = {
    "no hash": (described(lambda w: w["resources"][0].pop("hash")), "hash"),
    "no schema": (described(lambda w: w["resources"][0].pop("schema")), "schema"),
    "no name": (described(lambda w: w["resources"][0].pop("name")), "a name of its own"),
    "a text for a schema": (
        described(lambda w: w["resources"][0].update(schema="x.json")),
        "and a schema",
    ),
    "a text for a table": (described(lambda w: w["resources"].append("x")), "a name of its own"),
    "no resources": (described(lambda w: w.pop("resources")), "list of resources"),
    "no JSON": (raw("datapackage.json", lambda b: b[:-9])[1], "not valid JSON"),
    "no descriptor": (lambda folder: (folder / "datapackage.json").unlink(), "is missing"),
    "a missing file": (lambda folder: (folder / "shares.csv").unlink(), "shares.csv is missing"),
    "another encoding": (UNSOUND["another encoding"][0][1], "documents.csv"),
    "an added table": (bare, "prices/mazda.csv"),
}


@pytest.mark.parametrize("what", FLAWED)
def test_no_folder_stops_check_or_report_with_a_traceback(few, tmp_path, what):
    corrupt, message = FLAWED[what]
    corrupt(few)
    run = CliRunner().invoke(cli, ["check", "--data", str(few)])
    assert run.exit_code == 1 and isinstance(run.exception, SystemExit), run.exception
    assert message in run.output
    with pytest.raises(EvidenceError, match=re.escape(message)):
        report.build(report.Target("base", scenario.Scenario(), ""), tmp_path / "build", data=few)


def test_an_added_table_needs_no_more_than_a_seal(few):
    bare(few)
    assert seal(few) == 2
    assert evidence.open("2023-01-17", few).close("mazda").iloc[-1] > 0


def test_published_before_the_day_it_speaks_of(data):
    edit(data, "shares.csv", lambda t: t.replace("2025-10-16", "2025-09-01"))
    assert any(p.rule == "published" and p.row == 9 for p in check(data))


def test_days_must_run_forward(data):
    def swap(text):
        lines = text.split("\n")
        lines[10], lines[11] = lines[11], lines[10]
        return "\n".join(lines)

    edit(data, "rates/jpy-per-eur.csv", swap)
    assert any(p.rule == "monotone" and p.row == 12 for p in check(data))


def test_seal_only_after_a_clean_check(few):
    edit(few, "prices/topix.csv", lambda t: t.replace("1902.89", "1902.99", 1))
    assert seal(few) == 1
    assert evidence.open("2023-01-17", few).close("topix").iloc[-1] == 1902.99
    edit(few, "prices/topix.csv", lambda t: t.replace("1902.99", "-1", 1))
    with pytest.raises(EvidenceError, match="only when it is clean"):
        seal(few)


def test_no_descriptor(tmp_path):
    with pytest.raises(EvidenceError, match=r"datapackage\.json"):
        evidence.open("2023-01-17", tmp_path)


def test_any_row_of_any_table_names_its_document():
    ev = evidence.open(dt.date(2026, 12, 31))
    known = set(ev.documents["document"])
    for name in ev.package.resources:
        frame = ev.table(name)
        if name != "documents" and "document" in frame:
            assert set(frame["document"]) <= known, name


# --- the descriptor's own words -----------------------------------------------------------------


def test_the_descriptor_says_whose_it_is_and_where_it_came_from():
    """Data Package v2 in full: licences by name and address, sources to the file and revision."""
    package = Package(DATA)
    described = package.descriptor
    for key in ("title", "description", "version", "created", "keywords", "contributors"):
        assert described[key], key
    ids = {"CC-BY-4.0", "other-closed", "other-open"}
    whole = {one["name"] for one in described["licenses"]}
    assert whole == ids
    for name, resource in package.resources.items():
        given = resource["licenses"]
        assert given and all({"name", "title", "path"} <= set(one) for one in given), name
        assert {one["name"] for one in given} <= whole
        priced = name.startswith("prices-") or name == "dividends"
        assert (given[0]["name"] == "other-closed") == priced, name
        for source in resource["sources"]:
            if "commit" in source["title"]:
                file = source["title"].rpartition(": ")[2].partition(" at commit ")[0]
                assert source["path"].endswith(f"/blob/{source['version']}/{quote(file)}"), name
                assert source["version"] in source["title"]
            else:
                assert "/blob/" not in source.get("path", ""), name
            assert not priced or source["vendor"], name
            assert source.get("path", "https://").startswith("https://"), name  # pages link to it
    levels = package.resources["rates-jpy-per-eur"]
    first = package.read("rates-jpy-per-eur").query("kind == 'vendor'")["date"].min()
    (stretch,) = (one["title"] for one in levels["licenses"] if one["name"] == "other-closed")
    assert stretch.startswith(f"From {first:%Y-%m-%d}")


def test_a_document_of_a_company_has_its_own_address_beside_the_copys():
    listed = Package(DATA).read("documents")
    own = listed[listed["issuer"].isin(["Nissan", "Renault", "Ford", "GM", "Volkswagen"])]
    assert len(own) > 70 and own["original"].str.startswith("https://").all()
    press = listed[listed["issuer"] == "Reuters"]  # an agency: mostly read in others' papers
    at_home = press["read_at"].str.startswith("https://www.reuters.com/")
    assert at_home.sum() == 3 and press["original"].equals(press["read_at"].where(at_home))
    kept = {"CnEVPost": "cnevpost.com", "Autocar": "autocar.co.uk", "AFP": "", "dpa-AFX": ""}
    for issuer, site in kept.items():  # a paper's own page is its original; an agency's is unknown
        theirs = listed[listed["issuer"] == issuer]
        same = theirs["original"].eq(theirs["read_at"]) & theirs["read_at"].str.contains(site)
        assert same.all() if site else theirs["original"].isna().all(), issuer


def test_terms_agree_in_licence_readme_and_descriptor():
    for path in (ROOT / "LICENSE", ROOT / "README.md", DATA / "README.md"):
        text = " ".join(path.read_text(encoding="utf-8").split())
        assert "CC BY 4.0" in text and "data" in text and "vendors" in text, path
        assert "prices" in text.lower() and "index levels" in text, path


def test_a_document_read_after_the_day_says_for_which_print_it_stands():
    """Net cash of 2021, printed in March 2022, was read in slides of a day after the base's."""
    for day, marked in (("2023-01-17", True), ("2023-02-03", False)):
        ev = evidence.open(day)
        with ev.reading() as used:
            ev.rows("fundamentals", maker="ford", year=2021)
        titles = list(ev.sources(used)["title"])
        assert any("(for what was first printed by 2022-03-16)" in t for t in titles) == marked
