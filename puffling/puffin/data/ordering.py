"""Rows as they arrive, in any order and twice, made into bars; what was wrong is counted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from puffling.frozen import frozen
from puffling.puffin.data.bars import Bars


@frozen(eq=False)
class Ordered:
    """Bars whose times rise, which rows they were, and how many rows stood wrong."""

    bars: Bars
    rows: NDArray[np.int64]
    duplicates: int
    backwards: int
    first_duplicate: int = -1
    first_backwards: int = -1


def in_order(time: NDArray[np.int64], columns: Sequence[NDArray[np.float64]]) -> Ordered:
    """Give rising bars of rows in any order; of rows with the same time the last one counts."""
    steps = np.diff(time)
    if bool((steps > 0).all()):
        return Ordered(Bars(time, *columns), np.arange(len(time)), 0, 0)
    behind = np.flatnonzero(steps < 0) + 1
    order = np.argsort(time, kind="stable")
    ordered = time[order]
    # A stable sort leaves rows of the same time as they came, so the last of each run is the newest.
    newest = np.append(ordered[1:] != ordered[:-1], True)
    # The first row whose time an earlier row had already.
    repeated = order[1:][ordered[1:] == ordered[:-1]]
    rows = order[newest]
    return Ordered(
        Bars(time[rows], *(column[rows] for column in columns)),
        rows,
        len(time) - len(rows),
        len(behind),
        int(repeated.min()) if len(repeated) else -1,
        int(behind[0]) if len(behind) else -1,
    )
