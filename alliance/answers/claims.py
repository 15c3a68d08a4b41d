"""The two articles, claim by claim: numbers recomputed on the day of the row, else its verdict."""

import pandas as pd

from alliance import decline, ownership, returns
from alliance.answers.results import Builder
from alliance.errors import NotKnown
from alliance.evidence import Evidence
from alliance.format import day, money, number, percent

VERDICTS = {"confirmed": "confirmed", "contradicted": "contradicted", "open": "not decidable"}
COLUMNS = ["claim", "article", "said", "verdict", "found", "tested", "issuer", "check"]
#: What a claim is found to be, and in which words; None where it can't be decided.
Found = tuple[bool | None, str]


def put(b: Builder) -> None:
    """Add each claim with its verdict as of the day, and how many there are of each."""
    keys = [f"briefing.claims_{key}" for key in VERDICTS]
    b.frames["claims"] = pd.DataFrame(columns=COLUMNS)
    with b.section(*keys):
        rows = b.ev.claims.sort_values(["article", "date", "claim"], ignore_index=True)
        if rows.empty:
            raise NotKnown(f"neither article was public on {b.ev.as_of}")
        for at, row in rows[rows["check"].notna()].iterrows():
            rows.loc[at, ["verdict", "found"]] = recomputed(row, b.ev)
        cited = b.ev.cited(rows)[["issuer"]]
        b.frames["claims"] = rows.assign(issuer=cited["issuer"].to_numpy())[COLUMNS]
        for key, verdict in zip(keys, VERDICTS.values(), strict=True):
            b.put(key, int((rows["verdict"] == verdict).sum()))


def recomputed(row: pd.Series, ev: Evidence) -> tuple[str, str]:
    """Verdict and words of a claim, on the evidence of the day of its test."""
    try:
        holds, words = CHECKS[row["check"]](ev.at(row["tested"].date()))
    except NotKnown as error:
        holds, words = None, str(error)
    return {True: "confirmed", False: "contradicted", None: "not decidable"}[holds], words


def _part(ev: Evidence, holder: str, company: str) -> float:
    held, issued = ev.holding(holder, company), ev.shares(company)
    if held.empty or issued.empty:
        raise NotKnown(f"the holding was not public on {ev.as_of}")
    return float(held.iloc[-1] / issued.iloc[-1])


def _one(ev: Evidence, table: str, **wanted: str) -> pd.Series:
    """The first of some rows."""
    rows = ev.rows(table, **wanted)
    if rows.empty:
        raise NotKnown(f"not public on {ev.as_of}")
    return rows.sort_values("published").iloc[0]


def _stake(ev: Evidence) -> Found:
    part = _part(ev, "renault", "nissan")
    return round(part, 2) == 0.43, percent(part, 2)


def _control(ev: Evidence) -> Found:
    part = _part(ev, "renault", "nissan")
    turnout = ownership.majority_turnout(part)
    return part > 0.5 or None, f"A majority if at most {percent(turnout)} of votes are cast"


def _arrest(ev: Evidence) -> Found:
    on = _one(ev, "events", event="ghosn-arrest")["date"]
    return on.year == 2018, day(on)


def _smaller(ev: Evidence) -> Found:
    own, other = ev.close("renault"), ev.close("nissan")
    last = returns.common(own, other)[-1]
    value = own[last] * ev.shares("renault").iloc[-1]
    rate = returns.as_known(ev.rate("jpy_per_eur"), other.index[-1:]).iloc[0]
    larger = other[last] * ev.shares("nissan").iloc[-1] / rate
    return bool(value < larger), f"{money(value)} against {money(larger)} at the market"


def _halved(ev: Evidence) -> Found:
    year = pd.Timestamp(2018, 1, 1), pd.Timestamp(2018, 12, 31)
    part = float((decline.from_each_day(ev.close("nissan"), *year) < -0.5).mean())
    return part > 0.5, f"From {percent(part, 1)} of the days of 2018"


def _porsche_listed(ev: Evidence) -> Found:
    on = _one(ev, "separation-events", event="vw-price")["date"]
    return (on + pd.DateOffset(months=1)).month == ev.as_of.month, f"Priced on {day(on)}"


def _porsche_pays(ev: Evidence) -> Found:
    left = 1 - float(ev.fact("porsche-payout")["value"])
    return left > 0, f"{percent(left)} of the money stays; the rest is paid out"


def _ford_split(ev: Evidence) -> Found:
    on = _one(ev, "separation-events", event="ford-split")["date"]
    return on.year == ev.as_of.year, f"{day(on)}, into three units"


def _ampere_kept(ev: Evidence) -> Found:
    sold = sum(float(ev.fact(f"ampere-{who}-planned")["value"]) for who in ("float", "allies"))
    floor = float(ev.fact("ampere-floor")["value"])
    return 1 - sold >= floor, f"{percent(1 - sold)} by the plan as reported"


def _combustion_profit(ev: Evidence) -> Found:
    rows = ev.rows("segments", lambda f: f["year"] == 2022, maker="ford", basis="actual")
    found = rows.set_index("segment")["ebit_low"].reindex(["blue", "pro", "model-e"])
    if found.isna().any():
        raise NotKnown(f"Ford's segments were not public on {ev.as_of}")
    rest, electric = float(found["blue"] + found["pro"]), float(found["model-e"])
    words = f"Ford: {money(rest, 'USD')}, its electric cars {money(electric, 'USD')}"
    return rest > max(0.0, electric), words


def _units(ev: Evidence, year: str) -> pd.Series:
    rows = ev.rows("sales", company="nissan", fiscal_year=year, period="FY")
    return rows.set_index("region")["units"].astype(float)


def _europe_small(ev: Evidence) -> Found:
    units = _units(ev, "FY2021")
    if not {"europe", "total"} <= set(units.index):
        raise NotKnown(f"Nissan's sales in Europe were not public on {ev.as_of}")
    part = units["europe"] / units["total"]
    return bool(part < 0.10), f"{percent(part, 1)} of its cars"


def _china_down(ev: Evidence) -> Found:
    first, last = (_units(ev, year).get("china") for year in ("FY2018", "FY2021"))
    if first is None or last is None:
        raise NotKnown(f"Nissan's sales in China were not public on {ev.as_of}")
    cars = f"{number(first / 1e3, 0)} to {number(last / 1e3, 0)} thousand cars in three years"
    return bool(last < first), cars


def _entry(ev: Evidence) -> Found:
    row = _one(ev, "stakes", holder="Renault", company="Nissan")
    return row["date"].year == 1999, f"{percent(row['capital'], 1)} on {day(row['date'])}"


def _equal(ev: Evidence) -> Found:
    part, back = _part(ev, "renault", "nissan"), _part(ev, "nissan", "renault")
    cap = float(ev.fact("voting-cap")["value"])
    words = f"Votes {percent(cap)} each; capital {percent(part, 1)} and {percent(back, 1)}"
    return abs(part - back) < 0.005, words


def _cross(ev: Evidence) -> Found:
    part = _part(ev, "nissan", "renault")
    return round(part, 2) == 0.15, percent(part, 2)


def _state_largest(ev: Evidence) -> Found:
    state, nissan = (int(ev.holding(who, "renault").iloc[-1]) for who in ("french-state", "nissan"))
    return state > nissan, f"{number(state - nissan, 0)} shares ahead of Nissan"


def _mitsubishi(ev: Evidence) -> Found:
    row = _one(ev, "stakes", holder="Nissan", company="Mitsubishi Motors")
    holds = round(row["capital"], 2) == 0.34 and row["date"].year == 2016
    return holds, f"{percent(row['capital'], 1)}, {row['date']:%Y-%m}"


#: By name, as the table says which one recomputes a claim.
CHECKS = {
    check.__name__[1:]: check
    for check in (
        _stake, _control, _arrest, _smaller, _halved, _porsche_listed, _porsche_pays, _ford_split,
        _ampere_kept, _combustion_profit, _europe_small, _china_down, _entry, _equal, _cross,
        _state_largest, _mitsubishi,
    )
}  # fmt: skip
