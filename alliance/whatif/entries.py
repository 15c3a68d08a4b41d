"""Boxes that are no fields of the schema: a token, a file, a name; what is wrong is said beside."""

from __future__ import annotations

import html
from collections.abc import Callable

import ipywidgets as w

from alliance.whatif.controls import Problem, marks


class Entry:
    """A box with its help and what is wrong with what is in it.

    Parameters
    ----------
    widget : Widget
    help : str
    """

    def __init__(self, widget: w.DOMWidget, help: str) -> None:
        mark = next(marks)
        widget.tooltip, self.widget, self.problem = help, widget, Problem(mark)
        told = w.HTML(f'<div class="alliance-help" id="ah{mark}">{html.escape(help)}</div>')
        self.box = w.VBox([widget, told, self.problem.html])
        self.box.add_class("alliance-control")


class Entries(dict[str, Entry]):
    """A cockpit's entries by name."""

    _emptied = False  # a box, by us and not by the reader

    def add(self, name: str, widget: w.DOMWidget, help: str) -> w.VBox:
        """Make an entry; its box."""
        self[name] = Entry(widget, help)
        return self[name].box

    def say(self, name: str, problem: str) -> bool:
        """Say what is wrong with an entry that is there, until it changes or is taken."""
        if name in self:
            self[name].problem.say(problem)
        return name in self

    def follow(self, name: str, take: Callable[[str, str], bool], keep: bool) -> None:
        """Take what is put into a box, and empty it for the next.

        Parameters
        ----------
        name : str
        take : callable
            ``take(text, name)``, and whether it could be taken.
        keep : bool
            Whether a text that could not stays, to be mended.
        """
        widget = self[name].widget

        def changed(change: dict) -> None:
            if text := change["new"].strip():
                if take(text, name) or not keep:
                    self._emptied = True
                    widget.value, self._emptied = "", False
            elif not self._emptied:
                self.say(name, "")

        widget.observe(changed, "value")
