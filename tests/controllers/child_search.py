"""A process that searches better parameters until it is killed."""

from __future__ import annotations

import asyncio
import sys
import threading
from datetime import date
from pathlib import Path

from puffling.core.core import Core
from puffling.runtime.actor import calling_as
from puffling.runtime.clock import FixedClock
from puffling.runtime.paths import Paths
from puffling.store.events import SearchesChanged
from tests.fixtures.cores import NOON, PERSON


async def search_until_killed(folder: Path, times: int) -> None:
    """Search until something of it was written down so often, then say so and stand still."""
    heard: list[SearchesChanged] = []
    core = await Core.open(Paths.under(folder), clock=FixedClock(NOON), environment={})

    def say(event: SearchesChanged) -> None:
        heard.append(event)
        if len(heard) == times:
            sys.stdout.write("written\n")
            sys.stdout.flush()
            threading.Event().wait()

    core.bus.on(SearchesChanged, say)
    with calling_as(PERSON):
        await core.optimization.run(
            "bracket_breakout", ("SPY",), ("window=5..200:5",), start=date(2020, 1, 2), end=date(2024, 12, 31)
        )


if __name__ == "__main__":
    asyncio.run(search_until_killed(Path(sys.argv[1]), int(sys.argv[2])))
