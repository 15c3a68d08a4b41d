"""Chapter 2, who owns and controls what: routes, owners, stake paths, votes."""

from __future__ import annotations

from alliance.answers import Answers
from alliance.charts.base import (
    INK,
    SOFT,
    Chart,
    colour,
    day,
    empty,
    end_labels,
    number,
    percent,
    percent_axis,
)

#: A colour and a line style for each programme, everywhere.
PROGRAMMES = {
    "hold": ("hold", "#6f6f6f", (0, (1, 1))),
    "block": ("block today", "#1a1a1a", "-"),
    "dribble": ("dribble", "#0b5fa5", "--"),
    "price_points": ("price points", "#c3002f", "-"),
    "buyback": ("buy-back", "#00876c", "-."),
    "windows": ("windows", "#d99400", (0, (6, 1.5))),
    "exchangeable": ("exchangeable", "#a65a94", ":"),
}
SIMULATED = "our simulation; inputs as listed under Evidence and dates"
FILINGS = "holdings, share counts and releases as listed under Sources"


def routes(a: Answers) -> Chart:
    """The stake by number of shares given up, sold to others or bought back and cancelled."""
    frame, t, c = a.frame("routes"), a.context["terms"], a.context
    if t.planned <= 0:
        return empty("The stake by route", f"the stake is at or below {percent(t.target)} already")
    ended = a["selldown.stake_if_trust_bought_back"]
    shares = frame["shares"] / 1e6

    def draw(fig, narrow):
        ax = fig.add_subplot()
        lines = {
            "sale": ("sold to others", "#0b5fa5", "-"),
            "half": ("half and half", SOFT, "--"),
            "buyback": ("bought back\nand cancelled", "#c3002f", "-"),
        }
        for name, (_, hue, style) in lines.items():
            ax.plot(shares, frame[name], color=hue, ls=style)
        ax.axhline(t.target, color=INK, lw=0.9, ls=":")
        ax.set_ylim(0, frame["sale"].max() * 1.08)
        ax.margins(x=0.01)
        items = [
            (frame[n].iloc[-1], f"{text} {percent(frame[n].iloc[-1], 2)}", hue)
            for n, (text, hue, _) in lines.items()
        ]
        end_labels(ax, shares.iloc[-1], items)
        percent_axis(ax.yaxis)
        ax.set_ylabel("stake in issued shares")
        ax.set_xlabel("million shares given up")

    return Chart(
        draw,
        f"Bought back alone, the same {number(t.planned / 1e6, 0)}m shares end at "
        f"{percent(ended, 2)}, not {percent(t.target)}",
        f"Lines of Renault's stake in Nissan by shares given up, as of {day(c['day'])}: from "
        f"{percent(a['selldown.stake_before'], 2)} to {percent(t.target)} if sold to others, to "
        f"{percent(ended, 2)} if all are bought back and cancelled.",
        FILINGS,
        (3.9, 4.2),
    )


def owners(a: Answers) -> Chart:
    """Capital and votes side by side: before, with shares in trust, at the target."""
    frame, c = a.frame("owners"), a.context
    hues = {"renault": colour("renault"), "trust": "#8d8d8d", "others": "#e4e4e4"}
    names = {"renault": "Renault", "trust": "trust", "others": "others"}

    def draw(fig, narrow):
        ax = fig.add_subplot()
        places = [5.4, 4.7, 3.2, 2.5, 1.0, 0.3]
        for y, row in zip(places, frame.itertuples(), strict=True):
            left = 0.0
            for part in ("renault", "trust", "others"):
                value = getattr(row, part)
                ax.barh(y, value, left=left, color=hues[part], height=0.56)
                if value > 0.08:
                    text, at = percent(value, 1), left + value / 2
                    ax.text(at, y, text, ha="center", va="center", fontsize=7.5, color=INK)
                left += value
        for part in names:
            ax.bar(0, 0, color=hues[part], label=names[part])
        ax.legend(loc="lower left", bbox_to_anchor=(-0.02, 1), ncols=3, frameon=False, fontsize=8.5)
        gap = ":\n" if narrow else ": "
        labels = [f"{r.when}{gap}{r.what}" for r in frame.itertuples()]
        ax.set_yticks(places, labels, fontsize=7.5 if narrow else 9)
        ax.axvline(0.5, color=INK, lw=0.8, ls="--")
        percent_axis(ax.xaxis)
        ax.set_xlim(0, 1)
        ax.set_xlabel(
            f"share of Nissan (dashed: half);{chr(10) if narrow else ' '}trust voted as the others"
        )
        ax.grid(axis="y", visible=False)

    votes = frame.iloc[3]["renault"]
    return Chart(
        draw,
        f"With shares in trust, {percent(frame.iloc[0]['renault'], 1)} of the capital casts "
        f"{percent(votes, 1)} of the votes",
        f"Bars of capital and votes in Nissan as of {day(c['day'])}: Renault's votes go from "
        f"{percent(frame.iloc[0]['renault'], 1)} to {percent(votes, 1)} while shares are in trust.",
        FILINGS + "; reading of the trust, not advice",
        (3.6, 5.0),
    )


def stake_paths(a: Answers) -> Chart:
    """Mean stake through time under each programme, with a band for the headlined one."""
    frame, g, c = a.frame("stake_path"), a.context["group"], a.context
    ends = frame.groupby("programme").last()["mean"]
    chosen = frame[frame["programme"] == g.programme]

    def draw(fig, narrow):
        ax = fig.add_subplot()
        hue = PROGRAMMES[g.programme][1]
        ax.fill_between(chosen["years"], chosen["low"], chosen["high"], color=hue, alpha=0.12, lw=0)
        items = []
        for name in frame["programme"].unique():
            rows, (label, hue, style) = frame[frame["programme"] == name], PROGRAMMES[name]
            wide = 2.2 if name == g.programme else 1.3
            ax.plot(rows["years"], rows["mean"], color=hue, ls=style, lw=wide)
            items.append((ends[name], f"{label} {percent(ends[name], 1)}", hue))
        ax.axhline(g.target_stake, color=INK, lw=0.8, ls=":")
        ax.set_ylim(0, frame["high"].max() * 1.08)
        ax.margins(x=0.01)
        end_labels(ax, frame["years"].max(), items)
        percent_axis(ax.yaxis)
        ax.set_ylabel("Renault's stake, mean")
        ax.set_xlabel(f"years (band: nine tenths of {PROGRAMMES[g.programme][0]})")

    least = PROGRAMMES[ends.idxmax()][0]
    return Chart(
        draw,
        f"After {g.horizon_years:g} years the mean stake lies between "
        f"{percent(ends.min(), 1)} and {percent(ends.max(), 1)} ({least})",
        f"Lines of Renault's mean stake over {number(g.horizon_years, 1)} years from "
        f"{day(c['day'])}, by programme: "
        + ", ".join(f"{PROGRAMMES[n][0]} {percent(v, 1)}" for n, v in ends.items())
        + f". The band holds nine tenths of {PROGRAMMES[g.programme][0]}.",
        SIMULATED,
        (4.2, 4.4),
    )
