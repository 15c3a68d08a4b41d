"""Sentences and tables, drawn from answers: :func:`say` a sentence, :func:`show` a table."""

from alliance.tables.base import (
    RESULTS_MIME,
    TABLE_MIME,
    Html,
    folded,
    headline,
    inputs,
    results,
    say,
    show,
    shown,
    sources,
    unbroken,
)
from alliance.tables.decline import effects, large_moves, null_size, unit_sales
from alliance.tables.selldown import (
    cross,
    estimates,
    look_through,
    power,
    programmes,
    record,
    roll,
    tornado,
    waiting,
)
from alliance.tables.separation import (
    figures,
    happened,
    points,
    scorecards,
    side_by_side,
    terms,
    transplant,
    values,
    verdict,
)
