"""A file that is dragged over the window: the whole window says what will happen, and takes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QMainWindow, QWidget

from puffling.desktop.icons import pixmap
from puffling.desktop.theme import look
from puffling.runtime.text import tr

_EDGE = 14
_RADIUS = 14
_DIMMED = 0.88
_ICON_SIZE = 40
_LARGE = 20


class FileDrop(QWidget):
    """Lies over the window while files are dragged over it, and hands on those that are dropped."""

    def __init__(self, window: QMainWindow, dropped: Callable[[Sequence[Path]], None]) -> None:
        super().__init__(window)
        self.setObjectName("file-drop")
        self._window = window
        self._dropped = dropped
        self._name = ""
        self.setAcceptDrops(True)
        window.setAcceptDrops(True)
        window.installEventFilter(self)
        self.hide()

    @property
    def name(self) -> str:
        """Give what is said to be dragged."""
        return self._name

    def offer(self, files: Sequence[Path]) -> None:
        """Say over the whole window what letting go would do."""
        self._name = files[0].name if len(files) == 1 else tr("{count} files", count=len(files))
        self.setGeometry(self._window.rect())
        self.show()
        self.raise_()
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window:
            if event.type() == QEvent.Type.DragEnter and isinstance(event, QDragEnterEvent):
                return self._enter(event)
            if event.type() == QEvent.Type.Drop and isinstance(event, QDropEvent):
                # Dropped before the pointer moved on from where it came in.
                self.dropEvent(event)
                return True
            if event.type() == QEvent.Type.Resize:
                self.setGeometry(self._window.rect())
        return super().eventFilter(watched, event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._enter(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.hide()
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        self.hide()
        files = files_in(event.mimeData())
        if files:
            event.acceptProposedAction()
            self._dropped(files)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = look().theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(theme.colours.window)
        veil.setAlphaF(_DIMMED)
        painter.fillRect(self.rect(), veil)
        box = QRectF(self.rect()).adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
        painter.setPen(QPen(theme.colours.accent, 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(box, _RADIUS, _RADIUS)
        middle = box.center()
        shape = pixmap("import", theme.colours.accent, _ICON_SIZE, self.devicePixelRatioF())
        painter.drawPixmap(QPointF(middle.x() - _ICON_SIZE / 2, middle.y() - 64), shape)
        large = self.font()
        large.setPixelSize(_LARGE)
        painter.setFont(large)
        painter.setPen(theme.colours.text)
        line = QRectF(box.left(), middle.y() - 8, box.width(), 32)
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, tr("Drop to import prices"))
        painter.setFont(self.font())
        painter.setPen(theme.colours.muted)
        painter.drawText(line.translated(0, 32), Qt.AlignmentFlag.AlignCenter, self._name)

    def _enter(self, event: QDragEnterEvent) -> bool:
        files = files_in(event.mimeData())
        if not files:
            return False
        event.acceptProposedAction()
        self.offer(files)
        return True


def files_in(dragged: QMimeData) -> tuple[Path, ...]:
    """Give the files of this computer among what is dragged."""
    return tuple(Path(url.toLocalFile()) for url in dragged.urls() if url.isLocalFile())
