"""Studies on a chart: over the prices, or in panes of their own below them."""

from __future__ import annotations

import math

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QWidget

from puffling.desktop.charts.axes import dashes, hairline, paint_name, paint_tag
from puffling.desktop.charts.compared import Compared, End, spread
from puffling.desktop.charts.items import Layer, Scene, device_ratio
from puffling.desktop.charts.plots import Plotter
from puffling.desktop.charts.pyramid import Pyramid
from puffling.desktop.charts.readout import HEIGHT, Readout
from puffling.desktop.charts.study import Study, colour, decimals_for, figure
from puffling.desktop.charts.ticks import price_ticks
from puffling.desktop.charts.viewport import Viewport, stretch_prices
from puffling.desktop.theme import mix, translucent

USUAL_SHARE = 0.17
LEAST_SHARE = 0.06
MOST_SHARE = 0.6
_MOST_OF_ALL = 0.66
_LEAST_SHARE_OF_PRICES = 1 / 2.2
_LEAST_PIXELS = 40
_CLOSED_PIXELS = 26
_TOP_PIXELS = 26
_BOTTOM_PIXELS = 8
_LABEL_GAP = 18
_MARGIN = 8
_OVER_DRAWINGS = 9


class Overlays(Layer):
    """Draws the studies that belong over the prices: first their fills, later their lines."""

    def __init__(self, panes: Panes, depth: float, parent: QGraphicsItem, *, fills: bool) -> None:
        super().__init__(panes.scene, depth, parent)
        self._panes = panes
        self._fills = fills

    def draw(self, painter: QPainter, bars: Pyramid, viewport: Viewport) -> None:
        studies = [study for study in self._panes.overlays if study.drawable]
        if not studies:
            return
        painter.save()
        painter.setClipRect(QRectF(0, 0, viewport.width, viewport.height))
        plotter = self._panes.plotter
        paint = plotter.draw_fills if self._fills else plotter.draw
        for study in studies:
            paint(painter, study, study.own(viewport), self.shared.theme)
        painter.restore()


class Names(Layer):
    """Names compared lines where they leave the view, over whatever lies on the chart."""

    def __init__(self, panes: Panes, parent: QGraphicsItem) -> None:
        super().__init__(panes.scene, _OVER_DRAWINGS, parent)
        self._panes = panes

    def draw(self, painter: QPainter, bars: Pyramid, viewport: Viewport) -> None:
        for end in self._panes.ends(viewport):
            ink = colour(self.shared.theme.colours, end.colour)
            paint_name(painter, self.shared.theme, viewport.width, end.y, end.name, ink)


class Pane(Layer):
    """One study with its own axis, below the prices and with their bars."""

    def __init__(self, scene: Scene, study: Study, plotter: Plotter) -> None:
        super().__init__(scene, 0, None)
        self.study = study
        self._plotter = plotter
        self._axis_width = 0.0
        self._top = 0.0
        self.own: Viewport | None = None
        self.decimals = 2

    def boundingRect(self) -> QRectF:
        own = self.own
        return QRectF(0, 0, own.width + self._axis_width, own.height) if own else QRectF()

    @property
    def crosshair_y(self) -> float | None:
        """Give how far below the pane's upper edge the pointer is; None where it is elsewhere."""
        pointed = self.shared.pointed_y
        if self.own is None or self.shared.pointed is None or pointed is None:
            return None
        inside = pointed - self._top
        return inside if 0 <= inside < self.own.height else None

    def place(self, prices: Viewport, top: float, height: float, axis_width: float) -> None:
        """Stand here, and fit what is seen."""
        self.prepareGeometryChange()
        self._axis_width, self._top = axis_width, top
        low, high = self.fit(prices.first, prices.last)
        inside = max(height - _TOP_PIXELS - _BOTTOM_PIXELS, height * 0.3, 1.0)
        span = high - low
        self.decimals = decimals_for(low, high)
        low, high = low - span * _BOTTOM_PIXELS / inside, high + span * _TOP_PIXELS / inside
        self.own = Viewport(prices.first, prices.last, low, high, prices.width, height)
        self.setPos(0, top)

    def fit(self, first: float, last: float) -> tuple[float, float]:
        """Give the range that holds what is seen, and the levels."""
        study = self.study
        found = study.low_and_high(first, last) if study.drawable else None
        low, high = found or study.bounds or (0.0, 1.0)
        low, high = min((low, *study.levels)), max((high, *study.levels))
        if low == high:
            low, high = low - (abs(low) * 0.01 or 1.0), high + (abs(high) * 0.01 or 1.0)
        return low, high

    def width_for_labels(self, metrics: QFontMetricsF) -> float:
        """Give the width the labels of the axis need."""
        if self.own is None:
            return 0.0
        ends = (self.own.low, self.own.high)
        return max(metrics.horizontalAdvance(figure(end, self.decimals)) for end in ends) + 2 * _MARGIN + 4

    def draw(self, painter: QPainter, bars: Pyramid, viewport: Viewport) -> None:
        own, shared = self.own, self.shared
        if own is None:
            return
        colours = shared.theme.colours
        half = 0.5 / device_ratio(painter)
        painter.setPen(hairline(colours.line))
        painter.drawLine(QLineF(0, half, own.width + self._axis_width, half))
        if not self.study.drawable:
            self._draw_crosshair(painter, own, half)
            return
        painter.save()
        painter.setClipRect(QRectF(0, 1, own.width, own.height - 1))
        self._plotter.draw_fills(painter, self.study, own, shared.theme)
        labels = self._draw_levels(painter, own, half)
        self._plotter.draw(painter, self.study, own, shared.theme)
        painter.restore()
        self._draw_crosshair(painter, own, half)
        self._draw_axis(painter, own, labels)

    def _draw_levels(self, painter: QPainter, own: Viewport, half: float) -> list[float]:
        """Draw levels and the grid; give what the axis names."""
        colours = self.shared.theme.colours
        levels = self.study.levels
        if len(levels) > 1:
            top, bottom = own.y(max(levels)), own.y(min(levels))
            shade = translucent(colours.muted, 0.05)
            painter.fillRect(QRectF(0, top, own.width, bottom - top), shade)
        painter.setPen(dashes(mix(colours.panel, colours.muted, 0.5)))
        for level in levels:
            y = math.floor(own.y(level)) + half
            painter.drawLine(QLineF(0, y, own.width, y))
        if len(levels) > 1:
            return list(levels)
        ticks = list(price_ticks(own.low, own.high, own.height).values)
        painter.setPen(hairline(mix(colours.panel, colours.line, 0.75)))
        for tick in ticks:
            y = math.floor(own.y(tick)) + half
            # The words at the top need no line through them.
            if tick not in levels and y > HEIGHT:
                painter.drawLine(QLineF(0, y, own.width, y))
        return [*levels, *ticks]

    def _draw_crosshair(self, painter: QPainter, own: Viewport, half: float) -> None:
        shared = self.shared
        if shared.pointed is None:
            return
        pen = QPen(translucent(shared.theme.colours.muted, 0.7), 0)
        pen.setDashPattern([4, 4])
        painter.setPen(pen)
        x = math.floor(own.x(shared.pointed)) + half
        painter.drawLine(QLineF(x, 0, x, own.height))
        y = self.crosshair_y
        if y is not None:
            painter.drawLine(QLineF(0, math.floor(y) + half, own.width, math.floor(y) + half))

    def _draw_axis(self, painter: QPainter, own: Viewport, labels: list[float]) -> None:
        shared = self.shared
        colours = shared.theme.colours
        painter.translate(own.width, 0)
        newest = self._newest()
        newest_y = own.y(newest[0]) if newest else -math.inf
        painter.setFont(shared.theme.font())
        painter.setPen(colours.muted)
        placed = [newest_y]
        decimals = _least_decimals(labels)
        for label in labels:
            y = own.y(label)
            if 9 < y < own.height - 7 and all(abs(y - other) >= _LABEL_GAP for other in placed):
                box = QRectF(_MARGIN, y - 10, self._axis_width - _MARGIN, 20)
                align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
                painter.drawText(box, align, figure(label, decimals))
                placed.append(y)
        size = (self._axis_width, own.height)
        if newest and 0 <= newest_y <= own.height:
            text = figure(newest[0], self.decimals)
            paint_tag(painter, shared.theme, newest_y, text, colour(colours, newest[1]), colours.panel, size)
        pointed = self.crosshair_y
        if pointed is not None:
            text = figure(own.price(pointed), self.decimals)
            paint_tag(painter, shared.theme, pointed, text, colours.text, colours.panel, size)
        painter.translate(-own.width, 0)

    def _newest(self) -> tuple[float, int] | None:
        """Give the newest value of the first line, and its colour."""
        line = next(iter(self.study.lines), None)
        value = self.study.series[line.name].newest if line else math.nan
        return (value, line.colour) if line and math.isfinite(value) else None


class Panes:
    """All studies of one chart, where they stand, and the lines that read them out."""

    def __init__(self, view: QWidget, scene: Scene, box: QGraphicsItem) -> None:
        self.scene = scene
        self.plotter = Plotter()
        self.overlays: list[Study] = []
        self.panes: list[Pane] = []
        self.readouts: dict[str, Readout] = {}
        self.tops: list[float] = []
        self.left = 0
        self._view = view
        self._layers = (
            Overlays(self, -35, box, fills=True),
            Overlays(self, 0, box, fills=False),
            Names(self, box),
        )
        self._height = 1.0

    @property
    def studies(self) -> list[Study]:
        """Give everything that is drawn besides the prices."""
        return [*self.overlays, *(pane.study for pane in self.panes)]

    @property
    def compared(self) -> list[Compared]:
        """Give the other series that are compared with the prices."""
        return [study for study in self.overlays if isinstance(study, Compared)]

    def ends(self, viewport: Viewport | None) -> list[End]:
        """Give where compared lines leave the view."""
        if viewport is None:
            return []
        found = [end for study in self.compared if (end := study.end(viewport)) is not None]
        bars = self.scene.bars
        if not found or bars is None:
            return found
        return spread(found, viewport.y(bars.bar(len(bars) - 1).close), viewport.height)

    def add(self, study: Study) -> Readout:
        """Take a study in and give its line."""
        if study.overlay:
            self.overlays.append(study)
        else:
            study.share = study.share or USUAL_SHARE
            self.panes.append(Pane(self.scene, study, self.plotter))
        readout = Readout(self._view, study)
        readout.share_asked.connect(lambda more: self.resize_pane(study, more))
        self.readouts[study.key] = readout
        return readout

    def remove(self, study: Study) -> Pane | None:
        """Let a study go; give the pane that goes with it."""
        readout = self.readouts.pop(study.key)
        readout.hide()
        readout.deleteLater()
        if study.overlay:
            self.overlays.remove(study)
            return None
        pane = next(pane for pane in self.panes if pane.study is study)
        self.panes.remove(pane)
        return pane

    def resize_pane(self, study: Study, more: float) -> None:
        """Make a pane higher by this share of the chart."""
        study.share = min(max(study.share + more, LEAST_SHARE), MOST_SHARE)

    def drag(self, border: int, pixels: float) -> None:
        """Move the upper edge of a pane; what it gains the one above loses."""
        share = -pixels / max(self._height, 1.0)
        pane = self.panes[border].study
        above = self.panes[border - 1].study if border else None
        if above is not None and above.visible:
            share = min(share, above.share - LEAST_SHARE)
            above.share -= max(share, LEAST_SHARE - pane.share)
        self.resize_pane(pane, share)

    def heights(self, height: float) -> list[float]:
        """Give how high each pane is, so that the prices keep at least a third."""
        wanted = [
            max(pane.study.share * height, _LEAST_PIXELS) if pane.study.visible else _CLOSED_PIXELS
            for pane in self.panes
        ]
        total = sum(wanted)
        scale = min(1.0, height * _MOST_OF_ALL / total) if total else 1.0
        return [float(round(each * scale)) for each in wanted]

    def widen(
        self, first: float, last: float, prices: tuple[float, float], *, logarithmic: bool
    ) -> tuple[float, float]:
        """Give the range of prices with the overlays in it; one that is far away does not flatten them."""
        low, high = prices
        lowest, highest = stretch_prices(low, high, _LEAST_SHARE_OF_PRICES, logarithmic=logarithmic)
        for study in self.overlays:
            own = study.drawable and not isinstance(study, Compared)
            found = study.low_and_high(first, last) if own else None
            if found is not None:
                low, high = min(low, found[0]), max(high, found[1])
        low, high = max(low, lowest), min(high, highest)
        # What is compared counts as much as the prices themselves.
        for study in self.compared:
            found = study.low_and_high(first, last) if study.drawable else None
            if found is not None:
                low, high = min(low, found[0]), max(high, found[1])
        return low, high

    def place(self, prices: Viewport, height: float, axis_width: float) -> float:
        """Put panes below the prices; give the width their labels need."""
        self._height = height
        top = prices.height
        self.tops = []
        for pane, each in zip(self.panes, self.heights(height), strict=True):
            pane.place(prices, top, each, axis_width)
            self.tops.append(top)
            top += each
        metrics = QFontMetricsF(self.scene.theme.font(semibold=True))
        return max((pane.width_for_labels(metrics) for pane in self.panes), default=0.0)

    def show_values(self) -> None:
        """Let every line read out the bar under the crosshair, else the newest, where it stands now."""
        shown = self.scene.bars is not None and self.scene.viewport is not None
        places: list[tuple[Study, float, int]] = [
            (study, 25.0 + row * HEIGHT, self.scene.price_decimals) for row, study in enumerate(self.overlays)
        ]
        places += [
            (pane.study, top + 3, pane.decimals) for pane, top in zip(self.panes, self.tops, strict=False)
        ]
        for study, y, decimals in places:
            readout = self.readouts[study.key]
            readout.decimals = decimals
            readout.show_values(self.scene.pointed)
            readout.move(self.left + 4, round(y))
            if readout.isHidden() == shown:
                readout.setVisible(shown)


def _least_decimals(labels: list[float]) -> int:
    decimals = 0
    while decimals < 8 and any(
        abs(round(label, decimals) - label) > abs(label) * 1e-6 + 1e-12 for label in labels
    ):
        decimals += 1
    return decimals
