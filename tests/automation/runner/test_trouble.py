"""A strategy that cannot be looked after tells the person so, once, and goes on when it can be again."""

from __future__ import annotations

from pathlib import Path

import pytest

from puffling.automation.runner.activation import running_one
from puffling.automation.runner.runner import SETTLE
from puffling.store.database import Unit
from tests.automation.runner.rooms import RunnerRoom, open_room

HOLD = "buy_and_hold"
TROUBLE = "could not be looked after"


async def _told(room: RunnerRoom) -> list[str]:
    return [each for each in await room.told() if TROUBLE in each]


async def _state(room: RunnerRoom, id: str) -> str:
    run = await room.read(lambda unit: running_one(unit, id))
    assert run is not None
    return run.job.last_outcome


async def test_trouble_that_stays_is_told_once_and_is_its_state_until_it_is_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated(HOLD, account="gone")
        stop = room.runner.start(room.scope)
        room.clock.set(room.calendar.next_close(room.clock.now()) + SETTLE)

        async def told() -> bool:
            room.clock.advance(20.0)
            return bool(await _told(room))

        await room.until(told)
        [text] = await _told(room)
        assert text.startswith("Mine decides on nothing.")
        assert TROUBLE in await _state(room, config.id)

        async def looked_again() -> bool:
            room.clock.advance(20.0)
            return len([each for each in caplog.messages if TROUBLE in each]) >= 9

        await room.until(looked_again)
        assert len(await _told(room)) == 1
        assert await room.is_active(config.id)

        def connect(unit: Unit) -> None:
            unit.accounts.add("gone", broker="paper", mode="DEMO", label="Here again")

        await room.run(connect)

        async def over() -> bool:
            room.clock.advance(20.0)
            return TROUBLE not in await _state(room, config.id)

        await room.until(over)
        stop()
