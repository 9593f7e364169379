"""Time and sales: every trade as it was printed, the newest on top; only what can be seen is painted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from PySide6.QtCore import QEvent, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QEnterEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from puffling.desktop import numbers
from puffling.desktop.cells import CELL_PADDING, LEFT, RIGHT
from puffling.desktop.menus import offer_copy
from puffling.desktop.quote.facts import size_words
from puffling.desktop.states import States
from puffling.desktop.theme import Size, Theme, Tone, look
from puffling.market.values import Tick
from puffling.puffin.data.instants import from_us
from puffling.runtime.text import tr

MOST_KEPT = 2_000


class Print(NamedTuple):
    """One line: a trade, and whether it was above (1) or below (-1) the one before of another price."""

    time_us: int
    price: float
    size: float
    direction: int


class Tape(QAbstractScrollArea):
    """Stands still while somebody points at it or reads further down; what comes meanwhile waits."""

    held_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: deque[Print] = deque(maxlen=MOST_KEPT)
        self._waiting: deque[Print] = deque(maxlen=MOST_KEPT)
        self._shown: list[Print] | None = None
        self._last: tuple[float, int] | None = None
        self._decimals = 2
        self._least_size = 0.0
        self._pointed_at = False
        self._clock: Callable[[datetime], str] = _plain_time
        self.states = States(self.viewport())
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Time and sales"))
        self.verticalScrollBar().valueChanged.connect(lambda _: self._settle())
        look().changed.connect(self._fit)
        self._fit()

    @property
    def lines(self) -> list[Print]:
        """Give what is shown, the newest first."""
        if self._shown is None:
            self._shown = [line for line in reversed(self._lines) if line.size >= self._least_size]
        return self._shown

    @property
    def held(self) -> bool:
        """Tell whether new trades wait because somebody reads."""
        return self._pointed_at or self.verticalScrollBar().value() > 0

    @property
    def waiting(self) -> int:
        """Give how many trades wait."""
        return len(self._waiting)

    def begin(self, trades: Iterable[Tick], decimals: int, time: Callable[[datetime], str]) -> None:
        """Show the tape of another symbol from here on, the oldest of these first."""
        self._lines.clear()
        self._waiting.clear()
        self._last = None
        self._decimals = decimals
        self._clock = time
        self._lines.extend(self._read(trades))
        self.verticalScrollBar().setValue(0)
        self._changed()

    def add(self, trades: Iterable[Tick]) -> None:
        """Take new trades; those told already are not told twice."""
        newest = self._waiting[-1] if self._waiting else self._lines[-1] if self._lines else None
        fresh = [tick for tick in trades if newest is None or tick.time_us > newest.time_us]
        lines = self._read(fresh)
        if not lines:
            return
        if self.held:
            self._waiting.extend(lines)
            self.held_changed.emit(len(self._waiting))
            self.viewport().update()
        else:
            self._lines.extend(lines)
            self._changed()

    def show_from(self, least_size: float) -> None:
        """Show trades of this size and larger ones only."""
        self._least_size = least_size
        self._changed()

    def copy(self) -> None:
        """Put what is shown on the clipboard as a spreadsheet takes it."""
        rows = [f"{tr('Time')}\t{tr('Price')}\t{tr('Size')}"]
        rows += [
            f"{from_us(line.time_us).isoformat()}\t{line.price:.{self._decimals}f}\t{line.size:g}"
            for line in self.lines
        ]
        QGuiApplication.clipboard().setText("\n".join(rows))

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._pointed_at = True

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._pointed_at = False
        self._settle()

    def hideEvent(self, event: QEvent) -> None:
        self._pointed_at = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bar, row = self.verticalScrollBar(), look().theme.row_height
        steps = {Qt.Key.Key_Up: -row, Qt.Key.Key_Down: row}
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() in steps:
            bar.setValue(bar.value() + steps[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Home:
            bar.setValue(0)
        elif event.key() == Qt.Key.Key_End:
            bar.setValue(bar.maximum())
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        offer_copy(self, self.copy, event.globalPos())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        theme = look().theme
        row, head = theme.row_height, theme.row_height
        top = head - self.verticalScrollBar().value()
        first = max(0, -(top - head) // row)
        last = min(len(self.lines), (self.viewport().height() - top) // row + 1)
        painter.setFont(theme.font())
        for place in range(first, last):
            self._paint_line(painter, theme, self.lines[place], top + place * row)
        self._paint_head(painter, theme, head)

    def _paint_line(self, painter: QPainter, theme: Theme, line: Print, top: int) -> None:
        tone = {1: Tone.UP, -1: Tone.DOWN, 0: Tone.TEXT}[line.direction]
        mark = {1: "▴", -1: "▾", 0: ""}[line.direction]
        colour = theme.colours.tone(tone)
        time, price, size = self._columns(top)
        painter.setPen(theme.colours.muted)
        painter.drawText(time, LEFT, self._clock(from_us(line.time_us)))
        painter.setPen(colour)
        # Never colour alone: the arrow says it too.
        painter.drawText(price.adjusted(0, 0, -13, 0), RIGHT, numbers.fixed(line.price, self._decimals))
        painter.drawText(price, RIGHT, mark)
        painter.setPen(theme.colours.text)
        painter.drawText(size, RIGHT, size_words(line.size))

    def _paint_head(self, painter: QPainter, theme: Theme, head: int) -> None:
        width = self.viewport().width()
        painter.fillRect(QRect(0, 0, width, head), theme.colours.panel)
        painter.setFont(theme.font(Size.CAPTION))
        painter.setPen(theme.colours.muted)
        time, price, size = self._columns(0)
        painter.drawText(time, LEFT, tr("Time"))
        painter.drawText(price.adjusted(0, 0, -13, 0), RIGHT, tr("Price"))
        painter.drawText(size, RIGHT, tr("Size"))
        painter.setPen(theme.colours.line)
        painter.drawLine(0, head - 1, width, head - 1)
        if self._waiting:
            self._paint_waiting(painter, theme, head)

    def _paint_waiting(self, painter: QPainter, theme: Theme, head: int) -> None:
        words = tr("Paused · {count} new", count=len(self._waiting))
        width = painter.fontMetrics().horizontalAdvance(words) + 16
        chip = QRectF((self.viewport().width() - width) / 2, head + 4, width, 20)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.colours.line)
        painter.setBrush(theme.colours.raised)
        painter.drawRoundedRect(chip.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setPen(theme.colours.text)
        painter.drawText(chip, int(Qt.AlignmentFlag.AlignCenter), words)

    def _columns(self, top: int) -> tuple[QRect, QRect, QRect]:
        row = look().theme.row_height
        width = self.viewport().width() - 2 * CELL_PADDING
        time = round(width * 0.30)
        size = round(width * 0.30)
        return (
            QRect(CELL_PADDING, top, time, row),
            QRect(CELL_PADDING + time, top, width - time - size, row),
            QRect(CELL_PADDING + width - size, top, size, row),
        )

    def _read(self, trades: Iterable[Tick]) -> list[Print]:
        lines = []
        for tick in trades:
            before, direction = self._last or (tick.price, 0)
            if tick.price != before:
                direction = 1 if tick.price > before else -1
            self._last = (tick.price, direction)
            lines.append(Print(tick.time_us, tick.price, tick.size, direction))
        return lines

    def _settle(self) -> None:
        if not self.held and self._waiting:
            self._lines.extend(self._waiting)
            self._waiting.clear()
            self.held_changed.emit(0)
        self._changed()

    def _changed(self) -> None:
        self._shown = None
        self._fit()

    def _fit(self) -> None:
        row = look().theme.row_height
        room = self.viewport().height() - row
        bar = self.verticalScrollBar()
        bar.setPageStep(max(room, row))
        bar.setSingleStep(row)
        bar.setRange(0, max(0, len(self.lines) * row - room))
        self.viewport().update()


def _plain_time(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}"
