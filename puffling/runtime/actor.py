"""Who is calling: carried with every call, and never guessed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import NewType

from puffling.frozen import frozen
from puffling.runtime.errors import Refused
from puffling.runtime.text import tr

UserId = NewType("UserId", str)
DEFAULT_USER = UserId("default")


class Actor(StrEnum):
    """The kinds of caller, from the person at the machine to a program on the network."""

    PERSON = "person"
    ASSISTANT = "assistant"
    AGENT = "agent"
    SCHEDULE = "schedule"
    HTTP = "http"
    MCP = "mcp"


class Scope(StrEnum):
    """What a token may be used for; the person at the machine needs none."""

    READ = "read"
    WRITE = "write"
    TRADE = "trade"


ALL_SCOPES = frozenset(Scope)


@frozen
class Caller:
    """One caller: its kind, the user whose data it sees, and what it may do.

    `present` says that a person is at the machine and has just acted: a click in the window or a
    code typed at a controlling terminal. Only then do guarded acts exist.
    """

    actor: Actor
    user: UserId = DEFAULT_USER
    scopes: frozenset[Scope] = ALL_SCOPES
    present: bool = False
    # Which of several of its kind it is, such as the id of a program's token.
    name: str = ""


# No default on purpose: a Qt slot, a task started from one and a thread callback all start with an
# empty context, and a call whose author is unknown must be refused rather than taken for the person's.
_caller: ContextVar[Caller] = ContextVar("puffling_caller")


@contextmanager
def calling_as(caller: Caller) -> Iterator[Caller]:
    """Make every call inside the block the call of this caller."""
    token = _caller.set(caller)
    try:
        yield caller
    finally:
        _caller.reset(token)


def current_caller() -> Caller:
    """Give the caller of this context, or refuse when nobody said who is calling."""
    try:
        return _caller.get()
    except LookupError:
        raise Refused(
            tr("Nobody said who is calling."),
            hint=tr("This is a fault in Puffling: every face names its caller before it acts."),
        ) from None
