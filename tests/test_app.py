"""The app in a real browser: its page, its address, its sessions."""

import json
import re
import shutil
import threading
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest

from alliance import scenario
from alliance.whatif import server
from tests import browsing, scripts
from tests.browsing import TARGET, holds, load, over, sentence_of, tells, token_of, unfold, until

pytestmark = pytest.mark.browser
_KERNEL = "JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId"
#: Ask a kernel to run code, and then what it is; gives the kinds of messages that come back.
_ASK = """async ([url, kernel]) => {
  const socket = new WebSocket(`${url}/api/kernels/${kernel}/channels?session_id=s`);
  await new Promise((done) => { socket.onopen = done; });
  const got = [];
  socket.onmessage = (m) => { if (typeof m.data === 'string') got.push(JSON.parse(m.data)); };
  const send = (type, content) => socket.send(JSON.stringify({
    channel: 'shell', content, parent_header: {}, metadata: {},
    header: { msg_id: type, msg_type: type, session: 's', username: '', version: '5.3',
              date: new Date().toISOString() } }));
  send('execute_request', { code: 'print(open("/etc/hostname").read())', silent: false,
    store_history: false, user_expressions: {}, allow_stdin: false });
  send('kernel_info_request', {});
  const until = Date.now() + 15000;
  while (Date.now() < until && !got.some((m) => m.msg_type === 'kernel_info_reply')) {
    await new Promise((done) => setTimeout(done, 50));
  }  // a kernel answers in order: what ran would have been heard before
  return got.map((m) => m.msg_type + ' ' + (m.parent_header?.msg_type ?? ''));
}"""
#: The new inputs are there, and the page has got round to naming their sliders' handles.
_NAMED = """() => {
  const all = [...document.querySelectorAll('.alliance-cockpit .noUi-handle')];
  return all.length > 5 && all.every((handle) => handle.getAttribute('aria-label'));
}"""
#: Counts, before each picture of the screen, the handles that have no name.
_NAMELESS = """() => {
  const nameless = '.alliance-cockpit .noUi-handle:not([aria-label])';
  window.nameless = 0;
  const count = () => {
    window.nameless += document.querySelectorAll(nameless).length;
    window.counting = requestAnimationFrame(count);
  };
  count();
}"""
#: Where the focus is in the page's order, whether one sees it there, and on what it is.
_FOCUS = """() => {
  const e = document.activeElement;
  const order = [...document.querySelectorAll('*')].indexOf(e);
  return [order, getComputedStyle(e).outlineStyle, e.outerHTML.slice(0, 200)];
}"""
#: A page waits a fifth of the two times after which it calls a server or a line dead.
_SOONER = """{ const later = window.setTimeout;
  window.setTimeout = (what, wait, ...more) =>
    later(what, wait === 8000 || wait === 4000 ? wait / 5 : wait, ...more); }"""


@pytest.fixture(scope="module")
def app(browser, project, tmp_path_factory):
    with browsing.app(tmp_path_factory.mktemp("app"), root=project) as url:
        yield url


@pytest.fixture(scope="module")
def context(browser):
    """A reader's browser, which keeps the scripts that it has fetched from an app."""
    made = browser.new_context(viewport={"width": 1400, "height": 900}, accept_downloads=True)
    yield made
    made.close()


@pytest.fixture
def page(context):
    """A page of its own for one test."""
    made = watched(context)
    yield made
    made.close()


def watched(context):
    made = context.new_page()
    made.faults = []
    made.on("pageerror", lambda error: made.faults.append(str(error)))
    return made


@pytest.fixture(scope="module")
def served(context, app):
    """The app's page, opened once for all tests that put it where they want it."""
    made = watched(context)
    made.foreign = []
    own = (app, app.replace("http", "ws"), "data:", "blob:")
    made.on("request", lambda r: r.url.startswith(own) or made.foreign.append(r.url))
    start(made, app)
    return made


def start(page, url):
    page.goto(url, timeout=browsing.WAIT)
    page.wait_for_selector(browsing.STAGE, timeout=browsing.WAIT)


def upload(page, name, content):
    unfold(page, "Load, title")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=re.compile("Load a scenario file")).click()
    chooser.value.set_files({"name": name, "mimeType": "text/yaml", "buffer": content})


@pytest.mark.parametrize("width", [1100, 390], ids=["laptop", "phone"])
def test_the_app_shows_no_code_and_fits_the_screen(served, width):
    page = served
    page.set_viewport_size({"width": width, "height": 800})
    assert urlsplit(page.url)[2:] == ("/", "", "")  # no case as long as none was made
    for title in ("Sell-down", "Decline", "Separation", "Bargain"):
        page.get_by_role("button", name=title, exact=True).click()
        page.wait_for_timeout(500)
        wide = page.evaluate(
            "[document.documentElement, document.querySelector('#rendered_cells')]"
            ".map((e) => e.scrollWidth)"
        )
        assert max(wide) <= width, (title, wide)
        out = page.evaluate(
            """(width) => [...document.querySelectorAll('.alliance-cockpit *')].filter((e) => {
              const b = e.getBoundingClientRect();
              return e.offsetParent && b.width && (b.right > width + 1 || b.left < -1)
                && !e.closest('.alliance-table, .alliance-heard, .noUi-origin, svg');
            }).map((e) => e.className)""",
            width,
        )
        assert out == [], (title, out)
    assert "import whatif" not in page.content() and "start: str" not in page.inner_text("body")
    page.get_by_role("button", name="Sell-down", exact=True).click()
    assert page.foreign == [] and page.faults == []


def test_the_app_opens_at_the_token_of_its_address(app, page):
    s = scenario.Scenario().replace({"selldown": {"target_stake": 0.2, "programme": "dribble"}})
    start(page, f"{app}/?start={scenario.to_token(s)}")
    until(page, sentence_of("selldown", s))
    slider = page.get_by_role("slider", name=TARGET)
    slider.focus()
    page.keyboard.press("ArrowLeft")
    moved = s.replace({"selldown": {"target_stake": 0.19}})
    until(page, sentence_of("selldown", moved))
    tells(page, moved)
    with page.expect_download() as got:
        page.get_by_role("link", name="Download").click()
    assert scenario.parse(got.value.path().read_text(encoding="utf-8")) == moved
    upload(page, "x.yaml", b"selldown: {target_stake: 0.3}")
    until(page, sentence_of("selldown", scenario.Scenario().replace(
        {"selldown": {"target_stake": 0.3}})))  # fmt: skip
    upload(page, "y.yaml", b"selldown: {target: 1}")
    page.get_by_text("did you mean").wait_for()
    assert page.get_by_role("button", name="Build report").count() == 0
    assert page.get_by_role("button", name="Save scenario").count() == 0


#: The last row of the numbers, scrolled to: whether it is in sight.
_LAST_ROW = """() => {
  const row = [...document.querySelectorAll('.alliance-pictures details[open] tr')].at(-1);
  row.scrollIntoView({ block: 'nearest' });
  const { top, bottom } = row.getBoundingClientRect();
  return top >= 0 && bottom > top && bottom <= innerHeight;
}"""
#: Of each picture in sight: its place, the pixels of its smallest text, and its axes' ticks.
_PICTURES = """() => [...document.querySelectorAll('figure.picture svg')].map((svg) => {
  const b = svg.getBoundingClientRect(), texts = [...svg.querySelectorAll('text')];
  return { x: b.x, y: b.y, width: b.width, height: b.height, bottom: b.bottom,
    text: Math.min(...texts.map((t) => parseFloat(getComputedStyle(t).fontSize)
      * Math.hypot(t.getScreenCTM().a, t.getScreenCTM().b))),
    ticks: texts.map((t) => t.textContent).filter((t) => /^[−+]?[\\d.]+( %)?$/.test(t)) };
})"""


def pictures(page, count):
    """The pictures, once there are so many, drawn for the place that they have."""
    page.wait_for_function(
        """(count) => {
          const all = [...document.querySelectorAll('figure.picture svg')];
          return all.length === count && all.every((svg) => Math.abs(
            svg.getBoundingClientRect().width / svg.viewBox.baseVal.width - 4 / 3) < 0.07);
        }""",
        arg=count,
    )
    return page.evaluate(_PICTURES)


@pytest.mark.parametrize("title, count", [("Sell-down", 4), ("Decline", 3), ("Separation", 2),
                                          ("Bargain", 2)])  # fmt: skip
def test_the_cockpit_stands_in_one_viewport(served, title, count):
    page = served
    page.set_viewport_size({"width": 1280, "height": 800})
    page.evaluate("scrollTo(0, 0)")
    page.get_by_role("button", name=title, exact=True).click()
    found = pictures(page, count)
    assert all(each["text"] >= 11 for each in found), found
    assert len({round(each["x"]) for each in found}) == 2  # two columns
    places = page.evaluate(
        """() => ['.alliance-head', '.alliance-actions', '.alliance-words'].map((s) =>
          [document.querySelector(s)].map((e) => e.getBoundingClientRect()).map((b) =>
          [b.top, b.bottom, b.height])[0])"""
    )
    places += [[each["y"], each["bottom"], each["height"]] for each in found]
    assert all(0 <= top < bottom <= 800 for top, bottom, _ in places), places
    assert places[0][2] <= 44 and places[1][2] <= 44  # one line each
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    column = page.locator(".alliance-sides > .alliance-controls")
    column.evaluate("(e) => e.scrollTo(0, e.scrollHeight)")  # it scrolls by itself
    assert page.evaluate("scrollY") == 0
    page.wait_for_function(_LAST_ROW)  # a picture that settles may bring the table anew
    column.evaluate("(e) => e.scrollTo(0, 0)")
    page.locator(".alliance-pictures").evaluate("(e) => e.scrollTo(0, 0)")
    assert min(page.evaluate(
        "[...document.querySelectorAll('.alliance-cockpit .noUi-handle')]"
        ".filter((e) => e.checkVisibility()).map((e) => e.getBoundingClientRect().width)"
    )) >= 24  # fmt: skip


def test_one_picture_alone_is_large(served):
    page = served
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("button", name="Sell-down", exact=True).click()
    before = pictures(page, 4)[0]
    page.get_by_label("Show", exact=True).select_option(index=1)
    (alone,) = pictures(page, 1)
    page.get_by_label("Show", exact=True).select_option(index=0)
    assert alone["width"] * alone["height"] >= 2 * before["width"] * before["height"]
    assert abs(alone["text"] - before["text"]) < 0.5  # drawn for its size, not scaled
    assert len(alone["ticks"]) > len(before["ticks"]) and alone["bottom"] <= 800
    pictures(page, 4)


def test_axes_hold_while_a_slider_is_dragged(served):
    page = served
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("button", name="Sell-down", exact=True).click()
    load(page, token_of())
    first = pictures(page, 4)[0]["ticks"]
    handle = page.get_by_role("slider", name=TARGET)
    place = handle.bounding_box()
    page.mouse.move(place["x"] + 12, place["y"] + 12)
    page.mouse.down()
    seen, words = [], page.locator(".alliance-words").inner_text
    for step in (60, 120):  # fewer shares to sell: less room is needed
        before = words()
        page.mouse.move(place["x"] + 12 + step, place["y"] + 12, steps=4)
        page.wait_for_function(
            "(text) => document.querySelector('.alliance-words').textContent !== text", arg=before
        )
        page.wait_for_timeout(1000)  # longer than a rest: it is not let go
        seen.append(page.evaluate(_PICTURES)[0]["ticks"])
    assert seen == [first, first]
    page.mouse.up()
    page.wait_for_function(
        f"(first) => ({_PICTURES})()[0].ticks.join() !== first",
        arg=",".join(first),
        timeout=browsing.ANSWER,
    )
    load(page, token_of())


def test_a_phone_keeps_the_pictures_in_sight(served):
    page = served
    page.set_viewport_size({"width": 390, "height": 800})
    page.get_by_role("button", name="Sell-down", exact=True).click()
    assert all(each["text"] >= 11 for each in pictures(page, 4))
    controls = page.locator(".alliance-sides > .alliance-controls :is(input, select)")
    controls.last.focus()
    controls.last.scroll_into_view_if_needed()
    stage = page.locator(".alliance-pictures").bounding_box()
    last = controls.last.bounding_box()
    assert stage["y"] >= 0 and 200 < stage["height"] <= 410
    assert stage["y"] + stage["height"] <= last["y"] and last["y"] + last["height"] <= 800
    assert page.evaluate("[scrollX, document.documentElement.scrollWidth]") == [0, 390]


def test_the_address_follows_the_case(app, page):
    """From a shipped scenario, which it names, to the case that a reader makes of it, and back."""
    loaded = scenario.load("latest")[1]
    start(page, f"{app}/?start=latest")
    until(page, sentence_of("selldown", loaded))
    assert page.locator(".alliance-bar").is_hidden()
    page.wait_for_timeout(1000)
    assert page.url == f"{app}/?start=latest"  # as long as nothing has moved
    page.get_by_role("slider", name=TARGET).focus()
    stakes = (0.16, 0.17)
    for stake in stakes:
        page.keyboard.press("ArrowRight")
        moved = loaded.replace({"title": "", "selldown": {"target_stake": stake}})
        page.wait_for_url(f"{app}/?start={scenario.to_token(moved)}", timeout=browsing.ANSWER)
    assert page.get_by_label("Title").input_value() != loaded.title
    page.reload()
    page.wait_for_selector(browsing.STAGE, timeout=browsing.WAIT)
    holds(page, "17 %")
    page.go_back()
    holds(page, "16 %")
    page.go_back()
    holds(page, "15 %")
    assert page.get_by_label("Title").input_value() == loaded.title
    page.go_forward()
    holds(page, "16 %")
    page.wait_for_timeout(1000)
    page.go_forward()  # what was ahead is still there
    holds(page, "17 %")


def test_the_address_keeps_the_panel(app, page):
    token = token_of()
    start(page, f"{app}/?start={token}")
    page.get_by_role("button", name="Separation").click()
    page.wait_for_url(f"{app}/?start={token}&panel=separation", timeout=browsing.ANSWER)
    page.reload()
    page.wait_for_selector(browsing.STAGE, timeout=browsing.WAIT)
    page.locator("[aria-pressed=true]", has_text="Separation").wait_for()
    page.get_by_role("button", name="Sell-down").click()
    page.wait_for_url(f"{app}/?start={token}", timeout=browsing.ANSWER)


def test_a_bad_link_says_so_at_the_top(app, page):
    token = token_of(selldown={"target_stake": 0.2})
    start(page, f"{app}/?start={token[:-20]}")
    bar = page.locator(".alliance-bar")
    page.get_by_text("The case in this address can't be read: a token must be whole").wait_for()
    assert bar.bounding_box()["y"] < 300
    assert "base" in page.evaluate(
        "getComputedStyle(document.querySelector('.pictures'), '::before').content"
    )
    faded = "Number(getComputedStyle(document.querySelector('figure.picture')).opacity)"
    assert page.evaluate(faded) < 0.5
    load(page, token)
    bar.wait_for(state="hidden")
    assert page.evaluate(faded) == 1
    page.wait_for_url(f"{app}/?start={token}", timeout=browsing.ANSWER)


def test_every_control_has_a_name_and_tab_goes_through_them(served):
    page = served
    page.set_viewport_size({"width": 1400, "height": 900})
    page.wait_for_timeout(300)
    page.get_by_role("button", name=re.compile("^More inputs")).click()
    page.wait_for_function(_NAMED)
    tree = page.locator(".alliance-cockpit").first.aria_snapshot()
    for role in ("slider", "textbox", "combobox", "listbox", "button", "img", "link"):
        found = re.findall(rf"^\s*- '?{role}\b(.*)$", tree, re.M)
        assert found or role in ("listbox",), role
        for rest in found:
            assert re.match(r'\s*"[^"]+"', rest), f"{role} without a name: {rest!r}"
    page.get_by_role("button", name="Sell-down", exact=True).focus()
    places = []
    for _ in range(30):
        page.keyboard.press("Tab")
        places.append(page.evaluate(_FOCUS))
    order = [place for place, _, _ in places]
    assert order == sorted(order) and len(set(order)) == 30  # as they stand on the page
    unseen = [html for _, outline, html in places if outline == "none"]
    assert unseen == []  # and one sees where one is


def test_a_handle_is_never_seen_without_its_name(page, app):
    start(page, app)
    page.wait_for_function(_NAMED)
    handles = page.locator(".alliance-cockpit .noUi-handle")
    few = handles.count()
    page.evaluate(_NAMELESS)
    page.get_by_role("button", name=re.compile("^More inputs")).click()
    page.wait_for_function(f"document.querySelectorAll('.noUi-handle').length > {few}")
    page.wait_for_function(_NAMED)
    assert page.evaluate("(cancelAnimationFrame(window.counting), window.nameless)") == 0
    assert handles.count() > few


@pytest.mark.parametrize("width", [1280, 390], ids=["laptop", "phone"])
def test_axe_finds_nothing(served, width):
    """On no panel, with all inputs in sight and a case pinned."""
    page, more = served, re.compile("^More inputs")
    page.set_viewport_size({"width": width, "height": 800})
    unfold(page, "Pin")
    for title in ("Sell-down", "Decline", "Separation", "Bargain"):
        page.get_by_role("button", name=title, exact=True).click()
        page.get_by_role("button", name=more).wait_for()
        unfold(page, more)
        page.wait_for_function(_NAMED)
        page.wait_for_timeout(500)  # what is new has its colours
        assert browsing.faults(page) == [], title
    page.get_by_role("button", name="Pin", exact=True).click()
    page.get_by_role("button", name="Sell-down", exact=True).click()


@pytest.mark.parametrize("width", [1100, 390], ids=["laptop", "phone"])
def test_the_order_of_focus_is_that_of_the_screen(served, width):
    """On a phone the pictures come first, on a laptop the controls on their left; also turned."""
    page = served
    page.set_viewport_size({"width": 1490 - width, "height": 800})
    page.wait_for_timeout(300)
    box = page.get_by_label(TARGET).first
    box.focus()
    page.keyboard.press("End")
    page.keyboard.type("9")
    page.set_viewport_size({"width": width, "height": 800})  # as a tablet that is turned
    page.wait_for_timeout(500)
    assert box.input_value() == "15 %9" and box.evaluate("(e) => e === document.activeElement")
    assert page.locator(".alliance-error:not(:empty)").count() == 0  # nor is it taken half typed
    assert page.faults == []
    page.keyboard.press("Backspace")
    tops = page.evaluate(
        "['.alliance-pictures', '.alliance-sides > .alliance-controls'].map((s) =>"
        " document.querySelector(s).getBoundingClientRect().top)"
    )
    assert (tops[0] < tops[1]) == (width == 390)
    page.get_by_role("button", name="Sell-down", exact=True).focus()
    met = []
    for _ in range(18):
        page.keyboard.press("Tab")
        met.append(page.evaluate(
            "document.activeElement.closest('.alliance-pictures, .alliance-controls')"
            "?.className ?? ''"
        ))  # fmt: skip
    sides = ["pictures" if "alliance-pictures" in m else "controls" for m in met if m]
    assert {"pictures", "controls"} <= set(sides) or width == 1100
    assert sides[0] == ("pictures" if width == 390 else "controls")


def fetch(url):
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def body(url):
    """What an address gives; an error's page where it is one."""
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode("utf-8", "replace")


def test_a_session_can_not_read_files(app):
    for path in (
        "data/facts.csv",
        "notebooks/4-whatif.ipynb",
        "notebooks/pictures/decline.png",
        "alliance/cli/reports.py",
        "build/base/index.html",
        "..%2f..%2fetc%2fpasswd",
        "%2fetc%2fpasswd",
    ):
        assert fetch(f"{app}/voila/files/{path}") in (403, 404), path
    for path in (
        "/api/contents",
        "/api/terminals",
        "/api/sessions",
        "/files/data/facts.csv",
        "/voila/api/contents",
        "/voila/static/..%2f..%2f..%2fetc%2fpasswd",
        "/voila/templates/alliance/static/..%2findex.html.j2",
    ):
        with_page = body(app + path)
        assert "root:" not in with_page and "confidence" not in with_page, path
        assert "{%-" not in with_page and '"kernelspec"' not in with_page, path


def test_a_session_can_not_run_code(app, served):
    """The page's own kernel answers widgets' messages, and drops a request to run code."""
    kernel = served.evaluate(_KERNEL)
    said = served.evaluate(_ASK, [app.replace("http", "ws"), kernel])
    assert any("kernel_info_reply" in line for line in said), said  # it does answer
    assert not any("execute" in line or line.startswith("stream") for line in said), said


def test_idle_sessions_end_and_say_so(browser, page, project, tmp_path):
    with browsing.app(tmp_path, "--idle", "0.1", root=project) as url:
        s = scenario.Scenario().replace({"selldown": {"target_stake": 0.2}})
        start(page, f"{url}/?start={scenario.to_token(s)}")
        kernel = page.evaluate(_KERNEL)
        assert fetch(f"{url}/api/kernels/{kernel}") == 200
        ended(page, scenario.to_token(s), "This session has ended")
        deadline = time.monotonic() + 15  # the page is told first
        while fetch(f"{url}/api/kernels/{kernel}") != 404:
            assert time.monotonic() < deadline
            time.sleep(0.2)


def ended(page, token, words, timeout=40_000):
    page.get_by_text(words).wait_for(timeout=timeout)
    over(page)
    assert page.locator(".alliance-bar a").get_attribute("href") == f"/?start={token}"


def test_a_stuck_a_killed_and_a_stopped_session_say_so(browser, page, project, tmp_path):
    page.add_init_script(_SOONER)
    token = token_of()
    with browsing.app(tmp_path, root=project) as url:
        start(page, f"{url}/?start={token}")
        (kernel,) = browsing.kernels(url)
        kernel.suspend()
        page.get_by_role("slider", name=TARGET).focus()
        page.keyboard.press("ArrowRight")
        page.get_by_text("The server does not answer").wait_for(timeout=40_000)
        over(page)
        kernel.resume()
        page.locator(".alliance-bar").wait_for(state="hidden", timeout=browsing.ANSWER)
        holds(page, "16 %")
        assert page.locator(".alliance-cockpit [inert]").count() == 0
        page.get_by_role("slider", name=TARGET).focus()
        page.keyboard.press("ArrowRight")
        moved = scenario.Scenario().replace({"selldown": {"target_stake": 0.17}})
        tells(page, moved)
        token = scenario.to_token(moved)
        kernel.kill()
        ended(page, token, "This session has ended")
        page.locator(".alliance-bar a").click()  # it carries the case on
        page.wait_for_selector(browsing.STAGE, timeout=browsing.WAIT)
        holds(page, "17 %")
        page.wait_for_timeout(500)
    ended(page, token, "The server does not answer")


@pytest.fixture
def slight(tmp_path):
    """A copy whose cockpit is one picture that is drawn slowly: for what only pages matter to."""
    shutil.copytree(browsing.ROOT / "alliance", tmp_path / "alliance")
    shutil.copytree(browsing.ROOT / "notebooks", tmp_path / "notebooks")
    path = tmp_path / "notebooks/4-whatif.ipynb"
    book = json.loads(path.read_text(encoding="utf-8"))
    cells = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    for cell in cells:
        cell["source"] = "1"
    picture = '<div class="alliance-pictures"><svg role="img"><title>one</title></svg></div>'
    cells[-1]["source"] = f"import time, ipywidgets; time.sleep(1.2); ipywidgets.HTML({picture!r})"
    path.write_text(json.dumps(book), encoding="utf-8")
    return tmp_path


def test_there_are_at_most_so_many_sessions(browser, page, slight):
    with browsing.app(slight, "--sessions", "1", root=slight, grace=2) as url:
        page.goto(url, wait_until="commit", timeout=browsing.WAIT)
        assert browsing.kernels(url)
        page.goto("about:blank")  # a page that was never opened keeps no place, nor do reloads
        no_kernels(url)
        start(page, url)
        page.reload(timeout=browsing.WAIT)
        page.wait_for_selector(browsing.STAGE, timeout=browsing.WAIT)
        assert len(browsing.kernels(url)) == 1
        context = browser.new_context(viewport={"width": 390, "height": 800})
        other = context.new_page()
        refused = other.goto(f"{url}/?start={token_of()}", timeout=browsing.WAIT)
        assert refused.status == 503 and "Traceback" not in other.content()
        assert "All sessions of this cockpit are in use" in other.inner_text("h1")
        assert other.evaluate("document.documentElement.scrollWidth") <= 390
        page.close()
        no_kernels(url)
        other.get_by_role("link", name="Try again").click()
        other.wait_for_selector(browsing.STAGE, timeout=browsing.WAIT)
        assert other.url.endswith(token_of())
        other.goto("about:blank")
        context.close()
        no_kernels(url)
        with pytest.raises(TimeoutError):  # a page that was left while it loaded
            urllib.request.urlopen(url, timeout=1).read()
        assert browsing.kernels(url)
        no_kernels(url)


def no_kernels(url):
    """Until none lives on without its page."""
    deadline = time.monotonic() + 30
    while browsing.kernels(url):
        assert time.monotonic() < deadline, "a kernel lives on without its page"
        time.sleep(0.1)


def test_reports_are_built_and_served_only_if_allowed(browser, project, tmp_path):
    with browsing.app(tmp_path, "--allow-build", "base", root=project) as url:
        context = browser.new_context()
        page = context.new_page()
        start(page, f"{url}/?start={token_of()}")  # the base, whose runs are kept
        page.get_by_role("button", name="Build report").click()
        link = page.get_by_role("link", name="Open the report")
        link.wait_for(timeout=browsing.WAIT)
        style = (
            "(e) => [getComputedStyle(e).backgroundColor, getComputedStyle(e).textDecorationLine]"
        )
        assert page.locator(".progress-bar").evaluate(style)[0] == "rgb(11, 95, 165)"
        assert link.evaluate(style)[1] == "underline"
        with context.expect_page() as opened:
            link.click()
        opened.value.wait_for_load_state()  # to its foot
        assert "not investment advice" in opened.value.inner_text("body").lower()
        assert fetch(f"{url}/voila/files/data/facts.csv") == 403
        assert fetch(f"{url}/voila/files/build/.cache/x.json") in (403, 404)
        context.close()


def test_a_page_shows_its_case_before_its_scripts_and_finds_a_kernel_ready(browser, tmp_path):
    """The list of scripts is that of the page, and what it shows early is what it shows then."""
    s = scenario.Scenario().replace({"selldown": {"target_stake": 0.2}})
    with browsing.app(tmp_path, spare=True) as url:
        until_ready(tmp_path, url)
        before = {kernel.pid for kernel in browsing.kernels(url)}
        context = browser.new_context(viewport={"width": 390, "height": 800})
        page, asked, held = context.new_page(), [], []
        page.on("request", lambda request: asked.append(request.url))
        page.route(
            "**/voila.js", lambda route: held.append(route)
        )  # the script that starts all others
        asked_at = time.time()
        page.goto(f"{url}/?start={scenario.to_token(s)}", wait_until="commit")
        early, words = page.locator(".alliance-early"), sentence_of("selldown", s)
        early.locator("svg").first.wait_for(timeout=browsing.WAIT)
        assert (
            sentence_of("selldown", s) in early.inner_text() and early.locator("svg").count() == 4
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        soon = asked_at + server.PAUSE  # then one is made ready for the next page
        assert {k.pid for k in browsing.kernels(url) if k.create_time() < soon} == before
        for route in held:
            route.continue_()
        until(page, words)
        assert early.count() == 0
        found = set(scripts.wanted(asked))
        assert set(scripts.listed()) == found, "run make scripts"
        page.unroute("**/voila.js")
        until_ready(tmp_path, url, 2)
        browsing.kernels(url)[-1].kill()  # it is of no use then, and another takes its place
        page.goto(f"{url}/?start=nothing", wait_until="commit")
        page.locator(".alliance-bar").wait_for(timeout=browsing.WAIT)
        assert early.count() == 0  # the base is not the case that was asked for
        context.close()


def test_reloads_wait_for_the_kernel_in_the_making_and_hold_two_at_most(page, tmp_path):
    with browsing.app(tmp_path, spare=True) as url:
        until_ready(tmp_path, url)
        start(page, url)
        done, seen = threading.Event(), []
        watch = threading.Thread(
            target=lambda: [
                seen.append(len(browsing.kernels(url))) for _ in iter(lambda: done.wait(0.05), True)
            ]
        )
        watch.start()
        try:
            for wait in (True, False, True, False):
                while wait and len(browsing.kernels(url)) < 2:
                    page.wait_for_timeout(50)  # then another is being made ready
                page.reload(timeout=browsing.WAIT)
                page.wait_for_selector(browsing.STAGE, timeout=browsing.WAIT)
        finally:
            done.set()
            watch.join()
        assert max(seen) == 2
        page.get_by_role("slider", name=TARGET).press("ArrowRight")
        s = scenario.Scenario().replace({"selldown": {"target_stake": 0.16}})
        until(page, sentence_of("selldown", s))


def until_ready(folder, url, count=1):
    """Until there are so many kernels, of which the last waits, all loaded, for the next page."""
    deadline = time.monotonic() + 60
    while True:
        ready = [k for k in browsing.kernels(url) if k.memory_info().rss > 1.2e8]
        if len(ready) >= count and ready[-1].cpu_percent(0.5) < 5:
            return
        assert time.monotonic() < deadline, "no kernel is made ready"


#: The box that follows the case, on a page of its own: three cases; Back twice and Forward once
#: before a slow server has shown any of them, nor a move from before; then Forward again.
_SLOW = """async (source) => {
  const made = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const { render } = (await import(made)).default;
  const slots = [], sent = [], state = { token: 'a', in_app: true, yaml: '', answered: 0 };
  render({ el: document.body, model: { widget_manager: {}, get: (name) => state[name] ?? '',
    send: (message) => sent.push(message.token + message.number),
    on: (names, slot) => names.includes('change:token') && slots.push(slot) } });
  const wait = (time) => new Promise((done) => setTimeout(done, time));
  const show = async (token, answered = 0) => {
    Object.assign(state, { token, answered });
    slots.forEach((slot) => slot());
    await wait(900); };
  const go = (steps) => Promise.race([wait(2000), new Promise((done) => {
    addEventListener('popstate', () => done(), { once: true }); history.go(steps); })]);
  await show('b'); await show('c');
  await go(-1); await go(-1); await go(1);
  for (const [token, number] of [['x', 0], ['b', 1], ['a', 2], ['b', 3]]) await show(token, number);
  await go(1);
  return [history.state.token, sent.join(' ')];
}"""


def test_forward_outlives_a_slow_server(page):
    page.route(
        "http://cockpit.test/", lambda route: route.fulfill(content_type="text/html", body="")
    )
    page.goto("http://cockpit.test/")
    source = (browsing.ROOT / "alliance/whatif/browser/share_box.js").read_text(encoding="utf-8")
    assert page.evaluate(_SLOW, source) == ["c", "b1 a2 b3 c4"]
    assert page.faults == []
