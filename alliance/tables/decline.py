"""The tables of chapter 1."""

import pandas as pd
from scipy.special import stdtrit

from alliance.answers import Answers
from alliance.format import missing, shown
from alliance.tables.base import Html, show, table


def by_window(
    frame: pd.DataFrame,
    caption: str,
    names: dict[str, str],
    tests: dict[str, tuple[str, int]],
    untested: str = "",
) -> Html:
    """A row for each event: abnormal return and t by window, other tests, what else happened.

    ``names`` are columns of the event; ``tests`` columns of p values and the window of each.
    """
    rows = []
    for _, windows in frame.groupby("event", sort=False):
        first = windows.iloc[0]
        row = {head: first[column] for head, column in names.items()}
        for w in windows.itertuples():
            known = f"{shown(w.car, '+.1%')} ({shown(w.t, '+.1f')})"
            row[f"days {w.window[0]} to {w.window[1]}"] = untested if missing(w.car) else known
        row |= {head: windows[column].iloc[n] for head, (column, n) in tests.items()}
        rows.append(row | {"what else moved prices": first["confounders"]})
    return show(pd.DataFrame(rows), caption, dict.fromkeys(tests, ".3f"))


def effects(a: Answers) -> Html:
    """A row for each event: abnormal return and t by window, and tests without normality."""
    frame = a.frame("effects")
    if frame.empty:
        return show(frame, "No dated event was public")
    names = {"event": "short", "trading day": "day"}
    tests = {"p rank, day 0": ("p_rank", 0), "p Corrado": ("p_corrado", -1)}
    tests |= {"p placebo, days 0 to 1": ("p_placebo", 1)}
    caption = "Abnormal log return (and t) by event and window; p of other tests"
    return by_window(frame, caption, names, tests)


def unit_sales(a: Answers) -> Html:
    """Regions against the total that Nissan printed, and the share against the printed share."""
    frame = a.frame("regions")
    if frame.empty or "total" not in frame:
        return show(frame, "No unit sales were public")
    regions = [name for name in frame if name not in ("total", "not split")]
    frame["difference"] = frame["total"] - frame[regions].sum(axis=1)
    share = a.frame("market_share").xs("FY", level="period")
    counts = "\n".join(f"{name} | | k,.0f" for name in [*regions, "total", "difference"])
    columns = f"""
        fiscal year
        {counts}
        share computed | share         | .2%
        share printed  | printed_share | .1%
    """
    frame = frame.join(share[["share", "printed_share"]]).reset_index(names="fiscal year")
    return table(frame, "Thousand cars by region; the difference is not yet split", columns)


def large_moves(a: Answers) -> Html:
    """The largest abnormal days and what was in the news then or the evening before."""
    frame = a.frame("large_moves").replace({"reason": {"": "none found in the evidence"}})
    return show(frame, "Largest one-day abnormal log returns", {"abnormal": "+.1%", "t": "+.1f"})


def quiet_days(a: Answers) -> Html:
    """How often the 5 % t test rejects on real days of neither results nor alliance, by year."""
    days = a.frame("moves").query("kind == 'neither'")
    rejected = days["t"].abs() > stdtrit(a.context["estimation_days"] - 2, 0.975)
    frame = (
        rejected.groupby(days.index.year).agg(["size", "mean"]).rename_axis("year").reset_index()
    )
    caption = "And on the real days of neither results nor alliance"
    return table(frame, caption, "quiet_days", "There is no day of neither results nor alliance.")


def null_size(frame: pd.DataFrame) -> Html:
    """Rejection rates of the 5 % t test under the null."""
    return table(frame, "How often the 5 % test rejects when nothing happened", "null_size")
