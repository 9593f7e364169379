"""What every strategy is: declared parameters in, a signal and a confidence for every bar out.

    strategy = MomentumStrategy(short_window=10)
    strategy.generate_signals(frame)     a frame: signal in [-1, 1], confidence in [0, 1], on the same index
    strategy.signals(bars)               the same as columns, without pandas

What stands at a bar is decided on its close, so an order fills on the next bar's open at the earliest. While
a strategy warms up it says nothing: signal 0 with confidence 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self, cast

import numpy as np

from puffling.puffin.data.bars import COLUMNS, Bars
from puffling.puffin.data.instants import from_us
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Parameter, Setting, settle_parameters
from puffling.puffin.factors.windows import Column

if TYPE_CHECKING:
    import pandas as pd

    # A frame with the columns signal and confidence, by the name Puffin's users know.
    SignalFrame = pd.DataFrame
else:

    def __getattr__(name: str) -> object:
        """Give SignalFrame, for which pandas is loaded when it is asked for and no sooner."""
        if name != "SignalFrame":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import pandas as pd

        return pd.DataFrame


class Signals(NamedTuple):
    """What a strategy says, bar by bar: short -1 to long +1, and how sure it is from 0 to 1."""

    signal: Column
    confidence: Column


class Strategy:
    """Base of all strategies: the class is the declaration, an instance has its parameters as attributes."""

    title: ClassVar[str] = ""
    help: ClassVar[str] = ""
    parameters: ClassVar[tuple[Parameter, ...]] = ()

    def __init__(self, **settings: Setting) -> None:
        for name, value in settle_parameters(self.parameters, settings).items():
            setattr(self, name, value)
        self.check()

    @classmethod
    def made_of(cls, parameters: Mapping[str, Setting]) -> Self:
        """Make one from parameters by name, or raise InvalidValue naming the one that does not fit."""
        if cls.parameters:
            parameters = settle_parameters(cls.parameters, parameters)
        return cls(**parameters)

    @classmethod
    def name(cls) -> str:
        """Give what it is called: the class name in small letters, such as mean_reversion."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__.removesuffix("Strategy")).lower()

    def get_parameters(self) -> dict[str, Setting]:
        """Give the value of every parameter."""
        return {each.name: getattr(self, each.name) for each in self.parameters}

    def check(self) -> None:
        """Raise InvalidValue where parameters do not fit together; a strategy may have nothing to check."""

    def bars_needed(self) -> int:
        """Give how many bars it takes until it can say something."""
        return 1

    def decide(self, bars: Bars) -> Signals:
        """Give the signal and the confidence at every bar, each from that bar and those before it alone."""
        raise NotImplementedError

    def signals(self, bars: Bars) -> Signals:
        """Give the signal and the confidence as columns as long as the bars, which must hold no gaps."""
        self._look_through(bars)
        given = self._columns(self.decide(bars))
        for column, title, lowest in zip(given, Signals._fields, (-1.0, 0.0), strict=True):
            fits = column.shape == (len(bars),) and bool(np.all((column >= lowest) & (column <= 1.0)))
            if not fits:
                raise InvalidValue(
                    f"{self.name()} has to give a {title} from {lowest:g} to 1 for each of {len(bars)} bars",
                    field=title,
                )
        return given

    @classmethod
    def signals_of_many(cls, bars: Bars, made: Sequence[Self]) -> Column:
        """Give the signals of many of its kind, (strategies, bars); what they share is computed once."""
        if made:
            max(made, key=lambda each: each.bars_needed())._look_through(bars)
        told = np.empty((len(made), len(bars)))
        for row, signal in zip(told, cls.decide_many(bars, made), strict=True):
            row[:] = signal
        return told

    @classmethod
    def decide_many(cls, bars: Bars, made: Sequence[Self]) -> Iterator[Column]:
        """Give the signal of each, the same as `decide` gives it; a strategy may share what is the same."""
        return (each.signals(bars).signal for each in made)

    def generate_signals(self, data: pd.DataFrame) -> pd.DataFrame:
        """Give columns signal and confidence for a frame of one symbol, in the form of `Bars.to_frame`."""
        import pandas as pd

        signal, confidence = self.signals(_bars_of(data))
        return pd.DataFrame({"signal": signal, "confidence": confidence}, index=data.index)

    def _columns(self, told: object) -> Signals:
        try:
            signal, confidence = (np.asarray(column, dtype=np.float64) for column in cast("Signals", told))
        except (TypeError, ValueError):
            raise InvalidValue(
                f"{self.name()} has to give two columns of numbers: the signal and the confidence",
                field="signal",
            ) from None
        return Signals(signal, confidence)

    def _look_through(self, bars: Bars) -> None:
        needed = self.bars_needed()
        if len(bars) < needed:
            raise InvalidValue(
                f"{self.name()} needs {needed} bars with these parameters, there are {len(bars)}",
                field="data",
            )
        for column in COLUMNS:
            wrong = np.flatnonzero(~np.isfinite(getattr(bars, column)))
            if len(wrong):
                when = from_us(int(bars.time[wrong[0]]))
                raise InvalidValue(f"{column.title()} is not a number at {when:%Y-%m-%d %H:%M}", field=column)


def _bars_of(data: pd.DataFrame) -> Bars:
    """Read a frame, or say what about it is not as agreed."""
    import pandas as pd

    if not isinstance(data.index, pd.DatetimeIndex) or data.index.hasnans:
        raise InvalidValue("The data must be indexed by Date, one row per bar of one symbol", field="data")
    for column in COLUMNS:
        if column.title() not in data.columns:
            raise InvalidValue(f"The data has no column {column.title()}", field=column)
        if not pd.api.types.is_numeric_dtype(data[column.title()]):
            raise InvalidValue(f"{column.title()} holds something that is not a number", field=column)
    return Bars.from_frame(data)
