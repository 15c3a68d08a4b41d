"""The bargain's panel: who gains where, and how much at each point."""

from __future__ import annotations

import numpy as np
from matplotlib.patches import Rectangle

from alliance.answers import Answers
from alliance.charts.bargain import MODEL, who_gains
from alliance.charts.base import colour, folded, number, percent, percent_axis
from alliance.charts.panels.easel import GHOST, Told, blank, name_ticks, roof
from alliance.charts.style import INK

RENAULT_ONLY, NISSAN_ONLY, BOTH = "#f3d9a0", "#e8b9c3", "#9ccdb8"


def _none(ax, a: Answers) -> Told:
    why = a.result("bargain.renault_gain_eur").note
    blank(ax, f"No bargain can be drawn: {why}.")
    return Told("The bargain", why, MODEL)


def zone(ax, a: Answers, pinned: Answers | None) -> Told:
    """Who gains over the value agreed and the sale discount, for the base belief."""
    rows = a.frame("bargain_zone")
    if rows.empty:
        return _none(ax, a)
    shape = rows["discount"].nunique(), rows["agreed"].nunique()
    x, y, renault, nissan = (
        rows[c].to_numpy(float).reshape(shape) for c in ("agreed", "discount", "renault", "nissan")
    )
    x = x / 1e9
    point = a.frame("bargain_points").iloc[0]
    ax.set_position((0.17, 0.19, 0.79, 0.72))
    ax.set_xlim(0, x.max())
    ax.set_ylim(0, 0.3)
    both = np.minimum(renault, nissan)
    regions = (
        (np.minimum(renault, -nissan), RENAULT_ONLY, "//", "only Renault"),
        (np.minimum(nissan, -renault), NISSAN_ONLY, "\\\\", "only Nissan"),
        (both, BOTH, "", "both gain"),
    )
    for at, (gain, hue, hatch, text) in enumerate(regions):
        if (gain >= 0).any():
            ax.contourf(x, y, gain, levels=[0, np.inf], colors=[hue], hatches=[hatch])
        place = 0.01 + 0.34 * at
        key = Rectangle((place, 1.035), 0.03, 0.05, transform=ax.transAxes, clip_on=False)
        key.set(facecolor=hue, edgecolor=INK, linewidth=0.4, hatch=hatch)
        ax.add_patch(key)
        style = {"transform": ax.transAxes, "fontsize": 8, "color": INK, "va": "bottom"}
        ax.text(place + 0.045, 1.03, text, **style)
    if pinned is not None and len(then := pinned.frame("bargain_points")):
        place = then["agreed"].iloc[0] / 1e9, then["discount"].iloc[0]
        ax.plot(*place, "D", ms=6, mfc="none", mec=GHOST, clip_on=False)
    ax.plot(
        min(point["agreed"] / 1e9, x.max()),
        min(point["discount"], 0.3),
        "o",
        ms=7,
        mfc="white",
        mec=INK,
        clip_on=False,
    )
    percent_axis(ax.yaxis)
    ax.set_ylabel("sale discount")
    ax.set_xlabel("value of Ampere agreed, EUR bn")
    part = float((both >= 0).mean())
    belief = a.context["belief"] / 1e9
    return Told(
        f"At EUR {number(point['agreed'] / 1e9, 1)}bn and a discount of "
        f"{percent(point['discount'])} {who_gains(point)}",
        f"Map of who gains, if Ampere is worth EUR {number(belief, 1)}bn, as of {a.as_of}: both in "
        f"{percent(part)} of it; the dot is this case.",
        MODEL,
    )


def gains(ax, a: Answers, pinned: Answers | None) -> Told:
    """Gains of the outside holders at each point on the scenario's own terms."""
    frame = a.frame("bargain_points")
    frame = frame[frame["terms_of"] == frame["terms_of"].iloc[0]] if len(frame) else frame
    if frame.empty:
        return _none(ax, a)
    y = np.arange(len(frame))[::-1]
    both_sides = ("renault", "nissan")
    both = frame[list(both_sides)].to_numpy() / 1e6
    ax.set_position((0.3, 0.19, 0.66, 0.74))
    ax.set_ylim(-0.6, len(frame) - 0.4)
    then = pinned.frame("bargain_points") if pinned is not None else frame.iloc[:0]
    most = max(both.max(), 50, *(then[who].iloc[0] / 1e6 for who in both_sides if len(then)))
    low = -roof(-both.min() * 1.3) if both.min() < 0 else 0.0
    top = max(roof(most * 1.5), -0.6 * low)
    ax.set_xlim(low, top)
    for shift, who in zip((0.2, -0.2), both_sides, strict=True):
        ax.barh(y + shift, frame[who] / 1e6, height=0.36, color=colour(who))
        for at, amount in zip(y + shift, frame[who] / 1e6, strict=True):
            text = f"{who.capitalize()} {number(amount, 0, True)}"
            style = {"transform": ax.get_yaxis_transform(), "ha": "right", "va": "center"}
            ax.text(0.99, at, text, fontsize=7, **style)
        if len(then):
            ax.plot(then[who].iloc[0] / 1e6, y[0] + shift, "D", ms=4, mfc="white", mec=INK)
    ax.axvline(0, color=INK, lw=0.8)
    name_ticks(ax.yaxis, y, [folded(p, 17) for p in frame["point"]], 7.5)
    ax.set_xlabel("gain of outside holders, EUR m")
    first = frame.iloc[0]
    return Told(
        f"Renault's holders gain EUR {number(first['renault'] / 1e6, 0)}m, Nissan's EUR "
        f"{number(first['nissan'] / 1e6, 0)}m",
        f"Bars of gains, EUR m, as of {a.as_of}: "
        + "; ".join(
            f"{r.point}: Renault {number(r.renault / 1e6, 0, True)}, Nissan "
            f"{number(r.nissan / 1e6, 0, True)}"
            for r in frame.itertuples()
        )
        + ".",
        MODEL,
    )
