"""The errands of CONTRIBUTING.md, step by step as they stand, each in a copy of the project."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys

import nbformat
import pytest

from alliance import evidence
from alliance.evidence import calendars
from tests import browsing
from tests.conftest import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
ERRANDS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", TEXT, re.S | re.M))
STEP = re.compile(
    r"(?:In\s`(?P<file>[^`]+)`,\s(?:at the end|after\s`(?P<line>[^`]+)`)"
    r"|New,\s`(?P<new>[^`]+)`(?:, with these cells)?):\n\n"
    r"```\w+\n(?P<text>.*?)^```|^```sh\n(?P<commands>.*?)^```",
    re.S | re.M,
)


def book(text):
    """A notebook of cells, each begun by ``# %%``."""
    cells = []
    for head, body in re.findall(r"^# %%([^\n]*)\n(.*?)(?=^# %%|\Z)", text, re.S | re.M):
        if "markdown" in head:
            cells.append(nbformat.v4.new_markdown_cell(re.sub("^# ?", "", body, flags=re.M)))
        else:
            tags = {"tags": ["parameters"]} if "parameters" in head else {}
            cells.append(nbformat.v4.new_code_cell(body.strip(), metadata=tags))
    made = nbformat.v4.new_notebook(cells=cells)
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    made.metadata["language_info"] = {"name": "python"}
    return nbformat.writes(made) + "\n"


def follow(errand, folder):
    """Do the steps of an errand; what the last command printed."""
    said = ""
    for step in STEP.finditer(ERRANDS[errand]):
        if step["new"]:
            path, text = folder / step["new"], step["text"]
            assert not path.exists()
            path.write_text(book(text) if path.suffix == ".ipynb" else text, encoding="utf-8")
        elif step["file"]:
            path = folder / step["file"]
            before = path.read_text(encoding="utf-8")
            line = f"{step['line']}\n" if step["line"] else ""
            assert before.count(line) == 1 or not line, step["line"]
            head, tail = before.split(line) if line else (before, "")
            path.write_text(head + line + step["text"] + tail, encoding="utf-8", newline="")
        else:
            for command in step["commands"].splitlines():
                said = run(command, folder)
    return said


def run(command, folder):
    program, *words = shlex.split(command)
    assert program in ("alliance", "python")
    words = words if program == "python" else ["-m", "alliance", *words]
    env = {k: v for k, v in os.environ.items() if not k.startswith("ALLIANCE_")}
    env |= {"PYTHONPATH": str(folder), "PYTHONWARNDEFAULTENCODING": ""}
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=env, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture
def copy(tmp_path):
    return browsing.copy_of_project(tmp_path)


def page(folder, name, chapter):
    (built,) = (p for p in (folder / "build").glob(f"{name}*") if p.is_dir())
    return (built / f"{chapter}.html").read_text(encoding="utf-8"), built


def test_every_errand_is_run():
    steps = sum(len(list(STEP.finditer(text))) for text in ERRANDS.values())
    assert steps == TEXT.count("```") // 2 - 1  # all but how pre-commit is installed
    ran = {"Evidence: a row", "A company", "A field", "A result and its sentence", "A chapter"}
    assert set(ERRANDS) == ran | {"A title, a sentence, a formula"}  # which has no steps


def test_evidence(copy):
    assert "Nissan sells a plant" in follow("Evidence: a row", copy)
    assert run("alliance check", copy) == "no problems\n"


def test_a_company(copy):
    days = calendars.sessions("XTKS", "2016-01-04", "2023-01-17")
    closes = [1000 * (1.0002 + 0.02 * ((7 * at) % 11 - 5) / 5) for at in range(len(days))]
    lines = [f"{day:%Y-%m-%d},{close:.2f}" for day, close in zip(days, closes, strict=True)]
    (copy / "closes.csv").write_text("\n".join(["Date,Close", *lines]) + "\n", encoding="utf-8")
    follow("A company", copy)
    assert "Example Motor" in page(copy, "base", "1-decline")[0]


def test_a_field(copy):
    follow("A field", copy)
    cell = (copy / "notebooks/1-decline.ipynb").read_text(encoding="utf-8")
    assert "large_days: int = 8" in cell
    text, _ = page(copy, "base", "1-decline")
    table = re.search(r"largest days.*?<tbody>(.*?)</tbody>", text, re.S | re.I)[1]
    assert table.count("<tr>") == 3


def test_a_result(copy):
    assert re.search(
        r"Its lowest close was JPY\s\d{3}\.", follow("A result and its sentence", copy)
    )


def test_a_chapter(copy):
    follow("A chapter", copy)
    text, built = page(copy, "base", "6-dividends")
    results = json.loads((built / "results.json").read_text(encoding="utf-8"))["results"]
    (paid,) = (r for r in results if r["id"] == "dividends.paid_jpy")
    rows = evidence.open("2023-01-17").rows("dividends", company="nissan")
    assert paid["value"] == rows.loc[rows["ex_date"] >= "2018-01-04", "amount"].sum() > 0
    assert paid["sources"][0]["id"] == "dividends"
    said = " ".join(re.sub("<[^>]+>", "", text).split())
    assert f"a share of Nissan has paid JPY {paid['value']:,.0f}" in said
    index = (built / "index.html").read_text(encoding="utf-8")
    assert "6-dividends.html" in index and "What has a share of Nissan paid?" in index
