"""The sell-down's panel: proceeds, completion, stake and votes, loss."""

from __future__ import annotations

import numpy as np

from alliance.answers import Answers
from alliance.charts.base import billions, end_labels, number, percent, percent_axis
from alliance.charts.control import PROGRAMMES
from alliance.charts.panels.easel import GHOST, Told, blank, mark, roof
from alliance.charts.style import INK, SOFT

FILINGS = "holdings, share counts and releases that chapter 2 lists"
SIMULATED = "our simulation; chapter 2 lists its inputs"
_LOSS = FILINGS + "; our simulation"


def _name(a: Answers) -> tuple[str, str, str]:
    """The headlined programme's key, name and colour."""
    key = a.context["group"].programme
    return key, PROGRAMMES[key][0], PROGRAMMES[key][1]


def _met(ax, a: Answers) -> Told | None:
    """Nothing is left to sell."""
    g = a.context["group"]
    if a.context["terms"].planned > 0:
        return None
    why = f"The stake is at or below the target of {percent(g.target_stake)} already"
    blank(ax, why + ".")
    return Told("Nothing to sell", why, FILINGS)


def proceeds(ax, a: Answers, pinned: Answers | None) -> Told:
    """The spread of proceeds, with their mean and what selling now brings."""
    if met := _met(ax, a):
        return met
    frame, (key, name, hue) = a.frame("proceeds"), _name(a)
    rows = a.frame("programmes")
    mean, now = (rows.at[k, "proceeds_eur_mean"] / 1e9 for k in (key, "block"))
    top = roof(1.04 * max(frame["high"].max(), now, 0.1))
    ax.set_position((0.17, 0.19, 0.79, 0.62))
    low = min(0.0, -roof(-frame["low"].min()) if frame["low"].min() < 0 else 0.0)
    ax.set_xlim(low, top)
    edges = np.append(frame["low"], frame["high"].iloc[-1])
    if len(frame) == 1:
        edges = np.array([edges[0] - top / 200, edges[0] + top / 200])
    ax.set_ylim(0, min(1.05, roof(frame["part"].max() * 1.02)))
    ax.stairs(frame["part"], edges, fill=True, color=hue, alpha=0.45)
    if pinned is not None and len(then := pinned.frame("proceeds")) > 1:
        edges = np.append(then["low"], then["high"].iloc[-1])
        ax.stairs(then["part"], edges, color=GHOST, ls="--", lw=1)
    mark(ax, now, f"sold now {number(now, 2)}", 1, INK, "--")
    mark(ax, mean, f"mean {number(mean, 2)}", 0, hue)
    percent_axis(ax.yaxis)
    ax.set_ylabel("part of cases")
    ax.set_xlabel("proceeds, EUR bn, present value")
    same = "" if key == "block" else f"; sold now they bring {billions(now * 1e9, digits=2)}"
    return Told(
        f"{name.capitalize()}: proceeds of {billions(mean * 1e9, digits=2)} on average{same}",
        f"Histogram of proceeds over {a.context['group'].paths:,} simulated cases, from "
        f"{number(frame['low'].min(), 2)} to {number(frame['high'].max(), 2)} EUR bn; as of "
        f"{a.as_of}.",
        SIMULATED,
    )


def completion(ax, a: Answers, pinned: Answers | None) -> Told:
    """Chances through time that all is sold and that the target is reached."""
    if met := _met(ax, a):
        return met
    frame, (key, name, hue) = a.frame("completion"), _name(a)
    years = a.context["group"].horizon_years
    sold, reached = a[f"selldown.{key}.p_complete"], a[f"selldown.{key}.p_at_target"]
    ax.set_position((0.17, 0.19, 0.57, 0.74))
    ax.set_xlim(0, years)
    ax.set_ylim(-0.02, 1.05)
    if pinned is not None:
        then = pinned.frame("completion")
        ax.plot(then["years"], then["sold"], color=GHOST, ls="--", lw=1)
    ax.plot(frame["years"], frame["sold"], color=hue, drawstyle="steps-post")
    ax.plot(frame["years"], frame["at_target"], color=INK, ls=":", drawstyle="steps-post")
    items = [
        (frame["sold"].iloc[-1], f"all sold\n{percent(sold)}", hue),
        (frame["at_target"].iloc[-1], f"at target\n{percent(reached)}", INK),
    ]
    end_labels(ax, years, items)
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1])
    percent_axis(ax.yaxis)
    ax.set_ylabel("chance until then")
    ax.set_xlabel("years from now")
    middle = a[f"selldown.{key}.years_to_complete_median"]
    when = f", half of these by {number(middle, 1)} years" if middle else ""
    return Told(
        f"All is sold within {years:g} years in {percent(sold)} of cases{when}",
        f"Rising lines of the chance that all planned shares are sold ({percent(sold, 1)} at the "
        f"end) and that the stake is at the target ({percent(reached, 1)}); {name}, as of "
        f"{a.as_of}.",
        SIMULATED,
    )


def path(ax, a: Answers, pinned: Answers | None) -> Told:
    """Stake and votes through time."""
    if met := _met(ax, a):
        return met
    frame, (_, name, hue) = a.frame("path"), _name(a)
    g, last = a.context["group"], frame.iloc[-1]
    ax.set_position((0.17, 0.19, 0.57, 0.74))
    ax.set_xlim(0, g.horizon_years)
    ax.set_ylim(0, roof(frame["mean"].iloc[0] * 1.02))
    if pinned is not None:
        then = pinned.frame("path")
        ax.plot(then["years"], then["mean"], color=GHOST, ls="--", lw=1)
    ax.fill_between(frame["years"], frame["low"], frame["high"], color=hue, alpha=0.18, lw=0)
    ax.plot(frame["years"], frame["mean"], color=hue)
    ax.plot(frame["years"], frame["votes"], color=INK, ls="--", lw=1.2)
    ax.axhline(g.target_stake, color=SOFT, ls=":", lw=1)
    items = [
        (last["mean"], f"stake\n{percent(last['mean'], 1)}", hue),
        (last["votes"], f"votes\n{percent(last['votes'], 1)}", INK),
    ]
    end_labels(ax, g.horizon_years, items)
    percent_axis(ax.yaxis)
    ax.set_ylabel("part of Nissan")
    ax.set_xlabel("years from now (dotted: target; band: nine of ten cases)")
    first = frame.iloc[0]
    start, end = percent(first["votes"], 1), percent(last["votes"], 1)
    votes = f"votes are {end} at once" if start == end else f"votes go from {start} to {end}"
    return Told(
        f"The stake goes from {percent(a['selldown.stake_before'], 1)} to "
        f"{percent(last['mean'], 1)} on "
        f"average; {votes}",
        f"Lines through {g.horizon_years:g} years as of {a.as_of}, {name}: mean stake, at "
        f"the end {percent(last['low'], 1)} to {percent(last['high'], 1)} in nine of ten cases; "
        f"votes with unsold shares in a trust that splits as the others do.",
        SIMULATED + "; the trust's votes are our reading",
    )


def loss(ax, a: Answers, pinned: Answers | None) -> Told:
    """The accounting loss by amount carried a share."""
    if met := _met(ax, a):
        return met
    frame, (key, _, hue) = a.frame("loss"), _name(a)
    if frame.empty:
        why = a.context["no_loss"]
        blank(ax, why[0].upper() + why[1:] + ".")
        return Told("No accounting loss", why, FILINGS)
    k, mean = a.context["group"].carrying_eur_per_share, a[f"selldown.{key}.loss_eur_mean"] / 1e9
    values = frame[["mean", "low", "high"]] / 1e3
    ax.set_xlim(0, frame["carrying"].iloc[-1])
    ends = values.to_numpy()
    ax.set_ylim(-roof(-ends.min()) if ends.min() < 0 else 0, roof(max(ends.max(), 0.1)))
    if pinned is not None and len(then := pinned.frame("loss")):
        ax.plot(then["carrying"], then["mean"] / 1e3, color=GHOST, ls="--", lw=1)
    ax.fill_between(frame["carrying"], values["low"], values["high"], color=hue, alpha=0.18, lw=0)
    ax.plot(frame["carrying"], values["mean"], color=hue)
    ax.axhline(0, color=SOFT, lw=0.8)
    ax.plot(k, mean, "o", ms=6, mfc="white", mec=INK)
    bottom, top = ax.get_ylim()
    left, low = k > frame["carrying"].iloc[-1] * 0.6, mean - bottom < 0.2 * (top - bottom)
    ax.annotate(
        f"carried {number(k)}: {number(mean, 2)}",
        (k, mean),
        xytext=(-7 if left else 7, 5 if left or low else -5),
        textcoords="offset points",
        fontsize=8.5,
        ha="right" if left else "left",
        va="bottom" if left or low else "top",
    )
    ax.set_ylabel("loss, EUR bn")
    ax.set_xlabel("amount carried, EUR a share (band: nine of ten cases)")
    k0, k1 = frame["carrying"].iloc[[0, -1]]
    m0, m1 = values["mean"].iloc[[0, -1]]
    word = "loss" if mean >= 0 else "gain"
    title = f"Carried at EUR {number(k)} a share, a {word} of {billions(abs(mean) * 1e9, digits=2)}"
    title += " on average"
    if m1 > m0:  # a line: where it crosses nil
        title += f"; none at EUR {number(k0 - m0 * (k1 - k0) / (m1 - m0))}"
    if abs(mean) < 0.005:
        title = f"Carried at EUR {number(k)} a share, neither loss nor gain on average"
    return Told(
        title,
        f"Line of the mean accounting loss by amount carried, with nine of ten cases; "
        f"{number(mean, 2)} EUR bn at {number(k)} EUR a share, as of {a.as_of}. Equity method; not "
        "cash.",
        _LOSS,
    )
