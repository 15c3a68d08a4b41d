"""The panels: each is a record here, a function that answers, and a module of pictures."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from alliance import format, scenario, tables
from alliance.answers import Answers, Result, live
from alliance.charts.panels import PanelChart, bargain, decline, selldown, separation
from alliance.format import in_words
from alliance.tables.base import matrix
from alliance.tables.chapter import SENTENCES, headlined


@dataclass(frozen=True)
class Panel:
    """A part of a chapter that follows its sliders.

    ``name`` is the group of the schema, or the part of one, whose fields are its controls;
    ``answer(scenario, evidence)`` gives quick answers; ``sentence`` has them in words; ``charts``
    are in reading order.
    """

    name: str
    title: str
    chapter: str
    answer: Callable[..., Answers]
    sentence: Callable[[Answers], tables.Html]
    charts: tuple[PanelChart, ...]

    @property
    def pictures(self) -> dict[str, PanelChart]:
        """The charts by name."""
        return {chart.__name__: chart for chart in self.charts}

    def words(self, key: str) -> str:
        """What a picture shows: how its function begins."""
        return re.split(r"[.,:]", self.pictures[key].__doc__ or key)[0]

    def fields(self, model: type[scenario.Scenario]) -> dict[str, Any]:
        """The panel's fields by dotted name, as the schema has them."""
        return {
            name: info
            for name, info in scenario.fields(model).items()
            if (info.json_schema_extra["part"] or name.partition(".")[0]) == self.name
        }

    def keys(self, a: Answers) -> list[str]:
        """Ids of the results in the panel's table: a list, or how they all begin."""
        first, *more = SENTENCES[f"{self.name} panel"].replace("*", headlined(a)).split()
        if more:
            return list(dict.fromkeys([first, *more]))
        return [key for key in a.results if key.startswith(first)]

    def numbers(self, a: Answers, pinned: Answers | None = None) -> str:
        """The panel's results as an HTML table; with a pinned case, its values and the differences.

        A row compares what each case headlines: two programmes, structures or companies are shown
        side by side.
        """
        caption, heads, rows = f"Results as of {a.as_of}", ["now"], {}
        now = then = headlined(a)
        if pinned:
            then, heads = headlined(pinned), ["now", "pinned", "difference"]
            if now != then and any(now in key for key in self.keys(a)):
                names = (in_words(each).replace(".", " on ") for each in (now, then))
                caption = "Now {}, pinned {}".format(*names)
        for key in self.keys(a):
            one = a.result(key)
            texts = [tables.shown(one)]
            if pinned:
                other = pinned.results.get(key.replace(f".{now}.", f".{then}."))
                texts += [tables.shown(other) if other else "not shown then"]
                texts += [difference(one, other)]
            rows[one.label] = [(f"<td>{html.escape(text)}</td>", text) for text in texts]
        return matrix(caption, "result", heads, rows, ()).body


def difference(one: Result, other: Result | None) -> str:
    """How far a result has moved from the pinned one; empty where one of them has no number."""
    if other is None or not all(isinstance(r.value, int | float) for r in (one, other)):
        return ""
    text = format.difference(one.value - other.value, one.unit)
    return text if any(digit in text for digit in "123456789") else "0"


_PANELS = (
    Panel("selldown", "Sell-down", "2-selldown", live.selldown, tables.sale, selldown.CHARTS),
    Panel("decline", "Decline", "1-decline", live.decline, tables.fall, decline.CHARTS),
    Panel(
        "separation", "Separation", "3-separation", live.separation, tables.deal, separation.CHARTS
    ),
    Panel("bargain", "Bargain", "3-separation", live.bargain, tables.bargain, bargain.CHARTS),
)
#: The panels by name, in the cockpit's order.
PANELS = {panel.name: panel for panel in _PANELS}
