"""Indicators against TA-Lib, on real history, to 1e-9."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

import numpy as np
import pytest
import talib
from numpy.typing import NDArray

from puffling.puffin.data.bars import COLUMNS, Bars
from puffling.puffin.factors.declaration import Setting
from puffling.puffin.factors.indicator import find_indicator
from tests.puffin.factors.series import real

Column = NDArray[np.float64]
# What TA-Lib calls the simple average.
SIMPLE: Any = 0
Oracle = Callable[..., Column | Iterable[Column]]

ORACLES: dict[str, tuple[Oracle, tuple[dict[str, Setting], ...]]] = {
    "sma": (
        lambda of, period: talib.SMA(of["close"], period),
        ({"period": 2}, {"period": 20}, {"period": 200}),
    ),
    "ema": (
        lambda of, period: talib.EMA(of["close"], period),
        ({"period": 2}, {"period": 21}, {"period": 300}),
    ),
    "wma": (
        lambda of, period: talib.WMA(of["close"], period),
        ({"period": 2}, {"period": 20}, {"period": 77}),
    ),
    "bollinger": (
        lambda of, period, deviations: talib.BBANDS(of["close"], period, deviations, deviations),
        (
            {"period": 2, "deviations": 1.0},
            {"period": 20, "deviations": 2.0},
            {"period": 50, "deviations": 2.5},
        ),
    ),
    "psar": (
        lambda of, acceleration, maximum: talib.SAR(of["high"], of["low"], acceleration, maximum),
        (
            {"acceleration": 0.02, "maximum": 0.2},
            {"acceleration": 0.05, "maximum": 0.1},
            {"acceleration": 0.3, "maximum": 0.2},
        ),
    ),
    "rsi": (
        lambda of, period: talib.RSI(of["close"], period),
        ({"period": 2}, {"period": 14}, {"period": 50}),
    ),
    "macd": (
        lambda of, fast, slow, signal: talib.MACD(of["close"], fast, slow, signal),
        (
            {"fast": 12, "slow": 26, "signal": 9},
            {"fast": 35, "slow": 5, "signal": 5},
            {"fast": 10, "slow": 10, "signal": 1},
        ),
    ),
    "stochastic": (
        lambda of, period, slowing, signal: talib.STOCH(
            of["high"], of["low"], of["close"], period, slowing, SIMPLE, signal, SIMPLE
        ),
        (
            {"period": 14, "slowing": 3, "signal": 3},
            {"period": 5, "slowing": 1, "signal": 2},
            {"period": 50, "slowing": 10, "signal": 7},
        ),
    ),
    "adx": (
        lambda of, period: [
            measure(of["high"], of["low"], of["close"], period)
            for measure in (talib.ADX, talib.PLUS_DI, talib.MINUS_DI)
        ],
        ({"period": 2}, {"period": 14}, {"period": 30}),
    ),
    "atr": (
        lambda of, period: talib.ATR(of["high"], of["low"], of["close"], period),
        ({"period": 1}, {"period": 14}, {"period": 100}),
    ),
    "natr": (
        lambda of, period: talib.NATR(of["high"], of["low"], of["close"], period),
        ({"period": 2}, {"period": 14}),
    ),
    "trange": (lambda of: talib.TRANGE(of["high"], of["low"], of["close"]), ({},)),
    "obv": (lambda of: talib.OBV(of["close"], of["volume"]), ({},)),
    "ad": (lambda of: talib.AD(of["high"], of["low"], of["close"], of["volume"]), ({},)),
    "adosc": (
        lambda of, fast, slow: talib.ADOSC(of["high"], of["low"], of["close"], of["volume"], fast, slow),
        ({"fast": 3, "slow": 10}, {"fast": 12, "slow": 5}),
    ),
    "cci": (
        lambda of, period: talib.CCI(of["high"], of["low"], of["close"], period),
        ({"period": 2}, {"period": 20}, {"period": 60}),
    ),
    "mfi": (
        lambda of, period: talib.MFI(of["high"], of["low"], of["close"], of["volume"], period),
        ({"period": 2}, {"period": 14}, {"period": 60}),
    ),
    "roc": (lambda of, period: talib.ROC(of["close"], period), ({"period": 1}, {"period": 10})),
    "williams_r": (
        lambda of, period: talib.WILLR(of["high"], of["low"], of["close"], period),
        ({"period": 2}, {"period": 14}, {"period": 60}),
    ),
}
CASES = [(id, parameters) for id, (_, sets) in ORACLES.items() for parameters in sets]


@pytest.mark.parametrize(("id", "parameters"), CASES)
def test_every_number_and_every_gap_is_that_of_talib(id: str, parameters: dict[str, Any]) -> None:
    for symbol, adjusted in product(("AAPL", "IBM", "GOOG", "FB"), (True, False)):
        bars = real(symbol, adjusted=adjusted)
        answer = ORACLES[id][0]({name: np.array(getattr(bars, name)) for name in COLUMNS}, **parameters)
        expected = [answer] if isinstance(answer, np.ndarray) else list(answer)
        outputs = list(find_indicator(id).compute(bars, **parameters).values())
        assert len(outputs) == len(expected)
        for ours, theirs in zip(outputs, expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def test_long_after_the_last_move_the_numbers_are_still_those_of_talib() -> None:
    moved = real("IBM").close[:60]
    price = np.append(moved, np.full(3_000, moved[-1]))
    bars = Bars(np.arange(len(price)), price, price, price, price, np.ones(len(price)))
    np.testing.assert_allclose(find_indicator("rsi").compute(bars)["rsi"], talib.RSI(price, 14), rtol=1e-9)
    np.testing.assert_allclose(
        find_indicator("adx").compute(bars, period=14)["plus_di"],
        talib.PLUS_DI(price, price, price, 14),
        rtol=1e-9,
    )
