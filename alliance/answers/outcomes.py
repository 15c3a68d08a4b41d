"""Chapter 5, the rest: answers by month, what was said on the day, what became of each deal."""

from functools import partial

import pandas as pd

from alliance import returns
from alliance import selldown as sd
from alliance.answers import inputs, live, reconciliation
from alliance.answers.results import Builder
from alliance.errors import AllianceError
from alliance.evidence import Evidence
from alliance.scenario import Scenario

FIRST, PATHS = "2018-01-31", 1024  # of the answers by month
#: The answers by month: the panel that gives each, and its result.
BY_MONTH = {
    "price_change": ("decline", "decline.price_change_jpy"),
    "own_part": ("decline", "decline.part.company"),
    "planned_value": ("selldown", "selldown.planned_value_eur"),
    "block_cost": ("selldown", "selldown.block_cost"),
    "after_exit": ("selldown", "selldown.{g.selldown.programme}.value_after_exit_eur_mean"),
    "breakeven": (
        "separation",
        "separation.{g.separation.structure}.{g.separation.company}.breakeven_ev_value_eur",
    ),
}
#: The groups of a scenario that reach each panel.
REACHES = {
    "decline": ("decline",),
    "selldown": ("selldown",),
    "separation": ("separation", "selldown"),
}


def put(b: Builder, s: Scenario) -> None:
    """Add the answers by month, the statements of the scenario's day, and what became of deals."""
    with b.section():
        b.frames["by_month"] = _by_month(s, b.ev)
    with b.section("hindsight.statements_misled"):
        b.frames["statements"] = _statements(b, s)
        misled = b.frames["statements"]["misled"]
        why = None if len(misled) else f"nothing came after {s.as_of} in the evidence"
        b.put("hindsight.statements_misled", None if why else misled.sum(), why)
    with b.section():
        deals = Builder("3-separation", b.ev)
        reconciliation.put(deals)
        b.frames["aims"] = deals.frames["aims"]
        b.frames["became"] = _became(b.ev, b.ev.at(s.as_of), deals)


def _by_month(s: Scenario, ev: Evidence) -> pd.DataFrame:
    """The main answers at each month's end, by the functions that the chapters use."""
    rows, known = [], ev.rows("structures", structure=s.separation.structure)["published"].min()
    for day in pd.date_range(FIRST, ev.as_of, freq="ME"):
        own = s.selldown.model_copy(update={"paths": min(PATHS, s.selldown.paths)})
        now = s.model_copy(update={"as_of": day.date(), "selldown": own})
        then = ev.at(day.date())
        rows.append({"day": day})
        for panel, fields in REACHES.items():
            if panel == "separation" and not day >= known:  # before its structure was public
                continue
            key = "by month", panel, s.seed, *(getattr(now, group) for group in fields)
            rows[-1] |= then.once(key, partial(_panel, panel, now, then))
    return pd.DataFrame(rows, columns=["day", *BY_MONTH]).astype(dict.fromkeys(BY_MONTH, float))


def _panel(panel: str, s: Scenario, then: Evidence) -> dict[str, float]:
    """The answers of one panel on one day; none where it is too early for it."""
    try:
        found = getattr(live, panel)(s, then, only="results")  # no picture
    except AllianceError:
        return {}
    wanted = {name: key for name, (where, key) in BY_MONTH.items() if where == panel}
    return {name: found[key.format(g=s)] for name, key in wanted.items()}


def _statements(b: Builder, s: Scenario) -> pd.DataFrame:
    """What chapters 2 and 3 say on the scenario's day, beside what came of it."""
    columns = ["chapter", "said", "number", "came", "unit", "misled"]
    made, ev = b.context.pop("found"), b.ev
    if made is None:
        return pd.DataFrame(columns=columns)
    then = ev.at(s.as_of)
    i = inputs.fill(s, then)
    market, chosen, rows = i.market(s.seed), i.group.programme, []
    ledgers = {name: make(i.terms, market) for name, make in sd.PROGRAMMES.items()}
    mean = {name: float(sd.after_exit(made).mean()) for name, made in ledgers.items()}
    real = {name: made.row(name)["value_after_exit"] for name in mean}
    best, word = max(mean, key=mean.get), chosen.replace("_", " ")

    def add(chapter: str, said: str, number: float, came: float, unit: str, misled: bool) -> None:
        rows.append((chapter, said, number, came, unit, bool(misled)))

    add("2-selldown", f"{best.replace('_', ' ')} is worth most after exit", mean[best], real[best],
        "EUR", real[best] < max(real.values()))  # fmt: skip
    worst = float(sd.cvar(sd.after_exit(ledgers[chosen])))
    add("2-selldown", f"{word}: the worst twentieth brings", worst, real[chosen], "EUR",
        real[chosen] < worst)  # fmt: skip
    gain = mean[chosen] - mean["block"]
    add("2-selldown", f"{word} beats selling at once by", gain, real[chosen] - real["block"], "EUR",
        gain * (real[chosen] - real["block"]) < 0)  # fmt: skip
    chance = float((sd.complete(ledgers[chosen]) < float("inf")).mean())
    done = float(sd.complete(made.ledgers[chosen])[0] < float("inf"))
    years = f"by {ev.as_of}" if made.market.horizon < i.group.horizon_years else "by the horizon"
    add("2-selldown", f"{word}: chance that all is sold (came: {years})", chance, done, "fraction",
        (chance > 0.5) != bool(done))  # fmt: skip
    now = live.separation(s, ev).frame("grid").set_index(["structure", "maker"])["ended"]
    for row in live.separation(s, then).frame("grid").query("maker == 'renault'").itertuples():
        if row.gross and row.gross > 0 and now[row.structure, row.maker]:
            said = f"{row.structure_name} of Renault raises"
            add("3-separation", said, row.gross, 0.0, "EUR", True)
    return pd.DataFrame(rows, columns=columns)


def _became(ev: Evidence, then: Evidence, deals: Builder) -> pd.DataFrame:
    """Each maker's share, from the day or its listing to the last close, beside its market."""
    makers, rows = ev.rows("carmakers"), []
    listed = makers.set_index("maker")[["share", "benchmark", "name"]]
    units = {"porsche": {"share": "porsche-ag-pref", "benchmark": "estoxx50", "name": "Porsche AG"}}
    both = {**listed.to_dict("index"), **units}
    for maker, row in both.items():
        close, index = ev.close(row["share"]), ev.close(row["benchmark"])
        days = returns.common(close, index)
        first = days[days >= pd.Timestamp(then.as_of)] if len(days) else days
        start = days[days <= pd.Timestamp(then.as_of)]
        if not len(first) or first[-1] == first[0]:
            continue
        day, last = (start[-1] if len(start) else first[0]), days[-1]
        rows.append({
            "maker": maker, "name": row["name"], "from": day, "to": last, "price": close[last],
            "change": close[last] / close[day] - 1, "benchmark": index[last] / index[day] - 1,
        })  # fmt: skip
    return pd.DataFrame(rows)
