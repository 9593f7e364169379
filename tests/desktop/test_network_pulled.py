"""The network is pulled while prices stream into the window: it says so, and goes on by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest

from puffling.core.core import Core
from puffling.runtime.clock import FixedClock
from puffling.runtime.paths import Paths
from tests.desktop.conftest import OpenWindow, until
from tests.desktop.test_chart_panel import panel_of
from tests.fakes.alpaca_data import KEY, SECRET, AlpacaData, bar, daily
from tests.fakes.local_server import serving
from tests.fixtures.cores import NOON

CLOSES = [100.0 + place for place in range(45)]


@pytest.fixture
def alpaca() -> Iterator[AlpacaData]:
    with serving() as server:
        alpaca = AlpacaData(server)
        alpaca.most_callers = 2
        alpaca.assets = [{"symbol": "AAPL", "name": "Apple Inc.", "exchange": "NASDAQ", "class": "us_equity"}]
        alpaca.bars["AAPL"] = daily(datetime(2025, 12, 31, tzinfo=UTC), CLOSES)
        alpaca.snapshots["AAPL"] = {
            "latestTrade": {"t": NOON.isoformat(), "p": 150.0},
            "dailyBar": bar(NOON.replace(hour=5), 150.0),
            "prevDailyBar": bar(NOON.replace(day=3, hour=5), 144.0),
        }
        yield alpaca


@pytest.fixture
async def core(paths: Paths, clock: FixedClock, alpaca: AlpacaData) -> AsyncIterator[Core]:
    environment = {
        "PUFFLING_MARKET__FEEDS": '["alpaca"]',
        "PUFFLING_MARKET__ALPACA_ADDRESS": alpaca.server.address,
        "ALPACA_API_KEY": KEY,
        "ALPACA_SECRET_KEY": SECRET,
    }
    core = await Core.open(paths, clock=clock, environment=environment)
    yield core
    await core.close()


async def test_a_pulled_network_is_called_stale_within_ten_seconds_and_heals_by_itself(
    core: Core, clock: FixedClock, alpaca: AlpacaData, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    window.session.selection.choose("AAPL")
    panel, line = panel_of(window), window.bottom.feed

    def shows(price: str) -> bool:
        clock.advance(0.02)
        return panel.last.text() == price

    await until(lambda: "AAPL" in alpaca.wanted() and shows("150.00"))
    alpaca.print_trade("AAPL", 151.0, clock.now())
    await until(lambda: shows("151.00") and panel.source.text() == "Alpaca, IEX only")

    alpaca.pull_the_cable()
    before, seconds = [id(caller) for caller in alpaca.callers], 0.0

    def says_stale() -> bool:
        nonlocal seconds
        if "stale" not in line.text() or panel.source.text() != "stale":
            clock.advance(0.25)
            seconds += 0.25
            return False
        return True

    await until(says_stale)
    assert seconds <= 10
    assert panel.last.text() == "151.00"

    # The network is back: what was left of the line breaks off, and another one is made.
    alpaca.hang_up()

    def called_again() -> bool:
        clock.advance(0.5)
        fresh = [caller for caller in list(alpaca.callers) if id(caller) not in before]
        return any("AAPL" in caller.wants.get("trades", ()) for caller in fresh)

    await until(called_again)
    alpaca.print_trade("AAPL", 152.0, clock.now())
    await until(lambda: shows("152.00"))
    await until(lambda: panel.source.text() == "Alpaca, IEX only" and "stale" not in line.text())
