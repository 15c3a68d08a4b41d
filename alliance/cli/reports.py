"""Reports: build, compare, verify."""

import os
import sys
from contextlib import nullcontext

import click

from alliance import report, scenario
from alliance.cli.base import FOLDER, cli, data_option, end, flag, log, out_option, say
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
