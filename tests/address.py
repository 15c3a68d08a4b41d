"""The repository's address, wherever the project names it: ``make address REPOSITORY=owner/name``.

The README's links say OWNER/REPOSITORY until this is run in a fork; a second name replaces the
first. What cites or packages the project, and its evidence, name the address only from then on.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OWNER, NAME = r"[A-Za-z0-9](?:-?[A-Za-z0-9])*", r"[\w.-]*[\w-]"
SERVICES = (
    r"(mybinder\.org/v2/gh/|(?:colab\.research\.google\.com|nbviewer\.org)/github/|github\.com/)"
)
#: In a file, the lines that hold the address (or none yet), and what they are to say.
LINES = {
    "CITATION.cff": (r"(?m)^(?:repository-code: .*\n)?(?=keywords:)", "repository-code: {code}\n"),
    "pyproject.toml": (
        r"(?m)^(?:\[project\.urls\]\n(?:.+\n)+\n)?(?=\[project\.scripts\])",
        '[project.urls]\nRepository = "{code}"\nReports = "{pages}"\n\n',
    ),
    "data/datapackage.json": (
        r'(?m)^(?:  "homepage": .*\n)?(?=  "version":)',
        '  "homepage": "{code}",\n',
    ),
}


def main(given: str) -> int:
    """Write the address into each file that differs; 2 if it is none."""
    owner, _, name = given.partition("/")
    other_page = name.lower().endswith((".git", ".github.io"))
    if not re.fullmatch(f"{OWNER}/{NAME}", given, re.ASCII) or other_page:
        rule = "REPOSITORY must be owner/name as on GitHub, without .git or .github.io at its end"
        print(f"{rule}, received '{given}'", file=sys.stderr)
        return 2
    places = {
        "code": f"https://github.com/{owner}/{name}",
        "pages": f"https://{owner}.github.io/{name}/",
    }
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    was, called = re.search(rf"mybinder\.org/v2/gh/({OWNER})/({NAME})/HEAD", readme).groups()
    readme = readme.replace(f"https://{was}.github.io/{called}/", places["pages"])
    link = rf"{SERVICES}{was}/{re.escape(called)}(?![\w.-])"
    texts = {"README.md": re.sub(link, rf"\g<1>{given}", readme)}
    for file, (pattern, line) in LINES.items():
        text = (ROOT / file).read_text(encoding="utf-8")
        texts[file], found = re.subn(pattern, line.format(**places), text, count=1)
        assert found, f"{file} has no place for the address"
    for file, text in texts.items():
        if text != (ROOT / file).read_text(encoding="utf-8"):
            (ROOT / file).write_text(text, encoding="utf-8", newline="\n")
            print(f"{file} written", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:] or [""])))
