"""Before a seal: which results of the base a change of the evidence moves."""

from __future__ import annotations

import json
import subprocess

import pytest
from click.testing import CliRunner

from alliance.cli import cli
from alliance.compare import before_sealing
from alliance.compare.sealing import results
from tests.test_evidence import edit

pytestmark = pytest.mark.usefixtures("told_once", "short_hindsight")


def higher(text):
    """Another close on the base's day, dividends in proportion."""
    return text.replace("2023-01-17,423.4,401.44721", "2023-01-17,433.4,410.928722")


def quiet(_):
    pass


def sealed(data, out):
    words = ["check", "--seal", "--data", str(data), "--out", str(out)]
    return CliRunner().invoke(cli, words)


def commit(folder):
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "data"], ["commit", "-qm", "x"]):
        subprocess.run(["git", "-C", str(folder), *who, *words], check=True)


def test_moved_results_are_listed_and_then_sealed(data, tmp_path):
    commit(tmp_path)
    edit(data, "prices/nissan.csv", higher)
    done = sealed(data, tmp_path / "build")
    assert "results of the base moved since the last commit's evidence" in done.output
    assert (
        f"decline.price_change_jpy: {423.4 / 1134 - 1:.6g} to {433.4 / 1134 - 1:.6g}" in done.output
    )
    assert "sealed: 1 tables have new hashes" in done.output
    assert "ownership.votes.mirror" not in done.output
    assert "no table has changed" in sealed(data, tmp_path / "build").output


def test_a_change_after_the_day_moves_nothing(data, tmp_path):
    commit(tmp_path)
    edit(
        data,
        "prices/bmw.csv",
        lambda t: t.replace("2026-06-30,57.26,57.26", "2026-06-30,57.2,57.2"),
    )
    done = sealed(data, tmp_path / "build")
    assert "no result of the base moved" in done.output and "sealed: 1" in done.output


def test_without_git_the_last_built_report_is_the_measure(data, tmp_path):
    edit(data, "prices/nissan.csv", higher)
    assert before_sealing(data, tmp_path / "build", quiet)[0].startswith("neither")
    built = [{"id": key, "value": value} for key, value in results(data).items()]
    built[0]["value"], gone = -1, built.pop()
    (tmp_path / "build" / "base").mkdir(parents=True)
    text = json.dumps({"results": built})
    (tmp_path / "build" / "base" / "results.json").write_text(text, encoding="utf-8")
    what, *moved = before_sealing(data, tmp_path / "build", quiet)
    assert "2 results of the base moved since the last base report" in what
    assert moved[0].startswith(f"  {built[0]['id']}: -1 to ")
    assert moved[1].startswith(f"  {gone['id']}: empty to ")


def test_what_is_wrong_is_never_compared_nor_sealed(data, tmp_path):
    commit(tmp_path)
    edit(data, "prices/nissan.csv", lambda t: t.replace("2023-01-17,423.4,", "2023-01-17,-1,"))
    done = sealed(data, tmp_path / "build")
    assert done.exit_code == 1 and "moved" not in done.output
