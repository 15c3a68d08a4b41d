"""The alliance workbook's helper package: a map in words. It imports nothing by itself.

==============  ===================================================================
room            what it does
==============  ===================================================================
``errors``      what can go wrong, as one small tree
``evidence``    the only door to ``data/``: tables as they were known on a day
``returns``     prices to returns, drawdowns and levels
``sampling``    point sets, first passages and the bootstrap
``scenario``    the typed parameters, their files, cells and tokens
``events``      event study with the market model
``ownership``   stakes, look-through value, votes and power
``decline``     decomposition of a share's decline, book value, the holder's stub
``selldown``    ways of selling a large holding, as ledgers under two markets
``answers``     scenario and evidence to headline results with their sources
``charts``      one function per idea, drawn from answers
``tables``      sentences and tables, drawn from answers
``report``      runs the notebooks and builds the pages
``cli``         the command ``alliance``
==============  ===================================================================

A room imports only from rooms above it.
"""

__version__ = "0.2.0"
