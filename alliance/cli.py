"""The command ``alliance``. Thin: it reads arguments, calls the rooms, and sets the exit code."""

import os
import signal
import sys
from contextlib import nullcontext
from pathlib import Path

import click

from alliance import places, report, scenario
from alliance.errors import AllianceError, ScenarioError, did_you_mean

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_data = click.option("--data", type=_FOLDER, help="Another evidence folder.")
_to = click.Path(file_okay=False, path_type=Path)
_out = click.option("--out", type=_to, default=Path("build"), show_default=True)


def _flag(name: str, text: str, *more: str):
    return click.option(name, *more, is_flag=True, help=text)


class _Group(click.Group):
    """A mistyped command gets the nearest one."""

    def resolve_command(self, context, args):
        try:
            return super().resolve_command(context, args)
        except click.UsageError as error:
            hint = did_you_mean(args[0], self.list_commands(context))
            raise click.UsageError(f"no command '{args[0]}'{hint}", context) from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="alliance-workbook")
def cli() -> None:
    """Reports, checks and scenarios of the alliance workbook."""


@cli.command("report")
@click.argument("scenarios", nargs=-1, metavar="[SCENARIO]...")
@_flag("--all", "Every file in notebooks/scenarios/.", "everything")
@click.option("--set", "settings", multiple=True, metavar="'FIELD=VALUE'", help="Change one field.")
@click.option("--as-of", metavar="DATE", help="Stand on another day (YYYY-MM-DD).")
@click.option("--name", help="Name of the report's folder (with one scenario).")
@click.option("--only", multiple=True, metavar="CHAPTER", help="Build only this chapter.")
@_out
@_data
@_flag("--live", "With the live rows that 'alliance refresh' fetched.")
@click.option("--jobs", type=click.IntRange(1), help="Kernels at once (default: cores).")
@_flag("--pdf", "Print report.pdf too (needs Chromium, Chrome or Edge).")
@_flag("--force", "Build even what is up to date.")
@_flag("--explain", "Say why each chapter is built or not.")
@_flag("--plain-kernels", "Ordinary kernels, not forked ones.", "plain")
@_flag("--steps", "A line for each cell run, for programs that read it.")
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
        outcomes = report.build_all(targets, out, how, _log)
    for outcome in outcomes:
        for chapter, error in outcome.errors.items():
            _log(f"\n{outcome.index.parent.name}: {chapter} failed:\n{error}")
    if failed := sum(not outcome.ok for outcome in outcomes):
        _log(f"{failed} of {len(outcomes)} reports failed; the last good pages stay")
    last = outcomes[-1].index if len(outcomes) == 1 else out / "index.html"
    if len(swept) > 1 and len(targets) > 1:
        from alliance.compare import sweep

        last = sweep.write(targets, settings, out, only, data, _log)
    click.echo(f"Open {last}")
    sys.exit(1 if failed else 0)


def _log(text: str) -> None:
    click.echo(text, err=True)


def _say(lines) -> None:
    for line in lines:
        click.echo(line)


def _end(problems: list[str], none: str, some: str) -> None:
    """Print problems, how many there are, and end with 1 if there are any."""
    _say((*problems, f"{len(problems)} {some}" if problems else none))
    sys.exit(1 if problems else 0)


@cli.command()
@click.argument("a")
@click.argument("b")
@_out
@_data
@_flag("--live", "With the live rows that 'alliance refresh' fetched.")
def compare(a, b, out, data, live) -> None:
    """What differs between A and B (scenarios or built folders), and which inputs it comes from."""
    from alliance.compare import between

    _say(between(a, b, out, data, live, _log))


@cli.command()
@click.argument("folder", type=_FOLDER)
@_data
def verify(folder, data) -> None:
    """Run the notebooks of a built FOLDER again and compare every result."""
    from alliance.report.verify import verify as again

    _end(again(folder, data, _log), "the same results", "differences")


@cli.command()
@_data
@_flag("--fix", "Rewrite parameter cells that differ from the schema.")
@_flag("--seal", "Say which results of the base move, and write hashes, after a clean check.")
@_out
def check(data, fix, seal, out) -> None:
    """List every problem of the evidence and of the notebooks' parameter cells."""
    from alliance.compare import sealed
    from alliance.evidence import checks
    from alliance.report import cells

    _say(sealed(data, out, _log) if seal else ())
    problems = () if seal else map(str, checks.check(data))
    _end([*problems, *cells.check(fix=fix)], "no problems", "problems")


@cli.command()
@click.option("--only", multiple=True, metavar="KEY", help="Only this series, as nissan.")
@click.option("--prices", metavar="URL", help="Another address of prices, with {symbol}.")
@click.option("--rates", metavar="URL", help="Another address of rates, with {currency}.")
@click.option("--timeout", type=click.FloatRange(0.05), default=20, help="Seconds (default: 20).")
@_out
@_data
def refresh(out, data, **options) -> None:
    """Fetch live prices and rates into an overlay, build/live/, which only --live uses.

    A series that disagrees with its last sealed rows is refused and named. HTTPS_PROXY and the like
    are heeded. Where a base report is built, a page says which of its results moved.
    """
    from alliance.compare import since_built
    from alliance.evidence import live

    refused = live.refresh(out, data, log=_log, **options)
    _say(since_built(out, data, _log))
    _end([f"{key}: {why}" for key, why in refused.items()], "all refreshed", "series refused")


@cli.group(cls=_Group)
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
@_data
def add_prices(key, file, data, **options) -> None:
    """Add a share as KEY, prices from FILE (CSV: Date, Close, Adj Close, Volume), or nothing."""
    from alliance.evidence import adding

    _say(adding.add_prices(key, file, data, **options))


@cli.command()
@click.argument("folder", type=_to)
@_flag("--data", "Copy the evidence too, to add to it.")
def new(folder, data) -> None:
    """Copy notebooks and scenarios to FOLDER, to edit: commands given there use them."""
    for path in places.new(folder, data):
        click.echo(path)
    click.echo(f"cd {folder}, then: alliance lab, alliance report")


@cli.command()
@click.argument("frame", required=False)
@click.argument("start", default="base", metavar="[SCENARIO]")
@_data
def frames(frame, start, data) -> None:
    """List the tables behind the charts, or print FRAME as CSV (of SCENARIO, else base)."""
    from alliance import answers, evidence

    if frame is None:
        for (chapter, name), (*_, row) in answers.FRAMES.items():
            click.echo(f"{chapter}/{name}: {row}")
        return
    chapter, name = answers.located(frame)
    s = scenario.load(start)[1]
    ev = evidence.open(s.as_of, data)
    answers.CHECKS[chapter](s, ev)
    table = answers.CHAPTERS[chapter](s, ev).frame(name)
    index = answers.FRAMES[chapter, name][0]
    click.echo(table.to_csv(index=index != "number", index_label=index.split(", ")), nl=False)


@cli.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def lab(arguments) -> None:
    """Open JupyterLab at the repository, in notebooks/ (ARGUMENTS go to JupyterLab).

    Pictures follow a slider 20 ms sooner than in one that was started by other means.
    """
    from alliance.whatif.server import NAME

    if places.ROOT == places.CARRIED:  # what is installed is not for editing
        places.new(places.WORK)
        _log(f"notebooks and scenarios were copied to {places.WORK / 'notebooks'}")
    root = places.WORK
    os.chdir(root)
    command = [sys.executable, "-m", "jupyterlab", f"--notebook-dir={root}"]
    command.append("--LabApp.default_url=/lab/tree/notebooks")
    given = " ".join([*arguments, *(n for n in os.environ if n == "JUPYTER_GATEWAY_URL")]).lower()
    if "gateway" not in given and "kernel_websocket_connection_class" not in given:
        command.append(f"--ServerApp.kernel_websocket_connection_class={NAME}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # a container: Jupyter starts only if asked so
        command.append("--allow-root")
    os.execv(sys.executable, [*command, *arguments])


@cli.command()
@click.argument("start", required=False, metavar="[SCENARIO|TOKEN]")
@click.option("--allow-build", is_flag=True, help="Let everybody who reaches it build reports.")
@click.option("--port", type=click.IntRange(0, 65535), default=8866, show_default=True)
@click.option("--ip", default="localhost", show_default=True, help="Address to listen on.")
@click.option("--no-browser", is_flag=True, help="Open no browser.")
@click.option("--idle", type=click.FloatRange(0.05), default=60, show_default=True,
              help="Minutes after which an idle session ends.")  # fmt: skip
@click.option("--sessions", type=click.IntRange(1), default=10, show_default=True,
              help="Pages at once (each takes about 200 MB).")  # fmt: skip
def app(start, allow_build, port, ip, no_browser, idle, sessions) -> None:
    """Serve the cockpit as a web page, from SCENARIO or TOKEN (none means base)."""
    from alliance.whatif.app import serve

    more = {"browser": not no_browser, "idle": idle, "sessions": sessions}
    serve(start or "base", allow_build, port, ip, **more)


@cli.group("scenario", cls=_Group)
def scenarios() -> None:
    """Scenarios: list them, their fields, their files and tokens."""


@scenarios.command("list")
def scenario_list() -> None:
    """The scenarios in notebooks/scenarios/."""
    for name, loaded in map(scenario.load, scenario.names()):
        click.echo(f"{name:<20} {loaded.as_of}  {loaded.title}")


@scenarios.command("fields")
def scenario_fields() -> None:
    """Every field with its default, range and meaning."""
    click.echo(scenario.listing())


@scenarios.command("show")
@click.argument("name")
@_flag("--full", "All fields, not only what differs.")
def scenario_show(name, full) -> None:
    """The YAML of what differs from the default."""
    import yaml

    _, loaded = scenario.load(name)
    values = loaded.model_dump(mode="json")
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
    click.echo(text if full else scenario.dump(loaded), nl=False)


@scenarios.command("token")
@click.argument("name")
def scenario_token(name) -> None:
    """A scenario as short text that can be sent."""
    click.echo(scenario.to_token(scenario.load(name)[1]))


@scenarios.command("from-token")
@click.argument("token")
def scenario_from_token(token) -> None:
    """The YAML of a token."""
    click.echo(scenario.dump(scenario.from_token(token)), nl=False)


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
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        click.echo("alliance: stopped; reports built before stay as they were", err=True)
        sys.exit(130)
