"""The market: chain, cache and board in one hand."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from puffling.market.demo.market import DemoMarket
from puffling.market.feeds import FeedParts
from puffling.market.market import Market
from puffling.market.samples_feed import SamplesFeed
from puffling.market.values import Quality
from puffling.puffin.data.actions import Adjustment
from puffling.puffin.data.bars import Span
from puffling.puffin.data.instants import US_PER_DAY, US_PER_MINUTE, day_to_us, to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.resample import resample
from puffling.puffin.data.samples import SamplesProvider
from puffling.runtime.bus import Bus
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import NotFound, Unavailable
from puffling.runtime.port import Port
from puffling.runtime.tasks import TaskScope
from puffling.settings.model import Market as MarketSettings
from tests.market.memory import CountingFeed, MemoryBars

NOW = datetime(2026, 11, 20, 15, 30, 20, tzinfo=UTC)
NOW_US = to_us(NOW)
YEAR_AGO_US = NOW_US - 365 * US_PER_DAY


@dataclass
class Room:
    """A market over a counting feed and a store in memory."""

    market: Market
    feed: CountingFeed
    store: MemoryBars
    clock: FixedClock


@pytest.fixture
def room(checkout: Path) -> Room:
    clock, store = FixedClock(NOW), MemoryBars()
    feed = CountingFeed(DemoMarket(), clock)
    samples = SamplesFeed(SamplesProvider(checkout / "resources" / "samples"))
    market = Market(clock=clock, bus=Bus(), scope=TaskScope("test"), feeds=[feed, samples], bar_store=store)
    return Room(market, feed, store, clock)


async def test_an_answer_says_where_it_comes_from(room: Room) -> None:
    demo = await room.market.bars("SPY", Interval.D1, YEAR_AGO_US, NOW_US)
    assert (demo.source, demo.label, demo.quality) == ("demo", "Demo data", Quality.DEMO)
    assert (demo.adjusted, demo.fetched_at, demo.developing, demo.warnings) == (True, NOW, True, ())
    real = await room.market.bars("AAPL", Interval.D1, 0, NOW_US, source="samples")
    assert (real.source, real.label, real.developing) == ("samples", "Sample data, real prices", False)
    assert len(real.bars) == 3_270


async def test_a_range_is_fetched_once(room: Room) -> None:
    first = await room.market.bars("SPY", Interval.M5, NOW_US - 10 * US_PER_DAY, NOW_US)
    again = await room.market.bars("SPY", Interval.M5, NOW_US - 10 * US_PER_DAY, NOW_US)
    assert again.bars == first.bars
    assert len(room.feed.asked) == 1


async def test_only_what_is_missing_is_fetched(room: Room) -> None:
    wide, narrow = NOW_US - 30 * US_PER_DAY, NOW_US - 10 * US_PER_DAY
    await room.market.bars("SPY", Interval.M5, narrow, NOW_US)
    merged = await room.market.bars("SPY", Interval.M5, wide, NOW_US)
    assert room.feed.asked[1:] == [Span(wide, narrow)]
    room.clock.advance(3_600.0)
    later = await room.market.bars("SPY", Interval.M5, wide, to_us(room.clock.now()))
    hour = 60 * US_PER_MINUTE
    assert room.feed.asked[2:] == [Span(NOW_US - 20_000_000, NOW_US - 20_000_000 + hour)]
    pure = room.feed.market.bars("SPY", Interval.M5, wide, NOW_US + hour)
    assert later.bars.time.tolist() == pure.time.tolist()
    assert merged.bars[:-1] == later.bars[: len(merged.bars) - 1]


async def test_prices_are_there_while_the_disk_is_full(room: Room) -> None:
    wide, narrow = NOW_US - 30 * US_PER_DAY, NOW_US - 10 * US_PER_DAY
    whole = room.feed.market.bars("SPY", Interval.H1, wide, NOW_US - 40 * US_PER_MINUTE)
    await room.market.bars("SPY", Interval.H1, narrow, NOW_US)
    room.store.full = True
    seen = await room.market.bars("SPY", Interval.H1, wide, NOW_US)
    assert seen.bars[: len(whole)].time.tolist() == whole.time.tolist()
    assert room.feed.asked[1:] == [Span(wide, narrow)]
    assert len((await room.market.bars("GLD", Interval.H1, wide, NOW_US)).bars) == len(seen.bars)
    room.store.full = False
    await room.market.bars("SPY", Interval.H1, wide, NOW_US)
    await room.market.bars("SPY", Interval.H1, wide, NOW_US)
    assert len(room.feed.asked) == 4


async def test_two_who_ask_at_once_fetch_once(room: Room) -> None:
    asked = [room.market.bars("BTC/USD", Interval.H1, YEAR_AGO_US, NOW_US) for _ in range(4)]
    first, *others = await asyncio.gather(*asked)
    assert len(room.feed.asked) == 1
    assert all(other.bars == first.bars for other in others)


async def test_only_closed_bars_are_kept_and_as_they_were_traded(room: Room) -> None:
    history = await room.market.bars("SPY", Interval.M5, NOW_US - US_PER_DAY, NOW_US)
    ((key, kept),) = room.store.kept.items()
    assert (key.source, key.adjusted) == ("demo", False)
    assert int(kept.time[-1]) + Interval.M5.us <= NOW_US < int(history.bars.time[-1]) + Interval.M5.us
    assert history.bars.close[-1] == room.market.price("SPY").price


async def test_demo_and_real_series_of_one_symbol_never_meet(room: Room) -> None:
    span = day_to_us(date(2010, 1, 1)), day_to_us(date(2011, 1, 1))
    demo = await room.market.bars("MSFT", Interval.D1, *span)
    real = await room.market.bars("MSFT", Interval.D1, *span, source="samples")
    again = await room.market.bars("MSFT", Interval.D1, *span)
    assert demo.bars == again.bars != real.bars
    assert {key.source for key in room.store.kept} == {"demo", "samples"}


async def test_weeks_over_a_split_are_made_of_adjusted_days(room: Room) -> None:
    span = day_to_us(date(2020, 8, 24)), day_to_us(date(2020, 9, 14))
    weeks = (await room.market.bars("AAPL", Interval.W1, *span)).bars
    days = room.feed.market.bars("AAPL", Interval.D1, *span)
    adjusted = Adjustment.of(room.feed.market.actions("AAPL"), NOW.date()).apply(days)
    assert weeks == resample(adjusted, Interval.D1, Interval.W1)
    assert float(np.max(weeks.high / weeks.low)) < 1.5


@pytest.mark.parametrize("interval", list(Interval))
async def test_every_width_ends_at_the_present_price(room: Room, interval: Interval) -> None:
    history = await room.market.bars("SPY", interval, NOW_US - 100 * US_PER_DAY, NOW_US)
    assert history.developing
    assert history.bars.close[-1] == room.market.price("SPY").price


async def test_a_past_window_has_nothing_that_moves(room: Room) -> None:
    history = await room.market.bars("SPY", Interval.W1, YEAR_AGO_US, YEAR_AGO_US + 70 * US_PER_DAY)
    assert not history.developing
    assert len(history.bars) == 10


async def test_a_bar_that_closes_during_the_question_is_not_lost(room: Room) -> None:
    room.clock.set(datetime(2026, 11, 20, 15, 29, 59, 999_999, tzinfo=UTC))
    scope = TaskScope("question")
    question = scope.spawn(room.market.bars("SPY", Interval.M1, NOW_US - US_PER_DAY, NOW_US), name="bars")
    await asyncio.sleep(0)
    room.clock.set(NOW)
    bars = (await question).bars
    opened = bars.time[bars.time >= to_us(datetime(2026, 11, 20, 14, 30, tzinfo=UTC))]
    assert np.unique(np.diff(opened)).tolist() == [US_PER_MINUTE]
    assert int(opened[-1]) == to_us(datetime(2026, 11, 20, 15, 30, tzinfo=UTC))


async def test_unknown_symbols_and_impossible_wishes_are_said_plainly(room: Room) -> None:
    with pytest.raises(NotFound, match="AAPL"):
        await room.market.bars("APPL", Interval.D1, 0, NOW_US)
    with pytest.raises(Unavailable, match="1d only"):
        await room.market.bars("IBM", Interval.M1, 0, NOW_US)
    with pytest.raises(NotFound):
        room.market.price("NOPE")


async def test_the_market_is_built_from_the_names_of_its_feeds() -> None:
    scope = TaskScope("test")
    clock = FixedClock(NOW)
    parts = FeedParts(clock, Port(clock), lambda _: None, Path(), MarketSettings())
    market = Market.of(("samples", "demo"), parts=parts, bus=Bus(), scope=scope, bar_store=MemoryBars())
    await market.start()
    await asyncio.sleep(0)
    assert market.price("AAPL").source == "samples"
    assert market.price("SPY").source == "demo"
    assert [(state.source, state.connected) for state in market.feed_states()] == [
        ("samples", True),
        ("demo", True),
    ]
    await scope.close()


async def test_a_long_history_is_put_together_like_a_short_one(room: Room) -> None:
    span = NOW_US - 500 * US_PER_DAY, NOW_US
    history = await room.market.bars("AAPL", Interval.M1, *span)
    raw, _ = room.feed.market.bars_until("AAPL", Interval.M1, *span, NOW_US)
    actions = [action for action in room.feed.market.actions("AAPL") if action.day <= NOW.date()]
    assert len(history.bars) > 100_000
    assert history.bars == Adjustment.of(actions, NOW.date()).apply(raw)
