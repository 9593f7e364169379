"""Forms made from a schema: fields below each other, what is wrong said beside the field it concerns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from puffling.desktop.card import button, label
from puffling.desktop.editors import AnyEditor, SwitchEditor, editor_for
from puffling.desktop.fields import Ask, Field, Unfit, fields_of
from puffling.desktop.theme import Tone, set_role
from puffling.runtime.text import tr

__all__ = ["Ask", "Field", "Form", "fields_of"]

_LEAST_TITLE_WIDTH = 96


class Form(QWidget):
    """Asks for values; Enter submits, Escape cancels."""

    # An object: as a dict it would pass through Qt's own map, which knows no Decimal.
    submitted = Signal(object)
    cancelled = Signal()
    changed = Signal()

    def __init__(
        self,
        fields: Sequence[Field],
        *,
        act: str = "",
        cancel: str = "",
        values: Mapping[str, Any] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._fields = tuple(fields)
        self._editors: dict[str, AnyEditor] = {}
        self._errors: dict[str, QLabel] = {}
        self._general = _error_label()
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnMinimumWidth(0, _LEAST_TITLE_WIDTH)
        grid.setColumnStretch(1, 1)
        for field in self._fields:
            self._add(grid, field)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addLayout(grid)
        layout.addWidget(self._general)
        self._submit = button(act or tr("Save"), kind="primary")
        self._submit.clicked.connect(self.submit)
        # Shown here, without a parent yet, a button would be a window of its own and take the keyboard.
        if not act:
            self._submit.hide()
        self._cancel = button(cancel or tr("Cancel"))
        self._cancel.clicked.connect(self.cancelled)
        if not cancel:
            self._cancel.hide()
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch()
        row.addWidget(self._cancel)
        row.addWidget(self._submit)
        layout.addLayout(row)
        self.set_values(values or {})

    @property
    def fields(self) -> tuple[Field, ...]:
        """Give what is asked for."""
        return self._fields

    @property
    def errors(self) -> dict[str, str]:
        """Give what is wrong now, by field; what concerns no single field is under ""."""
        shown = {"": self._general, **self._errors}
        return {name: said.text() for name, said in shown.items() if said.text()}

    def editor(self, name: str) -> AnyEditor:
        """Give the editor of one field."""
        return self._editors[name]

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Fill in values; fields without one get their default."""
        for field in self._fields:
            self._editors[field.name].write(values.get(field.name, field.default))
        self.clear_errors()

    def values(self) -> dict[str, Any] | None:
        """Give all values, or None after saying beside the fields what does not fit.

        Fields that were left empty and have a default, and secrets that were not typed, are left out.
        """
        self.clear_errors()
        found: dict[str, Any] = {}
        for field in self._fields:
            try:
                value = self._editors[field.name].read()
            except Unfit as unfit:
                self.show_error(field.name, str(unfit))
                continue
            if value is not None or (field.nullable and field.default is not None):
                found[field.name] = value
        if self.errors:
            self._focus_first_error()
            return None
        return found

    def submit(self) -> None:
        """Send the values off, if they all fit."""
        found = self.values()
        if found is not None:
            self.submitted.emit(found)

    def show_error(self, name: str, message: str) -> None:
        """Say what is wrong beside a field, or below the form when it concerns none."""
        said = self._errors.get(name, self._general)
        said.setText(message)
        said.show()
        if name in self._editors:
            set_role(self._editors[name], wrong=True)
            self._editors[name].setAccessibleDescription(message)

    def clear_errors(self) -> None:
        """Take back everything that was said to be wrong."""
        for said in (self._general, *self._errors.values()):
            said.clear()
            said.hide()
        for field in self._fields:
            set_role(self._editors[field.name], wrong=False)
            self._editors[field.name].setAccessibleDescription(field.description)

    def set_busy(self, busy: bool) -> None:
        """Take no input while the values are on their way."""
        for widget in (*self._editors.values(), self._submit):
            widget.setEnabled(not busy)

    def focus_first(self) -> None:
        """Put the keyboard into the first field."""
        if self._fields:
            self._editors[self._fields[0].name].setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            writing = isinstance(self.focusWidget(), QPlainTextEdit)
            if not writing or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self.submit()
                event.accept()
                return
        if event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
            event.accept()
            return
        super().keyPressEvent(event)

    def _add(self, grid: QGridLayout, field: Field) -> None:
        editor = editor_for(field)
        editor.setAccessibleName(field.title)
        editor.changed.connect(self.changed)
        title = label(field.title, tone=Tone.MUTED)
        title.setBuddy(editor)
        title.setToolTip(field.description)
        said = _error_label()
        row = grid.rowCount()
        if isinstance(editor, SwitchEditor):
            grid.addWidget(editor, row, 1, Qt.AlignmentFlag.AlignLeft)
        else:
            grid.addWidget(editor, row, 1)
        grid.addWidget(title, row, 0, Qt.AlignmentFlag.AlignTop)
        title.setMinimumHeight(min(editor.sizeHint().height(), editor.maximumHeight()))
        if field.description:
            hint = label(field.description, tone=Tone.MUTED, kind="caption")
            hint.setWordWrap(True)
            grid.addWidget(hint, row + 1, 1)
        grid.addWidget(said, row + 2, 1)
        grid.setRowMinimumHeight(row + 3, 4)
        self._editors[field.name] = editor
        self._errors[field.name] = said

    def _focus_first_error(self) -> None:
        for field in self._fields:
            if self._errors[field.name].text():
                self._editors[field.name].setFocus()
                return


def _error_label() -> QLabel:
    said = label(tone=Tone.DANGER, kind="caption")
    said.setWordWrap(True)
    said.hide()
    return said
