"""The text of a person's own file, to read, with the line that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QTextCursor, QTextFormat
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QTextEdit, QVBoxLayout, QWidget

from puffling.desktop import numbers
from puffling.desktop.card import button, label
from puffling.desktop.theme import Theme, Tone, look, set_role, translucent
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.automation.values import OwnStrategyFile, OwnStrategyText


class SourceView(QWidget):
    """Shows a file and what stands between it and running."""

    def __init__(self) -> None:
        super().__init__()
        self.file: OwnStrategyText | None = None
        self.said = label(kind="caption")
        self.said.setWordWrap(True)
        self.trust = button(tr("Trust…"), kind="primary")
        self.trust.setObjectName("strategies.trust")
        self.reveal = button(tr("Open folder"), kind="quiet")
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setFont(Theme.mono())
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName(tr("Text of the file"))
        self.text.setTabChangesFocus(True)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.said, 1)
        row.addWidget(self.reveal)
        row.addWidget(self.trust)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(self.text, 1)
        look().changed.connect(self._mark)

    def show_file(self, file: OwnStrategyText) -> None:
        """Show this file; where the same text is shown already, the place in it stays."""
        self.file = file
        self.said.setText(_words(file))
        tone = Tone.DANGER if file.trouble else Tone.MUTED if file.trusted else Tone.WARN
        set_role(self.said, tone=tone.value, kind="caption")
        self.trust.setVisible(not file.trusted and bool(file.digest))
        if file.text != self.text.toPlainText():
            self.text.setPlainText(file.text)
        self._mark()

    @property
    def marked_line(self) -> int:
        """Give the line that is marked as wrong, 0 where there is none."""
        marks = self.text.extraSelections()
        return marks[0].cursor.blockNumber() + 1 if marks else 0

    def _mark(self) -> None:
        line = self.file.line if self.file is not None else 0
        if not line:
            self.text.setExtraSelections([])
            return
        block = self.text.document().findBlockByNumber(line - 1)
        mark = QTextEdit.ExtraSelection()
        mark.cursor = QTextCursor(block)
        mark.format.setBackground(translucent(look().theme.colours.danger, 0.22))
        mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
        self.text.setExtraSelections([mark])
        self.text.setTextCursor(QTextCursor(block))
        self.text.centerCursor()


def _words(file: OwnStrategyFile) -> str:
    name = file.path.replace("\\", "/").rpartition("/")[2]
    if file.trouble:
        if file.line:
            return tr("{file}, line {line}: {trouble}", file=name, line=file.line, trouble=file.trouble)
        return tr("{file}: {trouble}", file=name, trouble=file.trouble)
    size = numbers.full(file.size)
    if file.trusted:
        return tr("{file}, {size} bytes, trusted as it is.", file=name, size=size)
    return tr("{file}, {size} bytes. It runs once you trust it as it is now.", file=name, size=size)
