"""What a report is made from: code, notebooks, evidence, versions; and its files of JSON."""

import hashlib
import json
import platform
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from alliance.errors import BuildError
from alliance.places import CARRIED, NOTEBOOKS, OWN, PACKAGE
from alliance.scenario import CHAPTERS as CHAPTERS

#: The chapter that a report's first page shows.
FIRST = next(iter(CHAPTERS))
#: Form of ``manifest.json``.
SCHEMA = 3


def versions() -> dict[str, str]:
    """Versions of Python and of every installed distribution."""
    places = {sysconfig.get_path(kind) for kind in ("purelib", "platlib")}
    found = {p.stem for place in places for p in Path(place).glob("*.dist-info")}
    return {"python": platform.python_version()} | dict(n.rsplit("-", 1) for n in sorted(found))


def revision() -> str | None:
    """The git revision of the working tree, with ``-changed`` where it differs; None without."""

    def git(*words: str) -> str:
        command = ["git", "-C", str(OWN), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8")
        return done.stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")).resolve() != OWN:
            return None
        head = git("rev-parse", "--short=12", "HEAD")
        changed = git("status", "--porcelain", "--", "alliance", "data", "notebooks")
        return f"{head}-changed" if changed else head
    except (OSError, subprocess.CalledProcessError):
        return None


def source_hashes() -> tuple[dict[str, str], dict[str, str]]:
    """SHA-256 of every file of the package, and of the pages' templates."""
    code, templates = {}, {}
    for path in sorted(PACKAGE.rglob("*")):
        name = path.relative_to(PACKAGE.parent).as_posix()
        if path.is_file() and path.suffix != ".pyc" and CARRIED not in path.parents:
            (templates if "/report/templates/" in name else code)[name] = digest(path)
    return code, templates


def written(name: str) -> dict[str, Any]:
    """A chapter's notebook as the file has it; a BuildError where it is missing or damaged."""
    document = load(NOTEBOOKS / f"{name}.ipynb")
    cells = document.get("cells")
    if not cells or not all(isinstance(c, dict) and {"source", "metadata"} <= {*c} for c in cells):
        raise BuildError(f"{name}.ipynb in {NOTEBOOKS.name}/ is missing, or is no notebook")
    return document


def notebook(name: str) -> dict[str, Any]:
    """A chapter's notebook, sources as text, without the cells that are for exploring."""
    document = written(name)
    cells = (c for c in document["cells"] if "lab" not in c["metadata"].get("tags", ()))
    document["cells"] = [*cells]
    for cell in document["cells"]:
        cell["source"] = "".join(cell["source"])
    return document


def digest(value: Any) -> str:
    """SHA-256 of a file, given its path, or of a JSON value."""
    if not isinstance(value, Path):
        text = json.dumps(value, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()
    return hashlib.sha256(value.read_bytes()).hexdigest()


def load(path: Path) -> dict[str, Any]:
    """A JSON file of an earlier build; empty where it is missing or damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def save(path: Path, value: Any) -> None:
    """Write JSON as UTF-8 with ``\\n``, keys in their order, no NaN."""
    try:
        text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise BuildError(f"{path.name} must hold no NaN: {error}") from None
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
