"""The sentences and tables of the briefing: each word that compares is chosen by its numbers."""

import math
import re

from alliance.answers import Answers
from alliance.errors import need
from alliance.format import counted, day, in_words, listed, money, percent
from alliance.tables.base import Html, or_why, table
from alliance.tables.chapter import SENTENCES, headlines, say, size

ISSUERS = ["buyback", "windows"]  # programmes in which Nissan buys, at the market's price
ALIKE = 0.005  # of the planned value: programmes nearer than this to the best are as good
NEAR = 0.01  # a value named within this part of the break-even is at it
_COVERS = ", {plan:.0%} of its {plan_for}"  # where a plan was public


def verdicts(a: Answers) -> Html:
    """The three verdicts, and all results of the briefing out of the notebook."""
    made = {"The fall.": _fall(a), "The sale.": _sale(a), "The EV unit.": _deal(a)}
    tag = '<p class="say">'
    body = "".join(v.body.replace(tag, f"{tag}<b>{lead}</b> ", 1) for lead, v in made.items())
    text = "\n".join(f"{lead} {v.text}" for lead, v in made.items())
    return Html(f'<div class="verdicts">{body}</div>', text, a.results.values(), headlines(a))


def _fall(a: Answers) -> Html:
    r, fall = a.context["results"], a.context["fall"].context
    whole, net = r["decline.price_change_eur"], r.get("decline.stake_net_change_eur")
    other = a.context["fall"].frame("definitions")["company"]
    words = {"since": fall["since"], "until": fall["until"], "change": size(whole)}
    words |= {"least": other.min(), "most": other.max()}
    words["moved"] = "fell" if whole.value < 0 else "rose"
    words["share"] = share(r["decline.part.company"].value, math.log1p(whole.value))
    words["peers"] = ", ".join(fall["names"][p] for p in a.context["scenario"].decline.peers)
    sentence = SENTENCES["verdict fall"]
    if net is not None and net.value is not None:
        sentence += " " + SENTENCES["cost of the fall"]
        words |= {"net": size(net), "cost": "cost" if net.value < 0 else "brought"}
        words["sales"] = f" and {money(fall['sold_eur'])} of sales" if fall["sold_eur"] else ""
    return say(sentence, a, **r, **words)


def share(own: float, whole: float) -> str:
    """The company's own part of a fall or rise in words, both in log points."""
    what, part = "fall" if whole < 0 else "rise", own / whole if whole else 0.0
    alike = percent(math.expm1(own)) == percent(math.expm1(whole))  # as the sentence prints them
    for least, words in ((1.02, "more than all of"), (0.98, "all of"), (0.5, "most of")):
        if part > least and not (alike and least > 1):
            return f"{words} the {what}"
    return f"{'less than half of' if part > 0 else 'against'} the {what}"


def _sale(a: Answers) -> Html:
    r, best = a.context["results"], a["briefing.best_programme"]
    if best is None:
        return say("nothing to sell", a, **r)
    frame = a.frame("programmes").set_index("programme").drop("hold")
    values = frame["value_after_exit_eur_mean"].sort_values(ascending=False)
    alike = values.index[values >= values[best] - ALIKE * r["selldown.planned_value_eur"].value]
    rest, gain = values.drop(ISSUERS), a.result("briefing.best_over_hold_eur")
    otherwise = f"{money(rest.max(), digits=2)}, {in_words(rest.idxmax())}"
    wait = r["selldown.block_cost"].value > a["briefing.even_block_cost"]
    worst = r[f"selldown.{best}.value_after_exit_eur_cvar05"]
    fear = wait and bool(worst.value < values["block"])
    g = a.context["group"]
    issuers = {*alike} <= {*ISSUERS} and g.buyback_budget_jpy > 0
    floor, even = g.fee + g.min_discount, a["briefing.even_block_cost"]
    turn = "sell when" if even > 0 else "never at once"
    if 0 < even <= floor and g.block_discount is None:
        turn = "never cheap"
    lead = "Sell at once only if you can't bear that worst twentieth"
    return say(
        f"{SENTENCES['verdict sale']} {SENTENCES[turn]}",
        a,
        **r,
        best=listed([in_words(name) for name in alike]),
        value=r[f"selldown.{best}.value_after_exit_eur_mean"],
        issuer=f", if Nissan pays the market's price (else {otherwise})" * issuers,
        gain=size(gain),
        more="more" if gain.value >= 0 else "less",
        worst=worst,
        reached=r[f"selldown.{best}.p_at_target"],
        when="at once" if wait else "later",
        less="less" if wait else "more",
        whence="the rule says" if g.block_discount is None else "the scenario says",
        floor=floor,
        lead=lead if fear else "To sell at once does not pay",
        fear=", or can't bear that worst twentieth" * fear,
    )


def _deal(a: Answers) -> Html:
    r, row, g = a.context["results"], a.context["deal"], a.context["scenario"].separation
    cell = f"separation.{g.structure}.{g.company}"
    plan, low = r[f"{cell}.ev_plan_coverage"], a.result("briefing.breakeven_low_eur")
    if row["why"] or row["gross"] == 0:
        return say("verdict no deal" if row["why"] else "verdict nothing sold", a, **r, **row)
    beside = row["unit_value"] / row["breakeven"] - 1
    words = {
        "raised": r[f"{cell}.cash_raised_eur"],
        "even": r[f"{cell}.breakeven_ev_value_eur"],
        "even_high": r[f"{cell}.breakeven_ev_value_high_eur"],
        "low": low,
        "plan": plan,
        "holding": g.holding_discount,
        "beside": "near" if abs(beside) <= NEAR else "below" if beside > 0 else "above",
        "how": f" ({re.split('[:;]|, plan', row['unit_how'])[0]})" if row["unit_how"] else "",
        "assumed": f", {row['assumed']}" if row["assumed"] else "",
        "ended": f"Cancelled on {day(row['ended'])}, nothing raised. As planned: "
        if row["ended"]
        else "",
    }
    sentence, known = SENTENCES["verdict deal"], low.value is not None
    if known:
        turn = "never gains" if row["unit_value"] < low.value else "always gains"
        turn = turn if a["briefing.even_holding_discount"] is None else "turns"
        sentence += " " + SENTENCES[turn]
    spread = SENTENCES["marked down"] * bool(known and g.holding_discount)
    sentence = sentence.replace("{marked}", spread)
    sentence = sentence if plan.value is not None else sentence.replace(_COVERS, "")
    return say(sentence, a, **r, **row | words)


def beside_holding(a: Answers) -> Html:
    """Holding and each programme: cash now, value after exit, worst twentieth, chance, votes."""
    frame, years = a.frame("programmes"), counted(a.context["group"].horizon_years, "year")
    frame["programme"] = frame["programme"].map(in_words)
    what = f"Each way beside holding, EUR bn; value in {years}, after the cost of leaving"
    return table(frame, what, "beside_holding")


@or_why
def claims(a: Answers) -> Html:
    """The two articles claim by claim: the verdict, what was found, as of which day, by whom."""
    frame = need(a.frame("claims"), a.result("briefing.claims_open").note)
    frame["article"] = frame["article"].str.removeprefix("article-").astype(int)
    counts = say("claims", a, n=len(frame), on=a.as_of).text
    return table(frame, counts, "claims")


def renault_parts(a: Answers) -> Html:
    """What Renault's parts come to beside its price, and what the market leaves for the rest."""
    frame, known = a.frame("nav"), a["briefing.nav_per_share_eur"]
    if known is None:
        return say("no parts", a, why=a.result("briefing.nav_per_share_eur").note)
    price, rest = frame["now"].sum(), frame["now"].iloc[-1]
    words = {"price": price, "rest": rest, "lost": price - frame["after"].sum()}
    words["part"] = abs(price / known - 1) if known > 0 else float("nan")
    words["more"] = "more" if price >= known else "less"
    words["leaves"] = "leaves" if rest >= 0 else "leaves less than nothing,"
    horse = frame.set_index("part")["now"]["Horse (debt not taken off)"]
    horse = "" if horse != horse else f"; EUR {horse:.2f} of it is Horse, its debt not taken off"
    words["cash"] = f" (net cash {a.context['cash_of']}{horse})"
    missing = frame.loc[frame["now"].isna(), "part"].str.partition(" (")[0]
    words["without"] = listed(["its cars", *missing])
    return say("parts of Renault", a, **words)
