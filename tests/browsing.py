"""Servers and pages for tests and benches in a real browser: JupyterLab and the app."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import TimeoutError

from alliance import evidence, scenario
from alliance.whatif.panels import PANELS
from tests.conftest import ROOT

WAIT = 90_000  # milliseconds: a first start on a slow machine
ANSWER = 30_000  # an answer of a page that is there, on a busy machine
STAGE = ".alliance-pictures svg[role=img]"
TARGET = "Target stake (of issued shares)"
#: Milliseconds from a key on a slider to the first changed picture on screen and to all of them,
#: two for each key.
LATENCY = """async ([selector, moves, gap]) => {
  const stage = document.querySelector(selector + ' .alliance-pictures');
  const handle = document.querySelector(selector + ' .noUi-handle[aria-label^="Target"]')
    ?? document.querySelector(selector + ' .noUi-handle');
  handle.focus();
  const found = [];
  for (let k = 0; k < moves; k++) {
    const start = performance.now();
    const painted = (name) => new Promise((done) => {
      const before = stage.dataset[name];
      const watch = new MutationObserver(() => {
        if (stage.dataset[name] === before) return;
        watch.disconnect();
        requestAnimationFrame(() => { const c = new MessageChannel();
          c.port1.onmessage = () => done(performance.now() - start); c.port2.postMessage(0); });
      });
      watch.observe(stage, { attributes: true });
      setTimeout(done, 3000, 3000);
    });
    const both = Promise.all([painted('first'), painted('count')]);
    const key = (k % 20) < 10 ? 'ArrowRight' : 'ArrowLeft';
    const code = key === 'ArrowRight' ? 39 : 37;
    handle.dispatchEvent(new KeyboardEvent('keydown', { key, keyCode: code, which: code,
      bubbles: true, cancelable: true }));
    found.push(await both);
    await new Promise((r) => setTimeout(r, gap));
  }
  return found;
}"""


#: WCAG at A and AA, and what axe-core finds good practice, as a page's landmarks.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
RULES["resultTypes"] = ["violations"]  # of others not every place
#: Leaves of each table's rows two of a kind: alike in elements, attributes and where text is, but
#: for what the text says and where links lead. Two, for a pattern of stripes and for neighbours.
KINDS = """() => {
  const free = ['href', 'id', 'title'];
  const kind = (e) => e.nodeType === 3 ? (e.data.trim() && 'text') : e.nodeType !== 1 ? '' :
    `<${[e.tagName, ...[...e.attributes].map((a) => a.name + '=' +
      (free.includes(a.name) ? !!a.value.trim() : a.value))].join(' ')}>`
    + [...e.childNodes].map(kind).join('') + '</>';
  for (const table of document.querySelectorAll('table')) {
    const met = {};
    for (const row of table.querySelectorAll('tbody > tr')) {
      const this_one = kind(row);
      met[this_one] = (met[this_one] ?? 0) + 1;
      if (met[this_one] > 2) row.remove();
    }
  }
}"""
#: Contrast of each text below a place in the page, and which text it is.
CONTRAST = (ROOT / "tests/contrast.js").read_text(encoding="utf-8")


def faults(page, within: str = "", colours: bool = True, only: str = "") -> list[tuple[str, str]]:
    """What axe-core finds against a page as it stands, or within some of its elements, by all rules
    or ``only`` one: the rule, and the first place. Contrast takes most of its time."""
    more = {} if colours else {"rules": {"color-contrast": {"enabled": False}}}
    more |= {"runOnly": {"type": "rule", "values": [only]}} if only else {}
    context = {"include": [[within]]} if within else None
    found = Axe().run(page, context, RULES | more).response
    assert only or len(found["passes"]) > (0 if within else 8)
    return [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]]


def kernels(url: str) -> list[psutil.Process]:
    """The kernels of the server that listens at an address, the oldest first."""
    port = f"--port={url.rpartition(':')[2]}"
    servers = [p for p in psutil.process_iter(["cmdline"]) if port in (p.info["cmdline"] or [])]
    children = [c for s in servers for c in s.children() if c.status() != psutil.STATUS_ZOMBIE]
    return sorted(children, key=lambda kernel: kernel.create_time())


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def copy_of_project(folder: Path) -> Path:
    """The project without what it has built, so that what a reader saves disturbs nobody."""
    skip = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in ("alliance", "data", "notebooks"):
        shutil.copytree(ROOT / name, folder / name, ignore=skip)
    return folder


@contextmanager
def serving(command: list[str], url: str, log: Path, root: Path, **env: str) -> Iterator[str]:
    """A server in a process group of its own, from its first answer to its end."""
    env = os.environ | {"PYTHONPATH": str(root)} | env
    env.pop("PYTHONWARNDEFAULTENCODING", None)  # libraries' warnings are none of a reader's
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, cwd=root, env=env, start_new_session=True
        )
    try:
        deadline = time.monotonic() + WAIT / 1000
        while True:
            try:
                with urllib.request.urlopen(f"{url}/api/status"):
                    break
            except urllib.error.HTTPError as error:  # the app has no such page, but answers
                error.close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(log.read_text(encoding="utf-8")) from None
                time.sleep(0.2)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def lab(folder: Path, root: Path = ROOT) -> Iterator[str]:
    """``alliance lab`` without a password on loopback, its settings in a folder of its own."""
    config = folder / "labconfig"
    config.mkdir(parents=True)
    news = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (config / "page_config.json").write_text(json.dumps(news), encoding="utf-8")
    port = free_port()
    command = [sys.executable, "-m", "alliance", "lab", "--no-browser", "--allow-root"]
    command += [f"--port={port}", "--IdentityProvider.token=", "--ServerApp.password="]
    command += ["--ServerApp.port_retries=0"]
    settings = {f"JUPYTERLAB_{n}_DIR": str(folder / n) for n in ("SETTINGS", "WORKSPACES")}
    env = {"JUPYTER_CONFIG_DIR": str(folder)} | settings
    with serving(command, f"http://127.0.0.1:{port}", folder / "lab.log", root, **env) as url:
        yield url


#: No kernel but those of pages, and these end sooner than the app's once their page has gone.
_ALONE = "server.SPARE = False"
_SOON = "server.GRACE = {0}; server.OPENING = 3 * {0}"
_MAIN = "from alliance.whatif import server; {}; from alliance.cli import main; main()"


@contextmanager
def app(
    folder: Path, *options: str, root: Path = ROOT, grace: float | None = None, spare: bool = False
) -> Iterator[str]:
    """``alliance app`` on a free port, perhaps with less grace for pages that have gone; without
    the kernel that is kept ready, unless ``spare``."""
    port = free_port()
    changed = [_SOON.format(grace)] * bool(grace) + [_ALONE] * (not spare)
    how = ["-c", _MAIN.format("; ".join(changed))] if changed else ["-m", "alliance"]
    command = [sys.executable, *how, "app", "--no-browser", f"--port={port}"]
    log = folder / f"app-{port}.log"
    with serving([*command, *options], f"http://localhost:{port}", log, root) as url:
        yield url


_STARTED = (
    "[...document.querySelectorAll('.jp-InputPrompt')].some((p) => /\\S]/.test(p.textContent))"
)
_SETTLED = """(cells) => {
  const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]
    .map((p) => p.textContent.trim());
  return prompts.length >= cells && prompts.every((t) => /\\[\\d+\\]/.test(t));
}"""


def run_notebook(page, url: str, notebook: str, name: str, cells: int) -> None:
    """Open a notebook in JupyterLab and run all its cells, until each has its number.

    JupyterLab sometimes starts two kernels for a notebook that it opens and listens to the one that
    it has stopped: then the page is opened once more.
    """
    said = []
    for attempt in ("one", "two", "three"):
        page.goto(f"{url}/lab/workspaces/{name}-{attempt}/tree/{notebook}", timeout=WAIT)
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=WAIT)
        page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', timeout=WAIT)
        try:
            _order(page, said)
            page.wait_for_function(_SETTLED, arg=cells, timeout=60_000)
            return
        except TimeoutError as error:
            said.append(str(error).splitlines()[0])
    raise AssertionError(f"JupyterLab does not run {notebook}: {said}")


def _order(page, said: list[str]) -> None:
    """Press Run All Cells until it is heard: before its session stands JupyterLab lets it fall."""
    for _ in range(5):
        dialog = page.locator(".jp-Dialog")
        if dialog.count():
            said.append(dialog.first.inner_text())
            page.keyboard.press("Escape")
        page.get_by_role("menuitem", name="Run", exact=True).click(timeout=10_000)
        page.get_by_role("menuitem", name=re.compile("^Run All Cells")).first.click(timeout=10_000)
        try:
            page.wait_for_function(_STARTED, timeout=5000)
            return
        except TimeoutError:
            continue


# --- a page with the cockpit --------------------------------------------------------------------


def load(page, token):
    """Put a page's cockpit at a scenario; the box empties once it is taken."""
    unfold(page, "Load, title")
    box = page.get_by_label("Token", exact=True)
    box.fill(token)
    box.press("Enter")
    page.wait_for_function("(e) => e.value === ''", arg=box.element_handle(), timeout=ANSWER)
    page.get_by_text(f"Loaded {token[:24]}").wait_for()


def unfold(page, button):
    """Press a button that shows more, unless that is in sight already."""
    toggle = page.get_by_role("button", name=button)
    if not toggle.evaluate("(e) => e.classList.contains('mod-active')"):  # aria-pressed follows
        toggle.click()


def token_of(**groups):
    return scenario.to_token(scenario.Scenario().replace(groups))


def until(page, sentence):
    """Until the panel's sentence is this one."""
    page.wait_for_function(
        "(text) => [...document.querySelectorAll('.alliance-words')]"
        ".some((e) => e.offsetParent && e.textContent === text)",
        arg=sentence,
        timeout=ANSWER,
    )


def holds(page, text):
    """Until the target's box says this: it follows the picture."""
    box = page.get_by_label(TARGET).first.element_handle()
    page.wait_for_function("([e, text]) => e.value === text", arg=[box, text], timeout=ANSWER)


def tells(page, s):
    """Until the page's token is this scenario's: it follows the picture too."""
    page.wait_for_function(
        "(text) => document.querySelector('.alliance-token')?.textContent === text",
        arg=scenario.to_token(s),
        timeout=ANSWER,
    )


def sentence_of(panel, s):
    shown = PANELS[panel]
    return shown.sentence(shown.answer(s, evidence.open(s.as_of))).text


def over(page):
    """The bar is in sight, no control takes anything, and no icon of a broken chain is drawn."""
    bar = page.locator(".alliance-bar")
    assert bar.is_visible() and bar.get_attribute("role") == "alert"
    assert page.evaluate("""() => {
      const box = document.querySelector('.alliance-cockpit');
      return [...box.querySelectorAll('input, select, .noUi-handle')]
        .filter((e) => !e.closest('[inert]')).map((e) => e.outerHTML);
    }""") == []  # fmt: skip
    assert (
        page.evaluate("""() => [...document.querySelectorAll('.jupyter-widgets-disconnected')]
      .filter((e) => getComputedStyle(e, '::before').content !== 'none').length""")
        == 0
    )
