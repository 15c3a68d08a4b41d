"""The bargain's panel: who gains where, and how much at each point."""

import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle

from alliance.answers import Answers
from alliance.charts import kit
from alliance.charts.bargain import MODEL, SIDES, gain_bars, who_gains
from alliance.charts.looks import INK
from alliance.charts.panels.svg import SMALL, Caption, Nothing, ghost_dots, name_ticks, place
from alliance.format import number, percent

REGIONS = (
    ("#f3d9a0", "//", "only Renault"),
    ("#e8b9c3", "\\\\", "only Nissan"),
    ("#9ccdb8", "", "both gain"),
)


def _points(a: Answers) -> pd.DataFrame:
    frame = a.frame("bargain_points")
    if frame.empty:
        why = a.result("bargain.renault_gain_eur").note
        raise Nothing("The bargain", why, MODEL, "No bargain can be drawn: {}.")
    return frame


def zone(ax, a: Answers, pinned: Answers | None) -> Caption:
    """Who gains over the value agreed and the sale discount, for the base belief."""
    point, cells = _points(a).iloc[0], a.frame("bargain_zone")
    shape = cells["discount"].nunique(), cells["agreed"].nunique()
    columns = cells[["agreed", "discount", "renault", "nissan"]].to_numpy(float).T
    x, y, renault, nissan = columns.reshape(4, *shape)
    x, most, both = x / 1e9, x.max() / 1e9, np.minimum(renault, nissan)
    agreed, discount, belief = point["agreed"] / 1e9, point["discount"], a.context["belief"] / 1e9
    point_high = place(ax, top=1.9 * SMALL)
    limits = {"xlim": (0, most), "ylim": (0, 0.3)}
    kit.axes(ax, "value of Ampere agreed, EUR bn", "sale discount", percent="y", **limits)
    gains, above = (np.minimum(renault, -nissan), np.minimum(nissan, -renault), both), ax.transAxes
    for n, (gain, (shade, hatch, text)) in enumerate(zip(gains, REGIONS, strict=True)):
        if (gain >= 0).any():
            ax.contourf(x, y, gain, levels=[0, np.inf], colors=[shade], hatches=[hatch])
        left, style = 0.01 + 0.34 * n, {"facecolor": shade, "edgecolor": INK, "hatch": hatch}
        style |= {"clip_on": False, "linewidth": 0.4, "transform": above}
        ax.add_patch(Rectangle((left, 1 + 4 * point_high), 0.03, SMALL * point_high, **style))
        at = left + 0.045, 1 + 3 * point_high
        ax.text(*at, text, fontsize=SMALL, color=INK, va="bottom", transform=above)
    if pinned is not None and len(then := pinned.frame("bargain_points")):
        ghost_dots(ax, then["agreed"][:1] / 1e9, then["discount"][:1], size=6, clip_on=False)
    kit.dot(ax, min(agreed, most), min(discount, 0.3), size=7, clip_on=False)
    sold = f"a discount of {percent(discount)}" if point["block"] else "no share to sell"
    beyond = ", which lies beyond it" if agreed > most or discount > 0.3 else ""
    return Caption(
        f"At EUR {number(agreed, 1)}bn and {sold} {who_gains(point)}",
        f"Map of who gains, if Ampere is worth EUR {number(belief, 1)}bn, as of {a.as_of}: both in "
        f"{percent((both >= 0).mean())} of it; the dot is this case{beyond}.",
        MODEL,
    )


def gains(ax, a: Answers, pinned: Answers | None) -> Caption:
    """Gains of the outside holders at each point on the scenario's own terms."""
    frame = _points(a)
    frame = frame[frame["terms_of"] == frame["terms_of"].iloc[0]]
    then = (pinned or a).frame("bargain_points").reindex(columns=list(SIDES))
    then = then.head(1 if pinned else 0) / 1e6
    gains = frame[list(SIDES)] / 1e6
    least, most = gains.min().min(), max(gains.max().max(), 50, *then.to_numpy().flat)
    low = -kit.nice_ceiling(-least * 1.3) if least < 0 else 0.0
    limits = {"xlim": (low, kit.nice_ceiling(low + (most - low) / 0.66))}  # names stand right
    limits["ylim"] = (-0.6, len(frame) - 0.4)
    place(ax, left=90)
    kit.axes(ax, "gain of outside holders, EUR m", **limits)
    right = {"transform": ax.get_yaxis_transform(), "ha": "right", "va": "center"}
    right["fontsize"] = SMALL

    def name(who, value, y):
        ax.text(0.99, y, f"{who} {number(value, 0, True)}", **right)

    y = gain_bars(ax, gains, name)
    for who in then if len(then) else ():
        kit.dot(ax, then[who].iloc[0], y[0] + SIDES[who][0], size=4, marker="D")
    kit.rule(ax, x=0)
    name_ticks(ax.yaxis, y, [kit.wrapped(p, 17) for p in frame["point"]])
    found = "; ".join(
        f"{point}: Renault {number(r.renault, 0, True)}, Nissan {number(r.nissan, 0, True)}"
        for point, r in zip(frame["point"], gains.itertuples(), strict=True)
    )
    ours, theirs = (number(gains[who].iloc[0], 0, True) for who in SIDES)
    title = f"Outside holders, EUR m: Renault's {ours}, Nissan's {theirs}"
    return Caption(title, f"Bars of gains, EUR m, as of {a.as_of}: {found}.", MODEL)


CHARTS = (zone, gains)
