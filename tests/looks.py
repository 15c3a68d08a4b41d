"""What tests of pictures share: scenarios, their answers, and whether texts keep apart."""

from __future__ import annotations

import copyreg
import datetime as dt
import hashlib
import json
import pickle
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType

import pytest
from filelock import FileLock
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from alliance import answers, evidence, scenario
from alliance.report import manifest

STANDINGS = [*scenario.names(), "early", "rise", "corner", "odd sale", "met", "no volatility"]
STANDINGS += ["no budget", "all", "rates", "dear unit", "costly", "one company", "wide float"]
OTHER = {
    "dear unit": {
        "as_of": "2024-02-10",
        "separation": {
            "company": "volkswagen",
            "structure": "profitable_unit",
            "profitable_value_eur": 2e11,
            "float_fraction": 0.49,
            "paid_out": 1,
            "voting_premium": 0.2,
            "ticket_eur": 0,
        },
    },
    "costly": {
        "separation": {
            "ev_value_eur": 3e9,
            "oneoff_cost_eur": 5e8,
            "running_cost_eur": 1e8,
            "offer_discount": 0.15,
            "ip_cost_eur": 2e9,
            "sale_discount": 0.1,
            "conglomerate_discount": 0,
        }
    },
    "wide float": {"separation": {"float_fraction": 0.30}},  # rules the low value out
    "one company": {
        "as_of": "2022-04-01",
        "separation": {
            "companies": ["gm"],
            "company": "gm",
            "structures": ["segments", "integrated"],
            "structure": "integrated",
        },
    },
    "no budget": {"selldown": {"programme": "buyback", "buyback_budget_jpy": 0, "paths": 64}},
    "all": {"selldown": {"target_stake": 0, "programme": "windows", "paths": 64}},
    "rates": {"selldown": {"rate_jpy": 0.05, "dividend_yield": 0.05, "fx_drift": 0.03}},
    "odd sale": {
        "as_of": "2024-03-28",
        "selldown": {
            "programme": "windows",
            "rest": "market",
            "floor_jpy": 500,
            "price_points": [0.9, 1.0, 1.4],
            "market": "history",
            "horizon_years": 1.2,
            "discount_rate": 0.03,
            "rate_jpy": 0.001,
            "dividend_yield": 0.04,
            "paths": 1000,
        },
    },
    # the target is met already; one path; a day
    "met": {
        "as_of": "2025-08-01",
        "selldown": {"target_stake": 0.42, "paths": 1, "horizon_years": 0.003},
    },
    "no volatility": {"selldown": {"volatility": 0, "fx_volatility": 0, "paths": 64}},
    # before most evidence
    "early": {"as_of": "2018-03-01", "decline": {"currency": "EUR"}},
    # from the bottom of 2020: titles must not say that it fell
    "rise": {"decline": {"since": "2020-04-03"}},
    "corner": {
        "as_of": "2026-08-21",
        "decline": {
            "since": "2026-06-26",
            "peers": ["mitsubishi-motors"],
            "beta_window_days": 480,
            "estimation_days": 20,
            "event_window_days": 21,
        },
    },
}


def scenario_of(name):
    """A shipped scenario, or one of those above."""
    if name in OTHER:
        return scenario.Scenario().replace(OTHER[name])
    return scenario.load(name)[1]


def drawn_for(name, chapter):
    """Whether a scenario is looked at in a chapter.

    Those of our own that stand on another day are made for the chapters whose fields they set; what
    other days do to the others is seen at the shipped scenarios and at ``early``.
    """
    own = OTHER.get(name, {})
    if "as_of" not in own or name == "early":
        return True
    return any(chapter.endswith(group) for group in own)


@cache
def cases():
    """Each scenario with each chapter that it gives other values: no picture is drawn twice."""
    found = {}
    for name in STANDINGS:
        for chapter in answers.CHAPTERS:
            if drawn_for(name, chapter):
                found.setdefault(_key(chapter, scenario_of(name)), (name, chapter))
    return list(found.values())


# --- answers that several tests look at ---------------------------------------------------------

#: A folder in which all workers of one run keep the answers that one of them has computed.
SHARED: Path | None = None
_made = {}
copyreg.pickle(MappingProxyType, lambda proxy: (_proxy, (dict(proxy),)))


def _proxy(values):
    return MappingProxyType(values)


def _key(chapter, s):
    return json.dumps([chapter, scenario.parameters(chapter, s)], sort_keys=True)


#: Chapters that don't look past the day, and those with a group of fields of their own.
OF_THE_DAY = tuple(c for c in answers.CHAPTERS if c != "5-hindsight")
OWN_FIELDS = tuple(c for c in OF_THE_DAY if c != "0-briefing")


#: Few months, starts and draws in hindsight.
FEW = {
    "alliance.answers.outcomes.FIRST": "2026-05-31",
    "alliance.answers.grades.EVERY": 100,
    "alliance.grading.DRAWS": 20,
}


def shorten(patch):
    """Few months, starts and draws in hindsight."""
    for name, value in FEW.items():
        patch.setattr(name, value)


@cache
def evidence_of(day):
    """The evidence of a day, whose tables are read once for all days; no test may change it."""
    return root().on(dt.date.fromisoformat(day))


@cache
def root():
    return evidence.open("2023-01-17")


def package():
    return root().package


def answers_of(chapter, s):
    """A chapter's answers as a report's kernels get them, computed once a run of all tests."""
    key = _key(chapter, s)
    if key not in _made:
        _made[key] = _shared(hashlib.sha256(key.encode()).hexdigest()[:20], lambda: _fresh(key))
    return _made[key]


def _fresh(key):
    chapter, parameters = json.loads(key)
    s = scenario.read(chapter, parameters)
    with repeated(answers_of if chapter == "0-briefing" else None):
        return answers.CHAPTERS[chapter](s, evidence_of(str(s.as_of)))


@contextmanager
def repeated(found):
    """The briefing takes what it repeats from ``found(chapter, scenario)``, if there is one."""
    with pytest.MonkeyPatch.context() as patch:
        for chapter in OWN_FIELDS if found else ():
            again = partial(lambda chapter, s, ev: found(chapter, s), chapter)
            patch.setattr(answers._MODULES[chapter], "answer", again)
        yield


def _shared(name, make):
    """What another worker has made and kept, or else made now and kept."""
    if SHARED is None:
        return make()
    path = SHARED / f"{name}.pickle"
    with FileLock(f"{path}.lock"):
        if not path.is_file():
            path.write_bytes(pickle.dumps(make()))
        return pickle.loads(path.read_bytes())


# --- texts of a picture -------------------------------------------------------------------------


def tick_texts(fig):
    """Labels of ticks that lie outside the view: drawn by no one, so not counted."""
    hidden = set()
    for ax in fig.axes:
        for axis in (ax.xaxis, ax.yaxis):
            shown = {id(t.label1) for t in axis._update_ticks()}
            for tick in axis.get_major_ticks() + axis.get_minor_ticks():
                hidden |= {id(label) for label in (tick.label1, tick.label2)} - shown
            if not ax.axison:
                hidden |= {id(t.label1) for t in axis.get_major_ticks()}
    return hidden


def assert_texts_keep_apart(fig):
    """No text of a figure overlaps another or leaves the picture."""
    renderer = FigureCanvasAgg(fig).get_renderer()
    fig.draw_without_rendering()  # lays it out; pixels are of no use here
    hidden = tick_texts(fig)
    boxes = []
    for text in fig.findobj(lambda o: type(o).__name__ in ("Text", "Annotation")):
        if text.get_visible() and text.get_text().strip() and id(text) not in hidden:
            if (
                text.axes is not None
                and not text.axes.axison
                and text in (text.axes.xaxis.label, text.axes.yaxis.label)
            ):
                continue
            boxes.append((text.get_text(), Text.get_window_extent(text, renderer)))
    width, height = fig.bbox.width, fig.bbox.height
    for words, box in boxes:
        assert "{" not in words, words  # a field that nothing filled
        inside = box.x0 >= -2 and box.y0 >= -2 and box.x1 <= width + 2 and box.y1 <= height + 2
        assert inside, f"{words!r} leaves the picture"
    for i, (one, a) in enumerate(boxes):
        for other, b in boxes[i + 1 :]:
            across = min(a.x1, b.x1) - max(a.x0, b.x0)
            down = min(a.y1, b.y1) - max(a.y0, b.y0)
            assert across <= 2 or down <= 2, f"{one!r} overlaps {other!r}"


def leave(out: Path, targets, chapters) -> None:
    """Leave below a folder what builds of some chapters leave there for a sweep: their results."""
    for target in targets:
        folder = out / target.name
        folder.mkdir()
        found = {c: answers_of(c, target.scenario).results for c in chapters}
        entries = [r.to_json() for each in found.values() for r in each.values()]
        states = {c: {"state": "ok", "results": [*each]} for c, each in found.items()}
        run = {"chapters": states, "files": {"results.json": ""}}
        manifest.save(folder / "results.json", {"results": entries})
        manifest.save(folder / "run.json", run)
