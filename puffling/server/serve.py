"""Runs the server inside the loop that is there: asyncio's own, or the window's."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import socket
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from puffling.runtime.errors import Conflict, InvalidInput, Refused
from puffling.runtime.tasks import TaskScope
from puffling.runtime.text import tr
from puffling.server.access import LOOPBACK_NAMES, Hosts
from puffling.server.app import build_app
from puffling.server.house import House

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

SECONDS_FOR_HEADERS = 10.0
SECONDS_FOR_ANSWERS_AT_CLOSE = 3
MOST_CONNECTIONS = 256
LARGEST_MESSAGE = 64 * 1024
LARGEST_HEADERS = 16 * 1024

# At their finer levels these write headers and addresses, and with them tokens, into the log.
_TALKATIVE_LOGGERS = ("uvicorn", "uvicorn.error", "uvicorn.access", "websockets", "websockets.server")


class Server:
    """One listening server over one core."""

    def __init__(
        self,
        house: House,
        *,
        host: str = "127.0.0.1",
        port: int = 8766,
        host_names: tuple[str, ...] = (),
        allow_network: bool = False,
        seconds_for_headers: float = SECONDS_FOR_HEADERS,
    ) -> None:
        if not allow_network and not _is_loopback(host):
            raise Refused(
                tr("The address {host} can be reached by other computers.", host=host),
                hint=tr(
                    "Serve on 127.0.0.1, or allow it with --allow-network or server.allow_network.  "
                    "Tokens then travel unencrypted: use a trusted network, or a proxy with TLS."
                ),
            )
        self._house = house
        self._host = host
        self._port = port
        self._seconds_for_headers = seconds_for_headers
        self._host_names = frozenset(name.lower() for name in host_names)
        self._scope = TaskScope("server")
        self._running: _QuietServer | None = None
        self._hosts = Hosts(port)

    @property
    def address(self) -> str:
        """Give the address to call, with the port that was taken."""
        name = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{name}:{self._port}"

    async def start(self) -> None:
        """Listen, or say why that cannot be."""
        await self._prepare()
        listening = _bound(self._host, self._port)
        self._port = listening.getsockname()[1]
        names = LOOPBACK_NAMES
        if not _is_wildcard(self._host):
            names |= {f"[{self._host}]" if ":" in self._host else self._host.lower()}
        self._hosts = Hosts(self._port, names, self._host_names)
        for name in _TALKATIVE_LOGGERS:
            logging.getLogger(name).setLevel(logging.WARNING)

        class Punctual(_PunctualProtocol):
            seconds_for_headers = self._seconds_for_headers

        config = uvicorn.Config(
            build_app(self._house, lambda: self._hosts),
            http=Punctual,
            ws=_RefusableChannel,
            ws_max_size=LARGEST_MESSAGE,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MOST_CONNECTIONS,
            h11_max_incomplete_event_size=LARGEST_HEADERS,
            timeout_graceful_shutdown=SECONDS_FOR_ANSWERS_AT_CLOSE,
            reset_contextvars=True,
        )
        self._running = _QuietServer(config)
        task = self._scope.spawn(self._running.serve(sockets=[listening]), name="http")
        listens = self._scope.spawn(self._running.listens.wait(), name="listens")
        await asyncio.wait({task, listens}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            listening.close()
            await self.close()
            task.result()

    async def _prepare(self) -> None:
        # One ability a turn, so that neither a first caller nor the window waits for all of their models.
        for ability in self._house.registry:
            ability.prepare()
            await asyncio.sleep(0)

    async def close(self) -> None:
        """Stop listening, let answers that are under way finish, and hang up."""
        if self._running is not None:
            self._running.leave.set()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(2 * SECONDS_FOR_ANSWERS_AT_CLOSE):
                    await self._running.left.wait()
            await asyncio.gather(*self._running.server_state.tasks, return_exceptions=True)
            self._running = None
        await self._scope.close()


class _QuietServer(uvicorn.Server):
    """Uvicorn as a guest: it leaves the process's signals alone and does not wake the loop when idle."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = asyncio.Event()
        self.leave = asyncio.Event()
        self.left = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to whoever owns the process."""
        yield

    async def main_loop(self) -> None:
        """Wait until it is time to leave."""
        self.listens.set()
        await self.leave.wait()

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until told to leave."""
        try:
            await super().serve(sockets)
        finally:
            self.left.set()


class _RefusableChannel(WebSocketsSansIOProtocol):
    """Takes a refusal for an answer: uvicorn would log every one as a handshake that was forgotten."""

    async def send(self, message: ASGISendEvent) -> None:
        """Send a message, and note when it was the end of a refusal."""
        await super().send(message)
        if self.close_sent:
            self.handshake_complete = True


class _PunctualProtocol(H11Protocol):
    """Hangs up on callers that open a connection and never finish saying what they want."""

    seconds_for_headers = SECONDS_FOR_HEADERS
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Start the time in which the first request must arrive."""
        super().connection_made(transport)
        self._expect_a_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._on_time()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection over; its own pings watch it from now on."""
        self._on_time()
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        """Start the time for the next request; uvicorn's own ends with the first byte of it."""
        super().on_response_complete()
        if not self.transport.is_closing():
            self._on_time()
            self._expect_a_request()

    def _expect_a_request(self) -> None:
        self._deadline = self.loop.call_later(self.seconds_for_headers, self._too_late)

    def _on_time(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self) -> None:
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete:
            self.transport.close()


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_wildcard(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _bound(host: str, port: int) -> socket.socket:
    family, address = _resolved(host)
    # Named as TCP, or asyncio would not switch its delay off and every answer took 40 ms more.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform == "win32":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise Conflict(
            tr("{host} port {port} cannot be used: {reason}.", host=host, port=port, reason=error.strerror),
            hint=tr("Another program may be listening there. Choose another port with --port."),
        ) from None
    listening.setblocking(False)
    return listening


def _resolved(host: str) -> tuple[socket.AddressFamily, str]:
    if host.lower() == "localhost":
        return socket.AF_INET, "127.0.0.1"
    try:
        literal = ipaddress.ip_address(host)
        return (socket.AF_INET6 if literal.version == 6 else socket.AF_INET), host
    except ValueError:
        pass
    try:
        family, _, _, _, address = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise InvalidInput(
            tr("There is no address {host} on this computer.", host=host),
            field="host",
            hint=tr("Use 127.0.0.1, or the address of a network card."),
        ) from None
    return family, str(address[0])
