"""A process that orders on a paper account, one order after the other, until it is killed."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from puffling.puffin.orders import Side
from puffling.runtime.clock import FixedClock
from tests.trading.cases import NOW
from tests.trading.paper_rooms import open_paper


async def order_until_killed(folder: Path, life: int) -> None:
    """Buy and sell under names that a later life uses again, and say so after each."""
    clock = FixedClock(NOW + timedelta(minutes=life))
    async with open_paper(folder, clock=clock) as room:
        for place in range(10_000):
            clock.advance(0.01)
            side = Side.SELL if place % 3 == 2 else Side.BUY
            await room.desk.place(room.wish(f"{life}-{place}", quantity=2, side=side))
            sys.stdout.write(f"{place}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(order_until_killed(Path(sys.argv[1]), int(sys.argv[2])))
