"""Chapter 0, each result by another way; and that no result of any chapter goes unchecked."""

from __future__ import annotations

import pytest
from scipy.optimize import brentq

from tests import test_results_decline, test_results_hindsight, test_results_selldown
from tests.checks import SCENARIOS, Standing, asof, checks, exact, near, shared, unchecked
from tests.test_results_selldown import Sale
from tests.test_results_separation import FEE, FLOAT, company, rooted, worth

assert test_results_decline and test_results_hindsight and test_results_selldown
PROGRAMMES = ("block", "dribble", "price_points", "buyback", "windows", "exchangeable")


@checks("briefing.best_*", "briefing.even_block_cost")
def test_the_best_programme(at):
    after = {n: at.value(f"selldown.{n}.value_after_exit_eur_mean") for n in (*PROGRAMMES, "hold")}
    kept = after.pop("hold")
    best = max(after, key=after.get)
    yield "briefing.best_programme", best
    yield "briefing.best_over_hold_eur", near(after[best] - kept, 1)
    planned, x = at.value("selldown.planned_value_eur"), Sale(at)
    others = max(value for name, value in after.items() if name != "block")
    yield "briefing.even_block_cost", near((planned - others) / planned, 1e-8)
    slow = 0.01 + x.sigma / 245**0.5 * 0.1**0.5 / 2 + 0.1 * x.planned / (x.issued - x.held) / 2
    closes = {n: at.value(f"selldown.{n}.wealth_eur_mean") for n in (*PROGRAMMES, "hold")}
    part = slow / x.cost(x.planned)  # of the cost of leaving as a block
    late = {n: close - part * (close - (after | {"hold": kept})[n]) for n, close in closes.items()}
    holding = late.pop("hold")
    yield "briefing.best_over_hold_slices_eur", near(max(late.values()) - holding, 2)


@checks("briefing.breakeven_low_eur", "briefing.even_holding_discount")
def test_where_the_carve_out_breaks_even(at):
    c = company(at, "renault")
    partners = 775e6 if at.day < "2023-07-26" else 600e6
    partners += 200e6 if at.day >= "2023-11-15" else 0
    unit = c.ev - FLOAT * c.ev - partners

    def needed(held: float) -> float:
        def gap(offer: float) -> float:
            new = FLOAT * offer + partners
            return worth(c, unit, new / offer, new, 0.0, FEE * FLOAT * offer, held=held) - c.price

        return rooted(gap)

    yield "briefing.breakeven_low_eur", exact(needed(0.0), 1e-4)
    even = brentq(lambda held: needed(held) - c.ev, 0.0, 0.25)
    yield "briefing.even_holding_discount", near(even, 1e-4)  # read off a line between points


@checks("briefing.nav_*")
def test_the_parts_of_renault(at):
    c = company(at, "renault")
    known = c.stakes + c.cash
    if at.day < "2024-01-29":  # the listing was not cancelled: what it was to bring is not there
        known += c.ev - FLOAT * c.ev - (775e6 if at.day < "2023-07-26" else 600e6)
        known -= 200e6 if at.day >= "2023-11-15" else 0
    if (horse := at.fact("horse-value")) is not None:
        known += 0.45 * horse
    yield "briefing.nav_per_share_eur", exact(known / c.shares)
    yield "briefing.nav_discount", near(1 - c.price * c.shares / known, 1e-9)


def part(at: Standing, holder: str, of: str, day: str) -> float:
    held = [r for r in at.rows("holdings", beneficiary=holder, company=of) if r["published"] <= day]
    last = {r["holder"]: float(r["shares"]) for r in sorted(held, key=lambda r: r["date"])}
    counts = [r for r in at.rows("shares", company=of, item="issued") if r["published"] <= day]
    return sum(last.values()) / float(max(counts, key=lambda r: r["date"])["shares"])


def value(at: Standing, name: str, day: str, per_eur: float = 1.0) -> float:
    counts = [r for r in at.rows("shares", company=name, item="issued") if r["published"] <= day]
    shares = float(max(counts, key=lambda r: r["date"])["shares"])
    both = [d for d in shared(at.series("renault"), at.series("nissan")) if d <= day]
    return at.series(name)[both[-1]] * shares / per_eur


def cars(at: Standing, region: str, year: str) -> float:
    rows = at.rows("sales", company="nissan", region=region, fiscal_year=year, period="FY")
    return float(rows[-1]["units"])


def recomputed(at: Standing, check: str, day: str) -> bool | None:
    """Whether a claim holds, from rows alone; None where that can't be decided."""
    close = at.series("nissan")
    if check == "control":
        return True if part(at, "renault", "nissan", day) > 0.5 else None
    if check == "stake":
        return abs(part(at, "renault", "nissan", day) - 0.43) < 0.005
    if check == "cross":
        return abs(part(at, "nissan", "renault", day) - 0.15) < 0.005
    if check == "equal":
        one, other = part(at, "renault", "nissan", day), part(at, "nissan", "renault", day)
        return True if abs(one - other) < 0.005 else "half"  # votes are equal
    if check == "state_largest":
        return part(at, "french-state", "renault", day) > part(at, "nissan", "renault", day)
    if check == "smaller":
        return value(at, "renault", day) < value(at, "nissan", day, asof(at.rate(), day))
    if check == "halved":
        starts = [p for d, p in close.items() if d.startswith("2018")]
        return sum(asof(close, day) / p < 0.5 for p in starts) > len(starts) / 2
    if check == "europe_small":
        return cars(at, "europe", "FY2021") < 0.10 * cars(at, "total", "FY2021")
    assert check == "china_down", check
    return cars(at, "china", "FY2021") < cars(at, "china", "FY2018")


@checks("briefing.claims_*")
def test_claims_are_counted_by_their_last_verdict(at):
    last = {}
    for row in sorted(at.rows("claims"), key=lambda r: r["published"]):
        last[row["claim"]] = row
    words = {True: "confirmed", False: "contradicted", None: "not decidable", "half": "in part"}
    found = [
        words[recomputed(at, r["check"], r["tested"])] if r["check"] else r["verdict"]
        for r in last.values()
    ]
    assert len(found) > 10
    for name, word in zip(("confirmed", "contradicted", "open", "partly"), words, strict=True):
        yield f"briefing.claims_{name}", found.count(words[word])


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_result_has_a_check(name):
    assert not unchecked(name), "write a check: tests/test_results_*.py"
