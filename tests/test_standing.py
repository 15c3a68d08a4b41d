"""Standing at a date: the future changes nothing, and results name exactly what they used."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alliance import answers, evidence, scenario
from alliance.errors import AllianceError, ScenarioError
from tests import looks, trials
from tests.trials import CLEAN, S, Tables, Trial, clean, keyed, moved, movers, said, scaled, spoiled


@pytest.fixture
def quick(monkeypatch):
    trials.hurry(monkeypatch)


def numbers(changed=None, s=S):
    """All results by id of the chapters that don't look past the day: values, and the frames."""
    trial = Trial(changed, s)
    found = [trial.answers(chapter) for chapter in looks.OF_THE_DAY]
    values = {key: r.value for a in found for key, r in a.results.items()}
    return values, {f"{a.chapter}/{n}": a.frame(n) for a in found for n in a.frames}


def corrupt(which):
    """Tables with the numbers of the rows that ``which`` marks in each made smaller."""
    rng = np.random.default_rng(5)
    made = {n: scaled(n, which, lambda rows: rng.uniform(0.3, 0.9, rows)) for n in CLEAN.resources}
    return {name: frame for name, frame in made.items() if frame is not None}


def test_the_future_changes_nothing(quick):
    clean, a = numbers()
    spoiled, b = numbers(corrupt(lambda rows: rows["published"] > str(S.as_of)))
    assert spoiled == clean
    for name in a:
        pd.testing.assert_frame_equal(a[name], b[name])


def told_on(rows):
    """The later of a row's day and its document's, or of the older print that it stands for."""
    if "document" not in rows:
        return rows["published"]
    days = rows["document"].map(CLEAN.read("documents").set_index("document")["published"])
    if "note" in rows:
        days = days.mask(rows["note"].str.startswith("First print:").fillna(False))
    return pd.concat([rows["published"], days], axis=1).max(axis=1)


@pytest.mark.parametrize("name", ["base", "article-1"])
def test_documents_of_a_later_day_change_nothing(name, quick):
    s, spoilt = scenario.load(name)[1].replace({"selldown": {"paths": 256}}), set()

    def late(rows):
        which = told_on(rows) > str(s.as_of)
        spoilt.update(rows.loc[which, "document"] if "document" in rows else ())
        return which

    assert numbers(corrupt(late), s)[0] == numbers(s=s)[0]
    assert len(spoilt) > 60


def test_the_past_changes_nearly_everything(quick):
    clean, _ = numbers()
    spoiled, _ = numbers(corrupt(lambda rows: rows["published"] <= str(S.as_of)))
    same = {key for key in clean if spoiled.get(key) == clean[key]}
    whole = {  # counts, certainties and what is empty have nowhere to move
        key
        for key, value in clean.items()
        if value in (0.0, 1.0, None) or key.startswith(("decline.events_", "briefing.claims_"))
    }
    by_design = {  # the plan's own target fixes them, whatever the holding
        "ownership.votes.mirror",
        "ownership.votes.renault_after",
        "selldown.block.stake_end_mean",
        "selldown.dribble.stake_end_mean",
        "selldown.exchangeable.years_to_complete_median",
    }
    assert same <= whole | by_design, same - whole - by_design


def names(result):
    """Tables that a result names; a fact stands for the table of facts."""
    sources = [s for s in result.sources if s["kind"] != "assumed"]
    return {"facts" if s["kind"] == "fact" else s["id"] for s in sources}


def moved_by(name, part, words):
    """Ids of results by whether they name a table that was spoiled and moved them; or refused."""
    hit, frame = {}, spoiled(name, part, words)
    trial = frame is not None and Trial({name: frame})
    for chapter in (*looks.OWN_FIELDS, "0-briefing", "5-hindsight"):
        whole, read = clean(chapter)
        if frame is None or name not in read:
            continue
        try:
            spoilt = trial.results(chapter)
        except AllianceError:  # refused aloud: no result to compare
            return None
        for key in whole.results.keys() | spoilt.keys():
            before, after = whole.results.get(key), spoilt.get(key)
            if before and after and said(before) == said(after):
                continue
            told = names(before or after)
            if after and after.value is None:  # gone for want of it: the reason names it
                told |= names(after)
            hit[key] = name in told
    return hit


def test_each_result_names_exactly_its_tables(quick):
    """A table whose numbers, days or words change moves only results that name it.

    And each table that any result with a value names moves some result.
    """
    wrong, still = [], set()
    made = [clean(chapter) for chapter in answers.CHAPTERS]
    assert len(set.union(*(read for _, read in made))) > 35
    for name in CLEAN.resources:
        tried = [moved_by(name, 0.01, words=True)]
        if tried[0] is None:  # what refuses one hides what the other moves
            tried += [moved_by(name, 0.01, False), moved_by(name, 0, True)]
        elif not tried[0]:  # a threshold may need more than 1 %
            tried += [moved_by(name, 0.1, False)]
        wrong += [
            (key, name) for found in tried for key, named in (found or {}).items() if not named
        ]
        if not any(found is None or found for found in tried):
            still.add(name)
    assert not wrong, wrong
    named = [r for a, _ in made for r in a.results.values() if r.value is not None]
    assert not still & set.union(*map(names, named)), "named, and moves nothing"


def test_answers_are_equal_from_run_to_run(quick):
    """Other scenarios are held against golden.txt, which another run wrote."""
    s = scenario.load("latest")[1]
    for answer in answers.CHAPTERS.values():
        one, other = (answer(s, evidence.Evidence(CLEAN, s.as_of)) for _ in range(2))
        assert dict(one.results) == dict(other.results)


@pytest.mark.parametrize("day", ["2018-03-01", "2019-06-03", "2020-01-06", "2021-06-01"])
def test_early_days_say_what_is_missing(day):
    """Standing before most evidence: values that don't exist are null with a reason."""
    s = S.replace({"as_of": day})
    a = answers.decline(s, evidence.open(day))
    for result in a.results.values():
        assert (result.value is None) <= bool(result.note), result
    assert a["decline.halved_from"] is None
    if day < "2021-03-31":
        assert "the evidence has no share count of Renault" in a.result("decline.stub_eur").note
        assert a["decline.stake_value_eur"] > 5e9 and a["decline.stake_net_change_eur"] is not None


def test_latest_book_value_is_that_of_the_full_year():
    """19,812.4bn x 24.2 % over the shares behind 533.1bn and 152.58 a share."""
    s = scenario.load("latest")[1]
    a = answers.decline(s, evidence.open(s.as_of))
    book = 19_812.4e9 * 0.242 / (533.1e9 / 152.58)
    assert a["decline.book_value_jpy"] == pytest.approx(book) == pytest.approx(1372.3, abs=0.05)
    assert round(a["decline.price_to_book"], 3) == 0.219


def test_a_book_value_grows_too_old():
    s = S.replace({"as_of": "2026-08-21"})
    told = CLEAN.read("statements")
    tables = Tables({"statements": told[told["published"] < "2026-03-01"]})
    a = answers.decline(s, evidence.Evidence(tables, s.as_of))
    assert a["decline.price_to_book"] is None
    assert "2026-02-12" in a.result("decline.price_to_book").note


def test_regions_of_fiscal_2021_are_known_from_its_results():
    for day, split in (("2022-05-11", False), ("2022-05-12", True)):
        sales = evidence.open(day).rows("sales", fiscal_year="FY2021", period="FY")
        assert ("china" in set(sales["region"])) == split, day


def test_article_one_stands_on_friday():
    s = scenario.load("article-1")[1]
    a = answers.decline(s, evidence.open(s.as_of))
    assert a.context["until"] == pd.Timestamp("2022-10-07")
    assert a["decline.price_change_jpy"] == pytest.approx(471.0 / 1134 - 1, abs=1e-12)
    assert a.frame("stub").index[-1] == pd.Timestamp("2022-10-07")


def test_arithmetic_of_shares_rests_on_holdings_and_counts_only():
    a = looks.answers_of("2-selldown", looks.scenario_of("base"))
    for key in ("selldown.stake_before", "selldown.shares_sale_only", "ownership.votes.mirror"):
        assert names(a.results[key]) == {"holdings", "shares"}, key
    assert names(a.results["selldown.days_of_volume"]) == {"holdings", "shares", "prices-nissan"}


# --- corrections and other companies ------------------------------------------------------------


def with_rows(table, *rows):
    """A table with rows added: each a copy of the one it picks, with some changes."""
    frame = CLEAN.read(table)
    added = []
    for pick, changes in rows:
        row = frame[np.logical_and.reduce([frame[c] == v for c, v in pick.items()])].iloc[[0]]
        days = {c: pd.Timestamp(v) for c, v in changes.items() if frame[c].dtype.kind == "M"}
        added.append(row.assign(**{**changes, **days}))
    return pd.concat([frame, *added], ignore_index=True)


#: Table, the row corrected, the column, the first day of the row, a chapter and a result it moves.
CORRECTED = {
    "facts": ({"fact": "porsche-payout"}, "value", "2-selldown 3-separation"),
    "holdings": ({"company": "nissan"}, "shares", "2-selldown"),
    "shares": ({"company": "nissan", "item": "issued"}, "shares", "2-selldown"),
    "statements": ({"published": pd.Timestamp("2022-11-09")}, "total_assets", "1-decline"),
    "book-values": ({"date": pd.Timestamp("2020-03-31")}, "bps", "1-decline"),
    "valuations": ({"valuation": "ceo"}, "low", "3-separation"),
    "legs": ({"leg": "nissan"}, "amount", "3-separation"),
    "fundamentals": ({"maker": "ford", "metric": "net_cash"}, "value", "3-separation"),
    "liquidity": ({"date": pd.Timestamp("2022-03-31")}, "value", "2-selldown"),
    "ev-plans": ({"plan": "money-2022"}, "amount", "3-separation"),
    "sales": ({"region": "total"}, "units", "1-decline"),
    "carmakers": ({"maker": "ford"}, "share", "3-separation"),
}
DAYS = {  # of two corrections, and of the test
    "valuations": ("2023-11-20", "2023-12-05", "2023-12-31"),
    "book-values": ("2020-07-01", "2020-07-15", "2020-08-03"),
}


def values(changed, day, chapters):
    trial = Trial(changed, S.replace({"as_of": day}))
    found = [trial.results(chapter) for chapter in chapters]
    return {key: r.value for results in found for key, r in results.items()}


@pytest.mark.parametrize("table", CORRECTED)
def test_a_correction_stands_in_from_its_own_day(table, quick):
    """Twice corrected: before the first the old row, after the second only the last is seen."""
    pick, column, chapters = CORRECTED[table]
    first, second, last = DAYS.get(table, ("2022-12-15", "2023-01-10", "2023-01-17"))
    before = str(pd.Timestamp(first).date() - pd.Timedelta(days=1))
    chapters, old = chapters.split(), CLEAN.read(table)
    old = old[np.logical_and.reduce([old[c] == v for c, v in pick.items()])].iloc[0]
    new = ["bmw", "toyota"]
    if column != "share":
        new = [type(old[column])(old[column] * factor) for factor in (0.9, 0.8)]
    rows = [
        (pick, {column: value, "published": day, "published_basis": "stated"})
        for value, day in zip(new, (first, second), strict=True)
    ]
    key = CLEAN.key(table)
    twice = {table: with_rows(table, *rows)}
    for day, value in ((before, old[column]), (first, new[0]), (last, new[1])):
        frame = evidence.Evidence(Tables(twice), pd.Timestamp(day).date()).table(table)
        assert not frame.duplicated(key).any()
        same = frame[np.logical_and.reduce([frame[c] == old[c] for c in key])]
        assert same[column].to_list() == [value]
    assert values(twice, before, chapters) == values({}, before, chapters)
    only = CLEAN.read(table)
    at = np.logical_and.reduce([old[c] == only[c] for c in key])
    only.loc[at, column] = new[1]
    corrected = values(twice, last, chapters)
    assert corrected == values({table: only}, last, chapters) != values({}, last, chapters)


OTHERS = {
    "statements": {"company": "toyota", "total_assets": 10**15},
    "book-values": {"company": "toyota", "bps": 1.0},
    "sales": {"company": "toyota", "units": 10**8},
    "events": {"company": "toyota", "event": "another"},
    "separation-events": {"company": "toyota", "maker": "toyota", "event": "another"},
    "shares": {"company": "toyota", "shares": 10**6},
    "holdings": {"company": "toyota", "beneficiary": "toyota", "holder": "toyota"},
    "dividends": {"company": "toyota", "amount": 1000.0},
    "fundamentals": {"maker": "toyota", "value": 1e12},
    "liquidity": {"company": "toyota", "value": 10**12},
    "ev-plans": {"maker": "toyota", "amount": 1e12},
    "valuations": {"maker": "toyota", "low": 1e12, "high": 1e12},
    "segments": {"maker": "toyota", "ebit_low": 1e12},
    "carmakers": {"maker": "toyota", "share": "toyota"},
}


def test_another_company_moves_no_result(quick):
    changed, day = {}, "2026-06-30"
    for table, changes in OTHERS.items():
        key = CLEAN.key(table)[0]
        pick = {key: CLEAN.read(table)[key].iloc[0]}
        rows = [(pick, changes), (pick, changes | {"published": "2026-06-15"})]
        changed[table] = with_rows(table, *rows)
    before, after = (values(some, day, answers.CHAPTERS) for some in ({}, changed))
    assert {key: after[key] for key in before} == before
    assert set(after) - set(before) <= {"separation.car.another"}


# --- short histories, and data that end on different days ---------------------------------------


@pytest.mark.parametrize("since", ["2016-01-05", "2016-02-01", "2017-01-13", "2018-01-04"])
@pytest.mark.parametrize(
    "day", ["2016-01-04", "2016-02-01", "2016-06-01", "2017-02-01", "2018-03-01"]
)
def test_early_days_are_answered_or_refused(day, since, quick):
    s = S.replace({"as_of": day, "decline": {"since": since}})
    trial = Trial(s=s)
    for chapter in answers.CHAPTERS:
        try:
            answers.CHECKS[chapter](s, trial.evidence())
        except ScenarioError as error:
            assert chapter != "3-separation" and str(error).startswith(("as_of", "decline"))
        else:
            assert trial.results(chapter)


def test_a_history_shorter_than_the_betas_is_refused():
    s = S.replace({"as_of": "2016-06-01", "decline": {"since": "2016-02-01"}})
    with pytest.raises(ScenarioError, match="on 2016-06-01 only 101 days were public"):
        answers.CHECKS["1-decline"](s, evidence.open(s.as_of))


@pytest.mark.parametrize("short, day", [("topix", "2024-12-24"), ("toyota", "2026-08-20")])
def test_series_that_end_early_are_refused_beyond_their_end(short, day):
    """And up to their end they serve: what is added up covers the same days."""
    frame = CLEAN.read(table := f"prices-{short}")
    package = Tables({table: frame[frame["date"] <= pd.Timestamp(day)]})
    ev = evidence.Evidence(package, pd.Timestamp("2026-08-21").date())
    with pytest.raises(ScenarioError, match=rf"{short} must have a close.*to {day}"):
        answers.CHECKS["1-decline"](S.replace({"as_of": "2026-08-21"}), ev)
    a = answers.decline(
        S.replace({"as_of": day}), evidence.Evidence(package, pd.Timestamp(day).date())
    )
    parts = a.frame("parts")["value"].sum()
    assert parts == pytest.approx(np.log1p(a["decline.price_change_eur"]), abs=1e-9)


def naming(results, parts):
    """Ids of the results by what their sources name; ``parts`` lists that of one source."""
    out = {}
    for key, result in results.items():
        for part in (part for source in result.sources for part in parts(source)):
            out.setdefault(part, set()).add(key)
    return out


def a_dozen(found, rng):
    """Of a mapping twelve items at most: six with the longest values, and six drawn."""
    items = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return items[:6] + [items[6 + at] for at in rng.permutation(len(items[6:]))[:6]]


def test_days_outside_a_results_window_do_not_move_it(quick):
    """Of each series a result names the first and last day that it used: a dozen a chapter."""
    rng, tried, wrong = np.random.default_rng(4), 0, []
    for chapter in answers.CHAPTERS:
        whole = clean(chapter)[0].results
        windows = naming(whole, lambda s: [(s["id"], s["from"], s["to"])] if s.get("from") else [])
        changes = []
        for (name, first, last), keys in a_dozen(windows, rng):
            days = CLEAN.read(name)["date"]
            outside = ((days < first) | (days > last)) & (days <= str(S.as_of))
            frame = scaled(name, outside, 1.07)
            if frame is not None:
                changes.append((name, frame, keys))
        tried += len(changes)
        wrong += movers(chapter, changes)
    assert not wrong, wrong
    assert tried > 20


def test_rows_move_only_results_that_name_them(quick):
    """A row that no result names moves none, and one that is named moves those at most."""
    rng, tried, wrong = np.random.default_rng(3), 0, []
    for chapter in answers.CHAPTERS:
        whole = clean(chapter)[0].results
        named = naming(whole, lambda s: [(s["id"], row) for row in s.get("rows", ())])
        tables = {name: [row for table, row in named if table == name] for name, _ in named}
        unnamed = []
        for name, rows in a_dozen(tables, rng):
            keys, one = keyed(name), str(rng.choice(sorted(rows)))
            frame = scaled(name, ~keys.isin(rows), 1.03)
            if frame is not None:
                unnamed.append((name, frame, set(whole)))
            frame = scaled(name, keys == one, 1.03)
            if frame is not None:
                tried += 1
                wrong += movers(chapter, [(name, frame, set(whole) - named[name, one])])
        tried += len(unnamed)
        wrong += movers(chapter, unnamed)
    assert not wrong, wrong
    assert tried > 20


def test_changing_a_named_row_moves_what_names_it(quick):
    """Ten rows a chapter: each moves a result that names it, and nearly nine in ten of those.

    The rest may move with another change: of several bids only the highest counts, and a claim that
    is settled moves one of the four counts of claims.
    """
    moving, naming_it = 0, 0
    for chapter in answers.CHAPTERS:
        whole = clean(chapter)[0].results
        told = {key: r for key, r in whole.items() if r.value is not None}
        named = naming(told, lambda s: [(s["id"], row) for row in s.get("rows", ())])
        named |= naming(told, lambda s: [("facts", s["id"])] if s["kind"] == "fact" else [])
        for (name, one), still in sorted(named.items())[:: max(1, len(named) // 10)]:
            total, which = len(still), keyed(name) == one
            changes = [scaled(name, which, factor) for factor in (1.1, 0.4)]
            for frame in [*changes, CLEAN.read(name)[~which]]:
                if frame is not None and still:
                    hit = moved(chapter, {name: frame})
                    still = still - (set(whole) if hit is None else hit)
            assert len(still) < total, (name, one, sorted(still)[:4])
            moving, naming_it = moving + total - len(still), naming_it + total
    assert moving > 0.88 * naming_it, (moving, naming_it)
