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


def test_the_adjusted_closes_tell_of_splits_and_dividends(provider: SamplesProvider) -> None:
    apple = provider.sample("AAPL").actions
    assert [(str(each.day), each.split_ratio) for each in apple if each.split_ratio != 1.0] == [
        ("2000-06-21", 2.0),
        ("2005-02-28", 2.0),
    ]
    assert [str(each.day) for each in apple if each.dividend] == ["2012-08-09", "2012-11-07", "2013-02-07"]
    ibm = provider.sample("IBM").actions
    assert (len(ibm), {each.split_ratio for each in ibm}) == (52, {1.0})
    for each in ibm:
        assert 0.12 <= each.dividend <= 0.9
    [special] = [each for each in provider.sample("MSFT").actions if each.dividend > 1.0]
    assert str(special.day) == "2004-11-15"
    assert special.dividend == pytest.approx(3.08, abs=0.06)


def test_a_split_corrects_the_volume_as_it_does_the_price(provider: SamplesProvider) -> None:
    adjusted, traded = provider.bars("AAPL"), provider.bars("AAPL", adjusted=False)
    before = traded.time < np.datetime64("2005-02-28", "us").astype(np.int64)
    between = before & (traded.time >= np.datetime64("2000-06-21", "us").astype(np.int64))
    ratios = adjusted.volume / traded.volume
    assert set(ratios[~before]) == {1.0}
    assert set(ratios[between]) == {2.0}
    assert set(ratios[before & ~between]) == {4.0}


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


@pytest.mark.parametrize(("start", "end", "field"), [("soon", None, "start"), ("2005-01-03", "later", "end")])
def test_a_day_that_is_none_is_named_by_the_field_that_holds_it(
    start: str, end: str | None, field: str
) -> None:
    with pytest.raises(InvalidValue, match="Not a day") as refused:
        SamplesProvider().fetch_historical("AAPL", start, end)
    assert refused.value.field == field
