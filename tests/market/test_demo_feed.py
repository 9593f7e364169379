"""The demo feed on an injected clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import numpy as np

from puffling.market.demo.feed import DemoFeed
from puffling.market.demo.market import DemoMarket
from puffling.market.values import SessionState
from puffling.puffin.data.bars import Span
from puffling.puffin.data.instants import US_PER_DAY, US_PER_MINUTE, to_us
from puffling.puffin.data.interval import Interval
from puffling.runtime.clock import FixedClock, SimulatedClock
from puffling.runtime.tasks import TaskScope
from tests.market.memory import Recorder


def at(day: int, hour: int, minute: int = 0, second: float = 0.0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) + timedelta(seconds=second)


@asynccontextmanager
async def streaming(feed: DemoFeed, sink: Recorder, *symbols: str) -> AsyncIterator[None]:
    scope = TaskScope("test")
    feed.watch(frozenset(symbols))
    scope.spawn(feed.run(sink), name="feed")
    try:
        yield
    finally:
        await scope.close()


async def settle() -> None:
    for _ in range(40):
        await asyncio.sleep(0)


async def test_the_stream_tells_every_tick_of_the_market_once_and_in_order() -> None:
    clock = SimulatedClock(at(20, 15, 0, 7.5))
    feed, sink = DemoFeed(DemoMarket(), clock), Recorder()
    async with streaming(feed, sink, "SPY", "BTC/USD"):
        await clock.run(until=at(20, 15, 10))
    times = [tick.time_us for tick in sink.heard]
    assert times == sorted(times)
    for symbol in ("SPY", "BTC/USD"):
        ticks = feed.market.ticks(symbol, to_us(at(20, 15, 0, 7.5)) + 1, to_us(at(20, 15, 10)))
        heard = [
            tick for tick in sink.heard if tick.symbol == symbol and tick.time_us < to_us(at(20, 15, 10))
        ]
        assert [tick.time_us for tick in heard] == ticks.time.tolist()
        assert [tick.price for tick in heard] == ticks.price.tolist()
        assert [tick.size for tick in heard] == ticks.size.tolist()


async def test_the_stream_adds_up_to_the_bars() -> None:
    clock = SimulatedClock(at(20, 14, 29, 30))
    feed, sink = DemoFeed(DemoMarket(), clock), Recorder()
    async with streaming(feed, sink, "QQQ"):
        await clock.run(until=at(20, 14, 36))
    bars = feed.market.bars("QQQ", Interval.M1, to_us(at(20, 14, 31)), to_us(at(20, 14, 35)))
    for place, opened in enumerate(bars.time.tolist()):
        prices = [tick.price for tick in sink.heard if opened <= tick.time_us < opened + US_PER_MINUTE]
        seen = (prices[0], max(prices), min(prices), prices[-1])
        assert seen == (bars.open[place], bars.high[place], bars.low[place], bars.close[place])


async def test_at_the_open_the_day_begins_anew() -> None:
    clock = SimulatedClock(at(20, 14, 29, 50))
    feed, sink = DemoFeed(DemoMarket(), clock), Recorder()
    async with streaming(feed, sink, "SPY", "BTC/USD"):
        await clock.run(until=at(20, 14, 30, 5))
    (begun,) = sink.begun
    bar = feed.market.bars("SPY", Interval.D1, to_us(at(20, 0)), to_us(at(21, 0)))
    assert (begun.symbol, begun.session, begun.day_open) == ("SPY", SessionState.OPEN, bar.open[0])


async def test_on_a_saturday_crypto_lives_and_shares_rest() -> None:
    clock = SimulatedClock(at(21, 15))
    feed, sink = DemoFeed(DemoMarket(), clock), Recorder()
    async with streaming(feed, sink, "SPY", "ETH/USD"):
        await clock.run(until=at(21, 15, 2))
    assert {tick.symbol for tick in sink.heard} == {"ETH/USD"}
    assert len(sink.heard) > 100
    assert feed.price("SPY").session is SessionState.CLOSED


async def test_early_trading_ticks_too() -> None:
    clock = SimulatedClock(at(20, 10))
    feed, sink = DemoFeed(DemoMarket(), clock), Recorder()
    async with streaming(feed, sink, "SPY"):
        await clock.run(until=at(20, 10, 2))
    assert len(sink.heard) >= 18
    assert feed.price("SPY").session is SessionState.PRE


async def test_nobody_watching_costs_nothing_and_a_late_watcher_is_served() -> None:
    clock = SimulatedClock(at(20, 15))
    feed, sink = DemoFeed(DemoMarket(), clock), Recorder()
    async with streaming(feed, sink):
        await clock.run(until=at(20, 16))
        assert (sink.heard, sink.begun) == ([], [])
        feed.watch(frozenset({"SPY"}))
        await clock.run(until=at(20, 16, 1))
        assert len(sink.heard) > 50
        feed.watch(frozenset())
        await clock.run(until=at(20, 16, 2))
        told = len(sink.heard)
        await clock.run(until=at(20, 17))
        assert len(sink.heard) == told


async def test_after_sleeping_over_hours_the_present_is_told_not_the_past() -> None:
    clock = FixedClock(at(20, 15))
    feed, sink = DemoFeed(DemoMarket(), clock), Recorder()
    async with streaming(feed, sink, "SPY"):
        await settle()
        clock.set(at(20, 19))
        await settle()
        assert sink.heard == []
        assert [price.time_us for price in sink.begun] == [feed.price("SPY").time_us]


async def test_history_ends_now_with_the_bar_that_is_still_moving() -> None:
    clock = FixedClock(at(20, 15, 30, 20))
    feed = DemoFeed(DemoMarket(), clock)
    now_us = to_us(clock.now())
    closed = await feed.bars("SPY", Interval.M1, Span(now_us - US_PER_DAY, now_us + US_PER_DAY))
    tail = await feed.tail("SPY", Interval.M1, int(closed.time[-1]) + 1)
    assert int(closed.time[-1]) + US_PER_MINUTE == int(tail.time[0]) == to_us(at(20, 15, 30))
    assert tail.close[-1] == feed.price("SPY").price


async def test_a_history_told_in_pieces_is_the_history() -> None:
    clock = FixedClock(at(20, 15))
    feed = DemoFeed(DemoMarket(), clock)
    span = Span(to_us(clock.now()) - 100 * US_PER_DAY + 12_345, to_us(clock.now()) - US_PER_DAY)
    for symbol in ("SPY", "BTC/USD"):
        told = await feed.bars(symbol, Interval.M15, span)
        assert told == feed.market.bars(symbol, Interval.M15, span.start_us, span.end_us)
        assert bool(np.all(np.diff(told.time) > 0))


async def test_coming_splits_are_not_known_before_their_day() -> None:
    clock = FixedClock(datetime(2020, 8, 28, 20, tzinfo=UTC))
    feed = DemoFeed(DemoMarket(), clock)
    split = datetime(2020, 8, 31, tzinfo=UTC).date()
    assert split not in {action.day for action in await feed.actions("AAPL")}
    before = feed.price("AAPL").price
    clock.set(datetime(2020, 8, 31, 8, 0, tzinfo=UTC))
    assert split in {action.day for action in await feed.actions("AAPL")}
    after = feed.price("AAPL")
    assert 3.4 < before / after.price < 4.6
    assert abs(after.change_percent) < 15.0


def test_another_seed_is_kept_under_another_source() -> None:
    clock = FixedClock(at(20, 15))
    assert DemoFeed(DemoMarket(), clock).source == "demo"
    assert DemoFeed(DemoMarket(8), clock).source == "demo-8"
