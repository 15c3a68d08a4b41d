"""No wrong name comes in, by whatever door a notebook's parameters come."""

from __future__ import annotations

import atexit
import json
import os
import random
import subprocess
import sys
import urllib.request

import nbformat
import pytest
import yaml
from click.testing import CliRunner
from IPython.core.interactiveshell import InteractiveShell
from papermill.iorw import NoDatesSafeLoader, load_notebook_node
from papermill.parameterize import parameterize_notebook
from traitlets.config import Config

from alliance import scenario
from alliance.report.execute import NotebookRun, run
from alliance.report.kernels import Kernels
from alliance.report.manifest import CHAPTERS, notebook
from tests.browsing import free_port, serving
from tests.conftest import ROOT
from tests.looks import answers_of

NOTEBOOKS = [*CHAPTERS, "4-whatif"]
BASE = scenario.Scenario()
OWN = {n: list(scenario.parameters(n, BASE)) for n in CHAPTERS} | {"4-whatif": ["start"]}


def book(name):
    return load_notebook_node(str(ROOT / "notebooks" / f"{name}.ipynb"))


class Kernel:
    """An IPython shell as a kernel has it, in this process: cells, history, one namespace."""

    def __init__(self):
        quick = {"InteractiveShell": {"xmode": "Minimal"}, "HistoryManager": {"enabled": False}}
        self.shell = InteractiveShell(config=Config(quick))
        atexit.unregister(self.shell.atexit_operations)  # there is nothing to save

    def run(self, source):
        """What a cell raises, None if nothing."""
        done = self.shell.run_cell(source, store_history=True, silent=False)
        return done.error_before_exec or done.error_in_exec

    def until_read(self, document):
        """What the cells up to the one that reads the parameters raise; answers are not made."""
        for cell in document.cells:
            if cell.cell_type != "code":
                continue
            reads = "globals()" in cell.source
            error = self.run(cell.source.splitlines()[0] if reads else cell.source)
            if error is not None or reads:
                return error
        raise AssertionError("no cell reads the parameters")


def misspelt(name, rng):
    """A name with a letter lost, doubled, changed, or two swapped."""
    i = rng.randrange(len(name) - 1)
    return rng.choice(
        [
            name[:i] + name[i + 1 :],
            name[:i] + name[i] + name[i:],
            name[:i] + rng.choice("abcdefghijklmnopqrstuvwxyz") + name[i + 1 :],
            name[:i] + name[i + 1] + name[i] + name[i + 2 :],
        ]
    )


def test_two_hundred_misspellings_are_refused(capsys):
    rng, tried = random.Random(20261121), 0
    while tried < 200:
        where = rng.choice(NOTEBOOKS)
        right = rng.choice(OWN[where])
        wrong = misspelt(right, rng)
        if not wrong.isidentifier() or wrong in (*OWN[where], "title", *scenario.schema.GROUPS):
            continue
        tried += 1
        error = Kernel().until_read(parameterize_notebook(book(where), {wrong: 1}))
        assert isinstance(error, scenario.notebook.ScenarioError), (where, wrong, error)
        assert str(error).startswith(f"{wrong}: no parameter of {where}"), error
        assert "did you mean" in str(error) or "valid names are" in str(error)


@pytest.mark.parametrize("where", NOTEBOOKS)
def test_no_false_alarm(where, capsys):
    """Run as it stands, again, with parameters, and after an explorer's own cells."""
    document, kernel = book(where), Kernel()
    own = {"since": "2019-01-04"} if where == "1-decline" else {}
    for given in ({}, {}, own):
        assert kernel.until_read(parameterize_notebook(document, given)) is None
    cells = [c.source for c in document.cells if "parameters" in c.metadata.tags]
    read = next(c.source for c in document.cells if "globals()" in c.source).splitlines()[0]
    for cell in ("peer = 'toyota'", "sinse = 3", "import math\nstarts = [math.pi]", "x: int = 1"):
        assert kernel.run(cell) is None
        assert kernel.run(read) is None, cell
        assert Kernel().until_read(document) is None
    assert kernel.run("%time y = 1") is None
    assert kernel.run(cells[0]) is None and kernel.run(read) is None


def test_a_wrong_name_in_the_cell_itself_and_beside_it(capsys):
    """As typed in JupyterLab: refused until it is put right, then no longer."""
    document, kernel = book("1-decline"), Kernel()
    assert kernel.until_read(document) is None
    cell = scenario.cell("1-decline")
    read = 's = scenario.read("1-decline", globals())'
    kernel.run(f"{cell}\nstart_day = '2018-11-19'")
    assert "start_day: no parameter" in str(kernel.run(read))
    kernel.run(cell)
    assert kernel.run(read) is None
    wrong = book("1-decline")
    for each in wrong.cells:
        each.source = each.source.replace("since: str", "sinse: str")
    assert "sinse: no parameter" in str(Kernel().until_read(wrong))  # not only that one is missing
    kernel.run(cell)
    kernel.run("sinse = '2018-11-19'")
    assert "did you mean 'since'" in str(kernel.run(read))
    kernel.run(cell)
    kernel.run("my_width = 7")  # nothing like a parameter: an explorer's own
    assert kernel.run(read) is None


def test_a_cell_in_between_does_not_undo_what_was_given(capsys):
    """A split parameter cell, say: a report named for one day must not show another's numbers."""
    document = book("1-decline")
    at = next(i for i, c in enumerate(document.cells) if "parameters" in c.metadata.tags)
    between = nbformat.v4.new_code_cell("since = '2018-01-04'", metadata={"tags": []})
    document.cells.insert(at + 1, between)
    assert Kernel().until_read(document) is None
    error = Kernel().until_read(parameterize_notebook(document, {"since": "2020-01-07"}))
    assert str(error) == (
        "since: given as '2020-01-07', it must not be set again before it is read, "
        "received '2018-01-04'"
    )
    for split in ("import math\nsince = '2018-01-04'", "since, x = '2018-01-04', 1"):
        between.source = split
        error = Kernel().until_read(parameterize_notebook(document, {"since": "2020-01-07"}))
        assert "it must not be set again" in str(error)


def test_cells_run_again_in_any_order_are_no_false_alarm(capsys):
    """As somebody does who opens in JupyterLab what papermill wrote, and steps back."""
    document = parameterize_notebook(book("1-decline"), {"since": "2020-01-07"})
    codes = [cell.source for cell in document.cells if cell.cell_type == "code"]
    own = next(source for source in codes if "since: str" in source)
    given = next(source for source in codes if source.startswith("# Parameters"))
    read = next(source for source in codes if "globals()" in source).splitlines()[0]
    kernel = Kernel()
    assert kernel.until_read(document) is None
    for cell in (own, given, own, given, read):
        assert kernel.run(cell) is None
    kernel.run("since = '2018-01-04'")  # after what was read: an explorer's own
    assert kernel.run(read) is None
    kernel.run(given)
    kernel.run("since = '2018-01-04'")
    assert "it must not be set again" in str(kernel.run(read))
    assert kernel.until_read(document) is None  # the cell is gone, and Run All


def test_a_field_of_another_chapter_is_told_where_it_belongs(capsys):
    def said(where):
        return str(Kernel().until_read(parameterize_notebook(book(where), {"programme": "block"})))

    assert said("1-decline").endswith("of 1-decline; selldown.programme does not move it")
    assert said("5-hindsight").endswith(
        "selldown.programme is given as selldown = {'programme': …}"
    )
    left = scenario.parameters("5-hindsight", BASE) | {"selldown": None}  # a group left empty
    assert scenario.read("5-hindsight", left) == BASE


def test_names_are_checked_where_no_cells_are_known():
    good = scenario.parameters("1-decline", BASE)
    assert scenario.read("1-decline", good | {"_x": 1, "json": json}) == BASE
    with pytest.raises(scenario.notebook.ScenarioError, match="'since'"):
        scenario.read("1-decline", good | {"sinse": "2018-11-19"})


def values(name):
    """A scenario's file as papermill's ``-f`` reads it."""
    path = scenario.text.FOLDER / f"{name}.yaml"
    return yaml.load(path.read_text(encoding="utf-8"), NoDatesSafeLoader) or {}


@pytest.mark.parametrize("chapter", CHAPTERS)
@pytest.mark.parametrize("name", scenario.names())
def test_a_file_reads_as_the_report_reads_it(name, chapter):
    good = scenario.parameters(chapter, BASE)
    whole = scenario.load(name)[1]
    found = scenario.read(chapter, good | values(name))
    assert found == whole
    by_report = scenario.read(chapter, scenario.parameters(chapter, whole))
    assert scenario.parameters(chapter, by_report) == scenario.parameters(chapter, found)


def test_a_file_is_checked_whole_and_gives_no_field_twice():
    good = scenario.parameters("1-decline", BASE)
    refused = pytest.raises(scenario.notebook.ScenarioError, match=r"selldown\.fe: unknown field")
    with refused:
        scenario.read("1-decline", good | {"selldown": {"fe": 0.1}})
    twice = good | {"since": "2019-01-04", "decline": {"since": "2018-11-19"}}
    with pytest.raises(scenario.notebook.ScenarioError, match="given once, received '2019-01-04'"):
        scenario.read("1-decline", twice)
    assert scenario.read("1-decline", good | {"decline": {"beta_window_days": "100"}})
    lax = {"selldown": {"buyback_budget_jpy": "1e11", "volatility": None, "paths": 512}}
    assert scenario.read("2-selldown", scenario.parameters("2-selldown", BASE) | lax)


@pytest.fixture(scope="module")
def kernels():
    made = Kernels()
    yield made
    made.stop()


@pytest.mark.parametrize(
    "name, chapter",
    [("latest", "1-decline"), ("article-1", "2-selldown"), ("base", "3-separation")],
)
def test_results_with_a_file_equal_the_reports(name, chapter, kernels):
    """Byte for byte; the report hands each chapter its own fields one by one.

    That every file reads as the report reads it is tested above, without a kernel. Pictures, which
    carry no results, are left out.
    """
    s, document = scenario.load(name)[1], notebook(chapter)
    document["cells"] = [c for c in document["cells"] if "charts." not in "".join(c["source"])]
    by_file = run(NotebookRun(chapter, values(name), document), kernels)
    assert not by_file.get("error"), by_file
    a = answers_of(chapter, s)
    expected = {key: r.to_json() for key, r in a.results.items()}
    found = {r["id"]: r for r in by_file["results"]}
    assert json.dumps(found, sort_keys=True) == json.dumps(expected, sort_keys=True)


def environment():
    """No stray settings, and the package of this checkout."""
    return os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNDEFAULTENCODING": ""}


def test_papermill_by_its_own_command(tmp_path):
    command = [sys.executable, "-m", "papermill", "notebooks/1-decline.ipynb"]
    words = ["-p", "sinse", "2018-11-19", "--log-level", "ERROR"]
    done = subprocess.run(
        [*command, str(tmp_path / "out.ipynb"), *words],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        env=environment(),
    )
    assert done.returncode != 0
    assert "sinse" in done.stderr and "did you mean 'since'" in done.stderr, done.stderr[-2000:]


@pytest.mark.parametrize("name, words", [
    ("sinse", ["-p", "sinse", "2018-11-19"]),
    ("decline", ["-y", "{decline: {sinse: 2018-11-19}}"]),
])  # fmt: skip
def test_papermills_own_words(name, words, tmp_path, monkeypatch, capsys):
    """As its command reads them; what it would run is run in a shell of this process."""
    from papermill import cli

    given = {}
    monkeypatch.setattr(cli, "execute_notebook", lambda *_, **more: given.update(more))
    paths = ["notebooks/1-decline.ipynb", str(tmp_path / "out.ipynb")]
    done = CliRunner().invoke(cli.papermill, [*paths, *words], catch_exceptions=False)
    assert done.exit_code == 0 and list(given["parameters"]) == [name]
    error = Kernel().until_read(parameterize_notebook(book("1-decline"), given["parameters"]))
    assert "sinse" in str(error) and "did you mean 'since'" in str(error)


def edited(folder):
    """Chapter 1 with a wrong name in its parameter cell, as somebody saved it."""
    document = book("1-decline")
    cell = next(c for c in document.cells if "parameters" in c.metadata.tags)
    cell.source += '\nsinse: str = "2018-11-19"'
    path = folder / "edited.ipynb"
    nbformat.write(document, path)
    return path


def test_nbconvert(tmp_path):
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--execute"]
    done = subprocess.run(
        [*command, str(edited(tmp_path))], capture_output=True, encoding="utf-8", env=environment()
    )
    assert done.returncode != 0 and "did you mean 'since'" in done.stderr, done.stderr[-2000:]


def test_voila(tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "voila", str(edited(tmp_path)), "--no-browser"]
    command += [f"--port={port}", "--show_tracebacks=True"]
    log = tmp_path / "voila.log"
    with (
        serving(command, f"http://localhost:{port}", log, ROOT) as url,
        urllib.request.urlopen(url, timeout=120) as page,
    ):
        assert "did you mean" in page.read().decode()
    assert "did you mean 'since'" in log.read_text(encoding="utf-8")
