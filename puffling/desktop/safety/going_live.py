"""Going live by typing the word, and the way back to paper."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from puffling.desktop.card import button, label
from puffling.desktop.theme import Tone
from puffling.runtime.text import tr

# What is typed out to let real money move.
WORD = "LIVE"


class GoingLive(QWidget):
    """Says what going live would change and what is missing; the button works once the word stands there."""

    wanted = Signal(str)
    back_wanted = Signal()
    connect_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.title = label(kind="title")
        self.words = label(tone=Tone.MUTED)
        self.missing = label(tone=Tone.WARN)
        for said in (self.words, self.missing):
            said.setWordWrap(True)
        self.field = QLineEdit()
        self.field.setPlaceholderText(tr("Type {word}", word=WORD))
        self.field.setAccessibleName(tr("Type {word} to let real money move", word=WORD))
        self.field.textChanged.connect(self._typed)
        self.field.returnPressed.connect(self._go)
        self.go = button(tr("Go live"), kind="live")
        self.go.setObjectName("safety.go-live")
        self.go.clicked.connect(self._go)
        self.back = button(tr("Go back to paper"))
        self.back.setObjectName("safety.go-paper")
        self.back.clicked.connect(self.back_wanted)
        self.connect_ = button(tr("Connect a broker…"))
        self.connect_.setObjectName("safety.connect")
        self.connect_.clicked.connect(self.connect_wanted)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.field, 1)
        row.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for piece in (self.title, self.words, self.missing):
            column.addWidget(piece)
        column.addLayout(row)
        column.addWidget(self.back)
        column.addWidget(self.connect_)
        self._ready = False
        self.show_plan("", (), (), is_live=False)

    def show_plan(self, name: str, changes: Sequence[str], missing: Sequence[str], *, is_live: bool) -> None:
        """Show what would change with an account, or that it is live."""
        self._ready = bool(name) and not missing
        self.title.setText(
            tr("{account} is live", account=name)
            if is_live
            else tr("Go live with {account}", account=name)
            if name
            else tr("Go live")
        )
        self.words.setText(tr("Every order there moves real money.") if is_live else " ".join(changes))
        self.words.setVisible(is_live or self._ready)
        self.missing.setText(" ".join(missing))
        self.missing.setVisible(bool(missing) and not is_live)
        for piece in (self.field, self.go):
            piece.setVisible(self._ready and not is_live)
        self.back.setVisible(is_live)
        self.connect_.setVisible(not is_live and not self._ready)
        self._typed(self.field.text())

    def _typed(self, text: str) -> None:
        self.go.setEnabled(self._ready and text == WORD)

    def _go(self) -> None:
        if self.go.isEnabled():
            self.wanted.emit(self.field.text())
            self.field.clear()
