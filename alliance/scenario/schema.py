"""The schema. Each field says what it is, its unit, hard range and slider range, once."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)
from pydantic.fields import FieldInfo

from alliance.errors import ScenarioError, did_you_mean

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def _iso_day(value: Any) -> Any:
    """A day is written YYYY-MM-DD and in no other way."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    if isinstance(value, str) and _ISO.fullmatch(value):
        try:
            return dt.date.fromisoformat(value)
        except ValueError as error:
            raise ValueError(f"must be a day that exists: {error}") from None
    raise ValueError("must be a day as YYYY-MM-DD")


Day = Annotated[dt.date, BeforeValidator(_iso_day)]


def field(
    default: Any,
    help: str,
    unit: str = "",
    *,
    low: Any = None,
    high: Any = None,
    slider: tuple[float, float] | None = None,
    step: float | None = None,
    **more: Any,
) -> Any:
    """A field with help, unit, hard range (both ends included), slider range and step."""
    extra = {"unit": unit, "slider": list(slider or (low, high)), "step": step}
    return Field(default, description=help, ge=low, le=high, json_schema_extra=extra, **more)


class Group(BaseModel):
    """Base of all groups: frozen, no unknown names, no NaN or infinity."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )


class Decline(Group):
    """Chapter 1: Nissan's share decline."""

    since: Day = field(dt.date(2018, 1, 4), "Day from which the fall is measured")
    currency: Literal["JPY", "EUR"] = field("JPY", "Currency of the price charts")
    peers: tuple[str, ...] = field(
        ("toyota", "honda"),
        "Car makers beside Nissan, whose mean return is the sector",
        min_length=1,
        max_length=5,
    )
    beta_window_days: int = field(
        250,
        "Trading days before each day on which its betas are estimated",
        "trading days",
        low=60,
        high=480,
        slider=(120, 480),
        step=10,
    )
    estimation_days: int = field(
        250,
        "Trading days before an event on which the market model is estimated",
        "trading days",
        low=20,
        high=480,
        slider=(20, 480),
        step=10,
    )
    event_window_days: int = field(
        3,
        "Trading days of the event window, an odd number centred on the event",
        "trading days",
        low=1,
        high=21,
        step=2,
    )

    @field_validator("event_window_days")
    @classmethod
    def _odd(cls, value: int) -> int:
        if value % 2 == 0:
            raise ValueError("must be odd, to be centred on the event")
        return value

    @field_validator("peers")
    @classmethod
    def _no_peer_twice(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value) or "nissan" in value:
            raise ValueError("must name each company once, and not Nissan itself")
        return value


class Scenario(Group):
    """Everything that a report depends on besides the evidence and the code."""

    title: str = field("", "Title of the report; empty takes the scenario's name", max_length=120)
    as_of: Day = field(dt.date(2023, 1, 17), "Day on which the reader stands")
    seed: int = field(1, "Seed of all random numbers", low=0, high=2**31 - 1)
    decline: Decline = Decline()

    @classmethod
    def of(cls, values: dict[str, Any], *, text: bool = False) -> Self:
        """A scenario from nested values: JSON values checked strictly, or all of them text.

        Raises
        ------
        ScenarioError
            Listing every field that is wrong: the rule, the value received, the nearest name.
        """
        try:
            if text:
                return cls.model_validate(values, strict=False)
            return cls.model_validate_json(json.dumps(values, allow_nan=True), strict=True)
        except ValidationError as error:
            lines = [_explain(cls, problem) for problem in error.errors()]
            raise ScenarioError("\n".join(dict.fromkeys(lines))) from None
        except TypeError as error:
            raise ScenarioError(f"values must be plain data: {error}") from None

    def replace(self, changes: dict[str, Any], *, text: bool = False) -> Self:
        """This scenario with some values changed (nested by group), checked again."""
        values = self.model_dump(mode="json")
        for name, value in changes.items():
            if isinstance(value, dict) and isinstance(values.get(name), dict):
                values[name] = values[name] | value
            else:
                values[name] = value
        return type(self).of(values, text=text)


GROUPS = tuple(
    name for name, info in Scenario.model_fields.items() if isinstance(info.default, Group)
)


def fields(model: type[Group] | None = None) -> dict[str, FieldInfo]:
    """All fields by dotted name (``decline.since``), or those of one group."""
    if model is not None:
        return dict(model.model_fields)
    out = {}
    for name, info in Scenario.model_fields.items():
        if name in GROUPS:
            group = type(info.default).model_fields
            out |= {f"{name}.{key}": value for key, value in group.items()}
        else:
            out[name] = info
    return out


def differs(scenario: Scenario, base: Scenario | None = None) -> dict[str, Any]:
    """What differs from the default (or another scenario), nested, as JSON values."""
    other = (base or Scenario()).model_dump(mode="json")
    out: dict[str, Any] = {}
    for name, value in scenario.model_dump(mode="json").items():
        if isinstance(value, dict):
            inner = {key: v for key, v in value.items() if v != other[name][key]}
            if inner:
                out[name] = inner
        elif value != other[name]:
            out[name] = value
    return out


def limits(info: FieldInfo) -> tuple[Any, Any]:
    """The hard range of a field; None where it has no end."""
    low = next((m.ge for m in info.metadata if getattr(m, "ge", None) is not None), None)
    high = next((m.le for m in info.metadata if getattr(m, "le", None) is not None), None)
    return low, high


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
    info = fields().get(name)
    rule = problem["msg"].removeprefix("Value error, ")
    if info is not None and problem["type"] in ("greater_than_equal", "less_than_equal"):
        low, high = limits(info)
        rule = f"must be from {low} to {high}" + _unit(info)
    return f"{name}: {rule[0].lower()}{rule[1:]}, received {received!r}"


def _unit(info: FieldInfo) -> str:
    unit = info.json_schema_extra["unit"]
    return f" {unit}" if unit else ""
