"""Strategies that weigh several symbols against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from puffling.puffin.data.bars import Bars
from puffling.puffin.errors import InvalidValue
from puffling.puffin.strategies.base import Signals, Strategy

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


class SymbolColumns(NamedTuple):
    """Closes side by side, (bars, symbols); where a symbol has no bar, not a number."""

    symbols: tuple[str, ...]
    time: NDArray[np.int64]
    close: Floats


class Allocation(NamedTuple):
    """What to hold after every bar as shares of the equity, and on which bars all of it is set anew."""

    weights: Floats
    rebalance: NDArray[np.bool_] | None = None


class PortfolioStrategy(Strategy):
    """Base of strategies that decide for all their symbols together."""

    def allocate(self, columns: SymbolColumns) -> Allocation:
        """Give the share of every symbol at every bar, from that bar and those before it alone."""
        raise NotImplementedError

    def least_symbols(self) -> int:
        """Give how many symbols it takes."""
        return 1

    def allocations(self, columns: SymbolColumns) -> Allocation:
        """Give the allocation after making sure that it can be one."""
        if len(columns.symbols) < self.least_symbols():
            raise InvalidValue(
                f"{self.name()} needs {self.least_symbols()} symbols, there are {len(columns.symbols)}",
                field="symbols",
            )
        if len(columns.time) < self.bars_needed():
            raise InvalidValue(
                f"{self.name()} needs {self.bars_needed()} bars with these parameters,"
                f" there are {len(columns.time)}",
                field="data",
            )
        given = self.allocate(columns)
        fits = isinstance(given, Allocation) and np.shape(given.weights) == columns.close.shape
        if not fits or not bool((np.abs(given.weights) <= 1.0).all()):
            raise InvalidValue(
                f"{self.name()} has to give a share from -1 to 1 for each symbol and bar", field="weights"
            )
        return given

    def generate_signals(self, data: pd.DataFrame) -> pd.DataFrame:
        """Give columns signal and confidence for a frame of several symbols, indexed by (Date, Symbol)."""
        import pandas as pd

        if not isinstance(data.index, pd.MultiIndex):
            return super().generate_signals(data)
        closes = data["Close"].unstack(-1)
        times = pd.DatetimeIndex(closes.index).tz_localize(None).as_unit("us").asi8
        symbols = tuple(str(symbol) for symbol in closes.columns)
        given = self.allocations(SymbolColumns(symbols, times, closes.to_numpy(np.float64)))
        weights = pd.DataFrame(given.weights, index=closes.index, columns=closes.columns)
        signal = weights.stack().reindex(data.index)
        return pd.DataFrame({"signal": signal, "confidence": signal.abs()}, index=data.index)

    def decide(self, bars: Bars) -> Signals:
        """Decide for one symbol as if it were all there is."""
        given = self.allocations(SymbolColumns(("ASSET",), bars.time, bars.close[:, None]))
        weight = given.weights[:, 0]
        return Signals(weight, np.abs(weight))


def risen(close: Floats, bars: int) -> Floats:
    """Give by how much each symbol rose over so many bars, as a share; not a number where one is missing."""
    rise = np.full_like(close, np.nan)
    if bars < len(close):
        rise[bars:] = close[bars:] / close[:-bars] - 1.0
    return rise
