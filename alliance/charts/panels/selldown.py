"""The sell-down's panel: proceeds, completion, stake and votes, loss."""

from typing import Any

import numpy as np
from matplotlib.patches import StepPatch

from alliance.answers import Answers
from alliance.charts import kit
from alliance.charts.looks import GHOST, INK, PROGRAMMES, SOFT, Look
from alliance.charts.panels.svg import SMALL, Caption, Nothing, ghost, place
from alliance.format import counted, money, number, percent

FILINGS = "holdings, share counts and releases that chapter 2 lists"
SIMULATED = "our simulation; chapter 2 lists its inputs"
_END = 62  # points for end labels


def _chosen(a: Answers) -> tuple[Any, Look]:
    """The scenario's terms, and the look of the programme that they headline."""
    g = a.context["group"]
    if a.context["terms"].planned <= 0:
        why = f"The stake is at or below the target of {100 * g.target_stake:g} % already"
        raise Nothing("Nothing to sell", why, FILINGS)
    return g, PROGRAMMES[g.programme]


def proceeds(ax, a: Answers, pinned: Answers | None) -> Caption:
    """The spread of proceeds, with their mean and what selling now brings."""
    bins, (g, (name, shade, _)) = a.frame("proceeds"), _chosen(a)
    mean, now = (a[f"selldown.{p}.proceeds_eur_mean"] / 1e9 for p in (g.programme, "block"))
    least, most, part = bins["low"].min(), bins["high"].max(), bins["part"].max()
    ends = kit.axis_ends(least, 1.04 * max(most, now, 0.1))
    limits = {"xlim": ends, "ylim": (0, min(1.05, kit.nice_ceiling(part * 1.02)))}
    labels = ("proceeds, EUR bn, present value", "part of cases")
    place(ax, top=2.9 * SMALL)
    kit.axes(ax, *labels, percent="y", **limits)
    edges = _edges(bins) if len(bins) > 1 else least + np.array([-1, 1]) * ends[1] / 200
    ax.add_artist(StepPatch(bins["part"], edges, fill=True, color=shade, alpha=0.45, lw=0))
    if pinned is not None and len(then := pinned.frame("proceeds")) > 1:
        ax.add_artist(StepPatch(then["part"], _edges(then), fill=False, color=GHOST, ls="--", lw=1))
    _mark(ax, now, f"sold now {number(now)}", 1.4 * SMALL, INK, "--")
    _mark(ax, mean, f"mean {number(mean)}", 2, shade)
    title = f"{name.capitalize()}: proceeds of {money(mean * 1e9, digits=2)} on average"
    if g.programme != "block":
        title += f"; sold now they bring {money(now * 1e9, digits=2)}"
    alt = f"Histogram of proceeds over {g.paths:,} simulated cases, from {number(least)} to "
    return Caption(title, f"{alt}{number(most)} EUR bn; as of {a.as_of}.", SIMULATED)


def _edges(bins) -> np.ndarray:
    return np.append(bins["low"], bins["high"].iloc[-1])


def _mark(ax, x: float, text: str, up: float, shade: str, dash: str = "-") -> None:
    """A vertical line at a value, with its name some points above the axes."""
    kit.rule(ax, x=x, color=shade, ls=dash, lw=1.2)
    low, high = ax.get_xlim()
    part = (x - low) / (high - low)
    side = "left" if part < 0.35 else "right" if part > 0.65 else "center"
    style = {"xycoords": ax.get_xaxis_transform(), "va": "bottom", "fontsize": SMALL}
    kit.note(ax, text, (x, 1), 0, up, ha=side, color=shade, **style)


def completion(ax, a: Answers, pinned: Answers | None) -> Caption:
    """Chances through time that all is sold and that the target is reached."""
    frame, (g, (name, shade, _)) = a.frame("completion").set_index("years"), _chosen(a)
    years, key = g.horizon_years, f"selldown.{g.programme}"
    place(ax, right=_END)
    limits = {"xlim": (0, years), "ylim": (-0.02, 1.05)}
    kit.axes(ax, "years from now", "chance until then", percent="y", **limits)
    ghost(ax, pinned, lambda a: a.frame("completion").set_index("years")["sold"])
    ax.plot(frame["sold"], color=shade, drawstyle="steps-post")
    ax.plot(frame["at_target"], color=INK, ls=":", drawstyle="steps-post")
    (sold, reached), last = (a[f"{key}.p_complete"], a[f"{key}.p_at_target"]), frame.iloc[-1]
    ends = [(last["sold"], f"all sold\n{percent(sold)}", shade)]
    kit.end_labels(ax, years, [*ends, (last["at_target"], f"at target\n{percent(reached)}", INK)])
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1])
    middle = a[f"{key}.years_to_complete_median"]
    when = f", half of these by {number(middle, 1)} years" if middle else ""
    return Caption(
        f"All is sold within {counted(years, 'year')} in {percent(sold)} of cases{when}",
        f"Rising lines of the chance that all planned shares are sold ({percent(sold, 1)} at the "
        f"end) and that the stake is at the target ({percent(reached, 1)}); {name}, as of "
        f"{a.as_of}.",
        SIMULATED,
    )


def path(ax, a: Answers, pinned: Answers | None) -> Caption:
    """Stake and votes through time."""
    frame, (g, (name, shade, _)) = a.frame("path").set_index("years"), _chosen(a)
    first, last = frame.iloc[0], frame.iloc[-1]
    place(ax, right=_END)
    label = "years from now (dotted: target; band: 5 to 95 %)"
    limits = {"xlim": (0, g.horizon_years), "ylim": kit.axis_ends(0, first["mean"] * 1.02)}
    kit.axes(ax, label, "part of Nissan", percent="y", **limits)
    ghost(ax, pinned, lambda a: a.frame("path").set_index("years")["mean"])
    kit.band(ax, frame.index, frame["low"], frame["high"], shade, 0.18)
    ax.plot(frame["mean"], color=shade)
    ax.plot(frame["votes"], color=INK, ls="--", lw=1.2)
    kit.rule(ax, y=g.target_stake, color=SOFT, ls=":", lw=1)
    stake, start, end = (percent(v, 1) for v in (last["mean"], first["votes"], last["votes"]))
    ends = [(last["mean"], f"stake\n{stake}", shade), (last["votes"], f"votes\n{end}", INK)]
    kit.end_labels(ax, g.horizon_years, ends)
    votes = f"votes are {end} at once" if start == end else f"votes go from {start} to {end}"
    before = percent(a["selldown.stake_before"], 1)
    moves = f"stays at {stake}" if before == stake else f"goes from {before} to {stake}"
    return Caption(
        f"The stake {moves} on average; {votes}",
        f"Lines through {counted(g.horizon_years, 'year')} as of {a.as_of}, {name}: mean stake, at "
        f"the end {percent(last['low'], 1)} to {percent(last['high'], 1)} in nine of ten cases; "
        "votes with unsold shares in a trust that splits as the others do.",
        SIMULATED + "; the trust's votes are our reading",
    )


def loss(ax, a: Answers, pinned: Answers | None) -> Caption:
    """The accounting loss by amount carried a share."""
    g, (_, shade, _) = _chosen(a)
    if a.frame("loss").empty:
        raise Nothing("No accounting loss", a.context["no_loss"], FILINGS)
    frame, k = a.frame("loss").set_index("carrying") / 1e3, g.carrying_eur_per_share
    mean = a[f"selldown.{g.programme}.loss_eur_mean"] / 1e9
    bottom, top = kit.axis_ends(frame.min().min(), max(frame.max().max(), 0.1))
    k0, k1 = frame.index[[0, -1]]
    label = "amount carried, EUR a share (band: 5 to 95 %)"
    kit.axes(ax, label, "loss, EUR bn", xlim=(0, k1), ylim=(bottom, top))
    ghost(ax, pinned, lambda a: a.frame("loss").set_index("carrying")["mean"] / 1e3)
    kit.band(ax, frame.index, frame["low"], frame["high"], shade, 0.18)
    ax.plot(frame["mean"], color=shade)
    kit.rule(ax, y=0, color=SOFT)
    kit.dot(ax, k, mean, size=6)
    left, low = k > k1 * 0.6, mean - bottom < 0.2 * (top - bottom)
    dx, side = (-7, "right") if left else (7, "left")
    dy, above = (5, "bottom") if left or low else (-5, "top")
    text = f"carried {number(k)}: {number(mean)}"
    kit.note(ax, text, (k, mean), dx, dy, ha=side, va=above, fontsize=SMALL, color="black")
    result, m0, m1 = "neither loss nor gain", *frame["mean"].iloc[[0, -1]]
    if large := abs(mean) >= 0.005:
        result = f"a {'loss' if mean >= 0 else 'gain'} of {money(abs(mean) * 1e9, digits=2)}"
    title = f"Carried at EUR {number(k)} a share, {result} on average"
    if large and m1 > m0:  # a line: where it crosses nil
        title += f"; none at EUR {number(k0 - m0 * (k1 - k0) / (m1 - m0))}"
    alt = "Line of the mean accounting loss by amount carried, with nine of ten cases; "
    alt += f"{number(mean)} EUR bn at {number(k)} EUR a share, as of {a.as_of}. Equity method; not "
    return Caption(title, alt + "cash.", FILINGS + "; our simulation")


CHARTS = (proceeds, completion, path, loss)
