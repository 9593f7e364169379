"""The safety console, put together: the switch, the limits, going live."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QScrollArea, QVBoxLayout, QWidget

from puffling.desktop.card import label
from puffling.desktop.safety.differences import DifferencesBoard
from puffling.desktop.safety.going_live import GoingLive
from puffling.desktop.safety.limits import LimitBoard
from puffling.desktop.safety.state import SwitchBoard
from puffling.runtime.text import tr

# From this width on the limits stand beside the switch.
SIDE_BY_SIDE = 640
MOST_WIDE = 520


class SafetyView(QScrollArea):
    """Scrolls where there is no room for all of it; the switch stands first."""

    def __init__(self, time: Callable[[datetime], str]) -> None:
        super().__init__()
        self.switch = SwitchBoard(time)
        self.differences = DifferencesBoard(time)
        self.limits = LimitBoard()
        self.going_live = GoingLive()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        first, second = QWidget(), QWidget()
        for place, pieces in (
            (first, (self.switch, self.differences, self.going_live)),
            (second, (self.limits,)),
        ):
            column = QVBoxLayout(place)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(20)
            if place is second:
                column.addWidget(label(tr("Limits and their use today"), kind="title"))
                column.setSpacing(12)
            for piece in pieces:
                column.addWidget(piece)
            column.addStretch(1)
            place.setMaximumWidth(MOST_WIDE)
        body = QWidget()
        self._box = QBoxLayout(QBoxLayout.Direction.TopToBottom, body)
        self._box.setContentsMargins(8, 4, 12, 12)
        self._box.setSpacing(24)
        self._box.addWidget(first, 1)
        self._box.addWidget(second, 1)
        self._box.addStretch(0)
        self.setWidget(body)
        self.setFocusProxy(self.switch.halt)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = event.size().width() >= SIDE_BY_SIDE
        self._box.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
