"""One indicator that keeps up with the bars of a chart: history is computed once, then only what is new."""

from __future__ import annotations

import math

from puffling.desktop.charting.part import Candle, candle_at
from puffling.desktop.charts.series import Series
from puffling.puffin.data.bars import Bars
from puffling.puffin.factors.indicator import Live


class Follower:
    """Holds the series of a live indicator; the last bar always counts as one that may still move."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self.needed: int | None = None
        self._closed = len(next(iter(live.history.values())))
        self.series = {name: Series(column) for name, column in live.history.items()}

    @property
    def known(self) -> bool:
        """Tell whether it says something about the newest bar."""
        return all(math.isfinite(value) for value in self._live.newest.values())

    def advance(self, bars: Bars, newest: Candle) -> None:
        """Take in bars that have closed since, and the last one as it is now."""
        while self._closed < len(bars) - 1:
            self._put(self._live.append(candle_at(bars, self._closed)))
            self._closed += 1
        self.move(newest)

    def move(self, newest: Candle) -> None:
        """Take in the last bar as it is now."""
        self._put(self._live.update(newest))

    def _put(self, values: dict[str, float]) -> None:
        for name, series in self.series.items():
            if len(series) > self._closed:
                series.set_last(values[name])
            else:
                series.append(values[name])
