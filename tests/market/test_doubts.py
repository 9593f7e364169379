"""What a feed tells and nobody may believe."""

from __future__ import annotations

import logging
import math

import pytest

from puffling.market.values import BidAsk, Book, Doubt, Level, Price
from puffling.puffin.data.instants import US_PER_SECOND
from puffling.runtime.errors import Unavailable
from tests.market.boards import Room, SilentFeed, open_room

GARBAGE = [
    (math.nan, Doubt.NOT_A_NUMBER),
    (math.inf, Doubt.NOT_A_NUMBER),
    (-math.inf, Doubt.NOT_A_NUMBER),
    (0.0, Doubt.NOT_POSITIVE),
    (-700.0, Doubt.NOT_POSITIVE),
    (740_000.0, Doubt.SPIKE),
    (73_000.0, Doubt.SPIKE),
    (0.76, Doubt.SPIKE),
]


async def watching(room: Room, symbol: str = "SPY") -> float:
    room.board.watch([symbol])
    await room.live(1.0)
    room.trade(symbol, 750.0)
    await room.live(1.0)
    room.prices.clear()
    return room.board.price(symbol).price


@pytest.mark.parametrize(("price", "doubt"), GARBAGE)
async def test_a_price_that_cannot_be_one_moves_nothing_and_is_counted(price: float, doubt: Doubt) -> None:
    async with open_room() as room:
        await watching(room)
        before = room.board.price("SPY")
        room.trade("SPY", price, size=5.0)
        await room.live(2.0)
        assert room.board.price("SPY") == before
        assert room.prices == []
        (left_out,) = room.board.left_out("SPY")
        assert (left_out.doubt, left_out.count) == (doubt, 1)
        assert room.board.states()[0].left_out == 1
        assert [each.left_out for each in room.left_out] == [(left_out,)]


@pytest.mark.parametrize("size", [math.nan, math.inf, -1.0])
async def test_a_size_that_cannot_be_one_does_not_reach_the_volume(size: float) -> None:
    async with open_room() as room:
        await watching(room)
        before = room.board.price("SPY")
        room.trade("SPY", 751.0, size=size)
        assert room.board.price("SPY") == before


async def test_a_trade_out_of_the_future_or_the_past_moves_nothing() -> None:
    async with open_room() as room:
        await watching(room)
        await room.live(5.0)
        room.trade("SPY", 750.0)
        before = room.board.price("SPY")
        room.trade("SPY", 760.0, after_seconds=60.0)
        room.trade("SPY", 740.0, after_seconds=-2.5)
        assert room.board.price("SPY") == before
        told = {each.doubt: each.count for each in room.board.left_out("SPY")}
        assert told == {Doubt.FUTURE: 1, Doubt.LATE: 1}


async def test_a_trade_a_moment_late_counts_in_the_volume_and_moves_no_price() -> None:
    async with open_room() as room:
        await watching(room)
        before = room.board.price("SPY")
        room.trade("SPY", 700.0, size=100.0, after_seconds=-1.5)
        after = room.board.price("SPY")
        assert (after.price, after.day_low) == (before.price, before.day_low)
        assert after.day_volume == before.day_volume + 100.0
        assert room.board.left_out("SPY") == ()


async def test_trading_on_at_a_new_level_is_believed_after_a_while() -> None:
    async with open_room() as room:
        await watching(room)
        for _ in range(5):
            room.trade("SPY", 900_000.0)
            await room.live(1.0)
        assert room.board.price("SPY").price == 750.0
        await room.live(30.0)
        room.trade("SPY", 901_000.0)
        price = room.board.price("SPY")
        assert (price.price, price.day_high, price.day_low) == (901_000.0, 901_000.0, 901_000.0)
        room.trade("SPY", 902_000.0)
        assert room.board.price("SPY").price == 902_000.0


async def test_spikes_between_sound_prices_are_never_believed() -> None:
    async with open_room() as room:
        await watching(room)
        for step in range(100):
            room.trade("SPY", 900_000.0)
            await room.live(1.0)
            room.trade("SPY", 750.0 + step / 100)
        assert room.board.price("SPY").day_high < 900.0
        assert room.board.left_out("SPY")[0].count == 100


async def test_a_price_may_wander_far_as_long_as_it_does_not_jump() -> None:
    async with open_room() as room:
        price = await watching(room)
        for _ in range(6):
            price *= 20.0
            room.trade("SPY", price)
            await room.live(0.1)
        assert room.board.price("SPY").price == price
        assert room.board.left_out("SPY") == ()


async def test_a_snapshot_that_is_no_price_changes_nothing() -> None:
    async with open_room() as room:
        await watching(room)
        before = room.board.price("SPY")
        room.board.snapshots((before._replace(price=math.nan), before._replace(price=0.0)))
        assert room.board.price("SPY") == before


async def test_a_snapshot_in_another_unit_is_left_out_until_it_comes_again_and_again() -> None:
    async with open_room() as room:
        before = await watching(room)
        for _ in range(4):
            room.board.snapshots(
                (room.board.price("SPY")._replace(price=before * 1e3, time_us=room.now_us()),)
            )
            await room.live(10.0)
            assert room.board.price("SPY").price == before
        [left_out] = room.board.left_out("SPY")
        assert (left_out.doubt, left_out.count) == (Doubt.SPIKE, 4)
        room.board.snapshots((room.board.price("SPY")._replace(price=before * 1e3, time_us=room.now_us()),))
        assert room.board.price("SPY").price == before * 1e3


class Lying(SilentFeed):
    """Answers with a price that cannot be one."""

    told = math.nan
    ahead_us = 0

    def price(self, symbol: str) -> Price:
        sound = super().price(symbol)
        return sound._replace(price=self.told, time_us=sound.time_us + self.ahead_us)


@pytest.mark.parametrize(("told", "ahead_us"), [*((each, 0) for each, _ in GARBAGE), (700.0, 10**18)])
async def test_what_a_feed_answers_is_believed_no_more_than_what_it_streams(
    told: float, ahead_us: int
) -> None:
    class Feed(Lying):
        pass

    Feed.told, Feed.ahead_us = told, ahead_us
    async with open_room(feed=Feed) as room:
        with pytest.raises(Unavailable, match="Demo data tells a price of SPY that cannot be right"):
            room.board.price("SPY")
        room.board.watch(["SPY"])
        await room.live(1.0)
        assert room.prices == []
        assert len(room.board.left_out("SPY")) == 1


async def test_a_storm_of_garbage_is_a_handful_of_lines_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with open_room() as room:
        await watching(room)
        with caplog.at_level(logging.WARNING):
            for _ in range(50):
                for _ in range(100):
                    room.trade("SPY", math.nan)
                await room.live(1.0)
        assert room.board.left_out("SPY")[0].count == 5_000
        assert len(room.left_out) <= 51
        lines = [record.getMessage() for record in caplog.records]
        assert len(lines) <= 4
        assert lines[0].startswith("SPY: ")
        assert "not a number" in lines[0]


def quote(room: Room, bid: float, ask: float, *, size: float = 100.0, after_us: int = 0) -> BidAsk:
    return BidAsk("SPY", bid, ask, size, size, room.now_us() + after_us)


@pytest.mark.parametrize(
    ("bid", "ask", "doubt"),
    [
        (math.nan, 750.1, Doubt.NOT_A_NUMBER),
        (749.9, math.inf, Doubt.NOT_A_NUMBER),
        (-1.0, 750.1, Doubt.NOT_POSITIVE),
        (0.0, 750.1, Doubt.NOT_POSITIVE),
        (750.2, 750.1, Doubt.CROSSED),
        (749.9, 780_000.0, Doubt.SPIKE),
    ],
)
async def test_a_quote_that_cannot_stand_is_left_out(bid: float, ask: float, doubt: Doubt) -> None:
    async with open_room() as room:
        await watching(room)
        room.board.asked.quoted.watch(["SPY"])
        room.board.quotes("demo", (quote(room, 749.9, 750.1),))
        room.board.quotes("demo", (quote(room, bid, ask),))
        await room.live(0.1)
        assert [(each.quotes["SPY"].bid, each.quotes["SPY"].ask) for each in room.quotes] == [(749.9, 750.1)]
        assert [each.doubt for each in room.board.left_out("SPY")] == [doubt]


async def test_a_quote_out_of_the_future_or_older_than_the_newest_is_left_out() -> None:
    async with open_room() as room:
        await watching(room)
        room.board.asked.quoted.watch(["SPY"])
        good = quote(room, 749.9, 750.1)
        late, future = -5 * US_PER_SECOND, 60 * US_PER_SECOND
        room.board.quotes(
            "demo", (good, quote(room, 1.0, 2.0, after_us=late), quote(room, 740.0, 741.0, after_us=future))
        )
        assert room.board.asked.quote("SPY") == good


async def test_a_quote_passed_by_a_moment_is_no_fault_and_moves_nothing() -> None:
    async with open_room() as room:
        await watching(room)
        room.board.asked.quoted.watch(["SPY"])
        good = quote(room, 749.9, 750.1)
        room.board.quotes("demo", (good, quote(room, 749.0, 751.0, after_us=-2_000)))
        assert room.board.asked.quote("SPY") == good
        assert room.board.left_out("SPY") == ()


async def test_a_side_on_which_nobody_stands_and_a_locked_market_are_no_faults() -> None:
    async with open_room() as room:
        await watching(room)
        room.board.asked.quoted.watch(["SPY"])
        room.board.quotes("demo", (quote(room, 750.0, 750.0),))
        bare = BidAsk("SPY", 749.0, 0.0, 100.0, 0.0, room.now_us())
        room.board.quotes("demo", (bare,))
        assert room.board.asked.quote("SPY") == bare
        assert room.board.left_out("SPY") == ()


@pytest.mark.parametrize(
    ("bids", "asks", "doubt"),
    [
        ([749.0, 748.0], [748.5, 750.0], Doubt.CROSSED),
        ([749.0, 749.5], [750.0, 751.0], Doubt.CROSSED),
        ([749.0, math.nan], [750.0], Doubt.NOT_A_NUMBER),
        ([749.0, -1.0], [750.0], Doubt.NOT_POSITIVE),
    ],
)
async def test_a_book_that_cannot_stand_is_left_out(
    bids: list[float], asks: list[float], doubt: Doubt
) -> None:
    async with open_room() as room:
        await watching(room)
        room.board.asked.booked.watch(["SPY"])
        sides = [tuple(Level(price, 10.0) for price in side) for side in (bids, asks)]
        room.board.book("demo", Book("SPY", sides[0], sides[1], room.now_us()))
        await room.live(0.1)
        assert room.books == []
        assert [each.doubt for each in room.board.left_out("SPY")] == [doubt]
