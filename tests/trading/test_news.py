"""What the broker says: told twice, late, out of order, wrongly or not at all, it comes to the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from puffling.puffin.broker.base import BrokerUpdate, ExecutionKind, OrderStatus, UpdateKind
from puffling.puffin.orders import Side
from puffling.runtime.clock import FixedClock
from puffling.store.orders import Intent, OrderState
from puffling.trading.entering import OrderRefused
from puffling.trading.events import OrderFilled
from puffling.trading.values import LineState
from tests.fakes.own_broker import EVERYTHING, OwnBroker
from tests.trading.cases import NOW
from tests.trading.rooms import MINE, Room, open_room


async def _placed(room: Room, slot: str = "one", **changes: Any) -> Intent:
    placed = await room.desk.place(room.wish(slot, **changes))
    assert placed.intent is not None
    return placed.intent


async def _news_taken(room: Room) -> None:
    """Wait until every message has been taken in."""
    line = room.parts.line(MINE.id)

    async def none_left() -> bool:
        return line.updates.empty()

    await room.until(none_left)
    await room.parts.run(lambda unit: None)


async def test_the_same_fill_three_times_counts_once(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        told: list[OrderFilled] = []
        room.bus.on(OrderFilled, told.append)
        intent = await _placed(room)
        made = broker.fill("o1", 2)
        for _ in range(3):
            broker.tell("o1", "partial_fill", made)
        await room.until_state(intent.id, OrderState.PARTIAL)
        await _news_taken(room)
        await room.settle()
        assert await room.held() == 2
        assert len(told) == 1
        assert await room.broken(broker) == []


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_news_in_any_order_and_twice_end_in_the_same_place(home: Path, order: tuple[int, ...]) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await _placed(room)
        kept: list[BrokerUpdate] = []
        broker.intercept = kept.append
        broker.tell("o1", "new")
        broker.fill("o1", 2)
        broker.fill("o1", 3)
        broker.intercept = None
        for place in (*order, *order):
            broker.say(kept[place])
        await room.until_state(intent.id, OrderState.FILLED)
        await _news_taken(room)
        assert await room.held() == 5
        assert (await room.intent(intent.id)).state is OrderState.FILLED
        await room.settle()
        assert await room.broken(broker) == []


async def test_a_fill_told_before_its_order_is_known_counts(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        broker.fault("submit_order", "hang_after")
        placing = room.scope.spawn(room.desk.place(room.wish()), name="place")

        async def accepted() -> bool:
            return bool(broker.accepted())

        await room.until(accepted)
        broker.fill("o1")
        [row] = broker.accepted()
        intent = await room.read(lambda unit: unit.intents.by_client_id(row["client_id"]))
        assert intent is not None
        await room.until_state(intent.id, OrderState.FILLED)
        broker.hang.set()
        placed = await placing
        assert placed.intent is not None
        assert placed.intent.state is OrderState.FILLED
        assert await room.held() == 5
        await room.settle()
        assert await room.broken(broker) == []


async def test_a_fill_after_a_cancel_counts(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await _placed(room)
        kept: list[BrokerUpdate] = []
        broker.intercept = kept.append
        broker.fill("o1", 2)
        broker.intercept = None
        broker.end("o1", OrderStatus.CANCELED)
        await room.until_state(intent.id, OrderState.PARTIAL, OrderState.CANCELED)
        broker.say(kept[0])

        async def there() -> bool:
            return await room.held() == 2 and (await room.intent(intent.id)).state is OrderState.CANCELED

        await room.until(there)
        await room.settle()
        assert (await room.intent(intent.id)).state is OrderState.CANCELED
        assert await room.broken(broker) == []


@pytest.mark.parametrize("listed", [True, False])
async def test_partial_fills_add_up_to_what_the_order_says(home: Path, listed: bool) -> None:
    broker = OwnBroker(abilities=replace(EVERYTHING, lists_fills=listed))
    async with open_room(home, broker) as room:
        intent = await _placed(room)
        for price, quantity in ((100, 1), (101, 1), (102, 3)):
            broker.price = Decimal(price)
            broker.fill("o1", quantity)
        await room.until_state(intent.id, OrderState.FILLED)
        await _news_taken(room)
        fills = await room.desk.fills()
        assert sum(fill.quantity for fill in fills) == 5
        assert sum(fill.quantity * fill.price for fill in fills) == 507
        assert await room.held() == 5


async def test_fills_while_the_stream_was_down_are_in_the_ledger_as_if_heard(home: Path) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        first, second = await _placed(room), await _placed(room, "two", symbol="QQQ")
        broker.say(BrokerUpdate(UpdateKind.LOST))
        broker.mute = True
        clock.advance(30)
        broker.fill("o1", 2)
        broker.fill("o1", 3)
        broker.fill("o2", 1)
        clock.advance(30)
        broker.mute = False
        broker.say(BrokerUpdate(UpdateKind.CONNECTED))
        await room.until_state(first.id, OrderState.FILLED)
        await room.until_state(second.id, OrderState.PARTIAL)
        await room.settle()
        assert (await room.held(), await room.held("QQQ")) == (Decimal(5), Decimal(1))
        assert await room.broken(broker) == []


@pytest.mark.parametrize("kind", [UpdateKind.MUTE, UpdateKind.LOST])
async def test_nothing_leaves_over_a_line_that_is_mute_until_it_was_compared(
    home: Path, kind: UpdateKind
) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        await _placed(room)
        broker.fault("get_account", *["unclear"] * 50)
        broker.say(BrokerUpdate(kind))
        line = room.parts.line(MINE.id)

        async def blocked() -> bool:
            return not line.ready

        await room.until(blocked)
        with pytest.raises(OrderRefused):
            await room.desk.place(room.wish("two"))
        broker.faults.clear()
        broker.fill("o1", say=False)
        await room.settle()
        assert line.state is LineState.READY
        assert await room.held() == 5
        await _placed(room, "three")


async def test_after_news_that_cannot_be_taken_in_the_next_is_heard(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await _placed(room)
        kept: list[BrokerUpdate] = []
        broker.intercept = kept.append
        broker.tell("o1", "new")
        broker.intercept = None
        [news] = kept
        assert news.order is not None
        broker.say(replace(news, order=replace(news.order, qty=Decimal("NaN"))))
        broker.say(replace(news, order=None))
        broker.fill("o1")
        await room.until_state(intent.id, OrderState.FILLED)
        assert await room.held() == 5
        await room.settle()
        assert await room.broken(broker) == []
    assert "could not be taken in" in caplog.text


async def test_an_unknown_word_freezes_the_symbol_until_it_is_known_again(home: Path) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        intent = await _placed(room)
        room.clock.advance(1)
        broker.end("o1", OrderStatus.UNKNOWN)
        await room.until_state(intent.id, OrderState.UNKNOWN)
        with pytest.raises(OrderRefused, match="What became of another order"):
            await room.desk.place(room.wish("two"))
        assert await _placed(room, "three", symbol="QQQ")
        broker.end("o1", OrderStatus.ACCEPTED)
        await room.until_state(intent.id, OrderState.ACKED)
        # A look that began before may still say that it is unknown.
        await room.settle()
        await _placed(room, "four")
        assert broker.submitted == 3
        await room.settle()
        assert await room.broken(broker) == []


async def test_an_order_placed_by_hand_elsewhere_is_adopted_with_its_fills(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        broker.place_elsewhere("SPY", 4)

        async def adopted() -> bool:
            return bool((await room.desk.account(MINE.id)).open_orders)

        await room.until(adopted)
        [order] = (await room.desk.account(MINE.id)).open_orders
        assert (order.state, order.intent_id) == (OrderState.EXTERNAL, None)
        preview = await room.desk.preview(room.wish("two"))
        assert preview.exposure_before == 400
        broker.fill("o1")

        async def filled() -> bool:
            return await room.held() == 4

        await room.until(filled)
        broker.mute = True
        broker.fill(broker.place_elsewhere("QQQ", 3))
        broker.mute = False
        await room.settle()
        assert await room.held("QQQ") == 3
        orders = await room.read(lambda unit: unit.orders.newest(symbol="QQQ"))
        assert [(each.state, each.intent_id) for each in orders] == [(OrderState.FILLED, None)]
        assert await room.broken(broker) == []


async def test_a_bust_takes_the_fill_back_and_a_correction_puts_its_price_right(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await _placed(room)
        first, second = broker.fill("o1", 2), broker.fill("o1", 3)
        await room.until_state(intent.id, OrderState.FILLED)
        broker.undo(second, price=Decimal(90))

        async def righted() -> bool:
            holding = await room.read(lambda unit: unit.holdings.find(MINE.id, "SPY"))
            return holding is not None and holding.average_price == 94

        await room.until(righted)
        broker.undo(first)

        async def taken_back() -> bool:
            return await room.held() == 3

        await room.until(taken_back)
        story = await room.desk.story(intent.id)
        assert [step.text for step in story.steps if "taken back" in step.text]
        await room.settle()
        assert (await room.intent(intent.id)).state is OrderState.FILLED
        assert await room.broken(broker) == []


@pytest.mark.parametrize("first", [2, 5])
async def test_after_a_bust_an_order_says_itself_how_much_of_it_is_filled(home: Path, first: int) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await _placed(room)
        made = broker.fill("o1", first)
        await room.until_state(intent.id, OrderState.PARTIAL, OrderState.FILLED)
        await _news_taken(room)
        await room.settle()
        broker.undo(made)

        async def said() -> bool:
            order = await room.read(lambda unit: unit.orders.by_broker_id(MINE.id, "o1"))
            return order is not None and order.filled == 0

        await room.until(said)
        assert await room.held() == 0
        assert await room.broken(broker) == []


async def test_a_bust_heard_before_its_fill_counts_as_if_after_it(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        await _placed(room)
        broker.mute = True
        made = broker.fill("o1", 2)
        undone = broker.undo(made)
        broker.mute = False
        broker.tell("o1", "trade_bust", undone)
        await _news_taken(room)
        broker.tell("o1", "partial_fill", made)
        await _news_taken(room)
        assert await room.held() == 0
        await room.settle()
        assert await room.broken(broker) == []


async def test_an_order_is_over_though_a_fill_was_taken_back_before_the_others_came(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        intent = await _placed(room)
        await _news_taken(room)
        await room.settle()
        broker.fill("o1", 2, say=False)
        last = broker.fill("o1", 3)
        broker.undo(last)
        await room.until_state(intent.id, OrderState.PARTIAL)
        await _news_taken(room)
        await room.settle()
        ended = await room.intent(intent.id)
        assert ended.state is OrderState.FILLED
        assert ended.reserved == 0
        assert await room.held() == 2


async def test_a_bust_without_a_name_of_its_own_counts(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        await _placed(room)
        made = broker.fill("o1", 2)
        broker.tell("o1", "trade_bust", replace(made, kind=ExecutionKind.BUST))

        async def taken_back() -> bool:
            return len(await room.desk.fills()) == 2 and await room.held() == 0

        await room.until(taken_back)


async def test_a_position_the_fills_do_not_explain_halts_at_the_start_and_says_why(home: Path) -> None:
    broker = OwnBroker()
    clock = FixedClock(NOW)
    async with open_room(home, broker, clock=clock) as room:
        broker.fill(broker.place_elsewhere("SPY", 4))
        await room.settle()
    broker.book.positions["SPY"] = "9"
    async with open_room(home, broker, clock=clock, compared=False) as room:
        line = room.parts.line(MINE.id)

        async def found() -> bool:
            clock.advance(1)
            return line.state is LineState.DIVERGED

        await room.until(found)
        assert "SPY: the broker has 9, the fills make 4" in line.reason
        assert room.switch.read() is not None
        assert len(room.alarms) == 1
        with pytest.raises(OrderRefused, match="does not agree"):
            await room.desk.place(room.wish())
        broker.book.positions["SPY"] = "4"
        clock.advance(600)
        await room.settle()
        assert line.ready


async def test_what_was_filled_between_two_questions_is_no_disagreement(home: Path) -> None:
    broker = OwnBroker()
    clock = FixedClock(NOW)
    async with open_room(home, broker, clock=clock) as room:
        intent = await _placed(room)
        broker.fault("get_all_orders", "fills_o1")
        comparing = room.scope.spawn(room.desk.reconcile(MINE.id), name="compare")

        async def moved() -> bool:
            clock.advance(1)
            return comparing.done()

        await room.until(moved)
        assert comparing.result().agrees
        await room.until_state(intent.id, OrderState.FILLED)
        assert room.alarms == []


async def test_turning_round_in_one_fill_takes_its_price(home: Path) -> None:
    broker = OwnBroker(fills="all")
    async with open_room(home, broker) as room:
        await _placed(room)
        broker.price = Decimal(110)
        last = await _placed(room, "two", quantity=8, side=Side.SELL)
        await room.until_state(last.id, OrderState.FILLED)
        holding = await room.read(lambda unit: unit.holdings.find(MINE.id, "SPY"))
        assert holding is not None
        assert (holding.quantity, holding.average_price) == (Decimal(-3), Decimal(110))
        assert timedelta(0) == room.clock.now() - NOW
