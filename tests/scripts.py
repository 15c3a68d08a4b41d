"""The scripts that the app's page asks for: ``make scripts`` writes their list for its template.

The page names them at its top, so that they come while its kernel starts; without the list a slow
line waits for one after the other.
"""

import re
import sys
import tempfile
import textwrap
from importlib.metadata import version
from pathlib import Path

from tests import browsing
from tests.conftest import FLAGS, ROOT, chromium

FILE = ROOT / "alliance/whatif/share/voila/templates/alliance/scripts.txt"
_LIST = """\
{{#- Scripts of Voilà {version}, to be fetched early; `make scripts` writes this list. -#}}
{{%- if page_config.appVersion == "{version}" -%}}
{{%- for name in "
{names}
".split() -%}}
<link rel="preload" as="script" href="{{{{ page_config.baseUrl }}}}voila/{{{{ name }}}}">
{{%- endfor -%}}
{{%- endif -%}}
"""


def wanted(asked: list[str]) -> list[str]:
    """Of the addresses that a page asked for, its scripts below ``voila/``, each once."""
    found = (re.search(r"/voila/((?:static|labextensions)/.*\.js.*)$", each) for each in asked)
    return list(dict.fromkeys(match[1] for match in found if match))


def listed() -> list[str]:
    """The scripts that the template names, for the Voilà that is here."""
    text = FILE.read_text(encoding="utf-8")
    assert f'"{version("voila")}"' in text, "the list is of another Voilà: run make scripts"
    return text.partition('in "')[2].partition('"')[0].split()


def main() -> None:
    """Open the app once, and write what its page asked for."""
    path = chromium()
    if path is None:
        sys.exit("no Chromium is installed")
    from playwright.sync_api import sync_playwright

    asked: list[str] = []
    with sync_playwright() as play, browsing.app(Path(tempfile.mkdtemp())) as url:
        page = play.chromium.launch(executable_path=path, args=FLAGS).new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(url, timeout=browsing.WAIT)
        page.wait_for_selector(browsing.STAGE, timeout=browsing.WAIT)
    lines = textwrap.wrap(
        " ".join(wanted(asked)), 98, break_long_words=False, break_on_hyphens=False
    )
    text = _LIST.format(version=version("voila"), names="\n".join(lines))
    FILE.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
