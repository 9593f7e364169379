"""What of Alpaca moves: a stream for shares, one for crypto, and the prices they begin from."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from puffling.market.calendar import EXCHANGE, calendar
from puffling.market.feeds import PriceSink
from puffling.market.values import BidAsk, Tick
from puffling.puffin.data.alpaca_stream import AlpacaStream, LiveQuote, LiveTrade
from puffling.runtime.clock import Clock
from puffling.runtime.errors import PufflingError
from puffling.runtime.port import Port
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.market.alpaca_feed import AlpacaFeed

# Shares beyond what the plan streams are asked for instead.
ROUND_SECONDS = 10.0
AGAIN_SECONDS = 10.0
# A key that was refused is tried again this often: the person may have put it right.
REFUSED_SECONDS = 30.0
_AFTER_THE_BELL = timedelta(seconds=2)
_STOCK, _CRYPTO = False, True

_log = logging.getLogger(__name__)


class AlpacaLive:
    """Keeps the streams up while anything of theirs is watched, and tells the sink what they bring."""

    def __init__(self, feed: AlpacaFeed, clock: Clock, port: Port) -> None:
        self._feed = feed
        self._clock = clock
        self._port = port
        self._watched: frozenset[str] = frozenset()
        self._quoted: frozenset[str] = frozenset()
        self._streamed: frozenset[str] = frozenset()
        self._due: set[str] = set()
        self._something_due = asyncio.Event()
        self._wanted = {_STOCK: asyncio.Event(), _CRYPTO: asyncio.Event()}
        self._streams: dict[bool, AlpacaStream] = {}
        self._down: dict[bool, str] = {}

    def watch(self, symbols: frozenset[str]) -> None:
        """Stream exactly these symbols from now on."""
        self._need(symbols - self._watched)
        self._watched = symbols
        stocks = {symbol for symbol in symbols if "/" not in symbol}
        # Who is streamed stays so; only what finds no place any more is asked for in rounds.
        staying = self._streamed & stocks
        joining = sorted(stocks - staying)[: self._feed.most_streamed - len(staying)]
        self._streamed = frozenset(staying.union(joining))
        self._tell_streams()

    def watch_quotes(self, symbols: frozenset[str]) -> None:
        """Stream the bids and asks of exactly these symbols from now on."""
        self._quoted = symbols
        self._tell_streams()

    async def run(self, sink: PriceSink) -> None:
        """Stream what is watched until cancelled; asleep while nothing is."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_stream(sink, _STOCK), name="alpaca.stocks")
            group.create_task(self._keep_stream(sink, _CRYPTO), name="alpaca.crypto")
            group.create_task(self._keep_prices(sink), name="alpaca.prices")
            group.create_task(self._ring_the_bells(), name="alpaca.bells")
            group.create_task(self._make_rounds(), name="alpaca.rounds")

    def up(self, sink: PriceSink, crypto: bool, note: str = "") -> None:
        """Take in that a stream is up; what happened while it was down is asked for."""
        was_down = self._down.pop(crypto, None) is not None
        if not self._down:
            sink.connection(self._feed.source, True, note)
        if was_down:
            self._need(symbol for symbol in self._watched if ("/" in symbol) is crypto)

    def down(self, sink: PriceSink, crypto: bool, attempt: int, seconds: float, note: str) -> None:
        """Take in that a stream is down and when it is tried again."""
        self._down[crypto] = note
        sink.reconnecting(self._feed.source, attempt, seconds, tr("{reason}.", reason=note))

    def _need(self, symbols: Iterable[str]) -> None:
        self._due.update(symbols)
        if self._due:
            self._something_due.set()

    def _tell_streams(self) -> None:
        for crypto, wanted in self._wanted.items():
            channels = self._channels(crypto)
            if any(channels.values()):
                wanted.set()
            else:
                wanted.clear()
            if crypto in self._streams:
                self._streams[crypto].want(**channels)

    def _channels(self, crypto: bool) -> dict[str, frozenset[str]]:
        trades = self._watched if crypto else self._streamed
        return {
            "trades": frozenset(symbol for symbol in trades if ("/" in symbol) is crypto),
            "quotes": frozenset(symbol for symbol in self._quoted if ("/" in symbol) is crypto),
        }

    async def _keep_stream(self, sink: PriceSink, crypto: bool) -> None:
        failures = 0
        while True:
            await self._wanted[crypto].wait()
            try:
                refusal = await self._stream(sink, crypto)
                failures = 0
            except PufflingError as failure:
                refusal = failure.message.rstrip(".")
            failures += 1
            self._feed.doubt_keys()
            self.down(sink, crypto, failures, REFUSED_SECONDS, refusal)
            await self._clock.sleep(REFUSED_SECONDS)

    async def _stream(self, sink: PriceSink, crypto: bool) -> str:
        """Stream until Alpaca refuses, and say why it did."""
        provider = await self._feed.ask(lambda provider: provider)
        ear = _Ear(self, sink, crypto)
        stream = provider.stream(ear, crypto=crypto, expects=self._expects(crypto))
        stream.want(**self._channels(crypto))
        self._streams[crypto] = stream
        lane = self._port.lane("alpaca-crypto" if crypto else "alpaca-stocks")
        try:
            await lane.run(stream.run)
        finally:
            del self._streams[crypto]
            stream.stop()
            await lane.close()
        return ear.refusal

    def _expects(self, crypto: bool) -> Callable[[], bool]:
        exchange, clock = calendar(EXCHANGE), self._clock
        return (lambda: True) if crypto else (lambda: exchange.is_open(clock.now()))

    async def _keep_prices(self, sink: PriceSink) -> None:
        """Fetch the prices from which the streams go on, whenever some are due."""
        while True:
            await self._something_due.wait()
            self._something_due.clear()
            asked, self._due = self._due & self._watched, set()
            if not asked:
                continue
            try:
                await self._feed.refresh(sorted(asked))
            except PufflingError as failure:
                _log.info("Alpaca told no prices: %s", failure)
                await self._clock.sleep(AGAIN_SECONDS)
                self._need(asked)
                continue
            for symbol in sorted(asked):
                try:
                    sink.snapshots((self._feed.price(symbol),))
                except PufflingError:
                    # Alpaca lists it and has no price of it.
                    continue

    async def _ring_the_bells(self) -> None:
        """Begin days and their parts anew: what trades belong to changes with them."""
        exchange = calendar(EXCHANGE)
        pre, post = timedelta(minutes=exchange.pre_minutes), timedelta(minutes=exchange.post_minutes)
        while True:
            now = self._clock.now()
            opening, closing = exchange.next_open(now), exchange.next_close(now)
            bells = (opening - pre, opening, closing, exchange.last_close(now) + post)
            await self._clock.sleep_until(min(bell for bell in bells if bell > now) + _AFTER_THE_BELL)
            self._need(self._watched)

    async def _make_rounds(self) -> None:
        while True:
            await self._clock.sleep(ROUND_SECONDS)
            self._need(symbol for symbol in self._watched - self._streamed if "/" not in symbol)


class _Ear:
    """Hears a stream in its thread and says it on the loop."""

    def __init__(self, live: AlpacaLive, sink: PriceSink, crypto: bool) -> None:
        self.refusal = ""
        self._live = live
        self._sink = sink
        self._crypto = crypto
        self._source = live._feed.source
        self._loop = asyncio.get_running_loop()

    def trades(self, batch: Sequence[LiveTrade]) -> None:
        self._say(self._sink.ticks, self._source, [Tick(*trade) for trade in batch])

    def quotes(self, batch: Sequence[LiveQuote]) -> None:
        self._say(self._sink.quotes, self._source, [BidAsk(*quote) for quote in batch])

    def message(self, channel: str, message: Mapping[str, Any]) -> None:
        """Nothing else is asked for."""

    def connected(self) -> None:
        self._say(self._live.up, self._sink, self._crypto)

    def reconnecting(self, attempt: int, seconds: float, note: str) -> None:
        self._say(self._live.down, self._sink, self._crypto, attempt, seconds, note)

    def refused(self, note: str) -> None:
        self.refusal = note

    def remark(self, note: str) -> None:
        self._say(self._live.up, self._sink, self._crypto, tr("{reason}.", reason=note))

    def _say(self, act: Callable[..., None], *about: object) -> None:
        try:
            self._loop.call_soon_threadsafe(act, *about)
        except RuntimeError:
            # Only a loop that is closed refuses; then nobody is left to be told.
            _log.info("The stream from Alpaca outlived its loop")
