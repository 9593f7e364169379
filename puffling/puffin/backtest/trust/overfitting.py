"""How often the best of many attempts in one half of history is a poor one in the other.

After Bailey, Borwein, López de Prado and Zhu, "The Probability of Backtest Overfitting" (2017): history is
cut into blocks of time, and every way to put half of them on either side is tried.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.backtest.panel import Floats
from puffling.puffin.errors import InvalidValue


@frozen(eq=False)
class Overfitting:
    """What all ways to halve history told."""

    # How often the best of one half was below the middle of all in the other.
    probability: float
    # The rank of the best in the other half, as log odds; 0 is the middle.
    logits: Floats
    # How much of what it showed it kept, and how often it lost money.
    slope: float
    loss_probability: float
    # The ratio of the best of each half in that half, and in the other.
    shown: Floats
    kept: Floats


def overfitting(returns: Floats, blocks: int = 16) -> Overfitting:
    """Judge attempts by their returns, (bars, attempts), cut into an even number of blocks of time."""
    bars, attempts = returns.shape
    if attempts < 2:
        raise InvalidValue("There must be at least two attempts to compare", field="returns")
    return overfitting_of(*sums_of_blocks(returns, blocks), bars // blocks)


def sums_of_blocks(returns: Floats, blocks: int) -> tuple[Floats, Floats]:
    """Give sums and sums of squares of returns in blocks of time, each (blocks, attempts).

    They are all that a ratio over any choice of blocks needs.
    """
    bars, attempts = returns.shape
    if blocks % 2 or not 2 <= blocks <= bars // 2:
        raise InvalidValue("Blocks must be an even number that leaves two bars in each", field="blocks")
    length = bars // blocks
    parts = returns[: length * blocks].reshape(blocks, length, attempts)
    return parts.sum(axis=1), np.square(parts).sum(axis=1)


def overfitting_of(sums: Floats, squares: Floats, length: int) -> Overfitting:
    """Judge attempts by the sums of their blocks, each of which is so many bars long."""
    blocks, attempts = sums.shape
    inside = np.zeros((_ways(blocks), blocks))
    for row, chosen in zip(inside, combinations(range(blocks), blocks // 2), strict=True):
        row[list(chosen)] = 1.0
    count = length * blocks // 2
    seen, unseen = (_ratios(half @ sums, half @ squares, count) for half in (inside, 1.0 - inside))
    best = np.argmax(seen, axis=1)
    rows = np.arange(len(best))
    kept, shown = unseen[rows, best], seen[rows, best]
    # Ties share a rank, so that attempts that are all the same land in the middle.
    below = (unseen < kept[:, None]).sum(axis=1) + 0.5 * ((unseen == kept[:, None]).sum(axis=1) - 1)
    rank = (below + 1.0) / (attempts + 1.0)
    logits = np.log(rank / (1.0 - rank))
    apart = shown - shown.mean()
    spread = float(apart @ apart)
    slope = float(apart @ (kept - kept.mean())) / spread if spread else 0.0
    below_middle = float(np.mean(np.where(logits == 0.0, 0.5, logits < 0.0)))
    return Overfitting(below_middle, logits, slope, float(np.mean(kept < 0.0)), shown, kept)


def _ways(blocks: int) -> int:
    ways = 1
    for step in range(blocks // 2):
        ways = ways * (blocks - step) // (step + 1)
    return ways


def _ratios(sums: Floats, squares: Floats, count: int) -> Floats:
    mean = sums / count
    variance = np.maximum(squares / count - np.square(mean), 0.0)
    return np.divide(mean, np.sqrt(variance), out=np.zeros_like(mean), where=variance > 0.0)
