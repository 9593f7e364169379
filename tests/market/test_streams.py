"""The price board."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from puffling.market.chain import FeedChain
from puffling.market.demo.feed import DemoFeed
from puffling.market.demo.market import DemoMarket
from puffling.market.events import FeedStateChanged, PricesMoved
from puffling.market.feeds import PriceSink
from puffling.market.streams import PriceBoard
from puffling.market.values import SessionState, Tick
from puffling.puffin.data.instants import US_PER_SECOND, to_us
from puffling.puffin.data.interval import Interval
from puffling.runtime.bus import Bus
from puffling.runtime.clock import SimulatedClock
from puffling.runtime.errors import NotFound
from puffling.runtime.tasks import TaskScope

START = datetime(2026, 11, 20, 15, tzinfo=UTC)
START_US = to_us(START)


@dataclass
class Room:
    """A board with all it needs, and what it has told."""

    clock: SimulatedClock
    scope: TaskScope
    board: PriceBoard
    chain: FeedChain
    moved: list[PricesMoved] = field(default_factory=list)
    states: list[FeedStateChanged] = field(default_factory=list)

    async def live(self, seconds: float) -> None:
        await self.clock.run(until=datetime.fromtimestamp(self.clock.now().timestamp() + seconds, UTC))


@pytest_asyncio.fixture
async def room() -> AsyncIterator[Room]:
    clock, bus, scope = SimulatedClock(START), Bus(), TaskScope("test")
    chain = FeedChain([DemoFeed(DemoMarket(), clock)])
    made = Room(clock, scope, PriceBoard(chain, clock, bus, scope), chain)
    bus.on(PricesMoved, made.moved.append)
    bus.on(FeedStateChanged, made.states.append)
    yield made
    await scope.close()


def tick(price: float, after_us: int, size: float = 1.0, symbol: str = "SPY") -> Tick:
    return Tick(symbol, price, size, START_US + after_us)


async def watched(room: Room, *symbols: str) -> None:
    room.scope.spawn(room.board._drain(), name="drain")
    room.board.watch(symbols)
    await room.live(0.05)
    room.moved.clear()


async def test_a_watched_symbol_is_told_at_once_with_its_day(room: Room) -> None:
    room.board.start()
    room.board.watch(["SPY"])
    await room.live(0.001)
    price = room.moved[0].prices["SPY"]
    assert (price.session, price.label) == (SessionState.OPEN, "Demo data")
    assert price.day_low <= price.price <= price.day_high
    assert price == room.board.price("SPY")


async def test_many_ticks_become_one_event_with_the_newest_price_of_each(room: Room) -> None:
    await watched(room, "SPY", "QQQ")
    for step in range(1_000):
        room.board.ticks(
            "demo", (tick(700.0 + step, step + 60_000), tick(600.0 + step, step + 60_000, symbol="QQQ"))
        )
    await room.live(0.05)
    assert len(room.moved) == 1
    prices = room.moved[0].prices
    assert {symbol: price.price for symbol, price in prices.items()} == {"SPY": 1_699.0, "QQQ": 1_599.0}


async def test_at_most_one_event_every_ten_milliseconds(room: Room) -> None:
    await watched(room, "SPY")
    for step in range(1_000):
        room.board.ticks("demo", (tick(700.0 + step, step * 1_000 + 60_000),))
        await room.live(0.001)
    assert 90 <= len(room.moved) <= 101
    await room.live(0.05)
    assert room.moved[-1].prices["SPY"].price == 1_699.0


async def test_the_day_counts_every_tick_even_those_never_shown(room: Room) -> None:
    await watched(room, "SPY")
    before = room.board.price("SPY")
    room.board.ticks(
        "demo", [tick(2_000.0, 60_001, 5.0), tick(100.0, 60_002, 7.0), tick(before.price, 60_003, 9.0)]
    )
    after = room.board.price("SPY")
    assert (after.day_high, after.day_low) == (2_000.0, 100.0)
    assert after.day_volume == before.day_volume + 21.0


@pytest.mark.parametrize(
    ("path", "turns"),
    [
        ((12.0, 9.0), (12.0,)),
        ((8.0, 11.0), (8.0,)),
        ((12.0, 8.0, 9.0), (12.0, 8.0)),
        ((8.0, 12.0, 9.0), (8.0, 12.0)),
        ((12.0, 8.0, 12.0), (8.0,)),
        ((10.5, 11.0, 10.9), (11.0,)),
        ((10.5, 11.0), ()),
        ((9.0, 8.0), ()),
        ((10.0,), ()),
    ],
)
async def test_how_far_a_price_went_between_two_events_is_told_in_its_order(
    room: Room, path: tuple[float, ...], turns: tuple[float, ...]
) -> None:
    await watched(room, "SPY")
    base = room.board.price("SPY").price
    room.board.ticks("demo", [tick(base / 10 * step, 60_000 + at) for at, step in enumerate(path)])
    await room.live(0.05)
    [event] = room.moved
    last = base / 10 * path[-1]
    assert event.turns.get("SPY", ()) == tuple(base / 10 * step for step in turns)
    assert [price.price for price in event.way("SPY")] == [*event.turns.get("SPY", ()), last]
    assert list(event.way("QQQ")) == []


async def test_how_far_a_price_went_is_told_once(room: Room) -> None:
    await watched(room, "SPY")
    base = room.board.price("SPY").price
    room.board.ticks("demo", [tick(base * 1.2, 60_001), tick(base, 60_002)])
    await room.live(0.05)
    room.board.ticks("demo", [tick(base * 1.1, 60_003)])
    await room.live(0.05)
    assert [event.turns for event in room.moved] == [{"SPY": (base * 1.2,)}, {}]


async def test_a_snapshot_does_not_hide_how_far_a_price_went(room: Room) -> None:
    await watched(room, "SPY")
    before = room.board.price("SPY")
    room.board.ticks("demo", [tick(before.price * 1.2, 60_001)])
    room.board.snapshots([before._replace(time_us=START_US + 60_002)])
    await room.live(0.05)
    assert [event.turns for event in room.moved] == [{"SPY": (before.price * 1.2,)}]


async def test_an_answer_that_took_its_time_does_not_undo_what_was_traded_meanwhile(room: Room) -> None:
    await watched(room, "SPY")
    before = room.board.price("SPY")
    traded = before.price * 1.2
    room.board.ticks("demo", [tick(traded, 70_000)])
    room.board.snapshots([before._replace(time_us=START_US + 60_002, day_volume=before.day_volume + 500)])
    now = room.board.price("SPY")
    assert (now.price, now.time_us, now.day_high) == (traded, START_US + 70_000, traded)
    assert now.day_volume == before.day_volume + 500
    room.board.snapshots([before._replace(time_us=START_US + 80_000)])
    assert room.board.price("SPY").price == before.price


async def test_what_is_too_strange_to_be_shown_is_no_turn_either(room: Room) -> None:
    await watched(room, "SPY")
    base = room.board.price("SPY").price
    room.board.ticks("demo", [tick(base * 1_000, 60_001), tick(base * 1.01, 60_002)])
    await room.live(0.05)
    assert [event.turns for event in room.moved] == [{}]


async def test_what_the_snapshot_holds_is_not_counted_again(room: Room) -> None:
    await watched(room, "SPY")
    before = room.board.price("SPY")
    room.board.ticks("demo", [Tick("SPY", 1.0, 5.0, before.time_us)])
    assert room.board.price("SPY") == before


async def test_the_stream_and_the_market_agree_on_the_day(room: Room) -> None:
    room.board.start()
    room.board.watch(["SPY", "BTC/USD"])
    await room.live(90.0)
    feed = room.chain.feed_of("SPY")
    for symbol in ("SPY", "BTC/USD"):
        assert room.board.price(symbol) == feed.price(symbol)


async def test_two_watchers_share_a_symbol_and_the_last_one_ends_it(room: Room) -> None:
    room.board.start()
    first, second = room.board.watch(["SPY"]), room.board.watch(["SPY", "QQQ"])
    second()
    second()
    assert room.board.watched() == {"SPY"}
    await room.live(2.0)
    assert room.moved
    first()
    room.moved.clear()
    await room.live(5.0)
    assert room.moved == []


async def test_an_unknown_symbol_is_refused_before_anything_is_watched(room: Room) -> None:
    with pytest.raises(NotFound):
        room.board.watch(["SPY", "NOPE"])
    assert room.board.watched() == frozenset()


async def test_late_trading_moves_the_price_and_not_the_day() -> None:
    evening = datetime(2026, 11, 20, 22, tzinfo=UTC)
    clock, bus, scope = SimulatedClock(evening), Bus(), TaskScope("test")
    chain = FeedChain([DemoFeed(DemoMarket(), clock)])
    board = PriceBoard(chain, clock, bus, scope)
    board.start()
    board.watch(["SPY"])
    await clock.run(until=datetime(2026, 11, 20, 22, 3, tzinfo=UTC))
    price = board.price("SPY")
    feed = chain.feed_of("SPY")
    assert isinstance(feed, DemoFeed)
    bar = feed.market.bars("SPY", Interval.D1, to_us(evening) - 86_400 * US_PER_SECOND, to_us(evening))
    assert price.session is SessionState.POST
    assert (price.day_high, price.day_low, price.day_volume) == (bar.high[-1], bar.low[-1], bar.volume[-1])
    assert price == feed.price("SPY")
    await scope.close()


async def test_ticks_of_symbols_nobody_watches_leave_no_trace(room: Room) -> None:
    room.board.ticks("demo", [tick(1.0, n, symbol=f"X{n}") for n in range(1_000)])
    await asyncio.sleep(0)
    assert (room.board.watched(), room.moved) == (frozenset(), [])


class DyingFeed(DemoFeed):
    """A demo feed that breaks as soon as it is listened to."""

    async def run(self, sink: PriceSink) -> None:
        sink.connection(self.source, connected=True)
        raise ZeroDivisionError


async def test_a_feed_that_breaks_says_so_and_the_scope_hears_why() -> None:
    clock, bus, failures, told = SimulatedClock(START), Bus(), list[BaseException](), list[FeedStateChanged]()
    scope = TaskScope("test", on_failure=lambda _, failure: failures.append(failure))
    board = PriceBoard(FeedChain([DyingFeed(DemoMarket(), clock)]), clock, bus, scope)
    bus.on(FeedStateChanged, told.append)
    board.start()
    await clock.run()
    assert [each.state.connected for each in told] == [True, False]
    assert "stopped" in board.states()[0].note
    assert [type(failure) for failure in failures] == [ZeroDivisionError]
    await scope.close()
