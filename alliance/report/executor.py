"""Runs many notebooks at once, says how far each is, and stops clean."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

from alliance.errors import BuildError
from alliance.report.execute import Kernels, NotebookRun, remote, run

Log = Callable[[str], None]


def jobs_by_default() -> int:
    """As many as there are cores for this process."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def run_all(
    items: dict[str, NotebookRun],
    jobs: int = 0,
    kernels: Kernels | None = None,
    executor: Executor | None = None,
    log: Log = print,
    bar: str = "",
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Run all notebooks and yield each as it is done.

    Parameters
    ----------
    items : dict
        By the name that progress shows.
    jobs : int
        Kernels at once; 0 takes the number of cores.
    kernels : Kernels, optional
        Where kernels come from; stopped at the end.
    executor : concurrent.futures.Executor, optional
        Where they run instead of threads here, such as Dask's ``client.get_executor()``; its
        workers start kernels of their own.
    bar : {'', 'bars', 'steps'}
        Live bars for a terminal, or a line for each cell for a program that reads them; else a
        line when a notebook starts and ends.
    """
    if not items:
        return
    import papermill  # noqa: F401  (whole, before threads import parts of it)

    futures: dict[Future, str] = {}
    own = None if executor else ThreadPoolExecutor(min(jobs or jobs_by_default(), len(items)))
    kernels = kernels or Kernels() if own else None
    try:
        with _progress(items, log, "" if executor else bar) as show:
            for name, item in items.items():
                if own:
                    futures[own.submit(_one, name, item, kernels, show)] = name
                else:
                    show.start(name)
                    futures[executor.submit(remote, item)] = name
            for future in _as_done(futures):
                try:
                    found = future.result()
                except Exception as error:
                    if own:
                        raise
                    # a worker elsewhere that died for good
                    found = {"error": f"{type(error).__name__}: {error}", "seconds": 0.0}
                show.done(futures[future], found)
                yield futures[future], found
    finally:
        for future in futures:
            future.cancel()
        if own:
            kernels.stop()
            own.shutdown(wait=True)


def _one(name: str, item: NotebookRun, kernels: Kernels, show: Any) -> dict[str, Any]:
    if kernels.stopped:
        return {"error": "the build was stopped", "seconds": 0.0}
    show.start(name)
    return run(item, kernels, lambda done, total: show.tick(name, done, total))


def _as_done(futures: Iterable[Future]) -> Iterator[Future]:
    """Futures as they are done; waits in short turns, so that Ctrl-C is heard at once."""
    left = set(futures)
    while left:
        done, left = wait(left, timeout=0.2, return_when=FIRST_COMPLETED)
        yield from done


class _Lines:
    """Progress as plain lines."""

    def __init__(self, items: dict[str, NotebookRun], log: Log) -> None:
        self.log, self.total, self.started = log, len(items), 0

    def start(self, name: str) -> None:
        self.started += 1
        self.log(f"running {name} ({self.started} of {self.total})")

    def tick(self, name: str, done: int, total: int) -> None:
        pass

    def done(self, name: str, found: dict[str, Any]) -> None:
        how = "FAILED after" if found.get("error") else "done in"
        self.log(f"{name} {how} {found['seconds']:.1f} s")


class _Steps(_Lines):
    """Progress as lines that a program reads: ``step 12 of 150``, over all notebooks."""

    def __init__(self, items: dict[str, NotebookRun], log: Log) -> None:
        super().__init__(items, log)
        self.cells = sum(len(item.notebook["cells"]) for item in items.values())
        self.reached = dict.fromkeys(items, 0)

    def tick(self, name: str, done: int, total: int) -> None:
        self.reached[name] = min(done, total - 2)  # two cells are ours
        self.log(f"step {sum(self.reached.values())} of {self.cells}")


class _Bars:
    """Progress as a bar for each notebook."""

    def __init__(self, items: dict[str, NotebookRun], bars: Any) -> None:
        self.bars, self.tasks = bars, {}
        self.all = bars.add_task("notebooks", total=len(items))

    def start(self, name: str) -> None:
        self.tasks[name] = self.bars.add_task(name, total=None)

    def tick(self, name: str, done: int, total: int) -> None:
        self.bars.update(self.tasks[name], completed=done, total=total)

    def done(self, name: str, found: dict[str, Any]) -> None:
        how = "[red]failed[/red]" if found.get("error") else f"{found['seconds']:.1f} s"
        self.bars.console.print(f"{name}: {how}")
        self.bars.remove_task(self.tasks.pop(name))
        self.bars.advance(self.all)


@contextmanager
def _progress(items: dict[str, NotebookRun], log: Log, bar: str) -> Iterator[Any]:
    if bar != "bars":
        yield (_Steps if bar == "steps" else _Lines)(items, log)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    console = Console(file=sys.stderr)
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as bars:
        yield _Bars(items, bars)


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """An executor on a Dask cluster.

    Raises
    ------
    BuildError
        If the library is missing or nobody answers at the address.
    """
    try:
        from distributed import Client
    except ImportError:
        raise BuildError(
            "--cluster needs the library distributed: python -m pip install distributed"
        ) from None
    try:
        client = Client(address, timeout=20, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise BuildError(f"no scheduler answers at {address}: {error}") from None
    with client:
        yield client.get_executor(retries=2)
