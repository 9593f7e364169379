"""Putting long histories together without holding the loop: a year of minutes is 25 MB to copy."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np

from puffling.puffin.data.actions import Adjustment
from puffling.puffin.data.bars import COLUMNS, Bars

_LONG = 100_000


async def assembled(parts: Sequence[Bars], adjustment: Adjustment | None = None) -> Bars:
    """Give one adjusted series from parts in rising order; a long one column by column, with pauses."""
    kept = [part for part in parts if len(part)]
    correct = adjustment if adjustment is not None and len(adjustment.starts_us) else None
    if sum(map(len, kept)) < _LONG or (len(kept) == 1 and correct is None):
        joined = Bars.join(kept)
        return correct.apply(joined) if correct is not None else joined
    time = np.concatenate([part.time for part in kept])
    await asyncio.sleep(0)
    columns = {}
    prices, volumes = correct.factors(time) if correct is not None else (None, None)
    for name in COLUMNS:
        await asyncio.sleep(0)
        column = np.concatenate([getattr(part, name) for part in kept])
        factors = volumes if name == "volume" else prices
        if factors is not None:
            column *= factors
        columns[name] = column
    await asyncio.sleep(0)
    return Bars(time, **columns)
