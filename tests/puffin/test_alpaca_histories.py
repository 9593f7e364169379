"""Histories from Alpaca: through the real client, from a server that misbehaves, without losing a bar."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from puffling.puffin.data.alpaca_provider import AlpacaProvider
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import US_PER_DAY, day_to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.raw import RawBars
from puffling.puffin.errors import AccessRefused, InvalidValue, NotOffered, PuffinError, SourceFailed
from tests.fakes.alpaca_data import FAULT, GARBAGE, HTML, KEY, RESET, SECRET, AlpacaData, bar, daily
from tests.fakes.local_server import Answer, as_json, serving

START = datetime(2024, 1, 1, tzinfo=UTC)
CLOSES = [100.0 + place for place in range(60)]


class Waits:
    """Remembers how long somebody wanted to wait, and does not."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> bool:
        self.seconds.append(seconds)
        return False


@pytest.fixture
def alpaca() -> Iterator[AlpacaData]:
    with serving() as server:
        yield AlpacaData(server)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def provider(alpaca: AlpacaData, waits: Waits) -> Iterator[AlpacaProvider]:
    provider = AlpacaProvider(KEY, SECRET, alpaca.server.address, pause=waits)
    yield provider
    provider.close()


def columns(provider: AlpacaProvider, symbol: str = "AAPL", interval: Interval = Interval.D1) -> RawBars:
    found = provider.columns([symbol], interval, day_to_us(date(2024, 1, 1)), day_to_us(date(2024, 6, 1)))
    return found[symbol]


def test_a_history_of_many_pages_comes_whole(alpaca: AlpacaData, provider: AlpacaProvider) -> None:
    alpaca.bars["AAPL"] = daily(START, CLOSES)
    alpaca.page_rows = 7
    assert columns(provider).close.tolist() == CLOSES
    first = alpaca.server.requests[0].query
    assert (first["timeframe"], first["adjustment"], first["feed"]) == ("1Day", "raw", "iex")
    assert int(first["limit"]) == 10_000


def test_a_day_of_new_york_stands_at_the_midnight_of_its_date(
    alpaca: AlpacaData, provider: AlpacaProvider
) -> None:
    alpaca.bars["AAPL"] = daily(START, [1.0, 2.0])
    assert columns(provider).time.tolist() == [day_to_us(date(2024, 1, 1)), day_to_us(date(2024, 1, 2))]


def test_a_day_belongs_to_every_span_that_holds_its_midnight_and_to_no_other(
    alpaca: AlpacaData, provider: AlpacaProvider
) -> None:
    alpaca.bars["AAPL"] = daily(START, CLOSES)
    midnight = day_to_us(date(2024, 1, 3))
    for span, found in (((0, 1), 1), ((1, US_PER_DAY), 0), ((0, US_PER_DAY), 1), ((-1, US_PER_DAY + 1), 2)):
        start_us, end_us = (midnight + each for each in span)
        assert len(provider.columns(["AAPL"], Interval.D1, start_us, end_us)["AAPL"]) == found


def test_a_frame_has_the_columns_people_know(alpaca: AlpacaData, provider: AlpacaProvider) -> None:
    alpaca.bars["AAPL"] = daily(START, CLOSES)
    frame = provider.fetch_historical("AAPL", "2024-01-01", "2024-01-05")
    assert list(frame.columns) == ["Open", "High", "Low", "Close", "Volume"]
    assert frame.index.name == "Date"
    assert frame["Close"].tolist() == CLOSES[:5]


def test_several_symbols_come_under_date_and_symbol_even_where_a_page_ends_between_them(
    alpaca: AlpacaData, provider: AlpacaProvider
) -> None:
    for symbol, factor in (("AAPL", 1.0), ("BRK.B", 2.0), ("BTC/USD", 3.0)):
        alpaca.bars[symbol] = daily(START, [factor * close for close in CLOSES])
    alpaca.page_rows = 11
    frame = provider.fetch_historical(["BTC/USD", "AAPL", "BRK.B"], date(2024, 1, 1))
    assert frame.index.names == ["Date", "Symbol"]
    for symbol, factor in (("AAPL", 1.0), ("BRK.B", 2.0), ("BTC/USD", 3.0)):
        assert frame.xs(symbol, level="Symbol")["Close"].tolist() == [factor * close for close in CLOSES]
    assert alpaca.server.asked("/v1beta3/crypto/us/bars")


def test_weeks_are_made_of_days(alpaca: AlpacaData, provider: AlpacaProvider) -> None:
    alpaca.bars["AAPL"] = daily(START, CLOSES)
    frame = provider.fetch_historical("AAPL", "2024-01-01", "2024-01-14", interval="1wk")
    assert frame["Close"].tolist() == [CLOSES[4], CLOSES[9]]
    with pytest.raises(NotOffered):
        columns(provider, interval=Interval.W1)


def test_a_page_left_out_in_the_middle_is_noticed_and_fetched(
    alpaca: AlpacaData, provider: AlpacaProvider
) -> None:
    alpaca.bars["AAPL"] = daily(START, CLOSES)
    alpaca.page_rows, alpaca.skip_page = 10, 2
    assert columns(provider).close.tolist() == CLOSES


def test_an_end_that_was_cut_off_is_noticed_and_fetched(alpaca: AlpacaData, provider: AlpacaProvider) -> None:
    alpaca.bars |= {"AAPL": daily(START, CLOSES), "MSFT": daily(START, CLOSES)}
    alpaca.page_rows, alpaca.lose_end = 100, True
    found = provider.columns(
        ["AAPL", "MSFT"], Interval.D1, day_to_us(date(2024, 1, 1)), day_to_us(date(2024, 6, 1))
    )
    assert {symbol: each.close.tolist() for symbol, each in found.items()} == {
        "AAPL": CLOSES,
        "MSFT": CLOSES,
    }


def test_a_page_that_repeats_itself_is_no_trap_and_costs_no_bar(
    alpaca: AlpacaData, provider: AlpacaProvider
) -> None:
    alpaca.bars["AAPL"] = daily(START, CLOSES)
    alpaca.page_rows, alpaca.repeat_page = 30, True
    assert columns(provider).close.tolist() == CLOSES
    alpaca.page_rows = 10
    with pytest.raises(SourceFailed, match="same page"):
        columns(provider)
    assert len(alpaca.server.requests) < 12


def test_a_page_that_reaches_the_end_is_believed_to_be_all(
    alpaca: AlpacaData, provider: AlpacaProvider
) -> None:
    alpaca.bars["AAPL"] = daily(START, [100.0] * 109)
    assert len(columns(provider)) == 109
    assert len(columns(provider, "NONE")) == 0
    assert len(alpaca.server.requests) == 2


@pytest.mark.parametrize("trouble", [FAULT, HTML, RESET, GARBAGE, Answer(200, b""), Answer(503)])
def test_a_passing_fault_costs_nothing_but_patience(
    alpaca: AlpacaData, provider: AlpacaProvider, waits: Waits, trouble: Answer
) -> None:
    alpaca.bars["AAPL"] = daily(START, CLOSES)
    alpaca.server.trouble(trouble, trouble)
    assert columns(provider).close.tolist() == CLOSES
    assert len(waits.seconds) == 2
    assert 0.0 < waits.seconds[0] < waits.seconds[1] < 3.0


@pytest.mark.parametrize("trouble", [FAULT, HTML, RESET, GARBAGE, as_json([1]), as_json({"bars": 7})])
def test_a_fault_that_stays_is_told_after_few_tries(
    alpaca: AlpacaData, provider: AlpacaProvider, trouble: Answer
) -> None:
    alpaca.server.trouble(*[trouble] * 20)
    with pytest.raises(SourceFailed, match="Alpaca"):
        columns(provider)
    assert len(alpaca.server.requests) <= 4


def test_too_many_questions_wait_as_long_as_the_server_says_by_its_own_clock(
    alpaca: AlpacaData, provider: AlpacaProvider, waits: Waits
) -> None:
    alpaca.bars["AAPL"] = daily(START, CLOSES)
    alpaca.limit_rate(17)
    assert columns(provider).close.tolist() == CLOSES
    assert waits.seconds == [pytest.approx(17.0, abs=1.0)]


def test_a_pause_of_minutes_is_told_instead_of_waited(
    alpaca: AlpacaData, provider: AlpacaProvider, waits: Waits
) -> None:
    alpaca.limit_rate(600)
    with pytest.raises(SourceFailed) as busy:
        columns(provider)
    assert busy.value.busy
    assert waits.seconds == []


def test_a_server_that_drips_is_left_when_the_program_ends(
    alpaca: AlpacaData, provider: AlpacaProvider
) -> None:
    alpaca.server.trouble(Answer(200, b" " * 10_000, drip_seconds=0.01))
    with ThreadPoolExecutor(1) as thread:
        asking = thread.submit(columns, provider)
        alpaca.server.until(lambda: alpaca.server.requests)
        provider.close()
        assert isinstance(asking.exception(10), SourceFailed)


def test_wrong_keys_say_which_to_check_and_are_not_tried_again(alpaca: AlpacaData, waits: Waits) -> None:
    provider = AlpacaProvider("PKWRONG", "wrong-secret", alpaca.server.address, pause=waits)
    with pytest.raises(AccessRefused, match="ALPACA_API_KEY and ALPACA_SECRET_KEY"):
        provider.check_access()
    assert waits.seconds == []
    provider.close()


def test_a_plan_without_the_feed_is_told_apart_from_a_wrong_key(alpaca: AlpacaData) -> None:
    provider = AlpacaProvider(KEY, SECRET, alpaca.server.address, data_feed="sip")
    with pytest.raises(AccessRefused, match="plan does not include"):
        provider.check_access()
    provider.close()


def test_a_missing_key_is_named_before_anything_is_asked() -> None:
    with pytest.raises(AccessRefused, match="ALPACA_SECRET_KEY is not set"):
        AlpacaProvider("PKONLYONE")


def test_nobody_at_home_is_told_in_words() -> None:
    provider = AlpacaProvider(KEY, SECRET, "http://127.0.0.1:9", pause=lambda _: False)
    with pytest.raises(SourceFailed, match="cannot be reached"):
        columns(provider)
    provider.close()


def test_numbers_as_text_and_fields_nobody_knows_are_read(
    alpaca: AlpacaData, provider: AlpacaProvider
) -> None:
    alpaca.bars["AAPL"] = [
        {
            "t": "2024-01-02T05:00:00Z",
            "o": "1.5",
            "h": "2",
            "l": "1",
            "c": "1.75",
            "v": "9",
            "zz": {"new": [1]},
        }
    ]
    found = columns(provider)
    assert [found.open[0], found.high[0], found.low[0], found.close[0], found.volume[0]] == [
        1.5,
        2,
        1,
        1.75,
        9,
    ]


def test_broken_bars_come_as_they_are_for_others_to_judge(
    alpaca: AlpacaData, provider: AlpacaProvider
) -> None:
    rows = daily(START, [10.0, 11.0, 12.0, 13.0, 14.0, 15.0])
    rows[1]["c"] = float("nan")
    rows[2]["o"] = -5.0
    rows[3]["h"] = 13_000_000.0
    rows[4]["t"] = rows[0]["t"]
    rows[5] |= {"t": "2024-01-08T00:00:00-05:00", "v": None}
    alpaca.bars["AAPL"] = [*rows, {"t": "yesterday"}, 5]  # type: ignore[list-item]
    found = columns(provider)
    assert len(found) == 6
    assert np.isnan(found.close[1])
    assert found.open[2] == -5.0
    assert found.high[3] == 13_000_000.0
    assert found.time[4] == found.time[0]
    assert found.time[5] == day_to_us(date(2024, 1, 8))
    assert np.isnan(found.volume[5])


def test_a_split_and_a_dividend_leave_no_jump(alpaca: AlpacaData, provider: AlpacaProvider) -> None:
    alpaca.bars["AAPL"] = daily(START, [400.0, 400.0, 100.0, 98.0, 98.0])
    split = {"symbol": "AAPL", "ex_date": "2024-01-03", "new_rate": "4", "old_rate": 1}
    dividend = {"symbol": "AAPL", "ex_date": "2024-01-04", "rate": 2.0}
    nonsense = {"symbol": "AAPL", "ex_date": "soon", "rate": 2.0}
    alpaca.actions = {
        "forward_splits": [split, dict(split)],
        "cash_dividends": [dividend, nonsense],
        "name_changes": [{"symbol": "AAPL", "ex_date": "2024-01-02"}],
    }
    [bars] = provider.bars(["AAPL"], date(2024, 1, 1), date(2024, 1, 5)).values()
    assert bars.close == pytest.approx(np.full(5, 98.0))
    assert bars.volume.tolist() == [4000.0, 4000.0, 1000.0, 1000.0, 1000.0]


def test_a_reverse_split_and_a_stock_dividend_are_known(alpaca: AlpacaData, provider: AlpacaProvider) -> None:
    alpaca.bars["AAPL"] = daily(START, [1.0, 10.0, 8.0])
    alpaca.actions = {
        "reverse_splits": [{"symbol": "AAPL", "ex_date": "2024-01-02", "new_rate": 1, "old_rate": 10}],
        "stock_dividends": [{"symbol": "AAPL", "ex_date": "2024-01-03", "rate": 0.25}],
    }
    [bars] = provider.bars(["AAPL"], date(2024, 1, 1), date(2024, 1, 5)).values()
    assert bars.close == pytest.approx(np.full(3, 8.0))


def test_delayed_data_keeps_away_from_what_only_paying_plans_see(alpaca: AlpacaData) -> None:
    now = datetime(2024, 3, 5, 15, 0, tzinfo=UTC)
    provider = AlpacaProvider(
        KEY, SECRET, alpaca.server.address, data_feed="delayed_sip", now=lambda: now, pause=lambda _: True
    )
    alpaca.plan_has.add("sip")
    provider.columns(["AAPL"], Interval.M1, day_to_us(date(2024, 3, 5)), day_to_us(date(2024, 3, 6)))
    query = alpaca.server.requests[0].query
    assert (query["feed"], query["end"]) == ("sip", "2024-03-05T14:43:59.999999Z")
    provider.close()


def test_what_is_listed_can_be_asked_for(alpaca: AlpacaData, provider: AlpacaProvider) -> None:
    alpaca.assets = [
        {"symbol": "MSFT", "name": "Microsoft", "exchange": "NASDAQ", "class": "us_equity", "tradable": True},
        {"symbol": "BTC/USD", "name": "Bitcoin", "exchange": "CRYPTO", "class": "crypto", "tradable": True},
        {"symbol": "OLD", "class": "us_equity", "tradable": False},
        {"name": "nameless"},
    ]
    assert provider.get_supported_assets() == ["BTC/USD", "MSFT"]
    found = provider.asset("btc/usd")
    assert found is not None
    assert found.is_crypto
    assert provider.asset("NOPE") is None


def test_a_symbol_alpaca_cannot_read_is_a_wrong_value(alpaca: AlpacaData, provider: AlpacaProvider) -> None:
    alpaca.server.trouble(as_json({"message": "invalid symbol: A-_B"}, 400))
    with pytest.raises(InvalidValue, match="invalid symbol"):
        columns(provider, "A-_B")
    with pytest.raises(InvalidValue, match="2012-12-31"):
        provider.fetch_historical("AAPL", "last week")


@pytest.mark.parametrize("trouble", [FAULT, HTML, RESET, GARBAGE, as_json({"message": "forbidden."}, 403)])
def test_keys_are_in_no_error_and_in_no_log(
    alpaca: AlpacaData, provider: AlpacaProvider, caplog: pytest.LogCaptureFixture, trouble: Answer
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in list(logging.Logger.manager.loggerDict):
        caplog.set_level(logging.DEBUG, logger=name)
    alpaca.server.trouble(*[trouble] * 4)
    with pytest.raises(PuffinError) as caught:
        provider.check_access()
    told = [repr(provider.keys), caplog.text, str(alpaca.server.requests[0].path)]
    error: BaseException | None = caught.value
    while error is not None:
        told += [repr(error), repr(vars(error)), repr(error.args)]
        error = error.__cause__ or error.__context__
    assert not [text for text in told if SECRET in text or KEY in text]
    assert caught.value.__context__ is None


def test_the_fast_way_to_bars_gives_columns_without_pandas(
    alpaca: AlpacaData, provider: AlpacaProvider
) -> None:
    minutes = [bar(datetime(2024, 3, 5, 15, tzinfo=UTC) + timedelta(minutes=k), 10.0 + k) for k in range(90)]
    alpaca.bars["AAPL"] = minutes
    bars = provider.bars(["AAPL"], date(2024, 3, 5), date(2024, 3, 5), Interval.M1)["AAPL"]
    assert isinstance(bars, Bars)
    assert len(bars) == 90
    assert bars.time[0] % US_PER_DAY == 15 * 3600 * 1_000_000
