"""Reports and the evidence: build, compare, verify; check, refresh, add."""

import os
import sys
from contextlib import nullcontext
from pathlib import Path

import click

from alliance import report, scenario
from alliance.cli.base import FOLDER, Group, cli, data_option, end, flag, log, out_option, say
from alliance.errors import ScenarioError, did_you_mean


@cli.command("report")
@click.argument("scenarios", nargs=-1, metavar="[SCENARIO]...")
@flag("--all", "Every file in notebooks/scenarios/.", "everything")
@click.option("--set", "settings", multiple=True, metavar="'FIELD=VALUE'", help="Change one field.")
@click.option("--as-of", metavar="DATE", help="Stand on another day (YYYY-MM-DD).")
@click.option("--name", help="Name of the report's folder (with one scenario).")
@click.option("--only", multiple=True, metavar="CHAPTER", help="Build only this chapter.")
@out_option
@data_option
@flag("--live", "With the live rows that 'alliance refresh' fetched.")
@click.option("--jobs", type=click.IntRange(1), help="Kernels at once (default: cores).")
@flag("--pdf", "Print report.pdf too (needs Chromium, Chrome or Edge).")
@flag("--force", "Build even what is up to date.")
@flag("--explain", "Say why each chapter is built or not.")
@flag("--plain-kernels", "Ordinary kernels, not forked ones.", "plain")
@flag("--steps", "A line for each cell run, for programs that read it.")
@click.option("--cluster", metavar="ADDRESS", help="Run on a Dask cluster (tcp://host:8786).")
def build(scenarios, everything, settings, as_of, name, out, live, steps, cluster, **options):
    """Build the report of each SCENARIO (a name or a file; none means base).

    A value of --set with commas outside brackets sweeps: each combination is built, and a summary
    page with sweep.csv beside them.
    """
    only, data = options["only"], options["data"]
    if live:
        from alliance.evidence.live import overlay

        data = options["data"] = overlay(out, data)
    for chapter in only:
        if chapter not in report.CHAPTERS:
            raise ScenarioError(f"no chapter '{chapter}'{did_you_mean(chapter, report.CHAPTERS)}")
    if data:
        os.environ["ALLIANCE_DATA"] = str(data.resolve())  # the kernels inherit it
    chosen = [*scenarios] or ([] if everything else ["base"])
    chosen += [n for n in scenario.names() if everything and n not in chosen]
    swept = scenario.combinations(settings)
    many = len(chosen) * len(swept)
    if name and many > 1:
        raise ScenarioError(f"--name goes with one report, received {many} of them")
    made = [report.target(source, each, name, as_of) for source in chosen for each in swept]
    targets = report.distinct([t.live(named=bool(name)) for t in made] if live else made)
    bar = "steps" if steps else "bars" if sys.stderr and sys.stderr.isatty() else ""
    if cluster:
        from alliance.report.executor import cluster as connected
    with connected(cluster) if cluster else nullcontext() as elsewhere:
        how = report.Options(bar=bar, executor=elsewhere, **options)
        outcomes = report.build_all(targets, out, how, log)
    for outcome in outcomes:
        for chapter, error in outcome.errors.items():
            log(f"\n{outcome.index.parent.name}: {chapter} failed:\n{error}")
    if failed := sum(not outcome.ok for outcome in outcomes):
        log(f"{failed} of {len(outcomes)} reports failed; the last good pages stay")
    last = outcomes[-1].index if len(outcomes) == 1 else out / "index.html"
    if len(swept) > 1 and len(targets) > 1:
        from alliance.compare import sweep

        last = sweep.write(targets, settings, out, only, log)
    for outcome in outcomes if options["pdf"] else ():
        click.echo(f"PDF {outcome.index.with_name('report.pdf')}")
    click.echo(f"Open {last}")
    sys.exit(1 if failed else 0)


@cli.command()
@click.argument("a")
@click.argument("b")
@out_option
@data_option
@flag("--live", "With the live rows that 'alliance refresh' fetched.")
def compare(a, b, out, data, live) -> None:
    """What differs between A and B (scenarios or built folders), and which inputs it comes from."""
    from alliance.compare import between

    say(between(a, b, out, data, live, log))


@cli.command()
@click.argument("folder", type=FOLDER)
@data_option
def verify(folder, data) -> None:
    """Run the notebooks of a built FOLDER again and compare every result."""
    from alliance.report.verify import verify as again

    end(again(folder, data, log), "the same results", "differences")


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
