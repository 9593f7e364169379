"""Alpaca as a feed: the real client, a server that misbehaves, and what a person sees of it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from puffling.market.alpaca_feed import AlpacaFeed
from puffling.market.events import FeedStateChanged, PricesMoved
from puffling.market.feeds import FeedParts, SourceAway
from puffling.market.market import Market
from puffling.market.values import AssetClass, Condition, FeedState, Price, Quality, SessionState, Tick
from puffling.puffin.data.bars import Span
from puffling.puffin.data.instants import US_PER_MINUTE, to_us
from puffling.puffin.data.interval import Interval
from puffling.runtime.bus import Bus
from puffling.runtime.clock import FixedClock
from puffling.runtime.errors import NotFound, Unavailable
from puffling.runtime.port import Port
from puffling.runtime.tasks import TaskScope
from puffling.settings.model import Market as MarketSettings
from tests.fakes.alpaca_data import KEY, SECRET, AlpacaData, bar, daily
from tests.fakes.local_server import as_json, serving
from tests.market.memory import MemoryBars, Recorder

# A Wednesday, eleven in the morning in New York.
NOON = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
TODAY, YESTERDAY = datetime(2026, 3, 4, 5, tzinfo=UTC), datetime(2026, 3, 3, 5, tzinfo=UTC)
APPLE = {"symbol": "AAPL", "name": "Apple Inc.", "exchange": "NASDAQ", "class": "us_equity", "tradable": True}
BITCOIN = {"symbol": "BTC/USD", "name": "Bitcoin", "exchange": "CRYPTO", "class": "crypto", "tradable": True}


def snapshot(price: float, at: datetime = NOON) -> dict[str, object]:
    return {
        "latestTrade": {"t": at.isoformat(), "p": price, "s": 5, "new": {}},
        "latestQuote": {"t": at.isoformat(), "bp": price - 1, "bs": 2, "ap": price + 1, "as": 3},
        "dailyBar": bar(TODAY, price, v=777),
        "prevDailyBar": bar(YESTERDAY, 180.0),
    }


@dataclass
class House:
    """A feed, what it is made from, and the server it asks."""

    alpaca: AlpacaData
    parts: FeedParts
    clock: FixedClock
    keys: dict[str, str] = field(default_factory=dict)

    async def until(self, true: Callable[[], object], seconds: float = 10.0) -> None:
        async with asyncio.timeout(seconds):
            while not true():  # noqa: ASYNC110  no event tells it
                await asyncio.sleep(0.01)


@pytest.fixture
def alpaca() -> Iterator[AlpacaData]:
    with serving() as server:
        alpaca = AlpacaData(server)
        alpaca.assets = [APPLE, BITCOIN]
        yield alpaca


@pytest.fixture
async def house(alpaca: AlpacaData, tmp_path: Path) -> AsyncIterator[House]:
    clock = FixedClock(NOON)
    port = Port(clock)
    keys = {"ALPACA_API_KEY": KEY, "ALPACA_SECRET_KEY": SECRET}
    settings = MarketSettings(feeds=("alpaca",), alpaca_address=alpaca.server.address)
    yield House(alpaca, FeedParts(clock, port, keys.get, tmp_path, settings), clock, keys)
    await port.close()


@pytest.fixture
async def feed(house: House) -> AsyncIterator[AlpacaFeed]:
    feed = AlpacaFeed(house.parts)
    yield feed
    await feed.close()


@pytest.fixture
async def running(feed: AlpacaFeed) -> AsyncIterator[Recorder]:
    recorder = Recorder()
    task = asyncio.get_running_loop().create_task(feed.run(recorder))
    yield recorder
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_symbol_is_learned_and_found_by_a_part_of_its_name(feed: AlpacaFeed) -> None:
    found = await feed.learn("AAPL")
    assert found is not None
    assert (found.name, found.exchange, found.calendar) == ("Apple Inc.", "NASDAQ", "XNYS")
    assert [each.symbol for each in await feed.find("app", 5)] == ["AAPL"]
    [bitcoin] = await feed.find("bitc", 5)
    assert (bitcoin.asset_class, bitcoin.calendar) == (AssetClass.CRYPTO, "24/7")
    assert await feed.learn("NOPE") is None


async def test_the_list_of_everything_is_asked_for_once_a_day(house: House, feed: AlpacaFeed) -> None:
    await feed.find("app", 5)
    asked = len(house.alpaca.server.asked("/v2/assets"))
    await feed.find("bit", 5)
    assert len(house.alpaca.server.asked("/v2/assets")) == asked
    house.clock.advance(86_400)
    await feed.find("bit", 5)
    assert len(house.alpaca.server.asked("/v2/assets")) == 2 * asked


async def test_bars_are_those_of_regular_hours(house: House, feed: AlpacaFeed) -> None:
    early = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)
    house.alpaca.bars["AAPL"] = [bar(early + timedelta(minutes=30 * k), 10.0 + k) for k in range(18)]
    span = Span(to_us(early), to_us(early + timedelta(days=1)))
    found = await feed.bars("AAPL", Interval.M30, span)
    assert int(found.time[0]) == to_us(datetime(2026, 3, 3, 14, 30, tzinfo=UTC))
    assert int(found.time[-1]) == to_us(datetime(2026, 3, 3, 20, 30, tzinfo=UTC))


async def test_the_newest_bar_comes_as_far_as_it_is(house: House, feed: AlpacaFeed) -> None:
    house.alpaca.bars["AAPL"] = [bar(NOON - timedelta(minutes=k), 10.0 + k) for k in (2, 1, 0)]
    found = await feed.tail("AAPL", Interval.M1, to_us(NOON) - US_PER_MINUTE)
    assert found.close.tolist() == [11.0, 10.0]


async def test_a_price_has_its_day_and_says_how_good_it_is(house: House, feed: AlpacaFeed) -> None:
    house.alpaca.snapshots |= {
        "AAPL": snapshot(190.0),
        "BTC/USD": snapshot(60_000.0),
        "BAD": {"latestTrade": 5},
    }
    with pytest.raises(Unavailable):
        feed.price("AAPL")
    await feed.refresh(["AAPL", "BTC/USD", "BAD", "NONE"])
    price = feed.price("AAPL")
    assert (price.price, price.previous_close, price.day_volume) == (190.0, 180.0, 777.0)
    assert (price.session, price.quality, price.label) == (
        SessionState.OPEN,
        Quality.ONE_EXCHANGE,
        "Alpaca, IEX only",
    )
    assert feed.price("BTC/USD").label == "Alpaca crypto"
    with pytest.raises(Unavailable):
        feed.price("BAD")


@pytest.mark.parametrize(
    ("data", "quality", "label"),
    [
        ("delayed", Quality.DELAYED, "Alpaca, delayed 15 minutes"),
        ("complete", Quality.REALTIME, "Alpaca, real time"),
    ],
)
async def test_the_plan_is_said_on_the_price(house: House, data: str, quality: Quality, label: str) -> None:
    settings = MarketSettings.model_validate({"alpaca_data": data})
    feed = AlpacaFeed(FeedParts(house.clock, house.parts.port, house.keys.get, house.parts.data, settings))
    assert (feed.quality, feed.label) == (quality, label)
    await feed.close()


async def test_before_the_open_the_day_before_is_yesterday(house: House, feed: AlpacaFeed) -> None:
    house.clock.set(datetime(2026, 3, 5, 13, 0, tzinfo=UTC))
    house.alpaca.snapshots["AAPL"] = snapshot(190.0) | {
        "latestTrade": {"t": "2026-03-05T12:59:00Z", "p": 195.0, "s": 1}
    }
    await feed.refresh(["AAPL"])
    price = feed.price("AAPL")
    assert (price.session, price.price, price.previous_close, price.day_high) == (
        SessionState.PRE,
        195.0,
        190.0,
        195.0,
    )


async def test_a_split_today_is_no_crash(house: House, feed: AlpacaFeed) -> None:
    house.alpaca.snapshots["AAPL"] = snapshot(45.0)
    house.alpaca.actions = {
        "forward_splits": [{"symbol": "AAPL", "ex_date": "2026-03-04", "new_rate": 4, "old_rate": 1}]
    }
    await feed.refresh(["AAPL"])
    assert feed.price("AAPL").previous_close == 45.0


async def test_actions_say_what_they_did_to_the_price(house: House, feed: AlpacaFeed) -> None:
    house.alpaca.bars["AAPL"] = daily(datetime(2026, 2, 2, tzinfo=UTC), [400.0, 400.0, 100.0, 98.0])
    house.alpaca.actions = {
        "forward_splits": [{"symbol": "AAPL", "ex_date": "2026-02-04", "new_rate": 4, "old_rate": 1}],
        "cash_dividends": [
            {"symbol": "AAPL", "ex_date": "2026-02-05", "rate": 2},
            {"symbol": "AAPL", "ex_date": "2026-04-01", "rate": 2},
        ],
    }
    split, dividend = await feed.actions("AAPL")
    assert (split.split_ratio, split.price_factor) == (4.0, 0.25)
    assert dividend.dividend == 2.0
    assert dividend.price_factor == pytest.approx(0.98)
    asked = len(house.alpaca.server.requests)
    adjustment = await feed.adjustment("AAPL")
    assert adjustment.prices[0] == pytest.approx(0.245)
    assert len(house.alpaca.server.requests) == asked


async def test_quotes_and_the_tape_can_be_asked_for(house: House, feed: AlpacaFeed) -> None:
    house.alpaca.snapshots["AAPL"] = snapshot(190.0)
    house.alpaca.trades["AAPL"] = [{"t": "2026-03-04T15:59:00Z", "p": 189.0 + k, "s": k} for k in range(3)]
    quote = await feed.quote("AAPL")
    assert quote is not None
    assert (quote.bid, quote.ask) == (189.0, 191.0)
    assert [tick.price for tick in await feed.tape("AAPL", 2)] == [190.0, 191.0]


async def test_a_missing_key_is_told_and_one_that_comes_later_is_used(house: House, feed: AlpacaFeed) -> None:
    del house.keys["ALPACA_SECRET_KEY"]
    with pytest.raises(SourceAway, match="ALPACA_SECRET_KEY is not set") as away:
        await feed.learn("AAPL")
    assert "Preferences" in away.value.hint
    house.keys["ALPACA_SECRET_KEY"] = "wrong"
    with pytest.raises(SourceAway, match="does not accept the key"):
        await feed.learn("AAPL")
    house.keys["ALPACA_SECRET_KEY"] = SECRET
    assert await feed.learn("AAPL") is not None


async def test_a_busy_source_asks_for_rest_and_a_nonsense_symbol_is_not_found(
    house: House, feed: AlpacaFeed
) -> None:
    house.alpaca.limit_rate(500)
    with pytest.raises(SourceAway) as busy:
        await feed.learn("AAPL")
    assert busy.value.retry_seconds >= 60
    house.alpaca.server.trouble(as_json({"message": "invalid symbol"}, 400))
    with pytest.raises(NotFound):
        await feed.bars("$$", Interval.D1, Span(to_us(YESTERDAY), to_us(NOON)))


async def test_what_is_watched_begins_with_its_price_and_moves(
    house: House, feed: AlpacaFeed, running: Recorder
) -> None:
    house.alpaca.snapshots["AAPL"] = snapshot(190.0)
    feed.watch(frozenset({"AAPL"}))
    await house.until(lambda: running.begun and house.alpaca.wanted() == {"AAPL"})
    assert [price.price for price in running.begun] == [190.0]
    house.alpaca.print_trade("AAPL", 191.0, NOON)
    await house.until(lambda: running.heard)
    assert running.heard == [Tick("AAPL", 191.0, 100.0, to_us(NOON))]


async def test_shares_and_crypto_stream_side_by_side(
    house: House, feed: AlpacaFeed, running: Recorder
) -> None:
    house.alpaca.most_callers = 2
    feed.watch(frozenset({"AAPL", "BTC/USD"}))
    await house.until(lambda: house.alpaca.wanted() == {"AAPL", "BTC/USD"})
    house.alpaca.print_trade("BTC/USD", 60_000.0, NOON)
    await house.until(lambda: running.heard)
    feed.watch(frozenset({"AAPL"}))
    await house.until(lambda: house.alpaca.wanted() == {"AAPL"})


async def test_a_disconnect_heals_and_what_was_missed_is_asked_for(
    house: House, feed: AlpacaFeed, running: Recorder
) -> None:
    house.alpaca.snapshots["AAPL"] = snapshot(190.0)
    feed.watch(frozenset({"AAPL"}))
    feed.watch_quotes(frozenset({"AAPL"}))
    await house.until(lambda: running.begun and house.alpaca.wanted() == {"AAPL"})
    house.alpaca.snapshots["AAPL"] = snapshot(200.0)
    house.alpaca.hang_up()
    await house.until(lambda: len(running.begun) > 1 and "AAPL" in house.alpaca.wanted("quotes"))
    assert running.begun[-1].price == 200.0
    house.alpaca.print_trade("AAPL", 201.0, NOON)
    await house.until(lambda: running.heard)


async def test_a_wrong_key_rests_and_heals_when_it_is_put_right(
    house: House, feed: AlpacaFeed, running: Recorder
) -> None:
    house.keys["ALPACA_SECRET_KEY"] = "wrong"
    feed.watch(frozenset({"AAPL"}))
    await house.until(lambda: house.alpaca.calls == 1)
    await asyncio.sleep(0.3)
    assert house.alpaca.calls == 1
    house.keys["ALPACA_SECRET_KEY"] = SECRET
    house.clock.advance(31)
    await house.until(lambda: house.alpaca.wanted() == {"AAPL"})


async def test_more_shares_than_the_plan_streams_are_asked_for_in_rounds(
    house: House, feed: AlpacaFeed, running: Recorder
) -> None:
    symbols = frozenset(f"S{place}" for place in range(40))
    house.alpaca.snapshots = {symbol: snapshot(10.0) for symbol in symbols}
    feed.watch(symbols)
    await house.until(lambda: len(running.begun) == 40 and len(house.alpaca.wanted()) == 29)
    running.begun.clear()
    await asyncio.sleep(0)
    house.clock.advance(11)
    await house.until(lambda: len(running.begun) == 11)
    assert {price.symbol for price in running.begun} == symbols - house.alpaca.wanted()


async def test_the_opening_bell_begins_the_day_anew(
    house: House, feed: AlpacaFeed, running: Recorder
) -> None:
    house.clock.set(datetime(2026, 3, 5, 14, 0, tzinfo=UTC))
    house.alpaca.snapshots["AAPL"] = snapshot(190.0)
    feed.watch(frozenset({"AAPL"}))
    await house.until(lambda: running.begun)
    await asyncio.sleep(0.05)
    house.clock.set(datetime(2026, 3, 5, 14, 30, 3, tzinfo=UTC))
    await house.until(lambda: len(running.begun) == 2)
    assert running.begun[-1].session is SessionState.OPEN


async def test_a_market_on_alpaca_shows_prices_hours_and_what_went_wrong(house: House) -> None:
    bus, failures = Bus(), list[BaseException]()
    scope = TaskScope("test", on_failure=lambda _, failure: failures.append(failure))
    alpaca = house.alpaca
    alpaca.snapshots["AAPL"] = snapshot(190.0)
    opening = datetime(2026, 3, 3, 14, 30, tzinfo=UTC)
    alpaca.bars["AAPL"] = [bar(opening + timedelta(minutes=30 * k), 10.0 + k, v=1) for k in range(13)]
    moved: list[Price] = []
    states: list[FeedState] = []
    bus.on(PricesMoved, lambda event: moved.extend(event.prices.values()))
    bus.on(FeedStateChanged, lambda event: states.append(event.state))
    market = Market.of(("alpaca",), parts=house.parts, bus=bus, scope=scope, bar_store=MemoryBars())
    await market.start()
    await market.learn("AAPL")
    history = await market.bars("AAPL", Interval.H1, to_us(opening), to_us(opening + timedelta(hours=7)))
    assert history.bars.close.tolist() == [11.0, 13.0, 15.0, 17.0, 19.0, 21.0, 22.0]
    assert (history.label, history.quality) == ("Alpaca, IEX only", Quality.ONE_EXCHANGE)
    unwatch = market.watch(["AAPL"])
    await house.until(lambda: alpaca.wanted() == {"AAPL"})
    house.clock.advance(1)
    await house.until(lambda: moved)
    alpaca.hang_up()
    await house.until(lambda: any(state.condition is Condition.RECONNECTING for state in states))
    await house.until(lambda: alpaca.wanted() == {"AAPL"})
    await house.until(lambda: states[-1].connected)
    unwatch()
    await market.close()
    await scope.close()
    assert failures == []


def test_the_feed_costs_no_heavy_import_before_it_is_asked() -> None:
    heavy = {"alpaca", "pandas", "requests", "websockets", "msgpack"}
    said = "import sys, puffling.market.alpaca_feed; print(*{each.split('.')[0] for each in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True).stdout
    assert heavy.isdisjoint(loaded.split())
