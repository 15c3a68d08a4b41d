"""The two widgets of our own: pictures that change without a flicker, and a box to share a case.

ipywidgets has no picture with an alt text that changes, nor a way to the clipboard; anywidget
carries the few lines of JavaScript that these take.
"""

from pathlib import Path

import anywidget
from traitlets import Bool, Dict, Unicode

from alliance import scenario

_HERE = Path(__file__).parent / "browser"


class PictureView(anywidget.AnyWidget):
    """Pictures, the numbers in words and as a table; all replaced in one message.

    ``view`` has ``pictures`` (key, title, svg, source), ``words``, ``table`` (HTML) and ``count``,
    which rises with each drawing; ``problem`` says why they are not of the settings shown.
    """

    _esm, _css = _HERE / "picture_view.js", _HERE / "cockpit.css"
    view = Dict().tag(sync=True)
    problem = Unicode().tag(sync=True)


class ShareBox(anywidget.AnyWidget):
    """What differs from the default, to copy, download, or open as a report.

    ``report`` is the path of a built one below the server's root; ``message`` or ``problem`` says
    what the last action did; ``refused``, why the case that the address asks for is not shown.
    """

    _esm = _HERE / "share_box.js"
    token, yaml, filename, report, message, problem, refused = (
        Unicode().tag(sync=True) for _ in range(7)
    )
    in_app = Bool().tag(sync=True)

    def offer(self, s: scenario.Scenario, name: str = "") -> None:
        """Offer a scenario, as a file of that name; the last action's message goes."""
        with self.hold_sync():
            self.say()
            self.token, self.yaml = scenario.to_token(s), scenario.dump(s)
            self.filename = f"{name or 'what-if'}.yaml"

    def say(self, message: str = "", problem: str = "") -> None:
        """Show what an action did, or why it could not."""
        with self.hold_sync():
            self.message, self.problem = message, problem
