"""A process that deactivates a strategy and is killed at one step of taking back what it had sent."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from pathlib import Path

from puffling.runtime.clock import FixedClock
from puffling.store.events import StrategiesChanged
from puffling.store.orders import OrderState
from puffling.trading.events import OrderChanged
from tests.automation.runner.child_killed import kill, the_one
from tests.automation.runner.rooms import open_room, stopped


async def live(folder: Path, at: datetime, step: str) -> None:
    """Deactivate the only strategy, until the step."""
    wanted = {"cancelling": OrderState.PENDING_CANCEL, "cancelled": OrderState.CANCELED}

    def changed(event: OrderChanged) -> None:
        if step in wanted and event.intent is not None and event.intent.state is wanted[step]:
            kill()

    def deactivated(_: StrategiesChanged) -> None:
        if step == "deactivated":
            kill()

    async with open_room(folder, clock=FixedClock(at)) as room:
        room.bus.on(OrderChanged, changed)
        room.bus.on(StrategiesChanged, deactivated)
        await stopped(room, await the_one(room))


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), sys.argv[3]))
