"""The small form of a drawing: colour, width, line, words and levels; what fits is applied at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QWidget

from puffling.desktop.card import label
from puffling.desktop.drawings.kinds import tool_of
from puffling.desktop.drawings.style import COLOUR_TITLES, USUAL_LEVELS, Style, ink, read_levels, write_levels
from puffling.desktop.editors import LineEditor, ProseEditor
from puffling.desktop.forms import Ask, Field, Form
from puffling.desktop.popover import FormPopover
from puffling.desktop.theme import look
from puffling.runtime.text import tr
from puffling.store.values import Drawing, DrawingColour, DrawingDash, DrawingKind

_WIDTH = 312
_WIDTHS = ((1.0, "Thin"), (1.5, "Regular"), (2.5, "Thick"), (4.0, "Very thick"))
_DASHES = ((DrawingDash.SOLID, "Solid"), (DrawingDash.DASHED, "Dashed"), (DrawingDash.DOTTED, "Dotted"))
_WITH_INSIDE = (DrawingKind.RECTANGLE, DrawingKind.CHANNEL, DrawingKind.FIBONACCI)


class Swatch(QAbstractButton):
    """One colour to choose."""

    def __init__(self, colour: DrawingColour) -> None:
        super().__init__()
        self.colour = colour
        self.setCheckable(True)
        self.setFixedSize(QSize(24, 24))
        self.setToolTip(tr(COLOUR_TITLES[colour]))
        self.setAccessibleName(tr(COLOUR_TITLES[colour]))
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def paintEvent(self, _event: QPaintEvent) -> None:
        colours = look().theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink(colours, self.colour))
        painter.drawEllipse(QRectF(5, 5, 14, 14))
        if self.isChecked() or self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colours.accent if self.hasFocus() else colours.text, 1.5))
            painter.drawEllipse(QRectF(2, 2, 20, 20))


class Swatches(QWidget):
    """The colours in a row; the arrow keys step through them."""

    changed = Signal()

    def __init__(self, chosen: DrawingColour) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self._group = QButtonGroup(self)
        self._swatches: list[Swatch] = []
        for colour in COLOUR_TITLES:
            swatch = Swatch(colour)
            swatch.setChecked(colour is chosen)
            self._group.addButton(swatch)
            self._swatches.append(swatch)
            row.addWidget(swatch)
        row.addStretch(1)
        self._group.buttonToggled.connect(lambda _button, on: self.changed.emit() if on else None)

    @property
    def chosen(self) -> DrawingColour:
        """Give the colour that is chosen."""
        return next(each.colour for each in self._swatches if each.isChecked())

    def choose(self, colour: DrawingColour) -> None:
        """Choose a colour."""
        next(each for each in self._swatches if each.colour is colour).setChecked(True)


class DrawingEditor(FormPopover):
    """Asks how one drawing looks and what is written at it."""

    def __init__(self, chart: QWidget, drawing: Drawing, at: QPoint, apply: Callable[[Style], None]) -> None:
        self._first = self._applied = Style.of(drawing.style)
        fields = tuple(_fields(DrawingKind(drawing.kind)))
        form = Form(fields, act=tr("Done"), cancel=tr("Cancel"), values=_values(self._first))
        super().__init__(chart, _WIDTH, form, at)
        self._apply = apply
        title = tr(tool_of(drawing.kind).title)
        self.setAccessibleName(title)
        self.column.addWidget(label(title, kind="title"))
        self.swatches = Swatches(self._first.colour)
        self.swatches.setAccessibleName(tr("Colour"))
        self.swatches.changed.connect(self.apply)
        self.column.addWidget(self.swatches)
        self.column.addWidget(self.form)

    def open(self) -> None:
        """Come up beside the drawing, with the keyboard where one writes."""
        words = self.form.editor("text")
        self.open_at(words)
        if isinstance(words, (LineEditor, ProseEditor)):
            words.selectAll()
        for field in self.form.fields:
            if isinstance(line := self.form.editor(field.name), LineEditor) and line is not words:
                # What is too long for its field is read from its beginning.
                line.setCursorPosition(0)

    def take(self, values: Mapping[str, Any] | None) -> bool:
        if values is None:
            return False
        levels = read_levels(values.get("levels") or "") if "levels" in values else self._applied.levels
        if levels is None:
            self.form.show_error("levels", tr("Write numbers such as 0.382 or 38.2%, with commas between."))
            return False
        width = values.get("width")
        wanted = replace(
            self._applied,
            colour=self.swatches.chosen,
            # One that is not among those offered stays until another is chosen.
            width=self._first.width if width in (None, _offered(self._first.width)) else float(width),
            dash=DrawingDash(values.get("dash", self._applied.dash)),
            text=str(values.get("text") or ""),
            levels=() if levels == USUAL_LEVELS else levels,
            filled=bool(values.get("filled", self._applied.filled)),
            locked=bool(values.get("locked", self._applied.locked)),
        )
        if wanted != self._applied:
            self._applied = wanted
            self._apply(wanted)
        return True

    def take_back(self) -> None:
        if self._applied != self._first:
            self._apply(self._first)


def _fields(kind: DrawingKind) -> list[Field]:
    note = kind is DrawingKind.NOTE
    title, ask = (tr("Text"), Ask.PROSE) if note else (tr("Label"), Ask.TEXT)
    found = [Field("text", title, ask, longest=500, default="")]
    if not note:
        widths = tuple((width, tr(title)) for width, title in _WIDTHS)
        dashes = tuple((str(dash), tr(title)) for dash, title in _DASHES)
        found.append(Field("width", tr("Width"), Ask.CHOICE, choices=widths, default=1.5))
        found.append(Field("dash", tr("Line"), Ask.CHOICE, choices=dashes, default="solid"))
    if kind is DrawingKind.FIBONACCI:
        found.append(Field("levels", tr("Levels"), default=""))
    if kind in _WITH_INSIDE:
        found.append(Field("filled", tr("Shaded"), Ask.SWITCH, default=True))
    found.append(Field("locked", tr("Locked in place"), Ask.SWITCH, default=False))
    return found


def _values(style: Style) -> dict[str, object]:
    return {
        "text": style.text,
        "width": _offered(style.width),
        "dash": str(style.dash),
        "levels": write_levels(style.shown_levels),
        "filled": style.filled,
        "locked": style.locked,
    }


def _offered(width: float) -> float:
    """Give the width that is offered and comes nearest."""
    return min((each for each, _ in _WIDTHS), key=lambda each: abs(each - width))
