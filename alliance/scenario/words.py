"""Fields and their values in words, as titles, sweeps and the cockpit have them."""

from typing import Any

from pydantic.fields import FieldInfo

from alliance.format import in_words
from alliance.scenario.amounts import spelt
from alliance.scenario.schema import Scenario, apart, fields

_SPELT = {"eur": "EUR", "jpy": "JPY", "fx": "FX", "ev": "EV", "evs": "EVs", "ip": "IP"}


def label_of(name: str, info: FieldInfo) -> str:
    """A field's name in words, with its unit: ``Horizon (years)``."""
    unit = info.json_schema_extra["unit"].removeprefix("fraction").strip()
    words = [_SPELT.get(word, word) for word in name.rpartition(".")[2].split("_")]
    if " ".join(words) == unit:
        return unit
    if len(words) > 1 and words[-1].lower() in unit.lower():
        words = words[:-1]  # the unit has it
    text = " ".join(words)
    text = text[0].upper() + text[1:]
    return f"{text} ({unit})" if unit else text


def named(name: str, info: FieldInfo) -> str:
    """A field's name within a sentence: ``horizon``, ``EV value``."""
    label = label_of(name, info).partition(" (")[0]
    return label if label[:2].isupper() else label[0].lower() + label[1:]


def worded(name: str, value: Any, info: FieldInfo) -> str:
    """A field and its value: ``target stake 20 %``, ``spot by rule``."""
    text = spelt(value, info).replace(", ", " ") or "by rule"
    return f"{named(name, info)} {in_words(text)}"


def differing(one: Scenario, other: Scenario) -> list[str]:
    """What another scenario has otherwise, the title apart, in words.

    >>> differing(Scenario(), Scenario().replace({"selldown": {"target_stake": 0.2}}))
    ['target stake 20 %']
    """
    infos, both = fields(type(one)), apart(one, other)
    return [worded(n, value, infos[n]) for n, (_, value) in both.items() if n != "title"]
