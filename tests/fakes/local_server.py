"""A small HTTP and WebSocket server on this machine, in a thread of its own, that misbehaves on command."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from urllib.parse import parse_qsl, unquote, urlsplit

from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request as Upgrade
from websockets.server import ServerProtocol

_PATIENCE_SECONDS = 10.0
# Tests look for keys in the log of the client, not in that of the server.
_silent = logging.getLogger("tests.local_server")
_silent.setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    # When it came, by the clock that all processes of a machine share.
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back, and how badly."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    # Nothing is sent for this long.
    pause_seconds: float = 0.0
    # The body comes a byte at a time, this far apart.
    drip_seconds: float = 0.0
    # The connection is reset after so many bytes of the body; -1 resets it before the first line.
    cut_after: int | None = None


def as_json(value: object, status: int = 200, **headers: str) -> Answer:
    """The answer that carries this value."""
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json", **headers})


Handler = Callable[[Request], Answer]


class Socket:
    """One WebSocket, seen from the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._protocol = ServerProtocol(logger=_silent)
        self._parts: list[bytes] = []
        self.deaf = False

    def open(self, head: bytes) -> None:
        """Shake hands."""
        self._protocol.receive_data(head)
        [request] = self._protocol.events_received()
        assert isinstance(request, Upgrade)
        self._protocol.send_response(self._protocol.accept(request))
        self._flush()

    async def receive(self) -> bytes | None:
        """The next whole message; nothing once the other side has gone."""
        while True:
            data = await self._reader.read(65536)
            if self.deaf:
                # As if the cable were out: nothing comes back, not even the answer to a ping.
                await asyncio.sleep(3600)
            if data:
                self._protocol.receive_data(data)
            else:
                self._protocol.receive_eof()
            events = self._protocol.events_received()
            self._flush()
            for event in events:
                if not isinstance(event, Frame):
                    continue
                if event.opcode is Opcode.CLOSE:
                    return None
                if event.opcode in {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}:
                    self._parts.append(bytes(event.data))
                    if event.fin:
                        whole, self._parts = b"".join(self._parts), []
                        return whole
            if not data:
                return None

    def send(self, message: bytes) -> None:
        """Send one message."""
        with suppress(Exception):
            self._protocol.send_binary(message)
            self._flush()

    def close(self) -> None:
        """Say goodbye."""
        with suppress(Exception):
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
            self._flush()

    def cut(self) -> None:
        """Reset the connection without a word."""
        self._writer.transport.abort()

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._writer.write(data)
            else:
                self._writer.close()


SocketHandler = Callable[[Socket], Awaitable[None]]


class LocalServer:
    """Routes and sockets that fakes of a vendor add; troubles come before what a route would answer."""

    def __init__(self, port: int = 0) -> None:
        self.requests: list[Request] = []
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = []
        self._sockets: dict[str, SocketHandler] = {}
        self._troubles: list[tuple[str, Answer]] = []
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="local-server")
        self._ready = threading.Event()
        self._connections: set[asyncio.Task[None]] = set()
        self._port = port

    @property
    def address(self) -> str:
        """Where it is reached over HTTP."""
        return f"http://127.0.0.1:{self._port}"

    def route(self, method: str, path: str, handler: Handler) -> None:
        """Answer requests whose whole path matches the pattern."""
        self._routes.append((method, re.compile(path), handler))

    def socket(self, path: str, handler: SocketHandler) -> None:
        """Hand WebSockets of this path to the handler."""
        self._sockets[path] = handler

    def trouble(self, *answers: Answer, path: str = "/") -> None:
        """Give the next requests of paths that begin so these answers instead."""
        with self._changed:
            self._troubles += [(path, answer) for answer in answers]

    def asked(self, path: str) -> list[Request]:
        """The requests of paths that begin so."""
        return [request for request in list(self.requests) if request.path.startswith(path)]

    def later(self, act: Callable[[], None]) -> None:
        """Do something on the server's loop, in the order of asking."""
        self._loop.call_soon_threadsafe(act)

    def call(self, act: Callable[[], None]) -> None:
        """Do something on the server's loop, and wait until it is done."""
        done = threading.Event()

        def run() -> None:
            act()
            done.set()

        self._loop.call_soon_threadsafe(run)
        assert done.wait(_PATIENCE_SECONDS)

    def tell(self) -> None:
        """Let those who wait look again."""
        with self._changed:
            self._changed.notify_all()

    def until(self, true: Callable[[], object], seconds: float = _PATIENCE_SECONDS) -> None:
        """Wait in a plain thread until something is true."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not true():
                assert time.monotonic() < deadline, "it never came true"
                # Not all that is waited for says that it changed.
                self._changed.wait(0.02)

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        assert self._ready.wait(_PATIENCE_SECONDS)

    def stop(self) -> None:
        """Hang up on everybody."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_SECONDS)

    def _serve(self) -> None:
        loop = self._loop
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", self._port))
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        loop.run_forever()
        server.close()
        for connection in self._connections:
            connection.cancel()
        loop.run_until_complete(asyncio.gather(*self._connections, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            writer.transport.abort()
            self.tell()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        request = _request(head)
        length = int(request.headers.get("content-length", "0"))
        if length:
            body = await reader.readexactly(length)
            request = replace(request, body=body)
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()
        trouble = self._trouble_for(request.path)
        if trouble is None and request.headers.get("upgrade", "").lower() == "websocket":
            return await self._talk(request, head, reader, writer)
        answer = trouble if trouble is not None else self._answer(request)
        await asyncio.sleep(answer.pause_seconds)
        return await _write(answer, writer)

    async def _talk(
        self, request: Request, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        handler = self._sockets.get(request.path)
        if handler is None:
            return await _write(Answer(404), writer)
        socket = Socket(reader, writer)
        socket.open(head)
        await handler(socket)
        return False

    def _trouble_for(self, path: str) -> Answer | None:
        with self._changed:
            for place, (beginning, answer) in enumerate(self._troubles):
                if path.startswith(beginning):
                    del self._troubles[place]
                    return answer
        return None

    def _answer(self, request: Request) -> Answer:
        for method, pattern, handler in self._routes:
            if method == request.method and pattern.fullmatch(request.path):
                return handler(request)
        return as_json({"message": "Not Found"}, 404)


@contextmanager
def serving(port: int = 0) -> Iterator[LocalServer]:
    """A server that listens until the block is left."""
    server = LocalServer(port)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _request(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    parts = urlsplit(target)
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines)
        if name
    }
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Request(method, unquote(parts.path), query, headers, at=time.monotonic())


async def _write(answer: Answer, writer: asyncio.StreamWriter) -> bool:
    if answer.cut_after == -1:
        return False
    headers = {"Date": formatdate(usegmt=True), "Content-Length": str(len(answer.body)), **answer.headers}
    lines = [f"HTTP/1.1 {answer.status} Answer", *(f"{name}: {value}" for name, value in headers.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
    body = answer.body if answer.cut_after is None else answer.body[: answer.cut_after]
    if answer.drip_seconds:
        for place in range(len(body)):
            writer.write(body[place : place + 1])
            await writer.drain()
            await asyncio.sleep(answer.drip_seconds)
    else:
        writer.write(body)
        await writer.drain()
    return answer.cut_after is None
