"""The groups of parameters, one for each chapter: a field is its default, its kind and its help."""

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

#: Kinds of field: unit, hard range (both ends included), and step and range of the slider.
PART = {"unit": "fraction", "low": 0, "high": 1, "step": 0.01}
DISCOUNT = {"unit": "of value", "low": 0, "high": 0.9, "step": 0.01}
COST = {"unit": "of value", "low": 0, "high": 0.1, "step": 0.0025}
RATE = {"unit": "a year", "low": -0.02, "high": 0.15, "step": 0.005}
VOLATILITY = {"unit": "a year", "low": 0, "high": 2, "step": 0.01}
DRIFT = {"unit": "a year", "low": -1, "high": 1, "step": 0.01}
TRADING_DAYS = {"unit": "trading days", "low": 20, "high": 480, "step": 10}
YEN = {"unit": "JPY", "low": 0, "high": 5000, "step": 10}
MONEY = {"unit": "EUR", "low": 0.0, "high": 1e11, "step": 1e7}
VALUE = {"unit": "EUR", "low": 1e6, "high": 3e11, "step": 1e8}
BARGAIN_DISCOUNT = DISCOUNT | {"part": "bargain"}
DEAL = MONEY | {"part": "bargain"}


def field(default: Any, kind: dict[str, Any] | None = None, **own: Any) -> Any:
    """A field of a kind, with what is its own; the text below it in its class is its help.

    A kind has ``unit``, ``low``, ``high``, ``step`` and ``slider``, the range shown where not the
    hard one; ``first``, whether a panel shows it at once, not only among the further inputs; and
    ``part``, the panel that has it where its group has more than one. A field's own are the same,
    and limits of its length.
    """
    look = {"unit": "", "low": None, "high": None, "step": None, "first": False, "part": ""}
    look |= (kind or {}) | own
    low, high = look.pop("low"), look.pop("high")
    look |= {"slider": list(look.get("slider") or (low, high)), "limits": (low, high)}
    more = {key: look.pop(key) for key in own if key.endswith("_length")}
    return Field(default, ge=low, le=high, json_schema_extra=look, **more)


class Group(BaseModel):
    """Base of all groups: frozen, no unknown names, no NaN or infinity."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        validate_default=True,
        use_attribute_docstrings=True,
        defer_build=True,  # until the help is in one line each
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        for info in cls.model_fields.values():
            info.description = info.description and " ".join(info.description.split())


class Decline(Group):
    """Chapter 1: Nissan's share decline."""

    since: Day = field(dt.date(2018, 1, 4), first=True)
    """Day from which the fall is measured"""
    currency: Literal["JPY", "EUR"] = field("JPY", first=True)
    """Currency of the price charts"""
    peers: tuple[str, ...] = field(("toyota", "honda"), first=True, min_length=1, max_length=5)
    """Car makers beside Nissan, whose mean return is the sector"""
    beta_window_days: int = field(250, TRADING_DAYS, low=60, slider=(120, 480))
    """Trading days before each day on which its betas are estimated"""
    estimation_days: int = field(250, TRADING_DAYS)
    """Trading days before an event on which the market model is estimated"""
    event_window_days: int = field(3, TRADING_DAYS, low=1, high=21, step=2)
    """Trading days of the event window, an odd number centred on the event"""

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
        field("price_points", first=True)
    )
    """Programme that is headlined; all are computed"""
    target_stake: float = field(0.15, PART, unit="fraction of issued shares", high=0.43, first=True)
    """Stake to reach"""
    horizon_years: float = field(
        5, unit="years", low=0.003, high=15, step=0.5, slider=(1, 15), first=True
    )
    """Horizon"""
    discount_rate: float = field(0, RATE)
    """Interest rate of euros"""
    rate_jpy: float = field(0, RATE)
    """Interest rate of yen"""
    dividend_yield: float = field(0, RATE, low=0)
    """Dividend yield of Nissan"""
    price_points: tuple[float, ...] = field(
        (1.10, 1.20, 1.35, 1.50, 1.75, 2.00), first=True, min_length=1, max_length=12
    )
    """Prices at which a tranche is sold, as rising multiples of the spot"""
    monitoring: Literal["close", "continuous"] = field("close")
    """How price points are watched"""
    fee: float = field(0.01, COST)
    """Fee of a sale to the market"""
    min_discount: float = field(0.01, COST, high=0.2)
    """Least discount of a placing"""
    impact: float = field(1, low=0, high=3, step=0.1)
    """Market impact: times daily volatility times root of days of volume"""
    permanent_impact: float = field(0.1, PART, unit="of price", step=0.05)
    """Price change left by selling the whole float"""
    participation: float = field(0.1, PART, unit="of volume", low=0.01, high=0.5, first=True)
    """Part of daily volume when selling day by day"""
    buyback_budget_jpy: float = field(100e9, unit="JPY a year", low=0, high=2e12, step=1e10)
    """What Nissan spends a year on its own shares"""
    lot_shares: float = field(200e6, unit="shares", low=1e6, high=2e9, step=1e7)
    """Shares offered at each half-yearly notice"""
    window_days: int = field(180, unit="days", low=1, high=182)
    """Days in which the rest of a notice may be sold"""
    floor_jpy: float = field(0, YEN)
    """Price below which no notice is given"""
    rest: Literal["hold", "market"] = field("hold")
    """What happens to the rest of a notice"""
    exchange_premium: float = field(0.3, unit="of spot", low=0, high=2, step=0.05)
    """Premium of the exchangeable bond"""
    exchange_spread: float = field(0.03, RATE, low=0, high=0.2, step=0.0025)
    """Credit spread of the exchangeable bond over the rate of yen (our assumption: the evidence has
    none)"""
    market: Literal["lognormal", "history"] = field("lognormal", first=True)
    """Market that is headlined"""
    paths: int = field(2**14, low=1, high=2**18)
    """Paths of the simulation; a power of two keeps them balanced"""
    spot_jpy: float | None = field(None, YEN, low=1, high=10000, step=1)
    """Nissan's price; empty takes the last close"""
    jpy_per_eur: float | None = field(None, unit="JPY per EUR", low=50, high=300, step=1)
    """Yen for one euro; empty takes the fix of the last close's day"""
    volatility: float | None = field(None, VOLATILITY, first=True)
    """Volatility of Nissan; empty takes five years of weekly returns"""
    fx_volatility: float | None = field(None, VOLATILITY, high=1, step=0.005)
    """Volatility of yen per euro; empty takes five years of weekly returns"""
    correlation: float | None = field(None, DRIFT, unit="", step=0.05)
    """Correlation of price and yen per euro; empty takes five years of weekly returns"""
    drift: float | None = field(None, DRIFT)
    """Drift of the yen price; empty makes waiting a fair game for a euro holder"""
    fx_drift: float | None = field(None, DRIFT, low=-0.5, high=0.5, step=0.005)
    """Drift of yen per euro; empty makes yen a fair game for a euro holder"""
    block_discount: float | None = field(None, DISCOUNT, high=0.6, step=0.005, first=True)
    """Discount of the block; empty takes the rule of impact"""
    carrying_eur_per_share: float | None = field(
        None, unit="EUR", low=0, high=100, step=0.1, first=True
    )
    """Amount carried a Nissan share; empty takes the last net assets a share"""

    @property
    def chosen(self) -> str:
        """The part of result ids that it chooses to headline."""
        return self.programme

    @field_validator("price_points")
    @classmethod
    def _rising(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if min(value) <= 0 or any(b < a for a, b in itertools.pairwise(value)):
            raise ValueError("must be positive multiples, none below the one before")
        return value


class Separation(Group):
    """Chapter 3: ways of separating an EV business, and what Nissan's part in one is worth."""

    structures: tuple[str, ...] = field(
        ("carve_out", "profitable_unit", "segments", "integrated"), min_length=2, max_length=8
    )
    """Structures compared, rows of the table structures"""
    companies: tuple[str, ...] = field(
        ("renault", "volkswagen", "ford", "gm"), min_length=1, max_length=6
    )
    """Companies on which they are tried, rows of the table carmakers"""
    structure: str = field("carve_out", first=True)
    """Structure that is headlined, one of those compared"""
    company: str = field("renault", first=True)
    """Company that is headlined, one of those compared"""
    float_fraction: float | None = field(None, PART, slider=(0, 0.4), first=True)
    """Part of the unit that each float offers to the market; empty keeps the structure's own"""
    paid_out: float | None = field(None, PART, first=True)
    """Part of the parent's proceeds that is paid out; empty keeps each structure's own (49 % in
    Porsche's, of February 2022)"""
    ev_value_eur: float | None = field(None, VALUE, slider=(1e9, 6e10), first=True)
    """Value of the headlined company's EV unit; empty takes the seller's own, else a bid in one
    figure, else planned cars at the value of an EV car"""
    profitable_value_eur: float | None = field(None, VALUE, slider=(1e9, 1e11))
    """Value of the headlined company's profitable unit; empty takes the seller's own, else
    profitable_share of what the market pays for the company"""
    value_per_ev_eur: float | None = field(
        None, unit="EUR", low=1, high=1e6, step=100, slider=(11_700, 33_300)
    )
    """Value of a planned EV a year where nobody named one of the unit; empty takes what was public
    (GM's by an analyst, USD 17,500; from November 2023 Ampere's, EUR 26,667)"""
    planned_evs: float | None = field(
        None, unit="cars a year", low=1, high=5e6, step=10_000, slider=(50_000, 2e6)
    )
    """EVs planned a year by the headlined company; empty takes its own plan that still runs"""
    profitable_share: float | None = field(None, PART, low=0.001, slider=(0.15, 0.69))
    """Profitable unit over the whole where no value is published; empty takes its part of operating
    profit (Ford Pro 31 % in 2022), else 30 % is assumed"""
    fee_rate: float = field(0.01, COST, step=0.001, slider=(0, 0.03))
    """Fee on what is placed with the market (Porsche 0.6 % and up to 0.4 %, IFR 2022)"""
    offer_discount: float = field(0, DISCOUNT, slider=(0, 0.15), first=True)
    """Discount of the offer price on the values above (placings 3 %: Mola and Loughran 2004;
    published values are at the offer)"""
    tax_rate: float = field(0, DISCOUNT, unit="of proceeds", step=0.005, slider=(0, 0.05))
    """Tax on the parent's proceeds (95 % of such gains are exempt in Germany and France: about 1.5
    % of the gain)"""
    holding_discount: float = field(0.25, DISCOUNT, slider=(0.1, 0.4), first=True)
    """Discount on what a parent keeps of a listed unit, low case (European holdings 25 to 30 %,
    AlphaValue 2025; Porsche SE 39 %, 2024)"""
    conglomerate_discount: float = field(0.10, DISCOUNT, slider=(0, 0.15))
    """Discount of a diversified company today (13 to 15 %, Berger and Ofek 1995; less by later
    studies)"""
    voting_premium: float | None = field(None, DISCOUNT, high=1, step=0.005, slider=(0, 0.2))
    """Premium of votes; empty keeps each structure's own, and takes the 7.5 % that Porsche SE paid
    for independence and control"""
    oneoff_cost_eur: float = field(0, MONEY, slider=(0, 5e8))
    """Cost of a legal separation, once (none was published)"""
    running_cost_eur: float = field(0, MONEY, high=1e10, step=1e6, slider=(0, 1e8))
    """Cost of a legal separation, a year; ten years count (none was published)"""
    ticket_eur: float | None = field(None, DEAL, high=1e10, slider=(0, 1e9), first=True)
    """Nissan's money for Ampere, in the bargain; empty takes what was last public (775m reported in
    October 2022, up to EUR 600m agreed in July 2023)"""
    ampere_value_eur: float | None = field(
        None, VALUE, low=1e8, slider=(1e9, 2e10), first=True, part="bargain"
    )
    """Value of Ampere that the two agree on; empty takes the base value of Renault's EV unit"""
    sale_discount: float | None = field(None, BARGAIN_DISCOUNT, slider=(0, 0.2), first=True)
    """Discount of the Nissan shares sold; empty takes what the rule of chapter 2 says of the block
    (placings 3 %: Mola and Loughran 2004)"""
    nissan_share_of_sale: float = field(
        0, unit="fraction", low=0, high=1, step=0.05, first=True, part="bargain"
    )
    """Part of the Nissan shares sold that Nissan buys itself (all of it in 2023 and 2024)"""
    independence_worth_eur: float | None = field(None, DEAL, slider=(0, 2e9), first=True)
    """What independence is worth to Nissan; empty takes the premium of votes on the value held by
    others"""
    control_worth_eur: float | None = field(None, DEAL, slider=(0, 5e8), first=True)
    """What Renault gives up with control; empty takes the premium of votes on its Nissan shares, as
    independence is valued"""
    votes_worth_eur: float = field(0, DEAL, slider=(0, 5e8))
    """What votes in Renault are worth to Nissan (silent until 2023)"""
    ip_cost_eur: float = field(0, DEAL, slider=(0, 2e9), first=True)
    """What Nissan loses by sharing intellectual property (not known: article 2's worry)"""
    europe_benefit_eur: float = field(2e8, DEAL, slider=(0, 1e9), first=True)
    """What Ampere's cars bring Nissan in Europe (our assumption; named in article 1)"""
    signal_eur: float = field(0, DEAL, slider=(0, 1e9))
    """What Nissan's money says to Ampere's other investors, worth to Renault"""
    overhang_relief: float = field(0.10, BARGAIN_DISCOUNT, slider=(0, 0.3))
    """Part of the block's value that Renault's share gains when it is sold (the discount of a
    diversified company)"""

    @property
    def chosen(self) -> str:
        """The part of result ids that it chooses to headline."""
        return f"{self.structure}.{self.company}"

    @field_validator("structures", "companies")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError("must name each once")
        return value
