"""The group of chapter 3: separating an EV business, and the bargain."""

from __future__ import annotations

from pydantic import field_validator

from alliance.scenario.groups import Group, field

_EUR = {"unit": "EUR", "low": 0.0}
_UNIT = {"unit": "EUR", "low": 1e6, "high": 3e11}
_DEAL = _EUR | {"step": 1e7, "part": "bargain"}


class Separation(Group):
    """Chapter 3: ways of separating an EV business, and what Nissan's part in one is worth."""

    structures: tuple[str, ...] = field(
        ("carve_out", "profitable_unit", "segments", "integrated"),
        "Structures compared, rows of the table structures",
        min_length=2,
        max_length=8,
    )
    companies: tuple[str, ...] = field(
        ("renault", "volkswagen", "ford", "gm"),
        "Companies on which they are tried, rows of the table carmakers",
        min_length=1,
        max_length=6,
    )
    structure: str = field(
        "carve_out", "Structure that is headlined, one of those compared", first=True
    )
    company: str = field("renault", "Company that is headlined, one of those compared", first=True)
    float_fraction: float | None = field(
        None,
        "Part of the unit that each float offers to the market; empty keeps the structure's own",
        "fraction",
        low=0,
        high=1,
        slider=(0, 0.4),
        step=0.01,
        first=True,
    )
    paid_out: float | None = field(
        None,
        "Part of the parent's proceeds that is paid out; empty keeps each structure's own (49 % in "
        "Porsche's, of February 2022)",
        "fraction",
        low=0,
        high=1,
        step=0.01,
        first=True,
    )
    ev_value_eur: float | None = field(
        None,
        "Value of the headlined company's EV unit; empty takes the seller's own, else a bid in one "
        "figure, else planned cars at value_per_ev_eur",
        **_UNIT,
        slider=(1e9, 6e10),
        step=1e8,
        first=True,
    )
    profitable_value_eur: float | None = field(
        None,
        "Value of the headlined company's profitable unit; empty takes the seller's own, else "
        "profitable_share of what the market pays for the company",
        **_UNIT,
        slider=(1e9, 1e11),
        step=1e8,
    )
    value_per_ev_eur: float | None = field(
        None,
        "Value of a planned EV a year where nobody named one of the unit; empty takes what was "
        "public (GM's by an analyst, USD 17,500; from November 2023 Ampere's, EUR 26,667)",
        unit="EUR",
        low=1,
        high=1e6,
        slider=(11_700, 33_300),
        step=100,
    )
    planned_evs: float | None = field(
        None,
        "EVs planned a year by the headlined company; empty takes its own plan that still runs",
        "cars a year",
        low=1,
        high=5e6,
        slider=(50_000, 2e6),
        step=10_000,
    )
    profitable_share: float | None = field(
        None,
        "Profitable unit over the whole where no value is published; empty takes its part of "
        "operating profit (Ford Pro 31 % in 2022), else 30 % is assumed",
        "fraction",
        low=0.001,
        high=1,
        slider=(0.15, 0.69),
        step=0.01,
    )
    fee_rate: float = field(
        0.01,
        "Fee on what is placed with the market (Porsche 0.6 % and up to 0.4 %, IFR 2022)",
        "of value",
        low=0,
        high=0.1,
        slider=(0, 0.03),
        step=0.001,
    )
    offer_discount: float = field(
        0,
        "Discount of the offer price on the values above (placings 3 %: Mola and Loughran 2004; "
        "published values are at the offer)",
        "of value",
        low=0,
        high=0.9,
        slider=(0, 0.15),
        step=0.01,
        first=True,
    )
    tax_rate: float = field(
        0,
        "Tax on the parent's proceeds (95 % of such gains are exempt in Germany and France: about "
        "1.5 % of the gain)",
        "of proceeds",
        low=0,
        high=0.9,
        slider=(0, 0.05),
        step=0.005,
    )
    holding_discount: float = field(
        0.25,
        "Discount on what a parent keeps of a listed unit, low case (European holdings 25 to "
        "30 %, AlphaValue 2025; Porsche SE 39 %, 2024)",
        "of value",
        low=0,
        high=0.9,
        slider=(0.1, 0.4),
        step=0.01,
        first=True,
    )
    conglomerate_discount: float = field(
        0.10,
        "Discount of a diversified company today (13 to 15 %, Berger and Ofek 1995; less by later "
        "studies)",
        "of value",
        low=0,
        high=0.9,
        slider=(0, 0.15),
        step=0.01,
    )
    voting_premium: float | None = field(
        None,
        "Premium of votes; empty keeps each structure's own, and takes the 7.5 % that Porsche SE "
        "paid for independence and control",
        "of value",
        low=0,
        high=1,
        slider=(0, 0.2),
        step=0.005,
    )
    oneoff_cost_eur: float = field(
        0,
        "Cost of a legal separation, once (none was published)",
        **_EUR,
        high=1e11,
        slider=(0, 5e8),
        step=1e7,
    )
    running_cost_eur: float = field(
        0,
        "Cost of a legal separation, a year; ten years count (none was published)",
        **_EUR,
        high=1e10,
        slider=(0, 1e8),
        step=1e6,
    )
    ticket_eur: float | None = field(
        None,
        "Nissan's money for Ampere; empty takes what was last public (775m reported in October "
        "2022, up to EUR 600m agreed in July 2023)",
        **_DEAL,
        high=1e10,
        slider=(0, 1e9),
        first=True,
    )
    ampere_value_eur: float | None = field(
        None,
        "Value of Ampere that the two agree on; empty takes the base value of Renault's EV unit",
        unit="EUR",
        low=1e8,
        high=3e11,
        slider=(1e9, 2e10),
        step=1e8,
        part="bargain",
        first=True,
    )
    sale_discount: float | None = field(
        None,
        "Discount of the Nissan shares sold; empty takes what the rule of chapter 2 says of the "
        "block (placings 3 %: Mola and Loughran 2004)",
        "of value",
        low=0,
        high=0.9,
        slider=(0, 0.2),
        step=0.01,
        part="bargain",
        first=True,
    )
    nissan_share_of_sale: float = field(
        0,
        "Part of the Nissan shares sold that Nissan buys itself (all of it in 2023 and 2024)",
        "fraction",
        low=0,
        high=1,
        step=0.05,
        part="bargain",
        first=True,
    )
    independence_worth_eur: float | None = field(
        None,
        "What independence is worth to Nissan; empty takes the premium of votes on the value held "
        "by others",
        **_DEAL,
        high=1e11,
        slider=(0, 2e9),
        first=True,
    )
    control_worth_eur: float | None = field(
        None,
        "What Renault gives up with control; empty takes the premium of votes on its Nissan "
        "shares, as independence is valued",
        **_DEAL,
        high=1e11,
        slider=(0, 5e8),
        first=True,
    )
    votes_worth_eur: float = field(
        0,
        "What votes in Renault are worth to Nissan (silent until 2023)",
        **_DEAL,
        high=1e11,
        slider=(0, 5e8),
    )
    ip_cost_eur: float = field(
        0,
        "What Nissan loses by sharing intellectual property (not known: article 2's worry)",
        **_DEAL,
        high=1e11,
        slider=(0, 2e9),
        first=True,
    )
    europe_benefit_eur: float = field(
        2e8,
        "What Ampere's cars bring Nissan in Europe (our assumption; named in article 1)",
        **_DEAL,
        high=1e11,
        slider=(0, 1e9),
        first=True,
    )
    signal_eur: float = field(
        0,
        "What Nissan's money says to Ampere's other investors, worth to Renault",
        **_DEAL,
        high=1e11,
        slider=(0, 1e9),
    )
    overhang_relief: float = field(
        0.10,
        "Part of the block's value that Renault's share gains when it is sold (the discount "
        "of a diversified company)",
        "of value",
        low=0,
        high=0.9,
        slider=(0, 0.3),
        step=0.01,
        part="bargain",
    )

    @field_validator("structures", "companies")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError("must name each once")
        return value
