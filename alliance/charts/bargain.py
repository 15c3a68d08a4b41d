"""Chapter 3, the bargain: the zone where both gain, and the points in it."""

from __future__ import annotations

import numpy as np

from alliance.answers import Answers
from alliance.charts.base import INK, Chart, empty, note, number, percent, percent_axis, spread

MODEL = "exchange closes, holdings; the rest are assumptions of the scenario; our model"
RENAULT_ONLY, NISSAN_ONLY, BOTH = "#f3d9a0", "#e8b9c3", "#9ccdb8"
_ZONE = ("#f4f4f4", RENAULT_ONLY, NISSAN_ONLY, BOTH)  # the first: neither


def who_gains(point) -> str:
    """Who of the two gains at a point, in words."""
    renault, nissan = point["renault"] >= 0, point["nissan"] >= 0
    if renault and nissan:
        return "both sides gain"
    return "only Renault gains" if renault else "only Nissan gains" if nissan else "neither gains"


def zone(a: Answers) -> Chart:
    """Who gains over the value agreed and the sale discount, for three beliefs."""
    frame = a.frame("bargain_zone")
    if frame.empty:
        why = a.result("bargain.renault_gain_eur").note
        return empty("The bargain", why)
    points = a.frame("bargain_points")
    both = ((frame["renault"] >= 0) & (frame["nissan"] >= 0)).groupby(frame["belief"]).mean()
    line = frame[(frame["belief"] == "base") & (frame["discount"] == 0)]
    gain = line[(line["renault"] >= 0) & (line["nissan"] >= 0)]["agreed"]
    start = (
        f"from EUR {number(gain.min() / 1e9, 1)}bn to {number(gain.max() / 1e9, 1)}bn"
        if len(gain)
        else "at no value agreed"
    )
    own = points.iloc[0]
    top = frame["agreed"].max() / 1e9

    def draw(fig, narrow):
        from matplotlib.colors import ListedColormap

        axes = fig.subplots(*((3, 1) if narrow else (1, 3)), sharex=True, sharey=True)
        for ax, belief in zip(axes, ("low", "base", "high"), strict=True):
            rows = frame[frame["belief"] == belief]
            gain = {
                who: rows.pivot(index="discount", columns="agreed", values=who).astype(float)
                for who in ("renault", "nissan")
            }
            x, y = gain["renault"].columns / 1e9, gain["renault"].index
            state = (gain["renault"].to_numpy() >= 0) + 2 * (gain["nissan"].to_numpy() >= 0)
            ax.pcolormesh(x, y, state, cmap=ListedColormap(_ZONE), vmin=0, vmax=3,
                          shading="nearest", rasterized=True)  # fmt: skip
            if belief == "base":
                _mark(ax, points, top)
            worth = rows["value"].iloc[0] / 1e9
            ax.set_title(f"if worth EUR {number(worth, 1)}bn", fontsize=9, loc="left", color=INK)
            ax.grid(visible=False)
            ax.set_xlim(0, top)
            ax.set_ylim(0, 0.3)
            percent_axis(ax.yaxis)
            ax.set_xlabel("value agreed, EUR bn" if not narrow or belief == "high" else "")
            ax.set_ylabel("sale discount" if narrow or belief == "low" else "")
        from matplotlib.patches import Patch

        words = ("neither gains", "only Renault", "only Nissan", "both gain")
        shown = [Patch(facecolor=c, label=w) for c, w in zip(_ZONE, words, strict=True)]
        axes[0].legend(handles=shown, fontsize=6.5, loc="upper right", frameon=True)

    return Chart(
        draw,
        f"At a sale discount of {percent(own['discount'])}, {who_gains(own)}; at the market's "
        f"price both gain {start}",
        f"Maps as of {a.as_of} of who gains over the value agreed (to EUR {number(top, 0)}bn) and "
        f"the sale discount: both gain in {percent(both['low'])}, {percent(both['base'])} and "
        f"{percent(both['high'])} of them for a low, base and high belief. The dots are the first "
        "of the table below and the equal split; other days' terms make another map.",
        MODEL,
        (3.7, 7.2),
    )


def _mark(ax, points, top: float) -> None:
    """Dots with numbers at the points that stand on this map's terms; numbers keep distance."""
    on_map = [
        (str(n), row.agreed / 1e9, row.discount)
        for n, row in enumerate(points.itertuples(), 1)
        if row.point in ("this scenario", "equal split") and row.agreed / 1e9 <= top
    ]
    places = spread([x for _, x, _ in on_map], 0.09 * top, 0.04 * top, 0.96 * top)
    for (text, x, y), place in zip(on_map, places, strict=True):
        ax.plot(x, y, "o", ms=5, color=INK, clip_on=False, zorder=5)
        ax.annotate(text, (x, y), (place, y + 0.022), fontsize=8, ha="center", va="center",
                    arrowprops={"arrowstyle": "-", "lw": 0.5, "shrinkA": 5})  # fmt: skip


def gains(a: Answers) -> Chart:
    """Gains of both sides' outside holders at each point."""
    frame = a.frame("bargain_points")
    if frame.empty:
        return empty("Who gains", a.result("bargain.renault_gain_eur").note)
    first = frame.iloc[0]

    def draw(fig, narrow):
        ax = fig.add_subplot()
        y = np.arange(len(frame))[::-1]
        for shift, who, shade in ((0.2, "renault", "#d99400"), (-0.2, "nissan", "#c3002f")):
            ax.barh(y + shift, frame[who] / 1e9, height=0.36, color=shade)
            for at, value in zip(y + shift, frame[who] / 1e9, strict=True):
                text = f"{who.capitalize()} {number(value, 2, True)}"
                note(ax, text, (max(value, 0), at), 4, 0, ha="left", fontsize=7.5)
        ax.axvline(0, color=INK, lw=0.8)
        ax.set_yticks(y, [f"{n}. {p}" for n, p in enumerate(frame["point"], 1)], fontsize=8)
        high = max(frame[["renault", "nissan"]].max().max() / 1e9, 0.1)
        low = min(frame[["renault", "nissan"]].min().min() / 1e9, 0)
        ax.set_xlim(low * 1.05, high + (high - low) * (0.55 if narrow else 0.25))
        ax.set_xlabel("gain of outside holders, EUR bn")
        ax.grid(axis="y", visible=False)
        ax.locator_params(axis="x", nbins=5)

    return Chart(
        draw,
        f"With the sale's cost and control counted on both sides, {who_gains(first)}: Renault's "
        f"holders EUR {number(first['renault'] / 1e9, 2, True)}bn, Nissan's "
        f"{number(first['nissan'] / 1e9, 2, True)}bn",
        f"Bars of gains as of {a.as_of}, EUR bn, Renault and Nissan: "
        + "; ".join(
            f"{r.point} {number(r.renault / 1e9, 2, True)} and {number(r.nissan / 1e9, 2, True)}"
            for r in frame.itertuples()
        )
        + ".",
        MODEL,
        (1.3 + 0.6 * len(frame), 1.5 + 0.65 * len(frame)),
    )
