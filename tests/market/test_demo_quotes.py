"""Bids, asks, books and trades of the demo market."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from puffling.market.demo.feed import DemoFeed
from puffling.market.demo.market import DemoMarket
from puffling.market.demo.quotes import DEPTH, DemoQuotes
from puffling.market.quoting import QuotingFeed
from puffling.puffin.data.instants import US_PER_SECOND, to_us
from puffling.runtime.clock import FixedClock, SimulatedClock
from puffling.runtime.tasks import TaskScope
from tests.market.memory import Recorder

NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)
NOON_US = to_us(NOON)
SYMBOLS = ("SPY", "AAPL", "BTC/USD", "TLT")
PINNED = [
    (759.22, 759.24, 1100.0, 500.0),
    (329.02, 329.04, 1500.0, 500.0),
    (100643.54, 100652.22, 1.357421875, 1.6064453125),
    (81.94, 81.95, 1600.0, 300.0),
]
HOURS = (
    datetime(2026, 11, 20, 10, 0, tzinfo=UTC),
    datetime(2026, 11, 20, 14, 30, tzinfo=UTC),
    NOON,
    datetime(2026, 11, 20, 22, tzinfo=UTC),
    datetime(2026, 11, 21, 12, tzinfo=UTC),
)


@pytest.fixture(scope="module")
def market() -> DemoMarket:
    return DemoMarket()


@pytest.mark.parametrize("at", HOURS)
@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_last_trade_lies_within_bid_and_ask(market: DemoMarket, symbol: str, at: datetime) -> None:
    quotes = DemoQuotes(market)
    for step in range(400):
        at_us = to_us(at) + step * 157_000
        quote = quotes.quote(symbol, at_us)
        assert quote is not None
        last = market.day(symbol, at_us).price
        assert 0.0 < quote.bid <= last <= quote.ask
        assert quote.bid < quote.ask
        assert min(quote.bid_size, quote.ask_size) > 0.0
        assert quote.time_us <= at_us


def test_the_same_moment_has_the_same_quote_whoever_asks_and_when(market: DemoMarket) -> None:
    asked_first, asked_last = DemoQuotes(market), DemoQuotes(DemoMarket())
    moments = [NOON_US + step * 1_000_003 for step in range(90)]
    forwards = [asked_first.book("AAPL", at_us) for at_us in moments]
    backwards = [asked_last.book("AAPL", at_us) for at_us in reversed(moments)]
    assert forwards == backwards[::-1]
    assert forwards != [DemoQuotes(DemoMarket(8)).book("AAPL", at_us) for at_us in moments]


def test_the_quotes_of_the_default_seed_stay_what_they_are(market: DemoMarket) -> None:
    quotes = DemoQuotes(market)
    told = [tuple(quote)[1:5] for symbol in SYMBOLS if (quote := quotes.quote(symbol, NOON_US)) is not None]
    assert told == PINNED


def test_spreads_are_narrow_where_much_is_traded_and_wide_at_the_edges_of_the_day(market: DemoMarket) -> None:
    quotes = DemoQuotes(market)

    def width(symbol: str, at: datetime) -> float:
        found = [quotes.quote(symbol, to_us(at) + step * US_PER_SECOND) for step in range(120)]
        widths = [(each.ask - each.bid) / each.bid for each in found if each is not None]
        return sum(widths) / len(widths)

    assert width("SPY", NOON) < 0.5e-4
    assert width("SPY", NOON) < width("AAPL", NOON)
    early, opening, noon = (width("AAPL", at) for at in HOURS[:3])
    assert early > opening > noon


def test_a_book_falls_away_from_its_quote_on_both_sides(market: DemoMarket) -> None:
    quotes = DemoQuotes(market)
    for symbol in SYMBOLS:
        book, quote = quotes.book(symbol, NOON_US), quotes.quote(symbol, NOON_US)
        assert book is not None
        assert quote is not None
        assert (len(book.bids), len(book.asks)) == (DEPTH, DEPTH)
        assert (book.bids[0], book.asks[0]) == ((quote.bid, quote.bid_size), (quote.ask, quote.ask_size))
        assert all(near.price > far.price for near, far in pairwise(book.bids))
        assert all(near.price < far.price for near, far in pairwise(book.asks))
        assert sum(level.size for level in book.bids[5:]) > sum(level.size for level in book.bids[:5])


def test_what_waits_deeper_stands_still_for_a_while(market: DemoMarket) -> None:
    quotes = DemoQuotes(market)
    before, after = (quotes.book("AAPL", NOON_US + step) for step in (1, 300_000))
    assert before is not None
    assert after is not None
    assert before.time_us < after.time_us
    assert len({*before.bids[1:]} & {*after.bids[1:]}) > 3


def test_the_tape_is_what_was_traded_also_from_the_day_before(market: DemoMarket) -> None:
    tape = DemoQuotes(market).tape("SPY", NOON_US + 30 * US_PER_SECOND, 100)
    assert len(tape) == 100
    ticks = market.ticks("SPY", tape[0].time_us, NOON_US + 30 * US_PER_SECOND + 1)
    assert [tick.time_us for tick in tape] == ticks.time.tolist()
    early = DemoQuotes(market).tape("SPY", to_us(datetime(2026, 11, 20, 9, 0, 30, tzinfo=UTC)), 50)
    assert len(early) == 50
    assert early[0].time_us < to_us(datetime(2026, 11, 20, 2, tzinfo=UTC)) < early[-1].time_us


def test_over_the_weekend_the_last_quote_stands(market: DemoMarket) -> None:
    quotes = DemoQuotes(market)
    saturday, sunday = (to_us(datetime(2026, 11, day, 12, tzinfo=UTC)) for day in (21, 22))
    assert quotes.quote("SPY", saturday) == quotes.quote("SPY", sunday)
    assert quotes.quote("BTC/USD", saturday) != quotes.quote("BTC/USD", sunday)
    assert quotes.quote("SPY", 0) is None


async def test_the_feed_streams_quotes_and_books_of_those_that_are_watched() -> None:
    clock = SimulatedClock(NOON)
    feed, sink, scope = DemoFeed(DemoMarket(), clock), Recorder(), TaskScope("test")
    assert isinstance(feed, QuotingFeed)
    feed.watch(frozenset({"SPY", "QQQ"}))
    feed.watch_quotes(frozenset({"SPY"}))
    scope.spawn(feed.run(sink), name="feed")
    await clock.run(until=NOON + timedelta(seconds=20))
    assert {quote.symbol for quote in sink.quoted} == {"SPY"}
    assert len(sink.quoted) > 60
    assert sink.books == []
    times = [quote.time_us for quote in sink.quoted]
    assert times == sorted(set(times))
    feed.watch_quotes(frozenset())
    feed.watch_books(frozenset({"QQQ"}))
    sink.quoted.clear()
    await clock.run(until=NOON + timedelta(seconds=30))
    assert sink.quoted == []
    assert {book.symbol for book in sink.books} == {"QQQ"}
    await scope.close()


async def test_the_feed_answers_for_the_present() -> None:
    feed = DemoFeed(DemoMarket(), FixedClock(NOON))
    quote, book, tape = await feed.quote("SPY"), await feed.book("SPY"), await feed.tape("SPY", 5)
    assert quote is not None
    assert book is not None
    assert quote.bid <= feed.price("SPY").price == tape[-1].price <= quote.ask
    assert book.bids[0].price == quote.bid
