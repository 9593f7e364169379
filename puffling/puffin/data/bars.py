"""Bars: one price series as frozen NumPy columns, the form every part of the house computes on.

A bar's `time` is the instant it opens, in microseconds UTC. Daily, weekly and monthly bars stand at UTC
midnight of their (first) calendar day instead, so that series of different exchanges line up; when such a
bar closes is the calendar's matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from puffling.frozen import frozen
from puffling.puffin.data.interval import Interval
from puffling.puffin.errors import InvalidValue

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("open", "high", "low", "close", "volume")


@frozen
class SeriesKey:
    """Which series: the source is part of it, so that demo prices never mix with real ones."""

    source: str
    symbol: str
    interval: Interval
    adjusted: bool = False


@frozen
class Span:
    """A stretch of time, its end not included."""

    start_us: int
    end_us: int

    def __post_init__(self) -> None:
        if self.end_us < self.start_us:
            raise InvalidValue("A span ends before it starts", field="end_us")

    @property
    def is_empty(self) -> bool:
        """Whether it holds no instant at all."""
        return self.end_us == self.start_us


def merge_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Give the same time as sorted spans that neither touch nor overlap."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda each: each.start_us):
        if span.is_empty:
            continue
        if merged and span.start_us <= merged[-1].end_us:
            merged[-1] = Span(merged[-1].start_us, max(merged[-1].end_us, span.end_us))
        else:
            merged.append(span)
    return tuple(merged)


def missing_spans(wanted: Span, covered: Iterable[Span]) -> tuple[Span, ...]:
    """Give the parts of `wanted` that no covered span holds."""
    missing: list[Span] = []
    at = wanted.start_us
    for span in merge_spans(covered):
        if span.end_us <= at:
            continue
        if span.start_us >= wanted.end_us:
            break
        if span.start_us > at:
            missing.append(Span(at, span.start_us))
        at = span.end_us
    if at < wanted.end_us:
        missing.append(Span(at, wanted.end_us))
    return tuple(missing)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Bars:
    """One series of bars; every column is read-only and of the same length, times rise strictly."""

    time: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]

    def __post_init__(self) -> None:
        length = len(self.time)
        object.__setattr__(self, "time", _frozen(self.time, np.int64))
        for name in COLUMNS:
            column = _frozen(getattr(self, name), np.float64)
            if column.shape != (length,):
                raise InvalidValue(f"Column {name} does not have the {length} rows of the times", field=name)
            object.__setattr__(self, name, column)
        if length > 1 and not bool(np.all(self.time[1:] > self.time[:-1])):
            raise InvalidValue("Bar times must rise strictly", field="time")

    @classmethod
    def empty(cls) -> Bars:
        """Give a series without bars."""
        return _EMPTY

    @classmethod
    def join(cls, parts: Iterable[Bars]) -> Bars:
        """Give one series from parts in any order; where two hold the same time, the later part wins."""
        kept = [part for part in parts if len(part)]
        if not kept:
            return cls.empty()
        if len(kept) == 1:
            return kept[0]
        time = np.concatenate([part.time for part in kept])
        columns = [np.concatenate([getattr(part, name) for part in kept]) for name in COLUMNS]
        if bool(np.all(time[1:] > time[:-1])):
            return cls._trusted(time, *columns)
        order = np.argsort(time, kind="stable")
        ordered = time[order]
        # A stable sort leaves equal times in part order, so the last of each run is the newest.
        order = order[np.append(ordered[1:] != ordered[:-1], True)]
        return cls._trusted(time[order], *(column[order] for column in columns))

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> Bars:
        """Read a frame with columns Open High Low Close Volume; times without a zone count as UTC."""
        import pandas as pd

        missing = [name.title() for name in COLUMNS[:4] if name.title() not in frame.columns]
        if missing:
            raise InvalidValue(f"The frame has no column {', '.join(missing)}", field="frame")
        index = pd.DatetimeIndex(frame.index)
        if index.tz is not None:
            index = index.tz_convert("UTC").tz_localize(None)
        time = index.as_unit("us").asi8
        opening, high, low, close = (frame[name.title()].to_numpy(dtype=np.float64) for name in COLUMNS[:4])
        volume = np.zeros(len(time))
        if "Volume" in frame.columns:
            volume = frame["Volume"].to_numpy(dtype=np.float64)
        return cls(time, opening, high, low, close, volume)

    def to_frame(self) -> pd.DataFrame:
        """Give a frame with columns Open High Low Close Volume on a UTC index named Date."""
        import pandas as pd

        index = pd.DatetimeIndex(self.time.view("datetime64[us]"), name="Date")
        return pd.DataFrame({name.title(): getattr(self, name) for name in COLUMNS}, index=index)

    @classmethod
    def _trusted(cls, time: NDArray[np.int64], *columns: NDArray[np.float64]) -> Bars:
        """Build from columns known to be right: slices and joins of checked series skip the second check."""
        bars = object.__new__(cls)
        for name, column in zip(("time", *COLUMNS), (time, *columns), strict=True):
            column.setflags(write=False)
            object.__setattr__(bars, name, column)
        return bars

    def __len__(self) -> int:
        return len(self.time)

    def __bool__(self) -> bool:
        return len(self.time) > 0

    def __repr__(self) -> str:
        if not len(self):
            return "Bars(empty)"
        first, last = self.time[[0, -1]].view("datetime64[us]")
        return f"Bars({len(self)} from {first} to {last})"

    def __getitem__(self, where: slice) -> Bars:
        return Bars._trusted(self.time[where], *(getattr(self, name)[where] for name in COLUMNS))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Bars):
            return NotImplemented
        return np.array_equal(self.time, other.time) and all(
            np.array_equal(getattr(self, name), getattr(other, name), equal_nan=True) for name in COLUMNS
        )

    def __hash__(self) -> int:
        return hash((self.time.tobytes(), self.close.tobytes()))

    def between(self, start_us: int, end_us: int) -> Bars:
        """Give the bars whose time lies in [start, end), without copying."""
        first, last = np.searchsorted(self.time, (start_us, end_us))
        return self[int(first) : int(last)]

    def where(self, mask: NDArray[np.bool_]) -> Bars:
        """Give the bars at which the mask is true."""
        return Bars._trusted(self.time[mask], *(getattr(self, name)[mask] for name in COLUMNS))

    def columns(self) -> tuple[NDArray[np.float64], ...]:
        """Give open, high, low, close and volume."""
        return self.open, self.high, self.low, self.close, self.volume


def bars_from_rows(rows: Sequence[Sequence[float]]) -> Bars:
    """Give bars from (time, open, high, low, close, volume) rows, as small tables and files hold them."""
    if not rows:
        return Bars.empty()
    time, opening, high, low, close, volume = (np.array(column) for column in zip(*rows, strict=True))
    return Bars(time.astype(np.int64), opening, high, low, close, volume)


def _frozen(column: ArrayLike, kind: type[np.generic]) -> NDArray[Any]:
    array = np.asarray(column, dtype=kind)
    if array.flags.writeable:
        # A view, so that freezing it takes nothing away from the caller's own array.
        array = array.view()
        array.setflags(write=False)
    return array


_EMPTY = Bars(np.empty(0, np.int64), *(np.empty(0) for _ in COLUMNS))
