"""Chapter 3, Ford: losses against guidance, and segments."""

from alliance.answers import Answers
from alliance.charts import kit
from alliance.charts.base import Chart, chart
from alliance.charts.looks import INK, SEGMENTS, color
from alliance.errors import need
from alliance.format import counted, money, number


@chart("Ford's EV segment")
def ford_losses(a: Answers) -> Chart:
    """Model e's operating result by year against Ford's guidance."""
    frame = a.frame("segments").query("maker == 'ford' and segment == 'model-e'").set_index("year")
    ends = frame[["ebit_low", "ebit_high"]].set_axis(["low", "high"], axis=1) / 1e9
    actual, guided = ends.loc[frame["basis"] == "actual", "low"], ends[frame["basis"] == "guidance"]
    need(actual, f"Ford had published no result of Model e by {a.as_of}")
    years = sorted({*actual.index, *guided.index})
    missed = [y for y in actual.index if y in guided.index and actual[y] < guided.at[y, "low"]]

    def draw(fig, narrow):
        bottom = min(actual.min(), guided["low"].min() if len(guided) else 0) * 1.18
        limits = {"xlim": (years[0] - 0.6, years[-1] + 0.6), "ylim": (bottom, 0.4)}
        label = "operating result, USD bn\n(frames: last guidance)"
        ax = kit.axes(fig, y=label, grid="y", **limits)
        ax.bar(actual.index, actual, width=0.55, color=color("ford"))
        for year, value in actual.items():
            kit.note(ax, number(value, 1), (year, value / 2), color="white")
        middle, half = guided.mean(axis=1), (guided["high"] - guided["low"]).div(2).clip(lower=0.04)
        frames = {"color": "none", "edgecolor": INK, "lw": 1.2}
        ax.bar(guided.index, 2 * half, bottom=middle - half, width=0.75, **frames)
        kit.rule(ax, y=0)
        ax.set_xticks(years)

    guide = f"; in {missed[0]} it lost more than even its last guidance" if len(missed) == 1 else ""
    lost = money(-actual.sum() * 1e9, "USD")
    results = ", ".join(f"{y} {number(v, 1)}" for y, v in actual.items())
    ends = zip(guided.index, guided["low"], guided["high"], strict=True)
    guidance = ", ".join(
        f"{y} {number(low, 1)}" + f" to {number(high, 1)}" * (high > low) for y, low, high in ends
    )
    return Chart(
        draw,
        f"Model e has lost {lost} in {counted(len(actual), 'year')}{guide}",
        f"Bars of Model e's operating result: {results} USD bn; guidance {guidance or 'none'}.",
        "Ford's results and guidance as listed under Sources",
        (3.6, 3.8),
    )


@chart("What segments revealed")
def ford_segments(a: Answers) -> Chart:
    """What segment reporting revealed: operating result of the three segments by year."""
    frame, parts = a.frame("ford"), list(SEGMENTS)
    frame = frame.set_index("year").reindex(columns=parts).dropna() / 1e9
    need(frame, f"Ford had published no segments by {a.as_of}")
    last, year = frame.iloc[-1] * 1e9, frame.index[-1]

    def draw(fig, narrow):
        limits = (frame.min().min() * 1.3, frame.max().max() * 1.45)
        ax = kit.axes(fig, y="operating result, USD bn", grid="y", ylim=limits)
        for x, (key, look) in enumerate(SEGMENTS.items()):
            at = frame.index + (x - 1) * 0.26
            ax.bar(at, frame[key], width=0.24, color=look.color, label=look.name)
            for place, value in zip(at, frame[key], strict=True):
                dy = 7 if value > 0 else -7
                kit.note(ax, number(value, 1), (place, value), dy=dy, fontsize=7)
        kit.rule(ax, y=0)
        ax.set_xticks(list(frame.index))
        ax.legend(ncols=3, fontsize=8, frameon=False, loc="upper left")

    found = (
        f"{y} " + ", ".join(f"{SEGMENTS[key].name} {number(row[key], 1)}" for key in parts)
        for y, row in frame.iterrows()
    )
    return Chart(
        draw,
        f"In {year} the business with commercial customers earned "
        f"{money(last['pro'], 'USD')} while EVs lost {money(-last['model-e'], 'USD')}",
        f"Bars of operating result by segment, USD bn: {'; '.join(found)}.",
        "Ford's results as listed under Sources",
        (3.6, 3.8),
    )
