"""Whether when it entered mattered: its holdings are begun at random moments instead, again and again.

A holding is a stretch in which the same symbols are held on the same sides. A draw keeps every one of them
whole, with its length, its sides and its sizes, and all symbols together, so that what hedges another goes on
hedging it; only when it begins is drawn. None overlaps another, so a draw is as much in the market and trades
as often as the strategy, and pays as much: costs are left out of both. Every order of the holdings and of the
bars between them is as likely as any other.

After Davison and Hinkley, "Bootstrap Methods and their Application" (1997), chapter 4: the chance counts the
true entries among the draws, so that it is never 0, and without skill it is as often below any level as the
level says.
"""

from __future__ import annotations

from collections.abc import Callable
from math import perm

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.backtest.panel import Floats, Ints, Panel

DRAWS, _LEAST_DRAWS = 999, 199
# Who could hardly have entered otherwise has chosen no moment: fewer ways than these say nothing at 5 %, and
# neither does who is out of what it mostly holds, or on another side, for less than this share of the bars.
_LEAST_WAYS, _LEAST_APART = 20, 0.05
# So many prices fit into little memory, and whoever wants to stop is heard between them.
_TOGETHER, _MOST_DRAWN = 1_000_000, 20_000_000


@frozen
class RandomEntries:
    """How often entries at random brought as much: `chance` counts the true ones among all, of `draws`."""

    chance: float
    draws: int
    holdings: int


def random_entries(
    weights: Floats,
    panel: Panel,
    *,
    seed: int,
    draws: int = DRAWS,
    pulse: Callable[[], None] = lambda: None,
) -> RandomEntries | None:
    """Enter at random instead of where it did; None where there is no other moment to enter.

    `weights` is what stood at every close of the panel, (bars, symbols); `pulse` is a place to stop.
    """
    used = np.flatnonzero(weights.any(axis=0))
    # A symbol cannot be entered before it has a price.
    listed = int(np.argmax((panel.marks[:, used] > 0.0).all(axis=1)))
    moves = moves_of(panel)[listed:]
    held = weights[listed : listed + len(moves)]
    begins, lengths = holdings_of(held)
    flat = len(held) - int(lengths.sum())
    if not _is_free(held, len(begins), flat):
        return None
    rows = np.repeat(begins, lengths) + _within(lengths)
    true = _brought(rows[None, :], moves, held[rows], used)[0]
    draw = np.random.default_rng([seed, len(begins)])
    draws = max(min(draws, _MOST_DRAWN // max(len(rows) * len(used), len(held))), _LEAST_DRAWS)
    step = max(_TOGETHER // len(held), 1)
    # The rounding of a sum must not decide between the true entries and their equals.
    least = true - 1e-9 * max(abs(true), 1.0)
    as_good = 0
    for first in range(0, draws, step):
        pulse()
        drawn = begins_at_random(draw, lengths, flat, min(step, draws - first))
        at = np.repeat(drawn, lengths, axis=1) + _within(lengths)
        as_good += int((_brought(at, moves, held[rows], used) >= least).sum())
    return RandomEntries((as_good + 1) / (draws + 1), draws, len(begins))


def moves_of(panel: Panel) -> Floats:
    """Give what holding each symbol brings: decided on a close, from the next open to the one after it."""
    opens = np.where(panel.present, panel.open, panel.marks)
    before, after = opens[1:-1], opens[2:]
    moves = np.divide(after, before, out=np.ones_like(before), where=before > 0.0)
    return moves - 1.0


def holdings_of(weights: Floats) -> tuple[Ints, Ints]:
    """Give where holdings begin and how many bars they last."""
    sides = np.sign(weights)
    edges = np.flatnonzero((sides[1:] != sides[:-1]).any(axis=1)) + 1
    begins = np.concatenate(([0], edges)).astype(np.int64)
    lengths = np.diff(np.append(begins, len(weights)))
    holds = sides[begins].any(axis=1) if len(weights) else np.zeros(1, dtype=bool)
    return begins[holds], lengths[holds]


def begins_at_random(draw: np.random.Generator, lengths: Ints, flat: int, draws: int) -> Ints:
    """Draw where holdings of these lengths begin among so many bars without any, (draws, holdings)."""
    count = len(lengths)
    # Holdings and flat bars are shuffled like cards: the places of the holdings are all one has to know.
    cards = np.tile(np.arange(count + flat, dtype=np.int32), (draws, 1))
    slots = draw.permuted(cards, axis=1, out=cards)[:, :count]
    order = np.argsort(slots, axis=1)
    long = lengths[order]
    flats_before = np.take_along_axis(slots, order, axis=1) - np.arange(count)
    begins = np.empty((draws, count), dtype=np.int64)
    np.put_along_axis(begins, order, flats_before + np.cumsum(long, axis=1) - long, axis=1)
    return begins


def _is_free(held: Floats, holdings: int, flat: int) -> bool:
    """Tell whether there are other moments at which it could have entered."""
    if not holdings or perm(holdings + flat, min(holdings, _LEAST_WAYS)) < _LEAST_WAYS:
        return False
    _, counts = np.unique(np.sign(held), axis=0, return_counts=True)
    return bool(1.0 - counts.max() / len(held) >= _LEAST_APART)


def _within(lengths: Ints) -> Ints:
    """Count the bars of each holding from its first."""
    ends = np.cumsum(lengths)
    counted: Ints = np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)
    return counted


def _brought(at: Ints, moves: Floats, held: Floats, used: Ints) -> Floats:
    """Give what the held weights bring at these bars, (draws, bars held)."""
    total = np.zeros(len(at))
    for symbol in used.tolist():
        total += moves[:, symbol][at] @ held[:, symbol]
    return total
