"""The house: who imports whom, what is locked, what git holds."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement

import alliance
from tests.conftest import ROOT

#: Rows of the house from the ground up; a room imports only from rows above its own in this list.
ROWS = [
    {"errors", "format"},
    {"places"},
    {"evidence", "returns", "sampling", "scenario"},
    {"events", "ownership", "grading"},
    {"decline", "selldown", "separation", "bargain"},
    {"answers"},
    {"charts", "tables"},
    {"report"},
    {"compare", "whatif"},
    {"cli"},
]
#: Rooms of one row that may use another of it.
WITHIN = {("answers", "answers"), ("decline", "returns"), ("events", "returns")}
#: Rooms that neither read nor draw nor know a company.
MODELS = {
    "returns",
    "sampling",
    "events",
    "grading",
    "ownership",
    "selldown",
    "separation",
    "bargain",
}
PACKAGE = ROOT / "alliance"
FILES = sorted(PACKAGE.rglob("*.py"))


def room(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def row(name):
    return next(i for i, rooms in enumerate(ROWS) if name in rooms)


def imported(path):
    """Rooms that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "alliance":
                yield from (alias.name for alias in node.names)
            elif node.module.startswith("alliance."):
                yield node.module.split(".")[1]
        elif isinstance(node, ast.Import):
            yield from (a.name.split(".")[1] for a in node.names if a.name.startswith("alliance."))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_point_up_the_house(path):
    own = room(path)
    if own in ("__init__", "__main__"):
        return
    for other in imported(path):
        if other != own:
            assert row(other) < row(own), f"{own} must not import {other}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_modules_are_small(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= 300, f"{lines} lines: two modules"


#: Lines of Python, JavaScript, styles and templates. It only falls: whoever takes lines away lowers
#: it, and whoever raises it says why in CHANGELOG.
LINES = 20_010
KINDS = {".py", ".js", ".css", ".j2", ".html"}


def test_the_package_only_shrinks():
    texts = [p for p in PACKAGE.rglob("*") if p.suffix in KINDS and p.is_file()]
    lines = sum(len(p.read_text(encoding="utf-8").splitlines()) for p in texts)
    assert lines <= LINES, f"{lines} lines: take as much away, or see CONTRIBUTING.md"
    assert lines > LINES - 100, f"{lines} lines: lower the number"


def test_models_neither_read_nor_draw():
    """And they know no company: Renault and Nissan are data."""
    for path in FILES:
        if room(path) in MODELS:
            code = re.sub(r'""".*?"""', "", path.read_text(encoding="utf-8"), flags=re.S)
            for word in ("matplotlib", "read_csv", "open(", "nissan", "renault"):
                assert word not in code.lower(), f"{word} in {path.name}"


def test_data_has_one_door():
    """Outside its room the evidence is asked, never a table uncut and unrecorded."""
    for path in FILES:
        if room(path) != "evidence":
            text = path.read_text(encoding="utf-8")
            found = re.findall(r"\.package\.(?:read|raw)\w*|\._(?:whole|cut|kept)\b|read_csv", text)
            assert not found, f"{found} in {path.name}"


def test_import_is_silent_and_small():
    code = (
        "import sys; before = set(sys.modules); import alliance;"
        "print(len(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stderr == ""
    assert int(done.stdout) == 1


def test_every_exported_name_exists():
    for info in pkgutil.walk_packages([str(PACKAGE)], "alliance."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        for name in getattr(module, "__all__", ()):
            assert hasattr(module, name), f"{info.name}.{name}"
        if not info.name.startswith("alliance.cli"):
            assert module.__doc__, f"{info.name} has no docstring"


def test_version_is_the_projects():
    assert alliance.__version__ == project()["version"]


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    found = re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)(?: *; *([^\\]+?))? *\\$", text, re.M)
    return {(package, marker): version for package, version, marker in found}


def test_locks_share_their_pins():
    core, dev = versions("core.lock"), versions("dev.lock")
    assert len(core) > 50
    assert {name: dev.get(name) for name in core} == core


def versions(lock):
    """Pinned versions by package (more than one where they differ by Python or system)."""
    found = {}
    for (package, _), version in pins(lock).items():
        found.setdefault(package, set()).add(version)
    return found


@pytest.mark.parametrize("name", ["core.lock", "dev.lock"])
def test_locks_have_hashes_and_no_addresses(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.M)[1:]
    assert all("--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize(
    "name, extras", [("core.lock", ["build"]), ("dev.lock", ["build", "test"])]
)
def test_locks_hold_what_the_project_asks(name, extras):
    locked = {package: version for (package, _), version in pins(name).items()}
    wanted = list(project()["dependencies"])
    for extra in extras:
        wanted += project()["optional-dependencies"][extra]
    for line in wanted:
        need = Requirement(line)
        key = need.name.lower().replace("_", "-")
        assert key in locked, f"{key} is not in {name}"
        assert need.specifier.contains(locked[key]), f"{key} {locked[key]} in {name}"


CONDA = {"arch": "arch-py", "jupyter-server": "jupyter_server", "matplotlib": "matplotlib-base"}


def test_conda_environment_equals_the_project():
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    pip = next(entry for entry in listed if isinstance(entry, dict))
    assert pip == {"pip": ["-e ."]}
    given = sorted(entry for entry in listed if isinstance(entry, str) and entry != "pip")
    asked = [Requirement(line) for line in project()["dependencies"]]
    asked += [Requirement(line) for line in project()["optional-dependencies"]["build"]]
    wanted = [f"{CONDA.get(r.name, r.name)}{r.specifier}" for r in asked]
    assert given == sorted([*wanted, f"python{project()['requires-python']}"])


def test_ruff_is_content():
    for words in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, str(ROOT)], capture_output=True, encoding="utf-8"
        )
        assert done.returncode == 0, done.stdout + done.stderr


def staged_notebooks():
    """Notebooks as git's index holds them, so that an explorer's saved file breaks nothing."""
    listing = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "notebooks/*.ipynb"],
        capture_output=True,
        encoding="utf-8",
    )
    if listing.returncode != 0 or not listing.stdout:
        pytest.skip("not a git checkout (a downloaded archive): there is no index to look at")
    for name in listing.stdout.split():
        shown = subprocess.run(
            ["git", "-C", str(ROOT), "show", f":{name}"],
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        yield name, json.loads(shown.stdout)


def test_git_holds_no_outputs():
    for name, document in staged_notebooks():
        for cell in document["cells"]:
            assert not cell.get("outputs"), f"{name} has outputs: make strip, then git add"
            assert cell.get("execution_count") is None, name
        assert document["metadata"]["kernelspec"]["name"] == "python3"


def notebooks():
    return sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", notebooks(), ids=lambda p: p.stem)
def test_notebooks_only_ask_and_answer(path):
    document = json.loads(path.read_text(encoding="utf-8"))
    for cell in document["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse(source)
        for node in ast.walk(tree):
            assert not isinstance(
                node, ast.FunctionDef | ast.ClassDef | ast.For | ast.While | ast.Lambda
            ), source
        assert len(re.findall(r"\bcharts\.\w+\(", source)) <= 1, source


@pytest.mark.parametrize("path", notebooks(), ids=lambda p: p.stem)
def test_notebook_prose_types_no_results(path):
    """Numbers in prose are computed: text cells hold years, article numbers and days 0 and 1."""
    document = json.loads(path.read_text(encoding="utf-8"))
    for cell in document["cells"]:
        if cell["cell_type"] == "markdown":
            text = re.sub(r"\$[^$]+\$", "", "".join(cell["source"]))
            for word in re.findall(r"[-−]?\d[\d.,]*\s*%?", text):
                bare = word.strip(" .,")
                assert bare in {"1", "2018", "0"}, f"typed number {word!r} in: {text[:80]}"


def test_nothing_outside_the_project_is_named():
    listing = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files"], capture_output=True, encoding="utf-8"
    )
    if listing.returncode != 0:
        pytest.skip("not a git checkout (a downloaded archive)")
    here = f"{ROOT}/"
    for name in listing.stdout.split():
        path = ROOT / name
        if path.suffix in {".png", ".csv"} or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        assert here not in text, f"{name} names this machine"


def test_changelog_has_results():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {project()['version']}" in text and "### Results" in text


def test_what_make_runs_can_be_imported():
    """Benches run in no test: a name that has moved must not wait for whoever measures next."""
    asked = re.findall(r"-m (tests\.\w+)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert "tests.bench" in asked and len(asked) > 5
    for name in asked:
        importlib.import_module(name)
