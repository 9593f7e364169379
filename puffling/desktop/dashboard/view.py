"""What an account comes to, and its last trades beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from puffling.desktop.amounts import Amounts
from puffling.desktop.portfolio.strip import Strip
from puffling.desktop.portfolio.trades import trade_columns
from puffling.desktop.tables import Table
from puffling.runtime.text import tr
from puffling.trading.portfolio.values import Portfolio, TradeLine

SIDE_BY_SIDE = 560
FIGURES_WIDTH = 380
_COLUMNS = ("time", "symbol", "side", "quantity", "price", "realized")


class DashboardView(QWidget):
    """Equity large, what it consists of, and the last trades live."""

    def __init__(self, amounts: Amounts, time: Callable[[datetime], str]) -> None:
        super().__init__()
        self.portfolio: Portfolio | None = None
        self.strip = Strip(amounts)
        columns = {column.id: column for column in trade_columns(amounts, time)}
        self.trades: Table[TradeLine] = Table([columns[name] for name in _COLUMNS], title=tr("Last trades"))
        self.trades.when_empty(
            tr("No trades yet"), tr("The last ten trades stand here, the newest first."), icon="trades"
        )
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 4, 0, 0)
        self._box.setSpacing(12)
        self._box.addWidget(self.strip, 0, Qt.AlignmentFlag.AlignTop)
        self._box.addWidget(self.trades, 1)
        self.setFocusProxy(self.trades)

    def show_portfolio(self, shown: Portfolio) -> None:
        """Show what the account comes to."""
        self.portfolio = shown
        self.strip.show_portfolio(shown)

    def show_trades(self, trades: tuple[TradeLine, ...]) -> None:
        """Show the last trades."""
        self.trades.set_rows({each.id: each for each in trades})

    def rewrite(self, trades: tuple[TradeLine, ...]) -> None:
        """Write every amount anew."""
        if self.portfolio is not None:
            self.strip.show_portfolio(self.portfolio)
        self.trades.set_rows({})
        self.show_trades(trades)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = event.size().width() >= SIDE_BY_SIDE
        self._box.setDirection(
            QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        )
        self.strip.setMaximumWidth(FIGURES_WIDTH if beside else 16_777_215)
        self.strip.setMinimumWidth(min(FIGURES_WIDTH, event.size().width() // 2) if beside else 0)
