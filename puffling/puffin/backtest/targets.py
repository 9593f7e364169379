"""From what a strategy says to what should be held: signals of every kind become one matrix of targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.backtest.panel import Floats, Mask, Panel
from puffling.puffin.backtest.view import Trader
from puffling.puffin.data.bars import Bars
from puffling.puffin.errors import InvalidValue
from puffling.puffin.strategies.base import Strategy
from puffling.puffin.strategies.portfolio import PortfolioStrategy, SymbolColumns
from puffling.puffin.strategies.trading import TradingStrategy

if TYPE_CHECKING:
    import pandas as pd


@runtime_checkable
class SignalSource(Protocol):
    """A strategy as Puffin's users write it: a frame in, a frame with a column signal out."""

    def generate_signals(self, data: pd.DataFrame) -> pd.DataFrame:
        """Give signal in [-1, 1] on the same index."""
        ...


Tested = Strategy | PortfolioStrategy | SignalSource


@frozen(eq=False)
class Targets:
    """What to hold after every bar, (bars, symbols), and on which bars everything is brought back to it."""

    weights: Floats
    rebalance: Mask | None = None

    def part(self, first: int, last: int) -> Targets:
        """Give the targets from one bar up to another."""
        return Targets(
            self.weights[first:last], None if self.rebalance is None else self.rebalance[first:last]
        )


def sends_orders(strategy: object) -> bool:
    """Tell whether a strategy, or a kind of them, sends its own orders instead of saying what to hold."""
    if not callable(getattr(strategy, "on_bar", None)):
        return False
    kind = strategy if isinstance(strategy, type) else type(strategy)
    # What speaks both languages is asked for its signals, but for what was made to trade.
    return issubclass(kind, TradingStrategy) or not callable(getattr(strategy, "generate_signals", None))


def trader_of(strategy: object) -> Trader | None:
    """Give a strategy that sends its own orders as one; None for one that says what to hold."""
    return cast("Trader", strategy) if sends_orders(strategy) else None


def targets_of(strategy: Tested, panel: Panel) -> Targets:
    """Ask a strategy about a panel; each of several symbols gets an equal part of the equity."""
    if sends_orders(strategy):
        # How it stood would be tested then, which is something else.
        raise InvalidValue("A strategy that sends its own orders has no targets", field="strategy")
    if isinstance(strategy, PortfolioStrategy):
        allocation = strategy.allocations(SymbolColumns(panel.symbols, panel.time, panel.close))
        return Targets(allocation.weights, allocation.rebalance)
    weights = np.zeros(panel.close.shape)
    for place, symbol in enumerate(panel.symbols):
        bars = panel.bars(symbol)
        if isinstance(strategy, Strategy):
            signal = strategy.signals(bars).signal
        else:
            frame = bars.to_frame()
            signal = _signal_column(strategy.generate_signals(frame), frame, symbol)
        weights[:, place] = spread(panel, place, signal)
    return Targets(weights / len(panel.symbols))


def panel_of(data: object, symbols: Sequence[str] | None = None) -> Panel:
    """Read bars, several series by symbol, or a frame as Puffin's users have it; only these symbols of it."""
    if isinstance(data, Panel):
        series: Mapping[str, Bars] = {symbol: data.bars(symbol) for symbol in data.symbols}
        if symbols is None or tuple(symbols) == data.symbols:
            return data
    elif isinstance(data, Bars):
        series = {symbols[0] if symbols else "ASSET": data}
    elif isinstance(data, Mapping):
        series = data
    else:
        series = _series_of(data, symbols)
    if symbols is not None:
        missing = [symbol for symbol in symbols if symbol not in series]
        if missing:
            raise InvalidValue(f"The data holds no {', '.join(missing)}", field="symbols")
        series = {symbol: series[symbol] for symbol in symbols}
    empty = [symbol for symbol, bars in series.items() if not len(bars)]
    if empty:
        raise InvalidValue(f"There are no bars of {', '.join(empty)}", field="symbols")
    for symbol, bars in series.items():
        _look_through(symbol, bars)
    return Panel.of(series)


def _series_of(data: object, symbols: Sequence[str] | None) -> Mapping[str, Bars]:
    import pandas as pd

    if not isinstance(data, pd.DataFrame):
        raise InvalidValue("The data must be bars, bars by symbol, or a frame of them", field="data")
    if isinstance(data.index, pd.MultiIndex):
        level = "Symbol" if "Symbol" in data.index.names else data.index.nlevels - 1
        return {
            str(symbol): Bars.from_frame(part.droplevel(level))
            for symbol, part in data.groupby(level=level, sort=False)
        }
    return {symbols[0] if symbols else "ASSET": Bars.from_frame(data)}


def _look_through(symbol: str, bars: Bars) -> None:
    """What is not a number would spread through every figure."""
    for column in bars.columns():
        if not bool(np.isfinite(column).all()):
            raise InvalidValue(f"The bars of {symbol} hold something that is not a number", field="data")
    if float(bars.low.min()) <= 0.0:
        raise InvalidValue(f"The bars of {symbol} hold a price of zero or less", field="data")


def _signal_column(told: pd.DataFrame, frame: pd.DataFrame, symbol: str) -> Floats:
    """Read what a strategy from outside gave, or say what about it is not as agreed."""
    if "signal" not in getattr(told, "columns", ()):
        raise InvalidValue("The strategy gave no column signal", field="strategy")
    if len(told) != len(frame):
        raise InvalidValue(
            f"The strategy gave {len(told)} signals for {len(frame)} bars of {symbol}; it needs one for each",
            field="strategy",
        )
    if not told.index.equals(frame.index):
        raise InvalidValue(
            f"The strategy gave signals on another index than that of the bars of {symbol}", field="strategy"
        )
    try:
        signal = told["signal"].to_numpy(dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidValue(f"The signals for {symbol} are not all numbers", field="strategy") from None
    if not bool((np.abs(signal) <= 1.0).all()):
        raise InvalidValue(
            f"A signal for {symbol} is not a number from -1 to 1; leave 0 where there is none",
            field="strategy",
        )
    return signal


def spread(panel: Panel, place: int, signal: Floats) -> Floats:
    """Lay signals of a symbol's own bars, the last axis, along the panel; between bars the newest holds."""
    there = panel.present[:, place]
    if there.all():
        return signal
    known = np.cumsum(there) - 1
    return np.where(known >= 0, signal[..., np.maximum(known, 0)], 0.0)
