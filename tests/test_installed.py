"""The wheel in a fresh environment, from folders that are no checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
import venv
import zipfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from alliance import places
from alliance.errors import ScenarioError
from alliance.evidence import Package
from tests import browsing
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q"]
    source = browsing.copy_of_project(folder / "source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    subprocess.run([*command, "-w", str(folder), str(source)], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def fresh(wheel, tmp_path_factory):
    """An environment of its own: the libraries as they are locked, and of ours only the wheel."""
    folder = tmp_path_factory.mktemp("fresh") / "env"
    venv.create(folder, with_pip=False, symlinks=True)
    ours = Path(sys.prefix)
    place = next(ours.glob("lib/python*/site-packages"))
    for path in (*place.iterdir(), ours / "share"):
        link = folder / path.relative_to(ours)
        if "alliance" not in path.name:
            link.symlink_to(path, path.is_dir())
    python = folder / "bin" / "python"
    words = [str(python), "-m", "pip", "install", "--no-deps", "--no-index", "-q", str(wheel)]
    subprocess.run(words, check=True, capture_output=True)
    return folder / "bin"


def clean():
    env = {k: v for k, v in os.environ.items() if not k.startswith(("ALLIANCE_", "PYTHON"))}
    return env | {"PYTHONPATH": ""}


def call(fresh, *words, cwd):
    done = subprocess.run(
        [str(fresh / "alliance"), *words],
        cwd=cwd, env=clean(), capture_output=True, encoding="utf-8",
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_the_wheel_carries_all_that_a_report_needs(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        for name in Package(ROOT / "data").resources.values():
            kept = archive.read(f"alliance/shipped/data/{name['path']}")
            assert kept == (ROOT / "data" / name["path"]).read_bytes()
    for path in [*(ROOT / "notebooks").glob("*.ipynb"), *places.SCENARIOS.glob("*.yaml")]:
        assert f"alliance/shipped/{path.relative_to(ROOT).as_posix()}" in names
    for path in (ROOT / "alliance").rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            assert path.relative_to(ROOT).as_posix() in names
    assert not [n for n in names if n.startswith("tests") or "/pictures/" in n or "/build/" in n]


def test_a_report_is_built_from_any_folder(fresh, tmp_path, built):
    code, out, err = call(fresh, "report", "--only", "1-decline", cwd=tmp_path)
    assert code == 0, err
    assert out.splitlines()[-1] == f"Open {Path('build/base/index.html')}"
    ours = json.loads((built / "results.json").read_text(encoding="utf-8"))["results"]
    theirs = json.loads((tmp_path / "build/base/results.json").read_text(encoding="utf-8"))
    expected = [r for r in ours if r["id"].startswith("decline.")]
    assert theirs["results"] == expected and len(expected) > 20
    assert [p.name for p in tmp_path.iterdir()] == ["build"]
    page = (tmp_path / "build/base/1-decline.html").read_text(encoding="utf-8")
    assert str(fresh.parent) not in page and str(tmp_path) not in page
    manifest = json.loads((tmp_path / "build/base/manifest.json").read_text(encoding="utf-8"))
    assert manifest["revision"] is None


def test_the_evidence_is_checked_from_any_folder(fresh, tmp_path):
    assert call(fresh, "check", cwd=tmp_path)[:2] == (0, "no problems\n")
    code, _, err = call(fresh, "check", "--seal", cwd=tmp_path)
    assert code == 1 and "what is installed is not for editing" in err
    prices = tmp_path / "closes.csv"
    prices.write_text("Date,Close\n2020-01-06,1\n2020-01-07,1\n", encoding="utf-8")
    words = ["--name", "N", "--currency", "JPY", "--exchange", "XTKS", "--source", "S"]
    code, _, err = call(fresh, "add", "prices", "mazda", "closes.csv", *words, cwd=tmp_path)
    assert code == 1 and "alliance new FOLDER --data" in err


def test_commands_in_a_new_folder_use_its_notebooks(fresh, tmp_path):
    code, out, err = call(fresh, "new", "mine", "--data", cwd=tmp_path)
    assert code == 0, err
    mine = tmp_path / "mine"
    assert out.splitlines()[:2] == [str(Path("mine/notebooks")), str(Path("mine/data"))]
    own = mine / "notebooks/scenarios/own.yaml"
    own.write_text("title: A day of mine\nas_of: 2022-10-10\n", encoding="utf-8")
    (mine / "notebooks/scenarios/latest.yaml").unlink()
    below = mine / "notebooks"
    listed = call(fresh, "scenario", "list", cwd=below)[1]
    assert "A day of mine" in listed and "latest" not in listed
    table = mine / "data/ahead.csv"
    table.write_bytes(table.read_bytes() + b"x\n")
    code, out, _ = call(fresh, "check", cwd=mine)
    assert code == 1 and "ahead.csv" in out  # its evidence, too
    assert call(fresh, "check", cwd=tmp_path)[0] == 0


def test_new_overwrites_nothing(tmp_path):
    (tmp_path / "notebooks").mkdir()
    kept = tmp_path / "notebooks/mine.txt"
    kept.write_text("mine", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"only what is not there; .*notebooks exists"):
        places.new(tmp_path, data=True)
    assert [p.name for p in tmp_path.rglob("*")] == ["notebooks", "mine.txt"]


@contextmanager
def started(fresh, name, folder, *more):
    port = browsing.free_port()
    command = [str(fresh / "alliance"), name, "--no-browser", f"--port={port}", *more]
    work = folder / "work"
    work.mkdir()
    env = {"PYTHONPATH": "", "JUPYTER_CONFIG_DIR": str(folder / "config")}
    log = folder / f"{name}.log"
    with browsing.serving(command, f"http://localhost:{port}", log, work, **env) as url:
        yield url, work


def test_jupyterlab_starts_from_any_folder_with_notebooks_of_ones_own(fresh, tmp_path):
    more = ["--IdentityProvider.token=", "--allow-root"]
    with started(fresh, "lab", tmp_path, *more) as (url, work):
        with urllib.request.urlopen(f"{url}/api/contents/notebooks/1-decline.ipynb") as answer:
            assert "scenario.read" in answer.read().decode()
        assert (work / "notebooks/scenarios/base.yaml").is_file()


@pytest.mark.browser
def test_the_cockpit_starts_from_any_folder(fresh, tmp_path, page):
    with started(fresh, "app", tmp_path) as (url, work):
        asked = urllib.request.Request(f"{url}/voila/static/voila.js")
        asked.add_header("Accept-Encoding", "gzip")
        with urllib.request.urlopen(asked) as answer:  # for slow lines
            assert answer.headers["Content-Encoding"] == "gzip"
        page.goto(url)
        page.locator(".alliance-cockpit svg").first.wait_for(timeout=browsing.WAIT)
        assert {path.name for path in work.iterdir()} == {"build"}
    assert not page.faults
