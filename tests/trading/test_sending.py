"""An order is sent effectively once, whatever the broker or the line does to it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from puffling.puffin.orders import Kind
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import StorageFailed
from puffling.store.database import Unit
from puffling.store.orders import OrderState
from puffling.trading.flags import Standing, write_standing
from puffling.trading.gate import SafetyGate
from puffling.trading.values import TradingState
from tests.fakes.bare_broker import BareBroker
from tests.fakes.own_broker import EVERYTHING, OwnBroker
from tests.trading.cases import NOW
from tests.trading.rooms import MINE, Room, open_room
from tests.trading.test_last_moments import PressedAfterwards, working

# What of each fault reaches the book of the broker, and where the order ends in the end.
UNCLEAR = ["reset_before", "html_502", "reset_after", "504_after", "duplicate", "late", "odd_error", "no_id"]


@pytest.mark.parametrize("fault", UNCLEAR)
async def test_an_unclear_answer_is_looked_up_and_makes_one_order(home: Path, fault: str) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        broker.fault("submit_order", fault)
        placed = await room.desk.place(room.wish())
        assert placed.intent is not None
        await room.until_state(placed.intent.id, OrderState.ACKED)
        await room.settle()
        [row] = broker.accepted()
        assert row["client_id"] == placed.intent.client_id
        broker.fill(row["id"])
        await room.until_state(placed.intent.id, OrderState.FILLED)
        assert await room.held() == 5
        assert await room.broken(broker) == []
        assert room.failures == []


@pytest.mark.parametrize("fault", ["no_money", "invalid"])
async def test_a_clear_no_releases_what_was_reserved(home: Path, fault: str) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        broker.fault("submit_order", fault)
        placed = await room.desk.place(room.wish())
        assert placed.intent is not None
        assert placed.intent.state is OrderState.REJECTED
        assert placed.intent.reserved == 0
        assert placed.intent.reason
        again = await room.desk.place(room.wish())
        assert again.again
        assert broker.submitted == 1
        assert await room.broken(broker) == []


async def test_a_busy_broker_gets_the_same_order_again_later(home: Path) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        broker.fault("submit_order", "busy")
        placed = await room.desk.place(room.wish())
        assert placed.intent is not None
        assert placed.intent.state is OrderState.INTENT
        await room.settle()
        assert broker.submitted == 1
        clock.advance(1.5)
        await room.until_state(placed.intent.id, OrderState.ACKED)
        assert [row["client_id"] for row in broker.accepted()] == [placed.intent.client_id]
        assert await room.broken(broker) == []


async def test_a_busy_broker_that_stays_busy_gets_nothing_when_it_is_too_late(home: Path) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        broker.fault("submit_order", "busy")
        placed = await room.desk.place(room.wish(valid_seconds=1))
        assert placed.intent is not None
        clock.advance(2)
        ended = await room.until_state(placed.intent.id, OrderState.EXPIRED)
        assert ended.reserved == 0
        assert broker.accepted() == []


@pytest.mark.parametrize("fault", ["hang_before", "hang_after"])
async def test_a_broker_that_hangs_leaves_nothing_in_doubt_for_good(home: Path, fault: str) -> None:
    broker = OwnBroker()
    async with open_room(home, broker, patience_seconds=0.2) as room:
        broker.fault("submit_order", fault)
        placed = await room.desk.place(room.wish())
        assert placed.intent is not None
        unknown = placed.intent
        assert unknown.state is OrderState.UNKNOWN
        with pytest.raises(Exception, match="What became of another order"):
            await room.desk.place(room.wish("two"))
        other = await room.desk.preview(room.wish("three", symbol="QQQ"))
        assert "symbol_clear" not in {check.code for check in other.verdict.refusals}
        broker.hang.set()

        async def clear() -> bool:
            await room.desk.look_after(MINE.id)
            return (await room.intent(unknown.id)).state is OrderState.ACKED

        await room.until(clear)
        assert len(broker.accepted()) == 1
        await room.settle()
        assert await room.broken(broker) == []


async def test_a_call_behind_one_that_hangs_is_taken_back_and_does_nothing(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker, patience_seconds=0.2) as room:
        broker.fault("submit_order", "hang_before")
        first, second = await asyncio.gather(
            room.desk.place(room.wish("one", symbol="AAPL")), room.desk.place(room.wish("two"))
        )
        assert first.intent is not None
        assert second.intent is not None
        states = {first.intent.state, second.intent.state}
        assert states == {OrderState.UNKNOWN, OrderState.INTENT}
        broker.hang.set()
        room.clock.advance(5)

        async def both() -> bool:
            await room.desk.look_after(MINE.id)
            return len(broker.accepted()) == 2

        await room.until(both)
        await room.settle()
        assert await room.broken(broker) == []


async def test_what_never_arrived_and_is_too_late_is_watched_for_a_day_and_cancelled_on_sight(
    home: Path,
) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        broker.hidden_for = 10_000
        broker.fault("submit_order", "late")
        placed = await room.desk.place(room.wish())
        assert placed.intent is not None
        clock.advance(61)
        await room.settle()
        # Looked up and tried again now and then, not as fast as it goes.
        assert broker.submitted <= 3
        watched = await room.intent(placed.intent.id)
        assert watched.state is OrderState.ABANDONED_WATCH
        assert watched.reserved > 0
        broker.show_all()
        await room.settle()
        assert (await room.intent(placed.intent.id)).state is OrderState.CANCELED
        assert [row["status"] for row in broker.accepted()] == ["canceled"]
        assert await room.broken(broker) == []


async def test_what_never_appears_is_over_after_a_day(home: Path) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        broker.fault("submit_order", "reset_before")
        broker.fault("find_order", *["unclear"] * 2)
        placed = await room.desk.place(room.wish(valid_seconds=1))
        assert placed.intent is not None
        clock.advance(2)
        await room.settle()
        assert (await room.intent(placed.intent.id)).state is OrderState.ABANDONED_WATCH
        clock.advance(24 * 3600)
        await room.settle()
        ended = await room.intent(placed.intent.id)
        assert (ended.state, ended.reserved) == (OrderState.EXPIRED, Decimal(0))
        assert broker.accepted() == []


@pytest.mark.parametrize("another", ["as_symbol=QQQ", "as_side=sell", "as_qty=50"])
async def test_an_order_of_our_name_that_is_another_one_raises_the_alarm_and_halts(
    home: Path, another: str
) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        broker.fault("submit_order", another)
        placed = await room.desk.place(room.wish())
        assert placed.intent is not None
        await room.settle()
        assert (await room.intent(placed.intent.id)).state is OrderState.UNKNOWN
        assert "another order than the one that was meant" in room.alarms[0].text
        assert room.switch.read() is not None
        [order] = await room.read(lambda unit: unit.orders.newest())
        assert order.state is OrderState.EXTERNAL
        assert broker.submitted == 1


async def test_a_broker_that_cannot_find_orders_by_name_is_never_asked_twice(home: Path) -> None:
    plain = replace(EVERYTHING, finds_client_ids=False)
    clock = FixedClock(NOW)
    broker = OwnBroker(abilities=plain, now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        broker.fault("submit_order", "reset_before")
        lost = await room.desk.place(room.wish())
        assert lost.intent is not None
        await room.settle()
        assert (await room.intent(lost.intent.id)).state is OrderState.UNKNOWN
        clock.advance(61)
        await room.settle()
        assert (await room.intent(lost.intent.id)).state is OrderState.ABANDONED_WATCH
        assert broker.submitted == 1
        broker.fault("submit_order", "reset_after")
        found = await room.desk.place(room.wish("two", symbol="QQQ"))
        assert found.intent is not None
        await room.until_state(found.intent.id, OrderState.ACKED)


async def test_a_broker_with_nothing_but_the_contract_trades_on_paper(home: Path) -> None:
    inner = OwnBroker()
    async with open_room(home, BareBroker(inner)) as room:
        placed = await room.desk.place(room.wish(kind=Kind.LIMIT, limit=room.prices.price))
        assert placed.intent is not None
        inner.fill("o1", 2)
        await room.settle()
        assert (await room.intent(placed.intent.id)).state is OrderState.PARTIAL
        assert await room.held() == 2
        inner.fill("o1", 3)
        await room.settle()
        assert (await room.intent(placed.intent.id)).state is OrderState.FILLED
        assert await room.held() == 5
        assert [fill.quantity for fill in await room.desk.fills()] == [3, 2]


def _press(room: Room) -> None:
    room.switch.press("Enough", "you", NOW)


def _wind_down(room: Room) -> None:
    room.switch.narrowed = "Enough"


@pytest.mark.parametrize("stop", [_press, _wind_down])
async def test_a_halt_between_the_gate_and_the_socket_keeps_the_order_back(
    home: Path, stop: Callable[[Room], None]
) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        await room.desk.place(room.wish())
        line, let_go = room.parts.line(MINE.id), threading.Event()
        # The line is busy with something else when the order has passed the gate; then the halt comes.
        busy = room.scope.spawn(line.call(lambda _: let_go.wait(20)), name="busy")
        placing = room.scope.spawn(room.desk.place(room.wish("two")), name="place")

        async def sending() -> bool:
            return bool(await room.read(lambda unit: unit.intents.in_states({OrderState.SENDING})))

        await room.until(sending)
        stop(room)
        let_go.set()
        await busy
        placed = await placing
        assert placed.intent is not None
        assert (placed.intent.state, placed.intent.reserved) == (OrderState.CANCELED, Decimal(0))
        assert "Enough" in placed.intent.reason
    assert broker.submitted == 1


async def test_a_halt_before_sending_is_seen_in_the_database_too(home: Path) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        broker.fault("submit_order", "busy")
        placed = await room.desk.place(room.wish())
        assert placed.intent is not None
        halted = Standing(TradingState.HALTED, "Enough", "you", NOW)
        await room.parts.run(lambda unit: write_standing(unit, halted))
        clock.advance(2)
        ended = await room.until_state(placed.intent.id, OrderState.CANCELED)
        assert "Enough" in ended.reason
    assert broker.submitted == 1


async def test_while_halted_what_is_unknown_is_looked_up_and_not_sent_again(home: Path) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        broker.fault("submit_order", "reset_before", "reset_after")
        broker.fault("find_order", *["unclear"] * 4)
        lost = await room.desk.place(room.wish())
        found = await room.desk.place(room.wish("two", symbol="QQQ"))
        assert lost.intent is not None
        assert found.intent is not None
        room.switch.press("Enough", "you", NOW)
        for _ in range(3):
            await room.settle()
        assert (await room.intent(lost.intent.id)).state is OrderState.UNKNOWN
        assert (await room.intent(found.intent.id)).state is OrderState.ACKED
        assert broker.submitted == 2
        report = await room.desk.cancel_all(MINE.id)
        assert (report.cancelled, report.failed) == (2, ())
        assert (await room.intent(lost.intent.id)).state is OrderState.ABANDONED_WATCH
        assert (await room.intent(found.intent.id)).state is OrderState.CANCELED


async def test_a_full_disk_at_the_intent_sends_nothing_and_says_so(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:

        def full(unit: Unit) -> None:
            unit._session.connection().exec_driver_sql("PRAGMA max_page_count=1")

        await room.parts.run(full)

        async def place_many() -> None:
            for number in range(200):
                await room.desk.place(room.wish(f"n{number}"))

        with pytest.raises(StorageFailed, match="full"):
            await place_many()
        sent = broker.submitted
        assert len(await room.desk.intents(limit=1000)) == sent

        def room_again(unit: Unit) -> None:
            unit._session.connection().exec_driver_sql("PRAGMA max_page_count=1000000")

        await room.parts.run(room_again)
        await room.settle()
        await room.desk.place(room.wish("after"))
        assert broker.submitted == sent + 1
        await room.settle()
        assert await room.broken(broker) == []


@pytest.mark.parametrize("late", [False, True], ids=["halted", "too late"])
async def test_a_first_attempt_stopped_at_the_socket_is_over_and_nothing_was_sent(
    home: Path, late: bool
) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        gate = room.parts.gate
        assert isinstance(gate, SafetyGate)

        def press() -> None:
            if late:
                clock.advance(61)
            else:
                room.switch.press("Enough", "you", NOW)

        room.parts.gate = PressedAfterwards(gate, press)
        intent = await working(room)
        over = await room.until_state(intent.id, OrderState.CANCELED, OrderState.EXPIRED)
        assert over.state is (OrderState.EXPIRED if late else OrderState.CANCELED)
        assert ("until a moment ago" if late else "Trading was halted: Enough") in over.reason
        assert (over.reserved, broker.submitted) == (Decimal(0), 0)
        assert not room.alarms
