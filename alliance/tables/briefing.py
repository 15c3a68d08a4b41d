"""The sentences and tables of the briefing: each word that compares is chosen by its numbers."""

import math
import re
from collections.abc import Callable
from dataclasses import replace

from alliance.answers import Answers, Result
from alliance.errors import need
from alliance.format import day, money, percent
from alliance.tables.base import Html, or_why, table
from alliance.tables.chapter import SENTENCES, say

ISSUERS = ("buyback", "windows")  # programmes in which Nissan buys, at the market's price
ALIKE = 0.005  # of the planned value: programmes nearer than this to the best are as good
NEAR = 0.01  # a value named within this part of the break-even is at it
_PAYS = ", {plan:.0%} of its {plan_for}"  # of the verdict, where a plan was public
_NAMES = {
    "block": "block",
    "dribble": "dribble",
    "price_points": "price points",
    "buyback": "buy-back",
    "windows": "windows",
    "exchangeable": "exchangeable",
}
_AFTER, _WORST = (f"selldown.{{}}.value_after_exit_eur_{end}" for end in ("mean", "cvar05"))


def verdicts(a: Answers) -> Html:
    """The three verdicts, and all results of the briefing out of the notebook."""
    body, lines = "", []
    for lead, make in (("The fall.", _fall), ("The sale.", _sale), ("The EV unit.", _deal)):
        found = make(a)
        body += found.body.replace('<p class="say">', f'<p class="say"><b>{lead}</b> ', 1)
        lines.append(f"{lead} {found.text}")
    keys = SENTENCES[f"{a.chapter} headline"].split()
    return Html(f'<div class="verdicts">{body}</div>', "\n".join(lines), a.results.values(), keys)


def _words(a: Answers) -> dict[str, Result]:
    """Results of all chapters by id, for sentences that print them."""
    return dict(a.context["results"])


def _size(result: Result) -> Result:
    """A result without its sign, where a word says it."""
    return replace(result, value=abs(result.value))


def _fall(a: Answers) -> Html:
    r, fall = _words(a), a.context["fall"]
    whole, other = r["decline.price_change_eur"], fall.frame("definitions")["company"]
    net, sold = r.get("decline.stake_net_change_eur"), a.context["fall"].context["sold_eur"]
    cost = net is not None and net.value is not None
    return say(
        " ".join(SENTENCES[name] for name in ("verdict fall", *["cost of the fall"] * cost)),
        a,
        **r,
        since=fall.context["since"],
        until=fall.context["until"],
        moved="fell" if whole.value < 0 else "rose",
        change=_size(whole),
        share=share(r["decline.part.company"].value, math.log1p(whole.value)),
        peers=", ".join(a.context["names"][p] for p in a.context["peers"]),
        least=other.min(),
        most=other.max(),
        cost="cost" if cost and net.value < 0 else "brought",
        net=_size(net) if cost else 0,
        sales=f" and {money(sold)} of sales" if sold else "",
    )


def share(own: float, whole: float) -> str:
    """The company's own part of a fall or rise in words, both in log points."""
    what, part = "fall" if whole < 0 else "rise", own / whole if whole else 0.0
    if part <= 0:
        return f"against the {what}"
    for least, words in ((1.02, "more than all of"), (0.98, "all of"), (0.5, "most of")):
        if part > least:
            return f"{words} the {what}"
    return f"less than half of the {what}"


def _sale(a: Answers) -> Html:
    r, g = _words(a), a.context["sale"].context["group"]
    if a["briefing.best_programme"] is None:
        return say("verdict nothing to sell", a, **r)
    planned, best = r["selldown.planned_value_eur"].value, a["briefing.best_programme"]
    frame = a.frame("programmes").set_index("programme").drop("hold")
    values = frame["after_exit_eur"].sort_values(ascending=False)
    alike = values.index[values >= values[best] - ALIKE * planned]
    rest, issuer = values.drop(list(ISSUERS)), ""
    if best in ISSUERS:
        issuer = f", if Nissan pays the market's price (otherwise {money(rest.max(), digits=2)}, "
        issuer += f"{_NAMES[rest.idxmax()]})"
    even, block = a["briefing.even_block_cost"], r["selldown.block_cost"].value
    wait, worst = block > even, r[_WORST.format(best)]
    fear = worst.value < r[_WORST.format("block")].value
    return say(
        "verdict sale",
        a,
        **r,
        best=_listed([_NAMES[name] for name in alike]),
        value=r[_AFTER.format(best)],
        issuer=issuer,
        gain=_size(a.result("briefing.best_over_hold_eur")),
        more="more" if a["briefing.best_over_hold_eur"] >= 0 else "less",
        worst=worst,
        turn=f"Sell {'at once' if wait else 'later'} only if you believe",
        less="less" if wait else "more",
        whence="the rule says" if g.block_discount is None else "the scenario says",
        fear=", or can't bear that worst twentieth" if wait and fear else "",
    )


def _listed(names: list[str]) -> str:
    """Names with commas, and the last with an ``and``."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _deal(a: Answers) -> Html:
    r, row = _words(a), dict(a.context["deal_row"])
    if row["why"]:
        return say("verdict no deal", a, **r, **row)
    if a["briefing.breakeven_low_eur"] is None:
        return say("verdict nothing sold", a, **r, **row)
    g, past = a.context["group"], bool(row["ended"])
    cell = f"separation.{g.structure}.{g.company}"
    beside, plan = row["unit_value"] / row["breakeven"] - 1, r[f"{cell}.ev_plan_coverage"]
    words = {
        "raised": r[f"{cell}.cash_raised_eur"],
        "even": r[f"{cell}.breakeven_ev_value_eur"],
        "even_high": r[f"{cell}.breakeven_ev_value_high_eur"],
        "plan": plan,
        "beside": "near" if abs(beside) <= NEAR else "below" if beside > 0 else "above",
        "how": f" ({re.split('[:;]|, plan', row['unit_how'])[0]})" if row["unit_how"] else "",
        "assumed": f", {row['assumed']}" if row["assumed"] else "",
        "ended": f"Cancelled on {day(row['ended'])}, it raised nothing. " if past else "",
        "raises": "would have raised" if past else "raises",
        "breaks": "would have broken" if past else "breaks",
        "gains": "would have gained" if past else "gains",
    }
    sentence = SENTENCES["verdict deal"] + " " + SENTENCES[_turn(a, row["unit_value"])]
    if plan.value is None:
        sentence = sentence.replace(_PAYS, "")
    return say(sentence, a, **r, **row | words)


def _turn(a: Answers, named: float) -> str:
    """The sentence that says on which mark-down of what is kept the deal turns."""
    if a["briefing.even_holding_discount"] is not None:
        return "turns"
    return "never gains" if named < a["briefing.breakeven_low_eur"] else "always gains"


def side_by_side_programmes(a: Answers) -> Html:
    """Holding and each programme: cash now, value after exit, worst twentieth, chance, votes."""
    frame = a.frame("programmes")
    frame["programme"] = frame["programme"].map({"hold": "hold"} | _NAMES)
    years = a.context["sale"].context["group"].horizon_years
    return table(
        frame,
        f"Each way beside holding, EUR bn; value in {years:g} years, after the cost of leaving",
        """
        programme
        cash now    | cash_now_eur   | bn,.2f
        value       | after_exit_eur | bn,.2f
        over hold   | over_hold_eur  | bn+,.2f
        worst 5 %   | worst_eur      | bn,.2f
        all sold    | p_complete     | .0%
        votes       | votes_end      | .0%
        """,
    )


def counted(a: Answers) -> Html:
    """How many claims are confirmed, contradicted or open."""
    if a["briefing.claims_open"] is None:
        return say("no claims", a, why=a.result("briefing.claims_open").note)
    return say("claims", a, n=len(a.frame("claims")), on=a.as_of)


@or_why
def claims(a: Answers) -> Html:
    """The two articles claim by claim: the verdict, what was found, as of which day, by whom."""
    frame = need(a.frame("claims"), a.result("briefing.claims_open").note)
    frame["article"] = frame["article"].str.removeprefix("article-").astype(int)
    frame["from"] = frame["issuer"].where(frame["check"].isna(), "recomputed")
    columns = """
        article
        the claim, in our words | said
        verdict
        what was found          | found
        on                      | tested
        from
    """
    return table(frame, "The two articles, claim by claim", columns)


def parts(a: Answers) -> Html:
    """What Renault's parts come to beside its price, and what the market leaves for the rest."""
    if a["briefing.nav_per_share_eur"] is None:
        return say("no parts", a, why=a.result("briefing.nav_per_share_eur").note)
    frame = a.frame("nav").set_index("part")
    price, known = frame["now"].sum(), a["briefing.nav_per_share_eur"]
    names = {"Finance arm": "the finance arm"}
    none = [names.get(part, part) for part in frame.index[frame["now"].isna()]]
    rest = frame.at["The rest", "now"]
    return say(
        "parts of Renault",
        a,
        price=price,
        part=abs(price / known - 1) if known > 0 else float("nan"),
        more="more" if price >= known else "less",
        without=_listed(["the cars", *none]),
        leaves="leaves" if rest >= 0 else "leaves less than nothing,",
        rest=rest,
        lost=price - frame["after"].sum(),
    )


@or_why
def watch(a: Answers) -> Html:
    """What lay ahead of the day, by whom and since when it was announced."""
    frame = need(a.frame("watch"), f"No dated step lay ahead in what was public on {a.as_of}")
    columns = "when | due\nwhat\nsaid on | said\nby | issuer"
    return table(frame, "Announced, and ahead of the day", columns)


