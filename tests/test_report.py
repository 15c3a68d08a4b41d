"""The builder: what is built again and why, failures, parallel runs, and what a report holds."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

from alliance import report, scenario
from alliance.answers.results import CATALOGUE
from alliance.errors import BuildError, EvidenceError, ScenarioError
from alliance.evidence import DATA, Package
from alliance.report import builder, cache, execute, executor, folder, kernels, manifest, sheets
from alliance.report.execute import NotebookRun
from alliance.report.kernels import Kernels
from tests import looks
from tests.browsing import copy_of_project
from tests.conftest import ROOT
from tests.test_command import ENVIRONMENT

CHAPTERS = list(report.CHAPTERS)


def target(base, name="base"):
    return report.Target(name, base, "alliance report base")


def quiet(_):
    pass


def tree(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


class NoKernels:
    """Stands in for kernels where runs are stand-ins too."""

    def __init__(self, *_):
        self.stopped = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopped = True


class Runs:
    """Stands in for the pool: hands out runs by chapter and remembers which were asked for."""

    def __init__(self, found):
        self.found, self.asked = found, []

    def __call__(self, items, *_, **__):
        for name, item in items.items():
            self.asked.append(item.chapter)
            found = self.found(item.chapter)
            if isinstance(found, BaseException):
                raise found
            if "tables" in found:  # as if they had been read and run here and now
                package = Package(Path(item.data))
                found["tables"] = {t: package.fingerprint(t) for t in found["tables"]}
                found["made_by"] = asdict(cache.Fingerprints.now())
            yield name, found


@pytest.fixture(scope="session")
def whole(built, base):
    """The real runs of the base report, by chapter."""
    prints, store = cache.Fingerprints.now(Package(DATA)), cache.Store(built.parent)
    out = {}
    for chapter in CHAPTERS:
        parts = prints.parts(chapter, base, manifest.notebook(chapter))
        found, why = store.load(cache.key(parts), prints)
        assert found is not None, why
        out[chapter] = found | {"seconds": 1.0}
    return out


def _texts(output):
    return {mime: text for mime, text in output["data"].items() if mime.startswith("text/")}


def shortened(book, found):
    """A notebook of a few cells, and of its run what they show: turned into a page in no time."""
    cells, outputs, left = [], [], iter(found["outputs"])
    for cell in book["cells"]:
        tagged = "parameters" in cell["metadata"].get("tags", ())
        shown = [next(left)] if cell["cell_type"] == "code" else []
        shown += [next(left)] if tagged and found["injected"] else []
        shown = [[o | {"data": _texts(o)} for o in some if "data" in o] for some in shown]
        texts = [o["data"].get("text/html", "") for some in shown for o in some]
        said = any('class="say"' in text or 'class="tiles"' in text for text in texts)
        kinds = [c["cell_type"] for c in cells]
        if tagged or kinds.count(cell["cell_type"]) < 2 or (said and kinds.count("code") < 5):
            cells.append(cell)
            outputs += shown
    results = [r for r in found["results"] if r["id"] in found["keys"]]
    return book | {"cells": cells}, found | {"outputs": outputs, "results": results}


@pytest.fixture(scope="session")
def short(whole, tmp_path_factory):
    """A folder of shortened notebooks, and their runs by chapter."""
    folder, runs = tmp_path_factory.mktemp("short") / "notebooks", {}
    folder.mkdir()
    for chapter, found in whole.items():
        book, runs[chapter] = shortened(manifest.notebook(chapter), found)
        (folder / f"{chapter}.ipynb").write_text(json.dumps(book), encoding="utf-8")
    return folder, runs


@pytest.fixture
def kept(short, monkeypatch):
    """Runs of the shortened notebooks, which stand in the place of the real ones."""
    monkeypatch.setattr(manifest, "NOTEBOOKS", short[0])
    return short[1]


@pytest.fixture(scope="session")
def small(short, base, tmp_path_factory):
    """The base report of the shortened notebooks."""
    folder = tmp_path_factory.mktemp("small")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest, "NOTEBOOKS", short[0])
        patch.setattr(executor, "run_all", Runs(lambda chapter: dict(short[1][chapter])))
        patch.setattr(kernels, "Kernels", NoKernels)
        assert report.build(target(base), folder, log=quiet).ok
    return folder


@pytest.fixture
def stand_in(kept, monkeypatch):
    """No kernels: every run that is asked for is the base's own."""
    runs = Runs(lambda chapter: dict(kept[chapter]))
    monkeypatch.setattr(executor, "run_all", runs)
    monkeypatch.setattr(kernels, "Kernels", NoKernels)
    return runs


@pytest.fixture
def out(small, kept, tmp_path):
    """A copy of that report with its cache."""
    folder = tmp_path / "out"
    shutil.copytree(small, folder)
    return folder


def failing(monkeypatch, kept, *chapters, error="ValueError: <b>boom</b>"):
    bad = {"error": error, "seconds": 1.0}
    runs = Runs(lambda c: bad if c in chapters else dict(kept[c]))
    monkeypatch.setattr(executor, "run_all", runs)
    monkeypatch.setattr(kernels, "Kernels", NoKernels)
    return runs


# --- what is built again ------------------------------------------------------------------------


def test_nothing_is_done_twice(out, base, stand_in):
    before, said = tree(out / "base"), []
    report.build(target(base), out, log=said.append, explain=True)
    assert stand_in.asked == [] and tree(out / "base") == before
    assert said == [*(f"base: {c}: up to date" for c in CHAPTERS), "base: up to date"]


def test_a_build_with_nothing_to_do_imports_little(built, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(built.parent, out)
    code = (
        "import sys; from alliance.cli import cli\n"
        f"try: cli(['report', 'base', '--out', {str(out)!r}], standalone_mode=False)\n"
        "except SystemExit: pass\n"
        "print([m for m in ('pandas', 'papermill', 'nbformat', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", cwd=ROOT, check=True
    )
    assert done.stdout.strip().splitlines()[-1] == "[]" and "up to date" in done.stderr


def poison_table(name):
    def poison(data, notebooks, monkeypatch, reseal):
        path = data / Package(data).resources[name]["path"]
        text = path.read_text(encoding="utf-8")
        at = max(i for i, c in enumerate(text) if c.isdigit())
        path.write_text(text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :],
                        encoding="utf-8", newline="\n")  # fmt: skip
        reseal(data)

    return poison


def poison_cell(kind):
    def poison(data, notebooks, monkeypatch, reseal):
        path = notebooks / "2-selldown.ipynb"
        document = json.loads(path.read_text(encoding="utf-8"))
        cell = [c for c in document["cells"] if c["cell_type"] == kind][-1]
        cell["source"] = "".join(cell["source"]) + " "
        path.write_text(json.dumps(document), encoding="utf-8")

    return poison


def poison_hashes(which):
    def poison(data, notebooks, monkeypatch, reseal):
        code, templates = manifest.source_hashes()
        (code if which == "code" else templates)["x"] = "0"
        monkeypatch.setattr(manifest, "source_hashes", lambda: (code, templates))

    return poison


def poison_versions(data, notebooks, monkeypatch, reseal):
    known = manifest.versions() | {"numpy": "0"}
    monkeypatch.setattr(manifest, "versions", lambda: known)


POISON = {
    "prices of Nissan": (poison_table("prices-nissan"), CHAPTERS),
    "sales": (poison_table("sales"), ["0-briefing", "1-decline"]),
    "legs": (poison_table("legs"), ["0-briefing", "3-separation", "5-hindsight"]),
    "tranches": (poison_table("tranches"), CHAPTERS),
    "a code cell": (poison_cell("code"), ["2-selldown"]),
    "a text cell": (poison_cell("markdown"), []),
    "the package": (poison_hashes("code"), CHAPTERS),
    "a template": (poison_hashes("templates"), []),
    "a library": (poison_versions, CHAPTERS),
}


@pytest.mark.parametrize("what", POISON)
def test_one_byte_rebuilds_exactly_what_rests_on_it(
    what, out, base, stand_in, short, data, reseal, tmp_path, monkeypatch
):
    """Each kind of input changed by one byte: just the right notebooks run again."""
    poison, expected = POISON[what]
    notebooks = tmp_path / "notebooks"
    shutil.copytree(short[0], notebooks)
    said = []
    with monkeypatch.context() as state:
        state.setattr(manifest, "NOTEBOOKS", notebooks)
        poison(data, notebooks, state, reseal)
        report.build(target(base), out, log=said.append, data=data, explain=True)
        assert sorted(stand_in.asked) == sorted(expected), said
        again = list(stand_in.asked)
        report.build(target(base), out, log=quiet, data=data)
        assert stand_in.asked == again, "a second build runs nothing"
    report.build(target(base), out, log=quiet)  # back: of tables only the last state's run is kept
    back = expected if poison.__qualname__.startswith("poison_table") else []
    assert sorted(stand_in.asked[len(again) :]) == sorted(back), "else kept runs serve"


def changed_byte(path):
    """One digit changed, size and time as they were."""
    stat, text = path.stat(), path.read_bytes()
    at = max(i for i, c in enumerate(text) if chr(c).isdigit())
    path.write_bytes(text[:at] + bytes([48 + (text[at] - 47) % 10]) + text[at + 1 :])
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


@pytest.mark.parametrize("table", ["prices/topix.csv", "facts.csv"])
def test_evidence_that_is_not_as_sealed_is_never_up_to_date(table, out, base, stand_in, data):
    """After a build one byte changes: refused, even with nothing to do."""
    report.build(target(base), out, log=quiet, data=data)
    before = tree(out / "base")
    changed_byte(data / table)
    with pytest.raises(EvidenceError, match=f"{table} has changed") as caught:
        report.build(target(base), out, log=quiet, data=data)
    assert f"run 'alliance check --data {data}' to see" in str(caught.value)
    assert tree(out / "base") == before


def test_a_copy_without_git_sees_a_changed_byte(tmp_path):
    """As from an archive: the command refuses changed evidence though no revision tells of it."""
    copy = copy_of_project(tmp_path)
    changed_byte(copy / "data" / "facts.csv")
    for each in ("build", "notebooks"):
        (copy / each).mkdir(exist_ok=True)
    code = "from alliance.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "report", "base"],
        capture_output=True,
        encoding="utf-8",
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy)},
    )
    assert done.returncode == 1 and "facts.csv has changed" in done.stderr, done.stderr


def test_an_output_folder_removed_meanwhile_is_made_again(out, base, kept, monkeypatch):
    def removing(chapter):
        shutil.rmtree(out, ignore_errors=True)
        return dict(kept[chapter])

    monkeypatch.setattr(executor, "run_all", Runs(removing))
    monkeypatch.setattr(kernels, "Kernels", NoKernels)
    assert report.build(target(base), out, log=quiet, force=True).ok
    assert (out / "base" / "index.html").is_file()


def test_only_the_chapter_whose_values_changed_runs(out, base, stand_in):
    s = base.replace({"decline": {"currency": "EUR"}})
    report.build(target(s, "other"), out, log=quiet)
    assert sorted(stand_in.asked) == ["0-briefing", "1-decline", "5-hindsight"]


def test_equal_values_run_once_for_two_reports(base, stand_in, tmp_path):
    options = builder.Options()
    report.build_all([target(base, "one"), target(base, "two")], tmp_path, options, quiet)
    assert sorted(stand_in.asked) == CHAPTERS
    first, second = (tree(tmp_path / n)["results.json"].decode() for n in ("one", "two"))
    assert first.replace('"one"', '"two"') == second


@pytest.mark.parametrize("how", ["cut", "flipped", "other"])
def test_a_damaged_cache_counts_as_none(out, base, stand_in, how):
    (out / "base").rename(out / "gone")
    for path in (out / cache.FOLDER).iterdir():
        raw = path.read_bytes()
        if how == "cut":
            path.write_bytes(raw[: len(raw) // 2])
        elif how == "flipped":
            path.write_bytes(raw.replace(b"EUR", b"EUX", 1))
        else:
            path.write_bytes(b"not a run")
    assert report.build(target(base), out, log=quiet).ok
    assert sorted(stand_in.asked) == CHAPTERS


@pytest.mark.parametrize("name", ["results.json", "1-decline.html", "run.json", "manifest.json"])
def test_a_damaged_last_build_is_made_again_from_kept_runs(out, base, stand_in, name):
    before = tree(out / "base")
    (out / "base" / name).write_text("{", encoding="utf-8")
    assert report.build(target(base), out, log=quiet).ok
    after = tree(out / "base")
    assert stand_in.asked == []
    same = set(before) - {"run.json"}
    assert {n for n in same if after[n] != before[n]} == set()


def test_two_builds_at_once_do_not_corrupt(base, stand_in, tmp_path):
    errors = []

    def work():
        try:
            report.build(target(base), tmp_path, log=quiet, force=True)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert errors == []
    assert folder.Built.read(tmp_path / "base").complete
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".base.") and p.is_dir()] == []


# --- failures -----------------------------------------------------------------------------------


def test_a_failing_notebook_leaves_the_last_good_report(out, base, kept, monkeypatch):
    (out / "base" / "report.pdf").write_bytes(b"printed")
    before = tree(out / "base")
    failing(monkeypatch, kept, *CHAPTERS)
    outcome = report.build(target(base), out, log=quiet, force=True)
    after = tree(out / "base")
    assert sorted(outcome.errors) == CHAPTERS
    assert after["report.pdf"] == b"printed" and b'href="report.pdf"' in after["index.html"]
    for name in ("1-decline.html", "results.json", "notebooks/1-decline.ipynb"):
        assert after[name] == before[name], name
    index = after["index.html"].decode()
    assert "ValueError: &lt;b&gt;boom&lt;/b&gt;" in index and "last good build" in index
    assert json.loads(after["run.json"])["chapters"]["1-decline"]["state"] == "failed"


def test_one_chapter_failing_stops_no_other_and_is_tried_again(out, base, kept, monkeypatch):
    before = tree(out / "base")
    runs = failing(monkeypatch, kept, "1-decline")
    outcome = report.build(target(base), out, log=quiet, force=True)
    assert list(outcome.errors) == ["1-decline"]
    after = tree(out / "base")
    assert after["1-decline.html"] == before["1-decline.html"]
    states = json.loads(after["run.json"])["chapters"]
    assert [c for c in CHAPTERS if states[c]["state"] != "ok"] == ["1-decline"]
    ids = [r["id"] for r in json.loads(after["results.json"])["results"]]
    assert "decline.stub_eur" in ids and "bargain.renault_gain_eur" in ids
    for path in (out / cache.FOLDER).iterdir():  # its kept run is gone, the others' are there
        body = json.loads(path.read_bytes().split(b"\n", 1)[1])
        if body["results"][0]["id"].startswith("decline"):
            path.unlink()
    runs.asked.clear()
    report.build(target(base), out, log=quiet)
    assert runs.asked == ["1-decline"]


def test_only_leaves_out_what_is_no_longer_valid(out, base, stand_in):
    s = base.replace({"decline": {"currency": "EUR"}})
    report.build(target(s), out, only=("2-selldown",), log=quiet)
    after = tree(out / "base")
    assert "1-decline.html" not in after and "not built" in after["index.html"].decode()
    assert "3-separation.html" in after


def test_a_first_build_that_fails_says_so(tmp_path, base, kept, monkeypatch):
    failing(monkeypatch, kept, *CHAPTERS)
    outcome = report.build(target(base), tmp_path, log=quiet)
    assert not outcome.ok
    index = (tmp_path / "base" / "index.html").read_text(encoding="utf-8")
    assert "boom" in index and "no earlier good build" in index


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError()])
def test_an_interrupted_build_changes_nothing(out, base, monkeypatch, error):
    before = tree(out / "base")
    monkeypatch.setattr(executor, "run_all", Runs(lambda _: error))
    monkeypatch.setattr(kernels, "Kernels", NoKernels)
    with pytest.raises(type(error)):
        report.build(target(base), out, log=quiet, force=True)
    assert tree(out / "base") == before


def test_a_swap_cut_in_the_middle_is_undone(out, base, stand_in):
    before = tree(out / "base")
    (out / "base").rename(out / ".base.old")
    report.build(target(base), out, log=quiet)
    assert tree(out / "base") == before and stand_in.asked == []


@pytest.mark.parametrize("when", ["page", "sheet", "swap"])
def test_a_full_disk_leaves_the_last_good_report(out, base, stand_in, monkeypatch, when):
    """No space left while pages, the workbook or the swap are written."""
    before = tree(out / "base")

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    where = {"page": (manifest, "save"), "sheet": (sheets, "write"), "swap": (folder, "swap")}
    monkeypatch.setattr(*where[when], full)
    with pytest.raises(BuildError, match="No space left on device"):
        report.build(target(base), out, log=quiet, force=True)
    assert tree(out / "base") == before
    assert [p for p in out.iterdir() if p.name.startswith(".base.") and p.is_dir()] == []


def test_a_read_only_folder_leaves_the_last_good_report(out, base, stand_in, monkeypatch):
    """Found out before any notebook runs (simulated: root may write anywhere)."""
    before, write = tree(out / "base"), Path.write_bytes

    def refuse(self, data):
        if self.parent == out:
            raise OSError(errno.EROFS, "Read-only file system")
        return write(self, data)

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(BuildError, match="Read-only file system"):
        report.build(target(base), out, log=quiet, force=True)
    assert tree(out / "base") == before and stand_in.asked == []


def test_an_unwritable_folder_is_said_before_any_work(base, tmp_path, stand_in):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(BuildError, match="can't write the report"):
        report.build(target(base), tmp_path / "file", log=quiet)
    with pytest.raises(BuildError, match=r"can't write the report below [^;]*$"):
        report.build(target(base), tmp_path / "file" / "never", log=quiet)
    assert stand_in.asked == []


def test_a_report_of_an_old_form_is_built_anew(out, base, stand_in):
    path = out / "base" / "manifest.json"
    old = json.loads(path.read_text(encoding="utf-8")) | {"schema": 1, "chapters": CHAPTERS}
    path.write_text(json.dumps(old), encoding="utf-8")
    assert report.build(target(base), out, log=quiet).ok and stand_in.asked == []


def test_any_flipped_bit_of_the_cache_is_found(out, base, stand_in):
    (out / "base").rename(out / "gone")
    files = sorted((out / cache.FOLDER).glob("*.json"))
    whole = files[0].read_bytes()
    clean = json.loads(whole.split(b"\n", 1)[1])
    prints, store = cache.Fingerprints.now(Package(DATA)), cache.Store(out)
    keys = (cache.key(prints.parts(c, base, manifest.notebook(c))) for c in CHAPTERS)
    paths = {store.path(key): key for key in keys}
    for at in (12, 60, 116, 500, 2_000, len(whole) // 2, len(whole) - 9):
        broken = bytearray(whole)
        broken[at] ^= 4
        files[0].write_bytes(bytes(broken))
        found, why = store.load(paths[files[0]], prints)
        assert (found is None and "damaged" in why) or found == clean, at  # a bit of the header


def test_only_does_not_carry_a_tampered_page_over(out, base, stand_in):
    path = out / "base" / "1-decline.html"
    clean = path.read_bytes()
    path.write_bytes(clean + b"<p>TAMPERED")
    report.build(target(base), out, only=("2-selldown",), log=quiet)
    assert path.read_bytes() == clean  # from the kept run


def test_a_new_title_reaches_every_page_under_only(out, base, stand_in):
    s = base.replace({"title": "Another title"})
    report.build(target(s), out, only=("2-selldown",), log=quiet)
    for chapter in ("index", *CHAPTERS[1:]):
        text = (out / "base" / f"{chapter}.html").read_text(encoding="utf-8")
        assert "Another title" in text, chapter


def test_runs_of_other_evidence_or_code_are_not_trusted(base, kept, tmp_path, monkeypatch):
    monkeypatch.setattr(kernels, "Kernels", NoKernels)
    made = asdict(cache.Fingerprints.now())
    for change, says in (
        ({"tables": {"prices-nissan": "0"}}, "it read other evidence"),
        ({"made_by": made | {"package": "0"}}, "the package's source changed"),
        ({"made_by": made | {"versions": "0"}}, "the libraries where it ran"),
    ):

        def runs(items, *_, change=change, **__):
            for name, item in items.items():
                yield name, dict(kept[item.chapter]) | {"made_by": dict(made)} | change

        monkeypatch.setattr(executor, "run_all", runs)
        outcome = report.build(target(base), tmp_path, log=quiet)
        assert all(says in error for error in outcome.errors.values())
        assert len(outcome.errors) == len(CHAPTERS)
        assert not list((tmp_path / cache.FOLDER).glob("*.json"))


def test_a_swap_that_fails_puts_the_old_report_back(out, monkeypatch, tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    rename = Path.rename

    def refuse(self, to):
        if self == work:
            raise OSError(errno.EIO, "input/output error")
        return rename(self, to)

    before = tree(out / "base")
    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OSError):
        folder.swap(work, out / "base", out / ".base.old")
    assert tree(out / "base") == before


def test_a_pdf_is_refused_before_any_run(base, tmp_path, stand_in, monkeypatch):
    from alliance.report import pdf

    monkeypatch.setattr(pdf, "browser", lambda: None)
    with pytest.raises(BuildError, match="needs Chromium, Chrome or Edge"):
        report.build(target(base), tmp_path, log=quiet, pdf=True)
    assert stand_in.asked == []


def test_a_scenario_file_elsewhere_gets_a_folder_of_its_own(tmp_path):
    path = tmp_path / "base.yaml"
    path.write_text("decline:\n  currency: EUR\n", encoding="utf-8")
    found = report.target(str(path), (), None, None)
    assert re.fullmatch(r"base\+[0-9a-f]{6}", found.name)
    own = report.target("base", (), None, None)
    assert report.distinct([own, own]) == [own]
    from alliance.errors import ScenarioError

    other = report.Target("base", found.scenario, "")
    with pytest.raises(ScenarioError, match="would both be called 'base'"):
        report.distinct([own, other])


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
    monkeypatch.setattr(manifest, "NOTEBOOKS", folder)


def item(base, notebook="1-decline", limit=60):
    parameters = scenario.parameters(notebook, base)
    return NotebookRun(notebook, parameters, manifest.notebook(notebook), None, limit)


@pytest.mark.parametrize(
    "source, says, plain",
    [
        ("raise ValueError('boom')", "boom", False),
        ("raise ValueError('boom')", "boom", True),
        ("import os; os._exit(3)", "died", False),
        ("import os; os._exit(3)", "died", True),
        ("1", "carries no results", False),
        (
            "from alliance import tables; from alliance.answers import Result\n"
            "tables.Html('', '', [Result('x', 1, 'count', 'x', ())], ['x'])",
            "x has no source",
            False,
        ),
    ],
)
def test_a_failing_run_is_returned_with_its_reason(
    base, tmp_path, monkeypatch, source, says, plain
):
    broken(tmp_path, monkeypatch, source)
    made = Kernels(plain)
    try:
        done = execute.run(item(base), made)
    finally:
        made.stop()
    assert says.lower() in done["error"].lower(), done["error"]
    assert "\x1b" not in done["error"] and str(ROOT) not in done["error"]


def test_forked_kernels_give_what_plain_ones_give(base, whole, monkeypatch):
    """Every output of a chapter, two of its pictures included, byte for byte."""
    monkeypatch.delenv("PYTHONWARNDEFAULTENCODING", raising=False)  # libraries' own warnings
    book = manifest.notebook("3-separation")
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    tagged = next(at for at, c in enumerate(code) if "parameters" in c["metadata"].get("tags", ()))
    left_out = [at for at, c in enumerate(code) if "charts." in "".join(c["source"])][2:]
    book["cells"] = [c for c in book["cells"] if all(c is not code[at] for at in left_out)]
    outputs = [
        each
        for at, each in enumerate(whole["3-separation"]["outputs"])
        if at - (at > tagged) not in left_out  # the injected parameters come after their cell
    ]
    made = Kernels(plain=True)
    try:
        parameters = scenario.parameters("3-separation", base)
        found = execute.run(NotebookRun("3-separation", parameters, book, None, 300), made)
        assert "error" not in found, found
        assert found["outputs"] == outputs and found["tables"] == whole["3-separation"]["tables"]
        assert sum("image/png" in json.dumps(each) for each in outputs) == 2
    finally:
        made.stop()


def test_a_script_without_a_guard_can_build(tmp_path):
    """The caller's own program runs in no kernel."""
    folder = shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    document = manifest.notebook("2-selldown")  # as far as its headline
    last = next(
        i for i, c in enumerate(document["cells"]) if "tables.headline" in "".join(c["source"])
    )
    del document["cells"][last + 1 :]
    (folder / "2-selldown.ipynb").write_text(json.dumps(document), encoding="utf-8")
    script = tmp_path / "build.py"
    script.write_text(
        "from pathlib import Path; from alliance import report\n"
        "print('once')\n"
        f"report.manifest.NOTEBOOKS = Path({str(folder)!r})\n"
        f"t, out = report.target('base', (), None, None), Path({str(tmp_path / 'out')!r})\n"
        "print(report.build(t, out, only=('2-selldown',)).ok)\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, encoding="utf-8", env=ENVIRONMENT,
        cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout.count("once") == 1 and "True" in done.stdout, done.stderr


@pytest.mark.parametrize("plain", [False, True], ids=["forked", "plain"])
def test_the_limit_is_of_the_whole_notebook(base, tmp_path, monkeypatch, plain):
    broken(tmp_path, monkeypatch, "import time; time.sleep(60)")
    made = Kernels(plain)
    try:
        assert "timed out" in execute.run(item(base, limit=2), made)["error"].lower()
    finally:
        made.stop()


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_kernels_go_when_the_builder_is_killed(tmp_path):
    """SIGKILL leaves the builder no time: its kernels end all the same."""
    command = [sys.executable, "-m", "alliance", "report", "--out", str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    deadline = time.time() + 40
    children = []
    while len(children) < 3 and time.time() < deadline:
        time.sleep(0.1)
        children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=15)
    assert len(children) >= 3 and alive == []


def test_a_killed_server_is_replaced(base, tmp_path, monkeypatch):
    broken(tmp_path, monkeypatch, "raise ValueError('boom')")
    made = Kernels()
    if made.plain:
        pytest.skip("no fork here")
    for process in psutil.Process().children():
        if "multiprocessing.forkserver" in " ".join(process.cmdline()):
            process.kill()
    time.sleep(1)  # until it has gone; the standard library waits for its own child
    try:
        assert "boom" in execute.run(item(base, limit=60), made)["error"]
    finally:
        made.stop()


# --- what a report holds ------------------------------------------------------------------------


def test_the_workbook_holds_every_table_with_its_sources(built):
    import openpyxl

    book = openpyxl.load_workbook(built / "tables.xlsx", read_only=True)
    shown = 0
    for chapter in ("index", *CHAPTERS[1:]):
        page = (built / f"{chapter}.html").read_text(encoding="utf-8")
        shown += page.count("<table>")
    shown -= 2  # of the index's own: all results, all sources
    assert sum(bool(re.match(r"\d\.\d+ ", name)) for name in book.sheetnames) == shown
    for name in book.sheetnames[3:]:
        told = book[name]["A3"].value
        assert "From the tables " in told and "documents" in told, name
    kinds = {row[2] for row in book["Contents"].iter_rows(min_row=2, values_only=True)}
    assert kinds == {"model", "print", "data"}
    rows = list(book["Results"].iter_rows(min_row=2, values_only=True))
    stored = json.loads((built / "results.json").read_text(encoding="utf-8"))["results"]
    assert len(rows) == len(stored) + 1
    by_id = {r[0]: r for r in rows}
    assert by_id["decline.stub_eur"][2] == next(
        r["value"] for r in stored if r["id"] == "decline.stub_eur"
    )
    assert all(row[5] for row in rows[1:])


def test_the_workbook_holds_the_data_of_every_chart(built, found):
    import openpyxl

    book = openpyxl.load_workbook(built / "tables.xlsx", read_only=True)
    pages = "".join(page.read_text(encoding="utf-8") for page in built.glob("[1-5]-*.html"))
    named = set(re.findall(r"sheet “(\d data \w+)”", pages))
    assert len(named) > 25 and named <= set(book.sheetnames)
    for name in ("rebased", "parts", "regions", "events"):
        frame = found.frame(name)
        head, *rows = book[f"1 data {name}"].iter_rows(min_row=4, values_only=True)
        assert len(rows) == len(frame) and head[-len(frame.columns) :]
        assert str(frame.columns[-1]) == head[-1].partition(", ")[0]
        if frame.iloc[-1, -1] == frame.iloc[-1, -1]:
            assert rows[-1][-1] == pytest.approx(frame.iloc[-1, -1], rel=1e-12), name
    assert book["1 data rebased"]["A5"].value == "2018-01-04"
    assert book["1 data drawdown"]["C4"].value == "drawdown, fraction"
    kinds = {row[0].value: row[2].value for row in book["Contents"].iter_rows(min_row=2)}
    assert {kinds[name] for name in named} == {"data"}


def test_equal_runs_give_equal_bytes(out, base, stand_in):
    before = tree(out / "base")
    report.build(target(base), out, log=quiet, force=True)
    after = tree(out / "base")
    differ = {n for n in before if after[n] != before[n]}
    assert differ <= {"run.json"}


def test_the_single_file_stands_alone(built):
    from tests.test_pages import read

    page = read(built / "report.html")
    text = (built / "report.html").read_text(encoding="utf-8")
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    for tag, attrs in page.links:
        href = attrs.get("href") or attrs["srcset"]
        inside = href.startswith("data:") if tag == "source" else href[1:] in page.ids
        assert inside or (tag == "a" and href.startswith("http")), href
    assert all(i["src"].startswith("data:") and i["alt"] for i in page.images)
    assert page.headings.count("h1") == 1 + len(CHAPTERS)


def test_numbers_link_to_their_tables_and_documents(built):
    """From a printed number to its result, from there to its tables, from there to documents."""
    chapter = (built / "1-decline.html").read_text(encoding="utf-8")
    index = (built / "index.html").read_text(encoding="utf-8")
    targets = set(re.findall(r'href="index\.html#([^"]+)"', chapter))
    ids = set(re.findall(r'\bid="([^"]+)"', index))
    assert len(targets) >= 8 and targets <= ids
    for name in set(re.findall(r'href="#(t-[^"]+)"', index)):
        assert name in ids, name
    assert re.search(r"[\d,]+ sourced rows, [\d,]+ derived rows and \d+ assumptions", index)


@pytest.mark.browser
def test_the_pdf(built, browser, tmp_path):
    """Pages, outline, links, page numbers; no table wider than its page."""
    from pypdf import PdfReader

    from alliance.report import pdf

    pdf.print_report(built / "report.html", tmp_path / "report.pdf")
    reader = PdfReader(tmp_path / "report.pdf")
    assert 20 < len(reader.pages) <= 45
    texts = [page.extract_text() for page in reader.pages]
    first, last = ([n for n, text in enumerate(texts) if head in text]
                   for head in ("Result Value From", "Table Issuer"))  # fmt: skip
    assert len(first) > 3 and len(last) > 2
    assert max(first) <= min(last), "one list of the annex lies on the other"
    titles = set(_titles(reader.outline))
    assert {"The sell-down", "Numbers and sources", "What would change the answer"} <= titles
    links = [a for p in reader.pages for a in (p.get("/Annots") or [])]
    assert len(links) > 100
    for number in (1, 2, len(reader.pages) // 2, len(reader.pages)):
        text = reader.pages[number - 1].extract_text()
        assert f"{number} / {len(reader.pages)}" in text
    view = browser.new_page(viewport={"width": 690, "height": 1000})  # A4 less margins, pixels
    view.emulate_media(media="print")
    view.goto((built / "report.html").resolve().as_uri())
    wide = view.evaluate(
        "[...document.querySelectorAll('.table table')]"
        ".map(t => t.scrollWidth - t.parentElement.clientWidth).filter(x => x > 1).length"
    )
    view.close()
    assert wide == 0


def _titles(outline):
    """All headings of a PDF's outline."""
    for entry in outline:
        yield from _titles(entry) if isinstance(entry, list) else [entry.title]


@pytest.mark.browser
def test_a_pdf_is_linked_and_named(built, browser, base, tmp_path):
    """A report without one has no link; with one it stays complete, and is not built again."""
    from click.testing import CliRunner

    from alliance.cli import cli
    from alliance.report.folder import Built

    shutil.copytree(built, tmp_path / "base")
    page = tmp_path / "base" / "index.html"
    assert 'href="report.pdf"' not in page.read_text(encoding="utf-8")
    report.build(target(base), tmp_path, log=quiet, pdf=True)
    assert 'href="report.pdf"' in page.read_text(encoding="utf-8")
    made = Built.read(tmp_path / "base")
    assert made.unchanged("report.pdf") and made.complete
    said = CliRunner().invoke(cli, ["report", "base", "--pdf", "--out", str(tmp_path)])
    assert said.stdout.splitlines() == [f"PDF {page.with_name('report.pdf')}", f"Open {page}"]


def test_without_a_browser_a_pdf_says_what_is_missing(built, monkeypatch, tmp_path):
    from alliance.report import pdf

    monkeypatch.setattr(pdf, "browser", lambda: None)
    with pytest.raises(BuildError, match="needs Chromium, Chrome or Edge"):
        pdf.print_report(built / "report.html", tmp_path / "x.pdf")


# --- sweep, verify ------------------------------------------------------------------------------


def test_a_sweep_is_tidy_and_has_only_what_was_built(base, tmp_path, monkeypatch, short_hindsight):
    import csv

    from alliance.compare import sweep

    monkeypatch.setattr(executor, "run_all", Runs(lambda _: AssertionError("a kernel")))
    settings = ("selldown.block_discount=0.01,0.03", "selldown.fee=0.005,0.01")
    base = base.replace({"selldown": {"paths": 64}})
    each = scenario.combinations(settings)
    command = "alliance report base --set 'selldown.fee=0.01' --as-of 2023-01-16"
    targets = [report.Target(f"t{i}", scenario.apply(base, [*words]), command)
               for i, words in enumerate(each)]  # fmt: skip
    looks.leave(tmp_path, targets, sweep.concerned(scenario.swept(settings), ()))
    page = sweep.write(targets, settings, tmp_path, (), quiet)
    with (page.parent / "sweep.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    costs = {
        (r["selldown.block_discount"], r["selldown.fee"]): float(r["value"])
        for r in rows
        if r["id"] == "selldown.block_cost"
    }
    assert costs == pytest.approx({("0.01", "0.005"): 0.015, ("0.01", "0.01"): 0.02,
                                   ("0.03", "0.005"): 0.035, ("0.03", "0.01"): 0.04})  # fmt: skip
    rooms = {
        r["id"].split(".")[0] for r in rows
    }  # the bargain sells at that cost; others can't move
    assert {"selldown", "bargain", "briefing", "hindsight"} <= rooms
    assert rooms <= {"selldown", "ownership", "bargain", "separation", "briefing", "hindsight"}
    text = page.read_text(encoding="utf-8")
    assert "4 combinations" in text and text.count("<img ") >= 4
    assert "<h1>Sweep over block discount and fee</h1>" in text
    said = " ".join(f"--set {setting}" for setting in settings)
    assert f"<code>alliance report base {said} --as-of 2023-01-16</code>, revision " in text
    assert "4 combinations of block discount and fee: " in text
    shown = re.findall(r'alt="([^"]*)"', text)
    assert shown[0].startswith("Value after exit of the best programme above that of holding")
    found = [each.partition("combinations of")[2] for each in shown]
    assert len({*found}) == len(found)  # no picture of the same values twice
    one = scenario.combinations(["selldown.programme=dribble,block"])
    chosen = [report.Target(f"p{i}", scenario.apply(base, [*words]), "c")
              for i, words in enumerate(one)]  # fmt: skip
    looks.leave(tmp_path, chosen, ["2-selldown"])
    sold = sweep.write(chosen, ("selldown.programme=dribble,block",), tmp_path, (), quiet)
    text = sold.read_text(encoding="utf-8")
    assert text.count("<td>Chosen programme: ") == text.count("<tr><td>") == 8
    large = [f"Chosen programme: {CATALOGUE[f'selldown.{{programme}}.{key}'][1].partition(': ')[2]}"
             for key in ("value_after_exit_eur_mean", "value_after_exit_eur_cvar05",
                         "p_complete", "stake_end_mean")]  # fmt: skip
    told = re.findall(r"<tr><td>([^<]*)", text.replace("\N{NO-BREAK SPACE}", " "))
    moved = [label for label in told if label in large]
    assert moved and told[: len(moved)] == moved  # first what the chapter shows large
    failed = manifest.load(tmp_path / "t1" / "run.json")
    failed["chapters"]["2-selldown"]["state"] = "failed"
    manifest.save(tmp_path / "t1" / "run.json", failed)
    shutil.rmtree(tmp_path / "t2")
    page = sweep.write(targets, settings, tmp_path, (), quiet)
    with (page.parent / "sweep.csv").open(encoding="utf-8", newline="") as file:
        left = list(csv.DictReader(file))
    assert [r for r in left if r["report"] == "t0"] == [r for r in rows if r["report"] == "t0"]
    assert {r["report"] for r in left} == {"t0", "t1", "t3"}
    assert not [r for r in left if r["report"] == "t1" and r["id"] == "selldown.block_cost"]
    text = page.read_text(encoding="utf-8")
    assert text.count("(not built)") == 1 and "fee 1 % (not built)" not in text


@pytest.mark.parametrize("narrow", [False, True])
def test_a_sweep_over_one_number_is_a_line_over_it(narrow):
    """Rising inputs go right; a result that is missing leaves a gap."""
    from matplotlib.figure import Figure

    from alliance.compare import sweep

    line, info = {0.1: 2, 0.15: 0, 0.4: 1}, scenario.fields()["selldown.target_stake"]
    names = ["b", "c", "a"], "target stake"
    chart = sweep._chart("Value", "EUR", [None, 2e9, 1e9], *names, info, line)
    assert chart.alt.endswith("of target stake: c EUR 2,000m; a EUR 1,000m")
    figure = Figure(figsize=(4, 3))
    chart.draw(figure, narrow)
    (ax,) = figure.axes
    figure.canvas.draw()
    x, y = ax.lines[0].get_data()
    assert list(x) == [0.1, 0.15, 0.4] and (y[0], y[2]) == (1000, 2000) and y[1] != y[1]
    assert ax.get_xlabel() == "target stake" and ax.get_ylabel() == "EUR m"
    ticks = [t.get_text() for t in ax.get_xticklabels()]
    assert "20 %" in ticks, ticks


def test_a_sweep_has_every_chapter_that_its_fields_reach():
    from alliance.compare.sweep import concerned

    both = ["0-briefing", "2-selldown", "3-separation", "5-hindsight"]
    assert concerned(["selldown.target_stake"], ()) == both
    one = ["0-briefing", "2-selldown", "5-hindsight"]
    assert concerned(["selldown.horizon_years", "title"], ()) == one
    assert concerned(["selldown.fee"], ()) == concerned(["selldown.participation"], ()) == both
    assert concerned(["seed"], ()) == sorted(["1-decline", *both])
    assert concerned(["as_of"], ("2-selldown",)) == ["2-selldown"]


@pytest.mark.parametrize("form", [str, list])
def test_a_parameter_cell_is_fixed_in_the_form_that_it_has(form, tmp_path, monkeypatch):
    from alliance.report import cells

    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    for module in (cells, manifest):
        monkeypatch.setattr(module, "NOTEBOOKS", tmp_path / "notebooks")
    path = tmp_path / "notebooks" / "1-decline.ipynb"
    document = json.loads(path.read_text(encoding="utf-8"))
    cell = next(c for c in document["cells"] if c["metadata"].get("tags") == ["parameters"])
    cell["source"] = "seed: int = 3" if form is str else ["seed: int = 3"]
    path.write_text(json.dumps(document), encoding="utf-8")
    assert cells.check() and cells.check(fix=True) == [] and cells.check() == []
    fixed = json.loads(path.read_text(encoding="utf-8"))
    source = next(
        c["source"] for c in fixed["cells"] if "parameters" in c["metadata"].get("tags", ())
    )
    assert isinstance(source, form) and "".join(source) == scenario.cell("1-decline")


def test_the_cache_takes_a_bounded_space(tmp_path, monkeypatch):
    """The oldest runs go first."""
    store = cache.Store(tmp_path)
    monkeypatch.setattr(cache, "MOST", 1500)
    for at in range(6):
        store.save(f"{at}", {"tables": {}, "noise": os.urandom(400).hex()})
        os.utime(store.path(f"{at}"), (at, at))
    left = sorted(path.name[0] for path in store.folder.iterdir())
    assert left and left[-1] == "5" and "0" not in left
    assert sum(path.stat().st_size for path in store.folder.iterdir()) <= 1500


def test_combinations():
    assert len(scenario.combinations(["a=1,2", "b=3,4,5", "c=[1,2]"])) == 6
    assert scenario.combinations(["title=one, two"]) == [("title=one, two",)]
    from alliance.errors import ScenarioError

    with pytest.raises(ScenarioError, match="at most 200"):
        scenario.combinations([f"{n}=" + ",".join(map(str, range(20))) for n in "ab"])
    with pytest.raises(ScenarioError, match="each field once, received 'a'"):
        scenario.combinations(["a=1,2", "a=1,3"])


def test_verify_finds_what_differs(out, base, monkeypatch, kept):
    from alliance.report.verify import verify

    monkeypatch.setattr(executor, "run_all", Runs(lambda c: dict(kept[c])))
    assert verify(out / "base", log=quiet) == []
    path = out / "base" / "results.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    stored["results"][0]["value"] = 0.5
    path.write_text(json.dumps(stored), encoding="utf-8")
    problems = verify(out / "base", log=quiet)
    assert any("0.5 was built" in p for p in problems)
    assert any(p.startswith("results.json: changed") for p in problems)
    (out / "base" / "run.json").unlink()
    assert any(p.startswith("run.json: missing") for p in verify(out / "base", log=quiet))
    with pytest.raises(ScenarioError, match="holds no built report"):
        verify(out / cache.FOLDER, log=quiet)


def test_a_report_is_found_from_inside_it(out, monkeypatch, kept):
    from alliance.report.verify import verify

    monkeypatch.setattr(executor, "run_all", Runs(lambda c: dict(kept[c])))
    monkeypatch.chdir(out / "base")
    assert verify(Path(), log=quiet) == []


def test_a_notebook_without_its_parameters_is_refused(base, tmp_path, monkeypatch):
    def bare(name):
        cells = [c | {"metadata": {}} for c in notebook(name)["cells"]]
        return notebook(name) | {"cells": cells if name == "1-decline" else notebook(name)["cells"]}

    notebook = manifest.notebook
    monkeypatch.setattr(manifest, "notebook", bare)
    with pytest.raises(BuildError, match=r"1-decline\.ipynb must have a cell tagged 'parameters'"):
        report.build(target(base), tmp_path, log=quiet)
    with pytest.raises(BuildError, match="must have a cell"):
        report.build(target(base), tmp_path, log=quiet, only=("1-decline",))
    monkeypatch.setattr(builder, "_run", lambda *_: (None for _ in ()))
    report.build(target(base), tmp_path, log=quiet, only=("2-selldown",))  # asked of it alone


def test_verify_tells_what_was_never_built_from_what_differs(tmp_path, base, stand_in):
    from alliance.report.verify import verify

    report.build(target(base), tmp_path, log=quiet, only=("1-decline",))
    said = []
    assert verify(tmp_path / "base", log=said.append) == []
    left = ", ".join(chapter for chapter in CHAPTERS if chapter != "1-decline")
    assert said == [f"not built, so not compared: {left}"]


# --- beyond one machine -------------------------------------------------------------------------


def dask(*words):
    return subprocess.Popen(
        [sys.executable, "-m", *words], cwd=ROOT, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, env=ENVIRONMENT,
    )  # fmt: skip


def test_a_cluster_gives_the_same_bytes_and_survives_a_lost_worker(built, base, tmp_path):
    """A scheduler and two workers on loopback; one is killed while it works."""
    place = tmp_path / "scheduler.json"
    many = ["--no-dashboard", "--scheduler-file", str(place)]
    running = [dask("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", *many)]
    try:
        deadline = time.time() + 30
        while not place.is_file() and time.time() < deadline:
            time.sleep(0.1)
        address = json.loads(place.read_text(encoding="utf-8"))["address"]
        local = str(tmp_path / "w")
        for _ in range(2):
            running.append(dask("distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny",
                                "--local-directory", local, *many))  # fmt: skip

        lost = []

        def lose():
            while not lost:
                time.sleep(0.05)
                lost.extend(w for w in running[1:] if psutil.Process(w.pid).children())
            time.sleep(1)  # its kernel works
            lost[0].kill()

        losing = threading.Thread(target=lose)
        losing.start()
        with executor.cluster(address) as elsewhere:
            some = ("3-separation",)
            options = builder.Options(executor=elsewhere, only=some)
            outcome = report.build_all([target(base)], tmp_path / "far", options, quiet)[0]
        losing.join()
        assert outcome.ok, outcome.errors
        here, there = tree(built), tree(tmp_path / "far" / "base")
        for name in (f"{chapter}.html" for chapter in some):
            assert here[name] == there[name], name
    finally:
        for process in running:
            process.kill()
            process.wait()


def test_nobody_at_the_address_is_said(monkeypatch):
    import distributed

    client = distributed.Client
    monkeypatch.setattr(distributed, "Client", lambda *a, **k: client(*a, **k | {"timeout": 1}))
    with (
        pytest.raises(BuildError, match="no scheduler answers"),
        executor.cluster("tcp://127.0.0.1:1"),
    ):
        pass


def test_a_day_is_given_once():
    """By --as-of or as a setting, and never the one in silence over the other."""
    from alliance.errors import ScenarioError

    with pytest.raises(ScenarioError, match="each field once, received as_of more than once"):
        report.target("base", ("as_of=2022-10-10",), None, "2020-05-28")


def test_a_sweep_labels_no_value_by_another(base, tmp_path, monkeypatch, short_hindsight):
    from alliance.compare import sweep

    monkeypatch.setattr(executor, "run_all", Runs(lambda _: AssertionError("a kernel")))
    settings = ("selldown.spot_jpy=300,900",)
    base = base.replace({"selldown": {"paths": 64}})
    targets = [
        report.Target(f"t{i}", scenario.apply(base, [*words]), "c")
        for i, words in enumerate(scenario.combinations(settings))
    ]
    looks.leave(tmp_path, targets, ["2-selldown"])
    page = sweep.write(targets, settings, tmp_path, ("2-selldown",), quiet)
    text = page.read_text(encoding="utf-8")
    assert "Planned shares before any cost" in text and "assumed price of JPY" not in text
