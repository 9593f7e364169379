"""The line that reads out a study at the top left of its pane, with what can be done to it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from puffling.desktop.card import tool_button
from puffling.desktop.charts.study import Study
from puffling.desktop.icons import set_icon
from puffling.desktop.theme import look, translucent
from puffling.runtime.text import tr

HEIGHT = 20
_BUTTON = 20
_GAP = 8


class Readout(QWidget):
    """Label, values under the crosshair (else the newest), and edit, hide and remove on hover or focus."""

    edit_asked = Signal()
    hide_asked = Signal()
    remove_asked = Signal()
    share_asked = Signal(float)

    def __init__(self, parent: QWidget, study: Study) -> None:
        super().__init__(parent)
        self.study = study
        self.decimals = 2
        self._said: object = None
        self.setFixedHeight(HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self._name = _Words()
        self._values = _Words()
        self.edit = self._button("edit", tr("Edit"), self.edit_asked.emit)
        self.hide_ = self._button("eye", tr("Hide"), self.hide_asked.emit)
        self.remove = self._button("close", tr("Remove"), self.remove_asked.emit)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 4, 0)
        row.setSpacing(0)
        for each in (self._name, self.edit, self.hide_, self.remove, self._values):
            row.addWidget(each)
        self._settle()

    @property
    def words(self) -> str:
        """Give what the line says."""
        return f"{self._name.text}  {self._values.text}".strip()

    def show_values(self, index: int | None) -> None:
        """Read out a bar; None reads the newest."""
        theme = look().theme
        study = self.study
        muted = theme.colours.muted
        readings = study.read(index, theme.colours) if study.series else []
        first = readings[0] if readings else None
        name_colour = theme.colours.text if study.visible else muted
        parts: list[tuple[str, QColor]] = []
        if not study.visible:
            parts = []
        elif study.note:
            parts = [(study.note, muted)]
        elif first is not None:
            for reading in readings:
                if len(readings) > 1:
                    parts.append((reading.title, muted))
                parts.append((study.words(reading.value, self.decimals), reading.colour))
        dot = first.colour if first is not None and study.visible else muted
        said = (study.label, study.visible, name_colour, dot, parts)
        if said != self._said:
            self._said = said
            self._name.show_parts([(study.label, name_colour)], dot)
            self._values.show_parts(parts, None)
            self._name_hiding()
            self._fit()

    def _name_hiding(self) -> None:
        visible = self.study.visible
        name = f"{tr('Hide') if visible else tr('Show')}: {self.study.label}"
        if self.hide_.accessibleName() != name:
            set_icon(self.hide_, "eye" if visible else "eye-off")
            self.hide_.setToolTip(tr("Hide") if visible else tr("Show"))
            self.hide_.setAccessibleName(name)
        self.setAccessibleName(self.words)

    def sizeHint(self) -> QSize:
        buttons = _BUTTON * sum(each.isVisibleTo(self) for each in (self.edit, self.hide_, self.remove))
        return QSize(8 + self._name.sizeHint().width() + buttons + self._values.sizeHint().width(), HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = look().theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        active = self.remove.isVisibleTo(self)
        painter.setPen(QPen(theme.colours.accent, 1.5) if self.hasFocus() else Qt.PenStyle.NoPen)
        painter.setBrush(theme.colours.raised if active else translucent(theme.colours.panel, 0.8))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75), 4, 4)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        acts: dict[Qt.Key, Callable[[], object]] = {
            Qt.Key.Key_Return: self.edit_asked.emit,
            Qt.Key.Key_Enter: self.edit_asked.emit,
            Qt.Key.Key_Space: self.hide_asked.emit,
            Qt.Key.Key_Delete: self.remove_asked.emit,
            Qt.Key.Key_Backspace: self.remove_asked.emit,
        }
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            acts = {
                Qt.Key.Key_Up: lambda: self.share_asked.emit(0.03),
                Qt.Key.Key_Down: lambda: self.share_asked.emit(-0.03),
            }
        act = acts.get(Qt.Key(event.key()))
        if act is None:
            super().keyPressEvent(event)
            return
        act()
        event.accept()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._settle()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._settle()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._settle()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        QTimer.singleShot(0, self, self._settle)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            QTimer.singleShot(0, self, self._settle)
        return super().eventFilter(watched, event)

    def _button(self, icon: str, name: str, act: Callable[[], object]) -> QToolButton:
        made = tool_button(icon, name)
        made.setFixedSize(_BUTTON, _BUTTON)
        made.setAccessibleName(f"{name}: {self.study.label}")
        made.clicked.connect(act)
        made.installEventFilter(self)
        return made

    def _settle(self) -> None:
        buttons = (self.edit, self.hide_, self.remove)
        active = self.underMouse() or self.hasFocus() or any(each.hasFocus() for each in buttons)
        for each in buttons:
            each.setVisible(active and (self.study.editable or each is not self.edit))
        self._fit()

    def _fit(self) -> None:
        if self.size() != self.sizeHint():
            self.resize(self.sizeHint())
        self.update()


class _Words(QWidget):
    """A few words in colours beside each other, drawn without the cost of a label for each."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[tuple[str, QColor]] = []
        self._dot: QColor | None = None
        self._width = 0
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    @property
    def text(self) -> str:
        return " ".join(text for text, _ in self._parts)

    def show_parts(self, parts: list[tuple[str, QColor]], dot: QColor | None) -> None:
        self._parts, self._dot = parts, dot
        metrics = QFontMetricsF(look().theme.font())
        width = sum(metrics.horizontalAdvance(text) + _GAP for text, _ in parts) + (12 if dot else 0)
        if round(width) != self._width:
            self._width = round(width)
            self.setFixedWidth(self._width)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._width, HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        font = look().theme.font()
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        x = 0.0
        if self._dot is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._dot)
            painter.drawRoundedRect(QRectF(0, HEIGHT / 2 - 1.5, 8, 3), 1.5, 1.5)
            x = 12.0
        for text, ink in self._parts:
            painter.setPen(ink)
            width = metrics.horizontalAdvance(text)
            painter.drawText(QRectF(x, 0, width + 2, HEIGHT), Qt.AlignmentFlag.AlignVCenter, text)
            x += width + _GAP
