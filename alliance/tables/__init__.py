"""Sentences and tables, drawn from answers: :func:`say` a sentence, :func:`show` a table."""

from alliance.tables.base import RESULTS_MIME, TABLE_MIME, Html, collapsible, show, table, unbroken
from alliance.tables.briefing import beside_holding, claims, renault_parts, verdicts
from alliance.tables.chapter import headline, inputs, results, say, shown, sources
from alliance.tables.decline import effects, large_moves, null_size, quiet_days, unit_sales
from alliance.tables.hindsight import foreseen, hindsight, misled, scores, statements, steps
from alliance.tables.selldown import (
    alike,
    cross,
    disclosed_sales,
    estimates,
    liquidity,
    look_through,
    power,
    programmes,
    roll,
    routes,
    stakes,
    tornado,
)
from alliance.tables.separation import aims, figures, points, reconciliation, side_by_side, terms
from alliance.tables.structures import all_structures, announcements, grid, values
from alliance.tables.summaries import bargain, deal, fall, sale
from alliance.tables.words import words
