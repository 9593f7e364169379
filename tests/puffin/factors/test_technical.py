"""Technical indicators as Puffin offers them."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.technical import TechnicalIndicators
from tests.puffin.factors.series import real

FRAME = real("IBM")[:400].to_frame()


def test_ours_and_those_of_talib_are_the_same_numbers() -> None:
    ours = TechnicalIndicators(use_talib=False).compute_all(FRAME)
    theirs = TechnicalIndicators(use_talib=True).compute_all(FRAME)
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-9, atol=1e-9)
    assert not ours.iloc[-1].isna().any()


def test_categories_are_the_parts_of_all() -> None:
    indicators = TechnicalIndicators()
    parts = (
        indicators.compute_overlap(FRAME),
        indicators.compute_momentum(FRAME),
        indicators.compute_volume(FRAME),
        indicators.compute_volatility(FRAME),
    )
    everything = indicators.compute_all(FRAME)
    assert set(everything) == {name for part in parts for name in part}
    pd.testing.assert_frame_equal(indicators.compute_all(FRAME, ["volume"]), parts[2])
    with pytest.raises(InvalidValue, match="overlap"):
        indicators.compute_all(FRAME, ["overlay"])


@pytest.mark.parametrize("use_talib", [True, False])
def test_several_symbols_are_computed_apart_and_answered_in_their_order(use_talib: bool) -> None:
    both = pd.concat({name: real(name)[:90].to_frame() for name in ("MSFT", "IBM")}, names=["Symbol", "Date"])
    mixed = both.swaplevel().sort_index()
    answer = TechnicalIndicators(use_talib).compute_all(mixed)
    assert answer.index.equals(mixed.index)
    for name in ("MSFT", "IBM"):
        alone = TechnicalIndicators(use_talib).compute_all(real(name)[:90].to_frame())
        assert answer[answer.index.get_level_values("Symbol") == name].droplevel("Symbol").equals(alone)


def test_a_mapping_of_plain_columns_will_do() -> None:
    columns = {name.lower(): FRAME[name].reset_index(drop=True) for name in ("High", "Low", "Close")}
    answer = TechnicalIndicators().compute_momentum(columns)
    assert np.array_equal(answer["rsi"], TechnicalIndicators().compute_momentum(FRAME)["rsi"], equal_nan=True)
    with pytest.raises(InvalidValue, match="Low"):
        TechnicalIndicators().compute_momentum({"high": columns["high"], "close": columns["close"]})


def test_a_missing_bar_spoils_only_itself() -> None:
    holed = FRAME.copy()
    holed.iloc[100] = np.nan
    answer = TechnicalIndicators().compute_overlap(holed)
    assert answer.iloc[100].isna().all()
    assert not answer.iloc[-1].isna().any()


def test_indicators_load_no_frames() -> None:
    code = (
        "import sys; from puffling.puffin.factors import technical, indicator; indicator.find_indicators();"
        "print([name for name in ('pandas', 'scipy', 'talib') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
