"""What a source of market data offers; providers written for Puffin are subclasses of this."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np

from puffling.puffin.data.bars import Span
from puffling.puffin.data.instants import US_PER_DAY, day_to_us
from puffling.puffin.data.realtime import Bar, OrderBookUpdate, Quote, Trade
from puffling.puffin.errors import InvalidValue, NotOffered

if TYPE_CHECKING:
    import pandas as pd

Day = str | date | datetime


def day_of(day: Day, field: str) -> date:
    """Read a day as it may be asked for, or name the field that holds none."""
    if isinstance(day, datetime):
        return day.date()
    if isinstance(day, date):
        return day
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise InvalidValue(f"Not a day: {day!r}; write it as 2012-12-31", field=field) from None


def asked_span(start: Day, end: Day | None) -> Span:
    """Give the time of the days from start to end, both included; without an end, all that follows."""
    until_us = np.iinfo(np.int64).max if end is None else day_to_us(day_of(end, "end")) + US_PER_DAY
    start_us = day_to_us(day_of(start, "start"))
    return Span(start_us, max(int(until_us), start_us))


class DataProvider(ABC):
    """A source of histories and, where it has them, of live prices."""

    @abstractmethod
    def fetch_historical(
        self, symbols: str | Sequence[str], start: Day, end: Day | None = None, interval: str = "1d"
    ) -> pd.DataFrame:
        """Give OHLCV rows from start to end, both included, indexed by Date or by (Date, Symbol)."""

    @abstractmethod
    def get_supported_assets(self) -> list[str]:
        """Give the symbols that can be asked for."""

    def stream_realtime(self, symbols: Sequence[str], callback: Callable[[Bar], None]) -> None:
        """Call back with every new bar."""
        raise NotOffered(f"{type(self).__name__} has no live bars")

    def stream_trades(self, symbols: Sequence[str], callback: Callable[[Trade], None]) -> None:
        """Call back with every trade."""
        raise NotOffered(f"{type(self).__name__} has no live trades")

    def stream_quotes(self, symbols: Sequence[str], callback: Callable[[Quote], None]) -> None:
        """Call back with every quote."""
        raise NotOffered(f"{type(self).__name__} has no live quotes")

    def stream_orderbook(self, symbols: Sequence[str], callback: Callable[[OrderBookUpdate], None]) -> None:
        """Call back with every change of the order book."""
        raise NotOffered(f"{type(self).__name__} has no order book")

    def stop_streams(self) -> None:
        """End every stream, so that whoever waits in one comes back; nothing to do where none waits."""
        return
