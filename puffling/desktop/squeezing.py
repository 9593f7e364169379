"""What gives way where room is scarce: buttons that become one with a menu, words that end in dots."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QToolTip,
    QWidget,
)

from puffling.desktop.icons import set_icon
from puffling.desktop.menus import passing_menu
from puffling.desktop.theme import set_role

_GAP = 6
_MOST_TURNS = 2


class Squeezed(QWidget):
    """Holds buttons at its right or its left; the one that stands for all of them offers them as a menu."""

    def __init__(self, name: str, gap: int = _GAP, *, at_left: bool = False) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.shown: list[QPushButton] = []
        self._gap = gap
        self._scarce = self._settling = False
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(gap)
        self.setProperty("whole", True)
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
        self._row.insertStretch(1 if at_left else 0, 1)

    def hold(self, button: QPushButton) -> None:
        """Put a button behind the others."""
        self._row.insertWidget(self._row.indexOf(self.one), button)
        self.shown.append(button)
        # To be hidden while it is being shown would leave it on the screen.
        self._settling = True
        button.setHidden(self._scarce)
        self._settling = False
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
        return QSize(sum(hint.width() for hint in hints) + self._gap * (len(hints) - 1), hints[0].height())

    def minimumSizeHint(self) -> QSize:
        whole = self.sizeHint()
        return QSize(min(self.one.sizeHint().width(), whole.width()), whole.height())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._settle()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._settle()

    def _settle(self) -> None:
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


class Fitting(QWidget):
    """Shows as many of its pieces as there is room for, the first ones first; what they do, others do too."""

    def __init__(self, pieces: Iterable[QWidget], gap: int = _GAP) -> None:
        super().__init__()
        self._pieces = tuple(pieces)
        self._gap = gap
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        for piece in self._pieces:
            piece.setParent(self)
            # What is left out tells of its size, too: it may fit again.
            policy = piece.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            piece.setSizePolicy(policy)

    def sizeHint(self) -> QSize:
        hints = [piece.sizeHint() for piece in self._pieces]
        wide = [hint.width() for hint in hints if hint.width() > 0]
        return QSize(sum(wide) + self._gap * max(len(wide) - 1, 0), max(hint.height() for hint in hints))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
            self._place()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        left, fits = 0, True
        for piece in self._pieces:
            hint = piece.sizeHint()
            fits = fits and left + hint.width() <= self.width()
            piece.setVisible(fits)
            if fits:
                piece.setGeometry(QRect(QPoint(left, (self.height() - hint.height()) // 2), hint))
            left += hint.width() + (self._gap if hint.width() > 0 else 0)


class ElidedLabel(QLabel):
    """A label that gives way when room is scarce; without words of its own width it takes what is left."""

    def __init__(self, *, wants_room: bool = False) -> None:
        super().__init__()
        self._wants_room = wants_room

    def sizeHint(self) -> QSize:
        return super().sizeHint() if self._wants_room else self.minimumSizeHint()

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        hint.setWidth(0)
        return hint

    def paintEvent(self, _event: QPaintEvent) -> None:
        words = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        # One letter and dots tell nothing.
        if len(words) > 3 or words == self.text():
            painter = QPainter(self)
            painter.setPen(self.palette().color(self.foregroundRole()))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, words)


class ElidedButton(QPushButton):
    """A button whose words end in dots where room is scarce; then the pointer is told all of them."""

    def __init__(self, least_width: int, text: str = "") -> None:
        super().__init__(text)
        self._least_width = least_width
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return QSize(min(hint.width(), self._least_width), hint.height())

    def event(self, event: QEvent) -> bool:
        short = self.width() < self.sizeHint().width()
        if event.type() == QEvent.Type.ToolTip and short and not self.toolTip():
            QToolTip.showText(self.mapToGlobal(self.rect().bottomLeft()), self.text(), self)
            return True
        return super().event(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, option = QStylePainter(self), QStyleOptionButton()
        self.initStyleOption(option)
        room = self.style().subElementRect(QStyle.SubElement.SE_PushButtonContents, option, self)
        option.text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
