"""Chapter 2, who owns and controls what: routes, owners, stake paths."""

import pandas as pd

from alliance.answers import Answers
from alliance.charts import kit
from alliance.charts.base import Chart, chart
from alliance.charts.looks import OWNERS, PROGRAMMES, ROUTES
from alliance.errors import need
from alliance.format import counted, day, number, percent

SIMULATED = "our simulation; inputs as listed under Evidence and dates"
FILINGS = "holdings, share counts and releases as listed under Sources"


def to_sell(a: Answers, name: str) -> pd.DataFrame:
    """A frame of the sale; NotKnown where nothing is to be sold."""
    t, on = a.context["terms"], day(a.context["day"])
    rows = a.frame(name) if t.planned > 0 else ()
    return need(rows, f"on {on} the stake is at or below {100 * t.target:g} % already")


@chart("The stake by route")
def routes(a: Answers) -> Chart:
    """The stake by number of shares given up, sold to others or bought back and cancelled."""
    frame, t = to_sell(a, "routes"), a.context["terms"]
    ended, target = percent(a["selldown.stake_if_trust_bought_back"], 2), f"{100 * t.target:g} %"

    def draw(fig, narrow):
        labels = ("million shares given up", "stake in issued shares")
        ax = kit.axes(fig, *labels, percent="y", ylim=(0, frame["sale"].max() * 1.08))
        kit.lines(ax, frame["shares"] / 1e6, frame, ROUTES, lambda v: percent(v, 2))
        kit.rule(ax, y=t.target, lw=0.9, ls=":")

    title = f"Bought back alone, the same {number(t.planned / 1e6, 0)}m shares end at {ended}, not "
    title += target
    if t.planned == t.held:
        title = "By either route all of Renault's shares go"
    return Chart(
        draw,
        title,
        f"Lines of Renault's stake in Nissan by shares given up, as of {day(a.context['day'])}: "
        f"from {percent(a['selldown.stake_before'], 2)} to {target} if sold to others, to {ended} "
        "if all are bought back and cancelled.",
        FILINGS,
        (3.9, 4.2),
    )


def owners(a: Answers) -> Chart:
    """Capital and votes side by side: before, with shares in trust, at the target."""
    frame = a.frame("owners")
    capital, votes = (percent(frame["renault"].iloc[n], 1) for n in (0, 3))
    lead, cast = "With shares in trust", "casts"
    if a.context["crossed"]["trust"] is None:
        lead, cast = "If the planned shares were put in a trust", "would cast"

    def draw(fig, narrow):
        gap, turn = (":\n", "\n") if narrow else (": ", " ")
        label = f"share of Nissan (dashed: half);{turn}trust voted as the others"
        ax = kit.axes(fig, label, percent="x", xlim=(0, 1), ylim=(0, 5.964))
        places, left = [5.4, 4.7, 3.2, 2.5, 1.0, 0.3], 0.0
        for part, look in OWNERS.items():
            ax.barh(places, frame[part], left=left, color=look.color, height=0.56, label=look.name)
            for y, value, at in zip(places, frame[part], left + frame[part] / 2, strict=True):
                if value > 0.08:
                    kit.note(ax, percent(value, 1), (at, y), fontsize=7.5)
            left += frame[part]
        kit.key_above(ax, 3)
        names = frame["when"] + gap + frame["what"]
        kit.rows(ax, names, 7.5 if narrow else 9, places, None)
        kit.rule(ax, x=0.5, ls="--")

    return Chart(
        draw,
        f"{lead}, {capital} of the capital {cast} {votes} of all votes cast",
        f"Bars of capital and votes in Nissan as of {day(a.context['day'])}. {lead}, Renault's "
        f"{capital} of the capital {cast} {votes} of the votes.",
        FILINGS + "; reading of the trust, not advice",
        (3.6, 5.0),
    )


@chart("The stake through time")
def stake_paths(a: Answers) -> Chart:
    """Mean stake through time under each programme, with a band for the headlined one."""
    frame, g = to_sell(a, "stake_path"), a.context["group"]
    means = frame.pivot(index="years", columns="programme", values="mean")
    looks = {name: PROGRAMMES[name] for name in frame["programme"].unique()}
    ends, chosen = means.iloc[-1], frame[frame["programme"] == g.programme]
    name, shade, _ = PROGRAMMES[g.programme]

    def draw(fig, narrow):
        label, top = f"years (band: nine tenths of {name})", frame["high"].max() * 1.08
        ax = kit.axes(fig, label, "Renault's stake, mean", percent="y", ylim=(0, top))
        kit.band(ax, chosen["years"], chosen["low"], chosen["high"], shade, 0.12)
        kit.lines(ax, means.index, means, looks, lambda v: percent(v, 1), lw=1.3)
        ax.lines[list(looks).index(g.programme)].set_linewidth(2.2)
        kit.rule(ax, y=g.target_stake, ls=":")

    least, most = percent(ends.min(), 1), percent(ends.max(), 1)
    years = counted(g.horizon_years, "year")
    found = ", ".join(f"{PROGRAMMES[n].name} {percent(v, 1)}" for n, v in ends.items())
    return Chart(
        draw,
        f"After {years} the mean stake is {least} to {most} ({PROGRAMMES[ends.idxmax()].name}); "
        f"who holds keeps {percent(a['selldown.stake_before'], 1)}",
        f"Lines of Renault's mean stake over {years} from "
        f"{day(a.context['day'])}, by programme: {found}. The band holds nine tenths of {name}.",
        SIMULATED,
        (4.2, 4.4),
    )
