"""Chapter 5: how wrong we would have been. The only chapter that looks past ``as_of``."""

from dataclasses import replace

from alliance.answers import grades, outcomes, replay
from alliance.answers.inputs import check as check
from alliance.answers.results import Answers, Builder
from alliance.evidence import Evidence
from alliance.scenario import Scenario


def answer(s: Scenario, ev: Evidence) -> Answers:
    """Headline results and frames of chapter 5 at a scenario, with evidence to its last day; a
    ScenarioError if they don't fit."""
    check(s, ev)
    later = ev.after(replay.last_day(ev))
    b = Builder("5-hindsight", later)
    b.context |= {"group": s.selldown, "as_of": s.as_of, "last": later.as_of}
    b.context["since"] = s.decline.since
    for name, value in s.selldown.model_dump(mode="json").items():
        b.took(f"selldown.{name}", value, "", "scenario")
    free = s.selldown.model_copy(update={"spot_jpy": None, "jpy_per_eur": None})
    s = s.model_copy(update={"selldown": free})  # the market's prices, whatever is assumed of a day
    replay.put(b, s)
    grades.put(b, s)
    outcomes.put(b, s)
    return replace(b.answers(), as_of=str(s.as_of))
