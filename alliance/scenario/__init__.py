"""The typed parameters: one schema for files, command line, cells, widgets and tokens.

>>> from alliance import scenario
>>> s = scenario.Scenario()
>>> str(s.as_of), s.decline.beta_window_days
('2023-01-17', 250)
>>> scenario.changes(s.replace({"decline": {"currency": "EUR"}}))
{'decline': {'currency': 'EUR'}}
"""

from alliance.scenario.amounts import spelt
from alliance.scenario.cells import CHAPTERS, cell, listing, parameters, reaches, reference
from alliance.scenario.groups import Decline, Group, Selldown, Separation
from alliance.scenario.notebook import check_names, read
from alliance.scenario.schema import Scenario, changes, choices, fields, flat, limits, listed
from alliance.scenario.sweeps import combinations, swept
from alliance.scenario.text import apply, dump, from_token, load, names, parse, settings, to_token
