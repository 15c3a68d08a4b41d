"""A field of the schema as a control: label, unit, range, step and help come from it alone."""

from __future__ import annotations

import datetime as dt
import html
import itertools
import math
from collections.abc import Callable
from typing import Any

import ipywidgets as w
import traitlets
from pydantic.fields import FieldInfo

from alliance import scenario

#: ``report(name, value, text)``: a field has a new value, JSON or as typed.
Report = Callable[[str, Any, bool], None]
marks = itertools.count()  # for ids in the page
_SPELT = {"eur": "EUR", "jpy": "JPY", "fx": "FX", "ev": "EV", "evs": "EVs", "ip": "IP"}
_STEPS = 1000  # of a slider for whole numbers without a step of their own
_WIDE = w.Layout(width="100%")


def text_of(value: Any) -> str:
    """A value as a reader types it; the schema's text door takes it back.

    Examples
    --------
    >>> text_of(100e9), text_of(0.15), text_of((1.1, 2.0)), text_of(None)
    ('100e9', '0.15', '1.1, 2', '')
    """
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(text_of(each) for each in value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return str(value)  # the schema takes no exponent for whole numbers
    for power in (9, 6):
        if abs(value) >= 10**power and value == round(value, -power + 3):
            return f"{value / 10**power:.12g}e{power}"
    return f"{value:.12g}"


def label_of(name: str, info: FieldInfo) -> str:
    """A field's name in words, with its unit: ``Horizon (years)``."""
    unit = info.json_schema_extra["unit"]
    words = [_SPELT.get(word, word) for word in name.rpartition(".")[2].split("_")]
    if " ".join(words) == unit:
        return unit
    if len(words) > 1 and words[-1].lower() in unit.lower():
        words = words[:-1]  # the unit says it
    text = " ".join(words)
    text = text[0].upper() + text[1:]
    return f"{text} ({unit})" if unit else text


class _IntSlider(w.IntSlider):
    """Its position is not sent back to the browser that sent it: a message less a move."""

    value = traitlets.CInt(0).tag(sync=True, echo_update=False)


class _FloatSlider(w.FloatSlider):
    """As :class:`_IntSlider`."""

    value = traitlets.CFloat(0.0).tag(sync=True, echo_update=False)


class Problem:
    """What is wrong with an entry, beside it, where a screen reader finds it.

    Attributes
    ----------
    text : str
        Empty if nothing is.
    """

    def __init__(self, mark: int) -> None:
        self._mark, self.html = mark, w.HTML(layout=_WIDE)
        self.say("")

    def say(self, text: str) -> None:
        self.text = text
        self.html.value = (
            f'<div class="alliance-error" role="alert" id="ae{self._mark}">'
            f"{html.escape(text)}</div>"
        )


class Control:
    """One field: a box to type in or choose from, a slider where it has a range, help and error.

    Parameters
    ----------
    name : str
        Dotted.
    info : FieldInfo
    value
        JSON value now.
    report : callable
        Called when the reader changes it.
    choices : list of str
        Names that it may take, where they are known.
    days : (date, date), optional
        First and last day of a field of days.
    filled : float, optional
        What fills it where the scenario leaves it empty.
    """

    def __init__(
        self,
        name: str,
        info: FieldInfo,
        value: Any,
        report: Report,
        choices: list[str] | None = None,
        days: tuple[dt.date, dt.date] | None = None,
        filled: float | None = None,
    ) -> None:
        self.name, self.info, self._report, self._quiet = name, info, report, False
        self._days, self._placed = days, float("nan")
        self.slider = self._slider(info, days)
        self.main = self._main(info, choices or [])
        mark = next(marks)
        self._help = w.HTML(
            f'<div class="alliance-help" id="ah{mark}">{html.escape(self.help)}</div>', layout=_WIDE
        )
        self._problem = Problem(mark)
        parts = [self.main, self.slider, self._help, self._problem.html]
        self.box = w.VBox([part for part in parts if part is not None], layout=_WIDE)
        self.box.add_class("alliance-control")
        self.show(value, filled)
        kind = isinstance(self.main, w.Text)
        self.main.observe(lambda change: self._changed(change["new"], kind), "value")
        if self.slider is not None:
            self.slider.observe(lambda change: self._slid(change["new"]), "value")

    @property
    def help(self) -> str:
        """The schema's help, with the hard range."""
        low, high = scenario.limits(self.info)
        span = "" if low is None else f"; {text_of(low)} to {text_of(high)}"
        return f"{self.info.description}{span}"

    def show(self, value: Any, filled: float | None = None) -> None:
        """Show a value without reporting it; a slider widens to hold it."""
        self._quiet = True
        try:
            if isinstance(self.main, w.SelectMultiple):
                self.main.options = list(dict.fromkeys([*self.main.options, *value]))
                self.main.value = tuple(value)
            elif isinstance(self.main, w.Dropdown):
                if value not in self.main.options:
                    self.main.options = [*self.main.options, value]
                self.main.value = value
            elif isinstance(self.main, w.Checkbox):
                self.main.value = value
            else:
                self.main.value = text_of(value)
                by_rule = "" if filled is None else f"by rule: {text_of(float(f'{filled:.4g}'))}"
                self.main.placeholder = by_rule if self.info.default is None else ""
            self._place(filled if value is None else value)
        finally:
            self._quiet = False

    def offer(self, choices: list[str]) -> None:
        """Offer other names."""
        self._quiet = True
        try:
            self.main.options = choices
        finally:
            self._quiet = False

    def span(self, days: tuple[dt.date, dt.date]) -> None:
        """Other first and last days."""
        self._quiet = True
        try:
            first, last = (day.toordinal() for day in days)
            with self.slider.hold_trait_notifications():
                self.slider.min, self.slider.max = first, last
                self.slider.value = min(max(self.slider.value, first), last)
        finally:
            self._quiet = False

    def fail(self, text: str) -> None:
        """Say next to the field what is wrong with it; empty clears."""
        self._problem.say(text)

    @property
    def problem(self) -> str:
        """What is said to be wrong; empty if nothing is."""
        return self._problem.text

    def _place(self, value: Any) -> None:
        """Move the slider to a value, and its ends if the value lies beyond them."""
        if self.slider is None:
            return
        if value is None:  # empty, and no one number fills it: any move of the slider counts
            self.slider.value, self._placed = self.slider.min, float("nan")
            return
        if self._days is not None:
            value = dt.date.fromisoformat(value).toordinal()
        step, first, last = self.slider.step, self.slider.min, self.slider.max
        low = first - step * max(0, math.ceil((first - value) / step - 1e-9))
        high = max(last, value)
        near = low + step * round((value - low) / step)  # a slider holds multiples of its step
        if isinstance(near, float):
            near = float(f"{min(near, high):.12g}")
        with self.slider.hold_trait_notifications():
            self.slider.min, self.slider.max = low, high
            self.slider.value = self._placed = near

    def _changed(self, value: Any, text: bool) -> None:
        if self._quiet:
            return
        if isinstance(value, tuple):
            value = list(value)
        self._report(self.name, value, text)

    def _slid(self, value: float) -> None:
        if self._quiet or abs(value - self._placed) < 1e-6 * self.slider.step:
            return  # the browser only repeats where the slider was put
        self._placed = value
        if self._days is not None:
            value = dt.date.fromordinal(value).isoformat()
        elif isinstance(value, float):
            value = float(f"{value:.12g}")
        self._report(self.name, value, False)  # first the picture, then the number in the box
        self._quiet = True
        self.main.value = text_of(value)
        self._quiet = False

    def _main(self, info: FieldInfo, choices: list[str]) -> Any:
        told, words = label_of(self.name, info), list(scenario.choices(info))
        common = {"description": told, "tooltip": self.help, "layout": _WIDE}
        if words:
            return w.Dropdown(options=words, **common)
        if choices and scenario.listed(info):
            return w.SelectMultiple(options=choices, rows=min(6, len(choices)), **common)
        if choices:
            return w.Dropdown(options=choices, **common)
        if info.annotation is bool:
            return w.Checkbox(indent=False, **common)
        return w.Text(continuous_update=False, **common)

    def _slider(self, info: FieldInfo, days: tuple[dt.date, dt.date] | None) -> Any:
        look = {"readout": False, "layout": _WIDE, "tooltip": self.help}
        if days is not None:
            first, last = (day.toordinal() for day in days)
            quick = self.name != "as_of"  # another day reads other evidence
            return _IntSlider(first, first, last, continuous_update=quick, **look)
        low, high = info.json_schema_extra["slider"]
        if low is None or high is None or scenario.listed(info):
            return None
        step = info.json_schema_extra["step"]
        if info.annotation is int:
            whole = step or 1
            few = (high - low) / whole <= _STEPS
            return _IntSlider(low, low, high, whole, **look) if few else None
        return _FloatSlider(low, min=low, max=high, step=step or (high - low) / 100, **look)
