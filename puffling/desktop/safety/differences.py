"""Where the account and its broker differ, and the act that takes the broker's word for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from puffling.desktop.amounts import quantity_words
from puffling.desktop.card import button, label
from puffling.desktop.theme import Tone
from puffling.runtime.text import tr
from puffling.trading.values import Differences


class DifferencesBoard(QWidget):
    """Shown only while something differs: each symbol with what is held here and there."""

    def __init__(self, time: Callable[[datetime], str]) -> None:
        super().__init__()
        self._time = time
        self.shown: Differences | None = None
        self.said = label(tone=Tone.MUTED)
        self.said.setWordWrap(True)
        self.accept = button(tr("Accept what the broker holds…"))
        self.accept.setObjectName("safety.accept")
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(0, 1)
        self._cells: list[QLabel] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(label(tr("The broker holds something else"), tone=Tone.DANGER, kind="title"))
        column.addWidget(self.said)
        column.addLayout(self._grid)
        column.addWidget(self.accept)
        self.hide()

    def show_differences(self, found: Differences | None) -> None:
        """Show what differs, or nothing when nothing does."""
        self.shown = found if found is not None and found.positions else None
        for cell in self._cells:
            self._grid.removeWidget(cell)
            cell.deleteLater()
        self._cells.clear()
        self.setVisible(self.shown is not None)
        if self.shown is None:
            return
        since = self.shown.agreed_at
        words = tr("No order leaves until the two agree. No fill explains the difference.")
        if since is not None:
            words = tr("{words} They last agreed {since}.", words=words, since=self._time(since))
        self.said.setText(words)
        self._row(0, (tr("Symbol"), tr("Here"), tr("At the broker")), Tone.MUTED)
        for row, each in enumerate(self.shown.positions, 1):
            cells = (each.symbol, quantity_words(each.here), quantity_words(each.there))
            self._row(row, cells, Tone.TEXT)

    def _row(self, row: int, words: tuple[str, str, str], tone: Tone) -> None:
        for column, text in enumerate(words):
            cell = label(text, tone=tone)
            self._cells.append(cell)
            side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
            self._grid.addWidget(cell, row, column, side)


def question_of(found: Differences) -> str:
    """Say what accepting would do, for the question before it."""
    lines = [
        tr(
            "{symbol}: {here} here become {there}{price}.",
            symbol=each.symbol,
            here=quantity_words(each.here),
            there=quantity_words(each.there),
            price=tr(" at {price} a piece", price=f"{each.price:,.2f}") if each.price and each.there else "",
        )
        for each in found.positions
    ]
    lines.append(
        tr("What is held here goes out at what it cost, so that no gain is made up. It stays in the records.")
    )
    return "\n".join(lines)
