"""Whether a history that was fetched again only goes on from the one that is shown."""

from __future__ import annotations

import numpy as np

from puffling.puffin.data.bars import COLUMNS, Bars


def goes_on(old: Bars, new: Bars) -> bool:
    """Tell whether the new bars are the old ones, the last of them further on, and perhaps more."""
    settled = len(old) - 1
    if settled < 0 or len(new) < len(old) or int(new.time[settled]) != int(old.time[settled]):
        return False
    return all(
        np.array_equal(getattr(old, name)[:settled], getattr(new, name)[:settled], equal_nan=name != "time")
        for name in ("time", *COLUMNS)
    )
