"""Yahoo as a feed, through the real client: delayed, polled, honest about what it cannot say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from puffling.market.feeds import FeedParts, SourceAway
from puffling.market.values import AssetClass, Price, Quality
from puffling.market.yahoo_feed import YahooFeed
from puffling.puffin.data.bars import Span
from puffling.puffin.data.instants import to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.yfinance_provider import YFinanceProvider
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import Unavailable
from puffling.runtime.port import Port
from puffling.runtime.tasks import TaskScope
from puffling.settings.model import Market as MarketSettings
from tests.fakes.yahoo import FakeYahoo, Traded, daily_rows
from tests.market.memory import Recorder

NOW = datetime(2024, 1, 30, 16, 0, tzinfo=UTC)
ROWS = daily_rows(datetime(2024, 1, 2, tzinfo=UTC), [100.0 + day for day in range(20)])
EVERYTHING = Span(0, to_us(NOW))


class Room:
    """A feed with its server and what it is made from."""

    def __init__(self, folder: Path) -> None:
        self.yahoo = FakeYahoo(folder)
        self.yahoo.known["AAPL"] = Traded(ROWS, splits={ROWS[10][0]: 2.0}, name="Apple Inc.")
        self.yahoo.known["BTC-USD"] = Traded(ROWS, kind="CRYPTOCURRENCY", name="Bitcoin USD")
        self.clock = FixedClock(NOW)
        self.port = Port(self.clock)
        provider = YFinanceProvider(session=self.yahoo.session(), cache_folder=folder / "kept")
        parts = FeedParts(self.clock, self.port, lambda name: None, folder, MarketSettings())
        self.feed = YahooFeed(parts, provider=provider)

    async def close(self) -> None:
        """End the threads of both sides."""
        await self.feed.close()
        await self.port.close()
        self.yahoo.close()


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    """A feed on a server that has a share and a coin."""
    room = Room(tmp_path)
    yield room
    await room.close()


async def test_days_come_as_traded_and_one_question_answers_them_and_what_happened(room: Room) -> None:
    bars = await room.feed.bars("AAPL", Interval.D1, EVERYTHING)
    assert bars.close[:2].tolist() == [200.0, 202.0]
    [split] = await room.feed.actions("AAPL")
    assert split.split_ratio == 2.0
    asked = len(room.yahoo.charts())
    corrected = (await room.feed.adjustment("AAPL")).apply(bars)
    assert corrected.close[0] == 100.0
    assert len(room.yahoo.charts()) == asked


async def test_a_history_is_asked_for_anew_once_another_day_has_closed(room: Room) -> None:
    await room.feed.learn("AAPL")
    await room.feed.bars("AAPL", Interval.D1, EVERYTHING)
    asked = len(room.yahoo.charts())
    room.clock.advance(5 * 3_600 + 60)
    await room.feed.bars("AAPL", Interval.D1, EVERYTHING)
    assert len(room.yahoo.charts()) > asked


async def test_a_symbol_is_learned_with_its_kind_and_an_unknown_one_is_none(room: Room) -> None:
    share, coin = await room.feed.learn("AAPL"), await room.feed.learn("BTC/USD")
    assert share is not None
    assert (share.name, share.calendar, share.asset_class) == ("Apple Inc.", "XNYS", AssetClass.EQUITY)
    assert coin is not None
    assert (coin.symbol, coin.calendar, coin.asset_class) == ("BTC/USD", "24/7", AssetClass.CRYPTO)
    assert await room.feed.learn("NOPE") is None
    assert [each.symbol for each in await room.feed.find("apple", 5)] == ["AAPL"]


async def test_a_price_says_that_it_is_delayed(room: Room) -> None:
    with pytest.raises(Unavailable, match="not told a price"):
        room.feed.price("AAPL")
    await room.feed.refresh(("AAPL",))
    price = room.feed.price("AAPL")
    assert (price.price, price.previous_close, price.quality) == (119.0, 118.0, Quality.DELAYED)
    assert price.label == "Yahoo, delayed 15 minutes"


async def test_minutes_are_asked_for_in_pieces_and_only_as_far_back_as_yahoo_keeps_them(room: Room) -> None:
    second = int(datetime(2024, 1, 29, 14, 30, tzinfo=UTC).timestamp())
    room.yahoo.known["AAPL"].minutes = [(second + 60 * n, 1.0, 2.0, 0.5, 1.5, 10.0) for n in range(5)]
    span = Span(to_us(NOW - timedelta(days=14)), to_us(NOW))
    bars = await room.feed.bars("AAPL", Interval.M1, span)
    assert len(bars) == 5
    assert sum("interval=1m" in path for path in room.yahoo.asked) == 3
    with pytest.raises(Unavailable, match="30 days only"):
        await room.feed.bars("AAPL", Interval.M1, Span(0, to_us(NOW - timedelta(days=90))))


@pytest.mark.parametrize(
    ("fault", "said", "patience"),
    [("limit", "fewer questions", 120.0), ("garbage", "cannot be read", 30.0), ("down", "Yahoo", 30.0)],
)
async def test_a_source_in_a_mood_is_left_in_peace_for_a_while(
    room: Room, fault: str, said: str, patience: float
) -> None:
    room.yahoo.fault = fault
    with pytest.raises(SourceAway, match=said) as caught:
        await room.feed.bars("AAPL", Interval.D1, EVERYTHING)
    assert caught.value.retry_seconds == patience


class Sink(Recorder):
    """Writes down prices and troubles, and says when the next one has come."""

    def __init__(self) -> None:
        super().__init__()
        self.told = asyncio.Event()
        self.tries: list[tuple[int, float, str]] = []

    def snapshots(self, prices: object) -> None:
        super().snapshots(prices)  # type: ignore[arg-type]
        self.told.set()

    def reconnecting(self, source: str, attempt: int, next_try_seconds: float, note: str = "") -> None:
        self.tries.append((attempt, next_try_seconds, note))
        self.told.set()

    async def next(self, clock: FixedClock) -> None:
        """Let time go by until something is told."""
        self.told.clear()
        async with asyncio.timeout(10):
            while not self.told.is_set():
                clock.advance(1)
                await asyncio.sleep(0.01)


async def test_watched_symbols_are_asked_about_in_turn_and_trouble_is_waited_out(room: Room) -> None:
    scope, sink = TaskScope("test"), Sink()
    scope.spawn(room.feed.run(sink), name="feed")
    await asyncio.sleep(0)
    assert room.yahoo.asked == []
    room.feed.watch(frozenset({"AAPL", "BTC/USD"}))
    await sink.next(room.clock)
    await sink.next(room.clock)
    assert [price.symbol for price in _prices(sink)] == ["AAPL", "BTC/USD"]
    room.yahoo.fault = "limit"
    await sink.next(room.clock)
    await sink.next(room.clock)
    assert [(attempt, wait) for attempt, wait, _ in sink.tries] == [(1, 5.0), (2, 10.0)]
    assert "fewer questions" in sink.tries[0][2]
    room.yahoo.fault = ""
    room.yahoo.known["AAPL"].price = 130.0
    room.yahoo.known["BTC-USD"].price = 130.0
    await sink.next(room.clock)
    assert _prices(sink)[-1].price == 130.0
    await scope.close()


def _prices(sink: Sink) -> list[Price]:
    return sink.begun
