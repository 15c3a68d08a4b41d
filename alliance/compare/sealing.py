"""What a change of the evidence moves, said before it is sealed."""

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alliance import answers
from alliance.compare.causes import flattened
from alliance.errors import AllianceError
from alliance.evidence import Evidence, Package
from alliance.evidence.descriptor import digest, folder
from alliance.report import manifest
from alliance.scenario import load

Moved = list[tuple[str, Any, Any]]


def results(data: Path, name: str = "base") -> dict[str, Any]:
    """All results of a scenario by id, lists item by item, at evidence as it is, sealed or not."""
    s = load(name)[1]
    ev = Evidence(Package(data), s.as_of)
    found = {}
    for answer in answers.CHAPTERS.values():
        found |= {key: r.value for key, r in answer(s, ev).results.items()}
    return flattened(found)


def moved_by_sealing(
    data: Path | None, out: Path, log: Callable[[str], None] = print
) -> tuple[str, Moved]:
    """What became of the base's results, in a line, and those that move: id, before and after.

    Before is the last commit's evidence, answered by this code; without a repository, or where its
    tables have other columns, the last built base report, which other code may have made.
    """
    package = Package(folder(data))
    sealed = package.resources.values()
    if all(digest(package.root / r["path"]) == r.get("hash") for r in sealed):
        return "no table has changed", []
    log("answering the base before and after")
    built = manifest.load(out / "base" / "results.json").get("results")
    try:
        with _committed(package) as before:
            if before:
                was, what = results(before), "the last commit's evidence"
            elif built:
                was = flattened({r["id"]: r["value"] for r in built})
                what = "the last base report (its code may have been another)"
            else:
                return "neither a commit nor a base report to compare results with", []
        now = results(package.root)
    except AllianceError as error:
        return f"the base can't be answered, so no results are compared: {error}", []
    keys = [*was, *(key for key in now if key not in was)]
    moved = [(k, was.get(k), now.get(k)) for k in keys if was.get(k) != now.get(k)]
    return (
        f"{len(moved) or 'no'} result{'s' * (len(moved) > 1)} of the base moved since {what}",
        moved,
    )


def _form(package: Package) -> dict[str, list[str]]:
    """The columns of each table."""
    found = package.resources.items()
    return {name: [f["name"] for f in r["schema"]["fields"]] for name, r in found}


@contextmanager
def _committed(package: Package) -> Iterator[Path | None]:
    """The last commit's copy of the evidence; None where git has none as sealed, of this form."""
    command = ["git", "-C", str(package.root), "archive", "--format=tar", "HEAD", "."]
    with tempfile.TemporaryDirectory(prefix="alliance-") as aside:
        try:
            done = subprocess.run(command, capture_output=True, check=True)
            with tarfile.open(fileobj=io.BytesIO(done.stdout)) as files:
                files.extractall(aside, filter="data")
            before = Package(Path(aside))
            before.verify()
            ours, theirs = _form(package), _form(before)
            fits = all(ours[name] == theirs[name] for name in ours.keys() & theirs.keys())
        except (OSError, subprocess.CalledProcessError, tarfile.TarError, AllianceError):
            yield None
        else:
            yield before.root if fits else None
