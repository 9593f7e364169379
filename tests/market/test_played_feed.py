"""The past market of rehearsals: it knows what one knew at the time, and nothing of what came after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from puffling.market.played_feed import PlayedFeed
from puffling.market.values import Quality, SessionState
from puffling.puffin.data.bars import Bars, Span
from puffling.puffin.data.instants import US_PER_DAY, to_us
from puffling.puffin.data.interval import Interval
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Unavailable
from tests.market.memory import Recorder

# A Monday to a Thursday; the exchange is open from half past two to nine.
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
OPENED, CLOSED = timedelta(hours=14, minutes=30), timedelta(hours=21)
ALL_TIME = Span(0, to_us(MONDAY) + 365 * US_PER_DAY)


def series(interval: Interval, first_us: int, count: int) -> Bars:
    """Bars that open at 100, 101, ... and close half a dollar above."""
    opening = np.arange(100.0, 100.0 + count)
    times = first_us + np.arange(count) * interval.us
    return Bars(times, opening, opening + 1.0, opening - 1.0, opening + 0.5, np.full(count, 1_000.0))


def daily(now: datetime) -> PlayedFeed:
    """Four days, seen at a moment."""
    bars = series(Interval.D1, to_us(MONDAY), 4)
    return PlayedFeed(FixedClock(now), Interval.D1, {"SPY": bars}, "XNYS")


@pytest.mark.parametrize(
    ("now", "closes", "price", "state"),
    [
        (MONDAY + CLOSED, [100.5], 100.5, SessionState.POST),
        (MONDAY + timedelta(days=1, hours=14), [100.5], 100.5, SessionState.PRE),
        (MONDAY + timedelta(days=1) + OPENED, [100.5], 101.0, SessionState.OPEN),
        (MONDAY + timedelta(days=1) + CLOSED - timedelta(seconds=1), [100.5], 101.0, SessionState.OPEN),
        (MONDAY + timedelta(days=1) + CLOSED, [100.5, 101.5], 101.5, SessionState.POST),
        (MONDAY + timedelta(days=9), [100.5, 101.5, 102.5, 103.5], 103.5, SessionState.CLOSED),
    ],
)
async def test_a_day_is_known_at_its_close_and_traded_at_its_open_until_then(
    now: datetime, closes: list[float], price: float, state: SessionState
) -> None:
    feed = daily(now)
    assert list((await feed.bars("SPY", Interval.D1, ALL_TIME)).close) == closes
    told = feed.price("SPY")
    assert (told.price, told.session, told.quality) == (price, state, Quality.REALTIME)
    assert told.time_us <= to_us(now)
    # Nothing of it tells how high or low the day that runs will go.
    assert told.day_high == told.day_low == told.price


async def test_the_bar_that_runs_has_begun_and_has_not_closed() -> None:
    feed = daily(MONDAY + timedelta(days=1) + OPENED)
    assert list(feed.running("SPY").open) == [100.0, 101.0]
    assert len(await feed.bars("SPY", Interval.D1, ALL_TIME)) == 1
    assert feed.price("SPY").previous_close == 100.5
    assert feed.price("SPY").day_open == 101.0


async def test_a_span_is_cut_where_it_was_asked_and_where_now_is() -> None:
    feed = daily(MONDAY + timedelta(days=2) + CLOSED)
    second = Span(to_us(MONDAY) + US_PER_DAY, ALL_TIME.end_us)
    assert list((await feed.bars("SPY", Interval.D1, second)).open) == [101.0, 102.0]
    first = Span(0, to_us(MONDAY) + US_PER_DAY)
    assert list((await feed.bars("SPY", Interval.D1, first)).open) == [100.0]


@pytest.mark.parametrize(
    ("minutes", "closed", "price"), [(0, 0, 100.0), (59, 0, 100.0), (60, 1, 101.0), (150, 2, 102.0)]
)
async def test_a_bar_within_the_day_is_known_when_the_next_begins(
    minutes: int, closed: int, price: float
) -> None:
    opened = MONDAY + OPENED
    bars = series(Interval.H1, to_us(opened), 5)
    clock = FixedClock(opened + timedelta(minutes=minutes))
    feed = PlayedFeed(clock, Interval.H1, {"SPY": bars}, "XNYS")
    assert len(await feed.bars("SPY", Interval.H1, ALL_TIME)) == closed
    assert feed.price("SPY").price == price
    assert feed.price("SPY").time_us == to_us(clock.now())


async def test_time_moves_the_market_on() -> None:
    clock = FixedClock(MONDAY + CLOSED)
    feed = PlayedFeed(clock, Interval.D1, {"SPY": series(Interval.D1, to_us(MONDAY), 4)}, "XNYS")
    seen = [feed.price("SPY").price]
    for _ in range(3):
        clock.advance(24 * 3_600)
        seen.append(feed.price("SPY").price)
    assert seen == [100.5, 101.5, 102.5, 103.5]


async def test_before_its_first_bar_it_has_no_price() -> None:
    feed = daily(MONDAY)
    assert len(await feed.bars("SPY", Interval.D1, ALL_TIME)) == 0
    with pytest.raises(Unavailable, match="SPY was not traded yet"):
        feed.price("SPY")


async def test_a_market_that_never_closes_is_played_too() -> None:
    clock = FixedClock(MONDAY + timedelta(hours=2, minutes=30))
    bars = series(Interval.H1, to_us(MONDAY) - Interval.H1.us, 6)
    feed = PlayedFeed(clock, Interval.H1, {"BTC/USD": bars}, "24/7")
    assert list((await feed.bars("BTC/USD", Interval.H1, ALL_TIME)).open) == [100.0, 101.0, 102.0]
    assert feed.price("BTC/USD").price == 103.0


async def test_it_lists_what_it_plays_and_offers_nothing_else() -> None:
    feed = daily(MONDAY + CLOSED)
    [listed] = feed.instruments()
    assert (listed.symbol, listed.calendar) == ("SPY", "XNYS")
    assert feed.intervals == {Interval.D1}
    assert await feed.find("SP", 10) == ()
    assert await feed.learn("QQQ") is None
    assert len(await feed.tail("SPY", Interval.D1, 0)) == 0
    assert await feed.actions("SPY") == ()
    assert (await feed.adjustment("SPY")).apply(feed.running("SPY")) == feed.running("SPY")
    sink = Recorder()
    await feed.refresh(["SPY"])
    feed.watch(frozenset({"SPY"}))
    await feed.run(sink)
    await feed.close()
    assert (sink.connected, sink.heard, sink.begun) == (["played"], [], [])
