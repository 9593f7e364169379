"""A chart of results over time: panes under each other, one crosshair through all of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from puffling.desktop.backtests.plots import DAY_US, Floats, Line, Pane, describe_moment, thinned, time_ticks
from puffling.desktop.theme import Size, Theme, look, mix, translucent
from puffling.runtime.text import tr

AXIS_WIDTH = 62
AXIS_HEIGHT = 22
_GAP = 6
_LEGEND = 20
_ZOOM = 1.2
_LEAST_SPAN = 5
_STEP = 0.1


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


class TimeChart(QWidget):
    """Draws panes; the wheel looks closer, a drag moves, a double click shows all again."""

    pointed = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._panes: tuple[Pane, ...] = ()
        self._whole = (0.0, 1.0)
        self._seen = (0.0, 1.0)
        self._whole_days = True
        self._band: tuple[float, float] | None = None
        self._at: float | None = None
        self._held: QPointF | None = None
        self._picture: QPixmap | None = None
        self._rooms: tuple[_Room, ...] = ()
        self.paintings = 0
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(180, 120)
        look().changed.connect(self._renew)

    @property
    def panes(self) -> tuple[Pane, ...]:
        """Give what is drawn."""
        return self._panes

    @property
    def seen_us(self) -> tuple[float, float]:
        """Give the first and the last moment that are seen."""
        return self._seen

    def show_panes(self, panes: Sequence[Pane], *, keep_view: bool = False) -> None:
        """Draw these panes; the view stays where it was when it is asked to."""
        self._panes = tuple(panes)
        known = [line.time_us for pane in panes for line in pane.lines if len(line.time_us)]
        begin = min((float(times[0]) for times in known), default=0.0)
        end = max((float(times[-1]) for times in known), default=1.0)
        self._whole = (begin, max(end, begin + 1.0))
        steps = [float(np.median(np.diff(times))) for times in known if len(times) > 1]
        self._whole_days = not steps or min(steps) >= 0.8 * DAY_US
        if not keep_view:
            self._seen = self._whole
            self._band = None
        self._at = None
        self._renew()

    def mark(self, band: tuple[float, float] | None) -> None:
        """Lay a band over a stretch of time, and bring it into sight."""
        self._band = band
        if band is not None and (band[0] < self._seen[0] or band[1] > self._seen[1]):
            self._seen = self._whole
        self._renew()

    def point_at(self, moment_us: float | None) -> None:
        """Put the crosshair on a moment, or take it away."""
        if moment_us != self._at:
            self._at = moment_us
            self.update()

    def show_all(self) -> None:
        """See all of time again."""
        self._look_at(*self._whole)

    def values_at(self, moment_us: float) -> dict[str, float]:
        """Give the value of every line at a moment."""
        return {line.name: line.at(moment_us) for pane in self._panes for line in pane.lines}

    def sizeHint(self) -> QSize:
        return QSize(480, 260)

    def paintEvent(self, _event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        if self._picture is None or self._picture.devicePixelRatio() != ratio:
            self._picture = self._drawn(ratio)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        theme = look().theme
        at = self._at
        if at is not None and self._seen[0] <= at <= self._seen[1]:
            self._paint_crosshair(painter, theme, at)
        for room in self._rooms:
            self._paint_legend(painter, theme, room, at if at is not None else self._seen[1])
        if self.hasFocus():
            painter.setPen(QPen(theme.colours.accent, 2))
            painter.drawLine(QPointF(1, 4), QPointF(1, self.height() - 4))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._renew()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.point_at(None)
        self.pointed.emit(None)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        here = event.position()
        if self._held is not None:
            span = self._seen[1] - self._seen[0]
            away = (self._held.x() - here.x()) / self._width() * span
            self._held = here
            self._look_at(self._seen[0] + away, self._seen[1] + away)
        self._point(self._moment(here.x()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        self._held = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.show_all()
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = event.angleDelta().y() / 120.0
        if not notches:
            event.ignore()
            return
        self._zoom(_ZOOM**notches, self._moment(event.position().x()))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        begin, end = self._seen
        step = (end - begin) * _STEP
        middle = self._at if self._at is not None else (begin + end) / 2
        acts: dict[Qt.Key, Callable[[], None]] = {
            Qt.Key.Key_Left: lambda: self._step(-1),
            Qt.Key.Key_Right: lambda: self._step(1),
            Qt.Key.Key_Plus: lambda: self._zoom(_ZOOM, middle),
            Qt.Key.Key_Equal: lambda: self._zoom(_ZOOM, middle),
            Qt.Key.Key_Minus: lambda: self._zoom(1 / _ZOOM, middle),
            Qt.Key.Key_0: self.show_all,
            Qt.Key.Key_Home: lambda: self._look_at(self._whole[0], self._whole[0] + end - begin),
            Qt.Key.Key_End: lambda: self._look_at(self._whole[1] - end + begin, self._whole[1]),
            Qt.Key.Key_PageUp: lambda: self._look_at(begin - 5 * step, end - 5 * step),
            Qt.Key.Key_PageDown: lambda: self._look_at(begin + 5 * step, end + 5 * step),
        }
        act = acts.get(Qt.Key(event.key()))
        if act is None:
            super().keyPressEvent(event)
            return
        act()
        event.accept()

    def _step(self, by: int) -> None:
        """Move the crosshair along the first line, a pixel or so at a time."""
        line = next((line for pane in self._panes for line in pane.lines if len(line.time_us)), None)
        if line is None:
            return
        start = self._at if self._at is not None else self._seen[1]
        per_pixel = (self._seen[1] - self._seen[0]) / self._width()
        place = int(np.searchsorted(line.time_us, start + by * per_pixel, side="left" if by > 0 else "right"))
        place = min(max(place if by > 0 else place - 1, 0), len(line.time_us) - 1)
        self._point(min(max(float(line.time_us[place]), self._seen[0]), self._seen[1]))

    def _point(self, moment_us: float) -> None:
        self.point_at(moment_us)
        self.pointed.emit(moment_us)

    def _zoom(self, factor: float, around: float) -> None:
        begin, end = self._seen
        self._look_at(around - (around - begin) / factor, around + (end - around) / factor)

    def _look_at(self, begin: float, end: float) -> None:
        """See what lies between two moments, no more than there is and no less than a few days."""
        whole = self._whole[1] - self._whole[0]
        span = min(max(end - begin, min(_LEAST_SPAN * DAY_US, whole / 50)), whole)
        begin = min(max(begin, self._whole[0]), self._whole[1] - span)
        self._seen = (begin, begin + span)
        self._renew()

    def _width(self) -> float:
        return max(self.width() - AXIS_WIDTH, 1.0)

    def _moment(self, x: float) -> float:
        share = min(max(x / self._width(), 0.0), 1.0)
        return self._seen[0] + share * (self._seen[1] - self._seen[0])

    def _x(self, moment_us: float) -> float:
        return (moment_us - self._seen[0]) / (self._seen[1] - self._seen[0]) * self._width()

    def _renew(self) -> None:
        self._picture = None
        self.update()

    def _arranged(self) -> tuple[_Room, ...]:
        height = self.height() - AXIS_HEIGHT - (len(self._panes) - 1) * _GAP
        whole = sum(pane.share for pane in self._panes)
        rooms, top = [], 0.0
        for pane in self._panes:
            tall = height * pane.share / whole
            reach = pane.reach(*self._seen)
            low, high = reach if reach is not None else (0.0, 1.0)
            inside = QRectF(0, top + _LEGEND, self._width(), max(tall - _LEGEND, 8.0))
            rooms.append(_Room(pane, inside, low, high))
            top += tall + _GAP
        return tuple(rooms)

    def _drawn(self, ratio: float) -> QPixmap:
        self.paintings += 1
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        self._rooms = self._arranged()
        if not self._panes:
            return picture
        theme = look().theme
        painter = QPainter(picture)
        self._paint_times(painter, theme)
        for room in self._rooms:
            self._paint_grid(painter, theme, room)
            painter.save()
            painter.setClipRect(room.box.adjusted(0, -2, 0, 1))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for line in reversed(room.pane.lines):
                self._paint_line(painter, theme, room, line)
            painter.restore()
        for above, _below in pairwise(self._rooms):
            y = round(above.box.bottom() + _GAP / 2) + 0.5
            painter.setPen(_hairline(theme.colours.line))
            painter.drawLine(QPointF(0, y), QPointF(self.width(), y))
        painter.end()
        return picture

    def _paint_times(self, painter: QPainter, theme: Theme) -> None:
        shades = theme.colours
        bottom = self.height() - AXIS_HEIGHT
        if self._band is not None:
            left, right = (self._x(moment) for moment in self._band)
            box = QRectF(left, 0, max(right - left, 2.0), bottom)
            painter.fillRect(box, translucent(shades.accent, 0.13))
        painter.setPen(_hairline(shades.line))
        painter.drawLine(QPointF(0, bottom + 0.5), QPointF(self._width(), bottom + 0.5))
        painter.setFont(theme.font(Size.CAPTION))
        for tick in time_ticks(*self._seen, self._width()):
            x = self._x(tick.time_us)
            if 16 < x < self._width() - 16:
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
        part = line.within(*self._seen)
        times, values = line.time_us[part], line.values[part]
        if not len(times):
            return
        scale = self._width() / (self._seen[1] - self._seen[0])
        x = (times - self._seen[0]) * scale
        y = room.ys(values)
        ink = line.colour(theme.colours)
        edges = np.flatnonzero(np.diff(np.isfinite(y).astype(np.int8), prepend=0, append=0))
        for begin, end in zip(edges[::2], edges[1::2], strict=True):
            xs, ys = thinned(x[begin:end], y[begin:end], self._width())
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

    def _paint_crosshair(self, painter: QPainter, theme: Theme, at: float) -> None:
        shades = theme.colours
        x = math.floor(self._x(at)) + 0.5
        bottom = self.height() - AXIS_HEIGHT
        pen = _hairline(shades.muted)
        pen.setDashPattern([3, 3])
        painter.setPen(pen)
        painter.drawLine(QPointF(x, 0), QPointF(x, bottom))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for room in self._rooms:
            for line in room.pane.lines:
                value = line.at(at)
                if math.isfinite(value) and (value > 0.0 or not room.pane.logarithmic):
                    painter.setPen(QPen(shades.panel, 1.5))
                    painter.setBrush(line.colour(shades))
                    painter.drawEllipse(QPointF(x, room.y(value)), 3.5, 3.5)
        font = theme.font(Size.CAPTION, semibold=True)
        text = describe_moment(at, whole_days=self._whole_days)
        wide = QFontMetricsF(font).horizontalAdvance(text) + 14
        left = min(max(x - wide / 2, 0.0), self._width() - wide)
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
        fair = self._width() / max(len(room.pane.lines), 1)
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
            if left > 8.0 and left + wide > self._width() + 12:
                return
            painter.fillRect(QRectF(left, top + 9, 10, 2), line.colour(shades))
            painter.setFont(plain)
            painter.setPen(shades.muted)
            box = QRectF(left + 15, top, name_wide + 2, _LEGEND)
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
            painter.setFont(strong)
            painter.setPen(shades.text)
            box = QRectF(left + 21 + name_wide, top, self._width(), _LEGEND)
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, said)
            left += wide

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and not self.toolTip():
            return True
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        return super().event(event)


def _hairline(colour: QColor) -> QPen:
    pen = QPen(colour, 0)
    pen.setCosmetic(True)
    return pen


def keys_help() -> str:
    """Say what keys and pointer do in a chart of results."""
    return tr("Wheel or + and −: closer; drag: move; arrows: crosshair; double click or 0: all")
