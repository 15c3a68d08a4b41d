"""Chapter 2: what each programme brings, what a price point does, and the record of the sales."""

import numpy as np

from alliance.answers import Answers
from alliance.charts import kit
from alliance.charts.base import Chart, chart
from alliance.charts.looks import BLUE, FAINT, INK, PROGRAMMES, RED, SOFT
from alliance.charts.ownership import FILINGS, SIMULATED, to_sell
from alliance.errors import need
from alliance.format import counted, day, money, number, percent

_SHADE = PROGRAMMES["price_points"].color


@chart("What the market can absorb")
def absorb(a: Answers) -> Chart:
    """What a sale costs by its size: at once, or as a part of each day's volume."""
    frame, on, g = to_sell(a, "absorb"), day(a.context["day"]), a.context["group"]
    last, cost, given = frame.iloc[-1], a["selldown.block_cost"], g.block_discount is not None
    days, slow = counted(round(last["days"]), "day"), percent(g.participation)
    block, dribble = (percent(last[name], 1) for name in ("block", "dribble"))

    def draw(fig, narrow):
        labels = ("size of the sale in days of all trading in Nissan", "cost, part of value")
        top = max(frame["block"].max() * 1.1, 0.05)
        ax = kit.axes(fig, *labels, percent="y", ylim=(0, top))
        ends = {"block": f"at once\n{block}", "dribble": f"at {slow}\nof volume {dribble}"}
        looks = {name: PROGRAMMES[name] for name in ends}
        kit.lines(ax, frame["days"], frame, looks)
        if given:
            at, style = (last["days"], cost), {"fontsize": 8.5, "color": "black"}
            kit.dot(ax, *at, marker="D", size=6, clip_on=False)
            kit.note(ax, f"given {percent(cost, 1)}", at, -8, ha="right", **style)
        items = [(last[name], text, looks[name].color) for name, text in ends.items()]
        kit.end_labels(ax, last["days"], items)

    return Chart(
        draw,
        f"The planned shares are {days} of all trading: at once they cost "
        f"{percent(cost)}{' as given' if given else ''}",
        f"Lines of the cost of a sale by its size, as of {on}: for {days} of volume {block} "
        f"at once and {dribble} at {slow} of volume.",
        "volumes of the exchange; square-root rule of market impact, an assumption",
        (3.7, 4.0),
    )


@chart("What each programme brings")
def outcomes(a: Answers) -> Chart:
    """Spread of the value after exit of holding and each programme, the highest mean on top."""
    g, fair = a.context["group"], a["selldown.planned_value_eur"] / 1e9
    frame = to_sell(a, "distribution").set_index(["market", "programme"]) / 1e9
    means = frame["mean"][g.market].sort_values()

    def draw(fig, narrow):
        label = "value after exit, EUR bn (line: 5 to 95 %, bar: middle half, stroke: median, dot: "
        label += "mean; upper lognormal, lower resampled history; dashed: value today)"
        ax = kit.axes(fig, label, wrap=44 if narrow else 84)
        for market, shift, alpha in (("lognormal", 0.16, 1.0), ("history", -0.16, 0.5)):
            for y, name in enumerate(means.index):
                row, shade = frame.loc[(market, name)], PROGRAMMES[name].color
                kit.span(ax, y + shift, row["q05"], row["q95"], shade, 1, alpha=alpha)
                kit.span(ax, y + shift, row["q25"], row["q75"], shade, 6, alpha=alpha)
                kit.dot(ax, row["q50"], y + shift, marker="|", size=9)
                kit.dot(ax, row["mean"], y + shift, shade)
        kit.rule(ax, x=fair, lw=0.9, ls="--")
        kit.rows(ax, [PROGRAMMES[n].name for n in means.index])

    def named(names, say):
        return ", ".join(f"{PROGRAMMES[n].name} {say(means[n])}" for n in names)

    chosen = dict.fromkeys((means.index[-1], "block", "hold"))
    return Chart(
        draw,
        f"Mean value after exit: {named(chosen, lambda v: f'EUR {number(v)}bn')}",
        f"Ranges of the value after exit in EUR bn, {counted(g.horizon_years, 'year')} from "
        f"{day(a.context['day'])}, planned shares worth {number(fair)} today. Means: "
        f"{named(means.index[::-1], number)}.",
        SIMULATED,
        (4.8, 5.6),
    )


@chart("The record of the sales")
def loss_record(a: Answers) -> Chart:
    """The amount carried a share that each sale implies, rolled to June 2025, in two readings."""
    record = need(a.frame("disclosed_sales"), f"the terms of no sale were public on {a.as_of}")
    roll = a.frame("roll")
    announced = record["announced"]
    steps = [f"sale {n}\n{d:%Y-%m}" for n, d in zip(record["tranche"], announced, strict=True)]
    own, naive = list(record["own_share"]), list(record["naive"])
    sales = counted(len(record), "disclosed sale")
    span = " to ".join(dict.fromkeys(map(day, announced.iloc[[0, -1]])))
    title = "Each sale's loss implies two amounts carried, by how it is read"
    if not roll.empty:
        steps.append("rolled to\n2025-06")
        own.append(roll["own_share"].iloc[-2])
        naive.append(roll["naive"].iloc[-2])
        spans = ([x / 1e9 for x in a.context[f"switch_{n}"]] for n in ("own_share", "naive"))
        shared, plain = (" to ".join(number(x, 1) for x in span) for span in spans)
        said, booked = a["selldown.record.switch_loss_announced"], a.context["switch_booked"]
        title = (
            f"With Nissan's buy-back shared in, the record comes to a loss of EUR {shared}bn in "
            f"June 2025 (the third loss is rounded), naively of {plain}bn; announced were "
            f"{money(said)}"
            + f", booked {money(booked or 0)} with recycled reserves"
            * (booked is not None)
        )

    def draw(fig, narrow):
        limits = {"xlim": (-0.5, len(steps) - 0.5), "ylim": (0, max(own) * 1.2)}
        ax = kit.axes(fig, y="amount carried, EUR a share", grid="y", **limits)
        x = np.arange(len(steps))
        for style, values, shade, up in (("o-", own, RED, 8), ("s--", naive, BLUE, -13)):
            ax.plot(x, values, style, color=shade, ms=6)
            for at in zip(x, values, strict=True):
                kit.note(ax, number(at[1]), at, dy=up, va="baseline", color="black")
        ax.set_xticks(x, steps)
        ends = [(own[-1], "buy-back\nshared", RED), (naive[-1], "naive", BLUE)]
        kit.end_labels(ax, len(steps) - 0.5, ends)
        kit.rule(ax, y=0, color=FAINT, lw=1.5)

    ends = [" to ".join(dict.fromkeys(map(number, (v[0], v[-1])))) for v in (own, naive)]
    return Chart(
        draw,
        title,
        f"Lines of the amount carried a Nissan share implied by the losses of {sales}, {span}: "
        f"buy-back shared {ends[0]}, naive {ends[1]} EUR. As of {day(a.context['day'])}.",
        FILINGS + "; our arithmetic",
        (4.0, 4.4),
    )


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
