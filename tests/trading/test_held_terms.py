"""What this computer holds for a poor broker loses nothing on its way there."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.clock import FixedClock
from puffling.trading.held import proposal_of, release
from puffling.trading.looking import look
from tests.fakes.own_broker import OwnBroker
from tests.trading.cases import NOW
from tests.trading.rooms import MINE, open_room
from tests.trading.test_held import POOR, _with_ten, _working


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


async def test_what_was_met_just_before_the_end_waits_to_be_met_anew(home: Path) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(abilities=POOR, now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        wish = room.wish("stop", kind=Kind.STOP, stop=Decimal(110), lasting=Lasting.GTC)
        intent = (await room.desk.place(wish)).intent
        assert intent is not None
        room.prices.price = Decimal(111)
        proposal = proposal_of(intent)
        line = room.parts.line(MINE.id)
        live = await look(room.parts, line, proposal, replaces=intent, confirmed="met")
        assert not (await room.parts.run(release, room.parts, intent.id, live)).held
    clock.advance(5 * 86_400)
    async with open_room(home, broker, clock=clock) as room:
        room.prices.price = Decimal(50)
        await room.settle()
        assert broker.submitted == 0
        assert (await room.intent(intent.id)).held
        room.move(110)
        await _working(room, broker, 1)
