"""What a Sharpe ratio is worth after its errors and the number of attempts are taken into account.

After Bailey and López de Prado, "The Sharpe Ratio Efficient Frontier" (2012) and "The Deflated Sharpe Ratio"
(2014). All ratios are those of a bar.
"""

from __future__ import annotations

from math import e, sqrt
from statistics import NormalDist

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.backtest.panel import Floats
from puffling.puffin.errors import InvalidValue

_NORMAL = NormalDist()
_EULER = 0.5772156649015329


@frozen
class Track:
    """A record of returns: how good, how long, how lopsided, how heavy its tails (a bell has 3)."""

    sharpe: float
    bars: int
    skewness: float
    kurtosis: float

    @classmethod
    def of(cls, returns: Floats) -> Track:
        """Read the record off returns."""
        deviation = float(np.std(returns, ddof=1)) if len(returns) > 1 else 0.0
        if not deviation:
            raise InvalidValue("Returns that never change have no Sharpe ratio", field="returns")
        apart = (returns - returns.mean()) / float(np.std(returns))
        squared = apart * apart
        return cls(
            float(returns.mean()) / deviation,
            len(returns),
            float(np.mean(squared * apart)),
            float(np.mean(squared * squared)),
        )

    @property
    def error(self) -> float:
        """The standard error of the ratio."""
        spread = 1.0 - self.skewness * self.sharpe + (self.kurtosis - 1.0) / 4.0 * self.sharpe**2
        return sqrt(max(spread, 1e-12) / (self.bars - 1))


def probabilistic_sharpe(track: Track, against: float = 0.0) -> float:
    """Give the probability that the true ratio lies above another one."""
    return _NORMAL.cdf((track.sharpe - against) / track.error)


def expected_best(trials: int, variance: float) -> float:
    """Give the ratio that the best of so many attempts without any skill is expected to show."""
    if trials <= 1:
        return 0.0
    first = _NORMAL.inv_cdf(1.0 - 1.0 / trials)
    second = _NORMAL.inv_cdf(1.0 - 1.0 / (trials * e))
    return sqrt(variance) * ((1.0 - _EULER) * first + _EULER * second)


def deflated_sharpe(track: Track, trials: int, variance: float) -> float:
    """Give the probability that the true ratio beats the best that so many attempts would show by luck.

    `variance` is that of the ratios of all attempts.
    """
    return probabilistic_sharpe(track, expected_best(trials, variance))


def deflated_p(track: Track, trials: int) -> float:
    """Give the probability that the best of so many attempts without skill shows this ratio or a better one.

    For attempts that know nothing of each other it is as often below any level as the level says; attempts
    that resemble each other make it larger than it need be, never smaller.
    """
    below = _NORMAL.cdf(track.sharpe / track.error)
    return 1.0 - below ** max(trials, 1)


def least_bars(track: Track, against: float = 0.0, confidence: float = 0.95) -> float:
    """Give how many bars such a record has to have before the ratio can be believed to lie above another."""
    if track.sharpe <= against:
        return float("inf")
    spread = 1.0 - track.skewness * track.sharpe + (track.kurtosis - 1.0) / 4.0 * track.sharpe**2
    return 1.0 + spread * (_NORMAL.inv_cdf(confidence) / (track.sharpe - against)) ** 2
