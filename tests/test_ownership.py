"""Stakes, look-through, votes and power against disclosed figures and first principles."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance import answers, charts, evidence, ownership, scenario, tables
from alliance.errors import ScenarioError

H, N = 1_831_837_027, 4_220_715_112


def test_every_disclosed_stake_to_the_printed_digit():
    ev = evidence.open("2026-06-30")
    held, issued = H, N
    for t in ev.tranches.sort_values("tranche").itertuples():
        stake = ownership.stake(held, issued, 0, t.shares, t.shares_bought)
        assert round(stake, 4) == t.stake_after
        held, issued = held - t.shares, issued - t.shares_bought
        assert issued == t.issued_after
    assert (held, issued) == (1_326_231_327, 3_713_998_612)


def test_shares_by_each_route():
    assert round(ownership.stake(H, N, sold=1_198_729_760), 9) == 0.15
    bought = ownership.buyback_to_reach(H, N, 0.15)
    assert bought == pytest.approx(1410.27e6, abs=5e3)
    assert bought - 1_198_729_760 == pytest.approx(211.5e6, abs=5e4)  # from the direct block
    assert round(ownership.stake(H, N, bought=1_198_729_760), 4) == 0.2095
    assert round(99_132_100 / 100_242_900, 4) == 0.9889  # phi of March 2024: others tendered too


@given(
    held=st.integers(10**6, 10**9),
    others=st.integers(10**6, 10**10),
    part=st.floats(0.05, 0.95),
    mix=st.floats(0, 1),
)
def test_any_mixture_reaches_the_target(held, others, part, mix):
    issued = held + others
    target = part * held / issued
    sold = mix * (held - target * issued)
    bought = ownership.buyback_to_reach(held - sold, issued, target)
    stake = ownership.stake(held, issued, sold, bought)
    assert stake == pytest.approx(target, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    "held, issued, target", [(0, N, 0.15), (N + 1, N, 0.15), (H, N, -0.1), (H, N, 1.0)]
)
def test_what_cannot_be_is_refused(held, issued, target):
    with pytest.raises(ScenarioError, match="received"):
        ownership.buyback_to_reach(held, issued, target)


def test_loop_values():
    values = [ownership.loop(a, 0.15) for a in (0.434, 0.3571, 0.15)]
    assert [round(100 * v, 2) for v in values] == [6.96, 5.66, 2.3]


def test_look_through_conserves_value_for_any_set_of_firms():
    names = ["a", "b", "c"]
    held = pd.DataFrame([[0, 0.434, 0.1], [0.15, 0, 0], [0.05, 0.2, 0]], index=names, columns=names)
    equity = pd.Series([11.0, 13.0, 4.0], index=names)
    out = ownership.look_through(held, equity)
    assert out["outsiders"].sum() == pytest.approx(out["own"].sum())
    inverse = np.linalg.inv(np.eye(3) - held.to_numpy())
    np.testing.assert_allclose(inverse @ out["own"], equity)  # v = (I - A)^-1 e
    with pytest.raises(ScenarioError, match="below 1"):
        ownership.look_through(held * 3, equity)


def test_a_fair_sale_leaves_value_a_share():
    """Selling x at the market price, or a buy-back at it, changes no outsider's wealth."""
    price, cash_r = 400.0, 1000.0
    own_n = price * N  # Nissan's value without cross-holdings
    x = 1e8
    after_price = (own_n - x * price) / (N - x)  # bought back at the price and cancelled
    assert after_price == pytest.approx(price)
    assert (H - x) * price + cash_r + x * price == pytest.approx(H * price + cash_r)


def test_votes_in_each_reading():
    direct = 633_107_267
    planned = ownership.Block(direct, H - direct, N)
    assert round(ownership.votes(planned, "mirror"), 4) == 0.15
    assert round(ownership.votes(planned, "no_effect"), 4) == 0.2095
    now = ownership.Block(direct, 693_124_060, 3_713_998_612, cap=0.15)
    found = [ownership.votes(now, r) for r in ("mirror", "no_effect", "follow")]
    # of the votes cast in each: the 76m shares above the cap are not cast when the trust follows
    assert [round(100 * v, 2) for v in found] == [15.31, 18.92, 34.37]
    assert now.cast / now.exercisable == 0.15  # the cap is on all that may be cast
    with pytest.raises(ScenarioError, match="received 'x'"):
        ownership.votes(now, "x")


def test_majority_and_silence():
    assert round(ownership.majority_turnout(0.434), 3) == 0.868
    assert ownership.silenced_in_japan(0.25, 100) == 100
    assert ownership.silenced_in_japan(0.2499, 100) == 0


def test_power():
    found = [ownership.power(w) for w in (0.434, 0.2095, 0.15, 0.6)]
    assert [round(v, 3) for v in found] == [0.767, 0.265, 0.176, 1]


def test_power_by_simulation():
    """Another way: random orders of a fine ocean, and whether the holder tips the vote."""
    share, place = 0.25, np.random.default_rng(3).uniform(size=200_000)
    before = (1 - share) * place
    tips = ((before < 0.5) & (before + share >= 0.5)).mean()
    assert ownership.power(share) == pytest.approx(tips, abs=0.004)


def test_eps_accretion():
    arguments = (N, 29_812_226, H, 0.15)
    assert round(100 * ownership.eps_accretion(*arguments, bought=211e6), 2) == 4.8
    assert round(100 * ownership.eps_accretion(*arguments, sold=1198.73e6), 2) == -4.39


@given(
    parts=st.lists(st.floats(0.01, 1), min_size=3, max_size=3), cap=st.none() | st.floats(0.05, 0.5)
)
def test_readings_share_one_denominator(parts, cap):
    """The trust's part is the holder's where it follows, the others' where it splits as they do."""
    direct, trust, others = parts
    block = ownership.Block(direct, trust, sum(parts), cap)
    cast = block.cast + trust + others
    follow, mirror = (ownership.votes(block, r) for r in ("follow", "mirror"))
    assert follow == pytest.approx((block.cast + trust) / cast)
    assert mirror == pytest.approx(block.cast / cast) and follow > mirror
    assert follow - mirror == pytest.approx(trust / cast)


def test_after_the_deal_each_side_casts_fifteen_per_cent():
    """Not the 43.4 (latest 35.7) per cent of the capital: the trust and the cap come first."""
    for name in ("base", "latest"):
        s = scenario.load(name)[1].replace({"selldown": {"paths": 2}})
        a = answers.selldown(s, evidence.open(s.as_of))
        after = a.frame("cross").set_index("holding")["votes after"]
        assert round(after["Renault in Nissan"], 4) == 0.15 == round(after["Nissan in Renault"], 4)
        assert a["ownership.votes.renault_after"] == pytest.approx(after["Renault in Nissan"])
        assert a["ownership.votes.nissan_after"] == pytest.approx(after["Nissan in Renault"])


def test_votes_at_a_target_above_the_cap_are_those_of_what_is_left():
    """Shares left in the trust vote as the others there too: 35 % of capital casts 15."""
    own = {"as_of": "2024-03-29", "selldown": {"target_stake": 0.35, "paths": 2}}
    s = scenario.Scenario().replace(own)
    a = answers.selldown(s, evidence.open(s.as_of))
    owners = a.frame("owners").set_index(["when", "what"]).loc["at target"]
    capital, votes = owners.loc["capital"], owners.loc["votes"]
    assert capital["renault"] + capital["trust"] == pytest.approx(0.35)
    cast = min(capital["renault"], 0.15)
    assert votes["renault"] == pytest.approx(cast / (1 - capital["renault"] + cast))
    assert votes["renault"] == a.frame("power")["stake"].iloc[-1] < 0.16


def test_a_trust_before_there_was_one_is_said_to_be_an_if():
    for day, title, when in (
        ("2023-01-17", "If the planned shares were put in a trust, 43.4", "if put in trust"),
        ("2024-03-29", "With shares in trust, ", "in trust"),
    ):
        s = scenario.Scenario().replace({"as_of": day, "selldown": {"paths": 2}})
        a = answers.selldown(s, evidence.open(day))
        assert charts.owners(a).title.startswith(title)
        assert when in set(a.frame("owners")["when"])
        assert when.startswith("if") == ("planned" in a.frame("power")["when"].iloc[1])


def test_what_is_counted_twice_is_the_market_value_beyond_what_outsiders_own():
    s = scenario.Scenario().replace({"selldown": {"paths": 2}})
    a = answers.selldown(s, evidence.open(s.as_of))
    both = a.frame("look_through")
    twice = tables.words(a)["twice"]
    assert twice == pytest.approx(both["market"].sum() - (both["outside"] * both["market"]).sum())
    said = tables.say("cross-holding", a, **tables.words(a)).text
    assert f"EUR\xa0{twice / 1e9:.1f}bn, 30" in said


def test_votes_counted_before_the_agreement_are_not_shown_after_it():
    for day, votes in (("2023-01-17", 28.6), ("2024-03-29", None)):
        s = scenario.Scenario().replace({"as_of": day, "selldown": {"paths": 2}})
        rows = answers.selldown(s, evidence.open(day)).frame("stakes").set_index("holder")
        found = rows.at["French State", "votes"]
        assert round(100 * found, 1) == votes if votes else found != found


@pytest.mark.parametrize(
    "day, capital, votes, horse",
    [("2023-01-17", (0.434016, 0.15), (0.434016, 0.0), None),
     ("2026-06-30", (0.357090, 0.15), (0.15, 0.15), 0.45)],
)  # fmt: skip
def test_who_owns_whom(day, capital, votes, horse):
    """Computed for the two; the others as printed by the day, the last of each pair."""
    s = scenario.Scenario().replace({"as_of": day, "selldown": {"paths": 2}})
    a = answers.selldown(s, evidence.open(day))
    rows = a.frame("stakes").set_index(["holder", "company"])
    pair = [("Renault", "Nissan"), ("Nissan", "Renault")]
    assert rows.loc[pair, "capital"].tolist() == pytest.approx(capital, abs=1e-5)
    assert rows.loc[pair, "votes"].tolist() == pytest.approx(votes, abs=1e-5)
    assert rows.at[("French State", "Renault"), "capital"] == 0.1501
    assert (("Aramco", "Horse") in rows.index) == (horse is not None)
    if horse:
        parts = rows.xs("Horse", level="company")["capital"]
        assert parts["Renault"] == horse and parts.sum() == pytest.approx(1)
        assert rows.at[("Nissan", "Mitsubishi Motors"), "capital"] == 0.2405
    assert "36.8 %" in tables.stakes(a).text
