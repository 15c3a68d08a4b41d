"""Chapter 0: Renault against its Nissan shares, who owns whom, the days, Renault's parts."""

from dataclasses import replace

import numpy as np
import pandas as pd

from alliance.answers import Answers
from alliance.charts import kit
from alliance.charts.base import Chart, chart
from alliance.charts.business import stub
from alliance.charts.looks import AMBER, BLUE, FAINT, GREEN, GREY, INK, RED, SOFT
from alliance.errors import need
from alliance.format import day, missing, number, percent

_FILED = "holdings, share counts and filings as listed under Sources; our reading of the votes"
#: Centres of the companies, in parts of a panel.
_PLACES = {
    "French State": (0.12, 0.97),
    "Renault": (0.12, 0.52),
    "Nissan": (0.88, 0.52),
    "Mitsubishi Motors": (0.9, 0.04),
    "Ampere": (0.04, 0.04),
    "Horse": (0.4, 0.04),
    "Geely": (0.68, 0.17),
    "Aramco": (0.68, -0.09),
}
_KINDS = {"alliance": RED, "other": GREY, "EV unit": BLUE}
_FROM = pd.Timestamp(2018, 1, 1)  # years before stand closer together
_EARLY = 0.07  # of the axis for them
_PARTS = {
    "Nissan shares": RED,
    "Net cash": GREEN,
    "Finance arm": "#7a5c00",
    "Ampere": BLUE,
    "Horse": AMBER,
    "The rest": "#b9b9b9",
}


def value_against_stake(a: Answers) -> Chart:
    """Renault's market value and its Nissan shares, as chapter 1 draws them, in a flat shape."""
    made = stub(a.context["fall"])
    return made if made.nothing else replace(made, height=(3.4, 3.7))


@chart("Who owns whom")
def who_owns_whom(a: Answers) -> Chart:
    """Companies as boxes, arrows with capital and votes: then and now."""
    frame, then = a.frame("owners"), a.context["then"]
    need(frame, f"no holding was public on {a.as_of}")
    frame = frame[frame["holder"].isin(_PLACES) & frame["company"].isin(_PLACES)]
    panels = {"then": day(then), "now": a.as_of} if not missing(then) else {"now": a.as_of}

    def draw(fig, narrow):
        shape = (len(panels), 1) if narrow else (1, len(panels))
        for ax, (when, on) in zip(np.atleast_1d(fig.subplots(*shape)), panels.items(), strict=True):
            ax.set(xlim=(-0.06, 1.04), ylim=(-0.14, 1.06))
            ax.set_axis_off()
            ax.set_title(on, fontsize=9.5, loc="left", color=SOFT)
            shown = frame[frame[f"capital_{when}"].notna()]
            for row in shown.to_dict("records"):
                _arrow(ax, row, when)
            for name in {*shown["holder"], *shown["company"]}:
                kit.note(ax, name.replace(" ", "\n"), _PLACES[name], fontsize=8,
                         bbox={"boxstyle": "round,pad=0.45", "fc": "white", "ec": INK})  # fmt: skip

    main = frame.set_index(["holder", "company"]).loc[("Renault", "Nissan")]
    was = percent(main["capital_then"], 1)
    now = [percent(main[f"{what}_now"], 1) for what in ("capital", "votes")]
    found = "; ".join(
        f"{r.holder} {percent(r.capital_now, 1)} of {r.company}"
        for r in frame.itertuples()
        if not missing(r.capital_now)
    )
    first = f"Renault held {was} of Nissan on {day(then)} and holds" if was[0] != "n" else "Renault has"
    return Chart(
        draw,
        f"{first} {now[0]} on {a.as_of}, with {now[1]} of the votes",
        f"Boxes and arrows of who owns whom, {' and '.join(panels.values())}. On {a.as_of}: {found}.",
        _FILED,
        (4.2, 7.4 if len(panels) == 2 else 4.2),
    )


def _arrow(ax, row: dict, when: str) -> None:
    """An arrow from a holder to a company, beside it capital and votes."""
    start, end = (np.array(_PLACES[row[key]]) for key in ("holder", "company"))
    both, back = {row["holder"], row["company"]} == {"Nissan", "Renault"}, row["holder"] == "Nissan"
    across = row["company"] == "Horse" and row["holder"] != "Renault"
    shift = np.array([0.0, (-0.06 if back else 0.06) * both])
    shrink = 24 if both or across else 17
    style = {"arrowstyle": "-|>", "color": SOFT, "shrinkA": shrink, "shrinkB": shrink, "lw": 1.2}
    ax.annotate("", end + shift, start + shift, arrowprops=style)
    text = f"{percent(row[f'capital_{when}'], 1)}"
    if not missing(votes := row[f"votes_{when}"]):
        text += f" of capital\n{percent(votes, 1)} of votes"
    (dx, dy), ha = (4, 0), "left"
    if both or across:
        dx, dy, ha = 0, -15 if back or row["holder"] == "Aramco" else 15, "center"
    kit.note(ax, text, (start + end) / 2 + shift, dx, dy, ha=ha, fontsize=7.5)


@chart("The days")
def timeline(a: Answers) -> Chart:
    """Dated events in their order of time: the alliance on one side, the EV unit on the other."""
    frame = need(a.frame("timeline"), f"no event was public on {a.as_of}")
    sides = frame["kind"].eq("EV unit")
    most = int(max(sides.sum(), (~sides).sum()))
    end = max(frame["date"].max(), pd.Timestamp(a.as_of))
    heights = 1.2 + 0.19 * most, 1.2 + 0.19 * len(frame)

    def place(dates):
        early = (dates - pd.Timestamp(1998, 1, 1)) / (_FROM - pd.Timestamp(1998, 1, 1))
        late = _EARLY + (1 - _EARLY) * (dates - _FROM) / (end - _FROM)
        return np.where(dates < _FROM, _EARLY * early, late)

    def draw(fig, narrow):
        label = "red: the alliance, grey: others, blue: the EV unit"
        ax = kit.axes(fig, label, grid="", ylim=(1.02, -0.02), xlim=(0, 1) if narrow else (-1, 1))
        ax.spines[["left", "bottom"]].set_visible(False)
        ax.set_xticks([])
        years = pd.DatetimeIndex([f"{y}-01-01" for y in (2000, *range(2018, end.year + 1))])
        ax.set_yticks([])
        axis = 0.11 if narrow else 0.0
        kit.rule(ax, x=axis, lw=1.5, color=FAINT)
        for year, y in zip(years, place(years), strict=True):
            kit.note(ax, str(year.year), (0.045 if narrow else 0.0, y), fontsize=6.5, color=SOFT,
                     bbox={"fc": "white", "ec": "none", "pad": 0.6})  # fmt: skip
        for side in (False, True):
            rows = frame if narrow and not side else frame[sides == side]
            if narrow and side or not len(rows):
                continue
            y = place(pd.DatetimeIndex(rows["date"]))
            gap = 1.0 / (max(len(frame) if narrow else most, 1) + 0.5)
            sign = -1 if side else 1
            for at, spot, row in zip(y, kit.dodge(y, gap, 0.0, 1.0), rows.itertuples(), strict=True):
                color, x = _KINDS[row.kind], axis + sign * (0.02 if narrow else 0.05)
                far = axis + sign * (0.07 if narrow else 0.13)
                ax.plot([x, far], [at, spot], color=color, lw=0.6)
                kit.dot(ax, x, at, color, True, 3)
                kit.note(ax, f"{day(row.date)}  {row.short}", (far, spot), 3 * sign,
                         ha="right" if side and not narrow else "left", fontsize=7.5)  # fmt: skip

    first, last = frame.iloc[0], frame.iloc[-1]
    return Chart(
        draw,
        f"{len(frame)} dated steps were public by {a.as_of}: the last is “{last['short']}”",
        f"Timeline of {len(frame)} events, {day(first['date'])} ({first['short']}) to "
        f"{day(last['date'])} ({last['short']}).",
        "documents as listed under Sources; a step is shown from the day on which it was public",
        heights,
    )


@chart("Renault part by part")
def parts_of_renault(a: Answers) -> Chart:
    """Renault's value a share by part, stacked, before and after a block of the planned shares."""
    frame = need(a.frame("nav"), a.result("briefing.nav_per_share_eur").note).set_index("part")
    price, known = frame["now"].sum(), a["briefing.nav_per_share_eur"]
    bars = {"now": "today", "after": "after a\nblock"}

    def draw(fig, narrow):
        ax = kit.axes(
            fig, "EUR a share of Renault (stroke: the sum)", grid="x", wrap=40 if narrow else 0
        )
        for y, column in ((1, "now"), (0, "after")):
            right, left = 0.0, 0.0
            for part, shade in _PARTS.items():
                value = frame[column].get(part, np.nan)
                if missing(value):
                    continue
                at = right if value > 0 else left + value
                ax.barh(y, abs(value), left=at, color=shade, height=0.52, alpha=0.85,
                        label=part if y else None)  # fmt: skip
                wide = abs(value) > (8 if narrow else 4)
                if wide:
                    light = "white" if shade in (RED, BLUE, GREEN) else INK
                    kit.note(ax, number(value, 1), (at + abs(value) / 2, y), color=light)
                right, left = right + max(value, 0.0), left + min(value, 0.0)
            total = frame[column].sum()
            ax.plot([total, total], [y - 0.34, y + 0.34], color=INK, lw=2)
            kit.note(ax, number(total, 1), (total, y + 0.43), fontweight="bold")
        kit.rule(ax, x=0)
        kit.key_above(ax, 2 if narrow else 5)
        kit.rows(ax, [bars["after"], bars["now"]])

    found = ", ".join(
        f"{part} {number(value, 2)}" for part, value in frame["now"].dropna().items()
    )
    return Chart(
        draw,
        f"Renault's parts that have a value come to EUR {number(known)} a share; the market pays "
        f"EUR {number(price)}",
        f"Stacked bars in EUR a share as of {a.as_of}: {found}; after a block of the planned shares "
        f"the sum is {number(frame['after'].sum())}.",
        "exchange closes, results and values named as listed under Sources; the rest by difference",
        (2.9, 3.4),
    )
