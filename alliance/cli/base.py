"""The group of commands, and the options and endings that they share."""

import sys
from pathlib import Path

import click

from alliance.errors import did_you_mean

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
data_option = click.option("--data", type=FOLDER, help="Another evidence folder.")
TO = click.Path(file_okay=False, path_type=Path)
out_option = click.option("--out", type=TO, default=Path("build"), help="Built reports [build].")


def flag(name: str, text: str, *more: str):
    return click.option(name, *more, is_flag=True, help=text)


class Group(click.Group):
    """A mistyped command gets the nearest one."""

    def resolve_command(self, context, args):
        try:
            return super().resolve_command(context, args)
        except click.UsageError as error:
            hint = did_you_mean(args[0], self.list_commands(context))
            raise click.UsageError(f"no command '{args[0]}'{hint}", context) from error


#: As wide as the terminal, up to this: no help text is cut.
_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 120}


@click.group(cls=Group, context_settings=_SETTINGS)
@click.version_option(package_name="alliance-workbook")
def cli() -> None:
    """Reports, checks and scenarios of the alliance workbook."""


def log(text: str) -> None:
    click.echo(text, err=True)


def say(lines) -> None:
    for line in lines:
        click.echo(line)


def end(problems: list[str], none: str, some: str) -> None:
    """Print problems, how many there are, and end with 1 if there are any."""
    some = f"{len(problems)} {some.removesuffix('s' * (len(problems) == 1))}"
    say((*problems, some if problems else none))
    sys.exit(1 if problems else 0)
