"""Chapter 5, the replay: holding, each programme, and what Renault did, at the real prices."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd

from alliance import returns
from alliance import selldown as sd
from alliance.answers import inputs, programme
from alliance.answers.inputs import HOLDER, SHARE
from alliance.answers.results import Builder
from alliance.errors import NotKnown
from alliance.evidence import Evidence
from alliance.format import in_words
from alliance.scenario import Scenario

#: Days to start from, beside the scenario's, by their rows in the table of events.
STARTS = ("article-1", "article-2", "framework", "in-force")
DONE = "disclosed"  # what Renault did
COLUMNS = ("cash", "dividends", "rest", "value", "value_after_exit")
PARTS = ("price", "rate", "dividends", "cost")


def row(made: sd.Ledger) -> dict[str, float]:
    """Euros received, still held, and both, by the last close."""
    cash, value = float(made.proceeds[0]), float(made.wealth[0])
    paid = float(made.paid[0])
    found = cash, paid, value - cash - paid, value, float(made.after_exit[0])
    return dict(zip(COLUMNS, found, strict=True))


def _steps(made: sd.Ledger) -> pd.DataFrame:
    """Dated sales: ``date, shares, price_jpy, jpy_per_eur, cash_eur``."""
    columns = {"years": made.time, "shares": made.shares, "price_jpy": made.price}
    columns |= {"jpy_per_eur": made.rate, "cash_eur": made.received}
    frame = pd.DataFrame({key: value[:, 0] for key, value in columns.items()})
    moved = (frame[["shares", "cash_eur"]] != 0).any(axis=1)
    frame = frame[np.isfinite(frame["years"]) & moved]
    start = made.market.prices.index[0]
    days = start + pd.to_timedelta((frame.pop("years") * 365.25).round(), "D")
    return frame.assign(date=days)


def last_day(ev: Evidence) -> dt.date:
    """The last day on which the share, its holder and the rate of the yen all have a level."""
    tables = (f"prices-{SHARE}", f"prices-{HOLDER}", "rates-jpy-per-eur")
    return min(ev.days(name).iloc[-1] for name in tables).date()


def replay(s: Scenario, ev: Evidence, day: dt.date) -> dict[str, sd.Ledger]:
    """Every programme as it was known on a day, and what Renault did, at what came after it up to
    the evidence's own day: a ledger each, made once. NotKnown if nothing did."""
    return ev.once(("replay", day, s.selldown), lambda: _replay(s, ev, day))


def _replay(s: Scenario, ev: Evidence, day: dt.date) -> dict[str, sd.Ledger]:
    price = ev.close(SHARE)
    if day >= ev.as_of:
        raise NotKnown(f"the evidence has all prices up to {last_day(ev)} only")
    with ev.aside():
        i = inputs.fill(s.model_copy(update={"as_of": day}), ev.at(day))
    if not i.terms.planned:
        raise NotKnown(f"nothing was to be sold on {day}")
    inputs.count_sale(ev.at(day))
    terms = replace(i.terms, discount=0.0)  # dividends are the real ones
    price = price[price.index.asof(pd.Timestamp(day)) :]
    market = sd.Realised(price, returns.as_known(ev.rate("jpy_per_eur"), price.index))
    made = {name: make(terms, market) for name, make in sd.PROGRAMMES.items()}
    made["exchangeable"] = sd.exchangeable(terms, market, i.group.horizon_years)
    made[DONE] = _disclosed(terms, market, ev, day)
    first, last = price.index[[0, -1]]
    paid = ev.rows("dividends", lambda f: f["ex_date"].between(first, last, "right"), company=SHARE)
    amounts = returns.in_eur(paid.set_index("ex_date")["amount"], ev.rate("jpy_per_eur"))
    return {name: market.paid(ledger, amounts) for name, ledger in made.items()}


def _disclosed(terms: sd.Terms, market: sd.Realised, ev: Evidence, day: dt.date) -> sd.Ledger:
    """What Renault still held on the day and sold since, up to the plan, for the cash that it
    disclosed: at the rate of the day of its price, and with the dividends up to settlement."""
    sales = ev.rows("tranches", lambda f: f["settled"] > pd.Timestamp(day))
    sales = sales.sort_values("settled")
    kept = sd.hold(terms, market)
    if sales.empty:
        return kept
    days = pd.DatetimeIndex(sales["announced"])
    columns = {
        "time": market.years(pd.DatetimeIndex(sales["settled"])),
        "shares": sales["shares"],
        "price": sales["price_jpy"],
        "rate": returns.as_known(ev.rate("jpy_per_eur"), days),
        "cash": sales["proceeds_eur"],
    }
    arrays = {key: np.asarray(value, float)[:, None] for key, value in columns.items()}
    counted = np.diff(np.minimum(arrays["shares"].cumsum(axis=0), terms.planned), axis=0, prepend=0)
    arrays |= {"shares": counted, "cash": arrays["cash"] * counted / arrays["shares"]}
    bought = np.ones((len(sales), 1), bool)
    return replace(kept, **arrays, cost=np.zeros(bought.shape), cancelled=bought)


def ahead_at_close(frame: pd.DataFrame) -> int:
    """How many ways came to more than what Renault did, from the first start of a replay, with what
    is left at the last close."""
    value = frame[frame["start"] == frame["start"].iloc[0]].set_index("programme")["value"]
    return int((value > value[DONE]).sum())


def put(b: Builder, s: Scenario) -> None:
    """Add the replays: results from the scenario's day, frames from every start."""
    ev, names = b.ev, (*sd.PROGRAMMES, DONE)
    pattern = "hindsight.replay.{programme}."
    with b.section():
        events = ev.rows("events", lambda f: f["event"].isin(STARTS)).sort_values("date")
        days = dict.fromkeys([s.as_of, *events["date"].dt.date])
        b.context["in_force"] = events["date"].iloc[-1].date()
    rows, steps = [], []
    for day in days:
        made = None
        with b.section():  # nothing, where nothing came after the day
            made = replay(s, ev, day)
        if made is None:
            continue
        gains = {name: sd.gains(ledger) for name, ledger in made.items()}
        for name in names:
            about = {"start": pd.Timestamp(day), "programme": name}
            why = {f"by_{part}": gains[name][part] - gains[DONE][part] for part in PARTS}
            rows.append(about | row(made[name]) | why)
            steps.append(_steps(made[name]).assign(**about))
    b.frames["replay"] = pd.DataFrame(rows)
    b.frames["steps"] = pd.concat(steps, ignore_index=True) if steps else pd.DataFrame()
    for name in names:
        title = "What Renault did" if name == DONE else in_words(name).capitalize()
        words = {"programme": name, "name": title, "day": ev.as_of}
        with b.section(*(f"{pattern}{key}_eur" for key in COLUMNS), **words):
            for key, value in row(replay(s, ev, s.as_of)[name]).items():
                b.put(f"{pattern}{key}_eur", value, None, _assumed(name), **words)
    best = "hindsight.best_"
    with b.section(*(best + k for k in ("programme", "after_exit_eur", "against_disclosed_eur"))):
        made = replay(s, ev, s.as_of)
        after = {name: row(made[name])["value_after_exit"] for name in names}
        name = max(sd.PROGRAMMES, key=after.get)
        b.put(best + "programme", in_words(name))
        b.put(best + "after_exit_eur", after[name])
        b.put(best + "against_disclosed_eur", after[name] - after[DONE])


def _assumed(name: str) -> list[str]:
    """Fields that a replay rests on and no evidence supports: costs and terms, no drift."""
    fields = programme.ASSUMED.get(name, programme.ASSUMED["block"])
    return [f"selldown.{field}" for field in fields if field not in programme.ALL]
