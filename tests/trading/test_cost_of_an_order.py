"""What an order costs on its way from the decision to the wire, counted and not timed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from puffling.puffin.broker.base import Order
from puffling.runtime.clock import FixedClock
from puffling.store.orders import OrderState
from tests.fakes.own_broker import OwnBroker
from tests.trading.cases import NOW
from tests.trading.rooms import Room, open_room


@dataclass
class Meter:
    """What the database was asked since it was set back."""

    statements: list[str] = field(default_factory=list)
    commits: int = 0
    steps: int = 0

    def set_back(self) -> None:
        """Begin to count."""
        self.statements, self.commits, self.steps = [], 0, 0

    def reading(self) -> tuple[list[str], int, int]:
        """What was counted: statements, commits, and steps of the database's machine."""
        return list(self.statements), self.commits, self.steps

    def asked(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        """Count a statement, of however many ids it is about."""
        self.statements.append(re.sub(r"\?(, \?)+", "?", statement))

    def committed(self, _connection: Any) -> None:
        """Count a commit."""
        self.commits += 1

    def connected(self, connection: Any, _record: Any) -> None:
        """Count the steps of a database from now on."""
        connection.set_progress_handler(self._stepped, 1)

    def _stepped(self) -> int:
        self.steps += 1
        return 0


@contextmanager
def _metered() -> Iterator[Meter]:
    meter = Meter()
    hooks: dict[str, Callable[..., Any]] = {
        "before_cursor_execute": meter.asked,
        "commit": meter.committed,
        "connect": meter.connected,
    }
    for name, hook in hooks.items():
        event.listen(Engine, name, hook)
    try:
        yield meter
    finally:
        for name, hook in hooks.items():
            event.remove(Engine, name, hook)


class MeteredBroker(OwnBroker):
    """Fills everything at once, and reads the meter when an order arrives."""

    def __init__(self, meter: Meter, clock: FixedClock) -> None:
        super().__init__(now=clock.now, fills="all")
        self.meter = meter
        self.readings: list[tuple[list[str], int, int]] = []

    def submit_order(self, order: Order) -> str:
        """Note what it took to get here."""
        self.readings.append(self.meter.reading())
        return super().submit_order(order)


async def _ordered(room: Room, meter: Meter, slots: range) -> None:
    for slot in slots:
        await room.settle()
        meter.set_back()
        placed = await room.desk.place(room.wish(f"slot-{slot}", quantity=1))
        assert placed.intent is not None
        await room.until_state(placed.intent.id, OrderState.FILLED)


async def test_an_order_asks_the_database_no_more_after_twice_as_many_orders(tmp_path: Path) -> None:
    clock = FixedClock(NOW)
    with _metered() as meter:
        broker = MeteredBroker(meter, clock)
        async with open_room(tmp_path, broker, clock=clock) as room:
            await _ordered(room, meter, range(13))
    after_six, after_twelve = broker.readings[6], broker.readings[12]
    assert after_twelve[0] == after_six[0]
    # One for the intent and one for its being sent: no byte leaves before both are on the disk.
    assert after_twelve[1] == after_six[1] == 2


async def test_what_was_ordered_on_earlier_days_makes_no_order_dearer(tmp_path: Path) -> None:
    steps = []
    for earlier in (4, 16):
        clock = FixedClock(NOW)
        with _metered() as meter:
            broker = MeteredBroker(meter, clock)
            async with open_room(tmp_path / str(earlier), broker, clock=clock) as room:
                await _ordered(room, meter, range(earlier))
            clock.advance(timedelta(days=1).total_seconds())
            async with open_room(tmp_path / str(earlier), broker, clock=clock) as room:
                await _ordered(room, meter, range(earlier, earlier + 1))
        steps.append(broker.readings[-1][2])
    # Finding a place among four times as many rows takes hardly a step more, walking a dozen for each.
    assert steps[1] < steps[0] * 1.05
