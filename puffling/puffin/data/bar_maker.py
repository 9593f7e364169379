"""Trades made into bars of a fixed length."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from datetime import UTC, datetime

from puffling.puffin.data.instants import US_PER_SECOND, from_us, to_us
from puffling.puffin.data.realtime import Bar, Trade
from puffling.puffin.errors import InvalidValue


@dataclass(slots=True)
class _Growing:
    """The one bar of a symbol that is not finished; each trade changes it."""

    starts_us: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    newest_us: int


class BarMaker:
    """Puts sound trades into bars and gives each bar out once, when it is over."""

    def __init__(self, seconds: float) -> None:
        if not (math.isfinite(seconds) and seconds >= 1.0):
            raise InvalidValue("A bar lasts a second at least", field="seconds")
        self._length_us = round(seconds * US_PER_SECOND)
        self._name = interval_name(round(seconds))
        self._growing: dict[str, _Growing] = {}
        self._finished_us: dict[str, int] = {}
        self._guard = threading.Lock()

    def take(self, trade: Trade) -> list[Bar]:
        """Take a trade and give the bars it finishes; one of a bar that is over changes nothing."""
        at_us = instant_of(trade.timestamp)
        starts_us = at_us - at_us % self._length_us
        price, volume = float(trade.price), float(trade.volume)
        with self._guard:
            if starts_us < self._finished_us.get(trade.symbol, 0):
                return []
            finished = []
            growing = self._growing.get(trade.symbol)
            if growing is not None and starts_us > growing.starts_us:
                finished.append(self._finish(trade.symbol))
                growing = None
            if growing is None:
                self._growing[trade.symbol] = _Growing(starts_us, price, price, price, price, volume, at_us)
            elif starts_us == growing.starts_us:
                growing.high, growing.low = max(growing.high, price), min(growing.low, price)
                growing.volume += volume
                if at_us >= growing.newest_us:
                    growing.close, growing.newest_us = price, at_us
            return finished

    def due(self, now: datetime) -> list[Bar]:
        """Give the bars that are over by now, whether another trade came or not."""
        now_us = instant_of(now)
        with self._guard:
            over = [
                symbol
                for symbol, growing in self._growing.items()
                if growing.starts_us + self._length_us <= now_us
            ]
            return [self._finish(symbol) for symbol in over]

    def _finish(self, symbol: str) -> Bar:
        growing = self._growing.pop(symbol)
        self._finished_us[symbol] = growing.starts_us + self._length_us
        return Bar(
            symbol, growing.open, growing.high, growing.low, growing.close, growing.volume,
            from_us(growing.starts_us), self._name,
        )  # fmt: skip


def interval_name(seconds: int) -> str:
    """Give 60 as "1m", 3600 as "1h", 86400 as "1d"."""
    for length, letter in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds % length == 0:
            return f"{seconds // length}{letter}"
    return f"{seconds}s"


def instant_of(moment: datetime) -> int:
    """Give a moment in microseconds; one without a zone counts as UTC."""
    return to_us(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))
