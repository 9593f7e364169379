"""Ways out that end, are given up or taken back: what is left is protected, or the person is told."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from puffling.puffin.broker.base import OrderStatus
from puffling.runtime.clock import FixedClock
from puffling.store.orders import OrderState
from puffling.trading.proposals import OTHER_WAY
from tests.fakes.own_broker import OwnBroker
from tests.trading.cases import NOW
from tests.trading.rooms import Room, open_room
from tests.trading.test_held_brackets import _entered, _leaving, _protects, _waiting
from tests.trading.test_two_ways_out import SINGLE, _alarmed, _sent


@asynccontextmanager
async def _entered_at(home: Path, clock: FixedClock) -> AsyncIterator[tuple[Room, OwnBroker]]:
    """A bracket for ten whose entry has filled, on a clock that can be turned."""
    broker = OwnBroker(abilities=SINGLE, now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        await _entered(room)
        broker.fill("o1")
        yield room, broker


async def test_the_stop_leaves_though_its_profit_was_given_up_as_never_arrived(home: Path) -> None:
    clock = FixedClock(NOW)
    async with _entered_at(home, clock) as (room, broker):
        profit, _ = await _protects(room, 10)
        broker.fault("submit_order", "reset_before", "invalid")
        room.move(120)

        async def tried_twice() -> bool:
            return broker.submitted == 3

        await room.until(tried_twice)
        await room.settle()
        clock.advance(61)
        await room.until_state(profit.id, OrderState.ABANDONED_WATCH)
        await room.settle()
        assert "Its stop-loss still waits here." in room.alarms[0].text
        room.move(89)
        await _sent(room, broker, 2)
        assert broker.accepted()[1]["kind"] == "market"
        assert await room.broken(broker) == []


async def test_the_stop_that_is_taken_back_with_part_of_the_entry_is_told(home: Path) -> None:
    broker = OwnBroker(abilities=SINGLE)
    async with open_room(home, broker) as room:
        stop, gone = await _leaving(room, broker, 90, 4, 6)
        broker.undo(gone)
        await room.until_state(stop.id, OrderState.CANCELED)
        await _alarmed(room)
        assert "4 SPY are held now" in room.alarms[0].text
        assert "Nothing else protects the rest." in room.alarms[0].text


async def test_an_exit_for_more_than_is_held_is_taken_back_at_the_next_start(home: Path) -> None:
    file = home / "broker.json"
    broker = OwnBroker(abilities=SINGLE, file=file)
    async with open_room(home, broker) as room:
        profit, gone = await _leaving(room, broker, 120, 4, 6)
        # As if it ended between the news and the cancelling.
        broker.fault("cancel_order", "unclear")
        broker.undo(gone)

        async def less() -> bool:
            return await room.held() == 4 and len(room.alarms) == 2

        await room.until(less)
    async with open_room(home, OwnBroker(abilities=SINGLE, file=file)) as room:
        await room.until_state(profit.id, OrderState.CANCELED)
        assert [each.leg for each in await _waiting(room)] == [OTHER_WAY]


@pytest.mark.parametrize("how", [OrderStatus.CANCELED, OrderStatus.EXPIRED])
async def test_a_stop_that_ends_unfilled_at_the_broker_calls_the_person(home: Path, how: OrderStatus) -> None:
    broker = OwnBroker(abilities=SINGLE)
    async with open_room(home, broker) as room:
        await _leaving(room, broker, 89, 10)
        broker.end("o2", how)
        await _alarmed(room)
        assert "Nothing protects it any more." in room.alarms[0].text


async def test_a_stop_that_the_person_cancels_at_the_broker_from_here_calls_nobody(home: Path) -> None:
    broker = OwnBroker(abilities=SINGLE)
    async with open_room(home, broker) as room:
        stop, _ = await _leaving(room, broker, 89, 10)
        await room.desk.cancel(stop.id)
        await room.until_state(stop.id, OrderState.CANCELED)
        await room.settle()
        assert not room.alarms


async def test_exits_whose_time_is_over_call_the_person_once(home: Path) -> None:
    clock = FixedClock(NOW)
    async with _entered_at(home, clock) as (room, _):
        profit, stop = await _protects(room, 10)
        clock.advance((profit.valid_until - clock.now()).total_seconds() + 5)
        await room.until_state(stop.id, OrderState.EXPIRED)
        await room.settle()
        [alarm] = room.alarms
        assert "Nothing protects it any more." in alarm.text


class _Slow(OwnBroker):
    """Cancels when it is let."""

    def __init__(self) -> None:
        super().__init__(abilities=SINGLE)
        self.asked, self.go = threading.Event(), threading.Event()

    def cancel_order(self, order_id: str) -> bool:
        self.asked.set()
        assert self.go.wait(30)
        return super().cancel_order(order_id)


async def test_a_stop_moved_away_while_its_profit_is_cancelled_stays_where_it_was_moved(home: Path) -> None:
    broker = _Slow()
    async with open_room(home, broker) as room:
        await _entered(room)
        broker.fill("o1")
        profit, stop = await _protects(room, 10)
        room.move(120)
        await room.until_state(profit.id, OrderState.ACKED)
        room.move(90)

        async def asked() -> bool:
            return broker.asked.is_set()

        await room.until(asked)
        moved = await room.desk.replace(stop.id, slot="away", source="person", stop=Decimal(80))
        broker.go.set()
        await room.until_state(profit.id, OrderState.CANCELED)
        await room.settle()
        assert moved.intent is not None
        assert (await room.intent(moved.intent.id)).held
        room.move(80)
        await _sent(room, broker, 3)
