"""Chapter 3, how the market reacted: announcements, a stub value, the literature."""

import numpy as np

from alliance.answers import Answers
from alliance.charts import kit
from alliance.charts.base import Chart, chart
from alliance.charts.looks import FAINT, INK, SOFT, color
from alliance.errors import need
from alliance.format import counted, day, number, percent

CLOSES = "exchange closes with dividends"
SHOWN = 12  # announcements drawn, beside those that made a structure public


@chart("Announcements")
def announcements(a: Answers, window: tuple[int, int] = (0, 1)) -> Chart:
    """Abnormal return on the days of announcements, by maker, with 95 % intervals: the strongest,
    and those that made a structure public. The table below has all of them."""
    names = a.context["makers_all"]
    frame = need(a.frame("announcements"), f"no announcement was public on {a.as_of}")
    frame = frame[(frame["window"] == window) & frame["car"].notna()]
    frame = frame[frame["maker"].isin(a.context["group"].companies)]
    need(frame, f"no announcement could be tested on {a.as_of}")
    size = frame["t"].abs()
    drawn = (size.rank(ascending=False) <= SHOWN) | frame["event"].isin(a.context["announcement"])
    drawn = frame[drawn]
    groups = {m: rows.iloc[::-1] for m, rows in drawn.groupby("maker", sort=False)}
    strongest, clear = frame.loc[size.idxmax()], frame[frame["p"] < 0.05]
    alone = clear[clear["confounders"].isna()]
    stands = f", {len(clear) - len(alone) or 'none'} with a caveat in the table"
    if len(alone):
        stands += f"; of the others {alone.loc[size[alone.index].idxmax(), 'short']} stands out"
    all_of = counted(len(frame), "announcement")

    def draw(fig, narrow):
        heights = [len(rows) + 0.8 for rows in groups.values()]
        grid = fig.subplots(len(groups), 1, sharex=True, height_ratios=heights, squeeze=False)
        for ax, (maker, rows) in zip(grid.flat, groups.items(), strict=True):
            for y, row in enumerate(rows.itertuples()):
                shade = color(maker, list(names)) if row.p < 0.05 else SOFT
                kit.span(ax, y, row.low, row.high, shade)
                kit.dot(ax, row.car, y, shade, row.p < 0.05)
            labels = [f"{r.short}, {day(r.day)[: 7 if narrow else 10]}" for r in rows.itertuples()]
            kit.rows(ax, labels, 6 if narrow else 7.5, room=(0.7, 1.1))
            kit.rule(ax, x=0)
            corner = {"transform": ax.transAxes, "ha": "right", "va": "top", "fontsize": 8}
            ax.text(0.995, 0.995, names[maker], fontweight="bold", color=INK, **corner)
            kit.axes(ax, percent="x", sign=True, nbins=5)
            ax.set_ylabel(" ", fontsize=1)
        label = f"abnormal log return, days {window[0]} to {window[1]}, 95 % interval"
        label += f" (the {len(drawn)} strongest or first)" * (len(drawn) < len(frame))
        kit.axes(ax, label, wrap=38 * narrow)

    height = 1.6 + 0.24 * len(drawn) + 0.25 * len(groups)
    return Chart(
        draw,
        f"{len(clear)} of {all_of} of these makers moved a share beyond chance, where "
        f"{number(0.05 * len(frame), 1)} would by luck" + stands * bool(len(clear)),
        f"Dots with intervals for {len(drawn)} of {all_of} of these makers, "
        f"{day(frame['day'].min())} to {day(frame['day'].max())}. The strongest: "
        f"{strongest['short']} ({day(strongest['day'])}), {percent(strongest['car'], 1, True)}, "
        f"t = {number(strongest['t'], 1)}.",
        f"{CLOSES}; market model on 250 days against the home index; events under Sources",
        (height, height),
    )


@chart("Volkswagen without Porsche AG")
def stubs(a: Answers) -> Chart:
    """Volkswagen beyond its part of Porsche AG, as a range, through time."""
    frame = a.frame("stub_volkswagen")
    need(frame[1:], f"Porsche AG had no price by {a.as_of}")  # a line needs two days
    low, high = frame["low"] / 1e9, frame["high"] / 1e9
    unknown = float(((low < 0) & (high > 0)).mean())

    def draw(fig, narrow):
        ax = kit.axes(fig, y="EUR bn", dates=narrow)
        kit.band(ax, low.index, low, high, color("volkswagen"), 0.25)
        for line in (low, high):
            ax.plot(line.index, line, color=color("volkswagen"), lw=1.2)
        kit.rule(ax, y=0)

    ends = f"EUR {number(low.iloc[-1], 1)}bn to {number(high.iloc[-1], 1)}bn"
    return Chart(
        draw,
        f"Volkswagen without Porsche AG is worth {ends}; on {percent(unknown)} of days the sign "
        "depends on the ordinary share's premium",
        f"Band of market value less the listed holding, {day(low.index[0])} to "
        f"{day(low.index[-1])}, at the end {ends}; net cash is not taken off. Below: ordinary "
        f"shares at the preferred price, above: {percent(a.context['ordinary_premium'])} dearer.",
        "exchange closes, holdings, share counts; the ordinary share's premium is assumed; special "
        "dividend due taken off until its ex-day",
        (3.4, 3.6),
    )


def priors(a: Answers) -> Chart:
    """What studies found for each structure, and the makers' own announcements beside it."""
    studies, own, keys = a.frame("priors"), a.frame("announcements"), a.context["announcement"]
    makers = list(a.context["makers_all"])
    if len(own):
        own = own[own["event"].isin(keys) & own["car"].notna() & own["window"].isin([(-1, 1)])]
    rows = []
    for r in studies.sort_values("form").itertuples():
        rows.append((f"{r.authors} ({r.form})", r.mean, r.low, r.high, "s", SOFT))
    for r in own.itertuples():
        shade = color(r.maker, makers)
        rows.append((f"{r.short} ({keys[r.event]})", r.car, r.low, r.high, "o", shade))

    def draw(fig, narrow):
        label = "abnormal return, days −1 to 1 (squares: studies, line: weak to strong group)"
        ax = kit.axes(fig, label, percent="x", sign=True, nbins=5, wrap=38 * narrow)
        for y, (_, middle, low, high, marker, shade) in enumerate(rows[::-1]):
            if np.isfinite(low):
                kit.span(ax, y, low, high, shade)
            kit.dot(ax, middle, y, shade, True, marker=marker)
        kit.rule(ax, x=0)
        kit.rule(ax, y=len(own) - 0.5, color=FAINT, lw=1.5)
        size, wrap = (6.2, 25) if narrow else (7.5, 0)
        kit.rows(ax, [name for name, *_ in rows[::-1]], size, room=(0.7, 0.7), wrap=wrap)

    height = 1.6 + 0.27 * len(rows)
    found = "; ".join(f"{name} {percent(middle, 1, True)}" for name, middle, *_ in rows)
    least, most = (percent(end, 1, True) for end in studies["mean"].agg(["min", "max"]))
    return Chart(
        draw,
        f"Studies of {studies['form'].nunique()} kinds of deal find {least} to {most} for the "
        "parent; one case can be anywhere",
        f"Squares for {len(studies)} studies, dots for {counted(len(own), 'own case')}, as of "
        f"{a.as_of}: {found}.",
        f"studies as listed under Sources; {CLOSES}",
        (height, height + 0.12 * len(rows)),
    )
