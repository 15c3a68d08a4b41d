"""The parameter cell of each notebook against the schema that writes it."""

from __future__ import annotations

import json

from alliance.report.record import NOTEBOOKS
from alliance.scenario import cell
from alliance.scenario.cells import CHAPTERS


def check(fix: bool = False) -> list[str]:
    """Problems of the notebooks' parameter cells; ``fix`` rewrites those that differ."""
    problems = []
    for notebook in CHAPTERS:
        path = NOTEBOOKS / f"{notebook}.ipynb"
        document = json.loads(path.read_text(encoding="utf-8"))
        tagged = [c for c in document["cells"] if "parameters" in c["metadata"].get("tags", ())]
        if len(tagged) != 1:
            problems.append(
                f"{path.name}: one cell must be tagged 'parameters', found {len(tagged)}"
            )
            continue
        source = cell(notebook)
        if "".join(tagged[0]["source"]) == source:
            continue
        if not fix:
            problems.append(f"{path.name}: parameter cell differs from the schema; see --fix")
            continue
        tagged[0]["source"] = source.splitlines(keepends=True)
        text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
        path.write_text(text, encoding="utf-8", newline="\n")
    return problems
