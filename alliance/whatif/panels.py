"""One panel: its controls, its stage, and what happens when a control moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as w

from alliance.answers import Answers
from alliance.charts.panels import PANEL_CHARTS, Renderer
from alliance.errors import AllianceError
from alliance.scenario import Scenario
from alliance.whatif import words
from alliance.whatif.controls import Control, text_of
from alliance.whatif.session import Session
from alliance.whatif.stage import Stage

#: Group and part of the schema from which each panel takes its fields.
FIELDS = {
    "selldown": ("selldown", ""),
    "decline": ("decline", ""),
    "separation": ("separation", ""),
    "bargain": ("separation", "bargain"),
}
TITLES = {
    "selldown": "Sell-down",
    "decline": "Decline",
    "separation": "Separation",
    "bargain": "Bargain",
}


def fields_of(panel: str, model: type[Scenario]) -> dict[str, Any]:
    """A panel's fields by dotted name, as the schema has them."""
    group, part = FIELDS[panel]
    inner = type(model.model_fields[group].default).model_fields
    return {
        f"{group}.{name}": info
        for name, info in inner.items()
        if info.json_schema_extra["part"] == part
    }


class Panel:
    """Controls and pictures of one panel.

    Parameters
    ----------
    name : str
    session : Session
    taken : callable
        Called when a change has become the current scenario.
    """

    def __init__(
        self, name: str, session: Session, taken: Callable[[], None] = lambda: None
    ) -> None:
        self.name, self.session, self._taken = name, session, taken
        self.stage, self._renderer, self._count = Stage(), Renderer(PANEL_CHARTS[name]), 0
        self.controls: dict[str, Control] = {}
        self._filled = session.filled(name)
        infos = fields_of(name, type(session.scenario))
        self._later = {n: i for n, i in infos.items() if not i.json_schema_extra["first"]}
        first = [self._control(n, i).box for n, i in infos.items() if n not in self._later]
        more = w.ToggleButton(description=f"More inputs ({len(self._later)})", layout=w.Layout())
        more.add_class("alliance-button")
        more.observe(self._unfold, "value")
        self._more, self._rest = more, self._grid([])
        pictures = [("all pictures", ""), *((key, key) for key in PANEL_CHARTS[name])]
        self.shown = w.Dropdown(options=pictures, description="Show", layout=w.Layout(width="100%"))
        self.shown.observe(lambda _: self.draw(), "value")
        chosen = w.VBox([self.shown])
        chosen.add_class("alliance-control")
        first.insert(0, chosen)
        side = w.VBox([self._grid(first), *([more, self._rest] if self._later else [])])
        side.add_class("alliance-controls")
        sides = w.Box([side, self.stage])
        sides.add_class("alliance-sides")
        self.box = w.VBox([sides])
        self.box.add_class("alliance-panel")
        self.draw()

    def change(self, name: str, value: Any, text: bool = False) -> None:
        """Try a new value; what is wrong is said next to the field, and the last picture stays."""
        control = self.controls.get(name)
        try:
            new = self.session.changed(name, value, text=text)
            answers = self.session.answers(self.name, new, self.shown.value)
            view = self._view(answers)
        except AllianceError as error:
            self._refuse(name, str(error))
            return
        except Exception as error:  # a fault of ours must not leave a dead panel
            self._refuse(name, f"this can't be computed ({type(error).__name__}: {error})")
            return
        self.session.take(new)
        self._show(view)
        self._refill()
        if control is not None:
            control.fail("")
            if text or isinstance(value, str | list):
                self._show_value(control)
        if name in ("separation.structures", "separation.companies"):
            self.refresh_controls()
        self._taken()

    def draw(self) -> None:
        """Draw the current scenario (as after a load); a fault is said above the last picture."""
        try:
            view = self._view(self._answers())
        except Exception as error:
            self.stage.problem = f"The last valid picture: {error}"
            return
        self._show(view)

    def _answers(self) -> Answers:
        return self.session.answers(self.name, self.session.scenario, self.shown.value)

    def refresh_controls(self) -> None:
        """Show the current scenario's values in all controls."""
        self._filled = self.session.filled(self.name)
        for control in self.controls.values():
            control.fail("")
            if isinstance(control.main, w.Dropdown | w.SelectMultiple):
                choices = self.session.choices(control.name)
                if choices:
                    control.offer(choices)
            if days := self.session.days(control.name):
                control.span(days)
            self._show_value(control)

    def _refuse(self, name: str, text: str) -> None:
        """Say what is wrong, and which value the pictures keep; what was typed stays."""
        kept = text_of(self._value(name)) or "empty"
        text = f"{text}; the pictures keep {kept}"
        if name in self.controls:
            self.controls[name].fail(text)
        else:
            self.stage.problem = text

    def _view(self, a: Answers) -> dict[str, Any]:
        pinned = self.session.pinned_answers(self.name)
        pictures = [
            {"key": p.key, "title": p.title, "svg": p.svg, "source": f"Source: {p.source}"}
            for p in self._renderer.draw(a, pinned, self.shown.value)
        ]
        return {
            "pictures": pictures,
            "words": words.sentence(self.name, a),
            "table": words.numbers(self.name, a, pinned),
        }

    def _show(self, view: dict[str, Any]) -> None:
        self._count += 1
        self.stage.problem = ""
        self.stage.view = view | {"count": self._count}

    def _control(self, name: str, info: Any) -> Control:
        self.controls[name] = made = Control(
            name,
            info,
            self._value(name),
            lambda n, value, text: self.change(n, value, text),
            self.session.choices(name),
            self.session.days(name),
            self._filled.get(name),
        )
        return made

    def _value(self, name: str) -> Any:
        group, _, key = name.partition(".")
        return self.session.scenario.model_dump(mode="json", include={group: {key}})[group][key]

    def _show_value(self, control: Control) -> None:
        control.show(self._value(control.name), self._filled.get(control.name))

    def _refill(self) -> None:
        """Show anew what fills empty fields, where that has moved."""
        last, self._filled = self._filled, self.session.filled(self.name)
        for name, control in self.controls.items():
            if self._filled.get(name) != last.get(name) and self._value(name) is None:
                self._show_value(control)

    def _unfold(self, change: dict[str, Any]) -> None:
        """Make the further controls when they are first asked for."""
        if change["new"] and not self._rest.children:
            self._rest.children = tuple(self._control(n, i).box for n, i in self._later.items())
        self._rest.layout.display = "grid" if change["new"] else "none"

    @staticmethod
    def _grid(children: list[Any]) -> w.Box:
        box = w.Box(children)
        box.add_class("alliance-fields")
        return box
