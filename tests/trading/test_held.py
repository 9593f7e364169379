"""What the broker does not hold this computer does, in the same ledger and under the same limits."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from puffling.market.values import SessionState
from puffling.puffin.broker.base import BrokerAbilities
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.clock import FixedClock
from puffling.store.orders import Intent, OrderState
from puffling.trading.flags import Standing, write_standing
from puffling.trading.held import _note_best, best_of, is_met
from puffling.trading.values import TradingState
from tests.fakes.own_broker import OwnBroker
from tests.trading.cases import NOW
from tests.trading.rooms import MINE, Room, open_room
from tests.trading.stored import intent

POOR = BrokerAbilities(
    lasting=frozenset({Lasting.DAY, Lasting.GTC}),
    finds_client_ids=True,
    lists_fills=True,
    streams=True,
    short=True,
)


async def _with_ten(room: Room, broker: OwnBroker) -> None:
    placed = await room.desk.place(room.wish("ten", quantity=10))
    assert placed.intent is not None
    broker.fill("o1")
    await room.until_state(placed.intent.id, OrderState.FILLED)


async def _held(room: Room, slot: str = "stop", **terms: Any) -> Intent:
    placed = await room.desk.place(room.wish(slot, side=Side.SELL, quantity=10, **terms))
    assert placed.intent is not None
    assert placed.intent.held
    assert placed.intent.state is OrderState.INTENT
    return placed.intent


async def _working(room: Room, broker: OwnBroker, count: int) -> None:
    async def there() -> bool:
        return len(broker.accepted()) == count

    await room.until(there)


async def test_a_stop_waits_here_and_goes_out_as_a_market_order_when_it_is_met(home: Path) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        preview = await room.desk.preview(room.wish("p", side=Side.SELL, kind=Kind.STOP, stop=Decimal(90)))
        assert preview.held
        intent = await _held(room, kind=Kind.STOP, stop=Decimal(90))
        assert room.prices.watched == [frozenset({"SPY"})]
        [waiting] = (await room.desk.account(MINE.id)).waiting
        assert waiting.id == intent.id
        room.move(95)
        room.move(89, session=SessionState.PRE)
        await room.settle()
        assert broker.submitted == 1
        room.move(90)
        await _working(room, broker, 2)
        sent = broker.accepted()[1]
        assert (sent["kind"], sent["stop"], sent["client_id"]) == ("market", None, intent.client_id)
        broker.fill("o2")
        await room.until_state(intent.id, OrderState.FILLED)
        assert await room.held() == 0
        assert room.prices.watched == [frozenset()]
        assert await room.broken(broker) == []


async def test_a_stop_is_met_by_a_price_that_came_and_went_between_two_that_are_told(home: Path) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        await _held(room, kind=Kind.STOP, stop=Decimal(90))
        room.pass_through(91, 97, 95)
        await room.settle()
        assert broker.submitted == 1
        room.pass_through(97, 89.5, 95)
        await _working(room, broker, 2)


async def test_a_trailing_stop_sees_the_prices_it_was_led_through_in_their_order(home: Path) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        intent = await _held(room, kind=Kind.TRAILING_STOP, lasting=Lasting.GTC, trail=Decimal(10))
        room.pass_through(101, 120, 112)

        async def kept() -> bool:
            return (await room.intent(intent.id)).reason.split(".")[0] == "120"

        await room.until(kept)
        assert broker.submitted == 1
        room.pass_through(130, 119, 125)
        await _working(room, broker, 2)


async def test_a_stop_limit_goes_out_as_a_limit(home: Path) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        await _held(room, kind=Kind.STOP_LIMIT, stop=Decimal(95), limit=Decimal(94))
        room.move(94.5)
        await _working(room, broker, 2)
        assert (broker.accepted()[1]["kind"], broker.accepted()[1]["limit"]) == ("limit", "94")


@pytest.mark.parametrize(
    ("terms", "path", "met"),
    [
        ({"trail": Decimal(5)}, [104, 110, 106, 105], 105),
        ({"trail_share": Decimal("0.1")}, [110, 100, 99], 99),
    ],
)
async def test_a_trailing_stop_follows_the_best_price_and_remembers_it(
    home: Path, terms: dict[str, Any], path: list[int], met: int
) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        intent = await _held(room, kind=Kind.TRAILING_STOP, lasting=Lasting.GTC, **terms)
        for price in path[:-1]:
            room.move(price)
            best = str(max(path[: path.index(price) + 1]))

            async def kept(best: str = best) -> bool:
                return (await room.intent(intent.id)).reason.split(".")[0] == best

            await room.until(kept)
    # Another start of the program: the best price is not forgotten.
    async with open_room(home, broker) as room:
        room.move(path[-1])
        await _working(room, broker, 2)
        assert path[-1] == met


async def test_a_trailing_buy_follows_downwards(home: Path) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker) as room:
        placed = await room.desk.place(room.wish("buy", kind=Kind.TRAILING_STOP, trail=Decimal(5)))
        assert placed.intent is not None
        intent_id = placed.intent.id
        room.move(90)

        async def kept() -> bool:
            return (await room.intent(intent_id)).reason == "90.0"

        await room.until(kept)
        room.move(94)
        assert broker.submitted == 0
        room.move(95)
        await _working(room, broker, 1)


async def test_what_is_held_here_is_cancelled_changed_and_counted_like_any_order(home: Path) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        intent = await _held(room, kind=Kind.STOP, stop=Decimal(90))
        changed = await room.desk.replace(intent.id, stop=Decimal(92), slot="change", source="person")
        assert changed.intent is not None
        assert changed.intent.held
        assert (await room.intent(intent.id)).state is OrderState.REPLACED
        cancelled = await room.desk.cancel(changed.intent.id)
        assert cancelled.state is OrderState.CANCELED
        room.move(80)
        await room.settle()
        assert broker.submitted == 1
        assert await room.broken(broker) == []


async def test_what_is_held_for_the_day_is_over_with_it(home: Path) -> None:
    clock = FixedClock(NOW)
    broker = OwnBroker(abilities=POOR, now=clock.now)
    async with open_room(home, broker, clock=clock) as room:
        await _with_ten(room, broker)
        day = await _held(room, kind=Kind.STOP, stop=Decimal(90))
        always = await _held(room, "gtc", kind=Kind.STOP, stop=Decimal(80), lasting=Lasting.GTC)
        clock.advance(24 * 3600)
        await room.settle()
        assert (await room.intent(day.id)).state is OrderState.EXPIRED
        assert (await room.intent(always.id)).state is OrderState.INTENT


async def test_while_halted_what_is_met_stays_here_and_the_person_is_called_once(home: Path) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        intent = await _held(room, kind=Kind.STOP, stop=Decimal(90))
        halted = Standing(TradingState.HALTED, "Enough", "you", NOW)
        await room.parts.run(lambda unit: write_standing(unit, halted))
        for price in (89, 88, 87):
            room.move(price)

            async def called() -> bool:
                return bool(room.alarms)

            await room.until(called)
        assert "Enough" in room.alarms[0].text
        assert len(room.alarms) == 1
        assert (await room.intent(intent.id)).held
        await room.parts.run(lambda unit: write_standing(unit, Standing(TradingState.ACTIVE)))

        async def sent() -> bool:
            room.move(86)
            return broker.submitted == 2

        await room.until(sent)


async def test_what_cannot_leave_on_another_day_either_is_told_again(home: Path) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        await _held(room, kind=Kind.STOP, stop=Decimal(90), lasting=Lasting.GTC)
        halted = Standing(TradingState.HALTED, "Enough", "you", NOW)
        await room.parts.run(lambda unit: write_standing(unit, halted))

        async def told(times: int) -> bool:
            room.move(89)
            return len(room.alarms) == times

        await room.until(partial(told, 1))
        room.clock.advance(24 * 3600)
        await room.until(partial(told, 2))


async def test_no_price_that_is_none_meets_anything(home: Path) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        await _held(room, kind=Kind.STOP, stop=Decimal(90))
        for price in (float("nan"), 0.0, -5.0):
            room.bus.publish(room.told(price))
        room.move(50, symbol="QQQ")
        await room.settle()
        assert broker.submitted == 1


def test_a_trailing_stop_that_has_seen_no_price_is_not_met() -> None:
    trailing = intent(terms={"side": Side.SELL, "kind": Kind.TRAILING_STOP, "trail": Decimal(5)})
    assert not is_met(trailing, None, Decimal(1))
    assert is_met(trailing, Decimal(100), Decimal(95))


async def test_a_best_price_that_comes_after_its_order_has_gone_out_is_not_kept(home: Path) -> None:
    broker = OwnBroker(abilities=POOR)
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        trailing = await _held(room, kind=Kind.TRAILING_STOP, trail=Decimal(10))
        await room.parts.run(_note_best, trailing.id, Decimal(110))
        assert best_of(await room.intent(trailing.id)) == 110
        await room.desk.cancel(trailing.id)
        await room.parts.run(_note_best, trailing.id, Decimal(120))
        assert best_of(await room.intent(trailing.id)) != 120
