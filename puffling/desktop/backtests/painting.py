"""How a chart of results is painted: panes with their grids and lines, crosshair and legends over them."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter, QPen, QPolygonF

from puffling.desktop.backtests.plots import Floats, Line, Pane, describe_moment, thinned, time_ticks
from puffling.desktop.theme import Size, Theme, mix, translucent

AXIS_WIDTH = 62
AXIS_HEIGHT = 22
_GAP = 6
_LEGEND = 20
_LEAST_PANE = 62

Band = tuple[float, float]


class _Room(NamedTuple):
    """A pane with its place and the values at its edges."""

    pane: Pane
    box: QRectF
    low: float
    high: float

    def y(self, value: float) -> float:
        """Give where a value stands."""
        return float(self.ys(np.asarray([value]))[0])

    def ys(self, values: Floats) -> Floats:
        """Give where values stand."""
        low, high = self.low, self.high
        if self.pane.logarithmic:
            values = np.log(np.maximum(values, 1e-300))
            low, high = math.log(low), math.log(high)
        found: Floats = self.box.bottom() - (values - low) / (high - low) * self.box.height()
        return found


class Painting:
    """Panes on a surface of this size, as they look between two moments."""

    def __init__(self, panes: tuple[Pane, ...], seen: Band, size: QSize, *, whole_days: bool) -> None:
        self._begin, self._end = seen
        self._width = max(size.width() - AXIS_WIDTH, 1.0)
        self._full_width = size.width()
        self._height = size.height()
        self._whole_days = whole_days
        self.rooms = self._arranged(panes)

    def draw(self, painter: QPainter, theme: Theme, band: Band | None) -> None:
        """Draw all that stays while the pointer moves."""
        if not self.rooms:
            return
        self._paint_times(painter, theme, band)
        for room in self.rooms:
            self._paint_grid(painter, theme, room)
            painter.save()
            painter.setClipRect(room.box.adjusted(0, -2, 0, 1))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for line in reversed(room.pane.lines):
                self._paint_line(painter, theme, room, line)
            painter.restore()
        for above, _below in pairwise(self.rooms):
            y = round(above.box.bottom() + _GAP / 2) + 0.5
            painter.setPen(_hairline(theme.colours.line))
            painter.drawLine(QPointF(0, y), QPointF(self._full_width, y))

    def legends(self, painter: QPainter, theme: Theme, at: float) -> None:
        """Write over every pane what its lines are called, and their values at a moment."""
        for room in self.rooms:
            self._paint_legend(painter, theme, room, at)

    def _arranged(self, panes: tuple[Pane, ...]) -> tuple[_Room, ...]:
        # Where there is no height for all, the first ones are worth more than a stack of slits.
        panes = panes[: max(int((self._height - AXIS_HEIGHT) // _LEAST_PANE), 1)]
        height = self._height - AXIS_HEIGHT - (len(panes) - 1) * _GAP
        whole = sum(pane.share for pane in panes)
        rooms, top = [], 0.0
        for pane in panes:
            tall = height * pane.share / whole
            reach = pane.reach(self._begin, self._end)
            low, high = reach if reach is not None else (0.0, 1.0)
            inside = QRectF(0, top + _LEGEND, self._width, max(tall - _LEGEND, 8.0))
            rooms.append(_Room(pane, inside, low, high))
            top += tall + _GAP
        return tuple(rooms)

    def _x(self, moment_us: float) -> float:
        return (moment_us - self._begin) / (self._end - self._begin) * self._width

    def _paint_times(self, painter: QPainter, theme: Theme, band: Band | None) -> None:
        shades = theme.colours
        bottom = self._height - AXIS_HEIGHT
        if band is not None:
            left, right = (self._x(moment) for moment in band)
            box = QRectF(left, 0, max(right - left, 2.0), bottom)
            painter.fillRect(box, translucent(shades.accent, 0.13))
        painter.setPen(_hairline(shades.line))
        painter.drawLine(QPointF(0, bottom + 0.5), QPointF(self._width, bottom + 0.5))
        painter.setFont(theme.font(Size.CAPTION))
        for tick in time_ticks(self._begin, self._end, self._width):
            x = self._x(tick.time_us)
            if 16 < x < self._width - 16:
                painter.setPen(shades.text if tick.strong else shades.muted)
                box = QRectF(x - 40, bottom + 2, 80, AXIS_HEIGHT - 2)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, tick.text)

    def _paint_grid(self, painter: QPainter, theme: Theme, room: _Room) -> None:
        shades = theme.colours
        painter.setFont(theme.font(Size.CAPTION))
        for value in room.pane.ticks(room.low, room.high, room.box.height()):
            y = math.floor(room.y(value)) + 0.5
            painter.setPen(_hairline(mix(shades.panel, shades.line, 0.75)))
            painter.drawLine(QPointF(0, y), QPointF(room.box.right(), y))
            painter.setPen(shades.muted)
            words = QRectF(room.box.right() + 6, y - 9, AXIS_WIDTH - 6, 18)
            painter.drawText(
                words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, room.pane.write(value)
            )
        base = room.pane.base
        if base is not None and room.low < base < room.high:
            y = math.floor(room.y(base)) + 0.5
            pen = _hairline(shades.muted)
            pen.setDashPattern([2, 3])
            painter.setPen(pen)
            painter.drawLine(QPointF(0, y), QPointF(room.box.right(), y))

    def _paint_line(self, painter: QPainter, theme: Theme, room: _Room, line: Line) -> None:
        part = line.within(self._begin, self._end)
        times, values = line.time_us[part], line.values[part]
        if not len(times):
            return
        scale = self._width / (self._end - self._begin)
        x = (times - self._begin) * scale
        y = room.ys(values)
        ink = line.colour(theme.colours)
        edges = np.flatnonzero(np.diff(np.isfinite(y).astype(np.int8), prepend=0, append=0))
        for begin, end in zip(edges[::2], edges[1::2], strict=True):
            xs, ys = thinned(x[begin:end], y[begin:end], self._width)
            corners = QPolygonF([QPointF(*at) for at in zip(xs.tolist(), ys.tolist(), strict=True)])
            if line.fill:
                self._fill(painter, room, line, corners, ink)
            pen = QPen(ink, line.width)
            pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(corners)

    def _fill(self, painter: QPainter, room: _Room, line: Line, corners: QPolygonF, ink: QColor) -> None:
        base = room.pane.base
        ground = room.box.bottom() if line.fill == "down" or base is None else room.y(base)
        shape = QPolygonF(corners)
        shape.append(QPointF(corners.last().x(), ground))
        shape.append(QPointF(corners.first().x(), ground))
        if line.fill == "down":
            shade = QLinearGradient(0, room.box.top(), 0, room.box.bottom())
            shade.setColorAt(0, translucent(ink, 0.3))
            shade.setColorAt(1, translucent(ink, 0.02))
            painter.setBrush(shade)
        else:
            painter.setBrush(translucent(ink, 0.2))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPolygon(shape)

    def crosshair(self, painter: QPainter, theme: Theme, at: float) -> None:
        """Draw the crosshair at a moment, with a point on every line and the day below."""
        shades = theme.colours
        x = math.floor(self._x(at)) + 0.5
        bottom = self._height - AXIS_HEIGHT
        pen = _hairline(shades.muted)
        pen.setDashPattern([3, 3])
        painter.setPen(pen)
        painter.drawLine(QPointF(x, 0), QPointF(x, bottom))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for room in self.rooms:
            for line in room.pane.lines:
                value = line.at(at)
                if math.isfinite(value) and (value > 0.0 or not room.pane.logarithmic):
                    painter.setPen(QPen(shades.panel, 1.5))
                    painter.setBrush(line.colour(shades))
                    painter.drawEllipse(QPointF(x, room.y(value)), 3.5, 3.5)
        font = theme.font(Size.CAPTION, semibold=True)
        text = describe_moment(at, whole_days=self._whole_days)
        wide = QFontMetricsF(font).horizontalAdvance(text) + 14
        left = min(max(x - wide / 2, 0.0), self._width - wide)
        tag = QRectF(round(left), bottom + 2, wide, 17)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shades.text)
        painter.drawRoundedRect(tag, 4, 4)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setFont(font)
        painter.setPen(shades.panel)
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_legend(self, painter: QPainter, theme: Theme, room: _Room, at: float) -> None:
        """Write the name and the value of each line over its pane; what has no room is left out."""
        shades = theme.colours
        strong, plain = theme.font(Size.CAPTION, semibold=True), theme.font(Size.CAPTION)
        left = 8.0
        top = room.box.top() - _LEGEND
        metrics, bold = QFontMetricsF(plain), QFontMetricsF(strong)
        fair = self._width / max(len(room.pane.lines), 1)
        for line in room.pane.lines:
            value = line.at(at)
            said = room.pane.write(value) if math.isfinite(value) else "–"
            said_wide = bold.horizontalAdvance(said)
            room_for_name = max(fair - said_wide - 38, 24.0)
            name = line.name
            if metrics.horizontalAdvance(name) > room_for_name:
                name = metrics.elidedText(name, Qt.TextElideMode.ElideRight, room_for_name)
            name_wide = metrics.horizontalAdvance(name)
            wide = name_wide + said_wide + 36
            if left > 8.0 and left + wide > self._width + 12:
                return
            painter.fillRect(QRectF(left, top + 9, 10, 2), line.colour(shades))
            painter.setFont(plain)
            painter.setPen(shades.muted)
            box = QRectF(left + 15, top, name_wide + 2, _LEGEND)
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
            painter.setFont(strong)
            painter.setPen(shades.text)
            box = QRectF(left + 21 + name_wide, top, self._width, _LEGEND)
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, said)
            left += wide


def _hairline(colour: QColor) -> QPen:
    pen = QPen(colour, 0)
    pen.setCosmetic(True)
    return pen
