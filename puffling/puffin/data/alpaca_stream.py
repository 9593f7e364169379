"""One live connection to Alpaca in a thread of its own: it heals by itself and loses no subscription."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from puffling.puffin.data.alpaca_rest import AlpacaKeys
from puffling.puffin.data.alpaca_rows import instant, number

if TYPE_CHECKING:
    from puffling.puffin.data.alpaca_line import CryptoLine, StockLine

    LineMaker = Callable[..., StockLine | CryptoLine]

# Asked for beside everything else: it moves all the time, so its silence means that the line is mute.
STOCK_PULSE = "SPY"
CRYPTO_PULSE = "BTC/USD"
MUTE_SECONDS = 8.0
PING_SECONDS = 4.0
BATCH_SECONDS = 0.010
LOOK_SECONDS = 0.25
SHORTEST_WAIT_SECONDS = 1.0
# Trades that say nothing of the price now: averages, prices of earlier times, agreed and corrected ones.
_BESIDE_THE_MARKET = frozenset("BCHNPQRVWZ479")

_log = logging.getLogger(__name__)


class LiveTrade(NamedTuple):
    """One trade; a tuple, because thousands arrive each second."""

    symbol: str
    price: float
    size: float
    time_us: int


class LiveQuote(NamedTuple):
    """One bid and ask."""

    symbol: str
    bid: float
    ask: float
    bid_size: float
    ask_size: float
    time_us: int


class StreamListener(Protocol):
    """Hears, in the stream's thread, what the stream tells and how it is."""

    def trades(self, batch: Sequence[LiveTrade]) -> None:
        """Take trades in the order they came."""
        ...

    def quotes(self, batch: Sequence[LiveQuote]) -> None:
        """Take quotes in the order they came."""
        ...

    def message(self, channel: str, message: Mapping[str, Any]) -> None:
        """Take a message of another channel as it came."""
        ...

    def connected(self) -> None:
        """Hear that the line is up and everything that is wanted was asked for."""
        ...

    def reconnecting(self, attempt: int, seconds: float, note: str) -> None:
        """Hear that the line is down, why, and in how many seconds it is tried again."""
        ...

    def refused(self, note: str) -> None:
        """Hear that Alpaca does not let us in; the stream ends."""
        ...

    def remark(self, note: str) -> None:
        """Hear what Alpaca complains of without hanging up."""
        ...


class AlpacaStream:
    """`run` blocks its thread until `stop`, or until Alpaca refuses; `want` may be called from anywhere.

    `expects` tells whether the exchange is open, so that silence is a fault.
    """

    def __init__(
        self,
        keys: AlpacaKeys,
        address: str,
        listener: StreamListener,
        *,
        crypto: bool = False,
        expects: Callable[[], bool] = lambda: False,
        mute_seconds: float = MUTE_SECONDS,
        ping_seconds: float = PING_SECONDS,
        shortest_wait_seconds: float = SHORTEST_WAIT_SECONDS,
    ) -> None:
        self._keys = keys
        self._address = address
        self._listener = listener
        self._crypto = crypto
        self._expects = expects
        self._mute_seconds = mute_seconds
        self._ping_seconds = ping_seconds
        self._shortest_wait_seconds = shortest_wait_seconds
        self._pulse = CRYPTO_PULSE if crypto else STOCK_PULSE
        self._guard = threading.Lock()
        self._wanted: dict[str, frozenset[str]] = {}
        self._stopped = False
        self._refused = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed: asyncio.Event | None = None
        self._trades: list[LiveTrade] = []
        self._quotes: list[LiveQuote] = []
        self._batching = False

    def want(self, **channels: frozenset[str]) -> None:
        """Stream exactly these symbols of the channels (trades, quotes, bars, orderbooks) from now on."""
        with self._guard:
            self._wanted = {**self._wanted, **channels}
            self._wake()

    def stop(self) -> None:
        """End; `run` returns soon."""
        with self._guard:
            self._stopped = True
            self._wake()

    def run(self) -> None:
        """Stream until stopped or refused."""
        # Loaded here, where only this thread waits for it, and not within the loop.
        from puffling.puffin.data.alpaca_line import make_line

        with asyncio.Runner() as runner:
            runner.run(self._live(make_line))

    def message(self, channel: str, message: Mapping[str, Any]) -> None:
        """Take one message from the line; trades and quotes wait some milliseconds for company."""
        symbol, time_us = message.get("S"), instant(message.get("t"))
        if not isinstance(symbol, str) or time_us is None:
            return
        if channel == "trades":
            conditions = message.get("c")
            if isinstance(conditions, list | tuple) and not _BESIDE_THE_MARKET.isdisjoint(conditions):
                return
            self._trades.append(
                LiveTrade(symbol, number(message.get("p")), number(message.get("s")), time_us)
            )
        elif channel == "quotes":
            if symbol not in self._wanted.get("quotes", ()):
                return
            bid, ask, bid_size, ask_size = (number(message.get(name)) for name in ("bp", "ap", "bs", "as"))
            self._quotes.append(LiveQuote(symbol, bid, ask, bid_size, ask_size, time_us))
        else:
            self._listener.message(channel, message)
            return
        if not self._batching and self._loop is not None:
            self._batching = True
            self._loop.call_later(BATCH_SECONDS, self._tell)

    def connected(self) -> None:
        """Hear it from the line and pass it on."""
        self._listener.connected()

    def reconnecting(self, attempt: int, seconds: float, note: str) -> None:
        """Hear it from the line and pass it on, unless the line is being ended."""
        if not self._refused and not self._stopped:
            self._listener.reconnecting(attempt, seconds, note)

    def refused(self, note: str) -> None:
        """Hear it from the line and end."""
        self._refused = True
        self._listener.refused(note)

    def remark(self, note: str) -> None:
        """Hear it from the line and pass it on."""
        if note:
            self._listener.remark(note)

    async def _live(self, make_line: LineMaker) -> None:
        loop = asyncio.get_running_loop()
        changed = asyncio.Event()
        with self._guard:
            self._loop, self._changed = loop, changed
        try:
            while not self._stopped and not self._refused:
                changed.clear()
                if self._asked():
                    await self._hold_line(self._new_line(make_line), loop, changed)
                else:
                    await changed.wait()
        finally:
            with self._guard:
                self._loop = self._changed = None
            self._tell()

    async def _hold_line(
        self, line: StockLine | CryptoLine, loop: asyncio.AbstractEventLoop, changed: asyncio.Event
    ) -> None:
        """Keep a line up as long as anything is wanted."""
        line.want(self._asked())
        running = loop.create_task(line._run_forever(), name="alpaca-line")
        try:
            while not running.done() and not self._stopped and self._asked():
                changed.clear()
                line.want(self._asked())
                await line.sync()
                line.expect(self._mute_seconds if self._expects() else None)
                try:
                    await asyncio.wait_for(changed.wait(), LOOK_SECONDS)
                except TimeoutError:
                    continue
        finally:
            await line.stop_ws()
            # The SDK looks for the wish to stop only every five seconds, so it is cancelled too; where a
            # message comes at the same moment, Python 3.11 loses that, so it is done again.
            while not running.done():
                running.cancel()
                await asyncio.wait({running}, timeout=LOOK_SECONDS)
            await line.close()
        if not running.cancelled() and (failure := running.exception()) is not None:
            _log.error("The stream from Alpaca failed and is begun anew", exc_info=failure)
            await asyncio.sleep(self._shortest_wait_seconds)

    def _new_line(self, make_line: LineMaker) -> StockLine | CryptoLine:
        line = make_line(
            self._keys.api_key,
            self._keys.secret_key,
            self._address,
            crypto=self._crypto,
            ping_seconds=self._ping_seconds,
        )
        line.prepare(self, self._shortest_wait_seconds)
        return line

    def _asked(self) -> dict[str, frozenset[str]]:
        """Give what to ask for: what is wanted, and the pulse beside it."""
        wanted = self._wanted
        if not any(wanted.values()):
            return {}
        return {**wanted, "quotes": wanted.get("quotes", frozenset()) | {self._pulse}}

    def _tell(self) -> None:
        self._batching = False
        trades, self._trades = self._trades, []
        quotes, self._quotes = self._quotes, []
        if trades:
            self._listener.trades(trades)
        if quotes:
            self._listener.quotes(quotes)

    def _wake(self) -> None:
        if self._loop is not None and self._changed is not None:
            self._loop.call_soon_threadsafe(self._changed.set)
