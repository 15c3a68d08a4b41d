"""What the command asks for, as reports with a folder's name each."""

from __future__ import annotations

import hashlib
import json
import shlex
from pathlib import Path

from alliance import scenario
from alliance.errors import ScenarioError
from alliance.report.plan import Target


def target(source: str, settings: tuple[str, ...], name: str | None, as_of: str | None) -> Target:
    """One report: its folder's name, its scenario, and the command that makes it.

    Raises
    ------
    ScenarioError
    """
    stem, s = scenario.load(source)
    words = ["alliance", "report", stem if source == stem else Path(source).name]
    changes = [*settings, *([f"as_of={as_of}"] if as_of else [])]
    if changes:
        s = scenario.apply(s, changes)
        values = json.dumps(scenario.differs(s), sort_keys=True)
        folder = f"{stem}+{hashlib.sha256(values.encode()).hexdigest()[:6]}"
        words += [f"--set {_quoted(setting)}" for setting in settings]
        words += [f"--as-of {as_of}"] if as_of else []
    elif source != stem and Path(source).resolve().parent != scenario.FOLDER:
        values = json.dumps(scenario.differs(s), sort_keys=True)  # never over one of our own
        folder = f"{stem}+{hashlib.sha256(values.encode()).hexdigest()[:6]}"
    else:
        folder = stem
    if name:
        folder = scenario.text.check_name(name)
        words.append(f"--name {name}")
    return Target(folder, s, " ".join(words))


def distinct(targets: list[Target]) -> list[Target]:
    """Each report once; two different ones must not share a folder."""
    found = {}
    for target in targets:
        known = found.setdefault(target.name, target)
        if known.scenario != target.scenario:
            raise ScenarioError(f"two different reports would both be called '{target.name}'")
    return list(found.values())


def _quoted(setting: str) -> str:
    """A setting as a shell takes it: always in quotes."""
    return f"'{setting}'" if "'" not in setting else shlex.quote(setting)
