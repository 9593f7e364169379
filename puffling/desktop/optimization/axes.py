"""Which parameters vary, from where to where and in which steps: a row for each that a strategy declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from puffling.desktop.card import label
from puffling.desktop.theme import Tone, set_role
from puffling.puffin.factors.declaration import Choice, Parameter, Setting
from puffling.puffin.search.axes import usual_axes, usual_axis
from puffling.runtime.text import tr

_FIELD_WIDTH = 58
_TICK_WIDTH = 26
_ENDS = ("From", "To", "Step")


class AxesEditor(QWidget):
    """Shows rows, and gives what they say as words such as short_window=5..50:5."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, AxisRow] = {}
        self.error = label(tone=Tone.DANGER, kind="caption")
        self.error.setWordWrap(True)
        self.error.hide()
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(4)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(0, 1)
        self._heads: list[QLabel] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self._grid)
        column.addWidget(self.error)

    def show_parameters(
        self, declared: Sequence[Parameter], values: Mapping[str, Setting], vary: Mapping[str, str]
    ) -> None:
        """Show a row for each; `vary` holds the words of those that vary, else the first two numbers do."""
        self._clear()
        heads = [tr("Vary"), *(tr(each) for each in _ENDS)] if declared else []
        for place, title in enumerate(heads):
            head = label(title, tone=Tone.MUTED, kind="caption")
            self._heads.append(head)
            self._grid.addWidget(head, 0, place)
        usual = {axis.name for axis in usual_axes(declared, values)}
        for place, parameter in enumerate(declared, start=1):
            row = AxisRow(parameter, values.get(parameter.name, parameter.default))
            row.say(vary.get(parameter.name, ""))
            row.on.setChecked(parameter.name in (vary or usual))
            row.settle()
            self.rows[parameter.name] = row
            self._grid.addWidget(row.on, place, 0)
            wide = len(_ENDS) // len(row.fields)
            for column, field in enumerate(row.fields, start=1):
                self._grid.addWidget(field, place, column, 1, wide)
                field.textEdited.connect(self._edited)
            row.on.toggled.connect(self._edited)
        self.clear_errors()

    def vary(self) -> tuple[str, ...]:
        """Give what varies, in words."""
        return tuple(f"{name}={row.said()}" for name, row in self.rows.items() if row.on.isChecked())

    def say_wrong(self, field: str, text: str) -> bool:
        """Say what is wrong with a row, if it is one of these that has it."""
        row = self.rows.get(field)
        if row is None and field != "vary":
            return False
        self.error.setText(text)
        self.error.show()
        if row is not None:
            for each in row.fields:
                set_role(each, wrong=True)
        return True

    def clear_errors(self) -> None:
        """Take back what was said to be wrong."""
        self.error.hide()
        for row in self.rows.values():
            for each in row.fields:
                set_role(each, wrong=False)

    def _edited(self, _: Any = None) -> None:
        for row in self.rows.values():
            row.settle()
        self.clear_errors()
        self.changed.emit()

    def _clear(self) -> None:
        for widget in [*self._heads, *(each for row in self.rows.values() for each in row.widgets)]:
            self._grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self.rows, self._heads = {}, []


class AxisRow:
    """One parameter: whether it varies, and its bounds; of a choice, the options that are tried."""

    def __init__(self, parameter: Parameter, value: Setting) -> None:
        title = tr(parameter.title)
        self.on = _Tick(title)
        self.on.setObjectName(f"optimization.vary-{parameter.name}")
        self.on.setToolTip(tr("{title}: {value} where it does not vary", title=title, value=value))
        axis = usual_axis(parameter, value)
        numbers = [each for each in axis.values if not isinstance(each, str)]
        if isinstance(parameter, Choice):
            self.fields = [_field(title, ", ".join(map(str, axis.values)))]
            return
        step = numbers[1] - numbers[0] if len(numbers) > 1 else 1
        self.fields = [
            _field(f"{title}: {tr(end)}", f"{each:.10g}")
            for end, each in zip(_ENDS, (numbers[0], numbers[-1], step), strict=True)
        ]
        for field in self.fields:
            field.setFixedWidth(_FIELD_WIDTH)
            field.setAlignment(Qt.AlignmentFlag.AlignRight)

    @property
    def widgets(self) -> tuple[QWidget, ...]:
        """All of the row."""
        return (self.on, *self.fields)

    def say(self, words: str) -> None:
        """Take over words that were kept."""
        bounds, _, step = words.partition(":")
        low, sign, high = bounds.partition("..")
        if words and len(self.fields) == 1:
            self.fields[0].setText(words)
        elif sign:
            for field, text in zip(self.fields, (low, high, step), strict=True):
                field.setText(text)

    def said(self) -> str:
        """Give the words of the row."""
        if len(self.fields) == 1:
            return ",".join(part.strip() for part in self.fields[0].text().split(",") if part.strip())
        low, high, step = (field.text().strip() for field in self.fields)
        return f"{low}..{high}" + (f":{step}" if step else "")

    def settle(self) -> None:
        """Let only what varies be changed."""
        for field in self.fields:
            field.setEnabled(self.on.isChecked())


class _Tick(QCheckBox):
    """A tick whose words are cut where there is no room for them, so that the form is not widened."""

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self._title = title
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = event.size().width() - _TICK_WIDTH
        self.setText(self.fontMetrics().elidedText(self._title, Qt.TextElideMode.ElideRight, room))


def _field(name: str, text: str) -> QLineEdit:
    made = QLineEdit(text)
    made.setAccessibleName(name)
    return made
