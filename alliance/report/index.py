"""What the index page of a report shows, and the list of all reports."""

import datetime as dt
import html
import os
import re
from collections import Counter
from collections.abc import Container
from pathlib import Path
from typing import Any

import pandas as pd

from alliance.answers import Result
from alliance.evidence import Evidence, Used
from alliance.format import day
from alliance.report import manifest, pages
from alliance.report.manifest import CHAPTERS, FIRST
from alliance.report.targets import chapter_name, differences
from alliance.tables.chapter import brief, without_value
from alliance.tables.chapter import shown as shown_value


def contents(
    states: dict[str, dict], results: list[dict[str, Any]], ev: Evidence, shown: Container[str]
) -> dict[str, Any]:
    """What a report's index shows: answers, headline numbers, failures, sources; ``shown`` are
    the chapters that have a page."""
    sources = [s for r in results for s in r["sources"]]
    read = [s for s in sources if s["kind"] != "assumed"]
    assumed = {s["id"] for s in sources if s["kind"] == "assumed"}
    counts, found = Counter(), []
    later = [s for s in read if (s["published"] or "") > str(ev.as_of)]  # than the report's day
    until = max((dt.date.fromisoformat(s["published"]) for s in later), default=ev.as_of)
    for then, rows in ((ev, [s for s in read if s not in later]), (ev.after(until), later)):
        used = Used()
        used.add(rows)
        counts.update(then.tally(used))
        found += then.sources(used).to_dict("records") if rows else []
    split = f"The numbers rest on {counts['sourced']:,} sourced rows, {counts['derived']:,} "
    split += f"derived rows and {len(assumed)} assumptions."
    entries = {}
    for entry in results:
        given = {k: entry.get(k) for k in ("id", "value", "unit", "label", "note")}
        r = Result(**given, sources=())
        entries[r.id] = entry | {"shown": shown_value(r), "brief": brief(r)}
    large = {
        key: [entries[k] for k in state.get("headline", ()) if k in entries]
        for key, state in states.items()
    }
    chapters = [
        {
            **states[key] | {"key": key, "name": chapter_name(key), "page": key in shown},
            "question": chapter.question,
            "tiles": [r for r in large[key] if r["value"] is not None],
            "left_out": without_value(r.get("note") for r in large[key] if r["value"] is None),
        }
        for key, chapter in CHAPTERS.items()
        if key != FIRST or "error" in states[key]
    ]
    rows = list({tuple(map(str, row.values())): row for row in found}.values())  # each once
    first = {row["table"]: at for at, row in reversed([*enumerate(rows)])}  # which results link to
    documents = [_document(row) | {"first": at in first.values()} for at, row in enumerate(rows)]
    listed = {"results": list(entries.values()), "sources": documents}
    return {"chapters": chapters, "split": split, **listed}


def _document(row: dict[str, Any]) -> dict[str, Any]:
    """A document behind the numbers, empty where nothing is known."""
    clean = {k: "" if pd.isna(v) else v for k, v in row.items()}
    url = clean["read_at"]
    return clean | {
        "title": f"{clean['title']}, {clean['page']}" if clean["page"] else clean["title"],
        "published": day(clean["published"]) if clean["published"] else "",
        "host": url.split("/")[2].removeprefix("www.") if "//" in url else url,
    }


def write_list(out: Path) -> None:
    """``index.html`` of the output folder: every report in it."""
    reports = []
    for path in sorted(out.glob("*/manifest.json")):
        known, run = manifest.load(path), manifest.load(path.with_name("run.json"))
        if known and run and not path.parent.name.startswith("."):
            states = run.get("chapters", {}).items()
            shown = {
                "name": path.parent.name, "as_of": known["as_of"],
                "title": known["scenario"].get("title") or known["name"],
                "differs": differences(known["scenario"]) or "nothing",
                "states": "; ".join(f"{chapter_name(c)}: {s['state']}" for c, s in states),
            }  # fmt: skip
            reports.append(shown)
    others = []  # sweeps and comparisons
    for path in sorted(out.glob("*/index.html")):
        if not path.with_name("run.json").is_file():
            title = re.search(r"<title>(.*?)</title>", path.read_text(encoding="utf-8"), re.S)
            name = path.parent.name
            others.append({"name": name, "title": html.unescape(title[1]) if title else name})
    counted = Counter(r["title"] for r in (*reports, *others))
    for r in (*reports, *others):
        if counted[r["title"]] > 1:  # no two alike
            r["title"] += f" ({r['name']})"
    text = pages.page("list.html.j2", reports=reports, others=others)
    aside = out / f".index.{os.getpid()}"
    aside.write_text(text, encoding="utf-8", newline="\n")
    aside.replace(out / "index.html")
