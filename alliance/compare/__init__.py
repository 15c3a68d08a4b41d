"""Differences between two scenarios or two built reports, or over a sweep; what they come from."""

from alliance.compare.differences import Comparison, Side, changed, compare, shapley, side
from alliance.compare.page import pair, tell, write
from alliance.compare.sealing import before_sealing, between, sealed, since_built
