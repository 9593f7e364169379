"""The trades of a result that stand on the charts: shared by the panel that chooses and the charts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from puffling.desktop.listeners import Listeners
from puffling.desktop.session import Session
from puffling.puffin.data.interval import Interval

if TYPE_CHECKING:
    from puffling.puffin.backtest.report import Trade


class ShownTrades:
    """Trades on bars of one width, and the one that is looked at; whoever listens hears of every change."""

    def __init__(self, _session: Session) -> None:
        self.trades: tuple[Trade, ...] = ()
        self.interval = Interval.D1
        self.chosen: Trade | None = None
        self.looked_at = True
        self._listeners = Listeners[[]]()

    def show(self, trades: Sequence[Trade], interval: Interval, chosen: Trade) -> None:
        """Show these, and go to the chosen one as soon as its symbol is on a chart."""
        self.trades, self.interval, self.chosen = tuple(trades), interval, chosen
        self.looked_at = False
        self._listeners.tell()

    def clear(self) -> None:
        """Show none."""
        if self.trades:
            self.trades, self.chosen, self.looked_at = (), None, True
            self._listeners.tell()

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call the listener after every change; the answer unsubscribes."""
        return self._listeners.add(listener)
