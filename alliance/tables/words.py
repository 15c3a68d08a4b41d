"""Counts and words of the chapters' sentences that are no results."""

from typing import Any

import pandas as pd

from alliance.answers import Answers
from alliance.answers.grid import DRAWN, drawn_over
from alliance.answers.programme import ALIKE, ISSUERS, NOTHING
from alliance.format import counted, in_words, listed, minus, money, number, percent
from alliance.tables.chapter import SENTENCES


def words(a: Answers) -> dict[str, Any]:
    """What :func:`alliance.tables.say` needs beside results, by name."""
    return _CHAPTERS[a.chapter.split("-", 1)[1]](a)


def _decline(a: Answers) -> dict[str, Any]:
    kinds, large = a.frame("moves")["kind"], a.frame("large_moves")
    prints = a.frame("events").query("kind == 'results'")
    hours = prints.loc[prints["day"].notna(), "time"]
    unseen, untimed = len(prints) - len(hours), int((hours == "unknown").sum())
    known, late = len(hours) - untimed, int((hours == "after-close").sum())
    timed = f"Of {counted(len(hours), 'result')} the hour is known for {known or 'none'}"
    timed += f": {late} came after the close." if known else "."
    timed += " Those of unknown hour are taken to have come after it." * (untimed > 0)
    missed = f"{counted(unseen, 'more result')} of unknown day: not tested. " * (unseen > 0)
    fall, other = a.frame("from_each_day")["change"], a.frame("definitions")["company"]
    sold, until = a.context["sold_eur"], a.context["until"]
    squares = a.frame("moves")["abnormal"] ** 2
    days = a.frame("events").query("kind not in ('results', 'alliance')")["day"]
    also = squares[kinds.eq("neither") & kinds.index.isin(days)].sum() / (squares.sum() or 1.0)
    now = a["decline.halved_from_now"]
    later = now is not None and until > a.context["claim_day"]
    return {
        "later": f"On {until:%Y-%m-%d} it holds from {percent(now, 1)}." if later else "",
        "also": f", {percent(also, 1)} on days of other dated events" * bool(also),
        "days": len(kinds), "hours": timed, "unseen": missed, "large": len(large),
        "results": counted(int((kinds == "results").sum()), "session"),
        "alliance": counted(int((kinds == "alliance").sum()), "day"),
        "reasons": int((large["reason"] != "").sum()), "starts": len(fall),
        "least_fall": fall.min(), "most_fall": fall.max(), "least": other.min(),
        "most": other.max(),
        "sales": f" and sales of shares {money(sold)}" * bool(sold) + a.context["unpaid"],
    }  # fmt: skip


def _by_each(a: Answers) -> dict[str, Any]:
    """Which way comes first by each yardstick, what the best books, and from which price on
    Nissan's buying is no better than another way; None where nothing is to be sold."""
    if a.context["terms"].planned <= 0:
        return dict.fromkeys(("firsts", "books", "buying"), None)
    best, market, key = a.context["best"], a.context["group"].market, ["market", "programme"]
    frame = a.frame("programmes").set_index(key).loc[market]
    held, frame = frame["value_after_exit_eur_mean"]["hold"], frame.drop("hold")
    medians = a.frame("distribution").set_index(key)["q50"].loc[market].drop("hold")
    tails, mean = (frame[f"value_after_exit_eur_{name}"] for name in ("cvar05", "mean"))
    other, cash = mean.drop(ISSUERS), frame["proceeds_eur_mean"][ISSUERS].max()
    tops = {"the mean": best, "the median": medians.idxmax(), "the worst twentieth": tails.idxmax()}
    ways = {way: [name for name, top in tops.items() if top == way] for way in tops.values()}
    firsts = listed([f"“{in_words(way)}” FIRST by {listed(by)}" for way, by in ways.items()])
    firsts = firsts.replace("FIRST", "comes first", 1).replace(" FIRST", "")
    losses = {way: a.result(f"selldown.{way}.loss_eur_mean") for way in ("block", best)}
    signs = {way: "a loss" if (r.value or 0) >= 0 else "a gain" for way, r in losses.items()}
    books = [
        f"“{in_words(way)}” {signs[way]} of {money(abs(r.value))}"
        for way, r in losses.items()
        if r.value is not None
    ]
    ahead, buying = (mean[ISSUERS].max() - other.max()) / cash if cash else 0.0, ""
    if cash:
        good = "even so" if ahead < 0.0005 else f"if it pays {percent(ahead, 1)} less"
        buying = "Nissan is taken to pay the market's price, no fee; "
        buying += f"“{in_words(other.idxmax())}” is as good {good}."
    known = a.context["carried"]  # whether the evidence says what the amount carried is
    better = ", and to hold is better by the mean" * bool(held > mean.max())
    return {
        "firsts": firsts + better, "buying": buying,
        "books": listed(books) if books else losses["block"],
        "carried": "Nissan's last net assets a share" if known else "as the scenario assumes",
    }  # fmt: skip


def _selldown(a: Answers) -> dict[str, Any]:
    g, t, (ratio, error) = a.context["group"], a.context["terms"], a.context["variance_ratio"]
    sales, discounted = len(a.frame("disclosed_sales")), g.discount_rate or g.dividend_yield
    years = t.planned * g.spot_jpy / g.buyback_budget_jpy if g.buyback_budget_jpy else None
    eps = a.context["eps"]  # of the last fiscal year, empty where none was public
    more = "; plus is a larger loss" * bool(eps and eps[0] < 0)
    earned = f"{'loss' if eps and eps[0] < 0 else 'earnings'} a share"
    earned += " (JPY {:.1f} in the year to {:%Y-%m-%d}{})".format(*eps, more) if eps else ""
    dated = a.frame("liquidity").groupby("metric").last()
    cash, on = dated["value"].get("net_cash"), dated["date"]
    both = a.frames.get("look_through", pd.DataFrame(columns=["market", "own"], dtype=float))
    twice, worth = both["market"].sum() - both["own"].sum(), both["market"].sum()
    leads = a.frame("tornado")[["low_lead", "high_lead"]].stack()
    bests = a.frame("tornado")[["low_best", "high_best"]].stack()
    worse = f"; to hold is better at {(leads < 0).sum()} of {len(leads)} ends"
    return {
        "earned": minus(earned),
        **_by_each(a),
        "game_is": "is fair" if a.context["game"] == "is fair" else "the scenario assumes",
        "cash_on": on.get("net_cash"), "flow_on": on.get("free_cash_flow"),
        "budget": g.buyback_budget_jpy / cash if cash else None,
        "least": leads.min() if t.planned > 0 else None, "most": leads.max(),
        "why": None if t.planned > 0 else NOTHING,
        "flips": worse * bool((leads < 0).any()), "ends": len(leads),
        "others": int((bests != a.context["best"]).sum()) if t.planned > 0 else None,
        "best_way": in_words(a.context["best"]), "alike": ALIKE,
        "twice": twice, "twice_part": twice / worth if worth else 0.0,
        "whence": "the rule" if g.block_discount is None else "the scenario",
        "none": "" if t.planned > 0 else "; here there is nothing to sell",
        "ratio": ratio, "error": error, "overhang": t.planned / t.float_,
        "reading": f"{'' if abs(ratio - 1) > 2 * error else 'no '}more than chance allows",
        "years": "for ever" if years is None else f"{number(years, 1)} years",
        "price": "the price assumed" if "assumed price" in a.context["price"] else "today's price",
        "triggers": SENTENCES["fair triggers" if a.context["fair"] else "other triggers"].format(
            euro_value="discounted euro value, dividends reinvested" if discounted else "euro value"
        ),
        "waiting": SENTENCES["waiting is fair" if a.context["fair"] else "waiting is no fair game"],
        "readings": SENTENCES["sales were disclosed" if sales else "no sale was disclosed"],
    }  # fmt: skip


def _separation(a: Answers) -> dict[str, Any]:
    g, grid = a.context["group"], a.frame("grid")
    cell = grid.set_index(["structure", "maker"]).loc[(g.structure, g.company)]
    negative = grid.loc[(grid["rest"] < 0) & (grid["base"] != grid["price"]), "maker_name"].unique()
    sold, low = (grid["gross"] > 0).any(), len(negative) > 0
    least = type(g).model_fields["holding_discount"].default
    chances = a.frame("uncertainty").replace({"structure": a.context["structure_names"]})
    chances["maker"] = chances["maker"].replace(a.context["maker_names"])
    top = chances[chances["p_gain"].gt(0) & chances["p_gain"].eq(chances["p_gain"].max())]
    top = [f"{each.structure} on {each.maker}" for each in top.itertuples()]
    ends = [(name, *drawn_over(name, g)) for name in DRAWN]
    told = {"nothing sold": not sold, "no rest": low, "a rest": sold and not low}
    rest = ". ".join(SENTENCES[name] for name, true in told.items() if true)
    rest = rest.format(companies=listed(list(negative))) if low else rest
    ford, gm = a.result("separation.ford.ev_result_usd"), a["separation.gm.ev_charges_usd"]
    items = a["separation.ford.ev_charges_usd"]
    items = f"; special items of {money(items or 0, 'USD')} come on top" * bool(items)
    return cell.to_dict() | {
        "structure": cell["structure_name"].lower(),
        "brings": "would have brought" if cell["ended"] else "brings",
        "likely": chances["p_gain"].max(), "as_sold": chances["p_gain_as_sold"].max(),
        "drawn": listed([f"{in_words(n)} {percent(u)} to {percent(v)}" for n, u, v in ends]),
        "most_on": f" ({listed(top)})" if top else "",
        "cited": ", where what is cited of listed holdings begins" * (g.holding_discount == least),
        "rest": rest,
        "ford": f"an operating loss of {money(-(ford.value or 0), 'USD')}, {ford.note}{items}"
        if ford.value is not None else "not public yet",
        "gm": "nothing that was public" if gm is None else money(gm, "USD"),
    }  # fmt: skip


def _hindsight(a: Answers) -> dict[str, Any]:
    sales, other = a.frame("sales"), a.frame("sales_by_total")
    one, two = map(_nearer, (sales, other))
    errors = listed([percent(error, sign=True) for error in other["error_loss"]])
    losses = {"first": sales["loss_came"].iloc[0], "by_total": other["loss_came"].iloc[0]}
    losses |= {"total": other["loss_came"].sum(), "errors": errors}
    return losses | {"naive": one, "naive_by_total": two}


def _nearer(sales: pd.DataFrame) -> str:
    """In how many sales the naive rule was nearer to the loss, and as near to a hundredth of it."""
    ours, naive = ((sales[c] - sales["loss_came"]).abs() for c in ("loss", "naive_loss"))
    alike = (ours - naive).abs() <= 0.01 * sales["loss_came"].abs()
    tied = f", as near in {alike.sum()}" * bool(alike.any())
    return f"{(naive < ours)[~alike].sum()} of {len(sales)}{tied}"


_CHAPTERS = {make.__name__[1:]: make for make in (_decline, _selldown, _separation, _hindsight)}
