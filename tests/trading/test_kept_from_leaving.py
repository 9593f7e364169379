"""What was met and could not leave at once leaves for what is there by then, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Conflict, StorageFailed
from puffling.store.database import Store
from puffling.store.orders import Intent, OrderState
from puffling.trading.entering import OrderRefused
from puffling.trading.exits import brought_too_much
from puffling.trading.gate import SafetyGate
from puffling.trading.sending import abandon, arm
from puffling.trading.states import APPEARS
from puffling.trading.tending import UNHEARD_SECONDS
from puffling.trading.values import LineState
from tests.fakes.own_broker import EVERYTHING, OwnBroker
from tests.trading.cases import NOW
from tests.trading.rooms import MINE, Room, open_room
from tests.trading.test_held import POOR
from tests.trading.test_held_brackets import _entered, _protects
from tests.trading.test_last_moments import Between, PressedAfterwards, PressedBefore, happens_before
from tests.trading.test_two_ways_out import SINGLE, _alarmed, _held, _sent, _terms, _wish, _with_ten


async def _stop(room: Room) -> Intent:
    wish = room.wish(
        "stop", quantity=10, side=Side.SELL, kind=Kind.STOP, lasting=Lasting.GTC, stop=Decimal(90)
    )
    placed = await room.desk.place(wish)
    assert placed.intent is not None
    return placed.intent


def _sold_elsewhere(broker: OwnBroker, quantity: int = 10) -> None:
    """The person sells it by hand while the line is down."""
    broker.mute = True
    broker.fill(broker.place_elsewhere("SPY", quantity, side=Side.SELL))
    broker.mute = False


async def test_a_way_out_that_is_on_its_way_is_not_moved(home: Path) -> None:
    broker = OwnBroker(abilities=SINGLE)
    async with open_room(home, broker, store_type=Between) as room:
        await _with_ten(room, broker)
        profit, stop = await _held(room)

        async def met() -> None:
            broker.fault("submit_order", "busy")
            room.move(120)

            async def waits() -> bool:
                intent = await room.intent(profit.id)
                return intent.attempt == 1 and intent.state is OrderState.INTENT

            await room.until(waits)

        happens_before(room, "_enter", met)
        with pytest.raises(Conflict):
            await room.desk.replace(profit.id, limit=Decimal(125), slot="move", source="person")
        await room.settle()
        assert (await room.intent(stop.id)).held
        assert not (await room.intent(profit.id)).held
        assert len(broker.accepted()) <= 2


async def test_a_stop_whose_line_goes_down_as_it_leaves_waits_to_be_met_anew(home: Path) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker, store_type=Between) as room:
        await _with_ten(room, broker)
        stop = await _stop(room)
        line = room.parts.line(MINE.id)

        async def down() -> None:
            line.state = LineState.LOST

        async def looked_at() -> bool:
            return line.state is LineState.LOST

        async with line.comparing:
            happens_before(room, "arm", down)
            room.move(89)
            await room.until(looked_at)
            _sold_elsewhere(broker)
        await room.settle()
        assert room.desk.ready
        assert await room.held() == 0
        assert broker.submitted == 1
        assert (await room.intent(stop.id)).held


async def test_a_stop_in_doubt_is_not_sent_again_for_what_was_sold_meanwhile(home: Path) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        stop = await _stop(room)
        broker.fault("submit_order", "reset_before")
        broker.fault("find_order", *["unclear"] * 100)
        room.move(89)
        await room.until_state(stop.id, OrderState.UNKNOWN)
        _sold_elsewhere(broker)
        await room.desk.reconcile(MINE.id)
        assert await room.held() == 0
        broker.faults.clear()
        await room.settle()
        assert broker.submitted == 2
        assert len(broker.accepted()) == 2
        assert (await room.intent(stop.id)).state is OrderState.ABANDONED_WATCH


async def test_an_order_whose_sending_met_a_fault_is_looked_up_without_a_restart(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker, store_type=Between) as room:
        await room.settle()

        async def fault() -> None:
            raise KeyError("a bug")

        happens_before(room, "write_outcome", fault)
        broker.fault("submit_order", "reset_before")
        with pytest.raises(KeyError):
            await room.desk.place(room.wish())
        [intent] = await room.desk.intents()
        await room.until_state(intent.id, OrderState.ACKED)
        assert len(broker.accepted()) == 1
        room.failures.clear()


async def test_a_profit_that_never_came_makes_the_stop_no_exit_too_many(home: Path) -> None:
    broker = OwnBroker(abilities=SINGLE)
    async with open_room(home, broker) as room:
        await _entered(room)
        broker.fill("o1")
        profit, stop = await _protects(room, 10)
        gone = replace(profit, state=OrderState.ABANDONED_WATCH, held=False)
        await room.parts.run(lambda unit: unit.intents.put(gone))
        room.move(89)
        await _sent(room, broker, 2)
        await room.until_state(stop.id, OrderState.ACKED)
        assert await room.parts.read(brought_too_much, MINE.id) == ()


async def test_a_stop_that_left_a_pair_of_the_persons_own_is_no_exit_too_many(home: Path) -> None:
    broker = OwnBroker(abilities=SINGLE)
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        _, stop = await _held(room)
        room.move(80)
        await _sent(room, broker, 2)
        await room.until_state(stop.id, OrderState.ACKED)
        assert await room.parts.read(brought_too_much, MINE.id) == ()


async def test_what_was_given_up_is_given_up_once(home: Path) -> None:
    async with open_room(home, OwnBroker()) as room:
        placed = await room.desk.place(room.wish())
        assert placed.intent is not None
        gone = replace(placed.intent, state=OrderState.ABANDONED_WATCH, reason="The first time")
        await room.parts.run(lambda unit: unit.intents.put(gone))
        await room.parts.run(abandon, gone.id, "The second time")
        assert (await room.intent(gone.id)).reason == "The first time"


async def test_a_change_of_a_stop_is_none_of_both_once_the_profit_waits_again(home: Path) -> None:
    broker = OwnBroker(abilities=SINGLE)
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        profit, stop = await _held(room)
        gone = replace(profit, state=OrderState.ABANDONED_WATCH, held=False)
        await room.parts.run(lambda unit: unit.intents.put(gone))
        asked, _ = await room.desk.preview_change(stop.id, stop=Decimal(95), slot="move", source="person")
        await room.parts.run(lambda unit: unit.intents.put(profit))
        with pytest.raises(Conflict, match="waits again"):
            await room.desk.place(asked)
        assert await room.intent(profit.id) == profit
        assert (await room.intent(stop.id)).held


async def test_a_sale_that_waited_for_its_line_is_none_of_what_was_sold_meanwhile(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker, store_type=Between) as room:
        await _with_ten(room, broker)
        line = room.parts.line(MINE.id)

        async def down() -> None:
            line.state = LineState.LOST

        async with line.comparing:
            happens_before(room, "arm", down)
            placed = await room.desk.place(room.wish("sell", quantity=10, side=Side.SELL))
            assert placed.intent is not None
            assert placed.intent.state is OrderState.INTENT
            _sold_elsewhere(broker)
        await room.settle()
        sale = await room.intent(placed.intent.id)
        assert (sale.state, sale.reason) == (OrderState.CANCELED, "Less is held by now than it is for.")
        assert await room.held() == 0
        assert broker.submitted == 1


@pytest.mark.parametrize("late", [False, True], ids=["before it is on its way", "before the socket"])
async def test_an_exit_whose_time_is_over_as_it_leaves_calls_the_person(home: Path, late: bool) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(abilities=POOR, now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        await _with_ten(room, broker)
        wish = room.wish("stop", quantity=10, side=Side.SELL, kind=Kind.STOP, stop=Decimal(90))
        placed = await room.desk.place(wish)
        assert placed.intent is not None
        stop = placed.intent
        gate = room.parts.gate
        assert isinstance(gate, SafetyGate)

        def pass_by() -> None:
            clock.set(stop.valid_until)

        room.parts.gate = PressedAfterwards(gate, pass_by) if late else PressedBefore(gate, pass_by)
        room.move(89)
        await room.until_state(stop.id, OrderState.EXPIRED)
        await _alarmed(room)
        [alarm] = room.alarms
        assert "lost an exit" in alarm.text
        assert broker.submitted == 1


async def test_a_price_that_comes_while_the_one_before_is_kept_is_not_passed_over(home: Path) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker, store_type=Between) as room:
        await _with_ten(room, broker)
        wish = room.wish(
            "trail", quantity=10, side=Side.SELL, kind=Kind.TRAILING_STOP, lasting=Lasting.GTC,
            trail=Decimal(5),
        )  # fmt: skip
        assert (await room.desk.place(wish)).intent is not None

        async def falls() -> None:
            room.move(104)

        happens_before(room, "_note_best", falls)
        room.move(110)
        # No other price comes.
        await _sent(room, broker, 2)


class Full(Store):
    """A store on a disk that has no room to write down that an order is being sent."""

    full, armed = True, 0

    async def run(self, user: Any, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Work in a transaction, unless it is that."""
        if work is arm and self.full:
            self.armed += 1
            raise StorageFailed("The disk is full")
        return await super().run(user, work, *args, **kwargs)


async def test_a_disk_that_stays_full_is_asked_again_after_a_pause_each_time(home: Path) -> None:
    clock = FixedClock(NOW)
    async with open_room(home, OwnBroker(now=clock.now), store_type=Full, clock=clock) as room:
        assert isinstance(room.store, Full)
        with pytest.raises(StorageFailed):
            await room.desk.place(room.wish())
        await _rested(room)
        # By who placed it, and by who was called to look after it.
        assert room.store.armed == 2
        room.store.full = False
        clock.advance(UNHEARD_SECONDS)
        [intent] = await room.desk.intents()
        await room.until_state(intent.id, OrderState.ACKED)


async def test_a_stop_that_waited_for_its_broker_is_none_of_what_was_sold_meanwhile(home: Path) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(abilities=POOR, now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        await _with_ten(room, broker)
        stop = await _stop(room)
        broker.fault("submit_order", "busy")
        room.move(89)
        await room.until(lambda: _is_patient(room, stop.id))
        _sold_elsewhere(broker)
        await room.desk.reconcile(MINE.id)
        await _rested(room)
        clock.advance(120)
        await room.until(lambda: _waits_again(room, stop.id))
        assert len(broker.accepted()) == 2


async def test_a_stop_whose_leaving_could_not_be_written_down_is_none_of_what_was_sold_meanwhile(
    home: Path,
) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker, store_type=Between) as room:
        await _with_ten(room, broker)
        stop = await _stop(room)

        async def full() -> None:
            _sold_elsewhere(broker)
            raise StorageFailed("The disk is full")

        # Nobody looks at the moment: the next look begins with what is held by then.
        await _rested(room)
        happens_before(room, "arm", full)
        room.move(89)
        await room.until(lambda: _says(room, stop.id, "Less is held"))
        assert (await room.intent(stop.id)).held
        assert len(broker.accepted()) == 2


async def test_what_waits_to_be_met_again_is_not_sent(home: Path) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        stop = await _stop(room)
        # Whoever released it may come to send it after it was held again.
        armed = await room.parts.run(arm, stop.id, room.parts, judged=True)
        assert (armed.intent, armed.go) == (stop, False)


@pytest.mark.parametrize("pair", [True, False])
async def test_of_a_way_out_for_more_than_is_held_by_now_the_person_is_told(home: Path, pair: bool) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(abilities=replace(EVERYTHING, one_cancels_other=True), now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        await _with_ten(room, broker)
        broker.fault("submit_order", "busy")
        out = _wish(room, _terms()) if pair else room.wish(
            "stop", quantity=10, side=Side.SELL, kind=Kind.STOP, lasting=Lasting.GTC, stop=Decimal(90)
        )  # fmt: skip
        placed = await room.desk.place(out)
        assert placed.intent is not None
        assert placed.intent.state is OrderState.INTENT
        _sold_elsewhere(broker, 4)
        await room.desk.reconcile(MINE.id)
        await _rested(room)
        clock.advance(40)
        await room.until_state(placed.intent.id, OrderState.CANCELED)
        [alarm] = room.alarms
        assert "Nothing protects it any more" in alarm.text


async def test_what_never_came_keeps_nobody_from_leaving(home: Path) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(abilities=replace(POOR, short=False), now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        await _with_ten(room, broker)
        stop = await _stop(room)
        gone = replace(stop, state=OrderState.ABANDONED_WATCH, held=False)
        await room.parts.run(lambda unit: unit.intents.put(gone))
        # It may have arrived, and then shows itself soon.
        with pytest.raises(OrderRefused, match="cannot be sold short"):
            await room.desk.close_position(MINE.id, "SPY", slot="soon", source="person")
        clock.advance(APPEARS.total_seconds())
        placed = await room.desk.close_position(MINE.id, "SPY", slot="later", source="person")
        assert placed.intent is not None
        assert placed.intent.shrinks


async def _rested(room: Room) -> None:
    """Let everybody come to where they wait for the clock."""
    for _ in range(300):
        await room.read(lambda unit: unit.now)


async def _is_patient(room: Room, id: str) -> bool:
    intent = await room.intent(id)
    return intent.attempt == 1 and intent.state is OrderState.INTENT


async def _waits_again(room: Room, id: str) -> bool:
    return (await room.intent(id)).held


async def _says(room: Room, id: str, text: str) -> bool:
    intent = await room.intent(id)
    events = await room.read(lambda unit: unit.audit.newest(50))
    return intent.held and any(text in str(each) for each in events)
