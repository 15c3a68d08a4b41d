"""The README's charts, drawn from the base scenario: ``make pictures`` writes those that differ."""

from __future__ import annotations

import io
import sys

import numpy as np
from PIL import Image

from alliance import answers, charts, evidence, scenario
from alliance.places import NOTEBOOKS

FOLDER = NOTEBOOKS / "pictures"
#: Each file's chart, and the chapter that it is of.
PICTURES = {
    "decline.png": ("1-decline", "rebased"),
    "programmes.png": ("2-selldown", "outcomes"),
    "breakeven.png": ("3-separation", "breakeven"),
    "hindsight.png": ("5-hindsight", "replayed"),
}


def chart(name: str, found=None) -> charts.Chart:
    """The chart of a file, from a chapter's answers (else computed)."""
    chapter, function = PICTURES[name]
    if found is None:
        s = scenario.load("base")[1]
        found = answers.CHAPTERS[chapter](s, evidence.open(s.as_of))
    return getattr(charts, function)(found)


def drawn(made: charts.Chart) -> bytes:
    """A chart as a small PNG: a palette of 64 colours, and fewer dots than a report's."""
    whole = Image.open(io.BytesIO(made.png())).convert("RGB")
    small = whole.resize((1200, round(whole.height * 1200 / whole.width)), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.quantize(64, dither=Image.Dither.NONE).save(out, format="png", optimize=True)
    return out.getvalue()


def far(one: bytes, other: bytes) -> float:
    """How far two pictures are apart: the part of dots that differ; 1 if their sizes do."""
    a, b = (Image.open(io.BytesIO(data)).convert("L") for data in (one, other))
    if a.size != b.size:
        return 1.0
    return float((np.abs(np.subtract(a, b, dtype=float)) > 64).mean())


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in PICTURES:
        path, made = FOLDER / name, drawn(chart(name))
        if not path.is_file() or far(path.read_bytes(), made) > 0:
            path.write_bytes(made)
            print(f"{path.name} drawn", file=sys.stderr)


if __name__ == "__main__":
    main()
