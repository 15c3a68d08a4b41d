"""Speed of the sliders in a real browser: from a key on a slider to the changed picture on screen.

In JupyterLab with Chromium, the model included, each panel with all its pictures and with one, the
sell-down under every programme and in both markets; and beside it, in the same page and run, a
slider and a picture made the ordinary way: ``interactive`` with ``plt.show`` of the same model and
one chart. Then what a visitor of the app costs: the memory of a session's kernel.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
import tempfile
from pathlib import Path

from alliance.selldown import PROGRAMMES
from alliance.whatif.inputs import words_of
from alliance.whatif.panels import PANELS
from tests import browsing
from tests.conftest import FLAGS, chromium

MOVES, WARM, PAUSE = 60, 20, 120  # milliseconds between two keys, after the picture has changed
GOALS = {"one": (50, 120), "all": (90, 120)}  # milliseconds: median and 95th percentile
_ORDINARY = """
import ipywidgets, matplotlib.pyplot as plt
from alliance import evidence, scenario
from alliance.answers import live
%matplotlib inline
_ev, _base = evidence.open("2023-01-17"), scenario.Scenario()
def _show(target=0.15):
    s = _base.replace({"selldown": {"target_stake": round(target, 2)}})
    f = live.selldown(s, _ev, "proceeds").frame("proceeds")
    plt.bar(f["low"], f["part"], f["high"] - f["low"]); plt.xlabel("EUR bn"); plt.show()
ipywidgets.interactive(_show, target=(0.0, 0.43, 0.01))
"""
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


def moved(page) -> tuple[float, float]:
    """Of the visible panel's first slider (the target, where there is one), after a warm-up."""
    page.wait_for_timeout(500)
    page.evaluate(browsing.LATENCY, [".alliance-panel", WARM, PAUSE])
    return quantiles(page.evaluate(browsing.LATENCY, [".alliance-panel", MOVES, PAUSE]))


def measure(page) -> dict[tuple[str, str], tuple[float, float]]:
    """Milliseconds by panel, for all pictures and for the slowest one."""
    found: dict[tuple[str, str], tuple[float, float]] = {}
    for panel in PANELS.values():
        title = panel.title
        page.get_by_role("button", name=title, exact=True).click()
        page.wait_for_timeout(2000)
        shown = page.get_by_label("Show", exact=True)
        found[title, "all"] = moved(page)
        ones = []
        for picture in panel.pictures:
            shown.select_option(picture)
            ones.append(moved(page))
        found[title, "one"] = max(ones)
        shown.select_option(index=0)
    page.get_by_role("button", name=next(iter(PANELS.values())).title, exact=True).click()
    page.get_by_role("button", name=re.compile("^More inputs")).click()
    for market in ("lognormal", "history"):
        page.get_by_label("Market", exact=True).select_option(market)
        for programme in (name for name in PROGRAMMES if name != "hold"):
            page.get_by_label("Programme", exact=True).select_option(words_of(programme))
            page.wait_for_timeout(1000)
            found[f"Sell-down by {programme}, {market}", "all"] = moved(page)
    return found


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
    print(f"{'interactive and plt.show, one chart':<48} median {ordinary[0]:6.1f} ms   "
          f"95 % {ordinary[1]:6.1f} ms")  # fmt: skip
    for (title, which), (middle, high) in found.items():
        met = middle < GOALS[which][0] and high < GOALS[which][1]
        goal = f"goal {GOALS[which][0]} and {GOALS[which][1]}: {'met' if met else 'missed'}"
        name = f"{title}, {'all pictures' if which == 'all' else 'the slowest picture'}"
        print(f"{name:<48} median {middle:6.1f} ms   95 % {high:6.1f} ms   "
              f"ratio {middle / ordinary[0]:5.2f}   {goal}")  # fmt: skip


if __name__ == "__main__":
    main()
