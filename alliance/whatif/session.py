"""What the cockpit stands on: a scenario, its evidence, and what was pinned."""

from __future__ import annotations

import datetime as dt
import os
from typing import Any
from urllib.parse import parse_qs

from alliance import evidence, scenario
from alliance.answers import Answers
from alliance.answers.live import PANELS, LiveAnswers
from alliance.errors import AllianceError, ScenarioError, did_you_mean
from alliance.evidence import Evidence
from alliance.scenario import Scenario
from alliance.whatif import START

#: Fields whose values are names of the evidence, and its table.
_NAMES = {
    "decline.peers": "companies",
    "separation.structures": "structures",
    "separation.companies": "carmakers",
}
SHARE = "nissan"


def start_of(source: str, hint: bool = True) -> tuple[str, Scenario]:
    """A scenario and its name, from a token (no name) or a name in ``notebooks/scenarios/``.

    Never from a path: a session of the app must not read files, nor be told (``hint``) which are.

    Raises
    ------
    ScenarioError
    """
    source = source.strip()
    if source.startswith("a1."):
        return "", scenario.from_token(source)
    if source not in scenario.names():
        near = did_you_mean(source, scenario.names()) if hint else ""
        raise ScenarioError(f"must be a scenario's name or a token, received '{source[:60]}'{near}")
    return scenario.load(source)


class Session:
    """The current scenario, always valid, and the quick answers at it.

    Parameters
    ----------
    s : Scenario
    ev : Evidence, optional
        Else that of the scenario's day.
    """

    def __init__(self, s: Scenario, ev: Evidence | None = None) -> None:
        self.scenario = self.origin = s
        self._live = self._tried = LiveAnswers(ev or evidence.open(s.as_of))
        self.pinned: Scenario | None = None
        self._pinned: dict[str, Answers | None] = {}
        self._then = self._live

    @property
    def ev(self) -> Evidence:
        return self._live.ev

    def changed(self, name: str, value: Any, *, text: bool = False) -> Scenario:
        """The scenario with one field changed, not yet taken.

        Parameters
        ----------
        name : str
            Dotted, as in ``--set``.
        value
            A JSON value, or what a reader typed (``text``).

        Raises
        ------
        ScenarioError
        """
        if text:
            info = scenario.fields(type(self.scenario))[name]
            if scenario.listed(info) and not value.strip().startswith("["):
                value = f"[{value}]"
            return scenario.apply(self.scenario, [f"{name}={value}"])
        group, dot, key = name.partition(".")
        return self.scenario.replace({group: {key: value}} if dot else {name: value})

    def _titled(self, s: Scenario) -> Scenario:
        """A case without the title of the loaded one, unless it is that one."""
        loaded = self.origin.title
        if s.title not in ("", loaded) or not loaded:
            return s
        same = s.model_copy(update={"title": loaded})
        return same if same == self.origin else s.model_copy(update={"title": ""})

    def answers(self, panel: str, s: Scenario, only: str = "") -> Answers:
        """A panel's quick answers (for one picture) at a scenario that may be of another day.

        Raises
        ------
        AllianceError
        """
        return PANELS[panel](self._live_at(s), s, only)

    def take(self, s: Scenario) -> None:
        """Make a checked scenario the current one; an edited one loses the loaded one's title."""
        self._live = self._live_at(s)
        self.scenario = self._titled(s)

    def pin(self) -> None:
        """Keep the current case, to show differences against it."""
        self.pinned, self._pinned = self.scenario, {}
        self._then = self._live

    def unpin(self) -> None:
        self.pinned, self._pinned = None, {}

    def pinned_answers(self, panel: str) -> Answers | None:
        """A panel's answers at the pinned case; None where there is none, or none can be made."""
        if self.pinned is None:
            return None
        if panel not in self._pinned:
            try:
                self._pinned[panel] = PANELS[panel](self._then, self.pinned)
            except AllianceError:
                self._pinned[panel] = None
        return self._pinned[panel]

    def choices(self, name: str) -> list[str]:
        """The names that a field may take, where the evidence or the scenario lists them."""
        s = self.scenario.separation
        if name in ("separation.structure", "separation.company"):
            return list(s.structures if name.endswith("structure") else s.companies)
        if name not in _NAMES:
            return []
        names = self.ev.names(_NAMES[name])
        if name == "decline.peers":
            names = self.ev.rows("companies", exchange="XTKS", kind="share")["company"]
        return [n for n in names if n != SHARE]

    def days(self, name: str) -> tuple[dt.date, dt.date] | None:
        """First and last day that a field of days may take, where the evidence sets them."""
        closes = self.ev.days(f"prices-{SHARE}")
        if name == "as_of":
            return closes.iloc[self.scenario.decline.beta_window_days + 1].date(), closes.iloc[
                -1
            ].date()
        known = self.ev.close(SHARE).index
        if name == "decline.since" and len(known) > 2:
            first = min(self.scenario.decline.beta_window_days, len(known) - 2)
            return known[first].date(), known[-2].date()
        return None

    def filled(self, panel: str) -> dict[str, float | None]:
        """What fills a panel's fields that the scenario leaves empty, where that is one number."""
        try:
            return self._live.filled(panel, self.scenario)
        except AllianceError:  # said where the panel is drawn
            return {}

    def _live_at(self, s: Scenario) -> LiveAnswers:
        for known in (self._live, self._tried):
            if known.ev.as_of == s.as_of:
                return known
        self._tried = LiveAnswers(Evidence(self.ev.package, s.as_of))  # tried first, then taken
        return self._tried


def begin(start: str, in_app: bool) -> tuple[str, Scenario, Session]:
    """Name, scenario and session of the start: the page's token, the command's, the cell's.

    Raises
    ------
    AllianceError
        If there is none, or nothing can be shown of it.
    """
    asked = ""
    if in_app:
        asked = parse_qs(os.environ.get("QUERY_STRING", "")).get("start", [""])[0]
    given = os.environ.get(START, "") if in_app else ""
    name, s = start_of(asked or given or start, hint=not asked)
    session = Session(s)
    session.answers(next(iter(PANELS)), s)
    return name, s, session
