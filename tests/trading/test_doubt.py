"""An order that may have arrived stays in doubt, whatever a second attempt is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from puffling.runtime.clock import FixedClock
from puffling.store.orders import Intent, OrderState
from puffling.trading.values import Cancelled
from tests.fakes.own_broker import OwnBroker
from tests.trading.cases import NOW
from tests.trading.rooms import Room, open_room
from tests.trading.test_two_ways_out import SINGLE, _held, _with_ten


@pytest.mark.parametrize("told", ["busy", "no_money", "invalid"])
async def test_a_second_attempt_that_is_turned_away_does_not_make_the_first_one_unsent(
    home: Path, told: str
) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(now=clock.now)
    broker.hidden_for = 3
    async with open_room(home, broker, clock=clock) as room:
        # The first attempt arrives and shows late; the second is turned away before its name is looked at.
        broker.fault("submit_order", "late", told)
        intent = (await room.desk.place(room.wish())).intent
        assert intent is not None
        await room.until(lambda: _submitted(broker, 2))
        await room.settle()
        cancelled = await room.desk.cancel(intent.id)
        assert cancelled.state is not OrderState.REJECTED
        broker.show_all()
        await room.settle()
        await room.settle()
        [row] = broker.accepted()
        kept = await room.intent(intent.id)
        assert kept.broker_order_id == row["id"]
        assert (kept.state, row["status"]) == (OrderState.CANCELED, "canceled")
        assert await room.broken(broker) == []


async def test_a_refusal_is_believed_when_no_earlier_attempt_appears_for_a_minute(home: Path) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        broker.fault("submit_order", "reset_before", "no_money", "no_money")
        wish = replace(room.wish(), valid_until=NOW + timedelta(hours=8))
        intent = (await room.desk.place(wish)).intent
        assert intent is not None
        await room.until(lambda: _submitted(broker, 2))
        for _ in range(5):
            await room.settle()
            clock.advance(11)
        # Looked for all the time, and not sent again and again.
        assert broker.submitted == 2
        doubted = await room.intent(intent.id)
        assert (doubted.state, doubted.reason) == (OrderState.UNKNOWN, "insufficient buying power")
        clock.advance(11)
        await room.settle()
        given_up = await room.intent(intent.id)
        assert given_up.state is OrderState.ABANDONED_WATCH
        assert given_up.reason == "insufficient buying power"
        assert (await room.desk.place(room.wish("two"))).intent is not None
        clock.advance(24 * 3600)
        await room.settle()
        assert (await room.intent(intent.id)).state is OrderState.EXPIRED
        assert await room.broken(broker) == []


async def test_what_appears_after_its_refusal_was_believed_is_cancelled_on_sight(home: Path) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(now=clock.now)
    broker.hidden_for = 100
    async with open_room(home, broker, clock=clock) as room:
        broker.fault("submit_order", "late", "no_money")
        wish = replace(room.wish(), valid_until=NOW + timedelta(hours=8))
        intent = (await room.desk.place(wish)).intent
        assert intent is not None
        await room.until(lambda: _submitted(broker, 2))
        await room.settle()
        clock.advance(61)
        await room.until_state(intent.id, OrderState.ABANDONED_WATCH)
        broker.show_all()
        await room.settle()
        await room.settle()
        [row] = broker.accepted()
        assert row["status"] == "canceled"
        assert (await room.intent(intent.id)).state is OrderState.CANCELED
        assert await room.broken(broker) == []


@asynccontextmanager
async def _profit_refused(home: Path) -> AsyncIterator[tuple[Room, OwnBroker, Intent, Intent]]:
    """Two ways out of ten: the profit was refused a minute ago, after an attempt of which nobody heard."""
    clock = FixedClock(NOW)
    broker = OwnBroker(abilities=SINGLE, now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        await _with_ten(room, broker)
        profit, stop = await _held(room)
        broker.fault("submit_order", "reset_before", "no_money")
        room.move(120)
        await room.until(lambda: _submitted(broker, 3))
        await room.settle()
        clock.advance(61)
        yield room, broker, profit, stop


async def test_a_way_out_whose_refusal_is_believed_calls_the_person_to_the_position(home: Path) -> None:
    async with _profit_refused(home) as (room, broker, profit, stop):
        await room.until_state(profit.id, OrderState.ABANDONED_WATCH)
        [alarm] = room.alarms
        assert "Your position in SPY lost an exit" in alarm.text
        assert "insufficient buying power" in alarm.text
        assert (await room.intent(stop.id)).state is OrderState.INTENT
        assert await room.broken(broker) == []


async def test_a_refusal_is_not_believed_of_what_was_cancelled_meanwhile(home: Path) -> None:
    async with _profit_refused(home) as (room, broker, profit, _):
        loop = asyncio.get_running_loop()
        cancelling: list[Future[Cancelled]] = []

        def meanwhile() -> None:
            cancelling.append(asyncio.run_coroutine_threadsafe(room.desk.cancel(profit.id), loop))
            given_up = room.until_state(profit.id, OrderState.ABANDONED_WATCH)
            asyncio.run_coroutine_threadsafe(given_up, loop).result()

        broker.halts = meanwhile
        broker.fault("find_order", "halts")
        await room.settle()
        assert (await asyncio.wrap_future(cancelling[0])).state is OrderState.ABANDONED_WATCH
        assert not room.alarms


async def _submitted(broker: OwnBroker, count: int) -> bool:
    return broker.submitted >= count
