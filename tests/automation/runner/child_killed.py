"""A process that carries out a decision and is killed at one step of it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from puffling.automation.runner.runner import SETTLE
from puffling.runtime.clock import FixedClock
from puffling.store.events import StrategyDecided
from puffling.store.orders import OrderState
from puffling.trading.events import OrderChanged
from tests.automation.runner.rooms import RunnerRoom, open_room


def kill() -> None:
    """End at once, with nothing said to anybody."""
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


async def live(folder: Path, at: datetime, step: str) -> None:
    """Live from a close over the next opening, until the step."""
    clock = FixedClock(at)
    async with open_room(folder, clock=clock) as room:
        watch(room, step)
        id = await the_one(room)
        if step == "decided":
            clock.set(room.calendar.next_close(at) + SETTLE)
            await room.runner.look(id)
            return
        clock.set(room.calendar.next_open(at))
        await room.look_after()
        await room.runner.look(id)


def watch(room: RunnerRoom, step: str) -> None:
    """Be killed when the step is written down."""

    def decided(_: StrategyDecided) -> None:
        if step in {"decided", "planned"}:
            kill()

    def changed(event: OrderChanged) -> None:
        state = None if event.intent is None else event.intent.state
        wanted = {"entered": OrderState.INTENT, "sending": OrderState.SENDING, "acked": OrderState.ACKED}
        if step in wanted and state is wanted[step]:
            kill()

    room.bus.on(StrategyDecided, decided)
    room.bus.on(OrderChanged, changed)


async def the_one(room: RunnerRoom) -> str:
    """The id of the only strategy."""
    [config] = await room.read(lambda unit: unit.strategies.all())
    return config.id


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), sys.argv[3]))
