"""Executed notebooks and results to pages that open from disk with no network."""

import re
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, pass_context, select_autoescape
from markupsafe import Markup, escape

from alliance.format import counted, fixed, shown
from alliance.report.manifest import FIRST
from alliance.tables import unbroken

TEMPLATES = Path(__file__).parent / "templates"
_FORMULA = re.compile(r"(?<![\\$])\$(?!\s)([^$\n]+?|[^$]+?)(?<![\s\\])\$(?!\d)")


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(TEMPLATES)
    environment = Environment(loader=loader, autoescape=select_autoescape(default=True))
    environment.filters["days"] = lambda text: Markup(unbroken(escape(text)))
    environment.filters |= {"inside": _inside, "headings": headings, "counted": counted}
    return environment


@cache
def style() -> str:
    """The one stylesheet, with the colours of highlighted code."""
    from pygments.formatters import HtmlFormatter

    code = HtmlFormatter(style="vs").get_style_defs(".highlight")
    return (TEMPLATES / "report.css").read_text(encoding="utf-8") + code


def page(template: str, **values: Any) -> str:
    """A page from one of our templates; every value is escaped."""
    return _environment().get_template(template).render(style=style(), **values)


@cache
def exporter() -> Any:
    """What turns notebooks into bodies, made once."""
    from nbconvert import HTMLExporter
    from nbconvert.filters import Highlight2HTML

    made = HTMLExporter(
        extra_template_basedirs=[str(TEMPLATES)],
        template_name="chapter",
        default_preprocessors=[],  # nothing for them to do; each would check the whole notebook
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        anchor_link_text="¶",  # hidden; an empty link would stay open
    )

    @pass_context
    def markdown(context, source):  # formulas as MathML, which needs no script and no network
        return unbroken(made.markdown2html(context, _FORMULA.sub(_mathml, source)))

    made.register_filter("markdown2html", markdown)
    made.register_filter("cell", _cell)
    made.register_filter("highlight_code", Highlight2HTML(pygments_lexer="python"))
    return made


def _cell(value: Any) -> str:
    """A value of a chart's frame, to read: what rounding left is 0; the workbook has all digits."""
    value = 0 if isinstance(value, float) and abs(value) < 1e-6 else value
    number = isinstance(value, float) or (isinstance(value, int) and abs(value) >= 1e4)
    return fixed(shown(value, (",.0f" if abs(value) >= 1000 else ".4g") if number else ""))


def body(document: Any) -> str:
    """An executed notebook as a page shows it, without its code by default."""
    from nbconvert.exporters import TemplateExporter

    # HTMLExporter's own step would read all of it once more to find pictures without words
    return TemplateExporter.from_notebook_node(exporter(), document)[0]


def chapter(body: str, key: str, **common: Any) -> str:
    """The page of a chapter."""
    heading = dict(common["links"])[key]
    return page("page.html.j2", body=body, heading=heading, current=key, **common)


_CELL = '<div id="cell-id'
_TITLE = re.compile(r"<h1\b.*?</h1>", re.S)


def first(briefing: str, **common: Any) -> str:
    """A report's first page: its briefing, under the report's own title, and what there is.

    What stands before the first section is set to fill one screen: its chart, beside a table there,
    in the shape for phones.
    """
    text = _TITLE.sub("", briefing, count=1)
    at = text.rfind(_CELL, 0, text.find("<h2")) if "<h2" in text else len(text)
    wide = 'media="(max-width: 600px), (min-width: 1100px)"'
    opening = text[:at].replace('media="(max-width: 600px)"', wide)
    return page("index.html.j2", opening=opening, briefing=text[at:], **common)


_ANNEXED = re.compile(
    r"<details><summary>(?:All \d+ results?|Sources read by)[^<]*</summary>.*?</details>", re.S
)
_FILE = re.compile(r'<a href="[^"#:]*\.(?:ipynb|json|xlsx|html)"[^>]*>(.*?)</a>')


def single(bodies: dict[str, str], **common: Any) -> str:
    """All of a report as one file, with contents, to send or to print: each body once, with anchors
    of its own, and what all chapters list in one annex."""
    for key, text in bodies.items():
        text = _ANNEXED.sub('<p>In the <a href="#annex">annex</a>.</p>', text, count=1)
        text = _ANNEXED.sub("", text)
        text = re.sub(r'\bid="([^"]+)"', rf'id="{key}-\1"', text)
        bodies = bodies | {key: re.sub(r'href="#(?!annex")([^"]+)"', rf'href="#{key}-\1"', text)}
    briefing = _TITLE.sub("", bodies.get(FIRST, ""), count=1)
    bodies = {key: text for key, text in bodies.items() if key != FIRST}
    return page("single.html.j2", bodies=bodies, briefing=briefing, **common)


def _inside(text: str) -> str:
    """Links to the other pages as links within the one; links to files as plain text."""
    text = str(text).replace('href="index.html#', 'href="#')
    text = re.sub(r'href="(\d-[a-z]+)\.html"', r'href="#\1"', text)
    return Markup(_FILE.sub(r"\1", text))


def headings(body: str) -> list[tuple[str, str]]:
    """Second-level headings of a converted notebook as (anchor, text)."""
    found = re.findall(r'<h2 id="([^"]+)">(.*?)<a class="anchor-link"', body, re.S)
    return [(anchor, unescape(re.sub(r"<[^>]+>", "", text))) for anchor, text in found]


def first_sentence(document: Any) -> str:
    """The chapter's answer in one sentence: its first computed paragraph, as plain text."""
    for cell in document.cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if 'class="say"' in data.get("text/html", ""):
                return data["text/plain"]
    return ""


def _mathml(match: re.Match[str]) -> str:
    from latex2mathml.converter import convert

    return convert(" ".join(match.group(1).split()))
