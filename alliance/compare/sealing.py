"""What a command says of differences: before a seal, between two sides, since live rows came."""

import io
import shlex
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from alliance import answers
from alliance.compare.causes import flattened
from alliance.compare.differences import compare, side
from alliance.compare.page import tell
from alliance.errors import AllianceError
from alliance.evidence import Evidence, Package
from alliance.evidence.checks import check, seal
from alliance.evidence.descriptor import digest, folder
from alliance.evidence.live import overlay
from alliance.report import manifest
from alliance.report.builder import Log
from alliance.scenario import load


def results(data: Path, name: str = "base") -> dict[str, Any]:
    """All results of a scenario by id, lists item by item, at evidence as it is, sealed or not."""
    s = load(name)[1]
    ev = Evidence(Package(data), s.as_of)
    made: dict[str, answers.Answers] = {}
    for chapter in sorted(answers.CHAPTERS, reverse=True):  # the first repeats the others
        more = {"found": made.__getitem__} if chapter == manifest.FIRST else {}
        made[chapter] = answers.CHAPTERS[chapter](s, ev, **more)
    return flattened({k: r.value for c in answers.CHAPTERS for k, r in made[c].results.items()})


def before_sealing(data: Path | None, out: Path, log: Log = print) -> list[str]:
    """What becomes of the base's results, in a line, and a line for each that moves.

    Before is the last commit's evidence, answered by this code; without a repository, or where its
    tables have other columns, the last built base report, which other code may have made.
    """
    package = Package(folder(data))
    tables = package.resources.values()
    if all(digest(package.root / r["path"]) == r.get("hash") for r in tables):
        return ["no table has changed"]
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
                return ["neither a commit nor a base report to compare results with"]
        now = results(package.root)
    except AllianceError as error:
        return [f"the base can't be answered, so no results are compared: {error}"]
    keys = [*was, *(key for key in now if key not in was)]
    moved = [k for k in keys if was.get(k) != now.get(k)]
    some = f"{len(moved) or 'no'} result{'s' * (len(moved) > 1)} of the base moved since {what}"
    return [some, *(f"  {k}: {_value(was.get(k))} to {_value(now.get(k))}" for k in moved)]


def _value(value: Any) -> str:
    return "empty" if value is None else f"{value:,.6g}" if isinstance(value, float) else str(value)


def sealed(data: Path | None, out: Path, log: Log = print) -> Iterator[str]:
    """Seal evidence that is clean, and say before which results move, a line each; an EvidenceError
    if anything but a hash is wrong."""
    found = check(data)
    if all(problem.rule == "hash" for problem in found):
        yield from before_sealing(data, out, log)
    yield f"sealed: {seal(data, found)} tables have new hashes"


def between(
    a: str, b: str, out: Path, data: Path | None, live: bool, log: Log = print
) -> Iterator[str]:
    """What differs between two sides, a line each; writes their page."""
    used = overlay(out, data) if live else data
    command = shlex.join(["alliance", "compare", a, b, *["--live"] * live])
    one, other = side(a), side(b)
    if one.name == other.name:
        one, other = replace(one, name=a), replace(other, name=b)
    yield from tell(compare(one, other, used, log, data), out, log, command=command)


def since_built(out: Path, data: Path | None, log: Log = print) -> Iterator[str]:
    """What live rows move in the last built base report, a line each; writes ``live/index.html``.
    Nothing where there is no such report, or no live rows."""
    if (out / "base" / "results.json").is_file() and (out / "live" / "data").is_dir():
        one = replace(side(str(out / "base")), name="base as built")
        other = replace(side("base"), name="base with live rows")
        yield from tell(
            compare(one, other, overlay(out, data), log, data), out, log, "live", "alliance refresh"
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
