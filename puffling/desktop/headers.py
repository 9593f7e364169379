"""The titles of a table, and the memory of how a person arranged its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from puffling.desktop import icons
from puffling.desktop.cells import CELL_PADDING
from puffling.desktop.columns import Kind
from puffling.desktop.menus import Menu
from puffling.desktop.rows import Rows
from puffling.desktop.theme import Size, look
from puffling.runtime.text import tr

TableState = dict[str, Any]
_LEAST_WIDTH = 40
_MOST_WIDTH = 2000
_LEAST_SHARE = 0.6
# A name is still read without its end, a time or a symbol is not.
_LEAST_SHARES = {Kind.TIME: 0.8, Kind.STRONG: 0.92}
_MARK = 13


def behave(view: QTableView) -> None:
    """Have a table do as all do: whole rows are chosen, it scrolls smoothly, nothing is edited in place."""
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setCornerButtonEnabled(False)
    view.setTabKeyNavigation(False)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.verticalHeader().hide()
    view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)


class Titles(QHeaderView):
    """Titles on a hairline that goes on where the columns end."""

    def __init__(self, parent: QWidget, least_width: int) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(least_width)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def prepare(self, painter: QPainter, rect: QRect, *, leads: bool) -> None:
        """Lay the ground of one title and take its pen; the rows are in the order of the one that leads."""
        theme = look().theme
        painter.fillRect(rect, theme.colours.panel)
        painter.setPen(theme.colours.line)
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.setFont(theme.font(Size.CAPTION))
        painter.setPen(theme.colours.text if leads else theme.colours.muted)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        painter.setPen(look().theme.colours.line)
        bottom = self.viewport().height() - 1
        painter.drawLine(0, bottom, self.viewport().width(), bottom)


class Header(Titles):
    """The titles of a table: a click sorts, a drag moves or widens, the menu chooses columns."""

    arranged = Signal()

    def __init__(self, rows: Rows[Any], parent: QWidget) -> None:
        super().__init__(parent, _LEAST_WIDTH)
        self._rows = rows
        self._widths: dict[str, int] = {}
        self._fitting = False
        self._dropped: set[int] = set()
        self.setSectionsMovable(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.sectionClicked.connect(self._sort_clicked)
        self.sectionMoved.connect(self._tell)
        self.sectionResized.connect(self._note_width)

    def visible_columns(self) -> list[int]:
        """Give the numbers of the columns that are shown, from left to right."""
        places = (self.logicalIndex(place) for place in range(self.count()))
        return [number for number in places if not self.isSectionHidden(number)]

    def fit(self, width: int) -> None:
        """Give each column its width and the room that is left to those that stretch."""
        columns = self._rows.columns
        if not self._widths or width <= 0:
            return
        # What is hidden and shown again here says nothing of what the person wants.
        self._fitting = True
        self._drop(width)
        self._fitting = False
        visible = self.visible_columns()
        if not visible:
            return
        wide = {number: self._widths[columns[number].id] for number in visible}
        room = width - sum(wide.values())
        # Without one that stretches all grow alike: one wide column far from the others reads badly.
        every = visible if room > 0 else visible[:1]
        elastic = [number for number in visible if columns[number].stretch] or every
        shares = _split(room, [wide[number] if elastic is visible else 1 for number in elastic])
        given = dict(zip(elastic, shares, strict=True))
        self._fitting = True
        for number in visible:
            wanted = wide[number]
            if number in given:
                # What stretches also gives way, down to where its words stop making sense.
                wanted = max(wanted + given[number], self._least_width(number))
            self.resizeSection(number, wanted)
        self._fitting = False

    def _drop(self, width: int) -> None:
        """Leave out what may be left out where the others would have no room, and bring it back."""
        columns = self._rows.columns
        for number in self._dropped:
            self.setSectionHidden(number, False)
        self._dropped = set()
        for number in reversed(self.visible_columns()):
            if columns[number].drops and sum(map(self._needed, self.visible_columns())) > width:
                self._dropped.add(number)
                self.setSectionHidden(number, True)

    def _least_width(self, number: int) -> int:
        column = self._rows.columns[number]
        return round(self._widths[column.id] * _LEAST_SHARES.get(column.kind, _LEAST_SHARE))

    def _needed(self, number: int) -> int:
        column = self._rows.columns[number]
        return self._least_width(number) if column.stretch else self._widths[column.id]

    def _left_out(self, number: int) -> bool:
        """Tell whether the person does not want to see a column."""
        return self.isSectionHidden(number) and number not in self._dropped

    def save_state(self) -> TableState:
        """Give the columns as the person left them: order, widths, which are hidden, what they sort by."""
        columns = self._rows.columns
        return {
            "order": [columns[self.logicalIndex(place)].id for place in range(len(columns))],
            "widths": dict(self._widths),
            "hidden": [column.id for number, column in enumerate(columns) if self._left_out(number)],
            "sort": list(self._rows.sorted_by) if self._rows.sorted_by else None,
        }

    def restore_state(self, state: object) -> None:
        """Put the columns back as they were left; what does not fit this table is passed over."""
        if not isinstance(state, Mapping):
            return
        columns = {column.id: number for number, column in enumerate(self._rows.columns)}
        self._fitting = True
        for place, name in enumerate(name for name in _names(state.get("order")) if name in columns):
            self.moveSection(self.visualIndex(columns[name]), place)
        widths = state.get("widths")
        for name, width in widths.items() if isinstance(widths, Mapping) else ():
            if name in columns and isinstance(width, int):
                self._widths[name] = min(max(width, _LEAST_WIDTH), _MOST_WIDTH)
        hidden = set(_names(state.get("hidden")))
        if "hidden" in state and not hidden.issuperset(columns):
            self._dropped = set()
            for name, number in columns.items():
                self.setSectionHidden(number, name in hidden)
        sort = state.get("sort")
        if isinstance(sort, Sequence) and len(sort) == 2:
            self._rows.sort_by((str(sort[0]), bool(sort[1])))
        self._fitting = False
        self.fit(self.viewport().width())

    def reset_columns(self) -> None:
        """Put the columns back as they were declared."""
        columns = self._rows.columns
        self._widths = {column.id: column.start_width for column in columns}
        self._rows.sort_by(None)
        self.restore_state(
            {
                "order": [column.id for column in columns],
                "hidden": [column.id for column in columns if column.optional],
            }
        )
        self.arranged.emit()

    def show_column(self, name: str, visible: bool) -> None:
        """Show or hide one column; the last one stays."""
        number = next(number for number, column in enumerate(self._rows.columns) if column.id == name)
        if not visible and self.visible_columns() == [number]:
            return
        self._dropped.discard(number)
        self.setSectionHidden(number, not visible)
        self.fit(self.viewport().width())
        self.arranged.emit()

    def sort(self, name: str | None, *, falling: bool = False) -> None:
        """Sort by a column, or go back to the rows' own order."""
        self._rows.sort_by(None if name is None else (name, falling))
        self.viewport().update()
        self.arranged.emit()

    def fill_menu(self, menu: Menu) -> None:
        """Add the choice of columns to a menu."""
        for number, column in enumerate(self._rows.columns):
            action = menu.addAction(column.title)
            action.setCheckable(True)
            action.setChecked(not self._left_out(number))
            action.toggled.connect(lambda on, name=column.id: self.show_column(name, on))
        menu.addSeparator()
        menu.addAction(tr("Reset columns")).triggered.connect(self.reset_columns)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), look().theme.row_height)

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N802, N803
        column = self._rows.columns[logicalIndex]
        sorting = self._rows.sorted_by
        sorted_here = sorting is not None and sorting[0] == column.id
        self.prepare(painter, rect, leads=sorted_here)
        right = column.kind.numeric
        inside = rect.adjusted(CELL_PADDING, 0, -CELL_PADDING if right else 0, -1)
        room = inside.width() - (_MARK if sorted_here else 0)
        words = painter.fontMetrics().elidedText(column.title, Qt.TextElideMode.ElideRight, room)
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        painter.drawText(inside, side | Qt.AlignmentFlag.AlignVCenter, words)
        if sorting is not None and sorted_here:
            name = "down" if sorting[1] else "up"
            mark = icons.pixmap(name, look().theme.colours.text, 10, self.devicePixelRatioF())
            width = painter.fontMetrics().horizontalAdvance(words)
            left = inside.right() - width - _MARK if right else inside.left() + width + 3
            painter.drawPixmap(left, inside.center().y() - 4, mark)

    def _sort_clicked(self, number: int) -> None:
        name = self._rows.columns[number].id
        if self._rows.sorted_by == (name, False):
            self.sort(name, falling=True)
        elif self._rows.sorted_by == (name, True):
            self.sort(None)
        elif not self._rows.columns[number].kind.drawn:
            self.sort(name)

    def _note_width(self, number: int, _before: int, width: int) -> None:
        if not self._fitting and width:
            self._widths[self._rows.columns[number].id] = width
            self.arranged.emit()

    def _tell(self) -> None:
        if not self._fitting:
            self.arranged.emit()


def _split(room: int, weights: Sequence[int]) -> list[int]:
    """Divide room by weights; the last one takes what is left by rounding."""
    whole = sum(weights)
    shares = [room * weight // whole for weight in weights]
    shares[-1] += room - sum(shares)
    return shares


def _names(value: object) -> list[str]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    return [name for name in value if isinstance(name, str)]
