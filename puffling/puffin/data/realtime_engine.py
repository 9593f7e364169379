"""Live data of any provider with one set of callbacks: it reconnects, makes bars and keeps order books."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from puffling.puffin.data.bar_maker import BarMaker
from puffling.puffin.data.order_book import OrderBook
from puffling.puffin.data.provider import DataProvider
from puffling.puffin.data.realtime import Bar, OrderBookUpdate, Quote, Trade
from puffling.puffin.errors import AccessRefused, InvalidValue, NotOffered, SourceFailed, UnknownSymbol
from puffling.puffin.machine_time import machine_time

FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 60.0
LOOK_SECONDS = 0.25
JOIN_SECONDS = 5.0
_FINAL = (AccessRefused, InvalidValue, UnknownSymbol)


class _EndOfStream(BaseException):
    """Leaves the loop of a provider that has no other way out; no handler of its own takes it for a fault."""


class RealtimeEngine:
    """Runs the streams of a provider in threads of its own until it is stopped.

    Callbacks come from those threads. A stream that raises or ends is begun again, each time after a longer
    pause; what the provider does not offer is left out. A callback that raises is told to the error
    callbacks and disturbs nobody else.
    """

    def __init__(
        self,
        provider: DataProvider,
        *,
        now: Callable[[], datetime] = machine_time,
        first_retry_seconds: float = FIRST_RETRY_SECONDS,
        longest_retry_seconds: float = LONGEST_RETRY_SECONDS,
    ) -> None:
        self._provider = provider
        self._now = now
        self._first_retry = first_retry_seconds
        self._longest_retry = longest_retry_seconds
        self._callbacks: dict[str, list[Callable[[Any], None]]] = {
            name: [] for name in ("trade", "quote", "book", "bar", "reconnect", "error")
        }
        self._maker = BarMaker(60.0)
        self._books: dict[str, OrderBook] = {}
        self._threads: list[threading.Thread] = []
        self._ended = threading.Event()
        self._told_of: set[tuple[str, str]] = set()

    def on_trade(self, callback: Callable[[Trade], None]) -> None:
        """Call back with every sound trade."""
        self._callbacks["trade"].append(callback)

    def on_quote(self, callback: Callable[[Quote], None]) -> None:
        """Call back with every sound quote."""
        self._callbacks["quote"].append(callback)

    def on_book_update(self, callback: Callable[[OrderBookUpdate], None]) -> None:
        """Call back with every change of an order book, which has taken it in by then."""
        self._callbacks["book"].append(callback)

    def on_bar(self, callback: Callable[[Bar], None]) -> None:
        """Call back with every finished bar."""
        self._callbacks["bar"].append(callback)

    def on_reconnect(self, callback: Callable[[int], None]) -> None:
        """Call back before a stream is begun again, with the number of the try since data came last."""
        self._callbacks["reconnect"].append(callback)

    def on_error(self, callback: Callable[[Exception], None]) -> None:
        """Call back with what went wrong: a lost stream, a message that cannot be, a failing callback."""
        self._callbacks["error"].append(callback)

    def set_bar_interval(self, seconds: float) -> None:
        """Make bars of this length from here on; what has grown of a bar so far is let go."""
        self._maker = BarMaker(seconds)

    def get_order_book(self, symbol: str) -> OrderBook:
        """Give the order book of a symbol; it is empty until its first change."""
        return self._books.setdefault(symbol, OrderBook())

    def start(self, symbols: str | Sequence[str]) -> None:
        """Begin to stream these symbols."""
        wanted = [symbols] if isinstance(symbols, str) else list(dict.fromkeys(symbols))
        if not wanted:
            raise InvalidValue("There is nothing to stream", field="symbols")
        if self._threads:
            raise InvalidValue("The engine runs already; stop it first", field="symbols")
        self._ended = threading.Event()
        self._told_of.clear()
        called = self._callbacks
        streams: list[tuple[str, Callable[[threading.Event], object]]] = [
            ("book", lambda ended: self._keep("stream_orderbook", wanted, self._take_book, ended))
        ]
        if called["trade"] or called["bar"]:
            streams.append(("trades", lambda ended: self._stream_trades(wanted, ended)))
        if called["quote"]:
            streams.append(
                ("quotes", lambda ended: self._keep("stream_quotes", wanted, self._take_quote, ended))
            )
        if called["bar"]:
            streams.append(("bars", self._close_bars))
        self._threads = [
            threading.Thread(target=run, args=(self._ended,), name=f"puffin-{name}", daemon=True)
            for name, run in streams
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End all streams and wait for their threads; stopping twice is no fault."""
        self._ended.set()
        self._provider_stops()
        threads, self._threads = self._threads, []
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(JOIN_SECONDS)
            if thread.is_alive() and thread is not threading.current_thread():
                self._tell_error(
                    SourceFailed(f"{thread.name} waits for its provider and ends with its next word")
                )

    def _stream_trades(self, symbols: list[str], ended: threading.Event) -> None:
        offered = self._keep("stream_trades", symbols, self._take_trade, ended)
        if not offered and self._callbacks["bar"]:
            self._keep("stream_realtime", symbols, self._take_bar, ended)

    def _keep(
        self, stream: str, symbols: list[str], take: Callable[[Any], None], ended: threading.Event
    ) -> bool:
        """Run one stream again and again; tell whether the provider offers it at all."""
        attempt, delay = 0, self._first_retry
        heard = threading.Event()

        def receive(message: Any) -> None:
            if ended.is_set():
                if not self._can_be_stopped:
                    raise _EndOfStream
                return
            heard.set()
            take(message)

        while not ended.is_set():
            heard.clear()
            problem: Exception = SourceFailed(f"{stream} ended")
            try:
                getattr(self._provider, stream)(symbols, receive)
            except _EndOfStream:
                return True
            except (NotOffered, NotImplementedError):
                return False
            except Exception as failure:  # noqa: BLE001  the edge: whatever a provider raises, the stream goes on
                problem = failure
            if ended.is_set():
                return True
            self._tell_error(problem)
            if isinstance(problem, _FINAL):
                return True
            if heard.is_set():
                attempt, delay = 0, self._first_retry
            attempt += 1
            if ended.wait(delay):
                return True
            delay = min(delay * 2.0, self._longest_retry)
            if stream == "stream_orderbook":
                # What changed meanwhile is not known: a book begins anew with its first word.
                for book in list(self._books.values()):
                    book.clear()
            self._call("reconnect", attempt)
        return True

    def _close_bars(self, ended: threading.Event) -> None:
        """Finish bars whose time is over though nobody trades any more."""
        while not ended.wait(LOOK_SECONDS):
            for bar in self._maker.due(self._now()):
                self._call("bar", bar)

    def _take_trade(self, trade: Trade) -> None:
        if not (_is_price(trade.price) and math.isfinite(trade.volume) and trade.volume >= 0.0):
            self._doubt(trade.symbol, "a trade", trade)
            return
        self._call("trade", trade)
        if self._callbacks["bar"]:
            for bar in self._maker.take(trade):
                self._call("bar", bar)

    def _take_quote(self, quote: Quote) -> None:
        sides = [price for price in (quote.bid, quote.ask) if price != 0.0]
        if not sides or not all(map(_is_price, sides)) or (len(sides) == 2 and quote.bid > quote.ask):
            self._doubt(quote.symbol, "a quote", quote)
            return
        self._call("quote", quote)

    def _take_book(self, update: OrderBookUpdate) -> None:
        try:
            self.get_order_book(update.symbol).update(update)
        except InvalidValue:
            self._doubt(update.symbol, "a change of the order book", update)
            return
        self._call("book", update)

    def _take_bar(self, bar: Bar) -> None:
        if all(map(_is_price, (bar.open, bar.high, bar.low, bar.close))):
            self._call("bar", bar)
        else:
            self._doubt(bar.symbol, "a bar", bar)

    def _doubt(self, symbol: str, what: str, message: object) -> None:
        """Leave out what cannot be true, and say so once for each symbol."""
        if (symbol, what) not in self._told_of:
            self._told_of.add((symbol, what))
            self._tell_error(InvalidValue(f"{what} of {symbol} cannot be true and is left out: {message}"))

    def _call(self, kind: str, value: object) -> None:
        for callback in tuple(self._callbacks[kind]):
            try:
                callback(value)
            except Exception as failure:  # noqa: BLE001  the edge: one callback must not end the stream
                self._tell_error(failure)

    def _tell_error(self, error: Exception) -> None:
        for callback in tuple(self._callbacks["error"]):
            try:
                callback(error)
            except Exception:  # noqa: BLE001  nobody is left to be told
                continue

    @property
    def _can_be_stopped(self) -> bool:
        stop = getattr(type(self._provider), "stop_streams", None)
        return stop is not None and stop is not DataProvider.stop_streams

    def _provider_stops(self) -> None:
        if self._can_be_stopped and self._threads:
            self._provider.stop_streams()


def _is_price(price: float) -> bool:
    return math.isfinite(price) and price > 0.0
