"""What a chart has of its indicators before there is a chart: the choice, the button, the acts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from puffling.desktop.actions import Action
from puffling.desktop.charting.part import Candle, Part, Seat
from puffling.desktop.indicators.chosen import ChosenIndicators
from puffling.desktop.theme import set_role
from puffling.market.values import History
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.desktop.indicators.board import Board

_SHORT = "fx"


class IndicatorsButton(QPushButton):
    """Opens the list; where room is scarce it goes by its short name."""

    def __init__(self) -> None:
        super().__init__(tr("Indicators"))
        self.setObjectName("chart.indicators")
        self.setAccessibleName(tr("Indicators"))
        self.setToolTip(tr("Add an indicator"))
        set_role(self, kind="quiet")
        self.setStyleSheet("QPushButton { padding: 2px 7px; } QPushButton:focus { padding: 1px 6px; }")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setProperty("whole", True)

    def sizeHint(self) -> QSize:
        return self._size_of(tr("Indicators"))

    def minimumSizeHint(self) -> QSize:
        return self._size_of(_SHORT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setText(tr("Indicators") if self.width() >= self.sizeHint().width() else _SHORT)

    def _size_of(self, text: str) -> QSize:
        hint = super().sizeHint()
        metrics = self.fontMetrics()
        more = metrics.horizontalAdvance(text) - metrics.horizontalAdvance(self.text())
        return QSize(hint.width() + more, hint.height())


class Indicators(Part):
    """Keeps the choice from one start to the next, and hands bars on to the board once it is needed."""

    id = "indicators"

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        self._chosen = ChosenIndicators()
        self._offered_early = False
        self.board: Board | None = None
        self.button = IndicatorsButton()
        self.button.clicked.connect(self.offer)

    def buttons(self) -> list[QWidget]:
        return [self.button]

    def acts(self) -> Iterator[Action]:
        yield Action(
            "window.add-indicator",
            tr("Add indicator"),
            self.offer,
            tr("Chart"),
            tr("Choose an indicator for the chart."),
            "View/Chart",
            "Ctrl+I",
        )
        yield Action(
            "window.remove-indicators",
            tr("Remove all indicators"),
            self.remove_all,
            tr("Chart"),
            tr("Take every indicator off the chart."),
            "View/Chart",
        )

    def restore(self, kept: object) -> None:
        self._chosen = ChosenIndicators.of(kept)
        if self.board is not None:
            self.board.take_over(self._chosen)

    def keep(self) -> list[dict[str, object]]:
        return self.board.keep() if self.board is not None else self._chosen.keep()

    def show(self, history: History) -> None:
        if self.board is None:
            # Imported here: with the chart's library it is loaded after the first paint.
            from puffling.desktop.indicators.board import Board

            self.board = Board(self.seat.session, self.seat.chart(), self._chosen)
        # Faulty bars are for the eye alone.
        self.board.show(history.key.symbol, history.blanked)
        if self._offered_early:
            self.offer()

    def move(self, newest: Candle) -> None:
        if self.board is not None:
            self.board.move(newest)

    def offer(self) -> None:
        """Open the list of indicators, as soon as there is a chart."""
        self._offered_early = self.board is None
        if self.board is not None:
            self.board.offer(self.button)

    def remove_all(self) -> None:
        """Take every indicator off the chart."""
        if self.board is not None:
            self.board.remove_all()
