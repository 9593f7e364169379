"""An exit that the broker rejects leaves a position without protection: the person is called to it, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from puffling.puffin.broker.alpaca import AlpacaBroker
from puffling.puffin.broker.base import OrderStatus
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.store.orders import Intent, OrderState
from puffling.trading.taking import take_order
from tests.fakes.alpaca_data import KEY, SECRET
from tests.fakes.alpaca_trading import AlpacaTrading
from tests.fakes.local_server import serving
from tests.fakes.own_broker import EVERYTHING, OwnBroker
from tests.trading.cases import NOW
from tests.trading.rooms import MINE, Room, open_room
from tests.trading.test_held_brackets import BOTH, _entered, _protects
from tests.trading.test_taking import told
from tests.trading.test_two_ways_out import SINGLE, _alarmed, _sent, _with_ten


@pytest.fixture
def alpaca() -> Iterator[AlpacaTrading]:
    """A hostile Alpaca at eleven in the morning, with a price for SPY."""
    with serving() as server:
        alpaca = AlpacaTrading(server, lambda: NOW)
        alpaca.move("SPY", 100)
        yield alpaca


async def _once(room: Room) -> str:
    """The one call to the person, however often everything is looked at."""
    await _alarmed(room)
    await room.settle()
    [alarm] = room.alarms
    assert "order its exits anew, or close it" in alarm.hint
    assert room.switch.read() is None
    return alarm.text


@pytest.mark.parametrize("at_once", [True, False], ids=["as the answer", "as news"])
async def test_a_stop_held_here_that_is_rejected_calls_the_person(home: Path, at_once: bool) -> None:
    broker = OwnBroker(abilities=SINGLE)
    async with open_room(home, broker) as room:
        await _entered(room)
        broker.fill("o1")
        _, stop = await _protects(room, 10)
        if at_once:
            broker.fault("submit_order", "invalid")
        room.move(89)
        if not at_once:
            await room.until_state(stop.id, OrderState.ACKED)
            broker.end("o2", OrderStatus.REJECTED)
        await room.until_state(stop.id, OrderState.REJECTED)
        text = await _once(room)
        lost = "Your position in SPY lost an exit, Sell 10 SPY. Nothing protects it any more."
        assert lost in text


async def test_a_profit_that_is_rejected_leaves_its_stop(home: Path) -> None:
    broker = OwnBroker(abilities=SINGLE)
    async with open_room(home, broker) as room:
        await _entered(room)
        broker.fill("o1")
        await _protects(room, 10)
        broker.fault("submit_order", "invalid")
        room.move(120)
        assert "Its stop-loss still waits here." in await _once(room)
        room.move(90)
        await _sent(room, broker, 2)


async def test_a_stop_by_itself_that_waited_here_is_an_exit_too_and_an_order_to_buy_is_none(
    home: Path,
) -> None:
    broker = OwnBroker(abilities=replace(SINGLE, kinds=frozenset({Kind.MARKET, Kind.LIMIT})))
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        broker.fault("submit_order", "invalid", "invalid")
        more = await room.desk.place(room.wish("more", kind=Kind.STOP, stop=Decimal(105)))
        room.move(105)
        assert more.intent is not None
        await room.until_state(more.intent.id, OrderState.REJECTED)
        assert not room.alarms
        await room.desk.place(
            room.wish("stop", quantity=10, side=Side.SELL, kind=Kind.STOP, stop=Decimal(90))
        )
        room.move(90)
        assert "Nothing protects it any more" in await _once(room)


async def test_a_leg_of_a_bracket_that_the_broker_rejects_calls_the_person(
    home: Path, alpaca: AlpacaTrading
) -> None:
    broker = AlpacaBroker(KEY, SECRET, base_url=alpaca.server.address, shortest_wait_seconds=0.02)
    async with open_room(home, broker) as room:
        placed = await room.desk.place(room.wish("in", quantity=10, **BOTH))
        assert placed.intent is not None
        await room.until_state(placed.intent.id, OrderState.FILLED)
        await room.settle()
        assert not room.alarms
        [stop] = [each for each in alpaca.book.orders.values() if each.stop == Decimal(90)]
        alpaca.reject(stop.client_id)
        text = await _once(room)
        assert "10 SPY. It does not protect the position." in text


async def _bracket(room: Room, **terms: Any) -> Intent:
    """A bracket that the broker holds with its exits."""
    placed = await room.desk.place(room.wish("in", quantity=10, **(BOTH | terms)))
    assert placed.intent is not None
    return placed.intent


async def _rejected(room: Room, order: str) -> bool:
    row = await room.read(lambda unit: unit.orders.by_broker_id(MINE.id, order))
    return row is not None and row.state is OrderState.REJECTED


async def test_a_leg_rejected_while_its_entry_has_nothing_takes_nothing_from_anybody(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        await _bracket(room)
        broker.end("o2", OrderStatus.REJECTED)
        await room.until(lambda: _rejected(room, "o2"))
        await room.settle()
        assert not room.alarms
        broker.fill("o1", 4)
        await room.until(lambda: _holds(room, 4))
        broker.end("o3", OrderStatus.REJECTED)
        assert "10 SPY. It does not protect the position." in await _once(room)


async def _holds(room: Room, quantity: int) -> bool:
    return await room.held() == quantity


async def test_two_ways_out_that_are_rejected_whole_call_once(home: Path) -> None:
    abilities = replace(EVERYTHING, one_cancels_other=True)
    broker = OwnBroker(abilities=abilities)
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        pair: dict[str, Any] = {"limit": Decimal(120), "stop_loss": Decimal(90), "one_cancels_other": True}
        placed = await room.desk.place(
            room.wish("out", quantity=10, side=Side.SELL, kind=Kind.LIMIT, lasting=Lasting.GTC, **pair)
        )
        assert placed.intent is not None
        name, above = placed.intent.client_id, placed.intent.broker_order_id or ""
        gone: dict[str, Any] = {"qty": 10, "side": Side.SELL, "status": OrderStatus.REJECTED}
        leg = told("o9", parent_id=above, type=Kind.STOP, limit_price=None, **gone)
        whole = told(above, client_order_id=name, legs=(leg,), **gone)
        await room.parts.run(take_order, MINE, abilities, whole)
        assert await _rejected(room, "o9")
        assert (await room.intent(placed.intent.id)).state is OrderState.REJECTED
        await _alarmed(room)
        [lost] = [alarm.text for alarm in room.alarms if "lost an exit" in alarm.text]
        assert "Nothing protects it any more." in lost


async def test_a_leg_rejected_before_anybody_heard_of_what_it_hangs_on_calls_nobody(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        broker.fault("submit_order", "busy")
        entry = await _bracket(room)
        leg = told("o9", client_order_id=entry.client_id, parent_id="o8", status=OrderStatus.REJECTED)
        taken = await room.parts.run(take_order, MINE, EVERYTHING, leg)
        assert (taken.order.state, taken.order.parent_order_id) == (OrderState.REJECTED, "o8")
        assert (await room.intent(entry.id)).state is OrderState.INTENT
        assert not room.alarms
