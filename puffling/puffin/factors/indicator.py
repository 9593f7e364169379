"""Indicators: declared once as a class, computed over a history and followed bar by bar with the same code.

    Rsi.compute(bars, period=14)["rsi"]      a column as long as the bars, NaN while it warms up
    live = Rsi.start(bars, period=14)        the closed bars
    live.update(bar)                         the bar that still moves, as often as it moves
    live.append(bar)                         the bar has closed

An instance is one computation: its cells (see `cells`) are its attributes. A bar with an input that is not a
finite number is passed over: its outputs are NaN and it changes nothing after it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import ClassVar, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from puffling.frozen import frozen
from puffling.puffin.data.bars import COLUMNS, Bars
from puffling.puffin.data.instants import US_PER_DAY
from puffling.puffin.data.sessions import Sessions
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.cells import Cell
from puffling.puffin.factors.declaration import (
    Category,
    Output,
    Parameter,
    Placement,
    Setting,
    settle_parameters,
)
from puffling.puffin.factors.windows import Column


class Bar(NamedTuple):
    """One bar, as a chart hands it on."""

    time_us: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class AnyBar(Protocol):
    """Whatever has the values of one bar."""

    @property
    def time_us(self) -> int: ...
    @property
    def open(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def close(self) -> float: ...
    @property
    def volume(self) -> float: ...


@frozen
class Prices:
    """The columns an indicator computes on."""

    time: NDArray[np.int64]
    sessions: Sessions | None
    open: Column
    high: Column
    low: Column
    close: Column
    volume: Column

    def of(self, source: str) -> Column:
        """Give the price a parameter names."""
        return _SOURCES[source](self)

    def session(self) -> Column:
        """Give the number of each bar's session: that of its UTC day where the sessions are not known.

        A session lasts until the next one opens: what is traded before an opening counts to the one before.
        """
        if self.sessions is None:
            return (self.time // US_PER_DAY).astype(np.float64)
        return np.searchsorted(self.sessions.opens_us, self.time, side="right").astype(np.float64)


_SOURCES: dict[str, Callable[[Prices], Column]] = {
    "open": lambda prices: prices.open,
    "high": lambda prices: prices.high,
    "low": lambda prices: prices.low,
    "close": lambda prices: prices.close,
    "hl2": lambda prices: (prices.high + prices.low) / 2.0,
    "hlc3": lambda prices: (prices.high + prices.low + prices.close) / 3.0,
    "ohlc4": lambda prices: (prices.open + prices.high + prices.low + prices.close) / 4.0,
}
PRICES = ("open", "high", "low", "close")


class Indicator:
    """Base of all indicators: the class is the declaration, an instance one computation."""

    id: ClassVar[str]
    title: ClassVar[str]
    short: ClassVar[str]
    help: ClassVar[str]
    category: ClassVar[Category]
    placement: ClassVar[Placement]
    inputs: ClassVar[tuple[str, ...]] = PRICES
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    outputs: ClassVar[tuple[Output, ...]]
    levels: ClassVar[tuple[float, ...]] = ()
    bounds: ClassVar[tuple[float, float] | None] = None

    def __init__(self, **settings: Setting) -> None:
        for name, value in settings.items():
            setattr(self, name, value)
        self.prepare()

    def prepare(self) -> None:
        """Make the cells; the parameters are attributes already."""
        raise NotImplementedError

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Give the outputs, in the order they are declared in."""
        raise NotImplementedError

    @classmethod
    def settings(cls, **parameters: Setting) -> dict[str, Setting]:
        """Give every parameter's value, or raise InvalidValue naming the wrong one."""
        return settle_parameters(cls.parameters, parameters)

    @classmethod
    def label(cls, **parameters: Setting) -> str:
        """Give what a legend says, such as "RSI 14"."""
        values = [value for value in cls.settings(**parameters).values() if not isinstance(value, str)]
        return " ".join([cls.short, *(f"{value:g}" for value in values)])

    @classmethod
    def compute(
        cls, bars: Bars, sessions: Sessions | None = None, /, **parameters: Setting
    ) -> dict[str, Column]:
        """Give every output as a column as long as the bars."""
        return cls(**cls.settings(**parameters))._history(bars, sessions)

    @classmethod
    def start(cls, bars: Bars, sessions: Sessions | None = None, /, **parameters: Setting) -> Live:
        """Compute the closed bars and stand ready for the ones to come."""
        computation = cls(**cls.settings(**parameters))
        history = computation._history(bars, sessions)
        return Live(computation, history, sessions)

    def _history(self, bars: Bars, sessions: Sessions | None) -> dict[str, Column]:
        known = np.ones(len(bars), dtype=np.bool_)
        for name in self.inputs:
            known &= np.isfinite(getattr(bars, name))
        if bool(known.all()):
            outputs = self.flow(Prices(bars.time, sessions, *bars.columns()))
            return dict(zip(self.names(), outputs, strict=True))
        columns = (column[known] for column in bars.columns())
        outputs = self.flow(Prices(bars.time[known], sessions, *columns))
        spread = {name: np.full(len(bars), np.nan) for name in self.names()}
        for column, output in zip(spread.values(), outputs, strict=True):
            column[known] = output
        return spread

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Give the names of the outputs."""
        return tuple(output.name for output in cls.outputs)

    def step(self, bar: AnyBar, sessions: Sessions | None) -> dict[str, float] | None:
        """Compute one bar more; None where an input is not a finite number."""
        if not all(np.isfinite(getattr(bar, name)) for name in self.inputs):
            return None
        time = np.array([bar.time_us], dtype=np.int64)
        columns = (np.array([float(getattr(bar, name))]) for name in COLUMNS)
        outputs = self.flow(Prices(time, sessions, *columns))
        return {name: float(output[0]) for name, output in zip(self.names(), outputs, strict=True)}

    def settle(self) -> None:
        """Keep the bar that was computed last."""
        for value in vars(self).values():
            if isinstance(value, Cell):
                value.settle()


@dataclass(slots=True)
class Live:
    """An indicator at the end of its history; `history` is what the closed bars at the start gave."""

    _computation: Indicator
    history: dict[str, Column]
    _sessions: Sessions | None
    newest: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        self.newest = {
            name: float(column[-1]) if len(column) else np.nan for name, column in self.history.items()
        }

    def update(self, bar: AnyBar) -> dict[str, float]:
        """Give the outputs with this as the last bar, which may still move."""
        self.newest = self._computation.step(bar, self._sessions) or self._unknown()
        return self.newest

    def append(self, bar: AnyBar) -> dict[str, float]:
        """Give the outputs of a bar that has closed, and go on from it."""
        given = self._computation.step(bar, self._sessions)
        if given is not None:
            self._computation.settle()
        self.newest = given or self._unknown()
        return self.newest

    def _unknown(self) -> dict[str, float]:
        return dict.fromkeys(self._computation.names(), np.nan)


@cache
def find_indicators() -> dict[str, type[Indicator]]:
    """Walk the folder of indicators and give every declared one by its id."""
    import puffling.puffin.factors.indicators as folder

    found: dict[str, type[Indicator]] = {}
    for module in pkgutil.iter_modules(folder.__path__, f"{folder.__name__}."):
        for made in vars(importlib.import_module(module.name)).values():
            if not (
                isinstance(made, type) and issubclass(made, Indicator) and made.__module__ == module.name
            ):
                continue
            if made.id in found:
                raise ValueError(f"two indicators are called {made.id}")
            found[made.id] = made
    return found


def find_indicator(id: str) -> type[Indicator]:
    """Give the indicator with this id."""
    found = find_indicators()
    if id not in found:
        raise InvalidValue(f"Unknown indicator {id!r}; there are: {', '.join(sorted(found))}", field="id")
    return found[id]
