"""What indicators say of themselves."""

from __future__ import annotations

import numpy as np
import pytest

from puffling.puffin.data.bars import Bars
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Category, Choice, Drawing, Placement, Real, Whole
from puffling.puffin.factors.indicator import Indicator, find_indicator, find_indicators
from tests.puffin.factors.series import real

EXPECTED = (
    "sma ema wma vwap rolling_vwap bollinger keltner donchian supertrend ichimoku psar rsi macd stochastic "
    "adx atr obv cci mfi roc williams_r heikin_ashi"
)


def test_every_indicator_of_the_house_is_found_by_its_declaration() -> None:
    assert set(EXPECTED.split()) <= find_indicators().keys()
    assert find_indicator("rsi").levels == (30.0, 70.0)
    with pytest.raises(InvalidValue, match="bollinger"):
        find_indicator("bolinger")


@pytest.mark.parametrize("indicator", find_indicators().values(), ids=list(find_indicators()))
def test_a_declaration_is_complete_and_answers_what_it_declares(indicator: type[Indicator]) -> None:
    assert indicator.title
    assert indicator.help.endswith(".")
    assert indicator.placement in Placement
    assert indicator.category in Category
    names = {each.name for each in indicator.parameters}
    outputs = {output.name: output for output in indicator.outputs}
    for output in outputs.values():
        assert (output.drawing is Drawing.BAND) == bool(output.pair)
        assert not output.pair or outputs[output.pair].pair == output.name
        assert not output.coloured_by or outputs[output.coloured_by].drawing is Drawing.HIDDEN
        assert output.shift.lstrip("-") in names | {""}
    assert indicator.settings() == {each.name: each.default for each in indicator.parameters}
    bars = real("IBM")[:300]
    columns = indicator.compute(bars)
    assert list(columns) == list(outputs) == list(indicator.start(bars).newest)
    for column in columns.values():
        assert column.shape == (300,)
        assert column.dtype == np.float64
        assert np.isfinite(column[-1])
    assert all(len(column) == 0 for column in indicator.compute(Bars.empty()).values())


@pytest.mark.parametrize("indicator", find_indicators().values(), ids=list(find_indicators()))
def test_it_computes_at_both_ends_of_every_parameter(indicator: type[Indicator]) -> None:
    bars = real("IBM")[:120]
    for each in indicator.parameters:
        ends = (
            [value for value, _ in each.options] if isinstance(each, Choice) else [each.minimum, each.maximum]
        )
        for value in ends:
            live = indicator.start(bars, **{each.name: value})
            assert not np.isinf(list(live.newest.values())).any()


@pytest.mark.parametrize("wrong", [1, 5_001, 2.5, float("nan"), "14", True])
def test_a_parameter_out_of_bounds_is_refused_by_its_title(wrong: float | str) -> None:
    with pytest.raises(InvalidValue, match="Period") as refused:
        find_indicator("rsi").compute(Bars.empty(), period=wrong)
    assert refused.value.field == "period"


def test_unknown_and_mistyped_parameters_are_named() -> None:
    for parameters in (
        {"length": 14},
        {"source": "median"},
        {"deviations": 11.0},
        {"deviations": float("nan")},
    ):
        with pytest.raises(InvalidValue) as refused:
            find_indicator("bollinger").settings(**parameters)
        assert refused.value.field in parameters


def test_a_form_can_be_made_from_the_parameters() -> None:
    period, deviations, source = find_indicator("bollinger").parameters
    assert isinstance(period, Whole)
    assert (period.title, period.default, period.minimum) == ("Period", 20, 2)
    assert isinstance(deviations, Real)
    assert (deviations.default, deviations.step) == (2.0, 0.1)
    assert isinstance(source, Choice)
    assert find_indicator("bollinger").label(period=50) == "BB 50 2"


def test_the_chosen_price_is_the_one_computed_on() -> None:
    bars = real("IBM")[:50]
    low = find_indicator("sma").compute(bars, period=2, source="low")["sma"]
    assert low[1:].tolist() == pytest.approx(((bars.low[1:] + bars.low[:-1]) / 2).tolist())
