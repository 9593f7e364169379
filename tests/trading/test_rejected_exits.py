"""An exit that the broker rejects leaves a position without protection: the person is called to it, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from puffling.puffin.broker.alpaca import AlpacaBroker
from puffling.puffin.broker.base import OrderStatus
from puffling.puffin.orders import Kind, Side
from puffling.store.orders import OrderState
from tests.fakes.alpaca_data import KEY, SECRET
from tests.fakes.alpaca_trading import AlpacaTrading
from tests.fakes.local_server import serving
from tests.fakes.own_broker import OwnBroker
from tests.trading.cases import NOW
from tests.trading.rooms import Room, open_room
from tests.trading.test_held_brackets import BOTH, _entered, _protects
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
