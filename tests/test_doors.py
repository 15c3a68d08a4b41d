"""What stands at the door: the README's charts, how to cite, hooks, workflow, Binder's files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest
import yaml

import alliance
from tests import browsing, looks, pictures
from tests.conftest import ROOT


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_the_readmes_charts_are_current(name, base):
    kept = (pictures.FOLDER / name).read_bytes()
    made = pictures.chart(name, looks.answers_of(pictures.PICTURES[name][0], base))
    assert pictures.far(kept, pictures.drawn(made)) < 0.002, "make pictures"
    other = pictures.chart(
        "decline.png", looks.answers_of("1-decline", looks.scenario_of("latest"))
    )
    assert pictures.far(kept, pictures.drawn(other)) > 0.01  # so another chart is not taken for it
    assert len(kept) < 150_000
    assert f"![{made.title}](notebooks/pictures/{name})" in text("README.md")


def test_no_picture_lies_about():
    assert {path.name for path in pictures.FOLDER.iterdir()} == set(pictures.PICTURES)


def test_how_to_cite_names_this_version():
    cited = yaml.safe_load(text("CITATION.cff"))
    assert cited["cff-version"] == "1.2.0" and cited["version"] == alliance.__version__
    assert {"message", "title", "authors", "date-released", "license"} <= set(cited)


def test_the_workflow_runs_what_everybody_runs():
    jobs = yaml.safe_load(text(".github/workflows/publish.yml"))["jobs"]
    ran = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert ran == [".ci/run", "make report"]


def test_binder_finds_its_files():
    assert os.access(ROOT / "postBuild", os.X_OK)
    done = subprocess.run(["bash", "-n", str(ROOT / "postBuild")], capture_output=True)
    assert done.returncode == 0, done.stderr


def test_hooks_strip_outputs_and_refuse_a_changed_cell(tmp_path):
    folder = browsing.copy_of_project(tmp_path)
    for name in ("pyproject.toml", ".pre-commit-config.yaml"):
        shutil.copy(ROOT / name, folder)
    links = folder / ".venv"
    links.symlink_to(sys.prefix)
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    env |= {"PYTHONPATH": str(folder), "PRE_COMMIT_HOME": str(tmp_path / "kept")}
    env |= {"PYTHONWARNDEFAULTENCODING": ""}

    def call(*words):
        return subprocess.run(
            words, cwd=folder, env=env, capture_output=True, encoding="utf-8"
        )  # fmt: skip

    def hooks():
        call("git", "add", "-A", "--", "alliance", "data", "notebooks")
        done = call(sys.executable, "-m", "pre_commit", "run", "--all-files")
        return done.returncode, done.stdout + done.stderr

    call("git", "init", "-q")
    call("git", "add", ".pre-commit-config.yaml")
    code, said = hooks()
    assert code == 0, said
    path = folder / "notebooks/1-decline.ipynb"
    document = json.loads(path.read_text(encoding="utf-8"))
    cell = next(c for c in document["cells"] if c["cell_type"] == "code")
    cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["an output\n"]}]
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    path.write_text(text.replace("seed: int = 1 ", "seed: int = 2 "), encoding="utf-8")
    code, said = hooks()
    assert code == 1 and "files were modified by this hook" in said
    assert "an output" not in path.read_text(encoding="utf-8")
    assert "1-decline.ipynb: parameter cell differs" in said
