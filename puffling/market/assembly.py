"""Putting long histories together without holding the loop: a year of minutes is 25 MB to copy."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np

from puffling.puffin.data.actions import Adjustment
from puffling.puffin.data.bars import COLUMNS, Bars
from puffling.puffin.data.holes import Hole
from puffling.puffin.data.quality import Inspection, Mark, inspect_bars, is_sound

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


async def inspected(
    bars: Bars, *, marks: Sequence[Mark], holes: Sequence[Hole], page: int, now_us: int
) -> Inspection:
    """Give the faults of a series; a long one that has none is found to be so in parts, with pauses."""
    if len(bars) > _LONG and not marks and not holes and int(bars.time[-1]) <= now_us:
        for at in range(0, len(bars), _LONG):
            # One bar more, so that a jump between two parts is seen.
            if not is_sound(bars[at : at + _LONG + 1]):
                break
            await asyncio.sleep(0)
        else:
            return Inspection.clean(len(bars))
    return inspect_bars(bars, marks=marks, holes=holes, page=page, now_us=now_us)
