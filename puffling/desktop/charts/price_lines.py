"""Lines at a price across the chart, with a label on the axis; some can be moved by mouse or keyboard."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QCursor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QGraphicsItem, QWidget

from puffling.desktop.charts.axes import NAME_HEIGHT, dashes, hairline, paint_name, paint_tag
from puffling.desktop.charts.items import Layer, Scene, device_ratio
from puffling.desktop.charts.pyramid import Pyramid
from puffling.desktop.charts.viewport import Viewport
from puffling.desktop.theme import Tone, look

NEAR_PIXELS = 4
TAG_HEIGHT = 18
_MANY_STEPS = 10


def _nothing(_price: float) -> None:
    """Do nothing."""


@dataclass(eq=False, slots=True)
class PriceLine:
    """A line at a price; `moved` hears every step of the way, `released` where it was let go.

    Given up with Escape, it stands where it stood before and nobody is called but `moved`.
    """

    price: float
    label: str
    tone: Tone = Tone.ACCENT
    dashed: bool = True
    movable: bool = False
    step: float = 0.01
    tooltip: str = ""
    moved: Callable[[float], None] = _nothing
    released: Callable[[float], None] = _nothing
    removed: Callable[[], None] | None = None
    held_at: float | None = field(default=None, init=False)

    @property
    def held(self) -> bool:
        """Tell whether somebody is moving it."""
        return self.held_at is not None

    def take(self) -> None:
        """Begin to move it."""
        if self.held_at is None:
            self.held_at = self.price

    def move_to(self, price: float) -> None:
        """Move it to a price, on a whole step."""
        self.price = round(round(price / self.step) * self.step, 10)
        self.moved(self.price)

    def let_go(self) -> None:
        """Leave it where it is."""
        began, self.held_at = self.held_at, None
        if began is not None and began != self.price:
            self.released(self.price)

    def give_up(self) -> None:
        """Put it back to where it was."""
        began, self.held_at = self.held_at, None
        if began is not None:
            self.price = began
            self.moved(began)


class PriceLines(Layer):
    """Draws the lines and lets the mouse move them; it takes the mouse before the chart does."""

    def __init__(self, canvas: QWidget, scene: Scene, depth: float, parent: QGraphicsItem) -> None:
        super().__init__(scene, depth, parent)
        self._canvas = canvas
        self._hovers = False
        self._tags: dict[PriceLine, Tag] = {}
        self._held: PriceLine | None = None

    def add(self, line: PriceLine) -> None:
        """Show a line."""
        self._tags[line] = Tag(self._canvas, self, line)
        self.place()

    def remove(self, line: PriceLine) -> None:
        """Take a line away."""
        tag = self._tags.pop(line)
        if self._held is line:
            self._held = None
        tag.hide()
        tag.deleteLater()
        self.update()

    def tag(self, line: PriceLine) -> Tag:
        """Give the label of a line on the axis."""
        return self._tags[line]

    def place(self) -> None:
        """Put every label where its line meets the axis."""
        bars = self.shared.bars
        viewport = self.shared.viewport if bars is not None else None
        middles: dict[PriceLine, float] = {}
        # The labels that are painted on the axis itself stay where they are.
        taken = [at for at, _, _ in self.shared.ends]
        if viewport is not None and bars is not None:
            if len(bars):
                taken.append(viewport.y(bars.bar(len(bars) - 1).close))
            middles = self._stacked(viewport, taken)
        self.shared.labelled = [*middles.values(), *taken]
        for line, tag in self._tags.items():
            seen = line in middles
            if viewport is not None and seen:
                tag.setGeometry(
                    round(viewport.width),
                    round(middles[line] - TAG_HEIGHT / 2),
                    round(self._canvas.width() - viewport.width),
                    TAG_HEIGHT,
                )
                tag.say()
            if tag.isHidden() == seen:
                tag.setVisible(seen)
        self.update()

    def _stacked(self, viewport: Viewport, taken: list[float]) -> dict[PriceLine, float]:
        """Give each line that is seen the place nearest to it where its label hides no other."""
        half = TAG_HEIGHT / 2
        wanted = {
            line: min(max(y, half), viewport.height - half)
            for line in self._tags
            if 0 <= (y := viewport.y(line.price)) <= viewport.height
        }
        around = taken[-1] if taken else 0.0
        found: dict[PriceLine, float] = {}
        # What is held stays in the hand; the others make room from the middle outwards.
        for line in sorted(wanted, key=lambda line: (not line.held, abs(wanted[line] - around))):
            free = _nearest_free(wanted[line], [*taken, *found.values()], viewport.height)
            found[line] = wanted[line] if line.held else free
        return found

    def draw(self, painter: QPainter, bars: Pyramid, viewport: Viewport) -> None:
        theme = self.shared.theme
        half = 0.5 / device_ratio(painter)
        shown = [(math.floor(viewport.y(line.price)) + half, line) for line in self._tags]
        shown = [(y, line) for y, line in shown if 0 <= y <= viewport.height]
        for y, line in shown:
            ink = theme.colours.tone(line.tone)
            pen = dashes(ink) if line.dashed else hairline(ink)
            painter.setPen(QPen(ink, 2) if line.held else pen)
            painter.drawLine(QLineF(0, y, viewport.width, y))
        named: list[tuple[float, float]] = []
        for y, line in shown:
            # Names of lines that are close stand beside each other.
            ends = [left for other, left in named if abs(other - y) < NAME_HEIGHT]
            left = paint_name(
                painter,
                theme,
                min(ends, default=viewport.width),
                y,
                line.label,
                theme.colours.tone(line.tone),
            )
            named.append((y, left))

    def press(self, event: QMouseEvent) -> bool:
        """Take hold of a line under the pointer."""
        line = self._line_at(event.position()) if event.button() == Qt.MouseButton.LeftButton else None
        if line is None:
            return False
        self._held = line
        line.take()
        self._tags[line].setFocus(Qt.FocusReason.MouseFocusReason)
        return True

    def move(self, event: QMouseEvent) -> bool:
        """Take the held line along."""
        viewport = self.shared.viewport
        if event.buttons() == Qt.MouseButton.NoButton:
            return self._hover(event.position())
        if self._held is not None and viewport is not None:
            # Given up meanwhile it stays, and the mouse has nothing in its hand any more.
            if self._held.held:
                y = min(max(event.position().y(), 0.0), viewport.height)
                self._held.move_to(viewport.price(y))
                self.place()
            return True
        return False

    def release(self, _event: QMouseEvent) -> bool:
        """Let the held line go."""
        held, self._held = self._held, None
        if held is None:
            return False
        held.let_go()
        self.place()
        return True

    def double_click(self, event: QMouseEvent) -> bool:
        """Keep a double click on a line from the chart below."""
        return self._line_at(event.position()) is not None

    def in_hand(self, line: PriceLine) -> bool:
        """Tell whether the mouse holds a line."""
        return self._held is line

    def _hover(self, at: QPointF) -> bool:
        over = self._line_at(at) is not None
        if over or self._hovers:
            shape = Qt.CursorShape.SizeVerCursor if over else Qt.CursorShape.CrossCursor
            self._canvas.setCursor(shape)
        self._hovers = over
        return over

    def _line_at(self, at: QPointF) -> PriceLine | None:
        viewport = self.shared.viewport
        if viewport is None or self.shared.bars is None or at.x() > viewport.width:
            return None
        near = [
            (abs(viewport.y(line.price) - at.y()), number, line)
            for number, line in enumerate(self._tags)
            if line.movable and abs(viewport.y(line.price) - at.y()) <= NEAR_PIXELS
        ]
        return min(near)[2] if near else None


def _nearest_free(wanted: float, occupied: list[float], height: float) -> float:
    """Give the middle nearest to a wanted one where a label covers none of these; where there is none, it."""
    beside = [y + way * TAG_HEIGHT for y in occupied for way in (-1, 1)]
    free = [
        y
        for y in (wanted, *beside)
        if TAG_HEIGHT / 2 <= y <= height - TAG_HEIGHT / 2
        and all(abs(y - other) >= TAG_HEIGHT for other in occupied)
    ]
    return min(free, key=lambda y: abs(y - wanted), default=wanted)


class Tag(QWidget):
    """The price of a line on the axis; with the keyboard on it arrows move the line."""

    def __init__(self, canvas: QWidget, lines: PriceLines, line: PriceLine) -> None:
        super().__init__(canvas)
        self._lines = lines
        self._line = line
        self._said = ""
        self.hide()
        self.setToolTip(line.tooltip)
        if line.movable:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.setCursor(QCursor(Qt.CursorShape.SizeVerCursor))

    def say(self) -> None:
        """Tell the price that stands on it."""
        said = f"{self._line.label} {self._lines.shared.write(self._line.price)}"
        if said != self._said:
            self._said = said
            self.setAccessibleName(said)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, line = look().theme, self._line
        ink = theme.colours.tone(line.tone)
        painter = QPainter(self)
        size = (float(self.width()), float(self.height()))
        text = self._lines.shared.write(line.price)
        paint_tag(painter, theme, self.height() / 2, text, ink, theme.colours.panel, size)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(
                QPen(theme.colours.accent if line.tone is not Tone.ACCENT else theme.colours.text, 2)
            )
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 1, -2, -1), 4, 4)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        line = self._line
        steps = _MANY_STEPS if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        ways = {Qt.Key.Key_Up: steps, Qt.Key.Key_Down: -steps}
        key = Qt.Key(event.key())
        if key in ways and line.movable:
            line.take()
            line.move_to(line.price + ways[key] * line.step)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and line.held:
            line.let_go()
        elif key == Qt.Key.Key_Escape and line.held:
            line.give_up()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and line.removed is not None:
            line.removed()
            event.accept()
            return
        else:
            super().keyPressEvent(event)
            return
        event.accept()
        self._lines.place()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        # What was not confirmed was not meant; only a mouse button that is still down goes on.
        if self._line.held and not self._lines.in_hand(self._line):
            self._line.give_up()
            self._lines.place()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._line.movable and event.button() == Qt.MouseButton.LeftButton:
            self._line.take()
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        viewport = self._lines.shared.viewport
        if self._line.held and viewport is not None and event.buttons() & Qt.MouseButton.LeftButton:
            y = self.mapToParent(event.position().toPoint()).y()
            self._line.move_to(viewport.price(min(max(float(y), 0.0), viewport.height)))
            self._lines.place()
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._line.let_go()
        self._lines.place()
        event.accept()
