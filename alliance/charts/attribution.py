"""Which events, and why: abnormal returns and the decomposition."""

import numpy as np

from alliance.answers import Answers
from alliance.charts import kit
from alliance.charts.base import Chart, chart
from alliance.charts.looks import FAINT, INK, PARTS, SOFT, Look, color
from alliance.errors import need
from alliance.format import counted, day, log_points, number, percent

_MODEL = "exchange closes of Nissan, its peers and their indices; ECB reference rates; our model"


@chart("Events")
def event_effects(a: Answers, window: tuple[int, int] = (0, 1)) -> Chart:
    """Reactions to results in one row, and below it each other event, its days apart."""
    table, c, nissan = a.frame("effects"), a.context, color("nissan")
    since, until, days = day(c["since"]), day(c["until"]), f"days {window[0]} to {window[1]}"
    need(table, f"No dated event is in the evidence between {since} and {until}")
    prints = table[(table["kind"] == "results") & table["car"].notna()]
    wide = int((prints.loc[prints["window"] == window, "p"] < 0.05).sum())
    prints = prints[prints["window"] == (0, 0)]
    table = table[~table["kind"].isin(["results", "forecast"])]
    parts = [table[table["window"] == w].set_index("event")["car"] for w in ((0, 0), (1, 1))]
    table = table[table["window"] == window].iloc[::-1].reset_index(drop=True)
    known = table[table["car"].notna() & (table["kind"] != "both")]
    need([*prints.index, *known.index], f"No event between {since} and {until} could be tested")
    results, top = counted(len(prints), "result"), len(table)

    def draw(fig, narrow):
        label = "abnormal return (log points); results: day 0; others: "
        label += f"{days} with 95 % interval, and above it day 0 (▾), below it day 1 (▴) alone"
        room = {"nbins": 4, "wrap": 40} if narrow else {"nbins": 8, "wrap": 75}
        ax = kit.axes(fig, label, percent="x", sign=True, **room)
        for sure, rows in prints.groupby(prints["p"] < 0.05):
            kit.dot(ax, rows["car"], np.full(len(rows), top), nissan, sure, 6, alpha=0.8)
        for y, row in table.iterrows():
            if np.isnan(row["car"]):
                ax.text(0, y, " not yet known", va="center", fontsize=8, color=SOFT)
                continue
            sure = row["p"] < 0.05 and row["kind"] != "both"
            shade = nissan if sure else SOFT
            kit.span(ax, y, row["low"], row["high"], shade, 1.6)
            kit.dot(ax, row["car"], y, shade, sure, 6)
            for mark, aside, cars in zip("v^", (0.24, -0.24), parts, strict=True):
                ax.plot(cars[row["event"]], y + aside, marker=mark, ms=3.5, color=INK, mew=0)
        kit.rule(ax, x=0)
        kit.rule(ax, y=top - 0.5, color=FAINT)
        mark = {"both": "†"}
        names = [f"{x.short}{mark.get(x.kind, '')}\n{day(x.day)}" for x in table.itertuples()]
        names.append(f"{results}\n(the session after)")
        kit.rows(ax, names, 8, room=(0.7, 0.6))

    sure, clear = int((prints["p"] < 0.05).sum()), int((known["p"] < 0.05).sum())
    rest = f" and {clear} of {counted(len(known), 'other dated event')}" * bool(len(known))
    alt = f"No other event could be tested on {days} by {until}."
    if len(known):
        strongest = known.loc[known["t"].abs().idxmax()]
        alt = (
            f"Below it {days} of {len(known)} events with 95 % intervals. The strongest: "
            f"{strongest['short']} ({day(strongest['day'])}), {percent(strongest['car'], 1, True)}."
        )
    mean = f", on average {percent(prints['car'].abs().mean(), 1)} either way" * bool(len(prints))
    size = 1.9 + 0.36 * max(top + 1, 2)
    return Chart(
        draw,
        f"{sure} of {results} moved Nissan beyond chance on the day; over {days}, {wide}{rest}",
        f"One row of dots: the reactions to {results}, {since} to {until}{mean}. {alt}",
        "exchange closes of Nissan and TOPIX, events as listed under Sources; market model on "
        f"{c['estimation_days']} days; filled: p below 5 %; †: results in its days, so not counted",
        (size, size + 0.2),
    )


def parts(a: Answers) -> Chart:
    """The log price change in euros as a waterfall of its four parts."""
    frame, c = a.frame("parts"), a.context
    value = frame["value"]
    total, biggest = value.sum(), value.abs().idxmax()

    def draw(fig, narrow):
        ax = kit.axes(fig, y="log points, price in EUR", grid="y")

        def named(x, top, change):
            text = f"{number(change, 2, sign=True)}\n({percent(np.expm1(change))})"
            kit.note(ax, text, (x, top), dy=4, va="bottom", fontsize=9)

        base = 0.0
        for x, (name, look) in enumerate(PARTS.items()):
            ax.bar(x, value[name], bottom=base, color=look.color, width=0.62)
            ends = base + frame.loc[name, ["low", "high"]].to_numpy(float)
            ax.plot([x, x], ends, color=INK, lw=1.2, marker="_", ms=8)
            named(x, np.nanmax([base, base + value[name], *ends]), value[name])
            base += value[name]
            ax.plot([x + 0.31, x + 0.69], [base, base], color=SOFT, lw=0.7)
        ax.bar(4, total, color=INK, width=0.62)
        named(4, max(0, total), total)
        kit.rule(ax, y=0, color=SOFT)
        ax.set_xticks(range(5), [*(p.capitalize() for p in PARTS), "Total"])
        low, high = ax.get_ylim()
        ax.set_ylim(low, high + 0.12 * (high - low))

    return Chart(
        draw,
        f"The {biggest} part alone is {percent(np.expm1(value[biggest]))}, all four together are "
        f"{percent(np.expm1(total))}",
        f"Waterfall of Nissan's log price change in euros, {day(c['since'])} to {day(c['until'])}: "
        f"{', '.join(f'{p} {log_points(value[p])}' for p in PARTS)}; total {log_points(total)}.",
        _MODEL + "; bars on the parts: 95 % bootstrap interval",
        (4.0, 4.2),
    )


def parts_path(a: Answers) -> Chart:
    """The four parts as they built up day by day."""
    paths = a.frame("parts_daily").cumsum()
    paths["total"], company = paths.sum(axis=1), paths["company"]
    half = company.index[(company / company.iloc[-1] >= 0.5).to_numpy().argmax()]

    def draw(fig, narrow):
        label = f"cumulative log points in EUR (−1 is {percent(np.expm1(-1))})"
        ax = kit.axes(fig, y=label, dates=narrow)
        looks = PARTS | {"total": Look("total", INK)}
        kit.lines(ax, paths.index, paths, looks, log_points)
        ax.lines[-1].set_linewidth(1.0)
        kit.rule(ax, y=0, color=FAINT, zorder=0)

    return Chart(
        draw,
        f"Half of the company's own part was first reached on {day(half)}",
        f"Lines of the cumulative market, sector, company and currency parts, "
        f"{day(paths.index[0])} to {day(a.context['until'])}; the company's part ends at "
        f"{log_points(company.iloc[-1])} log points.",
        _MODEL,
        (4.2, 4.4),
    )
