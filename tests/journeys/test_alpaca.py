"""A person with Alpaca keys: keys are tested, a history is seen, prices move, the network fails and heals."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from puffling.core.core import Core
from puffling.market.events import FeedStateChanged, PricesMoved
from puffling.market.values import FeedState, Price
from puffling.runtime.clock import FixedClock
from puffling.runtime.log import Log
from puffling.runtime.paths import Paths
from tests.fakes.alpaca_data import FAULT, GARBAGE, HTML, KEY, RESET, SECRET, AlpacaData, bar, daily
from tests.fakes.local_server import serving

NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
CLOSES = [100.0 + place for place in range(45)]

pytestmark = pytest.mark.usefixtures("as_person")


@dataclass
class Desk:
    """A core on Alpaca, its server, and what was told."""

    core: Core
    alpaca: AlpacaData
    clock: FixedClock
    prices: list[Price]
    states: list[FeedState]

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(15):
            while not true():
                # The board tells what moved on the clock's own beat.
                self.clock.advance(0.02)
                await asyncio.sleep(0.02)


@pytest.fixture
def alpaca() -> Iterator[AlpacaData]:
    with serving() as server:
        alpaca = AlpacaData(server)
        alpaca.assets = [{"symbol": "AAPL", "name": "Apple Inc.", "exchange": "NASDAQ", "class": "us_equity"}]
        alpaca.bars["AAPL"] = daily(datetime(2025, 12, 31, tzinfo=UTC), CLOSES)
        alpaca.snapshots["AAPL"] = {
            "latestTrade": {"t": NOW.isoformat(), "p": 150.0},
            "dailyBar": bar(datetime(2026, 3, 4, 5, tzinfo=UTC), 150.0),
            "prevDailyBar": bar(datetime(2026, 3, 3, 5, tzinfo=UTC), 144.0),
        }
        yield alpaca


@pytest.fixture
async def desk(paths: Paths, clock: FixedClock, alpaca: AlpacaData, tmp_path: Path) -> AsyncIterator[Desk]:
    environment = {
        "PUFFLING_MARKET__FEEDS": '["alpaca"]',
        "PUFFLING_MARKET__ALPACA_ADDRESS": alpaca.server.address,
        "ALPACA_API_KEY": KEY,
        "ALPACA_SECRET_KEY": SECRET,
    }
    with Log(tmp_path / "logs", level=logging.DEBUG) as log:
        core = await Core.open(paths, clock=clock, environment=environment, log=log)
        prices: list[Price] = []
        states: list[FeedState] = []
        core.bus.on(PricesMoved, lambda event: prices.extend(event.prices.values()))
        core.bus.on(FeedStateChanged, lambda event: states.append(event.state))
        yield Desk(core, alpaca, clock, prices, states)
        await core.close()


async def test_keys_are_tested_at_the_door_for_data(desk: Desk) -> None:
    result = await desk.core.settings.test_key("alpaca")
    assert (result.accepted, result.message) == (True, "Alpaca accepts it and tells prices: one exchange.")


async def test_a_history_is_seen_with_where_it_comes_from(desk: Desk) -> None:
    table = await desk.core.data.ohlcv("AAPL", start=date(2026, 1, 1))
    assert (table.source, table.label, table.quality) == ("alpaca", "Alpaca, IEX only", "one_exchange")
    assert table.close[:3] == (101.0, 102.0, 103.0)


async def test_crypto_is_told_in_full_whatever_the_plan_for_shares(desk: Desk) -> None:
    desk.alpaca.assets.append(
        {"symbol": "BTC/USD", "name": "Bitcoin", "exchange": "CRYPTO", "class": "crypto"}
    )
    desk.alpaca.bars["BTC/USD"] = [
        bar(datetime(2026, 1, day, tzinfo=UTC), 60_000.0 + day) for day in range(1, 32)
    ]
    table = await desk.core.data.ohlcv("BTC/USD", start=date(2026, 1, 2), end=date(2026, 1, 20))
    assert (table.label, table.quality) == ("Alpaca crypto", "realtime")


async def test_a_longer_history_agrees_with_the_kept_one_and_is_not_fetched_anew(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    await desk.core.data.ohlcv("AAPL", start=date(2026, 2, 2))
    table = await desk.core.data.ohlcv("AAPL", start=date(2026, 1, 1))
    assert table.close[:3] == (101.0, 102.0, 103.0)
    assert "another history" not in caplog.text


async def test_prices_move_the_network_fails_is_seen_and_heals(desk: Desk) -> None:
    await desk.core.data.ohlcv("AAPL", start=date(2026, 1, 1))
    unwatch = desk.core.data.watch(["AAPL"])
    await desk.until(lambda: desk.alpaca.wanted() == {"AAPL"})
    await desk.until(lambda: desk.prices)
    assert desk.prices[-1].previous_close == 144.0
    desk.alpaca.print_trade("AAPL", 151.0, desk.clock.now())
    await desk.until(lambda: desk.prices[-1].price == 151.0)
    desk.alpaca.hang_up()
    await desk.until(lambda: not desk.states[-1].connected)
    assert desk.states[-1].note == "The connection to Alpaca was lost."
    await desk.until(lambda: desk.states[-1].connected and desk.alpaca.wanted() == {"AAPL"})
    desk.alpaca.print_trade("AAPL", 152.0, desk.clock.now())
    await desk.until(lambda: desk.prices[-1].price == 152.0)
    unwatch()


async def test_keys_are_found_nowhere_whatever_goes_wrong_and_however_much_is_logged(
    desk: Desk, paths: Paths, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    desk.alpaca.server.trouble(RESET, HTML, GARBAGE, FAULT, path="/v2/stocks")
    for _ in range(4):
        await desk.core.settings.test_key("alpaca")
    await desk.core.data.ohlcv("AAPL", start=date(2026, 1, 1))
    unwatch = desk.core.data.watch(["AAPL"])
    await desk.until(lambda: desk.alpaca.wanted() == {"AAPL"})
    desk.alpaca.hang_up()
    await desk.until(lambda: desk.alpaca.calls == 2)
    unwatch()
    report = desk.core.log.crash_report()
    kept = [
        file.read_bytes()
        for folder in (paths.data, paths.config, tmp_path)
        for file in folder.rglob("*")
        if file.is_file()
    ]
    for key in (KEY, SECRET):
        assert key not in caplog.text
        assert key not in report
        assert not any(key.encode() in content for content in kept)
