"""Which configured strategies the panels have in common: one to show on the charts, one to work with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from puffling.desktop.listeners import Listeners
from puffling.desktop.session import Session

if TYPE_CHECKING:
    from puffling.automation.values import SavedStrategy


class SharedStrategy:
    """One strategy or none; whoever listens hears of every change."""

    def __init__(self, _session: Session) -> None:
        self._saved: SavedStrategy | None = None
        self._listeners = Listeners[[]]()

    @property
    def saved(self) -> SavedStrategy | None:
        """Give the strategy, None where there is none."""
        return self._saved

    def choose(self, saved: SavedStrategy | None) -> None:
        """Take another strategy, or none; the same once more is told too: it is wanted anew."""
        self._saved = saved
        self._listeners.tell()

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call the listener after every choice; the answer unsubscribes."""
        return self._listeners.add(listener)


class ShownSignals(SharedStrategy):
    """The strategy whose signals stand on the charts."""


class StrategyToTest(SharedStrategy):
    """The strategy somebody wants a backtest of: the panel of backtests takes it over."""
