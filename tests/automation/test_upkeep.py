"""The nightly copy goes on being made, whatever happened in a night before."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from puffling.core.core import Core
from puffling.runtime.clock import FixedClock

_NIGHT_SECONDS = 24 * 3600.0


@contextmanager
def _full_disk() -> Iterator[None]:
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)


@pytest.mark.usefixtures("as_person")
async def test_a_night_with_a_full_disk_is_not_the_last_night_with_a_copy(
    core: Core, clock: FixedClock
) -> None:
    while not await core.scheduler.all():
        await core.port.thread(int)
    with _full_disk():
        clock.advance(_NIGHT_SECONDS)
        while not any("could not be looked after" in entry.message for entry in core.log.recent()):
            await core.port.thread(int)
    assert await core.backups.all() == ()
    clock.advance(_NIGHT_SECONDS)
    while (await core.scheduler.all())[0].last_outcome != "done":
        clock.advance(60)
        await core.port.thread(int)
    assert len(await core.backups.all()) == 1
