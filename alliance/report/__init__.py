"""Runs the notebooks of a scenario and builds its pages.

``build`` makes ``build/<name>/``: an index, a page for each chapter, the executed notebooks,
``results.json``, ``manifest.json`` and ``run.json``. It builds aside and then swaps, so that an
interrupted or failed build leaves the last good report.
"""

from alliance.report.builder import Outcome, Target, build
from alliance.report.record import CHAPTERS, NOTEBOOKS, ROOT

__all__ = ["CHAPTERS", "NOTEBOOKS", "ROOT", "Outcome", "Target", "build"]
