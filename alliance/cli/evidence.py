"""Evidence: check, refresh, add."""

from pathlib import Path

import click

from alliance.cli.base import Group, cli, data_option, end, flag, log, out_option, say


@cli.command()
@data_option
@flag("--fix", "Rewrite parameter cells and REFERENCE.md where they differ from the schema.")
@flag("--seal", "Say which results of the base move, and write hashes, after a clean check.")
@out_option
def check(data, fix, seal, out) -> None:
    """List every problem of the evidence and of the notebooks' parameter cells."""
    from alliance.compare import sealed
    from alliance.evidence import checks
    from alliance.report import cells

    say(sealed(data, out, log) if seal else ())
    problems = () if seal else map(str, checks.check(data))
    end([*problems, *cells.check(fix=fix)], "no problems", "problems")


@cli.command()
@click.option("--only", multiple=True, metavar="KEY", help="Only this series, as nissan.")
@click.option("--prices", metavar="URL", help="Another address of prices, with {symbol}.")
@click.option("--rates", metavar="URL", help="Another address of rates, with {currency}.")
@click.option("--timeout", type=click.FloatRange(0.05), default=20, help="Seconds (default: 20).")
@out_option
@data_option
def refresh(out, data, **options) -> None:
    """Fetch live prices and rates into an overlay, build/live/, which only --live uses.

    A series that disagrees with its last sealed rows is refused and named. HTTPS_PROXY and the like
    are heeded. Where a base report is built, a page says which of its results moved.
    """
    from alliance.compare import since_built
    from alliance.evidence import live

    refused = live.refresh(out, data, log=log, **options)
    say(since_built(out, data, log))
    end([f"{key}: {why}" for key, why in refused.items()], "all refreshed", "series refused")


@cli.group(cls=Group)
def add() -> None:
    """Add to the evidence."""


@add.command("prices")
@click.argument("key")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", required=True, help="The company's name for display.")
@click.option("--currency", required=True, metavar="ISO", help="Currency of its quotes, as EUR.")
@click.option("--exchange", required=True, metavar="MIC", help="Its exchange, as XMIL.")
@click.option("--source", required=True, metavar="TEXT", help="Where the file is from.")
@click.option("--ticker", help="The vendor's symbol (default: KEY).")
@click.option("--benchmark", metavar="INDEX", help="Index of its market (default: its exchange's).")
@data_option
def add_prices(key, file, data, **options) -> None:
    """Add a share as KEY with the prices in FILE, a CSV of Date, Close and perhaps Adj Close and
    Volume: whole, or not at all."""
    from alliance.evidence import adding

    say(adding.add_prices(key, file, data, **options))
