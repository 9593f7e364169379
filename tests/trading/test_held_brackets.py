"""A bracket at a broker that holds none: its exits wait here, and stand for what its entry has filled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from puffling.puffin.broker.base import Execution
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.errors import Conflict
from puffling.store.orders import Intent, OrderState
from puffling.trading.flags import Standing, write_standing
from puffling.trading.proposals import EXITS, OTHER_WAY
from puffling.trading.values import TradingState
from tests.fakes.own_broker import OwnBroker
from tests.trading.cases import NOW
from tests.trading.rooms import LOOSE, MINE, Room, open_room
from tests.trading.test_two_ways_out import HALTED, SINGLE, _alarmed, _sent

PROFIT, LOSS = Decimal(120), Decimal(90)
# Changes orders, too.
CHANGING = replace(SINGLE, replaces=True, resizes_filled=True)
BOTH: dict[str, Any] = {"take_profit": PROFIT, "stop_loss": LOSS}


async def _entered(room: Room, **terms: Any) -> Intent:
    """A bracket for ten whose entry works at the broker, or waits here itself."""
    placed = await room.desk.place(room.wish("in", quantity=10, **(terms or BOTH)))
    assert placed.intent is not None
    assert placed.intent.exits_here
    return placed.intent


async def _waiting(room: Room) -> list[Intent]:
    return sorted(await room.read(lambda unit: unit.intents.held()), key=lambda each: each.leg)


def _protected(exits: Iterable[Intent]) -> list[tuple[str, Decimal, Decimal | None, Decimal | None]]:
    """What waits: which, how much, at which limit and stop."""
    return [(each.leg, each.terms.quantity, each.terms.limit, each.terms.stop) for each in exits]


async def _protects(room: Room, quantity: int) -> tuple[Intent, Intent]:
    """Wait until profit and stop stand for so much, and for nothing else."""
    wanted = [(EXITS, Decimal(quantity), PROFIT, None), (OTHER_WAY, Decimal(quantity), None, LOSS)]

    async def there() -> bool:
        return _protected(await _waiting(room)) == wanted

    await room.until(there)
    profit, stop = await _waiting(room)
    assert stop.parent_id == profit.id
    return profit, stop


async def _leaving(room: Room, broker: OwnBroker, price: int, *filled: int) -> tuple[Intent, Execution]:
    """Enter by these fills and meet the price of a way out, which then works: that one, and the last fill."""
    await _entered(room)
    made = [broker.fill("o1", quantity) for quantity in filled]
    profit, stop = await _protects(room, sum(filled))
    room.move(price)
    leaving = profit if price >= PROFIT else stop
    await room.until_state(leaving.id, OrderState.ACKED)
    return leaving, made[-1]


async def _nothing_waits(room: Room) -> None:
    async def none() -> bool:
        return await _waiting(room) == []

    await room.until(none)


class TestTheEntry:
    async def test_it_is_shown_so_before_and_leaves_as_an_order_by_itself(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            preview = await room.desk.preview(room.wish(**BOTH))
            assert (preview.held, preview.exits_here) == (False, True)
            [kind] = [check for check in preview.verdict.checks if check.code == "broker_kind"]
            assert "this computer the exits" in kind.text
            entry = await _entered(room)
            await _sent(room, broker, 1)
            assert broker.accepted()[0]["client_id"] == entry.client_id
            # Nothing is there that could be protected.
            room.move(80)
            room.move(130)
            await room.settle()
            assert await _waiting(room) == []
            assert room.prices.watched == []
            assert await room.broken(broker) == []

    async def test_one_whose_kind_is_held_here_waits_itself_and_then_brings_its_exits(
        self, home: Path
    ) -> None:
        broker = OwnBroker(abilities=replace(SINGLE, kinds=frozenset({Kind.MARKET, Kind.LIMIT})))
        async with open_room(home, broker) as room:
            terms = BOTH | {"kind": Kind.STOP, "stop": Decimal(105)}
            entry = await _entered(room, **terms)
            assert entry.held
            room.move(105)
            await _sent(room, broker, 1)
            assert broker.accepted()[0]["kind"] == "market"
            broker.fill("o1")
            await _protects(room, 10)
            assert await room.broken(broker) == []

    async def test_cancelled_before_anything_filled_it_leaves_nothing(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            entry = await _entered(room)
            await room.desk.cancel(entry.id)
            await room.settle()
            assert (await room.intent(entry.id)).state is OrderState.CANCELED
            assert await _waiting(room) == []
            assert [each.id for each in await room.desk.intents()] == [entry.id]

    async def test_its_exits_protect_what_filled_when_the_rest_is_cancelled(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            entry = await _entered(room)
            broker.fill("o1", 4)
            await _protects(room, 4)
            await room.desk.cancel(entry.id)
            await room.settle()
            assert (await room.intent(entry.id)).state is OrderState.CANCELED
            await _protects(room, 4)
            room.move(90)
            await _sent(room, broker, 2)
            assert broker.accepted()[1]["qty"] == "4"
            broker.fill("o2")

            async def flat() -> bool:
                return await room.held() == 0

            await room.until(flat)
            assert await room.broken(broker) == []

    async def test_its_exits_widen_with_every_fill_and_not_with_news_of_it(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            await _entered(room)
            made = broker.fill("o1", 3)
            first = await _protects(room, 3)
            broker.tell("o1", "partial_fill", made)
            await room.settle()
            assert await _protects(room, 3) == first
            broker.fill("o1", 2)
            await _protects(room, 5)
            broker.fill("o1", 5)
            await _protects(room, 10)
            assert room.prices.watched == [frozenset({"SPY"})]
            assert {(await room.intent(each.id)).state for each in first} == {OrderState.REPLACED}

    async def test_a_change_of_it_keeps_its_exits_to_what_has_filled_before_and_after(
        self, home: Path
    ) -> None:
        broker = OwnBroker(abilities=CHANGING)
        async with open_room(home, broker) as room:
            entry = await _entered(room, **(BOTH | {"kind": Kind.LIMIT, "limit": Decimal(101)}))
            broker.fill("o1", 4)
            await _protects(room, 4)
            changed = await room.desk.replace(entry.id, quantity=Decimal(12), slot="more", source="person")
            assert changed.intent is not None
            assert changed.intent.exits_here
            await _protects(room, 4)
            broker.fill("o2", 8)
            await _protects(room, 12)
            assert await room.held() == 12

    async def test_a_short_one_is_bought_back(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker, limits=LOOSE | {"trading.margin": True}) as room:
            terms = {"side": Side.SELL, "take_profit": Decimal(80), "stop_loss": Decimal(110)}
            await _entered(room, **terms)
            broker.fill("o1")

            async def there() -> bool:
                return [each.terms.side for each in await _waiting(room)] == [Side.BUY, Side.BUY]

            await room.until(there)
            room.move(110)
            await _sent(room, broker, 2)
            broker.fill("o2")

            async def flat() -> bool:
                return await room.held() == 0

            await room.until(flat)
            assert await room.broken(broker) == []


class TestTheExits:
    async def test_they_are_two_ways_out_like_any_and_only_one_is_taken(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            entry = await _entered(room)
            broker.fill("o1")
            profit, stop = await _protects(room, 10)
            assert (profit.parent_id, profit.terms.lasting) == (entry.id, Lasting.GTC)
            room.move(120)
            await _sent(room, broker, 2)
            sent = broker.accepted()[1]
            assert (sent["kind"], sent["limit"], sent["client_id"]) == ("limit", "120", profit.client_id)
            broker.fill("o2", 6)
            await room.until_state(profit.id, OrderState.PARTIAL)
            assert (await room.intent(stop.id)).state is OrderState.REPLACED
            room.move(90)
            await _sent(room, broker, 3)
            assert broker.accepted()[2]["qty"] == "4"
            broker.fill("o3")

            async def flat() -> bool:
                return await room.held() == 0

            await room.until(flat)
            assert await room.broken(broker) == []
            assert not room.alarms

    async def test_what_fills_after_one_was_taken_is_protected_by_exits_of_its_own(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            await _entered(room)
            broker.fill("o1", 4)
            first, _ = await _protects(room, 4)
            room.move(120)
            await _sent(room, broker, 2)
            broker.fill("o2")
            await room.until_state(first.id, OrderState.FILLED)
            broker.fill("o1", 6)
            second, _ = await _protects(room, 6)
            assert second.parent_id == first.parent_id
            room.move(90)
            await _sent(room, broker, 3)
            broker.fill("o3")

            async def flat() -> bool:
                return await room.held() == 0

            await room.until(flat)
            assert await room.broken(broker) == []

    @pytest.mark.parametrize(
        ("terms", "price", "kind"),
        [
            ({"stop_loss": LOSS}, 90, "market"),
            ({"take_profit": PROFIT}, 120, "limit"),
        ],
    )
    async def test_a_bracket_may_have_one_of_them_only(
        self, home: Path, terms: dict[str, Decimal], price: int, kind: str
    ) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            await _entered(room, **terms)
            broker.fill("o1")

            async def one() -> bool:
                return [each.leg for each in await _waiting(room)] == [EXITS]

            await room.until(one)
            [exit_] = await _waiting(room)
            room.move(100)
            await room.settle()
            assert broker.submitted == 1
            with pytest.raises(Conflict, match="stand for what they lead out of"):
                await room.desk.replace(exit_.id, quantity=Decimal(3), slot="less", source="person")
            room.move(price)
            await _sent(room, broker, 2)
            sent = broker.accepted()[1]
            assert (sent["kind"], sent["qty"], sent["stop"]) == (kind, "10", None)
            broker.fill("o2")
            await room.until_state(exit_.id, OrderState.FILLED)
            assert await room.broken(broker) == []

    @pytest.mark.parametrize("which", [0, 1])
    async def test_whoever_cancels_one_wants_none_also_of_what_fills_later(
        self, home: Path, which: int
    ) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            entry = await _entered(room)
            broker.fill("o1", 4)
            exits = await _protects(room, 4)
            await room.desk.cancel(exits[which].id)
            assert {(await room.intent(each.id)).state for each in exits} == {OrderState.CANCELED}
            broker.fill("o1", 6)
            await room.until_state(entry.id, OrderState.FILLED)
            await room.settle()
            assert await _waiting(room) == []

    async def test_cancelling_everything_leaves_none_though_the_entry_fills_on_the_way(
        self, home: Path
    ) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            await _entered(room)
            broker.fault("cancel_order", "fills_first")
            await room.desk.cancel_all(MINE.id)
            await room.settle()
            assert await room.held() == 10
            assert await _waiting(room) == []

    async def test_flattening_takes_entry_exits_and_position(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            entry = await _entered(room)
            broker.fill("o1", 4)
            await _protects(room, 4)
            report = await room.desk.flatten(MINE.id, slot="out", source="person", confirmed="Flatten")
            assert not report.failed
            [closing] = report.closing
            assert (closing.terms.side, closing.terms.quantity) == (Side.SELL, Decimal(4))
            assert await _waiting(room) == []
            await room.settle()
            assert (await room.intent(entry.id)).state is OrderState.CANCELED
            broker.fill("o2")
            await room.until_state(closing.id, OrderState.FILLED)
            assert await room.held() == 0
            assert await room.broken(broker) == []

    async def test_a_halt_keeps_them_here_and_they_widen_and_leave_after_it(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        async with open_room(home, broker) as room:
            await _entered(room)
            broker.fill("o1", 4)
            await _protects(room, 4)
            await room.parts.run(write_standing, HALTED)
            broker.fill("o1", 6)
            await _protects(room, 10)
            room.move(89)
            await _alarmed(room)
            assert broker.submitted == 1
            narrowed = Standing(TradingState.REDUCING, "Only out", "you", NOW)
            await room.parts.run(lambda unit: write_standing(unit, narrowed))

            async def sent() -> bool:
                room.move(88)
                return len(broker.accepted()) == 2

            await room.until(sent)
            assert broker.accepted()[1]["qty"] == "10"

    async def test_a_bracket_counts_as_one_order_and_its_exits_as_none(self, home: Path) -> None:
        broker = OwnBroker(abilities=SINGLE)
        limits = LOOSE | {"trading.orders_per_day": 2, "trading.exits_per_hour": 1}
        async with open_room(home, broker, limits=limits) as room:
            await _entered(room)
            for quantity in (3, 3, 4):
                broker.fill("o1", quantity)
            await _protects(room, 10)
            verdict = (await room.desk.preview(room.wish("two", quantity=1))).verdict
            entered = next(check for check in verdict.checks if check.code == "orders_per_day")
            assert entered.used == 2
            # What the exits stand for is promised, and once.
            free = room.wish("out", quantity=1, side=Side.SELL)
            verdict = (await room.desk.preview(free)).verdict
            exits = next(check for check in verdict.checks if check.code == "exits_per_hour")
            assert not verdict.shrinks
            assert exits.used == 0
            room.move(90)
            await _sent(room, broker, 2)

    async def test_their_lines_stand_below_the_entry_and_say_where_they_are_held(self, home: Path) -> None:
        broker = OwnBroker(abilities=CHANGING)
        async with open_room(home, broker) as room:
            entry = await _entered(room, **(BOTH | {"kind": Kind.LIMIT, "limit": Decimal(101)}))
            [line] = await room.desk.lines()
            assert (line.exits_here, line.held, line.is_changeable) == (True, False, True)
            broker.fill("o1", 4)
            profit, stop = await _protects(room, 4)
            lines = await room.desk.lines()
            assert [each.id for each in lines][:3] == [entry.id, profit.id, stop.id]
            assert [each.parent_id for each in lines][:3] == [None, entry.id, profit.id]
            assert [each.held for each in lines][:3] == [False, True, True]
            changed = await room.desk.replace(entry.id, limit=Decimal(102), slot="more", source="person")
            assert changed.intent is not None
            lines = await room.desk.lines()
            ids = [each.id for each in lines]
            assert ids[ids.index(changed.intent.id) :][:3] == [changed.intent.id, profit.id, stop.id]
