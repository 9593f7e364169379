"""Which configured strategies the panels have in common: one to show on the charts, one to work with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from puffling.desktop.session import Session

if TYPE_CHECKING:
    from puffling.automation.values import SavedStrategy


class SharedStrategy:
    """One strategy or none; whoever listens hears of every change."""

    def __init__(self, _session: Session) -> None:
        self._saved: SavedStrategy | None = None
        self._listeners: tuple[Callable[[], None], ...] = ()

    @property
    def saved(self) -> SavedStrategy | None:
        """Give the strategy, None where there is none."""
        return self._saved

    def choose(self, saved: SavedStrategy | None) -> None:
        """Take another strategy, or none; the same once more is told too: it is wanted anew."""
        self._saved = saved
        for listener in self._listeners:
            listener()

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call the listener after every choice; the answer unsubscribes."""
        self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            self._listeners = tuple(other for other in self._listeners if other is not listener)

        return unsubscribe


class ShownSignals(SharedStrategy):
    """The strategy whose signals stand on the charts."""


class StrategyToTest(SharedStrategy):
    """The strategy somebody wants a backtest of: the panel of backtests takes it over."""
