"""Chapter 3, the bargain: who gains how much on which terms."""

import numpy as np

from alliance.answers import Answers
from alliance.answers.negotiation import SLICES
from alliance.charts import kit
from alliance.charts.base import Chart, chart
from alliance.charts.looks import color
from alliance.errors import need
from alliance.format import number

MODEL = "exchange closes, holdings; the rest are assumptions of the scenario; our model"
SIDES = {"renault": (0.2, color("renault")), "nissan": (-0.2, color("nissan"))}


def who_gains(point) -> str:
    """Who of the two gains at a point, in words."""
    renault, nissan = point["renault"] >= 0, point["nissan"] >= 0
    if renault and nissan:
        return "both sides gain"
    return "only Renault gains" if renault else "only Nissan gains" if nissan else "neither gains"


def gain_bars(ax, gains, label) -> np.ndarray:
    """A pair of bars for each point from the top down; ``label(text, value, y, place)`` each."""
    y = np.arange(len(gains))[::-1]
    for who, (shift, shade) in SIDES.items():
        ax.barh(y + shift, gains[who], height=0.36, color=shade)
        for place, value in zip(y + shift, gains[who], strict=True):
            label(who.capitalize(), value, place)
    return y


@chart("Who gains")
def gains(a: Answers) -> Chart:
    """Gains of both sides' outside holders at each point."""
    frame = need(a.frame("bargain_points"), a.result("bargain.renault_gain_eur").note)
    frame[["renault", "nissan"]] /= 1e9
    first, both = frame.iloc[0], frame[["renault", "nissan"]].to_numpy()

    def draw(fig, narrow):
        high, low = max(both.max(), 0.1), min(both.min(), 0)
        right = high + (high - low) * (0.55 if narrow else 0.25)
        label = "gain of outside holders, EUR bn"
        ax = kit.axes(fig, label, nbins=5, xlim=(low * 1.05, right))

        def name(who, value, y):
            text = f"{who} {number(value, sign=True)}"
            kit.note(ax, text, (max(value, 0), y), 4, ha="left", fontsize=7.5)

        y = gain_bars(ax, frame, name)
        kit.rule(ax, x=0)
        kit.rows(ax, [f"{n}. {p}" for n, p in enumerate(frame["point"], 1)], 8, y, None)

    ends = frame[["renault", "nissan"]].map(lambda gain: number(gain, sign=True))
    sliced = frame[(frame["point"] == SLICES) & (frame["block"] > 0)]
    sold = "Sold as one block, with " if len(sliced) else "With "
    slices = [f"; sold in slices {who_gains(each)}" for _, each in sliced.iterrows()]
    found = frame["point"] + " " + ends["renault"] + " and " + ends["nissan"]
    return Chart(
        draw,
        f"{sold}control counted on both sides, {who_gains(first)}: Renault's holders EUR "
        f"{ends['renault'][0]}bn, Nissan's {ends['nissan'][0]}bn{''.join(slices)}",
        f"Bars of gains as of {a.as_of}, EUR bn, Renault and Nissan: {'; '.join(found)}.",
        MODEL,
        (1.3 + 0.6 * len(frame), 1.5 + 0.65 * len(frame)),
    )
