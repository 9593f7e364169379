"""Two ways out on their way: what leaves, for how much, where it was decided, and how it is told."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from puffling.puffin.orders import Kind, Lasting, Side
from puffling.store.database import Unit
from puffling.store.orders import Intent, OrderState
from puffling.trading.entering import enter
from puffling.trading.looking import look
from puffling.trading.wire import order_for
from tests.fakes.own_broker import OwnBroker
from tests.trading.rooms import MINE, open_room
from tests.trading.test_held import POOR
from tests.trading.test_two_ways_out import SINGLE, _alarmed, _held, _sent, _with_ten


async def test_what_was_done_by_the_stop_is_not_told_as_cancelled(home: Path) -> None:
    broker = OwnBroker(abilities=SINGLE)
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        profit, stop = await _held(room)
        lines = {line.id: line for line in await room.desk.lines()}
        assert (lines[profit.id].stage, lines[stop.id].stage) == ("held here", "held here")
        room.move(90)
        await _sent(room, broker, 2)
        await room.until_state(stop.id, OrderState.ACKED)
        lines = {line.id: line for line in await room.desk.lines()}
        assert lines[profit.id].stage == "cancelled"
        broker.fill("o2")
        await room.until_state(stop.id, OrderState.FILLED)
        lines = {line.id: line for line in await room.desk.lines()}
        assert (lines[profit.id].state, lines[profit.id].done_by_stop) == (OrderState.CANCELED, True)
        assert (lines[profit.id].stage, lines[stop.id].stage) == ("done by its stop", "filled")
        assert "The stop-loss was met" in lines[profit.id].reason


async def test_held_here_was_decided_when_they_were_written_down(home: Path) -> None:
    file = home / "broker.json"
    broker = OwnBroker(abilities=SINGLE, file=file)
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        profit, stop = await _held(room)
    # The same broker, which holds two ways out by now.
    broker = OwnBroker(abilities=replace(SINGLE, one_cancels_other=True), file=file)
    async with open_room(home, broker) as room:
        assert (await room.intent(profit.id)).waits_here
        room.move(120)
        await _sent(room, broker, 2)
        assert broker.book.orders["o2"]["limit"] == "120"
        # It left as a limit by itself, with no stop of the broker's beside it.
        assert len(broker.book.orders) == 2
        assert (await room.intent(stop.id)).held


@pytest.mark.parametrize(("price", "kind"), [(89, "market"), (121, "limit")])
async def test_after_a_sale_by_hand_what_is_still_there_is_sold(home: Path, price: int, kind: str) -> None:
    broker = OwnBroker(abilities=SINGLE)
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        profit, _ = await _held(room)
        sold = await room.desk.place(room.wish("by hand", quantity=7, side=Side.SELL))
        assert sold.intent is not None
        broker.fill("o2")
        await room.until_state(sold.intent.id, OrderState.FILLED)
        room.move(price)
        await _sent(room, broker, 3)
        assert (broker.accepted()[2]["kind"], broker.accepted()[2]["qty"]) == (kind, "3")
        assert (await room.intent(profit.id)).state in {OrderState.REPLACED, OrderState.CANCELED}
        broker.fill("o3")

        async def flat() -> bool:
            return await room.held() == 0

        await room.until(flat)
        await room.settle()
        assert await room.read(lambda unit: unit.intents.held()) == ()
        assert not room.alarms
        assert await room.broken(broker) == []


async def test_what_another_order_sells_already_the_stop_does_not_sell(home: Path) -> None:
    broker = OwnBroker(abilities=SINGLE)
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        await _held(room)
        await room.desk.place(
            room.wish("by hand", quantity=4, side=Side.SELL, kind=Kind.LIMIT, limit=Decimal(101))
        )
        room.move(89)
        await _sent(room, broker, 3)
        assert broker.accepted()[2]["qty"] == "6"


async def test_a_stop_that_may_not_leave_leaves_the_profit_where_it_works(home: Path) -> None:
    broker = OwnBroker(abilities=SINGLE)
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        profit, stop = await _held(room)
        room.move(120)
        await room.until_state(profit.id, OrderState.ACKED)
        # Not halted: there is no price now that an order could be judged by.
        room.prices.failing = True
        room.bus.publish(room.told(89.0))
        await _alarmed(room)
        assert "cancel_order" not in broker.calls
        assert (await room.intent(profit.id)).state is OrderState.ACKED
        assert (await room.intent(stop.id)).held
        room.prices.failing = False
        room.move(88)
        await _sent(room, broker, 3)


async def test_a_cancel_that_fails_calls_the_person_and_both_stay(home: Path) -> None:
    broker = OwnBroker(abilities=SINGLE)
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        profit, stop = await _held(room)
        room.move(120)
        await room.until_state(profit.id, OrderState.ACKED)
        broker.fault("cancel_order", "refuse")
        room.move(89)
        await _alarmed(room)
        assert "was not cancelled" in room.alarms[0].text
        assert (await room.intent(stop.id)).held
        room.move(88)
        await _sent(room, broker, 3)


async def test_exits_that_last_until_cancelled_leave_at_a_broker_that_knows_the_day_only(home: Path) -> None:
    broker = OwnBroker(abilities=replace(SINGLE, lasting=frozenset({Lasting.DAY})))
    async with open_room(home, broker) as room:
        placed = await room.desk.place(room.wish("in", quantity=10, stop_loss=Decimal(90)))
        assert placed.intent is not None
        broker.fill("o1")
        await room.until_state(placed.intent.id, OrderState.FILLED)
        room.move(90)
        await _sent(room, broker, 2)
        assert (broker.accepted()[1]["kind"], broker.accepted()[1]["lasting"]) == ("market", "day")


async def test_a_changed_stop_that_did_not_arrive_is_sent_again_under_its_name(home: Path) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        stop = room.wish("stop", side=Side.SELL, quantity=10, kind=Kind.STOP, stop=Decimal(90))
        placed = await room.desk.place(stop)
        assert placed.intent is not None
        changed = await room.desk.replace(placed.intent.id, stop=Decimal(92), slot="up", source="person")
        assert changed.intent is not None
        broker.fault("submit_order", "reset_before")
        room.move(92)
        await room.until_state(changed.intent.id, OrderState.UNKNOWN, OrderState.ACKED)
        await room.settle()
        await _sent(room, broker, 2)
        assert broker.accepted()[1]["client_id"] == changed.intent.client_id


async def test_what_was_held_before_it_was_said_where_goes_out_as_it_did(home: Path) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        stop = room.wish("stop", side=Side.SELL, quantity=10, kind=Kind.STOP, stop=Decimal(90))
        live = await look(room.parts, room.parts.line(MINE.id), stop)
        entered = await room.parts.run(enter, room.parts, stop, live)
        assert entered.intent is not None
        old = replace(entered.intent, waits_here=None)
        assert order_for(old, POOR).type is Kind.MARKET
        another = replace(old, id="old", client_id="old")

        def written(unit: Unit) -> Intent:
            return unit.intents.put(unit.intents.add(another))

        # Of a row that says nothing of it nothing is made up.
        assert (await room.parts.run(written)).waits_here is None
        assert (await room.intent(entered.intent.id)).waits_here is True
