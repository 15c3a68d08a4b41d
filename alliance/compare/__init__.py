"""Differences between two scenarios or two built reports, and what they come from."""

from alliance.compare.differences import Comparison, Side, changed, compare, shapley, side
from alliance.compare.page import pair, write

__all__ = ["Comparison", "Side", "changed", "compare", "pair", "shapley", "side", "write"]
