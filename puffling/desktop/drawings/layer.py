"""The layer of a chart that shows drawings: what is kept, what is in hand, and what is selected."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import cast

from pyqtgraph.Qt.internals import PrimitiveArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem

from puffling.desktop.charts.axes import hairline
from puffling.desktop.charts.items import Layer, Scene
from puffling.desktop.charts.pyramid import Pyramid
from puffling.desktop.charts.viewport import Viewport
from puffling.desktop.drawings.measure import Point, measured
from puffling.desktop.drawings.outline import WRAPPED, Outline
from puffling.desktop.drawings.sheet import Sheet
from puffling.desktop.drawings.style import Style, ink
from puffling.desktop.drawings.timeline import Timeline
from puffling.desktop.theme import Size, translucent
from puffling.store.values import Drawing

_DEPTH = 8
_PALE = 0.55
# Beyond so many a line is one among many: smooth edges and its width would not be seen.
_MOST_SMOOTH = 300
_HEAD_PIXELS = 9.0
_HANDLE_PIXELS = 4.0


class DrawingsLayer(Layer):
    """Paints what of the drawings is seen; `painted` counts those of the last painting."""

    def __init__(self, scene: Scene, parent: QGraphicsItem) -> None:
        super().__init__(scene, _DEPTH, parent)
        self.hidden = False
        self.selected = ""
        self.unsaved: Collection[str] = ()
        self.draft: Drawing | None = None
        self.measured: tuple[Point, Point] | None = None
        self.painted = 0
        self._drawings: Sequence[Drawing] = ()
        self._timeline: Timeline | None = None
        self._times: object = None
        self._sheet: Sheet | None = None
        self._last_sheet: Sheet | None = None
        self._outline: Outline | None = None
        self._lines = PrimitiveArray(QLineF, 4)

    def show_drawings(self, drawings: Sequence[Drawing]) -> None:
        """Paint these from now on, the lowest first."""
        self._drawings = drawings
        self._sheet = None
        self.update()

    @property
    def timeline(self) -> Timeline | None:
        """Give where times stand on this chart; None while it has no bars."""
        bars = self.shared.bars
        if bars is None or not len(bars):
            return None
        times = bars.times_us
        if self._timeline is None or self._times is not times:
            self._timeline, self._times = Timeline(times), times
            if self._sheet is not None:
                self._sheet.follow(self._timeline)
            self._outline = None
        return self._timeline

    @property
    def outline(self) -> Outline | None:
        """Give the drawings as they are seen now."""
        viewport, timeline = self.shared.viewport, self.timeline
        if viewport is None or timeline is None:
            return None
        if self._sheet is None:
            self._sheet, self._outline = Sheet(self._drawings, timeline, self._last_sheet), None
            self._last_sheet = self._sheet
        if self._outline is None or self._outline.viewport != viewport:
            self._outline = Outline(self._sheet, viewport, self.shared.price_decimals)
        return self._outline

    def outline_of(self, drawing: Drawing) -> Outline | None:
        """Give one drawing by itself as it would be seen."""
        viewport, timeline = self.shared.viewport, self.timeline
        if viewport is None or timeline is None:
            return None
        return Outline(Sheet((drawing,), timeline), viewport, self.shared.price_decimals)

    def draw(self, painter: QPainter, bars: Pyramid, viewport: Viewport) -> None:
        self.painted = 0
        painter.save()
        painter.setClipRect(QRectF(0, 0, viewport.width, viewport.height))
        if not self.hidden and self._drawings and (outline := self.outline) is not None:
            self._draw_kept(painter, outline)
        if self.draft is not None and (outline := self.outline_of(self.draft)) is not None:
            painter.setOpacity(_PALE)
            self._draw_rows(painter, outline)
            painter.setOpacity(1.0)
            if len(outline.sheet):
                self._draw_handles(painter, outline, 0)
        if self.measured is not None:
            self._draw_measure(painter, viewport, *self.measured)
        painter.restore()

    def _draw_kept(self, painter: QPainter, outline: Outline) -> None:
        rows = outline.sheet.rows
        held = rows.get(self.draft.id) if self.draft is not None else None
        self.painted = len(outline.seen)
        if outline.whole:
            pale = {rows[id] for id in self.unsaved if id in rows}
            self._draw_rows(painter, outline, pale, held)
        else:
            self._draw_many(painter, outline, held)
        selected = rows.get(self.selected)
        if selected is not None and held is None:
            self._draw_handles(painter, outline, selected)

    def _draw_rows(
        self, painter: QPainter, outline: Outline, pale: Collection[int] = (), held: int | None = None
    ) -> None:
        """Draw each drawing whole, one on the other."""
        lines: dict[int, list[QLineF]] = {}
        for row, line in zip(outline.rows.tolist(), outline.lines.tolist(), strict=True):
            lines.setdefault(row, []).append(QLineF(*line))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        opacity = painter.opacity()
        for row in outline.seen.tolist():
            if row == held:
                continue
            if row in pale:
                painter.setOpacity(opacity * _PALE)
            style = outline.sheet.styles[row]
            shade = ink(self.shared.theme.colours, style.colour)
            for area in outline.areas:
                if area.row == row:
                    _fill(painter, area.shape, translucent(shade, area.share))
            if row in lines:
                painter.setPen(style.pen(shade))
                painter.drawLines(lines[row])
            for head in outline.heads:
                if head[0] == row:
                    _draw_head(painter, style, shade, *head[1:])
            self._draw_words(painter, outline, row, shade)
            painter.setOpacity(opacity)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _draw_many(self, painter: QPainter, outline: Outline, held: int | None) -> None:
        """Draw all lines of one pen in one call."""
        sheet, colours = outline.sheet, self.shared.theme.colours
        smooth = len(outline.lines) <= _MOST_SMOOTH
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, smooth)
        pens = sheet.pen_of[outline.rows]
        for number, style in enumerate(sheet.pens.values()):
            chosen = pens == number
            if held is not None:
                chosen &= outline.rows != held
            lines = outline.lines[chosen]
            if len(lines):
                self._lines.resize(len(lines))
                self._lines.ndarray()[:] = lines
                shade = ink(colours, style.colour)
                painter.setPen(style.pen(shade) if smooth else hairline(shade))
                painter.drawLines(*self._lines.drawargs())
        for row in dict.fromkeys(label.row for label in outline.labels):
            self._draw_words(painter, outline, row, ink(colours, sheet.styles[row].colour))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _draw_words(self, painter: QPainter, outline: Outline, row: int, shade: QColor) -> None:
        theme = self.shared.theme
        for label in outline.labels:
            if label.row != row:
                continue
            if label.boxed:
                painter.setPen(QPen(translucent(shade, 0.7), 1))
                painter.setBrush(translucent(theme.colours.panel, 0.9))
                painter.drawRoundedRect(label.box, 4, 4)
                painter.setPen(theme.colours.text)
                painter.setFont(theme.font())
                painter.drawText(label.box.adjusted(6, 3, -4, -1), WRAPPED, label.text)
            else:
                painter.setPen(shade)
                painter.setFont(theme.font(Size.CAPTION))
                painter.drawText(label.box, Qt.AlignmentFlag.AlignVCenter, label.text)

    def _draw_handles(self, painter: QPainter, outline: Outline, row: int) -> None:
        colours = self.shared.theme.colours
        locked = outline.sheet.styles[row].locked
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(colours.muted if locked else colours.accent, 1.5))
        painter.setBrush(colours.panel)
        for handle in outline.handles(row):
            painter.drawEllipse(handle.at, _HANDLE_PIXELS, _HANDLE_PIXELS)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _draw_measure(self, painter: QPainter, viewport: Viewport, start: Point, end: Point) -> None:
        theme, timeline = self.shared.theme, cast("Timeline", self.timeline)
        colours = theme.colours
        shade = colours.up if end[1] >= start[1] else colours.down
        x1, x2 = (viewport.x(place) for place in timeline.places([start[0], end[0]]).tolist())
        y1, y2 = viewport.y(start[1]), viewport.y(end[1])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.fillRect(QRectF(QPointF(x1, y1), QPointF(x2, y2)).normalized(), translucent(shade, 0.14))
        middle = QPointF((x1 + x2) / 2, (y1 + y2) / 2)
        style = Style(width=1.2)
        painter.setPen(style.pen(shade))
        for begin, end_ in (
            (QPointF(x1, middle.y()), QPointF(x2, middle.y())),
            (QPointF(middle.x(), y1), QPointF(middle.x(), y2)),
        ):
            painter.drawLine(begin, end_)
            _draw_head(painter, style, shade, begin, end_)
        self._draw_card(
            painter, viewport, measured(start, end, timeline, self.shared.price_decimals), middle.x(),
            min(y1, y2), max(y1, y2), shade,
        )  # fmt: skip
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _draw_card(
        self, painter: QPainter, viewport: Viewport, said: tuple[str, str], x: float, top: float,
        bottom: float, shade: QColor,
    ) -> None:  # fmt: skip
        """Draw what was measured above what goes up, below what goes down, where there is room."""
        theme = self.shared.theme
        metrics = QFontMetricsF(theme.font(semibold=True))
        width, height = max(map(metrics.horizontalAdvance, said)) + 20, 40.0
        above = shade is theme.colours.up
        y = top - height - 6 if above else bottom + 6
        y = min(max(y, 28.0), viewport.height - height - 4)
        left = min(max(x - width / 2, 4.0), max(viewport.width - width - 4, 4.0))
        card = QRectF(left, y, width, height)
        painter.setPen(QPen(theme.colours.line, 1))
        painter.setBrush(theme.colours.raised)
        painter.drawRoundedRect(card, 6, 6)
        centred = Qt.AlignmentFlag.AlignCenter
        painter.setPen(shade)
        painter.setFont(theme.font(semibold=True))
        painter.drawText(card.adjusted(0, 3, 0, -height / 2), centred, said[0])
        painter.setPen(theme.colours.muted)
        painter.setFont(theme.font(Size.CAPTION))
        painter.drawText(card.adjusted(0, height / 2, 0, -4), centred, said[1])


def _fill(painter: QPainter, shape: QPolygonF, shade: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(shade)
    painter.drawPolygon(shape)


def _draw_head(painter: QPainter, style: Style, shade: QColor, start: QPointF, end: QPointF) -> None:
    """Draw the head of an arrow, smaller where the arrow is short."""
    way = end - start
    length = math.hypot(way.x(), way.y())
    if length < 1:
        return
    size = min(_HEAD_PIXELS + style.width, length)
    along, across = way / length * size, QPointF(-way.y(), way.x()) / length * size * 0.45
    painter.setPen(QPen(shade, style.width))
    painter.setBrush(shade)
    painter.drawPolygon(QPolygonF([end, end - along + across, end - along - across]))
