"""The tables of chapter 2."""

from alliance import scenario
from alliance.answers import Answers
from alliance.errors import need
from alliance.format import day, in_words, minus, missing, number, percent, shown
from alliance.tables.base import Html, or_why, table
from alliance.tables.chapter import say

_AFTER = "value_after_exit_eur_mean"


def programmes(a: Answers) -> Html:
    """Holding and each programme, the highest value after exit first, in EUR bn."""
    market, frame = a.context["group"].market, a.frame("programmes").set_index("programme")
    other = frame[frame["market"] != market]
    frame = frame[frame["market"] == market].sort_values(_AFTER, ascending=False)
    frame["other"] = other[_AFTER]
    frame["programme"] = frame.index.map(in_words)
    return table(
        frame,
        f"Value at the horizon, EUR bn: means in the {market} market; after exit bears the cost "
        "of selling what is left by the same rule, and orders the rows",
        f"""
        programme
        cash              | proceeds_eur_mean           | bn,.2f
        value at the close| wealth_eur_mean             | bn,.2f
        after exit        | {_AFTER}                    | bn,.2f
        worst 5 %         | value_after_exit_eur_cvar05 | bn,.2f
        after exit, {other["market"].iloc[0]} | other   | bn,.2f
        all sold          | p_complete                  | .0%
        at the target     | p_at_target                 | .0%
        years to sell all | years_to_complete_median    | .1f
        stake at the end  | stake_end_mean              | .1%
        """,
    )


def alike(a: Answers) -> Html:
    """What the table of programmes does not show: the bond's repayment, and two that are one."""
    gap = abs(a[f"selldown.buyback.{_AFTER}"] - a[f"selldown.windows.{_AFTER}"])
    one = "The half-yearly windows differ from the plain buy-back: the budget is not all that "
    one += "binds them."
    if gap <= 0.005 * a["selldown.planned_value_eur"]:
        one = "Buy-back and half-yearly windows are one programme here: the same yearly budget "
        one += "binds both."
    return say("exchangeable bond", a, **a.context["bond"], one=one)


@or_why
def disclosed_sales(a: Answers) -> Html:
    """Each disclosed sale: what we compute beside what was disclosed, with the difference."""
    frame = need(a.frame("disclosed_sales"), f"The terms of no sale were public on {a.as_of}")
    frame["difference"] = frame["cash_eur"] / frame["cash_disclosed"] - 1
    columns = """
        sale                    | tranche
        announced
        + held before           | held_before    | ,.0f
        shares, m               | shares         | m,.1f
        + bought by Nissan      | shares_bought  | ,.0f
        + issued after          | issued_after   | ,.0f
        price, JPY              | price_jpy      | .1f
        + yen for one euro      | jpy_per_eur    | .2f
        stake computed          | stake          | .2%    | ({held_before}-{shares})/{issued_after}
        stake printed           | stake_printed  | .2%
        cash computed, EUR bn   | cash_eur       | bn,.3f | {shares}*{price_jpy}/{jpy_per_eur}
        cash disclosed, EUR bn  | cash_disclosed | bn,.3f
        difference              |                | +.2%   | {cash_eur}/{cash_disclosed}-1
        loss disclosed, EUR bn  | loss_eur       | bn,.3f
        carried, buy-back shared| own_share      | .2f    | @
        carried, naive          | naive          | .2f    | ({cash_disclosed}+{loss_eur})/{shares}
    """
    out = "{cash_disclosed}/{shares}+{loss_eur}/({shares}-{stake}*{shares_bought})"
    frame["live_own_share"], frame["key"] = out, "sale_" + frame["tranche"].astype(str)
    return table(frame, "The disclosed sales, computed beside disclosed", columns, key="key")


def roll(a: Answers) -> Html:
    """The amount carried a share from the third sale to June 2025, in both readings."""
    columns = """
        step
        + adds in all, EUR | amount  | ,.0f
        buy-back shared | own_share | .2f | @
        naive           |           | .2f | @
    """
    none = f"What the roll to June 2025 needs was not public on {a.as_of}"
    frame = a.frame("roll")
    if len(frame):
        more, end = ["{%s^}+{amount}/rolled_shares"] * 3, "fair_jpy/fair_rate"
        out = "sale_3_held_before*{own_share^}-sale_3_cash_disclosed-sale_3_loss_eur"
        starts = ["sale_3_own_share", f"({out})/rolled_shares"], ["sale_3_naive", "{naive^}"]
        for name, start in zip(("own_share", "naive"), starts, strict=True):
            frame[f"live_{name}"] = [*start, *(text % name for text in more), end]
        frame["key"] = [f"roll_{n}" for n in range(1, len(frame) + 1)]
    return table(frame, "Amount carried, EUR a share", columns, none, key="key")


def estimates(a: Answers) -> Html:
    """Volatilities and correlation over one, three and five years (five are used)."""
    columns = """
        years
        Nissan, a year       | volatility    | .1%
        yen per euro, a year | fx_volatility | .1%
        correlation          |               | .3f
        weeks
    """
    return table(a.frame("moments"), "Estimates from weekly returns", columns)


def waiting(a: Answers) -> Html:
    """Mean value of the price points when the yen price drifts more or less than a fair game."""
    frame = a.frame("drifts")
    frame["today"] = frame["price_points"] / a["selldown.planned_value_eur"] - 1
    frame["block"] = frame["price_points"] / (a[f"selldown.block.{_AFTER}"] or float("nan")) - 1
    columns = """
        extra drift a year               | extra_drift  | +.0%
        price points after exit, EUR bn  | price_points | bn,.2f
        against the value today          | today        | +.1%
        against the block                | block        | +.1%
    """
    return table(frame, "What a drift view would be worth", columns)


def power(a: Answers) -> Html:
    """Stake, power among many small holders, and the attendance below which it is a majority."""
    columns = """
        when
        votes                              | stake            | .1% | @
        voting power                       | power            | .1% | {few}/(1-{few})
        majority at attendance below       | majority_turnout | .1% | MIN(1,2*{stake})
        one-third veto at attendance below | veto_turnout     | .1% | MIN(1,3*{stake})
    """.replace("{few}", "MIN({stake},0.499)")
    live = ["stake_before", "votes_mirror", "MIN(target,stake_before)"]
    frame = a.frame("power").assign(live_stake=live)
    return table(frame, "One large holder among many small ones", columns)


def stakes(a: Answers) -> Html:
    """Who owns how much of whom, on the day: computed for the two, as printed for the others."""
    frame, entry = a.frame("stakes"), a.frame("entry")
    since = "".join(f"; {percent(r.capital, 1)} on {day(r.date)}" for r in entry.itertuples())

    def source(row) -> str:
        if missing(row.issuer):
            computed = "computed from holdings and share counts"
            return computed + since if row.holder == "Renault" else computed
        note = f". {row.note}" if isinstance(row.note, str) else ""
        return f"{row.issuer}, {day(row.published)}{note}"

    frame["date"] = frame["date"].map(shown)
    frame["source"] = [source(row) for row in frame.itertuples()]
    force = a.context["crossed"]["trust"] is not None
    own = {"Renault": "stake_before", "Nissan": "back"}
    votes = {"Renault": "votes_renault", "Nissan": "votes_nissan"} if force else own | {"Nissan": 0}
    computed = frame["issuer"].isna()
    frame["live_capital"] = frame["holder"].map(own).where(computed, None)
    frame["live_votes"] = frame["holder"].map(votes).where(computed, None)
    columns = """
        holder
        of | company
        capital | | .1% | @
        votes   | | .1% | @
        as of   | date
        source
    """
    return table(frame, "Who owns how much of whom", columns)


def look_through(a: Answers) -> Html:
    """Market values of both firms without double counting, EUR bn."""
    if "look_through" not in a.frames:
        return Html("", a.result("ownership.loop_before").note)
    frame = a.frame("look_through").rename(index=a.context["names"]).reset_index(names="firm")
    columns = """
        firm
        market value        | market    | bn,.2f | @
        beside the cross-holding | own       | bn,.2f | {market}-[part]*[whole]
        held outside        | outside   | .1%    | 1-[other]
        worth to outsiders  | outsiders | bn,.2f | {outside}*{market}
    """
    live = ["renault_close*back_issued", "issued*spot_jpy/jpy_per_eur"]
    parts = {"part": ["stake_before", "back"], "other": ["back", "stake_before"]}
    frame = frame.assign(live_market=live, whole=live[::-1], **parts)
    return table(frame, "Value without double counting, EUR bn", columns)


@or_why
def cross(a: Answers) -> Html:
    """Each side's capital and votes in the other, before and after the deal."""
    frame = need(a.frame("cross"), a.result("ownership.loop_before").note)
    lives = (
        ("stake_before", "back"),
        ("IF(back>=0.25,0,stake_before)", None),
        ("votes_renault", "votes_nissan"),
        ("votes_mirror", None),
        ("votes_no_effect", None),
    )
    lines = ["holding"]
    for name, live in zip(list(frame)[1:], lives, strict=True):
        frame[f"live_{name}"] = live
        lines.append(f"{name} | | .1% | @")
    caption = "Each side's votes in the other (our reading, not advice)"
    return table(frame, caption, "\n".join(lines))


def tornado(a: Answers) -> Html:
    """What moves the mean value after exit most: each input moved alone, largest first."""
    frame = a.frame("tornado").query("what == 'value after exit'")
    swing = (frame["high"] - frame["low"]).abs().sort_values(ascending=False)
    frame, middle = frame.loc[swing.index], "none"
    if len(frame):
        middle = number(frame["middle"].iloc[0] / 1e9)
    infos = [scenario.fields()[f"selldown.{name}"] for name in frame["input"]]
    for end in ("low_at", "high_at"):
        at = frame[end].map("{:.4g}".format).map(float)
        frame[end] = list(map(minus, map(scenario.spelt, at, infos)))
    frame["input"] = frame["input"].map(in_words)
    columns = """
        input
        from           | low_at
        to             | high_at
        change at from | low  | bn+,.2f
        change at to   | high | bn+,.2f
    """
    caption = f"Mean value after exit, EUR bn, when one input moves alone (now {middle})"
    return table(frame, caption, columns)
