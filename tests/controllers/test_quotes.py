"""Quotes, tape and book through the real core."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from puffling.market.values import Condition
from puffling.puffin.data.instants import US_PER_DAY
from puffling.puffin.data.interval import Interval
from puffling.runtime.clock import FixedClock, microseconds
from puffling.runtime.errors import NotFound, Unavailable
from puffling.runtime.streams import Topics

if TYPE_CHECKING:
    from puffling.core.core import Core

pytestmark = pytest.mark.usefixtures("as_person")


async def test_a_quote_says_all_that_is_known(core: Core) -> None:
    sheet = await core.quotes.show("SPY")
    assert sheet.bid is not None
    assert sheet.ask is not None
    assert sheet.spread is not None
    assert sheet.spread_basis_points is not None
    assert sheet.bid <= sheet.price <= sheet.ask
    assert sheet.spread == pytest.approx(sheet.ask - sheet.bid)
    assert sheet.spread_basis_points == pytest.approx(1e4 * sheet.spread / ((sheet.bid + sheet.ask) / 2))
    assert sheet.year_low is not None
    assert sheet.year_high is not None
    assert sheet.year_low <= sheet.day_low <= sheet.price <= sheet.day_high <= sheet.year_high
    assert (sheet.label, sheet.quality, sheet.session) == ("Demo data", "demo", "open")
    assert sheet.session_ends == datetime(2026, 3, 4, 21, tzinfo=UTC)
    assert (sheet.has_quotes, sheet.has_book, sheet.left_out) == (True, True, ())


async def test_the_year_and_the_usual_volume_are_those_of_the_daily_bars(core: Core) -> None:
    year = await core.quotes.year("AAPL")
    now_us = microseconds(core.clock.now())
    history = await core.market.bars(
        "AAPL", Interval.D1, now_us - 365 * US_PER_DAY, now_us + 1, adjusted=False
    )
    assert any(action.dividend for action in (await core.data.actions("AAPL"))[-4:])
    assert (year.high, year.low) == (history.bars.high.max(), history.bars.low.min())
    # Today is not over yet and would make the usual day smaller.
    assert year.average_volume == pytest.approx(history.bars.volume[-21:-1].mean())


async def test_a_year_with_a_split_in_it_is_told_in_the_shares_of_today(
    core: Core, clock: FixedClock
) -> None:
    clock.set(datetime(2020, 12, 1, 17, tzinfo=UTC))
    now_us = microseconds(clock.now())
    traded = (
        await core.market.bars("AAPL", Interval.D1, now_us - 365 * US_PER_DAY, now_us + 1, adjusted=False)
    ).bars
    shares = np.where(traded.time < microseconds(datetime(2020, 8, 31, tzinfo=UTC)), 4.0, 1.0)
    year = await core.quotes.year("AAPL")
    assert year.high == pytest.approx((traded.high / shares).max())
    assert year.low == pytest.approx((traded.low / shares).min())


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("2026-03-04T10:00Z", "2026-03-04T14:30Z"),
        ("2026-03-04T15:00Z", "2026-03-04T21:00Z"),
        ("2026-03-04T22:00Z", "2026-03-05T01:00Z"),
        ("2026-03-07T12:00Z", "2026-03-09T08:00Z"),
    ],
)
async def test_a_session_says_when_it_ends(core: Core, clock: FixedClock, now: str, ends: str) -> None:
    clock.set(datetime.fromisoformat(now))
    assert core.quotes.session_ends("SPY") == datetime.fromisoformat(ends)
    assert core.quotes.session_ends("BTC/USD") is None


async def test_the_tape_is_told_newest_first(core: Core) -> None:
    tape = await core.quotes.tape("SPY", 10)
    times = [trade.timestamp for trade in tape.trades]
    assert len(times) == 10
    assert times == sorted(times, reverse=True)
    assert tape.trades[0].price == core.market.price("SPY").price


async def test_the_book_begins_with_the_quote(core: Core) -> None:
    book, sheet = await core.quotes.book("SPY"), await core.quotes.show("SPY")
    assert (book.bids[0].price, book.asks[0].price) == (sheet.bid, sheet.ask)
    assert len(book.bids) == len(book.asks) == 10


async def test_a_feed_without_quotes_says_so_and_shows_what_it_has(core: Core) -> None:
    sheet = await core.quotes.show("FB")
    assert (sheet.bid, sheet.spread, sheet.has_quotes, sheet.has_book) == (None, None, False, False)
    assert sheet.price > 0
    with pytest.raises(Unavailable, match="no order book"):
        await core.quotes.book("FB")
    with pytest.raises(Unavailable, match="no single trades"):
        await core.quotes.tape("FB")


async def test_a_symbol_nobody_knows_is_refused(core: Core) -> None:
    for ask in (core.quotes.show, core.quotes.tape, core.quotes.book):
        with pytest.raises(NotFound):
            await ask("NOSUCH")


async def test_the_stream_of_quotes_follows_its_topics_and_leaves_nothing(
    core: Core, clock: FixedClock
) -> None:
    topics = Topics(("SPY", "NOSUCH"))
    refused: list[str] = []
    topics.on_refusal(lambda name, _: refused.append(name))
    (stream,) = [each for each in core.registry.streams if each.ws == "/ws/quotes"]
    listening = stream.listen(topics)
    async with asyncio.timeout(5.0):
        first = await anext(listening)
        topics.subscribe("QQQ")
        asyncio.get_running_loop().call_later(0.05, clock.advance, 0.05)
        second = await anext(listening)
    assert (first["symbol"], second["symbol"]) == ("SPY", "QQQ")
    assert first["bid"] < first["ask"]
    assert (first["label"], first["quality"]) == ("Demo data", "demo")
    assert refused == ["NOSUCH"]
    late = stream.listen(Topics(("QQQ",)))
    assert (await anext(late))["symbol"] == "QQQ"
    await late.aclose()
    await listening.aclose()
    assert core.market.quotes._board.watched() == frozenset()


async def test_what_was_left_out_is_said_with_the_quote_and_in_the_health_of_the_feeds(core: Core) -> None:
    stop = core.data.watch(("SPY",))
    await asyncio.sleep(0.01)
    board = core.market._board
    price = core.market.price("SPY")
    board.snapshots((price._replace(price=float("nan")),))
    sheet = await core.quotes.show("SPY")
    assert sheet.left_out == ("1 x not a number",)
    health = await core.monitor.health()
    assert health.feeds[0].left_out == 1
    assert health.feeds[0].condition is not Condition.OFF
    stop()
