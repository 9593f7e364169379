"""The editors of a form: one small widget per kind of answer."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionComboBox,
    QStylePainter,
    QWidget,
)

from puffling.desktop.fields import OBJECT, Ask, Field, parse, show
from puffling.desktop.theme import look, mix
from puffling.runtime.text import tr

_CHOICE_MARGIN = 1
_LIST_EDGE = 6
_DAY_WIDTH = 104


class Choice(QComboBox):
    """A choice of a few; scrolling past it does not change it, and words it has no room for end in dots."""

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        room = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        words = self.fontMetrics().elidedText(
            self.currentText(), Qt.TextElideMode.ElideRight, room.width() - 2 * _CHOICE_MARGIN
        )
        option.currentText = words
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def showPopup(self) -> None:  # noqa: N802
        # The list is as wide as its longest words, however narrow the field is.
        view = self.view()
        if not isinstance(view.itemDelegate(), QStyledItemDelegate):
            view.setItemDelegate(QStyledItemDelegate(view))
        view.setMinimumWidth(view.sizeHintForColumn(0) + 2 * _LIST_EDGE)
        super().showPopup()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


def narrow_choice(name: str) -> Choice:
    """Make a choice that is as narrow as its panel: its words are cut, the panel is not widened."""
    made = Choice()
    made.setAccessibleName(name)
    made.setToolTip(name)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    made.setMinimumContentsLength(3)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return made


def day_field(name: str) -> QLineEdit:
    """Make a field for a day."""
    made = QLineEdit()
    made.setPlaceholderText(tr("YYYY-MM-DD"))
    made.setAccessibleName(name)
    made.setFixedWidth(_DAY_WIDTH)
    return made


class Switch(QCheckBox):
    """On or off."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        look().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(38, 24)

    def hitButton(self, _position: Any) -> bool:  # noqa: N802
        return True

    def paintEvent(self, _event: QPaintEvent) -> None:
        shades = look().theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.isEnabled() else 0.5)
        on = self.isChecked()
        track = QRectF(3, (self.height() - 18) / 2, 32, 18)
        painter.setPen(Qt.PenStyle.NoPen if on else QPen(look().theme.edge, 1))
        painter.setBrush(shades.accent if on else shades.raised)
        painter.drawRoundedRect(track if on else track.adjusted(0.5, 0.5, -0.5, -0.5), 9, 9)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shades.on_accent if on else mix(shades.muted, shades.text, 0.2))
        painter.drawEllipse(QRectF(track.right() - 15 if on else track.left() + 3, track.top() + 3, 12, 12))
        if self.hasFocus():
            painter.setPen(QPen(shades.accent, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(track.adjusted(-2, -2, 2, 2), 11, 11)


class LineEditor(QLineEdit):
    """One line: text, a number, a date, symbols or a secret."""

    changed = Signal()

    def __init__(self, field: Field) -> None:
        super().__init__()
        self._field = field
        self.textEdited.connect(self.changed)
        if field.ask is Ask.SECRET:
            self.setEchoMode(QLineEdit.EchoMode.Password)
            self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        elif field.ask is Ask.SYMBOLS:
            self.setPlaceholderText("SPY, QQQ")
        elif field.ask is Ask.DATE:
            self.setPlaceholderText("2026-11-20")
        elif field.ask is Ask.OBJECT:
            self.setPlaceholderText(OBJECT)
        elif field.unit:
            self.setPlaceholderText(field.unit)

    def read(self) -> Any:
        """Give the value, or raise what does not fit."""
        return parse(self._field, self.text())

    def write(self, value: Any) -> None:
        """Show a value; a secret is never shown, only that there is one."""
        self.setText(show(self._field, value))
        if self._field.ask is Ask.SECRET:
            self.setPlaceholderText(tr("Kept; type to replace it") if value else "")


class ProseEditor(QPlainTextEdit):
    """Several lines of text."""

    changed = Signal()

    def __init__(self, field: Field) -> None:
        super().__init__()
        self._field = field
        self.setTabChangesFocus(True)
        self.setFixedHeight(84)
        self.textChanged.connect(self.changed)

    def read(self) -> Any:
        """Give the text, or raise what does not fit."""
        return parse(self._field, self.toPlainText())

    def write(self, value: Any) -> None:
        """Show a text."""
        self.setPlainText(show(self._field, value))


class ChoiceEditor(Choice):
    """One of several values."""

    changed = Signal()

    def __init__(self, field: Field) -> None:
        super().__init__()
        if field.nullable:
            self.addItem(tr("None"), None)
        for value, title in field.choices:
            self.addItem(title, value)
        self.activated.connect(self.changed)

    def read(self) -> Any:
        """Give the value that is chosen."""
        return self.currentData()

    def write(self, value: Any) -> None:
        """Choose a value."""
        found = next((place for place in range(self.count()) if self.itemData(place) == value), -1)
        self.setCurrentIndex(max(found, 0))


class SwitchEditor(Switch):
    """A yes or a no."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.toggled.connect(self.changed)

    def read(self) -> bool:
        """Say whether it is on."""
        return self.isChecked()

    def write(self, value: Any) -> None:
        """Turn it on or off."""
        self.setChecked(bool(value))


AnyEditor = LineEditor | ProseEditor | ChoiceEditor | SwitchEditor


def editor_for(field: Field) -> AnyEditor:
    """Make the editor a field asks for."""
    if field.ask is Ask.SWITCH:
        return SwitchEditor()
    if field.ask is Ask.CHOICE:
        return ChoiceEditor(field)
    return ProseEditor(field) if field.ask is Ask.PROSE else LineEditor(field)
