"""The bars of a chart and what is drawn beside them as a table for other programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from puffling.desktop.charts.pyramid import Pyramid
from puffling.desktop.charts.study import Band, Study
from puffling.puffin.csv_text import csv_line

ROWS_AT_ONCE = 1000
_NAMES = ("open", "high", "low", "close", "volume")


class Table(NamedTuple):
    """Columns of one length with their names."""

    names: tuple[str, ...]
    times_us: NDArray[np.int64]
    columns: tuple[NDArray[np.float64], ...]
    whole_days: bool


def table_of(bars: Pyramid, studies: Sequence[Study], begin: int, end: int, *, whole_days: bool) -> Table:
    """Give the bars from one to another, which is not included, with the values of every study."""
    begin, end = max(begin, 0), min(end, len(bars))
    names = list(_NAMES)
    columns = [column[begin:end].copy() for column in bars.columns()]
    for study in studies:
        titles = {line.name: line.title for line in study.lines}
        titles |= {plot.name: plot.title for plot in study.plots if not isinstance(plot, Band)}
        shifts = {line.name: line.shift for line in study.lines}
        for name, series in study.series.items():
            names.append(f"{study.label} {titles.get(name, name)}".strip())
            # Each value stands beside the bar it is drawn at.
            first, last = begin - shifts.get(name, 0), end - shifts.get(name, 0)
            column = np.full(end - begin, np.nan)
            values = series.values(first, last)
            offset = max(-first, 0)
            column[offset : offset + len(values)] = values
            columns.append(column)
    return Table(tuple(names), bars.times_us[begin:end], tuple(columns), whole_days)


def lines_of(table: Table) -> Iterator[str]:
    """Give the file piece by piece, so that nobody has to wait for all of it."""
    yield csv_line(("time", *table.names))
    for begin in range(0, len(table.times_us), ROWS_AT_ONCE):
        part = slice(begin, begin + ROWS_AT_ONCE)
        moments = table.times_us[part].astype("datetime64[us]")
        times = (
            np.datetime_as_string(moments, unit="D")
            if table.whole_days
            else np.datetime_as_string(moments, unit="s", timezone="UTC")
        )
        columns = [[_number(value) for value in column[part].tolist()] for column in table.columns]
        yield "".join(",".join(row) + "\r\n" for row in zip(times.tolist(), *columns, strict=True))


def _number(value: float) -> str:
    return repr(value) if abs(value) < float("inf") else ""
