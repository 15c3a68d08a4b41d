"""All panels, and the round trip: load, save, token, pin, build."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import ipywidgets as w

from alliance import scenario
from alliance.errors import AllianceError, ScenarioError
from alliance.evidence import Evidence
from alliance.scenario import Scenario
from alliance.whatif import APP
from alliance.whatif.build import Building
from alliance.whatif.controls import Control
from alliance.whatif.entries import Entries
from alliance.whatif.panels import TITLES, Panel
from alliance.whatif.session import Session, begin, start_of
from alliance.whatif.stage import Case

#: Fields of no group, above all panels.
COMMON = ("as_of", "seed", "title")
_LARGEST = 64_000  # bytes of a file that is loaded


def alone(name: str, s: Scenario, ev: Evidence) -> w.VBox:
    """One panel as a notebook's last word, with its token to take away."""
    session, case = Session(s, ev), Case(in_app=bool(os.environ.get(APP)))

    def told() -> None:
        case.token, case.yaml = scenario.to_token(session.scenario), scenario.dump(session.scenario)

    panel = Panel(name, session, told)
    told()
    box = w.VBox([panel.box, case])
    box.add_class("alliance-cockpit")
    return box


class Cockpit:
    """The panels behind buttons, and what can be done with a case.

    Parameters
    ----------
    start : str
        A scenario's name or a token; in the app the page's address may name another.
    in_app : bool
        Whether it is served to others: then files are downloads and uploads.
    build : bool
        Whether reports may be built.
    """

    def __init__(self, start: str = "base", *, in_app: bool = False, build: bool = True) -> None:
        problem = ""
        try:
            name, s, session = begin(start, in_app)
        except Exception as error:
            if not in_app:
                raise
            problem = f"The case in this address can't be read: {error}"
            name, s = start_of("base")
            session = Session(s)
        self.in_app, self.name, self.session = in_app, name, session
        self.case = Case(in_app=in_app)
        self.panels: dict[str, Panel] = {}
        self.entries = Entries()  # token, file or files, name
        self._armed = ""  # the name that a second press on Save replaces
        self.tabs = w.ToggleButtons(
            options=[(title, key) for key, title in TITLES.items()], description="Panel"
        )
        self._place = w.VBox([])
        self._place.add_class("alliance-controls")
        self.common = {
            name: Control(
                name,
                info,
                self.session.scenario.model_dump(mode="json")[name],
                self._common_changed,
                days=self.session.days(name),
            )
            for name, info in scenario.fields().items()
            if name in COMMON
        }
        self.box = w.VBox([self._head(), self._place, self._foot(build)])
        self.box.add_class("alliance-cockpit")
        self.tabs.observe(lambda change: self.open(change["new"]), "value")
        self.open(self.tabs.value)
        self._told()
        self.case.refused = problem
        self.case.on_msg(
            lambda _, content, __: self.load(str(content["token"]))
        )  # Back was pressed

    @property
    def panel(self) -> Panel:
        """The panel that is shown."""
        return self.panels[self.tabs.value]

    def open(self, name: str) -> None:
        """Show a panel, at the current scenario."""
        if name in self.panels:
            self.panels[name].refresh_controls()
            self.panels[name].draw()
        else:
            self.panels[name] = Panel(name, self.session, self._told)
        self._place.children = (self.panels[name].box,)

    def load(self, source: str, entry: str = "token") -> bool:
        """Take a scenario by token or name; what is wrong changes nothing."""
        take = lambda: self._take(*start_of(source, not self.in_app))  # noqa: E731
        return self._try(take, f"Loaded {source[:24]}.", entry)

    def upload(self, content: bytes, filename: str) -> None:
        """Take an uploaded scenario file."""

        def taken() -> None:
            if len(content) > _LARGEST:
                raise ScenarioError(
                    f"a scenario's file has at most {_LARGEST:,} bytes, received {len(content):,}"
                )
            try:
                text = content.decode("utf-8")
            except UnicodeDecodeError as error:
                raise ScenarioError(f"must be UTF-8 text; {error}") from None
            self._take("", scenario.parse(text))

        self._try(taken, f"Loaded {filename[:48]}.", "file")

    def save(self, name: str) -> None:
        """Write the scenario's file; one that is there is replaced at the second press only."""

        def saved() -> None:
            scenario.text.check_name(name)
            path = scenario.FOLDER / f"{name}.yaml"
            if path.exists() and self._armed != name:
                self._armed = name
                raise ScenarioError(f"{name}.yaml exists: press Save again to replace it")
            path.write_text(scenario.dump(self.session.scenario), encoding="utf-8", newline="\n")
            self.name, self.session.origin = name, self.session.scenario
            self.entries["files"].widget.options = ["", *scenario.names()]
            self._told()

        self._try(saved, f"Saved notebooks/scenarios/{name}.yaml; rebuild it with: "
                  f"alliance report {name}", "name")  # fmt: skip

    def reset(self) -> None:
        """Back to what was loaded."""
        self._try(lambda: self._take(self.name, self.session.origin), "Back to what was loaded.")

    def pin(self, on: bool) -> None:
        """Keep this case to compare with, or let it go."""
        if on:
            self.session.pin()
        else:
            self.session.unpin()
        self.panel.draw()

    def settings(self) -> tuple[str, list[str]]:
        """A report's arguments: the scenario it starts from, and a setting for each difference."""
        name = self.name if self.name in scenario.names() else "base"
        return name, scenario.settings(self.session.scenario, scenario.load(name)[1])

    def _take(self, name: str, s: Scenario) -> None:
        session = self.session
        session.answers(self.tabs.value, s)  # refused before anything changes
        session.origin, self.name = s, name
        session.take(s)
        self.case.refused = ""
        self._refresh()

    def _refresh(self) -> None:
        values = self.session.scenario.model_dump(mode="json")
        for name, control in self.common.items():
            control.fail("")
            control.show(values[name])
        self.panel.refresh_controls()  # the others when they are opened
        self.panel.draw()
        self._told()

    def _common_changed(self, name: str, value: Any, text: bool) -> None:
        control = self.common[name]
        try:
            new = self.session.changed(name, value, text=text)
            self.session.answers(self.tabs.value, new)
        except Exception as error:
            ours = isinstance(error, AllianceError)
            control.fail(str(error) if ours else f"this can't be computed ({error})")
            return
        self.session.take(new)
        self._refresh()

    def _try(self, action: Callable[[], None], done: str, entry: str = "") -> bool:
        """Do what was asked; whatever goes wrong is said beside its entry, and changes nothing."""
        try:
            action()
        except AllianceError as error:
            problem = str(error)
        except OSError as error:
            problem = f"can't be written: {error.strerror}"
        except Exception as error:  # a fault of ours must not leave a dead cockpit
            problem = f"this can't be done ({type(error).__name__}: {error})"
        else:
            self.entries.say(entry, "")
            self._say(message=done)
            return True
        self._say(problem="" if self.entries.say(entry, problem) else problem)
        return False

    def _say(self, message: str = "", problem: str = "") -> None:
        with self.case.hold_sync():
            self.case.message, self.case.problem = message, problem

    def _told(self) -> None:
        s = self.session.scenario
        self._disarm()
        for name, control in self.common.items():
            untitled = name == "title" and control.main.value != s.title
            if control.problem or untitled:  # a later move is of the day that stands
                control.fail("")
                control.show(s.model_dump(mode="json")[name])
        with self.case.hold_sync():
            self._say()
            self.case.token, self.case.yaml = scenario.to_token(s), scenario.dump(s)
            loaded = self.name if s == self.session.origin else ""
            self.case.filename = f"{loaded or 'what-if'}.yaml"

    def _disarm(self) -> None:
        """The next press on Save asks again; what was asked is no longer to be read."""
        if self._armed:
            self._armed = ""
            self.entries.say("name", "")

    def _head(self) -> w.VBox:
        """The choice of panel, and the fields of no group that matter at once."""
        tabs = w.Box([self.tabs])
        tabs.add_class("alliance-tabs")
        day = w.Box([self.common["as_of"].box])
        day.add_class("alliance-fields")
        return w.VBox([tabs, day])

    def _loading(self) -> w.Box:
        """Where a case comes from: a token, a file or a name; and its title and seed."""
        pasted = w.Text(description="Token", placeholder="a1.…", continuous_update=False)
        parts = [self.entries.add("token", pasted, "Paste a token and press Enter")]
        if self.in_app:
            file = w.FileUpload(accept=".yaml,.yml", description="Load a scenario file")
            file.observe(self._uploaded, "value")
            parts.append(self.entries.add("file", file, "A scenario's YAML file of yours"))
        else:
            files = w.Dropdown(options=["", *scenario.names()], description="Load a scenario")
            parts.append(self.entries.add("files", files, "From notebooks/scenarios/"))
            self.entries.follow("files", self.load, keep=False)  # a mended file is chosen again
        self.entries.follow("token", self.load, keep=True)
        parts += [control.box for name, control in self.common.items() if name != "as_of"]
        box = w.Box(parts)
        box.add_class("alliance-fields")
        return box

    def _uploaded(self, change: dict[str, Any]) -> None:
        for each in change["new"]:
            self.upload(bytes(each["content"]), each["name"])
        if change["new"]:
            self.entries["file"].widget.value = ()  # so that the same file can be taken again

    def _foot(self, build: bool) -> w.VBox:
        """Pin, reset, save and build, and the case itself."""
        self.pinned = w.ToggleButton(description="Pin this case", tooltip="Compare with it")
        self.pinned.observe(lambda change: self.pin(change["new"]), "value")
        back = w.Button(description="Reset", tooltip="Back to what was loaded")
        back.on_click(lambda _: self.reset())
        row: list[Any] = [self.pinned, back]
        if not self.in_app:
            named = w.Text(description="Name", placeholder="my-case", continuous_update=True)
            keep = w.Button(description="Save scenario")
            keep.on_click(lambda _: self.save(named.value.strip()))
            row += [self.entries.add("name", named, "Lower-case letters, digits and hyphens"), keep]
            named.observe(lambda _: (self._disarm(), self.entries.say("name", "")), "value")
        for each in row:
            if isinstance(each, w.Button | w.ToggleButton):
                each.add_class("alliance-button")
        line = w.Box(row)
        line.add_class("alliance-row")
        parts: list[Any] = [line, self.case, self._loading()]
        self.building = None
        if build:
            self.building = Building(self.settings, self.case)
            parts.insert(1, self.building.box)
        foot = w.VBox(parts)
        foot.add_class("alliance-foot")
        return foot
