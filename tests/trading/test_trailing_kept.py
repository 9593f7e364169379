"""A trailing stop held here goes on from the best price it has seen, whatever came between."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from puffling.puffin.orders import Kind, Lasting, Side
from puffling.store.orders import Intent, OrderState
from puffling.trading.gate import SafetyGate
from tests.fakes.own_broker import OwnBroker
from tests.trading.cases import NOW
from tests.trading.rooms import Room, open_room
from tests.trading.test_held import POOR
from tests.trading.test_last_moments import PressedAfterwards, PressedBefore
from tests.trading.test_two_ways_out import _with_ten


async def _trailing(room: Room, broker: OwnBroker) -> Intent:
    """Ten held, and a stop five below the best price, which was 110."""
    await _with_ten(room, broker)
    wish = room.wish(
        "trail", quantity=10, side=Side.SELL, kind=Kind.TRAILING_STOP, lasting=Lasting.GTC, trail=Decimal(5)
    )
    placed = await room.desk.place(wish)
    assert placed.intent is not None
    room.move(110)
    await _remembers(room, placed.intent.id)
    return placed.intent


async def _remembers(room: Room, id: str) -> None:
    async def best() -> bool:
        intent = await room.intent(id)
        return intent.held and intent.reason == "110.0"

    await room.until(best)


async def _leaves_at(room: Room, broker: OwnBroker, price: float) -> None:
    async def sold() -> bool:
        room.move(price)
        return broker.submitted == 2

    await room.until(sold)


@pytest.mark.parametrize("late", [False, True], ids=["before it is on its way", "before the socket"])
async def test_one_that_was_met_and_halted_forgets_nothing(home: Path, late: bool) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker) as room:
        stop = await _trailing(room, broker)
        gate = room.parts.gate
        assert isinstance(gate, SafetyGate)

        def press() -> object:
            return room.switch.press("Enough", "you", NOW)

        room.parts.gate = PressedAfterwards(gate, press) if late else PressedBefore(gate, press)
        room.move(104)

        async def looked_at() -> bool:
            return room.switch.read() is not None

        await room.until(looked_at)
        await room.settle()
        await _remembers(room, stop.id)
        room.parts.gate = gate
        room.switch.lift()
        # By the price it waits at again it would leave at 99 only.
        await _leaves_at(room, broker, 103)


async def test_one_that_a_busy_broker_and_then_a_halt_kept_forgets_nothing(home: Path) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker) as room:
        stop = await _trailing(room, broker)
        broker.fault("submit_order", "busy")
        room.move(104)

        async def patient() -> bool:
            intent = await room.intent(stop.id)
            return (intent.state, intent.held, intent.attempt) == (OrderState.INTENT, False, 1)

        await room.until(patient)
        room.switch.press("Enough", "you", NOW)

        async def waits_again() -> bool:
            room.clock.advance(2)
            return (await room.intent(stop.id)).held

        await room.until(waits_again)
        await _remembers(room, stop.id)


async def test_one_that_is_changed_forgets_nothing(home: Path) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker) as room:
        stop = await _trailing(room, broker)
        placed = await room.desk.replace(stop.id, quantity=Decimal(8), slot="less", source="person")
        assert placed.intent is not None
        await _remembers(room, placed.intent.id)
        await _leaves_at(room, broker, 104)
