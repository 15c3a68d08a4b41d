"""The two widgets of our own: pictures that change without a flicker, and a box to share a case.

ipywidgets has no picture with an alt text that changes, nor a way to the clipboard; anywidget
carries the few lines of JavaScript that these take.
"""

import math
from pathlib import Path

import anywidget
from traitlets import Bool, Dict, Int, Tuple, Unicode

from alliance import scenario

_HERE = Path(__file__).parent / "browser"
TWO = 600  # pixels from which pictures stand in two columns, as cockpit.css says
WORDS = 54  # pixels of a picture's title and source
#: Where a panel's pictures are kept, in their order.
PLACES = ("one", "two", "three", "four")


class PictureView(anywidget.AnyWidget):
    """Pictures, the numbers in words and as a table; a picture is replaced as soon as it is drawn.

    ``view`` has ``keys`` (the pictures in order), ``words``, ``table`` (HTML) and ``count``, which
    rises with each drawing, ``held`` where a slider has been dragged: a message comes back once it
    is let go. Each of :data:`PLACES` holds a picture: key, title, svg, source. ``done`` is the
    count whose pictures all are there, ``watched`` the key of the one to be drawn first.
    ``problem`` says why they are not of the settings shown. ``room`` is what the page has for
    pictures, pixels across and down (0 where it may be any).
    """

    _esm, _css = _HERE / "picture_view.js", _HERE / "cockpit.css"
    view, one, two, three, four = (Dict().tag(sync=True) for _ in range(5))
    done = Int().tag(sync=True)
    watched = Unicode().tag(sync=True)
    problem = Unicode().tag(sync=True)
    room = Tuple(Int(), Int(), default_value=(890, 600)).tag(sync=True)

    def sizes(self, count: int) -> list[tuple[int, int]]:
        """Pixels of so many pictures: in two columns where there is room, of three the first as
        wide as both."""
        across, down = self.room
        columns = 2 if across >= TWO and count > 1 else 1
        rows = math.ceil(count / columns)
        wide = (across - 16 * (columns - 1)) / columns
        high = (down - 8 * (rows - 1)) / rows - WORDS if down else 0.8 * wide
        high = min(max(high, 0.5 * wide), 0.9 * wide)
        sizes = [(wide, high)] * count
        if columns == 2 and count == 3:
            sizes[0] = across, high
        return [tuple(min(max(150, int(n) // 10 * 10), 1600) for n in size) for size in sizes]


class ShareBox(anywidget.AnyWidget):
    """What differs from the default, to copy, download, or open as a report.

    ``report`` is the path of a built one below the server's root; ``message`` or ``problem`` says
    what the last action did; ``refused``, why the case that the address asks for is not shown;
    ``answered``, the number of the last case that Back or Forward asked for; ``panel``, the one
    that is shown, empty for the first.
    """

    _esm = _HERE / "share_box.js"
    token, yaml, filename, report, message, problem, refused, panel = (
        Unicode().tag(sync=True) for _ in range(8)
    )
    in_app, answered = Bool().tag(sync=True), Int().tag(sync=True)

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
