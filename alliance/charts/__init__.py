"""One function per idea. Each takes answers and returns a :class:`Chart`.

A chart draws itself twice, wide and narrow, so that a page shows the one that fits the screen.
It never computes: what it shows is in the answers, and a chart names the frames that it asked for.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial, wraps
from typing import Any

from alliance.answers import Answers
from alliance.charts.attribution import event_effects, parts, parts_path
from alliance.charts.bargain import gains
from alliance.charts.base import Chart as Chart
from alliance.charts.briefing import parts_of_renault, timeline, value_against_stake, who_owns_whom
from alliance.charts.business import price_to_book, stub, unit_sales
from alliance.charts.hindsight import against, became, by_month, coverage, replayed, year_ahead
from alliance.charts.market_reaction import announcements, priors, stubs
from alliance.charts.ownership import owners, routes, stake_paths
from alliance.charts.price import drawdown, from_each_day, rebased
from alliance.charts.programmes import absorb, frontier, ladder, loss_record, outcomes, views
from alliance.charts.separation import breakeven, ford_losses, ford_segments, ranges, valuations
from alliance.errors import AllianceError

_DECLINE = (rebased, drawdown, from_each_day, event_effects, parts, parts_path)
_SEPARATION = (valuations, ranges, breakeven, announcements, stubs, priors)
_TRIGGERS = (ladder, frontier, views)
#: All charts, by the chapter whose answers they draw on, in the order of its notebook.
ALL = {
    "0-briefing": (value_against_stake, who_owns_whom, timeline, parts_of_renault),
    "1-decline": (*_DECLINE, unit_sales, price_to_book, stub),
    "2-selldown": (routes, absorb, outcomes, stake_paths, *_TRIGGERS, loss_record, owners),
    "3-separation": (*_SEPARATION, ford_losses, ford_segments, gains),
    "5-hindsight": (replayed, against, year_ahead, coverage, became, by_month),
}


class _Asked:
    """Answers that keep the frames that a chart asks for."""

    def __init__(self, a: Answers) -> None:
        self._answers, self.asked = a, {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._answers, name)

    def __getitem__(self, key: str) -> Any:
        return self._answers[key]

    def frame(self, name: str) -> Any:
        self.asked[name] = self._answers.frame(name)
        return self.asked[name].copy()


def _with_frames(chapter: str, draw: Callable[..., Chart]) -> Callable[..., Chart]:
    """A chart's function, whose charts have its name and the frames behind them."""

    @wraps(draw)
    def drawn(a: Answers, *args: Any, **more: Any) -> Chart:
        if a.chapter != chapter:
            raise AllianceError(f"{draw.__name__} takes answers of {chapter}, received {a.chapter}")
        found = draw(asked := _Asked(a), *args, **more)
        return replace(found, name=draw.__name__, chapter=a.chapter, frames=asked.asked)

    return drawn


for _chapter, _functions in ALL.items():
    ALL[_chapter] = tuple(map(partial(_with_frames, _chapter), _functions))
    globals().update({_draw.__name__: _draw for _draw in ALL[_chapter]})
