"""The bargain's panel: who gains where, and how much at each point."""

import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle

from alliance.answers import Answers
from alliance.charts import kit
from alliance.charts.bargain import MODEL, SIDES, gain_bars, who_gains
from alliance.charts.looks import INK
from alliance.charts.panels.svg import Caption, Nothing, ghost_dots, name_ticks
from alliance.format import number, percent

RENAULT_ONLY, NISSAN_ONLY, BOTH = "#f3d9a0", "#e8b9c3", "#9ccdb8"


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
    x, y, renault, nissan = (
        cells[c].to_numpy(float).reshape(shape) for c in ("agreed", "discount", "renault", "nissan")
    )
    x, most, both = x / 1e9, x.max() / 1e9, np.minimum(renault, nissan)
    agreed, discount = point["agreed"] / 1e9, point["discount"]
    labels = ("value of Ampere agreed, EUR bn", "sale discount")
    place = {"position": (0.17, 0.19, 0.79, 0.72), "xlim": (0, most), "ylim": (0, 0.3)}
    kit.axes(ax, *labels, percent="y", **place)
    regions = (
        (np.minimum(renault, -nissan), RENAULT_ONLY, "//", "only Renault"),
        (np.minimum(nissan, -renault), NISSAN_ONLY, "\\\\", "only Nissan"),
        (both, BOTH, "", "both gain"),
    )
    above = {"transform": ax.transAxes}
    for n, (gain, shade, hatch, text) in enumerate(regions):
        if (gain >= 0).any():
            ax.contourf(x, y, gain, levels=[0, np.inf], colors=[shade], hatches=[hatch])
        left, style = 0.01 + 0.34 * n, {"facecolor": shade, "edgecolor": INK, "hatch": hatch}
        key = Rectangle((left, 1.035), 0.03, 0.05, clip_on=False, linewidth=0.4, **above, **style)
        ax.add_patch(key)
        ax.text(left + 0.045, 1.03, text, fontsize=8, color=INK, va="bottom", **above)
    if pinned is not None and len(then := pinned.frame("bargain_points")):
        ghost_dots(ax, then["agreed"][:1] / 1e9, then["discount"][:1], size=6, clip_on=False)
    kit.dot(ax, min(agreed, most), min(discount, 0.3), size=7, clip_on=False)
    return Caption(
        f"At EUR {number(agreed, 1)}bn and a discount of {percent(discount)} {who_gains(point)}",
        f"Map of who gains, if Ampere is worth EUR {number(a.context['belief'] / 1e9, 1)}bn, as of "
        f"{a.as_of}: both in {percent(float((both >= 0).mean()))} of it; the dot is this case.",
        MODEL,
    )


def gains(ax, a: Answers, pinned: Answers | None) -> Caption:
    """Gains of the outside holders at each point on the scenario's own terms."""
    frame = _points(a)
    frame = frame[frame["terms_of"] == frame["terms_of"].iloc[0]]
    gains = frame[list(SIDES)] / 1e6
    then = gains.head(0)
    if pinned is not None:
        then = pinned.frame("bargain_points")[list(SIDES)].head(1) / 1e6
    least, most = gains.min().min(), max(gains.max().max(), 50, *then.to_numpy().flat)
    low = -kit.nice_ceiling(-least * 1.3) if least < 0 else 0.0
    place = {
        "position": (0.3, 0.19, 0.66, 0.74),
        "xlim": (low, max(kit.nice_ceiling(most * 1.5), -0.6 * low)),
        "ylim": (-0.6, len(frame) - 0.4),
    }
    kit.axes(ax, "gain of outside holders, EUR m", **place)
    right = {"transform": ax.get_yaxis_transform(), "ha": "right", "va": "center", "fontsize": 7}

    def name(who, value, y):
        ax.text(0.99, y, f"{who} {number(value, 0, True)}", **right)

    y = gain_bars(ax, gains, name)
    for who, (shift, _) in SIDES.items():
        if len(then):
            kit.dot(ax, then[who].iloc[0], y[0] + shift, size=4, marker="D")
    kit.rule(ax, x=0)
    name_ticks(ax.yaxis, y, [kit.wrapped(p, 17) for p in frame["point"]], 7.5)
    found = "; ".join(
        f"{point}: Renault {number(r.renault, 0, True)}, Nissan {number(r.nissan, 0, True)}"
        for point, r in zip(frame["point"], gains.itertuples(), strict=True)
    )
    ours, theirs = (number(gains[who].iloc[0], 0) for who in SIDES)
    return Caption(
        f"Renault's holders gain EUR {ours}m, Nissan's EUR {theirs}m",
        f"Bars of gains, EUR m, as of {a.as_of}: {found}.",
        MODEL,
    )
