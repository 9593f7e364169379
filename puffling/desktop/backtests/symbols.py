"""Several symbols to choose: found as one types, shown as chips, removed with a key or a click."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QVBoxLayout, QWidget

from puffling.desktop.card import label
from puffling.desktop.icons import set_icon
from puffling.desktop.session import Session
from puffling.desktop.symbol_field import SymbolField
from puffling.desktop.theme import Tone, set_role
from puffling.runtime.text import tr

MOST_SYMBOLS = 50
_GAP = 4


class ManyField(SymbolField):
    """Takes one symbol by search, or several at once with commas or blanks between them."""

    emptied = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Backspace and not self.text():
            self.emptied.emit()
            return
        super().keyPressEvent(event)

    def take_typed(self) -> None:
        """Take what stands in the field as it is."""
        for symbol in re.split(r"[\s,;]+", self.text().strip()):
            if symbol:
                self.chosen.emit(symbol.upper())
        self.clear()

    def _typed(self) -> None:
        text = self.text().strip()
        if re.search(r"[,;]", text) or (" " in text and text.isupper()):
            self.take_typed()
        else:
            super()._typed()


class SymbolsEditor(QWidget):
    """The chosen symbols and the field that adds to them."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._symbols: tuple[str, ...] = ()
        self._chips: dict[str, QPushButton] = {}
        self.field = ManyField(session, "backtest")
        self.field.setPlaceholderText(tr("Add a symbol or name"))
        self.field.chosen.connect(self.add)
        self.field.emptied.connect(self._remove_last)
        self._room = QWidget()
        self._room.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._room.hide()
        self.error = label(tone=Tone.DANGER, kind="caption")
        self.error.setWordWrap(True)
        self.error.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._room)
        column.addWidget(self.field)
        column.addWidget(self.error)
        self.setFocusProxy(self.field)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Give the chosen symbols, in the order they were chosen."""
        return self._symbols

    def show_symbols(self, symbols: Sequence[str]) -> None:
        """Show these."""
        self._symbols = tuple(dict.fromkeys(symbols))[:MOST_SYMBOLS]
        for gone in self._chips.keys() - set(self._symbols):
            chip = self._chips.pop(gone)
            chip.hide()
            chip.deleteLater()
        for symbol in self._symbols:
            if symbol not in self._chips:
                self._chips[symbol] = self._chip(symbol)
        self.say_wrong("")
        self._lay()

    def add(self, symbol: str) -> None:
        """Choose one more."""
        if symbol not in self._symbols:
            self.show_symbols((*self._symbols, symbol))
            self.changed.emit()

    def remove(self, symbol: str) -> None:
        """Choose one less."""
        self.show_symbols([each for each in self._symbols if each != symbol])
        self.field.setFocus()
        self.changed.emit()

    def take_typed(self) -> None:
        """Count what was typed but not entered as chosen."""
        if self.field.text().strip():
            self.field.take_typed()

    def say_wrong(self, text: str) -> None:
        """Say what is wrong with the symbols, or that nothing is."""
        self.error.setText(text)
        self.error.setVisible(bool(text))
        set_role(self.field, wrong=bool(text))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay()

    def _remove_last(self) -> None:
        if self._symbols:
            self.remove(self._symbols[-1])

    def _chip(self, symbol: str) -> QPushButton:
        chip = QPushButton(symbol, self._room)
        set_icon(chip, "close")
        chip.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        chip.setProperty("narrow", True)
        chip.setToolTip(tr("Remove {symbol}", symbol=symbol))
        chip.setAccessibleName(tr("Remove {symbol}", symbol=symbol))
        chip.clicked.connect(partial(self._clicked, symbol))
        chip.show()
        return chip

    def _clicked(self, symbol: str, _checked: bool = False) -> None:
        self.remove(symbol)

    def _lay(self) -> None:
        """Put the chips beside each other, and into a next row where one ends."""
        at, tall = QPoint(0, 0), 0
        room = max(self.width(), 120)
        for symbol in self._symbols:
            chip = self._chips[symbol]
            size = chip.sizeHint()
            wide = min(size.width(), room)
            if at.x() and at.x() + wide > room:
                at = QPoint(0, at.y() + tall + _GAP)
            chip.setGeometry(at.x(), at.y(), wide, size.height())
            at.setX(at.x() + wide + _GAP)
            tall = size.height()
        self._room.setFixedHeight(at.y() + tall)
        self._room.setVisible(bool(self._symbols))
