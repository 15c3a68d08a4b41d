"""The report of a what-if: the builder in a process of its own, its progress in a bar."""

from __future__ import annotations

import atexit
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import ipywidgets as w

from alliance.errors import AllianceError
from alliance.report import ROOT
from alliance.whatif.stage import Case

_STEP = re.compile(r"step (\d+) of (\d+)")


class Building:
    """A button that builds the report of the current settings, and a bar.

    Parameters
    ----------
    settings : callable
        Gives the scenario to start from and a ``--set`` value for each difference.
    case : Case
        Where the result is linked, or said why there is none.
    out : Path
        Where reports go.
    """

    def __init__(
        self, settings: Callable[[], tuple[str, list[str]]], case: Case, out: Path = ROOT / "build"
    ) -> None:
        self._settings, self._case, self._out = settings, case, out
        self.process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._stopping = False
        self.start_button = w.Button(description="Build report")
        self.stop_button = w.Button(description="Stop", disabled=True)
        self.bar = w.IntProgress(description="Progress", min=0, max=1, value=0)
        self.said = w.HTML()
        self.start_button.on_click(lambda _: self.start())
        self.stop_button.on_click(lambda _: self.stop())
        for button in (self.start_button, self.stop_button):
            button.add_class("alliance-button")
        self.box = w.Box([self.start_button, self.stop_button, self.bar, self.said])
        self.box.add_class("alliance-row")
        atexit.register(self.stop)

    def start(self) -> None:
        """Start the builder; the panel stays live."""
        if self.process is not None:
            return
        case = self._case
        case.message = case.problem = case.report = ""
        try:
            name, settings = self._settings()
        except AllianceError as error:
            case.problem = str(error)
            return
        command = [sys.executable, "-m", "alliance", "report", name, "--out", str(self._out)]
        for setting in settings:
            command += ["--set", setting]
        env = {k: v for k, v in os.environ.items() if not k.startswith("ALLIANCE_APP")}
        self._stopping = False
        self.process = subprocess.Popen(
            [*command, "--steps"],
            cwd=ROOT,
            env=env | {"PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        self.start_button.disabled, self.stop_button.disabled = True, False
        self.bar.value, self.said.value = 0, "starting"
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask the builder to stop; the last good report stays."""
        if self.process is not None and self.process.poll() is None:
            self._stopping = True
            self.process.terminate()

    def wait(self) -> None:
        """Until the builder has ended and its result is shown."""
        if self._thread is not None:
            self._thread.join()

    def _follow(self) -> None:
        """Read what the builder says to its end, then say how it ended."""
        process, lines = self.process, []
        try:
            with process.stdout as output:
                for line in map(str.strip, output):
                    lines.append(line)
                    self._heard(line)
            code = process.wait()
        finally:
            self.process = None
            self.start_button.disabled, self.stop_button.disabled = False, True
            self.said.value = ""
        opened = next((x for x in reversed(lines) if x.startswith("Open ")), "")
        if code == 0 and opened:
            self.bar.value = self.bar.max
            page = Path(opened.removeprefix("Open ")).with_name("report.html")
            self._case.report = self._below_root(page)  # in one file: Lab opens no link from it
            self._case.message = "The report is built."
        elif self._stopping:
            self._case.message = "Stopped; the last good report stays."
        else:
            kept = [x for x in lines if x and not _STEP.search(x) and not x.startswith("running ")]
            self._case.problem = "The report could not be built: " + " ".join(kept[-6:])

    def _heard(self, line: str) -> None:
        if step := _STEP.search(line):
            done, total = map(int, step.groups())
            self.bar.max, self.bar.value = total, done
            self.said.value = f"{done} of {total} cells"
        elif line.startswith("running "):
            self.said.value = line.removeprefix("running ")

    @staticmethod
    def _below_root(page: Path) -> str:
        try:
            return page.resolve().relative_to(ROOT).as_posix()
        except ValueError:
            return str(page)
