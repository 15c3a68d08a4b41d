"""Chapter 3, Ford and GM: losses against guidance, and segments."""

from __future__ import annotations

from alliance.answers import Answers
from alliance.charts.base import INK, Chart, billions, colour, empty, note, number


def ford_losses(a: Answers) -> Chart:
    """Model e's operating result by year against Ford's guidance."""
    frame = a.frame("segments").query("maker == 'ford' and segment == 'model-e'")
    actual = frame[frame["basis"] == "actual"].set_index("year")["ebit_low"] / 1e9
    guided = frame[frame["basis"] == "guidance"].set_index("year")[["ebit_low", "ebit_high"]] / 1e9
    title = "Ford's EV segment"
    if actual.empty:
        return empty(title, f"Ford had published no result of Model e by {a.as_of}")
    total, years = actual.sum(), sorted({*actual.index, *guided.index})
    missed = [y for y in actual.index if y in guided.index and actual[y] < guided.at[y, "ebit_low"]]

    def draw(fig, narrow):
        ax = fig.add_subplot()
        ax.bar(actual.index, actual, width=0.55, color=colour("ford"))
        for year, value in actual.items():
            note(ax, number(value, 1), (year, value / 2), color="white")
        for year, row in guided.iterrows():
            middle = (row["ebit_low"] + row["ebit_high"]) / 2
            half = max((row["ebit_high"] - row["ebit_low"]) / 2, 0.04)
            ax.bar(year, 2 * half, bottom=middle - half, width=0.75, color="none", edgecolor=INK,
                   lw=1.2)  # fmt: skip
        ax.axhline(0, color=INK, lw=0.8)
        ax.set_xticks(years)
        ax.set_xlim(years[0] - 0.6, years[-1] + 0.6)
        ax.set_ylim(min(actual.min(), guided["ebit_low"].min() if len(guided) else 0) * 1.18, 0.4)
        ax.set_ylabel("operating result, USD bn\n(frames: guidance)")
        ax.grid(axis="x", visible=False)

    guide = f"; it missed its guidance in {missed[0]}" if len(missed) == 1 else ""
    return Chart(
        draw,
        f"Model e has lost {billions(-total * 1e9, 'USD')} in {len(actual)} years{guide}",
        "Bars of Model e's operating result: "
        + ", ".join(f"{y} {number(v, 1)}" for y, v in actual.items())
        + " USD bn; guidance "
        + (
            ", ".join(
                f"{y} {number(r['ebit_low'], 1)} to {number(r['ebit_high'], 1)}"
                for y, r in guided.iterrows()
            )
            or "none"
        )
        + ".",
        "Ford's results and guidance as listed under Sources",
        (3.6, 3.8),
    )


def ford_segments(a: Answers) -> Chart:
    """What segment reporting revealed: operating result of the three segments by year."""
    frame = a.frame("ford").set_index("year") if len(a.frame("ford")) else a.frame("ford")
    parts = {"blue": ("Blue", "#0b5fa5"), "pro": ("Pro", "#00876c"), "model-e": ("Model e", "#c26")}
    if frame.empty or not set(parts) <= set(frame.columns):
        return empty("What segments revealed", f"Ford had published no segments by {a.as_of}")
    known = frame.dropna(subset=list(parts)) / 1e9
    last = known.iloc[-1]

    def draw(fig, narrow):
        ax = fig.add_subplot()
        for x, (key, (label, shade)) in enumerate(parts.items()):
            at = known.index + (x - 1) * 0.26
            ax.bar(at, known[key], width=0.24, color=shade, label=label)
            for place, value in zip(at, known[key], strict=True):
                note(ax, number(value, 1), (place, value), 0, 7 if value > 0 else -7, fontsize=7)
        ax.axhline(0, color=INK, lw=0.8)
        ax.set_xticks(list(known.index))
        ax.set_ylim(known[list(parts)].min().min() * 1.3, known[list(parts)].max().max() * 1.45)
        ax.set_ylabel("operating result, USD bn")
        ax.legend(ncols=3, fontsize=8, frameon=False, loc="upper left")
        ax.grid(axis="x", visible=False)

    return Chart(
        draw,
        f"What the group's result hid: in {known.index[-1]} vans and trucks earned "
        f"{billions(last['pro'] * 1e9, 'USD')} while EVs lost "
        f"{billions(-last['model-e'] * 1e9, 'USD')}",
        "Bars of operating result by segment, USD bn: "
        + "; ".join(
            f"{y} Blue {number(r['blue'], 1)}, Pro {number(r['pro'], 1)}, Model e "
            f"{number(r['model-e'], 1)}"
            for y, r in known.iterrows()
        )
        + ".",
        "Ford's results as listed under Sources",
        (3.6, 3.8),
    )
