"""The exits of a bracket kept here: fills taken back, other starts of the program, another broker."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from puffling.puffin.broker.base import Execution, OrderStatus
from puffling.store.orders import OrderState
from puffling.trading.proposals import OTHER_WAY
from tests.fakes.own_broker import EVERYTHING, OwnBroker
from tests.trading.rooms import Room, open_room
from tests.trading.test_held_brackets import (
    LOSS,
    _entered,
    _leaving,
    _nothing_waits,
    _protected,
    _protects,
    _waiting,
)
from tests.trading.test_two_ways_out import SINGLE, _alarmed, _sent, _terms, _wish, _with_ten


class TestTakenBack:
    async def test_a_fill_of_the_entry_narrows_them_and_a_new_one_widens_them_again(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            await _entered(room)
            broker.fill("o1", 4)
            await _protects(room, 4)
            gone = broker.fill("o1", 3)
            await _protects(room, 7)
            broker.undo(gone)
            await _protects(room, 4)
            broker.fill("o1", 3)
            await _protects(room, 7)
            assert not room.alarms
            assert await room.broken(broker) == []

    async def test_the_only_fill_of_the_entry_takes_them_along(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            await _entered(room)
            gone = broker.fill("o1", 4)
            await _protects(room, 4)
            broker.undo(gone)
            await _nothing_waits(room)
            broker.fill("o1", 10)
            await _protects(room, 10)

    async def test_a_fill_of_the_entry_while_an_exit_is_at_the_broker_calls_the_person(
        self, home: Path
    ) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            profit, gone = await _leaving(room, broker, 120, 4, 6)
            broker.undo(gone)
            await _alarmed(room)
            assert "works at the broker" in room.alarms[0].text

            async def narrowed() -> bool:
                return _protected(await _waiting(room)) == [(OTHER_WAY, Decimal(4), None, LOSS)]

            await room.until(narrowed)
            # It would sell what nobody holds any more; what is left is protected by its stop.
            await room.until_state(profit.id, OrderState.CANCELED)
            room.move(90)
            await _sent(room, broker, 3)
            assert broker.accepted()[2]["qty"] == "4"
            broker.fill("o3")

            async def flat() -> bool:
                return await room.held() == 0

            await room.until(flat)

    @pytest.mark.parametrize("price", [90, 120], ids=["stop", "profit"])
    async def test_the_only_fill_of_the_entry_while_a_way_out_is_at_the_broker_takes_that_back(
        self, home: Path, price: int
    ) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            leaving, gone = await _leaving(room, broker, price, 10)
            broker.undo(gone)
            await room.until_state(leaving.id, OrderState.CANCELED)
            await _nothing_waits(room)
            # Nothing is held that anybody would have to look after.
            assert await room.held() == 0
            assert not room.alarms

    async def test_one_that_cannot_be_taken_back_calls_the_person(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            _, gone = await _leaving(room, broker, 90, 10)
            broker.fault("cancel_order", "refuse")
            broker.undo(gone)
            await _alarmed(room)
            assert "is for more than is held" in room.alarms[0].text

    async def _profit_taken(self, room: Room, broker: OwnBroker, quantity: int) -> Execution:
        profit, _ = await _leaving(room, broker, 120, 10)
        made = broker.fill("o2", quantity)
        await room.until_state(profit.id, OrderState.PARTIAL, OrderState.FILLED)
        return made

    async def test_a_fill_of_the_profit_is_protected_again_while_its_stop_waits(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            gone = await self._profit_taken(room, broker, 4)
            broker.undo(gone)

            async def protected() -> bool:
                return _protected(await _waiting(room)) == [(OTHER_WAY, Decimal(10), None, LOSS)]

            await room.until(protected)
            assert not room.alarms

    async def test_a_fill_of_two_ways_out_that_the_broker_holds_is_looked_after_by_the_broker(
        self, home: Path
    ) -> None:
        broker = OwnBroker(abilities=replace(EVERYTHING, one_cancels_other=True))
        async with open_room(home, broker) as room:
            await _with_ten(room, broker)
            placed = (await room.desk.place(_wish(room, _terms()))).intent
            assert placed is not None
            gone = broker.fill("o2", 4)
            await room.until_state(placed.id, OrderState.PARTIAL)
            broker.undo(gone)

            async def all_held() -> bool:
                return await room.held() == 10

            await room.until(all_held)
            await room.settle()
            assert not room.alarms

    async def test_a_fill_of_the_profit_after_its_stop_ended_calls_the_person(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            gone = await self._profit_taken(room, broker, 10)
            assert await _waiting(room) == []
            broker.undo(gone)
            await _alarmed(room)
            [alarm] = room.alarms
            assert "10 SPY are held now" in alarm.text
            assert "nothing protects it" in alarm.text
            assert "exits anew" in alarm.hint
            # What was taken back is told of once.
            broker.tell("o2", "trade_bust", None)
            await room.settle()
            assert len(room.alarms) == 1


class TestAnotherStart:
    async def test_what_filled_while_nobody_looked_is_protected_at_the_next_start(self, home: Path) -> None:
        file = home / "broker.json"
        async with open_room(home, OwnBroker(abilities=SINGLE, file=file)) as room:
            await _entered(room)
        broker = OwnBroker(abilities=SINGLE, file=file)
        broker.fill("o1", 6)
        async with open_room(home, broker) as room:
            await _protects(room, 6)
            assert room.prices.watched == [frozenset({"SPY"})]
        async with open_room(home, broker) as room:
            await _protects(room, 6)
            room.move(90)
            await _sent(room, broker, 2)
            assert broker.accepted()[1]["qty"] == "6"
            # The rest of the entry went on meanwhile.
            broker.fill("o1", 4)
            await _protects(room, 4)

    async def test_they_stay_here_though_the_broker_learns_to_hold_them(self, home: Path) -> None:
        file = home / "broker.json"
        async with open_room(home, OwnBroker(abilities=SINGLE, file=file)) as room:
            entry = await _entered(room)
        clever = replace(SINGLE, brackets=True, one_cancels_other=True)
        broker = OwnBroker(abilities=clever, file=file)
        broker.fill("o1")
        async with open_room(home, broker) as room:
            assert (await room.intent(entry.id)).exits_here
            profit, _ = await _protects(room, 10)
            room.move(120)
            await _sent(room, broker, 2)
            sent = broker.accepted()[1]
            # A limit by itself, and no pair of the broker's.
            assert (sent["kind"], sent["client_id"]) == ("limit", profit.client_id)
            broker.end("o2", OrderStatus.CANCELED)
            await room.settle()
            assert (await room.intent(profit.id)).state is OrderState.CANCELED
            room.move(90)
            await _sent(room, broker, 3)
            assert broker.accepted()[2]["kind"] == "market"
