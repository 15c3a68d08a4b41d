"""Parameter cells of the notebooks, written from the schema."""

import json
from typing import Any, NamedTuple, get_args

from pydantic.fields import FieldInfo

from alliance.errors import ScenarioError, did_you_mean
from alliance.places import sections
from alliance.scenario.schema import GROUPS, Scenario, changes, choices, fields, flat, limits, unit


class Chapter(NamedTuple):
    """A chapter: the question that it answers, and fields of other groups that move it too.

    Its notebook is named by its number and the scenario's group, whose fields it takes; the module
    of that name in :mod:`alliance.answers` answers it. Where there is no such group it draws on
    the whole scenario, and takes what differs from the default as a dict a group.
    """

    question: str
    also: tuple[str, ...]


#: All chapters, in reading order.
CHAPTERS = {
    name: Chapter(question, tuple(" ".join(also).split()))
    for name, (question, *also) in sections("scenario/chapters.txt").items()
}


def group_of(notebook: str) -> str | None:
    """The scenario group of a notebook; None if it draws on all of them."""
    if notebook not in CHAPTERS:
        raise ScenarioError(f"no notebook '{notebook}'{did_you_mean(notebook, CHAPTERS)}")
    name = notebook.split("-", 1)[1]
    return name if name in GROUPS else None


def reaches(notebook: str, model: type[Scenario] = Scenario) -> dict[str, str]:
    """The fields that can move a notebook, by the names that its parameter cell gives them (their
    own where it takes them in a dict).

    >>> reaches("3-separation")["target_stake"]
    'selldown.target_stake'
    """
    group = group_of(notebook)
    if group is None:
        return {name: name for name in fields(model) if name != "title"}
    also = {name.split(".")[1]: name for name in CHAPTERS[notebook].also}
    own = type(model.model_fields[group].default).model_fields
    return {"as_of": "as_of", "seed": "seed"} | also | {name: f"{group}.{name}" for name in own}


def parameters(notebook: str, scenario: Scenario) -> dict[str, Any]:
    """What a notebook's parameter cell gets: JSON values, dates as text, tuples as lists."""
    values, differs = flat(scenario), changes(scenario)
    if group_of(notebook) is None:
        whole = {"as_of": values["as_of"], "seed": values["seed"]}
        return whole | {name: differs.get(name, {}) for name in GROUPS}
    return {name: values[field] for name, field in reaches(notebook).items()}


def cell(notebook: str, model: type[Scenario] = Scenario) -> str:
    """The source of a notebook's parameter cell: ``name: type = value  # meaning, unit, range``.

    >>> print(cell("1-decline").splitlines()[0])
    as_of: str = "2023-01-17"  # Day on which the reader stands
    """
    known, values, taken = fields(model), flat(model()), reaches(notebook, model)
    dicts = []
    if group_of(notebook) is None:
        taken = {name: field for name, field in taken.items() if "." not in field}
        dicts = [
            f"{g}: dict = {{}}  # What differs from the default of {g}, by field" for g in GROUPS
        ]
    return "\n".join([*(_line(n, known[f], values[f]) for n, f in taken.items()), *dicts])


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
