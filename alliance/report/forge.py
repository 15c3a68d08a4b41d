"""Kernels forked from a process that has the libraries imported: an ordinary kernel, started fast.

One server process imports what the chapters need and then waits. For each kernel it forks a child,
which becomes an ordinary IPython kernel on the connection file that the manager wrote. Everything
after that is the usual protocol, so outputs are those of a normal kernel (a test compares every
byte, pictures included). When the builder goes away, for whatever reason, the server's input ends,
and it takes its kernels with it.

POSIX only; elsewhere, and with ``--plain-kernels``, kernels start in the ordinary way.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

#: Imported, and made ready, before the first fork.
_WARM = """
import alliance.answers, alliance.charts, alliance.tables, ipykernel.kernelapp, IPython
import ipykernel.ipkernel, ipykernel.inprocess, matplotlib.backends.backend_agg, PIL.PngImagePlugin
import scipy.stats, scipy.special, arch.bootstrap, exchange_calendars, comm, ipywidgets
from alliance.evidence import calendars
for mic in ("XTKS", "XPAR", "XETR", "XNYS", "XMIL"):
    calendars.sessions(mic, "2020-01-06", "2020-01-08")
"""


def available() -> bool:
    """Whether this system can fork."""
    return hasattr(os, "fork") and sys.platform != "win32"


class Forge:
    """The server, seen from the builder. Threads may share it.

    Examples
    --------
    >>> from alliance.report.forge import Forge, available
    >>> with Forge() as forge:  # doctest: +SKIP
    ...     pid = forge.start("/path/to/kernel.json", "/folder", {})
    """

    def __init__(self) -> None:
        root = str(Path(__file__).resolve().parents[2])  # this code, whatever folder we stand in
        start = "import alliance.report.forge as forge; forge.serve()"
        code = f"import sys; sys.path.insert(0, {root!r}); {start}"
        command = [sys.executable, "-P", "-c", code]
        env = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=env,
            start_new_session=True,
            text=True,
            encoding="utf-8",
        )
        self._lock = threading.Lock()

    def __enter__(self) -> Forge:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, connection: str, cwd: str, env: dict[str, str]) -> int:
        """Fork a kernel; its process id.

        Raises
        ------
        RuntimeError
            If the server has gone.
        """
        order = json.dumps({"connection": connection, "cwd": cwd, "env": env})
        with self._lock:
            try:
                self._process.stdin.write(order + "\n")
                self._process.stdin.flush()
                answer = self._process.stdout.readline()
            except (OSError, ValueError):
                answer = ""
        if not answer:
            raise RuntimeError("Kernel died: the process that forks kernels has gone")
        return int(answer)

    def close(self) -> None:
        """End the server and all its kernels."""
        with suppress(OSError):  # a server that has gone takes no more
            self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def serve() -> None:
    """The server's life: import, fork on order, end with the input."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the builder decides, by closing the input
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children that end leave nothing behind
    orders, answers = os.fdopen(os.dup(0), "r", encoding="utf-8"), os.dup(1)
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 0)
    os.dup2(2, 1)  # prints of a library must not look like an answer
    exec(compile(_WARM, "warm", "exec"), {})
    born: list[int] = []
    for line in orders:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            os.close(answers)
            os.close(orders.fileno())
            _become_kernel(order)
        born.append(pid)
        os.write(answers, f"{pid}\n".encode())
    for pid in born:
        _kill(pid)


def _become_kernel(order: dict[str, Any]) -> None:
    """In the child: an ordinary kernel, in its own session, that never returns."""
    import random

    import numpy as np

    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)  # what a kernel says goes through its sockets
    random.seed()
    np.random.seed(int.from_bytes(os.urandom(4), "little"))
    sys.argv = ["ipykernel_launcher", "-f", order["connection"]]
    code = 1
    try:
        from ipykernel.kernelapp import IPKernelApp

        parent = f"--IPKernelApp.parent_handle={os.getppid()}"
        quick = "--HistoryManager.enabled=False"  # nobody scrolls back in a report's kernel
        IPKernelApp.launch_instance(argv=["-f", order["connection"], parent, quick])
        code = 0
    finally:
        os._exit(code)


def _kill(pid: int, number: int = signal.SIGKILL) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


class Forked:
    """A forked kernel as the kernel manager sees a process."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid, self.returncode = pid, None

    def poll(self) -> int | None:
        """None while it lives."""
        if self.returncode is None:
            try:
                os.kill(self.pid, 0)
            except ProcessLookupError:
                self.returncode = 0
        return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait until it has ended."""
        end = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None and (end is None or time.monotonic() < end):
            time.sleep(0.01)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """A signal to the kernel and what it started."""
        _kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        _kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        _kill(self.pid)


def manager_class(forge: Forge) -> type:
    """A kernel manager whose kernels come from ``forge``."""
    from jupyter_client.manager import AsyncKernelManager

    class Manager(AsyncKernelManager):
        async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:
            env, cwd = dict(kw.get("env") or os.environ), str(kw.get("cwd") or Path.cwd())
            there = self.provisioner
            there.process = Forked(forge.start(self.connection_file, cwd, env))
            there.pid = there.pgid = there.process.pid
            self._reconcile_connection_info(there.connection_info)

    return Manager
