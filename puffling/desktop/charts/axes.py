"""The grid and the axes: hairlines at round prices, prices at the right, times below."""

from __future__ import annotations

import math
from datetime import UTC, tzinfo

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem

from puffling.desktop.charts.items import Layer, Scene, device_ratio
from puffling.desktop.charts.pyramid import Pyramid
from puffling.desktop.charts.scale import price_labels
from puffling.desktop.charts.study import colour
from puffling.desktop.charts.ticks import DAY_US, describe_time, time_ticks
from puffling.desktop.charts.viewport import Viewport
from puffling.desktop.theme import Size, Theme, mix

TIME_AXIS_HEIGHT = 24
LEAST_PRICE_AXIS_WIDTH = 56
_TAG_HEIGHT = 18
NAME_HEIGHT = 16
_MARGIN = 8


class Grid(Layer):
    """Hairlines at round prices, and the last price across the chart."""

    def draw(self, painter: QPainter, bars: Pyramid, viewport: Viewport) -> None:
        colours = self.shared.theme.colours
        half = 0.5 / device_ratio(painter)
        painter.setPen(hairline(mix(colours.panel, colours.line, 0.75)))
        for label in price_labels(viewport, self.shared.base):
            y = math.floor(viewport.y(label.price)) + half
            painter.drawLine(QLineF(0, y, viewport.width, y))


class LastPrice(Layer):
    """A dashed line at the last price."""

    def draw(self, painter: QPainter, bars: Pyramid, viewport: Viewport) -> None:
        last = bars.bar(len(bars) - 1)
        y = viewport.y(last.close)
        if 0 <= y <= viewport.height:
            y = math.floor(y) + 0.5 / device_ratio(painter)
            painter.setPen(dashes(direction_colour(self.shared.theme, last.open, last.close)))
            painter.drawLine(QLineF(0, y, viewport.width, y))


class PriceAxis(Layer):
    """Round prices at the right, the last price as a label in its colour, the crosshair's over it."""

    def __init__(self, scene: Scene, depth: float, parent: QGraphicsItem | None) -> None:
        super().__init__(scene, depth, parent)
        self.width = float(LEAST_PRICE_AXIS_WIDTH)

    def boundingRect(self) -> QRectF:
        viewport = self.shared.viewport
        return QRectF(0, 0, self.width, viewport.height if viewport else 0)

    def width_for(self, low: float, high: float) -> float:
        """Give the width the labels of these prices need."""
        metrics = QFontMetricsF(self.shared.theme.font(semibold=True))
        texts = (self.shared.write(price) for price in (low, high))
        return max(max(map(metrics.horizontalAdvance, texts)) + 2 * _MARGIN + 4, LEAST_PRICE_AXIS_WIDTH)

    def draw(self, painter: QPainter, bars: Pyramid, viewport: Viewport) -> None:
        shared = self.shared
        colours = shared.theme.colours
        last = bars.bar(len(bars) - 1)
        last_y = viewport.y(last.close)
        painter.setFont(shared.theme.font())
        painter.setPen(colours.muted)
        lowest = viewport.height - viewport.volume_height
        taken = [last_y, *shared.labelled]
        if shared.pointed is not None:
            taken.append(shared.crosshair_y(bars, viewport))
        for price, text in price_labels(viewport, shared.base):
            y = viewport.y(price)
            free = not any(abs(y - other) <= _TAG_HEIGHT for other in taken)
            if free and _TAG_HEIGHT / 2 < y < viewport.height - _TAG_HEIGHT / 2 and (y < lowest or price > 0):
                painter.drawText(
                    QRectF(_MARGIN, y - 10, self.width - _MARGIN, 20),
                    Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                    text,
                )
        for at, said, number in shared.ends:
            size = (self.width, viewport.height)
            paint_tag(painter, shared.theme, at, said, colour(colours, number), colours.panel, size)
        if 0 <= last_y <= viewport.height:
            rising = last.close >= last.open
            text = shared.write(last.close)
            ground = colours.up if rising else colours.down
            ink = colours.on_up if rising else colours.on_down
            paint_tag(painter, shared.theme, last_y, text, ground, ink, (self.width, viewport.height))
        if shared.pointed is not None:
            y = shared.crosshair_y(bars, viewport)
            text = shared.write(viewport.price(y))
            if y <= viewport.height:
                size = (self.width, viewport.height)
                paint_tag(painter, shared.theme, y, text, colours.text, colours.panel, size)


class TimeAxis(Layer):
    """Times below the chart: months, days or minutes, as fits."""

    def __init__(self, scene: Scene, depth: float, parent: QGraphicsItem | None) -> None:
        super().__init__(scene, depth, parent)
        self.zone: tzinfo = UTC
        self.whole_days = True

    def boundingRect(self) -> QRectF:
        viewport = self.shared.viewport
        return QRectF(0, 0, viewport.width if viewport else 0, TIME_AXIS_HEIGHT)

    def describe(self, bars: Pyramid) -> None:
        """Learn from the bars whether they are whole days."""
        steps = bars.times_us[1:65] - bars.times_us[:-1][:64]
        self.whole_days = not len(steps) or float(sorted(steps.tolist())[len(steps) // 2]) > 0.8 * DAY_US

    def draw(self, painter: QPainter, bars: Pyramid, viewport: Viewport) -> None:
        shared = self.shared
        colours = shared.theme.colours
        half = 0.5 / device_ratio(painter)
        painter.setPen(hairline(colours.line))
        painter.drawLine(QLineF(0, half, viewport.width, half))
        painter.setFont(shared.theme.font())
        metrics = QFontMetricsF(shared.theme.font())
        pointed = shared.pointed
        seen = pointed is not None and pointed < len(bars) and 0 <= viewport.x(pointed) <= viewport.width
        tag, words = self._tag(bars, viewport, pointed or 0) if seen else (QRectF(), "")
        for tick in time_ticks(bars.times_us, viewport.first, viewport.last, viewport.width, self.zone):
            x = viewport.x(tick.place)
            reach = metrics.horizontalAdvance(tick.text) / 2 + 2
            free = not seen or x + reach < tag.left() or x - reach > tag.right()
            if free and 24 < x < viewport.width - 24:
                painter.setPen(colours.text if tick.strong else colours.muted)
                box = QRectF(x - 40, 2, 80, TIME_AXIS_HEIGHT - 2)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, tick.text)
        if seen:
            self._paint_tag(painter, tag, words)

    def _tag(self, bars: Pyramid, viewport: Viewport, index: int) -> tuple[QRectF, str]:
        """Give where the label of a bar stands, and what it says."""
        text = describe_time(int(bars.times_us[index]), self.zone, whole_days=self.whole_days)
        width = QFontMetricsF(self.shared.theme.font(semibold=True)).horizontalAdvance(text) + 16
        left = min(max(viewport.x(index) - width / 2, 0), max(viewport.width - width, 0))
        return QRectF(round(left), 3, width, _TAG_HEIGHT), text

    def _paint_tag(self, painter: QPainter, tag: QRectF, text: str) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.shared.theme.colours.text)
        painter.drawRoundedRect(tag, 4, 4)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(self.shared.theme.colours.panel)
        painter.setFont(self.shared.theme.font(semibold=True))
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, text)


def paint_tag(
    painter: QPainter,
    theme: Theme,
    y: float,
    text: str,
    ground: QColor,
    ink: QColor,
    size: tuple[float, float],
) -> None:
    """Paint a label on an axis of this width and height, as near to its place as there is room."""
    top = min(max(y - _TAG_HEIGHT / 2, 0), size[1] - _TAG_HEIGHT)
    tag = QRectF(2, round(top), size[0] - 4, _TAG_HEIGHT)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(tag, 4, 4)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(ink)
    painter.setFont(theme.font(semibold=True))
    inside = tag.adjusted(_MARGIN - 2, 0, 0, 0)
    painter.drawText(inside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)


def paint_name(painter: QPainter, theme: Theme, right: float, y: float, text: str, ink: QColor) -> float:
    """Paint a name at the right end of a line, before the axis; give where it begins."""
    font = theme.font(Size.CAPTION, semibold=True)
    width = QFontMetricsF(font).horizontalAdvance(text) + 10
    box = QRectF(right - width - 6, y - NAME_HEIGHT / 2, width, NAME_HEIGHT)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(ink, 1))
    painter.setBrush(theme.colours.panel)
    painter.drawRoundedRect(box, 4, 4)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setFont(font)
    painter.setPen(ink)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    return box.left()


def direction_colour(theme: Theme, before: float, after: float) -> QColor:
    """Give the colour of a move."""
    return theme.colours.up if after >= before else theme.colours.down


def hairline(colour: QColor) -> QPen:
    """Give a pen of one pixel, whatever the scale."""
    pen = QPen(colour, 0)
    pen.setCosmetic(True)
    return pen


def dashes(colour: QColor) -> QPen:
    """Give a dashed hairline."""
    pen = hairline(colour)
    pen.setDashPattern([3, 3])
    return pen
