"""A field for a symbol that suggests while one types; any part of a symbol or a name will do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QCompleter, QLineEdit, QListView

from puffling.desktop.session import Session
from puffling.desktop.theme import look
from puffling.market.values import Instrument
from puffling.runtime.text import tr

SUGGESTIONS = 12
_SYMBOL_ROLE = Qt.ItemDataRole.UserRole


class SymbolField(QLineEdit):
    """Emits the symbol that was chosen from the suggestions or typed out."""

    chosen = Signal(str)
    left = Signal()

    def __init__(self, session: Session, owner: str) -> None:
        super().__init__()
        self._session = session
        self._owner = owner
        self._found = QStandardItemModel(0, 1, self)
        self._suggest = QCompleter(self._found, self)
        self._suggest.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._suggest.setCompletionRole(_SYMBOL_ROLE)
        self._suggest.setMaxVisibleItems(SUGGESTIONS)
        self._list = QListView()
        self._suggest.setPopup(self._list)
        look().changed.connect(self._dye)
        self._dye()
        self._suggest.activated.connect(self._suggestion_chosen)
        self.setCompleter(self._suggest)
        self.setPlaceholderText(tr("Symbol or name"))
        self.setAccessibleName(tr("Symbol or name"))
        self.textEdited.connect(self._look_up)
        self.returnPressed.connect(self._typed)

    def suggestions(self) -> list[str]:
        """Give the symbols that are suggested now, the nearest first."""
        return [str(self._found.item(row).data(_SYMBOL_ROLE)) for row in range(self._found.rowCount())]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() is not Qt.FocusReason.PopupFocusReason:
            self.left.emit()

    def _dye(self) -> None:
        """A list that pops up is a window of its own, which the rules for menus do not reach."""
        shades = look().theme.colours
        self._list.setStyleSheet(
            f"QListView {{ background: {shades.raised.name()}; border: 1px solid {shades.line.name()};"
            f" padding: 4px; }} QListView::item {{ padding: 5px 8px; border-radius: 5px; }}"
            f"QListView::item:selected {{ background: {shades.hover.name()}; color: {shades.text.name()}; }}"
        )

    def _look_up(self, text: str) -> None:
        if text.strip():
            self._find(text.strip(), self._show)

    def _find(self, text: str, then: Callable[[tuple[Instrument, ...]], None]) -> None:
        if not self._session.connected:
            return
        core = self._session.core
        self._session.dispatch.run(
            lambda: core.data.symbols(text, SUGGESTIONS),
            name="suggest symbols",
            newest=f"{self._owner}.suggest",
            then=then,
        )

    def _show(self, found: tuple[Instrument, ...]) -> None:
        self._found.clear()
        for instrument in found:
            item = QStandardItem(f"{instrument.symbol}    {instrument.name}")
            item.setData(instrument.symbol, _SYMBOL_ROLE)
            self._found.appendRow(item)
        if self.hasFocus() and found:
            self._list.setMinimumWidth(320)
            self._suggest.complete()

    def _suggestion_chosen(self, suggestion: QModelIndex | str) -> None:
        found = suggestion if isinstance(suggestion, str) else suggestion.data(_SYMBOL_ROLE)
        # The completer writes its text into the field after this signal.
        QTimer.singleShot(0, self, partial(self._choose, str(found)))

    def _typed(self) -> None:
        """Take what was typed if it is a symbol, else what comes nearest to it."""
        text = self.text().strip()
        if not text or (self._list.currentIndex().isValid() and self._list.isVisible()):
            return
        self._find(text, lambda found: self._choose(_nearest(text, found)))

    def _choose(self, text: str) -> None:
        symbol = text.strip().upper()
        if symbol:
            self.clear()
            self.chosen.emit(symbol)


def _nearest(text: str, found: Sequence[Instrument]) -> str:
    """Give the symbol that was meant; what nobody knows stays as it is, so that the answer can name it."""
    symbols = [each.symbol for each in found]
    return symbols[0] if symbols and text.upper() not in symbols else text
