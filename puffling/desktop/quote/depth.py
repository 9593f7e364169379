"""The order book: what waits at the best prices on both sides, with bars that show how much."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from puffling.desktop import numbers
from puffling.desktop.cells import CELL_PADDING, LEFT, RIGHT
from puffling.desktop.menus import offer_copy
from puffling.desktop.quote.facts import size_words
from puffling.desktop.states import States
from puffling.desktop.theme import Size, Theme, look, translucent
from puffling.market.values import Book, Level
from puffling.runtime.text import tr

LEAST_ROWS = 3


class Depth(QWidget):
    """Bids on the left and asks on the right, the best on top, bars growing out from the middle."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.book: Book | None = None
        self._decimals = 2
        self.states = States(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Order book"))
        look().changed.connect(self.update)

    def show_book(self, book: Book | None, decimals: int) -> None:
        """Show a book as it stands, or none."""
        self.book, self._decimals = book, decimals
        self.update()

    def copy(self) -> None:
        """Put the book on the clipboard as a spreadsheet takes it."""
        rows = ["\t".join((tr("Bid size"), tr("Bid"), tr("Ask"), tr("Ask size")))]
        if self.book is not None:
            for place in range(max(len(self.book.bids), len(self.book.asks))):
                bid, ask = _at(self.book.bids, place), _at(self.book.asks, place)
                cells = [
                    f"{bid.size:g}" if bid else "",
                    f"{bid.price:.{self._decimals}f}" if bid else "",
                    f"{ask.price:.{self._decimals}f}" if ask else "",
                    f"{ask.size:g}" if ask else "",
                ]
                rows.append("\t".join(cells))
        QGuiApplication.clipboard().setText("\n".join(rows))

    def sizeHint(self) -> QSize:
        return QSize(280, 11 * look().theme.row_height)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, (LEAST_ROWS + 1) * look().theme.row_height)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            event.accept()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        offer_copy(self, self.copy, event.globalPos())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = look().theme
        row, half = theme.row_height, self.width() // 2
        bids, asks = QRect(0, 0, half - 2, row), QRect(half + 2, 0, self.width() - half - 2, row)
        self._paint_titles(painter, theme, bids, asks)
        if self.book is None:
            return
        seen = max((self.height() - row) // row, 0)
        shown = (self.book.bids[:seen], self.book.asks[:seen])
        largest = max((level.size for side in shown for level in side), default=0.0) or 1.0
        for place in range(seen):
            for side, room, falling in ((shown[0], bids, True), (shown[1], asks, False)):
                level = _at(side, place)
                if level is not None:
                    line = room.translated(0, row * (place + 1))
                    self._paint_level(painter, theme, line, level, level.size / largest, buying=falling)

    def _paint_titles(self, painter: QPainter, theme: Theme, bids: QRect, asks: QRect) -> None:
        painter.setFont(theme.font(Size.CAPTION))
        painter.setPen(theme.colours.muted)
        left, right = (each.adjusted(CELL_PADDING, 0, -CELL_PADDING, 0) for each in (bids, asks))
        painter.drawText(left, LEFT, tr("Size"))
        painter.drawText(left, RIGHT, tr("Bid"))
        painter.drawText(right, LEFT, tr("Ask"))
        painter.drawText(right, RIGHT, tr("Size"))
        painter.setPen(theme.colours.line)
        painter.drawLine(0, bids.bottom(), self.width(), bids.bottom())

    def _paint_level(
        self, painter: QPainter, theme: Theme, line: QRect, level: Level, share: float, *, buying: bool
    ) -> None:
        colour = theme.colours.up if buying else theme.colours.down
        length = max(line.width() * min(share, 1.0), 2.0)
        start = line.right() + 1 - length if buying else line.left()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(translucent(colour, 0.16))
        painter.drawRoundedRect(QRectF(start, line.top() + 2, length, line.height() - 4), 3, 3)
        inside = line.adjusted(CELL_PADDING, 0, -CELL_PADDING, 0)
        painter.setFont(theme.font())
        painter.setPen(colour)
        price = numbers.fixed(level.price, self._decimals)
        painter.drawText(inside, RIGHT if buying else LEFT, price)
        painter.setPen(theme.colours.text)
        painter.drawText(inside, LEFT if buying else RIGHT, size_words(level.size))


def _at(side: tuple[Level, ...], place: int) -> Level | None:
    return side[place] if place < len(side) else None
