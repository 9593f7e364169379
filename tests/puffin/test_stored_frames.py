"""Frames made ready, cached and stored by whoever uses the library alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from puffling.puffin.data.cache import DataCache
from puffling.puffin.data.preprocessing import adjust_splits, preprocess
from puffling.puffin.data.samples import SamplesProvider
from puffling.puffin.data.storage import MarketDataStore
from puffling.puffin.errors import InvalidValue, UnknownSymbol


@pytest.fixture
def ibm(checkout: Path) -> pd.DataFrame:
    provider = SamplesProvider(checkout / "resources" / "samples")
    return provider.fetch_historical("IBM", "2011-01-03", "2012-12-31")


def test_what_is_sound_is_left_alone(ibm: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(preprocess(ibm), ibm, check_freq=False)


def test_rows_are_put_in_order_once_each_and_gaps_filled(ibm: pd.DataFrame) -> None:
    broken = pd.concat([ibm.iloc[10:], ibm.iloc[:10], ibm.iloc[5:6]]).copy()
    broken.loc[ibm.index[20], ["Open", "Close", "Volume"]] = np.nan
    clean = preprocess(broken)
    assert clean.index.equals(ibm.index)
    assert clean["Close"].iloc[20] == ibm["Close"].iloc[19]
    assert clean["Volume"].iloc[20] == 0.0
    assert len(preprocess(broken, fill_method="drop")) == len(ibm) - 1
    between = preprocess(broken, fill_method="interpolate")["Close"].iloc[20]
    assert between == pytest.approx((ibm["Close"].iloc[19] + ibm["Close"].iloc[21]) / 2)
    assert preprocess(broken, fill_method="bfill")["Close"].iloc[20] == ibm["Close"].iloc[21]
    with pytest.raises(InvalidValue):
        preprocess(ibm, fill_method="guess")


@pytest.mark.parametrize("factor", [100.0, 1.5, 0.01, 0.0, np.inf])
def test_a_price_that_jumps_away_and_back_is_left_out_and_a_move_that_stays_is_not(
    ibm: pd.DataFrame, factor: float
) -> None:
    broken = ibm.copy()
    broken.loc[broken.index[30], "Close"] = float(ibm["Close"].iloc[30]) * factor
    clean = preprocess(broken, fill_method="drop")
    assert clean.index.equals(ibm.index.delete(30))
    moved = ibm.copy()
    moved.iloc[200:] *= 1.3
    assert len(preprocess(moved)) == len(ibm)
    assert len(preprocess(broken, fill_method=None, remove_outliers=False)) == len(ibm)


def test_several_symbols_of_one_frame_are_looked_at_one_by_one(checkout: Path) -> None:
    provider = SamplesProvider(checkout / "resources" / "samples")
    both = provider.fetch_historical(["IBM", "GOOG"], "2012-01-03", "2012-03-30")
    pd.testing.assert_frame_equal(preprocess(both), both, check_freq=False)


def test_a_split_divides_what_lies_before_it(ibm: pd.DataFrame) -> None:
    adjusted = adjust_splits(ibm, {"2012-06-01": 4.0, date(2011, 6, 1): 2.0})
    ratio = (ibm["Close"] / adjusted["Close"]).round(9)
    assert ratio["2011-05-31"] == 8.0
    assert ratio["2011-06-01"] == ratio["2012-05-31"] == 4.0
    assert ratio["2012-06-01"] == 1.0
    assert np.allclose(adjusted["Close"] * adjusted["Volume"], ibm["Close"] * ibm["Volume"])
    pd.testing.assert_frame_equal(
        adjust_splits(ibm, pd.Series({pd.Timestamp("2012-06-01"): 4.0})),
        adjust_splits(ibm, [("2012-06-01", 4.0)]),
    )
    with pytest.raises(InvalidValue):
        adjust_splits(ibm, {"2012-06-01": 0.0})


def test_the_cache_gives_back_exactly_what_it_was_given(ibm: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "prices.db"
    with DataCache(path) as cache:
        cache.put("IBM", ibm)
        cache.put("IBM", ibm.iloc[:3] * 2.0, "1h")
    with DataCache(path) as cache:
        found = cache.get("IBM", "2011-01-03", "2012-12-31")
        assert found is not None
        pd.testing.assert_frame_equal(found, ibm, check_freq=False)
        part = cache.get("IBM", date(2011, 3, 1), "2011-03-31")
        assert part is not None
        assert (part.index[0], part.index[-1]) == (pd.Timestamp("2011-03-01"), pd.Timestamp("2011-03-31"))
        assert cache.get("IBM", "1999-01-01", "1999-12-31") is None
        assert cache.get("SPY", "2011-01-03", "2012-12-31") is None
        cache.put("IBM", ibm.iloc[:1] * 3.0)
        newer = cache.get("IBM", "2011-01-03", "2011-01-03")
        assert newer is not None
        assert newer["Close"].iloc[0] == ibm["Close"].iloc[0] * 3.0
        cache.put("SPY", ibm)
        cache.clear("IBM")
        assert cache.get("IBM", "2011-01-03", "2012-12-31") is None
        assert cache.get("SPY", "2011-01-03", "2012-12-31") is not None
        cache.clear()
        assert cache.get("SPY", "2011-01-03", "2012-12-31") is None
        with pytest.raises(InvalidValue):
            cache.get("SPY", "yesterday morning", "2012-12-31")


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_stored_frame_comes_back_to_the_last_digit_with_where_it_comes_from(
    ibm: pd.DataFrame, tmp_path: Path, kind: str
) -> None:
    store = MarketDataStore(tmp_path, kind)
    store.save_ohlcv("BTC/USD", ibm, source="samples")
    pd.testing.assert_frame_equal(MarketDataStore(tmp_path).load_ohlcv("BTC/USD"), ibm, check_freq=False)
    about = store.get_metadata("BTC/USD")
    assert (about["source"], about["frequency"], about["format"]) == ("samples", "1d", kind)
    assert (about["rows"], about["start_date"]) == (len(ibm), "2011-01-03T00:00:00")
    assert store.list_symbols() == ["BTC/USD"]
    assert list(store.get_metadata()) == ["BTC/USD"]
    assert sorted(file.suffix for file in tmp_path.iterdir()) == sorted([".json", f".{kind}"])


def test_rows_are_added_and_the_newer_ones_win(ibm: pd.DataFrame, tmp_path: Path) -> None:
    store = MarketDataStore(tmp_path)
    store.append_ohlcv("IBM", ibm.iloc[:100], source="samples")
    store.append_ohlcv("IBM", ibm.iloc[90:] * 2.0)
    store.save_ohlcv("IBM", ibm.iloc[200:], append=True)
    whole = store.load_ohlcv("IBM")
    assert whole.index.equals(ibm.index)
    assert (whole["Close"] / ibm["Close"]).round(6).iloc[[0, 95, 250]].tolist() == [1.0, 2.0, 1.0]
    assert store.get_metadata("IBM")["source"] == "samples"
    with pytest.raises(InvalidValue):
        store.append_ohlcv("IBM", ibm, frequency="1h")


def test_a_format_is_changed_and_a_symbol_removed(ibm: pd.DataFrame, tmp_path: Path) -> None:
    store = MarketDataStore(tmp_path, "csv")
    store.save_ohlcv("IBM", ibm)
    store.migrate_format("IBM", "parquet")
    pd.testing.assert_frame_equal(store.load_ohlcv("IBM", "parquet"), ibm, check_freq=False)
    with pytest.raises(UnknownSymbol):
        store.load_ohlcv("IBM", "csv")
    assert store.delete_symbol("IBM")
    assert not store.delete_symbol("IBM")
    with pytest.raises(UnknownSymbol):
        store.load_ohlcv("IBM")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("symbol", ["../../outside", "..", "C:\\x", "a/b", "nul\0", "."])
def test_no_symbol_leads_out_of_the_folder(ibm: pd.DataFrame, tmp_path: Path, symbol: str) -> None:
    store = MarketDataStore(tmp_path / "prices", "csv")
    store.save_ohlcv(symbol, ibm)
    assert store.list_symbols() == [symbol]
    assert {file.parent for file in tmp_path.rglob("*.csv")} == {tmp_path / "prices"}
    assert len(list(tmp_path.iterdir())) == 1
