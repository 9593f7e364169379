"""Scenes of many charts: grids, linked crosshairs, templates, a replay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from puffling.desktop.charting.links import FIRST_LINKS, Link
from puffling.desktop.panels.chart import ChartPanel
from puffling.desktop.window import Window
from puffling.puffin.data.interval import Interval
from puffling.puffin.orders import Kind, Side

_FOUR = (
    ("SPY", Interval.D1),
    ("AAPL", Interval.H1),
    ("BTC/USD", Interval.M15),
    ("GLD", Interval.W1),
)
_NINE = ("SPY", "QQQ", "AAPL", "MSFT", "NVDA", "GLD", "BTC/USD", "ETH/USD", "JPM")


def grid_of_four(window: Window) -> None:
    """Four series at four widths."""
    panel = _panel(window)
    panel.show_charts(4)
    for pane, (symbol, interval) in zip(panel.panes, _FOUR, strict=True):
        panel.activate(pane)
        window.session.selection.choose(symbol, interval)
    panel.activate(panel.panes[0])


def grid_of_nine(window: Window) -> None:
    """Nine days side by side."""
    panel = _panel(window)
    panel.show_charts(9)
    for pane, symbol in zip(panel.panes, _NINE, strict=True):
        panel.activate(pane)
        window.session.selection.choose(symbol, Interval.D1)
    panel.activate(panel.panes[4])


def linked_crosshair(window: Window) -> None:
    """The same moment in a chart of days and one of weeks."""
    panel = _panel(window)
    panel.show_charts(2)
    panel.panes[1].look_at("SPY", Interval.W1)
    panel.activate(panel.panes[0])
    window.session.selection.choose("SPY", Interval.D1)
    panel.links.on = FIRST_LINKS | {Link.RANGE}
    _soon(panel, lambda: panel.chart.point_at(panel.chart.bar_count - 60))


def replay_of_march(window: Window) -> None:
    """A day in March, with an average that knows no more."""
    panel = _panel(window)
    window.session.selection.choose("SPY", Interval.D1)
    if panel.indicators.board is not None:
        panel.indicators.board.add("sma", {"period": 20})
    panel.replay.go_to(date(2025, 3, 11))


def choosing_a_bar(window: Window) -> None:
    """Where a replay asks for its beginning."""
    _panel(window).replay.choose()


def practice(window: Window) -> None:
    """A spring with orders of play money: one filled, two waiting, one sold again."""
    panel = _panel(window)
    window.session.selection.choose("SPY", Interval.D1)
    panel.replay.go_to(date(2025, 3, 11))

    def trade() -> None:
        window.actions_.run("window.practise")
        desk, book = panel.practice.desk, panel.practice.desk.book
        assert book is not None
        desk.order(Side.BUY)
        for _ in range(8):
            panel.replay.step(1)
        desk.close()
        for _ in range(5):
            panel.replay.step(1)
        desk.order(Side.BUY)
        for _ in range(6):
            panel.replay.step(1)
        last = book.points[-1].price
        desk.order(Side.SELL, Kind.LIMIT, round(last * 1.03, 2))
        desk.order(Side.SELL, Kind.STOP, round(last * 0.97, 2))

    _soon(panel, trade)


def practice_score(window: Window) -> None:
    """How well it went."""
    practice(window)
    panel = _panel(window)

    def show() -> None:
        assert panel.practice.bar is not None
        panel.practice.bar.show_score()

    _soon(panel, show)


def past_practice(window: Window) -> None:
    """What practising came to, in its panel."""
    practice(window)
    panel = _panel(window)

    def end() -> None:
        panel.practice.desk.end()
        window.show_panel("practice")

    _soon(panel, end)


SCENES: dict[str, Callable[[Window], None]] = {
    "grid-of-four": grid_of_four,
    "grid-of-nine": grid_of_nine,
    "linked-crosshair": linked_crosshair,
    "replay": replay_of_march,
    "replay-practice": practice,
    "replay-score": practice_score,
    "replay-past-practice": past_practice,
    "replay-choosing": choosing_a_bar,
}


def alone(window: Window) -> None:
    """One live chart again."""
    panel = _panel(window)
    panel.replay.end()
    panel.links.on = FIRST_LINKS
    panel.activate(panel.panes[0])
    panel.show_charts(1)
    panel.indicators.remove_all()
    window.session.selection.choose("SPY", Interval.D1)


def _soon(panel: ChartPanel, act: Callable[[], None]) -> None:
    """Once the newest bars are there."""
    panel.session.dispatch.run(lambda: _later(panel, act), name="pose")


async def _later(panel: ChartPanel, act: Callable[[], None]) -> None:
    while not all(pane.drawn and not pane.source.waits for pane in panel.panes):
        await panel.session.core.clock.sleep(0)
    act()


def _panel(window: Window) -> ChartPanel:
    panel = window.docks["chart"].panel
    assert isinstance(panel, ChartPanel)
    return panel
