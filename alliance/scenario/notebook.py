"""A notebook's parameters read back: by whatever door they came, no wrong name passes.

papermill, nbconvert, Voilà and JupyterLab all run a notebook's cells in one namespace, and a name
that nothing reads goes unnoticed there. Which names were meant as parameters is seen in the cells
that ran: the parameter cell, the cell that papermill injects after it, and plain assignments from
there to the cell that reads. What an explorer's other cells assign is theirs.
"""

import ast
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from alliance.errors import ScenarioError, did_you_mean, nearest
from alliance.scenario.cells import CHAPTERS, group_of, parameters, reaches
from alliance.scenario.schema import GROUPS, Scenario, fields, flat, nested
from alliance.scenario.text import as_text

#: How papermill heads the cell that it injects.
_INJECTED = "# Parameters"
PLAIN = str | int | float | list | dict | tuple | None
#: Fields of a scenario's file, beside its groups, that no parameter cell has.
_FILE = ("title",)


def read(notebook: str, namespace: dict[str, Any]) -> Scenario:
    """The scenario that a notebook's parameters make.

    A scenario's file may come as it is (``papermill -f``): its own group and top-level fields
    apply, the groups of other chapters are checked. ``namespace`` is the notebook's ``globals()``.
    It is a ScenarioError if a parameter is missing, wrong or given twice, or a name is none.
    """
    default = parameters(notebook, Scenario())
    extra = check_names(notebook, namespace, (*default, *_FILE, *GROUPS), tuple(default))
    missing = [name for name in default if name not in namespace]
    if missing:
        raise ScenarioError(f"the parameter cell must set {', '.join(missing)}")
    whole = {name: namespace[name] for name in extra if name in (*_FILE, *GROUPS)}
    whole = {name: value for name, value in whole.items() if value is not None}  # an empty group
    values = flat(Scenario.of(as_text(whole), text=True))
    for name, field in reaches(notebook).items():
        if name not in default:  # came in its group's dict
            continue
        group, dot, _ = field.partition(".")
        given = namespace[name]
        if not dot or name not in whole.get(group, {}):
            values[field] = given
        elif given not in (default[name], values[field]):
            other = f"{whole[group][name]!r} in the group '{group}'"
            raise ScenarioError(f"{field}: must be given once, received {given!r}, and {other}")
    return Scenario.of(nested(values))


def check_names(notebook: str, namespace: dict, valid: tuple[str, ...], own=()) -> set[str]:
    """The names that were given as parameters, once all of them are ``valid``, that is, may be
    given; ``own`` are those that the notebook's parameter cell has, else all valid ones. A name
    that is none is a ScenarioError with the nearest."""
    for name, value in _given(namespace).items():
        if name in namespace and namespace[name] != value:
            rule = f"given as {value!r}, it must not be set again before it is read"
            raise ScenarioError(f"{name}: {rule}, received {namespace[name]!r}")
    meant = _meant(namespace, set(own or valid))
    if meant is None:  # nothing is known of the cells: every plain value counts
        plain = (name for name, value in namespace.items() if isinstance(value, PLAIN))
        meant = {name: True for name in plain if name[0] != "_" and name not in ("In", "Out")}
    for name, sure in meant.items():
        if name not in valid and name in namespace and (sure or nearest(name, valid)):
            field = next((f for f in fields() if f.endswith(f".{name}")), "")
            whole = f"is given as {field.partition('.')[0]} = {{'{name}': …}}"
            hint = did_you_mean(name, valid)
            if field and notebook in CHAPTERS:
                hint = f"; {field} {'does not move it' if group_of(notebook) else whole}"
            raise ScenarioError(f"{name}: no parameter of {notebook}{hint}")
    return set(meant) & set(namespace)


def _meant(namespace: dict[str, Any], own: set[str]) -> dict[str, bool] | None:
    """Names assigned as parameters, and whether that is sure; None if no cell is known to.

    The parameter cell is the last that assigns most of its names. Sure are its own names and those
    of a cell that papermill injected after it.
    """
    cells = [str(cell) for cell in namespace.get("In", ())]
    named = [set(_assigned(cell)) for cell in cells]
    alike = [i for i, names in enumerate(named) if 2 * len(names & own) > len(own)]
    if not alike:
        return None
    first = max((i for i in alike if not _injected(cells[i])), default=alike[-1])
    found = dict.fromkeys(named[first], True)
    for cell, names in zip(cells[first + 1 :], named[first + 1 :], strict=True):
        if "globals()" in cell:  # the cell that reads; what follows is an explorer's own
            break
        found |= {name: _injected(cell) or found.get(name, False) for name in names}
    return found


def _given(namespace: dict[str, Any]) -> dict[str, Any]:
    """The values that papermill, or a report, injected since cells were read before."""
    given: dict[str, Any] = {}
    for cell in namespace.get("In", ())[:-1]:  # the last is the one that reads
        if "globals()" in str(cell) or _injected(str(cell)):
            given = {}
        for node in ast.parse(cell).body if _injected(str(cell)) else ():
            with suppress(ValueError, AttributeError):  # float('nan') is no literal
                target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
                given[target.id] = ast.literal_eval(node.value)
    return given


def _injected(cell: str) -> bool:
    return cell.lstrip().startswith(_INJECTED)


def _assigned(cell: str) -> Iterator[str]:
    """Names that a cell of nothing but plain assignments sets; none of any other cell."""
    try:
        body = ast.parse(cell).body
    except (SyntaxError, ValueError):
        return
    names = []
    for node in body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if not isinstance(node, ast.Assign | ast.AnnAssign) or not all(
            isinstance(target, ast.Name) for target in targets
        ):
            return
        calls = (part.func for part in ast.walk(node) if isinstance(part, ast.Call))
        if any(getattr(called, "id", "") != "float" for called in calls):  # float('nan') is no call
            return
        names += [target.id for target in targets]
    yield from names
