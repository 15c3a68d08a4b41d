"""What the cockpit rests on: a scenario, its evidence, and what was pinned."""

from typing import Any

from alliance import evidence, scenario
from alliance.answers import Answers
from alliance.answers.decline import offered
from alliance.errors import AllianceError
from alliance.evidence import Evidence
from alliance.scenario import Scenario
from alliance.scenario.words import differing
from alliance.whatif.inputs import Days
from alliance.whatif.panels import Panel

SHARE = "nissan"


class Session:
    """The current scenario, always valid, and the quick answers at it."""

    def __init__(self, s: Scenario, ev: Evidence | None = None) -> None:
        self.scenario = self.origin = s
        self.ev = self._tried = ev or evidence.open(s.as_of)
        self.pinned: Scenario | None = None
        self._pinned: dict[str, Answers | None] = {}

    def value(self, name: str) -> Any:
        """The JSON value of a field (dotted) now."""
        return scenario.flat(self.scenario)[name]

    def changed(self, name: str, value: Any, *, text: bool = False) -> Scenario:
        """The scenario with one field changed: to a JSON value, or to what was typed
        (``text``); a ScenarioError if it does not fit."""
        if text:
            info = scenario.fields(type(self.scenario))[name]
            if scenario.listed(info) and not value.strip().startswith("["):
                value = f"[{value}]"
            return scenario.apply(self.scenario, [f"{name}={value}"])
        group, _, key = name.partition(".")
        return self.scenario.replace({group: {key: value} if key else value})

    def answers(self, panel: Panel, s: Scenario) -> Answers:
        """A panel's quick answers at a scenario that may be of another day; an AllianceError
        where it does not fit the evidence."""
        return panel.answer(s, self._evidence(s))

    def take(self, s: Scenario) -> None:
        """Make a checked scenario the current one; an edited one loses the loaded one's title."""
        self.ev, loaded = self._evidence(s), self.origin.title
        if loaded and s.title in ("", loaded):
            same = s.model_copy(update={"title": loaded})
            s = same if same == self.origin else s.model_copy(update={"title": ""})
        self.scenario = s

    def pin(self, on: bool) -> None:
        """Keep the current case, to show differences against it, or let it go."""
        self.pinned, self._pinned = self.scenario if on else None, {}

    def pinned_answers(self, panel: Panel) -> Answers | None:
        """A panel's answers at the pinned case; None where there is none, or none can be made."""
        if self.pinned is not None and panel.name not in self._pinned:
            try:
                self._pinned[panel.name] = self.answers(panel, self.pinned)
            except AllianceError:
                self._pinned[panel.name] = None
        return self._pinned.get(panel.name)

    def pinned_name(self, s: Scenario) -> str:
        """What a picture calls the pinned case: how it differs from the one that it shows."""
        changes = ", ".join(differing(s, self.pinned)) if self.pinned else ""
        return f"grey: pinned, {changes or 'this case'}" if self.pinned else ""

    def offers(self, name: str) -> tuple[dict[str, str], Days | None]:
        """What a field may take, in words by key, and its first and last day, where known."""
        g, ev = self.scenario.separation, self.ev
        known = {
            "separation.structure": ("structures", g.structures),
            "separation.structures": ("structures", ev.names("structures")),
            "separation.company": ("carmakers", g.companies),
            "separation.companies": ("carmakers", ev.names("carmakers")),
            "decline.peers": ("companies", offered(ev)),
        }
        table, keys = known.get(name, ("companies", ()))
        words = ev.names(table)
        return {key: words[key] for key in keys if key != SHARE}, self._days(name)

    def _days(self, name: str) -> Days | None:
        window = self.scenario.decline.beta_window_days
        if name == "as_of":
            closes, held = self.ev.days(f"prices-{SHARE}"), self.ev.days("holdings").iloc[0]
            return max(closes.iloc[window + 1], held).date(), closes.iloc[-1].date()
        known = self.ev.close(SHARE).index
        if name == "decline.since" and len(known) > 2:
            return known[min(window, len(known) - 2)].date(), known[-2].date()
        return None

    def _evidence(self, s: Scenario) -> Evidence:
        for known in (self.ev, self._tried):
            if known.as_of == s.as_of:
                return known
        self._tried = Evidence(self.ev.package, s.as_of)  # tried first, then taken
        return self._tried
