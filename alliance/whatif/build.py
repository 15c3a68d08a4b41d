"""The report of a what-if: the builder in a process of its own, its progress in a bar."""

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
from alliance.places import WORK
from alliance.whatif.inputs import box, in_turn
from alliance.whatif.views import ShareBox

BUILD = WORK / "build"
_STEP = re.compile(r"step (\d+) of (\d+)")


def button(text: str, press: Callable[[], None], **more: object) -> w.Button:
    """A button, and what a press does."""
    made = w.Button(description=text, **more)
    made.on_click(in_turn(lambda _: press()))
    return made.add_class("alliance-button")


class Building:
    """A button that builds the report of the current settings below ``out``, and a bar.

    ``settings`` gives the scenario to start from and a ``--set`` value for each difference;
    ``share`` shows a link to the result, or why there is none.
    """

    def __init__(
        self, settings: Callable[[], tuple[str, list[str]]], share: ShareBox, out: Path = BUILD
    ) -> None:
        self._settings, self._share, self._out = settings, share, out
        self.process: subprocess.Popen[str] | None = None
        self.thread: threading.Thread | None = None  # until the result is shown
        self._stopping = False
        self.start_button = button("Build report", self.start)
        self.stop_button = button("Stop", self.stop, disabled=True)
        self.bar = w.IntProgress(description="Progress", min=0, max=1, value=0)
        self.state = w.HTML()
        self.box = box("row", self.start_button, self.stop_button, self.bar, self.state)
        atexit.register(self.stop)

    def start(self) -> None:
        """Start the builder; the panel stays live."""
        if self.process is not None:
            return
        self._share.say()
        self._share.report = ""
        try:
            name, settings = self._settings()
        except AllianceError as error:
            self._share.say(problem=str(error))
            return
        command = [sys.executable, "-m", "alliance", "report", name, "--out", str(self._out)]
        command += ["--steps", *(f"--set={setting}" for setting in settings)]
        env = {k: v for k, v in os.environ.items() if not k.startswith("ALLIANCE_APP")}
        self._stopping = False
        self.process = subprocess.Popen(
            command, cwd=WORK, env=env | {"PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            encoding="utf-8", errors="replace",
        )  # fmt: skip
        self.start_button.disabled, self.stop_button.disabled = True, False
        self.bar.value, self.state.value = 0, "starting"
        self.thread = threading.Thread(target=self._follow, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Ask the builder to stop; the last good report stays."""
        if self.process is not None and self.process.poll() is None:
            self._stopping = True
            self.process.terminate()

    def _follow(self) -> None:
        """Read what the builder prints to its end, then show how it ended."""
        process, others, page = self.process, [], None
        try:
            with process.stdout as output:
                for line in map(str.strip, output):
                    if step := _STEP.search(line):
                        done, self.bar.max = map(int, step.groups())
                        self.bar.value, self.state.value = done, f"{done} of {self.bar.max} cells"
                    elif line.startswith("running "):
                        self.state.value = line.removeprefix("running ")
                    elif line.startswith("Open "):
                        page = Path(line.removeprefix("Open ")).with_name("report.html").resolve()
                    elif line:
                        others.append(line)
            code = process.wait()
        finally:
            self.process = None
            self.start_button.disabled, self.stop_button.disabled = False, True
            self.state.value = ""
        if code == 0 and page:  # the report in one file: JupyterLab opens no link from it
            self.bar.value = self.bar.max
            below = page.relative_to(WORK) if page.is_relative_to(WORK) else page
            self._share.report = below.as_posix()
            self._share.say("The report is built.")
        elif self._stopping:
            self._share.say("Stopped; the last good report stays.")
        else:
            why = " ".join(others[-6:])
            self._share.say(problem=f"The report could not be built: {why}")
