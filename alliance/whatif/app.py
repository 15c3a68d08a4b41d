"""The cockpit as a web application: Voilà, closed to files and code."""

import errno
import os
import socket
from pathlib import Path
from typing import Any

import yaml

from alliance import places
from alliance.errors import ScenarioError
from alliance.whatif import APP, APP_BUILD, START
from alliance.whatif.server import NAME, Sessions, prepare
from alliance.whatif.start import start_of

#: Where our page template lies, as Jupyter finds it.
SHARE = Path(__file__).parent / "share"
#: With --allow-build: pages and tables of reports, nothing else below build/, nothing hidden.
REPORTS = r"build/[a-z0-9][a-z0-9+-]*/[a-z0-9-]+\.(html|json|xlsx|pdf)"


def settings(
    allow_build: bool = False,
    port: int = 8866,
    ip: str = "localhost",
    browser: bool = True,
    idle: float = 60,
    sessions: int = 10,
) -> dict[str, Any]:
    """Voilà's settings: whether reports may be built, and read from ``build/``; minutes after which
    a session without a message is ended; and how many sessions there are at most."""
    found = yaml.safe_load((Path(__file__).parent / "voila.yaml").read_text(encoding="utf-8"))
    own = {"root_dir": str(places.WORK), "port": port, "ip": ip, "open_browser": browser}
    found["Voila"] |= own | {"kernel_websocket_connection_class": NAME}
    allowed = {"file_allowlist": [REPORTS] if allow_build else []}
    hooks = {"multi_kernel_manager_class": Sessions, "prelaunch_hook": prepare}
    found["VoilaConfiguration"] |= allowed | hooks
    found["Sessions"] |= {"most": sessions, "cull_idle_timeout": max(1, round(60 * idle))}
    return found


def _notebook() -> Path:
    """The cockpit's notebook below the folder that is served: a copy, where it lies elsewhere."""
    path = places.NOTEBOOKS / "4-whatif.ipynb"
    if path.is_relative_to(places.WORK):
        return path
    copy = places.WORK / "build" / "cockpit" / path.name
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(path.read_bytes())
    return copy


def serve(start: str, allow_build: bool, port: int = 8866, ip: str = "localhost", **more) -> None:
    """Serve the cockpit until it is stopped; ``more`` is for :func:`settings`. A ScenarioError for
    a start that is no scenario's name nor token, and an address that is not there or in use."""
    import click
    from traitlets.config import Config

    start_of(start)
    try:
        socket.create_server((ip, port)).close()
    except OSError as error:
        rule = f"--ip must be an address of this machine, received '{ip}'"
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            why = os.strerror(error.errno).lower()
            rule = f"--port {port} can't be used ({why}): choose another"
        raise ScenarioError(rule) from None
    os.environ |= {APP: "1", APP_BUILD: "1" if allow_build else "", START: start}
    paths = filter(None, (str(SHARE), os.environ.get("JUPYTER_PATH")))
    os.environ |= places.inherited() | {"JUPYTER_PATH": os.pathsep.join(paths)}
    from voila.app import Voila

    class Compressed(Voila):
        """Scripts as gzip: a fourth of five megabytes, which a slow line feels; messages too."""

        def init_settings(self) -> dict[str, Any]:
            lines = {"websocket_compression_options": {"compression_level": 1}}
            return super().init_settings() | {"compress_response": True} | lines

    made = Compressed(config=Config(settings(allow_build, port, ip, **more)))
    made.initialize([str(_notebook())])
    click.echo(f"The cockpit: http://{ip}:{port}/ (Ctrl-C stops it)", err=True)
    if allow_build:
        click.echo("Whoever reaches this address can build reports on this machine.", err=True)
    made.start()
