"""Volume: bars at the foot of a chart, in a muted tone of their candles."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem

from puffling.desktop.charts.candles import body_pixels, centers_of
from puffling.desktop.charts.items import Boxes, Layer, Scene, device_ratio
from puffling.desktop.charts.pyramid import Pyramid
from puffling.desktop.charts.viewport import Viewport
from puffling.desktop.theme import mix

_TONE = 0.42


class Volume(Layer):
    """Draws the volume of the bars that are seen, the highest as high as there is room."""

    def __init__(self, scene: Scene, depth: float, parent: QGraphicsItem | None) -> None:
        super().__init__(scene, depth, parent)
        self._boxes = Boxes()

    def draw(self, painter: QPainter, bars: Pyramid, viewport: Viewport) -> None:
        candles = bars.stretch(viewport.first, viewport.last, viewport.width)
        volume = np.nan_to_num(candles.volume)
        most = float(volume.max(initial=0.0))
        if not most > 0:
            return
        ratio = device_ratio(painter)
        wick = max(round(ratio), 1)
        body = max(body_pixels(viewport.bar_width * candles.span * ratio, wick, ratio), wick)
        left = np.floor(centers_of(candles, viewport) * ratio) - (wick - 1) // 2 - (body - wick) // 2
        height = np.round(volume * (viewport.volume_height * ratio / most))
        top = round(viewport.height * ratio) - height
        rising = candles.close >= candles.open
        colours = self.shared.theme.colours
        for mask, colour in ((rising, colours.up), (~rising, colours.down)):
            self._boxes.draw(
                painter,
                left[mask] / ratio,
                top[mask] / ratio,
                body / ratio,
                height[mask] / ratio,
                mix(colours.panel, colour, _TONE),
            )
