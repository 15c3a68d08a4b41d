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
    number,
    percent,
    percent_axis,
)
from alliance.decline import PARTS

_HUES = {"market": "#6e6e6e", "sector": "#0b5fa5", "company": "#c3002f", "currency": "#d99400"}
_MODEL = "exchange closes of Nissan, its peers and TOPIX; ECB reference rates; our model"


def event_effects(a: Answers, window: tuple[int, int] = (0, 1)) -> Chart:
    """Abnormal return around each event with its interval, confounders beside it."""
    table, c = a.frame("effects"), a.context
    if table.empty:
        span = f"{day(c['since'])} and {day(c['until'])}"
        return empty("Events", f"No dated event is in the evidence between {span}")
    table = table[table["window"] == window].iloc[::-1].reset_index(drop=True)
    known = table[table["car"].notna()]
    clear = known[known["p"] < 0.05]
    days = f"days {window[0]} to {window[1]}"

    def draw(fig, narrow):
        if narrow:
            ax = fig.add_subplot()
        else:
            ax, notes = fig.subplots(1, 2, width_ratios=[3, 2])
        for y, row in table.iterrows():
            if np.isnan(row["car"]):
                ax.text(0, y, " not yet known", va="center", fontsize=8, color=SOFT)
                continue
            sure = row["p"] < 0.05
            hue = colour("nissan") if sure else SOFT
            ax.plot([row["low"], row["high"]], [y, y], color=hue, lw=1.6)
            ax.plot(row["car"], y, "o", ms=6, mfc=hue if sure else "white", mec=hue)
        ax.axvline(0, color=INK, lw=0.8)
        ax.set_yticks(
            range(len(table)),
            [f"{row.short}\n{row.day:%Y-%m-%d}" for row in table.itertuples()],
            fontsize=8,
        )
        ax.set_ylim(-0.7, len(table) - 0.3)
        percent_axis(ax.xaxis, sign=True)
        label = f"abnormal return, {days}, 95 % interval (log points)"
        ax.set_xlabel(textwrap.fill(label, 34) if narrow else label)
        ax.grid(axis="y", visible=False)
        if not narrow:
            notes.axis("off")
            notes.set_ylim(ax.get_ylim())
            notes.set_xlim(0, 1)
            notes.text(0, len(table) - 0.45, "What else moved prices", fontsize=8, color=SOFT)
            for y, row in table.iterrows():
                text = row["confounders"] if isinstance(row["confounders"], str) else "–"
                wrapped = textwrap.fill(text, 44)
                notes.text(0, y, wrapped, va="center", fontsize=7.5, color=INK, linespacing=1.1)

    strongest = known.loc[known["t"].abs().idxmax()] if len(known) else None
    title = f"{len(clear)} of {len(known)} dated events moved Nissan beyond chance"
    alt = f"No event could be tested on {days} by {day(c['until'])}."
    if strongest is not None:
        alt = (
            f"Dots with 95 % intervals, {days}, for {len(known)} events to {day(c['until'])}. The "
            f"strongest: {strongest['short']} ({day(strongest['day'])}), "
            f"{percent(strongest['car'], 1, True)}, t = {number(strongest['t'], 1)}."
        )
        if len(clear):
            title += f"; {strongest['short']} stands out ({percent(strongest['car'], 1, True)})"
    size = 1.7 + 0.36 * max(len(table), 2)
    return Chart(
        draw,
        title,
        alt,
        "exchange closes of Nissan and TOPIX; market model on "
        f"{c['estimation_days']} days; events as listed under Sources",
        (size, size + 0.2),
    )


def parts(a: Answers) -> Chart:
    """The log price change in euros as a waterfall of its four parts."""
    frame, c = a.frame("parts"), a.context
    total = frame["value"].sum()
    biggest = frame["value"].abs().idxmax()
    share = frame.at[biggest, "value"] / total

    def draw(fig, narrow):
        ax = fig.add_subplot()
        base = 0.0
        for x, name in enumerate(PARTS):
            value = frame.at[name, "value"]
            ax.bar(x, value, bottom=base, color=_HUES[name], width=0.62)
            if not np.isnan(frame.at[name, "low"]):
                ends = base + frame.loc[name, ["low", "high"]].to_numpy(float)
                ax.plot([x, x], ends, color=INK, lw=1.2, marker="_", ms=8)
                top = max(base, base + value, ends.max())
            else:
                top = max(base, base + value)
            _above(ax, x, top, number(value, 2, sign=True))
            base += value
            ax.plot([x + 0.31, x + 0.69], [base, base], color=SOFT, lw=0.7)
        ax.bar(4, total, color=INK, width=0.62)
        _above(ax, 4, max(0, total), f"{number(total, 2, sign=True)}\n({percent(np.expm1(total))})")
        ax.axhline(0, color=SOFT, lw=0.8)
        ax.set_xticks(range(5), [*(p.capitalize() for p in PARTS), "Total"])
        ax.set_ylabel("log points, price in EUR")
        low, high = ax.get_ylim()
        ax.set_ylim(low, high + 0.12 * (high - low))
        ax.grid(axis="x", visible=False)

    return Chart(
        draw,
        f"The {biggest} part makes {number(frame.at[biggest, 'value'])} of {number(total)} log "
        f"points{f': {percent(share)} of the change' if share > 0 else ''}",
        f"Waterfall of Nissan's log price change in euros, {day(c['since'])} to "
        f"{day(c['until'])}: "
        + ", ".join(f"{p} {number(frame.at[p, 'value'], 2, True)}" for p in PARTS)
        + f"; total {number(total, 2, True)}, that is {percent(np.expm1(total), 1)}.",
        _MODEL + "; bars on the parts: 95 % bootstrap interval",
        (4.0, 4.2),
    )


def _above(ax, x: float, y: float, text: str) -> None:
    ax.annotate(
        text,
        (x, y),
        xytext=(0, 4),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=9,
        color=INK,
    )


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
        items = [
            (paths[p].iloc[-1], f"{p} {number(paths[p].iloc[-1], 2, True)}", _HUES[p])
            for p in PARTS
        ]
        items.append((total.iloc[-1], f"total {number(total.iloc[-1], 2, True)}", INK))
        ax.margins(x=0.01)
        end_labels(ax, paths.index[-1], items)
        ax.set_ylabel("cumulative log points, price in EUR")
        date_axis(ax, narrow)

    return Chart(
        draw,
        f"Half of the company's own part had built up by {day(half)}",
        f"Lines of the cumulative market, sector, company and currency parts, "
        f"{day(paths.index[0])} to {day(c['until'])}; the company's part ends at "
        f"{number(company.iloc[-1], 2, True)} log points.",
        _MODEL,
        (4.2, 4.4),
    )
