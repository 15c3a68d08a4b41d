"""Kernels of a build: forked from a process that has the libraries imported, or ordinary ones.

Python's own fork server forks them. What follows the fork is the usual protocol, so outputs are
those of an ordinary kernel (a test compares every byte, pictures included). POSIX only; elsewhere,
and with ``--plain-kernels``, kernels start in the ordinary way.
"""

import multiprocessing
import os
import random
import signal
import sys
import threading
import types
from contextlib import AbstractContextManager
from functools import partialmethod
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

from alliance import places

_lock = threading.Lock()


class Kernels(AbstractContextManager):
    """The kernels of one build, if ``plain`` ordinary ones; all of them are gone at its end."""

    def __init__(self, plain: bool = False) -> None:
        self.plain = plain or "forkserver" not in multiprocessing.get_all_start_methods()
        self.stopped, self._processes = False, []
        if not self.plain:
            _warm()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Kill every kernel that still runs: a stopped build leaves no process behind."""
        self.stopped = True
        for process in [*self._processes]:
            process.kill()

    def manager_class(self, folder: Path, data: str | None) -> type:
        """The class that papermill makes kernel managers of: they start in ``folder``.

        papermill's own ``cwd`` would move the whole process there, other threads included. A kernel
        sees this code, the run's evidence, and nobody's own settings of IPython.
        """
        from jupyter_client.manager import AsyncKernelManager

        kernels = self
        own = {places.IN_REPORT: "1", "IPYTHONDIR": str(folder / "ipython")}  # panels as text
        own |= {"ALLIANCE_DATA": data} if data else {}

        class Manager(AsyncKernelManager):
            async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:
                env = {**(kw.get("env") or os.environ), **places.inherited(), **own}
                there = self.provisioner
                if kernels.plain:
                    kw |= {"cwd": str(folder), "env": env}
                    await super()._async_launch_kernel(kernel_cmd, **kw)
                else:
                    there.process = Forked(self.connection_file, str(folder), env)
                    there.pid = there.pgid = there.process.pid
                    self._reconcile_connection_info(there.connection_info)
                kernels._processes.append(there.process)
                if kernels.stopped:  # meanwhile
                    there.process.kill()

        return Manager


def _warm() -> None:
    """Start the server, if it is not there: it imports what kernels need while others work."""
    multiprocessing.set_forkserver_preload(["alliance.report.warm"])
    known = dict(os.environ)
    os.environ |= places.inherited() | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    # what a kernel frees it takes again, instead of asking the system for new pages each time
    os.environ |= dict.fromkeys(("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"), "1000000000")
    try:
        forkserver.ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(known)


class Forked:
    """A forked kernel as the kernel manager, which wrote the connection file, sees a process."""

    stdin = stdout = stderr = None

    def __init__(self, connection: str, folder: str, env: dict[str, str]) -> None:
        make = multiprocessing.get_context("forkserver").Process
        self._process = make(target=_kernel, args=(connection, folder, env), daemon=True)
        with _lock:
            _warm()
            main = sys.modules["__main__"]  # a kernel has its own: the caller's runs in none
            sys.modules["__main__"] = types.ModuleType("__main__")
            try:
                self._process.start()
            finally:
                sys.modules["__main__"] = main
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """None while it lives."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait until it has ended."""
        self._process.join(timeout)
        return self.poll()

    def send_signal(self, number: int) -> None:
        """A signal to the kernel and what it started."""
        if self.poll() is None:
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:  # before it has a group of its own, or just gone
                self._process.kill()

    terminate = partialmethod(send_signal, signal.SIGTERM)
    kill = partialmethod(send_signal, getattr(signal, "SIGKILL", signal.SIGTERM))


def _kernel(connection: str, folder: str, env: dict[str, str]) -> None:
    """In the child: an ordinary kernel, in a session of its own."""
    import numpy as np
    from ipykernel.kernelapp import IPKernelApp

    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(quiet, stream)  # what a kernel prints goes through its sockets
    random.seed()
    np.random.seed(int.from_bytes(os.urandom(4), "little"))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    threading.Thread(target=_follow, daemon=True).start()
    # nobody scrolls back in a report's kernel
    IPKernelApp.launch_instance(argv=["-f", connection, "--HistoryManager.enabled=False"])


def _follow() -> None:
    """When the builder goes away, for whatever reason, its kernels go with it."""
    multiprocessing.parent_process().join()
    os._exit(1)
