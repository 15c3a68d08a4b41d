"""The bargain: gains by hand, what changes hands, the equal split, the break-even cost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance import answers, bargain, evidence, scenario, tables
from alliance.answers import inputs
from alliance.bargain import Stakes
from alliance.errors import ScenarioError

BASE = Stakes(600, 3638.3, 0.434016, 0.15, independence=543.8, relief=0.1)


#: Terms without costs on the sale and on control, as the check of MODELS has them.
FREE = {"sale_discount": 0, "control_worth_eur": 0}


def found(as_of="2023-01-17", fee=0.0, **changes):
    groups = {"as_of": as_of, "separation": changes, "selldown": {"fee": fee}}
    s = scenario.Scenario().replace(groups)
    return answers.separation(s, evidence.open(s.as_of))


def test_gains_by_hand():
    """With i 200 and no overpayment: Nissan 544 - 200, Renault a tenth of the block."""
    g = bargain.gains(replace(BASE, ip=200), 8000, 8000)
    assert g.issuer == pytest.approx(343.8) and g.holder == pytest.approx(363.83)
    assert round(float(g.holder_outside)) == 466 and round(float(g.issuer_outside)) == 241


def test_the_chapters_gains_meet_the_same_check():
    a = found(ip_cost_eur=2e8, europe_benefit_eur=0, **FREE)
    assert a["bargain.renault_gain_eur"] / 1e6 == pytest.approx(466, abs=0.5)
    assert a["bargain.nissan_gain_eur"] / 1e6 == pytest.approx(241, abs=0.5)
    terms = a.frame("bargain_terms").set_index("term")["value"]
    assert terms["independence of Nissan"] / 1e6 == pytest.approx(544, abs=0.5)
    assert a.context["stakes"].block / 1e6 == pytest.approx(3638, abs=0.5)


@given(over=st.floats(-500, 500), s=st.floats(0, 0.9), n=st.floats(0, 0.9))
def test_an_overpayment_only_changes_hands(over, s, n):
    """Outside holders together gain nothing by it, and just the stated part moves."""
    t = replace(BASE, holding=s, back=n)
    agreed = 600 * 8000 / (600 - over)
    before, after = bargain.gains(t, 8000, 8000), bargain.gains(t, agreed, 8000)
    moved = after.holder_outside - before.holder_outside
    assert moved == pytest.approx(bargain.changes_hands(t) * over, abs=1e-6)
    assert after.issuer_outside - before.issuer_outside == pytest.approx(-moved, abs=1e-6)


def test_all_value_reaches_outside_holders():
    """Look-through: what both gain is what outsiders gain, with every loop seen through."""
    g = bargain.gains(BASE, 6000, 8000)
    assert g.issuer + g.holder == pytest.approx(g.issuer_outside + g.holder_outside)


def test_what_changes_hands_is_515_thousandths():
    assert bargain.changes_hands(Stakes(0, 0, 0.434, 0.15)) == pytest.approx(0.5146, abs=5e-5)


@given(
    belief=st.floats(1e3, 2e4), ip=st.floats(0, 800), d=st.floats(0, 0.3), bought=st.floats(0, 1)
)
def test_the_equal_split_is_equal(belief, ip, d, bought):
    t = replace(BASE, ip=ip, discount=d, bought=bought)
    split = bargain.equal_split(t, belief)
    if split is not None:
        g = bargain.gains(t, split, belief)
        assert g.issuer_outside == pytest.approx(g.holder_outside, abs=1e-6)


def test_no_split_where_the_ticket_is_too_small():
    assert bargain.equal_split(replace(BASE, ticket=1.0, independence=5000), 8000) is None
    assert bargain.equal_split(replace(BASE, ticket=0.0), 8000) is None


def test_break_even_cost_by_bisection():
    """The closed form against a search over the cost."""
    low, high = 0.0, 5000.0
    for _ in range(60):
        middle = (low + high) / 2
        gains = bargain.gains(replace(BASE, ip=middle), 7000, 8000).issuer_outside
        low, high = (middle, high) if gains > 0 else (low, middle)
    assert bargain.break_even_ip(BASE, 7000, 8000) == pytest.approx(low, abs=1e-6)
    a = found(**FREE)
    again = found(**FREE, ip_cost_eur=a["bargain.break_even_ip_cost_eur"])
    assert again["bargain.nissan_gain_eur"] == pytest.approx(0, abs=1)
    assert again["bargain.break_even_ip_cost_eur"] == a["bargain.break_even_ip_cost_eur"]


def test_more_of_each_term_moves_its_side():
    start = bargain.gains(BASE, 8000, 8000)
    for name, side, sign in (
        ("ip", "issuer", -1), ("benefit", "issuer", 1), ("votes", "issuer", 1),
        ("control", "holder", -1), ("signal", "holder", 1), ("discount", "holder", -0.01),
    ):  # fmt: skip
        moved = bargain.gains(replace(BASE, **{name: 0.01 if sign == -0.01 else 10}), 8000, 8000)
        assert np.sign(getattr(moved, side) - getattr(start, side)) == np.sign(sign), name


def test_what_the_issuer_buys_at_a_discount_it_gains():
    """The discount on its part of the block comes from the holder, to the euro."""
    low, par = replace(BASE, discount=0.2, bought=0.5), replace(BASE, discount=0.0, bought=0.5)
    one, other = bargain.gains(low, 8e3, 8e3), bargain.gains(par, 8e3, 8e3)
    assert one.issuer - other.issuer == pytest.approx(0.5 * 0.2 * BASE.block)
    assert other.holder - one.holder == pytest.approx(0.2 * BASE.block)


@pytest.mark.parametrize("name, value", [("holding", 1.2), ("discount", -0.1), ("bought", 1.5)])
def test_refused(name, value):
    with pytest.raises(ScenarioError, match=f"{name} must be a fraction from 0 to 1"):
        replace(BASE, **{name: value})


def test_the_zone_holds_its_points():
    a = found()
    zone, row = a.frame("bargain_zone"), a.frame("bargain_points").iloc[0]
    gap = (zone["agreed"] - row["agreed"]).abs() / 1e9
    near = zone.loc[(gap + (zone["discount"] - row["discount"]).abs() * 100).idxmin()]
    assert near["renault"] == pytest.approx(row["renault"], rel=0.05)


def test_points_grow_with_what_is_public():
    names = {d: found(d).frame("bargain_points")["point"].tolist() for d in
             ("2023-01-17", "2023-08-01", "2026-06-30")}  # fmt: skip
    first = ["this scenario", "sold in slices", "sold at market", "control at nothing",
             "neither of the two", "no relief"]  # fmt: skip
    assert names["2023-01-17"] == [*first, "equal split"]
    assert names["2026-06-30"][:7] == [*first, "equal split"]
    given = scenario.Scenario().replace({"separation": {"sale_discount": 0.05}})
    mine = answers.separation(given, evidence.open(given.as_of)).frame("bargain_points")
    assert "sold in slices" not in set(mine["point"])  # the scenario says what the sale costs
    assert names["2023-08-01"][-1] == "pledged in July 2023"
    assert names["2026-06-30"][-1] == "done, at that day's beliefs"
    last = found("2026-06-30").frame("bargain_points").iloc[-1]
    assert last["block"] == 1_616_000_000 and last["ticket"] == 0


def test_the_agreed_bargain_stands_on_its_own_day():
    """What was agreed in July 2023 is valued with that day's stakes, whenever it is read."""
    rows = [found(day).frame("bargain_points").set_index("point") for day in
            ("2023-07-26", "2026-06-30")]  # fmt: skip
    one, other = (r.loc["pledged in July 2023"] for r in rows)
    assert one["block"] == other["block"] and one["block"] > 4e9
    s = scenario.Scenario().replace({"as_of": "2026-06-30", "selldown": {"target_stake": 0.3}})
    mine = answers.separation(s, evidence.open(s.as_of)).frame("bargain_points")
    mine = mine.set_index("point")["block"]  # a scenario's own target was agreed by nobody
    assert mine["pledged in July 2023"] == one["block"] != mine["this scenario"]


def test_control_and_the_sales_cost_stand_on_both_sides():
    """By the analyst's hand: EUR -40m with the sale's cost, -419m with control too, 624m free."""
    a = found(fee=0.01)
    t, points = a.context["stakes"], a.frame("bargain_points").set_index("point")["renault"] / 1e6
    assert t.control / t.holding == pytest.approx(t.independence / (1 - t.holding))
    assert t.control / 1e6 == pytest.approx(417, abs=0.5)
    assert t.discount + t.fee == pytest.approx(0.201, abs=5e-4)
    assert points["this scenario"] == pytest.approx(-419, abs=0.5)
    assert points["control at nothing"] == pytest.approx(-40, abs=0.5)
    assert points["neither of the two"] == pytest.approx(624, abs=0.5)
    assert points["no relief"] == pytest.approx(-750, abs=0.5)


def test_sold_in_slices_the_bargain_pays_both():
    """At the dribble's cost, by hand from the volume of the day; without one the verdict turns."""
    a, s = found(fee=0.01), scenario.Scenario()
    g, i = s.selldown, inputs.fill(s, evidence.open(s.as_of))
    impact = g.impact * i.group.volatility / np.sqrt(245) * np.sqrt(g.participation) / 2
    lasting = g.permanent_impact * i.terms.planned / i.terms.float_ / 2
    row = a.frame("bargain_points").set_index("point").loc["sold in slices"]
    assert row["discount"] == pytest.approx(impact + lasting, rel=1e-9)
    assert row["renault"] > 0 and row["nissan"] > 0 > a["bargain.renault_gain_eur"]
    assert "Sold in slices, as the dribble is, the two gains are EUR +0.12bn" in tables.bargain(
        a
    ).text.replace("\N{NO-BREAK SPACE}", " ")


def test_the_sale_costs_what_chapter_2_says():
    """Its own rule, its own fields, and nothing where the scenario names a discount."""
    s = scenario.Scenario()
    for change in ({}, {"impact": 0.5}, {"block_discount": 0.07}, {"volatility": 0.5, "fee": 0.02}):
        s = scenario.Scenario().replace({"selldown": {"paths": 64, **change}})
        ev = evidence.open(s.as_of)
        t, cost = answers.separation(s, ev).context["stakes"], answers.selldown(s, ev)
        assert t.discount + t.fee == pytest.approx(cost["selldown.block_cost"]), change
    assert found(sale_discount=0.03).context["stakes"].discount == 0.03


@given(d=st.floats(0, 0.4), control=st.floats(0, 900), bought=st.floats(0, 1))
def test_break_even_discount_leaves_nothing(d, control, bought):
    t = replace(BASE, discount=d, control=control, bought=bought, fee=0.01)
    even = bargain.break_even_discount(t, 7000, 8000)
    assert bargain.gains(t, 7000, 8000, even).holder_outside == pytest.approx(0, abs=1e-6)
    assert bargain.break_even_discount(replace(t, block=0.0), 7000, 8000) is None


def test_where_nothing_is_sold_no_discount_is_named():
    s = scenario.Scenario().replace({"as_of": "2026-06-30", "selldown": {"target_stake": 0.42}})
    a = answers.separation(s, evidence.open(s.as_of))
    told = tables.bargain(a).text
    assert "no share to sell" in told and "no discount to break even at: nothing is sold" in told
