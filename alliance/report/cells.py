"""What is written from the code, each notebook's parameter cell and the reference of fields and
results; and the files of scenarios."""

import json

from alliance import answers
from alliance.errors import BuildError, ScenarioError
from alliance.places import NOTEBOOKS
from alliance.report import manifest
from alliance.scenario import CHAPTERS, cell, load, reference
from alliance.scenario.text import FOLDER


def check(fix: bool = False) -> list[str]:
    """Problems of scenarios and of the notebooks' parameter cells; ``fix`` rewrites cells that
    differ."""
    problems = []
    page, text = NOTEBOOKS / "REFERENCE.md", reference() + "\n" + answers.reference()
    if not page.is_file() or page.read_text(encoding="utf-8") != text:
        if fix:
            page.write_text(text, encoding="utf-8", newline="\n")
        else:
            problems.append(f"{page.name}: differs from the schema; see --fix")
    for path in sorted(FOLDER.glob("*.yaml")):
        try:
            load(str(path))
        except ScenarioError as error:
            problems.append(f"scenarios/{path.name}: {error}")
    for notebook in CHAPTERS:
        path = NOTEBOOKS / f"{notebook}.ipynb"
        try:
            document = manifest.written(notebook)
        except BuildError as error:
            problems.append(str(error))
            continue
        tagged = [c for c in document["cells"] if "parameters" in c["metadata"].get("tags", ())]
        if len(tagged) != 1:
            rule = f"one cell must be tagged 'parameters', found {len(tagged)}"
            problems.append(f"{path.name}: {rule}")
        elif "".join(tagged[0]["source"]) != (source := cell(notebook)) and fix:
            lines = isinstance(tagged[0]["source"], list)  # as the file has it
            tagged[0]["source"] = source.splitlines(keepends=True) if lines else source
            text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
            path.write_text(text, encoding="utf-8", newline="\n")
        elif "".join(tagged[0]["source"]) != source:
            problems.append(f"{path.name}: parameter cell differs from the schema; see --fix")
    return problems
