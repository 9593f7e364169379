"""The quantity of an order that is filled in part changes where the broker takes that; it counts once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from puffling.puffin.broker.alpaca import AlpacaBroker
from puffling.puffin.orders import Kind
from puffling.runtime.errors import Conflict
from puffling.store.orders import Intent, OrderState
from puffling.trading.entering import OrderRefused
from tests.fakes.alpaca_data import KEY, SECRET
from tests.fakes.alpaca_trading import AlpacaTrading
from tests.fakes.local_server import serving
from tests.fakes.own_broker import EVERYTHING, OwnBroker
from tests.trading.cases import NOW
from tests.trading.rooms import LOOSE, MINE, Room, open_room

RESIZES = replace(EVERYTHING, resizes_filled=True)


@pytest.fixture
def alpaca() -> Iterator[AlpacaTrading]:
    """A hostile Alpaca at eleven in the morning, with a price for SPY."""
    with serving() as server:
        alpaca = AlpacaTrading(server, lambda: NOW)
        alpaca.move("SPY", 100)
        yield alpaca


async def _partly(room: Room, broker: OwnBroker) -> Intent:
    """Five wanted, two filled."""
    placed = await room.desk.place(room.wish(kind=Kind.LIMIT, limit=Decimal(95)))
    assert placed.intent is not None
    broker.fill("o1", 2)
    return await room.until_state(placed.intent.id, OrderState.PARTIAL)


async def _resize(room: Room, id: str, quantity: int, slot: str = "more") -> Intent:
    placed = await room.desk.replace(id, quantity=Decimal(quantity), slot=slot, source="person")
    assert placed.intent is not None
    return placed.intent


async def test_more_is_wanted_of_an_order_that_is_filled_in_part(home: Path) -> None:
    broker = OwnBroker(abilities=RESIZES)
    limits = LOOSE | {"trading.position_percent": 0.8}
    async with open_room(home, broker, limits=limits) as room:
        old = await _partly(room, broker)
        _, preview = await room.desk.preview_change(old.id, slot="look", source="person", quantity=Decimal(8))
        # Two are held and six would come, not eight.
        assert (preview.exposure_before, preview.exposure_after) == (Decimal(200), Decimal(800))
        assert preview.cost == Decimal("570.00")
        new = await _resize(room, old.id, 8)
        assert new.reserved == Decimal("570.00")
        [line] = [line for line in await room.desk.lines() if line.id == new.id]
        assert (line.quantity, line.filled) == (Decimal(8), Decimal(2))
        with pytest.raises(OrderRefused):
            await room.desk.place(room.wish("one more", quantity=1))
        broker.fill("o2", 6)
        assert (await room.until_state(new.id, OrderState.FILLED)).reserved == 0
        assert await room.held() == 8
        story = await room.desk.story(new.id)
        assert [step.text for step in story.steps if step.title == "Filled before the change"] == ["2"]
        await room.settle()
        assert room.alarms == []
        assert await room.broken(broker) == []


@pytest.mark.parametrize("quantity", [1, 2])
async def test_no_less_is_wanted_than_is_filled(home: Path, quantity: int) -> None:
    broker = OwnBroker(abilities=RESIZES)
    async with open_room(home, broker) as room:
        old = await _partly(room, broker)
        with pytest.raises(Conflict, match="2 of the order are filled already"):
            await _resize(room, old.id, quantity)
        assert (await room.intent(old.id)).state is OrderState.PARTIAL
        assert broker.calls.count("replace_order") == 0


async def test_a_broker_that_fills_the_new_quantity_beside_the_old_is_found_out_at_once(home: Path) -> None:
    broker = OwnBroker(abilities=RESIZES)
    broker.carries_fills = False
    async with open_room(home, broker) as room:
        old = await _partly(room, broker)
        await _resize(room, old.id, 8)

        async def alarmed() -> bool:
            return bool(room.alarms)

        await room.until(alarmed)
        assert "beyond what was meant: 2 were filled" in room.alarms[0].text
        assert room.switch.read() is not None


async def test_what_filled_unheard_just_before_a_change_is_no_other_order(home: Path) -> None:
    broker = OwnBroker(abilities=RESIZES)
    broker.carries_fills = False
    async with open_room(home, broker) as room:
        old = await _partly(room, broker)
        broker.fill("o1", 1, say=False)
        placed = await room.desk.replace(old.id, limit=Decimal(96), slot="dearer", source="person")
        assert placed.intent is not None
        broker.fill("o2")
        await room.until_state(placed.intent.id, OrderState.FILLED)
        assert await room.held() == 5
        assert room.alarms == []
        assert await room.broken(broker) == []


@pytest.mark.parametrize("road", ["looked up", "compared", "heard"])
async def test_a_change_in_doubt_is_compared_with_what_the_old_one_left(home: Path, road: str) -> None:
    broker = OwnBroker(abilities=RESIZES)
    broker.carries_fills = False
    async with open_room(home, broker) as room:
        old = await _partly(room, broker)
        # No comparison that is still under way may meet what is meant for later.
        async with room.parts.line(MINE.id).comparing:
            broker.fill("o1", 1, say=False)
            broker.fault("replace_order", "reset_after")
            broker.fault("get_order_status", "unclear")
            if road != "looked up":
                broker.fault("find_order", *["unclear"] * 50)
            if road == "heard":
                broker.fault("get_all_orders", *["unclear"] * 50)
            placed = await room.desk.replace(old.id, limit=Decimal(96), slot="dearer", source="person")
        assert placed.intent is not None
        if road == "heard":
            broker.tell("o2", "new")
        await room.until_state(placed.intent.id, OrderState.ACKED)
        broker.faults.clear()
        broker.fill("o2")
        await room.until_state(placed.intent.id, OrderState.FILLED)
        assert await room.held() == 5
        assert room.alarms == []


async def test_a_change_of_which_the_fills_cannot_be_read_is_looked_up(home: Path) -> None:
    broker = OwnBroker(abilities=RESIZES)
    async with open_room(home, broker) as room:
        old = await _partly(room, broker)
        # No comparison that is still under way may meet what is meant for the change.
        async with room.parts.line(MINE.id).comparing:
            broker.fault("get_executions", "unclear", "unclear")
            placed = await room.desk.replace(old.id, limit=Decimal(96), slot="dearer", source="person")
        assert placed.intent is not None
        assert placed.intent.state is OrderState.UNKNOWN
        await room.until_state(placed.intent.id, OrderState.PARTIAL)
        broker.fill("o2")
        await room.until_state(placed.intent.id, OrderState.FILLED)
        assert await room.held() == 5
        assert room.alarms == []
        assert await room.broken(broker) == []


async def test_a_broker_that_fills_beside_what_filled_unheard_is_found_out_too(home: Path) -> None:
    broker = OwnBroker(abilities=RESIZES)
    broker.carries_fills = False
    async with open_room(home, broker) as room:
        placed = await room.desk.place(room.wish(kind=Kind.LIMIT, limit=Decimal(95)))
        assert placed.intent is not None
        broker.fill("o1", 2, say=False)
        await _resize(room, placed.intent.id, 8)

        async def alarmed() -> bool:
            return bool(room.alarms)

        await room.until(alarmed)
        assert "beyond what was meant: 2 were filled" in room.alarms[0].text


@pytest.mark.parametrize("carries", [True, False])
async def test_an_order_that_is_changed_again_and_again_never_wants_more(home: Path, carries: bool) -> None:
    broker = OwnBroker(abilities=RESIZES)
    broker.carries_fills = carries
    async with open_room(home, broker) as room:
        intent = await _partly(room, broker)
        for step, (name, filled) in enumerate((("o2", 1), ("o3", 1), ("o4", 0)), 1):
            placed = await room.desk.replace(
                intent.id, limit=Decimal(95 + step), slot=f"change-{step}", source="person"
            )
            assert placed.intent is not None
            intent = placed.intent
            row = broker.book.orders[name]
            assert Decimal(row["qty"]) - Decimal(row["filled"]) == 4 - step
            if filled:
                broker.fill(name, filled)
                await room.until_state(intent.id, OrderState.PARTIAL)
        broker.fill("o4")
        await room.until_state(intent.id, OrderState.FILLED)
        assert await room.held() == 5
        [line] = [line for line in await room.desk.lines() if line.id == intent.id]
        assert (line.quantity, line.filled) == (Decimal(5), Decimal(5))
        assert room.alarms == []
        assert await room.broken(broker) == []


@pytest.mark.parametrize("carries", [True, False])
async def test_at_alpaca_the_new_quantity_is_what_is_wanted_in_all(
    home: Path, alpaca: AlpacaTrading, carries: bool
) -> None:
    alpaca.set(carries_fills=carries)
    broker = AlpacaBroker(KEY, SECRET, base_url=alpaca.server.address, shortest_wait_seconds=0.02)
    async with open_room(home, broker) as room:
        placed = await room.desk.place(room.wish(kind=Kind.LIMIT, limit=Decimal(95)))
        assert placed.intent is not None
        old = placed.intent
        alpaca.fill(old.client_id, 2, 95)
        await room.until_state(old.id, OrderState.PARTIAL)
        new = await _resize(room, old.id, 3)
        await room.until_state(new.id, OrderState.ACKED, OrderState.PARTIAL)
        again = await _resize(room, new.id, 9, "again")
        alpaca.fill(again.client_id, 7, 95)
        await room.until_state(again.id, OrderState.FILLED)

        async def there() -> bool:
            room.clock.advance(1.0)
            return await room.held() == 9

        await room.until(there)
        await room.settle()
        assert [(await room.intent(each.id)).state for each in (old, new)] == [OrderState.REPLACED] * 2
        assert not room.alarms
        assert (await room.desk.reconcile(MINE.id)).agrees
