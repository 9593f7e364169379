"""Cancelling and changing: what the broker says afterwards is what counts, and what failed has a name."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from puffling.puffin.broker.base import OrderStatus
from puffling.puffin.orders import Kind, Side
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Conflict, InvalidInput, NotFound, Unavailable
from puffling.store.orders import Intent, OrderState
from puffling.trading.entering import OrderRefused
from puffling.trading.values import Placed
from tests.fakes.bare_broker import BareBroker
from tests.fakes.own_broker import EVERYTHING, OwnBroker
from tests.trading.cases import NOW
from tests.trading.rooms import LOOSE, MINE, Room, open_room

HUNDRED = Decimal(100)


async def _working(room: Room, slot: str = "one", **changes: Any) -> Intent:
    placed = await room.desk.place(room.wish(slot, kind=Kind.LIMIT, limit=HUNDRED, **changes))
    assert placed.intent is not None
    assert placed.intent.state is OrderState.ACKED
    return placed.intent


async def _accepted(room: Room, broker: OwnBroker, count: int) -> None:
    async def there() -> bool:
        return len(broker.accepted()) == count

    await room.until(there)


async def test_a_cancelled_order_is_over_and_reserves_nothing(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await _working(room)
        cancelled = await room.desk.cancel(intent.id)
        assert cancelled.state is OrderState.CANCELED
        assert cancelled.intent is not None
        assert (cancelled.intent.state, cancelled.intent.reserved) == (OrderState.CANCELED, Decimal(0))
        again = await room.desk.cancel(intent.client_id)
        assert again.state is OrderState.CANCELED
        assert broker.calls.count("cancel_order") == 1
        assert await room.broken(broker) == []


async def test_cancelling_what_was_filled_already_says_so_and_counts_the_fill(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await _working(room)
        broker.fault("cancel_order", "fills_first")
        cancelled = await room.desk.cancel(intent.id)
        assert cancelled.state is OrderState.FILLED
        assert await room.held() == 5
        assert (await room.intent(intent.id)).state is OrderState.FILLED
        assert await room.broken(broker) == []


async def test_a_cancel_that_is_refused_leaves_the_order_working_and_says_why(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await _working(room)
        broker.fault("cancel_order", "refuse")
        with pytest.raises(Conflict, match="not cancelable"):
            await room.desk.cancel(intent.id)
        assert (await room.intent(intent.id)).state is OrderState.ACKED
        assert await room.broken(broker) == []


async def test_a_second_cancel_that_is_refused_since_the_first_is_under_way_is_no_failure(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await _working(room)
        broker.end("o1", OrderStatus.PENDING_CANCEL)
        # A question under way since before may still be answered with what was true then.
        await room.settle()
        await room.until_state(intent.id, OrderState.PENDING_CANCEL)
        broker.fault("cancel_order", "refuse")
        assert (await room.desk.cancel(intent.id)).state is OrderState.PENDING_CANCEL
        broker.end("o1", OrderStatus.CANCELED)
        await room.settle()
        await room.until_state(intent.id, OrderState.CANCELED)


@pytest.mark.parametrize(("fault", "ends"), [("unclear", "ACKED"), ("unclear_after", "CANCELED")])
async def test_after_an_unclear_cancel_the_order_is_read_again(home: Path, fault: str, ends: str) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await _working(room)
        broker.fault("cancel_order", fault)
        if ends == "ACKED":
            with pytest.raises(Conflict):
                await room.desk.cancel(intent.id)
        else:
            await room.desk.cancel(intent.id)
        assert (await room.intent(intent.id)).state == ends
        assert await room.broken(broker) == []


async def test_a_cancel_of_which_nobody_knows_is_not_said_to_be_one(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await _working(room)
        broker.fault("cancel_order", "unclear")
        broker.fault("get_order_status", "unclear")
        with pytest.raises(Unavailable, match="not known"):
            await room.desk.cancel(intent.id)
        await room.until_state(intent.id, OrderState.ACKED)
        broker.fault("get_order_status", "unclear")
        cancelled = await room.desk.cancel(intent.id)
        assert cancelled.state in {OrderState.PENDING_CANCEL, OrderState.CANCELED}
        await room.until_state(intent.id, OrderState.CANCELED)


async def test_cancelling_all_names_what_could_not_be(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        for number, symbol in enumerate(("AAPL", "MSFT", "NVDA")):
            await _working(room, f"n{number}", symbol=symbol)
        broker.mute = True
        broker.place_elsewhere("QQQ", 1)
        broker.fault("cancel_order", "none", "refuse", "fills_first")
        report = await room.desk.cancel_all(MINE.id)
        assert report.cancelled == 2
        refused, filled = report.failed
        assert "not cancelable" in refused.reason
        assert "filled already" in filled.reason
        stands = {row["symbol"]: row["status"] for row in broker.accepted()}
        assert stands[refused.title.split()[-1]] == "accepted"
        assert stands[filled.title.split()[-1]] == "filled"
        assert sorted(stands.values()) == ["accepted", "canceled", "canceled", "filled"]


async def test_what_filled_unheard_counts_as_held_as_soon_as_the_order_does(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await _working(room, symbol="AAPL", quantity=10)
        await _working(room, "two", symbol="QQQ")
        broker.fill(broker.accepted()[0]["id"], 4, say=False)

        async def counted() -> list[Decimal]:
            [order] = await room.read(lambda unit: unit.orders.of_intent(intent.id))
            return [order.filled, await room.held("AAPL")]

        # While the broker tells orders and no fills, what it filled is no less of a risk than before.
        broker.fault("get_executions", *["unclear"] * 50)
        await room.desk.cancel_all(MINE.id, "QQQ")
        assert await counted() == [0, 0]
        broker.faults.clear()
        await room.desk.cancel_all(MINE.id)
        assert await counted() == [4, 4]


async def test_cancelling_all_of_a_symbol_leaves_the_others(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        await _working(room)
        other = await _working(room, "two", symbol="QQQ")
        broker.fault("get_all_orders", "unclear")
        assert (await room.desk.cancel_all(MINE.id, "SPY")).cancelled == 1
        assert (await room.intent(other.id)).state is OrderState.ACKED


async def test_what_waits_for_a_busy_broker_is_cancelled_without_it(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        broker.fault("submit_order", "busy")
        placed = await room.desk.place(room.wish())
        assert placed.intent is not None
        cancelled = await room.desk.cancel(placed.intent.id)
        assert (cancelled.state, cancelled.order) == (OrderState.CANCELED, None)
        room.clock.advance(2)
        await room.settle()
    assert broker.accepted() == []


async def test_cancelling_what_is_being_sent_waits_and_cancels_it(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        broker.fault("submit_order", "hang_after")
        placing = room.scope.spawn(room.desk.place(room.wish()), name="place")

        async def sent() -> bool:
            return bool(broker.accepted())

        await room.until(sent)
        [intent] = await room.desk.intents()
        cancelling = room.scope.spawn(room.desk.cancel(intent.id), name="cancel")
        broker.hang.set()
        await placing
        assert (await cancelling).state in {OrderState.ABANDONED_WATCH, OrderState.CANCELED}
        await room.settle()
        assert (await room.intent(intent.id)).state is OrderState.CANCELED
        assert await room.broken(broker) == []


async def test_an_order_nobody_knows_cannot_be_cancelled(home: Path) -> None:
    async with open_room(home, OwnBroker()) as room:
        with pytest.raises(NotFound):
            await room.desk.cancel("nothing")
        with pytest.raises(NotFound):
            await room.desk.cancel_all("nowhere")


async def test_a_changed_order_stands_in_the_place_of_the_old_one_and_counts_once(home: Path) -> None:
    broker = OwnBroker()
    limits = {**LOOSE, "trading.orders_per_day": 1}
    async with open_room(home, broker, limits=limits) as room:
        old = await _working(room)
        changed = await room.desk.replace(
            old.id, quantity=Decimal(8), limit=Decimal(99), slot="change", source="person"
        )
        assert changed.intent is not None
        assert (changed.intent.parent_id, changed.intent.state) == (old.id, OrderState.ACKED)
        assert (await room.intent(old.id)).state is OrderState.REPLACED
        with pytest.raises(OrderRefused, match="limit"):
            await room.desk.place(room.wish("two"))
        broker.fill("o2", 8)
        await room.until_state(changed.intent.id, OrderState.FILLED)
        assert await room.held() == 8
        await room.settle()
        assert await room.broken(broker, orders_per_day=1) == []


@pytest.mark.parametrize("carries", [True, False])
async def test_a_changed_order_may_begin_with_what_the_old_one_had_filled(home: Path, carries: bool) -> None:
    broker = OwnBroker()
    broker.carries_fills = carries
    async with open_room(home, broker) as room:
        old = await _working(room)
        broker.fill("o1", 2)
        await room.until_state(old.id, OrderState.PARTIAL)
        with pytest.raises(Conflict, match="filled in part"):
            await room.desk.replace(old.id, quantity=Decimal(8), slot="more", source="person")
        changed = await room.desk.replace(old.id, limit=Decimal(99), slot="change", source="person")
        assert changed.intent is not None
        broker.fill("o2", 3)
        await room.until_state(changed.intent.id, OrderState.FILLED)
        assert await room.held() == 5
        await room.settle()
        assert room.alarms == []
        assert await room.broken(broker) == []


@pytest.mark.parametrize(("fault", "ends"), [("refuse", "ACKED"), ("reset_after", "REPLACED")])
async def test_a_change_that_fails_leaves_what_the_broker_says(home: Path, fault: str, ends: str) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        old = await _working(room)
        broker.fault("replace_order", fault)
        if ends == "ACKED":
            with pytest.raises(Conflict, match="not replaceable"):
                await room.desk.replace(old.id, limit=Decimal(99), slot="change", source="person")
        else:
            changed = await room.desk.replace(old.id, limit=Decimal(99), slot="change", source="person")
            assert changed.intent is not None
            await room.until_state(changed.intent.id, OrderState.ACKED)
        await room.until_state(old.id, ends)
        await room.settle()
        assert await room.broken(broker) == []


async def test_a_change_that_never_arrived_is_given_up_and_the_old_order_stands(home: Path) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        old = await _working(room)
        broker.fault("replace_order", "reset_before")
        changed = await room.desk.replace(old.id, limit=Decimal(99), slot="change", source="person")
        assert changed.intent is not None
        await room.until_state(old.id, OrderState.ACKED)
        clock.advance(20)
        await room.settle()
        # Sent as an order of its own, it would work beside the one it was to change.
        assert broker.submitted == 1
        clock.advance(41)
        await room.settle()
        assert (await room.intent(changed.intent.id)).state is OrderState.ABANDONED_WATCH
        clock.advance(25 * 3600)
        await room.settle()
        assert (await room.intent(changed.intent.id)).state is OrderState.EXPIRED
        assert (await room.intent(old.id)).state is OrderState.ACKED
        assert len(broker.accepted()) == 1


async def test_a_change_is_judged_like_an_order_without_what_it_replaces(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker, limits={**LOOSE, "trading.position_percent": 1.0}) as room:
        old = await _working(room, quantity=9)
        with pytest.raises(OrderRefused, match="of the account"):
            await room.desk.replace(old.id, quantity=Decimal(11), slot="more", source="person")
        changed = await room.desk.replace(old.id, quantity=Decimal(10), slot="less", source="person")
        assert changed.intent is not None
        assert changed.intent.state is OrderState.ACKED


async def test_what_cannot_be_changed_says_why(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await _working(room)
        with pytest.raises(InvalidInput, match="Nothing would change"):
            await room.desk.replace(intent.id, slot="same", source="person")
        with pytest.raises(NotFound):
            await room.desk.replace("nothing", limit=HUNDRED, slot="x", source="person")
        trailing = await room.desk.place(
            room.wish("t", kind=Kind.TRAILING_STOP, trail=Decimal(5), side=Side.SELL)
        )
        assert trailing.intent is not None
        with pytest.raises(InvalidInput, match="follows the price"):
            await room.desk.replace(trailing.intent.id, stop=HUNDRED, slot="y", source="person")
        await room.desk.cancel(intent.id)
        with pytest.raises(Conflict, match="cancelled and cannot be changed"):
            await room.desk.replace(intent.id, limit=Decimal(99), slot="z", source="person")
        broker.place_elsewhere("QQQ", 1)
        await room.settle()
        [order] = await room.read(lambda unit: unit.orders.newest(symbol="QQQ"))
        with pytest.raises(Conflict, match="placed elsewhere"):
            await room.desk.replace(order.id, limit=Decimal(99), slot="w", source="person")


async def test_a_broker_that_changes_nothing_says_so_before_anything_is_written(home: Path) -> None:
    broker = OwnBroker(abilities=replace(EVERYTHING, replaces=False))
    async with open_room(home, broker) as room:
        intent = await _working(room)
        with pytest.raises(Conflict, match="does not change orders"):
            await room.desk.replace(intent.id, limit=Decimal(99), slot="change", source="person")
        assert len(await room.desk.intents()) == 1


async def test_closing_sells_what_is_held_after_cancelling_what_works(home: Path) -> None:
    broker = OwnBroker(fills="all")
    async with open_room(home, broker) as room:
        await room.desk.place(room.wish())

        async def held() -> bool:
            return await room.held() == 5

        await room.until(held)
        broker.fills = "nothing"
        await _working(room, "more", quantity=2)
        broker.fills = "all"
        closed = await room.desk.close_position(MINE.id, "SPY", slot="close", source="person")
        assert closed.intent is not None
        await room.until_state(closed.intent.id, OrderState.FILLED)
        assert closed.intent.shrinks
        assert await room.held() == 0
        with pytest.raises(NotFound, match="Nothing is held"):
            await room.desk.close_position(MINE.id, "SPY", slot="again", source="person")
        assert await room.broken(broker) == []


async def test_closing_stops_when_an_order_of_the_symbol_cannot_be_cancelled(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        await _working(room)
        broker.fault("cancel_order", "refuse")
        with pytest.raises(Conflict, match="Buy 5 SPY"):
            await room.desk.close_position(MINE.id, "SPY", slot="close", source="person")


async def _turning_round(room: Room, broker: OwnBroker) -> asyncio.Task[tuple[Placed, ...]]:
    """Five are held and to be turned round: the order that leaves them is at the broker, unfilled."""
    await room.desk.place(room.wish())

    async def held() -> bool:
        return await room.held() == 5

    await room.until(held)
    broker.fills = "nothing"
    turning = room.scope.spawn(
        room.desk.reverse(MINE.id, "SPY", slot="round", source="person"), name="reverse"
    )
    await _accepted(room, broker, 2)
    return turning


async def test_turning_round_waits_for_the_first_half(home: Path) -> None:
    broker = OwnBroker(fills="all")
    async with open_room(home, broker) as room:
        turning = await _turning_round(room, broker)
        assert not turning.done()
        broker.fills = "all"
        broker.fill("o2")
        placed = await turning
        assert len(placed) == 2
        assert placed[1].intent is not None
        await room.until_state(placed[1].intent.id, OrderState.FILLED)
        assert await room.held() == -5
        await room.settle()
        assert await room.broken(broker) == []


async def test_turning_round_ends_half_way_when_the_first_half_does_not_fill(home: Path) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(fills="all", now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        turning = await _turning_round(room, broker)

        async def over() -> bool:
            clock.advance(5)
            return turning.done()

        await room.until(over)
        assert len(turning.result()) == 1
        assert await room.held() == 5


async def test_flattening_closes_everything_and_names_what_it_could_not(home: Path) -> None:
    broker = OwnBroker(fills="all")
    async with open_room(home, broker) as room:
        for symbol in ("AAPL", "MSFT"):
            await room.desk.place(room.wish(symbol, symbol=symbol))

        async def both() -> bool:
            return await room.held("AAPL") == await room.held("MSFT") == 5

        await room.until(both)
        broker.fault("submit_order", "no_money")
        report = await room.desk.flatten(MINE.id, slot="flat", source="person", confirmed="Flatten")
        assert [each.terms.symbol for each in report.closing] == ["MSFT"]
        assert [each.title for each in report.failed] == ["AAPL"]

        async def closed() -> bool:
            return await room.held("MSFT") == 0

        await room.until(closed)
        assert await room.held("AAPL") == 5
        await room.settle()
        assert await room.broken(broker) == []


async def test_a_broker_of_the_bare_contract_cancels_too(home: Path) -> None:
    inner = OwnBroker()
    async with open_room(home, BareBroker(inner)) as room:
        intent = await _working(room)
        assert (await room.desk.cancel_all(MINE.id)).cancelled == 1
        assert (await room.intent(intent.id)).state is OrderState.CANCELED
