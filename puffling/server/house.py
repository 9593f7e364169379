"""What the server needs of the core, and what an answer looks like on the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Protocol

from starlette.responses import Response

from puffling.runtime.actor import Caller, UserId
from puffling.runtime.bus import Bus
from puffling.runtime.clock import Clock
from puffling.runtime.errors import Fault, PufflingError
from puffling.runtime.registry import Registry
from puffling.runtime.text import tr


class Tokens(Protocol):
    """Knows the tokens that were granted."""

    async def caller_of(self, token: str, user: UserId) -> Caller | None:
        """Give the caller whom a token stands for, or None when it stands for nobody."""
        ...


class House(Protocol):
    """The part of the core that is reached over HTTP."""

    @property
    def registry(self) -> Registry: ...

    @property
    def bus(self) -> Bus: ...

    @property
    def access(self) -> Tokens: ...

    @property
    def user(self) -> UserId: ...

    @property
    def clock(self) -> Clock: ...


class Turned(Exception):
    """A request that cannot be answered, with the status that says so in HTTP's own terms."""

    def __init__(self, status: int, error: PufflingError, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(str(error))
        self.status = status
        self.error = error
        self.headers = headers


def json_answer(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Give an answer of finished JSON."""
    return Response(body, status, headers, media_type="application/json")


def error_body(error: PufflingError) -> bytes:
    """Give the one shape of every error over HTTP."""
    return json.dumps({**error.as_dict(), "field": getattr(error, "field", "")}, ensure_ascii=False).encode()


def error_answer(
    error: PufflingError, status: int | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Give the answer for an error that is meant for people."""
    return json_answer(error_body(error), error.http_status if status is None else status, headers)


def fault() -> Fault:
    """Give what a caller is told of a bug: nothing but that there was one."""
    return Fault(
        tr("Something went wrong inside Puffling."),
        hint=tr("The details are in its log. Nothing is known to have changed; look before you repeat it."),
    )
