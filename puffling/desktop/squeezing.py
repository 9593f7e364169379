"""Buttons side by side that become one with a menu where room is scarce."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from puffling.desktop.icons import set_icon
from puffling.desktop.menus import passing_menu
from puffling.desktop.theme import set_role

_GAP = 6
_MOST_TURNS = 2


class Squeezed(QWidget):
    """Holds buttons; the one that stands for all of them offers the same as a menu."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.shown: list[QPushButton] = []
        self._scarce = self._settling = False
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(_GAP)
        self._row.addStretch(1)
        self.one = QPushButton()
        set_role(self.one, kind="quiet", narrow=True)
        self.one.setToolTip(name)
        self.one.setAccessibleName(name)
        set_icon(self.one, "down")
        # The sign that there is more stands behind the words.
        self.one.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.one.clicked.connect(self._offer)
        self.one.hide()
        self._row.addWidget(self.one)

    def hold(self, button: QPushButton) -> None:
        """Put a button behind the others."""
        self._row.insertWidget(self._row.count() - 1, button)
        self.shown.append(button)
        button.setHidden(self._scarce)
        self.updateGeometry()

    def let_go(self) -> None:
        """Hold no button any more."""
        for button in self.shown:
            self._row.removeWidget(button)
            button.deleteLater()
        self.shown = []
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        if not self.shown:
            return QSize(0, 0)
        hints = [button.sizeHint() for button in self.shown]
        return QSize(sum(hint.width() for hint in hints) + _GAP * (len(hints) - 1), hints[0].height())

    def minimumSizeHint(self) -> QSize:
        whole = self.sizeHint()
        return QSize(min(self.one.sizeHint().width(), whole.width()), whole.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # What is shown and hidden in here may move everything around it, and so come back here.
        if self._settling:
            return
        self._settling = True
        for _ in range(_MOST_TURNS):
            scarce = self.width() < self.sizeHint().width()
            if scarce is self._scarce:
                break
            self._scarce = scarce
            self.one.setVisible(scarce)
            for button in self.shown:
                button.setHidden(scarce)
        self._settling = False

    def _offer(self, _checked: bool = False) -> None:
        menu = passing_menu(self)
        for button in self.shown:
            action = menu.addAction(button.text(), button.click)
            action.setCheckable(button.isCheckable())
            action.setChecked(button.isChecked())
        menu.popup(self.one.mapToGlobal(self.one.rect().bottomLeft()))
