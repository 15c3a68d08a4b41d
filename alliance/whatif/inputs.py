"""Boxes to type in or choose from: label, unit, range, step and help come from the schema alone."""

import datetime as dt
import functools
import html
import itertools
import math
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import ipywidgets as w
import traitlets
from pydantic.fields import FieldInfo

from alliance import scenario
from alliance.format import in_words
from alliance.scenario import amounts, spelt
from alliance.scenario.words import label_of

Days = tuple[dt.date, dt.date]  # the first and the last
_marks = itertools.count()  # for ids in the page
_one = threading.RLock()
_STEPS = 1000  # of a slider for whole numbers without a step of their own
_WIDE = w.Layout(width="100%")


def in_turn(react: Callable[..., Any]) -> Callable[..., Any]:
    """Let one reaction end before another begins: JupyterLab has what is sent to a kernel's widgets
    handled in several threads, and the later drawing must be of the later case."""

    @functools.wraps(react)
    def run(*received: Any) -> Any:
        with _one:
            return react(*received)

    return run


def on_value(widget: w.DOMWidget, react: Callable[[Any], None]) -> None:
    """Have a widget's new values reacted to, in turn."""
    widget.observe(in_turn(lambda change: react(change["new"])), "value")


def box(style: str, *parts: Any, kind: type[w.Box] = w.Box) -> w.Box:
    """Widgets in a box with a style of ours."""
    made = kind([part for part in parts if part is not None])
    return made.add_class(f"alliance-{style}")


class _IntSlider(w.IntSlider):
    """Its position is not sent back to the browser that sent it: a message less a move."""

    value = traitlets.CInt(0).tag(sync=True, echo_update=False)


class _FloatSlider(w.FloatSlider):
    """As :class:`_IntSlider`."""

    value = traitlets.CFloat(0.0).tag(sync=True, echo_update=False)


class Input:
    """A box with its help and, beside it, what is wrong with what is in it.

    ``problem`` says what is wrong, ``quiet`` whether a change is ours and not the reader's.
    """

    def __init__(self, main: w.DOMWidget, help: str, slider: w.DOMWidget | None = None) -> None:
        self.main, self.slider, self.help, self.quiet = main, slider, help, False
        self._mark, self._error = next(_marks), w.HTML(layout=_WIDE)
        for widget in filter(None, (main, slider)):
            widget.tooltip = help
        text = f'<div class="alliance-help" id="ah{self._mark}">{html.escape(help)}</div>'
        parts = main, slider, w.HTML(text, layout=_WIDE), self._error
        self.box = box("control", *parts, kind=w.VBox)
        self.fail("")

    def fail(self, problem: str) -> None:
        """Show what is wrong, where a screen reader finds it; empty clears."""
        self.problem = problem
        text = f'<div class="alliance-error" role="alert" id="ae{self._mark}">{{}}</div>'
        self._error.value = text.format(html.escape(problem))

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """While this changes what is in the box, nothing is reported."""
        self.quiet = True
        try:
            yield
        finally:
            self.quiet = False


class Control(Input):
    """One field of the schema: a box, a slider where it has a range, its help and its problem.

    ``report(name, value, text)`` is called when the reader has put in a JSON value, or typed a
    text. ``filled`` is what fills it where the scenario leaves it empty; ``choices`` are what
    it may take, in words by key, ``days`` the first and last day, where they are known.
    ``dragged`` is whether what is reported comes from the slider.
    """

    def __init__(
        self,
        name: str,
        info: FieldInfo,
        value: Any,
        report: Callable[[str, Any, bool], None],
        filled: float | None = None,
        choices: Mapping[str, str] = MappingProxyType({}),
        days: Days | None = None,
    ) -> None:
        self.name, self.info, self._report = name, info, report
        self._of_days, self._placed, self.dragged = days is not None, math.nan, False
        self._names = dict(choices) or {key: in_words(key) for key in scenario.choices(info)}
        low, high = scenario.limits(info)
        span = "" if low is None else f"; {amounts.span(low, high, info)}".replace(" %", "\xa0%")
        super().__init__(self._main(), f"{info.description}{span}", self._slider())
        self.show(value, filled, choices, days)
        on_value(self.main, self._typed)
        if self.slider is not None:
            on_value(self.slider, self._slid)

    def show(self, value: Any, filled: float | None = None, choices=(), days=None) -> None:
        """Show a value without reporting it; choices widen to hold it."""
        main, many = self.main, isinstance(self.main, w.SelectMultiple)
        with self.quietly():
            if many or isinstance(main, w.Dropdown):
                values = value if many else [value]
                self._names = dict(choices) or self._names
                offered = dict.fromkeys([*self._names, *values])
                main.options = tuple((self._names.get(k) or in_words(k), k) for k in offered)
                main.value = tuple(values) if many else value
            elif isinstance(main, w.Checkbox):
                main.value = value
            else:
                empty = value is None and filled is not None
                main.value = spelt(value, self.info)
                near = spelt(float(f"{filled:.4g}"), self.info) if empty else ""
                main.placeholder = f"by rule: {near}" if empty else ""
            if self.slider is not None:
                self._place(filled if value is None else value, days)

    def _place(self, value: Any, days: Days | None) -> None:
        """Move the slider to a value, or to its end nearest to one beyond: an end moved with the
        value comes back from the browser as a move of the user's."""
        slider = self.slider
        if value is None:  # empty, and no one number fills it: any move of the slider counts
            slider.value, self._placed = slider.min, math.nan
            return
        first, last = (day.toordinal() for day in days) if days else (slider.min, slider.max)
        if isinstance(value, str):
            value = dt.date.fromisoformat(value).toordinal()
        near = first + slider.step * round((value - first) / slider.step)  # of its steps
        near = max(first, min(near, last))
        if isinstance(near, float):
            near = float(f"{near:.12g}")
        if abs(near - slider.value) < 1e-6 * slider.step:
            near = slider.value  # sent back, it would pull at a slider that is being moved
        with slider.hold_trait_notifications():
            slider.min, slider.max = first, last
            slider.value = self._placed = near

    def _typed(self, value: Any) -> None:
        if not self.quiet:
            value = list(value) if isinstance(value, tuple) else value
            self._report(self.name, value, isinstance(self.main, w.Text))

    def _slid(self, value: float) -> None:
        if self.quiet or abs(value - self._placed) < 1e-6 * self.slider.step:
            return  # the browser only repeats where the slider was put
        self._placed = value
        if self._of_days:
            value = dt.date.fromordinal(value).isoformat()
        elif isinstance(value, float):
            value = float(f"{value:.12g}")
        self.dragged = self.slider.continuous_update
        self._report(self.name, value, False)  # first the picture, then the number in the box
        self.dragged = False
        with self.quietly():
            self.main.value = spelt(value, self.info)

    def _main(self) -> w.DOMWidget:
        info, look = self.info, {"description": label_of(self.name, self.info), "layout": _WIDE}
        if self._names and scenario.listed(info):
            return w.SelectMultiple(rows=min(6, len(self._names)), **look)
        if self._names:
            return w.Dropdown(**look)
        if info.annotation is bool:
            return w.Checkbox(indent=False, **look)
        return w.Text(continuous_update=False, **look)

    def _slider(self) -> w.DOMWidget | None:
        look = {"readout": False, "layout": _WIDE}
        if self._of_days:  # another day of evidence is read only when the slider rests
            day = dt.date.today().toordinal()
            return _IntSlider(day, day, day, continuous_update=self.name != "as_of", **look)
        (low, high), step = (self.info.json_schema_extra[key] for key in ("slider", "step"))
        if low is None or high is None or scenario.listed(self.info):
            return None
        if self.info.annotation is int:
            few = (high - low) / (step or 1) <= _STEPS
            return _IntSlider(low, low, high, step or 1, **look) if few else None
        return _FloatSlider(low, min=low, max=high, step=step or (high - low) / 100, **look)
