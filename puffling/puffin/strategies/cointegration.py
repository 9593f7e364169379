"""Whether two prices hang together: the test of Engle and Granger.

One price is explained by the other in a straight line; if what is left over does not wander off, they hang
together. That is asked with the test of Dickey and Fuller, one lagged change taken into account, and answered
with MacKinnon's approximation ("Approximate Asymptotic Distribution Functions for Unit-Root and Cointegration
Tests", 1994) for two series and a constant.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from puffling.puffin.strategies.portfolio import Floats

# MacKinnon's coefficients for two series with a constant: below and above the point where the curves meet.
_LOW = (2.92, 1.5012, 0.039796)
_HIGH = (2.1945, 0.64695, -0.29198, -0.042377)
_MEET, _LEAST, _MOST = -2.62, -18.86, 0.92
_NORMAL = NormalDist()


class Bond(NamedTuple):
    """How two prices hang together: first = ratio * second + level, and how likely that is chance."""

    ratio: float
    level: float
    p_value: float


def bond(first: Floats, second: Floats) -> Bond:
    """Test whether the first price hangs on the second."""
    apart = second - second.mean()
    spread = float(apart @ apart)
    if len(first) < 10 or not spread or float(np.ptp(first)) == 0.0:
        return Bond(0.0, 0.0, 1.0)
    ratio = float(apart @ (first - first.mean())) / spread
    level = float(first.mean() - ratio * second.mean())
    return Bond(ratio, level, p_value(_dickey_fuller(first - ratio * second - level)))


def p_value(statistic: float) -> float:
    """Give how likely such a statistic is when the series do not hang together."""
    if statistic > _MOST:
        return 1.0
    if statistic < _LEAST:
        return 0.0
    coefficients = _LOW if statistic <= _MEET else _HIGH
    return _NORMAL.cdf(sum(each * statistic**power for power, each in enumerate(coefficients)))


def _dickey_fuller(rest: Floats) -> float:
    """Give how strongly each change goes back against the level before it, in standard errors."""
    change = np.diff(rest)
    told = np.column_stack((rest[1:-1], change[:-1]))
    wanted = change[1:]
    square = told.T @ told
    if abs(float(np.linalg.det(square))) < 1e-300:
        return 0.0
    inverse = np.linalg.inv(square)
    slopes = inverse @ (told.T @ wanted)
    left = wanted - told @ slopes
    error = float(left @ left) / max(len(wanted) - 2, 1) * float(inverse[0, 0])
    return float(slopes[0]) / sqrt(error) if error > 0.0 else 0.0
