"""Chapter 3: every structure on every company, published values, and Ford's segments."""

import textwrap

from alliance.answers import Answers
from alliance.answers.units import SELLERS
from alliance.charts import kit
from alliance.charts.base import Chart, chart
from alliance.charts.looks import AMBER, BLUE, FAINT, INK, SEGMENTS, SOFT, color, structure_color
from alliance.errors import need
from alliance.format import counted, day, missing, money, number, percent

MODEL = "exchange closes, filings and plans as listed under Sources; our model"
#: Of a structure that its terms rule out at the low value: parts for money take more than all
#: of the unit, or the majority that the parent must keep.
NO_LOW = " (no low case)"


def _over(frame) -> list[str]:
    """What is added to the name of a structure that was cancelled since."""
    return ["" if missing(day) else ", cancelled" for day in frame["ended"]]


def _range(values, say=money, none: str = "none") -> str:
    """The least and the largest of the values that there are, in words, once where both are one."""
    there = sorted(value for value in values if not missing(value))
    return " to ".join(dict.fromkeys(map(say, there[:1] + there[-1:]))) or none


def _pair_rows(ax, rows, narrow: bool, name) -> None:
    """Names of rows, company and structure, and no more than the figure has room for."""
    size, wrap = (6.5, 20) if narrow else (8, 0)
    kit.rows(ax, [name(row) for row in rows], size, wrap=wrap)


@chart("What each structure is worth a share")
def ranges(a: Answers) -> Chart:
    """Value a share low, base and high, with the middle nine tenths of draws."""
    names = a.context["structure_names"]
    frame = a.frame("grid").query("why == '' and (high != low or abs(base_change) > 1e-9)")
    frame = frame[frame["base_change"].notna()]
    need(frame, f"on {a.as_of} no structure could be tried")
    frame = frame.merge(a.frame("uncertainty"), "left", on=["structure", "maker"])
    frame["name"] = frame["maker_on"] + ": " + frame["structure_name"] + _over(frame)
    lows, kept = frame["low_change"], percent(a.context["group"].holding_discount)

    def draw(fig, narrow):
        label = f"value a share against the price (line: sold low, marked down by {kept}, to high "
        label += "with no discount; dot: base; bar: 90 % of draws)"
        ax = kit.axes(fig, label, percent="x", sign=True, nbins=5, wrap=40 if narrow else 88)
        rows = list(frame.itertuples())[::-1]
        for y, row in enumerate(rows):
            shade = structure_color(row.structure, names)
            ends = [v for v in (row.low_change, row.base_change, row.high_change) if v == v]
            kit.span(ax, y, min(ends), max(ends), shade)
            kit.span(ax, y, row.change_p05, row.change_p95, shade, 6, alpha=0.4)
            kit.dot(ax, row.base_change, y, shade)
        kit.rule(ax, x=0)
        _pair_rows(ax, rows, narrow, lambda r: r.name + NO_LOW * missing(r.low_change))

    def on(row) -> str:
        return f"{row['structure_name'].lower()} on {row['maker_name']}"

    low = "Sold low," + f" with what is kept marked down by {kept}," * (kept != percent(0))
    title, most = f"{low} no structure costs value", frame["change_p95"].max()
    if lows.isna().all():
        title = "No structure can be had at the low value"
    elif lows.min() <= -0.005:
        worst = frame.loc[lows.idxmin()]
        costs = "costs" if missing(worst["ended"]) else "would have cost"
        title = f"{low} {on(worst)} {costs} {percent(-worst['low_change'])} a share"
    title += f"; each brings at most {percent(max(most, 0.0))} in 19 of 20 draws"
    found = "; ".join(
        f"{r.maker_name}, {r.structure_name} {'no low case, ' * missing(r.low_change)}"
        + _range((r.low_change, r.base_change, r.high_change), lambda v: percent(v, 0, True))
        for r in frame.itertuples()
    )
    height = 1.5 + 0.3 * len(frame)
    return Chart(
        draw,
        title,
        f"Lines of value a share against the price, as of {a.as_of}, low to high with the base: "
        f"{found}.",
        MODEL,
        (height, height + 0.16 * len(frame) + 0.4),
    )


@chart("What a unit must fetch")
def breakeven(a: Answers) -> Chart:
    """The offer value that breaks even beside the range of values, by structure and company."""
    names = a.context["structure_names"]
    frame = a.frame("grid").query("breakeven.notna() and unit_value > 0")
    need(frame, f"on {a.as_of} no structure that sells could be tried")
    frame["name"] = frame["maker_on"] + ": " + frame["structure_name"] + _over(frame)
    discount = percent(a.context["group"].holding_discount)
    kinds = {"new shares": frame["to_unit"] > 0, "existing ones": frame["to_parent"] > 0}
    kinds = {kind: rows for kind, rows in kinds.items() if rows.any()}

    def needed(column: str) -> str:
        ratio = frame[column] / frame["unit_value"]
        none = "any" if (frame["low_change"] > 0).all() else "more than any"
        return ", ".join(f"{k} {_range(ratio[rows], percent, none)}" for k, rows in kinds.items())

    def draw(fig, narrow):
        label = "value of the unit, part of its base (bar: range, dot: base; strokes: break-even "
        label += f"today, and with what is kept marked down by {discount})"
        ax = kit.axes(fig, label, percent="x", nbins=6, wrap=40 if narrow else 80)
        rows = list(frame.itertuples())[::-1]
        for y, row in enumerate(rows):
            shade, base = structure_color(row.structure, names), row.unit_value
            kit.span(ax, y, row.unit_low / base, row.unit_high / base, shade, 5, alpha=0.4)
            kit.dot(ax, 1.0, y, shade)
            kit.span(ax, y, row.breakeven / base, row.breakeven_high / base, INK, 0.8)
            for end, size, width in ((row.breakeven, 12, 2), (row.breakeven_high, 8, 1)):
                kit.dot(ax, end / base, y, size=size, marker="|", mew=width)
        _pair_rows(ax, rows, narrow, lambda r: r.name)
        ax.set_xlim(0)

    found = "; ".join(
        f"{r.maker_name}, {r.structure_name} breaks even at "
        f"{_range((r.breakeven, r.breakeven_high))} against {money(r.unit_value)}"
        for r in frame.itertuples()
    )
    height = 1.5 + 0.32 * len(frame)
    return Chart(
        draw,
        f"To break even, a unit must fetch of its base value: {needed('breakeven')}; if the market "
        f"marks what is kept down by {discount}: {needed('breakeven_high')}",
        f"Dots and strokes as of {a.as_of}: {found}.",
        MODEL,
        (height + 0.2, height + 0.16 * len(frame) + 0.8),
    )


@chart("What an EV unit was said to be worth")
def valuations(a: Answers) -> Chart:
    """What the headlined company's EV unit was said to be worth, by whom and when, in euros."""
    company = a.context["group"].company
    who = a.context["maker_names"][company]
    title = f"What {who}'s EV unit was said to be worth"
    frame = a.frame("valuations").query("maker == @company and unit == 'ev'").sort_values("date")
    need(frame, f"no value of an EV unit of {who} was public on {a.as_of}")
    shades = dict.fromkeys(SELLERS, BLUE) | {"bid": AMBER, "asked": AMBER}
    frame["shade"] = frame["role"].map(shades).fillna(SOFT)
    keys = {BLUE: "blue: the seller's own or a deal", AMBER: "amber: bid or sought"}
    key = "; ".join(words for shade, words in keys.items() if shade in set(frame["shade"]))
    frame[["low", "high"]] /= 1e9
    frame["text"] = [
        "–".join(dict.fromkeys(number(end, 1) for end in ends))
        for ends in frame[["low", "high"]].itertuples(index=False)
    ]
    named = frame["currency"].map(lambda c: "" if c == "EUR" else f", named in {c}")
    least, most = frame["low"].min(), frame["high"].max()

    def draw(fig, narrow):
        label = "value, EUR bn" + f" ({key})" * bool(key)
        limits = (0, most * (1.6 if narrow else 1.3))
        ax = kit.axes(fig, label, wrap=32 if narrow else 80, xlim=limits)
        rows = list(frame.assign(text=frame["text"] + named).itertuples())[::-1]
        for y, row in enumerate(rows):
            kit.span(ax, y, row.low, row.high, row.shade, 5)
            kit.dot(ax, (row.low + row.high) / 2, y, row.shade, True, 6)
            kit.note(ax, row.text, (row.high, y), 8, ha="left")
        labels = [f"{textwrap.fill(r.by, 24)}\n{day(r.date)}" for r in rows]
        kit.rows(ax, labels, 7.5, room=(0.7, 0.7))
        kit.rule(ax, x=0, color=FAINT, lw=1.5)

    ends = [money(end * 1e9) for end in (least, most)]
    found = "; ".join(frame["by"] + " EUR " + frame["text"] + "bn" + named)
    span = " to ".join(dict.fromkeys(map(day, frame["date"].agg(["min", "max"]))))
    return Chart(
        draw,
        f"{title}: {f'from {ends[0]} to {ends[1]}' if most > least else ends[1]}",
        f"Bars of {counted(len(frame), 'published value')}, {span}: {found}.",
        "press and company statements as listed under Sources; ECB rates of their days",
        (1.4 + 0.48 * len(frame), 1.6 + 0.5 * len(frame)),
    )


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
