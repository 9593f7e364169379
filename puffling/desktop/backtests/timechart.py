"""A chart of results over time: panes under each other, one crosshair through all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from puffling.desktop.backtests.painting import AXIS_WIDTH, Painting
from puffling.desktop.backtests.plots import DAY_US, Pane
from puffling.desktop.theme import look
from puffling.runtime.text import tr

_ZOOM = 1.2
_LEAST_SPAN = 5
_STEP = 0.1


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
        self._painting = Painting((), self._seen, self.size(), whole_days=True)
        self.paintings = 0
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(180, 56)
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
            self._painting.crosshair(painter, theme, at)
        self._painting.legends(painter, theme, at if at is not None else self._seen[1])
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

    def _renew(self) -> None:
        self._picture = None
        self.update()

    def _drawn(self, ratio: float) -> QPixmap:
        self.paintings += 1
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        self._painting = Painting(self._panes, self._seen, self.size(), whole_days=self._whole_days)
        painter = QPainter(picture)
        self._painting.draw(painter, look().theme, self._band)
        painter.end()
        return picture

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and not self.toolTip():
            return True
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        return super().event(event)


def keys_help() -> str:
    """Say what keys and pointer do in a chart of results."""
    return tr("Wheel or + and −: closer; drag: move; arrows: crosshair; double click or 0: all")
