"""Where one works: folders, frames, JupyterLab, the app, scenarios."""

import os
import sys

import click

from alliance import places, scenario
from alliance.cli.base import TO, Group, cli, data_option, flag, log
from alliance.errors import ScenarioError


@cli.command()
@click.argument("folder", type=TO)
@flag("--data", "Copy the evidence too, to add to it.")
def new(folder, data) -> None:
    """Copy notebooks and scenarios to FOLDER, to edit: commands given there use them."""
    for path in places.new(folder, data):
        click.echo(path)
    click.echo(f"cd {folder}, then: alliance lab, alliance report")


@cli.command()
@click.argument("frame", required=False)
@click.argument("start", default="base", metavar="[SCENARIO]")
@data_option
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
        log(f"notebooks and scenarios were copied to {places.WORK / 'notebooks'}")
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


@cli.group("scenario", cls=Group)
def scenarios() -> None:
    """Scenarios: list them, their fields, their files and tokens."""


@scenarios.command("list")
def scenario_list() -> None:
    """The scenarios in notebooks/scenarios/."""
    wrong = []
    for name in scenario.names():
        try:
            loaded = scenario.load(name)[1]
            click.echo(f"{name:<20} {loaded.as_of}  {loaded.title}")
        except ScenarioError as error:
            wrong.append(str(error))
    if wrong:
        raise ScenarioError("\n".join(wrong))


@scenarios.command("fields")
def scenario_fields() -> None:
    """Every field with its default, range and meaning."""
    click.echo(scenario.listing())


@scenarios.command("show")
@click.argument("name")
@flag("--full", "All fields, not only what differs.")
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
