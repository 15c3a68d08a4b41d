"""Live rows: fetched from a server that answers in the forms of the real ones, or misbehaves."""

from __future__ import annotations

import json
import re
import shutil
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from alliance import answers, compare, evidence, scenario
from alliance.cli import cli
from alliance.errors import EvidenceError, ScenarioError
from alliance.evidence import DATA, Package, calendars, live
from alliance.evidence.checks import check

pytestmark = pytest.mark.usefixtures("told_once")
NOW = pd.Timestamp("2026-09-04 04:00", tz="UTC")  # Tokyo is open, Europe not yet
TODAY = NOW.tz_convert(None).normalize()
SEALED = Package(DATA)
COMPANIES = SEALED.read("companies").set_index("ticker")
FORMS = {
    "prices": "{at}/chart/{{symbol}}?period1={{start}}&period2={{end}}&interval=1d",
    "rates": "{at}/EXR/D.{{currency}}.EUR.SP00.A?startPeriod={{first}}&format=csvdata",
}


def continued(name, level, days):
    """A sealed series, and a walk from its end on some days."""
    frame = SEALED.read(name).set_index("date")
    known = frame[level].dropna()
    days = days[days > known.index[-1]]
    rng = np.random.default_rng(len(name))
    new = known.iloc[-1] * np.exp(np.cumsum(rng.normal(0, 0.01, len(days))))
    return pd.concat([known, pd.Series(new.round(4), days)])


def chart(symbol, first, end, factor=1.0, adjusted=1.0):
    """Yahoo's form: seconds of each session's start, closes, volumes; the last bar is running."""
    row = COMPANIES.loc[symbol]
    days = calendars.sessions(row["exchange"], "2025-10-01", TODAY)
    close = continued(f"prices-{row['company']}", "close", days) * factor
    close = close[(close.index >= first) & (close.index <= end)]
    table = SEALED.read(f"prices-{row['company']}").set_index("date")
    adj = close.copy()
    if "adj_close" in table:
        known = table["adj_close"].reindex(close.index)
        adj = (known * adjusted).fillna(close)
    offset = {"XTKS": 32400, "XNYS": -14400}.get(row["exchange"], 7200)
    seconds = [int(day.timestamp()) - offset + 9 * 3600 for day in close.index]
    quote = {"close": [*close], "volume": [1000] * len(close)}
    quote["close"][-3] = None if len(close) > 70 else quote["close"][-3]
    found = {"meta": {"currency": row["currency"], "gmtoffset": offset}, "timestamp": seconds}
    found["indicators"] = {"quote": [quote], "adjclose": [{"adjclose": [*adj]}]}
    return json.dumps({"chart": {"result": [found], "error": None}})


def fixes(currency, first, factor=1.0):
    """The ECB's form, with some of its columns."""
    pair = f"{currency.lower()}-per-eur"
    days = pd.bdate_range("2026-01-01", TODAY)
    rate = continued(f"rates-{pair}", pair.replace("-", "_"), days) * factor
    head = "KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE,OBS_STATUS"
    key = f"EXR.D.{currency}.EUR.SP00.A,D,{currency},EUR,SP00,A"
    rows = [f"{key},{day:%Y-%m-%d},{value:.4f},A" for day, value in rate[first:].items()]
    return "\n".join([head, *rows, ""])


class Server(ThreadingHTTPServer):
    """Answers like Yahoo and the ECB, but for what ``faults`` say of a symbol or currency."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.faults, self.asked, self.hosts = {}, [], set()
        Thread(target=self.serve_forever, daemon=True).start()

    @property
    def at(self):
        return f"http://127.0.0.1:{self.server_port}"

    def forms(self, at=None):
        return {key: form.format(at=at or self.at) for key, form in FORMS.items()}


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        url, server = urlsplit(self.path), self.server
        server.hosts.add(url.netloc)
        asked = {key: values[0] for key, values in parse_qs(url.query).items()}
        last = unquote(url.path.rsplit("/", 1)[1])
        key = last.split(".")[1] if "/EXR/" in url.path else last
        server.asked.append(key)
        fault = server.faults.get(key, "")
        if fault == "flaky" and server.asked.count(key) < 2:
            return self.send_error(503)
        if fault == "500":
            return self.send_error(500)
        if fault == "slow":
            time.sleep(3)
        if "/EXR/" in url.path:
            text = fixes(key, asked["startPeriod"], 1.2 if fault == "history" else 1)
        else:
            days = [pd.Timestamp(int(asked[f"period{n}"]), unit="s").normalize() for n in (1, 2)]
            split = {"history": 0.25, "drift": 1.02}.get(fault, 1)
            text = chart(key, *days, split, 0.97 if fault == "dividend" else 1)
        text = {
            "empty": "",
            "columns": re.sub("OBS_VALUE|close", "x", text),
            "html": "<html>consent</html>",
            "cut": text[:-200],
            "few": chart(key, pd.Timestamp("2026-08-20"), days[1]) if fault == "few" else "",
            "nothing": json.dumps({"chart": {"result": None, "error": {"code": "Not Found"}}}),
            "pence": text.replace('"EUR"', '"GBp"'),
            "other": text.replace(",JPY,", ",USD,"),
        }.get(fault, text)
        self.send_response(200)
        short = fault == "truncated"
        self.send_header("Content-Length", str(len(text) + 500 * short))
        self.end_headers()
        if fault == "trickle":
            for byte in text.encode()[:400]:
                self.wfile.write(bytes([byte]))
                time.sleep(0.02)
            return None
        self.wfile.write(text.encode())


@pytest.fixture
def server(monkeypatch):
    for name in (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    running = Server()
    yield running
    running.shutdown()
    running.server_close()


def quiet(_):
    pass


def refreshed(server, out, *only, data=None, **more):
    more = {"timeout": 5, "now": NOW, "log": quiet} | server.forms() | more
    return live.refresh(out, data, only, **more)


def test_a_good_server_extends_all_that_it_has(server, tmp_path):
    server.faults = {"USD": "flaky"}
    said = []
    assert refreshed(server, tmp_path, log=said.append) == {}
    assert len(said) == len([n for n in SEALED.resources if n[:6] in ("prices", "rates-")])
    assert server.asked.count("USD") == 2  # a failure that passes is tried again
    root = live.overlay(tmp_path)
    assert check(root) == []
    ev = evidence.open("2026-09-04", root)
    close = ev.close("nissan")
    assert close.index[-1] == pd.Timestamp("2026-09-03")  # today's session is not over
    expected = continued("prices-nissan", "close", close.index)
    assert close["2026-08-24":].to_list() == pytest.approx(expected["2026-08-24":"2026-09-03"])
    assert ev.close("renault").index[-1] == pd.Timestamp("2026-09-03")
    rate = ev.rates_usd_per_eur.set_index("date")
    assert rate.index[-1] == pd.Timestamp("2026-09-04") and rate["kind"].iloc[-1] == "fix"
    was = evidence.open("2026-08-21").close("nissan")
    pd.testing.assert_series_equal(close[:"2026-08-21"], was)
    held = Package(root).overlay
    assert held["fetched"] == "2026-09-04"
    assert held["tables"]["prices-nissan"] == {
        "from": "2026-08-24",
        "to": "2026-09-03",
        "rows": 9,
        "fetched": "2026-09-04",
    }
    with ev.reading() as used:
        ev.prices("nissan")
    titles = ev.sources(used)["title"]
    assert titles.iloc[-1].startswith("Live rows 2026-08-24 to 2026-09-03, fetched 2026-09-04")
    gaps = ev.gaps[(ev.gaps["table"] == "prices-renault") & (ev.gaps["date"] > "2026-06-30")]
    assert len(gaps) == 1 and gaps["reason"].iloc[0] == "no live bar"  # a bar without a close


def test_answers_reach_beyond_the_sealed_days(server, tmp_path):
    refreshed(server, tmp_path, "nissan", "topix", "toyota", "honda", "jpy-per-eur")
    s = scenario.Scenario().replace({"as_of": "2026-09-03"})
    a = answers.decline(s, evidence.open(s.as_of, live.overlay(tmp_path)))
    assert a.context["until"] == pd.Timestamp("2026-09-03")
    with pytest.raises(EvidenceError, match="live rows go on top of sealed evidence"):
        refreshed(server, tmp_path / "x", data=live.overlay(tmp_path))


FAULTS = {
    "slow": "no answer within 0.4 s from 127.0.0.1",
    "trickle": "too slow",
    "500": "status 500",
    "truncated": "no whole answer",
    "empty": "no chart of daily closes",
    "cut": "no chart of daily closes",
    "html": "no chart of daily closes",
    "nothing": "no chart of daily closes",
    "columns": "no chart of daily closes",
    "history": "on 2026-0.*all alike: a split",
    "drift": "its level must be the sealed one within 0.5%",
    "few": "20 of the last 60 sealed rows must be in the answer",
    "pence": "must be quoted in EUR, received GBp",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_series_is_refused_and_the_good_are_kept(server, tmp_path, fault):
    server.faults = {"VOW3.DE": fault}
    timeout = 0.4 if fault in ("slow", "trickle") else 5
    refused = refreshed(server, tmp_path, "volkswagen-pref", "nissan", timeout=timeout)
    assert list(refused) == ["volkswagen-pref"]
    assert re.search(FAULTS[fault], refused["volkswagen-pref"]), refused
    root = live.overlay(tmp_path)
    assert list(Package(root).overlay["tables"]) == ["prices-nissan"]
    same = "prices/volkswagen-pref.csv"
    assert (root / same).read_bytes() == (DATA / same).read_bytes()


@pytest.mark.parametrize(
    "fault, says",
    [
        ("history", "its level must be the sealed one"),
        ("columns", "no table of reference rates"),
        ("cut", "its last line is cut"),
        ("other", "not JPY for one euro"),
        ("empty", "its last line is cut"),
    ],
)
def test_rates_of_another_kind_are_refused(server, tmp_path, fault, says):
    server.faults = {"JPY": fault}
    assert says in refreshed(server, tmp_path, "jpy-per-eur")["jpy-per-eur"]


def test_after_a_dividend_the_adjusted_past_is_lower(server, tmp_path):
    """The vendor's adjusted closes all moved by 3 %: returns are as before, and none is a jump."""
    server.faults = {"7201.T": "dividend"}
    assert refreshed(server, tmp_path, "nissan") == {}
    new = evidence.open("2026-09-03", live.overlay(tmp_path)).prices("nissan")
    old = evidence.open("2026-08-21").prices("nissan")
    ratio = new["adj_close"][: old.index[-1]] / old["adj_close"]
    assert ratio.to_numpy() == pytest.approx(0.97, rel=1e-4)
    assert new["close"][: old.index[-1]].to_list() == old["close"].to_list()


def test_one_series_leaves_the_others_as_they_were(server, tmp_path):
    refreshed(server, tmp_path, "nissan")
    refreshed(server, tmp_path, "topix")
    assert set(Package(live.overlay(tmp_path)).overlay["tables"]) == {
        "prices-nissan",
        "prices-topix",
    }
    server.faults = {"7201.T": "500"}
    assert "nissan" in refreshed(server, tmp_path, "nissan")
    assert list(Package(live.overlay(tmp_path)).overlay["tables"]) == ["prices-topix"]


def test_where_nothing_came_the_last_overlay_stays(server, tmp_path):
    server.faults = {"7201.T": "500"}
    assert "nissan" in refreshed(server, tmp_path, "nissan")
    with pytest.raises(EvidenceError, match="no live rows below"):
        live.overlay(tmp_path)
    server.faults = {}
    refreshed(server, tmp_path, "nissan")
    server.faults = {"7201.T": "html"}
    assert "nissan" in refreshed(server, tmp_path, "nissan")
    assert list(Package(live.overlay(tmp_path)).overlay["tables"]) == ["prices-nissan"]


def test_an_overlay_of_other_evidence_is_refused(server, tmp_path, data, reseal):
    with pytest.raises(EvidenceError, match="no live rows below"):
        live.overlay(tmp_path)
    refreshed(server, tmp_path, "nissan", data=data)
    assert live.overlay(tmp_path, data).is_dir()
    path = data / "prices" / "bmw.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("57.26,57.26", "57.2,57.2"), "utf-8")
    reseal(data)
    with pytest.raises(EvidenceError, match="the evidence is another"):
        live.overlay(tmp_path, data)


def test_a_proxy_of_the_environment_is_used(server, tmp_path, monkeypatch):
    """The server serves as the proxy too: what it is asked for names a host that is nowhere."""
    monkeypatch.setenv("HTTP_PROXY", server.at)
    assert refreshed(server, tmp_path, "nissan", **server.forms("http://prices.invalid")) == {}
    assert server.hosts == {"prices.invalid"}


def test_the_command_and_its_exit_codes(server, tmp_path):
    def call(*words):
        return CliRunner().invoke(cli, ["refresh", "--out", str(tmp_path), *words])

    forms = [f"--{key}={form}" for key, form in server.forms().items()]
    wrong = call("--only", "nisan", *forms)
    assert isinstance(wrong.exception, ScenarioError) and "'nissan'" in str(wrong.exception)
    wrong = call("--prices", "http://127.0.0.1/{ticker}")
    assert isinstance(wrong.exception, ScenarioError) and "{symbol}" in str(wrong.exception)
    (tmp_path / "file").write_text("", encoding="utf-8")
    wrong = call("--only", "nissan", *forms, "--out", str(tmp_path / "file" / "x"))
    assert isinstance(wrong.exception, EvidenceError) and "can't write" in str(wrong.exception)
    server.faults = {"7201.T": "500"}
    done = call("--only", "nissan", "--only", "topix", *forms)
    assert done.exit_code == 1 and "nissan: status 500" in done.output
    assert "2 of 2  topix:" in done.output and "1 series refused" in done.output


def test_a_report_with_live_rows_says_so_on_each_page(server, tmp_path, monkeypatch):
    refreshed(server, tmp_path, "nissan", "topix", "toyota", "honda", "jpy-per-eur")
    words = ["report", "--live", "--as-of", "2026-09-03", "--only", "1-decline", "--explain"]
    words += ["--out", str(tmp_path)]

    def call():
        monkeypatch.setenv("ALLIANCE_DATA", "")  # the command sets it for its kernels
        return CliRunner().invoke(cli, words)

    done = call()
    assert done.exit_code == 0, done.output
    folder = next(tmp_path.glob("base+*+live"))
    for page in ("index.html", "1-decline.html", "report.html"):
        text = (folder / page).read_text(encoding="utf-8")
        assert "with live rows, not sealed, fetched" in text, page
        assert "prices-nissan 2026-08-24 to 2026-09-03 (fetched 2026-09-04)" in text, page
        assert "--live" in text and "another evidence folder" not in text
    made = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert made["live"]["tables"]["prices-topix"]["rows"] == 9
    assert "up to date" in call().output
    server.faults = {"7201.T": "500"}
    monkeypatch.setenv("ALLIANCE_DATA", "")
    refreshed(server, tmp_path, "nissan")
    assert "the evidence changed: prices-nissan" in call().output
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert results["scenario"]["as_of"] == "2026-09-03"


def test_the_shipped_addresses_take_all_that_they_need():
    found = Package(DATA).descriptor["live"]
    words = {"symbol": "7201.T", "currency": "JPY", "first": "2026-05-27", "start": 1, "end": 2}
    for form in found.values():
        assert form.startswith("https://") and "{" not in form.format(**words)
    assert not [t for t in COMPANIES.index if shutil.which(t)] and COMPANIES.index.is_unique


# --- which results moved, and why ---------------------------------------------------------------


def result_of(found, key):
    return next(d for d in found.moved if d.id == key)


@pytest.fixture
def quick(short_hindsight, monkeypatch):
    """The first chapter alone."""
    one = {"1-decline": answers.CHAPTERS["1-decline"]}
    monkeypatch.setattr("alliance.compare.differences.CHAPTERS", one)


def report_of(folder, s, package, parts=None, **values):
    """A built report of chapter 1 by its files: results, and what they were made from."""
    from alliance.report import cache, manifest

    prints = cache.Fingerprints.now(package)
    results = answers.decline(s, evidence.Evidence(package, s.as_of)).results
    made = prints.parts("1-decline", s, manifest.notebook("1-decline")) | (parts or {})
    tables = {name: prints.tables[name] for name in ("prices-nissan", "prices-topix")}
    folder.mkdir(parents=True)
    stored = {"scenario": {"name": "x", **s.model_dump(mode="json")}}
    stored["results"] = [
        r.to_json() | {"value": values.get(k, r.value)} for k, r in results.items()
    ]
    manifest.save(folder / "results.json", stored)
    hashes = {r["name"]: r["hash"] for r in package.resources.values()}
    chapters = {"1-decline": {"parts": made, "tables": tables}}
    about = {"name": "x", "as_of": str(s.as_of), "scenario": {}}
    manifest.save(folder / "manifest.json", about | {"chapters": chapters, "evidence": hashes})
    written = {"results.json": manifest.digest(folder / "results.json")}
    manifest.save(folder / "run.json", {"files": written})
    return folder


@pytest.fixture
def alive(server, tmp_path):
    refreshed(server, tmp_path, "nissan", "topix", "toyota", "honda", "jpy-per-eur")
    return live.overlay(tmp_path)


def test_what_moved_splits_into_data_method_and_scenario(alive, tmp_path, quick):
    """A report of other code on the sealed evidence, beside a scenario on live rows: three causes,
    which add up, each by hand."""
    key, s = "decline.price_change_jpy", scenario.Scenario().replace({"as_of": "2026-09-03"})
    sealed, overlaid = (
        answers.decline(s, evidence.open(s.as_of, data))[key] for data in (None, alive)
    )
    folder = report_of(tmp_path / "a", s, SEALED, {"package": "other"}, **{key: sealed - 0.5})
    later = s.replace({"decline": {"since": "2019-01-04"}})
    other = compare.Side("b", later)
    d = result_of(compare.compare(compare.side(str(folder)), other, alive, quiet), key)
    moved = answers.decline(later, evidence.open(s.as_of, alive))[key]
    assert d.parts == pytest.approx(
        {"method": 0.5, "data": overlaid - sealed, "decline.since": moved - overlaid}
    )
    assert sum(d.parts.values()) == pytest.approx(d.delta)
    page = compare.write(compare.compare(compare.side(str(folder)), other, alive, quiet), tmp_path)
    text = page.read_text(encoding="utf-8")
    assert all(f"from {cause}<" in text for cause in ("data", "method", "decline.since"))
    assert "With live rows, not sealed, fetched 2026-09-04" in text


def test_one_cause_alone_takes_all(alive, tmp_path, quick):
    key, s = "decline.price_change_jpy", scenario.Scenario().replace({"as_of": "2026-09-03"})
    now = answers.decline(s, evidence.open(s.as_of))[key]
    overlaid = answers.decline(s, evidence.open(s.as_of, alive))[key]

    def parts(name, data, package=SEALED, changed=None, **values):
        one = compare.side(str(report_of(tmp_path / name, s, package, changed, **values)))
        return result_of(compare.compare(one, compare.Side("b", s), data, quiet), key).parts

    assert parts("data", alive) == pytest.approx({"data": overlaid - now})
    other = {"package": "other"}
    assert parts("method", None, SEALED, other, **{key: now - 0.1}) == pytest.approx(
        {"method": 0.1}
    )
    lost = parts("both", None, Package(alive), other, **{key: now - 0.1})
    assert lost == pytest.approx({"data and method": 0.1})
    assert parts("by hand", None, **{key: now - 0.1}) == pytest.approx({"unknown": 0.1})


def test_after_a_refresh_a_page_says_what_moved(server, tmp_path, quick):
    report_of(tmp_path / "base", scenario.load("base")[1], SEALED, **{"decline.stub_eur": 1})
    words = ["refresh", "--out", str(tmp_path), "--only", "nissan"]
    words += [f"--{key}={form}" for key, form in server.forms().items()]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0 and "1 result moved" in done.output, done.output
    text = (tmp_path / "live" / "index.html").read_text(encoding="utf-8")
    assert "base as built" in text and "decline.stub_eur" in text
    assert "what moved comes from data" in text
    assert "live/index.html" in (tmp_path / "index.html").read_text(encoding="utf-8")
