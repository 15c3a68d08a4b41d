"""Chapter 0: the verdicts, on one page."""

from alliance.answers import decline, selldown, separation
from alliance.answers.results import Answers, Builder
from alliance.evidence import Evidence
from alliance.scenario import Scenario


def check(s: Scenario, ev: Evidence) -> None:
    """Refuse what the chapters refuse.

    Raises
    ------
    ScenarioError
    """
    for chapter in (decline, selldown, separation):
        chapter.check(s, ev)


def answer(s: Scenario, ev: Evidence) -> Answers:
    """Headline results and frames of the briefing at a scenario and evidence."""
    return Builder("0-briefing", ev).answers()
