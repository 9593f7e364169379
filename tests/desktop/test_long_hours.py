"""A chart of a market that also trades before and after its sessions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from puffling.core.core import Core
from puffling.desktop.dispatch import PERSON
from puffling.desktop.looks.part import Looks
from puffling.desktop.panels.chart import ChartPanel
from puffling.desktop.window import Window
from puffling.puffin.data.interval import Interval
from puffling.runtime.actor import calling_as
from puffling.runtime.clock import FixedClock
from puffling.runtime.paths import Paths
from tests.desktop.conftest import OpenWindow, close_window, until
from tests.fakes.alpaca_data import KEY, SECRET, AlpacaData, bar
from tests.fakes.local_server import serving

# From 4:00 to 20:00 in New York, of which 26 lie in the session.
QUARTERS = [
    datetime(2026, 2, day, 9, tzinfo=UTC) + timedelta(minutes=15 * quarter)
    for day in (25, 26, 27)
    for quarter in range(64)
]
REGULAR = 3 * 26


@pytest.fixture
def alpaca() -> Iterator[AlpacaData]:
    with serving() as server:
        alpaca = AlpacaData(server)
        alpaca.assets.append({"symbol": "SPY", "name": "A fund", "class": "us_equity"})
        alpaca.bars["SPY"] = [bar(at, 400 + place / 50) for place, at in enumerate(QUARTERS)]
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


def of(window: Window) -> tuple[ChartPanel, Looks]:
    panel = window.docks["chart"].panel
    assert isinstance(panel, ChartPanel)
    looks = panel.active.part("looks")
    assert isinstance(looks, Looks)
    return panel, looks


async def test_early_and_late_hours_are_shown_on_demand_on_a_darker_ground_and_that_is_kept(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    panel, looks = of(window)
    window.session.selection.choose("SPY", Interval.M15)
    await until(lambda: panel.chart.bar_count == REGULAR)
    looks.toggle_long_hours()
    await until(lambda: panel.chart.bar_count == len(QUARTERS))
    panel.chart.show_last(len(QUARTERS))
    panel.chart.grab()
    # The first morning, the two nights between three days, the last evening.
    assert panel.chart.backdrop.shaded == 4

    again = await open_window(core, await close_window(window))
    panel, looks = of(again)
    await until(lambda: panel.chart.bar_count == len(QUARTERS))
    looks.toggle_long_hours()
    await until(lambda: panel.chart.bar_count == REGULAR)


async def test_what_trades_early_and_late_decides_nothing_and_mixes_with_nothing(core: Core) -> None:
    since, until_day = QUARTERS[0].date(), QUARTERS[-1].date()
    for long_hours, count in ((True, len(QUARTERS)), (False, REGULAR), (True, len(QUARTERS))):
        history = await core.data.history("SPY", Interval.M15, since, until_day, long_hours=long_hours)
        assert len(history.bars) == count
    with calling_as(PERSON):
        table = await core.data.ohlcv("SPY", Interval.M15, since, until_day, long_hours=True)
        assert len(table.time) == len(QUARTERS)
        days = await core.data.ohlcv("SPY", Interval.D1, since, until_day, long_hours=True)
    assert days.interval == Interval.D1


async def test_a_market_without_such_hours_says_so(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    _, looks = of(window)
    window.session.selection.choose("SPY", Interval.D1)
    await until(lambda: looks.history is not None and looks.history.key.interval is Interval.D1)
    looks.toggle_long_hours()
    assert any("early and late" in notice.text for notice in window.session.notices.shown)
