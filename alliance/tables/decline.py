"""The tables of chapter 1."""

from __future__ import annotations

import pandas as pd

from alliance.answers import Answers
from alliance.tables.base import Html, show
from alliance.tables.text import NBSP, minus


def effects(a: Answers) -> Html:
    """A row for each event: abnormal return and t by window, and tests without normality."""
    frame = a.frame("effects")
    if frame.empty:
        return show(frame, "No dated event was public")
    rows = []
    for _, group in frame.groupby("event", sort=False):
        first = group.iloc[0]
        row = {"event": first["short"], "trading day": first["day"]}
        for e in group.itertuples():
            known = f"{e.car:+.1%} ({e.t:+.1f})" if pd.notna(e.car) else ""
            row[f"days {e.window[0]} to {e.window[1]}"] = minus(known.replace("%", NBSP + "%"))
        row["p rank, day 0"] = group["p_rank"].iloc[0]
        row["p Corrado"] = group["p_corrado"].iloc[-1]
        row["p placebo, days 0 to 1"] = group["p_placebo"].iloc[1]
        row["what else moved prices"] = first["confounders"]
        rows.append(row)
    table = pd.DataFrame(rows)
    formats = {name: ".3f" for name in table if name.startswith("p ")}
    return show(table, "Abnormal return (and t) by event and window; p of other tests", formats)


def unit_sales(a: Answers) -> Html:
    """Regions against the total that Nissan printed, and the share against the printed share."""
    frame = a.frame("regions")
    if frame.empty or "total" not in frame:
        return show(frame, "No unit sales were public")
    regions = [name for name in frame if name not in ("total", "not split")]
    difference = frame["total"] - frame[regions].sum(axis=1)
    table = (frame[[*regions, "total"]] / 1000).assign(difference=difference / 1000)
    share = a.frame("market_share").xs("FY", level="period")
    table["share computed"], table["share printed"] = share["share"], share["printed_share"]
    formats = dict.fromkeys([*regions, "total", "difference"], ",.0f")
    formats |= {"share computed": ".2%", "share printed": ".1%"}
    table = table.reset_index(names="fiscal year")
    return show(table, "Thousand cars by region; the difference is not yet split", formats)


def large_moves(a: Answers) -> Html:
    """The largest abnormal days and what was in the news then or the evening before."""
    frame = a.frame("large_moves")
    frame["reason"] = frame["reason"].replace("", "none found in the evidence")
    formats = {"abnormal": "+.1%", "t": "+.1f"}
    return show(frame, "Largest one-day abnormal returns", formats)


def null_size(frame: pd.DataFrame) -> Html:
    """Rejection rates of the 5 % t test under the null."""
    names = {
        "estimation_days": "estimation days",
        "window_days": "days in window",
        "normal": "normal residuals",
        "real_residuals": "Nissan's own residuals",
    }
    formats = {"normal residuals": ".1%", "Nissan's own residuals": ".1%"}
    caption = "How often the 5 % test rejects when nothing happened"
    return show(frame.rename(columns=names), caption, formats)
