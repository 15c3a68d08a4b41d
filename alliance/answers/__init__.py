"""Scenario and evidence to headline results, their sources, and the frames behind them.

The only room that knows both a scenario and evidence. A notebook's first cell calls a function
of this room, and every figure and sentence draws on what it returns.

>>> from alliance import answers, evidence, scenario
>>> s = scenario.Scenario()
>>> a = answers.decline(s, evidence.open(s.as_of))
>>> f"{a['decline.price_change_jpy']:.1%}"
'-62.7%'
"""

from alliance.answers.companies import check as check_separation
from alliance.answers.decline import answer as decline
from alliance.answers.decline import check as check_decline
from alliance.answers.event_study import null_size
from alliance.answers.inputs import check as check_selldown
from alliance.answers.results import Answers, Input, Result, reference
from alliance.answers.selldown import answer as selldown
from alliance.answers.separation import answer as separation

#: The function that answers each chapter, and the one that checks its inputs before a run.
CHAPTERS = {"1-decline": decline, "2-selldown": selldown, "3-separation": separation}
CHECKS = {
    "1-decline": check_decline,
    "2-selldown": check_selldown,
    "3-separation": check_separation,
}

__all__ = [
    "CHAPTERS",
    "CHECKS",
    "Answers",
    "Input",
    "Result",
    "decline",
    "null_size",
    "reference",
    "selldown",
    "separation",
]
