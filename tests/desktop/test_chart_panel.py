"""The chart follows the selection, keeps its newest bar alive, and says what it cannot show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from puffling.desktop.panels.chart import ChartPanel
from puffling.desktop.snapshot import Snapshot
from puffling.desktop.states import Phase
from puffling.market.events import PricesMoved
from puffling.puffin.data.interval import Interval
from tests.desktop.conftest import OpenWindow, close_window, until

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window


def panel_of(window: Window) -> ChartPanel:
    """The chart panel of a window."""
    panel = window.docks["chart"].panel
    assert isinstance(panel, ChartPanel)
    return panel


@pytest.mark.parametrize("interval", list(Interval))
async def test_every_interval_shows_bars(core: Core, open_window: OpenWindow, interval: Interval) -> None:
    window = await open_window(core)
    window.session.selection.choose("QQQ", interval)
    panel = panel_of(window)
    await until(
        lambda: (panel.content().get("symbol"), panel.content().get("interval")) == ("QQQ", interval.value)
    )
    assert panel.chart.bar_count > 20
    assert panel.source.text() == "Demo data"
    assert panel.source.property("tone") == "warn"


async def test_a_tick_moves_the_newest_bar_and_the_header(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    window.session.selection.choose("BTC/USD")
    panel = panel_of(window)
    await until(lambda: panel.content().get("symbol") == "BTC/USD")
    newest = core.data.newest("BTC/USD")
    assert newest is not None
    high = panel.content()["rows"][-1][2]
    core.bus.publish(PricesMoved({"BTC/USD": newest._replace(price=high + 1000)}))
    await until(lambda: panel.content()["rows"][-1][4] == pytest.approx(high + 1000))
    assert panel.content()["rows"][-1][2] == pytest.approx(high + 1000)
    assert panel.last.text() == f"{high + 1000:,.2f}"


async def test_what_a_price_passed_between_two_events_is_in_the_newest_bar(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    window.session.selection.choose("BTC/USD")
    panel = panel_of(window)
    await until(lambda: panel.content().get("symbol") == "BTC/USD")
    newest = core.data.newest("BTC/USD")
    assert newest is not None
    _, _, high, low, close, _ = panel.content()["rows"][-1]
    for turns in ((high + 1000, low - 500), ()):
        core.bus.publish(PricesMoved({"BTC/USD": newest._replace(price=close)}, {"BTC/USD": turns}))
    await until(lambda: panel.content()["rows"][-1][2] == pytest.approx(high + 1000))
    assert panel.content()["rows"][-1][3:5] == (pytest.approx(low - 500), pytest.approx(close))


async def test_an_unknown_symbol_is_said_with_a_way_out(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    panel = panel_of(window)
    window.session.selection.choose("NOSUCH")
    await until(lambda: panel.chart.states.phase is Phase.ERROR)
    window.session.selection.choose("GLD")
    await until(lambda: panel.content().get("symbol") == "GLD")
    assert panel.chart.states.phase is Phase.CONTENT


async def test_the_next_start_shows_the_last_candles_without_any_core(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    await until(lambda: bool(panel_of(window).content()))
    before = panel_of(window).content()
    room = panel_of(window).symbol.width()
    snapshot = await close_window(window)
    panel = panel_of(await open_window(snapshot=snapshot))
    assert (panel.symbol.text(), panel.symbol.width()) == ("SPY", room)
    assert panel.last.text() == before["last"]
    assert panel.content()["rows"] == before["rows"]


@pytest.mark.parametrize("rows", [[[1, 2]], "x", [["a"] * 6], [[2, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]]])
async def test_damaged_candles_are_passed_over(open_window: OpenWindow, rows: object) -> None:
    snapshot = Snapshot(
        panels={"chart": {"choices": {"view": 3}, "content": {"rows": rows, "symbol": "SPY"}}}
    )
    assert panel_of(await open_window(snapshot=snapshot)).content() == {}
