"""Tables and the first sentences of chapter 5."""

import math

import pandas as pd

from alliance.answers import Answers
from alliance.answers.grades import KNOWN
from alliance.answers.replay import ahead_at_close
from alliance.format import counted, day, in_words, listed, number
from alliance.tables.base import Html, collapsible, table
from alliance.tables.chapter import SENTENCES, say


def hindsight(a: Answers) -> Html:
    """What each way would have brought, and whether the forecasts beat naive rules."""
    gain = a["hindsight.best_against_disclosed_eur"]
    first = "no replay" if gain is None else "5-hindsight" if gain > 0 else "none better"
    why = a.result("hindsight.best_against_disclosed_eur").note
    said, words = a.frame("statements"), _words(a)
    said = said[(said["day"] == pd.Timestamp(a.as_of)) & (said["chapter"] == "2-selldown")]
    years, last = a.context["group"].horizon_years, pd.Timestamp(a.context["last"])
    for row in said[:1].itertuples():
        end = row.day + pd.Timedelta(days=math.ceil(365.25 * years))
        words |= row._asdict() | {"years": counted(years, "year"), "end": day(min(end, last))}
    starts = ["starts"] * (not a.frame("replay").empty)
    parts = [["put first"] * len(said[:1]) + [first], starts, ["forecasts"]]
    texts = (" ".join(SENTENCES[name] for name in names) for names in parts if names)
    made = [say(text, a, **words, why_none=why) for text in texts]
    results = [result for each in made for result in each.results]
    return Html("".join(m.body for m in made), " ".join(m.text for m in made), results)


def _words(a: Answers) -> dict:
    scores = a.frame("brier").set_index("rule").drop(KNOWN)
    best = scores["score"].idxmin()
    other = scores.loc["history" if best == "model" else best]
    sure = other["worse_low"] > 0 or other["worse_high"] < 0
    said = SENTENCES[f"{best} errs least"]
    doubt = "" if sure else "; the difference is no larger than chance allows"
    bands, points = a.frame("bands"), a.frame("points")
    missed = ~bands["outcome"].between(bands["model_low_90"], bands["model_high_90"])
    runs = int((missed & ~missed.shift(fill_value=False)).sum())
    return _starts(a.frame("replay")) | {
        "starts": len(bands),
        "missed": int(missed.sum()),
        "runs": counted(runs, "spell"),
        "chance": points["chance"].mean(),
        "hit": points["hit"].mean(),
        "against": f"{said} ({number(other['score'], 3)}){doubt}",
        "best": a["hindsight.best_programme"],
    }


def _starts(frame: pd.DataFrame) -> dict:
    """How many ways would have beaten what Renault did, by start, and the best of them."""
    if frame.empty:
        return {}
    ways = frame.pivot(index="programme", columns="start", values="value_after_exit")
    done, ways = ways.loc["disclosed"], ways.drop("disclosed")
    ahead, best = (ways > done).sum(), ways.idxmax().map(in_words)
    said = [f"{n} from {day(start)} ({best[start]} most)" for start, n in ahead.items()]
    return {"ways": len(ways), "by_start": listed(said), "at_close": ahead_at_close(frame)}


def foreseen(a: Answers) -> Html:
    """The disclosed sales as forecast on the eve, from their number of shares, and what came."""
    return table(a.frame("sales"), "The sales as forecast on the eve", "foreseen")


def scores(a: Answers) -> Html:
    """Mean squared errors of the chances of the price points, beside two naive rules."""
    return table(a.frame("brier"), "Chances of the price points, a year ahead", "scores")


def misled(a: Answers) -> Html:
    """How many statements would have misled: of the day, and of the other days."""
    counts = a.frame("statements").groupby("day", sort=False)["misled"].agg(["sum", "size"])
    own = counts.index == pd.Timestamp(a.as_of)
    others = [f"{m} of {n} ({day(when)})" for when, m, n in counts[~own].itertuples()]
    more = SENTENCES["other days"].format(list=", ".join(others)) if others else ""
    put_first = a.frame("statements").query("said.str.startswith('best way')")["misled"]
    beaten = f"{put_first.sum()} of {counted(len(put_first), 'day')}"
    first = "misled" if own.any() else "not graded"
    why = a.result("hindsight.statements_misled").note or "nothing came after it in the evidence"
    said = counts.loc[own, "size"].sum()
    return say(first, a, said=said, others=more, why_none=why, beaten=beaten)


def statements(a: Answers) -> Html:
    """What chapters 2 and 3 said on the day, and on the others, beside what came of it."""
    frame = a.frame("statements")
    frame["misled"] = frame["misled"].map({True: "yes", False: "no"})
    frame["chapter"] = frame["chapter"].str[:1]
    none = f"Nothing came after {a.as_of} in the evidence."
    caption = "What the chapters said at the market's price, and what came"
    return table(frame, caption, "statements", none)


def steps(a: Answers) -> Html:
    """Every dated sale of the replays."""
    none = f"Nothing came after {a.as_of} in the evidence."
    caption = "Every sale of the replays; a dribble's two months stand at their middle; a day "
    caption += "without trading has the close before"
    return collapsible(table(a.frame("steps"), caption, "steps", none))
