"""What the command asks for, as reports with a folder's name each."""

import hashlib
import json
import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from alliance import scenario
from alliance.errors import ScenarioError
from alliance.report.manifest import CHAPTERS, FIRST
from alliance.scenario import Scenario
from alliance.scenario.words import differing

MOST = 120  # characters of a title


@dataclass(frozen=True)
class Target:
    """One report to build: its folder's name, its scenario, the command that makes it."""

    name: str
    scenario: Scenario
    command: str

    def live(self, named: bool) -> Self:
        """The same with live rows, in a folder of its own unless it was ``named``."""
        name = self.name if named else f"{self.name}+live"
        return replace(self, name=name, command=f"{self.command} --live")

    @property
    def common(self) -> dict[str, Any]:
        """What head and foot of each page show."""
        return {
            "title": self.scenario.title or self.name,
            "as_of": str(self.scenario.as_of),
            "changes": differences(scenario.changes(self.scenario)),
            "command": self.command,
            "token": scenario.to_token(self.scenario),
            "links": [(key, chapter_name(key)) for key in CHAPTERS if key != FIRST],
        }


def chapter_name(chapter: str) -> str:
    """A chapter's name for display: ``1 Decline``."""
    number, _, word = chapter.partition("-")
    return f"{number} {word.capitalize().replace('Selldown', 'Sell-down')}"


def differences(changes: dict[str, Any]) -> str:
    """What differs from the default, in words, or as it stands where the schema has it no more."""
    try:
        return ", ".join(differing(Scenario(), Scenario.of(changes)))
    except ScenarioError:
        return json.dumps(changes)


def target(source: str, settings: tuple[str, ...], name: str | None, as_of: str | None) -> Target:
    """The report of a scenario, by name or path, with some settings. What is wrong in
    them is a ScenarioError."""
    stem, s = scenario.load(source)
    words = ["alliance", "report", stem if source == stem else Path(source).name]
    changes = [*settings, *([f"as_of={as_of}"] if as_of else [])]
    if as_of and any(text.partition("=")[0].strip() == "as_of" for text in settings):
        raise ScenarioError(f"each field once, received as_of more than once: {as_of} by --as-of")
    before, s = s, scenario.apply(s, changes)
    words += [f"--set {shlex.quote(t)}" if "'" in t else f"--set '{t}'" for t in settings]
    words += [f"--as-of {as_of}"] if as_of else []
    elsewhere = source != stem and Path(source).resolve().parent != scenario.text.FOLDER
    values = json.dumps(scenario.changes(s), sort_keys=True)
    own = f"+{hashlib.sha256(values.encode()).hexdigest()[:6]}"
    folder = f"{stem}{own if changes or elsewhere else ''}"  # never over one of our own
    if s != before and s.title == before.title:  # the file's title is no longer what this is
        s = s.replace({"title": titled(stem, before, s)})
    if name is not None:
        folder = scenario.text.check_name(name)
        words.append(f"--name {name}")
    if folder in scenario.names() and scenario.load(folder)[1] != s:
        rule = f"the report of the scenario '{folder}' is called so; this one is another"
        raise ScenarioError(f"--name {folder}: {rule}")
    if folder == "live" or re.match("(compare|sweep)-", folder):
        kept = "live rows, comparisons and sweeps are kept there"
        raise ScenarioError(f"a report can't be called '{folder}': {kept}; see --name")
    return Target(folder, s, " ".join(words))


def titled(name: str, before: Scenario, s: Scenario) -> str:
    """A what-if's title: the scenario that it starts from, and what differs.

    >>> base = scenario.Scenario()
    >>> s = scenario.apply(base, ["as_of=2020-05-28", "selldown.block_discount=0.03"])
    >>> titled("base", base, s)
    'Base, as of 2020-05-28, block discount 3 %'
    """
    parts, title = differing(before, s), name.capitalize().replace("-", " ")
    for at, part in enumerate(parts):
        rest = f" and {len(parts) - at} more"
        if len(title) + len(part) + 2 > MOST - len(" and 99 more"):
            return title + rest
        title += f", {part}"
    return title


def distinct(targets: list[Target]) -> list[Target]:
    """Each report once; two different ones must not share a folder."""
    found = {}
    for target in targets:
        known = found.setdefault(target.name, target)
        if known.scenario != target.scenario:
            raise ScenarioError(f"two different reports would both be called '{target.name}'")
    return list(found.values())
