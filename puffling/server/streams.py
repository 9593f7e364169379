"""One WebSocket channel for every stream: messages choose the topics, items go out as they come.

The next item is asked for only when the last one has been taken, so a slow listener never makes a
queue grow: what its stream conflates stays conflated until there is room.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from contextlib import aclosing, suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from puffling.runtime.actor import Caller
from puffling.runtime.errors import Conflict, InvalidInput, PufflingError
from puffling.runtime.streams import Stream, Topics
from puffling.runtime.tasks import TaskScope
from puffling.runtime.text import tr
from puffling.server.access import WEBSOCKET_SCHEME
from puffling.server.house import House, error_body, fault
from puffling.store.events import AccessTokensChanged

MOST_TOPICS = 1000
LONGEST_TOPIC = 64
_ACTIONS = ("subscribe", "unsubscribe")
# The channel of prices speaks of symbols, others of topics; both words are understood everywhere.
_WORDS_FOR_TOPICS = ("symbols", "topics")

_TRY_AGAIN_LATER = 1013
_POLICY_VIOLATION = 1008
_INTERNAL_ERROR = 1011

_log = logging.getLogger(__name__)

Endpoint = Callable[[WebSocket], Coroutine[Any, Any, None]]


def channel_for(house: House, stream: Stream) -> Endpoint:
    """Give what serves the stream's WebSocket."""

    async def endpoint(websocket: WebSocket) -> None:
        offered = websocket.scope.get("subprotocols", [])
        await websocket.accept(subprotocol=WEBSOCKET_SCHEME if WEBSOCKET_SCHEME in offered else None)
        await _Channel(house, stream, websocket).serve()

    return endpoint


class _Channel:
    def __init__(self, house: House, stream: Stream, websocket: WebSocket) -> None:
        self._house = house
        self._stream = stream
        self._websocket = websocket
        self._topics = Topics(tuple(str(value) for value in websocket.path_params.values()))
        self._topics.on_refusal(self._refused)
        self._refusals: dict[str, PufflingError] = {}
        self._woken = asyncio.Event()
        self._revoked = asyncio.Event()

    async def serve(self) -> None:
        """Serve until the listener leaves, its token is withdrawn, or the stream ends."""
        scope = TaskScope("websocket")
        forget = self._house.bus.on(AccessTokensChanged, lambda _: self._revoked.set())
        code = _INTERNAL_ERROR
        try:
            parts = (
                scope.spawn(self._read(), name="messages"),
                scope.spawn(self._write(), name="items"),
                scope.spawn(self._report(), name="refusals"),
                scope.spawn(self._watch_token(), name="token"),
            )
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            code = max(task.result() for task in done if task.exception() is None) if done else code
        except ValueError:
            # Every part that ended did so by a bug, which its scope has put into the log.
            code = _INTERNAL_ERROR
        finally:
            forget()
            await scope.close()
        if code and self._websocket.application_state is WebSocketState.CONNECTED:
            with suppress(RuntimeError, WebSocketDisconnect):
                await self._websocket.close(code)

    async def _write(self) -> int:
        async with aclosing(self._stream.listen(self._topics)) as items:
            try:
                async for item in items:
                    await self._send(json.dumps(item, ensure_ascii=False, separators=(",", ":")))
            except PufflingError as error:
                await self._send_error(error)
                return _POLICY_VIOLATION
            except WebSocketDisconnect:
                return 0
            except Exception:  # noqa: BLE001  the edge: a bug must be answered and logged
                _log.exception("The stream %s failed", self._stream.id)
                await self._send_error(fault())
                return _INTERNAL_ERROR
        return 1000

    async def _read(self) -> int:
        while True:
            try:
                message = await self._websocket.receive()
            except RuntimeError:
                return 0
            if message["type"] == "websocket.disconnect":
                return 0
            try:
                self._act(message.get("text"))
            except PufflingError as error:
                await self._send_error(error)

    def _act(self, text: str | None) -> None:
        action, names = _understood(text)
        if action == "unsubscribe":
            self._topics.unsubscribe(*names)
            return
        if len(self._topics.names.union(names)) > MOST_TOPICS:
            raise Conflict(
                tr("One connection listens to {most} topics at most.", most=MOST_TOPICS),
                hint=tr("Unsubscribe from some, or open another connection."),
            )
        self._topics.subscribe(*names)

    def _refused(self, name: str, error: PufflingError) -> None:
        self._refusals[name] = error
        self._woken.set()

    async def _report(self) -> int:
        while True:
            await self._woken.wait()
            self._woken.clear()
            while self._refusals:
                _, error = self._refusals.popitem()
                await self._send_error(error)

    async def _watch_token(self) -> int:
        while True:
            await self._revoked.wait()
            self._revoked.clear()
            if await self._caller() is None:
                return _POLICY_VIOLATION

    async def _caller(self) -> Caller | None:
        token: str = self._websocket.scope["puffling.token"]
        return await self._house.access.caller_of(token, self._house.user)

    async def _send_error(self, error: PufflingError) -> None:
        await self._send(f'{{"error":{error_body(error).decode()}}}')

    async def _send(self, text: str) -> None:
        with suppress(WebSocketDisconnect):
            await self._websocket.send_text(text)


def _understood(text: str | None) -> tuple[str, list[str]]:
    example = tr("Send {example}.", example='{"action": "subscribe", "symbols": ["SPY"]}')
    try:
        message = json.loads(text or "")
    except (ValueError, RecursionError):
        raise InvalidInput(tr("The message is not valid JSON."), hint=example) from None
    if not isinstance(message, dict):
        raise InvalidInput(tr("The message is not a JSON object."), hint=example)
    action = message.get("action")
    if action not in _ACTIONS:
        raise InvalidInput(
            tr("The action is neither subscribe nor unsubscribe."), field="action", hint=example
        )
    words = [word for word in _WORDS_FOR_TOPICS if word in message]
    if len(words) > 1 or len(message) > 1 + len(words):
        raise InvalidInput(tr("The message has fields that are not known."), hint=example)
    if not words:
        if action == "unsubscribe":
            return action, []
        raise InvalidInput(tr("The symbols are missing."), field="symbols", hint=example)
    names = message[words[0]]
    if not isinstance(names, list) or not all(
        isinstance(name, str) and 0 < len(name) <= LONGEST_TOPIC for name in names
    ):
        raise InvalidInput(tr("The symbols must be a list of names."), field=words[0], hint=example)
    return action, names
