"""Settings with several values: every combination of them."""

import itertools
import math
import re

from alliance.errors import ScenarioError

FREE_TEXT = ("title",)  # taken whole, commas and all
MOST = 200  # combinations in one command
_OUTSIDE = re.compile(r",(?![^\[]*\])")


def combinations(settings: tuple[str, ...] | list[str]) -> list[tuple[str, ...]]:
    """Each combination of settings whose value has commas outside brackets; a ScenarioError for an
    empty value among several, or too many combinations.

    >>> combinations(["selldown.fee=0.01,0.02", "seed=3"])
    [('selldown.fee=0.01', 'seed=3'), ('selldown.fee=0.02', 'seed=3')]
    >>> combinations(["decline.peers=[toyota, honda],[toyota]"])
    [('decline.peers=[toyota, honda]',), ('decline.peers=[toyota]',)]
    """
    names = [setting.partition("=")[0].strip() for setting in settings]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ScenarioError(f"--set: each field once, received '{twice}' more than once")
    choices = []
    for setting in settings:
        name, equals, text = setting.partition("=")
        free = name.strip() in FREE_TEXT or not equals or text.count("[") != text.count("]")
        values = [text] if free else [value.strip() for value in _OUTSIDE.split(text)]
        if len(values) > 1 and (not all(values) or len(set(values)) < len(values)):
            raise ScenarioError(f"--set: a sweep's values must differ, none empty: '{setting}'")
        choices.append([f"{name}{equals}{value}" for value in values])
    count = math.prod(map(len, choices))
    if count > MOST:
        raise ScenarioError(f"--set: at most {MOST} combinations in one command, received {count}")
    return list(itertools.product(*choices))


def swept(settings: tuple[str, ...] | list[str]) -> list[str]:
    """Names of the fields that have several values."""
    several = (setting for setting in settings if len(combinations([setting])) > 1)
    return [setting.partition("=")[0].strip() for setting in several]
