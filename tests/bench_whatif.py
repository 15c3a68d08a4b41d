"""Speed of the sliders in a real browser: from a key on a slider to the changed picture on screen.

In JupyterLab with Chromium, the model included, each panel with all its pictures, to the watched
one and to the last, the sell-down under every programme and in both markets; and beside it, in the
same page and run, a slider and a picture made the ordinary way: ``interactive`` with ``plt.show``
of the same model and one chart. Then what a visitor of the app costs, and how long its page takes.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

from alliance.format import in_words
from alliance.selldown import PROGRAMMES
from alliance.whatif.panels import PANELS
from tests import browsing
from tests.conftest import FLAGS, chromium

MOVES, WARM, PAUSE = 60, 20, 120  # milliseconds between two keys, after the picture has changed
#: Milliseconds, median and 95th percentile, from a key to what is watched and to the last picture.
GOALS = {"first": (50, 90), "last": (90, 120), "day": (150, 300)}
OPENED = {"loopback": 3.0, "1.6 Mbit/s": 10.0}  # seconds to the first useful picture of the app
_SLOW = {"offline": False, "latency": 150, "downloadThroughput": 2e5, "uploadThroughput": 2e5}
_ORDINARY = """
import ipywidgets, matplotlib.pyplot as plt
from alliance import evidence, scenario
from alliance.answers import live
%matplotlib inline
_ev, _base = evidence.open("2023-01-17"), scenario.Scenario()
def _show(target=0.15):
    s = _base.replace({"selldown": {"target_stake": round(target, 2)}})
    f = live.selldown(s, _ev).frame("proceeds")
    plt.bar(f["low"], f["part"], f["high"] - f["low"]); plt.xlabel("EUR bn"); plt.show()
ipywidgets.interactive(_show, target=(0.0, 0.43, 0.01))
"""
#: Milliseconds from a key on the day's slider, let go, to the watched picture of that day.
_DAY = """async ([handle]) => {
  const stage = [...document.querySelectorAll('.alliance-pictures')].find((e) => e.offsetParent);
  const before = stage.dataset.first, start = performance.now();
  handle.focus();
  handle.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', keyCode: 37, which: 37,
    bubbles: true, cancelable: true }));
  while (stage.dataset.first === before && performance.now() - start < 3000) {
    await new Promise((done) => requestAnimationFrame(done));
  }
  return performance.now() - start;
}"""
_ORDINARY_LATENCY = """async ([moves, pause]) => {
  const area = document.querySelector('.jupyter-widgets.widget-interact');
  const handle = area.querySelector('.noUi-handle');
  handle.focus();
  const found = [];
  for (let k = 0; k < moves; k++) {
    for (const image of area.querySelectorAll('img')) image.dataset.seen = '1';
    const start = performance.now();
    const changed = new Promise((done) => {
      const painted = () => requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => done(performance.now() - start);
        channel.port2.postMessage(0);
      });
      const watch = new MutationObserver(() => {
        const image = area.querySelector('img:not([data-seen])');
        if (!image) return;
        watch.disconnect();
        image.decode().then(painted, painted);
      });
      watch.observe(area, { childList: true, subtree: true });
    });
    const right = (k % 20) < 10;
    handle.dispatchEvent(new KeyboardEvent('keydown', { key: right ? 'ArrowRight' : 'ArrowLeft',
      keyCode: right ? 39 : 37, which: right ? 39 : 37, bubbles: true, cancelable: true }));
    found.push(await Promise.race([changed, new Promise((r) => setTimeout(() => r(NaN), 3000))]));
    await new Promise((r) => setTimeout(r, pause));
  }
  return found;
}"""


def quantiles(times: list[float]) -> tuple[float, float]:
    """Median and 95th percentile; a move without a picture counts as three seconds."""
    known = sorted(3000.0 if t is None or t != t else t for t in times)
    return statistics.median(known), known[int(0.95 * len(known))]


def moved(page, which: str = ".alliance-panel") -> list[tuple[float, float]]:
    """Of the visible panel's first slider (the target, where there is one), after a warm-up: to the
    watched picture, and to the last."""
    page.wait_for_timeout(500)
    page.evaluate(browsing.LATENCY, [which, WARM, PAUSE])
    times = page.evaluate(browsing.LATENCY, [which, MOVES, PAUSE])
    return [quantiles(list(column)) for column in zip(*times, strict=True)]


def measure(page) -> dict[tuple[str, str], tuple[float, float]]:
    """Milliseconds of whole panels, and of the sell-down under every programme and market."""
    found: dict[tuple[str, str], tuple[float, float]] = {}
    for panel in PANELS.values():
        page.get_by_role("button", name=panel.title, exact=True).click()
        page.wait_for_timeout(2000)
        found[panel.title, "first"], found[panel.title, "last"] = moved(page)
        day = page.get_by_role("slider", name="As of")
        found[f"{panel.title}, the day", "day"] = quantiles(
            [page.evaluate(_DAY, [day.element_handle()]) for _ in range(20)]
        )
    page.get_by_role("button", name=next(iter(PANELS.values())).title, exact=True).click()
    page.get_by_role("button", name=re.compile("^More inputs")).click()
    for market in ("lognormal", "history"):
        page.get_by_label("Market", exact=True).select_option(market)
        for programme in (name for name in PROGRAMMES if name != "hold"):
            page.get_by_label("Programme", exact=True).select_option(in_words(programme))
            page.wait_for_timeout(1000)
            name = f"Sell-down by {programme}, {market}"
            found[name, "first"], found[name, "last"] = moved(page)
    return found


def opened(play, path: str, folder: Path) -> None:
    """Seconds from opening the app's page to its first picture and to its controls."""
    with browsing.app(folder, spare=True) as url:
        running = play.chromium.launch(executable_path=path, args=FLAGS)
        for line, goal in OPENED.items():
            times = []
            for _ in range(3):
                time.sleep(12)  # a kernel is made ready
                page = running.new_context().new_page()
                if line != "loopback":
                    wire = page.context.new_cdp_session(page)
                    wire.send("Network.enable")
                    wire.send("Network.emulateNetworkConditions", _SLOW)
                start = time.perf_counter()
                page.goto(url, wait_until="commit", timeout=browsing.WAIT)
                page.wait_for_selector("svg[role=img]", timeout=browsing.WAIT)
                first = time.perf_counter() - start
                page.wait_for_selector(browsing.STAGE, timeout=browsing.WAIT)
                times.append((first, time.perf_counter() - start))
                page.context.close()
            first, live = (statistics.median(column) for column in zip(*times, strict=True))
            verdict = "met" if first < goal else "missed"
            print(f"{f'the app over {line}':<48} first picture {first:5.1f} s   controls "
                  f"{live:5.1f} s   goal {goal:g}: {verdict}")  # fmt: skip
        running.close()


def visitors(play, path: str, folder: Path, pages: int = 3) -> None:
    """Memory of the app's kernels with some pages open, all four panels looked at in each."""
    with browsing.app(folder) as url:
        running = play.chromium.launch(executable_path=path, args=FLAGS)
        for _ in range(pages):
            page = running.new_page()
            page.goto(url, timeout=browsing.WAIT)
            page.wait_for_selector(browsing.STAGE, timeout=browsing.WAIT)
            for panel in PANELS.values():
                page.get_by_role("button", name=panel.title, exact=True).click()
                page.wait_for_timeout(1500)
        used = [kernel.memory_full_info() for kernel in browsing.kernels(url)]
        fair = [getattr(m, "pss", m.uss) / 1e6 for m in used]  # shared pages by who shares them
        own = [m.uss / 1e6 for m in used]
        running.close()
    print(f"{f'a visitor of the app, mean of {len(used)}':<48} memory {statistics.mean(fair):5.0f} "
          f"MB, of which {statistics.mean(own):.0f} MB are shared with no other")  # fmt: skip


def main() -> None:
    """Open JupyterLab, run the cockpit, and press keys; then open the app's page thrice."""
    path = chromium()
    if path is None:
        print("sliders: not measured, no Chromium is installed", file=sys.stderr)
        return
    from playwright.sync_api import sync_playwright

    folder = Path(tempfile.mkdtemp(prefix="alliance-bench-"))
    project = browsing.copy_of_project(folder / "project")
    book = json.loads((project / "notebooks/4-whatif.ipynb").read_text(encoding="utf-8"))
    code = {"cell_type": "code", "execution_count": None, "id": "ordinary", "metadata": {}}
    book["cells"].append(code | {"outputs": [], "source": _ORDINARY})
    (project / "notebooks/bench.ipynb").write_text(json.dumps(book), encoding="utf-8")
    with sync_playwright() as play, browsing.lab(folder / "lab", project) as url:
        running = play.chromium.launch(executable_path=path, args=FLAGS)
        page = running.new_page(viewport={"width": 1400, "height": 900})
        browsing.run_notebook(page, url, "notebooks/bench.ipynb", "bench", 4)
        page.wait_for_selector(browsing.STAGE, timeout=browsing.WAIT)
        page.wait_for_selector(".widget-interact img", timeout=browsing.WAIT)
        found = measure(page)
        for _ in range(2):
            ordinary = quantiles(page.evaluate(_ORDINARY_LATENCY, [MOVES, PAUSE]))
        running.close()
        visitors(play, path, folder)
        opened(play, path, folder)
    print(f"{'interactive and plt.show, one chart':<48} median {ordinary[0]:6.1f} ms   "
          f"95 % {ordinary[1]:6.1f} ms")  # fmt: skip
    for (title, which), (middle, high) in found.items():
        met = middle < GOALS[which][0] and high < GOALS[which][1]
        goal = f"goal {GOALS[which][0]} and {GOALS[which][1]}: {'met' if met else 'missed'}"
        name = title if which == "day" else f"{title}, the {which} picture"
        print(f"{name:<48} median {middle:6.1f} ms   95 % {high:6.1f} ms   "
              f"ratio {middle / ordinary[0]:5.2f}   {goal}")  # fmt: skip


if __name__ == "__main__":
    main()
