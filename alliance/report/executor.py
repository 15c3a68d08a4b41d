"""Runs many notebooks at once, shows how far each is, and stops clean."""

import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from typing import Any

from alliance.errors import BuildError, ScenarioError
from alliance.report.execute import NotebookRun, run
from alliance.report.kernels import Kernels

Log = Callable[[str], None]


def jobs_by_default() -> int:
    """As many as there are cores for this process."""
    here = getattr(os, "sched_getaffinity", None)
    return len(here(0)) if here else os.cpu_count() or 1


def run_all(
    items: dict[str, NotebookRun],
    jobs: int | None = None,
    kernels: Kernels | None = None,
    executor: Executor | None = None,
    log: Log = print,
    bar: str = "",
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Run all notebooks, by the name that progress shows, and yield each as it is done.

    At once run as many as ``jobs``, else as there are cores; ``kernels`` are stopped at the end.
    With an ``executor``, such as Dask's ``client.get_executor()``, they run there instead of in
    threads here, and its workers start kernels of their own. ``bar`` is ``bars`` in a terminal, or
    ``steps``, a line for each cell for a program, beside a line when a notebook starts and ends.
    """
    if not items:
        return
    import papermill  # noqa: F401  (whole, before threads import parts of it)

    own = None if executor else ThreadPoolExecutor(min(jobs or jobs_by_default(), len(items)))
    kernels = None if executor else kernels or Kernels()
    futures: dict[Future, str] = {}
    try:
        progress = _Progress(items, log, bar if own or bar != "bars" else "")
        with progress.bars:
            for name, item in items.items():
                if own:
                    future = own.submit(run, item, kernels, partial(progress.tick, name))
                else:
                    progress.tick(name, 0)
                    future = executor.submit(run, item)
                futures[future] = name
            left = set(futures)
            while left:  # in short turns, so that Ctrl-C is heard at once
                done, left = wait(left, timeout=0.2, return_when=FIRST_COMPLETED)
                for future in done:
                    error = future.exception()
                    if error and own:
                        raise error
                    lost = {"error": f"{type(error).__name__}: {error}", "seconds": 0.0}
                    found = lost if error else future.result()  # of a worker elsewhere
                    progress.done(futures[future], found)
                    yield futures[future], found
    finally:
        for future in futures:
            future.cancel()
        if own:
            kernels.stop()
            own.shutdown(wait=True)


class _Progress:
    """Lines as notebooks start and end, with a bar for each, or with ``step 12 of 150`` by cell."""

    def __init__(self, items: dict[str, NotebookRun], log: Log, bar: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

        self.cells = {name: len(item.notebook["cells"]) for name, item in items.items()}
        columns = "{task.description}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        console, hidden = Console(stderr=True), bar != "bars"
        self.bars = Progress(*columns, console=console, transient=True, disable=hidden)
        self.log, self.steps, self.tasks = log if hidden else console.print, bar == "steps", {}

    def tick(self, name: str, done: int) -> None:
        """So many cells of a notebook are done; none as it starts."""
        if done == 0:
            self.tasks[name] = self.bars.add_task(name, total=self.cells[name])
            self.log(f"running {name} ({len(self.tasks)} of {len(self.cells)})")
        self.bars.update(self.tasks[name], completed=min(done, self.cells[name]))  # two are ours
        if done and self.steps:
            reached = sum(task.completed for task in self.bars.tasks)
            self.log(f"step {reached} of {sum(self.cells.values())}")

    def done(self, name: str, found: dict[str, Any]) -> None:
        """A notebook has ended."""
        how = "FAILED after" if found.get("error") else "done in"
        self.log(f"{name} {how} {found['seconds']:.1f} s")
        if name in self.tasks:
            self.bars.update(self.tasks[name], visible=False)


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """An executor on a Dask cluster; a BuildError if the library or the cluster is missing, and a
    ScenarioError for what is no address."""
    if not re.fullmatch(r"\w+://[^/]+:\d+", address):
        rule = "--cluster must be an address such as tcp://host:8786"
        raise ScenarioError(f"{rule}, received '{address}'")
    try:
        from distributed import Client

        client = Client(address, timeout=20, set_as_default=False)
    except ImportError:
        lacks = "--cluster needs the library distributed: python -m pip install distributed"
        raise BuildError(lacks) from None
    except (OSError, ValueError, TimeoutError) as error:
        raise BuildError(f"no scheduler answers at {address}: {error}") from None
    with client:
        yield client.get_executor(retries=2)
