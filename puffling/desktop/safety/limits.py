"""The limits, each with how much of it is used now, and its value to change in place."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from puffling.desktop.card import label
from puffling.desktop.editors import Switch
from puffling.desktop.preferences import make_editor
from puffling.desktop.theme import Tone, set_role
from puffling.runtime.text import tr
from puffling.trading.values import LimitView

EDITOR_WIDTH = 84
STEPS = 1000
# From this share on a limit is told in amber.
CLOSE = 0.8


class LimitLine(QWidget):
    """One limit: what it is, how much of it is used, and the editor of its value."""

    wanted = Signal(str, object)

    def __init__(self, view: LimitView) -> None:
        super().__init__()
        self.name, self.title = view.name, view.title
        title = label(view.title)
        title.setToolTip(view.description)
        self.setToolTip(view.description)
        self.used = label(tone=Tone.MUTED, kind="caption")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, STEPS)
        self.bar.setAccessibleName(tr("{limit}: used", limit=view.title))
        self.note = label(tone=Tone.DANGER, kind="caption")
        self.note.setWordWrap(True)
        self.note.hide()
        self.editor, self._write, self._read = make_editor(view.shape, self._changed)
        self.editor.setAccessibleName(view.title)
        self.editor.setAccessibleDescription(view.description)
        if not isinstance(self.editor, Switch):
            self.editor.setFixedWidth(EDITOR_WIDTH)
        for words in (title, self.used):
            # Long words are cut off rather than widening the panel.
            words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        grid.addWidget(title, 0, 0)
        grid.addWidget(self.used, 1, 0)
        grid.addWidget(self.bar, 2, 0)
        grid.addWidget(self.editor, 0, 1, 3, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.note, 3, 0, 1, 2)
        self._showing = False
        self._value: Any = None
        self.show_view(view)

    def show_view(self, view: LimitView) -> None:
        """Show the limit as it is in force, and its use; what is being typed stays."""
        if not self.editor.hasFocus() or view.value != self._value:
            self._showing = True
            self._write(view.value)
            self._showing = False
            # What was said was about what stood there.
            self.say("")
        self._value = view.value
        share = _share(view)
        self.used.setText(view.text or tr("In force"))
        self.bar.setVisible(share is not None)
        if share is not None:
            self.bar.setValue(round(min(share, 1.0) * STEPS))
            tone = Tone.DANGER if share >= 1 else Tone.WARN if share >= CLOSE else Tone.ACCENT
            set_role(self.bar, tone=tone.value)
            set_role(self.used, tone=(Tone.MUTED if tone is Tone.ACCENT else tone).value)
        self.editor.setEnabled(view.source in {"default", "stored"})

    def say(self, text: str) -> None:
        """Say why a value was not taken; empty takes it back."""
        self.note.setText(text)
        self.note.setVisible(bool(text))

    @property
    def value(self) -> Any:
        """Give the value that is in force."""
        return self._value

    def take_back(self) -> None:
        """Show the value that is in force."""
        self._showing = True
        self._write(self._value)
        self._showing = False

    def _changed(self) -> None:
        if not self._showing and (value := self._read()) != self._value:
            self.wanted.emit(self.name, value)


class LimitBoard(QWidget):
    """All limits under each other, those that count something first."""

    wanted = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, LimitLine] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(12)

    def add(self, view: LimitView) -> None:
        """Put a line for a limit at the end."""
        line = self.lines[view.name] = LimitLine(view)
        line.wanted.connect(self.wanted)
        self._column.addWidget(line)


def _share(view: LimitView) -> float | None:
    if view.bound is None:
        return None
    if view.used is None:
        return 0.0
    return float(view.used / view.bound) if view.bound else 1.0
