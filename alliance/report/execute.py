"""Runs one notebook through papermill and takes out what a page needs."""

import json
import logging
import os
import re
import tempfile
import threading
import time
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from alliance.errors import BuildError
from alliance.report import forkserver
from alliance.report.manifest import ROOT
from alliance.tables import RESULTS_MIME

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
    """One notebook to run: plain data, so that it may travel to another machine.

    Parameters
    ----------
    notebook : dict
        The notebook itself, as it was when its key was taken.
    data : str, optional
        The evidence folder; else that of the place where it runs.
    """

    chapter: str
    parameters: dict[str, Any]
    notebook: dict[str, Any]
    data: str | None = None
    limit: int = LIMIT


class Kernels:
    """The kernels of one build: forked or ordinary, and all of them gone at the end.

    Parameters
    ----------
    plain : bool
        Start kernels in the ordinary way.
    """

    def __init__(self, plain: bool = False) -> None:
        self.plain = plain or not forkserver.available()
        self._lock, self._managers, self.stopped = threading.Lock(), set(), False
        if not self.plain:
            forkserver.warm()

    def manager_class(self, folder: Path, data: str | None) -> type:
        """The class that papermill makes kernel managers of: they start in ``folder``.

        papermill's own ``cwd`` would move the whole process there, other threads included. A kernel
        sees this code, the run's evidence, and nobody's own settings of IPython.
        """
        from jupyter_client.manager import AsyncKernelManager

        kernels = self
        own = {"ALLIANCE_STATIC": "1", "IPYTHONDIR": str(folder / "ipython")}  # panels as text
        own |= {"ALLIANCE_DATA": data} if data else {}

        class Manager(AsyncKernelManager):
            async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:
                if kernels.stopped:
                    raise RuntimeError("the build was stopped")
                env = dict(kw.get("env") or os.environ) | own
                path = filter(None, (str(ROOT), env.get("PYTHONPATH")))
                env["PYTHONPATH"] = os.pathsep.join(path)
                if kernels.plain:
                    kw |= {"cwd": str(folder), "env": env}
                    await super()._async_launch_kernel(kernel_cmd, **kw)
                else:
                    there = self.provisioner
                    there.process = forkserver.Forked(self.connection_file, str(folder), env)
                    there.pid = there.pgid = there.process.pid
                    self._reconcile_connection_info(there.connection_info)
                with kernels._lock:
                    kernels._managers.add(self)

        return Manager

    def stop(self) -> None:
        """Kill every kernel that still runs: a stopped build leaves no process behind."""
        self.stopped = True
        with self._lock:
            for manager in self._managers:
                process = getattr(manager.provisioner, "process", None)
                if process is not None and process.poll() is None:
                    process.kill()


@cache
def kernels_of_worker() -> Kernels:
    """Ordinary kernels of this process, started where a cluster's worker needs them."""
    return Kernels(plain=True)


def remote(item: NotebookRun) -> dict[str, Any]:
    """Run a notebook in this process's own kernels: what a worker of a cluster calls."""
    return run(item, kernels_of_worker())


def run(item: NotebookRun, kernels: Kernels, tick=None) -> dict[str, Any]:
    """Execute one chapter; a failure is returned, not raised.

    Parameters
    ----------
    tick : callable, optional
        ``tick(done, all)`` is called as cells are done.

    Returns
    -------
    dict
        JSON values: ``outputs`` of each code cell in order (the injected parameters first where
        they stand), ``injected``, ``results``, ``keys`` of the headline, ``tables`` read
        with their fingerprints,
        ``made_by`` hashes of code and libraries, ``seconds``; or ``error`` and ``seconds``.
    """
    started = time.perf_counter()

    def failed(text: str) -> dict[str, Any]:
        return {"error": text, "seconds": time.perf_counter() - started}

    for attempt in (1, 2):
        with tempfile.TemporaryDirectory(prefix="alliance-") as folder:
            try:
                document = _execute(item, kernels, Path(folder), tick)
                break
            except Exception as error:
                text = public(f"{type(error).__name__}: {error}".replace(folder, "."))
                if attempt == 1 and "died before replying" in text and not kernels.stopped:
                    continue  # a rare failure at the start
                return failed(text)
            finally:
                _close_loop()
    try:
        found = _taken(document)
    except BuildError as error:
        return failed(str(error))
    if not found["keys"]:
        return failed(f"{item.chapter} carries no results: tables.headline is not called")
    for entry in found["results"]:
        if not entry["sources"]:
            return failed(f"{entry['id']} has no source: a headline number must name one")
    return found | {"seconds": time.perf_counter() - started}


def _close_loop() -> None:
    """The client makes an event loop for each thread and leaves it open; a pool has many."""
    from jupyter_core.utils import ensure_event_loop

    loop = ensure_event_loop()
    if not loop.is_running():
        loop.close()


def _execute(item: NotebookRun, kernels: Kernels, folder: Path, tick) -> Any:
    import nbformat
    import papermill

    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what fails is returned, and said
    last = {"cell_type": "code", "id": "alliance-tables", "metadata": {}, "outputs": []}
    cells = [*item.notebook["cells"], last | {"source": _RECORD, "execution_count": None}]
    document = nbformat.from_dict(json.loads(json.dumps(item.notebook | {"cells": cells})))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of papermill and its kernel manager, not ours
        return papermill.execute_notebook(
            document,
            None,  # nothing is saved cell by cell: the outputs come back as they are
            parameters=item.parameters,
            kernel_name="python3",
            progress_bar=False,
            start_timeout=60,
            log_output=False,
            config=_config(item, kernels, folder, len(cells) + 1, tick),
        )


def _config(item: NotebookRun, kernels: Kernels, folder: Path, cells: int, tick):
    """Kernels of this build, a limit for the whole notebook, progress, and the transport.

    Sockets lie in the run's own folder where the system has them, so that they can't collide with
    others. A path over 100 characters does not fit into a socket's address: then TCP serves.
    """
    from traitlets.config import Config

    end = time.monotonic() + item.limit

    def executed(cell, cell_index, execute_reply, **_: Any) -> None:
        if tick is not None:
            tick(cell_index + 1, cells)

    client = {
        "kernel_manager_class": kernels.manager_class(folder, item.data),
        "timeout_func": lambda cell: max(1.0, end - time.monotonic()),
        "on_cell_executed": executed,
    }
    config = Config({"NotebookClient": client})
    path = str(folder / "k")
    if os.name == "posix" and len(path) < 90:
        config.KernelManager = Config({"transport": "ipc", "ip": path})
    return config


def public(text: str) -> str:
    """Text without colour codes, the repository's path and the user's home."""
    text = _ANSI.sub("", text).replace(str(ROOT), ".")
    home = str(Path.home())
    return text.replace(home, "~") if len(home) > 1 else text


def _taken(document: Any) -> dict[str, Any]:
    """What a run leaves: outputs without times and paths, results, headline keys, tables read."""
    *cells, last = (cell for cell in document.cells if cell.cell_type == "code")
    made = last.outputs[0]["data"][TABLES_MIME]
    injected = [c.source for c in cells if "injected-parameters" in c.metadata.get("tags", ())]
    outputs = [json.loads(json.dumps(cell.get("outputs", []))) for cell in cells]
    bundles = []
    for output in (output for each in outputs for output in each):
        output.pop("execution_count", None)
        if output["output_type"] == "stream":
            output["text"] = public(output["text"])
        if RESULTS_MIME in output.get("data", {}):
            bundles.append(output["data"][RESULTS_MIME])
    results: dict[str, dict[str, Any]] = {}
    keys: list[str] = []
    for bundle in sorted(bundles, key=lambda b: not b["headline"]):
        keys += bundle["headline"]
        for entry in bundle["results"]:
            known = results.setdefault(entry["id"], entry)
            if known["value"] != entry["value"]:
                raise BuildError(
                    f"{entry['id']} must have one value in a notebook, received {known['value']} "
                    f"and {entry['value']}"
                )
    return {
        "outputs": outputs,
        "injected": injected[0] if injected else "",
        "results": list(results.values()),
        "keys": keys,
        **made,
    }


def document(notebook: dict[str, Any], found: dict[str, Any]) -> Any:
    """The executed notebook: its cells, with a run's outputs."""
    import nbformat

    made = nbformat.from_dict(json.loads(json.dumps(notebook)))
    cells, count = [], 0
    for cell in made.cells:
        cells.append(cell)
        if found["injected"] and "parameters" in cell.metadata.get("tags", ()):
            given = nbformat.v4.new_code_cell(found["injected"])
            given.metadata["tags"], given["id"] = ["injected-parameters"], "injected"
            cells.append(given)
    made.cells = cells
    for cell in cells:
        if cell.cell_type == "code":
            outputs = json.loads(json.dumps(found["outputs"][count]))
            count += 1
            cell.execution_count = count
            for output in outputs:
                if output["output_type"] == "execute_result":
                    output["execution_count"] = count
            cell.outputs = [nbformat.from_dict(output) for output in outputs]
    return made
