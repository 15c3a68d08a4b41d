"""Numbers, money and days as text: a true minus sign, no sign at zero, units kept with numbers."""

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

NBSP = "\N{NO-BREAK SPACE}"
MONEY = ("EUR", "JPY", "USD")
_SCALES = {"": 1.0, "k": 1e3, "m": 1e6, "bn": 1e9}
_SCALED = re.compile(r"(k|m|bn|log)?(.*)")
_MINUS = re.compile(r"(?:(?<!\w)|(?<=\de))-(?=\d)")  # of a number: not in a day, not in a name
_ZERO = re.compile(r"(?<![\w.])[+-](?=0(?:\.0+)?(?![.,]?\d))")  # the sign of what rounds to it
_PERCENT = re.compile(r"(?<=\d) ?(?=%)")
#: The space between a number, or a field for one, and its unit or its currency.
UNIT = re.compile(
    r"(?<=EUR|USD|JPY)\s(?=[−+\d{])|(?<=[\d}])\s(?=(?:%|(?:EUR|USD|JPY)(?!\s?[−+\d{])|log points"
    r"|points|trading days|(?:day|week|month|year|time|share|car)s|yen|bn)(?!\w))"
)


def minus(text: str) -> str:
    """Text with a true minus sign before every number, and no sign before a zero.

    >>> minus("EUR -3bn on 2023-01-17 (-4, 1e-05), -0.0 %, +0bn, -0.05")
    'EUR −3bn on 2023-01-17 (−4, 1e−05), 0.0 %, 0bn, −0.05'
    """
    return _MINUS.sub("−", _ZERO.sub("", text))


def tidy(text: str) -> str:
    """Text with true minus signs, and a fixed space before every percent sign.

    >>> tidy("-5 % to 10%")
    '−5\\xa0% to 10\\xa0%'
    """
    return _PERCENT.sub(NBSP, minus(text))


def fixed(text: str) -> str:
    """Text with true minus signs in which no number parts from its currency or its unit."""
    return UNIT.sub(NBSP, tidy(text))


def in_words(key: str) -> str:
    """A key in words: ``buyback`` is ``buy-back``."""
    return key.replace("_", " ").replace("buyback", "buy-back")


def counted(count: float, what: str) -> str:
    """How many there are of something: ``1 result``, ``1,200 results``, ``0.5 years``."""
    return f"{count:,.9g} {what}{'s' * (count != 1)}"


def listed(names: list[str]) -> str:
    """Names as a reader lists them: ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def number(value: float, digits: int = 2, sign: bool = False) -> str:
    """A number with grouped thousands.

    >>> number(-1234.5, 1), number(0.3, 1, sign=True), number(-0.001)
    ('−1,234.5', '+0.3', '0.00')
    """
    return minus(f"{value:{'+' if sign else ''},.{digits}f}")


def percent(value: float, digits: int = 0, sign: bool = False) -> str:
    """A fraction as a percentage.

    >>> percent(-0.5847, 1), percent(0.12, sign=True)
    ('−58.5 %', '+12 %')
    """
    return number(100 * value, digits, sign) + " %"


def money(value: float, currency: str = "EUR", digits: int = 1) -> str:
    """An amount in billions: ``EUR 5.6bn``."""
    return f"{currency} {number(value / 1e9, digits)}bn"


def log_points(value: float) -> str:
    """Log points with the percentage that they are: ``−1.12 (−67 %)``."""
    return f"{number(value, 2, True)} ({percent(math.expm1(value), sign=True)})"


def moved(change: float) -> str:
    """A change in words: ``lost 63 %``, ``gained 26 %``."""
    return f"{'gained' if change >= 0 else 'lost'} {percent(abs(change))}"


def day(value: Any) -> str:
    """A day as in tables: ``2023-01-17``."""
    return value.strftime("%Y-%m-%d")


def missing(value: Any) -> bool:
    """Whether a value is none, not a number or no day."""
    return value is None or value != value


def shown(value: Any, form: str = "", none: str = "") -> str:
    """A value by a format, a day as a day, ``none`` where there is none.

    >>> shown(-0.031, "+.1%"), shown(float("nan"), ".1f"), shown(12, ",.0f")
    ('−3.1\\xa0%', '', '12')
    """
    if missing(value):
        return none
    if not form:
        return day(value) if hasattr(value, "strftime") else str(value)
    return tidy(format(value, form))


def scaled(value: Any, form: str) -> tuple[Any, str]:
    """A value at the scale that a format begins with, and the rest of the format.

    Scales are ``k``, ``m``, ``bn``, and ``log``, which turns log points into the change they are.
    A percentage with a ``~`` has a decimal if it is small.

    >>> scaled(764.5e6, "m,.0f"), scaled(0.5, ".0%"), scaled(0.014, "~%")
    ((764.5, ',.0f'), (0.5, '.0%'), (0.014, '.1%'))
    """
    scale, form = _SCALED.fullmatch(form).groups()
    form = form.replace("~", f".{int(abs(value or 0) < 0.03)}") if "~" in form else form
    if not scale or value is None:
        return value, form
    return (np.expm1(value) if scale == "log" else value / _SCALES[scale]), form


def quantity(value: Any, unit: str) -> str:
    """A result's value with its unit.

    >>> quantity(-0.5847, "fraction"), quantity(-3.2e9, "EUR"), quantity(-1.0, "log points")
    ('−58.5\\xa0%', 'EUR −3,200m', '−1.000 log points (−63.2\\xa0%)')
    """
    if value is None:
        return "not available"
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(quantity(each, unit) for each in value)
    if unit == "fraction":
        return shown(value, ".1%")
    if unit in MONEY:
        return minus(f"{unit} {value / 1e6:,.0f}m")
    if unit in ("shares", "units", "count"):
        return shown(value, ",.0f")
    if unit == "ratio":
        return shown(value, ",.3f")
    if unit == "log points":
        return f"{shown(value, ',.3f')} {unit} ({shown(math.expm1(value), '+,.1%')})"
    return f"{shown(value, ',.2f')} {unit}"


def difference(value: float, unit: str, form: Callable[[Any, str], str] = quantity) -> str:
    """A difference with its sign, in the form of what differs; of fractions in percentage points.

    >>> difference(0.658, "fraction"), difference(4.2e8, "EUR", brief), difference(-2, "years")
    ('+65.8\\xa0points', 'EUR\\xa0+0.42bn', '−2.00 years')
    """
    if unit == "fraction":
        return f"{shown(100 * value, '+,.1f')}{NBSP}points"
    text = form(value, unit)
    return minus(re.sub(r"\d", r"+\g<0>", text, count=1)) if value > 0 else text


def brief(value: Any, unit: str) -> str:
    """A headline's value: money in billions, as precise as what goes in can carry.

    >>> [brief(value, "EUR") for value in (3_638_295_012, 15.28e9)]
    ['EUR\\xa03.64bn', 'EUR\\xa015.3bn']
    """
    if unit not in MONEY or not isinstance(value, int | float):
        return quantity(value, unit)
    return fixed(f"{unit} {value / 1e9:,.{2 if abs(value) < 9.995e9 else 1}f}bn")
