"""Runs one notebook through papermill and takes out what a page needs."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alliance.errors import BuildError
from alliance.report.record import NOTEBOOKS, ROOT
from alliance.scenario import Scenario, parameters
from alliance.tables import RESULTS_MIME

#: Seconds a cell may take before the notebook is stopped.
CELL_LIMIT = 120

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Run:
    """One executed notebook: the document, its results, or the reason why it failed."""

    notebook: str
    document: Any = None
    results: tuple[dict[str, Any], ...] = ()
    keys: tuple[str, ...] = ()
    seconds: float = 0.0
    error: str | None = None


@dataclass
class _Collector:
    found: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, entry: dict[str, Any]) -> None:
        known = self.found.setdefault(entry["id"], entry)
        if known["value"] != entry["value"]:
            raise BuildError(
                f"{entry['id']} must have one value in a notebook, received {known['value']} and "
                f"{entry['value']}"
            )


def run(notebook: str, scenario: Scenario, *, bar: bool = False, limit: int = CELL_LIMIT) -> Run:
    """Execute one chapter with a scenario's parameters; a failure is returned, not raised.

    Parameters
    ----------
    notebook : str
        A chapter's name.
    bar : bool
        Show papermill's progress bar.
    limit : int
        Seconds that one cell may take.
    """
    import papermill
    from papermill.exceptions import PapermillException

    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="alliance-") as folder:
        source, target = Path(folder, "in.ipynb"), Path(folder, "out.ipynb")
        shutil.copyfile(NOTEBOOKS / f"{notebook}.ipynb", source)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of papermill and its kernel manager, not ours
                document = papermill.execute_notebook(
                    str(source),
                    str(target),
                    parameters=parameters(notebook, scenario),
                    kernel_name="python3",
                    progress_bar=bar,
                    execution_timeout=limit,
                    start_timeout=60,
                    cwd=folder,
                    log_output=False,
                    config=_transport(folder),
                )
        except (PapermillException, RuntimeError, TimeoutError, OSError) as error:
            text = public(f"{type(error).__name__}: {error}".replace(folder, "."))
            return Run(notebook, seconds=time.perf_counter() - started, error=text)
    _clean(document)
    try:
        results, keys = _results(document)
        if not keys:
            raise BuildError(f"{notebook} carries no results: tables.headline is not called")
    except BuildError as error:
        return Run(notebook, seconds=time.perf_counter() - started, error=str(error))
    return Run(notebook, document, results, keys, time.perf_counter() - started)


def _transport(folder: str):
    """Sockets in the run's own folder where the system has them; they can't collide with others.

    A path over 100 characters does not fit into a socket's address: then TCP serves.
    """
    from traitlets.config import Config

    path = str(Path(folder, "k"))
    if os.name == "posix" and len(path) < 90:
        return Config({"KernelManager": {"transport": "ipc", "ip": path}})
    return Config()


def public(text: str) -> str:
    """Text without colour codes, the repository's path and the user's home."""
    text = _ANSI.sub("", text).replace(str(ROOT), ".")
    home = str(Path.home())
    return text.replace(home, "~") if len(home) > 1 else text


def _clean(document: Any) -> None:
    """Take out times, paths and the notebook's own copy of what papermill did."""
    document.metadata.pop("papermill", None)
    for cell in document.cells:
        for name in ("papermill", "execution"):
            cell.metadata.pop(name, None)
        for output in cell.get("outputs", ()):
            if output.output_type == "stream":
                output.text = public(output.text)


def _results(document: Any) -> tuple[tuple[dict[str, Any], ...], tuple[str, ...]]:
    """All results that the outputs carry, the headline cell's first, and the ids it shows."""
    bundles = [
        output["data"][RESULTS_MIME]
        for cell in document.cells
        for output in cell.get("outputs", ())
        if RESULTS_MIME in output.get("data", {})
    ]
    collector, keys = _Collector(), []
    for bundle in sorted(bundles, key=lambda b: not b["headline"]):
        keys += bundle["headline"]
        for entry in bundle["results"]:
            collector.add(dict(entry))
    return tuple(collector.found.values()), tuple(keys)
