"""Chapter 2, what each programme brings: cost, outcomes, triggers, sensitivities, the record."""

from __future__ import annotations

import numpy as np

from alliance.answers import Answers
from alliance.charts.base import (
    FAINT,
    INK,
    Chart,
    billions,
    day,
    empty,
    end_labels,
    number,
    percent,
    percent_axis,
)
from alliance.charts.control import FILINGS, PROGRAMMES, SIMULATED


def absorb(a: Answers) -> Chart:
    """What a sale costs by its size: at once, or as a part of each day's volume."""
    frame, c, g = a.frame("absorb"), a.context, a.context["group"]
    if c["terms"].planned <= 0:
        return empty("What the market can absorb", f"on {day(c['day'])} the target is met already")
    last, cost = frame.iloc[-1], a["selldown.block_cost"]
    given = g.block_discount is not None

    def draw(fig, narrow):
        ax = fig.add_subplot()
        ax.plot(frame["days"], frame["block"], color=PROGRAMMES["block"][1])
        ax.plot(frame["days"], frame["dribble"], color=PROGRAMMES["dribble"][1], ls="--")
        if given:
            ax.plot(last["days"], cost, "D", ms=6, mfc="white", mec=INK, clip_on=False)
            ax.annotate(
                f"given {percent(cost, 1)}",
                (last["days"], cost),
                xytext=(-8, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                fontsize=8.5,
            )
        ax.set_ylim(0, max(frame["block"].max() * 1.1, 0.05))
        ax.margins(x=0.01)
        slow = f"at {percent(g.participation)}\nof volume"
        items = [
            (last["block"], f"at once\n{percent(last['block'], 1)}", PROGRAMMES["block"][1]),
            (last["dribble"], f"{slow} {percent(last['dribble'], 1)}", PROGRAMMES["dribble"][1]),
        ]
        end_labels(ax, last["days"], items)
        percent_axis(ax.yaxis)
        ax.set_ylabel("cost, part of value")
        ax.set_xlabel("size of the sale in days of all trading in Nissan")

    return Chart(
        draw,
        f"The planned shares are {number(last['days'], 0)} days of all trading: at once they cost "
        f"{percent(cost)}{' as given' if given else ''}",
        f"Lines of the cost of a sale by its size, as of {day(c['day'])}: for "
        f"{number(last['days'], 0)} days of volume {percent(last['block'], 1)} at once and "
        f"{percent(last['dribble'], 1)} at {percent(g.participation)} of volume.",
        "volumes of the exchange; square-root rule of market impact, an assumption",
        (3.7, 4.0),
    )


def outcomes(a: Answers, what: str = "value after exit") -> Chart:
    """Spread of a value under holding and each programme, both markets, the highest mean on top."""
    frame, c, g = a.frame("distribution"), a.context, a.context["group"]
    frame = frame[frame["what"] == what]
    fair = a["selldown.planned_value_eur"] / 1e9
    own = frame[(frame["market"] == g.market)].set_index("programme").sort_values("mean")
    names = list(own.index)

    def draw(fig, narrow):
        ax = fig.add_subplot()
        for market, shift, alpha in (("lognormal", 0.16, 1.0), ("history", -0.16, 0.5)):
            rows = frame[frame["market"] == market].set_index("programme")
            rows = rows.drop(columns=["market", "what"]).astype(float) / 1e9
            for y, name in enumerate(names):
                row, style = rows.loc[name], {"color": PROGRAMMES[name][1], "alpha": alpha}
                at = [y + shift] * 2
                ax.plot(row[["q05", "q95"]], at, lw=1, **style)
                ax.plot(row[["q25", "q75"]], at, lw=6, solid_capstyle="butt", **style)
                ax.plot(row["mean"], at[0], "o", ms=5, mfc="white", mec=style["color"])
        ax.axvline(fair, color=INK, lw=0.9, ls="--")
        ax.set_yticks(range(len(names)), [PROGRAMMES[n][0] for n in names])
        ax.set_ylim(-0.6, len(names) - 0.4)
        ax.set_xlabel(
            f"{what}, EUR bn\n(line: 5 to 95 %, bar: middle half, dot: mean; "
            f"{chr(10) if narrow else ''}upper lognormal, lower resampled history; "
            f"{chr(10) if narrow else ''}dashed: value today)"
        )
        ax.grid(axis="y", visible=False)

    told = [
        f"{PROGRAMMES[n][0]} {billions(own.at[n, 'mean'], digits=2)}"
        for n in dict.fromkeys((names[-1], "block", "hold"))
    ]
    return Chart(
        draw,
        f"Mean {what}: {', '.join(told)}",
        f"Ranges of the {what} in EUR bn, {number(g.horizon_years, 1)} years from "
        f"{day(c['day'])}, planned shares worth {number(fair, 2)} today. Means: "
        + ", ".join(f"{PROGRAMMES[n][0]} {number(own.at[n, 'mean'] / 1e9, 2)}" for n in names[::-1])
        + ".",
        SIMULATED,
        (4.8, 5.6),
    )


def loss_record(a: Answers) -> Chart:
    """The amount carried a share that each sale implies, rolled to June 2025, in two readings."""
    record, roll, c = a.frame("record"), a.frame("roll"), a.context
    if record.empty:
        return empty("The record of the sales", f"no sale was public on {a.as_of}")
    steps = [
        f"sale {n}\n{d:%Y-%m}" for n, d in zip(record["tranche"], record["announced"], strict=True)
    ]
    own, naive = list(record["own_share"]), list(record["naive"])
    known = not roll.empty
    if known:
        steps.append("rolled to\n2025-06")
        own.append(roll["own_share"].iloc[-2])
        naive.append(roll["naive"].iloc[-2])

    def draw(fig, narrow):
        ax = fig.add_subplot()
        x = np.arange(len(steps))
        ax.plot(x, own, "o-", color="#c3002f", ms=6)
        ax.plot(x, naive, "s--", color="#0b5fa5", ms=6)
        for at, (high, low) in enumerate(zip(own, naive, strict=True)):
            for value, up in ((high, 8), (low, -13)):
                ax.annotate(
                    number(value),
                    (at, value),
                    xytext=(0, up),
                    textcoords="offset points",
                    ha="center",
                    fontsize=8,
                )
        ax.set_xticks(x, steps)
        ax.set_xlim(-0.5, len(steps) - 0.5)
        ax.set_ylim(0, max(own) * 1.2)
        ax.set_ylabel("amount carried, EUR a share")
        items = [(own[-1], "buy-back\nshared", "#c3002f"), (naive[-1], "naive", "#0b5fa5")]
        end_labels(ax, len(steps) - 0.5, items)
        ax.axhline(0, color=FAINT)
        ax.grid(axis="x", visible=False)

    title = "Each sale's loss implies two amounts carried, by how it is read"
    if known:
        title = (
            f"With Nissan's buy-back shared in, the record predicts a loss of "
            f"{billions(a['selldown.record.switch_loss_own_share'])} in June 2025, the naive "
            f"{billions(a['selldown.record.switch_loss_naive'])}; announced were "
            f"{billions(a['selldown.record.switch_loss_announced'])}"
        )
    return Chart(
        draw,
        title,
        f"Lines of the amount carried a Nissan share implied by {len(record)} disclosed losses, "
        f"{day(record['announced'].iloc[0])} to {day(record['announced'].iloc[-1])}: buy-back "
        f"shared {number(own[0])} to {number(own[-1])}, naive {number(naive[0])} to "
        f"{number(naive[-1])} EUR. As of {day(c['day'])}.",
        FILINGS + "; our arithmetic",
        (4.0, 4.4),
    )  # fmt: skip
