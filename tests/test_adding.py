"""A company of one's own: what its file must hold, what is written, who stands beside Nissan."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from alliance import answers, charts, evidence, scenario
from alliance.answers.tape import Tape
from alliance.cli import cli
from alliance.errors import EvidenceError, ScenarioError
from alliance.evidence import DATA, calendars
from alliance.evidence.adding import add_prices
from alliance.evidence.checks import check

pytestmark = pytest.mark.usefixtures("told_once")
S = scenario.Scenario()
FERRARI = {"name": "Ferrari-like", "currency": "EUR", "exchange": "XMIL", "source": "a random walk"}
MAZDA = {"name": "Mazda-like", "currency": "JPY", "exchange": "XTKS", "source": "a random walk"}


def walk(mic, first="2016-01-04", last="2026-06-30", seed=3):
    """Plausible prices: a random walk on an exchange's sessions, as a vendor's CSV has them."""
    days, rng = calendars.sessions(mic, first, last), np.random.default_rng(seed)
    close = (40 * np.exp(np.cumsum(rng.normal(0, 0.015, len(days))))).round(4)
    text = days.strftime("%Y-%m-%d")
    volume = rng.integers(1000, 9000, len(days))
    return pd.DataFrame({"Date": text, "Close": close, "Adj Close": close, "Volume": volume})


def saved(frame, path):
    frame.to_csv(path, index=False)
    return path


def bytes_of(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def wider(tmp_path_factory):
    """The evidence with three more makers: in Milan, in Tokyo, and one that left in 2022."""
    folder = tmp_path_factory.mktemp("wider")
    data = folder / "data"
    shutil.copytree(DATA, data)
    ferrari = walk("XMIL").drop(index=[700, 1400])  # two sessions without a row
    ferrari.loc[900, "Volume"] = 0
    ferrari.loc[-1] = {"Date": "2016-01-03", "Close": 40.0, "Adj Close": 40.0, "Volume": 1}
    ferrari = ferrari.sample(frac=1, random_state=1)[["Volume", "Adj Close", "Date", "Close"]]
    words = ["add", "prices", "ferrari", str(saved(ferrari, folder / "f.csv")), "--data", str(data)]
    for key, value in FERRARI.items():
        words += [f"--{key}", value]
    said = CliRunner().invoke(cli, words, catch_exceptions=False).output
    add_prices("mazda", saved(walk("XTKS", seed=5), folder / "m.csv"), data, **MAZDA)
    early = saved(walk("XMIL", last="2022-06-30", seed=7), folder / "e.csv")
    add_prices("early", early, data, **FERRARI | {"name": "Gone early"})
    return data, said


def test_a_share_is_added_whole(wider):
    data, said = wider
    assert check(data) == []
    assert "beside estoxx50" in said and "volume: 0 on 1 days" in said and "2 sessions" in said
    assert "1 rows before 2016-01-04 left out" in said
    ev = evidence.open("2026-06-30", data)
    assert ev.prices("ferrari").loc["2019-01-04":, "close"].gt(0).all()
    gaps = ev.gaps[ev.gaps["table"] == "prices-ferrari"]["date"]
    sessions = calendars.sessions("XMIL", "2016-01-04", "2026-06-30")
    assert list(gaps) == [sessions[700], sessions[1400]]
    with ev.reading() as used:
        ev.prices("ferrari")
    assert ev.sources(used)["title"][0] == "a random walk"
    row = ev.companies.set_index("company").loc["ferrari"]
    assert (row["exchange"], row["benchmark"], row["kind"]) == ("XMIL", "estoxx50", "share")


@pytest.mark.parametrize("currency", ["JPY", "EUR"])
def test_chapter_1_with_peers_from_two_continents(wider, currency):
    chosen = {"peers": ["ferrari", "mazda"], "currency": currency}
    s = S.replace({"decline": chosen})
    ev = evidence.open(s.as_of, wider[0])
    a = answers.decline(s, ev)
    parts = a.frame("parts")["value"]
    assert parts.sum() == pytest.approx(np.log1p(a["decline.price_change_eur"]), abs=1e-9)
    base = answers.decline(S.replace({"decline": {"currency": currency}}), ev)
    pd.testing.assert_series_equal(  # the peers' holidays blank none of Nissan's days
        a.frame("rebased")["nissan"].dropna(), base.frame("rebased")["nissan"].dropna()
    )
    for name in ("price_change_jpy", "max_drawdown", "halved_from"):
        assert a[f"decline.{name}"] == base[f"decline.{name}"]
    rows = a.frame("definitions").index
    assert {"ferrari as the only peer", "mazda as the only peer"} <= set(rows)
    assert "early as the only peer" not in rows
    for make in (charts.rebased, charts.parts, charts.parts_path):
        assert make(a).png(False)
    assert "Ferrari-like" in charts.rebased(a).alt
    yen, own = a.frame("rebased")["ferrari"].dropna().iloc[-1], ev.close("ferrari")["2018-01-04":]
    rate = ev.rate("jpy_per_eur")["2018-01-04":]
    moved = rate.asof(own.index[-1]) / rate.iloc[0] if currency == "JPY" else 1
    assert yen == pytest.approx(own.iloc[-1] / own.iloc[0] * moved, rel=1e-9)


def test_the_sector_is_the_peer_over_its_own_market(wider):
    """By hand: on common days, the excess of BMW over the DAX, in euros or in yen."""
    ev = evidence.open("2023-01-17", wider[0])
    t = Tape(ev, pd.Timestamp("2018-01-04"))
    found = t.factors(("bmw",))
    bmw, dax, nissan, topix = (ev.close(n) for n in ("bmw", "dax", "nissan", "topix"))
    days = nissan.index.intersection(topix.index).intersection(bmw.index).intersection(dax.index)
    assert list(found.days) == list(days[1:])
    excess = np.log(bmw[days] / dax[days]).diff().iloc[1:]
    assert found.sector == pytest.approx(excess.to_numpy(), abs=1e-12)
    fix = ev.rate("jpy_per_eur").reindex(days, method="ffill")
    yen = np.log((bmw[days] * fix) / (dax[days] * fix)).diff().iloc[1:]
    assert found.sector == pytest.approx(yen.to_numpy(), abs=1e-12)


def test_a_holiday_at_the_end_takes_the_last_close_before(wider):
    """On 26 December 2022 Tokyo traded, Frankfurt and Milan did not."""
    s = S.replace({"as_of": "2022-12-26", "decline": {"peers": ["bmw", "ferrari"]}})
    a = answers.decline(s, evidence.open(s.as_of, wider[0]))
    assert a.context["until"] == pd.Timestamp("2022-12-26")
    assert a.frame("parts_daily").index[-1] == pd.Timestamp("2022-12-26")


def test_the_parts_do_not_depend_on_which_first_day_was_asked_before(wider):
    """On 1 May 2018 Tokyo traded, Frankfurt and Milan did not."""
    cases = [
        S.replace({"decline": {"peers": ["bmw", "ferrari"], "since": since}})
        for since in ("2018-05-01", "2018-01-04")
    ]
    alone = [answers.decline(s, evidence.open(s.as_of, wider[0])).frame("parts") for s in cases]
    for order in (1, -1):
        ev = evidence.open(S.as_of, wider[0])
        for s, parts in list(zip(cases, alone, strict=True))[::order]:
            pd.testing.assert_frame_equal(answers.decline(s, ev).frame("parts"), parts)


@pytest.mark.parametrize(
    "peers, day, says",
    [
        (["early"], "2023-01-17", "from 2016-01-04 to 2022-06-30"),
        (["mazda"], "2026-08-21", "from 2016-01-04 to 2026-06-30"),
        (["ford"], "2026-08-21", "usd_per_eur must have a rate"),
        (["renault"], "2023-01-17", "other than Nissan's and Renault's"),
        (["ferari"], "2023-01-17", "did you mean 'ferrari'"),
    ],
)
def test_a_peer_that_can_not_stand_there_is_refused(wider, peers, day, says):
    s = S.replace({"as_of": day, "decline": {"peers": peers}})
    with pytest.raises(ScenarioError, match=says):
        answers.CHECKS["1-decline"](s, evidence.open(s.as_of, wider[0]))


def test_a_peer_without_any_close_is_refused():
    empty = pd.Series([], index=pd.DatetimeIndex([]), name="none", dtype=float)
    t = Tape(evidence.open("2023-01-17"), pd.Timestamp("2018-01-04"))
    with pytest.raises(ScenarioError, match=r"last day.* it has some on no day"):
        t._ends(empty)


def test_a_currency_without_rates_is_refused(data, tmp_path, reseal):
    file = saved(walk("XSTO"), tmp_path / "v.csv")
    words = {"name": "Volvo-like", "currency": "SEK", "exchange": "XSTO", "source": "s"}
    with pytest.raises(ScenarioError, match="must have rates: EUR, JPY, USD; received 'SEK'"):
        add_prices("volvo", file, data, **words)
    words["currency"] = "EUR"
    with pytest.raises(ScenarioError, match="--benchmark must name"):
        add_prices("volvo", file, data, **words)
    add_prices("volvo", file, data, **words, benchmark="stoxx600")
    companies = data / "companies.csv"  # by hand
    text = companies.read_text(encoding="utf-8").replace(",XSTO,EUR,", ",XSTO,SEK,")
    companies.write_text(text, encoding="utf-8")
    reseal(data)
    s = S.replace({"decline": {"peers": ["volvo"]}})
    with pytest.raises(ScenarioError, match=r"SEK.*no rate 'sek_per_eur'"):
        answers.decline(s, evidence.open(s.as_of, data))


def put(frame, row, column, value):
    frame[column] = frame[column].astype(object)
    frame.loc[row, column] = value
    return frame


BROKEN = {
    "heading": (lambda f: f.rename(columns={"Close": "Last"}), "columns must be Date, Close"),
    "two closes": (lambda f: f.assign(close=f["Close"]), "each once"),
    "day": (lambda f: put(f, 3, "Date", "05/01/2024"), "f.csv:5: a date must be YYYY-MM-DD"),
    "twice": (lambda f: pd.concat([f, f.tail(1)]), "a day must be there once"),
    "word": (lambda f: put(f, 3, "Close", "12,5"), "f.csv:5: close must be a number above 0"),
    "negative": (lambda f: put(f, 3, "Close", -1), "close must be a number above 0"),
    "endless": (lambda f: put(f, 3, "Volume", "inf"), "volume must be"),
    "nothing": (lambda f: f.head(1), "two or more closes"),
    "monthly": (lambda f: f.iloc[::21], "nearly all sessions of XMIL"),
    "sunday": (lambda f: put(f, 3, "Date", "2024-01-07"), "is no session of XMIL"),
    "a split": (lambda f: f.assign(Close=f["Close"].where(f.index < 50, f["Close"] / 4)), "move"),
    "adjusted": (lambda f: f.assign(**{"Adj Close": f["Close"] * 2}), "above the close"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_wrong_is_said_and_nothing_is_changed(data, tmp_path, what):
    change, says = BROKEN[what]
    before = bytes_of(data)
    file = saved(change(walk("XMIL", "2024-01-02")), tmp_path / "f.csv")
    with pytest.raises(EvidenceError, match=says):
        add_prices("ferrari", file, data, **FERRARI)
    assert bytes_of(data) == before
    assert [p.name for p in data.parent.iterdir() if p.name.startswith(".")] == []


def test_an_interrupted_swap_puts_the_old_folder_back(data, tmp_path, monkeypatch):
    before, renames = bytes_of(data), []
    rename = type(data).rename

    def stopped(self, target):
        renames.append(self.name)
        if len(renames) == 2:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(type(data), "rename", stopped)
    file = saved(walk("XMIL"), tmp_path / "f.csv")
    with pytest.raises(KeyboardInterrupt):
        add_prices("ferrari", file, data, **FERRARI)
    assert renames[:2] == ["data", "new"] and bytes_of(data) == before


@pytest.mark.parametrize(
    "words, says",
    [
        ({"key": "toyota"}, "there is a company 'toyota' already"),
        ({"key": "../x"}, "lower-case letters"),
        ({"exchange": "XTSK"}, "did you mean 'XTKS'"),
        ({"benchmark": "daxx"}, "did you mean 'dax'"),
        ({"currency": "euro"}, "must have rates: EUR, JPY, USD; received 'euro'"),
        ({"name": "Toyota"}, "there is a company of the name 'Toyota' already"),
    ],
)
def test_wrong_words_are_refused(data, tmp_path, words, says):
    file = saved(walk("XMIL", "2024-01-02"), tmp_path / "f.csv")
    given = {"key": "ferrari"} | FERRARI | words
    with pytest.raises(ScenarioError, match=says):
        add_prices(given.pop("key"), file, data, **given)
