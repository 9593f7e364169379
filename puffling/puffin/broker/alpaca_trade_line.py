"""alpaca-py's trade stream with the ends it leaves open: starts that hang, refusals, silence.

Importing this loads alpaca-py and pandas: only the thread in which the stream runs does it.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any, Protocol

from alpaca.trading.stream import TradingStream
from websockets.exceptions import WebSocketException

LONGEST_WAIT_SECONDS = 30.0
# How often the line looks whether news has become due meanwhile.
LOOK_SECONDS = 0.25
_NO_GREETING = "Alpaca greets in a way that cannot be read"
# The SDK's socket prints the keys it sends when it is asked to print everything, so this one never prints.
_silent = logging.getLogger("puffling.alpaca.trade_socket")
_silent.addFilter(lambda _: False)


class LineDown(WebSocketException):
    """The stream could not be set up, or is of no use; the SDK waits and tries again."""


class LineListener(Protocol):
    """Hears, in the stream's thread, what comes and how the line is."""

    def message(self, message: object) -> None:
        """Take one message; what is no JSON comes as None."""
        ...

    def connected(self) -> None:
        """Hear that the line is up and Alpaca said that it will tell."""
        ...

    def reconnecting(self, note: str) -> None:
        """Hear that the line is down and why; it is tried again by itself."""
        ...

    def overdue(self) -> float | None:
        """Tell in how many seconds news must have come, 0 or less when it is overdue; None when none need."""
        ...

    def mute(self) -> None:
        """Hear that the line is up and did not say what it had to."""
        ...


class TradeLine(TradingStream):
    """The line; `keep_up` runs it."""

    def __init__(
        self,
        api_key: str,
        secret_key: str,
        address: str,
        listener: LineListener,
        *,
        start_seconds: float,
        ping_seconds: float,
        shortest_wait_seconds: float,
    ) -> None:
        socket = {
            # A cable that was pulled is noticed by pings that nobody answers.
            "ping_interval": ping_seconds,
            "ping_timeout": ping_seconds,
            "open_timeout": start_seconds,
            "close_timeout": 0.5,
            "max_queue": 1024,
            "logger": _silent,
        }
        super().__init__(api_key, secret_key, raw_data=True, url_override=address, websocket_params=socket)
        self._listener = listener
        self._start_seconds = start_seconds
        self._note = ""
        self._listening = False
        self._reconnect_min_backoff = shortest_wait_seconds
        self._reconnect_max_backoff = max(LONGEST_WAIT_SECONDS, shortest_wait_seconds)
        self.subscribe_trade_updates(self._take)

    async def keep_up(self) -> None:
        """Dial, and dial again, until cancelled."""
        forever: Any = self._run_forever
        await forever()

    async def _start_ws(self) -> None:
        self._listening = False
        try:
            start: Any = super()._start_ws
            await asyncio.wait_for(start(), self._start_seconds)
        except TimeoutError:
            raise self._down("Alpaca did not answer in time") from None
        except ValueError as error:
            refused = "authenticate" in str(error)
            raise self._down("Alpaca does not accept the key" if refused else _NO_GREETING) from None
        except (WebSocketException, OSError):
            raise self._down("The trade stream of Alpaca cannot be reached") from None
        except Exception:  # noqa: BLE001  the edge: a greeting that is none breaks the SDK anywhere
            raise self._down(_NO_GREETING) from None

    async def _consume(self) -> None:
        ws: Any = self._ws
        patience_ends = asyncio.get_running_loop().time() + self._start_seconds
        while True:
            wait = self._listener.overdue()
            if not self._listening:
                wait = patience_ends - asyncio.get_running_loop().time()
            if wait is not None and wait <= 0:
                self._listener.mute()
                raise self._down("The trade stream is connected and says nothing")
            try:
                data = await asyncio.wait_for(ws.recv(), min(LOOK_SECONDS, wait or LOOK_SECONDS))
            except TimeoutError:
                continue
            except (WebSocketException, OSError):
                raise self._down("The trade stream was lost") from None
            self._data_received = True
            self._heard(data)

    def _heard(self, data: str | bytes) -> None:
        try:
            message: Any = json.loads(data)
        except ValueError:
            message = None
        stream = message.get("stream") if isinstance(message, dict) else None
        if stream == "listening":
            listening = "trade_updates" in str(message.get("data"))
            if listening and not self._listening:
                self._listening = True
                self._listener.connected()
        elif stream in {"trade_updates", None}:
            self._listener.message(message)

    def _reconnect_delay(self, retries: int) -> float:
        self._listener.reconnecting(self._note)
        return super()._reconnect_delay(retries)

    def _down(self, note: str) -> LineDown:
        self._note = note
        return LineDown(note)

    async def _take(self, message: dict[str, Any]) -> None:
        """Be there: without somebody who takes messages the SDK does not dial."""
