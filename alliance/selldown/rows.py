"""Running sums and maxima over rows, path by path.

numpy's own go down each column in turn, across memory; a row at a time gives floats the same
numbers, to the bit, some ten times faster.
"""

import numpy as np


def running(values: np.ndarray, combine: np.ufunc = np.add, out=None) -> np.ndarray:
    """What ``combine.accumulate(values, axis=0, out=out)`` gives, for arrays of floats with long
    rows; ``out`` may be ``values`` itself.

    >>> running(np.array([[1, 5], [2, 3], [0, 4]])).tolist()
    [[1, 5], [3, 8], [3, 12]]
    >>> running(np.array([[1, 5], [2, 3], [0, 4]]), np.maximum).tolist()
    [[1, 5], [2, 5], [2, 5]]
    """
    values = np.asarray(values)
    out = np.empty_like(values) if out is None else out
    out[:1] = values[:1]
    for row in range(1, len(values)):
        combine(out[row - 1], values[row], out=out[row])
    return out
