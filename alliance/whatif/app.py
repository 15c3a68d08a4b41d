"""The cockpit as a web application: Voilà, closed to files and code."""

import os
from pathlib import Path
from typing import Any

from alliance import places
from alliance.whatif import APP, APP_BUILD, START
from alliance.whatif.server import NAME, Sessions, prepare
from alliance.whatif.session import start_of

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
    return {
        "Voila": {
            "root_dir": str(places.WORK),
            "port": port,
            "port_retries": 0,  # on another port than the one that is printed no reader finds it
            "ip": ip,
            "open_browser": browser,
            "log_level": "WARN",
            "config_file_paths": [],  # no settings of the machine
            "kernel_websocket_connection_class": NAME,
        },
        "VoilaConfiguration": {
            "template": "alliance",
            "allow_template_override": "NO",
            "allow_theme_override": "NO",
            "strip_sources": True,
            "show_tracebacks": False,
            "extension_denylist": ["jupyterlab_pygments"],  # there is no code to be coloured
            "file_allowlist": [REPORTS] if allow_build else [],
            "file_denylist": [r"(.*/)?\..*"],
            "multi_kernel_manager_class": Sessions,
            "prelaunch_hook": prepare,
        },
        "Sessions": {
            "most": sessions,
            "cull_idle_timeout": max(1, round(60 * idle)),
            "cull_interval": 2,  # seconds; pages that have gone are looked for as often
            "cull_connected": True,  # a page left open has no claim on a kernel
            "default_kernel_name": "python3",
        },
        "VoilaExecutor": {"timeout": 120},
    }


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
    """Serve the cockpit until it is stopped; ``more`` is for :func:`settings`. A start that
    is neither a scenario's name nor a token is a ScenarioError."""
    import click
    from traitlets.config import Config

    start_of(start)
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
