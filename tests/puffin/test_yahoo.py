"""Yahoo through the real client, against a server that has its moods."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from puffling.puffin.data.actions import Adjustment
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.yfinance_provider import YFinanceProvider, from_yahoo, to_yahoo
from puffling.puffin.errors import InvalidValue, NotOffered, SourceFailed, UnknownSymbol
from tests.fakes.yahoo import FakeYahoo, Traded, daily_rows

CLOSES = [100.0 + day for day in range(20)]
ROWS = daily_rows(datetime(2024, 1, 2, tzinfo=UTC), CLOSES)


@pytest.fixture
def yahoo(tmp_path: Path) -> Iterator[FakeYahoo]:
    """A server that has one share with a dividend on its sixth day and a split on its eleventh."""
    server = FakeYahoo(tmp_path)
    server.known["AAPL"] = Traded(
        ROWS, splits={ROWS[10][0]: 2.0}, dividends={ROWS[5][0]: 1.0}, name="Apple Inc."
    )
    yield server
    server.close()


@pytest.fixture
def provider(yahoo: FakeYahoo, tmp_path: Path) -> YFinanceProvider:
    """The provider, talking to that server."""
    return YFinanceProvider(session=yahoo.session(), cache_folder=tmp_path / "kept")


def test_prices_are_given_as_they_were_traded_with_what_happened_to_them(provider: YFinanceProvider) -> None:
    history = provider.history("AAPL")
    dividend, split = history.actions
    assert (dividend.day, dividend.dividend) == (date(2024, 1, 9), 2.0)
    assert (split.day, split.split_ratio, split.price_factor) == (date(2024, 1, 16), 2.0, 0.5)
    assert history.bars.close.tolist() == [2 * close for close in CLOSES[:10]] + CLOSES[10:]
    assert history.bars.volume.tolist() == [500.0] * 10 + [1_000.0] * 10
    corrected = Adjustment.of(history.actions, date(2024, 2, 1)).apply(history.bars)
    factor = 1.0 - 1.0 / CLOSES[4]
    np.testing.assert_allclose(corrected.close[:5], np.array(CLOSES[:5]) * factor)
    np.testing.assert_allclose(corrected.close[5:], CLOSES[5:])
    assert history.listing.name == "Apple Inc."
    assert history.listing.currency == "USD"


def test_puffins_frame_is_corrected_and_holds_both_ends(provider: YFinanceProvider) -> None:
    frame = provider.fetch_historical("AAPL", "2024-01-10", "2024-01-17")
    assert frame.columns.tolist() == ["Open", "High", "Low", "Close", "Volume"]
    assert [str(day.date()) for day in frame.index[[0, -1]]] == ["2024-01-10", "2024-01-17"]
    np.testing.assert_allclose(frame["Close"], CLOSES[6:12])
    both = provider.fetch_historical(["AAPL", "AAPL"], "2024-01-10")
    assert len(both) == 14
    assert len(provider.fetch_historical("AAPL", date(2024, 1, 2), interval="1wk")) == 4
    with pytest.raises(InvalidValue, match="Not a day"):
        provider.fetch_historical("AAPL", "last week")


def test_the_newest_price_comes_with_its_day_and_the_close_before(
    provider: YFinanceProvider, yahoo: FakeYahoo
) -> None:
    yahoo.known["AAPL"].price = 120.5
    yahoo.known["AAPL"].price_second = ROWS[-1][0] + 3_600
    _, last = provider.last_price("AAPL")
    assert (last.price, last.previous_close, last.day_open) == (120.5, 118.0, 118.5)
    assert last.time_us == (ROWS[-1][0] + 3_600) * 1_000_000


def test_nonsense_around_the_newest_price_is_not_taken_for_numbers(
    provider: YFinanceProvider, yahoo: FakeYahoo
) -> None:
    said: dict[str, Any] = {
        "regularMarketDayHigh": "high",
        "regularMarketDayLow": -1.0,
        "regularMarketVolume": [7],
        "priceHint": "two",
    }
    yahoo.known["AAPL"].price = 120.5
    yahoo.known["AAPL"].said = said
    listing, last = provider.last_price("AAPL")
    assert (last.price, last.day_high, last.day_low, last.day_volume) == (120.5, 120.5, 120.5, 1_000.0)
    assert listing.decimals == 2
    for broken in (
        {"regularMarketPrice": "120"},
        {"regularMarketPrice": math.inf},
        {"regularMarketPrice": -1},
    ):
        yahoo.known["AAPL"].said = said | broken
        with pytest.raises(SourceFailed, match="no price of AAPL now"):
            provider.last_price("AAPL")


def test_minutes_without_trade_are_left_out_and_half_empty_ones_stay(
    provider: YFinanceProvider, yahoo: FakeYahoo
) -> None:
    second = int(datetime(2024, 1, 16, 14, 30, tzinfo=UTC).timestamp())
    yahoo.known["AAPL"].minutes = [
        (second, 1.0, 2.0, 0.5, 1.5, 10.0),
        (second + 60, None, None, None, None, None),
        (second + 120, 1.0, None, 0.5, 1.5, 10.0),
    ]
    bars = provider.history("AAPL", Interval.M1, date(2024, 1, 16), date(2024, 1, 17)).bars
    assert (bars.time // 1_000_000).tolist() == [second, second + 120]
    assert np.isnan(bars.high[1])


@pytest.mark.parametrize("fault", ["garbage", "down", "no_open", "no_quote", "short_column"])
def test_an_answer_nobody_can_read_is_said_and_the_next_good_one_is_taken(
    fault: str, provider: YFinanceProvider, yahoo: FakeYahoo
) -> None:
    # A symbol the client has never asked about: it remembers its first answers, bad ones too.
    symbol = f"NEW{fault.upper()}"
    yahoo.known[symbol] = yahoo.known["AAPL"]
    yahoo.fault = fault
    with pytest.raises(SourceFailed, match="Yahoo"):
        provider.history(symbol)
    yahoo.fault = ""
    assert len(provider.history(symbol).bars) == 20


def test_a_limit_is_told_from_other_failures(provider: YFinanceProvider, yahoo: FakeYahoo) -> None:
    yahoo.fault = "limit"
    with pytest.raises(SourceFailed, match="fewer questions") as caught:
        provider.history("AAPL")
    assert caught.value.busy


def test_without_a_network_it_says_so_instead_of_giving_nothing(
    provider: YFinanceProvider, yahoo: FakeYahoo
) -> None:
    assert len(provider.history("AAPL").bars) == 20
    yahoo.close()
    with pytest.raises(SourceFailed, match="cannot be reached"):
        provider.history("AAPL")
    with pytest.raises(SourceFailed, match="cannot be reached"):
        provider.last_price("MSFT")


def test_a_server_that_says_nothing_is_not_waited_for_long(yahoo: FakeYahoo, tmp_path: Path) -> None:
    provider = YFinanceProvider(session=yahoo.session(0.3), cache_folder=tmp_path / "kept")
    provider.history("AAPL")
    yahoo.fault = "mute"
    with pytest.raises(SourceFailed, match="in time"):
        provider.history("AAPL")


def test_a_symbol_yahoo_does_not_have_is_unknown(provider: YFinanceProvider) -> None:
    with pytest.raises(UnknownSymbol):
        provider.fetch_historical("NOPE", "2024-01-01")
    with pytest.raises(UnknownSymbol):
        provider.last_price("NOPE")


def test_minutes_too_long_ago_are_refused_in_yahoos_words(
    provider: YFinanceProvider, yahoo: FakeYahoo
) -> None:
    provider.history("AAPL")
    yahoo.fault = "far"
    with pytest.raises(NotOffered, match="within the last 30 days"):
        provider.history("AAPL", Interval.M1, date(2020, 1, 2), date(2020, 1, 3))


def test_symbols_are_found_by_name_and_written_our_way(provider: YFinanceProvider, yahoo: FakeYahoo) -> None:
    yahoo.known["BTC-USD"] = Traded(ROWS, kind="CRYPTOCURRENCY", name="Bitcoin USD", exchange="CCC")
    yahoo.known["BRK-B"] = Traded(ROWS, name="Berkshire Hathaway", exchange="NYSE")
    assert [found.symbol for found in provider.search("b")] == ["BTC/USD", "BRK.B"]
    assert provider.search("nothing like it") == ()
    assert [to_yahoo(each) for each in ("btc/usd", "BRK.B", "VOD.L", "EURUSD=X")] == [
        "BTC-USD", "BRK-B", "VOD.L", "EURUSD=X",
    ]  # fmt: skip
    assert from_yahoo("BF-B", "EQUITY") == "BF.B"
    assert from_yahoo("RDS-X", "EQUITY") == "RDS-X"


def test_nothing_the_library_says_reaches_the_log(
    provider: YFinanceProvider, yahoo: FakeYahoo, caplog: pytest.LogCaptureFixture
) -> None:
    provider.history("AAPL")
    yahoo.fault = "limit"
    with pytest.raises(SourceFailed):
        provider.history("MSFT")
    assert [record for record in caplog.records if record.name.startswith("yfinance")] == []


def test_what_the_library_keeps_lies_in_our_folder(yahoo: FakeYahoo, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    # In a process of its own: the library chooses its place once.
    asking = (
        "import sys, pathlib\n"
        "from puffling.puffin.data.yfinance_provider import YFinanceProvider, patient_session\n"
        "session = patient_session(2.0, verify=False, proxies={'all': sys.argv[1]})\n"
        "YFinanceProvider(session=session, cache_folder=pathlib.Path(sys.argv[2])).history('AAPL')\n"
    )
    proxy = f"http://127.0.0.1:{yahoo.port}"
    done = subprocess.run(
        [sys.executable, "-c", asking, proxy, str(folder)], capture_output=True, text=True, check=True
    )
    assert folder.is_dir()
    assert done.stderr == ""
