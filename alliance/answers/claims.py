"""The two articles, claim by claim: numbers recomputed on the day of the test, else its verdict."""

from collections.abc import Callable

import pandas as pd

from alliance import decline, ownership, returns
from alliance.answers.results import Builder
from alliance.errors import NotKnown, need
from alliance.evidence import Evidence
from alliance.format import money, number, percent

PARTLY = "in part"
VERDICTS = {"confirmed": True, PARTLY: PARTLY, "contradicted": False, "not decidable": None}
Found = tuple[bool | str | None, str]  # whether a claim holds, or in part; None: can't be decided


def put(b: Builder) -> None:
    """Add each claim with its verdict as of the day, and how many there are of each."""
    names = dict(zip(("confirmed", "partly", "contradicted", "open"), VERDICTS, strict=True))
    with b.section(*(f"briefing.claims_{name}" for name in names)):
        b.frames["claims"] = rows = b.ev.cited(b.ev.claims.sort_values("claim"))
        need(rows, f"neither article was public on {b.ev.as_of}")
        for at, row in rows[rows["check"].notna()].iterrows():
            try:
                holds, words = CHECKS[row["check"]](b.ev.at(row["tested"].date()))
            except NotKnown as error:
                holds, words = None, str(error)
            verdict = next(word for word, of in VERDICTS.items() if of is holds)
            rows.loc[at, ["verdict", "found", "issuer"]] = verdict, words, "recomputed"
        columns = ["article", "said", "verdict", "found", "tested", "issuer"]
        b.frames["claims"] = rows[columns].reset_index(drop=True)
        for name, verdict in names.items():
            b.put(f"briefing.claims_{name}", int((rows["verdict"] == verdict).sum()))


def _part(ev: Evidence, holder: str, company: str) -> float:
    held, issued = ev.holding(holder, company), ev.shares(company)
    why = f"the evidence has no such holding by {ev.as_of}"
    return float(need(held, why).iloc[-1] / need(issued, why).iloc[-1])


def control(ev: Evidence) -> Found:
    part = _part(ev, "renault", "nissan")
    turnout = percent(ownership.majority_turnout(part), 1)
    return part > 0.5 or None, f"A majority if less than {turnout} of votes are cast"


def equal(ev: Evidence) -> Found:
    part, back = _part(ev, "renault", "nissan"), _part(ev, "nissan", "renault")
    cap = percent(float(ev.fact("voting-cap")["value"]))
    words = f"Votes {cap} each; capital {percent(part, 1)} and {percent(back, 1)}"
    return abs(part - back) < 0.005 or PARTLY, words  # votes are equal by contract


def state_largest(ev: Evidence) -> Found:
    lead = _part(ev, "french-state", "renault") - _part(ev, "nissan", "renault")
    ahead = number(lead * ev.shares("renault").iloc[-1], 0)
    return lead > 0, f"{ahead} shares ahead of Nissan"


def smaller(ev: Evidence) -> Found:
    own, other = ev.close("renault"), ev.close("nissan")
    last, rate = returns.common(own, other)[-1:], ev.rate("jpy_per_eur")
    value = (own[last] * ev.shares("renault").iloc[-1]).iloc[0]
    larger = (returns.in_eur(other[last], rate) * ev.shares("nissan").iloc[-1]).iloc[0]
    return bool(value < larger), f"{money(value)} against {money(larger)} at the market"


def halved(ev: Evidence) -> Found:
    year = pd.Timestamp(2018, 1, 1), pd.Timestamp(2018, 12, 31)
    part = float((decline.from_each_day(ev.close("nissan"), *year) < -0.5).mean())
    return part > 0.5, f"From {percent(part, 1)} of the days of 2018"


def _cars(ev: Evidence, region: str, year: str) -> float:
    rows = ev.rows("sales", company="nissan", region=region, fiscal_year=year, period="FY")
    return float(need(rows, f"cars in {region} were not public on {ev.as_of}")["units"].iloc[0])


def europe_small(ev: Evidence) -> Found:
    part = _cars(ev, "europe", "FY2021") / _cars(ev, "total", "FY2021")
    return part < 0.10, f"{percent(part, 1)} of its cars"


def china_down(ev: Evidence) -> Found:
    first, last = (_cars(ev, "china", year) for year in ("FY2018", "FY2021"))
    ends = [number(cars / 1e3, 0) for cars in (first, last)]
    return last < first, f"{' to '.join(ends)} thousand cars in three years"


def _near(holder: str, company: str, said: float) -> Callable[[Evidence], Found]:
    def check(ev: Evidence) -> Found:
        part = _part(ev, holder, company)
        return abs(part - said) < 0.005, percent(part, 2)

    return check


#: By name, as the table says which one recomputes a claim.
CHECKS = {"stake": _near("renault", "nissan", 0.43), "cross": _near("nissan", "renault", 0.15)} | {
    check.__name__: check
    for check in (control, equal, state_largest, smaller, halved, europe_small, china_down)
}
