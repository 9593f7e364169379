"""The watch over alerts: told once, whatever is read and written meanwhile, and never silenced by a fault."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from puffling.automation.alerts.conditions import PriceCrosses
from puffling.automation.alerts.values import Way
from puffling.automation.alerts.watch import AlertWatch
from puffling.core.core import Core
from puffling.market.events import PricesMoved
from puffling.market.values import Price, Quality, SessionState
from puffling.puffin.data.instants import to_us
from puffling.runtime.actor import UserId
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Unavailable
from puffling.runtime.tasks import TaskScope
from puffling.store.database import Store, Unit
from puffling.store.events import AlertRaised, AlertsChanged

WHO = UserId("second")


class HeldUp(Store):
    """The same database for one more watch; what was read arrives, and writing fails, as the test says."""

    def __init__(self, same: Store) -> None:
        super().__init__(same._lane, same._database, same._bus, same.report)
        self.arrives = asyncio.Event()
        self.arrives.set()
        self.read_out = 0
        self.written = 0
        self.faults: list[Exception] = []

    async def read(self, user: UserId, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        answer = await super().read(user, work, *args, **kwargs)
        self.read_out += 1
        await self.arrives.wait()
        return answer

    def hold_back(self) -> None:
        """Let what is read from now on wait."""
        self.arrives = asyncio.Event()

    def let_one_arrive(self) -> None:
        """Let arrive what was read until now; what is read next waits."""
        before = self.arrives
        self.hold_back()
        before.set()

    async def run(self, user: UserId, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self.faults:
            raise self.faults.pop(0)
        answer = await super().run(user, work, *args, **kwargs)
        self.written += 1
        return answer


@dataclass
class Room:
    """A watch of its own over a core's market, and what it says."""

    core: Core
    store: HeldUp
    raised: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    async def until(self, happened: Callable[[], bool]) -> None:
        """Come back when it has happened."""
        async with asyncio.timeout(20):
            while not happened():  # noqa: ASYNC110  nobody tells when something was taken up
                await asyncio.sleep(0)

    async def settle(self) -> None:
        """Come back when everything that is under way has been written and read."""
        for _ in range(5):
            await self.core.store.read(WHO, lambda unit: unit.alerts.all())
            await asyncio.sleep(0)

    async def above(self, level: float, **changes: Any) -> str:
        """Make an alert on a rise, of a price that stands below; its id."""
        condition = PriceCrosses(symbol="SPY", level=level, way=Way.ABOVE)
        memory = {"side": "below", "made_up": True}

        def add(unit: Unit) -> str:
            kept = {"name": "", "kind": "price", "condition": condition.plain(), "memory": memory, **changes}
            return unit.alerts.add(**kept).id

        id = await self.core.store.run(WHO, add)
        await self.settle()
        return id

    async def kept(self, id: str, side: str) -> None:
        """Come back when the database has the price on this side."""
        async with asyncio.timeout(20):
            while await self.side(id) != side:  # noqa: ASYNC110  nobody tells when it was kept
                await asyncio.sleep(0)

    async def side(self, id: str) -> object:
        """Give the side of its level that is kept with an alert."""
        alert = await self.core.store.read(WHO, lambda unit: unit.alerts.get(id))
        return alert.memory["side"]

    def price(self, price: float) -> Price:
        """A price of now, as the demo market tells it."""
        return Price(
            "SPY", price, to_us(self.core.clock.now()), SessionState.OPEN, price, price, price, price, 1.0,
            "demo", "Demo data", Quality.DEMO,
        )  # fmt: skip

    def tell(self, *path: float) -> None:
        """Let the market tell a price, and what it passed on its way."""
        *turns, last = path
        self.core.bus.publish(PricesMoved({"SPY": self.price(last)}, {"SPY": tuple(turns)} if turns else {}))


@pytest.fixture
async def room(core: Core, clock: FixedClock) -> AsyncIterator[Room]:
    # At night, so that only prices count that the test tells.
    clock.advance(11 * 3600)
    assert core.market.price("SPY").session is SessionState.CLOSED
    await core.store.ensure_user(WHO, "Second")
    room = Room(core, HeldUp(core.store))
    core.bus.on(AlertRaised, lambda event: room.raised.append(event.note.alert))
    scope = TaskScope("watch")
    watch = AlertWatch(
        room.store, core.market, core.clock, core.bus, WHO, lambda text, _: room.failures.append(text)
    )
    stop = watch.start(scope)
    await room.settle()
    yield room
    stop()
    await scope.close()


async def test_what_was_read_before_an_alert_was_raised_does_not_raise_it_again(room: Room) -> None:
    id = await room.above(1_000_000.0)
    room.store.hold_back()
    before = room.store.read_out
    room.core.bus.publish(AlertsChanged(WHO))
    await room.until(lambda: room.store.read_out == before + 1)
    room.tell(1_000_001.0)
    await room.until(lambda: room.raised == [id])
    await room.settle()
    room.store.let_one_arrive()
    # What is taken up now is from before it was raised; what tells of that waits.
    await room.until(lambda: room.store.read_out == before + 2)
    room.tell(1_000_002.0)
    await room.settle()
    assert room.raised == [id]


async def test_what_was_read_before_a_price_came_back_does_not_swallow_the_next_crossing(room: Room) -> None:
    id = await room.above(1_000_000.0)
    room.tell(1_000_001.0)
    await room.until(lambda: room.raised == [id])
    await room.settle()
    room.store.hold_back()
    before = room.store.read_out
    room.core.bus.publish(AlertsChanged(WHO))
    await room.until(lambda: room.store.read_out == before + 1)
    room.tell(999_999.0)
    await room.kept(id, "below")
    room.store.arrives.set()
    await room.settle()
    room.tell(1_000_001.0)
    await room.until(lambda: room.raised == [id, id])


@pytest.mark.parametrize(
    ("path", "times"),
    [((1_100_000.0, 900_000.0), 1), ((900_000.0,), 0), ((800_000.0, 1_100_000.0, 900_000.0), 1)],
)
async def test_a_price_that_came_and_went_between_two_events_is_told(
    room: Room, path: tuple[float, ...], times: int
) -> None:
    id = await room.above(1_000_000.0)
    room.tell(*path)
    await room.until(lambda: len(room.raised) >= times)
    await room.settle()
    assert room.raised == [id] * times


async def test_a_fault_while_one_is_written_is_said_and_the_others_are_told(room: Room) -> None:
    await room.above(1_000_000.0)
    second = await room.above(1_000_010.0)
    room.store.faults = [ZeroDivisionError("a bug")]
    room.tell(1_000_005.0)
    await room.until(lambda: len(room.failures) == 1)
    assert "SPY rises to 1,000,000.00" in room.failures[0]
    room.tell(1_000_020.0)
    await room.until(lambda: room.raised == [second])


async def test_what_could_not_be_written_is_told_once_it_can_be(room: Room, clock: FixedClock) -> None:
    id = await room.above(1_000_000.0)
    room.store.faults = [Unavailable("The disk is full.")]
    room.tell(1_000_005.0)
    await room.until(lambda: not room.store.faults)
    assert (room.raised, room.failures) == ([], [])
    async with asyncio.timeout(20):
        while not room.raised:
            clock.advance(1)
            await asyncio.sleep(0)
    assert room.raised == [id]


async def test_what_is_kept_while_a_meeting_waits_is_not_undone_by_it(room: Room, clock: FixedClock) -> None:
    id = await room.above(1_000_000.0)
    room.store.faults = [Unavailable("The disk is full.")]
    room.tell(1_000_005.0, 999_999.0)
    await room.until(lambda: room.store.written == 1)
    async with asyncio.timeout(20):
        while not room.raised:
            clock.advance(1)
            await asyncio.sleep(0)
    assert await room.side(id) == "below"
