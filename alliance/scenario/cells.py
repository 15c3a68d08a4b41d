"""Parameter cells of the notebooks, written from the schema."""

import json
from typing import Any, get_args

from pydantic.fields import FieldInfo

from alliance.errors import ScenarioError, did_you_mean
from alliance.scenario.schema import Scenario, choices, fields, flat, limits, unit

#: Which group's fields each notebook takes.
CHAPTERS = {"1-decline": "decline", "2-selldown": "selldown", "3-separation": "separation"}

#: Fields of another group that a notebook takes too, by the group that has them: the block, and
#: what its sale costs.
ALSO = {
    "3-separation": dict.fromkeys(
        ("target_stake", "volatility", "impact", "min_discount", "block_discount", "fee"),
        "selldown",
    )
}


def group_of(notebook: str) -> str:
    """The scenario group of a notebook."""
    if notebook not in CHAPTERS:
        raise ScenarioError(f"no notebook '{notebook}'{did_you_mean(notebook, CHAPTERS)}")
    return CHAPTERS[notebook]


def reaches(notebook: str, model: type[Scenario] = Scenario) -> dict[str, str]:
    """The fields that can move a notebook, by the names that its parameter cell gives them.

    Examples
    --------
    >>> reaches("3-separation")["target_stake"]
    'selldown.target_stake'
    """
    group = group_of(notebook)
    also = {name: f"{other}.{name}" for name, other in ALSO.get(notebook, {}).items()}
    own = type(model.model_fields[group].default).model_fields
    return {"as_of": "as_of", "seed": "seed"} | also | {name: f"{group}.{name}" for name in own}


def parameters(notebook: str, scenario: Scenario) -> dict[str, Any]:
    """What a notebook's parameter cell gets: JSON values, dates as text, tuples as lists."""
    values = flat(scenario)
    return {name: values[field] for name, field in reaches(notebook).items()}


def cell(notebook: str, model: type[Scenario] = Scenario) -> str:
    """The source of a notebook's parameter cell: ``name: type = value  # meaning, unit, range``.

    Examples
    --------
    >>> print(cell("1-decline").splitlines()[0])
    as_of: str = "2023-01-17"  # Day on which the reader stands
    """
    known, values = fields(model), flat(model())
    return "\n".join(_line(n, known[f], values[f]) for n, f in reaches(notebook, model).items())


def _line(name: str, info: FieldInfo, value: Any) -> str:
    kind = next(iter(get_args(info.annotation)), info.annotation) if value is None else type(value)
    shown = kind.__name__ if kind in (int, float, bool, list) else "str"
    span = " or ".join(choices(info)) or (_span(info) if name != "seed" else "")
    comment = ", ".join(filter(None, (info.description, f"{span} {unit(info)}".strip())))
    given = "None" if value is None else json.dumps(value)
    return f"{name}: {shown} = {given}  # {comment}"


def _span(info: FieldInfo) -> str:
    low, high = limits(info)
    return "" if low is None else f"{low:,.10g} to {high:,.10g}"


def reference(model: type[Scenario] = Scenario) -> str:
    """All fields as a Markdown page, written from the schema."""
    lines = [
        "# Fields of a scenario",
        "",
        "Written from the schema by `alliance check --fix`; do not edit by hand.",
        "",
        "| field | default | range | unit | meaning |",
        "|---|---|---|---|---|",
    ]
    values = flat(model())
    for name, info in fields(model).items():
        shown = "empty" if values[name] is None else json.dumps(values[name])
        span = ", ".join(choices(info)) or _span(info)
        lines.append(f"| `{name}` | {shown} | {span} | {unit(info)} | {info.description} |")
    return "\n".join(lines) + "\n"


def listing(model: type[Scenario] = Scenario) -> str:
    """Every field with its default, range and meaning, as text."""
    lines, values = [], flat(model())
    for name, info in fields(model).items():
        low, high = limits(info)
        span = f" ({low} to {high})" if low is not None else ""
        lines.append(f"{name} = {json.dumps(values[name])}{span} {unit(info)}".rstrip())
        lines.append(f"    {info.description}")
    return "\n".join(lines)
