"""Candles and bars: bodies and wicks on whole pixels, never more than two per pixel."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QColor, QPainter

from puffling.desktop.charts.items import Boxes, Mask, device_ratio
from puffling.desktop.charts.pyramid import Floats, Stretch
from puffling.desktop.charts.viewport import Viewport

BODY_SHARE = 0.7
_LEAST_SLOT_FOR_BODIES = 3.0
_MOST_BODY = 40


class CandlePainter:
    """Draws candles and bars of one colour at a time."""

    def __init__(self) -> None:
        self._boxes = Boxes()

    def draw(
        self,
        painter: QPainter,
        candles: Stretch,
        mask: Mask,
        viewport: Viewport,
        colour: QColor,
        inside: QColor | None = None,
    ) -> None:
        """Draw wicks and bodies of the candles of a mask; with a colour inside, the bodies are hollow."""
        ratio = device_ratio(painter)
        wick = max(round(ratio), 1)
        left = self._draw_wicks(painter, candles, mask, viewport, colour)
        slot = viewport.bar_width * candles.span * ratio
        if slot < _LEAST_SLOT_FOR_BODIES:
            return
        body = body_pixels(slot, wick, ratio)
        upper = np.maximum(candles.open[mask], candles.close[mask])
        lower = np.minimum(candles.open[mask], candles.close[mask])
        top = np.round(viewport.ys(upper) * ratio)
        bottom = np.round(viewport.ys(lower) * ratio)
        height = np.maximum(bottom - top, wick)
        left = left - (body - wick) // 2
        self._boxes.draw(painter, left / ratio, top / ratio, body / ratio, height / ratio, colour)
        if inside is not None and body > 2 * wick:
            deep = height > 2 * wick
            self._boxes.draw(
                painter,
                (left[deep] + wick) / ratio,
                (top[deep] + wick) / ratio,
                (body - 2 * wick) / ratio,
                (height[deep] - 2 * wick) / ratio,
                inside,
            )

    def draw_ticks(
        self, painter: QPainter, candles: Stretch, mask: Mask, viewport: Viewport, colour: QColor
    ) -> None:
        """Draw bars: from low to high, the open to the left and the close to the right."""
        ratio = device_ratio(painter)
        wick = max(round(ratio), 1)
        left = self._draw_wicks(painter, candles, mask, viewport, colour)
        slot = viewport.bar_width * candles.span * ratio
        if slot < _LEAST_SLOT_FOR_BODIES:
            return
        arm = max((body_pixels(slot, wick, ratio) - wick) // 2, 1)
        for prices, start in ((candles.open, left - arm), (candles.close, left + wick)):
            top = np.round(viewport.ys(prices[mask]) * ratio) - (wick - 1) // 2
            height = np.full(len(top), wick / ratio)
            self._boxes.draw(painter, start / ratio, top / ratio, arm / ratio, height, colour)

    def _draw_wicks(
        self, painter: QPainter, candles: Stretch, mask: Mask, viewport: Viewport, colour: QColor
    ) -> Floats:
        """Draw from low to high; give where each begins, in pixels of the screen."""
        ratio = device_ratio(painter)
        centers = centers_of(candles, viewport)[mask] * ratio
        high = np.floor(viewport.ys(candles.high[mask]) * ratio)
        low = np.ceil(viewport.ys(candles.low[mask]) * ratio)
        wick = max(round(ratio), 1)
        left = np.floor(centers) - (wick - 1) // 2
        self._boxes.draw(
            painter, left / ratio, high / ratio, wick / ratio, np.maximum(low - high, 1) / ratio, colour
        )
        return left


def centers_of(candles: Stretch, viewport: Viewport) -> Floats:
    """Give where the middle of each candle stands, in pixels."""
    middle = candles.first + (candles.span - 1) / 2
    places = np.arange(len(candles.open), dtype=np.float64) * candles.span
    return (places + (middle - viewport.first)) * viewport.bar_width


def body_pixels(slot: float, wick: int, ratio: float) -> int:
    """Give how many device pixels a body is wide: symmetrical about its wick, with a gap to the next."""
    body = min(max(round(slot * BODY_SHARE), wick), round(_MOST_BODY * ratio))
    if (body - wick) % 2:
        # Without a gap it may touch the next one; without a body it would be no candle.
        room = slot if body - 1 <= wick else slot - 1
        body += 1 if body + 1 <= room else -1
    return body
