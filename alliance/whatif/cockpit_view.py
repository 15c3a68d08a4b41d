"""All panels, and the round trip: load, save, token, pin, build."""

import html
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

import ipywidgets as w

from alliance import scenario
from alliance.errors import ScenarioError, did_you_mean
from alliance.evidence import Evidence
from alliance.scenario import Scenario
from alliance.scenario.schema import apart
from alliance.scenario.words import differing
from alliance.whatif import APP, START
from alliance.whatif.build import Building, button
from alliance.whatif.inputs import Input, box, in_turn, on_value
from alliance.whatif.panel_view import PanelView, control_of, reason, unfolding
from alliance.whatif.panels import PANELS
from alliance.whatif.session import Session
from alliance.whatif.start import start_of
from alliance.whatif.views import PLACES, ShareBox

#: Fields of no group, which all panels share.
COMMON = ("as_of", "seed", "title")
_LARGEST = 64_000  # bytes of a file that is loaded


def alone(name: str, s: Scenario, ev: Evidence) -> w.VBox:
    """One panel below a notebook's chapter, with its token to copy."""
    if name not in PANELS:
        raise ScenarioError(f"no panel '{name}'{did_you_mean(name, PANELS)}")
    session, share = Session(s, ev), ShareBox(in_app=bool(os.environ.get(APP)))
    view = PanelView(PANELS[name], session, lambda _: share.offer(session.scenario))
    share.offer(s)
    return box("cockpit", view.box, share, kind=w.VBox)


class Cockpit:
    """The panels behind buttons, and what can be done with a case.

    ``start`` is a scenario's name or a token; in the app, where files are downloads and uploads,
    the page's address may name another, and a panel. ``build`` says whether reports may be built.
    """

    def __init__(self, start: str = "base", *, in_app: bool = False, build: bool = True) -> None:
        self.in_app, self.share, asked, panel = in_app, ShareBox(in_app=in_app), "", ""
        if in_app:
            start, query = os.environ.get(START) or start, os.environ.get("QUERY_STRING", "")
            asked, panel = (parse_qs(query).get(name, [""])[0] for name in ("start", "panel"))
        try:
            self.name, s = start_of(asked or start, hint=not asked)
            self.session = Session(s)
            self.session.answers(next(iter(PANELS.values())), s)
        except Exception as error:
            if not in_app:
                raise
            self.share.refused = f"The case in this address can't be read: {error}"
            self.name, s = start_of("base")
            self.session = Session(s)
        self.panels: dict[str, PanelView] = {}
        self.entries: dict[str, Input] = {}  # boxes that are no fields: token, file or files, name
        self._armed = ""  # the name that a second press on Save replaces
        self._past, self._slid = [], set()  # cases to go back to; fields that a slider is moving
        self._now = self.name, self.session.origin, self.session.scenario
        self.common = {
            name: control_of(self.session, name, lambda *change: self.panel.change(*change))
            for name in COMMON
        }
        options = [(panel.title, name) for name, panel in PANELS.items()]
        panel = panel if panel in PANELS else options[0][1]
        self.tabs = w.ToggleButtons(options=options, value=panel, description="Panel")
        on_value(self.tabs, self.open)
        self.case = w.HTML().add_class("alliance-case")
        head = box("head", box("tabs", self.tabs), self.common["as_of"].box, self.case)
        self._place = box("place")
        actions = box("actions", *self._actions(build), self.share, *self._loading())
        self.box = box("cockpit", head, actions, self._place, kind=w.VBox)
        self.open(self.tabs.value)
        self._offer()
        self.share.on_msg(in_turn(lambda _, sent, __: self._go(sent["token"], sent["number"])))

    def early(self) -> str:
        """The first panel's sentence and pictures as HTML, for the time until the controls are
        there; empty where the address names no case that can be shown."""
        shown = self.panel.pictures
        if self.share.refused or shown.problem:
            return ""
        drawn = [getattr(shown, place) for place in PLACES]
        figures = "".join(
            f"<figure><figcaption>{html.escape(each['title'])}</figcaption>{each['svg']}</figure>"
            for each in drawn
            if each
        )
        words = html.escape(shown.view["words"])
        state = f"As of {self.session.scenario.as_of}; the controls are on their way."
        text = f"<p>{words}</p><p>{state}</p>{figures}"
        return f'<div class="alliance-early">{text}</div>'

    @property
    def panel(self) -> PanelView:
        """The panel that is shown."""
        return self.panels[self.tabs.value]

    def open(self, name: str) -> None:
        """Show a panel, at the current scenario."""
        if name in self.panels:
            self.panels[name].refresh()
        else:
            new = PanelView(PANELS[name], self.session, self._offer, self.common)
            self.panels[name] = new
        self._place.children = (self.panels[name].box,)
        self.share.panel = name if name != next(iter(PANELS)) else ""

    def load(self, source: str, entry: str = "token") -> bool:
        """Take a scenario by token or name, and whether it was taken."""
        with self._shown(f"Loaded {source[:24]}.", entry):
            self._take(*start_of(source, not self.in_app))
            return True
        return False

    def _go(self, token: str, number: int) -> None:
        """Show a case that Back or Forward asked for, and say that it was the last one so far."""
        self.load(token)
        self.share.answered = number

    def upload(self, content: bytes, filename: str) -> None:
        """Take an uploaded scenario file."""
        with self._shown(f"Loaded {filename[:48]}.", "file"):
            if (size := len(content)) > _LARGEST:
                most = f"a scenario's file has at most {_LARGEST:,} bytes"
                raise ScenarioError(f"{most}, received {size:,}")
            self._take("", scenario.parse(content.decode("utf-8")))

    def save(self, name: str) -> None:
        """Write the scenario's file; one that is there is replaced at the second press only."""
        done = f"Saved notebooks/scenarios/{name}.yaml; rebuild it with: alliance report {name}"
        with self._shown(done, "name"):
            scenario.text.check_name(name)
            path = scenario.text.FOLDER / f"{name}.yaml"
            if path.exists() and self._armed != name:
                self._armed = name
                raise ScenarioError(f"{name}.yaml exists: press Save again to replace it")
            path.write_text(scenario.dump(self.session.scenario), encoding="utf-8", newline="\n")
            self.name, self.session.origin = name, self.session.scenario
            self.entries["files"].main.options = ["", *scenario.names()]
            self._offer()

    def reset(self) -> None:
        """Back to what was loaded."""
        with self._shown("Back to what was loaded."):
            self._take(self.name, self.session.origin)

    def undo(self) -> None:
        """Take back the last change; a slider's moves in a row count as one."""
        if self._past:
            with self._shown("Undone."):
                self._now, self._slid = self._past.pop(), set()
                self._take(*self._now)

    def pin(self, on: bool) -> None:
        """Keep this case to compare with, or let it go."""
        self.session.pin(on)
        self.panel.draw()

    def settings(self) -> tuple[str, list[str]]:
        """A report's arguments: the scenario it starts from, and a setting for each difference."""
        name = self.name if self.name in scenario.names() else "base"
        return name, scenario.settings(self.session.scenario, scenario.load(name)[1])

    def _take(self, name: str, origin: Scenario, s: Scenario | None = None) -> None:
        s = s or origin
        self.session.answers(self.panel.panel, s)  # refused before anything changes
        self.session.origin, self.name = origin, name
        self.session.take(s)
        self.share.refused, self.loading.value = "", False
        self.panel.refresh()  # the others when they are opened
        self._offer()

    @contextmanager
    def _shown(self, done: str, entry: str = "") -> Iterator[None]:
        """Say that it is done, or show what is wrong beside its entry, and nothing has changed."""
        problem, near = "", self.entries.get(entry)
        try:
            yield
        except Exception as error:
            problem, done = reason(error), ""
        if near is not None:
            near.fail(problem)
        self.share.say(done, "" if near else problem)

    def _offer(self, slid: bool = False) -> None:
        """The current case to be shared, under its name if nothing has been changed."""
        s = self.session.scenario
        self._remember(slid)
        self._disarm()
        self.share.offer(s, self.name if s == self.session.origin else "")
        origin = self.session.origin if self.name else scenario.Scenario()
        changed = ", ".join(differing(origin, s))
        text = html.escape(f"changed: {changed}" if changed else s.title)
        name = html.escape(self.name or "base")
        self.case.value = f'<p title="{text}"><b>{name}</b>{", " * bool(text)}{text}</p>'

    def _remember(self, slid: bool) -> None:
        """Keep the case before this one, unless the same slider has only moved on."""
        now = self.name, self.session.origin, self.session.scenario
        moved = {*apart(self._now[2], now[2])} - {"title"}  # a move drops it
        if now != self._now and not (slid and moved == self._slid):
            self._past.append(self._now)
        if now != self._now:
            self._slid, self._now = moved if slid else set(), now
            self.share.report = ""  # a built one is of the last case
        self.undoing.disabled = not self._past

    def _disarm(self) -> None:
        """The next press on Save asks again; what was asked is no longer to be read."""
        if self._armed:
            self._armed = ""
            self.entries["name"].fail("")

    def _entry(self, name: str, main: w.DOMWidget, help: str) -> w.Box:
        self.entries[name] = Input(main, help)
        return self.entries[name].box

    def _loading(self) -> tuple[w.ToggleButton, w.Box]:
        """Where a case comes from: a token, a file or a name; and its title and seed."""
        pasted = w.Text(description="Token", placeholder="a1.…", continuous_update=False)
        parts = [self._entry("token", pasted, "Paste a token and press Enter")]
        on_value(pasted, lambda new: self._chosen("token", new))
        if self.in_app:
            file = w.FileUpload(accept=".yaml,.yml", description="Load a scenario file")
            on_value(file, self._uploaded)
            parts.append(self._entry("file", file, "A scenario's YAML file of yours"))
        else:
            files = w.Dropdown(options=["", *scenario.names()], description="Load a scenario")
            on_value(files, lambda new: self._chosen("files", new))
            parts.append(self._entry("files", files, "From notebooks/scenarios/"))
        parts += [self.common[name].box for name in ("seed", "title")]
        self.loading = w.ToggleButton(description="Load, title", tooltip="And the seed")
        return unfolding(self.loading, box("fields", *parts).add_class("alliance-over"))

    def _chosen(self, name: str, source: str) -> None:
        """Load what is put into a box, and empty it for the next; a wrong token stays there."""
        entry = self.entries[name]
        if entry.quiet:
            return
        if not source.strip():
            entry.fail("")
        elif self.load(source, name) or name == "files":  # a corrected file is chosen again
            with entry.quietly():
                entry.main.value = ""

    def _uploaded(self, files: tuple[dict[str, Any], ...]) -> None:
        for each in files:
            self.upload(bytes(each["content"]), each["name"])
        if files:
            self.entries["file"].main.value = ()  # so that the same file can be taken again

    def _actions(self, build: bool) -> list[w.Widget]:
        """Pin, reset, save and build."""
        self.pinned = w.ToggleButton(description="Pin", tooltip="Keep this case to compare with")
        self.pinned.add_class("alliance-button")
        on_value(self.pinned, self.pin)
        self.undoing = button("Undo", self.undo, tooltip="Take back the last change")
        reset = button("Reset", self.reset, tooltip="Back to what was loaded")
        row = [self.pinned, self.undoing, reset]
        if not self.in_app:
            named = w.Text(description="Name", placeholder="my-case", continuous_update=True)
            row.append(self._entry("name", named, "Lower-case letters, digits and hyphens"))
            row.append(button("Save scenario", lambda: self.save(named.value.strip())))
            on_value(named, lambda _: (self._disarm(), self.entries["name"].fail("")))
        self.building = Building(self.settings, self.share) if build else None
        return [*row, self.building.box] if build else row
