"""Alpaca's trade stream in a thread of its own: it heals by itself, says so, and knows when it is too quiet.

Silence is normal on this stream. It is a fault only when the account did something that must be told: then
whoever caused it calls `expect`, and news that does not come in time makes the line MUTE and dialled anew.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from puffling.puffin.broker.alpaca_wire import update_of
from puffling.puffin.broker.base import BrokerUpdate, UpdateKind
from puffling.puffin.data.alpaca_rest import AlpacaKeys

if TYPE_CHECKING:
    from puffling.puffin.broker.alpaca_trade_line import TradeLine

Hear = Callable[[BrokerUpdate], None]

START_SECONDS = 8.0
MUTE_SECONDS = 10.0
PING_SECONDS = 4.0
SHORTEST_WAIT_SECONDS = 1.0
_END_SECONDS = 10.0
_MOST_REMEMBERED = 10_000

_log = logging.getLogger(__name__)


class TradeUpdates:
    """Dials when somebody listens and hangs up when nobody does any more."""

    def __init__(
        self,
        keys: AlpacaKeys,
        address: str,
        *,
        start_seconds: float = START_SECONDS,
        mute_seconds: float = MUTE_SECONDS,
        ping_seconds: float = PING_SECONDS,
        shortest_wait_seconds: float = SHORTEST_WAIT_SECONDS,
    ) -> None:
        self._keys = keys
        self._address = address
        self._start_seconds = start_seconds
        self._mute_seconds = mute_seconds
        self._ping_seconds = ping_seconds
        self._shortest_wait_seconds = shortest_wait_seconds
        self._guard = threading.Lock()
        self._listeners: list[Hear] = []
        self._up = False
        self._due: dict[str, float] = {}
        self._told: dict[str, float] = {}
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._wake: Callable[[], None] = _nothing

    def listen(self, hear: Hear) -> Callable[[], None]:
        """Tell all news from now on, beginning with CONNECTED; the answer ends it."""
        with self._guard:
            self._listeners = [*self._listeners, hear]
            up = self._up
            if self._thread is None:
                self._stopped = threading.Event()
                self._thread = threading.Thread(
                    target=self._run, args=(self._stopped,), name="puffin-alpaca-trades", daemon=True
                )
                self._thread.start()
        if up:
            _call(hear, BrokerUpdate(UpdateKind.CONNECTED))

        def end() -> None:
            with self._guard:
                self._listeners = [each for each in self._listeners if each is not hear]
                left = bool(self._listeners)
            if not left:
                self.close()

        return end

    def expect(self, order_id: str, asked_at: float) -> None:
        """Await news of an order that something was asked of at this moment, if the stream is up."""
        with self._guard:
            # News is often faster than the answer to what caused it.
            if self._up and self._told.get(order_id, -1.0) < asked_at:
                self._due.setdefault(order_id, time.monotonic() + self._mute_seconds)

    def close(self) -> None:
        """Hang up and end the thread."""
        with self._guard:
            thread, self._thread = self._thread, None
            self._listeners, self._up = [], False
            self._due.clear()
            self._stopped.set()
            self._wake()
        if thread is not None and thread is not threading.current_thread():
            thread.join(_END_SECONDS)

    def message(self, message: object) -> None:
        """Take one message from the line and pass it on."""
        update = update_of(message)
        if update.order is not None:
            family = [update.order.order_id, *(leg.order_id for leg in update.order.legs)]
            with self._guard:
                for order_id in family:
                    self._due.pop(order_id, None)
                    self._told.pop(order_id, None)
                    self._told[order_id] = time.monotonic()
                while len(self._told) > _MOST_REMEMBERED:
                    del self._told[next(iter(self._told))]
        self._tell(update)

    def connected(self) -> None:
        """Hear from the line that it is up, and pass it on."""
        with self._guard:
            self._up = True
            self._due.clear()
        self._tell(BrokerUpdate(UpdateKind.CONNECTED))

    def reconnecting(self, note: str) -> None:
        """Hear from the line that it is down, and pass it on once."""
        with self._guard:
            was_up, self._up = self._up, False
        _log.warning("%s; tried again by itself", note)
        if was_up:
            self._tell(BrokerUpdate(UpdateKind.LOST, event=note))

    def overdue(self) -> float | None:
        """Tell in how many seconds the next news must have come."""
        with self._guard:
            return min(self._due.values()) - time.monotonic() if self._due else None

    def mute(self) -> None:
        """Hear from the line that it is mute, and pass it on."""
        with self._guard:
            self._due.clear()
        self._tell(BrokerUpdate(UpdateKind.MUTE))

    def _run(self, stopped: threading.Event) -> None:
        # Loaded here, where only this thread waits for it.
        from puffling.puffin.broker.alpaca_trade_line import TradeLine

        line = TradeLine(
            self._keys.api_key,
            self._keys.secret_key,
            self._address,
            _Dial(self, stopped),
            start_seconds=self._start_seconds,
            ping_seconds=self._ping_seconds,
            shortest_wait_seconds=self._shortest_wait_seconds,
        )
        with asyncio.Runner() as runner:
            runner.run(self._live(line, stopped))

    async def _live(self, line: TradeLine, stopped: threading.Event) -> None:
        loop = asyncio.get_running_loop()
        ending = asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(ending.set)

        with self._guard:
            if stopped.is_set():
                return
            self._wake = wake
        running = loop.create_task(line.keep_up(), name="alpaca-trade-line")
        try:
            await ending.wait()
        finally:
            with self._guard:
                if self._wake is wake:
                    self._wake = _nothing
            await line.stop_ws()
            # The SDK may sit in a wait of its own, so it is cancelled too; where a message comes at the
            # same moment, Python 3.11 loses that, so it is done again.
            while not running.done():
                running.cancel()
                await asyncio.wait({running}, timeout=0.25)
            await line.close()

    def _tell(self, update: BrokerUpdate) -> None:
        for hear in self._listeners:
            _call(hear, update)


class _Dial:
    """One life of the line: once it was ended nothing of it is heard."""

    def __init__(self, updates: TradeUpdates, stopped: threading.Event) -> None:
        self._updates = updates
        self._stopped = stopped

    def message(self, message: object) -> None:
        if not self._stopped.is_set():
            self._updates.message(message)

    def connected(self) -> None:
        if not self._stopped.is_set():
            self._updates.connected()

    def reconnecting(self, note: str) -> None:
        if not self._stopped.is_set():
            self._updates.reconnecting(note)

    def overdue(self) -> float | None:
        return None if self._stopped.is_set() else self._updates.overdue()

    def mute(self) -> None:
        if not self._stopped.is_set():
            self._updates.mute()


def _call(hear: Hear, update: BrokerUpdate) -> None:
    try:
        hear(update)
    except Exception:  # noqa: BLE001  the edge: one listener must not end the stream
        _log.exception("A listener to the trade stream failed")


def _nothing() -> None:
    """Wake nobody."""
