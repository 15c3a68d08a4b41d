"""The frames of answers have the columns and units that their one list says."""

import itertools
import re

import pandas as pd
import pytest

from alliance import answers
from alliance.answers.results import FRAMES
from alliance.evidence import DATA, Package
from tests.looks import answers_of, scenario_of

COLUMN = re.compile(r"(?:table ([\w-]+)|(\*|.+?) \((\w+)\))(?:, |$)")
NUMBERS = {"EUR", "JPY", "own", "fraction", "log points", "shares", "units", "count", "years"}
NUMBERS |= {"weeks", "multiple"}
FITS = {
    "text": lambda c: c.dropna().map(lambda v: isinstance(v, str)).all(),
    "day": pd.api.types.is_datetime64_any_dtype,
    "flag": pd.api.types.is_bool_dtype,
    "any": lambda c: True,
}


def columns(text):
    """Unit by column; those of a table of the evidence are not looked at again."""
    found = {}
    spans = [m.span() for m in COLUMN.finditer(text.replace("log points", "log_points"))]
    assert spans and spans[0][0] == 0 and all(a[1] == b[0] for a, b in itertools.pairwise(spans))
    for table, name, unit in COLUMN.findall(text.replace("log points", "log_points")):
        if table:
            fields = Package(DATA).resource(table)["schema"]["fields"]
            found |= {field["name"]: "any" for field in fields}
        else:
            found[name] = unit.replace("_", " ")
    return found


@pytest.mark.parametrize("chapter", answers.CHAPTERS)
@pytest.mark.parametrize("name", ["base", "latest", "article-1", "ampere-2023-11", "early"])
def test_frames_are_as_listed(name, chapter):
    a = answers_of(chapter, scenario_of(name))
    assert set(a.frames) <= {frame for key, frame in FRAMES if key == chapter}
    for frame in a.frames:
        found = a.frame(frame)
        index, listed, meaning = FRAMES[chapter, frame]
        assert index and meaning
        units = columns(listed)
        if not len(found):
            continue
        assert set(found) == set(units) - {"*"} or "*" in units, (frame, set(found) ^ set(units))
        assert set(units) - {"*"} <= set(found), frame
        for column in found:
            unit = units.get(column, units.get("*"))
            if unit in NUMBERS:
                values = pd.to_numeric(found[column], errors="coerce")
                assert values.notna().equals(found[column].notna()), (frame, column)
            else:
                assert FITS[unit](found[column]), (frame, column, unit)
            if unit == "fraction" and column.startswith(("p_", "votes", "stake", "capital")):
                assert values.dropna().between(-1e-9, 1 + 1e-9).all(), (frame, column)


def test_every_listed_frame_is_made():
    made = {(c, f) for c in answers.CHAPTERS for f in answers_of(c, scenario_of("latest")).frames}
    assert made == set(FRAMES)
