"""Chapter 0, the days: what had happened, and what lay ahead, as public on the day."""

import pandas as pd

from alliance.answers.results import Builder
from alliance.format import money, number, percent

ALLIANCE, UNIT = "alliance", "EV unit"
_HOLDERS = ("Renault", "Nissan")


def timeline(b: Builder) -> None:
    """Add the dated events of the alliance and of Renault's EV unit, one a day where they meet."""
    with b.section():
        news = b.ev.rows("events", lambda f: f["kind"].isin([ALLIANCE, "other"]))
        own = b.ev.rows("separation-events", maker="renault").assign(kind=UNIT)
        stakes = b.ev.rows("stakes", lambda f: f["holder"].isin(_HOLDERS) & f["company"].isin(
            ("Nissan", "Mitsubishi Motors")))  # fmt: skip
    words = [
        f"{row.holder}: {percent(row.capital)} of {row.company.split()[0]}"
        for row in stakes.itertuples()
    ]
    stakes = stakes.assign(short=words, title=words, kind=ALLIANCE)
    found = pd.concat([news, own, stakes]).drop_duplicates("date")
    found = found.sort_values("date", ignore_index=True)
    b.frames["timeline"] = found[["date", "short", "title", "kind", "published"]]


def watch(b: Builder) -> None:
    """Add what lay ahead: announced days, ends of plans, aims, and Nissan's own forecast."""
    ev, today = b.ev, pd.Timestamp(b.ev.as_of)
    with b.section():
        days = ev.rows("ahead", lambda f: (f["due"] > today) & ~(f["ended"] <= today))
        plans = ev.rows(
            "ev-plans", lambda f: (f["end"] > today) & ~(f["ended"] <= today), maker="renault"
        )
        aims = ev.rows("segments", lambda f: f["basis"].isin(["guidance", "target"])
            & (f["year"] >= today.year))  # fmt: skip
        forecast = ev.rows("forecasts", lambda f: _last(f, today), company="nissan")
    plans = plans.assign(due=plans["end"], what=[_plan(row) for row in plans.itertuples()])
    aims = aims.assign(
        due=pd.to_datetime(aims["year"].astype(str) + "-12-31"),
        what=[_aim(row) for row in aims.itertuples()],
    )
    forecast = forecast.assign(
        due=forecast["fiscal_year_end"],
        what=[
            f"Nissan's year ends; it expects an operating result of {money(v, 'JPY', 0)}"
            for v in forecast["operating_profit"]
        ],
    )
    parts = [ev.cited(frame)[["due", "what", "published", "issuer"]]
        for frame in (days, plans, aims, forecast) if len(frame)]  # fmt: skip
    columns = ["due", "what", "said", "issuer"]
    b.frames["watch"] = pd.DataFrame(columns=columns)
    if parts:
        found = pd.concat(parts).rename(columns={"published": "said"})
        b.frames["watch"] = found.sort_values(["due", "what"], ignore_index=True)[columns]


def _last(rows: pd.DataFrame, today: pd.Timestamp) -> pd.Index:
    """The last forecast of a year that has not ended."""
    return rows[rows["fiscal_year_end"] > today].sort_values("published").index[-1:]


def _plan(row) -> str:
    money_plan = row.kind == "money"
    amount = money(row.amount, row.unit, 0) if money_plan else number(row.amount, 0)
    return f"End of Renault's plan of {amount} {'for ' * money_plan}electric cars" + (
        " a year" * (not money_plan)
    )


def _aim(row) -> str:
    """An aim in words: profit, revenue or cars, as printed."""
    parts = []
    if pd.notna(row.ebit_low):
        ends = dict.fromkeys(money(v, row.currency) for v in (row.ebit_low, row.ebit_high))
        zero = row.ebit_low == row.ebit_high == 0
        parts.append("break-even" if zero else "an operating result of " + " to ".join(ends))
    if pd.notna(row.revenue):
        parts.append(f"revenue of {money(row.revenue, row.currency, 0)}")
    if pd.notna(row.units):
        parts.append(f"{number(float(row.units), 0)} cars")
    names = {"ampere": "Ampere", "model-e": "Ford's Model e", "ev": "GM's electric cars"}
    return f"{names.get(row.segment, row.segment)}: {row.basis}, {', '.join(parts)}"
