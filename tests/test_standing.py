"""Standing at a date: the future changes nothing, and results name exactly what they used."""

from __future__ import annotations

import csv
import shutil

import numpy as np
import pandas as pd
import pytest

from alliance import answers, evidence, scenario
from alliance.evidence import DATA, Package
from alliance.evidence.checks import write_hashes

S = scenario.Scenario().replace({"selldown": {"paths": 256}})


def numbers(folder, s=S):
    """All results of all chapters by id: values, and the entries."""
    ev = evidence.open(s.as_of, folder)
    found = [answer(s, ev) for answer in answers.CHAPTERS.values()]
    results = {key: r for a in found for key, r in a.results.items()}
    return {key: r.value for key, r in results.items()}, Both(found, results)


class Both:
    """Answers of all chapters as one."""

    def __init__(self, found, results):
        self.results = results
        self.frames = {f"{a.chapter}/{n}": a.frame(n) for a in found for n in a.frames}


def numeric_fields(resource):
    kinds = {f["name"]: f["type"] for f in resource["schema"]["fields"]}
    keys = set(resource["schema"]["primaryKey"])
    return {n: k for n, k in kinds.items() if k in ("number", "integer") and n not in keys}


def corrupt(folder, resource, change):
    """Rewrite every number of a table by ``change(row, name, value, index)``."""
    path = folder / resource["path"]
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    fields = numeric_fields(resource)
    for index, row in enumerate(rows):
        for name, kind in fields.items():
            if row[name] != "":
                value = change(row, name, float(row[name]), index)
                row[name] = repr(float(value)) if kind == "number" else str(round(value))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """Evidence with every number corrupted after, and before, the base day."""
    day, out = str(S.as_of), {}
    for which in ("after", "before"):
        folder = tmp_path_factory.mktemp(which) / "data"
        shutil.copytree(DATA, folder)
        package = Package(folder)
        rng = np.random.default_rng(5)
        for resource in package.resources.values():

            def change(row, name, value, index, which=which, rng=rng):
                hit = (row["published"] > day) == (which == "after")
                return value * rng.uniform(0.3, 0.9) if hit else value

            corrupt(folder, resource, change)
        write_hashes(package)
        out[which] = folder
    return out


def test_the_future_changes_nothing(copies):
    clean, a = numbers(DATA)
    spoiled, b = numbers(copies["after"])
    assert spoiled == clean
    for name in a.frames:
        pd.testing.assert_frame_equal(a.frames[name], b.frames[name])


def test_the_past_changes_nearly_everything(copies):
    clean, _ = numbers(DATA)
    spoiled, _ = numbers(copies["before"])
    same = {key for key in clean if spoiled.get(key) == clean[key]}
    whole = {  # counts, certainties and what is empty have nowhere to move
        key
        for key, value in clean.items()
        if value in (0.0, 1.0, None) or key.startswith("decline.events_")
    }
    by_design = {  # the plan's own target fixes them, whatever the holding
        "ownership.votes.mirror",
        "selldown.block.stake_end_mean",
        "selldown.dribble.stake_end_mean",
        "selldown.exchangeable.years_to_complete_median",
    }
    assert same <= whole | by_design, same - whole - by_design


def shift_days(folder, resource, column="date", days=-21):
    path = folder / resource["path"]
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    moved = pd.to_datetime(frame[column]) + pd.Timedelta(days=days)
    frame[column] = moved.dt.strftime("%Y-%m-%d")
    frame.to_csv(path, index=False, lineterminator="\n")


def test_each_result_names_exactly_its_tables(tmp_path):
    """A table moved by 1 % (events: by weeks) changes a result only if the result names it.

    And each table that any result with a value names changes some result.
    """
    clean, a = numbers(DATA)
    named = {key: names(r) for key, r in a.results.items()}
    everything = set.union(*(n for key, n in named.items() if clean[key] is not None))
    for name in Package(DATA).resources:
        moved, b = perturbed(tmp_path, name, 0.01)
        for key in clean.keys() | moved.keys():
            if clean.get(key) != moved.get(key):
                sources = named.get(key) or names(b.results[key])
                assert name in sources, f"{key} moved with {name} but does not name it"
        if name in everything and moved == clean:  # a threshold may need more than 1 %
            assert perturbed(tmp_path, name, 0.1)[0] != clean, f"{name} is named, moves nothing"


def names(result):
    """Tables that a result names; a fact stands for the table of facts."""
    sources = [s for s in result.sources if s["kind"] != "assumed"]
    return {"facts" if s["kind"] == "fact" else s["id"] for s in sources}


def perturbed(tmp_path, name, size):
    """Results with every number of one table moved up or down by ``size``."""
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    package, rng = Package(folder), np.random.default_rng(7)
    if name in ("events", "separation-events"):
        shift_days(folder, package.resources[name])
    elif name == "dividends":  # what counts is the ex-day
        shift_days(folder, package.resources[name], "ex_date", 35)
    elif numeric_fields(package.resources[name]):

        def change(row, field, value, index):
            return value * (1 + size * rng.choice([-1, 1]))

        corrupt(folder, package.resources[name], change)
    write_hashes(package)
    try:
        return numbers(folder)
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["article-1", "base", "latest"])
def test_answers_are_equal_from_run_to_run(name):
    s = scenario.load(name)[1]
    assert numbers(None, s)[0] == numbers(None, s)[0]


@pytest.mark.parametrize("day", ["2018-03-01", "2019-06-03", "2020-01-06", "2021-06-01"])
def test_early_days_say_what_is_missing(day):
    """Standing before most evidence: values that don't exist are null with a reason."""
    s = S.replace({"as_of": day})
    a = answers.decline(s, evidence.open(day))
    for result in a.results.values():
        assert (result.value is None) <= bool(result.note), result
    assert a["decline.halved_from"] is None
    if day < "2021-03-31":
        assert "not public" in a.result("decline.stub_eur").note


def test_latest_book_value_is_too_old():
    s = scenario.load("latest")[1]
    a = answers.decline(s, evidence.open(s.as_of))
    assert a["decline.price_to_book"] is None
    assert "2026-02-12" in a.result("decline.price_to_book").note


def test_article_one_stands_on_friday():
    s = scenario.load("article-1")[1]
    a = answers.decline(s, evidence.open(s.as_of))
    assert a.context["until"] == pd.Timestamp("2022-10-07")
    assert a["decline.price_change_jpy"] == pytest.approx(471.0 / 1134 - 1, abs=1e-12)
    assert a.frame("stub").index[-1] == pd.Timestamp("2022-10-07")


def test_arithmetic_of_shares_rests_on_holdings_and_counts_only():
    _, a = numbers(None)
    for key in ("selldown.stake_before", "selldown.shares_sale_only", "ownership.votes.mirror"):
        assert names(a.results[key]) == {"holdings", "shares"}, key
    assert names(a.results["selldown.days_of_volume"]) == {"holdings", "shares", "prices-nissan"}
