"""The index page of a report, the list of all reports, and what every page's foot says."""

import html
import os
import re
from collections.abc import Container
from pathlib import Path
from typing import Any

import pandas as pd

from alliance.answers import Result
from alliance.evidence import Evidence, Used
from alliance.report import manifest, pages
from alliance.report.manifest import CHAPTERS
from alliance.report.targets import chapter_name, differences
from alliance.tables import brief
from alliance.tables import shown as shown_value


def _title_of(page: Path) -> str:
    """The title that a page of a sweep or a comparison has."""
    found = re.search(r"<title>(.*?)</title>", page.read_text(encoding="utf-8"), re.S)
    return html.unescape(found[1]) if found else page.parent.name


def contents(
    states: dict[str, dict], results: list[dict[str, Any]], ev: Evidence, shown: Container[str]
) -> dict[str, Any]:
    """What a report's index says: answers, headline numbers, failures, sources.

    Parameters
    ----------
    shown : container of str
        Chapters that have a page.
    """
    sources = [s for r in results for s in r["sources"]]
    used = Used()
    used.add(s for s in sources if s["kind"] != "assumed")
    counts, assumed = ev.tally(used), {s["id"] for s in sources if s["kind"] == "assumed"}
    split = (
        f"The numbers rest on {counts['sourced']:,} sourced rows, "
        f"{counts['derived']:,} derived rows and {len(assumed)} assumptions."
    )
    table = ev.sources(used) if used.entries else ev.sources([]).iloc[:0]
    entries = {r["id"]: _shown(r) for r in results}
    chapters = [
        {
            "tiles": [entries[k] for k in states.get(key, {}).get("headline", ()) if k in entries],
            "key": key,
            "name": chapter_name(key),
            "question": chapter.question,
            "page": key in shown,
            **{k: states.get(key, {}).get(k) for k in ("state", "error", "answer")},
        }
        for key, chapter in CHAPTERS.items()
    ]
    rows = _marked([_source(s) for s in table.to_dict("records")])
    return {
        "chapters": chapters,
        "results": list(entries.values()),
        "sources": rows,
        "split": split,
    }


def _shown(entry: dict[str, Any]) -> dict[str, Any]:
    """A result as the index shows it, with links to the tables behind it."""
    r = Result(**{k: entry.get(k) for k in ("id", "value", "unit", "label", "note")}, sources=())
    origin = [
        {
            "id": s["id"],
            "to": f"t-{'facts' if s['kind'] == 'fact' else s['id']}",
            "assumed": s["kind"] == "assumed",
        }
        for s in entry["sources"]
    ]
    return entry | {"shown": shown_value(r), "brief": brief(r), "origin": origin}


def _marked(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The first row of each table takes the anchor that results link to."""
    seen: set[str] = set()
    for row in rows:
        row["anchor"] = "" if row["table"] in seen else f"t-{row['table']}"
        seen.add(row["table"])
    return rows


def _source(row: dict[str, Any]) -> dict[str, str]:
    clean = {k: "" if pd.isna(v) else v for k, v in row.items()}
    url = clean["read_at"]
    return {
        "table": clean["table"],
        "issuer": clean["issuer"],
        "title": f"{clean['title']}, {clean['page']}" if clean["page"] else clean["title"],
        "published": clean["published"].strftime("%Y-%m-%d") if clean["published"] else "",
        "confidence": clean["confidence"],
        "url": url,
        "host": url.split("/")[2].removeprefix("www.") if "//" in url else url,
    }


def write_list(out: Path) -> None:
    """``index.html`` of the output folder: every report in it."""
    reports = []
    for path in sorted(out.glob("*/manifest.json")):
        known, run = manifest.load(path), manifest.load(path.parent / "run.json")
        if known and run and not path.parent.name.startswith("."):
            states = [
                f"{chapter_name(c)}: {s['state']}" for c, s in run.get("chapters", {}).items()
            ]
            reports.append(
                {
                    "name": path.parent.name,
                    "title": known["scenario"].get("title") or known["name"],
                    "as_of": known["as_of"],
                    "differs": differences(known["scenario"]) or "nothing",
                    "states": "; ".join(states),
                }
            )
    titles = [r["title"] for r in reports]
    for r in reports:
        if titles.count(r["title"]) > 1:  # no two alike
            r["title"] += f" ({r['name']})"
    others = [
        {"name": p.parent.name, "title": _title_of(p)}
        for p in sorted(out.glob("*/index.html"))
        if not (p.parent / "run.json").is_file()
    ]
    text = pages.page("list.html.j2", reports=reports, others=others)
    aside = out / f".index.{os.getpid()}"
    aside.write_text(text, encoding="utf-8", newline="\n")
    aside.replace(out / "index.html")
