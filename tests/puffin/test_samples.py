"""The shipped real history."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bokeh_sampledata import stocks

from puffling.puffin.data.bars import Bars
from puffling.puffin.data.samples import NAMES, SamplesProvider
from puffling.puffin.errors import InvalidValue, NotOffered, UnknownSymbol


@pytest.fixture
def provider(checkout: Path) -> SamplesProvider:
    return SamplesProvider(checkout / "resources" / "samples")


@pytest.mark.parametrize("symbol", sorted(NAMES))
def test_the_shipped_history_is_the_source_to_the_last_digit(provider: SamplesProvider, symbol: str) -> None:
    source = getattr(stocks, symbol)
    bars = provider.bars(symbol, adjusted=False)
    assert np.datetime_as_string(bars.time.view("datetime64[us]"), "D").tolist() == source["date"]
    for name in ("open", "high", "low", "close", "volume"):
        assert getattr(bars, name).tolist() == source[name]


def test_adjusted_prices_close_at_the_sources_adjusted_close(provider: SamplesProvider) -> None:
    adjusted, traded = provider.bars("AAPL"), provider.bars("AAPL", adjusted=False)
    assert np.allclose(adjusted.close, stocks.AAPL["adj_close"], rtol=1e-12)
    assert np.allclose(adjusted.high / adjusted.close, traded.high / traded.close, rtol=1e-12)


def test_one_symbol_answers_a_plain_frame_and_several_a_frame_by_date_and_symbol(
    provider: SamplesProvider,
) -> None:
    frame = provider.fetch_historical("IBM", "2012-01-03", "2012-01-05")
    assert Bars.from_frame(frame) == provider.bars("IBM").between(
        1_325_548_800_000_000, 1_325_808_000_000_000
    )
    assert len(frame) == 3
    both = provider.fetch_historical(["IBM", "MSFT"], "2012-01-03", "2012-01-05")
    assert both.index.names == ["Date", "Symbol"]
    assert len(both) == 6


def test_the_library_finds_its_samples_by_itself() -> None:
    assert SamplesProvider().get_supported_assets() == ["AAPL", "FB", "GOOG", "IBM", "MSFT"]


def test_what_the_samples_cannot_answer_is_said(provider: SamplesProvider) -> None:
    with pytest.raises(UnknownSymbol) as unknown:
        provider.bars("APPL")
    assert unknown.value.near[0] == "AAPL"
    with pytest.raises(NotOffered, match="daily"):
        provider.fetch_historical("IBM", "2012-01-03", interval="1m")
    with pytest.raises(NotOffered, match="quotes"):
        provider.stream_quotes(["IBM"], print)
    with pytest.raises(InvalidValue, match="2012-12-31"):
        provider.fetch_historical("IBM", "3.1.2012")
