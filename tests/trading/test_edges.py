"""What happens seldom: told wrongly, asked twice, not offered, in the middle of something else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import pytest

from puffling.puffin.broker.base import (
    BrokerUpdate,
    OrderStatus,
    UpdateKind,
)
from puffling.puffin.orders import Kind, Side
from puffling.runtime.actor import UserId
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Conflict, PufflingError, StorageFailed
from puffling.store.database import Store, Unit
from puffling.store.orders import FillKind, Intent, OrderState
from puffling.trading.cancelling import cancel_here
from puffling.trading.held import best_of
from puffling.trading.sending import Outcome, write_outcome
from puffling.trading.wire import order_for
from tests.fakes.own_broker import EVERYTHING, OwnBroker
from tests.trading.cases import NOW
from tests.trading.rooms import LOOSE, MINE, Room, open_room

P = ParamSpec("P")
R = TypeVar("R")

HUNDRED = Decimal(100)


async def _working(room: Room, slot: str = "one", **changes: Any) -> Intent:
    terms: dict[str, Any] = {"kind": Kind.LIMIT, "limit": HUNDRED, **changes}
    placed = await room.desk.place(room.wish(slot, **terms))
    assert placed.intent is not None
    return placed.intent


async def test_what_was_held_without_a_fill_to_explain_it_is_where_the_ledger_begins(home: Path) -> None:
    broker = OwnBroker()
    broker.book.positions.update({"SPY": "7", "QQQ": "-2"})
    async with open_room(home, broker) as room:
        assert (await room.held(), await room.held("QQQ")) == (Decimal(7), Decimal(-2))
        kinds = {fill.kind for fill in await room.desk.fills()}
        assert kinds == {FillKind.OPENING}
        await room.settle()
        assert len(await room.desk.fills()) == 2
        assert room.alarms == []


async def test_what_others_had_filled_long_before_is_no_fill_of_ours(home: Path) -> None:
    broker = OwnBroker(now=lambda: datetime.fromisoformat("2025-01-02T15:00:00+00:00"))
    broker.fill(broker.place_elsewhere("SPY", 7))
    made = broker.get_executions(NOW.replace(year=2024))[0]
    broker._now = lambda: NOW
    async with open_room(home, broker) as room:
        assert await room.held() == 7
        broker.tell("o1", "fill", made)
        await room.settle()
        assert await room.held() == 7
        assert [fill.kind for fill in await room.desk.fills()] == [FillKind.OPENING]


async def test_an_order_of_our_name_that_nobody_wrote_down_halts(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        broker.place_elsewhere("SPY", 1, name="pf1-p-somebody")
        await room.settle()
        assert "not written down here" in room.alarms[0].text
        assert room.switch.read() is not None


async def test_two_orders_of_one_name_halt(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await _working(room)
        broker.place_elsewhere("SPY", 5, name=intent.client_id)
        await room.settle()
        assert any("two orders of the one name" in alarm.text for alarm in room.alarms)
        assert (await room.intent(intent.id)).broker_order_id == "o1"
        assert await room.broken(broker) != []


async def test_one_id_for_two_orders_halts_and_leaves_the_second_in_doubt(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        first = await _working(room)
        second = await _working(room, "two", symbol="QQQ")
        line = room.parts.line(MINE.id)

        def mixed_up(unit: Unit) -> Any:
            sending = unit.intents.put(replace(unit.intents.get(second.id), state=OrderState.SENDING))
            answer = Outcome(OrderState.ACKED, broker_order_id=first.broker_order_id or "o1")
            return write_outcome(unit, sending.id, answer, line)

        intent, taken = await room.parts.run(mixed_up)
        assert intent.state is OrderState.UNKNOWN
        assert "two orders the one id" in taken.alarm


async def test_a_bracket_counts_as_one_and_its_legs_belong_to_it(home: Path) -> None:
    broker = OwnBroker()
    limits = {**LOOSE, "trading.orders_per_day": 1}
    async with open_room(home, broker, limits=limits) as room:
        intent = await _working(room, take_profit=Decimal(110), stop_loss=Decimal(90))
        broker.fill("o1")
        await room.until_state(intent.id, OrderState.FILLED)
        await room.settle()
        orders = await room.read(lambda unit: unit.orders.of_intent(intent.id))
        assert [order.parent_order_id for order in orders if order.broker_order_id != "o1"] == ["o1", "o1"]
        broker.fill("o2", say=True)
        broker.end("o3", OrderStatus.CANCELED)

        async def out() -> bool:
            return await room.held() == 0

        await room.until(out)
        assert (await room.intent(intent.id)).state is OrderState.FILLED
        await room.settle()
        assert await room.broken(broker, orders_per_day=1) == []
        assert room.alarms == []


async def test_a_broker_that_ends_an_order_says_why(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await _working(room)
        info = replace(
            broker.get_order_status("o1"), status=OrderStatus.REJECTED, reject_reason="margin call"
        )
        broker.end("o1", OrderStatus.REJECTED, say=False)
        broker.say(BrokerUpdate(UpdateKind.ORDER, order=info))
        ended = await room.until_state(intent.id, OrderState.REJECTED)
        assert ended.reason == "margin call"


async def test_a_preview_counts_what_waits(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        await _working(room)
        broker.fault("submit_order", "busy", "busy")
        await _working(room, "two", quantity=3)
        await _working(room, "three", quantity=1, side=Side.SELL)
        preview = await room.desk.preview(room.wish("four", quantity=1))
        assert (preview.exposure_before, preview.exposure_after) == (Decimal(700), Decimal(800))


class FullStore(Store):
    """A store whose disk may be full."""

    full = False

    async def run(
        self, user: UserId, work: Callable[Concatenate[Unit, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Save nothing while it is full."""
        if self.full:
            raise StorageFailed("The disk is full; nothing was saved.")
        return await super().run(user, work, *args, **kwargs)


@pytest.mark.parametrize("change", [False, True])
async def test_an_answer_that_could_not_be_written_down_is_found_again(home: Path, change: bool) -> None:
    broker = OwnBroker()
    async with open_room(home, broker, store_type=FullStore) as room:
        store = room.store
        assert isinstance(store, FullStore)
        first = await _working(room)
        broker.fault("replace_order" if change else "submit_order", "halts")
        broker.halts = lambda: setattr(store, "full", True)
        changing = room.desk.replace(first.id, limit=Decimal(99), slot="change", source="person")
        placing = room.desk.place(room.wish("two"))
        wanted, other = (changing, placing) if change else (placing, changing)
        other.close()
        with pytest.raises(StorageFailed, match="full"):
            await wanted
        with pytest.raises(StorageFailed, match="full"):
            await room.desk.place(room.wish("three"))
        store.full = False
        await room.settle()
        assert len(broker.accepted()) == 2
        assert await room.broken(broker) == []
        states = sorted(intent.state for intent in await room.desk.intents())
        assert states == (["ACKED", "REPLACED"] if change else ["ACKED", "ACKED"])
    room.failures.clear()


async def test_what_did_not_arrive_and_could_not_be_written_down_is_sent_under_the_same_name(
    home: Path,
) -> None:
    broker = OwnBroker()
    async with open_room(home, broker, store_type=FullStore) as room:
        store = room.store
        assert isinstance(store, FullStore)
        broker.fault("submit_order", "halts_before")
        broker.halts = lambda: setattr(store, "full", True)
        with pytest.raises(StorageFailed, match="full"):
            await room.desk.place(room.wish())
        store.full = False
        await room.settle()
        [intent], [row] = await room.desk.intents(), broker.accepted()
        assert (intent.state, intent.attempt) == (OrderState.ACKED, 2)
        assert (intent.broker_order_id, row["client_id"]) == (row["id"], intent.client_id)
        assert await room.broken(broker) == []


async def test_what_is_too_late_in_the_last_moment_is_not_sent(home: Path) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        await _working(room)
        line, let_go = room.parts.line(MINE.id), threading.Event()
        busy = room.scope.spawn(line.call(lambda _: let_go.wait(20)), name="busy")
        placing = room.scope.spawn(room.desk.place(room.wish("two")), name="place")

        async def sending() -> bool:
            return bool(await room.read(lambda unit: unit.intents.in_states({OrderState.SENDING})))

        await room.until(sending)
        clock.advance(61)
        let_go.set()
        await busy
        placed = await placing
        assert placed.intent is not None
        assert placed.intent.state is OrderState.EXPIRED
    assert broker.submitted == 1


async def test_what_was_tried_once_and_is_held_back_then_stays_in_doubt(home: Path) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        await _working(room)
        broker.fault("submit_order", "reset_before")
        broker.fault("find_order", "halts")
        broker.halts = lambda: room.switch.press("Enough", "you", NOW)
        placed = await room.desk.place(room.wish("two"))
        assert placed.intent is not None
        await room.settle()
        await room.settle()
        assert (await room.intent(placed.intent.id)).state is OrderState.UNKNOWN
        assert broker.submitted == 2


async def test_a_change_that_was_halted_or_refused_in_passing_leaves_the_old_order(home: Path) -> None:
    broker = OwnBroker()
    limits = {**LOOSE, "trading.approval_above": 600}
    async with open_room(home, broker, limits=limits) as room:
        old = await _working(room)
        asked = await room.desk.replace(old.id, quantity=Decimal(8), slot="more", source="person")
        assert asked.approval is not None
        shown, preview = await room.desk.preview_change(
            old.id, slot="look", source="person", quantity=Decimal(4)
        )
        assert (shown.terms.quantity, preview.needs_approval) == (Decimal(4), False)
        broker.fault("replace_order", "busy")
        with pytest.raises(Conflict, match="Too many"):
            await room.desk.replace(old.id, limit=Decimal(99), slot="busy", source="person")
        broker.fault("get_order_status", "unclear")
        broker.fault("replace_order", "refuse")
        with pytest.raises(Conflict, match="not replaceable"):
            await room.desk.replace(old.id, limit=Decimal(98), slot="no", source="person")
        await room.settle()
        assert (await room.intent(old.id)).state is OrderState.ACKED
        line, let_go = room.parts.line(MINE.id), threading.Event()
        busy = room.scope.spawn(line.call(lambda _: let_go.wait(20)), name="busy")
        changing = room.scope.spawn(_change(room, old.id), name="change")

        async def sending() -> bool:
            return bool(await room.read(lambda unit: unit.intents.in_states({OrderState.SENDING})))

        await room.until(sending)
        room.switch.press("Enough", "you", NOW)
        let_go.set()
        await busy
        assert "Enough" in str(await changing)
        await room.settle()
        assert (await room.intent(old.id)).state is OrderState.ACKED


async def _change(room: Room, id: str) -> PufflingError | None:
    try:
        await room.desk.replace(id, limit=Decimal(97), slot="halted", source="person")
    except PufflingError as error:
        return error
    return None


async def test_what_works_already_is_not_cancelled_here(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await _working(room)
        assert await room.parts.run(cancel_here, intent.id) == await room.intent(intent.id)


async def test_orders_cancelled_at_any_moment_end_in_one_place(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        for turns in range(0, 60, 3):
            placing = room.scope.spawn(
                room.desk.place(room.wish(f"n{turns}", symbol=f"S{turns}")), name="place"
            )

            async def there(turns: int = turns) -> bool:
                return bool(await room.desk.intents(symbol=f"S{turns}"))

            await room.until(there)
            for _ in range(turns):
                await asyncio.sleep(0)
            [intent] = await room.desk.intents(symbol=f"S{turns}")
            await room.desk.cancel(intent.id)
            await placing
        await room.settle()
        states = {intent.state for intent in await room.desk.intents()}
        assert states == {OrderState.CANCELED}
        assert await room.broken(broker) == []


async def test_what_a_trailing_stop_remembers_may_be_unreadable(home: Path) -> None:
    async with open_room(home, OwnBroker()) as room:
        intent = await _working(room)
        assert best_of(replace(intent, reason="not a price")) is None
        assert not (await room.desk.preview(room.wish("x"))).held


async def test_exits_a_broker_does_not_bring_along_are_not_sent_to_it(home: Path) -> None:
    async with open_room(home, OwnBroker()) as room:
        intent = await _working(room)
        bracket = replace(intent, terms=replace(intent.terms, take_profit=Decimal(110)))
        assert order_for(replace(bracket, exits_here=True), EVERYTHING).take_profit is None
        assert order_for(bracket, EVERYTHING).take_profit == 110
