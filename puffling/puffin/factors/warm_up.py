"""How many bars an indicator has to see before it says something."""

from __future__ import annotations

import numpy as np

from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import US_PER_DAY
from puffling.puffin.factors.declaration import Drawing, Setting
from puffling.puffin.factors.indicator import Indicator

_FIRST, _MOST = 256, 1 << 17


def bars_needed(kind: type[Indicator], /, **parameters: Setting) -> int:
    """Give how many bars it takes until every output that is drawn has a value."""
    names = [output.name for output in kind.outputs if output.drawing is not Drawing.HIDDEN]
    count = _FIRST
    while count <= _MOST:
        given = kind.compute(_waves(count), **parameters)
        firsts = [np.flatnonzero(np.isfinite(given[name])) for name in names]
        if all(len(found) for found in firsts):
            return 1 + max(int(found[0]) for found in firsts)
        count *= 4
    return _MOST


def _waves(count: int) -> Bars:
    """Give prices that rise and fall, so that nothing waits for a movement that never comes."""
    places = np.arange(count)
    close = 100.0 + 10.0 * np.sin(places / 3.0)
    opening = np.append(close[:1], close[:-1])
    high, low = np.maximum(opening, close) + 1.0, np.minimum(opening, close) - 1.0
    return Bars(places * US_PER_DAY, opening, high, low, close, np.full(count, 1000.0))
