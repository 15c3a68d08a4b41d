"""The command: exit codes, what it says, and that the last good report survives."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import psutil
import pytest

from alliance import evidence, report, scenario
from alliance.errors import BuildError
from alliance.report import index, record, run
from tests.conftest import ROOT

#: Without the switch of `make test` that makes libraries warn on standard error.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONWARNDEFAULTENCODING"}


def alliance(*words, **more):
    return subprocess.run(
        [sys.executable, "-m", "alliance", *map(str, words)],
        capture_output=True,
        encoding="utf-8",
        cwd=more.pop("cwd", ROOT),
        env=ENVIRONMENT,
        **more,
    )


@pytest.mark.parametrize(
    "words, says",
    [
        (["report", "bsae"], "did you mean 'base'"),
        (["reprot"], "did you mean 'report'"),
        (["report", "--only", "1-declin"], "did you mean '1-decline'"),
        (["report", "--set", "decline.sinse=2018-01-04"], "did you mean 'decline.since'"),
        (["report", "--set", "declin.since=2018-01-04"], "did you mean 'decline.since'"),
        (["report", "--set", "decline.beta_window_days=9"], "must be from 60 to 480"),
        (["report", "--set", "decline.peers=[toyoto]"], "did you mean 'toyota'"),
        (["report", "--set", "decline.peers=[renault]"], "listed in Tokyo"),
        (["report", "--as-of", "2015-05-05"], "the data start on 2016-01-04"),
        (["report", "--as-of", "yesterday"], "YYYY-MM-DD"),
        (["report", "--set", "decline.since=2010-01-01"], "the data start on 2016-01-04"),
        (["report", "--set", "decline.since=2016-03-01"], "first possible day is 2017-01-"),
        (["report", "--set", "decline.since=2024-01-05"], "before the last close"),
        (["report", "--name", "../escape"], "lower-case letters"),
        (["report", "base", "latest", "--name", "x"], "--name goes with one scenario"),
        (["report", "--unknown"], "no such option"),
        (["report", "--data", "/nowhere/at/all"], "does not exist"),
        (["check", "--data", "Makefile"], "is a file"),
        (["scenario", "show", "lates"], "did you mean 'latest'"),
        (["scenario", "from-token", "a1.broken"], "token"),
    ],
)
def test_wrong_calls_exit_2_before_a_kernel_starts(words, says, tmp_path):
    out = ["--out", tmp_path / "out"] if words[0] == "report" else []
    started = time.perf_counter()
    done = alliance(*words, *out)
    assert done.returncode == 2, done.stderr
    assert says.lower() in done.stderr.lower()
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
    assert time.perf_counter() - started < 30


def test_several_mistakes_are_told_at_once():
    done = alliance("report", "--set", "decline.beta_window_days=9", "--set", "seed=-4")
    assert "beta_window_days" in done.stderr and "seed" in done.stderr


def test_help_of_every_command():
    from alliance.cli import cli

    for name in cli.list_commands(None):
        done = alliance(name, "--help")
        assert done.returncode == 0 and done.stdout.startswith("Usage")


def test_scenario_commands(tmp_path):
    assert "base" in alliance("scenario", "list").stdout
    fields = alliance("scenario", "fields").stdout
    assert all(name in fields for name in scenario.fields())
    assert alliance("scenario", "show", "article-1").stdout.splitlines()[1] == "as_of: '2022-10-10'"
    assert "beta_window_days: 250" in alliance("scenario", "show", "base", "--full").stdout
    token = alliance("scenario", "token", "article-1").stdout.strip()
    assert (
        alliance("scenario", "from-token", token).stdout
        == alliance("scenario", "show", "article-1").stdout
    )


def test_check_and_its_exit_code(data):
    assert alliance("check").returncode == 0
    (data / "stray.txt").write_text("x", encoding="utf-8")
    done = alliance("check", "--data", data)
    assert done.returncode == 1 and "stray.txt: listed" in done.stdout
    done = alliance("check", "--data", data, "--seal")
    assert done.returncode == 1 and "only when it is clean" in done.stderr


def test_changed_evidence_is_refused_by_the_report(data, tmp_path):
    path = data / "prices" / "nissan.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("423.4", "423.5"), encoding="utf-8")
    done = alliance("report", "--data", data, "--out", tmp_path / "out")
    assert done.returncode == 1 and "run 'alliance check'" in done.stderr


# --- builds: each copies the report that the session built, instead of running it again ----------


class Notebook:
    """Stands for the chapter's run: what it returns, or raises, and how often it was asked."""

    def __init__(self, result):
        self.result, self.calls = result, 0

    def __call__(self, *_, **__):
        self.calls += 1
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result


@pytest.fixture
def last_good(built, tmp_path, monkeypatch):
    """An output folder with the last good base report; later builds use a stand-in run."""
    out = tmp_path / "out"
    shutil.copytree(built, out / "base")
    monkeypatch.setattr(record, "source_hashes", lambda: {"x": "changed"})
    return out


def target(base):
    return report.Target("base", base, "alliance report base")


def tree(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


@pytest.mark.xdist_group("report")
def test_a_failing_notebook_leaves_the_last_good_report(last_good, base, monkeypatch):
    before = tree(last_good / "base")
    failing = run.Run("1-decline", error="ValueError: <b>boom</b>")
    monkeypatch.setattr(run, "run", Notebook(failing))
    outcome = report.build(target(base), last_good, log=lambda _: None)
    after = tree(last_good / "base")
    assert not outcome.ok
    for name in ("1-decline.html", "results.json", "manifest.json", "notebooks/1-decline.ipynb"):
        assert after[name] == before[name], name
    index = after["index.html"].decode()
    assert "ValueError: &lt;b&gt;boom&lt;/b&gt;" in index and "last good build" in index
    assert json.loads(after["run.json"])["chapters"]["1-decline"]["state"] == "failed"
    assert [p.name for p in last_good.iterdir() if p.name.startswith(".")] == []


@pytest.mark.xdist_group("report")
def test_one_chapter_failing_stops_no_other(last_good, base, built, monkeypatch):
    """The failed chapter keeps its last good page and results; the other is new."""
    import nbformat

    document = nbformat.read(built / "notebooks" / "2-selldown.ipynb", as_version=4)
    fresh = ({"id": "selldown.x", "value": 1, "unit": "count", "label": "x", "sources": []},)
    runs = {
        "1-decline": run.Run("1-decline", error="boom"),
        "2-selldown": run.Run("2-selldown", document, fresh, ("selldown.x",)),
    }
    monkeypatch.setattr(run, "run", lambda chapter, *_, **__: runs[chapter])
    outcome = report.build(target(base), last_good, log=lambda _: None)
    assert list(outcome.errors) == ["1-decline"]
    before, after = tree(built), tree(last_good / "base")
    assert after["1-decline.html"] == before["1-decline.html"]
    ids = [r["id"] for r in json.loads(after["results.json"])["results"]]
    assert "decline.stub_eur" in ids and ids[-1] == "selldown.x"
    assert "selldown.block_cost" not in ids
    states = json.loads(after["run.json"])["chapters"]
    assert [states[c]["state"] for c in report.CHAPTERS] == ["failed", "ok"]


@pytest.mark.xdist_group("report")
def test_only_leaves_out_what_is_no_longer_valid(last_good, base, built, monkeypatch):
    """Built from other inputs, the chapter not asked for is listed as not built."""
    import nbformat

    document = nbformat.read(built / "notebooks" / "2-selldown.ipynb", as_version=4)
    entry = {"id": "selldown.x", "value": 1, "unit": "count", "label": "x", "sources": []}
    fresh = run.Run("2-selldown", document, (entry,), ("selldown.x",))
    monkeypatch.setattr(run, "run", Notebook(fresh))
    report.build(target(base), last_good, only=("2-selldown",), log=lambda _: None)
    after = tree(last_good / "base")
    assert "1-decline.html" not in after and "not built" in after["index.html"].decode()


@pytest.mark.xdist_group("report")
def test_only_keeps_what_is_still_valid(built, tmp_path, base, monkeypatch):
    shutil.copytree(built, tmp_path / "base")
    failing = run.Run("2-selldown", error="boom")
    monkeypatch.setattr(run, "run", Notebook(failing))
    report.build(target(base), tmp_path, only=("2-selldown",), force=True, log=lambda _: None)
    after, before = tree(tmp_path / "base"), tree(built)
    assert after["1-decline.html"] == before["1-decline.html"]
    states = json.loads(after["run.json"])["chapters"]
    assert [states[c]["state"] for c in report.CHAPTERS] == ["ok", "failed"]


@pytest.mark.xdist_group("report")
def test_a_failed_build_is_tried_again(last_good, base, monkeypatch):
    stand_in = Notebook(run.Run("1-decline", error="x"))
    monkeypatch.setattr(run, "run", stand_in)
    for _ in range(2):
        assert not report.build(target(base), last_good, log=lambda _: None).ok
    assert stand_in.calls == 2 * len(report.CHAPTERS)


@pytest.mark.xdist_group("report")
def test_a_first_build_that_fails_says_so(tmp_path, base, monkeypatch):
    monkeypatch.setattr(run, "run", Notebook(run.Run("1-decline", error="boom")))
    outcome = report.build(target(base), tmp_path, log=lambda _: None)
    assert not outcome.ok
    index = (tmp_path / "base" / "index.html").read_text(encoding="utf-8")
    assert "boom" in index and "no earlier good build" in index


@pytest.mark.xdist_group("report")
@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError()])
def test_an_interrupted_build_changes_nothing(last_good, base, monkeypatch, error):
    before = tree(last_good)
    monkeypatch.setattr(run, "run", Notebook(error))
    with pytest.raises(type(error)):
        report.build(target(base), last_good, log=lambda _: None)
    assert tree(last_good) == before


@pytest.mark.xdist_group("report")
def test_a_swap_cut_in_the_middle_is_mended(last_good, base, monkeypatch):
    before = tree(last_good / "base")
    (last_good / "base").rename(last_good / ".base.old")
    monkeypatch.setattr(run, "run", Notebook(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        report.build(target(base), last_good, log=lambda _: None)
    assert tree(last_good / "base") == before


@pytest.mark.xdist_group("report")
def test_nothing_is_done_twice(built, base, monkeypatch):
    stand_in = Notebook(AssertionError("must not run"))
    monkeypatch.setattr(run, "run", stand_in)
    before = tree(built)
    said = []
    report.build(target(base), built.parent, log=said.append)
    assert stand_in.calls == 0 and tree(built) == before and said == ["base: up to date"]


@pytest.mark.xdist_group("report")
def test_what_is_up_to_date_depends_on_every_input(built, base, monkeypatch, data, reseal):
    package = evidence.open(base.as_of).package

    def key(s=base):
        return record.manifest("base", s, ["1-decline"], package)["key"]

    first = key()
    assert first == key()
    assert first != key(base.replace({"seed": 2}))
    source = record.source_hashes()
    monkeypatch.setattr(record, "source_hashes", lambda: source | {"alliance/tables.py": "0"})
    assert first != key()


@pytest.mark.xdist_group("report")
def test_a_damaged_last_build_is_built_again(last_good, base, monkeypatch):
    (last_good / "base" / "results.json").write_text("{", encoding="utf-8")
    stand_in = Notebook(run.Run("1-decline", error="x"))
    monkeypatch.setattr(run, "run", stand_in)
    report.build(target(base), last_good, log=lambda _: None)
    assert stand_in.calls == len(report.CHAPTERS)


def test_an_unwritable_folder_is_said(base, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    monkeypatch.setattr(run, "run", Notebook(run.Run("1-decline", error="x")))
    with pytest.raises(BuildError, match="can't write the report"):
        report.build(target(base), tmp_path / "file", log=lambda _: None)


# --- real kernels -------------------------------------------------------------------------------


def broken(tmp_path, monkeypatch, source):
    """A folder of notebooks whose first chapter has one more cell."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    document = json.loads((ROOT / "notebooks" / "1-decline.ipynb").read_text(encoding="utf-8"))
    cell = {"cell_type": "code", "id": "x", "metadata": {}, "outputs": [], "execution_count": None}
    document["cells"].insert(3, cell | {"source": source})
    del document["cells"][4:]
    (folder / "1-decline.ipynb").write_text(json.dumps(document), encoding="utf-8")
    monkeypatch.setattr(run, "NOTEBOOKS", folder)


@pytest.mark.parametrize(
    "source, says",
    [
        ("raise ValueError('boom')", "boom"),
        ("import os; os._exit(3)", "died"),
        ("while True: pass", "timed out"),
        ("1", "carries no results"),
    ],
)
def test_a_failing_run_is_returned_with_its_reason(base, tmp_path, monkeypatch, source, says):
    broken(tmp_path, monkeypatch, source)
    done = run.run("1-decline", base, limit=8)
    assert done.document is None and says.lower() in done.error.lower(), done.error
    assert "\x1b" not in done.error and str(ROOT) not in done.error


def test_parameters_are_data_never_code(tmp_path):
    """Quotes, newlines, braces and code in a value stay a value."""
    nasty = 'a"b\'c {{ 7*7 }} {x} \\n"); raise SystemExit(1) #'
    s = scenario.Scenario().replace({"title": nasty})
    page = index.page_values(s, "x", "c", {"revision": None})
    from alliance.report.pages import page as render

    text = render("list.html.j2", reports=[{"name": "x", "title": page["title"], "as_of": "",
                                            "states": "<script>"}])  # fmt: skip
    assert "{{ 7*7 }}" in text and "<script>" not in text and "&#34;" in text


@pytest.mark.parametrize(
    "words",
    [
        ["--as-of", "2020-05-28"],
        ["--set", "selldown.target_stake=0", "--set", "selldown.fx_drift=0.03"],
        ["--set", "selldown.buyback_budget_jpy=0", "--set", "selldown.programme=buyback"],
    ],
)
def test_what_ifs_build(tmp_path, words):
    """Early days (the README's) and values at the ends of their ranges."""
    done = alliance("report", "--only", "2-selldown", *words, "--out", tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_peer_can_be_added_on_the_command_line(tmp_path):
    done = alliance(
        "report",
        "--set",
        "decline.peers=[toyota, honda, mitsubishi-motors]",
        "--set",
        "decline.currency=EUR",
        "--out",
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    (folder,) = [p for p in tmp_path.iterdir() if p.is_dir()]
    assert folder.name.startswith("base+") and len(folder.name) == len("base+") + 6
    index = (folder / "index.html").read_text(encoding="utf-8")
    assert "decline.peers = [toyota, honda, mitsubishi-motors]" in index
    assert "--set &#39;decline.currency=EUR&#39;" in index
    last = done.stdout.strip().splitlines()[-1]
    assert last == f"Open {folder / 'index.html'}"


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_stopping_leaves_no_kernel_and_exits_130(tmp_path, sign):
    process = subprocess.Popen(
        [sys.executable, "-m", "alliance", "report", "--out", str(tmp_path)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=ENVIRONMENT,
    )
    assert "running 1-decline" in process.stderr.readline()
    deadline = time.time() + 30
    while not (kernels := kernels_of(process.pid)) and time.time() < deadline:
        time.sleep(0.05)
    assert kernels, "no kernel was started"
    time.sleep(1)
    process.send_signal(sign)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "stopped" in said
    _, alive = psutil.wait_procs(kernels, timeout=5)
    assert alive == []
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def kernels_of(pid):
    """Kernels that a process has started."""
    try:
        children = psutil.Process(pid).children(recursive=True)
        return [c for c in children if "ipykernel_launcher" in " ".join(c.cmdline())]
    except psutil.NoSuchProcess:
        return []
