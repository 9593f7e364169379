"""The candles that were seen last, drawn before the chart itself is loaded.

The chart's library is half of what a start has to import; the first paint does without it.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from puffling.desktop.charts.viewport import Viewport, fit_prices
from puffling.desktop.theme import look
from puffling.puffin.data.bars import Bars

# Where the chart leaves room for its axes.
AXIS_WIDTH = 56
AXIS_HEIGHT = 24
_BODY_SHARE = 0.7
_ROOM_RIGHT = 0.04


class Sketch(QWidget):
    """Candles without axes, in the places where the chart will draw them."""

    def __init__(self) -> None:
        super().__init__()
        self._bars = Bars.empty()

    def show_bars(self, bars: Bars) -> None:
        """Draw these bars."""
        self._bars = bars
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        bars = self._bars
        if not len(bars):
            return
        painter = QPainter(self)
        width, height = self.width() - AXIS_WIDTH, self.height() - AXIS_HEIGHT
        low, high = fit_prices(float(bars.low.min()), float(bars.high.max()), height, with_volume=True)
        last = len(bars) - 0.5 + len(bars) * _ROOM_RIGHT
        viewport = Viewport(-0.5, last, low, high, max(width, 1), max(height, 1))
        body = max(round(viewport.bar_width * _BODY_SHARE), 1)
        colours = look().theme.colours
        prices = zip(
            bars.open.tolist(), bars.high.tolist(), bars.low.tolist(), bars.close.tolist(), strict=True
        )
        for place, (opened, top, bottom, closed) in enumerate(prices):
            colour = colours.up if closed >= opened else colours.down
            x = round(viewport.x(place))
            y = viewport.y(top)
            painter.fillRect(QRectF(x, y, 1, max(viewport.y(bottom) - y, 1)), colour)
            y = viewport.y(max(opened, closed))
            painter.fillRect(
                QRectF(x - body // 2, y, body, max(viewport.y(min(opened, closed)) - y, 1)), colour
            )
