"""Columns of bars as a source gave them: in any order, with anything in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from puffling.frozen import frozen
from puffling.puffin.errors import InvalidValue

_PRICES = ("open", "high", "low", "close", "volume")


class Columns(Protocol):
    """Six columns of one length; sound `Bars` are some, and so is whatever a source may send."""

    @property
    def time(self) -> NDArray[np.int64]:
        """When each bar opens, in microseconds UTC."""
        ...

    @property
    def open(self) -> NDArray[np.float64]:
        """First prices."""
        ...

    @property
    def high(self) -> NDArray[np.float64]:
        """Highest prices."""
        ...

    @property
    def low(self) -> NDArray[np.float64]:
        """Lowest prices."""
        ...

    @property
    def close(self) -> NDArray[np.float64]:
        """Last prices."""
        ...

    @property
    def volume(self) -> NDArray[np.float64]:
        """What was traded."""
        ...


@frozen(eq=False)
class RawBars:
    """What a source sent, not looked at yet: times may repeat or run backwards, prices may be anything."""

    time: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name in _PRICES:
            if len(getattr(self, name)) != len(self.time):
                raise InvalidValue(f"Column {name} is not as long as the times", field=name)

    @classmethod
    def of(cls, time: ArrayLike, *prices: ArrayLike) -> RawBars:
        """Read open, high, low, close and volume beside their times in microseconds."""
        columns = [np.asarray(column, dtype=np.float64) for column in prices]
        return cls(np.asarray(time, dtype=np.int64), *columns)

    @classmethod
    def of_rows(cls, rows: Sequence[Sequence[float]]) -> RawBars:
        """Read rows of time, open, high, low, close and volume."""
        if not rows:
            return cls.of((), (), (), (), (), ())
        return cls.of(*zip(*rows, strict=True))

    def __len__(self) -> int:
        return len(self.time)
