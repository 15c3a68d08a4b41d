"""What is written from the code: each notebook's parameter cell, and the reference of fields and
results."""

import json

from alliance import answers
from alliance.places import NOTEBOOKS
from alliance.scenario import CHAPTERS, cell, reference


def check(fix: bool = False) -> list[str]:
    """Problems of the notebooks' parameter cells; ``fix`` rewrites those that differ."""
    problems = []
    page, text = NOTEBOOKS / "REFERENCE.md", reference() + "\n" + answers.reference()
    if not page.is_file() or page.read_text(encoding="utf-8") != text:
        if fix:
            page.write_text(text, encoding="utf-8", newline="\n")
        else:
            problems.append(f"{page.name}: differs from the schema; see --fix")
    for notebook in CHAPTERS:
        path = NOTEBOOKS / f"{notebook}.ipynb"
        document = json.loads(path.read_text(encoding="utf-8"))
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
