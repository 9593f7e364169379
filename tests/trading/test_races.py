"""A hundred at the same time against a limit of ten: exactly ten, whoever they are."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from puffling.puffin.orders import Kind, Side
from puffling.runtime.actor import DEFAULT_USER
from puffling.trading.entering import OrderRefused, enter
from puffling.trading.values import Placed
from tests.fakes.own_broker import OwnBroker
from tests.trading.cases import LIVE, NOW, WISH
from tests.trading.racing import LIMIT, LIMITS, enter_many
from tests.trading.rooms import LOOSE, open_room
from tests.trading.stored import opened


async def prepared(folder: Path) -> None:
    """Make the records, so that racers only open them."""
    async with open_room(folder, limits=LIMITS):
        pass


async def entered(folder: Path) -> int:
    """Count what stands in the records."""
    async with opened(folder) as records:
        return len(await records.do(lambda unit: unit.intents.entered_on("paper", "2026-03-04")))


async def test_of_a_hundred_tasks_ten_orders_reach_the_broker(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker, limits=LIMITS) as room:
        tries = await asyncio.gather(
            *(room.desk.place(room.wish(str(number), quantity=1)) for number in range(100)),
            return_exceptions=True,
        )
        assert sum(isinstance(each, Placed) for each in tries) == LIMIT
        assert sum(isinstance(each, OrderRefused) for each in tries) == 100 - LIMIT
        assert not room.failures
    assert len(broker.accepted()) == LIMIT


def test_of_a_hundred_in_threads_ten_are_entered(home: Path) -> None:
    asyncio.run(prepared(home))
    with ThreadPoolExecutor(10) as pool:
        counts = list(pool.map(lambda number: enter_many(home, f"thread{number}", 10), range(10)))
    assert sum(counts) == LIMIT
    assert asyncio.run(entered(home)) == LIMIT


def test_of_a_hundred_in_processes_ten_are_entered(home: Path) -> None:
    asyncio.run(prepared(home))
    command = [sys.executable, "-m", "tests.trading.racing", str(home)]
    racers = [
        subprocess.Popen([*command, f"process{number}", "25"], stdout=subprocess.PIPE, text=True)
        for number in range(4)
    ]
    assert sum(int(racer.communicate()[0]) for racer in racers) == LIMIT
    assert asyncio.run(entered(home)) == LIMIT


async def test_five_orders_of_four_percent_against_ten_let_two_through(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker, limits={**LOOSE, "trading.position_percent": 10.0}) as room:
        tries = await asyncio.gather(
            *(room.desk.place(room.wish(str(number), quantity=40)) for number in range(5)),
            return_exceptions=True,
        )
        assert sum(isinstance(each, Placed) for each in tries) == 2
    assert len(broker.accepted()) == 2


async def test_the_count_goes_on_over_a_restart_and_begins_anew_after_midnight(home: Path) -> None:
    for expected in (7, 3, 0):
        async with open_room(home, limits=LIMITS) as room:
            entered_now = 0
            for number in range(7):
                wish = replace(WISH, slot=f"{expected}-{number}")
                found = await room.store.run(DEFAULT_USER, enter, room.parts, wish, LIVE)
                entered_now += found.intent is not None
            assert entered_now == expected
    async with open_room(home, limits=LIMITS) as room:
        # Thirteen hours later it is tomorrow in New York, and the market is closed.
        later = NOW.replace(day=5)
        room.clock.set(later)
        live = replace(LIVE, info_at=later, price=replace(LIVE.price, at=later) if LIVE.price else None)
        wish = replace(WISH, slot="tomorrow", valid_until=later.replace(hour=17))
        assert (await room.store.run(DEFAULT_USER, enter, room.parts, wish, live)).intent is not None


async def test_sales_at_the_same_time_never_sell_more_than_is_held_as_ways_out(home: Path) -> None:
    broker = OwnBroker(fills="all")
    limits = {**LOOSE, "trading.orders_per_day": 1}
    async with open_room(home, broker, limits=limits) as room:
        await room.desk.place(room.wish("buy", quantity=10))
        await room.settle()
        broker.fills = "nothing"
        tries = await asyncio.gather(
            *(
                room.desk.place(
                    room.wish(str(number), quantity=3, side=Side.SELL, kind=Kind.LIMIT, limit=Decimal(105))
                )
                for number in range(10)
            ),
            return_exceptions=True,
        )
        # What would go on to the other side is an order of its own, and the day has no more of them.
        assert sum(isinstance(each, Placed) for each in tries) == 3
    assert len(broker.accepted()) == 4


@pytest.mark.parametrize("together", [2, 20])
async def test_the_same_wish_at_the_same_time_is_one_order(home: Path, together: int) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        placed = await asyncio.gather(*(room.desk.place(room.wish("once")) for _ in range(together)))
        assert len({each.intent.id for each in placed if each.intent is not None}) == 1
    assert len(broker.accepted()) == 1
