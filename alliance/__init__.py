"""The alliance workbook's helper package: a map in words. It imports nothing by itself.

==============  ===================================================================
room            what it does
==============  ===================================================================
``errors``      what can go wrong, as one small tree
``format``      numbers, money and days as text, in one way everywhere
``places``      where notebooks and evidence lie, and where reports go
``evidence``    the only door to ``data/``: tables as they were known on a day
``returns``     prices to returns, drawdowns and levels
``sampling``    point sets, first passages and the bootstrap
``scenario``    the typed parameters, their files, cells and tokens
``events``      event study with the market model
``ownership``   stakes, look-through value, votes and power
``decline``     decomposition of a share's decline, book value, the holder's stub
``selldown``    ways of selling a large holding, as ledgers under two markets
``separation``  structures applied to companies
``bargain``     what two cross-holders gain from a deal
``answers``     scenario and evidence to headline results with their sources
``charts``      one function per idea, drawn from answers
``tables``      sentences and tables, drawn from answers
``report``      runs the notebooks and builds the pages
``compare``     differences between two runs, and which inputs they come from
``whatif``      the cockpit: widgets from the schema, and the way from a what-if to a report
``cli``         the command ``alliance``
==============  ===================================================================

A room imports only from rooms above it.
"""

__version__ = "0.4.0"
