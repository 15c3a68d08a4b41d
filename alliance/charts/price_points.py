"""Chapter 2, price points: how likely each is, and what a trigger buys on a fair price."""

from alliance.answers import Answers
from alliance.charts import kit
from alliance.charts.base import Chart, chart
from alliance.charts.looks import INK, PROGRAMMES, SOFT
from alliance.charts.ownership import SIMULATED, to_sell
from alliance.format import counted, day, number, percent

_SHADE = PROGRAMMES["price_points"].color


def ladder(a: Answers) -> Chart:
    """Chance that the yen price reaches each price point: closed form, and history."""
    frame, g = a.frame("p_hit"), a.context["group"]
    x, closed, most = frame.index, frame["closed"], number(frame["multiple"].iloc[-1])
    hit = percent(a["selldown.price_points.p_hit"][-1])
    watched = {"close": "at daily closes"}.get(g.monitoring, "continuously")
    watched = "weekly" if g.market == "history" else watched

    def draw(fig, narrow):
        labels = ("price point: multiple of spot, yen", "chance for the yen price by the horizon")
        ax = kit.axes(fig, *labels, percent="y", grid="y", ylim=(0, 1.02))
        ax.bar(x, closed, color=_SHADE, width=0.6)
        label = "resampled history, watched weekly"
        kit.dot(ax, x, frame["history"], size=6, marker="s", label=label)
        for at, value in zip(x, closed, strict=True):
            ax.text(at, 0.02, percent(value), ha="center", fontsize=7.5, color="white")
        names = [f"{r.multiple:.2f}×\n¥{number(r.price_jpy, 0)}" for r in frame.itertuples()]
        ax.set_xticks(x, names, fontsize=7 if narrow else 8.5)
        kit.key_above(ax, 1 if narrow else 2, handletextpad=0.2)

    found = ", ".join(
        f"{number(r.multiple)}x {percent(r.closed)} ({percent(r.history)})"
        for r in frame.itertuples()
    )
    return Chart(
        draw,
        f"The highest price point, {most} times the spot, is reached in {hit} of cases ({g.market} "
        f"market, watched {watched})",
        "Columns of the chance (in brackets the squares', watched weekly) that each price point is "
        "reached within "
        f"{counted(g.horizon_years, 'year')} of {day(a.context['day'])}: {found}.",
        "columns: closed form of the lognormal market; squares: weekly history, resampled",
        (4.0, 4.4),
    )


@chart("One trigger at every level")
def frontier(a: Answers) -> Chart:
    """One trigger at every level: mean and spread of the value."""
    frame, on = to_sell(a, "frontier").set_index("multiple") / 1e9, day(a.context["day"])
    first, last, levels = frame.iloc[0], frame.iloc[-1], frame.index
    title = "On a fair price a trigger buys nothing: the mean stays, only the spread grows"
    if not a.context["fair"]:
        ends = f"{number(first['mean'])} to {number(last['mean'])} EUR bn"
        title = f"With this drift the mean moves from {ends}"

    def draw(fig, narrow):
        labels = ("trigger for the whole block, multiple of spot", "value at the horizon, EUR bn")
        top = frame["high"].max() * 1.05
        ax = kit.axes(fig, labels[0], labels[1] + ", before costs", ylim=(0, top))
        kit.band(ax, levels, frame["low"], frame["high"], _SHADE, 0.14)
        ax.plot(levels, frame["mean"], color=_SHADE, lw=2)
        ax.plot(levels, frame["cvar"], color=INK, ls="--", lw=1.1)
        ax.margins(x=0.01)
        names = {
            "high": ("95 %", SOFT),
            "mean": (f"mean {number(last['mean'])}", _SHADE),
            "low": (f"5 % {number(last['low'])}", SOFT),
            "cvar": ("worst 5 %", INK),
        }
        kit.end_labels(ax, levels[-1], [(last[n], *named) for n, named in names.items()])

    return Chart(
        draw,
        title,
        "Mean and 5 to 95 % range of the value at the horizon by trigger, "
        f"{counted(a.context['group'].horizon_years, 'year')} from {on}: the mean is "
        f"{number(first['mean'])} at the spot and {number(last['mean'])} at {number(levels[-1])} "
        f"times it; the range there is {number(last['low'])} to {number(last['high'])} EUR bn.",
        SIMULATED,
        (4.0, 4.4),
    )


@chart("What a view on the price is worth")
def views(a: Answers) -> Chart:
    """Mean value after exit of holding and each programme by what the price gains beyond fair."""
    frame, game = to_sell(a, "drifts").set_index("extra_drift") / 1e9, a.context["game"]
    looks, even = {name: PROGRAMMES[name] for name in frame}, a["selldown.even_extra_drift"]
    when, last = "at no yearly gain of the price", frame.iloc[-1]
    if even is not None:
        when = f"only if the price gains about {percent(even)} a year more than {game}"

    def draw(fig, narrow):
        labels = f"yearly gain of the yen price beyond what {game}", "mean value after exit, EUR bn"
        ax = kit.axes(fig, *labels, percent="x", sign=True, ylim=(0, frame.max().max() * 1.05))
        kit.lines(ax, frame.index, frame, looks, number, lw=1.5)
        if even is not None and frame.index[0] <= even <= last.name:
            kit.rule(ax, x=even, ls=":")

    return Chart(
        draw,
        f"To hold is best {when}",
        f"Lines of the mean value after exit as of {day(a.context['day'])} by the price's yearly "
        f"gain; EUR bn at {percent(last.name)} beyond what {game}: "
        + ", ".join(f"{look.name} {number(last[name])}" for name, look in looks.items()),
        SIMULATED,
        (4.0, 4.4),
    )
