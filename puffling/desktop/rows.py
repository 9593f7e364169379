"""The rows behind a table: keyed, sorted on request, changed in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic

from PySide6.QtCore import QAbstractTableModel, QElapsedTimer, QModelIndex, QPersistentModelIndex, Qt, Signal

from puffling.desktop.columns import Cell, Column, R, plain, read, sort_key, tip
from puffling.desktop.theme import FLASH_MILLISECONDS
from puffling.puffin.csv_text import pasted_line

Index = QModelIndex | QPersistentModelIndex
_DISPLAY = Qt.ItemDataRole.DisplayRole
_TOOLTIP = Qt.ItemDataRole.ToolTipRole
_ALIGNMENT = Qt.ItemDataRole.TextAlignmentRole
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class Rows(QAbstractTableModel, Generic[R]):
    """Holds rows by key in an order of their own, and shows them in that order or sorted."""

    order_outdated = Signal()

    def __init__(self, columns: Sequence[Column[R]]) -> None:
        super().__init__()
        self.columns = tuple(columns)
        self.flashes_wanted = True
        self._rows: dict[str, R] = {}
        self._keys: list[str] = []
        self._shown: list[str] = []
        self._places: dict[str, int] = {}
        self._cells: dict[str, list[Cell | None]] = {}
        self._widest = [0] * len(self.columns)
        self._sorted_by: tuple[int, bool] | None = None
        self._flashing = tuple(number for number, column in enumerate(self.columns) if column.flash)
        self._flashes: dict[tuple[str, int], tuple[int, bool]] = {}
        self._watch = QElapsedTimer()
        self._watch.start()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Give how many rows there are."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Give how many columns there are, hidden ones too."""
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = _DISPLAY) -> Any:
        """Give what a cell says, also to a screen reader."""
        if role == _DISPLAY:
            return self.cell(index.row(), index.column()).text.rstrip()
        if role == _TOOLTIP:
            return tip(self.columns[index.column()], self.row(index.row())) or None
        if role == _ALIGNMENT:
            return _RIGHT if self.columns[index.column()].kind.numeric else _LEFT
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> Any:
        """Give the title of a column."""
        if orientation is Qt.Orientation.Horizontal and role == _DISPLAY:
            return self.columns[section].title
        return None

    @property
    def keys(self) -> tuple[str, ...]:
        """Give the keys of all rows in their own order."""
        return tuple(self._keys)

    @property
    def shown_keys(self) -> tuple[str, ...]:
        """Give the keys of all rows as they are shown."""
        return tuple(self._shown)

    @property
    def sorted_by(self) -> tuple[str, bool] | None:
        """Give the column the rows are sorted by and whether falling, or None in their own order."""
        return None if self._sorted_by is None else (self.columns[self._sorted_by[0]].id, self._sorted_by[1])

    @property
    def flashing(self) -> bool:
        """Say whether any cell may still flash."""
        return bool(self._flashes)

    def key(self, place: int) -> str:
        """Give the key of the row shown at a place."""
        return self._shown[place]

    def place(self, key: str) -> int | None:
        """Give where a row is shown."""
        return self._places.get(key)

    def row(self, place: int) -> R:
        """Give the row shown at a place."""
        return self._rows[self._shown[place]]

    def row_of(self, key: str) -> R | None:
        """Give the row of a key."""
        return self._rows.get(key)

    def cell(self, place: int, number: int) -> Cell:
        """Give one value as it is shown, written once until its row changes."""
        key = self._shown[place]
        cells = self._cells.get(key)
        if cells is None:
            cells = self._cells[key] = [None] * len(self.columns)
        cell = cells[number]
        if cell is None:
            cell = cells[number] = read(self.columns[number], self._rows[key], self._widest[number])
        return cell

    def flash(self, place: int, number: int) -> tuple[float, bool] | None:
        """Give how much of a flash is left in a cell (1 to 0) and whether its value rose."""
        if not self._flashes:
            return None
        found = self._flashes.get((self._shown[place], number))
        if found is None:
            return None
        left = 1 - (self._watch.elapsed() - found[0]) / FLASH_MILLISECONDS
        return (left, found[1]) if left > 0 else None

    def fade(self) -> tuple[int, int] | None:
        """Forget flashes that are over; give the first and last place that flash still or just did."""
        if not self._flashes:
            return None
        places = [place for key, _ in self._flashes if (place := self._places.get(key)) is not None]
        oldest = self._watch.elapsed() - FLASH_MILLISECONDS
        self._flashes = {cell: flash for cell, flash in self._flashes.items() if flash[0] > oldest}
        return (min(places), max(places)) if places else None

    def set_rows(self, rows: Mapping[str, R]) -> None:
        """Show exactly these rows, in this order."""
        self.beginResetModel()
        self._rows = dict(rows)
        self._keys = list(rows)
        self._cells.clear()
        self._flashes.clear()
        self._arrange()
        self.endResetModel()

    def update_rows(self, rows: Mapping[str, R]) -> int:
        """Take changed rows in one go and tell the view once; give how many there were of rows held here."""
        first, last, changed = len(self._shown), -1, 0
        for key, row in rows.items():
            place = self._places.get(key)
            if place is None:
                continue
            before = self._rows[key]
            if before is row:
                continue
            if self._flashing and self.flashes_wanted:
                self._compare(key, before, row)
            self._rows[key] = row
            self._cells.pop(key, None)
            first, last, changed = min(first, place), max(last, place), changed + 1
        if changed:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))
            if self._sorted_by is not None:
                self.order_outdated.emit()
        return changed

    def rewrite(self) -> None:
        """Write every cell anew, because values read another way now."""
        self._cells.clear()
        if self._shown:
            last = self.index(len(self._shown) - 1, len(self.columns) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def add_rows(self, rows: Mapping[str, R], at: int | None = None) -> None:
        """Put new rows in at a place of the own order, or at the end; rows already held are updated."""
        new = {key: row for key, row in rows.items() if key not in self._rows}
        self.update_rows({key: row for key, row in rows.items() if key in self._rows})
        if not new:
            return
        at = len(self._keys) if at is None else max(0, min(at, len(self._keys)))
        if self._sorted_by is None:
            self.beginInsertRows(QModelIndex(), at, at + len(new) - 1)
        else:
            self.beginResetModel()
        self._rows.update(new)
        self._keys[at:at] = new
        self._arrange()
        if self._sorted_by is None:
            self.endInsertRows()
        else:
            self.endResetModel()

    def remove_rows(self, keys: Iterable[str]) -> None:
        """Let go of rows."""
        gone = {key for key in keys if key in self._rows}
        for place in sorted((self._places[key] for key in gone), reverse=True):
            self.beginRemoveRows(QModelIndex(), place, place)
            key = self._shown[place]
            self._keys.remove(key)
            del self._rows[key]
            self._cells.pop(key, None)
            self._arrange()
            self.endRemoveRows()

    def move_rows(self, keys: Iterable[str], before: int) -> bool:
        """Move rows, in their present order, before a place of the own order; say whether that changed it."""
        moving = set(keys)
        block = [key for key in self._keys if key in moving]
        ahead = [key for key in self._keys[:before] if key not in moving]
        order = [*ahead, *block, *(key for key in self._keys[before:] if key not in moving)]
        if order == self._keys or self._sorted_by is not None:
            return False
        self._reorder(lambda: self._keys.__setitem__(slice(None), order))
        return True

    def sort_by(self, sorting: tuple[str, bool] | None) -> None:
        """Show the rows sorted by a column, falling or rising, or again in their own order."""
        numbers = {column.id: number for number, column in enumerate(self.columns)}
        if sorting is not None and sorting[0] not in numbers:
            return
        self._sorted_by = None if sorting is None else (numbers[sorting[0]], sorting[1])
        self._reorder(lambda: None)

    def refresh_order(self) -> None:
        """Sort again by what the values are now."""
        if self._sorted_by is not None and self._sort() != self._shown:
            self._reorder(lambda: None)

    def as_text(self, places: Iterable[int], numbers: Sequence[int]) -> str:
        """Give rows as tab-separated text with a line of titles, as a spreadsheet takes it."""
        lines = [pasted_line(self.columns[number].title for number in numbers)]
        for place in places:
            row = self.row(place)
            lines.append(pasted_line(plain(self.columns[number], row) for number in numbers))
        return "\n".join(lines)

    def _compare(self, key: str, before: R, after: R) -> None:
        for number in self._flashing:
            value: Callable[[R], Any] = self.columns[number].value
            old, new = value(before), value(after)
            if old is None or new is None or old == new:
                continue
            rose = new > old if isinstance(new, type(old)) else True
            self._flashes[key, number] = (self._watch.elapsed(), bool(rose))

    def _reorder(self, change: Callable[[], None]) -> None:
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        keys = [self._shown[index.row()] for index in held]
        change()
        self._arrange()
        moved = [self.index(self._places[key], index.column()) for key, index in zip(keys, held, strict=True)]
        self.changePersistentIndexList(held, moved)
        self.layoutChanged.emit()

    def _arrange(self) -> None:
        for number, column in enumerate(self.columns):
            if column.padded():
                widest = max((column.decimals_of(row) for row in self._rows.values()), default=0)
                if widest != self._widest[number]:
                    self._widest[number] = widest
                    self._cells.clear()
        self._shown = self._sort()
        self._places = {key: place for place, key in enumerate(self._shown)}

    def _sort(self) -> list[str]:
        if self._sorted_by is None:
            return list(self._keys)
        number, falling = self._sorted_by
        value = self.columns[number].value
        marks = {key: sort_key(value(row)) for key, row in self._rows.items()}
        present = [key for key in self._keys if not marks[key][0]]
        present.sort(key=lambda key: marks[key][1], reverse=falling)
        return present + [key for key in self._keys if marks[key][0]]
