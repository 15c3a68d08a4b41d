"""A report's folder: what the last build left in it, and how a new one takes its place."""

import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from filelock import FileLock

from alliance.places import swap
from alliance.report import manifest


@dataclass(frozen=True)
class Built:
    """What the last build left: its manifest, states of chapters, and hashes of files as written.

    Empty where it is missing or damaged.
    """

    folder: Path
    manifest: dict[str, Any]
    states: dict[str, dict[str, Any]]
    files: dict[str, str]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """As the folder is, once a swap that was cut in the middle is undone."""
        whole = folder.resolve()  # a folder as "." has no name
        old = _old(whole)
        if old.is_dir():
            with _lock(whole):  # another build may be between its two renames
                if old.is_dir() and not folder.exists():
                    old.rename(folder)
        known, run = (manifest.load(folder / f"{name}.json") for name in ("manifest", "run"))
        return cls(folder, known, run.get("chapters", {}), run.get("files", {}))

    @cached_property
    def complete(self) -> bool:
        """Whether it has today's form, and all files are as they were written."""
        form = self.manifest.get("schema") == manifest.SCHEMA
        return form and bool(self.files) and self.unchanged(*self.files)

    def unchanged(self, *names: str) -> bool:
        """Whether some files are as they were written."""
        known = {self.folder / name: self.files.get(name) for name in names}
        return all(path.is_file() and manifest.digest(path) == known[path] for path in known)

    def state(self, chapter: str) -> str:
        """What became of a chapter: ok, failed, or not built."""
        return self.states.get(chapter, {}).get("state", "not built")

    def carry(self, chapter: str, work: Path, values: str) -> tuple[dict, list[dict], dict]:
        """Copy a chapter's last good page and notebook; its state, results and part of the
        manifest, where they are of the same values."""
        own = () if chapter == manifest.FIRST else (f"{chapter}.html",)
        names = *own, f"notebooks/{chapter}.ipynb"
        if not self.unchanged(*names):
            return {}, [], {}
        for name in names:
            shutil.copy2(self.folder / name, work / name)
        then = self.manifest.get("chapters", {}).get(chapter, {})
        if then.get("parts", {}).get("values") != values or not self.unchanged("results.json"):
            return {}, [], {}
        state = {k: v for k, v in self.states[chapter].items() if k != "error"}
        return state, self.results([chapter]), then

    def results(self, chapters: Iterable[str]) -> list[dict]:
        """The results of some chapters, as the file has them."""
        ids = {i for chapter in chapters for i in self.states[chapter].get("results", ())}
        stored = manifest.load(self.folder / "results.json").get("results", ())
        return [r for r in stored if r["id"] in ids]


@contextmanager
def replaced(final: Path) -> Iterator[Path]:
    """An empty folder to write a report in, which then takes the place of the last one.

    One build at a time; whatever happens in between leaves the last one.
    """
    work, old = final.with_name(f".{final.name}.{uuid.uuid4().hex}"), _old(final)
    final.parent.mkdir(parents=True, exist_ok=True)  # if somebody has cleaned up meanwhile
    with _lock(final):
        for stray in final.parent.glob(f".{final.name}.{'[0-9a-f]' * 32}"):
            shutil.rmtree(stray, ignore_errors=True)  # left by a build that was killed
        try:
            work.mkdir()
            yield work
            shutil.rmtree(old, ignore_errors=True)
            swap(work, final, old)
            shutil.rmtree(old, ignore_errors=True)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _old(final: Path) -> Path:
    return final.with_name(f".{final.name}.old")


def _lock(final: Path) -> FileLock:
    """One build at a time swaps a report in."""
    return FileLock(final.with_name(f".{final.name}.lock"))
