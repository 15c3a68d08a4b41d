"""The schema. Each field says what it is, its unit, hard range and slider range, once."""

import datetime as dt
import json
import re
from typing import Any, Literal, Self, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from alliance.errors import ScenarioError, did_you_mean
from alliance.scenario import amounts
from alliance.scenario.groups import Day, Decline, Group, Selldown, Separation, field


class Scenario(Group):
    """Everything that a report depends on besides the evidence and the code."""

    title: str = field("", max_length=120)
    """Title of the report; empty takes the scenario's name"""
    as_of: Day = field(dt.date(2023, 1, 17))
    """Day on which the reader stands"""
    seed: int = field(1, low=0, high=2**31 - 1)
    """Seed of all random numbers"""
    decline: Decline = Decline()
    selldown: Selldown = Selldown()
    separation: Separation = Separation()

    @classmethod
    def of(cls, values: dict[str, Any], *, text: bool = False) -> Self:
        """A scenario from nested values: JSON values checked strictly, or all of them text. A
        ScenarioError lists every field that is wrong: rule, value received, nearest name."""
        try:
            if text:
                return cls.model_validate(_read(cls, values), strict=False)
            plain = json.dumps(values, default=str)
            return cls.model_validate_json(plain, strict=True)
        except ValidationError as error:
            parts = {problem["loc"][:-1] for problem in error.errors()}  # lists that lack a bad one
            found = (p for p in error.errors() if p["type"] != "too_short" or p["loc"] not in parts)
            lines = [_explain(cls, problem) for problem in found]
            raise ScenarioError("\n".join(dict.fromkeys(lines))) from None
        except TypeError as error:
            raise ScenarioError(f"values must be plain data: {error}") from None

    def replace(self, changes: dict[str, Any]) -> Self:
        """This scenario with some values changed (nested by group), checked again."""
        values = self.model_dump(mode="json")
        for name, value in changes.items():
            if isinstance(value, dict) and isinstance(values.get(name), dict):
                values[name] = values[name] | value
            else:
                values[name] = value
        return self.of(values)


def _read(model: type[Group], values: dict[str, Any]) -> dict[str, Any]:
    """Text values, amounts as plain numbers; nothing after an optional field's name leaves it
    empty."""
    out = {}
    for name, value in values.items():
        info = model.model_fields.get(name)
        if info is not None and isinstance(info.default, Group) and isinstance(value, dict):
            value = _read(type(info.default), value)
        elif info is not None and info.default is None and value == "":
            value = None
        elif info is not None and {int, float} & {info.annotation, *get_args(info.annotation)}:
            value = amounts.plain(value, info)
        out[name] = value
    return out


#: Rules of lists and groups, by the library's names.
_RULES = {"tuple_type": "must be a list", "too_long": "must have at most {max_length}"}
_RULES |= {
    "model_type": "must be a dict",
    "too_short": "must have at least {min_length} that are valid",
}
GROUPS = tuple(name for name, f in Scenario.model_fields.items() if isinstance(f.default, Group))


def fields(model: type[Scenario] = Scenario) -> dict[str, FieldInfo]:
    """All fields by dotted name (``decline.since``)."""
    out: dict[str, FieldInfo] = {}
    for name, info in model.model_fields.items():
        if isinstance(info.default, Group):
            inner = type(info.default).model_fields
            out |= {f"{name}.{key}": value for key, value in inner.items()}
        else:
            out[name] = info
    return out


def flat(scenario: Scenario) -> dict[str, Any]:
    """All values by dotted name, as JSON values."""
    out: dict[str, Any] = {}
    for name, value in scenario.model_dump(mode="json").items():
        out |= {f"{name}.{k}": v for k, v in value.items()} if name in GROUPS else {name: value}
    return out


def apart(one: Scenario, other: Scenario) -> dict[str, tuple[Any, Any]]:
    """The fields that differ by dotted name, each with both values."""
    before, after = flat(one), flat(other)
    return {name: (before[name], after[name]) for name in after if after[name] != before[name]}


def changes(scenario: Scenario) -> dict[str, Any]:
    """What differs from the default, nested, as JSON values."""
    differ = apart(type(scenario)(), scenario)
    return nested({name: value for name, (_, value) in differ.items()})


def nested(values: dict[str, Any]) -> dict[str, Any]:
    """Values by dotted name as they stand in a file: by group.

    >>> nested({"seed": 2, "decline.currency": "EUR"})
    {'seed': 2, 'decline': {'currency': 'EUR'}}
    """
    out: dict[str, Any] = {}
    for name, value in values.items():
        group, dot, key = name.partition(".")
        if dot:
            out.setdefault(group, {})[key] = value
        else:
            out[name] = value
    return out


def limits(info: FieldInfo) -> tuple[Any, Any]:
    """The hard range of a field; None where it has no end."""
    return info.json_schema_extra["limits"]


def unit(info: FieldInfo) -> str:
    """The unit of a field; empty where it has none."""
    return info.json_schema_extra["unit"]


def choices(info: FieldInfo) -> tuple[str, ...]:
    """What a field may be, where it is one of a few words; else nothing."""
    return get_args(info.annotation) if get_origin(info.annotation) is Literal else ()


def listed(info: FieldInfo) -> bool:
    """Whether a field is a list."""
    return get_origin(info.annotation) is tuple


def _explain(model: type[Scenario], problem: dict[str, Any]) -> str:
    """One problem as: dotted name, rule, value received, nearest valid name."""
    location = [str(part) for part in problem["loc"]]
    name, received = ".".join(location) or "scenario", problem.get("input")
    if problem["type"] == "extra_forbidden":
        group = model.model_fields.get(location[0])
        known = list(model.model_fields)
        what = "field or group"
        if len(location) > 1 and group is not None:
            known, what = list(type(group.default).model_fields), f"field of {location[0]}"
        return f"{name}: unknown {what}{did_you_mean(location[-1], known)}"
    if problem["type"] == "literal_error":
        valid = re.findall(r"'([^']*)'", problem["ctx"]["expected"])
        hint = did_you_mean(str(received), valid)
        hint = hint if "did you mean" in hint else ""  # the rule names the values already
        return f"{name}: must be {problem['ctx']['expected']}, received {received!r}{hint}"
    info = fields(model).get(name.rstrip(".0123456789"))
    rule = problem["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    if form := _RULES.get(problem["type"]):
        rule = form.format(**problem.get("ctx", {}))
    if info is not None and problem["type"] in ("greater_than_equal", "less_than_equal"):
        low, high = limits(info)
        rule = f"must be from {amounts.span(low, high, info)}"
        if isinstance(received, str) and "%" in rule:  # perhaps its percent sign is lost
            value = float(received)
            meant = f"; did you mean {amounts.spelt(value / 100, info)}?"
            hint = meant if value >= 1 and low <= value / 100 <= high else ""
            also = f", which is {amounts.spelt(value, info)}" if abs(value) < 1e6 else ""
            return f"{name}: {rule}, received {received}{also}{hint}"
    if info is not None and problem["type"] in (
        "float_parsing",
        "int_parsing",
        "float_type",
        "int_type",
    ):
        like = next(v for v in (info.default, *info.json_schema_extra["slider"][::-1], 1) if v)
        like = like[0] if isinstance(like, tuple) else like
        like = f"{like:.12g}" if problem["type"] == "float_type" else amounts.spelt(like, info)
        rule = f"must be a number such as {like}"
    return f"{name}: {rule[0].lower()}{rule[1:]}, received {received!r}"
