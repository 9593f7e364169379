"""The realtime engine, fed by providers that misbehave."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import pytest

from puffling.puffin.data.provider import DataProvider, Day
from puffling.puffin.data.realtime import Bar, OrderBook, OrderBookUpdate, Quote, RealtimeEngine, Trade
from puffling.puffin.errors import AccessRefused, InvalidValue

if TYPE_CHECKING:
    import pandas as pd

START = datetime(2026, 11, 20, 15, tzinfo=UTC)
PATIENCE_SECONDS = 10.0

T = TypeVar("T")


def trade(price: float, after_seconds: float = 0.0, volume: float = 10.0, symbol: str = "SPY") -> Trade:
    return Trade(symbol, price, volume, START + timedelta(seconds=after_seconds))


class Scripted(DataProvider):
    """Says what it is told to say, one script for each time it is asked, and then waits to be stopped."""

    def __init__(self, *scripts: Sequence[Trade | Exception]) -> None:
        self.scripts = list(scripts)
        self.asked = 0
        self.stopped = threading.Event()

    def fetch_historical(
        self, symbols: str | Sequence[str], start: Day, end: Day | None = None, interval: str = "1d"
    ) -> pd.DataFrame:
        raise NotImplementedError

    def get_supported_assets(self) -> list[str]:
        return ["SPY"]

    def stream_trades(self, symbols: Sequence[str], callback: Callable[[Trade], None]) -> None:
        self.asked += 1
        if self.asked > len(self.scripts):
            self.stopped.wait(PATIENCE_SECONDS)
            return
        for word in self.scripts[self.asked - 1]:
            if isinstance(word, Exception):
                raise word
            callback(word)

    def stop_streams(self) -> None:
        self.stopped.set()


class Heard:
    """Writes down what an engine calls back with, and waits for it."""

    def __init__(self, engine: RealtimeEngine) -> None:
        self.trades: list[Trade] = []
        self.bars: list[Bar] = []
        self.quotes: list[Quote] = []
        self.changes: list[OrderBookUpdate] = []
        self.retries: list[int] = []
        self.errors: list[Exception] = []
        self._news = threading.Condition()
        engine.on_trade(self._into(self.trades))
        engine.on_bar(self._into(self.bars))
        engine.on_quote(self._into(self.quotes))
        engine.on_book_update(self._into(self.changes))
        engine.on_reconnect(self._into(self.retries))
        engine.on_error(self._into(self.errors))

    def _into(self, kept: list[T]) -> Callable[[T], None]:
        def take(value: T) -> None:
            with self._news:
                kept.append(value)
                self._news.notify_all()

        return take

    def until(self, happened: Callable[[], bool]) -> None:
        with self._news:
            assert self._news.wait_for(happened, PATIENCE_SECONDS)


@pytest.fixture
def run() -> Iterator[Callable[..., tuple[RealtimeEngine, Heard]]]:
    """Start engines on providers, and stop them with the test."""
    started: list[RealtimeEngine] = []

    def start(
        provider: DataProvider, *, now: Callable[[], datetime] = lambda: START, seconds: float = 60.0
    ) -> tuple[RealtimeEngine, Heard]:
        engine = RealtimeEngine(provider, now=now, first_retry_seconds=0.001, longest_retry_seconds=0.004)
        heard = Heard(engine)
        engine.set_bar_interval(seconds)
        engine.start(["SPY"])
        started.append(engine)
        return engine, heard

    yield start
    for engine in started:
        engine.stop()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("puffin-")] == []


Run = Callable[..., tuple[RealtimeEngine, Heard]]


def test_a_stream_that_breaks_is_begun_again_and_says_so(run: Run) -> None:
    provider = Scripted([trade(1.0), OSError("gone")], [], [OSError("still gone")], [trade(2.0)])
    _, heard = run(provider)
    heard.until(lambda: len(heard.trades) == 2 and len(heard.retries) == 4)
    assert [each.price for each in heard.trades] == [1.0, 2.0]
    # Counted from the last word that came: a stream that speaks again begins at one.
    assert heard.retries == [1, 2, 3, 1]
    assert str(heard.errors[0]) == "gone"


def test_trades_become_bars_and_each_bar_is_told_once(run: Run) -> None:
    provider = Scripted(
        [
            trade(10.0, 1), trade(12.0, 2), trade(9.0, 3), trade(11.0, 4),
            trade(20.0, 61),
            # Late: its bar was told already.
            trade(99.0, 5),
            trade(21.0, 125),
        ]
    )  # fmt: skip
    _, heard = run(provider)
    heard.until(lambda: len(heard.bars) == 2)
    assert heard.bars[0] == Bar("SPY", 10.0, 12.0, 9.0, 11.0, 40.0, START, "1m")
    assert heard.bars[1] == Bar("SPY", 20.0, 20.0, 20.0, 20.0, 10.0, START + timedelta(seconds=60), "1m")


def test_a_bar_ends_with_its_time_though_nobody_trades_any_more(run: Run) -> None:
    clock = [START]
    _, heard = run(Scripted([trade(10.0, 1)]), now=lambda: clock[0], seconds=5)
    heard.until(lambda: len(heard.trades) == 1)
    assert heard.bars == []
    clock[0] = START + timedelta(seconds=5)
    heard.until(lambda: len(heard.bars) == 1)
    assert (heard.bars[0].close, heard.bars[0].interval) == (10.0, "5s")


@pytest.mark.parametrize("price", [math.nan, math.inf, 0.0, -5.0])
def test_a_trade_that_cannot_be_true_reaches_nobody_and_is_told_once(run: Run, price: float) -> None:
    _, heard = run(Scripted([trade(price), trade(price), trade(7.0)]))
    heard.until(lambda: len(heard.trades) == 1)
    assert heard.trades[0].price == 7.0
    assert [type(error) for error in heard.errors].count(InvalidValue) == 1


def test_a_failing_callback_ends_neither_the_stream_nor_the_others(run: Run) -> None:
    provider = Scripted([trade(1.0), trade(2.0)])
    engine = RealtimeEngine(provider, now=lambda: START)

    def fail(_: Trade) -> None:
        raise ZeroDivisionError

    engine.on_trade(fail)
    heard = Heard(engine)
    engine.start("SPY")
    heard.until(lambda: len(heard.trades) == 2)
    engine.stop()
    assert [type(error) for error in heard.errors[:2]] == [ZeroDivisionError, ZeroDivisionError]


def test_a_refused_key_is_told_and_not_tried_again(run: Run) -> None:
    provider = Scripted([AccessRefused("no")], [trade(1.0)])
    engine, heard = run(provider)
    heard.until(lambda: len(heard.errors) == 1)
    engine.stop()
    assert (provider.asked, heard.retries, heard.trades) == (1, [], [])


class Endless(Scripted):
    """Never stops talking and cannot be told to."""

    stop_streams = DataProvider.stop_streams

    def stream_trades(self, symbols: Sequence[str], callback: Callable[[Trade], None]) -> None:
        while True:
            callback(trade(1.0))


def test_a_provider_that_cannot_be_stopped_is_left_at_its_next_word(run: Run) -> None:
    engine, heard = run(Endless())
    heard.until(lambda: len(heard.trades) > 100)
    engine.stop()
    assert heard.errors == []


def test_an_engine_can_be_stopped_twice_and_started_again(run: Run) -> None:
    provider = Scripted([trade(1.0)])
    engine, heard = run(provider)
    with pytest.raises(InvalidValue):
        engine.start(["SPY"])
    heard.until(lambda: len(heard.trades) == 1)
    engine.stop()
    engine.stop()
    provider.asked = 0
    engine.start(["SPY"])
    heard.until(lambda: len(heard.trades) == 2)


class BarsOnly(Scripted):
    """Has no trades, only finished bars."""

    stream_trades = DataProvider.stream_trades

    def stream_realtime(self, symbols: Sequence[str], callback: Callable[[Bar], None]) -> None:
        callback(Bar("SPY", 1.0, 2.0, 0.5, 1.5, 9.0, START, "1m"))
        self.stopped.wait(PATIENCE_SECONDS)


def test_a_provider_without_trades_gives_its_own_bars(run: Run) -> None:
    _, heard = run(BarsOnly())
    heard.until(lambda: len(heard.bars) == 1)
    assert heard.errors == []


def change(side: str, price: float, size: float) -> OrderBookUpdate:
    return OrderBookUpdate("SPY", side, price, size, START)


class Booked(Scripted):
    """Tells a book and quotes, loses the connection once, and begins anew."""

    def __init__(self) -> None:
        super().__init__()
        self.connections = 0

    def stream_orderbook(self, symbols: Sequence[str], callback: Callable[[OrderBookUpdate], None]) -> None:
        self.connections += 1
        if self.connections == 1:
            for word in (change("bid", 9.0, 5.0), change("ask", 10.0, 5.0), change("ask", math.nan, 5.0)):
                callback(word)
            raise OSError
        callback(change("bid", 8.0, 1.0))
        self.stopped.wait(PATIENCE_SECONDS)

    def stream_quotes(self, symbols: Sequence[str], callback: Callable[[Quote], None]) -> None:
        callback(Quote("SPY", 10.1, 10.0, 1.0, 1.0, START))
        callback(Quote("SPY", 9.9, 10.0, 1.0, 1.0, START))
        self.stopped.wait(PATIENCE_SECONDS)


def test_after_a_break_the_book_begins_anew_and_a_crossed_quote_reaches_nobody(run: Run) -> None:
    engine, heard = run(Booked())
    heard.until(lambda: len(heard.quotes) == 1 and len(heard.changes) == 3)
    book = engine.get_order_book("SPY")
    assert heard.retries == [1]
    assert heard.quotes[0].bid == 9.9
    assert (book.bids(), book.asks()) == ([(8.0, 1.0)], [])


def test_a_book_keeps_levels_in_order_and_is_never_crossed() -> None:
    book = OrderBook()
    assert (book.best_bid(), book.best_ask(), book.spread(), book.bids()) == (None, None, None, [])
    for word in (
        change("bid", 9.0, 5.0),
        change("bid", 9.5, 2.0),
        change("ask", 10.0, 1.0),
        change("ask", 11.0, 3.0),
    ):
        book.update(word)
    assert book.bids() == [(9.5, 2.0), (9.0, 5.0)]
    assert book.asks() == [(10.0, 1.0), (11.0, 3.0)]
    assert book.spread() == 0.5
    book.update(change("buy", 10.5, 4.0))
    assert (book.best_bid(), book.best_ask()) == (10.5, 11.0)
    book.update(change("bid", 10.5, 0.0))
    assert book.best_bid() == 9.5
    for wrong in (change("bid", math.nan, 1.0), change("ask", 5.0, -1.0), change("up", 5.0, 1.0)):
        with pytest.raises(InvalidValue):
            book.update(wrong)
    book.clear()
    assert (book.bids(), book.asks()) == ([], [])


@pytest.mark.parametrize("seconds", [0, -1, math.nan, math.inf])
def test_a_bar_needs_a_length(seconds: float) -> None:
    with pytest.raises(InvalidValue):
        RealtimeEngine(Scripted()).set_bar_interval(seconds)
