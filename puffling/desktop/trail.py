"""What panels of lines share: the whole of one line below the table, and what filters them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QSplitter, QVBoxLayout, QWidget

from puffling.desktop.card import spacer
from puffling.desktop.pages import Pages
from puffling.desktop.tables import Table
from puffling.desktop.theme import Theme
from puffling.runtime.text import tr

_FILTER_WIDTHS = (70, 150)


class Trail(QSplitter):
    """All of a panel's room: a table, and below it the whole of what is chosen in it."""

    def __init__(self, panel: QWidget, table: Table[Any], name: str) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self.detail = QPlainTextEdit()
        self.detail.setReadOnly(True)
        self.detail.setFont(Theme.mono())
        self.detail.setAccessibleName(name)
        self.detail.hide()
        self.addWidget(table)
        self.addWidget(self.detail)
        self.setSizes([3000, 2000])
        self.setChildrenCollapsible(False)
        column = QVBoxLayout(panel)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self)

    def tell(self, text: str) -> None:
        """Say this of what is chosen, or nothing."""
        self.detail.setVisible(bool(text))
        if text != self.detail.toPlainText():
            self.detail.setPlainText(text)


class Sieve:
    """The pages of a panel of lines and the field that filters them."""

    def __init__(
        self, owner: str, titles: Mapping[str, str], name: str, changed: Callable[[], object]
    ) -> None:
        self.pages = Pages(owner, titles)
        self.pages.turned.connect(changed)
        self._row = self.pages.in_a_row()
        self.field = QLineEdit()
        self.field.setPlaceholderText(tr("Filter"))
        self.field.setAccessibleName(name)
        self.field.setClearButtonEnabled(True)
        self.field.setMinimumWidth(_FILTER_WIDTHS[0])
        self.field.setMaximumWidth(_FILTER_WIDTHS[1])
        self.field.textChanged.connect(lambda _: changed())

    @property
    def wanted(self) -> str:
        """Give what lines are to contain, whatever the case."""
        return self.field.text().strip().casefold()

    def header(self, *acts: QWidget) -> list[QWidget]:
        """Give what stands in the title line, with what can be done to the chosen lines before it."""
        return [spacer(), *acts, self._row, self.field]
