"""The count of a day over restarts and midnight; ways out that together would be more than is held."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from puffling.puffin.orders import Kind, Side
from puffling.runtime.actor import DEFAULT_USER
from puffling.trading.entering import enter
from puffling.trading.judging import LiveFacts
from puffling.trading.values import Placed
from tests.fakes.own_broker import OwnBroker
from tests.trading.cases import LIVE, NOW, PRICE, WISH
from tests.trading.rooms import LOOSE, Room, open_room

LIMITS = {**LOOSE, "trading.orders_per_day": 10}


async def entered(room: Room, slot: str, live: LiveFacts = LIVE) -> bool:
    """Try to enter one more order, and tell whether it was."""
    wish = replace(WISH, slot=slot, valid_until=room.clock.now() + timedelta(minutes=1))
    found = await room.store.run(DEFAULT_USER, enter, room.parts, wish, live)
    return found.intent is not None


async def test_the_count_goes_on_over_a_restart_and_begins_anew_on_the_next_day(home: Path) -> None:
    for expected in (7, 3, 0):
        async with open_room(home, limits=LIMITS) as room:
            assert [await entered(room, f"{expected}-{number}") for number in range(7)].count(
                True
            ) == expected
    async with open_room(home, limits=LIMITS) as room:
        tomorrow = NOW + timedelta(days=1)
        room.clock.set(tomorrow)
        live = replace(LIVE, info_at=tomorrow, price=replace(PRICE, at=tomorrow))
        assert await entered(room, "tomorrow", live)


async def test_sales_at_the_same_time_are_ways_out_only_as_far_as_something_is_held(home: Path) -> None:
    broker = OwnBroker(fills="all")
    async with open_room(home, broker, limits={**LOOSE, "trading.orders_per_day": 1}) as room:
        await room.desk.place(room.wish("buy", quantity=10))
        await room.settle()
        broker.fills = "nothing"
        wishes = [
            room.wish(str(number), quantity=3, side=Side.SELL, kind=Kind.LIMIT, limit=Decimal(105))
            for number in range(10)
        ]
        tries = await asyncio.gather(*(room.desk.place(wish) for wish in wishes), return_exceptions=True)
        # What would go on to the other side is an order of its own, and the day has no more of them.
        assert sum(isinstance(each, Placed) for each in tries) == 3
    assert len(broker.accepted()) == 4
