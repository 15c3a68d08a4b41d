"""How far and when: prices, drawdowns and starting days."""

from alliance.answers import Answers
from alliance.charts import kit
from alliance.charts.base import Chart
from alliance.charts.looks import FAINT, INK, SOFT, color, look
from alliance.format import counted, day, moved, percent

NISSAN = color("nissan")
CLOSES = "exchange closes; ECB reference rates"


def price_lines(ax, frame, heavy: float, light: float) -> None:
    """A line for each company, Nissan's heavy and on top, and a rule at the start."""
    for name in frame.columns[::-1]:
        series, (shade, dash) = frame[name].dropna(), look(name, frame.columns)
        width = heavy if name == "nissan" else light
        ax.plot(series.index, series, color=shade, ls=dash, lw=width)
    kit.rule(ax, y=1, color=FAINT, zorder=0)


def end_names(last, names) -> list[tuple[float, str, str]]:
    """End labels of companies: place, name with the change, colour."""
    return [
        (value, f"{names[name]} {percent(value - 1, sign=True)}", color(name, last.index))
        for name, value in last.items()
    ]


def multiples(low: float, high: float) -> list[float]:
    """Multiples to mark on a log axis: a few wide ones, or even steps on a narrow span."""
    if high / low > 2:
        wide = (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 8)
        return [m for m in wide if low / 1.2 < m < high * 1.2]
    for step in (0.01, 0.02, 0.05, 0.1):
        marks = [1 + k * step for k in range(-50, 101) if low <= 1 + k * step <= high]
        if len(marks) <= 8:
            break
    return marks


def rebased(a: Answers) -> Chart:
    """Nissan's price beside its peers, Renault and the market, from one starting day."""
    frame, c = a.frame("rebased"), a.context
    last, names = frame.ffill().iloc[-1], c["names"]
    apart = last.drop("nissan").sort_values()
    ends = (f"{names[n]} {moved(apart[n] - 1)}" for n in apart.index[[0, -1]])
    ends = " and ".join(dict.fromkeys(ends))
    others = (f"{names[n]} {percent(last[n] - 1, sign=True)}" for n in last.index if n != "nissan")

    def draw(fig, narrow):
        ax = kit.axes(fig, y=f"change in {c['currency']}, log scale", dates=narrow)
        price_lines(ax, frame, 2.2, 1.2)
        ax.set_yscale("log")
        shown = multiples(frame.min().min(), frame.max().max())
        ax.set_yticks(shown, [percent(m - 1, sign=True) for m in shown])
        ax.minorticks_off()
        kit.end_labels(ax, frame.index[-1], end_names(last, names))
        ax.end_notes[0].set_fontweight("bold")
        ax.margins(x=0.01)

    return Chart(
        draw,
        f"Nissan {moved(last['nissan'] - 1)} while of the others {ends} ({c['currency']}, price)",
        f"Line chart of prices in {c['currency']}, {day(c['since'])} to {day(c['until'])}: Nissan "
        f"{percent(last['nissan'] - 1, sign=True)}; {', '.join(others)}.",
        CLOSES,
        (4.6, 5.0),
    )


def fall_area(ax, fall, width: float) -> None:
    """The fall below the high as an area under its line."""
    kit.band(ax, fall.index, fall, 0, NISSAN, 0.18)
    ax.plot(fall.index, fall, color=NISSAN, lw=width)


def drawdown(a: Answers) -> Chart:
    """Fall below the running high, with the dated events numbered and listed."""
    fall, table, c = a.frame("drawdown")["drawdown"], a.frame("events"), a.context
    table = table[table["day"].between(fall.index[0], fall.index[-1])]
    prints = fall[fall.index.isin(table.loc[table["kind"] == "results", "day"])]
    table = table[~table["kind"].isin(["results", "forecast"])]
    deepest = fall.min()

    def draw(fig, narrow):
        columns, size, step = (2, 7, 2.5) if narrow else (3, 7.5, 1.45)
        rows = max(1, -(-len(table) // columns))
        key = rows * size * step + 4
        rest = (fig.bbox.height / fig.dpi) * 72 - key - 70
        ax, legend = fig.subplots(2, 1, height_ratios=[max(rest, 120), key])
        fall_area(ax, fall, 1.3)
        ax.plot(prints.index, prints, "|", ms=11, mew=1.6, color=INK, zorder=3)
        room = -deepest * 0.22 or 0.01
        kit.axes(ax, y=f"below the highest close, {c['currency']}", percent="y", dates=narrow)
        ax.set_ylim(deepest * 1.08 or -0.01, room)
        ax.set_yticks([t for t in ax.get_yticks() if deepest * 1.08 <= t <= 0.001])
        ax.margins(x=0.01)
        _number_events(ax, table["day"], fall, room, 6.5 if narrow else 7.5)
        legend.axis("off")
        for i, row in enumerate(table.itertuples()):
            text = f"{i + 1}  {day(row.day)}{chr(10) if narrow else ' '}{row.short}"
            x, y = (i // rows) / columns, 1 - (i % rows) / rows
            legend.text(x, y, text, va="top", fontsize=size, color=INK, linespacing=1.15)

    return Chart(
        draw,
        f"Nissan fell {percent(-deepest)} from its high of {day(c['peak'])} and stood "
        f"{percent(-fall.iloc[-1])} below its highest close since {day(fall.index[0])}",
        f"Area chart of the fall below the highest close so far in {c['currency']}: the deepest, "
        f"{percent(deepest, 1)}, ran from {day(c['peak'])} to {day(c['bottom'])}; on "
        f"{day(c['until'])} it was {percent(fall.iloc[-1], 1)}. On the line "
        f"{counted(len(table), 'dated event')} by number, and strokes for "
        f"{counted(len(prints), 'session')} after results.",
        "exchange closes; events as listed under Sources; strokes: sessions after results",
        (4.3 + 0.17 * -(-len(table) // 3), 4.2 + 0.27 * -(-len(table) // 2)),
    )


def _number_events(ax, days, fall, room: float, size: float) -> None:
    """Numbers in a row above the curve, moved apart, each tied to its day."""
    from matplotlib.dates import date2num

    x = date2num(days.to_numpy())
    low, high = ax.get_xlim()
    gap = size * 1.5 * (high - low) / ((ax.figure.bbox.width / ax.figure.dpi) * 72 * 0.8)
    for i, (at, place) in enumerate(zip(x, kit.dodge(x, gap, low + gap, high - gap), strict=True)):
        y = float(fall.asof(days.iloc[i]))
        ax.plot([place, at, at], [0.53 * room, 0.19 * room, y], color=SOFT, lw=0.5, zorder=3)
        kit.dot(ax, at, y, full=True, size=3.2, zorder=4)
        ax.text(place, 0.59 * room, str(i + 1), ha="center", va="bottom", fontsize=size, color=INK)


def from_each_day(a: Answers) -> Chart:
    """How the fall depends on the day from which it is measured."""
    change, c = a.frame("from_each_day")["change"], a.context
    claim, share, until = c["claim"], a["decline.halved_from"], day(c["claim_day"])
    low, high, year = change.min(), change.max(), change.index[0].year
    top = high if claim is None else max(high, claim)

    def draw(fig, narrow):
        labels = "starting day", f"price change to {until}, JPY"
        ax = kit.axes(fig, *labels, percent="y", dates=narrow)
        ax.plot(change.index, change, color=NISSAN)
        if claim is not None:
            kit.band(ax, change.index, change, claim, NISSAN, 0.15, where=change < claim, lw=1)
            kit.rule(ax, y=claim, lw=0.9, ls="--")
            first = (change.index[0], claim)
            kit.note(ax, f"halved ({percent(claim)})", first, 3, 9, ha="left", fontsize=8.5)
        ax.set_ylim(low - 0.03, top + 0.05)

    title = f"From {percent(high)} to {percent(low)}: the fall depends on the starting day"
    if share is not None:
        days = f"{percent(share, 1)} of that year's days"
        title = f"“More than halved since {year}”: on {until} that held from {days}"
    return Chart(
        draw,
        title,
        f"Line chart: change of Nissan's price from each trading day of {year} to {until}, between "
        f"{percent(low, 1)} and {percent(high, 1)}.",
        "exchange closes; the claim is article 1's",
        (3.8, 4.0),
    )
