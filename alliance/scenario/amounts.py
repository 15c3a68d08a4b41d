"""Amounts as people write them: ``15 %``, ``EUR 600m``, ``2 years``, ``1.2bn``."""

import re
from decimal import Decimal
from typing import Any

from pydantic.fields import FieldInfo

_SCALES = {"": 0, "k": 3, "m": 6, "mn": 6, "million": 6, "bn": 9, "billion": 9, "tn": 12}
_COUNTED = ("years", "days", "trading days")
_SIGNS = {"€": "EUR", "¥": "JPY", "$": "USD"}
_AMOUNT = re.compile(
    r"(?P<sign>-?)\s*(?P<currency>[A-Z]{3}|[€¥$])?\s*(?P<number>-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)"
    r"\s*(?P<scale>k|mn?|million|bn|billion|tn)?(?![a-z])\s*(?P<percent>%)?\s*(?P<rest>[a-z ]+)?",
    re.I,
)


def _is_part(unit: str) -> bool:
    """Whether numbers of a unit are parts of something, which people write in percent."""
    return unit == "a year" or unit.startswith(("fraction", "of "))


def plain(text: Any, info: FieldInfo) -> Any:
    """An amount (or each of a list) in a field's unit as a plain number; what is none of these as
    it is, for the schema to refuse.

    >>> from alliance.scenario import fields
    >>> known = fields()
    >>> stake, money = known["selldown.target_stake"], known["separation.ticket_eur"]
    >>> plain("15 %", stake), plain("EUR 0.6bn", money), plain("15 %", money)
    ('0.15', '600000000', '15 %')
    >>> plain("2 years", known["selldown.horizon_years"])
    '2'
    """
    if isinstance(text, list):
        return [plain(each, info) for each in text]
    if not isinstance(text, str):
        return text
    unit = info.json_schema_extra["unit"]
    tidy = " ".join(text.replace("\N{MINUS SIGN}", "-").split())
    found = _AMOUNT.fullmatch(tidy)
    if not found or (found["sign"] and found["number"].startswith("-")):
        return text
    currency, rest = found["currency"] or "", (found["rest"] or "").strip()
    currency = _SIGNS.get(currency, currency.upper())
    power = _SCALES[(found["scale"] or "").lower()]
    if (currency and currency != unit[:3]) or (power and _is_part(unit)):
        return text
    if found["percent"] and (power or not _is_part(unit)):
        return text
    if rest and rest.lower() not in (unit, unit.removesuffix("s"), unit.removeprefix("JPY ")):
        return text
    power -= 2 * bool(found["percent"])
    try:
        number = Decimal(found["sign"] + found["number"]).scaleb(power)
    except ArithmeticError:
        return text
    return found["sign"] + found["number"] if power == 0 else f"{number:f}"


def spelt(value: Any, info: FieldInfo) -> str:
    """A field's value as :func:`plain` reads it back; nothing for None.

    >>> from alliance.scenario import fields
    >>> known = fields()
    >>> spelt(0.15, known["selldown.target_stake"]), spelt(1.2e9, known["separation.ticket_eur"])
    ('15 %', 'EUR 1.2bn')
    >>> spelt(5.0, known["selldown.horizon_years"]), spelt((1.1, 2), known["selldown.price_points"])
    ('5 years', '1.1, 2')
    """
    unit = info.json_schema_extra["unit"]
    if isinstance(value, list | tuple):
        return ", ".join(spelt(each, info) for each in value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "" if value is None else str(value)
    if _is_part(unit):
        return f"{_short(value, -2)} %"
    money = unit[:3] if unit in ("EUR", "JPY", "JPY a year") else ""
    power = next((p for p in (9, 6) if unit and abs(value) >= 10**p), 0)
    power = power if isinstance(value, float) else 0  # whole numbers are typed in full
    text = f"{money} {_short(value, power)}{ {0: '', 6: 'm', 9: 'bn'}[power] }".strip()
    if unit in _COUNTED:
        return f"{text} {unit.removesuffix('s') if value == 1 else unit}"
    return text


def span(low: float, high: float, info: FieldInfo) -> str:
    """A range in words, with its unit.

    >>> from alliance.scenario import fields
    >>> span(0, 0.43, fields()["selldown.target_stake"])
    '0 % to 43 % of issued shares'
    """
    unit, first = info.json_schema_extra["unit"], spelt(low, info)
    if unit in _COUNTED:
        first = first.split()[0]
    said = "fraction" if _is_part(unit) else "JPY" if unit == "JPY a year" else ""
    rest = "" if unit in ("EUR", "JPY", *_COUNTED) else unit.removeprefix(said).strip()
    return f"{first} to {spelt(high, info)} {rest}".rstrip()


def _short(value: float, power: int) -> str:
    """A number in units of a power of ten, no digit lost and none too many."""
    return f"{Decimal(repr(value)).scaleb(-power).normalize():f}"
