"""Candles: bodies and wicks on whole pixels, never more than two per pixel."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QGraphicsItem

from puffling.desktop.charts.items import Boxes, Layer, Mask, Scene, device_ratio
from puffling.desktop.charts.pyramid import Floats, Pyramid, Stretch
from puffling.desktop.charts.viewport import Viewport

BODY_SHARE = 0.7
_LEAST_SLOT_FOR_BODIES = 3.0
_MOST_BODY = 40


class Candles(Layer):
    """Draws the bars that are seen as candles without outlines."""

    def __init__(self, scene: Scene, depth: float, parent: QGraphicsItem | None) -> None:
        super().__init__(scene, depth, parent)
        self._boxes = Boxes()
        self.drawn = 0

    def draw(self, painter: QPainter, bars: Pyramid, viewport: Viewport) -> None:
        candles = bars.stretch(viewport.first, viewport.last, viewport.width)
        self.drawn = len(candles.open)
        rising = candles.close >= candles.open
        colours = self.shared.theme.colours
        for mask, colour in ((rising, colours.up), (~rising, colours.down)):
            self._draw_one_colour(painter, candles, mask, viewport, colour)

    def _draw_one_colour(
        self, painter: QPainter, candles: Stretch, mask: Mask, viewport: Viewport, colour: QColor
    ) -> None:
        ratio = device_ratio(painter)
        centers = centers_of(candles, viewport)[mask] * ratio
        high = np.floor(viewport.ys(candles.high[mask]) * ratio)
        low = np.ceil(viewport.ys(candles.low[mask]) * ratio)
        wick = max(round(ratio), 1)
        left = np.floor(centers) - (wick - 1) // 2
        self._boxes.draw(
            painter, left / ratio, high / ratio, wick / ratio, np.maximum(low - high, 1) / ratio, colour
        )
        slot = viewport.bar_width * candles.span * ratio
        if slot < _LEAST_SLOT_FOR_BODIES:
            return
        body = body_pixels(slot, wick, ratio)
        upper = np.maximum(candles.open[mask], candles.close[mask])
        lower = np.minimum(candles.open[mask], candles.close[mask])
        top = np.round(viewport.ys(upper) * ratio)
        bottom = np.round(viewport.ys(lower) * ratio)
        height = np.maximum(bottom - top, wick)
        self._boxes.draw(
            painter, (left - (body - wick) // 2) / ratio, top / ratio, body / ratio, height / ratio, colour
        )


def centers_of(candles: Stretch, viewport: Viewport) -> Floats:
    """Give where the middle of each candle stands, in pixels."""
    middle = candles.first + (candles.span - 1) / 2
    places = np.arange(len(candles.open), dtype=np.float64) * candles.span
    return (places + (middle - viewport.first)) * viewport.bar_width


def body_pixels(slot: float, wick: int, ratio: float) -> int:
    """Give how many device pixels a body is wide: symmetrical about its wick, with a gap to the next."""
    body = min(max(round(slot * BODY_SHARE), wick), round(_MOST_BODY * ratio))
    if (body - wick) % 2:
        body += 1 if body + 1 <= slot - 1 else -1
    return body
