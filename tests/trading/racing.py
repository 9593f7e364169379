"""Many who order at the same time, each with a connection of its own; run in threads and processes."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from puffling.runtime.actor import DEFAULT_USER
from puffling.trading.entering import enter
from tests.trading.cases import LIVE, WISH
from tests.trading.rooms import LOOSE, open_room

LIMIT = 10
LIMITS = {**LOOSE, "trading.orders_per_day": LIMIT}


def enter_many(folder: Path, name: str, count: int) -> int:
    """Try to enter so many orders as fast as can be, and give how many were entered."""
    return asyncio.run(_enter_many(folder, name, count))


async def _enter_many(folder: Path, name: str, count: int) -> int:
    async with open_room(folder, limits=LIMITS) as room:
        wishes = [replace(WISH, slot=f"{name}-{number}") for number in range(count)]
        tries = [room.store.run(DEFAULT_USER, enter, room.parts, wish, LIVE) for wish in wishes]
        return sum(each.intent is not None for each in await asyncio.gather(*tries))


if __name__ == "__main__":
    sys.stdout.write(f"{enter_many(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))}\n")
