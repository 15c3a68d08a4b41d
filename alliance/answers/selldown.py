"""Chapter 2: what selling down is worth under each way of doing it, and who controls what after."""

from dataclasses import replace

import numpy as np
import pandas as pd

from alliance import selldown as sd
from alliance.answers import disclosed_sales, inputs, programme, sensitivity, voting
from alliance.answers.inputs import SHARE, Inputs, fill
from alliance.answers.inputs import check as check
from alliance.answers.results import Answers, Builder
from alliance.errors import need
from alliance.evidence import Evidence
from alliance.format import in_words, number
from alliance.scenario import Scenario

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def answer(s: Scenario, ev: Evidence) -> Answers:
    """Headline results and frames of chapter 2 at a scenario and evidence; a ScenarioError if they
    don't fit."""
    b = Builder("2-selldown", ev)
    i = fill(s, ev)
    filled = {"carrying_eur_per_share": "evidence: net assets a share"}
    filled |= dict.fromkeys(("drift", "fx_drift"), "fair game")
    for name, value in i.group.model_dump(mode="json").items():
        origin = filled.get(name, "scenario" if value is None else "evidence")
        given = getattr(s.selldown, name) is not None
        b.took(f"selldown.{name}", value, "", "scenario" if given else origin)
    for name in ("held", "issued", "adv", "planned"):
        origin = "scenario" if name == "planned" else "evidence"
        b.took(name, round(getattr(i.terms, name)), "shares", origin)
    b.context |= {"group": i.group, "terms": i.terms}
    b.context["fair"] = s.selldown.drift is None and s.selldown.fx_drift is None
    b.context["carried"] = s.selldown.carrying_eur_per_share is None
    b.context["game"] = "is fair" if s.selldown.drift is None else "the scenario says"
    names = ev.companies.set_index("company")["name"].to_dict()
    b.context |= {"day": ev.close(SHARE).index[-1], "names": names}
    voting.put(b, i)
    size(b, i)
    _purse(b, i)
    sizes = np.unique(np.round(np.geomspace(1e6, max(i.terms.planned, 2e6), 40)))
    costs = {"block": sd.block_cost(replace(i.terms, block_discount=None), sizes)}
    costs["dribble"] = sd.slice_cost(i.terms, sizes, i.terms.participation)
    b.frames["absorb"] = pd.DataFrame({"shares": sizes, "days": sizes / i.terms.adv, **costs})
    markets = {name: i.market(s.seed, name) for name in ("lognormal", "history")}
    outcomes = {
        name: {n: make(i.terms, m) for n, make in sd.PROGRAMMES.items()}
        for name, m in markets.items()
    }
    _programmes(b, i, outcomes)
    _bond(b, outcomes[i.group.market]["exchangeable"])
    _price_points(b, i, markets["lognormal"], outcomes)
    sold = outcomes[i.group.market].items()
    paths = [programme.stake_path(x).assign(programme=n) for n, x in sold if n != "hold"]
    b.frames["stake_path"] = pd.concat(paths, ignore_index=True)
    b.context["ends"] = _ends(ev, i, outcomes[i.group.market])
    sensitivity.put(b, s, i)
    with b.section():
        prices = ev.close(SHARE), ev.rate("jpy_per_eur")
        moments = pd.DataFrame([sd.weekly_moments(*prices, n) for n in (1, 3, 5)])
        years = (moments["weeks"] / sd.market.WEEKS).round(1)
        moments.insert(0, "years", years)
        b.frames["moments"] = moments.drop(columns="returns").drop_duplicates("weeks")
    b.context["variance_ratio"] = markets["history"].variance_ratio(26)
    disclosed_sales.put(b)
    return b.answers()


def size(b: Builder, i: Inputs) -> None:
    """Add how large the planned sale is: days of trading, cost at once, value."""
    t = i.terms
    with b.ev.aside():
        named = [b.ev.figure("stake-reported"), b.ev.figure("stake-agreed")]
    own = i.group.target_stake not in named
    b.context["aim"] = own
    with b.section():
        inputs.stake(b.ev), inputs.daily_volume(b.ev)
        b.put("selldown.days_of_volume", t.planned / t.adv)
    with b.section():
        inputs.count_cost(b.ev)
        why = None if t.planned > 0 else programme.NOTHING
        cost = None if why else sd.block_cost(t, t.planned)
        b.put("selldown.block_cost", cost, why, programme.assumed("block"))
    with b.section() as used:
        inputs.stake(b.ev)
        close, rate, _ = inputs.market(b.ev)
        used.within(rate.date)
        spot, fix, known = i.group.spot_jpy, i.group.jpy_per_eur, (close.value, rate.value)
        own, rate = (number(level, 1).removesuffix(".0") for level in (spot, fix))
        price = "the market price" if spot == known[0] else f"an assumed price of JPY {own}"
        price += f" and an assumed JPY {rate} for one euro" * (fix != known[1])
        note = "the last close was JPY {:,.1f}, at JPY {:,.1f} for one euro".format(*known)
        note, b.context["price"] = note if "assumed" in price else i.note, price
        b.put("selldown.planned_value_eur", t.planned * spot / fix, note, price=price)


def _purse(b: Builder, i: Inputs) -> None:
    """What the issuer could pay, its car business's net cash and free cash flow as last printed,
    what is planned over that cash, and what it has paid in the disclosed sales."""
    ev, key, over = b.ev, "selldown.issuer_{what}_jpy", "selldown.planned_over_net_cash"

    def last(what: str) -> pd.Series:
        row = ev.last("liquidity", "date", company=SHARE, metric=what)
        return need(row, f"no {in_words(what)} of Nissan's was public on {ev.as_of}")

    with b.section():
        b.frames["liquidity"] = ev.rows("liquidity", company=SHARE).sort_values("date")
    for what in ("free_cash_flow", "net_cash"):
        words = {"what": what, "name": in_words(what).capitalize()}
        with b.section(key, **words):
            b.put(key, last(what)["value"], **words, day=last(what)["date"].date())
    with b.section(over):
        inputs.count_sale(ev)
        net = last("net_cash")["value"]
        b.put(over, i.terms.planned * i.group.spot_jpy / net if net > 0 else np.nan)
    with b.section("selldown.issuer_paid_jpy"):
        sales = need(ev.rows("tranches"), f"no sale was disclosed by {ev.as_of}")
        b.put("selldown.issuer_paid_jpy", sales["value_jpy"].sum())


def _programmes(b: Builder, i: Inputs, outcomes) -> None:
    """Holding and six programmes under both markets: summary, distribution, headline results."""
    why = programme.no_loss(b.ev, i)
    carrying = None if why else i.group.carrying_eur_per_share
    rows, spread, heads = [], [], [f"q{round(100 * p):02d}" for p in QUANTILES]
    for market, made in outcomes.items():
        for name, found in made.items():
            row, who = programme.summary(found, carrying), {"market": market, "programme": name}
            rows.append(who | row)
            values = np.quantile(found.after_exit, QUANTILES)
            line = dict(zip(heads, values, strict=True))
            spread.append(who | line | {"mean": row["value_after_exit_eur_mean"]})
            if market == i.group.market:
                programme.put(b, i, name, row)
    b.frames["programmes"], b.frames["distribution"] = pd.DataFrame(rows), pd.DataFrame(spread)


def _bond(b: Builder, ledger: sd.Ledger) -> None:
    """What the exchangeable bond brings on its first day, and what is repaid how often."""
    first, last = ledger.received
    repaid = last < 0
    back = float(-last[repaid].mean()) if repaid.any() else 0.0
    found = {"first_eur": float(first.mean()), "repaid": float(repaid.mean()), "repaid_eur": back}
    b.context["bond"] = found


def _price_points(b: Builder, i: Inputs, market: sd.Lognormal, outcomes) -> None:
    """Hit probabilities beside the closed form; one trigger's frontier."""
    closed = sd.price_points_closed(i.terms, market)
    multiples = np.asarray(i.terms.multiples)
    ledgers = {name: made["price_points"] for name, made in outcomes.items()}
    hit = {name: np.isfinite(ledger.time).mean(axis=1) for name, ledger in ledgers.items()}
    g = i.group
    rest = g.volatility, g.horizon_years, g.rate_jpy, g.dividend_yield
    calls = [sd.programmes.call_value(g.spot_jpy, m * g.spot_jpy, *rest) for m in multiples]
    columns = {"multiple": multiples, "price_jpy": multiples * i.group.spot_jpy}
    columns |= {"closed": closed["p_hit"], **hit, "call_jpy": calls}
    b.frames["p_hit"] = pd.DataFrame(columns)
    headline = closed["p_hit"] if i.group.market == "lognormal" else hit["history"]
    with b.section():
        inputs.market(b.ev)
        assumed = [f"selldown.{field}" for field in (*programme.ALL, "price_points")]
        b.put("selldown.price_points.p_hit", tuple(headline), assumed=assumed)
    with b.section():
        inputs.count_sale(b.ev)
        value = float(np.mean(calls)) * (i.terms.planned / i.group.jpy_per_eur)
        b.put("selldown.price_points.calls_eur", value)
        b.put("selldown.price_points.proceeds_eur_closed", closed["proceeds_mean"])
    rows = []
    market = replace(market, paths=min(i.group.paths, 2**13))
    free = replace(i.terms, fee=0, impact=0, min_discount=0, block_discount=None)
    for multiple in np.round(np.arange(1.0, 2.51, 0.1), 2):
        ledger = sd.price_points(replace(free, multiples=(float(multiple),)), market)
        low, high = np.quantile(ledger.wealth, [0.05, 0.95])
        row = {"multiple": multiple, "mean": ledger.wealth.mean(), "low": low, "high": high}
        row |= {"cvar": sd.cvar(ledger.wealth), "p_hit": np.isfinite(ledger.time).mean()}
        rows.append(row)
    b.frames["frontier"] = pd.DataFrame(rows)


def in_slices(a: Answers, frame: pd.DataFrame) -> pd.Series:
    """Mean values of programmes, if what is left at the horizon then goes in slices."""
    close, after = frame["wealth_eur_mean"], frame["value_after_exit_eur_mean"]
    return close - (close - after) * sd.in_slices(a.context["terms"])


def _ends(ev: Evidence, i: Inputs, outcomes) -> dict[str, dict[str, float]]:
    """By programme: cash on the first day, and votes at the horizon, means over paths.

    Without a trust all shares vote; where there is one, its shares vote as the others.
    """
    with ev.aside():
        trust, cap = voting.trust_of(ev)
    block, out = voting.block_of(i.terms, trust or 0.0, cap), {}
    for name, made in outcomes.items():
        first = np.where(made.time <= 0, made.received, 0.0).sum(axis=0).mean()
        issued = made.terms.issued - np.atleast_2d(made.gone_after)[-1]
        votes = voting.votes_left(block, made.sold, issued)
        out[name] = {"cash_now_eur": float(first), "votes_end": float(np.mean(votes))}
    return out
