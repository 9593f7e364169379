"""The door of the server: who may call, under which name, and from which page.

A page in a browser must never reach the server by guessing its address. So the Host must be a name
of ours (a foreign name that was pointed at this machine is not), the Origin must be absent or our
own, and a token must come in a header that no form and no cross-site page can set. There are no
cookies, and no token is ever taken from an address.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from puffling.frozen import frozen
from puffling.runtime.actor import Caller, calling_as
from puffling.runtime.errors import PufflingError, Refused
from puffling.runtime.text import tr
from puffling.server.house import House, error_answer, fault

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
WEBSOCKET_SCHEME = "bearer"
_LONGEST_TOKEN = 200

_log = logging.getLogger(__name__)


@frozen
class Hosts:
    """The names under which the server may be called: this computer's own, and those a person added.

    A name of this computer must come with the server's own port. An added name may stand before a
    proxy, so it goes with every port unless it carries one.
    """

    port: int
    names: frozenset[str] = LOOPBACK_NAMES
    added: frozenset[str] = frozenset()

    def allow(self, host: str) -> bool:
        """Tell whether a Host header names this server."""
        name, port = _split(host.lower())
        if name in self.names:
            return port == str(self.port) or (port == "" and self.port == 80)
        return name in self.added or f"{name}:{port}" in self.added


def _split(host: str) -> tuple[str, str]:
    if host.startswith("["):
        name, _, port = host.partition("]")
        return f"{name}]", port.removeprefix(":")
    name, _, port = host.partition(":")
    return name, port


class Doorkeeper:
    """Lets in callers with a good name and a good token, and notes every call without its secrets."""

    def __init__(
        self,
        app: ASGIApp,
        house: House,
        *,
        hosts: Callable[[], Hosts],
        public: frozenset[str],
    ) -> None:
        self._app = app
        self._house = house
        self._hosts = hosts
        self._public = public
        self._clock = house.clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or one WebSocket."""
        began = self._clock.monotonic()
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *_CAREFUL_HEADERS]
            elif message["type"] == "websocket.accept":
                status = 101
            await send(message)

        try:
            await self._admit(scope, receive, noted)
        finally:
            # The raw path is still percent-encoded, so it cannot forge a line; the query may hold anything.
            _log.info(
                "%s %s %s %.0f ms",
                scope.get("method", "WEBSOCKET"),
                scope.get("raw_path", b"").decode("ascii", "replace"),
                status or "-",
                (self._clock.monotonic() - began) * 1000,
            )

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        try:
            self._check_names(headers)
            if scope["type"] == "http" and scope["path"] in self._public:
                await self._app(scope, receive, send)
                return
            caller = await self._caller(scope, headers)
        except PufflingError as error:
            await error_answer(error)(scope, receive, send)
            return
        except Exception:  # noqa: BLE001  the edge: a bug must be answered and logged
            _log.exception("The door failed")
            await error_answer(fault(), 500)(scope, receive, send)
            return
        if caller is None:
            await error_answer(
                Refused(
                    tr("A valid access token is needed."),
                    hint=tr("Send the header Authorization: Bearer <token>. The person makes tokens."),
                ),
                401,
                {"WWW-Authenticate": 'Bearer realm="puffling"'},
            )(scope, receive, send)
            return
        with calling_as(caller):
            await self._app(scope, receive, send)

    def _check_names(self, headers: Headers) -> None:
        given = headers.getlist("host")
        hosts = self._hosts()
        if len(given) != 1 or not hosts.allow(given[0]):
            raise Refused(
                tr("This server does not go by that name."),
                hint=tr("Call it by its address and port, or add the name to the setting server.host_names."),
            )
        origins = headers.getlist("origin")
        if not origins:
            return
        scheme, _, origin = origins[0].partition("://")
        if len(origins) != 1 or scheme not in {"http", "https"} or origin.lower() != given[0].lower():
            raise Refused(
                tr("Pages of other sites may not call this server."),
                hint=tr("Call it from a program, or from a page that it served itself."),
            )

    async def _caller(self, scope: Scope, headers: Headers) -> Caller | None:
        token = token_of(headers, websocket=scope["type"] == "websocket")
        if not token or len(token) > _LONGEST_TOKEN or not token.isascii():
            return None
        scope["puffling.token"] = token
        return await self._house.access.caller_of(token, self._house.user)


def token_of(headers: Headers, *, websocket: bool) -> str:
    """Give the token that came in a header, or nothing.

    A browser cannot set headers on a WebSocket, so there the token may be the second of two
    offered subprotocols.
    """
    given = headers.getlist("authorization")
    if len(given) == 1:
        scheme, _, token = given[0].partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""
    if websocket and not given:
        offered = [part.strip() for part in ",".join(headers.getlist("sec-websocket-protocol")).split(",")]
        if len(offered) == 2 and offered[0] == WEBSOCKET_SCHEME:
            return offered[1]
    return ""


_CAREFUL_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
