"""The local door: other processes of the same person act through the one that owns the data.

One connection carries one request and its answers, as lines of JSON; hanging up cancels what was asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
import secrets
import socket
import sys
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from puffling import __version__
from puffling.core.attach import LONGEST_LINE, PROTOCOL, Attached, attach
from puffling.core.events import RaiseRequested
from puffling.core.places import KEY_FILE, bind_socket, write_for_owner
from puffling.core.reach import Inside, Progress, Within
from puffling.runtime.actor import Actor, Caller
from puffling.runtime.errors import Fault, InvalidInput, PufflingError
from puffling.runtime.paths import Paths
from puffling.runtime.streams import Topics
from puffling.runtime.tasks import TaskScope
from puffling.runtime.text import tr

__all__ = ["Attached", "LocalDoor", "attach"]

SECONDS_TO_ASK = 10.0
SECONDS_TO_FINISH = 5.0
_TURNS_TO_COME_IN = 5

_log = logging.getLogger(__name__)


class Owned(Inside, Protocol):
    """A core with the folders that it owns."""

    @property
    def paths(self) -> Paths: ...


class LocalDoor:
    """Listens for this person's other processes for as long as this one owns the data."""

    def __init__(self, core: Owned, *, role: str, loopback: bool = sys.platform == "win32") -> None:
        self._core = core
        self._role = role
        self._loopback = loopback
        self._key = ""
        self._place: Path | None = None
        self._server: asyncio.Server | None = None
        self._scope = TaskScope("door")
        self._talks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Open the door; what an owner that was killed left there is replaced."""
        if self._loopback:
            listening = socket.create_server(("127.0.0.1", 0))
            self._key = secrets.token_urlsafe(32)
            self._place = self._core.paths.data / KEY_FILE
            write_for_owner(self._place, json.dumps({"port": listening.getsockname()[1], "key": self._key}))
            self._server = await asyncio.start_server(self._connected, sock=listening, limit=LONGEST_LINE)
        elif sys.platform != "win32":
            listening, self._place = bind_socket(self._core.paths)
            self._server = await asyncio.start_unix_server(
                self._connected, sock=listening, limit=LONGEST_LINE
            )

    async def close(self) -> None:
        """Let nobody in any more, let those inside finish for a moment, and shut the door."""
        if self._server is None:
            return
        server, self._server = self._server, None
        if self._place is not None:
            self._place.unlink(missing_ok=True)
        # Nobody finds the door any more. Who came a moment ago is still on the way from asyncio to us,
        # and asyncio would forget about them if the server were closed meanwhile.
        for _ in range(_TURNS_TO_COME_IN):
            await asyncio.sleep(0)
        server.close()
        if self._talks:
            await asyncio.wait(self._talks, timeout=SECONDS_TO_FINISH)
        await self._scope.close()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._scope.closed:
            writer.close()
            return
        talk = self._scope.spawn(self._talk(reader, writer), name="talk")
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = _Visit(self._core, self._role, writer)
        scope = TaskScope("visit")
        try:
            await visit.greet()
            async with asyncio.timeout(SECONDS_TO_ASK):
                asked = await reader.readline()
            if not asked:
                # Somebody only looked whether anybody is here.
                return
            request = json.loads(asked)
            if not hmac.compare_digest(str(request.get("key", "")).encode(), self._key.encode()):
                return
            answer = scope.spawn(visit.answer(request), name="answer")
            hearing = scope.spawn(visit.hear(reader), name="hearing")
            # The one asks for the answer, the other ends when the caller hangs up.
            await asyncio.wait({answer, hearing}, return_when=asyncio.FIRST_COMPLETED)
        except (OSError, ValueError, AttributeError, TimeoutError, asyncio.LimitOverrunError) as error:
            _log.info("A visitor at the local door was turned away: %s", type(error).__name__)
        finally:
            await scope.close()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


class _Visit:
    """One request through the door."""

    def __init__(self, core: Inside, role: str, writer: asyncio.StreamWriter) -> None:
        self._core = core
        self._role = role
        self._writer = writer
        self._topics = Topics()
        self._topics.on_refusal(self._refused)

    async def greet(self) -> None:
        """Say who owns the data and which language the door speaks."""
        await self._send({"puffling": __version__, "protocol": PROTOCOL, "role": self._role})

    async def hear(self, reader: asyncio.StreamReader) -> None:
        """Follow the topics that the caller wants, until it hangs up."""
        while line := await _line_of(reader):
            wanted = {str(name) for name in line["topics"]}
            if gone := self._topics.names - wanted:
                self._topics.unsubscribe(*gone)
            if new := wanted - self._topics.names:
                self._subscribe(*new)

    def _subscribe(self, *names: str) -> None:
        try:
            self._topics.subscribe(*names)
        except PufflingError as error:
            self._tell({"refused": ", ".join(names), "error": error.as_dict()})

    async def answer(self, request: dict[str, Any]) -> None:
        """Do what was asked and send what came of it."""
        try:
            await self._do(request)
        except PufflingError as error:
            await self._send({"error": error.as_dict()})
        except (OSError, asyncio.CancelledError):
            raise
        except Exception as fault:  # noqa: BLE001  the edge: a bug must be answered and logged
            _log.exception("A request at the local door failed")
            await self._send({"error": Fault.of(fault).as_dict()})

    async def _do(self, request: dict[str, Any]) -> None:
        caller = _caller_in(request)
        reach = Within(self._core, caller)
        name, arguments = str(request.get("id", "")), request.get("arguments") or {}
        match request.get("ask"):
            case "describe":
                await self._send({"result": (await reach.describe(name)).as_dict()})
            case "invoke":
                await self._send_result(await reach.invoke_raw(name, arguments))
            case "start":
                await self._send_result(await reach.start_raw(name, arguments, self._moved))
            case "listen":
                self._subscribe(*request.get("topics", ()))
                async with aclosing(reach.listen(name, self._topics)) as items:
                    async for item in items:
                        await self._send({"item": item})
                await self._send({"result": None})
            case "raise":
                self._core.bus.publish(RaiseRequested())
                await self._send({"result": self._role})
            case other:
                raise InvalidInput(tr("The door does not know {ask}.", ask=str(other)[:40]))

    def _moved(self, progress: Progress) -> None:
        # Without waiting: the board tells at most ten times a second, which no socket of this machine misses.
        self._tell({"progress": asdict(progress)})

    def _refused(self, name: str, error: PufflingError) -> None:
        self._tell({"refused": name, "error": error.as_dict()})

    def _tell(self, values: dict[str, Any]) -> None:
        if not self._writer.is_closing():
            self._writer.write(json.dumps(values, ensure_ascii=False).encode() + b"\n")

    async def _send(self, values: dict[str, Any]) -> None:
        self._tell(values)
        await self._writer.drain()

    async def _send_result(self, result: bytes) -> None:
        self._writer.write(b'{"result":' + result + b"}\n")
        await self._writer.drain()


def _caller_in(request: dict[str, Any]) -> Caller:
    given = request.get("caller", {})
    actor = given.get("actor", Actor.PERSON)
    # A terminal speaks for the person, an MCP server for a model; nobody else comes through this door.
    if actor not in {Actor.PERSON, Actor.MCP}:
        raise InvalidInput(tr("The door does not know this kind of caller."))
    return Caller(Actor(actor), present=given.get("present") is True)


async def _line_of(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    """Give the next message of a visitor, or None when it hung up or makes no sense any more."""
    try:
        message = json.loads(await reader.readline())
    except (OSError, ValueError):
        return None
    return message if isinstance(message, dict) and isinstance(message.get("topics"), list) else None
