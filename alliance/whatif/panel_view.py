"""One panel: its controls, its pictures, and what happens when a control moves."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ipywidgets as w

from alliance import scenario
from alliance.charts.panels import Renderer
from alliance.errors import AllianceError
from alliance.scenario import Scenario
from alliance.whatif.inputs import Control, box, in_turn, on_value
from alliance.whatif.panels import Panel
from alliance.whatif.session import Session
from alliance.whatif.views import PLACES, PictureView

#: Fields on which depends what others may take.
_OFFER = ("as_of", "separation.structures", "separation.companies")
_SENT = 5e-4  # seconds: the thread that sends a picture needs the interpreter meanwhile


def reason(error: Exception) -> str:
    """What went wrong, in words: a fault of ours must not leave a dead panel."""
    if isinstance(error, AllianceError):
        return str(error)
    if isinstance(error, UnicodeDecodeError):
        return f"must be UTF-8 text; {error}"
    if isinstance(error, OSError):
        return f"can't be written: {error.strerror}"
    return f"this can't be computed ({type(error).__name__}: {error})"


def control_of(session: Session, name: str, report, filled: float | None = None) -> Control:
    """A field of the session's scenario as a control; the rest is as for :class:`Control`."""
    info = scenario.fields(type(session.scenario))[name]
    return Control(name, info, session.value(name), report, filled, *session.offers(name))


def unfolding(
    button: w.ToggleButton, place: w.Box, make: Callable[[], list[w.Box]] = list
) -> tuple[w.ToggleButton, w.Box]:
    """A button, and a place that it shows and hides; what is in it is made at the first press."""

    def unfold(shown: bool) -> None:
        place.children = place.children or make()
        place.layout.display = "grid" if shown else "none"

    place.layout.display = "none"
    on_value(button.add_class("alliance-button"), unfold)
    return button, place


class PanelView:
    """Controls and pictures of one panel.

    ``taken`` is called when a change has become the current scenario, and whether a slider made it;
    ``common`` are controls of no panel that show the same scenario.
    """

    def __init__(
        self,
        panel: Panel,
        session: Session,
        taken: Callable[[bool], None] = lambda slid: None,
        common: Mapping[str, Control] | None = None,
    ) -> None:
        self.panel, self.session, self._taken = panel, session, taken
        self.pictures, self._renderer, self._count = PictureView(), Renderer(panel.pictures), 0
        self.controls, self._filled = dict(common or {}), {}
        options = [("all pictures", ""), *((panel.words(key), key) for key in panel.pictures)]
        wide = w.Layout(width="100%")
        self.shown = w.Dropdown(options=options, description="Show", layout=wide)
        on_value(self.shown, lambda _: self.draw())
        self.pictures.observe(in_turn(lambda _: self.draw()), "room")
        self.pictures.on_msg(in_turn(lambda *_: self.draw()))  # a slider has been let go
        self.draw()
        infos = panel.fields(type(session.scenario))
        first = [name for name, info in infos.items() if info.json_schema_extra["first"]]
        later = [name for name in infos if name not in first]
        self._more = w.ToggleButton(description=f"More inputs ({len(later)})")
        rest = unfolding(self._more, box("fields"), lambda: self._make(later))
        fields = box("fields", box("control", self.shown, kind=w.VBox), *self._make(first))
        controls = box("controls", fields, *(rest if later else ()), kind=w.VBox)
        self.box = box("panel", box("sides", controls, self.pictures), kind=w.VBox)

    def change(self, name: str, value: Any, text: bool = False) -> None:
        """Try a new value; what is wrong is shown beside the field, and the last picture stays."""
        control = self.controls.get(name)
        try:
            new = self.session.changed(name, value, text=text)
            slid = control is not None and control.dragged
            self._show(new, hold=slid)
        except Exception as error:
            info = scenario.fields(type(self.session.scenario))[name]
            kept = scenario.spelt(self.session.value(name), info) or "empty"
            why = reason(error).removeprefix(f"{name}: ")
            problem = f"{why}{' T' if why.endswith('?') else '; t'}he pictures keep {kept}"
            if control is None:
                self.pictures.problem = problem
            else:
                control.fail(problem)
            return
        self.session.take(new)
        if control is not None:
            control.fail("")
        self._show_values(offer=name in _OFFER)
        self._taken(slid)

    def draw(self) -> None:
        """Draw the current scenario; what is wrong is shown above the last picture."""
        try:
            self._show(self.session.scenario)
        except Exception as error:
            shown = "The last valid picture: " if self.pictures.view else ""
            self.pictures.problem, self._filled = f"{shown}{error}", {}

    def refresh(self) -> None:
        """Show the current scenario, as after a load."""
        self.draw()
        self._show_values(offer=True)

    def _show(self, s: Scenario, hold: bool = False) -> None:
        """Show a scenario, picture by picture, perhaps on the axes that they had; if one can't be
        drawn, all are as before."""
        shown, only = self.pictures, self.shown.value
        before = {name: getattr(shown, name) for name in ("view", *PLACES)}
        a, pinned = self.session.answers(self.panel, s), self.session.pinned_answers(self.panel)
        keys = [key for key in self.panel.pictures if only in ("", key)]
        more = {"sizes": shown.sizes(len(keys)), "name": self.session.pinned_name(s)}
        view = {"count": self._count + 1, "held": hold, "keys": keys}
        view |= {"words": self.panel.sentence(a).text, "table": self.panel.numbers(a, pinned)}
        places, left = dict(zip(self.panel.pictures, PLACES, strict=False)), len(keys)
        drawing = self._renderer.draw(a, pinned, only, hold=hold, first=shown.watched, **more)
        try:
            for each in drawing:
                left -= 1
                with shown.hold_sync():
                    shown.problem, shown.view = "", view
                    picture = vars(each) | {"source": f"Source: {each.source}"}
                    setattr(shown, places[each.key], picture)
                    shown.done = self._count + 1 if left == 0 else shown.done
                time.sleep(_SENT if left else 0)
        except Exception:
            with shown.hold_sync():
                for name, value in before.items():
                    setattr(shown, name, value)
            raise
        self._count, self._filled = self._count + 1, a.context.get("filled", {})

    def _make(self, names: Iterable[str]) -> list[w.Box]:
        """Boxes of new controls."""
        made = {n: control_of(self.session, n, self.change, self._filled.get(n)) for n in names}
        self.controls |= made
        return [each.box for each in made.values()]

    def _show_values(self, offer: bool) -> None:
        """Show the scenario in its controls, but where something wrong was put in.

        With ``offer`` in all of them, with the choices and days that there are now.
        """
        values = scenario.flat(self.session.scenario)
        for name, control in self.controls.items():
            offers = self.session.offers(name) if offer else ()
            if offer:
                control.fail("")
            if not control.problem:
                control.show(values[name], self._filled.get(name), *offers)
