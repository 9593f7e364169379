"""A person whose only source is Alpaca sees the watchlist come alive, also when the network comes late."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from puffling.core.core import Core
from puffling.core.first_content import FIRST_SYMBOLS
from puffling.runtime.clock import FixedClock
from puffling.runtime.paths import Paths
from tests.desktop.conftest import OpenWindow, until
from tests.desktop.test_watchlist import panel_of
from tests.fakes.alpaca_data import KEY, SECRET, AlpacaData, bar
from tests.fakes.local_server import serving
from tests.fixtures.cores import NOON


@pytest.fixture
def alpaca() -> Iterator[AlpacaData]:
    with serving() as server:
        alpaca = AlpacaData(server)
        alpaca.most_callers = 2
        for place, symbol in enumerate(FIRST_SYMBOLS):
            price = 100.0 + place
            kind = "crypto" if "/" in symbol else "us_equity"
            alpaca.assets.append({"symbol": symbol, "name": f"{symbol} Company", "class": kind})
            alpaca.snapshots[symbol] = {
                "latestTrade": {"t": NOON.isoformat(), "p": price},
                "dailyBar": bar(NOON.replace(hour=5), price),
                "prevDailyBar": bar(NOON.replace(hour=5) - timedelta(days=1), 99.0),
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


async def test_symbols_nobody_here_knows_are_learned_named_and_priced(
    core: Core, clock: FixedClock, open_window: OpenWindow
) -> None:
    panel = panel_of(await open_window(core))

    def is_alive() -> bool:
        clock.advance(0.02)
        rows = [panel.table.rows.row(place) for place in range(panel.table.rows.rowCount())]
        return len(rows) == len(FIRST_SYMBOLS) and all(row.known and row.price for row in rows)

    await until(is_alive)
    row = panel.table.rows.row_of("AAPL")
    assert row is not None
    assert row.name == "AAPL Company"


async def test_a_network_that_comes_late_still_brings_the_prices(
    core: Core, clock: FixedClock, alpaca: AlpacaData, open_window: OpenWindow
) -> None:
    alpaca.accepted.clear()
    panel = panel_of(await open_window(core))
    await until(lambda: bool(alpaca.server.requests))
    alpaca.accepted.add((KEY, SECRET))

    def is_alive() -> bool:
        clock.advance(1.0)
        row = panel.table.rows.row_of("SPY")
        return row is not None and row.known and row.price is not None

    await until(is_alive)
