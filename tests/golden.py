"""All results of the shipped scenarios as text: ``golden.txt``, one line a result or column.

``python -m tests.golden`` lists what moved; ``--write`` writes it. Where a value of a result
moved, ``--why "..."`` is needed: the reason goes into the changelog's Results with a short digest
of the values, and a test compares that digest with the file's.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alliance import answers, scenario
from alliance.answers import live
from tests import looks

ROOT = Path(__file__).resolve().parents[1]
FILE, CHANGELOG = ROOT / "tests/golden.txt", ROOT / "CHANGELOG.md"
COMMAND = "make golden ARGS=\"--why 'which number moved, and why'\""
#: Panels of the cockpit, and the chapter that each is a part of.
PANELS = {"decline": "1-decline", "selldown": "2-selldown"}
PANELS |= {"separation": "3-separation", "bargain": "3-separation"}
#: Scenarios of our own for what no shipped one uses, and the parts of which they are kept.
CORNERS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "corner-dribble": (("2-selldown",), {"selldown": {"programme": "dribble", "paths": 512}}),
    "corner-windows": (
        ("2-selldown", "panel-selldown"),
        {
            "as_of": "2024-03-28",
            "selldown": {
                "programme": "windows",
                "rest": "market",
                "floor_jpy": 500,
                "price_points": [0.9, 1.0, 1.4],
                "monitoring": "continuous",
                "market": "history",
                "horizon_years": 1.2,
                "discount_rate": 0.03,
                "rate_jpy": 0.001,
                "dividend_yield": 0.04,
                "block_discount": 0.05,
                "drift": 0.02,
                "correlation": 0.9,
                "paths": 500,
            },
        },
    ),
    "corner-bond": (
        ("2-selldown", "panel-selldown"),
        {
            "selldown": {
                "programme": "exchangeable",
                "discount_rate": 0.02,
                "rate_jpy": 0.01,
                "dividend_yield": 0.03,
                "fx_drift": 0.01,
                "carrying_eur_per_share": 12,
                "paths": 512,
            }
        },
    ),
    "corner-met": (
        ("2-selldown", "panel-selldown"),
        {"as_of": "2025-08-01", "selldown": {"target_stake": 0.42, "paths": 64}},
    ),
    "corner-terms": (
        ("3-separation", "panel-separation", "panel-bargain"),
        {
            "as_of": "2023-10-10",
            "separation": {
                "structures": ["carve_out", "profitable_unit", "daimler_truck", "segments"],
                "companies": ["renault", "volkswagen", "ford"],
                "float_fraction": 0.35,
                "ev_value_eur": 7e9,
                "paid_out": 0.3,
                "voting_premium": 0.2,
                "fee_rate": 0.02,
                "oneoff_cost_eur": 5e8,
                "running_cost_eur": 1e8,
                "tax_rate": 0.05,
                "offer_discount": 0.15,
                "ampere_value_eur": 9e9,
                "sale_discount": 0.1,
                "nissan_share_of_sale": 0.5,
                "ip_cost_eur": 2e8,
                "signal_eur": 1e8,
                "control_worth_eur": 1e8,
                "votes_worth_eur": 5e7,
            },
        },
    ),
    "corner-volkswagen": (
        ("3-separation", "panel-separation"),
        {
            "as_of": "2024-06-28",
            "separation": {
                "company": "volkswagen",
                "structure": "profitable_unit",
                "profitable_value_eur": 6e10,
                "ticket_eur": 0,
                "independence_worth_eur": 5e8,
            },
        },
    ),
    "corner-before": (("1-decline", "3-separation", "panel-bargain"), {"as_of": "2022-06-01"}),
    "corner-first": (("1-decline",), {"as_of": "2018-03-01", "decline": {"currency": "EUR"}}),
    "corner-windowed": (
        ("1-decline",),
        {
            "as_of": "2026-08-21",
            "decline": {
                "since": "2024-06-26",
                "currency": "EUR",
                "peers": ["mitsubishi-motors"],
                "beta_window_days": 480,
                "estimation_days": 60,
                "event_window_days": 11,
            },
        },
    ),
}
GONE = "(none)"
Lines = dict[str, list[str]]  # by key (result, input or frame column): its cells
Found = dict[tuple[str, str], Lines]  # by scenario and chapter or panel
_made: dict[tuple[str, str], Lines] = {}
#: How far a number may be off, relative to its size (of a sum: to the sum of sizes). The resampled
#: history is in single precision, whose exp differs from processor to processor.
NEAR, SINGLE = 1e-9, 2e-6
LOOSE = re.compile(r"frame (programmes|distribution|p_hit)\.")
RESAMPLED = {"corner-windows": SINGLE}  # its headlined market is that history
WHOLE = {"EUR", "JPY", "USD", "shares", "units"}  # rounded: one more or less is as near


def places() -> list[tuple[str, str]]:
    """Each shipped scenario, the base first, with each chapter and each panel of the cockpit."""
    names = sorted(scenario.names(), key=lambda name: (name != "base", name))
    parts = [*answers.CHAPTERS, *(f"panel-{panel}" for panel in PANELS)]
    corners = [(name, part) for name, (those, _) in CORNERS.items() for part in those]
    return [(name, part) for name in names for part in parts] + corners


def scenario_of(name: str) -> scenario.Scenario:
    """A shipped scenario, or a corner."""
    if name in CORNERS:
        return scenario.Scenario().replace(CORNERS[name][1])
    return scenario.load(name)[1]


def fresh(name: str, part: str) -> Lines:
    """The lines of a chapter or a panel at one scenario, computed once for equal parameters."""
    s, panel = scenario_of(name), part.removeprefix("panel-")
    chapter = PANELS.get(panel, part)
    key = part, repr(scenario.parameters(chapter, s))
    if key not in _made:
        if chapter == part:
            _made[key] = lines(looks.answers_of(chapter, s))
        else:
            a = getattr(live, panel)(s, looks.evidence_of(str(s.as_of)))
            filled = a.context.get("filled", {}).items()
            _made[key] = lines(a)
            _made[key] |= {f"input filled {field}": [_text(value)] for field, value in filled}
    return _made[key]


def lines(a: answers.Answers) -> Lines:
    """Results, inputs and columns of frames of a chapter's answers."""
    out = {}
    for r in a.results.values():
        out[r.id] = [_text(r.value), r.unit, r.label, *([r.note] if r.note else [])]
    for i in a.inputs:
        out[f"input {i.name}"] = [_text(i.value), i.unit, i.origin]
    for name, value in a.context.items():
        if isinstance(value, (str, int, float, bool, pd.Timestamp, tuple, type(None))):
            out[f"context {name}"] = [_text(value)]
    for name in a.frames:
        frame = a.frame(name)
        out[f"frame {name}"] = [f"{len(frame)} rows"]
        whole = frame.reset_index()
        for column in whole:
            out[f"frame {name}.{column}"] = digest(whole[column])
    return {key: [_line(cell) for cell in cells] for key, cells in out.items()}


def digest(column: pd.Series) -> list[str]:
    """How many are known; of numbers their sum, the sum of sizes and one that sees their order;
    of anything else a hash."""
    numbers = _numbers(column)
    known = column[column.notna()]
    if numbers is None:
        text = "\n".join(map(str, known))
        return [str(len(known)), hashlib.sha256(text.encode()).hexdigest()[:12]]
    order = np.arange(1, len(numbers) + 1) / len(numbers) if len(numbers) else numbers
    kept = np.isfinite(numbers)
    sums = numbers[kept].sum(), np.abs(numbers[kept]).sum(), (numbers * order)[kept].sum()
    return [str(len(known)), *(f"{float(x):.12g}" for x in sums)]


def _numbers(column: pd.Series) -> np.ndarray | None:
    if column.dtype.kind in "Mm" or isinstance(column.dtype, pd.StringDtype):
        return None
    try:
        return column.to_numpy(float, na_value=np.nan)
    except (TypeError, ValueError):
        return None


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return " ".join(map(_text, value))
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _line(cell: str) -> str:
    return " ".join(cell.split())


def differences(was: Lines, now: Lines, near: float = NEAR) -> Iterator[tuple[str, str, str]]:
    """Key, from, to of each line that moved, came or went."""
    for key in {**was, **now}:
        old, new = was.get(key), now.get(key)
        if old is None or new is None:
            yield key, _told(old), _told(new)
        elif not equal(key, old, new, near):
            moved = [i for i in range(max(len(old), len(new))) if old[i : i + 1] != new[i : i + 1]]
            yield key, *("; ".join(c[i] for i in moved if i < len(c)) for c in (old, new))


def _told(cells: list[str] | None) -> str:
    return GONE if cells is None else "; ".join(cells)


def equal(key: str, old: list[str], new: list[str], near: float = NEAR) -> bool:
    """Whether two lines say the same, floats being compared to their tolerance."""
    if old == new:
        return True
    if len(old) != len(new):
        return False
    near = SINGLE if LOOSE.match(key) else near
    if key.startswith("frame ") and len(old) == 4:
        (n, *a), (m, *b) = old, new
        size = max(abs(float(a[1])), abs(float(b[1])))
        return n == m and all(
            abs(float(x) - float(y)) <= near * size for x, y in zip(a, b, strict=True)
        )
    whole = 1 if len(old) > 1 and old[1] in WHOLE else 0
    return _near(old[0], new[0], near, whole) and old[1:] == new[1:]


def _near(old: str, new: str, near: float, whole: int) -> bool:
    if old == new:
        return True
    try:
        pairs = [(float(a), float(b)) for a, b in zip(old.split(), new.split(), strict=True)]
    except ValueError:
        return False
    return all(abs(a - b) <= near * max(abs(a), abs(b)) + whole for a, b in pairs)


def stored() -> tuple[str, Found]:
    """The digest that the file names, and its lines by scenario and chapter."""
    head, found = "", {}
    for line in FILE.read_text(encoding="utf-8").splitlines() if FILE.exists() else ():
        if line.startswith("values "):
            head = line.removeprefix("values ")
        elif line.startswith("["):
            place, _, like = line[1:].partition("]")
            name, chapter = place.split()
            here = found[name, chapter] = dict(found[like.split()[1], chapter]) if like else {}
        else:
            key, *cells = line.split("\t")
            here[key] = cells
            if cells == [GONE]:
                del here[key]
    return head, found


def written(found: Found) -> str:
    """The file's text: of a chapter only what differs from the nearest scenario before it."""
    parts, before = [f"values {values(found)}"], {}
    for (name, chapter), made in found.items():
        told = {other: _besides(made, found[other, chapter]) for other in before.get(chapter, ())}
        like = min(told, key=lambda other: len(told[other]), default=None)
        parts.append(f"[{name} {chapter}]" + (f" as {like}" if like else ""))
        parts += told[like] if like else ["\t".join([k, *cells]) for k, cells in made.items()]
        before.setdefault(chapter, []).append(name)
    return "\n".join(parts) + "\n"


def _besides(made: Lines, other: Lines) -> list[str]:
    keys = sorted(k for k in {**other, **made} if made.get(k) != other.get(k))
    return ["\t".join([k, *made.get(k, [GONE])]) for k in keys]


def values(found: Found) -> str:
    """A short digest of the values of all results, whatever their words, inputs and frames."""
    text = "\n".join(
        f"{name} {chapter} {key} {cells[0]}"
        for (name, chapter), made in found.items()
        if name not in CORNERS and not chapter.startswith("panel-")
        for key, cells in sorted(made.items())
        if not key.startswith(("frame ", "input ", "context "))
    )
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def told_in_changelog() -> str | None:
    """The digest of values that the changelog names last: at the end of the first that has any."""
    versions = CHANGELOG.read_text(encoding="utf-8").split("\n## ")
    found = (re.findall(r"\(values\s([0-9a-f]{12})\)", version) for version in versions)
    return next((digests[-1] for digests in found if digests), None)


def tell_changelog(why: str, digest: str) -> None:
    """Add a line to the Results of the changelog's top version."""
    text = CHANGELOG.read_text(encoding="utf-8")
    top = re.search(r"^## .*?(?=^## |\Z)", text, re.M | re.S)
    entry = textwrap.fill(f"{why.strip().rstrip('.')} (values {digest}).", 100) + "\n"
    section = top[0].rstrip("\n") + "\n"
    section += ("\n" if "### Results" in section else "\n### Results\n\n") + entry
    after = text[top.end() :]
    CHANGELOG.write_text(
        text[: top.start()] + section + ("\n" + after if after else ""),
        encoding="utf-8",
        newline="\n",
    )


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write what the code gives now")
    parser.add_argument("--why", help="why values moved, for the changelog's Results")
    o = parser.parse_args(words)
    _, was = stored()
    now, moved = {}, 0
    for place in places():
        made = now[place] = dict(fresh(*place))
        near = RESAMPLED.get(place[0], NEAR)
        for key, old, new in differences(was.get(place, {}), made, near):
            moved += 1
            print(f"{' '.join(place)}: {key}\n    from {old}\n    to   {new}")
        kept = was.get(place, {})  # what is equal to its tolerance stays as it stands
        made |= {k: kept[k] for k in made if k in kept and equal(k, kept[k], made[k], near)}
    gone = [" ".join(place) for place in was if place not in now]
    print(f"{moved} lines moved" + (f"; gone: {', '.join(gone)}" if gone else ""))
    if not o.write:
        return 1 if moved or gone else 0
    digest = values(now)
    if digest != told_in_changelog():
        if not o.why:
            print(f"Values of results moved, and the changelog does not say why: {COMMAND}")
            return 2
        tell_changelog(o.why, digest)
    FILE.write_text(written(now), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
