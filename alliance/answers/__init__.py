"""Scenario and evidence to headline results, their sources, and the frames behind them.

The only room that knows both a scenario and evidence. A notebook's first cell calls a function
of this room, and every figure and sentence draws on what it returns.

>>> from alliance import answers, evidence, scenario
>>> s = scenario.Scenario()
>>> a = answers.decline(s, evidence.open(s.as_of))
>>> f"{a['decline.price_change_jpy']:.1%}"
'-62.7%'
"""

from collections.abc import Callable
from functools import wraps
from importlib import import_module

from alliance.answers.event_study import null_size
from alliance.answers.results import FRAMES, Answers, Input, Result, located, reference
from alliance.errors import ScenarioError
from alliance.evidence import Evidence
from alliance.scenario import CHAPTERS as _CHAPTERS
from alliance.scenario import Scenario


def _on_its_day(answer: Callable[..., Answers]) -> Callable[..., Answers]:
    """The function, which refuses evidence of another day than the scenario's."""

    @wraps(answer)
    def answered(s: Scenario, ev: Evidence, **more: Callable[[str], Answers]) -> Answers:
        if ev.as_of == s.as_of:
            return answer(s, ev, **more)
        rule = f"must be the evidence's day, {ev.as_of}: see evidence.open(s.as_of)"
        raise ScenarioError(f"as_of: {rule}, received {s.as_of}")

    return answered


_MODULES = {key: import_module(f"{__name__}.{key.split('-', 1)[1]}") for key in _CHAPTERS}
#: The function that answers each chapter, and the one that checks its inputs before a run.
CHAPTERS = {key: _on_its_day(module.answer) for key, module in _MODULES.items()}
CHECKS = {key: module.check for key, module in _MODULES.items()}
globals().update({key.split("-", 1)[1]: answer for key, answer in CHAPTERS.items()})
