"""Chapter 2, one programme: what its ledger brings, as results and as paths through time."""

import datetime as dt

import numpy as np
import pandas as pd

from alliance import selldown as sd
from alliance.answers.business import last_book
from alliance.answers.inputs import Inputs, count_sale
from alliance.answers.results import Builder, listed
from alliance.evidence import Evidence, made_once
from alliance.format import in_words

ALL = ("horizon_years", "drift", "fx_drift")  # assumed of every programme that takes time
#: What the scenario assumes, rather than the evidence says, for each programme.
ASSUMED = {name: fields.split() for name, fields in listed("assumed.txt")}
ALIKE = 0.005  # of the planned value: programmes nearer than this to another are as good
ISSUERS = ["buyback", "windows"]  # programmes in which Nissan buys, at the market's price
LOSS = "loss_eur_mean"
NOTHING = "there is nothing to sell"
POINTS = 61  # of a path through time


def summary(made: sd.Ledger, carrying: float | None) -> dict[str, float]:
    """The headline numbers of a programme; no loss where nothing is carried."""
    finite = made.complete[np.isfinite(made.complete)]
    return {
        "proceeds_eur_mean": made.proceeds.mean(),
        "proceeds_eur_p05": np.quantile(made.proceeds, 0.05),
        "wealth_eur_mean": made.wealth.mean(),
        "wealth_eur_cvar05": sd.cvar(made.wealth),
        "value_after_exit_eur_mean": made.after_exit.mean(),
        "value_after_exit_eur_cvar05": sd.cvar(made.after_exit),
        "p_complete": np.isfinite(made.complete).mean(),
        "p_at_target": np.isfinite(made.at_target).mean(),
        "years_to_complete_median": np.median(finite) if len(finite) else np.nan,
        "stake_end_mean": made.stake_after[-1].mean(),
        "loss_eur_mean": np.nan if carrying is None else made.losses(carrying).mean(),
    }


def stake_path(made: sd.Ledger, points: int = POINTS) -> pd.DataFrame:
    """The stake through time: ``years``, ``mean``, ``low`` and ``high`` (5 and 95 %)."""
    at = _at(made, made.stake_after, made.terms.held / made.terms.issued, points)
    low, high = np.quantile(at, [0.05, 0.95], axis=1)
    grid = np.linspace(0, made.market.horizon, points)
    return pd.DataFrame({"years": grid, "mean": at.mean(axis=1), "low": low, "high": high})


def left_path(made: sd.Ledger, stake: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Mean planned shares left, and mean shares issued, at the times of a mean ``stake``."""
    t, points = made.terms, len(stake)
    if isinstance(made.gone_after, float):  # nothing is cancelled: the stake tells what is left
        left = stake.to_numpy() * t.issued - (t.held - t.planned)
        return left, np.full(points, t.issued)
    sold, gone = (_at(made, x, 0.0, points) for x in (made.sold_after, made.gone_after))
    return t.planned - sold.mean(axis=1), t.issued - gone.mean(axis=1)


def _at(made: sd.Ledger, after: np.ndarray, before: float, points: int) -> np.ndarray:
    """Values (events, paths) after each event, at even times: array (points, paths)."""
    values = np.vstack([np.full((1, after.shape[1]), before), after])
    time, grid = made.time, np.linspace(0, made.market.horizon, points)
    if time.strides[1] == 0:  # the same times on every path
        return values[[(time[:, 0] <= t + 1e-9).sum() for t in grid]]
    count = np.stack([(time <= t + 1e-9).sum(axis=0) for t in grid])
    return np.take_along_axis(values, count, axis=0)


def assumed(name: str) -> list[str]:
    """Fields that a programme rests on and no evidence supports."""
    return [f"selldown.{field}" for field in ASSUMED[name]]


#: What at least one of them rests on.
ANY = tuple(dict.fromkeys(field for name in ASSUMED for field in assumed(name)))


def put(b: Builder, i: Inputs, name: str, row: dict[str, float]) -> None:
    """Add a programme's headline results."""
    words = {"programme": name, "name": in_words(name).capitalize()}
    for keys in ([k for k in row if k != LOSS], [LOSS]):
        with b.section():
            count_sale(b.ev)
            done = ["years_to_complete_median", "p_complete", "p_at_target"]
            why = {done[0]: "never complete by the horizon"}
            if i.terms.planned <= 0:
                row, why = row | dict.fromkeys(done), dict.fromkeys(done, NOTHING)
            if keys == [LOSS]:
                last_book(b.ev)
                why[LOSS] = no_loss(b.ev, i)
            for key in keys:
                value = None if pd.isna(row[key]) else row[key]
                note = why.get(key) if value is None else None
                b.put(f"selldown.{{programme}}.{key}", value, note, assumed(name), **words)


def no_loss(ev: Evidence, i: Inputs) -> str | None:
    """Why there is no loss in income, where there is none."""
    if day := _switched(ev):
        return f"the equity method ended on {day}: no loss in income"
    return i.carrying_note if i.group.carrying_eur_per_share is None else None


@made_once
def _switched(ev: Evidence) -> dt.date | None:
    """The day from which no loss goes through income."""
    known = ev.figure("switch-loss-announced") is not None
    return ev.fact("switch-loss-announced")["date"].date() if known else None
