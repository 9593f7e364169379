"""The crosshair, and the line that reads out the bar under it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem

from puffling.desktop import numbers
from puffling.desktop.charts.axes import direction_colour
from puffling.desktop.charts.items import Layer, Scene, device_ratio
from puffling.desktop.charts.kinds import Prices
from puffling.desktop.charts.pyramid import Pyramid
from puffling.desktop.charts.viewport import Viewport
from puffling.desktop.theme import translucent
from puffling.runtime.text import tr

_LEFT = 8
_TOP = 5
_HEIGHT = 20


class Crosshair(Layer):
    """Two dashed lines through the bar and price under the pointer."""

    def draw(self, painter: QPainter, bars: Pyramid, viewport: Viewport) -> None:
        shared = self.shared
        if shared.pointed is None:
            return
        half = 0.5 / device_ratio(painter)
        pen = QPen(translucent(shared.theme.colours.muted, 0.7), 0)
        pen.setDashPattern([4, 4])
        painter.setPen(pen)
        x = math.floor(viewport.x(shared.pointed)) + half
        y = math.floor(shared.crosshair_y(bars, viewport)) + half
        painter.drawLine(QLineF(x, 0, x, viewport.height))
        if y <= viewport.height:
            painter.drawLine(QLineF(0, y, viewport.width, y))


class Legend(Layer):
    """Open, high, low, close, change and volume of the bar under the crosshair, else of the last."""

    def __init__(self, scene: Scene, depth: float, parent: QGraphicsItem | None, prices: Prices) -> None:
        super().__init__(scene, depth, parent)
        self._prices = prices

    def draw(self, painter: QPainter, bars: Pyramid, viewport: Viewport) -> None:
        shared = self.shared
        theme = shared.theme
        if viewport.is_low and shared.pointed is None:
            return
        parts = self.parts(bars)
        font = theme.font()
        metrics = QFontMetricsF(font)
        widths = [metrics.horizontalAdvance(text) for _, text in parts]
        count = fitting([tone for tone, _ in parts], widths, viewport.width - _LEFT)
        parts, widths = parts[:count], widths[:count]
        total = sum(widths) + 4 * len(parts)
        painter.setFont(font)
        painter.fillRect(
            QRectF(_LEFT - 4, _TOP, min(total + 8, viewport.width), _HEIGHT),
            translucent(theme.colours.panel, 0.8),
        )
        x = float(_LEFT)
        for (tone, text), width in zip(parts, widths, strict=True):
            painter.setPen(self._ink(tone))
            painter.drawText(QRectF(x, _TOP, width + 2, _HEIGHT), Qt.AlignmentFlag.AlignVCenter, text)
            x += width + (4 if tone == 0 else 10)

    def parts(self, bars: Pyramid) -> list[tuple[float, str]]:
        """Give the words, each with its direction; what is not the bars themselves is named."""
        shared = self.shared
        drawn = self._prices.bars(bars)
        parts = legend(drawn, shared.pointed, shared.price_decimals)
        if drawn is not bars:
            parts.insert(0, (0.0, tr("Heikin-Ashi")))
        if shared.base is not None:
            place = min(len(bars) - 1 if shared.pointed is None else shared.pointed, len(bars) - 1)
            share = bars.bar(place).close / shared.base - 1
            said = [(0.0, tr("in view")), (1.0 if share >= 0 else -1.0, numbers.percent(share))]
            # The volume stays last: its words have no colour to end at.
            end = max(number for number, (tone, _) in enumerate(parts) if tone) + 1
            parts[end:end] = said
        return parts

    def _ink(self, direction: float) -> QColor:
        theme = self.shared.theme
        return theme.colours.muted if direction == 0 else direction_colour(theme, 0.0, direction)


def fitting(tones: Sequence[float], widths: Sequence[float], room: float) -> int:
    """Give how many words there is room for: half a number would read as another one."""
    x = 0.0
    for count, (tone, width) in enumerate(zip(tones, widths, strict=True)):
        if x + width > room:
            # A name goes with its value.
            return count - 1 if count and tones[count - 1] == 0 else count
        x += width + (4 if tone == 0 else 10)
    return len(widths)


def legend(bars: Pyramid, index: int | None, decimals: int) -> list[tuple[float, str]]:
    """Give the words that read out a bar, each with its direction (0 for the names)."""
    place = len(bars) - 1 if index is None else min(max(index, 0), len(bars) - 1)
    bar = bars.bar(place)
    before = bars.bar(place - 1).close if place else bar.open
    way = 1.0 if bar.close >= bar.open else -1.0
    change = bar.close / before - 1 if before else 0.0
    parts: list[tuple[float, str]] = []
    for name, price in ((tr("O"), bar.open), (tr("H"), bar.high), (tr("L"), bar.low), (tr("C"), bar.close)):
        parts += [(0.0, name), (way, numbers.fixed(price, decimals))]
    parts.append((1.0 if change >= 0 else -1.0, numbers.percent(change)))
    if bar.volume > 0:
        parts += [(0.0, tr("Vol")), (0.0, numbers.short(bar.volume))]
    return parts
