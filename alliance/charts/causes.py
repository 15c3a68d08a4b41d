"""Which events, and why: abnormal returns and the decomposition."""

from __future__ import annotations

import textwrap

import numpy as np

from alliance.answers import Answers
from alliance.charts.base import (
    FAINT,
    INK,
    SOFT,
    Chart,
    colour,
    date_axis,
    day,
    empty,
    end_labels,
    note,
    number,
    percent,
    percent_axis,
)
from alliance.decline import PARTS

_HUES = {"market": "#6e6e6e", "sector": "#0b5fa5", "company": "#c3002f", "currency": "#d99400"}
_MODEL = "exchange closes of Nissan, its peers and TOPIX; ECB reference rates; our model"


def event_effects(a: Answers, window: tuple[int, int] = (0, 1)) -> Chart:
    """Reactions to results in one row, and below it each other event, its days apart."""
    table, c = a.frame("effects"), a.context
    if table.empty:
        span = f"{day(c['since'])} and {day(c['until'])}"
        return empty("Events", f"No dated event is in the evidence between {span}")
    prints = table[(table["kind"] == "results") & (table["window"] == (0, 0))]
    table = table[~table["kind"].isin(["results", "forecast"])]
    parts = [table[table["window"] == w].set_index("event")["car"] for w in ((0, 0), (1, 1))]
    table = table[table["window"] == window].iloc[::-1].reset_index(drop=True)
    prints = prints[prints["car"].notna()]
    known = table[table["car"].notna() & (table["kind"] != "both")]
    clear, top = known[known["p"] < 0.05], len(table)
    days = f"days {window[0]} to {window[1]}"

    def draw(fig, narrow):
        ax = fig.add_subplot()
        for sure, rows in prints.groupby(prints["p"] < 0.05):
            ax.plot(rows["car"], np.full(len(rows), top), "o", ms=6, mec=colour("nissan"),
                    mfc=colour("nissan") if sure else "white", alpha=0.8)  # fmt: skip
        for y, row in table.iterrows():
            if np.isnan(row["car"]):
                ax.text(0, y, " not yet known", va="center", fontsize=8, color=SOFT)
                continue
            sure = row["p"] < 0.05 and row["kind"] != "both"
            hue = colour("nissan") if sure else SOFT
            ax.plot([row["low"], row["high"]], [y, y], color=hue, lw=1.6)
            ax.plot(row["car"], y, "o", ms=6, mfc=hue if sure else "white", mec=hue)
            for name, aside, cars in zip("01", (0.36, -0.36), parts, strict=True):
                ax.plot(cars[row["event"]], y + aside, marker=f"${name}$", ms=5, color=INK, mew=0)
        ax.axvline(0, color=INK, lw=0.8)
        both = {"both": "†"}
        labels = [f"{x.short}{both.get(x.kind, '')}\n{x.day:%Y-%m-%d}" for x in table.itertuples()]
        ax.set_yticks(range(top + 1), [*labels, f"{len(prints)} results\n(the session after)"])
        ax.tick_params(axis="y", labelsize=8)
        ax.axhline(top - 0.5, color=FAINT, lw=0.8)
        ax.set_ylim(-0.7, top + 0.6)
        percent_axis(ax.xaxis, sign=True)
        ax.locator_params(axis="x", nbins=4 if narrow else 8)
        label = "abnormal return (log points); results: day 0; others: "
        label += f"{days} with 95 % interval, and 0 and 1 alone"
        ax.set_xlabel(textwrap.fill(label, 40 if narrow else 75))
        ax.grid(axis="y", visible=False)

    sure = int((prints["p"] < 0.05).sum())
    title = f"{sure} of {len(prints)} results moved Nissan beyond chance, and {len(clear)} of "
    alt = f"No other event could be tested on {days} by {day(c['until'])}."
    if len(known):
        strongest = known.loc[known["t"].abs().idxmax()]
        alt = (
            f"Below it {days} of {len(known)} events with 95 % intervals. The strongest: "
            f"{strongest['short']} ({day(strongest['day'])}), {percent(strongest['car'], 1, True)}."
        )
    size = 1.9 + 0.36 * max(top + 1, 2)
    return Chart(
        draw,
        f"{title}{len(known)} other dated events",
        f"One row of dots: the reactions to {len(prints)} results, {day(c['since'])} to "
        f"{day(c['until'])}, on average {percent(prints['car'].abs().mean(), 1)} either way. {alt}",
        "exchange closes of Nissan and TOPIX, events as listed under Sources; market model on "
        f"{c['estimation_days']} days; filled: p below 5 %; †: results in its days, so not counted",
        (size, size + 0.2),
    )


def parts(a: Answers) -> Chart:
    """The log price change in euros as a waterfall of its four parts."""
    frame, c = a.frame("parts"), a.context
    total = frame["value"].sum()
    biggest = frame["value"].abs().idxmax()

    def draw(fig, narrow):
        ax = fig.add_subplot()
        base = 0.0
        for x, name in enumerate(PARTS):
            value = frame.at[name, "value"]
            ax.bar(x, value, bottom=base, color=_HUES[name], width=0.62)
            ends = base + frame.loc[name, ["low", "high"]].to_numpy(float)
            ax.plot([x, x], ends, color=INK, lw=1.2, marker="_", ms=8)
            top = np.nanmax([base, base + value, *ends])
            text = f"{number(value, 2, sign=True)}\n({percent(np.expm1(value))})"
            note(ax, text, (x, top), dy=4, va="bottom", fontsize=9)
            base += value
            ax.plot([x + 0.31, x + 0.69], [base, base], color=SOFT, lw=0.7)
        ax.bar(4, total, color=INK, width=0.62)
        text = f"{number(total, 2, sign=True)}\n({percent(np.expm1(total))})"
        note(ax, text, (4, max(0, total)), dy=4, va="bottom", fontsize=9)
        ax.axhline(0, color=SOFT, lw=0.8)
        ax.set_xticks(range(5), [*(p.capitalize() for p in PARTS), "Total"])
        ax.set_ylabel("log points, price in EUR")
        low, high = ax.get_ylim()
        ax.set_ylim(low, high + 0.12 * (high - low))
        ax.grid(axis="x", visible=False)

    return Chart(
        draw,
        f"The {biggest} part alone is {percent(np.expm1(frame.at[biggest, 'value']))}, all four "
        f"together are {percent(np.expm1(total))}",
        f"Waterfall of Nissan's log price change in euros, {day(c['since'])} to "
        f"{day(c['until'])}: "
        + ", ".join(f"{p} {logs(frame.at[p, 'value'])}" for p in PARTS)
        + f"; total {logs(total)}.",
        _MODEL + "; bars on the parts: 95 % bootstrap interval",
        (4.0, 4.2),
    )


def logs(value: float) -> str:
    """Log points with the percentage that they are: ``−1.12 (−67 %)``."""
    return f"{number(value, 2, True)} ({percent(np.expm1(value), sign=True)})"


def parts_path(a: Answers) -> Chart:
    """The four parts as they built up day by day."""
    daily, c = a.frame("parts_daily"), a.context
    paths = daily.cumsum()
    total = paths.sum(axis=1)
    company = paths["company"]
    half = company.index[(company / company.iloc[-1] >= 0.5).to_numpy().argmax()]

    def draw(fig, narrow):
        ax = fig.add_subplot()
        styles = {"market": ":", "sector": "--", "currency": "-.", "company": "-"}
        for name in PARTS:
            ax.plot(paths.index, paths[name], styles[name], color=_HUES[name], lw=1.5)
        ax.plot(total.index, total, color=INK, lw=1.0)
        ax.axhline(0, color=FAINT, lw=0.8, zorder=0)
        items = [(paths[p].iloc[-1], f"{p} {logs(paths[p].iloc[-1])}", _HUES[p]) for p in PARTS]
        items.append((total.iloc[-1], f"total {logs(total.iloc[-1])}", INK))
        ax.margins(x=0.01)
        end_labels(ax, paths.index[-1], items)
        ax.set_ylabel("cumulative log points, price in EUR")
        date_axis(ax, narrow)

    return Chart(
        draw,
        f"Half of the company's own part had built up by {day(half)}",
        f"Lines of the cumulative market, sector, company and currency parts, "
        f"{day(paths.index[0])} to {day(c['until'])}; the company's part ends at "
        f"{logs(company.iloc[-1])} log points.",
        _MODEL,
        (4.2, 4.4),
    )
