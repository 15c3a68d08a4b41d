"""The command: exit codes, what it says, and that the last good report survives."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from unittest.mock import MagicMock

import psutil
import pytest

from alliance import cli, report, scenario
from alliance.report import Target
from alliance.report.builder import Options
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


@dataclass
class Done:
    """What a finished command shows."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def building(capsys, monkeypatch):
    """The command called in this process."""

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["alliance", *map(str, words)])
        monkeypatch.setattr(signal, "signal", lambda *_: None)
        monkeypatch.setenv("ALLIANCE_DATA", "")  # put back as it was after the test
        monkeypatch.chdir(ROOT)
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = stop.code
        return Done(code, *capsys.readouterr())

    return call


@pytest.fixture
def called(building, monkeypatch):
    """The command called in this process, where no kernel can be started."""
    monkeypatch.setattr("alliance.report.execute.Kernels", MagicMock())
    monkeypatch.setattr("alliance.report.executor.run_all", None)
    return building


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
        (["report", "--set", "decline.peers=[renault]"], "other than Nissan's and Renault's"),
        (["report", "--as-of", "2015-05-05"], "the data start on 2016-01-04"),
        (["report", "--as-of", "yesterday"], "YYYY-MM-DD"),
        (["report", "--set", "decline.since=2010-01-01"], "the data start on 2016-01-04"),
        (["report", "--set", "decline.since=2016-03-01"], "first possible day is 2017-01-"),
        (["report", "--set", "decline.since=2024-01-05"], "before the last close"),
        (["report", "--name", "../escape"], "lower-case letters"),
        (["report", "base", "latest", "--name", "x"], "--name goes with one report"),
        (["report", "--name", "live"], "can't be called 'live'"),
        (["report", "--name", "sweep-1"], "can't be called 'sweep-1'"),
        (["report", "--name", ""], "lower-case letters"),
        (["report", "--name", "base", "--set", "selldown.fee=0.02"], "this one is another"),
        (["add", "prics"], "did you mean 'prices'"),
        (["report", "--set", "selldown.fee=0.01,,0.02"], "a sweep's values must differ"),
        (
            ["report", "--set", "selldown.price_points=[1.1,"],
            "a list is written in brackets, received '[1.1,'",
        ),
        (["new", "Makefile/x"], "can't write to Makefile"),
        (["report", "--set", "selldown.fee=0.01,0.5"], "must be from 0 % to 10 % of value"),
        (["report", "--set", "separation.structures=[carve_out, segmens]"], "'segments'"),
        (["compare", "base", "bsae"], "did you mean 'base'"),
        (["verify", "/nowhere/at/all"], "does not exist"),
        (["report", "--unknown"], "no such option"),
        (["report", "--data", "/nowhere/at/all"], "does not exist"),
        (["check", "--data", "Makefile"], "is a file"),
        (["scenario", "show", "lates"], "did you mean 'latest'"),
        (["scenario", "from-token", "a1.broken"], "token"),
    ],
)
def test_wrong_calls_exit_2_before_a_kernel_starts(words, says, tmp_path, called):
    out = ["--out", tmp_path / "out"] if words[0] == "report" else []
    done = called(*words, *out)
    assert done.returncode == 2, done.stderr
    assert says.lower() in done.stderr.lower()
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "words, says",
    [
        (["app", "--ip", "300.1.1.1", "--no-browser"], "--ip must be an address of this machine"),
        (["report", "--cluster", "foo"], "such as tcp://host:8786, received 'foo'"),
        (["verify", "tests"], "tests holds no built report"),
        (["compare", "base", "tests"], "tests holds no built report"),
        (["report", "nofile.yaml"], "no file of a scenario 'nofile.yaml'"),
        (["report", "--as-of", "2099-01-01"], "at most 100 days after Nissan's last close"),
        (["report", "--as-of", "2016-01-05"], "received 2018-01-04; set both for an early day"),
    ],
)
def test_a_wrong_word_is_refused_by_its_rule(words, says, called):
    done = called(*words)
    assert done.returncode == 2 and says in done.stderr, done


def test_a_port_in_use_is_named(called):
    with socket.create_server(("localhost", 0)) as taken:
        port = taken.getsockname()[1]
        done = called("app", "--port", str(port), "--no-browser")
    assert done.returncode == 2 and f"--port {port} can't be used" in done.stderr


def test_a_wrong_call_of_the_command_itself():
    done = alliance("report", "bsae")
    assert done.returncode == 2 and "did you mean 'base'" in done.stderr


def test_several_mistakes_are_told_at_once(called):
    done = called("report", "--set", "decline.beta_window_days=9", "--set", "seed=-4")
    assert "beta_window_days" in done.stderr and "seed" in done.stderr


def test_what_is_named_or_counted_once_is_told_so(tmp_path, called):
    near = called("frames", "1-decline/stubb").stderr
    assert near.endswith("(alliance frames lists them); did you mean '1-decline/stub'?\n")
    assert called("check", "--data", tmp_path).stdout.endswith("\n1 problem\n")


def test_help_of_every_command(called):
    for name in cli.cli.list_commands(None):
        done = called(name, "--help")
        assert done.returncode == 0 and done.stdout.startswith("Usage")


def test_scenario_commands(tmp_path, called):
    assert "base" in alliance("scenario", "list").stdout
    fields = called("scenario", "fields").stdout
    assert all(name in fields for name in scenario.fields())
    assert called("scenario", "show", "article-1").stdout.splitlines()[1] == "as_of: '2022-10-10'"
    assert "beta_window_days: 250" in called("scenario", "show", "base", "--full").stdout
    token = called("scenario", "token", "article-1").stdout.strip()
    assert (
        called("scenario", "from-token", token).stdout
        == called("scenario", "show", "article-1").stdout
    )


def test_a_wrong_scenario_file_hides_no_other(tmp_path, called, monkeypatch):
    monkeypatch.setattr("alliance.scenario.text.FOLDER", tmp_path)
    for name, text in {"bad": "as_of: 2023-13-01", "good": "title: Good"}.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    done = called("scenario", "list")
    assert "Good" in done.stdout and "bad.yaml: as_of: must be a day" in done.stderr
    assert done.returncode == 2


@pytest.mark.usefixtures("told_once")
def test_check_and_its_exit_code(data, called):
    assert called("check").returncode == 0
    (data / "stray.txt").write_text("x", encoding="utf-8")
    done = called("check", "--data", data)
    assert done.returncode == 1 and "stray.txt: listed" in done.stdout
    done = called("check", "--data", data, "--seal")
    assert done.returncode == 1 and "only when it is clean" in done.stderr


@pytest.mark.parametrize("text", ["{", "[]", '{"cells": [1]}', None])
def test_a_notebook_that_is_none_is_told_with_the_rest(text, tmp_path, called, monkeypatch):
    """By check beside other problems, and by report before a kernel starts."""
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    for room in ("manifest", "cells"):
        monkeypatch.setattr(f"alliance.report.{room}.NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr("alliance.report.cells.FOLDER", tmp_path / "notebooks" / "scenarios")
    (tmp_path / "notebooks" / "scenarios" / "bad.yaml").write_text("titel: x", encoding="utf-8")
    broken = tmp_path / "notebooks" / "1-decline.ipynb"
    broken.write_text(text, encoding="utf-8") if text else broken.unlink()
    says = "1-decline.ipynb in notebooks/ is missing, or is no notebook"
    monkeypatch.setattr("alliance.evidence.checks.check", lambda data: ["prices: wrong"])
    told = called("check", "--fix").stdout.splitlines()
    assert told[1].startswith("scenarios/bad.yaml: ") and "did you mean 'title'" in told[1]
    assert [told[0], *told[2:]] == ["prices: wrong", says, "3 problems"]
    done = called("report", "--out", tmp_path / "out")
    assert done.returncode == 1 and says in done.stderr and "Traceback" not in done.stderr


def test_a_place_that_can_not_be_written_is_said(tmp_path, called, monkeypatch):
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = called("compare", "base", "base", "--out", tmp_path / "file" / "x")
    assert done.returncode == 1 and "can't use" in done.stderr and "Traceback" not in done.stderr


def test_changed_evidence_is_refused_by_the_report(data, tmp_path, called):
    path = data / "prices" / "nissan.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("423.4", "423.5"), encoding="utf-8")
    done = called("report", "--data", data, "--out", tmp_path / "out")
    assert done.returncode == 1 and f"run 'alliance check --data {data}'" in done.stderr


def test_parameters_are_data_never_code(tmp_path):
    """Quotes, newlines, braces and code in a value stay a value."""
    nasty = 'a"b\'c {{ 7*7 }} {x} \\n"); raise SystemExit(1) #'
    s = scenario.Scenario().replace({"title": nasty})
    page = Target("x", s, "c").common
    from alliance.report.pages import page as render

    text = render("list.html.j2", reports=[{"name": "x", "title": page["title"], "as_of": "",
                                            "states": "<script>"}])  # fmt: skip
    assert "{{ 7*7 }}" in text and "<script>" not in text and "&#34;" in text


def test_what_ifs_build(tmp_path):
    """Early days (the README's) and values at the ends of their ranges, by kernels of one build."""
    ends = ("selldown.target_stake=0", "selldown.fx_drift=0.03")
    nothing = ("selldown.buyback_budget_jpy=0", "selldown.programme=buyback")
    what_ifs = [report.target("base", (), None, "2020-05-28")]
    what_ifs += [report.target("base", settings, None, None) for settings in (ends, nothing)]
    options = Options(only=("2-selldown",))
    for outcome in report.build_all(what_ifs, tmp_path, options, lambda _: None):
        assert outcome.ok, outcome.errors


def test_a_peer_can_be_added_on_the_command_line(built, tmp_path, building):
    shutil.copytree(built.parent / ".cache", tmp_path / ".cache")
    done = building(
        "report",
        "--set",
        "decline.peers=[toyota, honda, mitsubishi-motors]",
        "--set",
        "decline.currency=EUR",
        "--out",
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    (folder,) = [p for p in tmp_path.iterdir() if p.is_dir() and not p.name.startswith(".")]
    assert folder.name.startswith("base+") and len(folder.name) == len("base+") + 6
    index = (folder / "index.html").read_text(encoding="utf-8")
    assert "peers toyota honda mitsubishi-motors" in index
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
    assert "running base: " in process.stderr.readline()
    deadline = time.time() + 30
    while len(kernels := kernels_of(process.pid)) < 3 and time.time() < deadline:
        time.sleep(0.05)
    assert len(kernels) >= 3, "the server and two kernels must be there"
    time.sleep(0.5)  # until they run
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
        return [c for c in children if "multiprocessing.forkserver" in " ".join(c.cmdline())]
    except psutil.NoSuchProcess:
        return []
