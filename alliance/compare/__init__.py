"""Differences between two scenarios or two built reports, or over a sweep; what they come from."""

from alliance.compare.differences import Comparison, Side, changed, compare, shapley, side
from alliance.compare.page import pair, write
from alliance.compare.sealing import moved_by_sealing
