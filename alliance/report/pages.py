"""Executed notebooks and results to pages that open from disk with no network."""

from __future__ import annotations

import re
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup

from alliance.charts.base import NARROW_MIME
from alliance.tables import unbroken

TEMPLATES = Path(__file__).parent / "templates"
_FORMULA = re.compile(r"(?<![\\$])\$(?!\s)([^$\n]+?|[^$]+?)(?<![\s\\])\$(?!\d)")


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(TEMPLATES)
    environment = Environment(loader=loader, autoescape=select_autoescape(default=True))
    environment.filters["days"] = lambda text: Markup(unbroken(str(text)))
    return environment


@cache
def style() -> str:
    """The one stylesheet, with the colours of highlighted code."""
    from pygments.formatters import HtmlFormatter

    code = HtmlFormatter(style="friendly").get_style_defs(".highlight")
    return (TEMPLATES / "report.css").read_text(encoding="utf-8") + code


def page(template: str, **values: Any) -> str:
    """A page from one of our templates; every value is escaped."""
    return _environment().get_template(template).render(style=style(), **values)


def chapter(document: Any, **values: Any) -> str:
    """The page of an executed notebook, without its code by default."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(
        extra_template_basedirs=[str(TEMPLATES)],
        template_name="chapter",
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        anchor_link_text="",
    )
    shown = _formulas(document)
    resources = {"alliance": {"narrow": NARROW_MIME}}
    body, _ = exporter.from_notebook_node(shown, resources=resources)
    return page("page.html.j2", body=body, headings=headings(body), **values)


_MAIN = re.compile(r'<main id="main">(.*)</main>', re.S)
_ANNEXED = re.compile(
    r"<details><summary>(?:All \d+ results|Sources read by)[^<]*</summary>.*?</details>", re.S
)
_NARROW = re.compile(r'<source media="[^"]*" srcset="[^"]*"\s*/?>\n?')


def single(folder: Path, common: dict[str, Any], chapters: list[str]) -> str:
    """All pages of a report folder as one file, with contents, to send or to print."""
    parts, contents = [], []
    for key in chapters:
        path = folder / f"{key}.html"
        if not path.is_file():
            continue
        body = _MAIN.search(path.read_text(encoding="utf-8")).group(1)
        body = re.sub(r'<nav class="contents".*?</nav>', "", _NARROW.sub("", body), flags=re.S)
        body = _ANNEXED.sub('<p>In the <a href="#annex">annex</a>.</p>', body, count=1)
        body = _ANNEXED.sub("", body)
        found = headings(body)
        body = re.sub(r'\bid="([^"]+)"', rf'id="{key}-\1"', body)
        body = re.sub(r'href="#(?!annex")([^"]+)"', rf'href="#{key}-\1"', body)
        parts.append((key, Markup(_inside(body, chapters))))
        contents.append((key, f"{key}-", found))
    index = _MAIN.search((folder / "index.html").read_text(encoding="utf-8")).group(1)
    cover, _, annex = index.partition("<h2>All numbers</h2>")
    cover, annex = (_inside(part, chapters) for part in (cover, annex))
    return page(
        "single.html.j2",
        cover=Markup(cover),
        annex=Markup(annex),
        parts=parts,
        contents=contents,
        **common,
    )


def _inside(body: str, chapters: list[str]) -> str:
    """Links to the other pages as links within the one; links to files as plain text."""
    body = body.replace('href="index.html#', 'href="#')
    for key in chapters:
        body = body.replace(f'href="{key}.html"', f'href="#{key}"')
    return re.sub(r'<a href="[^"#:]*\.(?:ipynb|json|xlsx|html)"[^>]*>(.*?)</a>', r"\1", body)


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


def _formulas(document: Any) -> Any:
    """A copy whose ``$formulas$`` are MathML, which needs no script and no network."""
    import nbformat

    copy = nbformat.from_dict(document)
    for cell in copy.cells:
        if cell.cell_type == "markdown":
            cell.source = _FORMULA.sub(_mathml, cell.source)
    return copy


def _mathml(match: re.Match[str]) -> str:
    from latex2mathml.converter import convert

    return convert(" ".join(match.group(1).split()))
