"""What keys mean on a chart while something is drawn or selected; all others go on to the chart."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from puffling.desktop.drawings.board import DrawingBoard

_STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
# During a replay these go a bar on and back, whatever is selected.
_OF_REPLAY = (Qt.Key.Key_Left, Qt.Key.Key_Right)
_FAST = 10
_NUDGING = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier)


class DrawingKeys(QObject):
    """Hears the keys of a chart before the chart does."""

    def __init__(self, board: DrawingBoard, chart: QWidget) -> None:
        super().__init__(board)
        self._board = board
        chart.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._take(event):
            event.accept()
            return True
        return super().eventFilter(watched, event)

    def _take(self, event: QKeyEvent) -> bool:
        """Do what a key means now; tell whether it means anything."""
        key, held, board = Qt.Key(event.key()), event.modifiers(), self._board
        if key is Qt.Key.Key_Escape:
            return self._escape()
        if held == Qt.KeyboardModifier.ControlModifier:
            return self._take_control(key)
        if key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab) and (board.selected or board.tools.tool):
            board.step(-1 if key is Qt.Key.Key_Backtab else 1)
            return True
        fast = bool(held & Qt.KeyboardModifier.ShiftModifier)
        if board.selected is None or (board.replaying and key in _OF_REPLAY and not fast):
            return False
        if key in _STEPS and held & ~Qt.KeyboardModifier.KeypadModifier in _NUDGING:
            times = _FAST if fast else 1
            bars, pixels = _STEPS[key]
            board.nudge(bars * times, pixels * times)
            return True
        return _done(
            {
                Qt.Key.Key_Delete: board.remove,
                Qt.Key.Key_Backspace: board.remove,
                Qt.Key.Key_Return: board.edit,
                Qt.Key.Key_Enter: board.edit,
            }.get(key)
        )

    def _escape(self) -> bool:
        """Take back what is half done, else let go of what is selected."""
        board = self._board
        if board.tools.cancel():
            return True
        was_selected = board.selected is not None
        board.select("")
        return was_selected

    def _take_control(self, key: Qt.Key) -> bool:
        board = self._board
        if key is Qt.Key.Key_V:
            return _done(board.paste if board.can_paste else None)
        if board.selected is None:
            return False
        return _done({Qt.Key.Key_C: board.copy, Qt.Key.Key_D: board.duplicate}.get(key))


def _done(act: Callable[[], None] | None) -> bool:
    """Do it, if it is anything; tell whether it was."""
    if act is not None:
        act()
    return act is not None
