"""What came of testing a broker, step by step, with what to do about each step."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from puffling.desktop.card import label
from puffling.desktop.theme import Tone
from puffling.runtime.text import tr
from puffling.trading.accounts.values import BrokerCheck, Result

_MARKS = {
    Result.GOOD: ("✓", Tone.UP, "Good"),
    Result.NOTE: ("!", Tone.WARN, "To know"),
    Result.MISSING: ("✕", Tone.DANGER, "Missing"),
    Result.SKIPPED: ("–", Tone.MUTED, "Not asked"),
}


class Findings(QWidget):
    """One line for each step: how it went, what was found, what to do."""

    def __init__(self, check: BrokerCheck) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        row = 0
        for each in check.findings:
            sign, tone, word = _MARKS[each.result]
            mark = label(sign, tone=tone, kind="title")
            mark.setFixedWidth(12)
            mark.setAccessibleName(tr(word))
            mark.setToolTip(tr(word))
            title = label(each.title, kind="title")
            grid.addWidget(mark, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(title, row, 1)
            row += 1
            for words, its in ((each.text, Tone.MUTED), (each.hint, Tone.TEXT)):
                if words:
                    said = label(words, tone=its)
                    said.setWordWrap(True)
                    said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                    grid.addWidget(said, row, 1)
                    row += 1
            grid.setRowMinimumHeight(row, 6)
            row += 1
