"""Would a test notice? ``python -m tests.mutants`` changes the code and runs the tests of it.

Each mutant changes one place of a model or of ``answers``: a border, a sign, a constant, an order.
It is compiled into its module inside a forked child, so no file changes; the child runs the tests
in an order that finds it soon. A mutant that no test notices survives and is printed as a
difference; where it changes nothing that could be noticed, :data:`EQUIVALENT` says why.

``--hand`` runs those that a reader once made by hand, ``--no-golden`` leaves out the comparison
with ``golden.txt``, so that only checks and tests of the models speak.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy: children are run side by side
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"

import argparse
import ast
import importlib
import importlib.util
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

from tests.mutants_by_hand import EQUIVALENT, HAND

ROOT = Path(__file__).resolve().parents[1]
MODELS = (
    "returns",
    "events",
    "grading",
    "ownership",
    "decline",
    "selldown",
    "separation",
    "bargain",
    "sampling",
)
ROOMS = (*MODELS, "answers")
THRESHOLD = 0.85
CPU_SECONDS = 300  # of one mutant: an endless loop is noticed
LIBRARIES = (
    "QuantLib", "arch.bootstrap", "frictionless", "hypothesis.strategies", "pandas", "pydantic",
    "pytest", "scipy.integrate", "scipy.optimize", "scipy.special", "scipy.stats",
    "scipy.stats.qmc", "statsmodels.api", "yaml",
)  # fmt: skip
CHAPTERS = {
    "0": "0-briefing",
    "1": "1-decline",
    "2": "2-selldown",
    "3": "3-separation",
    "5": "5-hindsight",
}
#: By the beginning of a file's path, the first that fits: the chapters that it speaks in, and the
#: tests of its own. Before them come golden.txt's lines of those chapters, or without it the checks
#: of results: at the same scenarios these see no more than it does.
CONCERNS = {
    "grading": ("5", "hindsight"),
    "ownership": ("2", "ownership"),
    "selldown/realised": ("5", "hindsight"),
    "selldown": ("2", "selldown"),
    "sampling": ("12", "models selldown"),
    "separation": ("3", "separation"),
    "bargain": ("3", "bargain"),
    "decline": ("1", "models"),
    "events": ("13", "models"),
    "returns": ("12", "models"),
    "answers/briefing": ("0", "briefing"),
    "answers/renault": ("0", "briefing"),
    "answers/claims": ("0", "briefing"),
    "answers/replay": ("5", "hindsight"),
    "answers/grades": ("5", "hindsight"),
    "answers/outcomes": ("5", "hindsight"),
    "answers/hindsight": ("5", "hindsight"),
    "answers/decline": ("1", "borders"),
    "answers/business": ("1", "borders"),
    "answers/stake": ("1", "borders"),
    "answers/event_study": ("1", "borders"),
    "answers/moves": ("1", "borders"),
    "answers/voting": ("2", "borders"),
    "answers/inputs": ("2", "borders selldown"),
    "answers/programme": ("2", "borders"),
    "answers/disclosed_sales": ("2", "borders"),
    "answers/selldown": ("2", "borders"),
    "answers/sensitivity": ("2", "borders"),
    "answers/results.py": ("123", "borders"),
    "answers/live": ("123", "borders"),
    "answers/negotiation": ("3", "borders bargain"),
    "answers": ("3", "borders separation"),
    "": ("123", "borders models ownership selldown separation bargain"),
}
#: Of test_borders.py, the tests of models.
QUICK = (
    "test_a_level_is_noted_after_a_week_and_missing_after_a_hundred_days",
    "test_a_year_of_fridays_is_needed",
    "test_a_majority_never_needs_more_than_everyone",
    "test_all_that_is_not_below_is_refused",
    "test_a_programme_is_complete_at_its_last_share",
    "test_what_rounding_explains_is_no_region",
    "test_both_ends_of_a_span_are_starting_days",
    "test_a_tie_counts_on_both_sides_of_the_rank",
    "test_price_points_are_watched_at_closes_unless_told",
    "test_a_premium_is_for_votes",
    "test_a_value_a_share_needs_the_majority",
    "test_evidence_looks_back_but_never_ahead",
)


@dataclass(frozen=True)
class Mutant:
    """One change: the text of a node, or of a line, put in place of another."""

    file: str  # below alliance/
    line: int
    before: str  # whole lines
    after: str
    cut: tuple[int, int, str]  # bytes from, to, and what is put there
    kind: str

    @classmethod
    def of(cls, file: str, old: str, new: str) -> Mutant:
        """One made by hand: a text that stands once in a file, and what is put in its place."""
        before = source(file)
        begin = len(before[: before.index(old)].encode())
        cut = begin, begin + len(old.encode()), new
        return cls(file, before[: before.index(old)].count("\n") + 1, old, new, cut, "by hand")

    @property
    def source(self) -> str:
        """The module's text with the change in it."""
        data, (begin, end, text) = source(self.file).encode(), self.cut
        return (data[:begin] + text.encode() + data[end:]).decode()

    @property
    def room(self) -> str:
        return self.file.split("/")[0].removesuffix(".py")

    @property
    def change(self) -> tuple[str, str, str]:
        """What tells it apart, wherever its lines stand: file, lines before and after."""
        return self.file, " ".join(self.before.split()), " ".join(self.after.split())

    def differs(self) -> bool:
        """Whether it is a program, and another one."""
        try:
            return ast.dump(ast.parse(self.source)) != ast.dump(ast.parse(source(self.file)))
        except SyntaxError:
            return False

    def __str__(self) -> str:
        told = [f"alliance/{self.file}:{self.line} ({self.kind})"]
        told += [f"- {line}" for line in self.before.splitlines()]
        told += [f"+ {line}" for line in self.after.splitlines()]
        return "\n".join(told)


@cache
def source(file: str) -> str:
    """The text of a module below alliance/."""
    return (ROOT / "alliance" / file).read_text(encoding="utf-8")


def files(rooms: tuple[str, ...]) -> Iterator[str]:
    """Modules of some rooms, below alliance/."""
    for room in rooms:
        place = ROOT / "alliance" / room
        found = sorted(place.glob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
        yield from (str(p.relative_to(ROOT / "alliance")) for p in found)


SWAPS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Add, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
NAMES = {
    "min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "idxmin": "idxmax",
    "idxmax": "idxmin", "argmax": "argmin", "any": "all", "all": "any", "sum": "max",
    "mean": "max", "median": "max", "cumsum": "cumprod", "floor": "ceil", "ceil": "floor",
    "nlargest": "nsmallest", "ffill": "bfill", "bfill": "ffill", "cummax": "cummin",
}  # fmt: skip


def variants(node: ast.AST, names: list[str]) -> Iterator[tuple[str, ast.AST]]:
    """What a node could be by mistake, with the kind of mistake."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        ops = [SWAPS[type(node.ops[0])](), *node.ops[1:]]
        yield "border", ast.Compare(node.left, ops, node.comparators)
    elif isinstance(node, ast.BinOp) and type(node.op) in SWAPS:
        yield "operator", ast.BinOp(node.left, SWAPS[type(node.op)](), node.right)
        if isinstance(node.op, ast.Add | ast.Sub):
            yield "term left out", node.left
    elif isinstance(node, ast.BoolOp):
        yield "and, or", ast.BoolOp(SWAPS[type(node.op)](), node.values)
        yield "condition left out", ast.BoolOp(node.op, node.values[1:])
    elif isinstance(node, ast.UnaryOp):
        if not isinstance(node.operand, ast.Constant):
            yield "sign", node.operand
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield "constant", ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        value = node.value
        yield "constant", ast.Constant(value + 1 if type(value) is int else value * 1.1 or 0.1)
        if value > 1:
            yield "constant", ast.Constant(value - 1 if type(value) is int else value * 0.9)
    elif isinstance(node, ast.Subscript):
        at = ast.unparse(node.slice)
        for here, there in (("-1", 0), ("0", -1)):
            if at == here:
                yield "first, last", ast.Subscript(node.value, ast.Constant(there), node.ctx)
        if isinstance(node.slice, ast.Slice):
            yield "slice", node.value
    elif isinstance(node, ast.Attribute) and node.attr in NAMES:
        yield "neighbour", ast.Attribute(node.value, NAMES[node.attr], node.ctx)
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id in NAMES:
            func = ast.Name(NAMES[node.func.id])
            yield "neighbour", ast.Call(func, node.args, node.keywords)
        if len(node.args) > 1 and not any(isinstance(a, ast.Starred) for a in node.args[:2]):
            args = [node.args[1], node.args[0], *node.args[2:]]
            yield "arguments", ast.Call(node.func, args, node.keywords)
        if node.keywords and node.keywords[-1].arg:
            yield "keyword left out", ast.Call(node.func, node.args, node.keywords[:-1])
    elif isinstance(node, ast.IfExp):
        yield "branches", ast.IfExp(node.test, node.orelse, node.body)
    elif isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load) and len(node.elts) > 1:
        yield "order", ast.Tuple([node.elts[1], node.elts[0], *node.elts[2:]], node.ctx)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names[1:]:
        yield "neighbour", ast.Name(names[names.index(node.id) - 1], node.ctx)


def places(tree: ast.Module) -> Iterator[tuple[ast.AST, list[str]]]:
    """Nodes that a mutant may change, with the names of the function's own arguments.

    Left out: annotations, decorators, the wording of errors and of text, and ``super``'s kind.
    """

    def walk(node: ast.AST, names: list[str]) -> Iterator[tuple[ast.AST, list[str]]]:
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            names = [a.arg for a in node.args.args if a.arg not in ("self", "cls")]
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "decorator_list"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.Raise | ast.JoinedStr | ast.Import | ast.ImportFrom):
                    continue
                if isinstance(child, ast.AST):
                    yield child, names
                    yield from walk(child, names)

    return walk(tree, [])


def mutants(file: str) -> Iterator[Mutant]:
    """All mutants of a module."""
    lines = source(file).encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    data = source(file).encode()
    for node, names in places(ast.parse(source(file))):
        for kind, other in variants(node, names):
            first, last = node.lineno - 1, node.end_lineno
            begin, end = starts[first] + node.col_offset, starts[last - 1] + node.end_col_offset
            text = ast.unparse(ast.fix_missing_locations(other))
            if isinstance(node, ast.BinOp | ast.BoolOp | ast.Compare):
                text = f"({text})" if "\n" in text or " " in text else text
            if isinstance(node, ast.Tuple) and data[begin : begin + 1] != b"(":
                text = text[1:-1]
            before = data[starts[first] : starts[last]].decode().rstrip()
            after = data[starts[first] : begin].decode() + text
            after += data[end : starts[last]].decode().rstrip()
            yield Mutant(file, first + 1, before, after, (begin, end, text), kind)


def drawn(count: int, seed: int, rooms: tuple[str, ...]) -> list[Mutant]:
    """Some mutants at random, half of them in answers, the kinds of mistake in turn."""
    rng = random.Random(seed)
    chosen: list[Mutant] = []
    models = tuple(r for r in rooms if r != "answers")
    for group in (models, tuple(r for r in rooms if r == "answers")):
        part = count if len(rooms) == len(group) else (count + 1) // 2
        queues: dict[tuple[str, str], list[Mutant]] = {}
        for file in files(group):
            for mutant in mutants(file):
                room = file if group == ("answers",) else mutant.room
                queues.setdefault((room, mutant.kind), []).append(mutant)
        for queue in queues.values():
            rng.shuffle(queue)
        picked: list[Mutant] = []
        names = sorted({room for room, _ in queues})
        while names and len(picked) < part:
            for room in list(names):
                kinds = [k for k in queues if k[0] == room and queues[k]]
                if not kinds:
                    names.remove(room)
                elif len(picked) < part:
                    mutant = queues[rng.choice(kinds)].pop()
                    if mutant.differs():
                        picked.append(mutant)
        chosen += picked
    return chosen


def by_hand() -> tuple[list[Mutant], list[str]]:
    """The mutants once made by hand, and those whose place is gone."""
    made, gone = [], []
    for file, old, new in HAND:
        if (times := source(file).count(old)) == 1:
            made.append(Mutant.of(file, old, new))
        else:
            gone.append(f"alliance/{file}: stands there {times} times: {old}")
    return made, gone


EVIDENCE: dict[str, Any] = {}  # by day, read once for all children; filled by warm()


def concerns(file: str) -> tuple[list[str], list[str]]:
    """Chapters that a file speaks in, and the tests of its own."""
    digits, tests = next(found for start, found in CONCERNS.items() if file.startswith(start))
    return [CHAPTERS[digit] for digit in digits], [f"test_{name}.py" for name in tests.split()]


def tests_of(file: str, golden: bool = True) -> list[str]:
    """The tests that concern a file, those that find a fault soonest first."""
    chapters, tests = concerns(file)
    checks = [] if golden else [f"test_results_{chapter[2:]}.py" for chapter in chapters]
    quick = [] if "test_borders.py" in tests else ["test_borders.py::" + name for name in QUICK]
    return [f"tests/{name}" for name in [*checks, *quick, *tests]]


def moved(file: str) -> str:
    """The first line of golden.txt that moved in the chapters of a file, told as a test's name."""
    try:
        from alliance import evidence
        from tests import golden, looks
    except Exception as error:
        return f"import: {type(error).__name__}"
    chapters, was = concerns(file)[0], golden.stored()[1]
    here = [p for p in golden.places() if golden.PANELS.get(p[1][6:], p[1]) in chapters]
    looks.evidence_of = lambda day: EVIDENCE.get(day) or evidence.open(day)
    for place in sorted(here, key=lambda p: (p[0] != "base", not p[1].startswith("panel-"))):
        near = golden.RESAMPLED.get(place[0], golden.NEAR)
        try:
            found = next(golden.differences(was[place], golden.fresh(*place), near), None)
        except Exception as error:
            found = [type(error).__name__]
        if found:
            return f"golden.txt: {' '.join(place)}: {found[0]}"
    return ""


def warm() -> None:
    """Import all libraries that the tests need, and read the evidence: children start warm."""
    for name in LIBRARIES:
        importlib.import_module(name)
    from exchange_calendars import get_calendar
    from hypothesis import settings

    for exchange in ("XTKS", "XPAR", "XETR", "XNYS"):  # as alliance.evidence.calendars asks
        get_calendar(exchange, start="2016-01-04", end="2027-06-30")
    from alliance import evidence, scenario  # no mutant of the rooms changes these

    whole = evidence.open("2026-06-30")
    for table in whole.package.resources:
        whole.package.read(table)
    for name in scenario.names():
        day = scenario.load(name)[1].as_of
        EVIDENCE[str(day)] = evidence.Evidence(whole.package, day)
    settings.register_profile("mutants", database=None, derandomize=True, deadline=None)
    settings.load_profile("mutants")


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self.text = source

    def get_code(self, fullname):
        return compile(self.text, self.path, "exec", dont_inherit=True)


class _Finder:
    """Finds one module with other source than its file's."""

    def __init__(self, mutant: Mutant) -> None:
        parts = ["alliance", *mutant.file.removesuffix(".py").split("/")]
        self.package = parts[-1] == "__init__"
        self.name = ".".join(parts[:-1] if self.package else parts)
        self.path, self.source = str(ROOT / "alliance" / mutant.file), mutant.source

    def find_spec(self, name, path=None, target=None):
        if name != self.name:
            return None
        loader = _Loader(name, self.path, self.source)
        where = [str(Path(self.path).parent)] if self.package else None
        return importlib.util.spec_from_file_location(
            name, self.path, loader=loader, submodule_search_locations=where
        )


class _First:
    """Remembers the first test that failed."""

    def __init__(self) -> None:
        self.name = ""

    def pytest_runtest_logreport(self, report) -> None:
        if report.failed and not self.name:
            self.name = report.nodeid

    def pytest_collectreport(self, report) -> None:
        if report.failed and not self.name:
            self.name = f"{report.nodeid} (import)"


def child(mutant: Mutant | None, golden: bool, said: Path) -> int:
    """Run tests with a mutant in its module; in a forked process. 0: no test noticed."""
    import pytest

    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 5))
    if mutant is not None:
        sys.meta_path.insert(0, _Finder(mutant))
        if mutant.room not in ROOMS:
            EVIDENCE.clear()
            for name in [n for n in sys.modules if n.split(".")[0] == "alliance"]:
                del sys.modules[name]
    with said.open("w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        first, concerned = _First(), mutant.file if mutant else "-"
        first.name = moved(concerned) if golden else ""
        if first.name:
            file.write(f"\nfirst: {first.name}\n")
            return 1
        tests = tests_of(concerned, golden)
        words = ["-x", "-q", "-p", "no:cacheprovider", "--tb=line", *tests]
        words += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
        code = pytest.main(words, plugins=[first])
        file.write(f"\nfirst: {first.name}\n")
    return int(code)


def run(
    found: list[Mutant | None], jobs: int, golden: bool, told: Callable[[str], None]
) -> dict[int, str]:
    """What noticed each mutant, by its place in the list; empty where nothing did."""
    out: dict[int, str] = {}
    waiting, running = list(enumerate(found))[::-1], {}
    with tempfile.TemporaryDirectory() as folder:
        while waiting or running:
            while waiting and len(running) < jobs:
                k, mutant = waiting.pop()
                said = Path(folder) / f"{k}.txt"
                sys.stdout.flush()
                pid = os.fork()
                if pid == 0:
                    code = 99
                    try:
                        code = child(mutant, golden, said)
                    except BaseException:
                        traceback.print_exc(file=said.open("a", encoding="utf-8"))
                    finally:
                        os._exit(code)
                running[pid] = k, said
            pid, status = os.wait()
            k, said = running.pop(pid)
            text = said.read_text(encoding="utf-8", errors="replace") if said.exists() else ""
            if os.WIFSIGNALED(status):
                out[k] = f"stopped by {signal.Signals(os.WTERMSIG(status)).name}"
            elif os.WEXITSTATUS(status) == 0:
                out[k] = ""
            elif os.WEXITSTATUS(status) in (1, 2):
                out[k] = text.rsplit("first: ", 1)[-1].strip() or "an import"
            else:
                raise SystemExit(f"the tests did not run:\n{text[-3000:]}")
            mutant = found[k]
            if mutant is not None:
                told(f"{len(out):4} of {len(found)}  {mutant.file}  {out[k] or 'SURVIVED'}")
                if not out[k]:  # also for a run that is stopped
                    told(str(mutant))
    return out


def report(found: list[Mutant], noticed: dict[int, str]) -> float:
    """Print the survivors and the rates by room; the rate of all that could be noticed."""
    known = {(f, " ".join(b.split()), " ".join(a.split())): w for f, b, a, w in EQUIVALENT}
    counts: dict[str, list[int]] = {room: [0, 0, 0, 0] for room in (*ROOMS, "evidence")}
    for k, mutant in enumerate(found):
        equal = not noticed[k] and mutant.change in known
        counts[mutant.room][3 if equal else 2 if not noticed[k] else int(crashed(noticed[k]))] += 1
        if not noticed[k]:
            print(f"\n{mutant}" + (f"\n  equivalent: {known[mutant.change]}" if equal else ""))
    print("\nroom         by a value  by a crash  survived  equivalent")
    for room, row in counts.items():
        if any(row):
            print(f"{room:<12} {row[0]:10} {row[1]:11} {row[2]:9} {row[3]:11}")
    value, crash, survived, equal = (sum(row[k] for row in counts.values()) for k in range(4))
    rate = (value + crash) / max(value + crash + survived, 1)
    print(f"{'all':<12} {value:10} {crash:11} {survived:9} {equal:11}   {rate:.1%} killed")
    return rate


def crashed(noticed: str) -> bool:
    """Whether a mutant did not run to its end: any test would have noticed."""
    return noticed.endswith("Error") or noticed.startswith(("import", "stopped"))


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=160)
    parser.add_argument("--rooms", nargs="+", choices=ROOMS, default=ROOMS)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--hand", action="store_true", help="those once made by hand")
    parser.add_argument("--only", help="of those drawn only these places, as 20:40; no trial run")
    parser.add_argument("--no-golden", action="store_true", help="without golden.txt")
    parser.add_argument("--list", action="store_true", help="print them, run nothing")
    o = parser.parse_args(words)
    started, gone = time.monotonic(), []
    if o.hand:
        found, gone = by_hand()
    else:
        found = drawn(o.count, o.seed, tuple(o.rooms))
    if o.only:
        found = found[slice(*(int(n) if n else None for n in o.only.split(":")))]
    if o.list:
        print(*found, sep="\n\n")
        return 0
    for line in gone:
        print(f"its place is gone: {line}")
    warm()
    unchanged: list[Mutant | None] = [] if o.only else [None]
    if any(run(unchanged, 1, not o.no_golden, print).values()):
        raise SystemExit("the tests fail without any mutant")
    rate = report(found, run(found, o.jobs, not o.no_golden, print))
    print(f"seed {o.seed}, {len(found)} mutants, {time.monotonic() - started:.0f} s")
    return 1 if rate < THRESHOLD or gone else 0


if __name__ == "__main__":
    sys.exit(main())
