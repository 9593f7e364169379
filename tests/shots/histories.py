"""Scenes of the Data panel: its pages, a narrow place, a source that does not know the symbol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from puffling.desktop.data.question import Question
from puffling.desktop.panels.data import DataPanel
from puffling.desktop.window import Window
from puffling.puffin.data.interval import Interval


def _page(page: str, symbol: str = "AAPL", interval: Interval = Interval.D1) -> Callable[[Window], None]:
    def prepare(window: Window) -> None:
        window.open_workspace("research")
        window.session.selection.choose(symbol, interval)
        window.show_panel("data")
        panel = _panel(window)
        panel.view.open_page(page)

    return prepare


def dates(window: Window) -> None:
    """A range of a person's own, in prices as they were traded."""
    _page("bars", "BTC/USD", Interval.M15)(window)
    panel = _panel(window)
    panel.view.controls.changed.emit(
        replace(panel.question, reach="dates", since=date(2026, 2, 2), until=date(2026, 2, 6), adjusted=False)
    )


def unknown(window: Window) -> None:
    """A source that does not know the symbol."""
    _page("bars")(window)
    panel = _panel(window)
    panel.pin.setChecked(True)
    panel.view.controls.changed.emit(replace(panel.question, symbol="SPY", source="samples"))


def in_replay(window: Window) -> None:
    """Nothing after the present of a replay."""
    _page("bars", "SPY")(window)
    window.session.selection.stand_at(1_741_737_600_000_000)


SCENES: dict[str, Callable[[Window], None]] = {
    "data-bars": _page("bars"),
    "data-minutes": _page("bars", "SPY", Interval.M5),
    "data-flags": _page("flags"),
    "data-actions": _page("actions", "KO"),
    "data-origin": _page("origin"),
    "data-dates": dates,
    "data-unknown": unknown,
    "data-replay": in_replay,
}


def closed(window: Window) -> None:
    """The panel as it begins."""
    panel = _panel(window)
    window.session.selection.stand_at(None)
    panel.pin.setChecked(False)
    panel.view.controls.changed.emit(Question("SPY", Interval.D1))
    window.reset_workspace()
    window.session.selection.choose("SPY", Interval.D1)


def _panel(window: Window) -> DataPanel:
    panel = window.docks["data"].panel
    assert isinstance(panel, DataPanel)
    return panel
