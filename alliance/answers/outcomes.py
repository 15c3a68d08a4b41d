"""Chapter 5, the rest: answers by month, what was said on the day, what became of each deal."""

import datetime as dt
import math
from collections import namedtuple
from contextlib import suppress
from functools import partial
from operator import attrgetter

import pandas as pd

from alliance import returns
from alliance import selldown as sd
from alliance.answers import inputs, live, programme, reconciliation, replay
from alliance.answers.results import Builder, listed
from alliance.errors import AllianceError
from alliance.evidence import Evidence
from alliance.format import in_words, money
from alliance.scenario import Scenario

#: In euros; what it is judged ``by``.
Statement = namedtuple("Statement", "day chapter said number came misled by")
FIRST, PATHS = "2018-01-31", 1024  # of the answers by month
#: The answers by month: the panel that gives each, and its result.
BY_MONTH = {name: (panel, key) for name, panel, key in listed("by_month.txt")}
#: What of a scenario reaches each panel.
REACHES = {panel: attrgetter(panel) for panel in ("decline", "selldown")}
REACHES["separation"] = attrgetter("separation", "selldown.target_stake")


def put(b: Builder, s: Scenario) -> None:
    """Add the answers by month, the statements of the scenario's day, and what became of deals."""
    with b.section():
        b.frames["by_month"] = _by_month(s, b.ev)
    _statements(b, s)
    with b.section():
        deals = Builder("3-separation", b.ev)
        reconciliation.put(deals)
        b.frames["aims"] = deals.frames["aims"]
        b.frames["became"] = _became(b.ev, pd.Timestamp(s.as_of))


def _by_month(s: Scenario, ev: Evidence) -> pd.DataFrame:
    """The main answers at each month's end, by the functions that the chapters use."""
    rows, known = [], ev.rows("structures", structure=s.separation.structure)["published"].min()
    own = {"selldown": s.selldown.model_copy(update={"paths": min(PATHS, s.selldown.paths)})}
    alone = {"structures": (s.separation.structure,)}  # whose threshold is shown
    own["separation"] = s.separation.model_copy(update=alone)
    for day in pd.date_range(FIRST, ev.as_of, freq="ME"):
        now = s.model_copy(update={"as_of": day.date(), **own})
        then = ev.at(day.date())
        rows.append({"day": day})
        for panel, part in REACHES.items():
            if panel == "separation" and not day >= known:  # before its structure was public
                continue
            key = "by month", panel, s.seed, part(now)
            rows[-1] |= then.lasting(key, partial(_panel, panel, now, then))
    return pd.DataFrame(rows, columns=["day", *BY_MONTH]).astype(dict.fromkeys(BY_MONTH, float))


def _panel(panel: str, s: Scenario, then: Evidence) -> dict[str, float]:
    """The answers of one panel on one day; none where it is too early for it."""
    try:
        found = getattr(live, panel)(s, then)
    except AllianceError:
        return {}
    wanted = {name: key for name, (where, key) in BY_MONTH.items() if where == panel}
    return {name: found[key.format(g=s)] for name, key in wanted.items()}


def _statements(b: Builder, s: Scenario) -> None:
    """Add what chapters 2 and 3 say on the scenario's day, and on those of the other replays,
    beside what came of it."""
    ev, misled, rows = b.ev, "hindsight.statements_misled", []
    with b.section() as raising:
        raised, sources = _raised(ev, s)
        raising.add([source for source in sources if source["kind"] != "assumed"])
        assumed = dict.fromkeys(e["id"] for e in sources if e["kind"] == "assumed")
        why = None if raised else "no structure of that day was cancelled since"
        total = sum(row.number for row in raised) if raised else None
        b.put("hindsight.raised_as_said_eur", total, why, assumed)
    with b.section(misled) as used:
        rows = _said(ev, s) + raised
        used.add(raising.entries.values())
        b.put(misled, sum(row.misled for row in rows))
    for start in b.frames["replay"].get("start", pd.Series()).unique():
        then = s.model_copy(update={"as_of": start.date()})
        if then.as_of != s.as_of:
            with suppress(AllianceError), b.section():
                rows += _said(ev, then) + _raised(ev, then)[0]
    b.frames["statements"] = pd.DataFrame(rows, columns=Statement._fields)


def _said(ev: Evidence, s: Scenario) -> list[Statement]:
    """What chapter 2 says on the scenario's day, beside what came by its horizon or, if sooner, by
    the last day; NotKnown if nothing did."""
    horizon = dt.timedelta(days=math.ceil(365.25 * s.selldown.horizon_years))
    made = replay.replay(s, ev.at(s.as_of + horizon), s.as_of)
    with ev.aside():
        i = inputs.fill(s, ev.at(s.as_of))
    market, chosen = i.market(s.seed), i.group.programme
    alike = programme.ALIKE * i.terms.planned * i.group.spot_jpy / i.group.jpy_per_eur
    ledgers = {name: make(i.terms, market) for name, make in sd.PROGRAMMES.items()}
    mean = {name: float(ledger.after_exit.mean()) for name, ledger in ledgers.items()}
    real = {name: replay.row(made[name])["value_after_exit"] for name in mean}
    best = max((name for name in mean if name != "hold"), key=mean.get)
    word, here, worst = in_words(chosen), real[chosen], float(sd.cvar(ledgers[chosen].after_exit))
    gain, came = mean[chosen] - mean["block"], here - real["block"]
    first = max(real, key=real.get)
    most = "none did" if first == best else f"{in_words(first)}, {money(real[first], digits=2)}"
    found = (
        (f"best way to sell: {in_words(best)}", mean[best], real[best],
         real[best] < real[first] - alike, f"another came to clearly more ({most})"),
        (f"{word}: the worst twentieth brings", worst, here, here < worst, "it came to less"),
        (f"{word}: gain on selling at once", gain, came,
         min(abs(gain), abs(came)) > alike and gain * came < 0, "it had the other sign"),
    )  # fmt: skip
    return [Statement(pd.Timestamp(s.as_of), "2-selldown", *each) for each in found]


def _raised(ev: Evidence, s: Scenario) -> tuple[list[Statement], list[dict]]:
    """What structures that were cancelled since were said to raise, and what that rests on."""
    with ev.aside():
        now, found = (live.separation(s, on) for on in (ev, ev.at(s.as_of)))
    ended = now.frame("grid").set_index(["structure", "maker"])["ended"]
    rows, sources = [], []
    for row in found.frame("grid").itertuples():
        since = ended[row.structure, row.maker] and not row.ended
        if row.gross and row.gross > 0 and since:
            said = f"{row.structure_name} of {row.maker_name} raises"
            came = row.gross, 0.0, True, "it was cancelled"
            rows.append(Statement(pd.Timestamp(s.as_of), "3-separation", said, *came))
            result = found.result(f"separation.{row.structure}.{row.maker}.cash_raised_eur")
            sources += result.sources
    ev.rows("structures", lambda f: f["ended"].notna())
    return rows, sources


def _became(ev: Evidence, day: pd.Timestamp) -> pd.DataFrame:
    """Each maker's share, from the day or its listing to the last close, beside its market."""
    listed = ev.rows("carmakers").set_index("maker")[["share", "benchmark", "name"]]
    listed.loc["porsche"] = "porsche-ag-pref", "estoxx50", "Porsche AG"
    rows = []
    for maker, row in listed.iterrows():
        close, index = ev.close(row["share"]), ev.close(row["benchmark"])
        days = returns.common(close, index)
        days = days[max(0, days.searchsorted(day, side="right") - 1) :]
        if len(days) < 2 or days[-1] <= day:
            continue
        first, last = days[[0, -1]]
        paid = ev.prices(row["share"])["adj_close"]
        rows.append({
            "maker": maker, "name": row["name"], "from": first, "to": last, "price": close[last],
            "change": close[last] / close[first] - 1, "benchmark": index[last] / index[first] - 1,
            "with_dividends": paid[last] / paid[first] - 1,
        })  # fmt: skip
    return pd.DataFrame(rows)
