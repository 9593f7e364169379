"""The table of bars: draws the rows in sight, however many there are."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import QItemSelectionModel, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetrics,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from puffling.desktop import icons
from puffling.desktop.cells import CELL_PADDING
from puffling.desktop.data.bar_rows import TIME, TITLES, BarRows, Index
from puffling.desktop.headers import Titles, behave
from puffling.desktop.menus import passing_menu
from puffling.desktop.theme import Size, Theme, Tone, look
from puffling.runtime.text import tr

MOST_COPIED = 100_000
_ROWS_AT_ONCE = 500
_SIGN = 16
_LEAST_WIDTH = 44
_TIGHT_PADDING = 4
_SAMPLES = 64


class BarTable(QTableView):
    """Shows bars; a chosen one is told by its time."""

    copy_wanted = Signal()
    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.rows = BarRows()
        self.rows.setParent(self)
        self._words = [60] * len(TITLES)
        self._short_time = 60
        self.padding = CELL_PADDING
        self._cells = _Cells(self.rows, self)
        self._titles = _Titles(self.rows, self)
        self.setAccessibleName(tr("Bars"))
        self.setHorizontalHeader(self._titles)
        self.setModel(self.rows)
        self.setItemDelegate(self._cells)
        behave(self)
        self._titles.sectionClicked.connect(self._title_clicked)
        self.rows.modelReset.connect(self._measure)
        look().changed.connect(self._wear)
        self._wear(look().theme)

    def turn(self) -> None:
        """Show the other end of the bars first, and go there."""
        self.rows.turn()
        self.scrollToTop()
        self._titles.viewport().update()

    def go_to(self, moment_us: int) -> None:
        """Put the bar of a moment in the middle, with the keyboard on it."""
        row = self.rows.row_at(moment_us)
        if row is None:
            return
        index = self.rows.index(row, 0)
        flags = QItemSelectionModel.SelectionFlag
        self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    def chosen_rows(self) -> list[int]:
        """Give the rows that would be copied: the selected ones, or all; no more than can be."""
        selection = self.selectionModel().selection()
        chosen = (selection.at(place) for place in range(selection.count()))
        ranges = [(each.top(), each.bottom()) for each in chosen]
        if not ranges:
            ranges = [(0, self.rows.rowCount() - 1)]
        found: list[int] = []
        for first, last in sorted(ranges):
            found += range(first, min(last + 1, first + MOST_COPIED - len(found)))
        return found

    async def text(self) -> tuple[int, str]:
        """Give how many rows would be copied, and they as text; a pause now and then lets others work."""
        rows = self.chosen_rows()
        pieces = ["\t".join(tr(title) for title in TITLES)]
        for begin in range(0, len(rows), _ROWS_AT_ONCE):
            pieces += self.rows.lines(rows[begin : begin + _ROWS_AT_ONCE])
            await asyncio.sleep(0)
        return len(rows), "\n".join(pieces) + "\n"

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_wanted.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._tell_chosen()
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        self._tell_chosen()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = passing_menu(self)
        menu.addAction(tr("Copy"), QKeySequence(QKeySequence.StandardKey.Copy), self.copy_wanted.emit)
        menu.addAction(tr("Show on the chart"), self._tell_chosen)
        menu.addAction(tr("Oldest first") if self.rows.newest_first else tr("Newest first"), self.turn)
        menu.popup(event.globalPos())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _tell_chosen(self) -> None:
        index = self.currentIndex()
        if index.isValid():
            self.chosen.emit(int(self.rows.bars.time[self.rows.place_of(index.row())]))

    def _title_clicked(self, column: int) -> None:
        if column == TIME:
            self.turn()

    def _measure(self) -> None:
        """Learn how wide the widest words of each column are, judged by some rows from all over."""
        count = self.rows.rowCount()
        places = range(0, count, max(count // _SAMPLES, 1))
        metrics = QFontMetrics(look().theme.font())
        titles = QFontMetrics(look().theme.font(Size.CAPTION))
        for column, title in enumerate(TITLES):
            texts = (self.rows.text(place, column) for place in places)
            widest = max(map(metrics.horizontalAdvance, texts), default=0)
            widest = max(widest, titles.horizontalAdvance(tr(title)))
            self._words[column] = widest
        self._short_time = max(
            (metrics.horizontalAdvance(self.rows.time(place, short=True)) for place in places), default=0
        )
        self._fit()

    def _fit(self) -> None:
        """Share the room out; where it is scarce, columns stand closer before any goes out of sight."""
        width = self.viewport().width()
        words = list(self._words)
        roomy = sum(words) + _SIGN + 2 * CELL_PADDING * len(words) <= width
        self.padding = CELL_PADDING if roomy else _TIGHT_PADDING
        self.rows.short_times = not roomy
        if not roomy:
            words[TIME] = max(self._short_time, _LEAST_WIDTH)
        words[TIME] += _SIGN
        wanted = [max(each + 2 * self.padding, _LEAST_WIDTH) for each in words]
        share, rest = divmod(max(width - sum(wanted), 0), len(wanted))
        for column, own in enumerate(wanted):
            self._titles.resizeSection(column, own + share + (rest if column == len(wanted) - 1 else 0))

    def _wear(self, theme: Theme) -> None:
        self._cells.wear(theme)
        self.verticalHeader().setDefaultSectionSize(theme.row_height)
        self._titles.setFixedHeight(theme.row_height)
        self._measure()
        self.viewport().update()


class _Cells(QStyledItemDelegate):
    def __init__(self, rows: BarRows, table: BarTable) -> None:
        super().__init__(table)
        self._rows = rows
        self._table = table

    def wear(self, theme: Theme) -> None:
        """Paint with this theme from now on."""
        self._theme = theme
        self._font = theme.font()
        self._metrics = QFontMetrics(self._font)
        self._tones = {tone: theme.colours.tone(tone) for tone in Tone}

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(_LEAST_WIDTH, self._theme.row_height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        place, column = self._rows.place_of(index.row()), index.column()
        rect: QRect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, self._theme.colours.raised)
        if column == TIME:
            self._paint_edge(painter, rect, index, place)
            rect = rect.adjusted(_SIGN, 0, 0, 0)
        painter.setFont(self._font)
        painter.setPen(self._tones[self._rows.tone(place, column)])
        side = Qt.AlignmentFlag.AlignLeft if column == TIME else Qt.AlignmentFlag.AlignRight
        inside = rect.adjusted(self._table.padding, 0, -self._table.padding, 0)
        text = self._rows.text(place, column)
        if self._metrics.horizontalAdvance(text) > inside.width():
            # A number that lost its first digits would read as another number.
            text = self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, inside.width())
        painter.drawText(inside, side | Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_edge(self, painter: QPainter, rect: QRect, index: Index, place: int) -> None:
        shown = self._rows.shown(place)
        if shown.icon:
            ratio = painter.device().devicePixelRatioF()
            sign = icons.pixmap(shown.icon, self._tones[shown.tone], 12, ratio)
            painter.drawPixmap(rect.left() + 7, rect.center().y() - 5, sign)
        if self._table.hasFocus() and self._table.currentIndex().row() == index.row():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colours.accent)
            painter.drawRoundedRect(QRectF(rect.left(), rect.top() + 5, 2, rect.height() - 10), 1, 1)


class _Titles(Titles):
    def __init__(self, rows: BarRows, table: BarTable) -> None:
        super().__init__(table, _LEAST_WIDTH)
        self._rows = rows
        self._table = table
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setToolTip(tr("Click Time to turn the order round"))

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N802, N803
        self.prepare(painter, rect, leads=logicalIndex == TIME)
        inside = rect.adjusted(self._table.padding, 0, -self._table.padding, -1)
        words = tr(TITLES[logicalIndex])
        if logicalIndex != TIME:
            painter.drawText(inside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
            return
        inside.adjust(_SIGN, 0, 0, 0)
        painter.drawText(inside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)
        name = "down" if self._rows.newest_first else "up"
        mark = icons.pixmap(name, look().theme.colours.text, 10, self.devicePixelRatioF())
        left = inside.left() + painter.fontMetrics().horizontalAdvance(words) + 3
        painter.drawPixmap(left, inside.center().y() - 4, mark)
