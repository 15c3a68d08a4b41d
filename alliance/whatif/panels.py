"""The panels: each is a record here, a function that answers, and a module of pictures."""

import html
from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import filter as matching
from typing import Any

from alliance import tables
from alliance.answers import Answers, Result, live
from alliance.charts.panels import PanelChart, bargain, decline, selldown, separation
from alliance.scenario import Scenario
from alliance.tables.base import matrix


@dataclass(frozen=True)
class Panel:
    """A part of a chapter that follows its sliders.

    Parameters
    ----------
    name, title, chapter : str
    group, part : str
        The group of the schema, and the part of it, whose fields are the panel's controls.
    answer : callable
        ``answer(scenario, evidence, picture)``: quick answers, perhaps for one picture.
    sentence : callable
        The answers in words.
    charts : tuple of callable
        In reading order.
    results : str
        Ids of the results in the panel's table, or patterns of them; ``{0}`` is ``headline``.
    headline : str
        How ids of what the scenario headlines begin; ``{g}`` is the scenario's group.
    """

    name: str
    title: str
    chapter: str
    group: str
    part: str
    answer: Callable[..., Answers]
    sentence: Callable[[Answers], tables.Html]
    charts: tuple[PanelChart, ...]
    results: str
    headline: str = ""

    @property
    def pictures(self) -> dict[str, PanelChart]:
        """The charts by name."""
        return {chart.__name__: chart for chart in self.charts}

    def fields(self, model: type[Scenario]) -> dict[str, Any]:
        """The panel's fields by dotted name, as the schema has them."""
        inner = type(model.model_fields[self.group].default).model_fields
        return {
            f"{self.group}.{name}": info
            for name, info in inner.items()
            if info.json_schema_extra["part"] == self.part
        }

    def keys(self, a: Answers) -> list[str]:
        """Ids of the results in the panel's table."""
        patterns = self.results.format(self._headlined(a)).split()
        return list(dict.fromkeys(key for p in patterns for key in matching(a.results, p)))

    def numbers(self, a: Answers, pinned: Answers | None = None) -> str:
        """The panel's results as an HTML table; with a pinned case, its values and the differences.

        A row compares what each case headlines: two programmes, structures or companies stand
        side by side.
        """
        caption, heads, rows = f"Results as of {a.as_of}", ["now"], {}
        now = then = self._headlined(a)
        if pinned:
            then, heads = self._headlined(pinned), ["now", "pinned", "difference"]
            if now != then:
                caption = f"Now {_in_words(now)}, pinned {_in_words(then)}"
        for key in self.keys(a):
            one = a.result(key)
            texts = [tables.shown(one)]
            if pinned:
                other = pinned.results.get(key.replace(now, then))
                texts += [tables.shown(other) if other else "not shown then"]
                texts += [difference(one, other)]
            rows[one.label] = [(f"<td>{html.escape(text)}</td>", text) for text in texts]
        return matrix(caption, "", heads, rows, ()).body

    def _headlined(self, a: Answers) -> str:
        return self.headline.format(g=a.context.get("group"))


def _in_words(headline: str) -> str:
    return " on ".join(headline.split(".")[1:]).replace("_", " ")


def difference(one: Result, other: Result | None) -> str:
    """How far a result has moved from the pinned one; empty where one of them has no number."""
    values = [each and each.value for each in (one, other)]
    if not all(isinstance(value, int | float) for value in values):
        return ""
    moved = values[0] - values[1]
    text = tables.shown(replace(one, value=moved, note=None))
    if not any(digit in text for digit in "123456789"):
        return "0"
    if moved > 0:
        digit = next(at for at, c in enumerate(text) if c.isdigit())
        text = f"{text[:digit]}+{text[digit:]}"
    return text.replace("%", "points") if one.unit == "fraction" else text


_SELLDOWN = """
    selldown.planned_value_eur selldown.days_of_volume selldown.block_cost
    {0}.proceeds_eur_mean {0}.proceeds_eur_p05 {0}.wealth_eur_mean {0}.value_after_exit_eur_mean
    {0}.value_after_exit_eur_cvar05 {0}.p_complete {0}.p_at_target {0}.years_to_complete_median
    {0}.stake_end_mean {0}.loss_eur_mean selldown.block.value_after_exit_eur_mean"""
_DECLINE = """
    decline.price_change_jpy decline.price_change_eur decline.total_return_jpy
    decline.total_return_eur decline.max_drawdown decline.drawdown_now decline.halved_from
    decline.part.market decline.part.sector decline.part.company decline.part.currency"""
_PANELS = (
    Panel(
        *("selldown", "Sell-down", "2-selldown", "selldown", ""),
        live.selldown,
        tables.sale,
        (selldown.proceeds, selldown.completion, selldown.path, selldown.loss),
        _SELLDOWN,
        "selldown.{g.programme}",
    ),
    Panel(
        *("decline", "Decline", "1-decline", "decline", ""),
        live.decline,
        tables.fall,
        (decline.rebased, decline.drawdown, decline.parts),
        _DECLINE,
    ),
    Panel(
        *("separation", "Separation", "3-separation", "separation", ""),
        live.separation,
        tables.deal,
        (separation.value, separation.cash),
        "{0}.*",
        "separation.{g.structure}.{g.company}",
    ),
    Panel(
        *("bargain", "Bargain", "3-separation", "separation", "bargain"),
        live.bargain,
        tables.bargain,
        (bargain.zone, bargain.gains),
        "bargain.*",
    ),
)
#: The panels by name, in the cockpit's order.
PANELS = {panel.name: panel for panel in _PANELS}
