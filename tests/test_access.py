"""Built pages for everyone: axe-core finds nothing at A and AA, and the keyboard reaches all."""

from __future__ import annotations

import re

import pytest

from alliance import charts, compare, report, scenario
from alliance.compare import differences, page, sweep
from tests.browsing import KINDS, faults
from tests.looks import answers_of

PAGES = ["../index", "index", *list(charts.ALL)[1:], "report", "compare", "sweep"]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def differs(tmp_path_factory):
    """The folder of a comparison of base and latest, with a chart of each chapter, and its values;
    and of a sweep's page."""
    out = tmp_path_factory.mktemp("differs")
    s = {name: scenario.load(name)[1] for name in ("base", "latest")}

    def mixed(chapter, taken):
        return answers_of(chapter, s["latest" if taken else "base"])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(differences, "mixing", lambda *_: mixed)
        patch.setattr(charts, "ALL", {name: some[-1:] for name, some in charts.ALL.items()})
        sides = (compare.Side(name, values) for name, values in s.items())
        found = compare.compare(*sides, log=lambda _: None)
        page.write(found, out, log=lambda _: None)
    settings = ("decline.since=2018-01-04,2019-01-04",)
    many = [
        report.Target(f"base+{n}", scenario.apply(s["base"], [*words]), "alliance report base")
        for n, words in enumerate(scenario.combinations(settings))
    ]
    report.build_all(many, out, report.Options(only=("1-decline",)), lambda _: None)
    sweep.write(many, settings, out, ("1-decline",), lambda _: None).parent.rename(out / "sweep")
    return out, found


def address(name, built, differs):
    """A built page's address."""
    places = {"compare": "compare-base-latest/index", "sweep": "sweep/index"}
    folder = differs[0] if name in places else built
    return (folder / f"{places.get(name, name)}.html").resolve().as_uri()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(browser, built, differs, name, width):
    """With all folds opened, then the code; the one file's colours are those of its pages.

    What rules say of a table's row they say of all rows of its kind; but whether a table scrolls is
    asked of all of it.
    """
    view = browser.new_page(viewport={"width": width, "height": 800})
    view.goto(address(name, built, differs))
    view.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert faults(view, only="scrollable-region-focusable") == []
    view.evaluate(KINDS)
    assert faults(view, colours=name != "report" or width > 400) == []
    code = view.locator("#show-code")
    if code.count():
        code.set_checked(True)
        assert view.locator(".input").first.is_visible()
        assert faults(view, ".input") == []
    cut = """(all) => all.filter((e) => { e.style.overflowWrap = 'normal';
      return e.scrollWidth > e.clientWidth; }).map((e) => e.textContent)"""
    assert view.locator(".tiles dd").evaluate_all(cut) == []  # a number breaks between words only
    view.close()


@pytest.mark.parametrize("name", ["index", "2-selldown"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_stands_on_a_chart(browser, built, name, width):
    """Neither in the briefing's tight opening nor in a chapter."""
    view = browser.new_page(viewport={"width": width, "height": 800})
    view.goto((built / f"{name}.html").resolve().as_uri())
    gaps = view.locator("figure.chart + .data").evaluate_all(
        """(all) => all.map((e) => e.getBoundingClientRect().top
      - e.previousElementSibling.getBoundingClientRect().bottom)"""
    )
    assert len(gaps) > 2 and min(gaps) >= 0, gaps
    view.close()


@pytest.mark.parametrize("name", ["1-decline", "index"])
def test_a_page_can_be_read_by_keyboard_alone(browser, built, differs, name):
    """The first key leads to the content; all that a key reaches has a name, and shows that it is
    reached; a chart's data is one key behind its chart."""
    view = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    view.goto(address(name, built, differs))
    view.keyboard.press("Tab")
    assert view.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert view.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    view.keyboard.press("Enter")
    assert view.evaluate("document.activeElement.id") == "main"
    view.goto("about:blank")  # a reload would begin at the content that was skipped to
    view.goto(address(name, built, differs))
    everything = view.evaluate(
        "[...document.querySelectorAll('a[href], input, summary, [tabindex=\"0\"]')]"
        ".filter(e => e.checkVisibility()).length"
    )
    seen = []
    for _ in range(everything + 1):
        view.keyboard.press("Tab")
        seen.append(
            view.evaluate(
                """() => { const e = document.activeElement, s = getComputedStyle(e);
                const name = e.ariaLabel || e.labels?.[0]?.textContent || e.textContent;
                return [e.tagName, name.trim(), s.outlineStyle !== 'none' && s.outlineWidth > '0px',
                  e.getBoundingClientRect().bottom > 0]; }"""
            )
        )
        if seen[-1][0] == "BODY":
            seen.pop()
            break
    assert len(seen) == everything > 30
    assert not [found for found in seen if not all(found)]
    charts_here = view.locator("figure.chart").count()
    assert [found[1] for found in seen].count("Data of this chart") == charts_here > 2
    view.locator(".data > summary").first.press("Enter")
    assert "of tables.xlsx" in view.locator(".data").first.inner_text()
    view.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_number_leads_to_its_row_under_its_header(browser, built, width):
    view = browser.new_page(viewport={"width": width, "height": 800}, reduced_motion="reduce")
    view.goto((built / "1-decline.html").resolve().as_uri())
    view.locator('a.n[href="index.html#decline.stub_eur"]').first.click()
    row = view.locator("tr:target")
    row.wait_for(state="visible")
    view.wait_for_timeout(1500)  # it scrolls smoothly
    box, head = row.bounding_box(), row.locator("xpath=../../thead/tr/th[1]").bounding_box()
    assert -1 < head["y"] < head["y"] + head["height"] <= box["y"] + 1 < 800  # rows are no pixels
    colour = "e => getComputedStyle(e.cells[1]).backgroundColor"
    assert row.evaluate(colour) == "rgb(255, 243, 191)"
    assert row.locator("xpath=following-sibling::tr[1]").evaluate(colour) != "rgb(255, 243, 191)"
    view.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_wide_table_uses_the_window_and_keeps_its_first_column(browser, built, width):
    view = browser.new_page(viewport={"width": width, "height": 800})
    view.goto((built / "3-separation.html").resolve().as_uri())
    view.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = view.evaluate(
        """() => [...document.querySelectorAll('.table.broad')].map(t => {
        t.scrollLeft = 200; const b = t.getBoundingClientRect();
        const first = t.querySelector('tbody tr').cells[0].getBoundingClientRect();
        return [t.scrollWidth - t.clientWidth, b.left, b.right, first.left - b.left,
        first.width]; })"""
    )
    assert found and any(over > 0 for over, *_ in found)
    for over, left, right, kept, first in found:
        assert left >= 0 and right <= width and abs(kept) < 1
        assert over <= 0 or right - left > 0.88 * width
        assert first < 0.5 * (right - left)
    assert view.evaluate("document.documentElement.scrollWidth") <= width
    view.close()


def test_a_comparison_opens_with_what_moved(browser, differs):
    """A sentence, a chart of the headline numbers, and under five screens; all else is folded."""
    out, found = differs
    view = browser.new_page(viewport={"width": 1280, "height": 800})
    view.goto((out / "compare-base-latest" / "index.html").resolve().as_uri())
    assert view.title() == "base and latest (as of 2026-06-30)"
    assert view.evaluate("document.documentElement.scrollHeight") < 5 * 800
    picture = view.locator("main > h1 + p + figure img")
    large = page.headlines(found)
    assert len(large) > 20
    for d in large:
        one, other, difference = page.told(d, page.brief)
        assert f"{d.label} {one} → {other}   {difference}" in picture.get_attribute("alt")
    text = view.locator("main").text_content()
    assert not re.search(r"\de[+-]\d", text) and "Shapley" not in text and "from as_of" not in text
    low = view.get_by_text("Sector part, high end of its 95 % interval".replace(" %", "\xa0%"))
    assert low.count() == 1 and not low.is_visible()
    headings = [i.get_attribute("alt") for i in view.locator("details img").all()]
    assert headings and not [alt for alt in headings if alt.startswith(("base", "latest"))]
    view.close()
