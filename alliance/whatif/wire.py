"""The server's line to the browser, without the wait that TCP makes for small messages.

Jupyter's server leaves Nagle's algorithm on for its websockets: a picture that follows the
kernel's "busy" waits until the browser has acknowledged that, which Linux puts off by 40 ms.
``alliance lab`` and ``alliance app`` name this class to their servers.

References
----------
Nagle, J. (1984), RFC 896; Braden, R. (1989), RFC 1122, section 4.2.3.2 (delayed acknowledgement).
"""

from __future__ import annotations

from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class Prompt(ZMQChannelsWebsocketConnection):
    """A kernel's websocket that sends each message at once."""

    def connect(self) -> Any:
        """As the library's, after TCP_NODELAY is set."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()


#: How servers are told of it.
NAME = f"{Prompt.__module__}.{Prompt.__qualname__}"
