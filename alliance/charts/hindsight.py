"""Chapter 5: programmes replayed, forecasts graded, answers through time."""

import numpy as np
import pandas as pd

from alliance.answers import Answers
from alliance.answers.replay import ahead_at_close
from alliance.charts import kit, looks
from alliance.charts.base import Chart, chart
from alliance.charts.looks import FAINT, INK, PROGRAMMES, RED, SOFT, color
from alliance.errors import need
from alliance.format import day, in_words, listed, money, number, percent

NAMES = {name: look.name for name, look in PROGRAMMES.items()} | {"disclosed": "as Renault did"}
CLOSES = "exchange closes, ECB rates, dividends, releases of both companies"


def _bars(ax, frame: pd.DataFrame, parts: dict, size: float = 8.5) -> None:
    """Rows of stacked bars in EUR bn, negative parts to the left of zero."""
    for sign in (1, -1):
        ends = np.zeros(len(frame))
        for column, (name, shade, _) in parts.items():
            part = np.where(sign * frame[column] > 0, frame[column] / 1e9, 0.0)
            label = name if sign > 0 else None
            ax.barh(range(len(frame)), part, left=ends, height=0.6, color=shade, label=label)
            ends = ends + part
    kit.rows(ax, [NAMES[name] for name in frame["programme"]], size)


@chart("The replay")
def replayed(a: Answers) -> Chart:
    """What each programme would have brought by the last day, from a few days."""
    frame = need(a.frame("replay"), a.result("hindsight.best_against_disclosed_eur").note)
    frame["left"] = frame["value_after_exit"] - frame["cash"] - frame["dividends"]
    starts, last = list(frame["start"].unique()), day(a.context["last"])
    first = frame[frame["start"] == starts[0]].sort_values("value_after_exit")
    value, order = first.set_index("programme")["value_after_exit"], list(first["programme"])
    best, done = value.drop("disclosed").idxmax(), value["disclosed"]

    def draw(fig, narrow):
        columns = 1 if narrow else 3 if len(starts) < 4 else 2
        shape = -(-len(starts) // columns), columns
        grid = np.atleast_1d(fig.subplots(*shape, sharex=True, sharey=True))
        for ax in grid.flat[len(starts) :]:
            ax.set_axis_off()
        for ax, start in zip(grid.flat, starts, strict=False):
            rows = frame[frame["start"] == start].set_index("programme").loc[order].reset_index()
            _bars(ax, rows, looks.HELD, 8)
            for y, total in enumerate(rows["value_after_exit"] / 1e9):
                kit.note(ax, number(total), (total, y), 3, ha="left", fontsize=7.5)
            ax.margins(x=0.14)
            kit.axes(ax, f"EUR bn, from {day(start)}", grid="x")
        first = grid.flat[0]
        first.set_title(" ", fontsize=11)  # room for the key, which is wider than the axes
        kit.key_above(first, 3)
        first.get_legend().set_in_layout(False)

    return Chart(
        draw,
        f"From {day(starts[0])} to {last}, {NAMES[best]} would have brought {money(value[best])}; "
        f"what Renault did {money(done)}, to hold {money(value['hold'])}",
        f"Bars of cash, dividends and what is left after the cost of leaving, by {last}: "
        + ", ".join(f"{NAMES[n]} {number(value[n] / 1e9)}" for n in order[::-1])
        + " EUR bn.",
        CLOSES + "; costs by our rule",
        (3.8 if len(starts) < 4 else 1.0 + 2.8 * -(-len(starts) // 2), 2.4 + 2.2 * len(starts)),
    )


@chart("Against what Renault did")
def against(a: Answers) -> Chart:
    """Why each programme would have ended above or below what Renault did: parts that add up."""
    frame = need(a.frame("replay"), a.result("hindsight.best_against_disclosed_eur").note)
    frame = frame[(frame["start"] == frame["start"].iloc[0]) & (frame["programme"] != "disclosed")]
    frame = frame.assign(gain=frame[list(looks.CAUSES)].sum(axis=1)).sort_values("gain")
    ahead = int((frame["gain"] > 0).sum())
    close = ahead_at_close(a.frame("replay"))

    def draw(fig, narrow):
        ax = kit.axes(fig, "EUR bn against what Renault did (dot: in all)", grid="x")
        _bars(ax, frame, looks.CAUSES)
        kit.dot(ax, frame["gain"] / 1e9, range(len(frame)), INK, True)
        kit.rule(ax, x=0)
        kit.key_above(ax, 2 if narrow else 4)

    said = [f"{NAMES[r.programme]} {number(r.gain / 1e9, 2, True)}" for r in frame.itertuples()]
    return Chart(
        draw,
        f"{ahead} of {len(frame)} ways would have beaten what Renault did from "
        f"{day(frame['start'].iloc[0])} to {day(a.context['last'])}; {close}, with what is left at "
        "its close",
        f"Bars of differences in EUR bn by {day(a.context['last'])}: {', '.join(said[::-1])}.",
        CLOSES + "; our arithmetic",
        (3.6, 4.2),
    )


def year_ahead(a: Answers) -> Chart:
    """The price a year after each start beside the band forecast for it."""
    frame = a.frame("bands")
    inside = percent(a["hindsight.coverage_90"])

    def draw(fig, narrow):
        ax = kit.axes(fig, y="price a year later, times its start", dates=narrow)
        for part, alpha in ((90, 0.15), (50, 0.25)):
            ends = (frame[f"model_{end}_{part}"] for end in ("low", "high"))
            kit.band(ax, frame["start"], *ends, RED, alpha, label=f"{part} % band")
        ax.plot(frame["start"], frame["outcome"], color=INK, label="what came")
        kit.rule(ax, y=1, ls=":")
        kit.key_above(ax, 3)

    return Chart(
        draw,
        f"The 90 % band for a year ahead held the price from {inside} of {len(frame)} days",
        f"Line of Nissan's price a year after each of {len(frame)} days, "
        f"{day(frame['start'].iloc[0])} to {day(frame['start'].iloc[-1])}, with 50 and 90 % bands; "
        f"{inside} of it lies inside the wide one.",
        "exchange closes; the market of chapter 2 by what was public on each day",
        (3.6, 3.8),
    )


def coverage(a: Answers) -> Chart:
    """How often bands held what came, beside what they promise and plainer bands."""
    frame = a.frame("coverage").query("nominal == 0.9")
    whats, days = list(frame["what"].unique()), frame.groupby("what")["days"].first()
    results = percent(a["hindsight.days_coverage_90.results"])

    def draw(fig, narrow):
        ax = kit.axes(fig, "inside the 90 % band (line: 95 % interval)", percent="x")
        for r in frame.itertuples():
            name, shade, _ = looks.RULES[r.rule]
            y = len(whats) - 1 - whats.index(r.what) + (0.14 if r.rule == "model" else -0.14)
            kit.span(ax, y, r.low, r.high, shade)
            kit.dot(ax, r.score, y, shade, r.rule == "model", label=name)
        kit.rule(ax, x=0.9, ls="--")
        kit.rows(ax, [f"{w} ({days[w]:,})" for w in whats[::-1]], wrap=18 * narrow)
        handles = dict(zip(*ax.get_legend_handles_labels()[::-1], strict=True))
        kit.key_above(ax, 2 if narrow else 3, handles=list(handles.values()), labels=list(handles))

    score = frame[frame["rule"] == "model"].set_index("what")["score"]
    return Chart(
        draw,
        f"On sessions after results a 90 % band of “nothing moved” holds {results} of moves",
        "Dots with intervals of the part inside the 90 % band: "
        + ", ".join(f"{what} {percent(score[what])}" for what in whats)
        + f", by {day(a.context['last'])}.",
        "exchange closes; market model and chapter 2's market",
        (3.0, 3.6),
    )


@chart("What became of the makers")
def became(a: Answers) -> Chart:
    """Each maker's share against its market, from the scenario's day or its listing."""
    none = f"no later day with all prices is in the evidence than {a.context['last']}"
    frame = need(a.frame("became"), none).sort_values("change")
    lags = int((frame["change"] < frame["benchmark"]).sum())

    def draw(fig, narrow):
        label = "price change (hollow: dividends reinvested; diamond: its index, without)"
        ax = kit.axes(fig, label, percent="x", sign=True, nbins=5, wrap=40 * narrow)
        for y, r in enumerate(frame.itertuples()):
            kit.span(ax, y, r.change, r.benchmark, FAINT, 3)
            kit.dot(ax, r.with_dividends, y, color(r.maker), size=7)
            kit.dot(ax, r.change, y, color(r.maker), True, 7)
            kit.dot(ax, r.benchmark, y, SOFT, marker="D")
        kit.rule(ax, x=0)
        kit.rows(ax, list(frame["name"]))

    said = [
        f"{name} {percent(bare, 0, True)}, {percent(paid, 0, True)} with dividends"
        for name, bare, paid in frame[["name", "change", "with_dividends"]].to_numpy()
    ]
    early = frame[frame["to"] < frame["to"].max()]
    late = frame[frame["from"] > frame["from"].min()]
    parts = [f"{name} from {day(at)}" for name, at in zip(late["name"], late["from"], strict=True)]
    parts += [f"{name} to {day(at)}" for name, at in zip(early["name"], early["to"], strict=True)]
    apart = f" ({listed(parts)})" if parts else ""
    span = f"{day(frame['from'].min())} to {day(frame['to'].max())}{apart}"
    return Chart(
        draw,
        f"{lags} of {len(frame)} shares did worse than their market, dividends apart, from {span}",
        f"Dots of price changes, {span}: {'; '.join(said)}.",
        "exchange closes",
        (3.0, 3.2),
    )


def by_month(a: Answers) -> Chart:
    """How the main answers moved as the day moved."""
    frame, g = a.frame("by_month"), a.context["group"]
    frame["own_part"] = np.expm1(frame["own_part"])
    frame["waiting"] = frame["after_exit"] / frame["planned_value"] / (1 - frame["block_cost"]) - 1
    word = in_words(g.programme)
    panels = {
        "price_change": (f"Nissan since {a.context['since']}", 1, "change"),
        "own_part": ("its own part of that", 1, "change"),
        "planned_value": ("planned shares", 1e9, "EUR bn"),
        "waiting": (f"{word} against a block", 1, "more"),
        "breakeven": ("break-even of the EV unit, as planned", 1e9, "EUR bn"),
    }

    def draw(fig, narrow):
        shape = (len(panels), 1) if narrow else (2, 3)
        grid = list(np.ravel(fig.subplots(*shape, sharex=True)))
        for ax, (column, (name, scale, unit)) in zip(grid, panels.items(), strict=False):
            ax.plot(frame["day"], frame[column] / scale, color=RED)
            kit.rule(ax, x=pd.Timestamp(a.context["as_of"]), ls=":", color=SOFT)
            kit.axes(ax, y=unit, dates=True, percent="y" * (scale == 1))
            ax.set_title(name, fontsize=9, loc="left")
        for ax in grid[len(panels) :]:
            ax.set_axis_off()

    ends = " and ".join(
        f"{money(r.planned_value)} ({number(r.planned / 1e6, 0)}m shares) on {day(r.day)}"
        for r in frame.dropna(subset="planned_value").iloc[[0, -1]].itertuples()
    )
    return Chart(
        draw,
        f"The planned shares were worth {ends}",
        f"Lines of five answers at {len(frame)} months' ends; the planned shares {ends}.",
        "the chapters' own answers on each day; dotted: the report's day",
        (4.6, 8.0),
    )
