"""Owning the data: for the length of one call, or as soon as nobody else does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from puffling.core.attach import Attached, attach
from puffling.core.core import Core, DataInUse
from puffling.core.events import NoticeRaised
from puffling.core.reach import Reach, Within
from puffling.runtime.actor import Caller
from puffling.runtime.clock import SystemClock
from puffling.runtime.log import Log
from puffling.runtime.paths import Paths

# An owner that has just started holds the data before its door is open: long, on a machine that is busy.
_SECONDS_FOR_AN_OWNER = 30.0
_SECONDS_BETWEEN_TRIES = 0.05


@asynccontextmanager
async def owned_core(paths: Paths, caller: Caller) -> AsyncIterator[tuple[Reach, tuple[NoticeRaised, ...]]]:
    """Give the way to act on a core of our own, or on that of whoever was faster, and what was met."""
    paths.prepare()
    with Log(paths.logs, terminal=None) as log:
        found = await _core_or_owner(paths, caller, log)
        if isinstance(found, Attached):
            yield found, ()
            return
        try:
            yield Within(found, caller), tuple(found.notices)
        finally:
            await found.close()


async def core_when_free(paths: Paths, log: Log, role: str) -> Core:
    """Open a core that stays; a terminal command that owns the data for a moment is waited for."""
    clock = SystemClock()
    until = clock.monotonic() + _SECONDS_FOR_AN_OWNER
    while True:
        try:
            return await Core.open(paths, log=log, role=role)
        except DataInUse:
            owner = await attach(paths)
            stays = owner is not None and owner.greeting.role != "terminal"
            if stays or clock.monotonic() > until:
                raise
        await clock.sleep(_SECONDS_BETWEEN_TRIES)


async def _core_or_owner(paths: Paths, caller: Caller, log: Log) -> Core | Attached:
    clock = SystemClock()
    until = clock.monotonic() + _SECONDS_FOR_AN_OWNER
    while True:
        try:
            return await Core.open(paths, log=log, role="terminal")
        except DataInUse:
            attached = await attach(paths, caller)
            if attached is not None:
                return attached
            if clock.monotonic() > until:
                raise
        await clock.sleep(_SECONDS_BETWEEN_TRIES)
