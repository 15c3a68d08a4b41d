"""The repository's address is written wherever the project names it, in a copy of these files."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
import yaml

from tests.address import LINES, SERVICES
from tests.conftest import ROOT


@pytest.fixture
def folder(tmp_path):
    """A copy of the files that the address is written in, and of what writes it."""
    for name in ("README.md", *LINES, "Makefile", "tests/__init__.py", "tests/address.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def address(folder, given):
    """``make address`` as a fork calls it, and what the files hold then."""
    call = ["make", "-s", "address", f"VENV={sys.prefix}", f"REPOSITORY={given}"]
    done = subprocess.run(call, cwd=folder, capture_output=True, encoding="utf-8")
    names = ["README.md", *LINES]
    return done, {name: (folder / name).read_text(encoding="utf-8") for name in names}


@pytest.mark.parametrize("then", ["some-one/alliance", "Else9/a.b_c-d", "a/b", "v2/gh"])
def test_each_link_has_the_form_that_its_service_wants(folder, then):
    for given in (
        "first/fork",
        "v2/gh",
        then,
        then,
    ):  # a later name replaces the first; again is none
        done, texts = address(folder, given)
        assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    owner, name = then.split("/")
    wanted = {
        f"https://{owner}.github.io/{name}/",
        f"https://mybinder.org/v2/gh/{then}/HEAD?urlpath=lab/tree/notebooks",
        f"https://colab.research.google.com/github/{then}/blob/main/notebooks/1-decline.ipynb",
        f"https://nbviewer.org/github/{then}/blob/main/notebooks/1-decline.ipynb",
        f"https://github.com/{then}",
    }
    assert set(re.findall(r"https://[^\s`)>]+", texts["README.md"])) == wanted
    code, pages = f"https://github.com/{then}", f"https://{owner}.github.io/{name}/"
    assert yaml.safe_load(texts["CITATION.cff"])["repository-code"] == code
    urls = tomllib.loads(texts["pyproject.toml"])["project"]["urls"]
    assert urls == {"Repository": code, "Reports": pages}
    assert json.loads(texts["data/datapackage.json"])["homepage"] == code
    for file, text in texts.items():
        assert "OWNER" not in text and "first/fork" not in text, file
        kept = (ROOT / file).read_text(encoding="utf-8").splitlines()
        assert len(text.splitlines()) - len(kept) <= 4, file


@pytest.mark.parametrize(
    "given",
    ["", "alliance", "a/b/c", "https://github.com/a/b", "-a/b", "a--b/c", "a/", "/b", "a b/c",
     "a/..", "a/b.git", "a/a.github.io", "é/b"],
)  # fmt: skip
def test_what_is_no_repository_is_refused(folder, given):
    done, texts = address(folder, given)
    assert done.returncode == 2 and "must be owner/name as on GitHub" in done.stderr
    assert f"received '{given}'" in done.stderr and "Traceback" not in done.stderr
    assert all(text == (ROOT / file).read_text(encoding="utf-8") for file, text in texts.items())


def test_the_readmes_links_name_one_repository():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.findall(rf"{SERVICES}([\w.-]+/[\w.-]+?)(?=[/\s`),])", text)
    assert len(found) >= 5 and len({repository for _, repository in found}) == 1, found
    assert "make address REPOSITORY=" in text
    assert "make address REPOSITORY=" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
