"""An editor for what is taken in turn: which of the choices, and in which order."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from puffling.desktop.card import tool_button
from puffling.runtime.text import tr

ROW_HEIGHT = 28


class OrderField(QWidget):
    """A row for each choice; those that are ticked count, the uppermost first."""

    changed = Signal()

    def __init__(self, choices: Iterable[str]) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.rows = [self._add_row(choice) for choice in choices]
        self.setFixedHeight(ROW_HEIGHT * len(self.rows))
        self._settle()

    def write(self, value: Iterable[str]) -> None:
        """Show what counts, in its order, and under it what does not."""
        wanted = list(value)
        places = {choice: place for place, choice in enumerate(wanted)}
        self.rows.sort(key=lambda row: places.get(row.choice, len(places)))
        for row in self.rows:
            row.box.setChecked(row.choice in places)
        self._settle()

    def read(self) -> list[str]:
        """Give what counts, in its order."""
        return [row.choice for row in self.rows if row.box.isChecked()]

    def shift(self, row: Row, step: int) -> None:
        """Let a row change its place with a neighbour."""
        place = self.rows.index(row)
        other = place + step
        if 0 <= other < len(self.rows):
            self.rows[place], self.rows[other] = self.rows[other], self.rows[place]
            self._settle()
            self.changed.emit()

    def _add_row(self, choice: str) -> Row:
        row = Row(choice)
        row.box.toggled.connect(lambda _: self.changed.emit())
        row.moved.connect(partial(self.shift, row))
        return row

    def _settle(self) -> None:
        before: QWidget | None = None
        for place, row in enumerate(self.rows):
            self._column.removeWidget(row)
            self._column.insertWidget(place, row)
            row.up.setEnabled(place > 0)
            row.down.setEnabled(place < len(self.rows) - 1)
            for each in (row.box, row.up, row.down):
                if before is not None:
                    self.setTabOrder(before, each)
                before = each
        self.setFocusProxy(self.rows[0].box)


class Row(QWidget):
    """One choice, ticked or not, and the ways to another place."""

    moved = Signal(int)

    def __init__(self, choice: str) -> None:
        super().__init__()
        self.choice = choice
        title = tr(choice.capitalize())
        self.setFixedHeight(ROW_HEIGHT)
        self.box = QCheckBox(title)
        self.box.setToolTip(tr("Alt+Up and Alt+Down move it"))
        self.up = self._button("up", tr("Move {name} up", name=title), -1)
        self.down = self._button("down", tr("Move {name} down", name=title), 1)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(2)
        line.addWidget(self.box, 1)
        line.addWidget(self.up)
        line.addWidget(self.down)
        for each in (self.box, self.up, self.down):
            each.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # A button would take these keys for a way to the next one.
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
            if step is not None and event.modifiers() & Qt.KeyboardModifier.AltModifier:
                self.moved.emit(step)
                return True
        return super().eventFilter(watched, event)

    def _button(self, icon: str, name: str, step: int) -> QToolButton:
        made = tool_button(icon, name)
        made.setFixedSize(24, 24)
        made.clicked.connect(partial(self.moved.emit, step))
        return made
