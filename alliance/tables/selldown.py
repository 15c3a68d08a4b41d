"""The tables of chapter 2."""

from alliance import scenario
from alliance.answers import Answers
from alliance.answers.programme import ALIKE
from alliance.answers.selldown import in_slices
from alliance.errors import need
from alliance.format import day, in_words, minus, missing, number, percent, shown
from alliance.scenario.words import named
from alliance.selldown.market import COARSE
from alliance.tables.base import COLUMNS, Html, absent, or_chart, or_why, table
from alliance.tables.chapter import SENTENCES, headlined, say
from alliance.tables.summaries import discounted
from alliance.tables.words import words

_AFTER = "value_after_exit_eur_mean"


def programmes(a: Answers) -> Html:
    """Holding and each programme, the highest value after exit first, in EUR bn."""
    market, frame = a.context["group"].market, a.frame("programmes").set_index("programme")
    other = frame[frame["market"] != market]
    frame = frame[frame["market"] == market].sort_values(_AFTER, ascending=False)
    frame["other"], frame["slices"] = other[_AFTER], in_slices(a, frame)
    spread = a.frame("distribution").set_index(["market", "programme"])
    frame["median"] = spread["q50"].loc[market]
    frame["programme"] = frame.index.map(in_words)
    caption = f"Value at the horizon, EUR bn: means in the {market} market; after exit bears the "
    caption += "cost of selling what is left by the same rule, and orders the rows" + discounted(a)
    columns = COLUMNS["programmes"].replace("[market]", other["market"].iloc[0])
    none = frame["loss_eur_mean"].isna().all()  # nothing is carried
    return table(frame, caption, columns.replace("book loss", "- book loss") if none else columns)


def alike(a: Answers) -> Html:
    """What the table of programmes does not show: the bond's repayment, and two that are one."""
    g, bond, planned = a.context["group"], a.context["bond"], a["selldown.planned_value_eur"]
    if not planned:
        return say("nothing to sell", a)
    keys = (_AFTER, _AFTER.replace("mean", "cvar05"))
    gap, worst = (abs(a[f"selldown.buyback.{k}"] - a[f"selldown.windows.{k}"]) for k in keys)
    gap = max(gap, worst / 3)  # the mean of a twentieth is rougher
    binds = g.rest == "hold" and g.buyback_budget_jpy > 0
    budget = ("one budget" if binds else "the same") if gap <= ALIKE * planned else "two programmes"
    text = SENTENCES["exchangeable bond"].replace("BUDGET", SENTENCES[budget])
    repaid = SENTENCES["repaid" if bond["repaid"] else "not repaid"]
    rough = a.context["fair"] and abs(a["selldown.hold.wealth_eur_mean"] / planned - 1) > COARSE
    return say(text.replace("REPAID", repaid) + f" {SENTENCES['coarse']}" * rough, a, **bond)


def routes(a: Answers) -> Html:
    """The shares to the target by each route and, once public, what convertible bonds change."""
    bond, t, g = a.context["convertible"], a.context["terms"], a.context["group"]
    if bond is None:
        return say("routes", a)
    over = bond["price"] / g.spot_jpy - 1
    side = "below" if over < 0 else "above"
    away = f"{percent(abs(over))} {side}" if abs(over) >= 0.005 else "at"
    fewer = min(t.planned, t.target * bond["shares"]) / 1e6
    saved = f", and selling {number(fewer, 1)}m shares fewer would reach the target"
    saved = ", and the target be reached" if fewer * 1e6 >= t.planned else saved
    saved = saved if fewer >= 0.05 else ""
    told = {"away": away, "fewer": saved, "new": bond["shares"], "at": bond["price"]}
    return say(f"{SENTENCES['routes']} {SENTENCES['converted']}", a, **words(a), **told)


@or_chart
def disclosed_sales(a: Answers) -> Html:
    """Each disclosed sale: what we compute beside what was disclosed, with the difference."""
    frame = need(a.frame("disclosed_sales"), f"The terms of no sale were public on {a.as_of}")
    frame["difference"] = frame["cash_eur"] / frame["cash_disclosed"] - 1
    frame["key"] = "sale_" + frame["tranche"].astype(str)
    caption = "The disclosed sales, computed beside disclosed"
    return table(frame, caption, "disclosed_sales", key="key")


@or_chart
def roll(a: Answers) -> Html:
    """The amount carried a share from the third sale to June 2025, in both readings."""
    frame = need(a.frame("roll"), f"What the roll to June 2025 needs was not public on {a.as_of}")
    more, end = ["{%s^}+{amount}/rolled_shares"] * 3, "fair_jpy/fair_rate"
    out = "sale_3_held_before*{own_share^}-sale_3_cash_disclosed-sale_3_loss_eur"
    starts = ["sale_3_own_share", f"({out})/rolled_shares"], ["sale_3_naive", "{naive^}"]
    for name, start in zip(("own_share", "naive"), starts, strict=True):
        frame[f"live_{name}"] = [*start, *(text % name for text in more), end]
    frame["key"] = [f"roll_{n}" for n in range(1, len(frame) + 1)]
    return table(frame, "Amount carried, EUR a share", "roll", key="key")


def estimates(a: Answers) -> Html:
    """Volatilities and correlation over one, three and five years, as far as there are."""
    return table(a.frame("moments"), "Estimates from weekly returns", "estimates")


def power(a: Answers) -> Html:
    """Stake, power among many small holders, and the attendance below which it is a majority."""
    live = ["stake_before", "votes_no_effect", "votes_target"]
    frame = a.frame("power").assign(live_stake=live)
    return table(frame, "One large holder among many small ones (power: w / (1 − w))", "power")


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
    return table(frame, "Who owns how much of whom", "stakes")


def liquidity(a: Answers) -> Html:
    """Net cash of Nissan's car business, and free cash flow of the year to then, as printed."""
    wide = a.frame("liquidity").pivot(index=["date", "published"], columns="metric", values="value")
    wide = wide.reindex(columns=["net_cash", "free_cash_flow"]).astype("float64").reset_index()
    none = f"No accounts of Nissan's car business were public on {a.as_of}"
    return table(wide, "Nissan's car business, JPY bn; years end in March", "liquidity", none)


def look_through(a: Answers) -> Html:
    """Market values of both firms without double counting, EUR bn."""
    if "look_through" not in a.frames:
        return absent(a.result("ownership.loop_before").note)
    frame = a.frame("look_through").rename(index=a.context["names"]).reset_index(names="firm")
    live = ["renault_close*back_issued", "issued*nissan_close/common_fix"]
    parts = {"part": ["stake_before", "back"], "other": ["back", "stake_before"]}
    frame = frame.assign(live_market=live, whole=live[::-1], **parts)
    return table(frame, "Value without double counting, EUR bn", "look_through")


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
    """At each end of a move what the best way of selling brings more than to hold, largest swing
    first, and how the chosen programme's mean value after exit changes."""
    frame = a.frame("tornado")
    swing = (frame["high_lead"] - frame["low_lead"]).abs().sort_values(ascending=False)
    frame = frame.loc[swing.index]
    infos = [scenario.fields()[f"selldown.{name}"] for name in frame["input"]]
    for end in ("low", "high"):
        at = frame[f"{end}_at"].map("{:.3g}".format).map(float)
        frame[f"{end}_at"] = list(map(minus, map(scenario.spelt, at, infos)))
        frame[f"{end}_best"] = frame[f"{end}_best"].map(in_words)
    frame["input"] = list(map(named, frame["input"], infos))
    now = f"{in_words(headlined(a))} (now {number(frame['middle'].iloc[0] / 1e9)})"
    caption = f"One input moved: how far the best way is ahead of hold, EUR bn; change of {now}"
    return table(frame, caption, "tornado")
