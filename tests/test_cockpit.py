"""The cockpit in a real browser: JupyterLab, by keyboard and by eye."""

import json
import re

import pytest

from alliance import answers, evidence, scenario, tables
from alliance.format import fixed
from alliance.report import CHAPTERS
from tests import browsing
from tests.browsing import TARGET, holds, load, over, sentence_of, tells, token_of, unfold, until
from tests.looks import FEW

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def lab(browser, project, tmp_path_factory):
    with browsing.lab(tmp_path_factory.mktemp("lab"), project) as url:
        yield url


@pytest.fixture(scope="module")
def cockpit(browser, lab):
    """The cockpit in JupyterLab, run once for all tests that load their own case."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    made = context.new_page()
    made.faults = []
    made.on("pageerror", lambda error: made.faults.append(str(error)))
    browsing.run_notebook(made, lab, "notebooks/4-whatif.ipynb", "cockpit", 3)
    made.wait_for_selector(browsing.STAGE, timeout=browsing.WAIT)
    yield made
    context.close()


def words_shown(page):
    return page.locator(".alliance-words:visible").inner_text()


def lighter(folder, notebook):
    """A copy with the first chart only and a short hindsight, since reports show all of both; its
    cells and panels."""
    book = json.loads((folder / f"{notebook}.ipynb").read_text(encoding="utf-8"))
    heavy = [
        c for c in book["cells"] if re.search(r"charts\.\w+\(|null_size", "".join(c["source"]))
    ]
    book["cells"] = [cell for cell in book["cells"] if cell not in heavy[1:]]
    first = next(cell for cell in book["cells"] if cell["cell_type"] == "code")
    few = [f"{name} = {value!r}" for name, value in FEW.items()]
    first["source"] = "\n".join(["import alliance", "".join(first["source"]), *few])
    (folder / f"lighter-{notebook}.ipynb").write_text(json.dumps(book), encoding="utf-8")
    code = ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]
    return len(code), sum("whatif.panel(" in source for source in code)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_lab_runs_every_chapter(lab, page, project, chapter):
    cells, panels = lighter(project / "notebooks", chapter)
    browsing.run_notebook(page, lab, f"notebooks/lighter-{chapter}.ipynb", chapter, cells)
    runs_well(page, panels)
    pictures = page.locator("figure img")  # with alt text, which JupyterLab's own pictures lack
    assert pictures.count() and all(len(one.get_attribute("alt")) > 40 for one in pictures.all())
    if chapter == "2-selldown":
        theme_of(page, "JupyterLab Dark")
        page.wait_for_timeout(600)
        readable(page, 20)
        theme_of(page, "JupyterLab Light")


def test_lab_runs_the_cockpit(cockpit):
    runs_well(cockpit, 1)
    shown = "([place, part]) => [place.dataset.count, place.offsetHeight, part.clientHeight]"
    parts = [
        cockpit.query_selector(one) for one in (".alliance-pictures", ".jp-WindowedPanel-outer")
    ]
    cockpit.wait_for_timeout(1000)
    before = cockpit.evaluate(shown, parts)
    cockpit.wait_for_timeout(1000)
    assert cockpit.evaluate(shown, parts) == before  # it has found its size, and draws no more
    assert before[2] - 160 < before[1] < before[2]  # what the head and the actions leave


def runs_well(page, panels):
    errors = page.locator('[data-mime-type="application/vnd.jupyter.error"]')
    assert errors.count() == 0, errors.first.inner_text()
    assert page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').count() == 0
    if panels:
        page.locator(".alliance-pictures").last.scroll_into_view_if_needed()
        page.wait_for_selector(browsing.STAGE)
    page.wait_for_function(
        "(n) => document.querySelectorAll('.alliance-pictures').length === n", arg=panels
    )
    assert page.faults == []


def theme_of(page, theme):
    """Choose a theme by the menu."""
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.locator(".lm-Menu-item", has_text="Theme").first.hover()
    page.locator(".lm-Menu-item", has_text=theme).first.click()
    page.wait_for_selector(f"body[data-jp-theme-name='{theme}']", state="attached")


def test_a_slider_changes_picture_numbers_and_alt(cockpit):
    load(cockpit, token_of())
    picture = cockpit.locator(".alliance-pictures:visible svg[role=img]").first
    table = cockpit.locator(".alliance-table:visible")
    before = words_shown(cockpit), picture.get_attribute("aria-label"), table.inner_text()
    figure = cockpit.locator(".alliance-pictures:visible figure").first.element_handle()
    slider = cockpit.get_by_role("slider", name=TARGET)
    slider.focus()
    for _ in range(5):
        cockpit.keyboard.press("ArrowRight")
    s = scenario.Scenario().replace({"selldown": {"target_stake": 0.2}})
    until(cockpit, sentence_of("selldown", s))
    holds(cockpit, "20 %")
    after = words_shown(cockpit), picture.get_attribute("aria-label"), table.inner_text()
    assert all(a != b for a, b in zip(after, before, strict=True))
    assert re.search(r"\d", after[1])
    assert figure.evaluate("(e) => e.isConnected")  # the picture's place stays: no flicker
    a = answers.selldown(s, evidence.open(s.as_of))
    for key in ("proceeds_eur_mean", "p_complete", "loss_eur_mean"):
        assert fixed(tables.shown(a.result(f"selldown.price_points.{key}"))) in after[2]
    heard = cockpit.locator(".alliance-pictures:visible [role=status]")
    cockpit.wait_for_timeout(1000)
    assert heard.inner_text() == after[0]  # a screen reader hears it once the slider rests


def test_a_hundred_fast_moves_end_in_the_right_state(cockpit):
    load(cockpit, token_of())
    cockpit.get_by_role("slider", name=TARGET).focus()
    for k in range(100):
        cockpit.keyboard.press("ArrowLeft" if k % 10 == 9 else "ArrowRight")
    value = 0.42  # the right end is 0.43, and the last move is to the left
    s = scenario.Scenario().replace({"selldown": {"target_stake": value}})
    until(cockpit, sentence_of("selldown", s))
    cockpit.wait_for_timeout(1200)  # the axes settle once it rests
    cockpit.wait_for_timeout(1500)  # the axes settle
    count = cockpit.locator(".alliance-pictures:visible").get_attribute("data-count")
    cockpit.wait_for_timeout(500)
    assert cockpit.locator(".alliance-pictures:visible").get_attribute("data-count") == count
    shown = scenario.spelt(value, scenario.fields()["selldown.target_stake"])
    holds(cockpit, shown)
    slider = cockpit.get_by_role("slider", name=TARGET)
    cockpit.wait_for_function(
        "([e, text]) => e.getAttribute('aria-valuetext') === text",
        arg=[slider.element_handle(), shown],
        timeout=5000,
    )


def test_wrong_input_is_said_and_the_picture_stays(cockpit):
    load(cockpit, token_of())
    before = words_shown(cockpit)
    box = cockpit.get_by_label(TARGET).first
    box.fill("90 %")
    box.press("Enter")
    problem = cockpit.locator(".alliance-error", has_text="must be from 0 % to 43 %")
    problem.wait_for()
    cockpit.wait_for_function(
        "() => document.querySelector('input[aria-invalid=true]') !== null", timeout=5000
    )
    assert words_shown(cockpit) == before
    box.fill("10 %")
    box.press("Enter")
    until(cockpit, sentence_of("selldown", scenario.Scenario().replace(
        {"selldown": {"target_stake": 0.1}})))  # fmt: skip
    problem.wait_for(state="detached")  # it goes after the picture has come


def test_a_value_typed_beyond_a_sliders_end_stays(cockpit):
    """The browser sent an end that moved with the value back as a move of the reader's."""
    load(cockpit, token_of())
    box = cockpit.get_by_label("Horizon").first
    box.fill("0.5 years")
    box.press("Enter")
    short = scenario.Scenario().replace({"selldown": {"horizon_years": 0.5}})
    until(cockpit, sentence_of("selldown", short))
    cockpit.wait_for_timeout(1000)
    assert box.input_value() == "0.5 years"
    assert "horizon 0.5 years" in cockpit.locator(".alliance-head").inner_text().lower()


@pytest.mark.parametrize("panel, title", [("decline", "Decline"), ("separation", "Separation"),
                                          ("bargain", "Bargain")])  # fmt: skip
def test_other_panels_follow_their_sliders(cockpit, panel, title):
    load(cockpit, token_of())
    cockpit.get_by_role("button", name=title, exact=True).click()
    until(cockpit, sentence_of(panel, scenario.Scenario()))
    slider = cockpit.locator(".alliance-panel:visible").get_by_role("slider").first
    slider.focus()
    before = cockpit.locator(".alliance-pictures:visible svg").first.inner_html()
    cockpit.keyboard.press("ArrowRight")
    cockpit.wait_for_function(
        "(before) => [...document.querySelectorAll('.alliance-pictures')]"
        ".find((e) => e.offsetParent).querySelector('svg').innerHTML !== before",
        arg=before,
    )
    cockpit.get_by_role("button", name="Sell-down", exact=True).click()
    cockpit.get_by_role("slider", name=TARGET).wait_for()


def test_save_load_and_token(cockpit, project):
    load(cockpit, token_of(selldown={"target_stake": 0.2, "horizon_years": 7}))
    cockpit.get_by_label("Name", exact=True).fill("from-the-browser")
    cockpit.get_by_role("button", name="Save scenario").click()
    cockpit.get_by_text("Saved notebooks/scenarios/from-the-browser.yaml").wait_for()
    path = project / "notebooks/scenarios/from-the-browser.yaml"
    saved = scenario.parse(path.read_text(encoding="utf-8"))
    assert saved.selldown.target_stake == 0.2 and saved.selldown.horizon_years == 7
    assert path.read_text(encoding="utf-8") == scenario.dump(saved)
    load(cockpit, token_of())
    unfold(cockpit, "Load, title")
    cockpit.get_by_label("Load a scenario", exact=True).select_option("from-the-browser")
    until(cockpit, sentence_of("selldown", saved))
    cockpit.get_by_text("The scenario", exact=True).click()
    tells(cockpit, saved)
    token = cockpit.locator(".alliance-token:visible").inner_text()
    assert scenario.from_token(token) == saved
    cockpit.get_by_text("The scenario", exact=True).click()
    cockpit.context.grant_permissions(["clipboard-read", "clipboard-write"])
    cockpit.get_by_role("button", name="Copy token").click()
    cockpit.get_by_text("Copied the token").wait_for()
    assert cockpit.evaluate("navigator.clipboard.readText()") == token


def test_pin_and_reset(cockpit):
    load(cockpit, token_of())
    pin = cockpit.get_by_role("button", name="Pin", exact=True)
    pin.click()
    cockpit.wait_for_function("document.querySelector('[aria-pressed=true]') !== null")
    cockpit.get_by_role("slider", name=TARGET).focus()
    cockpit.keyboard.press("ArrowRight")
    until(cockpit, sentence_of("selldown", scenario.Scenario().replace(
        {"selldown": {"target_stake": 0.16}})))  # fmt: skip
    for part, text in ((".alliance-pictures .pictures", "#8a8a8a"), (".alliance-table", "pinned")):
        cockpit.wait_for_function(  # pictures and table follow the sentence, each by a message
            "([part, text]) => [...document.querySelectorAll(part)].some("
            "(e) => (e.checkVisibility() || part.endsWith('table')) && e.innerHTML.includes(text))",
            arg=[part, text],
        )
    pin.click()
    cockpit.wait_for_function(  # the table is narrower then, and what is below it stands elsewhere
        "() => ![...document.querySelectorAll('.alliance-table')].some((e) =>"
        " e.textContent.includes('pinned'))"
    )
    cockpit.get_by_role("button", name="Reset").click()
    until(cockpit, sentence_of("selldown", scenario.Scenario()))


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_every_text_is_readable_in_both_themes(cockpit, theme):
    load(cockpit, token_of())
    box = cockpit.get_by_label(TARGET).first
    box.fill("90 %")  # with an error in sight
    box.press("Enter")
    theme_of(cockpit, theme)
    for title in ("Sell-down", "Decline", "Separation", "Bargain"):
        cockpit.get_by_role("button", name=title, exact=True).click()
        more = cockpit.locator(".alliance-panel:visible .widget-toggle-button", has_text="More")
        if more.count() and more.get_attribute("aria-pressed") != "true":
            more.click()
        cockpit.wait_for_timeout(600)
        readable(cockpit, 40)
    cockpit.get_by_role("button", name="Sell-down", exact=True).click()


def readable(page, at_least):
    found = page.evaluate(browsing.CONTRAST, ".alliance-cockpit")
    assert len(found) > at_least
    assert [each for each in found if each[0] < 4.5] == []


def test_build_from_the_panel_and_open_the_report(cockpit, project):
    load(cockpit, token_of(separation={"oneoff_cost_eur": 5e8}))
    cockpit.get_by_role("button", name="Build report").click()  # one chapter is run again
    cockpit.get_by_text(re.compile(r"\d+ of \d+ cells")).wait_for(timeout=browsing.WAIT)
    link = cockpit.get_by_role("link", name="Open the report")
    link.wait_for(timeout=browsing.WAIT)
    shown = cockpit.locator(".alliance-report").inner_text()
    path = project / re.search(r"\((build/[^)]+)\)", shown).group(1)
    built = json.loads(path.with_name("results.json").read_text(encoding="utf-8"))
    assert built["scenario"]["separation"]["oneoff_cost_eur"] == 5e8
    token = re.search(r"alliance app (a1\.\S+)</code>", path.read_text(encoding="utf-8")).group(1)
    assert scenario.from_token(token).separation.oneoff_cost_eur == 5e8  # the way back
    with cockpit.context.expect_page() as opened:
        link.click()
    report = opened.value
    report.wait_for_load_state()
    assert "differs from the base" in report.inner_text("body")
    assert "In JupyterLab the panel “separation” has sliders" in report.inner_text("body")
    report.close()


def test_a_restarted_kernel_says_to_run_the_cell_again(cockpit):
    """The last test of this page: its cockpit is over then."""
    page = cockpit
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("^Restart Kernel…")).first.click()
    page.locator(".jp-Dialog .jp-mod-accept").click()
    page.get_by_text("The kernel has ended. Run this cell again").wait_for(timeout=15_000)
    over(page)
    page.get_by_role("button", name="Copy token").click()  # the case can be taken along
