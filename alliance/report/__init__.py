"""Runs the notebooks of a scenario and builds its pages.

``build`` makes ``build/<name>/``: an index, a page for each chapter, the executed notebooks,
``report.html`` with all of it in one file, ``tables.xlsx``, ``results.json``, ``manifest.json`` and
``run.json``. It builds aside and then swaps, so that an interrupted or failed build leaves the last
good report.
"""

import sys

from alliance.report.builder import Options, Report, build, build_all
from alliance.report.manifest import CHAPTERS
from alliance.report.targets import Target, distinct, target

# papermill and nbformat bring jsonschema, which builds the grammar of web addresses for 0.9 s if it
# can import it, and does without where it can't. We check no addresses.
sys.modules.setdefault("rfc3987_syntax", None)
