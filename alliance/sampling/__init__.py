"""Resampling schemes, point sets and exact first passages, each reproducible from a seed."""

from alliance.sampling.bootstrap import block_length, multiplicities, stationary_bootstrap
from alliance.sampling.passages import discounted_passage, first_passages, passage_probability
from alliance.sampling.points import normals, sobol
