"""The command ``alliance``. Thin: it reads arguments, calls the rooms, and sets the exit code."""

import signal
import sys

import click

from alliance.cli import reports, work
from alliance.cli.base import cli
from alliance.errors import AllianceError


def main() -> None:
    """Run the command; errors of our own print as one text and set the exit code."""

    def stop(*_):
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):  # SIGINT too: a background shell ignores it
        signal.signal(number, stop)
    try:
        cli(standalone_mode=False)
    except AllianceError as error:
        click.echo(f"alliance: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # whoever read what was printed has gone
        sys.exit(1)
    except OSError as error:
        place = error.filename or "the output"
        click.echo(f"alliance: can't use {place}: {error.strerror}", err=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        click.echo("alliance: stopped; reports built before stay as they were", err=True)
        sys.exit(130)
