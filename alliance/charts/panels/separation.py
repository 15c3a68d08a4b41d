"""The separation's panel: value a share, cash and what it pays for."""

from __future__ import annotations

import numpy as np

from alliance.answers import Answers
from alliance.charts.base import billions, folded, number, percent, percent_axis
from alliance.charts.panels.easel import GHOST, Told, blank, name_ticks, roof
from alliance.charts.separation import MODEL, low_end
from alliance.charts.style import INK

_OWN, _OTHER = "#0b5fa5", "#9db7cf"


def _rows(a: Answers):
    """Forms that can be tried, top to bottom; names broken over lines; the maker's name."""
    frame = a.frame("transplant")
    frame = frame[frame["why"] == ""].iloc[::-1].set_index("structure")
    names = [folded(n, 17) for n in frame["structure_name"]]
    return frame, names, a.context["maker"].name


def _none(ax, a: Answers) -> Told:
    why = a.frame("transplant")["why"].iloc[0]
    blank(ax, f"No structure could be tried: {why}.")
    return Told(f"{a.context['maker'].name} could not be tried", why, MODEL)


def _hue(a: Answers, name: str) -> str:
    return _OWN if name == a.context["group"].structure else _OTHER


def _names(ax, names: list[str]) -> None:
    ax.set_position((0.31, 0.19, 0.62, 0.74))
    ax.set_ylim(-0.6, len(names) - 0.4)
    name_ticks(ax.yaxis, range(len(names)), names, 7.5)


def _then(pinned: Answers | None, column: str, name: str) -> float:
    """The pinned value of a form, NaN where there is none."""
    if pinned is None:
        return np.nan
    frame = pinned.frame("transplant").set_index("structure")
    return float(frame.at[name, column]) if name in frame.index else np.nan


def value(ax, a: Answers, pinned: Answers | None) -> Told:
    """Value a share by structure: low, base and high against the price."""
    frame, names, who = _rows(a)
    if frame.empty:
        return _none(ax, a)
    _names(ax, names)
    ends = frame[["low_change", "base_change", "high_change"]]
    then = {name: _then(pinned, "base_change", name) for name in frame.index}
    everything = [*ends.to_numpy().ravel(), *then.values(), 0.0]
    low, high = np.nanmin(everything), np.nanmax(everything)
    ax.set_xlim(-roof(max(-low, 0.005) * 1.1), roof(max(high, 0.005) * 1.1))
    y, hues = np.arange(len(ends)), [_hue(a, name) for name in ends.index]
    least = ends["low_change"].fillna(ends["base_change"])
    ax.hlines(y, least, ends["high_change"], colors=hues, lw=5)
    for place in np.flatnonzero(ends["low_change"].isna()):
        style = {"transform": ax.get_yaxis_transform(), "fontsize": 7, "va": "bottom"}
        ax.text(0.01, place + 0.15, "no low case: the terms rule it out", **style)
    ax.plot(ends["base_change"], y, "o", ms=6, mfc="white", mec=INK)
    if pinned is not None:
        ax.plot(list(then.values()), y - 0.28, "D", ms=4, mfc="none", mec=GHOST)
    ax.axvline(0, color=INK, lw=0.8)
    percent_axis(ax.xaxis, sign=True)
    ax.set_xlabel("share against price (bar: low–high, dot: base)")
    best = ends["base_change"].idxmax()
    found = "; ".join(
        f"{frame.at[n, 'structure_name']} {low_end(r.iloc[0], 1)}, "
        f"{percent(r.iloc[1], 1, True)}, {percent(r.iloc[2], 1, True)}"
        for n, r in ends.iloc[::-1].iterrows()
    )
    return Told(
        f"{who}: “{frame.at[best, 'structure_name']}” does most for a share, "
        f"{percent(ends.at[best, 'base_change'], 1, True)} in the base case",
        f"Bars of value a share against the price (low, base, high) as of {a.as_of}: {found}.",
        MODEL,
    )


def cash(ax, a: Answers, pinned: Answers | None) -> Told:
    """Cash raised by structure, with what of the EV plan it pays and the votes kept."""
    frame, names, who = _rows(a)
    if frame.empty:
        return _none(ax, a)
    _names(ax, names)
    gross = frame["gross"] / 1e9
    then = {name: _then(pinned, "gross", name) / 1e9 for name in frame.index}
    ax.set_xlim(0, roof(np.nanmax([*gross, *then.values(), 0.1]) * 1.05))
    places = np.arange(len(frame))
    ax.barh(places, gross, height=0.5, color=[_hue(a, n) for n in frame.index])
    if pinned is not None:
        ax.plot(list(then.values()), places, "D", ms=4, mfc="none", mec=GHOST, clip_on=False)
    for y, (_, row) in enumerate(frame.iterrows()):
        covered = "no EV plan public" if np.isnan(row["coverage"]) else percent(row["coverage"])
        paid = covered if np.isnan(row["coverage"]) else f"pays {covered} of the EV plan"
        text = f"{number(row['gross'] / 1e9, 1)}; {paid}; {percent(row['votes'])} of votes"
        ax.text(0.01, y + 0.3, text, transform=ax.get_yaxis_transform(), fontsize=7, va="bottom")
    ax.set_ylim(-0.5, len(names) - 0.1)
    ax.set_xlabel("cash raised, EUR bn")
    most = gross.idxmax()
    found = "; ".join(
        f"{r['structure_name']} {number(r['gross'] / 1e9, 2)} EUR bn, {percent(r['votes'], 1)} of "
        "votes kept"
        for _, r in frame.iloc[::-1].iterrows()
    )
    title = f"{who}: none of these structures raises cash"
    if gross[most] > 0:
        title = (
            f"{who}: “{frame.at[most, 'structure_name']}” raises most, "
            f"{billions(frame.at[most, 'gross'])}"
        )
    return Told(title, f"Bars of cash raised as of {a.as_of}: {found}.", MODEL)
