"""Answers to sentences, charts, tables and pages."""

from __future__ import annotations

import base64
import html
import json
import re
import zipfile
from contextlib import contextmanager
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from alliance import answers, charts, evidence, scenario, tables
from alliance.answers import Result
from alliance.charts import base as chart_base
from alliance.charts import kit, looks
from alliance.errors import AllianceError
from alliance.places import IN_REPORT
from alliance.report.manifest import FIRST
from tests.looks import answers_of, assert_texts_keep_apart, cases, scenario_of


@pytest.fixture(scope="module", params=cases(), ids=", ".join)
def answered(request):
    """A chapter's answers at each shipped scenario, at corners, and before most evidence."""
    name, chapter = request.param
    return answers_of(chapter, scenario_of(name))


@contextmanager
def named(*what):
    """Say with a failure what it is about."""
    try:
        yield
    except Exception as error:
        error.add_note(f"in {', '.join(what)}")
        raise


# --- charts -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def seen():
    """Words of the charts that were laid out: equal words are of one picture."""
    return set()


@pytest.mark.wide
def test_charts_keep_texts_apart_and_say_value_and_dates(answered, seen):
    for draw in charts.ALL[answered.chapter]:
        with named(draw.__name__):
            chart = draw(answered)
            says(chart)
            words = draw.__name__, chart.title, chart.alt, chart.source, chart.height
            if words in seen:
                continue
            seen.add(words)
            for narrow in (False, True):
                with named("narrow" if narrow else "wide"):
                    assert_texts_keep_apart(chart.figure(narrow))


def says(chart):
    assert re.search(r"\d", chart.alt), chart.alt
    assert chart.source and chart.title
    drawn = len(chart.alt) > 60
    if drawn:
        assert re.search(r"(20\d\d-\d\d-\d\d|FY20\d\d|20\d\d)", chart.alt), chart.alt
    assert "nan" not in (chart.alt + chart.title).lower() and "{" not in chart.alt + chart.title


def test_a_form_without_a_low_case_keeps_its_place():
    """Also where no form at all can be had at the low value."""
    s = scenario.Scenario().replace({"separation": {
        "float_fraction": 0.30, "structures": ["carve_out", "integrated"],
        "companies": ["renault"]}})  # fmt: skip
    chart = charts.ranges(answers.separation(s, evidence.open(s.as_of)))
    assert "No structure can be had at the low value" in chart.title
    assert "Minority carve-out no low case, 0 % to +17 %" in chart.alt
    (ax,) = chart.figure(False).axes
    assert [t.get_text() for t in ax.get_yticklabels()] == [
        "Renault: Minority carve-out (no low case)"
    ]


def what_if(chapter, *settings):
    """A chapter's answers at the base with some settings."""
    return answers_of(chapter, scenario.apply(scenario.Scenario(), settings))


def test_a_unit_that_never_breaks_even_is_said():
    a = what_if("3-separation", "separation.float_fraction=0")
    chart = charts.breakeven(a)
    assert chart.title.endswith("down by 25 %: new shares more than any, existing ones 181 %")
    assert "Renault, Minority carve-out breaks even at EUR 5.2bn against EUR 5.2bn" in chart.alt
    says(chart)


def test_a_range_goes_from_least_to_largest_with_the_base():
    alt = charts.breakeven(what_if("3-separation", "separation.holding_discount=0.05")).alt
    assert "Renault, Minority carve-out breaks even at EUR 4.6bn to EUR 5.2bn against" in alt
    alt = charts.ranges(what_if("3-separation", "as_of=2026-06-30")).alt
    assert "Renault, Profitable unit floated −4 % to +1 %" in alt
    assert "Renault, Own segments −2 % to 0 %" in alt


def test_events_without_results_have_no_mean_of_them():
    chart = charts.event_effects(what_if("1-decline", "decline.since=2022-12-31"))
    assert chart.nothing and "No event between 2022-12-30 and 2023-01-17 could" in chart.alt
    chart = charts.event_effects(
        what_if("1-decline", "decline.since=2022-10-08", "as_of=2022-11-05")
    )
    assert "to 0 results, 2022-10-07 to 2022-11-04. Below it days 0 to 1 of 2 events" in chart.alt
    chart = charts.event_effects(what_if("1-decline", "as_of=2018-02-09"))
    assert "reactions to 1 result, 2018-01-04 to 2018-02-09, on average 1.8 %" in chart.alt


def test_one_of_anything_is_said_in_the_singular():
    a = what_if("2-selldown", "selldown.target_stake=0.43", "selldown.paths=64")
    assert charts.absorb(a).title.startswith("The planned shares are 1 day of all trading")
    a = what_if("2-selldown", "as_of=2024-03-28", "selldown.paths=64")
    assert "the losses of 1 disclosed sale, 2023-12-12: " in charts.loss_record(a).alt
    a = what_if("3-separation", "as_of=2023-12-12")
    assert charts.ford_losses(a).title == "Model e has lost USD 2.1bn in 1 year"
    assert a.result("separation.ford.ev_result_usd").note == "2022"


def test_targets_and_horizons_keep_their_digits():
    fields = ("target_stake=0.125", "horizon_years=0.04", "paths=64")
    a = what_if("2-selldown", *(f"selldown.{field}" for field in fields))
    assert "not 12.5 %" in charts.routes(a).title and "to 12.5 % if sold" in charts.routes(a).alt
    for draw in (charts.ladder, charts.frontier, charts.outcomes, charts.stake_paths):
        assert " 0.04 years " in draw(a).alt, draw


def test_an_announcement_stands_out_only_beyond_chance():
    chart = charts.announcements(what_if("3-separation", "as_of=2020-10-01"))
    assert chart.title.startswith("0 of 1 announcement of these makers moved")
    assert "stands out" not in chart.title


def test_charts_are_equal_from_draw_to_draw(found):
    for draw in charts.ALL["1-decline"][:3]:
        assert draw(found).png() == draw(found).png()


def test_a_chart_carries_alt_text_and_two_shapes(found, monkeypatch):
    monkeypatch.setenv(IN_REPORT, "1")
    data, metadata = charts.parts(found)._repr_mimebundle_()
    alt = metadata["image/png"]["alt"]
    assert "2018-01-04" in alt and "company" in alt
    pictures = [base64.b64decode(data[key]) for key in ("image/png", chart_base.NARROW_MIME)]
    widths = [int.from_bytes(p[16:20], "big") for p in pictures]
    assert widths == [round(chart_base.WIDE * 200), round(chart_base.NARROW * 200)]


def test_a_chart_takes_its_own_chapters_answers(found):
    for chapter, functions in charts.ALL.items():
        for draw in functions if chapter != found.chapter else ():
            said = f"{draw.__name__} takes answers of {chapter}, received 1-decline"
            with pytest.raises(AllianceError, match=said):
                draw(found)


def test_a_chart_without_what_it_needs_is_refused():
    def draw(fig, narrow):
        fig.add_subplot()

    for missing in ("title", "alt", "source"):
        words = {"title": "t", "alt": "a", "source": "s"} | {missing: " "}
        with pytest.raises(AllianceError, match=f"needs a {missing}"):
            charts.Chart(draw, **words)
    with pytest.raises(AllianceError, match="needs units"):
        charts.Chart(draw, "t", "a", "s").figure()


def test_colours_differ_in_grey():
    """Companies drawn together are told apart without colour: by grey value or by line style."""
    from matplotlib.colors import to_rgb

    together = ["nissan", "renault", "toyota", "honda", "topix"]
    for i, one in enumerate(together):
        for other in together[i + 1 :]:
            both = [looks.look(name) for name in (one, other)]
            greys = [np.dot(to_rgb(color), (0.3, 0.59, 0.11)) for color, _ in both]
            dashes = {str(dash) for _, dash in both}
            assert abs(greys[0] - greys[1]) > 0.15 or len(dashes) == 2, (one, other)


def test_dodge_keeps_order_and_distance():
    rng = np.random.default_rng(1)
    for _ in range(50):
        wanted = rng.uniform(0, 10, 6)
        got = kit.dodge(wanted, 0.8, 0, 10)
        assert (np.argsort(got) == np.argsort(wanted)).all()
        assert np.diff(np.sort(got)).min() >= 0.8 - 1e-9
        assert got.min() >= -1e-9 and got.max() <= 10 + 1e-9


def test_added_makers_have_colours_of_their_own(compared):
    """Also in the chart of studies, where each maker's own announcements are dots."""
    verdict = compared.frame("announcements")
    own = verdict["event"].isin(compared.context["announcement"])
    makers = {name: f"added-{n}" for n, name in enumerate(verdict[own]["maker"].unique())}
    verdict["maker"] = verdict["maker"].replace(makers)
    a = replace(
        compared,
        frames=dict(compared.frames) | {"announcements": verdict},
        context=dict(compared.context) | {"makers_all": {name: name for name in makers.values()}},
    )
    (ax,) = charts.priors(a).figure().axes
    dots = [line.get_markeredgecolor() for line in ax.lines if line.get_marker() == "o"]
    assert len(set(dots)) == len(makers) > 2


# --- sentences and tables -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def compared():
    """Chapter 3 with all makers."""
    s = scenario.load("comparators")[1]
    return answers.separation(s, evidence.open(s.as_of))


def test_tables_print_numbers_alike(found, compared):
    """True minus signs, none at zero, and a fixed space before a percent sign, in every cell."""
    made = [tables.effects(found), tables.inputs(found), tables.inputs(compared)]
    made += [
        draw(compared) for draw in (tables.announcements, tables.aims, tables.figures, tables.grid)
    ]
    for table in made:
        cells = re.findall(r"<td[^>]*>([^<]*)<", table.body)
        assert cells and not [cell for cell in cells if re.match(r"-\d|[+−]?[\d.,]+%", cell)]
        assert not [cell for cell in cells if re.search(r"[+−]0(\.0+)?(?![\d.,])", cell)]


def test_say_prints_computed_numbers_and_carries_them(found):
    out = tables.say(
        "It fell {decline.price_change_jpy:.1%} to {x:.2f}, {y:.0%}.", found, x=-1.5, y=-1e-4
    )
    assert out.text == "It fell −62.7\xa0% to −1.50, 0\xa0%."
    bundle = out._repr_mimebundle_()[tables.RESULTS_MIME]
    assert [r["id"] for r in bundle["results"]] == ["decline.price_change_jpy"]
    assert "prices-nissan (2018-01-04 to 2023-01-17)" in out.body  # the days used


def test_say_escapes_and_refuses(found):
    assert "<script>" not in tables.say("{x}", found, x="<script>").body
    with pytest.raises(AllianceError, match=r"did you mean 'decline\.price_change_jpy'"):
        tables.say("{decline.price_change_jp:.0%}", found)
    with pytest.raises(AllianceError, match="can't print"):
        tables.say("{decline.units:%Y}", found)
    with pytest.raises(
        AllianceError, match="no sentence 'total retrun'; did you mean 'total return'"
    ):
        tables.say("total retrun", found)


def test_say_prints_what_is_missing():
    s = scenario.Scenario()
    a = answers.separation(s, evidence.open(s.as_of))
    said = tables.say("Ford: {separation.ford.ev_result_usd:.2f}. GM: {x}.", a, x="none")
    assert said.text == "No result of Model e was public on 2023-01-17. GM: none."
    assert "No result of Model e was public" in said.body and "not available" not in said.body
    assert tables.say("{x:.2f}", a, x=float("nan")).text == "not available"


def test_results_need_reasons_and_finite_values():
    with pytest.raises(AllianceError, match="needs a reason"):
        Result("x", None, "EUR", "x", ())
    with pytest.raises(AllianceError, match="finite"):
        Result("x", float("inf"), "EUR", "x", ())


def test_every_result_has_a_source_and_its_unit_is_kept(answered):
    for result in answered.results.values():
        assert result.sources, result.id
        assert result.unit in {
            "fraction", "log points", "EUR", "units", "count", "ratio", "JPY a share", "shares",
            "years", "trading days", "EUR a share", "JPY", "USD", "text",
        }  # fmt: skip
        if result.unit in ("EUR", "USD", "units", "count") and result.value is not None:
            assert isinstance(result.value, int)
        json.dumps(result.to_json(), allow_nan=False)


def test_tables_escape_their_cells(found):
    import pandas as pd

    frame = pd.DataFrame({"<b>": ["<i>x</i>", "https://example.org/a?b=1&c=2"]})
    body = tables.show(frame, "<caption>").body
    assert "<i>" not in body and "<b>" not in body and "&lt;i&gt;" in body
    assert 'href="https://example.org/a?b=1&amp;c=2"' in body


TABLES = {
    "0-briefing": ["verdicts", "beside_holding", "claims", "renault_parts", "sources", "results"],
    "5-hindsight": [
        "hindsight",
        "foreseen",
        "scores",
        "statements",
        "steps",
        "aims",
        "inputs",
        "sources",
        "results",
    ],
    "1-decline": ["effects", "large_moves", "unit_sales", "inputs", "sources", "results"],
    "2-selldown": [
        "programmes",
        "disclosed_sales",
        "roll",
        "estimates",
        "inputs",
        "results",
        "power",
        "look_through",
        "cross",
        "tornado",
    ],
    "3-separation": [
        "figures",
        "inputs",
        "results",
        "side_by_side",
        "reconciliation",
        "all_structures",
        "values",
        "announcements",
        "terms",
        "points",
    ],
}


@pytest.mark.wide
def test_every_table_can_be_shown(answered):
    for name in TABLES[answered.chapter]:
        with named(name):
            out = getattr(tables, name)(answered)
            assert not re.search(r"\b(nan|NaT|None)\b", out.body)


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.images, self.links, self.headings, self.ids = [], [], [], set()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "img":
            self.images.append(attrs)
        if tag in ("a", "link", "script", "source", "iframe"):
            self.links.append((tag, attrs))
        if tag in ("h1", "h2", "h3"):
            self.headings.append(tag)
        if "id" in attrs:
            self.ids.add(attrs["id"])


def read(path):
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def page_of(chapter):
    """The page that shows a chapter."""
    return "index.html" if chapter == FIRST else f"{chapter}.html"


@pytest.mark.parametrize("chapter", charts.ALL)
def test_the_chapter_page(built, chapter, base):
    page = read(built / page_of(chapter))
    a = answers_of(chapter, base)
    drawn = [draw(a) for draw in charts.ALL[chapter]]
    least = 2 if chapter == FIRST else 5
    assert len(page.images) == sum(not chart.nothing for chart in drawn) > least
    text = (built / page_of(chapter)).read_text(encoding="utf-8")
    for chart in drawn:  # a line of text where there was nothing to draw
        assert not chart.nothing or f"{chart.title}: {chart.alt}" in html.unescape(text)
    assert all(len(i["alt"]) > 40 for i in page.images)
    assert all(i["src"].startswith("data:") for i in page.images)
    assert page.headings.count("h1") == 1
    assert not [a for tag, a in page.links if tag in ("link", "script", "iframe")]
    for tag, attrs in page.links:
        href = attrs.get("href", "")
        if tag == "a" and href.startswith("#"):
            assert href[1:] in page.ids, href


def test_results_of_the_pages_equal_a_fresh_call(built, found, base):
    stored = json.loads((built / "results.json").read_text(encoding="utf-8"))
    made = [answers_of(chapter, base).results.values() for chapter in answers.CHAPTERS]
    fresh = json.loads(json.dumps([r.to_json() for results in made for r in results]))
    assert stored["results"] == fresh
    assert stored["schema"] == 1 and stored["scenario"]["name"] == "base"


def readable(path):
    """A file's text; of a workbook, all of its parts."""
    if path.suffix != ".xlsx":
        return path.read_text(encoding="utf-8")
    with zipfile.ZipFile(path) as parts:
        return "\n".join(parts.read(name).decode() for name in parts.namelist())


def test_no_machine_path_or_user_anywhere(built):
    from pathlib import Path

    from tests.conftest import ROOT

    for path in built.rglob("*"):
        if path.is_file():
            text = readable(path)
            for secret in (str(ROOT), str(built.parent), "/tmp/", "papermill-"):
                assert secret not in text, f"{secret} in {path.name}"
            home = str(Path.home())
            assert len(home) < 3 or f"{home}/" not in text, path.name


def test_index_shows_answers_sources_and_foot(built):
    text = (built / "index.html").read_text(encoding="utf-8")
    for wanted in (
        "−62.7\xa0%",
        "sourced rows",
        "Not investment advice",
        "alliance report base",
        "Cite as",
        "decline.stub_eur",
    ):
        assert wanted in text, wanted
    listing = (built.parent / "index.html").read_text(encoding="utf-8")
    assert 'href="base/index.html"' in listing


#: What must stand on one line: a number, and its unit or currency.
_UNITS = "%|EUR|JPY|USD|bn|yen|log points|(?:day|week|month|year|time|share|car)s"
_UNITS = rf"(?:(?<=\d)|(?<=\d\slog))[ \n]+(?:{_UNITS})(?!\w)"
_PARTED = re.compile(rf"{_UNITS}|(?:EUR|JPY|USD)[ \n]+[−+]?\d")


class _Printed(HTMLParser):
    """A page's text, but code, in one piece."""

    def __init__(self, markup):
        super().__init__()
        self.within, self.parts = 0, []
        self.feed(markup)

    def handle_starttag(self, tag, attrs):
        self.within += tag in ("code", "pre", "script", "style")
        self.parts.append(" | " * (tag in ("td", "th", "p", "li", "dt", "dd", "div", "summary")))

    def handle_endtag(self, tag):
        self.within -= tag in ("code", "pre", "script", "style")

    def handle_data(self, data):
        self.parts.append("" if self.within else data)


def test_no_number_parts_from_its_unit(built):
    for path in (*built.glob("*.html"), built.parent / "index.html"):
        text = "".join(_Printed(path.read_text(encoding="utf-8")).parts)
        found = [text[max(0, m.start() - 30) : m.end() + 10] for m in _PARTED.finditer(text)]
        assert found == [], path.name
        found = re.findall(r".{,30}(?:\d%|(?<!\w)-\d|(?<!\w)[\d.]+e[-−+]?\d+(?!\w)).{,9}", text)
        assert found == [], path.name


# --- in a browser -------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize("width", [1200, 390])
@pytest.mark.parametrize(
    "name", ["index.html", *(page_of(c) for c in charts.ALL if c != FIRST), "../index.html"]
)
def test_pages_open_from_disk_without_a_network(browser, built, width, name):
    context = browser.new_context(viewport={"width": width, "height": 800}, offline=True)
    page = context.new_page()
    asked, said = [], []
    page.on("request", lambda r: asked.append(r.url))
    page.on("console", lambda m: said.append(m.text))
    page.goto((built / name).resolve().as_uri())
    page.wait_for_load_state()
    remote = [url for url in asked if not url.startswith(("file:", "data:"))]
    assert remote == [] and said == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    broken = "[...document.images].filter(i => !i.complete || i.naturalWidth === 0).length"
    assert page.evaluate(broken) == 0
    context.close()


@pytest.mark.browser
def test_code_is_hidden_until_asked(browser, built):
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto((built / "1-decline.html").resolve().as_uri())
    code = page.locator(".input").first
    assert not code.is_visible()
    page.get_by_label("Show the code").check()
    assert code.is_visible()
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("name", ["1-decline", "report"])
def test_narrow_charts_on_phones(browser, built, name):
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto((built / f"{name}.html").resolve().as_uri())
    ratio = "(i => i.naturalWidth)(document.querySelector('figure.chart img'))"
    assert page.evaluate(ratio) == round(chart_base.NARROW * 200)
    page.set_viewport_size({"width": 1200, "height": 800})
    page.wait_for_function(f"{ratio} === {round(chart_base.WIDE * 200)}")
    page.close()


@pytest.mark.browser
def test_print_view_has_every_chart_and_no_controls(browser, built, tmp_path):
    page = browser.new_page()
    page.goto((built / "1-decline.html").resolve().as_uri())
    page.emulate_media(media="print")
    assert not page.get_by_label("Show the code").is_visible()
    pdf = tmp_path / "page.pdf"
    page.pdf(path=str(pdf), prefer_css_page_size=True, tagged=True)
    assert pdf.stat().st_size > 200_000
    page.close()


def test_what_the_fall_cost_adds_up_in_the_sentence():
    """Where shares were sold, too: those left, dividends and sales less the value at the start."""
    for name in ("base", "latest"):
        a = answers_of("1-decline", scenario_of(name))
        text = tables.say("cost to Renault", a, **tables.words(a)).text
        text = text.replace("\N{NO-BREAK SPACE}", " ").split("; price alone")[0]
        numbers = re.findall(r"EUR ([+−]?[\d.]+)bn", text)
        start, *came, whole = (float(n.replace("−", "-")) for n in numbers)
        assert len(came) == (3 if name == "latest" else 2)
        assert sum(came) - start == pytest.approx(whole, abs=0.15)  # each is rounded
