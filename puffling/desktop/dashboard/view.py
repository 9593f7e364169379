"""What an account comes to, its last trades beside it, and the latest alerts below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from puffling.automation.runner.values import ActiveStrategy
from puffling.desktop.alerts.rows import latest_columns
from puffling.desktop.amounts import Amounts
from puffling.desktop.card import label
from puffling.desktop.portfolio.strip import Strip
from puffling.desktop.portfolio.trades import trade_columns
from puffling.desktop.strategies.live import StrategiesLine
from puffling.desktop.tables import Table
from puffling.desktop.theme import Tone
from puffling.runtime.text import tr
from puffling.store.values import AlertNote
from puffling.trading.portfolio.values import Portfolio, TradeLine

SIDE_BY_SIDE = 560
FIGURES_WIDTH = 380
_COLUMNS = ("time", "symbol", "side", "quantity", "price", "realized")
# Where there is no room for all of them.
_LEFT_OUT = frozenset({"time", "realized"})


class DashboardView(QWidget):
    """Equity large, what it consists of, and the last trades live."""

    def __init__(self, amounts: Amounts, time: Callable[[datetime], str]) -> None:
        super().__init__()
        self.portfolio: Portfolio | None = None
        self.strip = Strip(amounts)
        columns = {column.id: column for column in trade_columns(amounts, time)}
        self.trades: Table[TradeLine] = Table(
            [replace(columns[name], drops=name in _LEFT_OUT) for name in _COLUMNS], title=tr("Last trades")
        )
        self.trades.when_empty(
            tr("No trades yet"), tr("The last ten trades stand here, the newest first."), icon="trades"
        )
        # There are none on most days: then the figures have the room.
        self.alerts: Table[AlertNote] = Table(latest_columns(time), title=tr("Latest alerts"))
        self.alerts.horizontalHeader().hide()
        # Where height is scarce the figures keep theirs: a cut comma reads as a point.
        for table in (self.trades, self.alerts):
            table.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self._said = QWidget()
        said = QVBoxLayout(self._said)
        said.setContentsMargins(0, 0, 0, 0)
        said.setSpacing(0)
        caption = label(tr("Latest alerts"), tone=Tone.MUTED, kind="caption")
        caption.setContentsMargins(8, 0, 8, 0)
        said.addWidget(caption)
        said.addWidget(self.alerts, 1)
        self._said.hide()
        # One line above the trades: there are few, and what they did is in their own panel.
        self.active = StrategiesLine(time)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(self.strip)
        left.addWidget(self._said, 1)
        left.addStretch()
        self._left = QWidget()
        self._left.setLayout(left)
        left.setContentsMargins(0, 0, 0, 0)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 4, 0, 0)
        self._box.setSpacing(12)
        self._box.addWidget(self._left)
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(4)
        right.addWidget(self.active)
        right.addWidget(self.trades, 1)
        self._box.addLayout(right, 1)
        self.setFocusProxy(self.trades)

    def show_portfolio(self, shown: Portfolio) -> None:
        """Show what the account comes to."""
        self.portfolio = shown
        self.strip.show_portfolio(shown)

    def show_trades(self, trades: tuple[TradeLine, ...]) -> None:
        """Show the last trades."""
        self.trades.set_rows({each.id: each for each in trades})

    def show_alerts(self, notes: tuple[AlertNote, ...]) -> None:
        """Show the latest alerts, or nothing where there were none."""
        self.alerts.set_rows({note.id: note for note in notes})
        self._said.setVisible(bool(notes))

    def show_active(self, active: tuple[ActiveStrategy, ...]) -> None:
        """Show the strategies that run by themselves, or nothing where none does."""
        self.active.show_active(active)

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
        self._left.setMaximumWidth(FIGURES_WIDTH if beside else 16_777_215)
        self._left.setMinimumWidth(min(FIGURES_WIDTH, event.size().width() // 2) if beside else 0)
