"""Technical indicators as one frame: Puffin's public call for strategies and models."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from puffling.puffin.data.bars import COLUMNS, Bars
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Category
from puffling.puffin.factors.indicator import find_indicator
from puffling.puffin.factors.windows import Column

if TYPE_CHECKING:
    import pandas as pd

    Prices = pd.DataFrame | Mapping[str, pd.Series]

Columns = dict[str, Column]


class TechnicalIndicators:
    """The usual indicators with their usual periods.

    Prices come as a frame (Open High Low Close Volume, for one symbol or indexed by Date and Symbol) or as a
    mapping of such columns. TA-Lib computes them where it is wanted and installed; the numbers are the same.
    """

    def __init__(self, use_talib: bool = True) -> None:
        self.use_talib = use_talib and find_spec("talib") is not None

    def compute_all(self, ohlcv: Prices, categories: Iterable[str] | None = None) -> pd.DataFrame:
        """Give the indicators of these categories (overlap, momentum, volume, volatility), or of all."""
        wanted = list(_OWN) if categories is None else list(categories)
        for category in wanted:
            if category not in _OWN:
                raise InvalidValue(
                    f"Unknown category {category!r}; there are: {', '.join(_OWN)}", field="categories"
                )
        return self._frame(ohlcv, wanted)

    def compute_overlap(self, ohlcv: Prices) -> pd.DataFrame:
        """Give averages, Bollinger bands and the parabolic stop."""
        return self._frame(ohlcv, [Category.OVERLAP])

    def compute_momentum(self, ohlcv: Prices) -> pd.DataFrame:
        """Give RSI, MACD, stochastic, directional index, CCI and money flow index."""
        return self._frame(ohlcv, [Category.MOMENTUM])

    def compute_volume(self, ohlcv: Prices) -> pd.DataFrame:
        """Give on-balance volume, accumulation/distribution and Chaikin's oscillator."""
        return self._frame(ohlcv, [Category.VOLUME])

    def compute_volatility(self, ohlcv: Prices) -> pd.DataFrame:
        """Give the true range, its average, and that in percent of the price."""
        return self._frame(ohlcv, [Category.VOLATILITY])

    def _frame(self, ohlcv: Prices, categories: list[str]) -> pd.DataFrame:
        import pandas as pd

        given = _read(ohlcv)
        if isinstance(given.index, pd.MultiIndex):
            parts = [self._compute(part, categories) for _, part in given.groupby(level="Symbol", sort=False)]
            return pd.concat(parts).reindex(given.index)
        return self._compute(given, categories)

    def _compute(self, prices: pd.DataFrame, categories: list[str]) -> pd.DataFrame:
        import pandas as pd

        # These indicators never ask what time it is, and an index may hold anything.
        columns = (prices[name].to_numpy(dtype=np.float64) for name in COLUMNS)
        bars = Bars(np.arange(len(prices)), *columns)
        # TA-Lib lets one missing value spoil everything after it.
        clean = all(bool(np.isfinite(column).all()) for column in bars.columns())
        recipes = _TALIB if self.use_talib and clean and len(bars) else _OWN
        found: Columns = {}
        for category in categories:
            found |= recipes[category](bars)
        if "bb_upper" in found:
            reach = found["bb_upper"] - found["bb_lower"]
            with np.errstate(divide="ignore", invalid="ignore"):
                found["bb_width"] = reach / found["bb_middle"]
                found["bb_position"] = (bars.close - found["bb_lower"]) / reach
        return pd.DataFrame(found, index=prices.index)


def _read(ohlcv: Prices) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame({str(name).lower(): column for name, column in ohlcv.items()})
    missing = [name.title() for name in COLUMNS[1:4] if name not in frame]
    if missing:
        raise InvalidValue(f"The prices have no column {', '.join(missing)}", field="ohlcv")
    if "open" not in frame:
        frame["open"] = frame["close"]
    if "volume" not in frame:
        frame["volume"] = 0.0
    return frame


def _rename(bars: Bars, id: str, names: str, period: int | None = None) -> Columns:
    indicator = find_indicator(id)
    outputs = (indicator.compute(bars) if period is None else indicator.compute(bars, period=period)).values()
    return dict(zip(names.split(), outputs, strict=True))


def _own_overlap(bars: Bars) -> Columns:
    found: Columns = {}
    for width in (20, 50, 200):
        found |= _rename(bars, "sma", f"sma_{width}", period=width)
    for width in (12, 26):
        found |= _rename(bars, "ema", f"ema_{width}", period=width)
    found |= _rename(bars, "bollinger", "bb_upper bb_middle bb_lower", period=20)
    return found | _rename(bars, "psar", "sar")


def _own_momentum(bars: Bars) -> Columns:
    found = _rename(bars, "rsi", "rsi", period=14)
    found |= _rename(bars, "macd", "macd macd_signal macd_hist")
    found |= _rename(bars, "stochastic", "stoch_k stoch_d")
    found |= _rename(bars, "adx", "adx plus_di minus_di", period=14)
    found |= _rename(bars, "cci", "cci", period=14)
    return found | _rename(bars, "mfi", "mfi", period=14)


def _own_volume(bars: Bars) -> Columns:
    return _rename(bars, "obv", "obv") | _rename(bars, "ad", "ad") | _rename(bars, "adosc", "adosc")


def _own_volatility(bars: Bars) -> Columns:
    found = _rename(bars, "atr", "atr", period=14) | _rename(bars, "natr", "natr", period=14)
    return found | _rename(bars, "trange", "trange")


_OWN: dict[str, Callable[[Bars], Columns]] = {
    Category.OVERLAP: _own_overlap,
    Category.MOMENTUM: _own_momentum,
    Category.VOLUME: _own_volume,
    Category.VOLATILITY: _own_volatility,
}


def _talib(bars: Bars) -> tuple[Any, Columns]:
    # Its compiled code asks for arrays it might write to.
    return import_module("talib"), {name: np.array(getattr(bars, name)) for name in COLUMNS}


def _talib_overlap(bars: Bars) -> Columns:
    talib, of = _talib(bars)
    found: Columns = {f"sma_{width}": talib.SMA(of["close"], width) for width in (20, 50, 200)}
    found |= {f"ema_{width}": talib.EMA(of["close"], width) for width in (12, 26)}
    found |= zip(("bb_upper", "bb_middle", "bb_lower"), talib.BBANDS(of["close"], 20, 2.0, 2.0), strict=True)
    return found | {"sar": talib.SAR(of["high"], of["low"], 0.02, 0.2)}


def _talib_momentum(bars: Bars) -> Columns:
    talib, of = _talib(bars)
    bar = (of["high"], of["low"], of["close"])
    found: Columns = {"rsi": talib.RSI(of["close"], 14)}
    found |= zip(("macd", "macd_signal", "macd_hist"), talib.MACD(of["close"], 12, 26, 9), strict=True)
    found |= zip(("stoch_k", "stoch_d"), talib.STOCH(*bar, 14, 3, 0, 3, 0), strict=True)
    found |= {"adx": talib.ADX(*bar, 14), "plus_di": talib.PLUS_DI(*bar, 14)}
    found |= {"minus_di": talib.MINUS_DI(*bar, 14), "cci": talib.CCI(*bar, 14)}
    return found | {"mfi": talib.MFI(*bar, of["volume"], 14)}


def _talib_volume(bars: Bars) -> Columns:
    talib, of = _talib(bars)
    bar = (of["high"], of["low"], of["close"], of["volume"])
    found: Columns = {"obv": talib.OBV(of["close"], of["volume"]), "ad": talib.AD(*bar)}
    return found | {"adosc": talib.ADOSC(*bar, 3, 10)}


def _talib_volatility(bars: Bars) -> Columns:
    talib, of = _talib(bars)
    bar = (of["high"], of["low"], of["close"])
    return {"atr": talib.ATR(*bar, 14), "natr": talib.NATR(*bar, 14), "trange": talib.TRANGE(*bar)}


_TALIB: dict[str, Callable[[Bars], Columns]] = {
    Category.OVERLAP: _talib_overlap,
    Category.MOMENTUM: _talib_momentum,
    Category.VOLUME: _talib_volume,
    Category.VOLATILITY: _talib_volatility,
}
