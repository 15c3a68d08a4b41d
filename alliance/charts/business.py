"""The business underneath, and what the fall cost Renault."""

import numpy as np
import pandas as pd

from alliance.answers import Answers
from alliance.charts import kit
from alliance.charts.base import Chart, chart
from alliance.charts.looks import FAINT, REGIONS, SOFT, color, look
from alliance.errors import need
from alliance.format import counted, day, money, number, percent

NISSAN, RENAULT = color("nissan"), color("renault")
_DARK = {"#e4e4e4": SOFT, "#6fa8dc": "#3f78ac"}  # of pale columns: their names


@chart("Nissan's unit sales")
def unit_sales(a: Answers) -> Chart:
    """Nissan's unit sales by region, on one basis."""
    frame = a.frame("regions")
    total = frame.get("total", pd.Series(dtype=float)).notna()
    frame = need(frame[total], a.result("decline.units").note)
    total, parts = frame["total"] / 1e6, frame.fillna(0).clip(lower=0) / 1e6
    shown = [name for name in REGIONS if name in frame and parts[name].sum() > 0]
    first, last = frame.index[0], frame.index[-1]
    change = total.iloc[-1] / total.iloc[0] - 1

    def draw(fig, narrow):
        label = "fiscal year from April (China: calendar year)"
        ax = kit.axes(fig, label, "million cars", grid="y", ylim=(0, total.max() * 1.1))
        base, whole = np.zeros(len(frame)), []
        for name in shown:
            (text, shade, _), values = REGIONS[name], parts[name].to_numpy()
            ax.bar(range(len(frame)), values, bottom=base, color=shade, width=0.7)
            if values[0] > 0:
                whole.append((base[0] + values[0] / 2, text, _DARK.get(shade, shade)))
            for x in () if values[0] > 0 else np.flatnonzero(values):
                middle = base[x] + values[x] / 2
                kit.note(ax, text.replace(" ", "\n"), (x, middle), fontsize=6.5)
            base += values
        for x, value in enumerate(total):
            above = {"ha": "center", "va": "bottom", "fontsize": 8.5}
            ax.text(x, max(value, base[x]) + 0.06, number(value), **above)
        places = kit.dodge([y for y, *_ in whole], 0.34, 0.1, 6)
        for place, (_, text, shade) in zip(places, whole, strict=True):
            ax.text(-0.45, place, text, ha="right", va="center", fontsize=8, color=shade)
        room = max(2.6, 0.37 * len(frame)) if narrow else 1.75  # for names left of the columns
        ax.set_xlim(-room, len(frame) - 0.5)
        ax.set_xticks(range(len(frame)), [n[2 * narrow :] for n in frame.index], fontsize=8)

    return Chart(
        draw,
        f"Nissan sold {percent(abs(change))} {'fewer' if change < 0 else 'more'} cars: "
        f"{number(total.iloc[0])}m in {first}, {number(total.iloc[-1])}m in {last}",
        f"Stacked columns of unit sales by region, {first} to {last}: the total went from "
        f"{number(frame['total'].iloc[0], 0)} to {number(frame['total'].iloc[-1], 0)} cars.",
        "Nissan's results and monthly releases, as listed under Sources; where a year has no "
        f"regions, none were found that were public on {a.as_of}",
        (4.4, 4.8),
    )


@chart("Nissan's price over book value")
def price_to_book(a: Answers) -> Chart:
    """Price over the net assets a share known on each day."""
    frame = a.frame("price_to_book").dropna()
    ratio = need(frame["ratio"], a.result("decline.price_to_book").note)
    first, last = day(ratio.index[0]), day(ratio.index[-1])
    published = a.frame("books").index
    published = published[(published >= ratio.index[0]) & (published <= ratio.index[-1])]

    def draw(fig, narrow):
        top = max(1.15, ratio.max() * 1.1)
        ax = kit.axes(fig, y="price / net assets a share", dates=narrow, ylim=(0, top))
        ax.plot(ratio.index, ratio, color=NISSAN)
        at = ratio.index[ratio.index.searchsorted(published)]
        kit.dot(ax, at, ratio[at], NISSAN, size=4)
        kit.rule(ax, y=1, lw=0.9, ls="--")
        kit.note(ax, "book value", (ratio.index[-1], 1), dy=8, ha="right", fontsize=8.5)
        ax.margins(x=0.01)

    return Chart(
        draw,
        f"The market paid {percent(ratio.iloc[-1])} of book value on {last}, against "
        f"{percent(ratio.iloc[0])} on {first}",
        "Line of Nissan's price over its last published net assets a share: "
        f"{number(ratio.iloc[0])} on {first}, {number(ratio.iloc[-1])} on {last}. Dots mark "
        f"{counted(len(published), 'disclosure')} to {day(a.context['until'])}.",
        "exchange closes; Nissan's statements, yearly before May 2021, quarterly after",
        (3.8, 4.0),
    )


@chart("Renault and its Nissan shares")
def stub(a: Answers) -> Chart:
    """Renault's market value, its Nissan shares, and what is left for Renault itself."""
    frame = need(a.frame("stub"), a.result("decline.stub_eur").note)
    stake, holder = frame["stake"] / 1e9, frame["holder"] / 1e9
    (was, now), (whole, rest) = ([number(s.iloc[n], 1) for n in (0, -1)] for s in (stake, holder))

    def draw(fig, narrow):
        top = max(stake.max(), holder.max()) * 1.08
        ax = kit.axes(fig, y="EUR bn", dates=narrow, ylim=(0, top))
        for who, ahead in ((RENAULT, holder >= stake), (NISSAN, holder < stake)):
            kit.band(ax, frame.index, stake, holder, who, 0.22, where=ahead, interpolate=True)
        ax.plot(frame.index, holder, color=RENAULT, ls=look("renault")[1])
        ax.plot(frame.index, stake, color=NISSAN)
        ax.margins(x=0.01)
        ends = [(holder.iloc[-1], f"Renault {rest}", "#9a6a00")]
        ends.append((stake.iloc[-1], f"its Nissan\nshares {now}", NISSAN))
        kit.end_labels(ax, frame.index[-1], ends)
        kit.rule(ax, y=0, color=FAINT)

    return Chart(
        draw,
        f"Renault's Nissan shares were worth {money(frame['stake'].iloc[-1])}, "
        f"{percent(frame['ratio'].iloc[-1])} of Renault's own market value",
        f"Lines in EUR bn, {day(frame.index[0])} to {day(frame.index[-1])}: Renault {whole} to "
        f"{rest}, its Nissan shares {was} to {now}. The shares were worth more than all of Renault "
        f"on {percent(float((frame['stub'] < 0).mean()))} of days.",
        "exchange closes; ECB reference rates; share counts and holdings as listed under Sources",
        (4.2, 4.4),
    )
