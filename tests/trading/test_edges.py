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
    BrokerClock,
    BrokerUpdate,
    OrderStatus,
    UnclearError,
    UpdateKind,
)
from puffling.puffin.errors import NotOffered
from puffling.puffin.orders import Kind, Side
from puffling.runtime.actor import UserId
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Conflict, InvalidInput, PufflingError, StorageFailed
from puffling.store.database import Store, Unit
from puffling.store.orders import FillKind, Intent, OrderState
from puffling.trading.cancelling import cancel_here
from puffling.trading.entering import OrderRefused
from puffling.trading.estimates import expected_price
from puffling.trading.halt import HaltSwitch
from puffling.trading.held import best_of
from puffling.trading.parts import reason_of
from puffling.trading.sending import Outcome, write_outcome
from puffling.trading.values import LineState
from puffling.trading.wire import exact, order_for
from tests.fakes.bare_broker import BareBroker
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


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1E+40"])
async def test_a_number_that_is_none_is_refused_before_anything_else(home: Path, number: str) -> None:
    async with open_room(home, OwnBroker()) as room:
        with pytest.raises(InvalidInput, match="no usable number"):
            await room.desk.place(room.wish(quantity=number))
        wish = room.wish()
        with pytest.raises(InvalidInput, match="zone"):
            await room.desk.place(replace(wish, valid_until=wish.valid_until.replace(tzinfo=None)))


async def test_an_account_is_connected_once(home: Path) -> None:
    async with open_room(home, OwnBroker()) as room:
        with pytest.raises(InvalidInput, match="connected already"):
            await room.desk.connect(MINE, OwnBroker())
        await room.desk.disconnect("nobody")
        [view] = await room.desk.accounts()
        assert view.state is LineState.READY


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


async def test_an_order_the_broker_forgot_freezes_its_symbol(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await _working(room)
        kept = broker.book.orders.pop("o1")
        await room.settle()
        assert (await room.intent(intent.id)).state is OrderState.UNKNOWN
        with pytest.raises(OrderRefused, match="What became of another order"):
            await _working(room, "two")
        broker.book.orders["o1"] = kept
        await room.settle()
        assert (await room.intent(intent.id)).state is OrderState.ACKED
        assert broker.submitted == 1


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


async def test_a_line_whose_broker_fails_in_a_way_of_its_own_is_looked_after_again(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Odd(OwnBroker):
        odd = True

        def get_positions(self) -> dict[str, Any]:
            if self.odd:
                self.odd = False
                return None  # type: ignore[return-value]
            return super().get_positions()

    clock = FixedClock(NOW)
    broker = Odd(now=clock.now)
    async with open_room(home, broker, clock=clock, compared=False) as room:
        line = room.parts.line(MINE.id)

        async def ready() -> bool:
            clock.advance(6)
            return line.ready

        await room.until(ready)
    assert "Looking after mine failed" in caplog.text


async def test_a_stream_that_cannot_be_had_now_is_asked_for_again(home: Path) -> None:
    class Deaf(OwnBroker):
        tried = 0

        def listen(self, hear: Any) -> Any:
            self.tried += 1
            if self.tried == 1:
                raise UnclearError("no stream today")
            return super().listen(hear)

    broker = Deaf()
    async with open_room(home, broker) as room:
        await room.settle()
        assert broker.tried == 2
        intent = await _working(room)
        broker.fill("o1")
        await room.until_state(intent.id, OrderState.FILLED)


async def test_a_broker_without_lists_and_names_stays_in_doubt_until_it_is_too_late(home: Path) -> None:
    class Forgetful(BareBroker):
        def submit_order(self, order: Any) -> str:
            self.inner.submit_order(order)
            raise UnclearError("Connection reset")

    inner = OwnBroker()
    clock = FixedClock(NOW)
    inner._now = clock.now
    async with open_room(home, Forgetful(inner), clock=clock) as room:
        placed = await room.desk.place(room.wish())
        assert placed.intent is not None
        await room.settle()
        assert (await room.intent(placed.intent.id)).state is OrderState.UNKNOWN
        clock.advance(61)
        await room.settle()
        assert (await room.intent(placed.intent.id)).state is OrderState.ABANDONED_WATCH
        assert inner.submitted == 1


async def test_old_figures_of_the_account_are_asked_for_again_before_an_order_is_judged(home: Path) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        clock.advance(100)
        asked = broker.calls.count("get_account")
        await _working(room)
        assert broker.calls.count("get_account") > asked
        room.parts.line(MINE.id).info_at = None
        broker.fault("get_account", "unclear")
        with pytest.raises(OrderRefused, match="account is worth is not known"):
            await room.desk.place(room.wish("two"))


async def test_without_a_price_or_an_answer_nothing_leaves(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        broker.fault("get_asset", "unclear")
        with pytest.raises(OrderRefused):
            await room.desk.place(room.wish())
        room.prices.failing = True
        preview = await room.desk.preview(room.wish("two"))
        assert (preview.cost, preview.exposure_after) == (None, None)
        assert "price" in {check.code for check in preview.verdict.refusals}
        assert expected_price(room.wish(kind=Kind.STOP, stop=HUNDRED).terms, None) == 100
        assert broker.submitted == 0


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


async def test_a_line_that_hangs_is_let_go_all_the_same(home: Path) -> None:
    class Hanging(OwnBroker):
        closed = 0

        def close(self) -> None:
            self.closed += 1
            self.hang.set()

    broker = Hanging()
    async with open_room(home, broker, patience_seconds=0.1) as room:
        broker.fault("submit_order", "hang_before")
        placed = await room.desk.place(room.wish())
        assert placed.intent is not None
        await room.desk.disconnect(MINE.id)
        assert broker.closed == 1


async def test_what_a_trailing_stop_remembers_may_be_unreadable(home: Path) -> None:
    async with open_room(home, OwnBroker()) as room:
        intent = await _working(room)
        assert best_of(replace(intent, reason="not a price")) is None
        assert not (await room.desk.preview(room.wish("x"))).held


def test_numbers_that_are_none_are_answers_that_cannot_be_read() -> None:
    for number in (float("nan"), float("inf")):
        with pytest.raises(UnclearError):
            exact(number)
    with pytest.raises(UnclearError):
        exact("twelve")  # type: ignore[arg-type]
    assert reason_of(Conflict("Why")) == "Why"
    assert reason_of(ValueError()) == "ValueError"


async def test_exits_a_broker_does_not_bring_along_are_not_sent_to_it(home: Path) -> None:
    async with open_room(home, OwnBroker()) as room:
        intent = await _working(room)
        bracket = replace(intent, terms=replace(intent.terms, take_profit=Decimal(110)))
        assert order_for(bracket, replace(EVERYTHING, brackets=False)).take_profit is None
        assert order_for(bracket, EVERYTHING).take_profit == 110


async def test_real_money_wants_a_broker_that_tells_the_time(home: Path) -> None:
    class Timeless(OwnBroker):
        def get_clock(self) -> BrokerClock:
            raise NotOffered("no clock")

    async with open_room(home, Timeless()) as room:
        line = room.parts.line(MINE.id)
        assert line.skew_seconds == 0
        line.live_keys = True
        await room.settle()
        assert line.skew_seconds is None


async def test_a_halt_that_cannot_be_written_still_calls_the_person(home: Path) -> None:
    async with open_room(home, OwnBroker()) as room:
        room.parts.switch = HaltSwitch(home / "no" / "folder")
        room.parts.alarm(MINE.id, "Look", halt=True)
        assert "by hand" in room.alarms[0].hint
