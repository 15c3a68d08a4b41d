"""Runs one notebook through papermill and takes out what a page needs."""

import json
import logging
import os
import re
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alliance.errors import BuildError
from alliance.places import PACKAGE, ROOT
from alliance.report.kernels import Kernels
from alliance.tables import RESULTS_MIME

Tick = Callable[[int], None]
#: Seconds that one notebook may take before it is stopped.
LIMIT = 300

TABLES_MIME = "application/vnd.alliance.tables+json"
#: The last cell of each run: what it read, and of which code and libraries it was made.
_RECORD = f"""
from dataclasses import asdict
from alliance.evidence import touched
from alliance.report.cache import Fingerprints
made = {{"tables": touched(), "made_by": asdict(Fingerprints.now())}}
display({{"{TABLES_MIME}": made}}, raw=True)
"""
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class NotebookRun:
    """One notebook to run, as it was when its key was taken, and the evidence folder (else that
    of the place where it runs): plain data, so that it may travel to another machine."""

    chapter: str
    parameters: dict[str, Any]
    notebook: dict[str, Any]
    data: str | None = None
    limit: int = LIMIT


def run(item: NotebookRun, kernels: Kernels | None = None, tick: Tick = lambda _: None) -> dict:
    """Execute one chapter; a failure is returned, not raised.

    Without ``kernels`` one of its own starts here, as a cluster's workers do. ``tick(done)`` is
    called with 0 at the start, and as cells are done. What comes back are JSON values: ``outputs``
    of each code cell in order (the injected parameters first where they stand), ``injected``,
    ``results``, ``keys`` of the headline, ``tables`` read with their fingerprints, ``made_by``
    hashes of code and libraries; or ``error``. And ``seconds``.
    """
    started = time.perf_counter()
    try:
        with nullcontext(kernels) if kernels else Kernels(plain=True) as given:
            found = _taken(item, _executed(item, given, tick))
    except BuildError as error:
        found = {"error": str(error)}
    return found | {"seconds": time.perf_counter() - started}


def _executed(item: NotebookRun, kernels: Kernels, tick: Tick) -> Any:
    """The executed notebook; started again once where its kernel did not start."""
    if kernels.stopped:
        raise BuildError("the build was stopped")
    tick(0)
    for attempt in (1, 2):
        with tempfile.TemporaryDirectory(prefix="alliance-") as folder:
            try:
                return _papermill(item, kernels, Path(folder), tick)
            except Exception as error:
                text = public(f"{type(error).__name__}: {error}".replace(folder, "."))
                if attempt == 2 or kernels.stopped or "died before replying" not in text:
                    raise BuildError(text) from error
            finally:
                _close_loop()


def _close_loop() -> None:
    """The client makes an event loop for each thread and leaves it open; a pool has many."""
    from jupyter_core.utils import ensure_event_loop

    loop = ensure_event_loop()
    if not loop.is_running():
        loop.close()


def _papermill(item: NotebookRun, kernels: Kernels, folder: Path, tick: Tick) -> Any:
    """Run a notebook in a kernel of this build, with a limit for all of it.

    Sockets lie in the run's own folder where the system has them, so that they can't collide with
    others. A path over 100 characters does not fit into a socket's address: then TCP serves.
    """
    import nbformat
    import papermill
    from traitlets.config import Config

    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what fails is returned, and shown
    last = nbformat.v4.new_code_cell(_RECORD, id="alliance-tables")
    document = nbformat.from_dict(item.notebook)
    document.cells.append(last)
    end, path = time.monotonic() + item.limit, str(folder / "k")
    client = {
        "kernel_manager_class": kernels.manager_class(folder, item.data),
        "timeout_func": lambda cell: max(1.0, end - time.monotonic()),
        "on_cell_executed": lambda cell, cell_index, **_: tick(cell_index + 1),
    }
    config = Config({"NotebookClient": client})
    if os.name == "posix" and len(path) < 90:
        config.KernelManager = Config({"transport": "ipc", "ip": path})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of papermill and its kernel manager, not ours
        return papermill.execute_notebook(
            document, None,  # nothing is saved cell by cell: the outputs come back as they are
            parameters=item.parameters, kernel_name="python3", config=config,
            progress_bar=False, start_timeout=60, log_output=False,
        )  # fmt: skip


def public(text: str) -> str:
    """Text without colour codes, the workbook's and the package's path and the user's home."""
    text = _ANSI.sub("", text).replace(str(ROOT), ".").replace(str(PACKAGE.parent), ".")
    home = str(Path.home())
    return text.replace(home, "~") if len(home) > 1 else text


def _taken(item: NotebookRun, document: Any) -> dict[str, Any]:
    """What a run leaves: outputs without times and paths, results, headline keys, tables read."""
    *cells, last = (cell for cell in document.cells if cell.cell_type == "code")
    injected = [c.source for c in cells if "injected-parameters" in c.metadata.get("tags", ())]
    outputs = [json.loads(json.dumps(cell.outputs)) for cell in cells]
    bundles = []
    for output in (output for each in outputs for output in each):
        output.pop("execution_count", None)
        if output["output_type"] == "stream":
            output["text"] = public(output["text"])
        if RESULTS_MIME in output.get("data", {}):
            bundles.append(output["data"][RESULTS_MIME])
    bundles.sort(key=lambda bundle: not bundle["headline"])
    keys = [key for bundle in bundles for key in bundle["headline"]]
    if not keys:
        raise BuildError(f"{item.chapter} carries no results: tables.headline is not called")
    results: dict[str, dict[str, Any]] = {}
    for entry in (entry for bundle in bundles for entry in bundle["results"]):
        known = results.setdefault(entry["id"], entry)
        if known["value"] != entry["value"]:
            values = f"received {known['value']} and {entry['value']}"
            raise BuildError(f"{entry['id']} must have one value in a notebook, {values}")
        if not entry["sources"]:
            raise BuildError(f"{entry['id']} has no source: a headline number must name one")
    return {
        "outputs": outputs,
        "injected": "".join(injected),
        "results": list(results.values()),
        "keys": keys,
        **last.outputs[0]["data"][TABLES_MIME],
    }


def document(notebook: dict[str, Any], found: dict[str, Any]) -> Any:
    """The executed notebook: its cells, with a run's outputs."""
    import nbformat

    made = nbformat.from_dict(notebook)
    tagged = [at for at, c in enumerate(made.cells) if "parameters" in c.metadata.get("tags", ())]
    if found["injected"] and tagged:
        given = nbformat.v4.new_code_cell(found["injected"], id="injected")
        given.metadata["tags"] = ["injected-parameters"]
        made.cells.insert(tagged[0] + 1, given)
    code = (cell for cell in made.cells if cell.cell_type == "code")
    for count, (cell, outputs) in enumerate(zip(code, found["outputs"], strict=True), 1):
        cell.execution_count, cell.outputs = count, nbformat.from_dict(outputs)
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count
    return made
