"""Why a built report differs from the same one made now: its evidence, or its code."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from alliance import answers, evidence
from alliance.answers import Answers
from alliance.errors import ScenarioError
from alliance.evidence import Package
from alliance.evidence.descriptor import folder
from alliance.report import manifest
from alliance.report.cache import Fingerprints


def flattened(values: dict[str, Any]) -> dict[str, Any]:
    """Values by id, those of a list each with its place."""
    out = {}
    for key, value in values.items():
        several = isinstance(value, list)
        out |= {f"{key}[{i}]": each for i, each in enumerate(value)} if several else {key: value}
    return out


def is_number(value: Any) -> bool:
    """Whether a value can be more or less than another."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def number(found: Answers, key: str) -> float:
    """A result by its id (and place); a ScenarioError where it is no number."""
    name = key.partition("[")[0]
    value = flattened({name: found.results[name].value}).get(key) if name in found.results else None
    if not is_number(value):
        raise ScenarioError(f"{key} must exist in every mixture, received {value}")
    return value


@dataclass(frozen=True)
class Causes:
    """Why a built report differs from the same one made now: by its evidence (data), by code or
    libraries (method). The two are told apart where the evidence that it was built from is at hand.
    """

    data: Path | None
    sealed: Path | None
    kept: dict[Any, Any] = field(default_factory=dict)

    @cached_property
    def package(self) -> Package:
        """The evidence of now."""
        return Package(folder(self.data))

    @cached_property
    def _prints(self) -> Fingerprints:
        return Fingerprints.now(self.package)

    def of(self, side: Any, chapter: str, key: str, built: float, now: float) -> dict[str, float]:
        """Parts of ``now - built`` by cause."""
        prints, then = self._prints, side.made.get("chapters", {}).get(chapter, {})
        today = prints.parts(chapter, side.scenario, manifest.notebook(chapter))
        parts = then.get("parts", {})
        differs = {
            "data": bool(prints.changed(then.get("tables", {}))),
            "method": any(parts.get(n) != today[n] for n in ("code", "package", "versions")),
        }
        name = " and ".join(name for name, so in differs.items() if so) or "unknown"
        sealed = Package(folder(self.sealed)).resources.values() if all(differs.values()) else ()
        if sealed and side.made.get("evidence") == {r["name"]: r["hash"] for r in sealed}:
            if (side.name, chapter) not in self.kept:
                s = side.scenario
                old = answers.CHAPTERS[chapter](s, evidence.open(s.as_of, self.sealed))
                self.kept[side.name, chapter] = old
            then_now = number(self.kept[side.name, chapter], key)
            return {"data": now - then_now, "method": then_now - built}
        return {name: now - built}
