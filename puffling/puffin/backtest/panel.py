"""Bars of several symbols on one line of times, as matrices of bars by symbols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from puffling.puffin.data.bars import COLUMNS, Bars
from puffling.puffin.errors import InvalidValue

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Panel:
    """Every column is (bars, symbols); where a symbol has no bar, prices are not a number and volume is 0."""

    symbols: tuple[str, ...]
    time: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    @classmethod
    def of(cls, series: Mapping[str, Bars]) -> Panel:
        """Line up series by their times; a time counts when any of them has a bar there."""
        if not series:
            raise InvalidValue("A test needs at least one symbol", field="symbols")
        all_bars = list(series.values())
        time = all_bars[0].time
        if any(not np.array_equal(bars.time, time) for bars in all_bars[1:]):
            time = np.unique(np.concatenate([bars.time for bars in all_bars]))
        columns = []
        for name in COLUMNS:
            column = np.full((len(time), len(all_bars)), 0.0 if name == "volume" else np.nan)
            for place, bars in enumerate(all_bars):
                column[np.searchsorted(time, bars.time), place] = getattr(bars, name)
            columns.append(column)
        return cls(tuple(series), time, *columns)

    def __len__(self) -> int:
        return len(self.time)

    def bars(self, symbol: str) -> Bars:
        """Give the bars of one symbol alone."""
        place = self.symbols.index(symbol)
        there = self.present[:, place]
        columns = (getattr(self, name)[there, place] for name in COLUMNS)
        return Bars(self.time[there], *columns)

    def until(self, count: int) -> Panel:
        """Give the first bars, this many, without copying: what was known then."""
        return self.part(0, count)

    def part(self, first: int, last: int) -> Panel:
        """Give the bars from one place up to another, without copying."""
        columns: dict[str, Any] = {name: getattr(self, name)[first:last] for name in COLUMNS}
        return Panel(self.symbols, self.time[first:last], **columns)

    @cached_property
    def present(self) -> Mask:
        """Where a symbol has a bar."""
        there: Mask = ~np.isnan(self.close)
        return there

    @cached_property
    def complete(self) -> bool:
        """Whether every symbol has a bar at every time."""
        return bool(self.present.all())

    @cached_property
    def marks(self) -> Floats:
        """The price at which each symbol is valued at each bar: its newest close; 0 before its first."""
        if self.complete:
            return self.close
        rows = np.where(self.present, np.arange(len(self))[:, None], -1)
        newest = np.maximum.accumulate(rows, axis=0)
        known = np.take_along_axis(self.close, np.maximum(newest, 0), axis=0)
        return np.where(newest >= 0, known, 0.0)
