"""Bids, asks, trades and books as somebody who watches them gets them."""

from __future__ import annotations

from puffling.market.demo.feed import DemoFeed
from puffling.market.live_quotes import LiveQuotes
from puffling.market.values import BidAsk
from puffling.runtime.tasks import TaskScope
from tests.market.boards import Room, open_room


def quotes_of(room: Room) -> LiveQuotes:
    return LiveQuotes(room.board._chain, room.board, room.board._scope, room.board.watch)


async def test_only_who_watches_quotes_costs_quotes() -> None:
    async with open_room(feed=DemoFeed) as room:
        room.board.watch(["SPY"])
        await room.live(2.0)
        assert (room.quotes, room.tape, room.books) == ([], [], [])
        stop = quotes_of(room).watch_quotes(["SPY"])
        await room.live(2.0)
        assert {symbol for each in room.quotes for symbol in each.quotes} == {"SPY"}
        assert (room.tape, room.books) == ([], [])
        stop()
        room.quotes.clear()
        await room.live(2.0)
        assert room.quotes == []


async def test_a_quote_is_there_at_once_and_watching_it_watches_the_price() -> None:
    async with open_room() as room:
        quotes = quotes_of(room)
        stop = quotes.watch_quotes(["SPY"])
        await room.live(0.05)
        (told,) = room.quotes
        assert told.quotes["SPY"] == await quotes.quote("SPY")
        assert room.board.watched() == {"SPY"}
        stop()
        stop()
        assert room.board.watched() == frozenset()


async def test_many_quotes_become_one_event_with_the_newest() -> None:
    async with open_room() as room:
        quotes_of(room).watch_quotes(["SPY"])
        await room.live(0.05)
        room.quotes.clear()
        last = room.board.price("SPY").price
        for step in range(500):
            bid = last - 1.0 + step / 1_000
            room.board.quotes("demo", (BidAsk("SPY", bid, last + 1.0, 100.0, 100.0, room.now_us()),))
        await room.live(0.05)
        assert [each.quotes["SPY"].bid for each in room.quotes] == [last - 1.0 + 0.499]


async def test_the_tape_prints_every_sound_trade_once_and_in_order() -> None:
    async with open_room() as room:
        quotes_of(room).watch_tape(["SPY"])
        await room.live(0.05)
        for price in (750.0, 751.0, float("nan"), 752.0):
            room.trade("SPY", price)
        await room.live(0.05)
        assert [[tick.price for tick in each.trades["SPY"]] for each in room.tape] == [[750.0, 751.0, 752.0]]


async def test_the_tape_of_the_stream_goes_on_from_the_tape_of_before() -> None:
    async with open_room(feed=DemoFeed) as room:
        quotes = quotes_of(room)
        quotes.watch_tape(["SPY"])
        await room.live(30.0)
        printed = [tick for each in room.tape for tick in each.trades["SPY"]]
        assert tuple(printed) == await quotes.tape("SPY", len(printed))


async def test_two_watchers_of_a_book_share_it() -> None:
    async with open_room(feed=DemoFeed) as room:
        quotes = quotes_of(room)
        first, second = quotes.watch_books(["SPY"]), quotes.watch_books(["SPY"])
        first()
        await room.live(1.0)
        assert room.books
        second()
        room.books.clear()
        await room.live(1.0)
        assert room.books == []


async def test_what_was_told_before_a_pause_is_not_told_as_new_after_it() -> None:
    async with open_room() as room:
        quotes = quotes_of(room)
        stop = quotes.watch_quotes(["SPY"])
        await room.live(0.05)
        before = room.board.asked.quote("SPY")
        stop()
        await room.live(60.0)
        assert room.board.asked.quote("SPY") is None
        now = await quotes.quote("SPY")
        assert before is not None
        assert now is not None
        assert now.time_us > before.time_us


async def test_a_scope_that_ends_ends_every_watch() -> None:
    scope = TaskScope("test")
    async with open_room() as room:
        LiveQuotes(room.board._chain, room.board, scope, room.board.watch).watch_quotes(["SPY"])
        await scope.close()
        assert len(scope) == 0
