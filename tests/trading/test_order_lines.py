"""Orders as a list shows them: one line for each, ours and others', with what is filled of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from puffling.puffin.broker.alpaca import AlpacaBroker
from puffling.puffin.orders import Kind, Side
from puffling.store.orders import OrderState
from tests.fakes.alpaca_data import KEY, SECRET
from tests.fakes.alpaca_trading import AlpacaTrading
from tests.fakes.local_server import serving
from tests.fakes.own_broker import OwnBroker
from tests.trading.cases import NOW
from tests.trading.rooms import MINE, Room, open_room
from tests.trading.test_two_ways_out import _terms, _wish

HUNDRED = Decimal(100)
BRACKET: dict[str, Any] = {"take_profit": Decimal(120), "stop_loss": Decimal(90)}


@pytest.fixture
def alpaca() -> Iterator[AlpacaTrading]:
    """A hostile Alpaca at eleven in the morning, with a price for SPY."""
    with serving() as server:
        alpaca = AlpacaTrading(server, lambda: NOW)
        alpaca.move("SPY", 100)
        yield alpaca


async def place(room: Room, slot: str, **terms: Any) -> str:
    """Order something at a hundred, and give its intent."""
    placed = await room.desk.place(room.wish(slot, kind=Kind.LIMIT, limit=HUNDRED, **terms))
    assert placed.intent is not None
    return placed.intent.id


async def test_an_order_and_its_intent_are_one_line_with_what_is_filled(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        id = await place(room, "one", take_profit=Decimal(120), stop_loss=Decimal(90))
        broker.fill("o1", 2)
        await room.until_state(id, OrderState.PARTIAL)
        await room.settle()
        lines = {line.id: line for line in await room.desk.lines(MINE.id)}
        ours = lines.pop(id)
        assert (ours.filled, ours.quantity, ours.average_price) == (Decimal(2), Decimal(5), HUNDRED)
        assert (ours.limit, ours.take_profit, ours.stop_loss) == (HUNDRED, Decimal(120), Decimal(90))
        assert (ours.source, ours.broker_order_id, ours.intent_id) == ("person", "o1", id)
        assert [(leg.side, leg.source, leg.intent_id) for leg in lines.values()] == [
            (Side.SELL, "leg", id)
        ] * 2


async def test_what_is_not_at_the_broker_is_a_line_without_an_order(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        broker.fault("submit_order", "no_money")
        id = await place(room, "one")
        [line] = await room.desk.lines(MINE.id)
        assert (line.id, line.state, line.broker_order_id) == (id, OrderState.REJECTED, None)
        assert (line.filled, line.average_price) == (Decimal(0), None)
        assert "buying power" in line.reason


async def test_an_order_placed_elsewhere_is_a_line_of_its_own(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        broker.fill(broker.place_elsewhere("QQQ", 3, side=Side.SELL), 1)
        await room.settle()
        [line] = await room.desk.lines(MINE.id)
        assert (line.symbol, line.side, line.quantity, line.filled) == (
            "QQQ",
            Side.SELL,
            Decimal(3),
            Decimal(1),
        )
        assert (line.source, line.intent_id, line.broker_order_id) == ("external", None, "o1")


async def test_the_newest_come_first_and_as_many_as_are_wanted(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        broker._now = room.clock.now
        expected: list[str] = []
        for number in range(3):
            room.clock.set(room.clock.now() + timedelta(seconds=1))
            expected.insert(0, await place(room, f"ours-{number}"))
            room.clock.set(room.clock.now() + timedelta(seconds=1))
            broker.place_elsewhere("QQQ", 1)
        await room.settle()
        lines = await room.desk.lines(MINE.id)
        assert [line.intent_id for line in lines] == [each for id in expected for each in (None, id)]
        assert await room.desk.lines(MINE.id, limit=2) == lines[:2]
        assert [line.symbol for line in await room.desk.lines(MINE.id, symbol="SPY")] == ["SPY"] * 3
        assert await room.desk.lines("another") == ()


async def test_an_order_that_changed_before_many_others_still_says_what_is_filled(home: Path) -> None:
    broker = OwnBroker(now=lambda: NOW - timedelta(days=1))
    others = [broker.place_elsewhere("QQQ", 5) for _ in range(4)]
    broker._now = lambda: NOW
    async with open_room(home, broker) as room:
        id = await place(room, "one")
        broker.fill(broker.accepted()[-1]["id"])
        await room.until_state(id, OrderState.FILLED)
        room.clock.set(room.clock.now() + timedelta(seconds=1))
        for other in others:
            broker.fill(other, 1)
        await room.settle()
        line, _ = await room.desk.lines(MINE.id, limit=2)
        assert (line.id, line.filled, line.average_price) == (id, Decimal(5), HUNDRED)


async def test_what_comes_with_an_order_waits_for_it_until_it_fills(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        id = await place(room, "one", **BRACKET)
        await room.settle()
        lines = {line.id: line for line in await room.desk.lines(MINE.id)}
        assert lines.pop(id).stage == "working"
        assert [leg.stage for leg in lines.values()] == ["waiting for its entry"] * 2
        assert [leg.state for leg in lines.values()] == [OrderState.ACKED] * 2
        broker.fill("o1", 2)
        await room.until_state(id, OrderState.PARTIAL)
        lines = {line.id: line for line in await room.desk.lines(MINE.id)}
        assert lines.pop(id).stage == "partly filled"
        assert [leg.stage for leg in lines.values()] == ["working"] * 2


async def test_what_its_broker_holds_back_waits_for_all_of_its_order(
    home: Path, alpaca: AlpacaTrading
) -> None:
    broker = AlpacaBroker(KEY, SECRET, base_url=alpaca.server.address, shortest_wait_seconds=0.02)
    async with open_room(home, broker) as room:
        wish = room.wish("one", kind=Kind.LIMIT, limit=Decimal(99), **BRACKET)
        placed = await room.desk.place(wish)
        assert placed.intent is not None
        entry = placed.intent

        async def told(filled: int, *stages: str) -> bool:
            room.clock.advance(1.0)
            lines = {line.id: line for line in await room.desk.lines(MINE.id)}
            return lines.pop(entry.id).filled == filled and [leg.stage for leg in lines.values()] == [*stages]

        await room.settle()
        await room.until(partial(told, 0, "waiting for its entry", "waiting for its entry"))
        alpaca.fill(entry.client_id, 2, 99)
        await room.until(partial(told, 2, "waiting for its entry", "waiting for its entry"))
        alpaca.fill(entry.client_id, 3, 99)
        await room.until(partial(told, 5, "working", "working"))


async def test_one_that_was_done_by_the_other_at_the_broker_is_told_so(
    home: Path, alpaca: AlpacaTrading
) -> None:
    broker = AlpacaBroker(KEY, SECRET, base_url=alpaca.server.address, shortest_wait_seconds=0.02)
    async with open_room(home, broker) as room:
        bought = await room.desk.place(room.wish("ten", quantity=10))
        assert bought.intent is not None
        await room.until_state(bought.intent.id, OrderState.FILLED)
        placed = await room.desk.place(_wish(room, _terms()))
        assert placed.intent is not None
        head = placed.intent
        await room.settle()
        alpaca.move("SPY", 89)

        async def done() -> bool:
            room.clock.advance(1.0)
            [line] = [each for each in await room.desk.lines(MINE.id) if each.id == head.id]
            return (line.state, line.stage) == (OrderState.CANCELED, "done by its stop")

        await room.until(done)
