"""The whole desk with the real client of Alpaca before the hostile one."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from puffling.puffin.broker.alpaca import AlpacaBroker
from puffling.puffin.orders import Kind
from puffling.store.orders import OrderState
from puffling.trading.entering import OrderRefused
from puffling.trading.events import LineChanged
from puffling.trading.values import LineState
from tests.fakes.alpaca_data import KEY, SECRET
from tests.fakes.alpaca_trading import AlpacaTrading
from tests.fakes.local_server import Answer, serving
from tests.trading.cases import NOW
from tests.trading.rooms import LOOSE, MINE, open_room


class Trickle:
    """Somebody else's order, of which one more share fills whenever it was just told what is held."""

    def __init__(self, alpaca: AlpacaTrading, shares: int) -> None:
        order = {"symbol": "SPY", "side": "buy", "qty": shares, "type": "limit", "limit_price": "90"}
        self._order_id = alpaca.place(**order, time_in_force="gtc")
        self._alpaca = alpaca
        self.left = shares

    def step(self, path: str) -> None:
        if self.left and path == "/v2/clock":
            self.left -= 1
            self._alpaca.fill(self._order_id, 1, 90)


@pytest.fixture
def alpaca() -> Iterator[AlpacaTrading]:
    """A hostile Alpaca at eleven in the morning, with a price for SPY."""
    with serving() as server:
        alpaca = AlpacaTrading(server, lambda: NOW)
        alpaca.move("SPY", 100)
        yield alpaca


@pytest.fixture
def broker(alpaca: AlpacaTrading) -> AlpacaBroker:
    """The real broker before it; the desk closes it."""
    return AlpacaBroker(KEY, SECRET, base_url=alpaca.server.address, shortest_wait_seconds=0.02)


async def test_an_account_that_changes_while_it_is_asked_about_is_asked_again_and_halts_nothing(
    home: Path, alpaca: AlpacaTrading, broker: AlpacaBroker
) -> None:
    trickle = Trickle(alpaca, 9)
    alpaca.at_each_visit = trickle.step
    async with open_room(home, broker, compared=False) as room:
        line = room.parts.line(MINE.id)

        async def moved_on() -> bool:
            room.clock.advance(1.0)
            return not trickle.left

        await room.until(moved_on)
        assert not room.alarms

        async def ready() -> bool:
            room.clock.advance(1.0)
            return line.state is LineState.READY

        await room.until(ready)
        assert await room.held() == Decimal(9)
        assert room.switch.read() is None
        assert not room.alarms
        assert not room.failures


@pytest.mark.parametrize(
    "faults",
    [
        ["reset_before"],
        ["reset_after"],
        ["reset_after", "lookup_404"],
        ["late_before", "lookup_500"],
        ["late_after", "lookup_html"],
        ["hang_after"],
        ["html_before", "reset_after"],
        ["html_after", "lookup_404", "lookup_busy"],
        ["garbled_after"],
        ["cut_after", "stream_skip"],
        ["duplicate_id"],
        ["duplicate_id", "lookup_404"],
        ["busy"],
        ["busy", "late_after"],
        ["strange_status"],
        ["stream_twice"],
        ["stream_fill_first"],
        ["stream_word"],
        ["stream_cut"],
        ["stream_garbage"],
    ],
    ids="+".join,
)
async def test_whatever_the_broker_does_there_is_one_order_and_its_fill_counts_once(
    home: Path, alpaca: AlpacaTrading, faults: list[str]
) -> None:
    # A hang is waited out; nothing else is in a race with it.
    read_seconds = 0.3 if "hang_after" in faults else 10.0
    broker = AlpacaBroker(
        KEY, SECRET, base_url=alpaca.server.address, read_seconds=read_seconds, shortest_wait_seconds=0.02
    )
    async with open_room(home, broker) as room:
        for fault in faults:
            alpaca.fault(fault)
        placed = await room.desk.place(room.wish(valid_seconds=3600))
        assert placed.intent is not None
        id = placed.intent.id

        async def filled() -> bool:
            room.clock.advance(1.0)
            return (await room.intent(id)).state is OrderState.FILLED

        await room.until(filled)
        done = await room.intent(id)
        assert await room.held() == 5
        assert done.reserved == 0
        assert [entry["client"] for entry in alpaca.noted("accepted")] == [done.client_id]
        assert not room.alarms
        assert not room.failures


@pytest.mark.parametrize("fault", ["buying_power", "wash_trade", "invalid", "unreadable", "keys", "keys_401"])
async def test_what_the_broker_refuses_is_over_and_reserves_nothing(
    home: Path, alpaca: AlpacaTrading, broker: AlpacaBroker, fault: str
) -> None:
    async with open_room(home, broker) as room:
        alpaca.fault(fault)
        placed = await room.desk.place(room.wish())
        assert placed.intent is not None
        assert (placed.intent.state, placed.intent.reserved) == (OrderState.REJECTED, Decimal(0))
        assert placed.intent.reason
        assert alpaca.noted("accepted") == []


async def test_fills_while_the_stream_is_down_are_in_the_ledger_when_it_is_back(
    home: Path, alpaca: AlpacaTrading, broker: AlpacaBroker
) -> None:
    alpaca.set(fills_at_once=False)
    async with open_room(home, broker) as room:
        placed = await room.desk.place(room.wish(valid_seconds=3600))
        assert placed.intent is not None
        alpaca.server.trouble(*[Answer(503)] * 3, path="/stream")
        alpaca.cut()
        for size in (1, 2, 2):
            alpaca.move("SPY", 100, size)

        async def done() -> bool:
            room.clock.advance(1.0)
            return await room.held() == 5 and room.parts.line(MINE.id).ready

        await room.until(done)
        fills = await room.desk.fills(MINE.id)
        assert sorted(fill.quantity for fill in fills) == [1, 2, 2]
        assert (await room.until_state(placed.intent.id, OrderState.FILLED)).reserved == 0
        assert not room.alarms


async def test_a_mute_stream_blocks_orders_until_the_account_was_compared_again(
    home: Path, alpaca: AlpacaTrading
) -> None:
    broker = AlpacaBroker(
        KEY, SECRET, base_url=alpaca.server.address, mute_seconds=0.1, shortest_wait_seconds=0.02
    )
    async with open_room(home, broker) as room:
        states: list[LineState] = []
        room.bus.on(LineChanged, lambda event: states.append(event.state))

        async def heard() -> bool:
            return room.parts.line(MINE.id).streaming

        await room.until(heard)
        alpaca.set(mute=True)
        await room.desk.place(room.wish())

        async def again() -> bool:
            room.clock.advance(1.0)
            return LineState.MUTE in states and states[-1] is LineState.READY

        await room.until(again)
        assert await room.held() == 5
        assert not room.alarms


async def test_a_clock_five_minutes_off_blocks_orders_with_the_reason(
    home: Path, alpaca: AlpacaTrading, broker: AlpacaBroker
) -> None:
    alpaca.set(offset_seconds=300)
    async with open_room(home, broker) as room:
        with pytest.raises(OrderRefused, match="clock"):
            await room.desk.place(room.wish())
    assert alpaca.noted("accepted") == []


async def test_an_order_placed_elsewhere_is_adopted_and_its_fills_are_held(
    home: Path, alpaca: AlpacaTrading, broker: AlpacaBroker
) -> None:
    alpaca.set(fills_at_once=False)
    order_id = alpaca.place(symbol="SPY", side="buy", qty=3)
    async with open_room(home, broker) as room:
        [order] = (await room.desk.account(MINE.id)).open_orders
        assert (order.broker_order_id, order.state, order.intent_id) == (order_id, OrderState.EXTERNAL, None)
        alpaca.move("SPY", 101)

        async def held() -> bool:
            return await room.held() == 3

        await room.until(held)
        assert not room.alarms


async def test_a_fill_taken_back_and_one_put_right_are_so_in_the_ledger(
    home: Path, alpaca: AlpacaTrading, broker: AlpacaBroker
) -> None:
    async with open_room(home, broker) as room:
        for slot in ("one", "two"):
            placed = await room.desk.place(room.wish(slot))
            assert placed.intent is not None
            await room.until_state(placed.intent.id, OrderState.FILLED)
        first, second = (fill["execution_id"] for fill in alpaca.truth()["fills"])
        alpaca.bust(first)
        alpaca.correct(second, 4, "99.50")

        async def right() -> bool:
            return await room.held() == 4

        await room.until(right)
        holding = await room.read(lambda unit: unit.holdings.find(MINE.id, "SPY"))
        assert holding is not None
        assert holding.average_price == Decimal("99.5")


async def test_a_changed_order_is_one_order_and_counts_once(
    home: Path, alpaca: AlpacaTrading, broker: AlpacaBroker
) -> None:
    async with open_room(home, broker, limits=LOOSE | {"trading.orders_per_day": 1}) as room:
        wish = room.wish(kind=Kind.LIMIT, limit=Decimal(95))
        placed = await room.desk.place(wish)
        assert placed.intent is not None
        changed = await room.desk.replace(placed.intent.id, slot="two", source="person", quantity=Decimal(7))
        assert changed.intent is not None
        alpaca.move("SPY", 95)
        await room.until_state(changed.intent.id, OrderState.FILLED)
        assert (await room.intent(placed.intent.id)).state is OrderState.REPLACED
        assert await room.held() == 7
        assert not room.alarms


async def test_a_cancel_that_came_too_late_says_that_it_is_filled(
    home: Path, alpaca: AlpacaTrading, broker: AlpacaBroker
) -> None:
    async with open_room(home, broker) as room:
        placed = await room.desk.place(room.wish(kind=Kind.LIMIT, limit=Decimal(95)))
        assert placed.intent is not None
        alpaca.fault("cancel_filled")
        cancelled = await room.desk.cancel(placed.intent.id)
        assert cancelled.state is OrderState.FILLED
        assert await room.held() == 5


async def test_what_could_not_be_cancelled_is_named(
    home: Path, alpaca: AlpacaTrading, broker: AlpacaBroker
) -> None:
    async with open_room(home, broker) as room:
        for slot in ("one", "two"):
            await room.desk.place(room.wish(slot, kind=Kind.LIMIT, limit=Decimal(95)))
        alpaca.fault("cancel_500")
        report = await room.desk.cancel_all(MINE.id)
        assert report.cancelled == 1
        [left] = report.failed
        assert "SPY" in left.title
        assert left.reason
