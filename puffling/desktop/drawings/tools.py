"""What the mouse does on a chart: it draws with the chosen tool, and takes hold of what is drawn."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent

from puffling.desktop.drawings.ground import Ground
from puffling.desktop.drawings.kinds import MEASURE, Tool, tool_of
from puffling.desktop.drawings.layer import DrawingsLayer
from puffling.desktop.drawings.measure import Point
from puffling.desktop.drawings.outline import Handle
from puffling.desktop.drawings.style import Style
from puffling.frozen import frozen
from puffling.store.values import Drawing, DrawingKind

DRAG_PIXELS = 4.0
_DRAFT = "draft"
_BOXES = (DrawingKind.RECTANGLE, MEASURE)


@frozen
class Grip:
    """A drawing that is held: by a handle, or as a whole."""

    drawing: Drawing
    handle: Handle | None
    start: QPointF


class Tools(QObject):
    """The hand that draws; what comes of it is handed on."""

    chosen_changed = Signal()
    drawn = Signal(str, object)
    moved = Signal(object)
    selected = Signal(str)
    edit_asked = Signal(str)
    menu_asked = Signal(str, QPointF)

    def __init__(
        self,
        parent: QObject,
        layer: DrawingsLayer,
        ground: Callable[[], Ground | None],
        set_cursor: Callable[[Qt.CursorShape], None],
    ) -> None:
        super().__init__(parent)
        self._layer = layer
        self._ground = ground
        self._set_cursor = set_cursor
        self.tool: Tool | None = None
        self.stays = False
        self.magnet = False
        self.enabled = True
        # Many lines of one drawing are finer than a line by itself.
        self.styles: dict[str, Style] = {DrawingKind.FIBONACCI: Style(width=1.0)}
        self._points: list[Point] = []
        self._pressed: QPointF | None = None
        self._grip: Grip | None = None
        self._shown_cursor = Qt.CursorShape.CrossCursor

    @property
    def busy(self) -> bool:
        """Tell whether something is half drawn or held."""
        return bool(self._points) or self._grip is not None

    def choose(self, tool: str | None, *, stays: bool = False) -> None:
        """Take a tool, or none; one that stays is there until it is put down."""
        self._drop()
        self.tool = tool_of(tool) if tool is not None else None
        self.stays = stays and self.tool is not None
        if self.tool is not None:
            self._layer.measured = None
            self._point_with(Qt.CursorShape.CrossCursor)
        self._layer.update()
        self.chosen_changed.emit()

    def cancel(self) -> bool:
        """Take back what is half done, else put the tool down; tell whether there was anything."""
        if self.busy or self._layer.measured is not None:
            self._drop()
            self._layer.measured = None
            self._layer.update()
            return True
        if self.tool is not None:
            self.choose(None)
            return True
        return False

    def press(self, event: QMouseEvent) -> bool:
        ground, at = self._ground(), event.position()
        if ground is None or not _inside(ground, at) or not self.enabled:
            return False
        if event.button() == Qt.MouseButton.RightButton:
            return self._press_right(at)
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        if self.tool is not None:
            self._pressed = at
            self._set_point(ground, event)
            return True
        if self._layer.measured is not None:
            self._layer.measured = None
            self._layer.update()
        return self._take_hold(at)

    def move(self, event: QMouseEvent) -> bool:
        ground, at = self._ground(), event.position()
        if ground is None or not self.enabled:
            return False
        if self._grip is not None:
            self._drag(ground, self._grip, event)
            return True
        if self._points:
            self._preview(ground, event)
            return True
        if event.buttons() != Qt.MouseButton.NoButton:
            return False
        return self._hover(at)

    def release(self, event: QMouseEvent) -> bool:
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        pressed, self._pressed = self._pressed, None
        if self._grip is not None:
            self._let_go()
            return True
        ground = self._ground()
        if ground is None or pressed is None:
            return False
        moved = event.position() - pressed
        if self._points and (self._wanted == 1 or moved.manhattanLength() > DRAG_PIXELS):
            self._set_point(ground, event, instead=self._wanted == 1)
        return True

    def double_click(self, event: QMouseEvent) -> bool:
        if self.tool is not None:
            # The second of two quick clicks is a click like the first.
            return self.press(event)
        ground, at = self._ground(), event.position()
        if ground is None or not _inside(ground, at) or not self.enabled:
            return False
        found = self._drawing_at(at)
        if found is not None:
            self.edit_asked.emit(found.id)
        return found is not None

    @property
    def _wanted(self) -> int:
        return self.tool.points if self.tool is not None else 0

    def _set_point(self, ground: Ground, event: QMouseEvent, *, instead: bool = False) -> None:
        """Set one more point, or the last one anew; the last that is wanted completes the drawing."""
        if self._wanted == 1 and not instead:
            self._points = [self._point(ground, event)]
            self._preview(ground, event)
            return
        point = self._point(ground, event)
        self._points = [point] if instead else [*self._points, point]
        if len(self._points) < self._wanted:
            self._preview(ground, event)
        else:
            self._complete()

    def _complete(self) -> None:
        tool, points = self.tool, tuple(self._points)
        self._drop()
        if tool is None:
            return
        if tool.id == MEASURE:
            self._layer.measured = (points[0], points[1])
        if not self.stays:
            self.tool = None
            self.chosen_changed.emit()
        if tool.id != MEASURE:
            self.drawn.emit(tool.id, points)
        self._layer.update()

    def _preview(self, ground: Ground, event: QMouseEvent) -> None:
        tool, point = self.tool, self._point(ground, event)
        if tool is None:
            return
        if tool.id == MEASURE:
            self._layer.measured = (self._points[0], point)
        else:
            points = (point,) if self._wanted == 1 else (*self._points, point)
            kind = tool.id if len(points) == self._wanted else DrawingKind.LINE
            style = self.styles.get(tool.id, Style())
            self._layer.draft = Drawing(_DRAFT, "", kind, points[: self._wanted], style.keep(), 0)
        self._layer.update()

    def _point(self, ground: Ground, event: QMouseEvent) -> Point:
        keys = event.modifiers()
        even_from = self._points[-1] if keys & Qt.KeyboardModifier.ShiftModifier and self._points else None
        if self._wanted == 1:
            even_from = None
        # Control turns the magnet round for as long as it is held.
        magnet = self.magnet != bool(keys & Qt.KeyboardModifier.ControlModifier)
        at = event.position()
        square = self.tool is not None and self.tool.id in _BOXES
        return ground.point(at.x(), at.y(), magnet=magnet, even_from=even_from, square=square)

    def _press_right(self, at: QPointF) -> bool:
        if self.tool is not None or self.busy:
            self.cancel()
            return True
        found = self._drawing_at(at)
        if found is None:
            return False
        self.selected.emit(found.id)
        self.menu_asked.emit(found.id, at)
        return True

    def _take_hold(self, at: QPointF) -> bool:
        outline = self._layer.outline
        if outline is None or self._layer.hidden:
            return False
        row = outline.sheet.rows.get(self._layer.selected)
        handle = outline.handle_at(row, at.x(), at.y()) if row is not None else None
        if handle is None:
            row = outline.row_at(at.x(), at.y())
        if row is None:
            self.selected.emit("")
            return False
        drawing = outline.sheet.drawings[row]
        self.selected.emit(drawing.id)
        if not outline.sheet.styles[row].locked:
            self._grip = Grip(drawing, handle, at)
        return True

    def _drag(self, ground: Ground, grip: Grip, event: QMouseEvent) -> None:
        at = event.position()
        if self._layer.draft is None and (at - grip.start).manhattanLength() <= DRAG_PIXELS:
            return
        if grip.handle is None:
            bars = round((at.x() - grip.start.x()) / ground.viewport.bar_width)
            moved = ground.moved(grip.drawing, bars, at.y() - grip.start.y())
        else:
            others = [
                point for place, point in enumerate(grip.drawing.points) if place != grip.handle.time_of
            ]
            shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            point = ground.point(
                at.x(),
                at.y(),
                magnet=self.magnet != bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier),
                even_from=others[0] if shift and others else None,
                square=grip.drawing.kind in _BOXES,
            )
            moved = ground.stretched(grip.drawing, grip.handle, point)
        self._layer.draft = moved
        self._point_with(Qt.CursorShape.ClosedHandCursor)
        self._layer.update()

    def _let_go(self) -> None:
        draft = self._layer.draft
        self._drop()
        self._point_with(Qt.CursorShape.PointingHandCursor)
        if draft is not None:
            self.moved.emit(draft)
        self._layer.update()

    def _drop(self) -> None:
        self._points = []
        self._grip = None
        self._layer.draft = None

    def _hover(self, at: QPointF) -> bool:
        """Show by the pointer what could be taken hold of."""
        found = None if self.tool is not None else self._drawing_at(at)
        self._point_with(Qt.CursorShape.PointingHandCursor if found else Qt.CursorShape.CrossCursor)
        return found is not None

    def _drawing_at(self, at: QPointF) -> Drawing | None:
        outline = self._layer.outline if not self._layer.hidden else None
        if outline is None or not len(outline.sheet):
            return None
        row = outline.sheet.rows.get(self._layer.selected)
        if row is None or outline.handle_at(row, at.x(), at.y()) is None:
            row = outline.row_at(at.x(), at.y())
        return None if row is None else outline.sheet.drawings[row]

    def _point_with(self, shape: Qt.CursorShape) -> None:
        if shape is not self._shown_cursor:
            self._shown_cursor = shape
            self._set_cursor(shape)


def _inside(ground: Ground, at: QPointF) -> bool:
    return 0 <= at.x() <= ground.viewport.width and 0 <= at.y() <= ground.viewport.height
