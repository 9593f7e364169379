"""Following the trend that two averages show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Self

import numpy as np

from puffling.puffin.data.bars import Bars
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Choice, Real, period
from puffling.puffin.factors.indicators.averages import Ema, Sma
from puffling.puffin.factors.windows import Column
from puffling.puffin.strategies.base import Signals, Strategy

# Averages this far apart, as a share of the long one, leave no doubt.
_CERTAIN = 0.05


class MomentumStrategy(Strategy):
    """Long while the short average stands above the long one, short while it stands below.

    distance = (short average - long average) / |long average|, of closes. The signal is +1 where the distance
    is above the threshold, -1 where it is below minus the threshold, 0 elsewhere. The confidence of a signal
    is |distance| / 0.05, 1 at the most; without a signal it is 0.
    """

    title = "Momentum"
    help = "Follows the trend: long while the short average is above the long one, short while it is below."
    parameters = (
        period(20, name="short_window", title="Short window"),
        period(50, name="long_window", title="Long window"),
        Choice("ma_type", "Average", "sma", (("sma", "Simple"), ("ema", "Exponential"))),
        Real("signal_threshold", "Threshold", 0.0, 0.0, 1.0, 0.005),
    )
    short_window: int
    long_window: int
    ma_type: str
    signal_threshold: float

    def __init__(
        self,
        short_window: int = 20,
        long_window: int = 50,
        ma_type: str = "sma",
        signal_threshold: float = 0.0,
    ) -> None:
        super().__init__(
            short_window=short_window,
            long_window=long_window,
            ma_type=ma_type,
            signal_threshold=signal_threshold,
        )

    def check(self) -> None:
        """The short window has to be the shorter one."""
        if self.short_window >= self.long_window:
            raise InvalidValue("Short window must be shorter than the long window", field="short_window")

    def bars_needed(self) -> int:
        """The long average speaks last."""
        return self.long_window

    def decide(self, bars: Bars) -> Signals:
        """Compare the averages."""
        short, long = (_average(bars, self.ma_type, each) for each in (self.short_window, self.long_window))
        distance = _distance(short, long)
        signal = self._signal(distance)
        return Signals(signal, np.minimum(np.abs(distance) / _CERTAIN, 1.0) * np.abs(signal))

    @classmethod
    def decide_many(cls, bars: Bars, made: Sequence[Self]) -> Iterator[Column]:
        """Compare averages; each distinct one is computed once."""
        windows = {
            (each.ma_type, window) for each in made for window in (each.short_window, each.long_window)
        }
        averages = {window: _average(bars, *window) for window in windows}
        for each in made:
            short, long = averages[each.ma_type, each.short_window], averages[each.ma_type, each.long_window]
            yield each._signal(_distance(short, long))

    def _signal(self, distance: Column) -> Column:
        return np.where(np.abs(distance) > self.signal_threshold, np.sign(distance), 0.0)


def _average(bars: Bars, ma_type: str, window: int) -> Column:
    kind = Ema if ma_type == "ema" else Sma
    return kind.compute(bars, period=window)[kind.id]


def _distance(short: Column, long: Column) -> Column:
    """Give how far apart the averages are as a share of the long one, 0 while one of them is silent."""
    size = np.abs(long)
    # Comparing what is not a number is false: there the distance stays 0.
    return np.divide(short - long, size, out=np.zeros_like(size), where=size > 0.0)
