"""What an explorer finds: frames behind charts, answers that list themselves, cells to change."""

from __future__ import annotations

import html
import io
import json

import pandas as pd
import pytest
from click.testing import CliRunner

from alliance import answers, charts, evidence, scenario
from alliance.charts.base import NARROW_MIME
from alliance.cli import cli
from alliance.errors import ScenarioError
from alliance.places import IN_REPORT
from alliance.report import manifest
from tests import looks
from tests.conftest import ROOT


@pytest.mark.parametrize("chapter", charts.ALL)
def test_each_chart_names_the_frames_behind_it(chapter, base):
    a = looks.answers_of(chapter, base)
    for draw in charts.ALL[chapter]:
        made = draw(a)
        assert made.name == draw.__name__ and getattr(charts, made.name) is draw
        assert made.frames
        for name, frame in made.frames.items():
            pd.testing.assert_frame_equal(frame, a.frame(name))
        pd.testing.assert_frame_equal(made.data, next(iter(made.frames.values())))
        made.data.insert(0, "own", 1)  # into a copy
        pd.testing.assert_frame_equal(made.data, next(iter(made.frames.values())))


def test_a_chart_has_its_alt_text_and_frames_in_html(found, monkeypatch):
    monkeypatch.delenv(IN_REPORT, raising=False)
    data, metadata = charts.drawdown(found)._repr_mimebundle_()
    alt = metadata["image/png"]["alt"]
    assert f'alt="{html.escape(alt, quote=True)}"' in data["text/html"]
    named = [f"a.frame(&quot;{name}&quot;)" for name in ("drawdown", "events")]
    assert all(name in data["text/html"] for name in named)
    assert "charts.drawdown(a).data</code> is the first" in data["text/html"]
    assert f'base64,{data["image/png"]}"' in data["text/html"] and NARROW_MIME not in data
    table = data["text/html"].partition("<details")[2]
    assert all(f"<th>{name}</th>" in table for name in found.frame("drawdown"))
    assert table.count("<tr") <= 64 < len(found.frame("drawdown"))
    one = charts.rebased(found)._repr_mimebundle_()[0]["text/html"]
    assert "is the first" not in one
    monkeypatch.setenv(IN_REPORT, "1")
    data, _ = charts.drawdown(found)._repr_mimebundle_()
    assert "text/html" not in data and NARROW_MIME in data


def test_alt_texts_survive_plain_nbconvert(found, monkeypatch):
    import nbformat
    from IPython.core.formatters import DisplayFormatter
    from nbconvert import HTMLExporter

    monkeypatch.delenv(IN_REPORT, raising=False)
    chart = charts.from_each_day(found)
    data, metadata = DisplayFormatter().format(chart)
    output = nbformat.v4.new_output("display_data", data, metadata=metadata)
    cell = nbformat.v4.new_code_cell("charts.from_each_day(a)", outputs=[output])
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert chart.alt in html.unescape(page) and page.count("<img") == 1


@pytest.mark.parametrize("chapter", answers.CHAPTERS)
def test_answers_show_what_is_in_them(chapter, base):
    a = looks.answers_of(chapter, base)
    page, text = a._repr_html_(), repr(a)
    for name in (*a.results, *a.frames, *(i.name for i in a.inputs)):
        assert html.escape(name) in page and name in text
    assert len(text) < 30_000


def lab_cells(chapter):
    path = ROOT / "notebooks" / f"{chapter}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    own = [c for c in cells if "lab" in c["metadata"].get("tags", ())]
    return ["".join(c["source"]) for c in own if c["cell_type"] == "code"]


@pytest.mark.parametrize("chapter", answers.CHAPTERS)
def test_cells_for_exploring_work_and_stay_out_of_reports(chapter, base, monkeypatch):
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    looks.shorten(monkeypatch)
    sources = lab_cells(chapter)
    assert len(sources) == 2 and "own = " in sources[0]
    a, s, ev = looks.answers_of(chapter, base), base, looks.evidence_of(str(base.as_of))
    space = {"a": a, "s": s, "ev": ev, "charts": charts, "answers": answers}
    try:
        exec(sources[0], space)
        assert pyplot.get_fignums() and pyplot.gca().has_data()
    finally:
        pyplot.close("all")
    *lines, last = sources[1].splitlines()
    exec("\n".join(lines), space)
    made = eval(last, space)
    if lines:
        before = getattr(charts, made.name)(a)
        assert made.png() != before.png()
    kept = json.dumps(manifest.notebook(chapter), ensure_ascii=False)
    assert "Change something" not in kept and "own = " not in kept


def test_frames_are_one_command_away(found):
    run = CliRunner().invoke
    listed = run(cli, ["frames"]).output
    for chapter, name in answers.FRAMES:
        assert f"{chapter}/{name}: " in listed
    text = run(cli, ["frames", "parts"]).output
    got = pd.read_csv(io.StringIO(text), index_col="part")
    pd.testing.assert_frame_equal(got, found.frame("parts"), check_like=True, check_names=False)
    assert run(cli, ["frames", "1-decline/stub", "article-1"]).output.count("2022-10-07") == 1
    with pytest.raises(ScenarioError, match=r"'stub' needs its chapter: 0-briefing/stub or 1-"):
        answers.located("stub")
    with pytest.raises(ScenarioError, match="did you mean 'parts'"):
        answers.located("prats")


@pytest.mark.parametrize("chapter", answers.CHAPTERS)
def test_evidence_of_another_day_is_refused(chapter):
    """Who changes only the evidence's day would look ahead."""
    s = scenario.Scenario()
    with pytest.raises(ScenarioError, match="must be the evidence's day, 2026-06-30"):
        answers.CHAPTERS[chapter](s, evidence.open("2026-06-30"))
