"""Sentences and tables, drawn from answers: :func:`say` a sentence, :func:`show` a table."""

from alliance.tables.base import RESULTS_MIME, TABLE_MIME, Html, collapsible, show, table, unbroken
from alliance.tables.chapter import brief, headline, inputs, results, say, shown, source, sources
from alliance.tables.deal import bargain, deal
from alliance.tables.decline import effects, large_moves, null_size, unit_sales
from alliance.tables.grid import grid
from alliance.tables.selldown import (
    alike,
    cross,
    estimates,
    look_through,
    power,
    programmes,
    record,
    roll,
    stakes,
    tornado,
    waiting,
)
from alliance.tables.separation import (
    aims,
    figures,
    happened,
    points,
    side_by_side,
    terms,
    transplant,
    values,
    verdict,
)
from alliance.tables.words import words
