"""Tables: a list of columns makes the whole widget, with sorting, reordering, copying and a memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QPoint, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QHideEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QTableView, QWidget

from puffling.desktop.cells import Cells
from puffling.desktop.columns import Column, Kind, R
from puffling.desktop.dragging import RowDrag
from puffling.desktop.headers import Header, TableState, behave
from puffling.desktop.later import later
from puffling.desktop.menus import Menu, passing_menu
from puffling.desktop.rows import Rows
from puffling.desktop.states import Phase, States
from puffling.desktop.theme import Theme, look
from puffling.runtime.text import tr

__all__ = ["Column", "Kind", "Table", "TableState"]

RESORT_MILLISECONDS = 1000
_REPAINT_MILLISECONDS = 33


class Table(QTableView, Generic[R]):
    """Shows keyed rows in declared columns."""

    key_activated = Signal(str)
    keys_selected = Signal(list)
    rows_reordered = Signal(list)
    keys_removed = Signal(list)
    state_changed = Signal()
    menu_opening = Signal(object, list)

    def __init__(
        self,
        columns: Sequence[Column[R]],
        *,
        title: str = "",
        reorderable: bool = False,
        removable: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.rows: Rows[R] = Rows(columns)
        self.rows.setParent(self)
        self._reorderable = reorderable
        self._removable = removable
        self._hovered = -1
        self._told: list[str] = []
        self._drag = RowDrag(self)
        self._empty: Callable[[], None] | None = None
        self._cells = Cells(self.rows, look().theme, self)
        self._header = Header(self.rows, self)
        self._arrange_view(title)
        self.states = States(self)
        self._changed: tuple[int, int] | None = None
        self._repaint = QTimer(self)
        self._repaint.setInterval(_REPAINT_MILLISECONDS)
        self._repaint.timeout.connect(self._repaint_changed)
        self._resort = later(self, self.rows.refresh_order, RESORT_MILLISECONDS)
        self._header.arranged.connect(self.state_changed)
        self._header.customContextMenuRequested.connect(self._open_column_menu)
        self.rows.order_outdated.connect(self._wait_to_resort)
        self.doubleClicked.connect(lambda index: self.key_activated.emit(self.rows.key(index.row())))
        look().changed.connect(self._wear)
        self._wear(look().theme)
        self._header.reset_columns()

    def set_rows(self, rows: Mapping[str, R]) -> None:
        """Show exactly these rows; selection and scroll position stay where their rows still are."""
        chosen, current = self.selected_keys(), self.current_key()
        scrolled = self.verticalScrollBar().value()
        if tuple(rows) == self.rows.keys:
            self.update_rows(rows)
        else:
            self._told = chosen
            self.rows.set_rows(rows)
            self.select(chosen, current=current)
            self.verticalScrollBar().setValue(scrolled)
            self._tell_selection()
        self._settle(arrived=True)

    def update_rows(self, rows: Mapping[str, R]) -> int:
        """Take changed rows in one batch; keys that are not shown are ignored. Gives how many changed."""
        self.rows.flashes_wanted = self.isVisible() and not look().theme.reduced_motion
        return self.rows.update_rows(rows)

    def add_rows(self, rows: Mapping[str, R], at: int | None = None) -> None:
        """Put rows in at a place of their own order, or at the end."""
        self.rows.add_rows(rows, at)
        self._settle(arrived=True)

    def remove_rows(self, keys: Iterable[str]) -> None:
        """Let go of rows."""
        self.rows.remove_rows(keys)
        self._settle(arrived=False)

    def when_empty(
        self,
        title: str,
        text: str,
        *,
        icon: str = "info",
        action: str = "",
        act: Callable[[], object] | None = None,
    ) -> None:
        """Say what stands here while there are no rows, and what brings some."""
        self._empty = lambda: self.states.empty(title, text, icon=icon, action=action, act=act)
        self._settle(arrived=False)

    def keys(self) -> tuple[str, ...]:
        """Give the keys of all rows in their own order."""
        return self.rows.keys

    def selected_keys(self) -> list[str]:
        """Give the keys of the selected rows, from top to bottom."""
        return [self.rows.key(place) for place in self._selected_places()]

    def current_key(self) -> str | None:
        """Give the key of the row the keyboard is on."""
        index = self.currentIndex()
        return self.rows.key(index.row()) if index.isValid() else None

    def select(self, keys: Iterable[str], *, current: str | None = None) -> None:
        """Select these rows and no others; the keyboard goes to the current one or the last of them."""
        flags = QItemSelectionModel.SelectionFlag
        places = [place for key in keys if (place := self.rows.place(key)) is not None]
        lead = self.rows.place(current) if current is not None else None
        if lead is None and places:
            lead = places[-1]
        model = self.selectionModel()
        if lead is not None:
            first = self._header.visible_columns()[0]
            model.setCurrentIndex(self.rows.index(lead, first), flags.NoUpdate)
        if places == self._selected_places():
            return
        chosen = QItemSelection()
        for place in places:
            index = self.rows.index(place, 0)
            chosen.select(index, index)
        model.select(chosen, flags.ClearAndSelect | flags.Rows)

    def copy(self) -> None:
        """Put the selected rows, or all, on the clipboard as a spreadsheet takes them."""
        places = self._selected_places() or range(self.rows.rowCount())
        QGuiApplication.clipboard().setText(self.rows.as_text(places, self._header.visible_columns()))

    def save_state(self) -> TableState:
        """Give the columns as the person left them: order, widths, which are hidden, what they sort by."""
        return self._header.save_state()

    def restore_state(self, state: object) -> None:
        """Put the columns back as they were left; what does not fit this table is passed over."""
        self._header.restore_state(state)

    def show_column(self, name: str, visible: bool) -> None:
        """Show or hide one column; the last one stays."""
        self._header.show_column(name, visible)

    def sort(self, name: str | None, *, falling: bool = False) -> None:
        """Sort by a column, or go back to the rows' own order."""
        self._header.sort(name, falling=falling)

    def move_selected(self, step: int) -> None:
        """Move the selected rows one place up (-1) or down (1)."""
        places = self._selected_places()
        if places:
            self._move_before(places[0] - 1 if step < 0 else places[-1] + 2)

    def dataChanged(self, first: Any, last: Any, roles: Any = ()) -> None:  # noqa: N802
        """Paint what changed at the pace of the eye, not of the market."""
        if QAccessible.isActive():
            super().dataChanged(first, last, roles)
        before = self._changed or (first.row(), last.row())
        self._changed = (min(before[0], first.row()), max(before[1], last.row()))
        if self.isVisible() and not self._repaint.isActive():
            self._repaint.start()

    def selectionChanged(self, selected: Any, deselected: Any) -> None:  # noqa: N802
        super().selectionChanged(selected, deselected)
        self.viewport().update()
        self._tell_selection()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, alt = event.key(), event.modifiers() == Qt.KeyboardModifier.AltModifier
        current, control = self.current_key(), bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif alt and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.move_selected(-1 if key == Qt.Key.Key_Up else 1)
        elif self._removable and key == Qt.Key.Key_Delete and self.selected_keys():
            self.keys_removed.emit(self.selected_keys())
        elif key == Qt.Key.Key_Escape and self._drag.active:
            self._drag.finish()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and control:
            # Not for a row: whoever holds the table may have an act for it.
            event.ignore()
            return
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and current is not None:
            self.key_activated.emit(current)
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        if self._reorderable and plain and event.button() == Qt.MouseButton.LeftButton:
            self._drag.press(event.position().toPoint())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        self._hover(self.rowAt(at.y()))
        sorted_by_value = self.rows.sorted_by is not None
        if sorted_by_value or not self._drag.move(at):
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if (target := self._drag.finish()) is not None:
            self._move_before(target)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self.rows.rowCount():
            first = self.rows.index(0, self._header.visible_columns()[0])
            self.selectionModel().setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)
        self.viewport().update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(-1)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = passing_menu(self)
        self.menu_opening.emit(menu, self.selected_keys())
        if not menu.isEmpty():
            menu.addSeparator()
        menu.addAction(tr("Copy"), QKeySequence(QKeySequence.StandardKey.Copy), self.copy)
        columns = Menu(menu, tr("Columns"))
        self._header.fill_menu(columns)
        menu.addMenu(columns)
        menu.popup(event.globalPos())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._header.fit(self.viewport().width())

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._repaint.stop()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        self._paint_behind(painter)
        painter.end()
        super().paintEvent(event)
        if self._drag.active:
            painter = QPainter(self.viewport())
            self._drag.paint(painter)
            painter.end()

    def _arrange_view(self, title: str) -> None:
        self.setAccessibleName(title)
        self.setHorizontalHeader(self._header)
        self.setModel(self.rows)
        self.setItemDelegate(self._cells)
        behave(self)
        self.setMouseTracking(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.NoDragDrop)

    def _paint_behind(self, painter: QPainter) -> None:
        theme = look().theme
        width, height = self.viewport().width(), theme.row_height
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        chosen = set(self._selected_places())
        painter.setBrush(theme.colours.raised)
        for place in chosen | ({self._hovered} if self._hovered >= 0 else set()):
            top = self.rowViewportPosition(place)
            if -height < top < self.viewport().height():
                painter.setOpacity(1.0 if place in chosen else 0.55)
                painter.drawRoundedRect(QRectF(0, top, width, height), 6, 6)
        painter.setOpacity(1.0)
        current = self.currentIndex()
        if self.hasFocus() and current.isValid():
            painter.setBrush(theme.colours.accent)
            top = self.rowViewportPosition(current.row())
            painter.drawRoundedRect(QRectF(0, top + 5, 2, height - 10), 1, 1)

    def _tell_selection(self) -> None:
        keys = self.selected_keys()
        if keys != self._told:
            self._told = keys
            self.keys_selected.emit(keys)

    def _selected_places(self) -> list[int]:
        return sorted(index.row() for index in self.selectionModel().selectedRows())

    def _move_before(self, place: int) -> None:
        keys = self.selected_keys()
        if not keys or not self._reorderable:
            return
        if self.rows.move_rows(keys, max(place, 0)):
            self.viewport().update()
            self.rows_reordered.emit(list(self.rows.keys))

    def _hover(self, place: int) -> None:
        if place != self._hovered:
            self._hovered = place
            self.viewport().update()

    def _open_column_menu(self, at: QPoint) -> None:
        menu = passing_menu(self)
        self._header.fill_menu(menu)
        menu.popup(self._header.mapToGlobal(at))

    def _wait_to_resort(self) -> None:
        if not self._resort.isActive():
            self._resort.start()

    def _repaint_changed(self) -> None:
        flashing, changed = self.rows.fade(), self._changed
        self._changed = None
        places = [*(flashing or ()), *(changed or ())]
        if not places:
            self._repaint.stop()
            return
        top = self.rowViewportPosition(min(places))
        last = min(max(places), self.rows.rowCount() - 1)
        bottom = self.rowViewportPosition(last) + self.verticalHeader().defaultSectionSize()
        self.viewport().update(0, top, self.viewport().width(), bottom - top)

    def _settle(self, *, arrived: bool) -> None:
        phase = self.states.phase
        # Columns without rows are nothing to scroll through.
        needed, never = Qt.ScrollBarPolicy.ScrollBarAsNeeded, Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setHorizontalScrollBarPolicy(needed if self.rows.rowCount() else never)
        if self.rows.rowCount():
            if arrived and phase in (Phase.EMPTY, Phase.LOADING, Phase.ERROR):
                self.states.content()
        elif self._empty is not None and (arrived or phase in (Phase.CONTENT, Phase.EMPTY)):
            self._empty()

    def _wear(self, theme: Theme) -> None:
        self._cells.wear(theme)
        self.verticalHeader().setDefaultSectionSize(theme.row_height)
        self._header.setFixedHeight(theme.row_height)
        self.states.leave_top(0)
        self.viewport().update()
        self._header.viewport().update()
