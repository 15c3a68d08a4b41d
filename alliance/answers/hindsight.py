"""Chapter 5: how wrong we would have been."""

from alliance.answers import inputs
from alliance.answers.results import Answers, Builder
from alliance.evidence import Evidence
from alliance.scenario import Scenario


def check(s: Scenario, ev: Evidence) -> None:
    """Refuse what chapter 2 refuses.

    Raises
    ------
    ScenarioError
    """
    inputs.check(s, ev)


def answer(s: Scenario, ev: Evidence) -> Answers:
    """Headline results and frames of hindsight at a scenario and evidence."""
    return Builder("5-hindsight", ev).answers()
