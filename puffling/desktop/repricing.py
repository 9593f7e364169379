"""Keeping a portfolio that is shown at the prices of this moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from puffling.desktop.later import later
from puffling.desktop.panel import Panel
from puffling.market.events import PricesMoved
from puffling.market.values import Price

if TYPE_CHECKING:
    from puffling.trading.portfolio.values import Portfolio

# Prices of what is held are taken in this often.
DRAIN_MILLISECONDS = 100


class PortfolioShown(Protocol):
    """What shows a portfolio, and tells which."""

    @property
    def portfolio(self) -> Portfolio | None:
        """Give the one that is shown."""

    def show_portfolio(self, shown: Portfolio) -> None:
        """Show it."""


class Repricing:
    """Watches what is held while its panel is awake, and shows the portfolio anew when a price moved."""

    def __init__(self, panel: Panel, view: Callable[[], PortfolioShown]) -> None:
        self._panel = panel
        self._view = view
        self._moved: dict[str, Price] = {}
        self._watched: tuple[str, ...] = ()
        self._stop_watching: Callable[[], None] | None = None
        self._drain = later(panel, self._show_moved, DRAIN_MILLISECONDS)

    def listen(self) -> None:
        """Hear prices until the panel falls asleep."""
        self._panel.hear(PricesMoved, self._take)

    def stop(self) -> None:
        """Watch nothing any more; for a panel that falls asleep."""
        self._drain.stop()
        self._moved.clear()
        self.watch(())

    def watch(self, symbols: tuple[str, ...]) -> None:
        """Watch these symbols from now on, and no others."""
        if symbols == self._watched and self._stop_watching is not None:
            return
        before, self._watched = self._stop_watching, symbols
        # The new watch first: what is in both never stops ticking.
        self._stop_watching = self._panel.session.core.data.watch(symbols) if symbols else None
        if before is not None:
            before()

    def _take(self, event: PricesMoved) -> None:
        moved = {symbol: event.prices[symbol] for symbol in self._watched if symbol in event.prices}
        if moved:
            self._moved |= moved
            if not self._drain.isActive():
                self._drain.start()

    def _show_moved(self) -> None:
        moved, self._moved = self._moved, {}
        view = self._view()
        if view.portfolio is not None:
            view.show_portfolio(self._panel.session.core.portfolio.repriced(view.portfolio, moved))
