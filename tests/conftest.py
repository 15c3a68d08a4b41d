"""Fixtures that several test modules share."""

from __future__ import annotations

import gc
import json
import os
import shutil
from pathlib import Path

import nbconvert  # noqa: F401 - here, since a build's threads could undo what it sets at import
import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from alliance import scenario
from alliance.evidence import DATA, Package
from alliance.evidence.checks import write_hashes
from tests import looks

ROOT = Path(__file__).resolve().parents[1]
# No test may fail because the machine is busy.
settings.register_profile("any pace", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any pace")

#: Files that take longest, to be begun first: so all workers of a run end together.
FIRST = (
    *(
        "app",
        "cockpit",
        "access",
        "sheets",
        "report",
        "pages",
        "whatif",
        "standing",
        "evidence",
        "compare",
    ),
    *("contributing", "anywhere", "names", "installed", "live", "panels", "golden"),
)


def pytest_collection_modifyitems(items):
    place = {f"test_{name}": at for at, name in enumerate(FIRST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(FIRST)))


def pytest_collection_finish():
    """Look for garbage less often, and never among what was imported: a tenth of the time."""
    gc.freeze()
    gc.set_threshold(50_000)


@pytest.fixture(scope="session", autouse=True)
def shared(tmp_path_factory):
    """A folder of this run for what is made once: all of its workers find it there."""
    folder = tmp_path_factory.getbasetemp()
    folder = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "shared"
    folder.mkdir(exist_ok=True)
    looks.SHARED = folder
    return folder


@pytest.fixture(scope="session")
def base():
    """The base scenario."""
    return scenario.load("base")[1]


@pytest.fixture(scope="session")
def found(base):
    """Chapter 1's answers at the base."""
    return looks.answers_of("1-decline", base)


@pytest.fixture
def data(tmp_path):
    """A copy of the evidence that a test may break."""
    copy = tmp_path / "data"
    shutil.copytree(DATA, copy)
    return copy


@pytest.fixture
def reseal():
    """Writes hashes without checking: for tests that change numbers on purpose."""
    return lambda folder: write_hashes(Package(Path(folder)))


_told = {}  # what it said, by what it was shown


@pytest.fixture(scope="module")
def told_once():
    """Frictionless takes seconds, and says of a table that is as before what it said before.

    As before: its bytes, its description, and the bytes of the tables that it refers to.
    """
    from frictionless import Resource

    validate = Resource.validate

    def once(self, *given, **more):
        keys = self.schema.foreign_keys if self.schema else []
        named = {key["reference"]["resource"] for key in keys} - {""}
        paths = [
            Path(self.basepath, r.path)
            for r in (self, *map(self.package.get_resource, sorted(named)))
        ]
        content = tuple(path.read_bytes() if path.is_file() else None for path in paths)
        key = json.dumps(self.to_descriptor(), sort_keys=True), content
        if key not in _told:
            _told[key] = validate(self, *given, **more)
        return _told[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Resource, "validate", once)
        yield


#: Headless Chromium that looks nothing up on its own.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """The installed browser's path."""
    names = ("chromium", "chromium-browser", "google-chrome", "microsoft-edge")
    return next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium; without one the test is skipped, or fails where REQUIRE_BROWSER=1."""
    path = chromium()
    if path is None:
        why = "no Chromium is installed (Debian: apt install chromium)"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(f"{why}, and REQUIRE_BROWSER=1")
        pytest.skip(why)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def built(shared, base):
    """The base report, built once; a test that changes it takes a copy."""
    from alliance.report import Target, build

    out = shared / "build"
    with FileLock(shared / "build.lock"):
        if not (out / "base" / "index.html").is_file():
            outcome = build(Target("base", base, "alliance report base"), out)
            assert outcome.ok, outcome.errors
    return out / "base"


@pytest.fixture(scope="session")
def project(built, tmp_path_factory):
    """A copy with the base report's kept runs: a report built there runs only what differs."""
    from tests import browsing

    folder = browsing.copy_of_project(tmp_path_factory.mktemp("project"))
    shutil.copytree(built.parent / ".cache", folder / "build" / ".cache")
    return folder


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1400, "height": 900}, accept_downloads=True)
    made = context.new_page()
    made.faults = []
    made.on("pageerror", lambda error: made.faults.append(str(error)))
    yield made
    context.close()


@pytest.fixture
def short_hindsight(monkeypatch):
    """Few months, starts and draws in hindsight: for tests that are not about their number, and
    that use nothing that others share."""
    looks.shorten(monkeypatch)
