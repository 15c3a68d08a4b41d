"""Chapter 0: Renault against its Nissan shares, who owns whom, Renault's parts."""

from dataclasses import replace

import numpy as np

from alliance.answers import Answers
from alliance.charts import kit
from alliance.charts.base import Chart, chart
from alliance.charts.business import stub
from alliance.charts.looks import AMBER, BLUE, GREEN, INK, RED, SOFT
from alliance.errors import need
from alliance.format import day, missing, number, percent

#: Centres of the companies, in parts of a panel.
_PLACES = {
    "French State": (0.12, 0.97), "Renault": (0.12, 0.52), "Nissan": (0.88, 0.52),
    "Mitsubishi Motors": (0.9, 0.04), "Ampere": (0.04, 0.04), "Horse": (0.4, 0.04),
    "Geely": (0.68, 0.17), "Aramco": (0.68, -0.09),
}  # fmt: skip
_PARTS = {
    "Nissan shares": (RED, "white"),
    "Net cash": (GREEN, "white"),
    "Ampere": (BLUE, "white"),
    "Horse (debt not taken off)": (AMBER, INK),
    "the rest": ("#b9b9b9", INK),
}
_KINDS = {"alliance": (BLUE, "o"), "EV unit": (GREEN, "s"), "other": (AMBER, "D")}  # of events


def value_against_stake(a: Answers) -> Chart:
    """Renault's market value and its Nissan shares, as chapter 1 draws them, in a flat shape."""
    made = stub(replace(a.context["fall"], frames={"stub": a.frame("stub")}))
    return made if made.nothing else replace(made, height=(3.4, 3.7))


@chart("Who owns whom")
def who_owns_whom(a: Answers) -> Chart:
    """Companies as boxes, arrows with capital and votes: then and now."""
    frame = need(a.frame("owners"), f"no holding was public on {a.as_of}")
    frame = frame[frame["holder"].isin(_PLACES) & frame["company"].isin(_PLACES)]
    panels = {"then": day(a.context["then"]), "now": a.as_of}
    main = frame.set_index(["holder", "company"]).loc[("Renault", "Nissan")]
    was, now, votes = (main[key] for key in ("capital_then", "capital_now", "votes_now"))
    verb, cap = "agreed to take" if a.context["entered"] else "held", "at most " * bool(votes < now)
    the_votes = "all votes that may be cast" if cap else "the votes"

    def draw(fig, narrow):
        axes = fig.subplots(*((2, 1) if narrow else (1, 2)))
        for ax, (when, on) in zip(axes, panels.items(), strict=True):
            ax.set(xlim=(-0.06, 1.04), ylim=(-0.14, 1.06))
            ax.set_axis_off()
            ax.set_title(on, fontsize=9.5, loc="left", color=SOFT)
            shown = frame[frame[f"capital_{when}"].notna()]
            for row in shown.itertuples():
                _arrow(ax, row, getattr(row, f"capital_{when}"), getattr(row, f"votes_{when}"))
            for name in {*shown["holder"], *shown["company"]}:
                box = {"boxstyle": "round,pad=0.45", "fc": "white", "ec": INK}
                kit.note(ax, name.replace(" ", "\n"), _PLACES[name], fontsize=8, bbox=box)

    found = "; ".join(
        f"{r.holder} {percent(r.capital_now, 1)} of {r.company}"
        for r in frame.dropna(subset="capital_now").itertuples()
    )
    return Chart(
        draw,
        f"Renault {verb} {percent(was, 1)} of Nissan on {panels['then']} and holds "
        f"{percent(now, 1)} on {a.as_of}, with {cap}{percent(votes, 1)} of {the_votes}",
        f"Boxes and arrows of who owns whom on two days. On {a.as_of}: {found}.",
        "holdings, share counts and filings, the last public; our reading of the votes",
        (4.2, 7.4),
    )


def _arrow(ax, row, capital: float, votes: float) -> None:
    """An arrow from a holder to a company, beside it capital and votes."""
    start, end = (np.array(_PLACES[name]) for name in (row.holder, row.company))
    pair, below = {row.holder, row.company} == {"Nissan", "Renault"}, row.holder in _BELOW
    level = pair or row.holder in ("Geely", "Aramco")
    shift = np.array([0.0, (-0.06 if below else 0.06) * pair])
    shrink = 24 if level else 17
    style = {"arrowstyle": "-|>", "color": SOFT, "shrinkA": shrink, "shrinkB": shrink, "lw": 1.2}
    ax.annotate("", end + shift, start + shift, arrowprops=style)
    text = percent(capital, 1)
    text += "" if missing(votes) else f" of capital\n{percent(votes, 1)} of votes"
    move = (0, -15 if below else 15) if level else (4, 0)
    side = "center" if level else "left"
    at = 0.5 if level or end[1] < 0.3 else 0.35  # above what stands beside the row of the two
    kit.note(ax, text, start + at * (end - start) + shift, *move, ha=side, fontsize=7.5)


_BELOW = ("Nissan", "Aramco")  # holders whose arrow is labelled below it


@chart("What had happened")
def timeline(a: Answers) -> Chart:
    """Dated events in the order of their days, each a row with a dot on the axis of time."""
    frame = need(a.frame("timeline"), f"no event was public on {a.as_of}")
    first, last = np.datetime64(f"{frame['date'].min():%Y}-01-01"), np.datetime64(a.as_of)
    said = [f"{day(r.date)}: {r.title}" for r in frame.itertuples()]
    part = (frame["date"] - first) / (last - first)  # of the axis, left of each dot
    room = [np.maximum(part, 1 - part) * whole for whole in (116, 60)]  # letters beside each
    shapes = [list(map(kit.wrapped, said, letters.astype(int))) for letters in room]
    sizes = [np.array([1 + 0.8 * text.count("\n") for text in shape]) for shape in shapes]
    counted = frame["date"].dt.year.value_counts().sort_index()
    most = counted[counted == counted.max()]

    def draw(fig, narrow):
        ax = kit.axes(fig, "day of the event", dates=narrow, grid="x", xlim=(first, last))
        places = sizes[narrow] / 2 - sizes[narrow].cumsum()
        ax.spines["left"].set_visible(False)
        for kind in sorted(set(frame["kind"]), key=list(_KINDS).index):
            of, (color, marker) = (frame["kind"] == kind).to_numpy(), _KINDS[kind]
            style = {"marker": marker, "label": kind, "clip_on": False, "zorder": 3}
            kit.dot(ax, frame["date"][of], places[of], color, full=True, size=4.5, **style)
        marks = shapes[narrow], frame["date"], places, part > 0.5
        for text, on, y, late in zip(*marks, strict=True):
            side, dx = ("right", -6) if late else ("left", 6)
            kit.note(ax, text, (on, y), dx, -0.5, ha=side, fontsize=7.5)
        ax.set(ylim=(places[-1] - 1.2, 0.3), yticks=())
        kit.key_above(ax, 3)

    return Chart(
        draw,
        f"Of the dated events that were public by {a.as_of}, {most.sum()} of "
        f"{len(frame)} fell in {' and '.join(map(str, most.index))}",
        f"Dots on an axis of time from {first} to {a.as_of}, a row for each of {len(said)} events; "
        f"the first: {said[0]}; the last: {said[-1]}.",
        "press, releases and filings, as listed under Sources",
        (float(1.5 + 0.155 * sizes[0].sum()), float(1.75 + 0.155 * sizes[1].sum())),
    )


@chart("Renault part by part")
def parts_of_renault(a: Answers) -> Chart:
    """Renault's value a share by part, stacked, before and after a block of the planned shares."""
    frame = need(a.frame("nav"), a.result("briefing.nav_per_share_eur").note).set_index("part")
    frame = frame[["now", "after"]].dropna()
    price, known = frame["now"].sum(), a["briefing.nav_per_share_eur"]
    on = day(a.context["fall"].frame("stub").index[-1])

    def draw(fig, narrow):
        label = "EUR a share of Renault (stroke: the sum)"
        ax = kit.axes(fig, label, grid="x", wrap=40 if narrow else 0)
        for y, column in ((1, "now"), (0, "after")):
            ends = {True: 0.0, False: 0.0}  # of what lies above zero, and below
            for part, value in frame[column].items():
                (shade, ink), above = _PARTS[part], bool(value > 0)
                name = part if y else None
                ax.barh(y, value, left=ends[above], color=shade, height=0.52, label=name)
                if abs(value) > (8 if narrow else 4):
                    kit.note(ax, number(value, 1), (ends[above] + value / 2, y), color=ink)
                ends[above] += value
            total = frame[column].sum()
            ax.plot([total, total], [y - 0.34, y + 0.34], color=INK, lw=2)
            kit.note(ax, number(total, 1), (total, y + 0.43), fontweight="bold")
        kit.rule(ax, x=0)
        kit.key_above(ax, 2 if narrow else 5)
        kit.rows(ax, ["after a\nblock", "today"])

    found = ", ".join(f"{part} {number(value)}" for part, value in frame["now"].items())
    return Chart(
        draw,
        f"Renault's parts that have a value come to EUR {number(known)} a share; the market pays "
        f"EUR {number(price)}",
        f"Stacked bars in EUR a share as of {on}: {found}; the sum after a block of the "
        f"planned shares is {number(frame['after'].sum())}.",
        "exchange closes, results and values named as listed under Sources; the rest by difference",
        (2.9, 3.4),
    )
