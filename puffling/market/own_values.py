"""What is said about a person's own files of prices; light enough for the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import NamedTuple

from puffling.frozen import frozen
from puffling.puffin.data.interval import Interval


@frozen
class OwnSeries:
    """One imported series: what it is, where it came from and what was wrong with it."""

    symbol: str
    interval: Interval
    name: str
    bars: int
    first: datetime
    last: datetime
    file: str
    imported_at: datetime
    calendar: str
    currency: str = "USD"
    decimals: int = 2
    faults: tuple[str, ...] = ()


class NewestBar(NamedTuple):
    """The last bar of a series and the close before it."""

    previous_close: float
    open: float
    high: float
    low: float
    close: float
    volume: float


@frozen
class Choices:
    """What the person said about a file; what is left out is guessed."""

    symbol: str = ""
    name: str = ""
    interval: Interval | None = None
    zone: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


@frozen
class FoundSeries:
    """One series in a file."""

    symbol: str
    interval: Interval
    bars: int
    first: datetime
    last: datetime


@frozen
class FilePreview:
    """What an import of a file would do: its columns, series, first rows, and every fault."""

    file: str
    columns: dict[str, str]
    names: tuple[str, ...]
    time_format: str
    zone: str
    adjusted_by_file: bool
    series: tuple[FoundSeries, ...]
    rows: tuple[tuple[str, ...], ...]
    rows_read: int
    whole: bool
    faults: tuple[str, ...]
