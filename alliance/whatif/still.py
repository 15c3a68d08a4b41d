"""A panel's last state for a page without a kernel: pictures, the numbers in words, the table."""

from __future__ import annotations

import html
from typing import Any

from alliance.answers.glance import PANELS, Glance
from alliance.charts.panels import SKETCHES, Easel, Picture
from alliance.tables import Html
from alliance.whatif import words


def figure(picture: Picture) -> str:
    """One picture with its finding and source as HTML."""
    return (
        f'<figure class="picture"><figcaption>{html.escape(picture.title)}</figcaption>'
        f"{picture.svg}<small>Source: {html.escape(picture.source)}</small></figure>"
    )


def still(name: str, s: Any, ev: Any) -> Html:
    """The panel at a scenario, as it would look live."""
    a = PANELS[name](Glance(ev), s)
    pictures = "".join(figure(p) for p in Easel(SKETCHES[name]).draw(a))
    said = words.sentence(name, a)
    body = (
        f'<div class="still"><div class="pictures">{pictures}</div>'
        f"<p>{html.escape(said)}</p>"
        f"<details><summary>The numbers of this panel</summary>"
        f'<div class="table">{words.numbers(name, a)}</div></details>'
        '<p class="small">In JupyterLab this panel has sliders; this is its state at the '
        "report's settings. The command at the foot of a report's page reopens them in the "
        "cockpit.</p></div>"
    )
    return Html(body, said)
