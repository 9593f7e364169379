"""What a broker tells of orders: legs, sums without fills, late answers, one in the place of another."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from puffling.puffin.broker.base import BrokerAbilities, Change, OrderStatus, OrderStatusInfo
from puffling.puffin.orders import Kind, Side
from puffling.store.orders import Intent, OrderState
from puffling.trading.taking import take_order
from tests.fakes.own_broker import EVERYTHING, OwnBroker
from tests.trading.cases import NOW
from tests.trading.rooms import MINE, Room, open_room

HUNDRED = Decimal(100)
# A broker that tells how much of an order is filled, and not in which fills.
SUMS_ONLY = BrokerAbilities(kinds=frozenset(Kind))


def told(id: str = "o1", *, qty: int = 5, filled_qty: int = 0, **changes: Any) -> OrderStatusInfo:
    """What a broker says of an order."""
    info = OrderStatusInfo(
        order_id=id,
        client_order_id=f"hand-{id}",
        symbol="SPY",
        side=Side.BUY,
        qty=qty,
        filled_qty=filled_qty,
        type=Kind.LIMIT,
        status=OrderStatus.PARTIALLY_FILLED if filled_qty else OrderStatus.ACCEPTED,
        limit_price=HUNDRED,
    )
    return replace(info, **changes)


async def working(room: Room, slot: str = "one", **terms: Any) -> Intent:
    """Order something at a hundred that waits."""
    placed = await room.desk.place(room.wish(slot, kind=Kind.LIMIT, limit=HUNDRED, **terms))
    assert placed.intent is not None
    return placed.intent


async def test_legs_that_are_told_with_their_order_belong_to_its_intent(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await working(room, take_profit=Decimal(120), stop_loss=Decimal(90))
        await room.desk.cancel(intent.id)
        orders = await room.read(lambda unit: unit.orders.of_intent(intent.id))
        assert {(each.broker_order_id, each.parent_order_id, each.state) for each in orders} == {
            ("o1", None, OrderState.CANCELED),
            ("o2", "o1", OrderState.CANCELED),
            ("o3", "o1", OrderState.CANCELED),
        }
        assert (await room.intent(intent.id)).broker_order_id == "o1"


async def test_a_fill_seen_as_a_sum_only_has_the_price_that_makes_the_sum(home: Path) -> None:
    async with open_room(home, OwnBroker()) as room:
        # Where no price is told, the order's own has to do.
        await room.parts.run(take_order, MINE, SUMS_ONLY, told(filled_qty=2))
        whole = told(filled_qty=5, status=OrderStatus.FILLED, avg_fill_price=Decimal("103.00"))
        for _ in range(2):
            await room.parts.run(take_order, MINE, SUMS_ONLY, whole)
        fills = sorted(await room.desk.fills(), key=lambda fill: fill.quantity)
        assert [(fill.quantity, fill.price) for fill in fills] == [
            (Decimal(2), HUNDRED),
            (Decimal(3), Decimal(105)),
        ]


async def test_an_answer_to_a_question_asked_before_the_doubt_does_not_end_it(home: Path) -> None:
    async with open_room(home, OwnBroker()) as room:
        asked_at = room.clock.now()
        await room.parts.run(take_order, MINE, EVERYTHING, told())
        room.clock.set(asked_at + timedelta(seconds=1))
        await room.parts.run(take_order, MINE, EVERYTHING, told(status=OrderStatus.UNKNOWN))
        late = await room.parts.run(take_order, MINE, EVERYTHING, told(), asked_at=asked_at)
        assert late.order.state is OrderState.UNKNOWN
        asked_at = room.clock.now() + timedelta(seconds=1)
        taken = await room.parts.run(take_order, MINE, EVERYTHING, told(), asked_at=asked_at)
        assert taken.order.state in {OrderState.ACKED, OrderState.EXTERNAL}


async def test_an_older_answer_takes_no_fill_away(home: Path) -> None:
    async with open_room(home, OwnBroker()) as room:
        price = Decimal(99)
        await room.parts.run(take_order, MINE, EVERYTHING, told(filled_qty=3, avg_fill_price=price))
        for asked_at in (None, NOW - timedelta(seconds=1)):
            taken = await room.parts.run(take_order, MINE, EVERYTHING, told(), asked_at=asked_at)
            assert (taken.order.filled, taken.order.average_price) == (Decimal(3), price)
            assert taken.order.state is OrderState.PARTIAL


async def test_an_order_the_broker_puts_in_the_place_of_ours_is_followed_and_the_old_one_no_more(
    home: Path,
) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await working(room)
        broker.mute = True
        for old, new in (("o1", "o2"), ("o2", "o3")):
            broker.replace_order(old, Change(limit_price=Decimal(99), client_order_id=intent.client_id))
            await room.settle()
            assert (await room.intent(intent.id)).broker_order_id == new
        broker.mute = False
        for old in ("o1", "o2"):
            broker.tell(old, "replaced")
        broker.fill("o3", 2)
        now = await room.until_state(intent.id, OrderState.PARTIAL)
        assert now.broker_order_id == "o3"
        assert room.alarms == []
        assert await room.held() == 2


async def test_an_order_whose_fill_is_taken_back_before_the_others_came_waits_for_none_of_them(
    home: Path,
) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await working(room)
        async with room.parts.line(MINE.id).comparing:
            first = broker.fill("o1", 3, say=False)
            # The news of the second one says that all is filled, while the first was not heard of.
            broker.fill("o1", 2)
            assert (await room.until_state(intent.id, OrderState.PARTIAL)).reserved > 0
            broker.mute = True
            broker.undo(first)
        await room.settle()
        ended = await room.intent(intent.id)
        assert (ended.state, ended.reserved) == (OrderState.FILLED, Decimal(0))
        assert await room.held() == 2
        assert room.alarms == []
