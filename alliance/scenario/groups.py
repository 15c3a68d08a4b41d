"""The groups of parameters, one for each chapter."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def _iso_day(value: Any) -> Any:
    """A day is written YYYY-MM-DD and in no other way."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    if isinstance(value, str) and _ISO.fullmatch(value):
        try:
            return dt.date.fromisoformat(value)
        except ValueError as error:
            raise ValueError(f"must be a day that exists: {error}") from None
    raise ValueError("must be a day as YYYY-MM-DD")


Day = Annotated[dt.date, BeforeValidator(_iso_day)]


def field(
    default: Any,
    help: str,
    unit: str = "",
    *,
    low: Any = None,
    high: Any = None,
    slider: tuple[float, float] | None = None,
    step: float | None = None,
    first: bool = False,
    part: str = "",
    **more: Any,
) -> Any:
    """A field with help, unit, hard range (both ends included), slider range and step.

    Parameters
    ----------
    first : bool
        Whether a panel shows it at once, not only among the further inputs.
    part : str
        The panel that has it where its group has more than one.
    """
    extra = {"unit": unit, "slider": list(slider or (low, high)), "step": step}
    extra |= {"first": first, "part": part}
    return Field(default, description=help, ge=low, le=high, json_schema_extra=extra, **more)


class Group(BaseModel):
    """Base of all groups: frozen, no unknown names, no NaN or infinity."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )


class Decline(Group):
    """Chapter 1: Nissan's share decline."""

    since: Day = field(dt.date(2018, 1, 4), "Day from which the fall is measured", first=True)
    currency: Literal["JPY", "EUR"] = field("JPY", "Currency of the price charts", first=True)
    peers: tuple[str, ...] = field(
        ("toyota", "honda"),
        "Car makers beside Nissan, whose mean return is the sector",
        min_length=1,
        max_length=5,
        first=True,
    )
    beta_window_days: int = field(
        250,
        "Trading days before each day on which its betas are estimated",
        "trading days",
        low=60,
        high=480,
        slider=(120, 480),
        step=10,
    )
    estimation_days: int = field(
        250,
        "Trading days before an event on which the market model is estimated",
        "trading days",
        low=20,
        high=480,
        slider=(20, 480),
        step=10,
    )
    event_window_days: int = field(
        3,
        "Trading days of the event window, an odd number centred on the event",
        "trading days",
        low=1,
        high=21,
        step=2,
    )

    @field_validator("event_window_days")
    @classmethod
    def _odd(cls, value: int) -> int:
        if value % 2 == 0:
            raise ValueError("must be odd, to be centred on the event")
        return value

    @field_validator("peers")
    @classmethod
    def _no_peer_twice(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value) or "nissan" in value:
            raise ValueError("must name each company once, and not Nissan itself")
        return value


class Selldown(Group):
    """Chapter 2: Renault's sell-down of Nissan."""

    programme: Literal["block", "dribble", "price_points", "buyback", "windows", "exchangeable"] = (
        field("price_points", "Programme that is headlined; all are computed", first=True)
    )
    target_stake: float = field(
        0.15, "Stake to reach", "fraction of issued shares", low=0, high=0.43, step=0.01, first=True
    )
    horizon_years: float = field(
        5, "Horizon", "years", low=0.003, high=15, slider=(1, 15), step=0.5, first=True
    )
    discount_rate: float = field(
        0, "Interest rate of euros", "a year", low=-0.02, high=0.15, step=0.005
    )
    rate_jpy: float = field(0, "Interest rate of yen", "a year", low=-0.02, high=0.15, step=0.005)
    dividend_yield: float = field(
        0, "Dividend yield of Nissan", "a year", low=0, high=0.15, step=0.005
    )
    price_points: tuple[float, ...] = field(
        (1.10, 1.20, 1.35, 1.50, 1.75, 2.00),
        "Prices at which a tranche is sold, as rising multiples of the spot",
        min_length=1,
        max_length=12,
        first=True,
    )
    monitoring: Literal["close", "continuous"] = field("close", "How price points are watched")
    fee: float = field(
        0.01, "Fee of a sale to the market", "of value", low=0, high=0.1, step=0.0025
    )
    min_discount: float = field(
        0.01, "Least discount of a placing", "of value", low=0, high=0.2, step=0.0025
    )
    impact: float = field(
        1,
        "Market impact: times daily volatility times root of days of volume",
        low=0,
        high=3,
        step=0.1,
    )
    permanent_impact: float = field(
        0.1, "Price change left by selling the whole float", "of price", low=0, high=1, step=0.05
    )
    participation: float = field(
        0.1,
        "Part of daily volume when selling day by day",
        "of volume",
        low=0.01,
        high=0.5,
        step=0.01,
        first=True,
    )
    buyback_budget_jpy: float = field(
        100e9,
        "What Nissan spends a year on its own shares",
        "JPY a year",
        low=0,
        high=2e12,
        step=10e9,
    )
    lot_shares: float = field(
        200e6, "Shares offered at each half-yearly notice", "shares", low=1e6, high=2e9, step=10e6
    )
    window_days: int = field(
        180, "Days in which the rest of a notice may be sold", "days", low=1, high=182
    )
    floor_jpy: float = field(
        0, "Price below which no notice is given", "JPY", low=0, high=5000, step=10
    )
    rest: Literal["hold", "market"] = field("hold", "What happens to the rest of a notice")
    exchange_premium: float = field(
        0.3, "Premium of the exchangeable bond", "of spot", low=0, high=2, step=0.05
    )
    exchange_spread: float = field(
        0.03,
        "Credit spread of the exchangeable bond over the rate of yen (our assumption: the evidence "
        "has none)",
        "a year",
        low=0,
        high=0.2,
        step=0.0025,
    )
    market: Literal["lognormal", "history"] = field(
        "lognormal", "Market that is headlined", first=True
    )
    paths: int = field(
        2**14, "Paths of the simulation; a power of two keeps them balanced", low=1, high=2**18
    )
    spot_jpy: float | None = field(
        None, "Nissan's price; empty takes the last close", "JPY", low=1, high=10000, step=1
    )
    jpy_per_eur: float | None = field(
        None,
        "Yen for one euro; empty takes the fix of the last close's day",
        "JPY per EUR",
        low=50,
        high=300,
        step=1,
    )
    volatility: float | None = field(
        None,
        "Volatility of Nissan; empty takes five years of weekly returns",
        "a year",
        low=0,
        high=2,
        step=0.01,
        first=True,
    )
    fx_volatility: float | None = field(
        None,
        "Volatility of yen per euro; empty takes five years of weekly returns",
        "a year",
        low=0,
        high=1,
        step=0.005,
    )
    correlation: float | None = field(
        None,
        "Correlation of price and yen per euro; empty takes five years of weekly returns",
        low=-1,
        high=1,
        step=0.05,
    )
    drift: float | None = field(
        None,
        "Drift of the yen price; empty makes waiting a fair game for a euro holder",
        "a year",
        low=-1,
        high=1,
        step=0.01,
    )
    fx_drift: float | None = field(
        None,
        "Drift of yen per euro; empty makes yen a fair game for a euro holder",
        "a year",
        low=-0.5,
        high=0.5,
        step=0.005,
    )
    block_discount: float | None = field(
        None,
        "Discount of the block; empty takes the rule of impact",
        "of value",
        low=0,
        high=0.6,
        step=0.005,
        first=True,
    )
    carrying_eur_per_share: float | None = field(
        None,
        "Amount carried a Nissan share; empty takes the last net assets a share",
        "EUR",
        low=0,
        high=100,
        step=0.1,
        first=True,
    )

    @field_validator("price_points")
    @classmethod
    def _rising(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if min(value) <= 0 or any(b < a for a, b in itertools.pairwise(value)):
            raise ValueError("must be positive multiples that rise")
        return value
