"""What the same trades could have come to as well: drawn with replacement, again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from puffling.frozen import frozen
from puffling.puffin.backtest.panel import Floats

_RESAMPLED, _LEAST_RESAMPLED = 2_000, 200
_LEVELS = (5.0, 50.0, 95.0)
# So many drawn trades fit into little memory, and whoever wants to stop is heard between them.
_TOGETHER, _MOST_DRAWN = 1_000_000, 20_000_000


@frozen
class Interval:
    """What came out in the worst twentieth, in the middle, and in the best twentieth of cases."""

    low: float
    middle: float
    high: float


@frozen
class Fortunes:
    """What the same trades could have come to; the low end of the fall is the deep one."""

    total_return: Interval
    max_drawdown: Interval
    loss_probability: float


def fortunes(
    trade_returns: Floats,
    *,
    seed: int,
    draws: int = _RESAMPLED,
    pulse: Callable[[], None] = lambda: None,
) -> Fortunes:
    """Draw trades with replacement, each return that of the whole equity; `pulse` is a place to stop."""
    if not len(trade_returns):
        nothing = Interval(0.0, 0.0, 0.0)
        return Fortunes(nothing, nothing, 0.0)
    draw = np.random.default_rng(seed)
    count, grown = len(trade_returns), np.maximum(1.0 + trade_returns, 0.0)
    # A history of very many trades tells as much when fewer others are drawn.
    draws = max(min(draws, _MOST_DRAWN // count), _LEAST_RESAMPLED)
    falls, final = np.empty(draws), np.empty(draws)
    step = max(_TOGETHER // count, 1)
    for first in range(0, draws, step):
        pulse()
        here = slice(first, min(first + step, draws))
        rows = here.stop - first
        curves = np.ones((rows, count + 1))
        np.cumprod(grown[draw.integers(0, count, (rows, count))], axis=1, out=curves[:, 1:])
        falls[here] = (curves / np.maximum.accumulate(curves, axis=1)).min(axis=1) - 1.0
        final[here] = curves[:, -1] - 1.0
    return Fortunes(_interval(final), _interval(falls), float(np.mean(final < 0.0)))


def _interval(values: NDArray[np.floating[Any]]) -> Interval:
    low, middle, high = np.percentile(values, _LEVELS)
    return Interval(float(low), float(middle), float(high))
