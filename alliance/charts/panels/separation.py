"""The separation's panel: value a share, cash and what it pays for."""

import numpy as np

from alliance.answers import Answers
from alliance.charts import kit
from alliance.charts.looks import BLUE
from alliance.charts.panels.svg import SMALL, Caption, Nothing, ghost_dots, name_ticks, place
from alliance.charts.separation import MODEL
from alliance.format import missing, money, number, percent, shown

_OTHER = "#9db7cf"
_ROW = {"fontsize": SMALL, "va": "bottom"}


def _rows(ax, a: Answers, pinned: Answers | None, column: str):
    """Structures that can be tried, bottom to top, with their colours and the pinned values."""
    tried = a.frame("grid")
    frame = tried[tried["why"] == ""].iloc[::-1].set_index("structure")
    if frame.empty:
        title, why = f"{a.context['maker'].name} could not be tried", tried["why"].iloc[0]
        raise Nothing(title, why, MODEL, "No structure could be tried: {}.")
    shades = [BLUE if name == a.context["group"].structure else _OTHER for name in frame.index]
    then = np.full(len(frame), np.nan)
    if pinned is not None:
        then = pinned.frame("grid").set_index("structure")[column].reindex(frame.index)
    frame.attrs["who"] = a.context["maker"].name
    if out := list(tried.loc[tried["why"] != "", "structure_name"]):
        frame.attrs["who"] += f" ({', '.join(out)}: not possible)"
    place(ax, left=90, right=20)
    names = [kit.wrapped(n, 17) for n in frame["structure_name"]]
    name_ticks(ax.yaxis, range(len(names)), names)
    return frame, shades, np.asarray(then, float)


def value(ax, a: Answers, pinned: Answers | None) -> Caption:
    """Value a share by structure: low, base and high against the price."""
    frame, shades, then = _rows(ax, a, pinned, "base_change")
    ends, y = frame[["low_change", "base_change", "high_change"]], np.arange(len(frame))
    low, base = ends["low_change"], ends["base_change"]
    everything = [*ends.to_numpy().ravel(), *then, 0.0]
    least, most = np.nanmin(everything), np.nanmax(everything)
    left, right = (kit.nice_ceiling(max(end, 0.005) * 1.1) for end in (-least, most))
    limits = {"xlim": (-left, right), "ylim": (-0.6, len(frame) - 0.4)}
    label = "share against price (bar: low to high case, dot: base)"
    kit.axes(ax, label, percent="x", sign=True, **limits)
    ax.hlines(y, ends.min(axis=1), ends.max(axis=1), colors=shades, lw=5)
    for at in np.flatnonzero(low.isna()):
        text = "no low case: the terms rule it out"
        ax.text(0.01, at + 0.15, text, transform=ax.get_yaxis_transform(), **_ROW)
    kit.dot(ax, base, y, size=6)
    if pinned is not None:
        ghost_dots(ax, then, y - 0.28)
    kit.rule(ax, x=0)
    names, who = frame["structure_name"], frame.attrs["who"]
    found = "; ".join(
        f"{names[n]} {', '.join(shown(end, '+.1%', 'no low case') for end in ends.loc[n])}"
        for n in frame.index[::-1]
    )
    best = f"“{names[base.idxmax()]}” does most for a share, {percent(base.max(), 1, True)}"
    best = best if base.max() > 0.0005 else "none does anything for a share"
    alt = f"Bars of value a share against the price (low, base, high) as of {a.as_of}: {found}."
    return Caption(f"{who}: {best} in the base case", alt, MODEL)


def cash(ax, a: Answers, pinned: Answers | None) -> Caption:
    """Cash raised by structure, with what of the EV plan it pays and the votes kept."""
    frame, shades, then = _rows(ax, a, pinned, "gross")
    gross, then, y = frame["gross"] / 1e9, then / 1e9, np.arange(len(frame))
    top = kit.nice_ceiling(np.nanmax([*gross, *then, 0.1]) * 1.05)
    kit.axes(ax, "cash raised, EUR bn", xlim=(0, top), ylim=(-0.5, len(frame) - 0.1))
    ax.barh(y, gross, height=0.5, color=shades)
    if pinned is not None:
        ghost_dots(ax, then, y, clip_on=False)
    rows = list(frame[["structure_name", "gross", "coverage", "votes"]].itertuples())
    for at, row in enumerate(rows):
        paid = "no EV plan public"
        if not missing(row.coverage):
            paid = f"{percent(row.coverage)} of EV plan"
        text = f"{number(row.gross / 1e9, 1)}; {paid}; votes {percent(row.votes)}"
        ax.text(0.01, at + 0.3, text, transform=ax.get_yaxis_transform(), **_ROW)
    found = "; ".join(
        f"{r.structure_name} {number(r.gross / 1e9)} EUR bn, {percent(r.votes, 1)} of votes kept"
        for r in rows[::-1]
    )
    most = frame.loc[gross.idxmax()]
    title = "none of these structures raises cash"
    if most["gross"] > 5e7:
        raises = "would have raised" if most["ended"] else "raises"
        title = f"“{most['structure_name']}” {raises} most, {money(most['gross'])}"
    alt = f"Bars of cash raised as of {a.as_of}: {found}."
    return Caption(f"{frame.attrs['who']}: {title}", alt, MODEL)


CHARTS = (value, cash)
