"""The prices themselves: candles, bars or a line, all of the same pyramid."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QBrush, QColor, QLinearGradient, QPainter
from PySide6.QtWidgets import QGraphicsItem

from puffling.desktop.charts.candles import CandlePainter
from puffling.desktop.charts.heikin_ashi import HeikinAshi
from puffling.desktop.charts.items import Layer, Scene
from puffling.desktop.charts.plots import Plotter
from puffling.desktop.charts.pyramid import Bar, Pyramid
from puffling.desktop.charts.series import Series, Strip
from puffling.desktop.charts.viewport import Viewport
from puffling.desktop.theme import translucent

_AREA_TOP, _AREA_FOOT, _BASELINE_FILL = 0.30, 0.03, 0.14


class Kind(StrEnum):
    """How prices are drawn."""

    CANDLES = "candles"
    HOLLOW = "hollow"
    HEIKIN_ASHI = "heikin-ashi"
    BARS = "bars"
    LINE = "line"
    AREA = "area"
    BASELINE = "baseline"


_LINES = (Kind.LINE, Kind.AREA, Kind.BASELINE)


class Prices(Layer):
    """Draws the bars that are seen in the way that is chosen; `drawn` counts what the last painting took."""

    def __init__(self, scene: Scene, depth: float, parent: QGraphicsItem | None) -> None:
        super().__init__(scene, depth, parent)
        self.kind = Kind.CANDLES
        self.drawn = 0
        self._candles = CandlePainter()
        self._plotter = Plotter()
        self._averaged: HeikinAshi | None = None
        self._closes: Series | None = None

    def choose(self, kind: Kind) -> None:
        """Draw in this way from now on."""
        self.kind = kind
        self.begin()

    def begin(self) -> None:
        """Take in other bars."""
        bars = self.shared.bars
        self._averaged = self._closes = None
        if bars is not None and self.kind is Kind.HEIKIN_ASHI:
            self._averaged = HeikinAshi(bars)
        elif bars is not None and self.kind in _LINES:
            self._closes = Series(bars.columns()[3])

    def move(self, bar: Bar) -> None:
        """Take in what the newest bar is now."""
        if self._averaged is not None:
            self._averaged.set_last(bar)
        if self._closes is not None:
            self._closes.set_last(bar.close)

    def grow(self, bar: Bar) -> None:
        """Take in one bar more."""
        if self._averaged is not None:
            self._averaged.append(bar)
        if self._closes is not None:
            self._closes.append(bar.close)

    def bars(self, bars: Pyramid) -> Pyramid:
        """Give the bars that are drawn in place of these."""
        return bars if self._averaged is None else self._averaged.bars

    def low_and_high(self, bars: Pyramid, first: float, last: float) -> tuple[float, float] | None:
        """Give the lowest and highest price that is drawn between two bars."""
        if self._closes is not None:
            return self._closes.low_and_high(first, last)
        return self.bars(bars).low_and_high(first, last)

    def draw(self, painter: QPainter, bars: Pyramid, viewport: Viewport) -> None:
        if self._closes is not None:
            self._draw_line(painter, bars, viewport, self._closes)
            return
        candles = self.bars(bars).stretch(viewport.first, viewport.last, viewport.width)
        self.drawn = len(candles.open)
        colours = self.shared.theme.colours
        if self.kind is Kind.HOLLOW:
            before = np.concatenate((self._close_before(bars, candles.first), candles.close[:-1]))
            rising = candles.close >= before[: len(candles.close)]
            hollow = candles.close >= candles.open
            for mask, ink in ((rising, colours.up), (~rising, colours.down)):
                self._candles.draw(painter, candles, mask & hollow, viewport, ink, colours.panel)
                self._candles.draw(painter, candles, mask & ~hollow, viewport, ink)
            return
        rising = candles.close >= candles.open
        draw = self._candles.draw_ticks if self.kind is Kind.BARS else self._candles.draw
        for mask, ink in ((rising, colours.up), (~rising, colours.down)):
            draw(painter, candles, mask, viewport, ink)

    @staticmethod
    def _close_before(bars: Pyramid, first: int) -> list[float]:
        return [bars.bar(first - 1).close if first else bars.bar(0).open]

    def _draw_line(self, painter: QPainter, bars: Pyramid, viewport: Viewport, closes: Series) -> None:
        strip = closes.strip(viewport.first, viewport.last, viewport.width)
        self.drawn = len(strip.low)
        colours = self.shared.theme.colours
        painter.save()
        painter.setClipRect(QRectF(0, 0, viewport.width, viewport.height))
        if self.kind is Kind.BASELINE:
            self._draw_about(
                painter, strip, viewport, viewport.y(self.shared.first_seen(bars, viewport.first))
            )
        else:
            if self.kind is Kind.AREA:
                shade = QLinearGradient(0, 0, 0, viewport.height)
                shade.setColorAt(0, translucent(colours.accent, _AREA_TOP))
                shade.setColorAt(1, translucent(colours.accent, _AREA_FOOT))
                self._plotter.fill_down(painter, strip, viewport, viewport.height, QBrush(shade))
            self._plotter.trace(painter, strip, viewport, colours.accent)
        painter.restore()

    def _draw_about(self, painter: QPainter, strip: Strip, viewport: Viewport, middle: float) -> None:
        """Draw in the colours of gain and loss, above and below a height."""
        colours = self.shared.theme.colours
        middle = min(max(round(middle), 0), viewport.height)
        halves: tuple[tuple[float, float, QColor], ...] = (
            (0.0, middle, colours.up),
            (middle, viewport.height - middle, colours.down),
        )
        for top, height, ink in halves:
            painter.setClipRect(QRectF(0, top, viewport.width, height))
            self._plotter.fill_down(painter, strip, viewport, middle, translucent(ink, _BASELINE_FILL))
            self._plotter.trace(painter, strip, viewport, ink)
