"""Whether two prices hang together: the test of Engle and Granger.

One price is explained by the other in a straight line; if what is left over does not wander off, they hang
together. That is asked with the test of Dickey and Fuller, one lagged change taken into account, and answered
with MacKinnon's approximation ("Approximate Asymptotic Distribution Functions for Unit-Root and Cointegration
Tests", 1994) for two series and a constant. All pairs of a market are tested as one matrix.
"""

from __future__ import annotations

from math import erf, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from puffling.frozen import frozen
from puffling.puffin.strategies.portfolio import Floats

Ints = NDArray[np.int64]

# MacKinnon's coefficients for two series with a constant: below and above the point where the curves meet.
_LOW = (2.92, 1.5012, 0.039796)
_HIGH = (2.1945, 0.64695, -0.29198, -0.042377)
_MEET, _LEAST, _MOST = -2.62, -18.86, 0.92
_LEAST_BARS = 10


class Bond(NamedTuple):
    """How two prices hang together: first = ratio * second + level, and how likely that is chance."""

    ratio: float
    level: float
    p_value: float


@frozen(eq=False)
class Bonds:
    """What was found for pairs of columns: where both stand, and their bond, each (pairs,)."""

    first: Ints
    second: Ints
    ratio: Floats
    level: Floats
    p_value: Floats

    def __len__(self) -> int:
        return len(self.first)

    def at(self, place: int) -> Bond:
        """Give the bond of one pair."""
        return Bond(float(self.ratio[place]), float(self.level[place]), float(self.p_value[place]))


def bond(first: Floats, second: Floats) -> Bond:
    """Test whether the first price hangs on the second."""
    return bonds(np.column_stack((first, second))).at(0)


def bonds(close: Floats) -> Bonds:
    """Test every pair of columns, the earlier on the later; columns with gaps are left out."""
    whole = np.flatnonzero(~np.isnan(close).any(axis=0))
    mean = close[:, whole].mean(axis=0)
    # By rows, so that every sum runs over numbers that lie side by side.
    apart = np.ascontiguousarray((close[:, whole] - mean).T)
    first, second = np.triu_indices(len(whole), 1)
    together = apart @ apart.T
    moves = np.ptp(close[:, whole], axis=0) > 0.0 if len(close) >= _LEAST_BARS else np.zeros(len(whole), bool)
    tested = moves[first] & moves[second]
    ratio, level, chance = np.zeros(len(first)), np.zeros(len(first)), np.ones(len(first))
    one, other = first[tested], second[tested]
    slope = together[one, other] / together[other, other]
    ratio[tested], level[tested] = slope, mean[one] - slope * mean[other]
    chance[tested] = p_values(_dickey_fuller(apart[one] - slope[:, None] * apart[other]))
    return Bonds(whole[first], whole[second], ratio, level, chance)


def p_values(statistic: Floats) -> Floats:
    """Give how likely such statistics are when the series do not hang together."""
    low, high = (
        sum(each * statistic**power for power, each in enumerate(coefficients))
        for coefficients in (_LOW, _HIGH)
    )
    quantile = np.where(statistic <= _MEET, low, high)
    chance = np.array([0.5 * (1.0 + erf(each / sqrt(2.0))) for each in quantile.tolist()])
    return np.where(statistic > _MOST, 1.0, np.where(statistic < _LEAST, 0.0, chance))


def _dickey_fuller(rest: Floats) -> Floats:
    """Give how strongly each change goes back against the level before it, in standard errors, row by row."""
    change = np.diff(rest, axis=1)
    level, before, wanted = rest[:, 1:-1], change[:, :-1], change[:, 1:]
    levels, both, changes = _products(level, level), _products(level, before), _products(before, before)
    with_level, with_change = _products(level, wanted), _products(before, wanted)
    area = levels * changes - both * both
    solvable = np.abs(area) >= 1e-300
    area = np.where(solvable, area, 1.0)
    back = (changes * with_level - both * with_change) / area
    on = (levels * with_change - both * with_level) / area
    left = wanted - back[:, None] * level - on[:, None] * before
    error = _products(left, left) / max(wanted.shape[1] - 2, 1) * changes / area
    told: Floats = np.divide(
        back, np.sqrt(np.maximum(error, 0.0)), out=np.zeros_like(back), where=error > 0.0
    )
    return np.where(solvable, told, 0.0)


def _products(one: Floats, other: Floats) -> Floats:
    """Give the sum of the products of two rows, row by row."""
    told: Floats = np.einsum("ij,ij->i", one, other)
    return told
