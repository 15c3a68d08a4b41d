"""Numbers, days and addresses as text of tables and sentences."""

from __future__ import annotations

import html
import re

NBSP = "\N{NO-BREAK SPACE}"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SIGNED = re.compile(r"-\d[\d,.]*(\s*[^-]*)?")


def tidy(text: str) -> str:
    """A true minus sign before a number, and a fixed space before a percent sign."""
    text = minus(text) if _SIGNED.fullmatch(text) else text
    return text[:-1].rstrip() + NBSP + "%" if text.endswith("%") else text


def minus(text: str) -> str:
    """Text with a true minus sign before every number."""
    return re.sub(r"-(?=\d)", "−", text)


def linked(text: str) -> str:
    """An address as a link named by its host; elsewhere days are kept from breaking."""
    if text.startswith(("https://", "http://")):
        host = text.split("/")[2].removeprefix("www.")
        return f'<a href="{html.escape(text, quote=True)}" rel="noopener">{html.escape(host)}</a>'
    return unbroken(text)


def unbroken(text: str) -> str:
    """Text as HTML in which no day breaks at its hyphens."""
    return _DAY.sub(r'<span class="d">\g<0></span>', html.escape(text))


def framed(caption: str, head: str, body: str, broad: bool = False) -> str:
    """A table's HTML in a box that scrolls, under its caption; head and body are HTML."""
    label = html.escape(caption)
    return (
        f'<p class="caption">{label}</p><div class="table{" broad" * broad}" tabindex="0" '
        f'role="region" aria-label="{label}"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
