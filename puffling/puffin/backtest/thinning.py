"""Which points of long curves are kept, so that no high and no low is lost."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from puffling.puffin.backtest.panel import Floats, Ints


def thinned(curves: Sequence[Floats], most: int) -> Ints:
    """Give the places of at most so many points: both ends, and of each stretch every curve's extremes."""
    count = len(curves[0])
    if count <= most:
        return np.arange(count)
    stretches = max((most - 2) // (2 * len(curves)), 1)
    edges = np.linspace(0, count, stretches + 1).astype(np.int64)
    kept = [np.array([0, count - 1])]
    for curve in curves:
        # What is not a number is neither high nor low.
        for filler, find in ((np.inf, np.argmin), (-np.inf, np.argmax)):
            values = np.where(np.isnan(curve), filler, curve)
            places = (int(first + find(values[first:last])) for first, last in pairwise(edges.tolist()))
            kept.append(np.fromiter(places, np.int64, stretches))
    return np.unique(np.concatenate(kept))
