"""Live data for callbacks: one connection for shares and one for crypto, shared by everybody who listens."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from puffling.puffin.data.alpaca_rest import AlpacaKeys
from puffling.puffin.data.alpaca_rows import instant, number
from puffling.puffin.data.alpaca_stream import AlpacaStream, LiveQuote, LiveTrade
from puffling.puffin.data.instants import from_us
from puffling.puffin.data.realtime import Bar, OrderBookUpdate, Quote, Trade
from puffling.puffin.errors import AccessRefused

_log = logging.getLogger(__name__)


class AlpacaStreams:
    """Alpaca allows one connection for a key, so all callbacks hang on the same two."""

    def __init__(self, keys: AlpacaKeys, address: str, feed: str) -> None:
        self._keys = keys
        self._addresses = {False: f"{address}/v2/{feed}", True: f"{address}/v1beta3/crypto/us"}
        self._guard = threading.Lock()
        self._lines: dict[bool, _Shared] = {}
        self._stopped = False

    def listen(self, channel: str, symbols: Sequence[str], callback: Callable[..., None]) -> None:
        """Call back in the thread of the stream until it is stopped; returns then, or raises a refusal."""
        waits = []
        for crypto in (False, True):
            of_kind = frozenset(symbol for symbol in symbols if ("/" in symbol) is crypto)
            if of_kind:
                waits.append(self._line(crypto))
                waits[-1].add(channel, of_kind, callback)
        for line in waits:
            line.wait()
        for line in waits:
            if line.refusal:
                raise AccessRefused(line.refusal)

    def stop(self) -> None:
        """End the connections; everybody who listens comes back."""
        with self._guard:
            self._stopped = True
            lines = list(self._lines.values())
        for line in lines:
            line.stop()

    def _line(self, crypto: bool) -> _Shared:
        with self._guard:
            if crypto not in self._lines:
                self._lines[crypto] = _Shared(self._keys, self._addresses[crypto], crypto)
                if self._stopped:
                    self._lines[crypto].stop()
            return self._lines[crypto]


class _Shared:
    """One connection and whom it calls back."""

    def __init__(self, keys: AlpacaKeys, address: str, crypto: bool) -> None:
        self.refusal = ""
        self._stream = AlpacaStream(keys, address, self, crypto=crypto)
        self._guard = threading.Lock()
        self._callbacks: dict[str, list[tuple[frozenset[str], Callable[..., None]]]] = {}
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()

    def add(self, channel: str, symbols: frozenset[str], callback: Callable[..., None]) -> None:
        with self._guard:
            listening = [*self._callbacks.get(channel, ()), (symbols, callback)]
            self._callbacks = {**self._callbacks, channel: listening}
            self._stream.want(**{channel: frozenset().union(*(names for names, _ in listening))})
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="puffin-alpaca", daemon=True)
                self._thread.start()

    def wait(self) -> None:
        self._ended.wait()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def stop(self) -> None:
        self._stream.stop()

    def trades(self, batch: Sequence[LiveTrade]) -> None:
        for symbol, price, size, time_us in batch:
            self._call("trades", symbol, Trade(symbol, price, size, from_us(time_us)))

    def quotes(self, batch: Sequence[LiveQuote]) -> None:
        for symbol, bid, ask, bid_size, ask_size, time_us in batch:
            self._call("quotes", symbol, Quote(symbol, bid, ask, bid_size, ask_size, from_us(time_us)))

    def message(self, channel: str, message: Mapping[str, Any]) -> None:
        symbol, time_us = str(message["S"]), instant(message["t"])
        if time_us is None:
            return
        at = from_us(time_us)
        if channel == "bars":
            opening, high, low, close, volume = (number(message.get(name)) for name in "ohlcv")
            self._call(channel, symbol, Bar(symbol, opening, high, low, close, volume, at, "1m"))
            return
        for side, name in (("bid", "b"), ("ask", "a")):
            for level in message.get(name) or ():
                change = OrderBookUpdate(symbol, side, number(level.get("p")), number(level.get("s")), at)
                self._call(channel, symbol, change)

    def connected(self) -> None:
        _log.info("The stream from Alpaca is up")

    def reconnecting(self, attempt: int, seconds: float, note: str) -> None:
        _log.warning("%s; try %d in %.1f s", note, attempt, seconds)

    def refused(self, note: str) -> None:
        self.refusal = note

    def remark(self, note: str) -> None:
        _log.warning("%s", note)

    def _run(self) -> None:
        try:
            self._stream.run()
        finally:
            self._ended.set()

    def _call(self, channel: str, symbol: str, value: object) -> None:
        for symbols, callback in self._callbacks.get(channel, ()):
            if symbol in symbols:
                try:
                    callback(value)
                except Exception:  # noqa: BLE001  the edge: one callback must not end the stream of the others
                    _log.exception("A listener to %s failed", symbol)
