"""Sums that fade: value[i] = factor * value[i - 1] + inputs[i], over whole columns at once.

The column is folded into as many lanes as it has blocks, all blocks take one step at a time side by side, and
what each block hands to the next is the same problem again, a block's length smaller.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]

_BLOCK = 128


def fade(inputs: Column, factor: float, before: float = 0.0) -> Column:
    """Give the fading sums of the inputs, `before` being the one in front of the first."""
    count = len(inputs)
    if count <= _BLOCK:
        return _one_by_one(inputs, factor, before)
    blocks = -(-count // _BLOCK)
    padded = np.zeros(blocks * _BLOCK)
    padded[:count] = inputs
    padded[0] += factor * before
    lanes = np.ascontiguousarray(padded.reshape(blocks, _BLOCK).T)
    step = np.empty(blocks)
    for row in range(1, _BLOCK):
        np.multiply(lanes[row - 1], factor, out=step)
        lanes[row] += step
    handed = np.zeros(blocks)
    handed[1:] = fade(lanes[-1, :-1], factor**_BLOCK)
    for row in range(_BLOCK):
        handed *= factor
        lanes[row] += handed
    return lanes.T.reshape(-1)[:count]


def _one_by_one(inputs: Column, factor: float, value: float) -> Column:
    values = []
    for each in inputs.tolist():
        value = factor * value + each
        values.append(value)
    return np.array(values)
