"""alpaca-py's live stream with the ends it leaves open: starts that hang, refusals, changes while it runs.

Importing this loads alpaca-py and pandas: only the thread in which a stream runs does it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from alpaca.data.live.crypto import CryptoDataStream
from alpaca.data.live.stock import StockDataStream
from alpaca.data.live.websocket import DataStream
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.legacy.exceptions import InvalidStatusCode

if TYPE_CHECKING:
    _Stream = DataStream
else:
    # The two streams have it as their base; beside them it would be one base twice.
    _Stream = object

START_SECONDS = 8.0
LONGEST_WAIT_SECONDS = 30.0
CHANNELS = ("trades", "quotes", "bars", "orderbooks")
# The SDK's socket prints the keys it sends when it is asked to print everything, so this one never prints.
_silent = logging.getLogger("puffling.alpaca.socket")
_silent.addFilter(lambda _: False)

_REFUSALS = {401: "auth", 402: "auth", 403: "auth", 404: "auth", 409: "plan"}
_WORDS = {
    400: "Alpaca did not understand what to stream",
    405: "Your Alpaca plan streams fewer symbols than are asked for",
    406: "Another program streams with this Alpaca key; the plan allows one",
    407: "Alpaca says this computer reads too slowly",
    500: "Alpaca has a fault of its own",
}


class LineDown(WebSocketException):
    """The stream could not be set up; the SDK waits and tries again."""


class LineListener(Protocol):
    """Hears, in the stream's thread, what comes and how the line is."""

    def message(self, channel: str, message: Mapping[str, Any]) -> None:
        """Take one message of market data."""
        ...

    def connected(self) -> None:
        """Hear that the line is up and everything that is wanted was asked for."""
        ...

    def reconnecting(self, attempt: int, seconds: float, note: str) -> None:
        """Hear that the line is down, why, and in how many seconds it is tried again."""
        ...

    def refused(self, note: str) -> None:
        """Hear that Alpaca does not let us in; the line stays down."""
        ...

    def remark(self, note: str) -> None:
        """Hear what Alpaca complains of without hanging up."""
        ...


class _Line(_Stream):
    """What both kinds of stream get."""

    _listener: LineListener
    _note = ""
    _open = False
    _heard_at = 0.0
    _patience_seconds = 0.0

    def prepare(self, listener: LineListener, shortest_wait_seconds: float) -> None:
        """Take who listens, before the line is started."""
        self._listener = listener
        self._reconnect_min_backoff = shortest_wait_seconds
        self._reconnect_max_backoff = max(LONGEST_WAIT_SECONDS, shortest_wait_seconds)
        self._sent: dict[str, frozenset[str]] = {}
        self._handlers_of = {channel: self._handler(channel) for channel in CHANNELS}
        self._expecting_since: float | None = None

    def want(self, wanted: Mapping[str, frozenset[str]]) -> None:
        """Ask for exactly this from now on; `sync` tells the server if the line is up."""
        for channel in CHANNELS:
            symbols = wanted.get(channel, frozenset())
            self._handlers[channel] = dict.fromkeys(sorted(symbols), self._handlers_of[channel])

    async def sync(self) -> None:
        """Tell the server what changed since it was told last."""
        import msgpack

        ws: Any = self._ws
        now, before = self._wanted(), self._sent
        if not self._open or ws is None or now == before:
            return
        self._sent = now
        for action, more, fewer in (("subscribe", now, before), ("unsubscribe", before, now)):
            change = {
                channel: sorted(symbols - fewer.get(channel, frozenset()))
                for channel, symbols in more.items()
                if symbols - fewer.get(channel, frozenset())
            }
            if change:
                # A line that goes down meanwhile is told everything when it is up again.
                try:
                    await ws.send(msgpack.packb({"action": action, **change}))
                except (WebSocketException, OSError):
                    return

    def expect(self, seconds: float | None) -> None:
        """Give up a line that is mute for this long; None while nothing need come."""
        if seconds is None:
            self._expecting_since = self._data_timeout = None
            return
        if self._expecting_since is None:
            self._expecting_since = asyncio.get_running_loop().time()
        self._patience_seconds = seconds
        self._set_timeout()

    async def close(self) -> None:
        """Hang up."""
        self._open = False
        await super().close()

    async def _start_ws(self) -> None:
        self._open = False
        try:
            await asyncio.wait_for(super()._start_ws(), START_SECONDS)
        except TimeoutError:
            raise self._down("Alpaca did not answer in time") from None
        except (InvalidStatus, InvalidStatusCode) as error:
            status = getattr(error, "status_code", 0)
            if status in {401, 403}:
                await self._give_up("auth")
            raise self._down(f"Alpaca does not take the call (status {status})") from None
        except WebSocketException:
            raise self._down("The connection to Alpaca was lost") from None
        except OSError:
            raise self._down("Alpaca cannot be reached") from None
        except ValueError as error:
            raise await self._not_let_in(str(error)) from None
        except Exception:  # noqa: BLE001  the edge: a greeting that is none breaks the SDK anywhere
            raise self._down("Alpaca gave a greeting that cannot be read") from None

    async def _not_let_in(self, said: str) -> LineDown:
        if "connection limit" in said:
            return self._down(_WORDS[406])
        if "insufficient subscription" in said:
            await self._give_up("plan")
        elif "auth" in said or "forbidden" in said:
            await self._give_up("auth")
        return self._down("Alpaca did not let us in")

    async def _send_subscribe_msg(self) -> None:
        self._sent = self._wanted()
        self._open = True
        await super()._send_subscribe_msg()

    async def _consume(self) -> bool:
        self._heard_at = asyncio.get_running_loop().time()
        if self._expecting_since is not None:
            self._expecting_since = self._heard_at
            self._set_timeout()
        self._listener.connected()
        try:
            mute = await super()._consume()
        except (WebSocketException, OSError):
            self._note = "The connection to Alpaca was lost"
            raise
        if mute:
            self._note = "Alpaca is connected and says nothing"
        return mute

    async def _dispatch(self, msg: dict[str, Any]) -> None:
        if msg.get("T") == "error":
            code = msg.get("code")
            if code in _REFUSALS:
                await self._give_up(_REFUSALS[code])
                raise self._down("Alpaca hung up")
            if code == 406:
                raise self._down(_WORDS[406])
            self._listener.remark(_WORDS.get(code, "") if isinstance(code, int) else "")
            return
        await super()._dispatch(msg)

    def _reconnect_delay(self, retries: int) -> float:
        seconds = super()._reconnect_delay(retries)
        self._listener.reconnecting(retries, seconds, self._note)
        return seconds

    async def _give_up(self, why: str) -> None:
        if why == "plan":
            self._listener.refused("Your Alpaca plan does not include this stream")
        else:
            self._listener.refused(
                "Alpaca does not accept the key. Check ALPACA_API_KEY and ALPACA_SECRET_KEY"
            )
        await self.stop_ws()

    def _set_timeout(self) -> None:
        # The SDK counts from the last message, which may have come before anything was expected.
        since = self._expecting_since or 0.0
        self._data_timeout = self._patience_seconds + max(0.0, since - self._heard_at)

    def _down(self, note: str) -> LineDown:
        self._note = note
        return LineDown(note)

    def _wanted(self) -> dict[str, frozenset[str]]:
        return {channel: frozenset(self._handlers[channel]) for channel in CHANNELS}

    def _handler(self, channel: str) -> Any:
        listener = self._listener

        async def take(message: dict[str, Any]) -> None:
            self._heard_at = asyncio.get_running_loop().time()
            listener.message(channel, message)

        return take


class StockLine(_Line, StockDataStream):
    """Shares."""


class CryptoLine(_Line, CryptoDataStream):
    """Crypto pairs."""


def make_line(
    api_key: str, secret_key: str, address: str, *, crypto: bool, ping_seconds: float
) -> StockLine | CryptoLine:
    """Give a line to an address, not started yet."""
    kind = CryptoLine if crypto else StockLine
    socket = {
        # A cable that was pulled is noticed by pings that nobody answers.
        "ping_interval": ping_seconds,
        "ping_timeout": ping_seconds,
        "open_timeout": START_SECONDS,
        "close_timeout": 0.5,
        "max_queue": 1024,
        "logger": _silent,
    }
    return kind(api_key, secret_key, raw_data=True, url_override=address, websocket_params=socket)
