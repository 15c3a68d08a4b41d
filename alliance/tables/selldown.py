"""The tables of chapter 2."""

from __future__ import annotations

import pandas as pd

from alliance.answers import Answers
from alliance.tables.base import Html, say, show

_AFTER = "value_after_exit_eur_mean"


def programmes(a: Answers) -> Html:
    """Holding and each programme, the highest value after exit first, in EUR bn."""
    g, frame = a.context["group"], a.frame("programmes").set_index("programme")
    other = frame[frame["market"] != g.market]
    frame = frame[frame["market"] == g.market].sort_values(_AFTER, ascending=False)
    frame["other"] = other[_AFTER]
    names = {
        "proceeds_eur_mean": "cash",
        "wealth_eur_mean": "value at the close",
        _AFTER: "after exit",
        "value_after_exit_eur_cvar05": "worst 5 %",
        "other": f"after exit, {other['market'].iloc[0]}",
        "p_complete": "all sold",
        "p_at_target": "at the target",
        "years_to_complete_median": "years to sell all",
        "stake_end_mean": "stake at the end",
    }
    money = [n for n in names if "eur" in n or n == "other"]
    frame[money] = frame[money] / 1e9
    formats = {names[n]: ",.2f" for n in money}
    formats |= {"all sold": ".0%", "at the target": ".0%", "years to sell all": ".1f"}
    formats |= {"stake at the end": ".1%"}
    table = frame[list(names)].rename(columns=names)
    table.insert(0, "programme", table.index.str.replace("_", " "))
    return show(
        table,
        f"Value at the horizon, EUR bn: means in the {g.market} market; after exit bears the cost "
        "of selling what is left by the same rule, and orders the rows",
        formats,
    )


def alike(a: Answers) -> Html:
    """What the table of programmes does not show: the bond's repayment, and two that are one."""
    bond = a.context["bond"]
    gap = abs(a[f"selldown.buyback.{_AFTER}"] - a[f"selldown.windows.{_AFTER}"])
    one = gap <= 0.005 * a["selldown.planned_value_eur"]
    return say(
        "The exchangeable bond brings EUR {first:,.1f}bn on its first day, at an assumed credit "
        "spread of {spread:.1%}; that is a loan: in {repaid:.0%} of cases it is repaid, with EUR "
        "{back:,.1f}bn on average, and no share is sold. {one}",
        a,
        first=bond["first_eur"] / 1e9,
        spread=a.context["group"].exchange_spread,
        repaid=bond["repaid"],
        back=bond["repaid_eur"] / 1e9,
        one="Buy-back and half-yearly windows are one programme here: the same yearly budget binds "
        "both."
        if one
        else "The half-yearly windows differ from the plain buy-back: the budget is not all that "
        "binds them.",
    )


def record(a: Answers) -> Html:
    """Each disclosed sale: what we compute beside what was disclosed, with the difference."""
    frame = a.frame("record")
    if frame.empty:
        return Html("", f"No sale was public on {a.as_of}")  # the chart says so
    table = pd.DataFrame(
        {
            "sale": frame["tranche"],
            "announced": frame["announced"],
            "shares, m": frame["shares"] / 1e6,
            "price, JPY": frame["price_jpy"],
            "stake computed": frame["stake"],
            "stake printed": frame["stake_printed"],
            "cash computed, EUR bn": frame["cash_eur"] / 1e9,
            "cash disclosed, EUR bn": frame["cash_disclosed"] / 1e9,
            "difference": frame["cash_eur"] / frame["cash_disclosed"] - 1,
            "loss disclosed, EUR bn": frame["loss_eur"] / 1e9,
            "carried, buy-back shared": frame["own_share"],
            "carried, naive": frame["naive"],
        }
    )
    formats = {"shares, m": ",.1f", "price, JPY": ".1f", "difference": "+.2%"}
    formats |= dict.fromkeys(("stake computed", "stake printed"), ".2%")
    formats |= {n: ",.3f" for n in table if n.endswith("EUR bn")}
    formats |= dict.fromkeys(("carried, buy-back shared", "carried, naive"), ".2f")
    return show(table, "The disclosed sales, computed beside disclosed", formats)


def roll(a: Answers) -> Html:
    """The amount carried a share from the third sale to June 2025, in both readings."""
    frame = a.frame("roll")
    if frame.empty:
        return Html("", f"What the roll to June 2025 needs was not public on {a.as_of}")
    table = frame.rename(columns={"own_share": "buy-back shared", "naive": "naive"})
    formats = dict.fromkeys(("buy-back shared", "naive"), ".2f")
    return show(table, "Amount carried, EUR a share", formats)


def estimates(a: Answers) -> Html:
    """Volatilities and correlation over one, three and five years (five are used)."""
    frame = a.frame("moments")
    names = {
        "years": "years",
        "volatility": "Nissan, a year",
        "fx_volatility": "yen per euro, a year",
        "correlation": "correlation",
        "weeks": "weeks",
    }
    formats = {names[n]: ".3f" for n in ("volatility", "fx_volatility", "correlation")}
    return show(frame.rename(columns=names), "Estimates from weekly returns", formats)


def waiting(a: Answers) -> Html:
    """Mean value of the price points when the yen price drifts more or less than a fair game."""
    frame = a.frame("drifts")
    today = a["selldown.planned_value_eur"]
    table = pd.DataFrame(
        {
            "extra drift a year": frame["extra_drift"],
            "price points after exit, EUR bn": frame["price_points"] / 1e9,
            "against the value today": frame["price_points"] / today - 1,
            "against the block": frame["price_points"] / a[f"selldown.block.{_AFTER}"] - 1,
        }
    )
    formats = {
        "extra drift a year": "+.0%",
        "price points after exit, EUR bn": ",.2f",
        "against the value today": "+.1%",
        "against the block": "+.1%",
    }
    return show(table, "What a drift view would be worth", formats)


def power(a: Answers) -> Html:
    """Stake, power among many small holders, and the attendance below which it is a majority."""
    frame = a.frame("power")
    names = {
        "when": "when",
        "stake": "votes",
        "power": "voting power",
        "majority_turnout": "majority at attendance below",
        "veto_turnout": "one-third veto at attendance below",
    }
    formats = {n: ".1%" for key, n in names.items() if key != "when"}
    return show(frame.rename(columns=names), "One large holder among many small ones", formats)


def stakes(a: Answers) -> Html:
    """Who owns how much of whom, on the day: computed for the two, as printed for the others."""
    frame, entry = a.frame("stakes"), a.frame("entry")
    since = [f"; {100 * r.capital:.1f} % on {r.date:%Y-%m-%d}" for r in entry.itertuples()]
    table = pd.DataFrame(
        {
            "holder": frame["holder"],
            "of": frame["company"],
            "capital": frame["capital"],
            "votes": frame["votes"],
            "as of": frame["date"].map(lambda d: "" if pd.isna(d) else f"{d:%Y-%m-%d}"),
            "source": [
                "computed from holdings and share counts" + "".join(since if h == "Renault" else [])
                if pd.isna(i)
                else f"{i}, {p:%Y-%m-%d}" + (f". {n}" if isinstance(n, str) else "")
                for h, i, p, n in zip(
                    frame["holder"], frame["issuer"], frame["published"], frame["note"], strict=True
                )
            ],
        }
    )
    return show(table, "Who owns how much of whom", dict.fromkeys(("capital", "votes"), ".1%"))


def look_through(a: Answers) -> Html:
    """Market values of both firms without double counting, EUR bn."""
    if "look_through" not in a.frames:
        return Html("", a.result("ownership.loop_before").note)
    frame = a.frame("look_through")
    table = pd.DataFrame(
        {
            "firm": [a.context["names"][n] for n in frame.index],
            "market value": frame["market"].to_numpy() / 1e9,
            "beside its holdings": frame["own"].to_numpy() / 1e9,
            "held outside": frame["outside"].to_numpy(),
            "worth to outsiders": frame["outsiders"].to_numpy() / 1e9,
        }
    )
    formats = dict.fromkeys(
        ("market value", "beside its holdings", "worth to outsiders"), ",.2f"
    ) | {"held outside": ".1%"}
    return show(table, "Value without double counting, EUR bn", formats)


def cross(a: Answers) -> Html:
    """Each side's capital and votes in the other, before and after the deal."""
    frame = a.frame("cross")
    if frame.empty:
        return Html("", a.result("ownership.loop_before").note)
    formats = {name: ".1%" for name in frame if name != "holding"}
    return show(frame, "Each side's votes in the other (our reading, not advice)", formats)


def tornado(a: Answers) -> Html:
    """What moves the mean value after exit most: each input moved alone, largest first."""
    frame = a.frame("tornado").query("what == 'value after exit'")
    frame["swing"] = (frame["high"] - frame["low"]).abs()
    frame = frame.sort_values("swing", ascending=False)
    table = pd.DataFrame(
        {
            "input": frame["input"].str.replace("_", " "),
            "from": frame["low_at"].map("{:,.4g}".format),
            "to": frame["high_at"].map("{:,.4g}".format),
            "change at from": frame["low"] / 1e9,
            "change at to": frame["high"] / 1e9,
        }
    )
    middle = f"{frame['middle'].iloc[0] / 1e9:,.2f}" if len(frame) else "none"
    caption = f"Mean value after exit, EUR bn, when one input moves alone (now {middle})"
    return show(table, caption, dict.fromkeys(("change at from", "change at to"), "+,.2f"))
