"""The visitor's side of the local door."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import TYPE_CHECKING, Any

from puffling import __version__
from puffling.core.catalogue import Catalogue
from puffling.core.places import KEY_FILE, is_ours, socket_places
from puffling.core.reach import Progress, ProgressListener
from puffling.frozen import frozen
from puffling.runtime.actor import Actor, Caller
from puffling.runtime.errors import Conflict, PufflingError, Unavailable, error_from_dict
from puffling.runtime.paths import Paths
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.runtime.streams import Topics

PROTOCOL = 1
# A result is one line: a long history makes a long one.
LONGEST_LINE = 256 * 1024 * 1024
SECONDS_TO_GREET = 3.0


@frozen
class Greeting:
    """What an owner says of itself."""

    version: str
    role: str


async def attach(
    paths: Paths,
    caller: Caller | None = None,
    *,
    loopback: bool = sys.platform == "win32",
    patience_seconds: float = SECONDS_TO_GREET,
) -> Attached | None:
    """Give the way to act through the process that owns the data, or None when nobody owns it."""
    attached = Attached(paths, caller or Caller(Actor.PERSON), loopback, patience_seconds)
    return attached if await attached.find() else None


class Attached:
    """Acts through the process that owns the data, for one caller; each request has its own connection."""

    def __init__(self, paths: Paths, caller: Caller, loopback: bool, patience_seconds: float) -> None:
        self._paths = paths
        self._loopback = loopback
        self._patience_seconds = patience_seconds
        self.caller = caller
        self.greeting = Greeting("", "")

    async def find(self) -> bool:
        """Tell whether an owner answers, and remember what it said of itself."""
        line = await self._open()
        if line is None:
            return False
        self.greeting = line.greeting
        await line.close()
        return True

    async def describe(self, ability_id: str = "") -> Catalogue:
        """Give everything there is; the named ability comes with its arguments."""
        return Catalogue.from_dict(await self._ask({"ask": "describe", "id": ability_id}))

    async def invoke(self, ability_id: str, arguments: Mapping[str, object]) -> Any:
        """Call an ability and give its result."""
        return await self._ask({"ask": "invoke", "id": ability_id, "arguments": dict(arguments)})

    async def start(
        self, ability_id: str, arguments: Mapping[str, object], progress: ProgressListener
    ) -> Any:
        """Call an ability that takes time, telling how far it is; a caller that is cancelled cancels it."""
        request = {"ask": "start", "id": ability_id, "arguments": dict(arguments)}
        return await self._ask(request, lambda values: progress(Progress(**values)))

    async def raise_window(self) -> str:
        """Ask the window to come to the front, and give the role of the owner: only a window has one."""
        return str(await self._ask({"ask": "raise"}))

    async def halt(self, reason: str = "", *, cancel_open: bool = False) -> Any:
        """Halt trading through the owner, who can also cancel what is open, and give what came of it."""
        return await self.invoke("safety.halt", {"reason": reason, "cancel_open": cancel_open})

    async def listen(self, stream_id: str, topics: Topics) -> AsyncGenerator[Any, None]:
        """Yield the items of a stream; the topics may change while it runs."""
        line = await self._opened()
        follow = True

        def changed() -> None:
            if follow:
                line.write({"topics": sorted(topics.names)})

        topics.on_change(changed)
        try:
            line.write(self._signed({"ask": "listen", "id": stream_id, "topics": sorted(topics.names)}))
            while True:
                answer = await line.read()
                if "item" in answer:
                    yield answer["item"]
                elif "refused" in answer:
                    topics.refuse(answer["refused"], error_from_dict(answer["error"]))
                elif "error" in answer:
                    raise error_from_dict(answer["error"])
                else:
                    return
        finally:
            follow = False
            await line.close()

    async def close(self) -> None:
        """Let go of the owner; no connection outlives its request, so there is nothing to end."""

    async def _ask(
        self, request: dict[str, Any], progress: Callable[[dict[str, Any]], None] = lambda _: None
    ) -> Any:
        line = await self._opened()
        try:
            line.write(self._signed(request))
            while True:
                answer = await line.read()
                if "error" in answer:
                    raise error_from_dict(answer["error"])
                if "progress" not in answer:
                    return answer["result"]
                progress(answer["progress"])
        finally:
            await line.close()

    def _signed(self, request: dict[str, Any]) -> dict[str, Any]:
        return {**request, "caller": {"actor": self.caller.actor, "present": self.caller.present}}

    async def _opened(self) -> _Line:
        line = await self._open()
        if line is None:
            raise OwnerLeft(
                tr("The running Puffling went away before it was asked."),
                hint=tr("Nothing was done. Try again."),
            )
        return line

    async def _open(self) -> _Line | None:
        line: _Line | None = None
        try:
            async with asyncio.timeout(self._patience_seconds):
                line = await self._connected()
                if line is None:
                    return None
                line.greeting = _understood(await line.read())
                return line
        except TimeoutError:
            await _hang_up(line)
            raise Unavailable(
                tr("Puffling is running but does not answer."),
                hint=tr("Wait a moment. If it stays so, end it and start again; what was saved is kept."),
            ) from None
        except _HungUp:
            # An owner on its way out: whoever asks again will find nobody.
            await _hang_up(line)
            return None
        except BaseException:
            await _hang_up(line)
            raise

    async def _connected(self) -> _Line | None:
        try:
            if self._loopback:
                values = json.loads((self._paths.data / KEY_FILE).read_text(encoding="utf-8"))
                streams = await asyncio.open_connection("127.0.0.1", int(values["port"]), limit=LONGEST_LINE)
                return _Line(*streams, str(values["key"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if sys.platform != "win32":
            for place in socket_places(self._paths):
                if is_ours(place):
                    with contextlib.suppress(OSError):
                        return _Line(*await asyncio.open_unix_connection(place, limit=LONGEST_LINE), "")
        return None


class OwnerLeft(Unavailable):
    """Whoever owned the data ended before anything was asked: somebody else may be asked instead."""


class _HungUp(Unavailable):
    """The owner closed the connection before it had answered."""


async def _hang_up(line: _Line | None) -> None:
    if line is not None:
        await line.close()


class _Line:
    """A connection that speaks lines of JSON."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: str) -> None:
        self._reader = reader
        self._writer = writer
        self._key = key
        self.greeting = Greeting("", "")

    async def read(self) -> dict[str, Any]:
        """Give the next answer."""
        try:
            text = await self._reader.readline()
        except OSError:
            text = b""
        except ValueError:
            raise Unavailable(
                tr("The answer is too large to be passed on."), hint=tr("Ask for less.")
            ) from None
        if not text.endswith(b"\n"):
            raise _went_away()
        answer = json.loads(text)
        return answer if isinstance(answer, dict) else {}

    def write(self, values: dict[str, Any]) -> None:
        """Send one line."""
        if self._key:
            values = {**values, "key": self._key}
        if not self._writer.is_closing():
            self._writer.write(json.dumps(values, ensure_ascii=False).encode() + b"\n")

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


def _understood(values: dict[str, Any]) -> Greeting:
    greeting = Greeting(str(values.get("puffling", "?")), str(values.get("role", "")))
    if values.get("protocol") != PROTOCOL:
        raise Conflict(
            tr(
                "Puffling {theirs} is running and this is {ours}; they do not understand each other.",
                theirs=greeting.version,
                ours=__version__,
            ),
            hint=tr("Close the running one, or use the same version."),
        )
    return greeting


def _went_away() -> PufflingError:
    return _HungUp(
        tr("The running Puffling went away before it answered."),
        hint=tr("Look whether it was done before you repeat it."),
    )
