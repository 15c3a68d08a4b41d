"""The one door to data/: what is cut, what is refused, what is recorded."""

from __future__ import annotations

import datetime as dt
import re

import pandas as pd
import pytest

from alliance import evidence
from alliance.errors import EvidenceError, NotPublished
from alliance.evidence.checks import check, seal


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
    }


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
    with pytest.raises(NotPublished, match="published on 2022-10-10, after 2022-10-09"):
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
    assert problem.rule == "hash"


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
        lambda t: t.replace("2017-06-14", "", 1),
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


def test_seal_only_after_a_clean_check(data):
    edit(data, "prices/nissan.csv", lambda t: t.replace("423.4", "423.5", 1))
    assert seal(data) == 1
    assert evidence.open("2023-01-17", data).close("nissan").iloc[-1] == 423.5
    edit(data, "prices/nissan.csv", lambda t: t.replace("423.5", "-1", 1))
    with pytest.raises(EvidenceError, match="only when it is clean"):
        seal(data)


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
