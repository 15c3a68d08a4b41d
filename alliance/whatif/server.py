"""The server's lines to its pages: small messages at once, and no kernel long without its page.

Jupyter's server leaves Nagle's algorithm on for its websockets: a picture that follows the
kernel's "busy" waits until the browser has acknowledged that, which Linux puts off by 40 ms.
``alliance lab`` and ``alliance app`` name :class:`NoDelayConnection` to their servers; the app
also names :class:`Sessions`, since a server that keeps the kernel of each page load runs out of
memory, and a page that waits for its kernel's imports shows nothing for two seconds.

References
----------
Nagle, J. (1984), RFC 896; Braden, R. (1989), RFC 1122, section 4.2.3.2 (delayed acknowledgement).
"""

import asyncio
import math
import time
from contextvars import ContextVar
from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado import web
from tornado.ioloop import IOLoop
from traitlets import Integer

GRACE = 40  # seconds after a page's line has closed: it may only have broken
OPENING = 50  # seconds that a page that was sent has to open its line, on a slow network
PATIENCE = 4  # seconds that a page waits for another's kernel to end
SPARE = True  # whether a kernel is kept ready for the next page
PAUSE = 4  # seconds after a page, before a kernel is made ready for the next: it has work to do
_READY = "import alliance.whatif\nalliance.whatif.warm()"
_page: ContextVar[Any] = ContextVar("page")


class NoDelayConnection(ZMQChannelsWebsocketConnection):
    """A kernel's websocket that sends each message at once."""

    def connect(self) -> Any:
        """As the library's, after TCP_NODELAY is set."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()

    def handle_incoming_message(self, incoming_msg: Any) -> None:
        """As the library's, which reads what comes after the close as of another protocol."""
        if self.websocket_handler.ws_connection is not None:
            super().handle_incoming_message(incoming_msg)

    def end(self) -> None:
        """Show the page that its kernel has ended."""
        self._send_status_message("dead")
        self.websocket_handler.close()


def prepare(page: Any, notebook: Any, cwd: str) -> None:
    """Before a page's kernel starts: give it the cookie without which Voilà can't end it."""
    _page.set(page)
    assert page.xsrf_token


class Sessions(AsyncMappingKernelManager):
    """The app's kernels: at most so many, and each ends soon after its page is closed."""

    most = Integer(10, config=True, help="Kernels at once, besides the one that is kept ready.")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._starting, self._ends = 0, {}  # when a kernel without a page ends
        self._next, self._spare = None, ""  # the kernel that is made ready, and its id
        self._due: Any = None  # when one is made ready next
        IOLoop.current().add_callback(self._keep)

    async def start_kernel(self, **kwargs: Any) -> str:
        """A new page's kernel; HTTP 503 if there is no place."""
        deadline = time.monotonic() + PATIENCE
        while len(self) - self._is_spare(self._spare) + self._starting >= self.most:
            if time.monotonic() > deadline:
                raise web.HTTPError(503, f"all {self.most} sessions are taken")
            await asyncio.sleep(0.1)
        self._starting += 1
        try:
            kernel = await self._take(**kwargs) or await super().start_kernel(**kwargs)
        finally:
            self._starting -= 1
            if self._due is not None:
                IOLoop.current().remove_timeout(self._due)
            self._due = IOLoop.current().call_later(PAUSE, self._keep)
        page = _page.get()
        page.on_finish = lambda: self._leave(kernel, OPENING)
        page.request.connection.set_close_callback(lambda: self._leave(kernel, 0))
        if page.request.connection.stream.closed():
            self._leave(kernel, 0)
        return kernel

    def _keep(self) -> None:
        """Make a kernel ready, unless there is one, or a page is being given it."""
        if SPARE and not self._starting:
            self._next = self._next or asyncio.ensure_future(self._make())

    async def _make(self) -> str:
        kernel = self._spare = await super().start_kernel(kernel_name=self.default_kernel_name)
        await self._run(kernel, _READY)
        return kernel

    async def _take(self, path: str = "", env: Any = None, **_: Any) -> str:
        """The kernel that was made ready, in a page's folder and settings; empty if none lives."""
        if self._next is None:
            return ""
        made, self._next = self._next, None
        own = {str(name): str(value) for name, value in env.items()}
        where = f"os.chdir({self.cwd_for_path(path)!r})"
        try:
            kernel = await made
            await self._run(kernel, f"import os\n{where}\nos.environ.update({own!r})")
        except Exception:
            self.log.warning("the kernel that was made ready is of no use", exc_info=True)
            return ""
        return kernel

    def _is_spare(self, kernel: str) -> bool:
        return self._next is not None and kernel == self._spare and kernel in self

    async def _run(self, kernel: str, code: str) -> None:
        """Run code in a kernel of ours, which is ended if it can't."""
        client = self.get_kernel(kernel).client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=20)
            reply = await client.execute(code, silent=True, reply=True, timeout=20)
            if reply["content"]["status"] != "ok":
                raise RuntimeError(reply["content"].get("evalue"))
        except Exception:
            await self.shutdown_kernel(kernel, now=True)
            raise
        finally:
            client.stop_channels()

    def notify_connect(self, kernel_id: str) -> None:
        super().notify_connect(kernel_id)
        self._ends.pop(kernel_id, None)

    def notify_disconnect(self, kernel_id: str) -> None:
        super().notify_disconnect(kernel_id)
        self._leave(kernel_id, GRACE)

    def _leave(self, kernel_id: str, seconds: float) -> None:
        if self._kernel_connections.get(kernel_id) == 0:
            self._ends.setdefault(kernel_id, time.monotonic() + seconds)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a kernel whose page is closed, or that is idle; not the one kept ready."""
        if self._is_spare(kernel_id):
            return
        if time.monotonic() > self._ends.get(kernel_id, math.inf):
            await self.shutdown_kernel(kernel_id)
        else:
            await super().cull_kernel_if_idle(kernel_id)

    async def shutdown_kernel(self, kernel_id: str, *args: Any, **kwargs: Any) -> None:
        """End a kernel, and show its pages that it has ended."""
        for line in list(NoDelayConnection._open_sockets):
            if line.kernel_id == kernel_id:
                line.end()
        await super().shutdown_kernel(kernel_id, *args, **kwargs)
        self._ends.pop(kernel_id, None)


#: The name by which servers load it.
NAME = f"{NoDelayConnection.__module__}.{NoDelayConnection.__qualname__}"
