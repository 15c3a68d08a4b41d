"""A report as PDF, printed by a browser that is installed: Chromium, Chrome or Edge."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from alliance.errors import BuildError

#: Commands, and programs that are no commands, one a line.
BROWSERS = (Path(__file__).parent / "browsers.txt").read_text(encoding="utf-8").strip()
#: A report is our own page and needs no network.
FLAGS = """--headless=new --disable-gpu --no-first-run --disable-background-networking
--disable-component-update --disable-sync --no-pdf-header-footer --generate-pdf-document-outline"""
LIMIT = 120  # seconds


def browser() -> str | None:
    """The first of the browsers that is here."""
    return next(filter(None, map(shutil.which, BROWSERS.splitlines())), None)


def needed() -> str:
    """The browser, or a BuildError before any work is done."""
    program = browser()
    if program is None:
        how = "none was found (Debian: apt install chromium)"
        raise BuildError(f"a PDF needs Chromium, Chrome or Edge; {how}")
    return program


def print_report(page: Path, target: Path) -> None:
    """Print one page: links and outline from its headings, page numbers from its style. A
    BuildError says that no browser is installed, or why it failed."""
    program = needed()
    with tempfile.TemporaryDirectory(prefix="alliance-") as folder:
        aside = Path(folder, "report.pdf")
        sandbox = ["--no-sandbox"] if sys.platform.startswith("linux") else []  # containers lack it
        profile = [f"--user-data-dir={folder}/profile", f"--print-to-pdf={aside}"]
        command = [program, *sandbox, *FLAGS.split(), *profile, page.resolve().as_uri()]
        try:
            done = subprocess.run(command, capture_output=True, timeout=LIMIT, check=False)
        except subprocess.TimeoutExpired:
            raise BuildError(f"{program} did not print the page within {LIMIT} s") from None
        if not aside.is_file():
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise BuildError(f"{program} printed no PDF: {' '.join(last)}")
        near = target.with_name(f".{target.name}")
        shutil.move(aside, near)
        near.replace(target)
