"""The two widgets of our own: pictures that change without a flicker, and a case to take away.

ipywidgets has no picture with an alt text that changes, nor a way to the clipboard; anywidget
carries the few lines of JavaScript that these take.
"""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

_HERE = Path(__file__).parent / "browser"


class Stage(anywidget.AnyWidget):
    """Pictures, the numbers in words and as a table; all replaced in one message.

    Attributes
    ----------
    view : dict
        ``pictures`` (key, title, svg, source), ``words``, ``table`` (HTML) and ``count``, which
        rises with each drawing.
    problem : str
        Why the picture is not of the settings shown; empty if it is.
    """

    _esm = _HERE / "stage.js"
    _css = _HERE / "cockpit.css"
    view = traitlets.Dict().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)


class Case(anywidget.AnyWidget):
    """What differs from the default, to copy, download, or open as a report.

    Attributes
    ----------
    token, yaml, filename : str
    report : str
        Path of a built report below the server's root; empty if there is none.
    message, problem : str
        What the last action did, or why it could not.
    refused : str
        Why the case that the address asks for is not shown; empty if it is.
    in_app : bool
    """

    _esm = _HERE / "case.js"
    token = traitlets.Unicode().tag(sync=True)
    yaml = traitlets.Unicode().tag(sync=True)
    filename = traitlets.Unicode("what-if.yaml").tag(sync=True)
    report = traitlets.Unicode().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
    refused = traitlets.Unicode().tag(sync=True)
    in_app = traitlets.Bool().tag(sync=True)
