"""Paths from open to close that stay between a high and a low and touch both, in whole steps."""

from __future__ import annotations

import numpy as np

from puffling.frozen import frozen
from puffling.market.demo.hashing import Floats, Ints, steps, uniform, uniform_pair
from puffling.puffin.data.instants import US_PER_MINUTE


@frozen(eq=False)
class Candles:
    """Open, high, low, close and volume as whole numbers; one or more dimensions."""

    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Ints

    def __getitem__(self, where: int | slice | tuple[int, slice]) -> Candles:
        return Candles(
            self.open[where], self.high[where], self.low[where], self.close[where], self.volume[where]
        )


def split_into_candles(
    key: np.uint64, places: Ints, whole: Candles, liveliness: Ints, busyness: Floats
) -> Candles:
    """Give for each of D whole candles the n smaller ones it is made of; they add up to it exactly."""
    count = len(liveliness)
    grid = places[:, None] * 2048 + np.arange(count)
    points = _walk(steps(key, 3 * grid) * liveliness, whole)
    opening, close = points[:, :-1], points[:, 1:]
    up, down = uniform_pair(key, 3 * grid + 1)
    high_limit, low_limit = whole.high[:, None], whole.low[:, None]
    # About what a walk over the whole range does in one of its steps.
    reach = (high_limit - low_limit) * (8.0 / (count + 60.0)) + 1.0
    rise, fall = (0.12 + 0.9 * up * up) * reach, (0.12 + 0.9 * down * down) * reach
    high = np.minimum(np.maximum(opening, close) + rise.astype(np.int64), high_limit)
    low = np.maximum(np.minimum(opening, close) - fall.astype(np.int64), low_limit)
    rows = np.arange(len(places))
    high[rows, np.argmax(high, axis=1)] = whole.high
    low[rows, np.argmin(low, axis=1)] = whole.low
    weights = busyness * (0.35 + uniform(key, 3 * grid + 2))
    return Candles(opening, high, low, close, share_out(whole.volume, weights))


def split_into_ticks(key: np.uint64, places: Ints, whole: Candles, count: int) -> tuple[Ints, Ints, Ints]:
    """Give for each of D minutes `count` ticks: microseconds into the minute, price steps, volume parts."""
    grid = places[:, None] * 128 + np.arange(count)
    points = _walk(steps(key, 3 * grid[:, 1:]), whole)
    inner = points[:, 1:-1]
    rows = np.arange(len(places))
    # The first and last tick are the minute's open and close: only those between may be moved.
    highest = np.argmax(inner, axis=1)
    inner[rows, highest] = np.where(points.max(axis=1) < whole.high, whole.high, inner[rows, highest])
    others = inner.copy()
    others[rows, highest] = np.iinfo(np.int64).max
    lowest = np.argmin(others, axis=1)
    inner[rows, lowest] = np.where(points.min(axis=1) > whole.low, whole.low, inner[rows, lowest])
    offset, weight = uniform_pair(key, 3 * grid + 1)
    offset[:, 0] = 0.0
    moments = (np.arange(count) * US_PER_MINUTE + (offset * US_PER_MINUTE).astype(np.int64)) // count
    return moments, points, share_out(whole.volume, weight + 0.1)


def share_out(total: Ints, weights: Floats) -> Ints:
    """Divide whole numbers into whole parts along each row, exactly."""
    running = np.cumsum(weights, axis=1)
    marks = np.rint(running / running[:, -1:] * total[:, None]).astype(np.int64)
    parts: Ints = np.diff(marks, axis=1, prepend=0)
    return parts


def _walk(moves: Ints, whole: Candles) -> Ints:
    """Bend free walks (one per row) into paths from open to close that stay between low and high."""
    count = moves.shape[1]
    start, end = whole.open[:, None], whole.close[:, None]
    ceiling, floor = whole.high[:, None], whole.low[:, None]
    room = ceiling - floor
    passed = np.arange(1, count + 1) / float(count)
    free = np.cumsum(moves, axis=1).astype(np.float64)
    free -= passed * free[:, -1:]
    span = free.max(axis=1, keepdims=True) - free.min(axis=1, keepdims=True)
    path = free * (room / np.maximum(span, 1.0))
    path += start + (end - start) * passed
    # Mirrored at the limits, not squeezed below them: a path looks as lively there as anywhere.
    path = np.where(path > ceiling, 2 * ceiling - path, path)
    path = np.where(path < floor, 2 * floor - path, path)
    path += _hill(path, ceiling, 1)
    path += _hill(path, floor, -1)
    np.clip(np.rint(path, out=path), floor, ceiling, out=path)
    points = np.empty((len(moves), count + 1), np.int64)
    points[:, 0] = whole.open
    points[:, 1:] = path
    points[:, -1] = whole.close
    return points


def _hill(path: Floats, limit: Ints, direction: int) -> Floats:
    """Give the gentle hill that lifts a path's own extreme to the limit and leaves its ends alone."""
    count = path.shape[1]
    edge = count // 12
    inner = path[:, edge : count - edge - 1] if count > 4 else path
    peak = (np.argmax(inner, axis=1) if direction > 0 else np.argmin(inner, axis=1)) + (
        edge if count > 4 else 0
    )
    missing = limit - np.take_along_axis(path, peak[:, None], axis=1)
    width = np.minimum(np.minimum(peak + 1, count - 1 - peak), count // 4 + 1)[:, None]
    slope = 1.0 - np.abs(np.arange(count) - peak[:, None]) / np.maximum(width, 1)
    hill: Floats = np.maximum(slope, 0.0) * missing
    return hill
