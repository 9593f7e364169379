"""Ways out that wait here are changed: a price moves, and what belongs together stays together."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from puffling.runtime.errors import Conflict, InvalidInput
from puffling.store.orders import Intent, OrderState
from puffling.trading.entering import OrderRefused
from puffling.trading.flags import write_standing
from puffling.trading.proposals import EXITS, OTHER_WAY
from tests.fakes.own_broker import OwnBroker
from tests.trading.rooms import LOOSE, Room, open_room
from tests.trading.test_held_brackets import LOSS, PROFIT, _entered, _nothing_waits, _protects, _waiting
from tests.trading.test_two_ways_out import HALTED, SINGLE, _held, _sent, _with_ten

# A second change soon after the first is no mistake either.
WATCHFUL = LOOSE | {"trading.duplicate_seconds": 60}


async def _moved(room: Room, id: str, slot: str = "move", **prices: Any) -> Intent:
    placed = await room.desk.replace(id, slot=slot, source="person", **prices)
    assert placed.intent is not None
    return placed.intent


async def _prices(room: Room) -> list[tuple[str, Decimal, Decimal | None, Decimal | None]]:
    waiting = await _waiting(room)
    return [(each.leg, each.terms.quantity, each.terms.limit, each.terms.stop) for each in waiting]


async def _out_at(room: Room, broker: OwnBroker, price: int, order: str) -> None:
    """The price comes, what is met leaves and fills, and nothing is left of either way out."""
    count = len(broker.accepted())
    room.move(price)
    await _sent(room, broker, count + 1)
    broker.fill(order)

    async def flat() -> bool:
        return await room.held() == 0

    await room.until(flat)
    await _nothing_waits(room)
    assert await room.broken(broker) == []


class TestTheExitsOfABracket:
    async def test_the_stop_moves_and_leaves_where_it_waits_now(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker, limits=WATCHFUL) as room:
            entry = await _entered(room)
            broker.fill("o1")
            profit, stop = await _protects(room, 10)
            made = await _moved(room, stop.id, stop=Decimal(95))
            assert {(await room.intent(each.id)).state for each in (profit, stop)} == {OrderState.REPLACED}
            assert (made.parent_id, made.leg, made.source) == (entry.id, EXITS, "person")
            ten = Decimal(10)
            assert await _prices(room) == [(EXITS, ten, PROFIT, None), (OTHER_WAY, ten, None, Decimal(95))]
            again = (await _waiting(room))[1]
            await _moved(room, again.id, "again", stop=Decimal(96))
            room.move(97)
            await room.settle()
            assert broker.submitted == 1
            await _out_at(room, broker, 96, "o2")

    async def test_the_profit_moves_and_both_move_at_once_by_the_one_that_stands_for_both(
        self, home: Path
    ) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            await _entered(room)
            broker.fill("o1")
            profit, _ = await _protects(room, 10)
            made = await _moved(room, profit.id, limit=Decimal(110))
            made = await _moved(room, made.id, "both", limit=Decimal(108), stop=Decimal(94))
            ten = Decimal(10)
            assert await _prices(room) == [
                (EXITS, ten, Decimal(108), None),
                (OTHER_WAY, ten, None, Decimal(94)),
            ]
            await _out_at(room, broker, 108, "o2")
            assert broker.accepted()[1]["limit"] == "108"

    async def test_what_fills_later_is_protected_at_the_moved_prices(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            await _entered(room)
            broker.fill("o1", 4)
            _, stop = await _protects(room, 4)
            await _moved(room, stop.id, stop=Decimal(95))
            broker.fill("o1", 6)
            wanted = [
                (EXITS, Decimal(10), PROFIT, None),
                (OTHER_WAY, Decimal(10), None, Decimal(95)),
            ]

            async def widened() -> bool:
                return await _prices(room) == wanted

            await room.until(widened)

    async def test_the_only_way_out_moves(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            await _entered(room, stop_loss=LOSS)
            broker.fill("o1")

            async def one() -> bool:
                return [each.leg for each in await _waiting(room)] == [EXITS]

            await room.until(one)
            [only] = await _waiting(room)
            await _moved(room, only.id, stop=Decimal(97))
            await _out_at(room, broker, 97, "o2")

    async def test_a_stop_moves_while_the_profit_works_and_stays_moved_when_that_waits_again(
        self, home: Path
    ) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            await _entered(room)
            broker.fill("o1", 4)
            profit, stop = await _protects(room, 4)
            room.move(120)
            await room.until_state(profit.id, OrderState.ACKED)
            moved = await _moved(room, stop.id, stop=Decimal(95))
            assert (moved.leg, moved.parent_id, moved.terms.stop) == (OTHER_WAY, profit.id, Decimal(95))
            with pytest.raises(Conflict, match="not changed at the broker"):
                await _moved(room, profit.id, "late", limit=Decimal(125))
            await _out_at(room, broker, 95, "o3")

    async def test_nothing_moves_that_may_not(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            await _entered(room)
            broker.fill("o1")
            profit, stop = await _protects(room, 10)
            with pytest.raises(Conflict, match="stand for what they lead out of"):
                await _moved(room, profit.id, quantity=Decimal(3))
            with pytest.raises(InvalidInput, match="Nothing would change"):
                await _moved(room, stop.id, stop=LOSS)
            with pytest.raises(InvalidInput, match="no limit behind it"):
                await _moved(room, stop.id, limit=Decimal(89))
            with pytest.raises(OrderRefused):
                await _moved(room, stop.id, stop=Decimal("95.001"))
            await room.parts.run(write_standing, HALTED)
            with pytest.raises(OrderRefused, match="halted"):
                await _moved(room, stop.id, stop=Decimal(95))
            assert await _protects(room, 10) == (profit, stop)
            await _moved_away(room, stop)

    async def test_it_is_shown_before_as_a_pair_that_only_leads_out(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        limits = WATCHFUL | {"trading.orders_per_day": 2}
        async with open_room(home, broker, limits=limits) as room:
            await _entered(room)
            broker.fill("o1")
            _, stop = await _protects(room, 10)
            proposal, preview = await room.desk.preview_change(
                stop.id, slot="move", source="person", stop=Decimal(95)
            )
            assert (proposal.terms.limit, proposal.terms.stop_loss) == (PROFIT, Decimal(95))
            assert (preview.held, preview.verdict.shrinks) == (True, True)
            assert not preview.verdict.refusals
            for number in range(5):
                _, stop = await _waiting(room)
                await _moved(room, stop.id, str(number), stop=Decimal(91 + number))


async def _moved_away(room: Room, stop: Intent) -> None:
    await room.desk.cancel(stop.id)
    with pytest.raises(Conflict, match="cannot be changed"):
        await _moved(room, stop.id, "over", stop=Decimal(95))


class TestTwoWaysOut:
    async def test_the_limit_behind_the_stop_moves_by_the_row_of_the_stop(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            await _with_ten(room, broker)
            _, stop = await _held(room, worst=Decimal(88))
            await _moved(room, stop.id, stop=Decimal(96), limit=Decimal(95))
            room.move(96)
            await _sent(room, broker, 2)
            sent = broker.accepted()[1]
            assert (sent["kind"], sent["limit"]) == ("limit", "95")

    async def test_they_stay_here_though_the_broker_learns_to_hold_them(self, home: Path) -> None:
        file = home / "broker.json"
        async with open_room(home, OwnBroker(abilities=SINGLE, file=file)) as room:
            await _entered(room)
        broker = OwnBroker(abilities=replace(SINGLE, brackets=True, one_cancels_other=True), file=file)
        broker.fill("o1")
        async with open_room(home, broker) as room:
            _, stop = await _protects(room, 10)
            made = await _moved(room, stop.id, stop=Decimal(95))
            assert made.held
            await _out_at(room, broker, 95, "o2")
