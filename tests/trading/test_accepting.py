"""What changed at the broker without a fill: shown, accepted as it was shown, and explained in the books."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest

from puffling.puffin.broker.base import Execution
from puffling.puffin.orders import Side
from puffling.runtime.errors import Conflict, PufflingError
from puffling.store.orders import Fill, FillKind, OrderState
from puffling.trading.entering import OrderRefused
from puffling.trading.portfolio.accounting import settled
from puffling.trading.values import Differences, LineState, ReconcileReport
from tests.fakes.own_broker import OwnBroker
from tests.trading.cases import NOW
from tests.trading.rooms import MINE, Room, open_room

R = TypeVar("R")


async def _with_ten(room: Room, broker: OwnBroker) -> None:
    placed = await room.desk.place(room.wish("ten", quantity=10))
    assert placed.intent is not None
    broker.fill("o1")
    await room.until_state(placed.intent.id, OrderState.FILLED)


async def _patiently(room: Room, work: Coroutine[Any, Any, R]) -> R:
    """Let time pass for what asks the broker again after a while."""
    done: list[R | PufflingError] = []

    async def whole() -> None:
        try:
            done.append(await work)
        except PufflingError as error:
            done.append(error)

    room.scope.spawn(whole(), name="patiently")

    async def there() -> bool:
        room.clock.advance(0.1)
        return bool(done)

    await room.until(there)
    if isinstance(done[0], PufflingError):
        raise done[0]
    return done[0]


async def _accept(room: Room, seal: str) -> ReconcileReport:
    return await _patiently(room, room.desk.accept(MINE.id, seal, by="person"))


async def _differs(room: Room) -> Differences:
    """Compare until the broker has said the same twice."""
    report = await _patiently(room, room.desk.reconcile(MINE.id))
    assert not report.agrees
    found = await room.desk.differences(MINE.id)
    assert found.state is LineState.DIVERGED
    return found


def _hold(broker: OwnBroker, **held: int) -> None:
    broker.book.positions.update({symbol: str(quantity) for symbol, quantity in held.items()})


async def _adjustments(room: Room) -> list[Fill]:
    fills = await room.read(lambda unit: unit.fills.of(MINE.id))
    return [fill for fill in fills if fill.kind is FillKind.ADJUSTMENT]


async def test_a_split_is_taken_from_the_broker_and_nothing_is_earned_by_it(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        _hold(broker, SPY=20)
        broker.price = Decimal(50)
        found = await _differs(room)
        [spy] = found.positions
        assert (spy.symbol, spy.here, spy.there, spy.price) == ("SPY", Decimal(10), Decimal(20), Decimal(50))
        assert found.agreed_at is not None
        with pytest.raises(OrderRefused, match="does not agree"):
            await room.desk.place(room.wish("more"))

        report = await _accept(room, found.seal)
        assert report.agrees
        assert room.desk.ready
        holding = await room.read(lambda unit: unit.holdings.find(MINE.id, "SPY"))
        assert holding is not None
        assert (holding.quantity, holding.average_price) == (Decimal(20), Decimal(50))
        gone, come = await _adjustments(room)
        assert (gone.side, gone.quantity, gone.price) == (Side.SELL, Decimal(10), Decimal(100))
        assert (come.side, come.quantity, come.price) == (Side.BUY, Decimal(20), Decimal(50))
        trades = await room.read(lambda unit: unit.trades.of(MINE.id, "SPY"))
        assert [trade.source for trade in trades] == ["person", "adjustment", "adjustment"]
        assert "10 held here, 20 at the broker" in trades[1].note
        books = settled(trades)
        assert books.realized() == 0
        assert (books.book.quantity("SPY"), books.book.cost("SPY")) == (Decimal(20), Decimal(1000))
        [line] = await room.read(lambda unit: unit.audit.newest(10, capability="desk.adjustment"))
        assert (line.actor, line.outcome, line.details["there"]) == ("person", "accepted", "20")
        assert (await room.desk.differences(MINE.id)).positions == ()
        placed = await room.desk.place(room.wish("more"))
        assert placed.intent is not None


@pytest.mark.parametrize(
    ("there", "fills", "cost"),
    [
        # Moved to another broker, all or some of it; a new symbol beside it; turned into another symbol.
        ({"SPY": 0}, 1, {}),
        ({"SPY": 4}, 2, {"SPY": 400}),
        ({"QQQ": 3}, 1, {"SPY": 1000, "QQQ": 300}),
        ({"SPY": 0, "SPYX": 10}, 2, {"SPYX": 1000}),
        ({"SPY": -2}, 2, {"SPY": -200}),
    ],
)
async def test_whatever_moved_the_holdings_are_the_brokers_and_no_gain_is_made_up(
    home: Path, there: dict[str, int], fills: int, cost: dict[str, int]
) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        _hold(broker, **there)
        report = await _accept(room, (await _differs(room)).seal)
        assert report.agrees
        assert len(await _adjustments(room)) == fills
        trades = await room.read(lambda unit: unit.trades.of(MINE.id))
        books = settled(trades)
        assert books.realized() == 0
        assert {lot.symbol: books.book.cost(lot.symbol) for lot in books.book.lots()} == cost


async def test_the_lots_of_several_purchases_go_without_a_gain(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        broker.price = Decimal(130)
        room.prices.price = Decimal(130)
        placed = await room.desk.place(room.wish("two", quantity=5))
        assert placed.intent is not None
        broker.fill("o2")
        await room.until_state(placed.intent.id, OrderState.FILLED)
        # The oldest ten are sold with a gain: what is left cost more than the average of all.
        sold = await room.desk.place(room.wish("three", quantity=10, side=Side.SELL))
        assert sold.intent is not None
        broker.fill("o3")
        await room.until_state(sold.intent.id, OrderState.FILLED)
        _hold(broker, SPY=0)
        assert (await _accept(room, (await _differs(room)).seal)).agrees
        earned = settled(await room.read(lambda unit: unit.trades.of(MINE.id, "SPY")))
        assert (earned.realized(), earned.book.lots()) == (Decimal(300), ())


async def test_only_what_was_shown_is_accepted(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        with pytest.raises(Conflict, match="do not differ"):
            await _accept(room, "none")
        _hold(broker, SPY=20)
        shown = await _differs(room)
        _hold(broker, SPY=21)
        with pytest.raises(Conflict, match="not what you were shown"):
            await _accept(room, shown.seal)
        assert await room.held() == 10
        assert await _adjustments(room) == []


async def test_what_explains_itself_is_no_difference_any_more(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        _hold(broker, SPY=20)
        shown = await _differs(room)
        _hold(broker, SPY=10)
        with pytest.raises(Conflict, match="do not differ"):
            await _accept(room, shown.seal)
        assert room.desk.ready


async def test_while_an_order_of_it_is_unknown_nothing_is_accepted(home: Path) -> None:
    broker = OwnBroker()
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        broker.fault("submit_order", "reset_before")
        broker.fault("find_order", *["unclear"] * 50)
        placed = await room.desk.place(room.wish("lost", quantity=1))
        assert placed.intent is not None
        assert placed.intent.state is OrderState.UNKNOWN
        _hold(broker, SPY=20)

        async def diverged() -> bool:
            await _patiently(room, room.desk.reconcile(MINE.id))
            return bool((await room.desk.differences(MINE.id)).positions)

        await room.until(diverged)
        shown = await room.desk.differences(MINE.id)
        with pytest.raises(Conflict, match="not known yet"):
            await _accept(room, shown.seal)
        assert await _adjustments(room) == []


async def test_it_is_still_so_after_a_restart_and_counts_once(home: Path) -> None:
    file = home / "broker.json"
    broker = OwnBroker(file=file)
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        book = broker.book
        book.positions["SPY"] = "7"
        broker._keep(book)
        assert (await _accept(room, (await _differs(room)).seal)).agrees
    async with open_room(home, OwnBroker(file=file)) as room:
        assert room.desk.ready
        assert await room.held() == 7
        assert len(await _adjustments(room)) == 2


class Slow(OwnBroker):
    """Tells of fills by a larger sum and by what is held, long before it lists them."""

    lists = False

    def get_executions(self, since: datetime) -> list[Execution]:
        found = super().get_executions(since)
        return found if self.lists else [each for each in found if each.order_id == "o1"]


async def test_fills_that_are_still_to_come_of_an_order_placed_elsewhere_are_waited_for(home: Path) -> None:
    broker = Slow()
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        by_hand = broker.place_elsewhere("SPY", 5)
        broker.fill(by_hand, say=False)
        shown = await _differs(room)
        assert [(each.here, each.there) for each in shown.positions] == [(Decimal(10), Decimal(15))]
        with pytest.raises(Conflict, match="not known yet"):
            await _accept(room, shown.seal)
        # Accepted, it would have been counted twice now.
        broker.lists = True
        assert (await _patiently(room, room.desk.reconcile(MINE.id))).agrees
        assert await room.held() == 15
        assert await _adjustments(room) == []


async def test_fills_that_are_still_to_come_of_an_order_of_ours_are_waited_for_however_long(
    home: Path,
) -> None:
    broker = Slow()
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        assert (await room.desk.place(room.wish("more", quantity=5))).intent is not None
        broker.fill("o2", say=False)
        await _differs(room)
        room.clock.advance(16 * 60)
        shown = await _differs(room)
        with pytest.raises(Conflict, match="not known yet"):
            await _accept(room, shown.seal)
        broker.lists = True
        assert (await _patiently(room, room.desk.reconcile(MINE.id))).agrees
        assert await room.held() == 15
        assert await _adjustments(room) == []


async def test_what_is_accepted_comes_after_all_fills_although_the_brokers_clock_runs_ahead(
    home: Path,
) -> None:
    broker = OwnBroker(now=lambda: NOW + timedelta(seconds=20))
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        _hold(broker, SPY=20)
        broker.price = Decimal(50)
        assert (await _accept(room, (await _differs(room)).seal)).agrees
        holding = await room.read(lambda unit: unit.holdings.find(MINE.id, "SPY"))
        assert holding is not None
        assert (holding.quantity, holding.average_price) == (Decimal(20), Decimal(50))


async def test_what_never_comes_does_not_keep_the_books_wrong_for_good(home: Path) -> None:
    broker = Slow()
    async with open_room(home, broker) as room:
        await _with_ten(room, broker)
        broker.fill(broker.place_elsewhere("SPY", 5), say=False)
        await _differs(room)
        room.clock.advance(16 * 60)
        shown = await _differs(room)
        assert (await _accept(room, shown.seal)).agrees
        assert await room.held() == 15
