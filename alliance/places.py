"""Where notebooks and evidence lie, and where reports go.

In a checkout notebooks and evidence are beside the package; an installed package carries a copy.
Whoever stands in a folder that ``alliance new`` made, or below it, gets the notebooks there.
"""

import os
import re
import shutil
from pathlib import Path

from alliance.errors import EvidenceError, ScenarioError

#: Set in the kernels of a report, whose panels are text and whose charts have two shapes.
IN_REPORT = "ALLIANCE_STATIC"

PACKAGE = Path(__file__).resolve().parent
#: What an installed package carries; a checkout has none.
CARRIED = PACKAGE / "shipped"
#: The package's own notebooks and evidence.
OWN = CARRIED if CARRIED.is_dir() else PACKAGE.parent


try:
    _HERE = Path.cwd()
except FileNotFoundError:  # it has been removed meanwhile
    _HERE = OWN
#: The folder that has ``notebooks/``: the nearest upward of the working one, else OWN.
_NEAR = (f for f in (_HERE, *_HERE.parents) if (f / "notebooks/scenarios").is_dir())
ROOT = Path(os.environ.get("ALLIANCE_ROOT") or next(_NEAR, OWN)).resolve()
NOTEBOOKS = ROOT / "notebooks"
SCENARIOS = NOTEBOOKS / "scenarios"
#: The evidence, where no other folder is named.
DATA = (ROOT if (ROOT / "data").is_dir() else OWN) / "data"
#: The folder below which reports of the cockpit are built.
WORK = Path(os.environ.get("ALLIANCE_WORK") or (_HERE if ROOT == CARRIED else ROOT)).resolve()


def sections(name: str) -> dict[str, list[str]]:
    """The lines of one of the package's texts by section, each under its name in brackets."""
    found = iter(re.split(r"^\[(.+)\]$", (PACKAGE / name).read_text("utf-8"), flags=re.M)[1:])
    return {name: next(found).strip().splitlines() for name in found}


def inherited() -> dict[str, str]:
    """Settings by which another process finds the same folders, and this code first."""
    path = os.pathsep.join(filter(None, (str(PACKAGE.parent), os.environ.get("PYTHONPATH"))))
    return {"ALLIANCE_ROOT": str(ROOT), "ALLIANCE_WORK": str(WORK), "PYTHONPATH": path}


def editable(folder: Path) -> Path:
    """A folder that is one's own to change; an EvidenceError for what an installed package has."""
    if CARRIED in (folder, *folder.parents):
        rule = "what is installed is not for editing: alliance new FOLDER --data, then there"
        raise EvidenceError(f"{rule}; received {folder}")
    return folder


def swap(work: Path, final: Path, old: Path) -> None:
    """Put a new folder in the place of the one that is there, if one is, which becomes ``old``; it
    comes back if that fails."""
    try:
        if final.exists():
            final.rename(old)
        work.rename(final)
    except BaseException:
        if old.exists() and not final.exists():
            old.rename(final)
        raise


def new(folder: Path, data: bool = False) -> list[Path]:
    """Copy notebooks and scenarios, and perhaps the evidence, to a folder for one to edit. What is
    there already is never overwritten: then it is a ScenarioError, and nothing is copied."""
    made = [folder / name for name in ("notebooks", "data")[: 1 + data]]
    for path in made:
        if path.exists():
            raise ScenarioError(f"alliance new writes only what is not there; {path} exists")
    skip = shutil.ignore_patterns("pictures", "__pycache__", ".ipynb_checkpoints")
    try:
        for path in made:
            shutil.copytree(OWN / path.name, path, ignore=skip)
    except OSError as error:
        raise ScenarioError(f"can't write to {folder}: {error.strerror or error}") from None
    return made
