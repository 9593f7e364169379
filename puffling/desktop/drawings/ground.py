"""What a chart shows now, for whoever draws on it: from the pointer to times and prices, and moving them."""

from __future__ import annotations

import math
from dataclasses import replace

from puffling.desktop.charts.pyramid import Pyramid
from puffling.desktop.charts.viewport import Viewport
from puffling.desktop.drawings.measure import Point
from puffling.desktop.drawings.outline import Handle
from puffling.desktop.drawings.timeline import Timeline
from puffling.frozen import frozen
from puffling.store.values import Drawing, DrawingKind

MAGNET_PIXELS = 24.0
_OFFSET_PIXELS = 18.0


@frozen
class Ground:
    """The bars of a chart and what of them is seen."""

    bars: Pyramid
    viewport: Viewport
    timeline: Timeline
    decimals: int

    def point(
        self,
        x: float,
        y: float,
        *,
        magnet: bool = False,
        even_from: Point | None = None,
        square: bool = False,
    ) -> Point:
        """Give the time and price at a pixel; bars hold every point.

        With `magnet` the price is that of the bar where one is near. From `even_from` a line keeps to level,
        upright or half way between; a `square` has sides of one length.
        """
        viewport = self.viewport
        place = round(viewport.index(x))
        if even_from is not None:
            place, y = self._evened(place, x, y, even_from, square=square)
        elif magnet and (near := self._magnet(place, y)) is not None:
            return self.timeline.time_at(place), near
        return self.timeline.time_at(place), self.rounded(viewport.price(y))

    def moved(self, drawing: Drawing, bars: int, pixels: float) -> Drawing:
        """Give a drawing moved by bars, and down by pixels; what has no time or price keeps it."""
        if drawing.kind == DrawingKind.HORIZONTAL:
            bars = 0
        if drawing.kind == DrawingKind.VERTICAL:
            pixels = 0.0
        points = tuple(
            (
                self.timeline.time_at(self.timeline.place(time_us) + bars) if bars else time_us,
                self._lowered(price, pixels) if pixels else price,
            )
            for time_us, price in drawing.points
        )
        return replace(drawing, points=points)

    def stretched(self, drawing: Drawing, handle: Handle, point: Point) -> Drawing:
        """Give a drawing with one of its handles at this point."""
        points = list(drawing.points)
        points[handle.time_of] = (point[0], points[handle.time_of][1])
        points[handle.price_of] = (points[handle.price_of][0], point[1])
        if drawing.kind == DrawingKind.HORIZONTAL:
            points[0] = (drawing.points[0][0], point[1])
        if drawing.kind == DrawingKind.VERTICAL:
            points[0] = (point[0], drawing.points[0][1])
        return replace(drawing, points=tuple(points))

    def beside(self, drawing: Drawing) -> Drawing:
        """Give a drawing a little to the right of and below itself, so that both are seen."""
        bars = max(round(_OFFSET_PIXELS / self.viewport.bar_width), 1)
        return self.moved(drawing, bars, _OFFSET_PIXELS)

    def in_sight(self, drawing: Drawing) -> Drawing:
        """Give a drawing where it is if that can be seen, else in the middle of what is."""
        viewport = self.viewport
        x = [viewport.x(place) for place in self.timeline.places([each[0] for each in drawing.points])]
        y = [viewport.y(price) for _, price in drawing.points]
        middle_x, middle_y = (min(x) + max(x)) / 2, (min(y) + max(y)) / 2
        bars, pixels = 0, 0.0
        if not 0 <= middle_x <= viewport.width:
            bars = round((viewport.width / 2 - middle_x) / viewport.bar_width)
        if not 0 <= middle_y <= viewport.height:
            pixels = viewport.height / 2 - middle_y
        return self.moved(drawing, bars, pixels)

    def nudged(self, drawing: Drawing, bars: int, pixels: int) -> Drawing:
        """Give a drawing one small step further: a price moves by no less than one of its units."""
        moved = self.moved(drawing, bars, float(pixels))
        if not pixels or drawing.kind == DrawingKind.VERTICAL:
            return moved
        unit = -math.copysign(10.0**-self.decimals, pixels)
        points = tuple(
            (time_us, price if price != old else self.rounded(old + unit))
            for (time_us, price), (_, old) in zip(moved.points, drawing.points, strict=True)
        )
        return replace(moved, points=points)

    def rounded(self, price: float) -> float:
        """Give a price as it can be read off."""
        return round(price, self.decimals)

    def _lowered(self, price: float, pixels: float) -> float:
        return self.rounded(self.viewport.price(self.viewport.y(price) + pixels))

    def _magnet(self, place: int, y: float) -> float | None:
        if not 0 <= place < len(self.bars):
            return None
        bar = self.bars.bar(place)
        nearest = min(
            (bar.open, bar.high, bar.low, bar.close), key=lambda price: abs(self.viewport.y(price) - y)
        )
        return nearest if abs(self.viewport.y(nearest) - y) <= MAGNET_PIXELS else None

    def _evened(self, place: int, x: float, y: float, even_from: Point, *, square: bool) -> tuple[int, float]:
        viewport = self.viewport
        from_place = self.timeline.place(even_from[0])
        from_y = viewport.y(even_from[1])
        dx, dy = x - viewport.x(from_place), y - from_y
        if square:
            angle = math.copysign(math.pi / 4, dx * dy) if dx * dy else math.pi / 4
        else:
            angle = round(math.atan2(dy, dx) / (math.pi / 4)) * (math.pi / 4)
        if abs(math.cos(angle)) < 0.1:
            return round(from_place), y
        if abs(math.sin(angle)) < 0.1:
            return place, from_y
        # Measured from the bar it will stand at, so that the angle is right there.
        run = (place - from_place) * viewport.bar_width
        return place, from_y + abs(run) * math.copysign(1.0, dy)
