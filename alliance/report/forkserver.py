"""Kernels forked from a process that has the libraries imported: Python's own fork server.

What follows the fork is the usual protocol, so outputs are those of an ordinary kernel (a test
compares every byte, pictures included). POSIX only; elsewhere, and with ``--plain-kernels``,
kernels start in the ordinary way.
"""

import multiprocessing
import os
import random
import signal
import sys
import threading
import types
from multiprocessing import forkserver
from pathlib import Path

_ROOT = str(Path(__file__).resolve().parents[2])
_lock = threading.Lock()


def available() -> bool:
    """Whether this system can fork."""
    return sys.platform != "win32" and "forkserver" in multiprocessing.get_all_start_methods()


def warm() -> None:
    """Start the server, if it is not there: it imports what kernels need while others work."""
    multiprocessing.set_forkserver_preload(["alliance.report.warm"])
    known = dict(os.environ)
    path = os.pathsep.join(filter(None, [_ROOT, known.get("PYTHONPATH")]))
    os.environ |= {"PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    try:
        forkserver.ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(known)


class Forked:
    """A forked kernel as the kernel manager sees a process.

    Parameters
    ----------
    connection : str
        The connection file that the manager wrote.
    folder : str
        Where the kernel starts.
    env : dict
        All of its environment.
    """

    stdin = stdout = stderr = None

    def __init__(self, connection: str, folder: str, env: dict[str, str]) -> None:
        make = multiprocessing.get_context("forkserver").Process
        self._process = make(target=_kernel, args=(connection, folder, env), daemon=True)
        with _lock:
            warm()
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

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


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
        os.dup2(quiet, stream)  # what a kernel says goes through its sockets
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
