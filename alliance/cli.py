"""The command ``alliance``. Thin: it reads arguments, calls the rooms, and sets the exit code."""

import os
import signal
import sys
from contextlib import nullcontext
from pathlib import Path

import click

from alliance.errors import AllianceError, ScenarioError, did_you_mean

_TARGET = click.Path(file_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


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


@cli.command()
@click.argument("scenarios", nargs=-1, metavar="[SCENARIO]...")
@click.option("--all", "everything", is_flag=True, help="Every file in notebooks/scenarios/.")
@click.option("--set", "settings", multiple=True, metavar="'FIELD=VALUE'", help="Change one field.")
@click.option("--as-of", metavar="DATE", help="Stand on another day (YYYY-MM-DD).")
@click.option("--name", help="Name of the report's folder (with one scenario).")
@click.option("--only", multiple=True, metavar="CHAPTER", help="Build only this chapter.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build"),
    show_default=True,
)
@click.option("--data", type=_FOLDER, help="Another evidence folder.")
@click.option("--jobs", type=click.IntRange(1), help="Kernels at once (default: cores).")
@click.option("--pdf", is_flag=True, help="Print report.pdf too (needs Chromium, Chrome or Edge).")
@click.option("--force", is_flag=True, help="Build even what is up to date.")
@click.option("--explain", is_flag=True, help="Say why each chapter is built or not.")
@click.option("--plain-kernels", is_flag=True, help="Ordinary kernels, not forked ones.")
@click.option("--steps", is_flag=True, help="A line for each cell run, for programs that read it.")
@click.option("--cluster", metavar="ADDRESS", help="Run on a Dask cluster (tcp://host:8786).")
def report(
    scenarios, everything, settings, as_of, name, only, out, data, jobs, pdf, force, explain,
    plain_kernels, steps, cluster,
) -> None:  # fmt: skip
    """Build the report of each SCENARIO (a name or a file; none means base).

    A value of --set with commas outside brackets sweeps: each combination is built, and a summary
    page with sweep.csv beside them.
    """
    from alliance import report as builder
    from alliance import scenario

    for chapter in only:
        if chapter not in builder.CHAPTERS:
            raise ScenarioError(f"no chapter '{chapter}'{did_you_mean(chapter, builder.CHAPTERS)}")
    if data:
        os.environ["ALLIANCE_DATA"] = str(data.resolve())  # the kernels inherit it
    chosen = [*scenarios] or ([] if everything else ["base"])
    chosen += [n for n in scenario.names() if everything and n not in chosen]
    swept = scenario.combinations(settings)
    if name and len(chosen) * len(swept) > 1:
        raise ScenarioError(
            f"--name goes with one report, received {len(chosen) * len(swept)} of them"
        )
    made = [builder.target(source, each, name, as_of) for source in chosen for each in swept]
    targets = builder.distinct(made)
    bar = "steps" if steps else "bars" if sys.stderr and sys.stderr.isatty() else ""
    how = (data, only, force, jobs or 0, plain_kernels, explain, pdf, bar)
    if cluster:
        from alliance.report.executor import cluster as connected
    with connected(cluster) if cluster else nullcontext() as elsewhere:
        outcomes = builder.build_all(targets, out, builder.Options(*how, elsewhere), _log)
    for outcome in outcomes:
        for chapter, error in outcome.errors.items():
            click.echo(f"\n{outcome.index.parent.name}: {chapter} failed:\n{error}", err=True)
    failed = sum(not outcome.ok for outcome in outcomes)
    if failed:
        click.echo(
            f"{failed} of {len(outcomes)} reports failed; the last good pages stay", err=True
        )
    last = outcomes[-1].index if len(outcomes) == 1 else out / "index.html"
    if len(swept) > 1 and len(targets) > 1:
        from alliance.compare import sweep

        last = sweep.write(targets, settings, out, only, data, _log)
    click.echo(f"Open {last}")
    sys.exit(1 if failed else 0)


def _log(text: str) -> None:
    click.echo(text, err=True)


@cli.command()
@click.argument("a")
@click.argument("b")
@click.option("--out", type=_TARGET, default=Path("build"), show_default=True)
@click.option("--data", type=_FOLDER, help="Another evidence folder.")
def compare(a, b, out, data) -> None:
    """What differs between A and B (scenarios or built folders), and which inputs it comes from."""
    from alliance import compare as room

    found = room.compare(room.side(a), room.side(b), data, _log)
    for name, (one, other) in found.fields.items():
        click.echo(f"{name}: {one} | {other}")
    click.echo(f"{len(found.moved)} results moved, {len(found.equal)} did not; most moved:")
    for d in found.moved[:10]:
        click.echo(f"  {d.id}: {d.a:,.6g} to {d.b:,.6g} ({d.delta:+,.6g})")
        for name, part in sorted((d.parts or {}).items(), key=lambda p: -abs(p[1])):
            click.echo(f"      from {name}: {part:+,.6g}")
    click.echo(f"Open {room.write(found, out, _log)}")


@cli.command()
@click.argument("folder", type=_FOLDER)
@click.option("--data", type=_FOLDER, help="Another evidence folder.")
def verify(folder, data) -> None:
    """Run the notebooks of a built FOLDER again and compare every result."""
    from alliance.report.verify import verify as again

    problems = again(folder, data, _log)
    for problem in problems:
        click.echo(problem)
    click.echo(f"{len(problems)} differences" if problems else "the same results")
    sys.exit(1 if problems else 0)


@cli.command()
@click.option("--data", type=_FOLDER, help="Another evidence folder.")
@click.option("--fix", is_flag=True, help="Rewrite parameter cells that differ from the schema.")
@click.option("--seal", is_flag=True, help="Write hashes after a clean check.")
def check(data, fix, seal) -> None:
    """List every problem of the evidence and of the notebooks' parameter cells."""
    from alliance.evidence import checks
    from alliance.report import cells

    if seal:
        changed = checks.seal(data)
        click.echo(f"sealed: {changed} tables have new hashes")
    problems = [str(problem) for problem in checks.check(data)] + cells.check(fix=fix)
    for problem in problems:
        click.echo(problem)
    click.echo(f"{len(problems)} problems" if problems else "no problems")
    sys.exit(1 if problems else 0)


@cli.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def lab(arguments) -> None:
    """Open JupyterLab at the repository, in notebooks/ (ARGUMENTS go to JupyterLab).

    Pictures follow a slider 20 ms sooner than in one that was started by other means.
    """
    from alliance.report import ROOT
    from alliance.whatif.server import NAME

    os.chdir(ROOT)
    command = [sys.executable, "-m", "jupyterlab", f"--notebook-dir={ROOT}"]
    command.append("--LabApp.default_url=/lab/tree/notebooks")
    given = " ".join([*arguments, *(n for n in os.environ if n == "JUPYTER_GATEWAY_URL")]).lower()
    if "gateway" not in given and "kernel_websocket_connection_class" not in given:
        command.append(f"--ServerApp.kernel_websocket_connection_class={NAME}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # a container: Jupyter starts only if told so
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


@cli.group(cls=_Group)
def scenario() -> None:
    """Scenarios: list them, their fields, their files and tokens."""


@scenario.command("list")
def scenario_list() -> None:
    """The scenarios in notebooks/scenarios/."""
    from alliance import scenario as s

    for name in s.names():
        _, loaded = s.load(name)
        click.echo(f"{name:<20} {loaded.as_of}  {loaded.title}")


@scenario.command("fields")
def scenario_fields() -> None:
    """Every field with its default, range and meaning."""
    from alliance import scenario as s

    click.echo(s.listing())


@scenario.command("show")
@click.argument("name")
@click.option("--full", is_flag=True, help="All fields, not only what differs.")
def scenario_show(name, full) -> None:
    """The YAML of what differs from the default."""
    import yaml

    from alliance import scenario as s

    _, loaded = s.load(name)
    if full:
        values = loaded.model_dump(mode="json")
        click.echo(yaml.safe_dump(values, sort_keys=False, allow_unicode=True), nl=False)
    else:
        click.echo(s.dump(loaded), nl=False)


@scenario.command("token")
@click.argument("name")
def scenario_token(name) -> None:
    """A scenario as short text that can be sent."""
    from alliance import scenario as s

    click.echo(s.to_token(s.load(name)[1]))


@scenario.command("from-token")
@click.argument("token")
def scenario_from_token(token) -> None:
    """The YAML of a token."""
    from alliance import scenario as s

    click.echo(s.dump(s.from_token(token)), nl=False)


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
