"""The cockpit: widgets from the scenario's schema, and the way from a what-if to a report.

A panel shows a part of a chapter's answers (:mod:`alliance.answers.live`) while its controls
move, by the chapter's own functions, so its numbers are the report's. :func:`panel` is one panel
(one line of text in a built report), :func:`cockpit` all of them with save, load, token, pin and
build; ``alliance app`` serves the cockpit.
"""

import os
from typing import Any

from alliance.places import IN_REPORT

LIVE = "In JupyterLab the panel “{}” has sliders here; the command at the foot of this page opens "
LIVE += "these settings in the cockpit."
#: Set by ``alliance app`` for its kernels.
APP, APP_BUILD, START = "ALLIANCE_APP", "ALLIANCE_APP_BUILD", "ALLIANCE_START"


def panel(name: str, s: Any, ev: Any) -> Any:
    """One panel (selldown, decline, separation or bargain) at a scenario: live where a notebook is
    explored, a line of text in a report."""
    if os.environ.get(IN_REPORT):
        from alliance.tables import Html

        text = LIVE.format(name)
        return Html(f'<p class="small">{text}</p>', text)
    from alliance.whatif.cockpit_view import alone

    return alone(name, s, ev)


def warm() -> None:
    """Load what a cockpit needs, and draw a panel once, before its page is asked for."""
    from alliance import evidence, scenario
    from alliance.charts.panels import Renderer
    from alliance.whatif.cockpit_view import PANELS

    s, first = scenario.Scenario(), next(iter(PANELS.values()))
    list(Renderer(first.pictures).draw(first.answer(s, evidence.open(s.as_of))))


def cockpit(start: str = "base") -> Any:
    """All panels with the round trip, from a scenario's name or a token; a ScenarioError if
    ``start`` is neither.

    In the app the address may name the start (``?start=a1.…``), as may ``alliance app START``.
    """
    import gc

    from IPython.display import HTML, display

    from alliance.whatif.cockpit_view import Cockpit

    in_app = bool(os.environ.get(APP))
    made = Cockpit(start, in_app=in_app, build=not in_app or bool(os.environ.get(APP_BUILD)))
    if in_app:
        display(HTML(made.early()), metadata={"early": True})
    gc.collect()
    gc.freeze()  # libraries and evidence stay: walking them stops a moving slider for 0.2 s
    return made.box
