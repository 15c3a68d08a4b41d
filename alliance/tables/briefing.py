"""The sentences and tables of the briefing: each word that compares is chosen by its numbers."""

import math
import re
from collections.abc import Sequence

from alliance.answers import Answers
from alliance.answers.programme import ALIKE, ISSUERS
from alliance.decline import PARTS
from alliance.errors import need
from alliance.format import counted, in_words, listed, money, number, percent, scaled, shown
from alliance.tables.base import Html, or_why, table
from alliance.tables.chapter import SENTENCES, headlines, say, size
from alliance.tables.summaries import and_does, bought, discounted, how_valued

NOTHING = 0.0005  # of its value: a cost that prints as none
NEAR = 0.01  # a value named within this part of the break-even is at it


def verdicts(a: Answers) -> Html:
    """The three verdicts, and all results of the briefing out of the notebook."""
    made = {"The fall.": _fall(a), "The sale.": _sale(a), "The EV unit.": _deal(a)}
    tag = '<p class="say">'
    body = "".join(v.body.replace(tag, f"{tag}<b>{lead}</b> ", 1) for lead, v in made.items())
    text = "\n".join(f"{lead} {v.text}" for lead, v in made.items())
    body = re.sub(r"\*([^*]+)\*", r"<b>\1</b>", f'<div class="verdicts">{body}</div>')
    return Html(body, text.replace("*", ""), a.results.values(), headlines(a))


def _fall(a: Answers) -> Html:
    r, fall = a.context["results"], a.context["fall"].context
    whole, net = r["decline.price_change_eur"], r.get("decline.stake_net_change_eur")
    other = a.context["fall"].frame("definitions")["company"]
    words = {"since": fall["since"], "until": fall["until"], "change": size(whole)}
    words |= {"least": other.min(), "most": other.max(), "moved": ("rose", "fell")[whole.value < 0]}
    parts = [r[f"decline.part.{part}"].value for part in PARTS]
    words["share"] = share(r["decline.part.company"].value, math.log1p(whole.value), parts)
    g = a.context["scenario"].decline
    words |= {"peers": ", ".join(fall["names"][p] for p in g.peers), "window": g.beta_window_days}
    sentence = SENTENCES["verdict fall"]
    if abs(whole.value) < 0.005:
        sentence = sentence.replace("{change:.0%}", "{change:.1%}")
    if net is not None and net.value is not None:
        sentence += " " + SENTENCES["cost of the fall"]
        topix = r["decline.stake_in_topix_eur"]
        words |= {"net": size(net), "topix": size(topix), "by": fall["by"]}
        words["cost"] = "cost" if net.value < 0 else "brought"
        words["fall"] = "fall" if whole.value < 0 else "rise"
        words["came"] = "would have lost" if topix.value < 0 else "would have gained"
        sales = f" and {money(fall['sold_eur'])} of sales" * bool(fall["sold_eur"])
        words["sales"] = sales + fall["unpaid"]
    return say(sentence, a, **r, **words)


def share(own: float, whole: float, parts: Sequence[float] = ()) -> str:
    """The company's own part of a fall or rise in words, all in log points: the larger part only
    where no other of the ``parts`` is larger."""
    what, part = "fall" if whole < 0 else "rise", own / whole if whole else 0.0
    alike = percent(math.expm1(own)) == percent(math.expm1(whole))  # as the sentence prints them
    for least, words in ((1.02, "more than all of"), (0.98, "all of"), (0.5, "most of")):
        if part > least and not (alike and least > 1):
            larger = max((each / whole for each in parts), default=part) > part
            words = "part of, but not the largest part of," if larger and part < 1 else words
            return f"{words} the {what}{', as another part is,' * (larger and part > 1)}"
    return f"{'less than half of' if part > 0 else 'against'} the {what}"


def _sale(a: Answers) -> Html:
    r, best = a.context["results"], a["briefing.best_programme"]
    if best is None:
        return say("nothing to sell", a, **r)
    frame = a.frame("programmes").set_index("programme").drop("hold")
    values = frame["value_after_exit_eur_mean"].sort_values(ascending=False)
    near = ALIKE * r["selldown.planned_value_eur"].value
    alike = values.index[values >= values[best] - near]
    rest, gain = values.drop(ISSUERS), a.result("briefing.best_over_hold_eur")
    slow = a.result("briefing.best_over_hold_slices_eur")
    otherwise = f"{money(rest.max(), digits=2)}, {in_words(rest.idxmax())}"
    wait = r["selldown.block_cost"].value > a["briefing.even_block_cost"]
    tails = [r[f"selldown.{name}.value_after_exit_eur_cvar05"] for name in alike]
    worst, *_, most = sorted([*tails, tails[0]], key=lambda r: r.value)  # of one, both
    fear, apart = wait and bool(most.value < values["block"]), most.value - worst.value > 5e6
    g, game = a.context["group"], a.context["sale"].context["game"]
    issuers = {*alike} <= {*ISSUERS} and g.buyback_budget_jpy > 0
    floor, even = g.fee + g.min_discount, a["briefing.even_block_cost"]
    turn = "sell when" if even > 0 else "never at once"
    if "block" in alike:
        turn = "as good at once"
    elif -ALIKE <= even < NOTHING:
        turn = "next to nothing"
    elif even <= floor and even > 0 and g.block_discount is None:
        turn = "never cheap"
    sentence, price = SENTENCES["verdict sale"], a.context["sale"].context["price"]
    if abs(gain.value) <= near:
        sentence = sentence.replace("EUR {gain:bn.2f}bn {more} than to hold", "as much as to hold")
    if abs(slow.value) <= near:
        sentence = sentence.replace("{slow:bn.2f}bn {slower}", "as much as it")
    if not issuers and len(alike) > 1:
        sentence = sentence.replace(", {left:.0%} of Nissan left", "")
    falls = r["selldown.even_extra_drift_block"].value or 0.0
    loss = "that the price loses *about {} a year* against what "
    loss = loss.format(shown(*scaled(-falls, "~%"))) + game
    beliefs = [loss] * (wait and falls < 0) + ["can't bear that worst twentieth"] * fear
    without = a.context["even_otherwise"]
    known = issuers and without > max(even, 0)
    known &= turn not in ("as good at once", "never at once")
    if known and turn in ("never cheap", "next to nothing") and without > floor:
        known, cheap = False, percent(without, 1)
        beliefs[:0] = [f"that Nissan won't buy and a block costs less than {cheap}"]
    aim = f" (down to {percent(g.target_stake)}, assumed here)" * a.context["sale"].context["aim"]
    lead = "believe " * any(each.startswith("that") for each in beliefs[:1]) + ", or ".join(beliefs)
    lead = f"*Sell at once only if* you {lead}"
    without = f"{percent(without, 1)} without Nissan's buying; " * bool(known)
    drift, late = (r[f"selldown.even_extra_drift{key}"] for key in ("", "_slices"))
    if drift.value is not None and abs(gain.value) > near:
        sentence += " " + SENTENCES["hold when" if drift.value >= 0 else "hold unless"]
        told = (late.value or 0.0) * drift.value > 0 and percent(late.value) != percent(drift.value)
        told = told and abs(slow.value) > near
        sentence = sentence.replace("{slices}", f" {SENTENCES['left in slices']}" * told)
        votes = a.frame("programmes").set_index("programme")["votes_end"]
        control = ", or that control, left out, is worth it"
        control *= bool(drift.value >= 0 and votes["hold"] > votes[best] + 0.02)
        sentence = sentence.replace("{control}", control)
        drift, late = size(drift), size(late) if told else late
    return say(
        f"{sentence} {SENTENCES[turn]}", a, **r, game=game, drift=drift, late=late,
        best=listed(list(map(in_words, alike))), good="best" if best == "block" else "as good",
        value=r[f"selldown.{best}.value_after_exit_eur_mean"],
        left=r[f"selldown.{best}.stake_end_mean"], slow=size(slow), floor=floor, gain=size(gain),
        slower="more" if slow.value >= 0 else "less",
        issuer=f"{bought(g, r)} (else {otherwise})" * issuers,
        years=counted(g.horizon_years, "year"), more="more" if gain.value >= 0 else "less",
        worst=worst, worst_most=f" to {number(most.value / 1e9)}bn" * apart,
        assumed=f" at {price}" * ("assumed" in price), aim=aim,
        discounted=discounted(a, " ({})"),
        when="at once" if wait else "later", less="less" if wait else "more",
        whence=without + ("the rule says" if g.block_discount is None else "the scenario says"),
        lead=lead if beliefs else "*To sell at once does not pay*",
        fear="".join(f", or {belief}" for belief in beliefs),
    )  # fmt: skip


def _deal(a: Answers) -> Html:
    r, row, g = a.context["results"], a.context["deal"], a.context["scenario"].separation
    cell = f"separation.{g.structure}.{g.company}"
    plan, low = r[f"{cell}.ev_plan_coverage"], a.result("briefing.breakeven_low_eur")
    if row["why"] or row["gross"] == 0:
        left = "a share is worth what it was"
        if not row["why"] and row["kept"] < 1:
            left = f"with the unit taken at {money(row['unit_value'])}"
            left += f", {row['assumed']}," * bool(row["assumed"]) + " a share is left worth "
            left += f"{percent(row['base_change'], 1, True)} against its price, by the mark-downs"
            left += " assumed"
        row = row if row["why"] else row | {"and_does": and_does(row), "left": left}
        return say("verdict no deal" if row["why"] else "verdict nothing sold", a, **r, **row)
    beside = row["unit_value"] / row["breakeven"] - 1
    words = {
        "low": low, "plan": plan, "raised": r[f"{cell}.cash_raised_eur"],
        "even": r[f"{cell}.breakeven_ev_value_eur"],
        "even_high": r[f"{cell}.breakeven_ev_value_high_eur"],
        "holding": g.holding_discount, "today": g.conglomerate_discount,
        "beside": "near" if abs(beside) <= NEAR else "below" if beside > 0 else "above",
        "how": how_valued(row, re.split("[:;]|, plan", row["unit_how"])[0]),
        "assumed": f", {row['assumed']}" if row["assumed"] else "",
        "ended": (row["ended"] or "") and SENTENCES["cancelled then"].format(row["ended"]) + " ",
    }  # fmt: skip
    sentence, known = SENTENCES["verdict deal"], low.value is not None
    if known:
        turn = "never gains" if row["unit_value"] < low.value else "always gains"
        turn = turn if a["briefing.even_holding_discount"] is None else "turns"
        sentence += " " + SENTENCES[turn]
    spread = SENTENCES["marked down"] * bool(known and g.holding_discount)
    sentence = sentence.replace("{marked}", spread)
    covers = "; what is not paid out pays" if row["paid_out"] else ", which pays"
    covers += " {plan:.0%} of its whole {plan_for}"
    if plan.value is not None and plan.value <= 0:
        covers = ", which leaves nothing for its {plan_for}"
    sentence = sentence.replace("{covers}", covers * (plan.value is not None))
    return say(sentence, a, **r, **row | words)


def beside_holding(a: Answers) -> Html:
    """Holding and each programme: cash now, value after exit, worst twentieth, chance, votes."""
    frame, years = a.frame("programmes"), counted(a.context["group"].horizon_years, "year")
    frame["programme"] = frame["programme"].map(in_words)
    what = f"Each way beside holding, EUR bn; value in {years}, after the cost of leaving"
    what += discounted(a)
    if not a.context["results"]["selldown.planned_value_eur"].value:
        return say("nothing to sell", a, **a.context["results"])
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
    words["by"] = a.context["fall"].context["by"]
    words["part"] = abs(price / known - 1) if known > 0 else float("nan")
    words["more"] = "more" if price >= known else "less"
    words["leaves"] = "leaves" if rest >= 0 else "leaves less than nothing,"
    horse = frame.set_index("part")["now"]["Horse (debt not taken off)"]
    horse = "" if horse != horse else f"; EUR {horse:.2f} of it is Horse, its debt not taken off"
    words["cash"] = f" (net cash {a.context['cash_of']}{horse})"
    missing = frame.loc[frame["now"].isna(), "part"].str.partition(" (")[0]
    after, before, ends = a.context["ampere"]
    told = {"coming": money(after[1] - before[1]), "after": money(after[1]), "ends": ends}
    told |= {"low": money(after[0]), "high": f"{number(after[2] / 1e9, 1)}bn"}
    text = SENTENCES["Ampere's part"] + SENTENCES["low and high case"] * bool(ends[0] < ends[2])
    words["ampere"] = f" {text.format(**told)}." if after[1] > before[1] else ""
    words["without"] = listed(["its cars", *missing])
    return say("parts of Renault", a, **words)
