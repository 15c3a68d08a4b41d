"""What every kernel of a report needs, imported once: the fork server loads this module."""

import gc

import arch.bootstrap  # noqa: F401
import comm  # noqa: F401
import ipykernel.inprocess
import ipykernel.kernelapp  # noqa: F401
import ipywidgets  # noqa: F401
import matplotlib.backends.backend_agg  # noqa: F401
import PIL.PngImagePlugin  # noqa: F401
import scipy.special
import scipy.stats  # noqa: F401

import alliance.answers
import alliance.charts
import alliance.tables  # noqa: F401
from alliance.evidence import calendars

for mic in ("XTKS", "XPAR", "XETR", "XNYS", "XMIL"):
    calendars.sessions(mic, "2020-01-06", "2020-01-08")

gc.collect()
gc.freeze()  # kernels need not look through it again, nor copy it
