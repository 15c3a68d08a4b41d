"""Whether the working tree shows what another revision shows: ``make same REF=main``.

Both are computed, each by its own code (REF in a worktree for a moment), and compared by name:

==========  ======================================================================================
answers     results, inputs and frames (types, index, every value) at all scenarios of
            ``tests/looks.py`` and corners of ``tests/golden.py``; quick answers of the panels
sources     what each result rests on, and the documents behind a chapter
tables      sentences and tables of the notebooks: as HTML, as text, as rows of ``tables.xlsx``
charts      the notebooks' charts: pixels of both shapes, and their words
panels      the cockpit: pictures, words and table of each panel, its controls
pages       built reports and a comparison: text, tips, markup, pictures, results, workbook
==========  ======================================================================================

A chapter is found by running its notebook's cells, so that names are those of the notebooks: a
chart or table is called as its cell calls it. A scenario is computed for the chapters in which it
differs from those before it. REF's side is kept in ``build/.same`` by commit. Ends with 0 if all is
equal, 1 if not, 2 if REF can't be had.
"""

import argparse
import ast
import contextlib
import difflib
import hashlib
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "build" / ".same"
FORMAT = 1  # of what is written: another number is raised with the next change of it
GROUPS = ("answers", "sources", "tables", "charts", "panels", "pages")
BUILT = ("base", "comparators")
SHOWN, WIDTH = 400, 150  # differences listed, and characters of one
TELLING = 16  # characters (of a hash) that tell by which other name a thing goes now
NEAR = 1e-9  # numbers nearer than this, relative to their size, differ by rounding
Entries = dict[str, str]  # by name: what is compared
Case = tuple[str, str]  # a scenario, and a chapter, "panels" or "pages"


# --- one side: what this checkout shows ----------------------------------------------------------


def chapters() -> list[str]:
    """Notebooks that answer: their names without the suffix."""
    paths = sorted((ROOT / "notebooks").glob("*.ipynb"))
    return [p.stem for p in paths if "answers." in p.read_text(encoding="utf-8")]


def scenario_of(name: str) -> Any:
    """A scenario of ``tests/looks.py`` or a corner of ``tests/golden.py``."""
    from tests import golden, looks

    return (golden if name in golden.CORNERS else looks).scenario_of(name)


def cases(only: Iterable[str] = GROUPS, names: Iterable[str] = ()) -> list[Case]:
    """What is to be computed: scenarios with the chapters and panels that they change."""
    from alliance import scenario
    from tests import golden, looks

    known = [*sorted(looks.STANDINGS, key=lambda name: name != "base"), *golden.CORNERS]
    if unknown := set(names) - set(known):
        raise LookupError(
            f"no scenario {', '.join(sorted(unknown))}; there are: {', '.join(known)}"
        )
    whole = not {"answers", "sources", "tables", "charts"}.isdisjoint(only)
    out: list[Case] = []
    seen: set[tuple] = set()
    for name in [n for n in known if n in names or not names]:
        s, parts = scenario_of(name), golden.CORNERS.get(name, (None,))[0]
        keys = {c: (c, json.dumps(scenario.parameters(c, s), sort_keys=True)) for c in chapters()}
        if whole:
            out += [(name, c) for c in keys if keys[c] not in seen and (not parts or c in parts)]
        if "panels" in only and (not parts or any(p.startswith("panel-") for p in parts)):
            out += [(name, "panels")] if tuple(keys.values()) not in seen else []
        seen |= {*keys.values(), tuple(keys.values())}
    return out


def dump(folder: Path, todo: Iterable[Case], only: Iterable[str] = GROUPS) -> None:
    """Write ``<group>/<scenario>, <part>.json`` for each case, but those that are there."""
    for name, part in todo:
        makes = [g for g in only if (g == part) or (part not in ("panels", "pages") and g in ALIKE)]
        files = {group: folder / group / f"{name}, {part}.json" for group in makes}
        if all(path.is_file() for path in files.values()):
            continue
        try:
            if part == "pages":
                found = {"pages": pages(name.split(","))}
            elif part == "panels":
                found = {"panels": panels(name)}
            else:
                found = chapter(name, part, set(makes))
        except Exception as error:  # a fault of one side is a difference, not the end
            found = {group: {"fault": f"{type(error).__name__}: {error}"} for group in makes}
        for group, path in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            rest = path.with_suffix(".new")
            rest.write_text(json.dumps(found.get(group, {}), ensure_ascii=False), encoding="utf-8")
            rest.replace(path)
        print(name, part, flush=True)


ALIKE = ("answers", "sources", "tables", "charts")  # of one run of a chapter's notebook


def chapter(name: str, key: str, wanted: set[str]) -> dict[str, Entries]:
    """Run a notebook's cells at a scenario: answers, sources, tables and charts."""
    from alliance import scenario

    os.environ["ALLIANCE_STATIC"] = "1"
    book = json.loads((ROOT / f"notebooks/{key}.ipynb").read_text(encoding="utf-8"))
    space: dict[str, Any] = {"__name__": "__main__"}
    out: dict[str, Entries] = {group: {} for group in ALIKE}
    for cell in book["cells"]:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, key, "exec"), space)
        if "parameters" in cell["metadata"].get("tags", ()):
            space |= scenario.parameters(key, scenario_of(name))
        if last and wanted & {"tables", "charts"}:
            shown = eval(compile(ast.Expression(last.value), key, "eval"), space)
            for group, entry, text in _shown(_name(last.value), shown, wanted):
                out[group][_free(entry, out[group])] = text
    a = next(v for v in space.values() if hasattr(v, "results") and hasattr(v, "frames"))
    out["answers"], out["sources"] = _answers(a), _sources(a)
    return out


def _name(call: ast.expr) -> str:
    """A cell's last call as its reader names it: the function, and how a sentence begins."""
    if not isinstance(call, ast.Call):
        return ast.unparse(call)[:40]
    words = [v.value for v in call.args if isinstance(v, ast.Constant) and isinstance(v.value, str)]
    name = ast.unparse(call.func).rpartition(".")[2]
    return f"{name} “{words[0][:40]}”" if words else name


def _free(name: str, taken: Entries) -> str:
    number = 2
    while (new := name if number == 2 else f"{name} {number - 1}") in taken:
        number += 1
    return new


def _shown(name: str, shown: Any, wanted: set[str]) -> Iterator[tuple[str, str, str]]:
    """Group, name and content of what a cell shows: as Jupyter gets it."""
    group = "charts" if hasattr(shown, "png") else "tables"
    if group not in wanted or not hasattr(shown, "_repr_mimebundle_"):
        return
    bundle = shown._repr_mimebundle_()
    data, extra = bundle if isinstance(bundle, tuple) else (bundle, {})
    for mime, content in data.items():
        if mime.endswith("png"):
            yield group, f"{name} {'narrow' if 'narrow' in mime else 'wide'}", _hash(content)
        elif mime == "text/plain":
            yield group, f"{name} words", content
        elif mime == "text/html":
            yield group, f"{name} html", _TIP.sub("", content).replace("><", ">\n<")
            if tips := _TIP.findall(content):
                yield group, f"{name} tips", "\n".join(tips)
        elif mime.endswith("results+json"):
            yield group, f"{name} carries", "\n".join(r["id"] for r in content["results"])
        else:
            yield group, f"{name} sheet", _json(content)
    if extra:
        yield group, f"{name} alt", _json(extra)


def _answers(a: Any) -> Entries:
    """Results, inputs and frames, every value to its last digit."""
    out = {}
    for r in a.results.values():
        out[r.id] = _json(r.value)
        for part in ("unit", "label", "note"):
            out[f"{r.id} {part}"] = str(getattr(r, part) or "")
    for i in a.inputs:
        out[f"input {i.name}"] = f"{_plain(i.value)}\t{i.unit}\t{i.origin}"
    for name in a.frames:
        frame = a.frame(name)
        index = [f"{level.name}: {level.dtype}" for level in _levels(frame.index)]
        out[f"frame {name} shape"] = f"{len(frame)} rows by {', '.join(index)}"
        out[f"frame {name} columns"] = "\n".join(f"{c}: {frame[c].dtype}" for c in frame)
        for n, level in enumerate(_levels(frame.index)):
            out[f"frame {name} index {n}"] = _column(level)
        for column in frame:
            out[f"frame {name}.{column}"] = _column(frame[column])
    return out


def _levels(index: Any) -> list[Any]:
    return [index.get_level_values(n) for n in range(index.nlevels)]


def _column(values: Any) -> str:
    """All values of a column, or a hash of many with what a reader needs to see how it moved."""
    texts = [_plain(v) for v in values.tolist()]
    if len(texts) <= 60:
        return "\n".join(texts)
    try:
        numbers = [float(v) for v in values.tolist()]
        known = [v for v in numbers if math.isfinite(v)]
        tell = f"sum {math.fsum(known)!r}, of sizes {math.fsum(map(abs, known))!r}"
        tell += f", in order {math.fsum(n * v for n, v in enumerate(known)) / len(numbers)!r}"
    except (TypeError, ValueError):
        tell = f"{texts[0]} to {texts[-1]}"
    return f"{len(texts)} values, {tell}\n{_hash(chr(10).join(texts))}"


def _sources(a: Any) -> Entries:
    out = {r.id: "\n".join(map(_json, r.sources)) for r in a.results.values()}
    rows = a.sources.astype(str).to_dict("records")
    return out | {"documents": "\n".join(map(_json, rows))}


def panels(name: str) -> Entries:
    """Quick answers of all panels, and what a live panel shows."""
    from alliance import evidence, whatif
    from tests import golden

    os.environ.pop("ALLIANCE_STATIC", None)
    out, s = {}, scenario_of(name)
    shipped = (name, "panel-decline") in golden.places()
    for panel in golden.PANELS:
        if shipped or f"panel-{panel}" in golden.CORNERS.get(name, [()])[0]:
            for key, cells in golden.fresh(name, f"panel-{panel}").items():
                if not key.startswith("context "):
                    out[f"{panel} {key}"] = "\t".join(cells)
        live = whatif.panel(panel, s, evidence.open(s.as_of))
        for widget in _widgets(live):
            if type(widget).__name__ == "ToggleButton" and "More" in widget.description:
                widget.value = True
        for widget in _widgets(live):
            view = getattr(widget, "view", None)
            if isinstance(view, dict) and "words" in view:
                places = (getattr(widget, name, None) for name in ("one", "two", "three", "four"))
                drawn = view.get("pictures") or [each for each in places if each]
                out[f"{panel} words"], out[f"{panel} numbers"] = view["words"], view["table"]
                out[f"{panel} problem"] = getattr(widget, "problem", "")
                for picture in drawn:
                    for part in ("title", "source"):
                        out[f"{panel} {picture['key']} {part}"] = picture[part]
                    out[f"{panel} {picture['key']} picture"] = _hash(picture["svg"])
        out[f"{panel} controls"] = "\n".join(_control(w) for w in _widgets(live) if _control(w))
    return out


def _widgets(top: Any) -> list[Any]:
    return [top, *(w for child in getattr(top, "children", ()) for w in _widgets(child))]


def _control(widget: Any) -> str:
    told = [str(getattr(widget, t, "") or "") for t in ("description", "tooltip", "value")]
    told += [str(getattr(widget, t, "")) for t in ("min", "max", "step", "options", "placeholder")]
    text = f"{type(widget).__name__} " + " | ".join(told) if any(told) else ""
    return re.sub(r'(id="[a-z]+)\d+', r"\1", text)  # numbered from control to control


def pages(names: list[str]) -> Entries:
    """Reports of scenarios (and a comparison of the first two), file by file."""
    out: Entries = {}
    with tempfile.TemporaryDirectory() as made:
        _alliance("report", *names, "--out", made)
        if len(names) > 1:
            _alliance("compare", *names[:2], "--out", made)
        for path in sorted(Path(made).rglob("*")):
            name = path.relative_to(made).as_posix()
            if path.suffix == ".html":
                out |= {f"{name} {part}": text for part, text in _page(path).items()}
            elif path.name == "results.json":
                rows = json.loads(path.read_text(encoding="utf-8"))["results"]
                out[name] = "\n".join(_json(row) for row in rows)
            elif path.suffix == ".xlsx":
                with zipfile.ZipFile(path) as book:
                    for sheet in book.namelist():
                        text = _stamped(book.read(sheet).decode())
                        out[f"{name} {sheet}"] = text.replace("><", ">\n<")
            elif path.suffix in (".csv", ".md"):
                out[name] = path.read_text(encoding="utf-8")
    return out


def _alliance(*words: str) -> None:
    command = [sys.executable, "-m", "alliance", *words]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, encoding="utf-8")
    if done.returncode:
        raise RuntimeError(f"alliance {words[0]}: {(done.stdout + done.stderr)[-2000:]}")


_PICTURE = re.compile(r"data:image/[a-z+]+;base64,([A-Za-z0-9+/=]+)")
_TIP = re.compile(r' title="([^"]*)"')
_STAMP = re.compile(r"\b[0-9a-f]{7,40}\b(, changed since|\+\w+)?|-dirty\b")


def _stamped(text: str) -> str:
    """Without the revision that made it."""
    return _STAMP.sub("<revision>", text)


def _page(path: Path) -> Entries:
    """A page's words, tips, code, pictures, and its markup without them."""
    text = path.read_text(encoding="utf-8")
    reader = _Reader()
    reader.feed(_PICTURE.sub("", text))
    made = {"pictures": "\n".join(map(_hash, _PICTURE.findall(text)))}
    return made | {part: _stamped("\n".join(lines)) for part, lines in reader.found.items()}


class _Reader(HTMLParser):
    """What a page says, in parts; styles and scripts are markup."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {p: [] for p in ("text", "tips", "code", "markup")}
        self._open: list[tuple[str, str]] = []

    def handle_starttag(self, tag, attrs):
        attrs = {name: value or "" for name, value in attrs}
        if tag in ("div", "style", "script"):
            code = tag == "div" and "input" in attrs.get("class", "").split()
            self._open.append((tag, "code" if code else "text" if tag == "div" else "markup"))
        told = [attrs.pop(name) for name in ("alt", "title", "aria-label") if name in attrs]
        self.found["tips"] += filter(None, told)
        self.found["markup"].append(f"{tag} {attrs or ''}")

    def handle_endtag(self, tag):
        if self._open and self._open[-1][0] == tag:
            self._open.pop()
        self.found["markup"].append(f"/{tag}")

    def handle_data(self, data):
        kinds = {kind for _, kind in self._open}
        part = next((kind for kind in ("markup", "code") if kind in kinds), "text")
        if data.strip():
            self.found[part].append(" ".join(data.split()) if part != "markup" else _hash(data))


def _hash(text: str | bytes) -> str:
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()[:16]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain, sort_keys=isinstance(value, dict))


def _plain(value: Any) -> str:
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


# --- both sides ----------------------------------------------------------------------------------


def compare(was: Path, now: Path, files: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Group, name and difference of each entry that moved, came, went, or got another name."""
    for file in files:
        group, place = file.split("/", 1)
        old, new = (_entries(folder / file) for folder in (was, now))
        place = place.removesuffix(".json").replace(",", "").removesuffix(" panels")
        gone = {text: k for k, text in old.items() if k not in new and len(text) >= TELLING}
        for key in [*new, *(k for k in old if k not in new)]:
            named = f"{'' if group == 'pages' else place}: {key}"
            if key not in old:
                same = gone.pop(new[key], None)
                yield group, named, f"was called {same}" if same else f"new: {_short(new[key])}"
            elif key not in new:
                if len(old[key]) < TELLING or old[key] in gone:
                    yield group, named, f"gone: {_short(old[key])}"
            elif old[key] != new[key]:
                yield group, named, _told(old[key], new[key])


def _entries(path: Path) -> Entries:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _told(old: str, new: str) -> str:
    """From what to what: of several lines those that differ, of a long one the part."""
    if _rounding(old, new):
        return f"{_short(old)} -> {_short(new)} (rounding)"
    a, b = old.split("\n"), new.split("\n")
    if len(a) == len(b) == 1:
        alike = next((n for n, (x, y) in enumerate(zip(old, new, strict=False)) if x != y), 0)
        at = max(0, alike - 30) if max(len(old), len(new)) > WIDTH // 2 else 0
        return f"{_short(old[at:])} -> {_short(new[at:])}"
    lines = [
        d for d in difflib.unified_diff(a, b, lineterm="", n=0) if d[:2] not in ("--", "++", "@@")
    ]
    rest = f"\n        and {len(lines) - 8} lines more" if len(lines) > 8 else ""
    return "".join("\n        " + _short(line) for line in lines[:8]) + rest


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"


_NUMBER = re.compile(r"-?\d+\.\d+(?:e[-+]\d+)?")


def _rounding(old: str, new: str) -> bool:
    """Whether two texts differ only in numbers that are nearly equal."""
    old, new = (re.sub(r"\n[0-9a-f]{16}$", "", t) if " values, sum" in t else t for t in (old, new))
    if _NUMBER.sub("", old) != _NUMBER.sub("", new):
        return False
    pairs = zip(_NUMBER.findall(old), _NUMBER.findall(new), strict=True)
    return all(math.isclose(float(a), float(b), rel_tol=NEAR, abs_tol=1e-12) for a, b in pairs)


def report(found: Iterable[tuple[str, str, str]], compared: int) -> int:
    """Print the differences by group, equal ones of several scenarios once; how many they are."""
    by: dict[str, dict[tuple[str, str], list[str]]] = {}
    for group, name, told in found:
        place, _, key = name.partition(": ")
        by.setdefault(group, {}).setdefault((key, told), []).append(place)
    for group, rows in by.items():
        print(f"\n{group}: {sum(map(len, rows.values()))} differ")
        for (key, told), places in list(rows.items())[:SHOWN]:
            more = f" (and {len(places) - 1} scenarios more)" if len(places) > 1 else ""
            print(f"  {' '.join(filter(None, (group, places[0], key)))}{more}: {told}")
        if len(rows) > SHOWN:
            print(f"  and {len(rows) - SHOWN} more")
    told = ", ".join(f"{sum(map(len, rows.values()))} {group}" for group, rows in by.items())
    print(f"\n{'Differ: ' + told if by else 'All equal'} ({compared} files compared)")
    return sum(len(places) for rows in by.values() for places in rows.values())


@contextlib.contextmanager
def checkout(commit: str) -> Iterator[Path]:
    """A worktree of a commit with a ``tests/same.py``: its own, or ours."""
    with tempfile.TemporaryDirectory(prefix="same-") as folder:
        tree = Path(folder) / "tree"
        _git("worktree", "add", "--detach", "--quiet", str(tree), commit)
        try:
            theirs = tree / "tests/same.py"
            text = theirs.read_text(encoding="utf-8") if theirs.is_file() else ""
            if f"\nFORMAT = {FORMAT} " not in text:
                shutil.copy(__file__, theirs)
            yield tree
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, encoding="utf-8")
    if done.returncode:
        raise LookupError(done.stderr.strip())
    return done.stdout.strip()


def side(tree: Path, out: Path, todo: list[Case], only: list[str], jobs: int, name: str) -> None:
    """Compute one side in processes of its own, with a line of progress on a terminal."""
    out.mkdir(parents=True, exist_ok=True)
    todo = [case for case in todo if any(not (out / f).is_file() for f in files_of([case], only))]
    parts = [p for p in (todo[n::jobs] for n in range(jobs)) if p]
    env = os.environ | {"PYTHONPATH": str(tree), "PYTHONWARNINGS": "ignore"}
    env |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    running, started = [], time.monotonic()
    for part in parts:
        words = ["--dump", str(out), "--cases", json.dumps(part), "--only", *only]
        command = [sys.executable, "-m", "tests.same", *words]
        running.append(subprocess.Popen(command, cwd=tree, env=env, stdout=subprocess.PIPE))
    tell: Callable[[str], Any] = sys.stderr.write if sys.stderr.isatty() else lambda _: None
    try:
        while any(p.poll() is None for p in running):
            done = sum(all((out / f).is_file() for f in files_of([case], only)) for case in todo)
            tell(f"\r{name}: {done} of {len(todo)}, {time.monotonic() - started:.0f} s ")
            time.sleep(0.3)
        tell("\r" + " " * 60 + "\r")
    finally:
        for process in running:
            process.stdout.close()
            if process.poll() is None:
                process.terminate()
                process.wait()
    if any(process.returncode for process in running):
        raise SystemExit(f"{name} could not be computed")


def files_of(todo: Iterable[Case], only: Iterable[str]) -> list[str]:
    """The files in which some cases are written."""
    return [
        f"{group}/{name}, {part}.json"
        for group in GROUPS
        if group in only
        for name, part in todo
        if group == part or (group in ALIKE and part not in ("panels", "pages"))
    ]


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.same", description=__doc__.split("\n")[0]
    )
    parser.add_argument("ref", nargs="?", help="the revision to compare with")
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=list(GROUPS), metavar="GROUP",
                        help=", ".join(GROUPS))  # fmt: skip
    parser.add_argument("--scenarios", default="", help="some of them: base,latest")
    parser.add_argument("--pages", default=",".join(BUILT), help="reports to build")
    parser.add_argument("--jobs", type=int, default=2, help="processes at once")
    parser.add_argument("--dump", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--cases", type=json.loads, help=argparse.SUPPRESS)
    o = parser.parse_args(words)
    if o.dump:
        dump(o.dump, o.cases, o.only)
        return 0
    if not o.ref:
        parser.error("name a revision: make same REF=main")
    try:
        commit = _git("rev-parse", "--verify", "--quiet", f"{o.ref}^{{commit}}")
        names = [n for n in o.scenarios.split(",") if n]
        todo = cases([g for g in o.only if g != "pages"], names)
    except LookupError as error:
        print(str(error) or f"no revision '{o.ref}'", file=sys.stderr)
        return 2
    todo += [(o.pages, "pages")] if "pages" in o.only else []
    was, now = KEPT / f"{commit}-{FORMAT}", KEPT / "now"
    wanted = files_of(todo, o.only)
    if any(not (was / file).is_file() for file in wanted):
        with checkout(commit) as tree:
            side(tree, was, todo, o.only, o.jobs, o.ref)
    shutil.rmtree(now, ignore_errors=True)
    side(ROOT, now, todo, o.only, o.jobs, "working tree")
    return 1 if report(compare(was, now, wanted), len(wanted)) else 0


if __name__ == "__main__":
    sys.exit(main())
