"""Examples in docstrings run; the README's commands exist and its picture is there."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re

import pytest

import alliance
from tests.conftest import ROOT

MODULES = [
    info.name
    for info in pkgutil.walk_packages(alliance.__path__, "alliance.")
    if not info.name.endswith("__main__")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    module = importlib.import_module(name)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert doctest.testmod(module, optionflags=flags).failed == 0


def readme():
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_commands_exist():
    from click.testing import CliRunner

    from alliance.cli import cli

    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    blocks = "\n".join(re.findall(r"^```sh\n(.*?)^```", readme(), re.S | re.M))
    for target in re.findall(r"^make ([a-z]+)", blocks, re.M):
        assert target in targets, target
    lines = re.findall(r"^(?:\.venv/bin/)?alliance ([^\n#]+)", blocks, re.M)
    assert len(lines) >= 6
    for line in lines:
        words = [word for word in line.split() if re.fullmatch(r"[a-z]+", word)]
        command = cli
        for word in words:
            if not hasattr(command, "commands"):
                break
            command = command.commands[word]
        known = {o for p in command.params for o in p.opts}
        for option in re.findall(r"(?<!\S)(--[a-z-]+)", line):
            assert option in known, f"{option} in: alliance {line}"
    assert CliRunner().invoke(cli, ["--help"]).exit_code == 0


def test_readme_pictures_and_links_exist():
    for path in re.findall(r"\]\((?!https?:)([^)#]+)\)", readme()):
        assert (ROOT / path).exists(), path


def test_data_readme_names_every_table():
    import json

    text = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    tables = json.loads((ROOT / "data" / "datapackage.json").read_text(encoding="utf-8"))
    for resource in tables["resources"]:
        name = resource["path"]
        folder = name.split("/")[0]
        assert f"`{name}`" in text or f"`{folder}/" in text, name
