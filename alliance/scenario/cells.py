"""Parameter cells of the notebooks, written from the schema."""

from __future__ import annotations

import json
from typing import Any

from alliance.errors import ScenarioError, did_you_mean
from alliance.scenario.schema import Scenario, fields, flat, limits

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

_TYPES = {"int": "int", "float": "float", "bool": "bool"}


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
    known, values = fields(model=model), flat(model())
    return "\n".join(_line(n, known[f], values[f]) for n, f in reaches(notebook, model).items())


def _line(name: str, info: Any, value: Any) -> str:
    kind = "float" if value is None else getattr(info.annotation, "__name__", "")
    shown = _TYPES.get(kind, "list" if isinstance(value, list) else "str")
    low, high = limits(info)
    span = _span(low, high) if name != "seed" else ""
    unit = info.json_schema_extra["unit"]
    notes = [info.description, " ".join(part for part in (span, unit) if part)]
    if "Literal" in str(info.annotation):
        notes[1] = " or ".join(info.annotation.__args__)
    comment = ", ".join(note for note in notes if note)
    given = "None" if value is None else json.dumps(value)
    return f"{name}: {shown} = {given}  # {comment}"


def _span(low: Any, high: Any) -> str:
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
    for name, value, info in _defaults(model):
        low, high = limits(info)
        span = _span(low, high)
        if "Literal" in str(info.annotation):
            span = ", ".join(info.annotation.__args__)
        shown = "empty" if value is None else json.dumps(value)
        unit = info.json_schema_extra["unit"]
        lines.append(f"| `{name}` | {shown} | {span} | {unit} | {info.description} |")
    return "\n".join(lines) + "\n"


def listing(model: type[Scenario] = Scenario) -> str:
    """Every field with its default, range and meaning, as text."""
    lines = []
    for name, value, info in _defaults(model):
        low, high = limits(info)
        span = f" ({low} to {high})" if low is not None else ""
        unit = info.json_schema_extra["unit"]
        lines.append(f"{name} = {json.dumps(value)}{span}{' ' + unit if unit else ''}")
        lines.append(f"    {info.description}")
    return "\n".join(lines)


def _defaults(model: type[Scenario]):
    """Each field's dotted name, default as a JSON value, and description."""
    values = flat(model())
    for name, info in fields(model=model).items():
        yield name, values[name], info
