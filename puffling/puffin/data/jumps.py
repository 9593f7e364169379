"""Prices that jump: spikes that come back, levels that change for no stated reason.

Shares do double or halve overnight, so a jump alone proves nothing. What gives a fault away is that it
comes back within a few bars as if nothing had been, that it is fiftyfold or more, or that it is just the
size of a split which nobody stated. A jump in the last bar cannot be told from a fault yet: it waits for
the next.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from puffling.frozen import frozen

# In 2008 Volkswagen went 1.8-fold and back within a day, and that was the market.
SPIKE = 2.0
_CANDIDATE = 1.8
_RETURNED = 1.25
_SPIKE_BARS = 3
# Cents for dollars, or a misplaced point: a hundred or a thousand times the price of now, which has moved
# since the bar before. No market does the fiftyfold between two bars.
OTHER_UNIT = 50.0
# So many bars in another unit make it the level that counts.
_SETTLED_BARS = 20
_SPLIT_SIZES = np.array([2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 16, 20, 24, 25, 30, 40, 50, 75, 100], float)
_LIKE_A_SPLIT = 0.03


@frozen(eq=False)
class Jumps:
    """Places in a series: spikes, bars that wait to be confirmed, and where another level begins."""

    spikes: NDArray[np.int64]
    unconfirmed: NDArray[np.int64]
    breaks: tuple[int, ...]


def find_jumps(
    opening: NDArray[np.float64],
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
) -> Jumps:
    """Look through sound, positive prices."""
    inner = _reaches_out(opening, high, low, close)
    held = np.flatnonzero(~inner)
    level = close[held]
    starts = np.flatnonzero(np.abs(np.diff(np.log(level))) >= np.log(_CANDIDATE)) + 1
    walk = _Walk(level, opening[held], [0, *starts.tolist()])
    spikes = np.union1d(np.flatnonzero(inner), held[walk.spikes])
    return Jumps(spikes, held[walk.unconfirmed], tuple(int(held[place]) for place in walk.breaks))


def may_jump(
    opening: NDArray[np.float64],
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
) -> bool:
    """Tell quickly whether a closer look is worth it."""
    if len(close) and float(high.max()) < _CANDIDATE * float(low.min()):
        return False
    with np.errstate(over="ignore", under="ignore"):
        ratio = close[1:] / close[:-1]
    return bool((ratio >= _CANDIDATE).any() or (ratio <= 1.0 / _CANDIDATE).any()) or bool(
        _reaches_out(opening, high, low, close).any()
    )


def _reaches_out(
    opening: NDArray[np.float64],
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Tell which bars leave and come back within themselves."""
    before = np.append(close[:1], close[:-1])
    with np.errstate(over="ignore"):
        opened_out = (opening >= SPIKE * np.maximum(close, before)) | (
            opening * SPIKE <= np.minimum(close, before)
        )
        reached: NDArray[np.bool_] = (
            opened_out
            | (high >= SPIKE * np.maximum(opening, close))
            | (low * SPIKE <= np.minimum(opening, close))
        )
    return reached


class _Walk:
    """Goes from level to level and decides what each one is."""

    def __init__(self, close: NDArray[np.float64], opening: NDArray[np.float64], starts: list[int]) -> None:
        self.spikes: list[int] = []
        self.unconfirmed: list[int] = []
        self.breaks: list[int] = []
        at = 1
        last = starts[1] - 1 if len(starts) > 1 else 0
        while at < len(starts):
            start, following = starts[at], at + 1
            jump = _times(close[start], close[last])
            other_unit = jump >= OTHER_UNIT
            reach = len(close) if other_unit else start + _SPIKE_BARS
            back = _first_back(close, starts[following:], reach, close[last]) if jump >= SPIKE else None
            if back is not None:
                self.spikes += range(start, starts[following + back])
                following += back + 1
            elif jump >= SPIKE and len(close) - start <= (_SETTLED_BARS if other_unit else 1):
                self.unconfirmed += range(start, len(close))
                return
            elif other_unit or (jump >= _CANDIDATE and _is_like_a_split(_times(opening[start], close[last]))):
                self.breaks.append(start)
            last = starts[following] - 1 if following < len(starts) else len(close) - 1
            at = following


def _first_back(close: NDArray[np.float64], starts: list[int], reach: int, level: float) -> int | None:
    for place, start in enumerate(starts):
        if start > reach:
            return None
        if _times(close[start], level) <= _RETURNED:
            return place
    return None


def _times(one: float, other: float) -> float:
    # NumPy's own numbers warn where Python's become infinite in silence.
    one, other = float(one), float(other)
    return max(one / other, other / one)


def _is_like_a_split(times: float) -> bool:
    return bool((np.abs(times / _SPLIT_SIZES - 1.0) <= _LIKE_A_SPLIT).any())
