"""What this computer holds for a poor broker loses nothing on its way there."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from puffling.puffin.orders import Kind, Lasting, Side
from puffling.trading.entering import OrderRefused
from tests.fakes.own_broker import OwnBroker
from tests.trading.rooms import open_room
from tests.trading.test_held import POOR, _with_ten, _working


async def test_exits_that_the_broker_does_not_hold_are_refused_and_not_left_out(home: Path) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker) as room:
        with pytest.raises(OrderRefused, match="holds no brackets"):
            await room.desk.place(
                room.wish(kind=Kind.STOP, stop=Decimal(110), stop_loss=Decimal(100), take_profit=Decimal(130))
            )
        assert await room.read(lambda unit: unit.intents.held()) == ()


async def test_a_stop_held_until_cancelled_leaves_as_an_order_the_broker_takes(home: Path) -> None:
    broker = OwnBroker(abilities=replace(POOR, lasting=frozenset({Lasting.DAY})))
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        stop = room.wish(
            "stop", side=Side.SELL, quantity=10, kind=Kind.STOP, stop=Decimal(90), lasting=Lasting.GTC
        )
        assert (await room.desk.place(stop)).intent is not None
        room.move(90)
        await _working(room, broker, 2)
        assert broker.accepted()[1]["lasting"] == "day"
